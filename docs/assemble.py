"""Writes docs/method.md from the docstrings of the drawers and instruments, so that the method cannot drift from code.

docs/evidence.md is written beside it, by evidence.py.

Usage: python docs/assemble.py [--check]
"""

import ast
import inspect
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "tunecase"
ROOMS = (
    ("Doubt and units", ("spread", "units")),
    ("Prices", ("prices", "gpu_prices", "contracts", "hosted_training", "api_prices", "team", "labels", "sources")),
    ("The problem", ("define", "statistics", "groups", "criteria", "alternatives")),
    ("The data", ("audit", "text", "checks", "detectors")),
    ("A run and its model", ("shape", "recipe", "request", "lengths")),
    ("Memory of a run", ("memory", "measured", "calibration")),
    ("Time of a run", ("speed", "running")),
    ("Where to run it", ("outlook", "placement", "remedies", "fit")),
    ("The bill", ("estimate", "costs", "loop", "hardware", "ways", "sensitivity", "redrawn", "compare")),
    ("The pilot", ("pilot", "trainers")),
    ("Scores and mistakes", ("scoring", "tally", "fields", "mistakes", "judge", "agreement", "endpoint")),
    ("Where runs are made", ("engine", "ladder", "pace", "skypilot")),
    (
        "The forecast",
        ("forecast", "importers", "curves", "curve_models", "curve_lessons", "noise", "experiments", "stakes"),
    ),
    ("The decision", ("decide", "levers", "policy", "board", "next", "flips")),
    ("The books", ("books", "ledger", "meter")),
)
HEAD = """# Method: every formula, where it stands

Written by `make docs` from the docstrings; edit those, not this file. Each formula says what it leaves out.
"""


def sections() -> str:
    """The whole document."""
    parts = [HEAD]
    for title, rooms in ROOMS:
        parts.append(f"## {title}\n")
        for room in rooms:
            for path in _files(room):
                parts += _of(path)
    return "\n".join(parts).rstrip() + "\n"


def _files(room: str) -> list[Path]:
    file = SRC / f"{room}.py"
    return [file] if file.exists() else sorted((SRC / room).glob("*.py"))


def _of(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = path.relative_to(SRC).as_posix()
    out = [f"### `{name}`\n", _text(ast.get_docstring(tree, clean=False)) + "\n"]
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


if __name__ == "__main__":
    target = ROOT / "docs" / "method.md"
    text = sections()
    if "--check" in sys.argv:
        sys.exit(0 if target.read_text(encoding="utf-8") == text else "docs/method.md is stale: run `make docs`")
    target.write_text(text, encoding="utf-8")
    import evidence

    evidence.TARGET.write_text(evidence.fresh(), encoding="utf-8")
