"""Every page of the site as Markdown: the project's pages as they are, the site's own, those made from the code."""

import hashlib
import json
import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import site_reference
import site_schemas
import site_shown

ROOT = Path(__file__).parents[1]
OWN = ROOT / "docs" / "site"
BUILD = ROOT / "build"
TITLE = "tunecase"
# Pages of the project that are pages of the site, by their path in the repository.
PAGES = {
    "docs/evidence.md": "evidence.md",
    "docs/track-record.md": "track-record.md",
    "docs/glossary.md": "glossary.md",
    "docs/sizing.md": "how-to/sizing.md",
    "docs/dependencies.md": "dependencies.md",
    "docs/log.md": "log.md",
    "benchmarks/README.md": "benchmarks.md",
    "examples/trainers/README.md": "how-to/trainers.md",
    "docs/agents.md": "how-to/agents.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
GUIDE = "docs/guide.md"
API, PYTHON = "docs/api.md", "reference/python.md"
# Sections of the guide that are pages of the site, and what each says first there.
SECTIONS = {
    "The road": ("how-to/road.md", "Every step from the question to the answer, and what each command asks."),
    "The data": ("how-to/data.md", "Read, audit, clean, review and label rows, however many there are."),
    "The pilot": ("how-to/pilot.md", "Train small models on growing parts of your data, and see how far they get."),
    "One training run": ("how-to/one-run.md", "Memory, time and price of a run before it starts."),
    "The money": ("how-to/money.md", "Prices, bills, approvals, charges, books and your own cases."),
}
TUTORIALS = ("price-my-run", "audit-my-file", "case-for-my-boss", "budget-in-a-pull-request", "books-that-close")
LINK = re.compile(r"(?P<mark>!?)\[(?P<words>[^\]\n]*(?:\n[^\]\n]+)*)\]\((?P<target>[^)\s]+)\)")
FENCED = re.compile(r"(^```.*?^```$)", re.M | re.S)
OUTSIDE = ("https://", "http://", "mailto:")
SHELF = {
    "Tutorials": "tutorials/",
    "How-to": "how-to/",
    "Reference": "reference/",
    "Worked cases": "cases/",
    "Method": "method/",
}
MORE = "Evidence and more"


def pages(answers: Mapping[str, str]) -> dict[str, str]:
    """Every page by its path on the site, with links that hold there; `answers` are those of the worked cases."""
    found = {**_included(), **_guide(), **_own(), **_cases(answers)}
    found |= site_reference.command_pages()
    found["reference/project-file.md"] = site_schemas.project_page()
    found["reference/exit-codes.md"] = site_reference.codes_page()
    found[PYTHON] = _python()
    found |= {path: text for path, text in site_schemas.record_pages().items() if path.endswith(".md")}
    return found


def files() -> dict[str, bytes]:
    """What pages link to beside pages: the picture, the schemas."""
    schemas = {path: text.encode() for path, text in site_schemas.record_pages().items() if path.endswith(".json")}
    return {"page.png": (ROOT / "docs" / "page.png").read_bytes(), **schemas}


def _included() -> dict[str, str]:
    places = dict(PAGES)
    for path in sorted((ROOT / "docs" / "method").glob("*.md")):
        places[f"docs/method/{path.name}"] = f"method/{'index.md' if path.name == 'README.md' else path.name}"
    return {page: _moved((ROOT / source).read_text(encoding="utf-8"), source, page) for source, page in places.items()}


def _place(source: str) -> str | None:
    """The page of the site that a path of the repository is; None where it is none."""
    if source in PAGES:
        return PAGES[source]
    if (case := re.fullmatch(r"examples/cases/([^/]+)(?:/tunecase\.yaml)?", source)) is not None:
        return f"cases/{case[1]}.md"
    if source.startswith("docs/method/"):
        return source.removeprefix("docs/").replace("README.md", "index.md")
    return {
        GUIDE: "how-to/index.md",
        "examples/trainers": "how-to/trainers.md",
        "README.md": "index.md",
        API: PYTHON,
    }.get(source)


def _moved(text: str, source: str, page: str) -> str:
    """A page of the repository with links to pages of the site; a link to what is no page leaves its words."""

    def link(found: re.Match[str]) -> str:
        target, _, anchor = found["target"].partition("#")
        if target.startswith(OUTSIDE) or not target:
            return found[0]
        place = _place(posixpath.normpath(posixpath.join(posixpath.dirname(source), target)))
        if place is None:
            return found["words"]
        return f"{found['mark']}[{found['words']}]({_from(page, place)}{'#' + anchor if anchor else ''})"

    return _outside_fences(text, lambda part: LINK.sub(link, part))


def _outside_fences(text: str, change: Callable[[str], str]) -> str:
    return "".join(part if part.startswith("```") else change(part) for part in FENCED.split(text))


def _from(page: str, place: str) -> str:
    return posixpath.relpath(place, posixpath.dirname(page) or ".")


def _python() -> str:
    """The page that lists the public names, where the project has one; otherwise one from their docstrings."""
    path = ROOT / API
    return _moved(path.read_text(encoding="utf-8"), API, PYTHON) if path.exists() else site_reference.python_page()


def _guide() -> dict[str, str]:
    """A page for each section of the guide, under a heading of its own."""
    parts = re.split(r"^## (.+)\n", (ROOT / GUIDE).read_text(encoding="utf-8"), flags=re.M)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    if set(sections) != set(SECTIONS):
        raise ValueError(f"the sections of {GUIDE} are {', '.join(sections)}; site_pages.SECTIONS names others")
    found = {}
    for title, (page, says) in SECTIONS.items():
        body = re.sub(r"^###", "##", sections[title], flags=re.M).replace("; see below", "").replace(" see below", "")
        found[page] = _moved(f"# {title}\n\n{says}\n{body}", GUIDE, page)
    return found


def _own() -> dict[str, str]:
    """The site's own pages; a tutorial says at its end when it was printed, the home page has the answer of one."""
    found = {path.relative_to(OWN).as_posix(): path.read_text(encoding="utf-8") for path in sorted(OWN.rglob("*.md"))}
    for name in TUTORIALS:
        found[f"tutorials/{name}.md"] += (
            f"\nPrinted with the prices of {site_shown.DAY}; yours may differ by what has changed since.\n"
        )
    links = "".join(f"- [{title}]({_from('how-to/index.md', page)})\n" for title, page in _how_to(found).items())
    found["how-to/index.md"] += f"\n{links}"
    found["index.md"] = found["index.md"].replace("<!-- the README's answer -->", _answer())
    return found


def _how_to(own: Mapping[str, str]) -> dict[str, str]:
    more = {
        title_of(text): page
        for page, text in own.items()
        if page.startswith("how-to/") and not page.endswith("index.md")
    }
    kept = {
        title_of((ROOT / source).read_text(encoding="utf-8")): page
        for source, page in PAGES.items()
        if page.startswith("how-to/")
    }
    return {**{title: page for title, (page, _) in SECTIONS.items()}, **more, **kept}


def _answer() -> str:
    """The answer that the README shows, which a test compares with what the example prints."""
    shown = (ROOT / "README.md").read_text(encoding="utf-8").split("<!-- printed by: tunecase run")[1]
    return "```text" + shown.split("```")[1] + "```"


def _cases(answers: Mapping[str, str]) -> dict[str, str]:
    """A page for each worked case, with its answer and its file, and one that lists them."""
    rows, found = [], {}
    for name, path in case_files().items():
        text = path.read_text(encoding="utf-8")
        about = next(
            line for line in text.splitlines() if line.startswith("# ") and "yaml-language-server" not in line
        )[2:]
        first = " ".join(answers.get(name, "").split("\n\n")[0].split())
        rows.append(f"| [{name}]({name}.md) | {about} | {first} |")
        typed = f"$ tunecase init --example {name} --to case\n$ tunecase estimate --project case/tunecase.yaml"
        answer = f"```console\n{typed}\n{answers.get(name, '')}\n```"
        file = f"Its project file; change its figures to yours:\n\n```yaml\n{text}```"
        found[f"cases/{name}.md"] = f"# {name}\n\n{about}\n\n{answer}\n\n{file}\n"
    head = (
        "# Worked cases\n\nCases that people have, each with the bill that `tunecase estimate` makes of it. Start from "
        "the nearest one: `tunecase init --example NAME --to case`. [Evidence](../evidence.md) compares them."
    )
    table = "| case | what it is | answer |\n|---|---|---|\n" + "\n".join(rows)
    return {"cases/index.md": f"{head}\n\n{table}\n", **found}


def case_files() -> dict[str, Path]:
    """The project files of the worked cases, by name."""
    return {path.parent.name: path for path in sorted((ROOT / "examples" / "cases").glob("*/tunecase.yaml"))}


def case_answers() -> dict[str, str]:
    """What `tunecase estimate` prints of each worked case; kept in build/ until the code or a case changes."""
    kept = BUILD / "site-answers.json"
    code = hashlib.sha256(
        b"".join(path.read_bytes() for path in sorted((ROOT / "src").rglob("*")) if path.suffix in (".py", ".csv"))
    )
    code.update(b"".join(path.read_bytes() for path in case_files().values()))
    key = code.hexdigest()
    if kept.exists() and (held := json.loads(kept.read_text(encoding="utf-8"))).get("key") == key:
        return dict(held["answers"])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = dict(zip(case_files(), pool.map(_estimate, case_files().values()), strict=True))
    BUILD.mkdir(exist_ok=True)
    kept.write_text(json.dumps({"key": key, "answers": answers}), encoding="utf-8")
    return answers


def _estimate(path: Path) -> str:
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(path, folder)
        ran = site_shown.run(site_shown.Command("tunecase estimate", ""), Path(folder), site_reference.takes_today)
    return ran.printed


def title_of(text: str) -> str:
    """The first heading of a page."""
    return next(line[2:].strip() for line in text.splitlines() if line.startswith("# "))


def about(text: str) -> str:
    """The first sentence of a page under its heading, without marks."""
    parts = (part.strip() for part in re.split(r"\n\s*\n", FENCED.sub("", text)))
    first = next(
        (part for part in parts if part and not part.startswith(("#", "|", "!", "<!--", "Written by", "- "))), ""
    )
    plain = LINK.sub(lambda found: found["words"], " ".join(first.split())).replace("**", "")
    return re.split(r"(?<=[.?!]) ", plain)[0]


def shelves(found: Mapping[str, str]) -> dict[str, list[str]]:
    """The pages of each part of the site, in reading order, the index of a part first."""
    parts = {name: ordered([page for page in found if page.startswith(folder)]) for name, folder in SHELF.items()}
    parts[MORE] = [page for page in found if "/" not in page and page != "index.md"]
    return parts


def ordered(inside: list[str]) -> list[str]:
    """Pages of one part in reading order: an index first, then tutorials and the guide's sections as they are read."""
    order = [f"tutorials/{name}.md" for name in TUTORIALS] + [page for page, _ in SECTIONS.values()]
    return sorted(
        inside, key=lambda page: (not page.endswith("index.md"), order.index(page) if page in order else len(order))
    )


def llms(found: Mapping[str, str]) -> str:
    """The file llms.txt: title, summary, and every page with what it says, as Markdown beside its HTML."""
    lines = [f"# {TITLE}", "", f"> {about(found['index.md'].replace('**', '', 2))}", ""]
    lines += ["Every page is Markdown at the address of its HTML page, with .md in place of .html.", ""]
    for name, inside in shelves(found).items():
        lines += [f"## {name}", "", *(_told(page, found[page]) for page in inside), ""]
    return "\n".join(lines)


def _told(page: str, text: str) -> str:
    said = about(text)
    return f"- [{title_of(text)}]({page})" + (f": {said}" if said else "")


def problems(found: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the pages: a command or an option that is none, a link to no page or heading, no title."""
    held = set(files())
    for page, text in found.items():
        if not text.startswith("# "):
            yield f"{page}: does not begin with a heading"
        if not page.startswith(("log", "changelog")):
            yield from (
                f"{page}: {said}"
                for typed in site_reference.shown_on(text)
                if (said := site_reference.mistake_of(typed))
            )
        for link in LINK.finditer("".join(part for part in FENCED.split(text) if not part.startswith("```"))):
            target, _, anchor = link["target"].partition("#")
            if target.startswith(OUTSIDE):
                continue
            place = posixpath.normpath(posixpath.join(posixpath.dirname(page), target)) if target else page
            if place not in found and place not in held:
                yield f"{page}: {link['target']} is no page"
            elif anchor and anchor not in anchors(found[place]):
                yield f"{page}: {link['target']} is no heading"


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as MyST makes them."""
    heads = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower().replace("`", "")).replace(" ", "-") for head in heads}
