"""Project files for tests: text in, Project out, with the data files that the reader wants to see."""

from datetime import date
from pathlib import Path

from tunecase import catalog
from tunecase.prices.basis import Basis
from tunecase.project import Project, read_project
from tunecase.quantities.spread import Worlds

TODAY = date(2026, 11, 24)


def written(text: str, folder: Path) -> Project:
    """The project of a file with this text, beside an empty training file; name and data are added when missing."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "train.jsonl").write_text("{}\n", encoding="utf-8")
    head = "" if text.startswith("name:") else "name: trial\n"
    tail = "" if "data:" in text else "data: {train: data/train.jsonl}\n"
    path = folder / "tunecase.yaml"
    path.write_text(head + text.rstrip() + "\n" + tail, encoding="utf-8")
    return read_project(path, catalog.names())


def basis(project: Project | None, draws: int = 4_000, seed: int = 0) -> Basis:
    """A fresh basis on the tests' day."""
    return Basis(project, TODAY, Worlds(seed, draws))
