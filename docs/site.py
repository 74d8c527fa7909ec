"""Makes the site: Markdown into build/site-pages, HTML by Sphinx into build/site, with llms.txt and each page's Markdown.

    python docs/site.py           builds; needs `pip install "tunecase[site]"`
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

SOURCES, TARGET = site_pages.BUILD / "site-pages", site_pages.BUILD / "site"
TITLED = re.compile(r'^```(\w+) title="([^"]+)"\n', re.M)
CODED = re.compile(r"^```console exit=\d$", re.M)


def build(found: Mapping[str, str]) -> int:
    """Writes the pages and builds them; Sphinx's exit code, which is not 0 where it warns of anything."""
    try:
        from sphinx.cmd.build import main as sphinx
    except ImportError:
        print('The site needs the optional part "site".\nFix: pip install "tunecase[site]"', file=sys.stderr)
        return 3
    for folder in (SOURCES, TARGET):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("conf.py", "static"):
        _copy(site_pages.OWN / name, SOURCES / name)
    for page, text in found.items():
        _write(SOURCES / page, _for_sphinx(page, text, found).encode())
    for place, body in site_pages.files().items():
        _write(SOURCES / place, body)
    code = sphinx(["-q", "-W", "--keep-going", "-b", "html", "-d", str(site_pages.BUILD / "site-trees"), str(SOURCES), str(TARGET)])
    if code:
        return int(code)
    for page, text in found.items():
        _write(TARGET / page, _plain(text).encode())
    for place, body in site_pages.files().items():
        _write(TARGET / place, body)
    _write(TARGET / "llms.txt", site_pages.llms(found).encode())
    return 0


def _for_sphinx(page: str, text: str, found: Mapping[str, str]) -> str:
    """A page in Sphinx's Markdown: a block's title is its caption, the home page holds the tables of contents."""
    text = TITLED.sub(r"```{code-block} \1\n:caption: \2\n\n", CODED.sub("```console", text))
    if page == "index.md":
        for name, inside in site_pages.shelves(found).items():
            text += f"\n```{{toctree}}\n:hidden:\n:caption: {name}\n\n" + "\n".join(_entry(one, found) for one in _tops(inside)) + "\n```\n"
    elif page.endswith("/index.md"):
        inside = [one for one in found if one.startswith(page.removesuffix("index.md")) and one != page]
        names = "\n".join(one.removeprefix(page.removesuffix("index.md")) for one in site_pages.ordered(inside))
        text += f"\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    return text


def _tops(inside: list[str]) -> list[str]:
    """The pages of a part that stand in the list of all pages: what an index holds stands under it."""
    folders = [page.removesuffix("index.md") for page in inside if page.endswith("index.md")]
    return [page for page in inside if page.endswith("index.md") or not any(page.startswith(folder) for folder in folders)]


def _entry(page: str, found: Mapping[str, str]) -> str:
    title = site_pages.title_of(found[page])
    return f"{title.split(': ')[0]} <{page}>"


def _plain(text: str) -> str:
    return TITLED.sub(lambda block: f"{block[2]}:\n\n```{block[1]}\n", CODED.sub("```console", text))


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    (shutil.copytree if source.is_dir() else shutil.copy)(source, to)


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


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
    if code := build(found):
        return code
    print(f"Open {TARGET.relative_to(site_pages.ROOT)}/index.html in a browser.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
