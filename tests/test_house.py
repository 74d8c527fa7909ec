"""The floors of the house hold: imports go downwards, without circles, and drawers list their members."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "tunecase"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("__main__",),
    ("__init__",),
    ("case",),
    ("cli",),
    ("page", "charts", "dashboard", "callback"),
    ("flow",),
    (
        "init",
        "define",
        "audit",
        "estimate",
        "pilot",
        "forecast",
        "decide",
        "next",
        "books",
        "report",
        "fit",
        "spellings",
        "cleaned",
        "reviewed",
        "compare",
    ),
    ("criteria", "checks", "costs", "levers", "trainers", "importers", "sections"),
    (
        "shape",
        "recipe",
        "lengths",
        "measured",
        "calibration",
        "memory",
        "speed",
        "outlook",
        "running",
        "request",
        "placement",
        "nearest_runs",
        "fit_words",
        "remedies",
        "hardware",
        "curves",
        "loop",
        "policy",
        "board",
        "sensitivity",
        "statistics",
        "datasets",
        "text",
        "near",
        "chat_layout",
        "tokenizing",
        "prices",
        "worth",
        "ladder",
        "curve_models",
        "curve_lessons",
        "noise",
        "points",
        "verdicts",
        "stakes",
        "scoring",
        "experiments",
        "changes",
        "tally",
        "fields",
        "mistakes",
        "judge",
        "pace",
        "agreement",
        "skypilot",
        "terms",
        "synonyms",
        "likeness",
        "likeness_weights",
        "rephrased",
        "grounds",
        "label_errors",
        "reviewing",
        "identifiers",
        "origin",
        "phrases",
        "languages",
        "two_sample",
        "labelling",
        "neighbours",
        "queue",
        "corrections",
        "folders",
        "flips",
        "inputs",
        "alternatives",
        "groups",
        "redrawn",
        "charges",
        "held_charges",
        "bookable",
        "books_words",
        "variance",
        "completion",
        "past",
        "focus_rows",
        "api_prices",
        "gpu_prices",
        "contracts",
        "hosted_training",
        "ways",
        "team",
        "sources",
        "labels",
        "price_list",
        "meter",
        "half_imports",
    ),
    ("ledger", "engine", "answers", "endpoint"),
    ("project", "catalog", "records"),
    ("quantities", "spread", "units", "errors", "yaml_lines", "wording", "content"),
)
FACES, VERBS, DRAWERS, INSTRUMENTS, NOUNS = (FLOORS[number] for number in (4, 6, 7, 8, 10))
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}
FILES = sorted(SRC.rglob("*.py"))


def room(path: Path) -> str:
    """The top-level module or drawer that a file belongs to."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The rooms a file imports from, wherever in the file it does so."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "tunecase":
                found |= {alias.name for alias in node.names if alias.name in FLOOR}
            elif node.module.startswith("tunecase."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("tunecase.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_every_file_has_a_floor(path: Path) -> None:
    """Every module belongs to a floor of the house."""
    assert room(path) in FLOOR


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_imports_go_downwards(path: Path) -> None:
    """A module imports only from its own drawer, from floors below, or an instrument from an instrument."""
    here = room(path)
    for other in imports(path) - {here}:
        below = FLOOR[other] > FLOOR[here]
        beside = FLOOR[other] == FLOOR[here] and (here in INSTRUMENTS or here in FACES or here in FLOORS[-1])
        assert below or beside, f"{path.name} imports {other}"


def test_no_circles() -> None:
    """No room reaches itself through imports."""
    graph: dict[str, set[str]] = {}
    for path in FILES:
        if path.name != "__init__.py" or path.parent != SRC:
            graph.setdefault(room(path), set()).update(imports(path) - {room(path)})

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = list(graph.get(start, ()))
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += graph.get(node, ())
        return seen

    assert [] == [name for name in graph if name in reached(name)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_modules_say_what_they_are(path: Path) -> None:
    """Every module opens with one sentence that says what it is."""
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert doc.strip().split("\n")[0].rstrip(",:;").strip()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_heavy_libraries_wait(path: Path) -> None:
    """No module imports a heavy library at its top, so that start-up stays quick."""
    heavy = {"numpy", "scipy", "sklearn", "rensa", "tokenizers", "pyarrow", "jinja2", "torch", "starlette", "uvicorn"}
    heavy |= {"sacrebleu", "rouge_score", "fastokens"}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert not heavy & {name.split(".")[0] for name in names}


def test_only_trainers_know_torch() -> None:
    """Torch is imported nowhere outside trainers/."""
    for path in FILES:
        if room(path) != "trainers":
            assert "import torch" not in path.read_text(encoding="utf-8")
