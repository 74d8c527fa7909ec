"""Writes docs/method/ from the docstrings, one page for each chapter, so that the method cannot drift from the code.

docs/evidence.md is written beside it, by evidence.py, docs/api.md by api.py, and src/tunecase/flow/options.py by
options.py.

Usage: python docs/assemble.py [--check]
"""

import ast
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "tunecase"
TARGET = ROOT / "docs" / "method"


@dataclass(frozen=True)
class Chapter:
    """One page: the name of its file, its title, and the files and folders it is written from, in reading order."""

    page: str
    title: str
    places: tuple[str, ...]


CHAPTERS = (
    Chapter(
        "quantities",
        "Doubt and units",
        ("quantities/spread.py", "quantities/sensitivity.py", "quantities/units.py"),
    ),
    Chapter("prices", "Prices", ("prices/",)),
    Chapter("problem", "The problem and its statistics", ("problem/", "quantities/statistics.py")),
    Chapter(
        "data",
        "The data",
        (
            "data/audit/",
            "data/text.py",
            "data/checks/",
            "data/detectors/",
            "data/tokens/",
            "data/clean/",
            "data/review/",
            "data/label_trial.py",
        ),
    ),
    Chapter(
        "runs",
        "A run and its model",
        ("compute/model/", "compute/recipe.py", "compute/request.py", "compute/lengths.py"),
    ),
    Chapter("memory", "Memory of a run", ("compute/memory/", "compute/measured/")),
    Chapter("speed", "Time of a run", ("compute/speed/", "compute/running.py")),
    Chapter(
        "placement",
        "Where to run it",
        (
            "compute/prediction.py",
            "compute/search.py",
            "compute/remedies.py",
            "compute/cheapest.py",
            "compute/fit.py",
        ),
    ),
    Chapter("pilot", "The pilot", ("pilot/",)),
    Chapter("scoring", "Scores and mistakes", ("pilot/scoring/", "pilot/endpoint/")),
    Chapter("trainers", "What a run trains with", ("pilot/trainers/",)),
    Chapter("engine", "Where runs are made", ("engine/",)),
    Chapter("evals", "Scores from elsewhere", ("evals/",)),
    Chapter("forecast", "The forecast", ("forecast/", "forecast/importers/")),
    Chapter("inference", "Answers after launch", ("inference/",)),
    Chapter("plan", "The plan", ("plan/levers/", "plan/costs/", "plan/rounds/")),
    Chapter("estimate", "The bill", ("estimate/",)),
    Chapter("decide", "The decision", ("decide/",)),
    Chapter("books", "The books and the ledger", ("books/", "ledger/")),
)
HEAD = "Written by `make docs` from the docstrings; edit those, not this file. Each formula says what it leaves out.\n"


def pages() -> dict[str, str]:
    """Every page of the folder by its file's name, the table of contents among them."""
    found = {f"{chapter.page}.md": _page(chapter) for chapter in CHAPTERS}
    lines = [f"- [{chapter.title}]({chapter.page}.md): {_places(chapter)}" for chapter in CHAPTERS]
    found["README.md"] = "\n".join(["# Method: every formula, where it stands\n", HEAD, *lines]) + "\n"
    return found


def _places(chapter: Chapter) -> str:
    return ", ".join(f"`{place}`" for place in chapter.places)


def _page(chapter: Chapter) -> str:
    parts = [f"# {chapter.title}\n", HEAD]
    for place in chapter.places:
        for path in sorted((SRC / place).glob("*.py")) if place.endswith("/") else [SRC / place]:
            if path.name != "__init__.py":
                parts += _of(path)
    return "\n".join(parts).rstrip() + "\n"


def _of(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = path.relative_to(SRC).as_posix()
    out = [f"## `{name}`\n", _text(ast.get_docstring(tree, clean=False)) + "\n"]
    for node in tree.body:
        public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if public and (doc := ast.get_docstring(node, clean=False)) and _has_method(doc):
            out.append(f"**`{node.name}`** {_text(doc)}\n")
    return out


def _has_method(doc: str) -> bool:
    """Only what holds a formula, a source or a limit belongs to the method."""
    return any(mark in doc for mark in ("\n        ", "Source:", "Leaves out", "leaves out"))


def _text(doc: str | None) -> str:
    lines = inspect.cleandoc(doc or "").splitlines()
    kept: list[str] = []
    example = False
    for line in lines:
        example = line.startswith("Example") or (example and (not line or line.startswith(" ")))
        if not example:
            kept.append(line)
    return "\n".join(kept).strip()


def stale() -> list[str]:
    """The pages that do not say what the docstrings say, and files that are no page."""
    fresh = pages()
    held = {path.name: path.read_text(encoding="utf-8") for path in TARGET.glob("*.md")}
    return sorted(name for name in {*fresh, *held} if fresh.get(name) != held.get(name))


if __name__ == "__main__":
    if "--check" in sys.argv:
        names = [f"method/{name}" for name in stale()]
        import api
        import options

        names += [name for name, page in (("api.md", api), ("flow/options.py", options)) if page.is_stale()]
        sys.exit(f"stale: {', '.join(names)}; run `make docs`" if names else 0)
    TARGET.mkdir(exist_ok=True)
    for path in TARGET.glob("*.md"):
        path.unlink()
    for name, text in pages().items():
        (TARGET / name).write_text(text, encoding="utf-8")
    import api
    import evidence
    import options

    options.TARGET.write_text(options.page(), encoding="utf-8")
    api.TARGET.write_text(api.page(), encoding="utf-8")
    evidence.TARGET.write_text(evidence.fresh(), encoding="utf-8")
