"""The house holds: floors of packages, no circle, faces, one word for one thing, and tests where the code is.

One test for each rule; it gathers every breach and prints them all.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "tunecase"


HEAVY = {
    "numpy", "scipy", "sklearn", "rensa", "tokenizers", "pyarrow", "jinja2", "torch", "starlette", "uvicorn",
    "sacrebleu", "rouge_score", "fastokens", "ray", "mlflow", "transformers",
}  # fmt: skip


@dataclass(frozen=True)
class Import:
    """One name that a file takes from the package: from which module, on which line."""

    module: str
    name: str
    line: int


@dataclass(frozen=True)
class File:
    """One file of the package with what it imports and defines."""

    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @property
    def place(self) -> str:
        """The path below src/tunecase."""
        return self.path.relative_to(SRC).as_posix()

    @property
    def is_face(self) -> bool:
        """Whether it is the `__init__` of a package."""
        return self.path.name == "__init__.py"

    @property
    def package(self) -> str:
        """The entry at the top of src/tunecase that the file belongs to."""
        return self.path.relative_to(SRC).parts[0].removesuffix(".py")

    @property
    def module(self) -> str:
        """The dotted name."""
        parts = self.path.relative_to(SRC).with_suffix("").parts
        return ".".join(("tunecase", *(part for part in parts if part != "__init__")))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Everything imported from the package, wherever in the file, for types alone too."""
        return tuple(_imports(self.tree))

    @cached_property
    def handed_on(self) -> dict[str, Import]:
        """What the top of a face imports, by the name it has there."""
        for_types = [inner for node in self.tree.body if isinstance(node, ast.If) for inner in node.body]
        return {
            alias.asname or alias.name: Import(node.module, alias.name, node.lineno)
            for node in [*self.tree.body, *for_types]
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }

    @cached_property
    def public(self) -> set[str]:
        """The names of a face: `__all__`, and what it hands on for types alone."""
        names: set[str] = set()
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                names |= set(ast.literal_eval(node.value))
            elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                inside = [inner for inner in node.body if isinstance(inner, ast.ImportFrom)]
                names |= {alias.name for inner in inside for alias in inner.names}
        return names


def _imports(tree: ast.Module) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "tunecase":
            yield from (Import(node.module or "", alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "tunecase":
                    above, _, last = alias.name.rpartition(".")
                    yield Import(above or "tunecase", last, node.lineno)


FILES = [File(path) for path in sorted(SRC.rglob("*.py"))]
MODULES = {file.module: file for file in FILES}


def entered(file: File, module: str) -> list[File]:
    """The faces that run before a module does, those of packages that the importing file is itself part of left out."""
    parts = module.split(".")
    faces = [MODULES[".".join(parts[:n])] for n in range(2, len(parts)) if ".".join(parts[:n]) in MODULES]
    return [face for face in faces if not file.module.startswith(f"{face.module}.")]


def reached(file: File, taken: Import) -> list[File]:
    """The files that an import reaches: a module, or the face and, behind it, the file that defines the name."""
    found = entered(file, taken.module)
    module, name = taken.module, taken.name
    while module in MODULES:
        here = MODULES[module]
        if here.package != file.package or not here.is_face or here.module == taken.module:
            found.append(here)
        behind = here.handed_on.get(name) if here.is_face and here is not file else None
        if behind is None or (behind.module, behind.name) == (module, name):
            if f"{module}.{name}" in MODULES:
                found = [one for one in found if one.package != file.package and one.module != "tunecase"]
                found.append(MODULES[f"{module}.{name}"])
            break
        module, name = behind.module, behind.name
    return [one for one in found if one is not file]


def test_no_circles_between_files() -> None:
    """No file reaches itself through imports, those inside functions and for types alone counted."""
    graph = {file.place: {other.place for taken in file.imports for other in reached(file, taken)} for file in FILES}
    assert [] == circles(graph)


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of nodes that all reach one another, by Tarjan's algorithm; each sorted, single nodes left out."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in number:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], number[other])
        if lowest[node] == number[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in number:
            visit(node)
    return found


def test_circles_are_seen() -> None:
    """The search for circles finds each group of nodes that reach one another, and nothing else."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}}
    assert [["a", "b", "c"], ["d", "e"]] == sorted(circles(graph))
    assert [] == circles({"a": {"b", "c"}, "b": {"c"}, "c": set()})


def test_modules_say_what_they_are() -> None:
    """Every file opens with one sentence that says what it is."""
    first = {file.place: (ast.get_docstring(file.tree) or "").strip().split("\n")[0].rstrip(",:;") for file in FILES}
    assert [] == [place for place, sentence in first.items() if not sentence]


def test_heavy_libraries_wait() -> None:
    """No file imports a heavy library at its top, so that start-up stays quick."""
    breaches = []
    for file in FILES:
        for node in file.tree.body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            breaches += [f"{file.place}:{node.lineno} {name}" for name in names if name.split(".")[0] in HEAVY]
    assert [] == breaches


def test_the_package_is_light() -> None:
    """A bare `import tunecase` loads nothing but itself and its version."""
    code = "import sys, tunecase; print(*sorted({*sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SRC.parent)
    watched = {"tunecase", "typer", "pydantic", "rich", "yaml", "orjson", *HEAVY}
    loaded = [module for module in ran.stdout.split() if module.partition(".")[0] in watched]
    assert ["tunecase", "tunecase.version"] == loaded
