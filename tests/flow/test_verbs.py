"""What rests on what goes round in no circle, neither among the verbs nor among the files of the conductor."""

import ast
from collections.abc import Mapping
from pathlib import Path

from tunecase.flow.verbs import RESTS_ON

FLOW = Path(__file__).parents[2] / "src" / "tunecase" / "flow"
FACE = "__init__"


def reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Everything that can be come to from a node, the node itself only over a circle."""
    seen: set[str] = set()
    todo = list(graph[start])
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += graph[node]
    return seen


def imported(path: Path) -> set[str]:
    """The files of the conductor that a file imports from, wherever in the file it does so."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "tunecase" else []
            for name in (node.module, *names):
                if name == "tunecase.flow":
                    found.add(FACE)
                elif name.startswith("tunecase.flow."):
                    found.add(name.split(".")[2])
    return found


def test_no_verb_rests_on_itself() -> None:
    """Whoever makes what a verb rests on comes to an end."""
    graph = {verb: {need.verb for need in needs} for verb, needs in RESTS_ON.items()}
    assert [] == [verb for verb in graph if verb in reached(graph, verb)]


def test_no_file_of_the_conductor_comes_back_to_itself() -> None:
    """Imports go one way, and none goes over the face."""
    graph = {path.stem: imported(path) for path in FLOW.glob("*.py")}
    assert [] == [name for name in graph if name in reached(graph, name)]
    assert [] == [name for name, others in graph.items() if FACE in others]
