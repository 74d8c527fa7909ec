"""The house holds: floors of packages, no circle, faces, one word for one thing, and tests where the code is.

One test for each rule; it gathers every breach and prints them all.
"""

import ast
import gc
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import typer

from tunecase.accounts import ACCOUNTS
from tunecase.cli.commands import app
from tunecase.records import RECORDS

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "tunecase"
TESTS = ROOT / "tests"

# From the top down: a package imports only what lies on a floor below its own.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("__init__", "__main__", "case", "quick"),
    ("cli", "web", "agents", "callback"),
    ("flow",),
    ("estimate",),
    ("decide", "report"),
    ("accounts",),
    ("problem", "plan", "books"),
    ("inference",),
    ("pilot", "compute"),
    ("forecast",),
    ("evals",),
    ("data",),
    ("prices",),
    ("project", "ledger", "engine"),
    ("records", "io", "catalog", "blocks"),
    ("quantities", "version", "errors", "faces"),
)
# Neighbours on one floor do not know one another, except:
SIDEWAYS: dict[tuple[str, str], str] = {
    ("__init__", "case"): "the public names are those of the Python face, imported when they are asked for",
    ("__init__", "quick"): "the same",
    ("case", "quick"): "a case asks of its answers in the same words as one does without a case",
    ("cli", "web"): "`tunecase serve` starts the page",
    ("cli", "agents"): "`tunecase mcp` starts the server",
}
FLOOR = {package: number for number, floor in enumerate(FLOORS) for package in floor}

HEAVY = {
    "numpy", "scipy", "sklearn", "rensa", "tokenizers", "pyarrow", "jinja2", "torch", "uvicorn", "h11",
    "sacrebleu", "rouge_score", "fastokens", "ray", "mlflow", "fsspec", "transformers", "safetensors", "bm25s",
    "py3langid", "mcp", "anyio", "pandas", "polars",
}  # fmt: skip

# The folders in which a file is named after its verb, with the further words that name one: an option's verb
# (`audit --fix` cleans, `--reviewed` reviews, `--next` says what to label) or what several verbs share.
VERB_FOLDERS: dict[str, set[str]] = {
    "cli": {"asking", "commands", "crash", "ending", "entry", "hook", "options", "piped", "usage"},
    "cli/show": {"blocks", "brief", "depth", "extras", "paper", "plot", "progress", "record", "steps"},
    "flow": {
        "answers",
        "bill_run",
        "clean",
        "codes",
        "dropped",
        "kept",
        "keys",
        "known",
        "label",
        "logs",
        "opened",
        "option_values",
        "options",
        "plan_on_file",
        "points",
        "probe",
        "questions",
        "shelf",
        "split",
        "training",
        "verbs",
        "without_project",
    },
    "records": {
        "as_json",
        "checked",
        "clean",
        "disclosure",
        "generator",
        "label",
        "plan",
        "review",
        "schema",
        "serialized",
        "tabular",
    },
    "accounts": {
        "answer",
        "approvals",
        "audit_stages",
        "basis",
        "begun",
        "book_sums",
        "calendar",
        "chances",
        "changes",
        "clean",
        "first",
        "gates",
        "headline",
        "lines",
        "looks",
        "material",
        "registry",
        "review",
        "stand_in",
        "steps",
        "tiles",
        "verdict",
        "ways",
        "what_if",
        "words",
    },
}

# Within a question, what computes does not know what is said of the result.
ARITHMETIC = (
    "data/detectors/",
    "compute/model/",
    "compute/memory/",
    "compute/speed/",
    "compute/doubt/",
    "forecast/curves.py",
    "forecast/models.py",
)
OPINION = ("data/checks/", "data/audit/", "forecast/verdict.py", "compute/explained.py", "quantities/wording.py")

# What touches the world: files, the network, processes, the clock.
WORLD = ("cli/", "web/", "agents/", "flow/", "callback.py", "case.py", "quick.py", "io/", "engine/", "ledger/")

WORLD += (
    "data/reading/",
    "data/shards/",
    "pilot/trainers/",
    "pilot/endpoint/",
    "books/importers/",
    "forecast/importers/",
    "inference/importers/",
    "evals/",
)
# Further files and folders that do, and why.
TOUCHING: dict[str, str] = {
    "books/past_cases.py": "reads the ledgers that the project file names, and what scorecards exported",
    "books/meter.py": "reads what an interrupted training left behind",
    "catalog/prices.py": "hashes its own tables",
    "catalog/reading.py": "reads its own tables",
    "compute/configs/read.py": "reads another tool's configuration and what it refers to",
    "compute/measured/own_run.py": "finds the states of a run that a user measured",
    "compute/measured/own_table.py": "reads a table of runs that a user measured",
    "compute/measured/table.py": "reads a table of published runs",
    "compute/model/hub.py": "fetches a model's config.json from the Hub",
    "compute/model/reading.py": "tells a model's folder from its name",
    "compute/model/settings.py": "reads a model's config.json",
    "compute/sample_lengths.py": "reads a file of lengths",
    "data/audit/audit.py": "takes its own time",
    "data/audit/own_stage.py": "takes its own time",
    "data/audit/quarantine.py": "writes bad rows aside while they are read",
    "data/audit/running.py": "opens the scratch, and takes its own time",
    "data/clean/clean.py": "writes what belongs to a cleaned copy",
    "data/clean/copying.py": "copies the data row by row",
    "data/detectors/licences.py": "looks for a licence beside the data",
    "data/review/corrections.py": "keeps what reviewers said beside the data",
    "data/review/queue/reading.py": "reads a review queue that came back",
    "data/review/queue/sheet.py": "writes a review queue as a table",
    "data/review/queue/writing.py": "writes a review queue",
    "data/tokens/chat_layout.py": "runs a chat template in a process that can be ended",
    "data/tokens/counting.py": "reads a tokenizer's file",
    "data/tokens/rows.py": "finds a tokenizer on this machine",
    "forecast/forecast.py": "tells a file from an address",
    "pilot/answers.py": "keeps what runs answered",
    "pilot/conduct.py": "keeps within the minutes that it was given",
    "pilot/hosting.py": "tells a folder of weights from a mistyped name",
    "pilot/scoring/judge.py": "takes its own time",
    "pilot/trial.py": "takes its own time",
    "prices/contracts.py": "reads the user's own prices",
    "project/conflicts.py": "sees whether the files that a project names are there",
    "project/file.py": "makes the path of the project file whole",
    "project/stated.py": "sees whether the folder of a project stated in Python is there",
    "report/page.py": "reads its own templates",
}
# What writes into files, besides the one writer of io/outputs.py, and why.
WRITING: dict[str, str] = {
    "agents/worker.py": "answers to the server, over standard output",
    "cli/commands.py": "opens the device that takes everything, where a stream was closed",
    "cli/crash.py": "keeps a traceback in a temporary file",
    "cli/piped.py": "keeps what is piped in as a file while a command reads it",
    "compute/configs/read.py": "hands a copy without tabs to another tool's reader",
    "compute/model/hub.py": "a cache",
    "data/audit/quarantine.py": "bad rows go aside one by one while they are read",
    "data/clean/clean.py": "row by row, into a folder in the making",
    "data/clean/copying.py": "row by row, into a folder in the making",
    "data/reading/writing.py": "row by row, into a folder in the making",
    "data/shards/store.py": "shards, in a scratch that goes at the end",
    "data/review/queue/writing.py": "row by row, into a folder in the making",
    "ledger/anchor.py": "one short line, written over in place under the ledger's lock",
    "ledger/book.py": "appends to the ledger",
    "ledger/files.py": "appends to the ledger, and puts a new chain in its place",
    "pilot/trainers/": "what a trainer reads and writes in the folder of its run, and caches",
    "web/forms.py": "a bill as it comes in, in a folder of its own until somebody books or leaves it",
    "web/worker.py": "its own standard output, which trainers must not write into",
}
WRITES = {"write_text", "write_bytes", "mkstemp", "NamedTemporaryFile", "copyfile", "copy2", "copytree", "to_csv"}


TOUCHES = {
    "open", "read_text", "write_text", "read_bytes", "write_bytes", "unlink", "mkdir", "rmdir", "touch", "iterdir",
    "glob", "rglob", "is_file", "is_dir", "exists", "stat", "resolve", "today", "now", "urlopen", "environ", "getenv",
    "listdir", "system", "perf_counter", "monotonic",
}  # fmt: skip
WORLDLY = {"subprocess", "socket", "urllib.request", "http.client", "shutil", "tempfile", "sqlite3", "multiprocessing"}

# What stands at the top of the tests: those of the whole, of single files, and what tests share.
TOP = {
    "__init__", "conftest", "test_api", "test_bad_input", "test_callback", "test_callback_processes", "test_case",
    "test_docs", "test_errors", "test_evidence", "test_faces", "test_for_agents", "test_good_problems",
    "test_hostile_case", "test_house", "test_installed", "test_notebooks", "test_old_ledgers", "test_one_answer",
    "test_patterns",
    "test_pull_request", "test_quick", "test_regressions", "test_repository", "test_shapes", "test_supply_chain",
    "audited", "budget", "chat_server", "chromium", "command", "decision_server", "engine_tasks", "hostile_server",
    "laws", "machine", "made_shelves", "making", "mlflow_server", "problem_cases", "projects", "real_chat_server",
    "samples", "schemas", "sentences", "toy_trainer", "walked",
}  # fmt: skip
# Folders of tests that mirror no package.
BESIDE = {"faults", "fuzz", "golden", "fixtures", "benchmarks", "docs"}
# Test files named after what they hold of a whole package, rather than after one of its modules.
ASPECTS = {
    "catalog/test_tables.py",
    "cli/show/test_colours.py",
    "cli/test_json.py",
    "cli/test_outputs.py",
    "compute/model/test_counts.py",
    "data/audit/test_bad_bytes.py",
    "data/audit/test_interrupted.py",
    "data/audit/test_judged_answers.py",
    "data/audit/test_on_ray.py",
    "data/checks/test_shown.py",
    "data/reading/test_forms.py",
    "flow/test_planning.py",
    "forecast/test_kept_points.py",
    "ledger/test_forged.py",
    "ledger/test_kills.py",
    "pilot/test_run_keys.py",
    "pilot/trainers/test_wrappers.py",
    "report/test_browser.py",
    "report/test_what_if_browser.py",
    "web/test_browser.py",
    "web/pages/test_browser.py",
    "web/pages/test_hostile.py",
    "web/test_together.py",
}


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

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of it."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def place(self) -> str:
        """The path below src/tunecase."""
        return self.path.relative_to(SRC).as_posix()

    @cached_property
    def is_face(self) -> bool:
        """Whether it is the `__init__` of a package."""
        return self.path.name == "__init__.py"

    @cached_property
    def package(self) -> str:
        """The entry at the top of src/tunecase that the file belongs to."""
        return self.path.relative_to(SRC).parts[0].removesuffix(".py")

    @cached_property
    def module(self) -> str:
        """The dotted name."""
        parts = self.path.relative_to(SRC).with_suffix("").parts
        return ".".join(("tunecase", *(part for part in parts if part != "__init__")))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Everything imported from the package, wherever in the file, for types alone too."""
        return tuple(_imports(self.nodes))

    @cached_property
    def reaches(self) -> "tuple[tuple[Import, File], ...]":
        """Each file that it reaches, behind the import that reaches it."""
        return tuple((taken, other) for taken in self.imports for other in reached(self, taken))

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
        """The names of a face: all that it imports, for types alone too."""
        return set(self.handed_on)


# Where modules are named in text: trainers wait until one is asked for, others run in a process of their own, and
# the tables lie in a package.
NAMED_IN_TEXT = {"pilot/trial.py", "pilot/trainers/trl.py", "pilot/trainers/trl_worker.py", "pilot/trainers/weights.py"}
NAMED_IN_TEXT |= {"catalog/reading.py", "cli/commands.py", "pilot/trainers/encoder_weights.py"}


def _imports(nodes: Iterable[ast.AST]) -> Iterator[Import]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "tunecase":
            yield from (Import(node.module or "", alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "tunecase":
                    above, _, last = alias.name.rpartition(".")
                    yield Import(above or "tunecase", last, node.lineno)


@pytest.fixture(autouse=True, scope="module")
def read_once() -> None:
    """What every rule looks through is read before the first of them: reading is the cost of none."""
    gc.disable()  # it would look through the growing trees again and again
    for file in FILES:
        _ = file.nodes, file.reaches
    gc.enable()


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


def test_every_file_has_a_floor() -> None:
    """Every entry at the top of the package stands on one floor, and no floor names what is not there."""
    assert {file.package for file in FILES} == set(FLOOR)


def test_the_top_shows_the_product() -> None:
    """At most eight modules and twenty-six folders stand at the top of the package."""
    entries = [path for path in SRC.iterdir() if path.name != "__pycache__"]
    assert sum(path.suffix == ".py" for path in entries) <= 8
    assert sum(path.is_dir() for path in entries) <= 26


def test_imports_go_downwards() -> None:
    """A file imports from its own package and from lower floors; a neighbour only where SIDEWAYS gives the reason."""
    breaches, used = [], set()
    for file in FILES:
        for taken, other in file.reaches:
            pair = (file.package, other.package)
            if pair[0] == pair[1] or FLOOR[pair[1]] > FLOOR[pair[0]]:
                continue
            used.add(pair)
            if pair not in SIDEWAYS or FLOOR[pair[0]] != FLOOR[pair[1]]:
                breaches.append(f"{file.place}:{taken.line} imports {taken.name} of {other.place}")
    assert [] == breaches
    assert set(SIDEWAYS) == used


def test_no_circles_between_files() -> None:
    """No file reaches itself through imports, those inside functions and for types alone counted."""
    graph = {file.place: {other.place for _, other in file.reaches} for file in FILES}
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


def test_an_init_is_a_face() -> None:
    """An `__init__` is one docstring and imports of public names, those for types alone where it loads them late.

    `__all__` stands only where users import from.
    """
    breaches = []
    for file in FILES:
        if not file.is_face or file.module == "tunecase":
            continue
        for node in file.tree.body[1:]:
            is_all = file.module == "tunecase.records" and ast.unparse(node).startswith("__all__ = ")
            for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for_types = for_types and all(isinstance(inner, ast.ImportFrom) for inner in node.body)
            is_late = ast.unparse(node) == "loads_late(__name__)"
            if not (isinstance(node, ast.ImportFrom) or is_all or for_types or is_late):
                breaches.append(f"{file.place}:{node.lineno} {ast.unparse(node)[:60]}")
    assert [] == breaches


def test_packages_are_entered_by_their_face() -> None:
    """From outside a package only the public names of its face, or of a face inside it, are imported."""
    breaches = []
    for file in FILES:
        for taken in file.imports:
            face = MODULES.get(taken.module)
            if face is None or face.package == file.package or face.module == "tunecase" or "/" not in face.place:
                continue
            inner = MODULES.get(f"{taken.module}.{taken.name}")
            if not face.is_face or (taken.name not in face.public and not (inner and inner.is_face)):
                breaches.append(f"{file.place}:{taken.line} {taken.module}.{taken.name}")
    assert [] == breaches


def test_imports_are_seen() -> None:
    """No file imports relatively, or names a module of the package in text where an import could stand."""
    breaches = []
    for file in FILES:
        docs = {id(node.value) for node in file.nodes if isinstance(node, ast.Expr)}
        for node in file.nodes:
            if isinstance(node, ast.ImportFrom) and node.level:
                breaches.append(f"{file.place}:{node.lineno} imports relatively")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                named = [word for word in node.value.split() if word in MODULES and word != "tunecase"]
                if named and file.place not in NAMED_IN_TEXT:
                    breaches.append(f"{file.place}:{node.lineno} names {', '.join(named)}")
    assert [] == breaches


def test_modules_say_what_they_are() -> None:
    """Every file opens with one sentence that says what it is."""
    first = {file.place: (ast.get_docstring(file.tree) or "").strip().split("\n")[0].rstrip(",:;") for file in FILES}
    assert [] == [place for place, sentence in first.items() if not sentence]


def _at_the_top(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a file is imported: everything outside functions."""
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield inner
            if not (isinstance(inner, ast.If) and ast.unparse(inner.test) == "TYPE_CHECKING"):
                yield from _at_the_top(inner)


def _libraries(node: ast.AST) -> list[str]:
    """The libraries that a statement imports."""
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").split(".")[0]]
    return [alias.name.split(".")[0] for alias in node.names] if isinstance(node, ast.Import) else []


def test_heavy_libraries_wait() -> None:
    """No file imports a heavy library when it is imported itself, so that start-up stays quick."""
    breaches = [
        f"{file.place}:{node.lineno} {name}"  # type: ignore[attr-defined]
        for file in FILES
        for node in _at_the_top(file.tree)
        for name in _libraries(node)
        if name in HEAVY
    ]
    assert [] == breaches


def test_the_package_is_light() -> None:
    """A bare `import tunecase` loads nothing but itself, its version and what loads the rest."""
    code = "import sys, tunecase; print(*sorted({*sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SRC.parent)
    watched = {"tunecase", "typer", "pydantic", "rich", "yaml", "orjson", *HEAVY}
    loaded = [module for module in ran.stdout.split() if module.partition(".")[0] in watched]
    assert ["tunecase", "tunecase.faces", "tunecase.version"] == loaded


def test_questions_wait() -> None:
    """No file of the terminal, the Python face or the conductor loads a question before one is asked."""
    # Models that answer are priced by a file that is loaded where somebody asks for their price.
    own = [file.module for file in FILES if file.package in ("case", "cli", "flow") and file.path.stem != "answers"]
    code = f"import sys, importlib\nfor name in {own}: importlib.import_module(name)\n"
    code += "print(*{m.split('.')[1] for m in sys.modules if m.startswith('tunecase.')})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SRC.parent)
    questions = {package for floor in FLOORS[FLOOR["flow"] + 1 : FLOOR["prices"] + 1] for package in floor}
    assert set() == questions & set(ran.stdout.split())


def test_only_trainers_know_torch() -> None:
    """Torch is imported nowhere outside the pilot's trainers."""
    breaches = [
        file.place
        for file in FILES
        for node in file.nodes
        if "torch" in _libraries(node) and not file.place.startswith("pilot/trainers/")
    ]
    assert [] == breaches


def _words() -> set[str]:
    """The verbs: every command of the terminal."""
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_one_word_for_one_thing() -> None:
    """A verb's command, account, conductor and record lie in files that bear its name."""
    breaches, verbs = [], _words()
    kept = verbs & set(RECORDS) - {"run"}  # the record of that name is one training run
    for folder, further in VERB_FOLDERS.items():
        named = {path.stem for path in (SRC / folder).glob("*.py")} - {"__init__"}
        breaches += [f"{folder}/{name}.py: {name} is no verb" for name in sorted(named - verbs - further)]
        breaches += [f"{folder}: there is no {name}.py" for name in sorted(further - named)]
    for verb in sorted(verbs):
        folders = ("cli", "accounts", "flow", "records") if verb in kept else ("cli",)
        paths = [f"{folder}/{verb}.py" for folder in folders]
        breaches += [f"{path} is missing" for path in paths if not (SRC / path).exists()]
        if verb in kept and RECORDS[verb].__module__ != f"tunecase.records.{verb}":
            breaches.append(f"the record of {verb} lies in {RECORDS[verb].__module__}")
        if verb in kept and ACCOUNTS[verb][0] != verb:
            breaches.append(f"the account of {verb} is {'.'.join(ACCOUNTS[verb])}")
    assert [] == breaches


def test_arithmetic_does_not_know_opinion() -> None:
    """What computes within a question imports neither checks, verdicts nor wording."""
    breaches = [
        f"{file.place}:{taken.line} {other.place}"
        for file in FILES
        if file.place.startswith(ARITHMETIC)
        for taken, other in file.reaches
        if other.place.startswith(OPINION) and not other.is_face
    ]
    assert [] == breaches


def _touched(node: ast.AST) -> list[str]:
    """What of the world a part of the code names: a call of TOUCHES, the environment, or a module of WORLDLY."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return [node.func.attr] if node.func.attr in TOUCHES else []
    if isinstance(node, ast.Attribute):
        return [node.attr] if node.attr == "environ" else []
    if isinstance(node, ast.Name):
        return [node.id] if node.id in {"open", "environ"} else []
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name in WORLDLY]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        names = {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        return [*sorted(names & WORLDLY), *(alias.name for alias in node.names if alias.name in {"environ", "getenv"})]
    return []


def _writes(node: ast.AST) -> bool:
    """Whether a call writes into a file: by its name, or by the mode that it opens a file with."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in {"open", "fdopen"}:
        return name in WRITES
    given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
    modes = [arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)


def test_one_writer() -> None:
    """Only the writer of outputs writes into files, and what WRITING names with a reason."""
    writing = {file.place for file in FILES if any(_writes(node) for node in file.nodes)}
    reasons = tuple(WRITING)
    assert ["io/outputs.py"] == sorted(place for place in writing if not place.startswith(reasons))
    assert [] == [reason for reason in reasons if not any(place.startswith(reason) for place in writing)]


def test_few_files_touch_the_world() -> None:
    """Files, network, processes and the clock are touched where WORLD says, and where TOUCHING gives the reason."""
    touching: dict[str, set[str]] = {}
    for file in FILES:
        if not file.place.startswith(WORLD):
            names = {name for node in file.nodes for name in _touched(node)}
            touching |= {file.place: names} if names else {}
    reasons = tuple(TOUCHING)
    assert {} == {place: sorted(names) for place, names in touching.items() if not place.startswith(reasons)}
    assert [] == [reason for reason in reasons if not any(place.startswith(reason) for place in touching)]


def test_tests_mirror_the_packages() -> None:
    """A folder of tests is a package; a test file in it is named after a module, the package or an aspect of it."""
    breaches = []
    for path in sorted(TESTS.rglob("*.py")):
        folder, place = path.parent.relative_to(TESTS), path.relative_to(TESTS).as_posix()
        if not folder.parts and path.stem not in TOP:
            breaches.append(f"{place}: not one of what stands at the top of the tests")
        if not folder.parts or folder.parts[0] in BESIDE:
            continue
        if not (SRC / folder).is_dir():
            breaches.append(f"{place}: there is no package {folder.as_posix()}")
        subject = path.stem.removeprefix("test_")
        if path.stem == subject or place in ASPECTS or subject == folder.name:
            continue
        if not (SRC / folder / f"{subject}.py").exists():
            breaches.append(f"{place}: there is no {folder.as_posix()}/{subject}.py")
    assert [] == breaches
    assert set() == {place for place in ASPECTS if not (TESTS / place).exists()}
