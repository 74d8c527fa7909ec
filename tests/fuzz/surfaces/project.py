"""The project file."""

from pathlib import Path

from tests.fuzz.surface import Surface, Tree
from tests.making import project_text
from tunecase.flow import open_case

EXAMPLES = Path(__file__).parents[3] / "examples"
DATA = {"train.jsonl": b'{"text": "a", "label": "b"}\n', "test.jsonl": b'{"text": "c", "label": "b"}\n'}


def _seeds() -> list[Tree]:
    found = [path.read_bytes() for path in sorted(EXAMPLES.glob("cases/*/tunecase.yaml"))]
    return [{"tunecase.yaml": text} for text in (project_text().encode(), *found)]


def _read(folder: Path) -> object:
    for name, content in DATA.items():
        (folder / name).write_bytes(content)
    return open_case(folder / "tunecase.yaml", 0)


SURFACES = (Surface("project file", _seeds(), _read, examples=300),)
