"""Makes the site in build/site: HTML by Sphinx, each page's Markdown beside it, llms.txt.

python docs/site.py           builds, with `--to FOLDER` there and not in build/; needs `pip install ".[site]"`
python docs/site.py --check   names commands that are none and links that lead nowhere; builds nothing, needs no Sphinx
python docs/site.py --write   runs the tutorials and writes what their commands print into their sources
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import site_pages
import site_reference
import site_shown

TITLED = re.compile(r'^```(\w+) title="([^"]+)"\n', re.M)
CODED = re.compile(r"^```console exit=\d$", re.M)
# What the theme leaves out: what scrolls sideways is reached by the keyboard, parts of the page have names and levels.
REACHED = (
    ("<pre>", '<pre tabindex="0">'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
    ('role="heading"><span class="caption-text"', 'role="heading" aria-level="2"><span class="caption-text"'),
    ('<aside class="sidebar-drawer"', '<aside aria-label="All pages" class="sidebar-drawer"'),
    ('<aside class="toc-drawer"', '<aside aria-label="This page" class="toc-drawer"'),
)


def build(found: Mapping[str, str], folder: Path) -> int:
    """Writes the pages and builds them in `site` of a folder; Sphinx's exit code, not 0 where it warns of anything."""
    try:
        from sphinx.cmd.build import main as sphinx
    except ImportError:
        print('The site needs the optional part "site".\nFix: pip install ".[site]"', file=sys.stderr)
        return 3
    sources, target = folder / "site-pages", folder / "site"
    for old in (sources, target):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(site_pages.OWN / "static", sources / "static")
    shutil.copy(site_pages.OWN / "conf.py", sources)
    _write_all(sources, {page: _for_sphinx(page, text, found) for page, text in found.items()})
    options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(folder / "site-trees")]
    if code := sphinx([*options, str(sources), str(target)]):
        return int(code)
    for path in target.rglob("*.html"):
        path.write_text(_reached(path.read_text(encoding="utf-8")), encoding="utf-8")
    _write_all(target, {**{page: _plain(text) for page, text in found.items()}, "llms.txt": site_pages.llms(found)})
    return 0


def _write_all(folder: Path, texts: Mapping[str, str]) -> None:
    """Writes pages, and the files that they link to, into a folder."""
    for place, body in {**{page: text.encode() for page, text in texts.items()}, **site_pages.files()}.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def _for_sphinx(page: str, text: str, found: Mapping[str, str]) -> str:
    """A page in Sphinx's Markdown: a block's title is its caption, the home page holds the tables of contents."""
    text = TITLED.sub(r"```{code-block} \1\n:caption: \2\n\n", CODED.sub("```console", text))
    if page == "index.md":
        for name, inside in site_pages.shelves(found).items():
            text += (
                f"\n```{{toctree}}\n:hidden:\n:caption: {name}\n\n"
                + "\n".join(_entry(one, found) for one in _tops(inside))
                + "\n```\n"
            )
    elif page.endswith("/index.md"):
        inside = [one for one in found if one.startswith(page.removesuffix("index.md")) and one != page]
        names = "\n".join(one.removeprefix(page.removesuffix("index.md")) for one in site_pages.ordered(inside))
        text += f"\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    return text


def _tops(inside: list[str]) -> list[str]:
    """The pages of a part that stand in the list of all pages: what an index holds stands under it."""
    folders = [page.removesuffix("index.md") for page in inside if page.endswith("index.md")]
    return [
        page for page in inside if page.endswith("index.md") or not any(page.startswith(folder) for folder in folders)
    ]


def _entry(page: str, found: Mapping[str, str]) -> str:
    title = site_pages.title_of(found[page])
    return f"{title.split(': ')[0]} <{page}>"


def _reached(html: str) -> str:
    for left_out, better in REACHED:
        html = html.replace(left_out, better)
    return html


def _plain(text: str) -> str:
    return TITLED.sub(lambda block: f"{block[2]}:\n\n```{block[1]}\n", CODED.sub("```console", text))


def write_tutorials() -> None:
    """Runs every tutorial in a new folder, and writes what its commands print into its source."""
    for name in site_pages.TUTORIALS:
        path = site_shown.TUTORIALS / f"{name}.md"
        text = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            ran = [now for _, now in site_shown.walked(text, Path(folder), site_reference.takes_today)]
        path.write_text(site_shown.rewritten(text, ran), encoding="utf-8")


def main(options: list[str]) -> int:
    """Builds, checks or writes; 1 where the pages are wrong."""
    if "--write" in options:
        write_tutorials()
        return 0
    checked = "--check" in options
    found = site_pages.pages({} if checked else site_pages.case_answers())
    if wrong := list(site_pages.problems(found)):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    if checked:
        return 0
    folder = Path(options[options.index("--to") + 1]) if "--to" in options else site_pages.BUILD
    if code := build(found, folder):
        return code
    print(f"Open {folder / 'site' / 'index.html'} in a browser.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
