"""Whether the tests notice a wrong operator: random mutations of ten files, and how many tests kill.

Usage: python benchmarks/mutating.py [--each 20] [--seed 0] [--only board] [--workers 2]
Each mutation changes one operator (+ to -, < to <=, and to or, ...) in a copy of the tree, then runs the tests that
mirror the file's package. A failing test, or a run that takes far longer than without the mutation, kills it. Survivors
are printed with their line, so that a missing test can be written; some change nothing that can be seen (`x < 0` for
`x <= 0` of a continuous number). Last line: JSON.
"""

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parents[1]
COPIED = (
    "src",
    "tests",
    "examples",
    "docs",
    "benchmarks",
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "Makefile",
)

# The files, by the tests that are meant to hold them.
FILES = {
    "books/variance.py": ("tests/books",),
    "books/held.py": ("tests/books",),
    "books/hours.py": ("tests/books",),
    "ledger/book.py": ("tests/ledger",),
    "ledger/joined.py": ("tests/ledger",),
    "ledger/lines.py": ("tests/ledger",),
    "quantities/statistics.py": ("tests/quantities",),
    "quantities/spread.py": ("tests/quantities",),
    "plan/rounds/board.py": ("tests/plan", "tests/decide"),
}

OTHERS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Add, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.USub: ast.UAdd,
}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """One operator of a file replaced."""

    file: str
    site: int
    line: int
    change: str
    text: str


def sites(tree: ast.Module) -> list[tuple[ast.AST, str, int]]:
    """Every operator outside annotations: its node, the field that holds it, its place in a chain of comparisons."""
    skipped = {id(part) for node in ast.walk(tree) for part in _annotations(node) for part in ast.walk(part)}
    out: list[tuple[ast.AST, str, int]] = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp | ast.UnaryOp) and type(node.op) in OTHERS:
            out.append((node, "op", 0))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            out.append((node, "not", 0))
        elif isinstance(node, ast.Compare):
            out += [(node, "ops", i) for i in range(len(node.ops))]
    return out


def _annotations(node: ast.AST) -> list[ast.AST]:
    fields = (getattr(node, name, None) for name in ("annotation", "returns"))
    return [field for field in fields if isinstance(field, ast.AST)]


def mutated(source: str, site: int) -> tuple[str, int, str]:
    """The source with one operator replaced, the operator's line, and what was done to it."""
    tree = ast.parse(source)
    node, field, i = sites(tree)[site]
    if field == "not":
        before, after = "not x", "x"
        node.op = ast.UAdd()  # type: ignore[attr-defined]
        node.operand = ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])  # type: ignore[attr-defined]
    elif field == "op":
        before, after = type(node.op).__name__, OTHERS[type(node.op)].__name__  # type: ignore[attr-defined]
        node.op = OTHERS[type(node.op)]()  # type: ignore[attr-defined]
    else:
        before, after = type(node.ops[i]).__name__, OTHERS[type(node.ops[i])].__name__  # type: ignore[attr-defined]
        node.ops[i] = OTHERS[type(node.ops[i])]()  # type: ignore[attr-defined]
    return ast.unparse(ast.fix_missing_locations(tree)), node.lineno, f"{before} to {after}"  # type: ignore[attr-defined]


def drawn(file: str, each: int, seed: int) -> list[Mutation]:
    """`each` mutations of a file, none twice."""
    source = (ROOT / "src/tunecase" / file).read_text(encoding="utf-8")
    count = len(sites(ast.parse(source)))
    chosen = random.Random(f"{seed} {file}").sample(range(count), min(each, count))
    out = []
    for site in sorted(chosen):
        text, line, change = mutated(source, site)
        out.append(Mutation(file, site, line, change, text))
    return out


def _tests_pass(tree: Path, tests: tuple[str, ...], limit_s: float) -> bool:
    env = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1"}
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(words, cwd=tree, env=env, capture_output=True, timeout=limit_s).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _copy(folder: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        elif source.exists():
            shutil.copy(source, folder / name)
    return folder


def main() -> None:
    """Draws the mutations, runs each in one of `--workers` copies, and prints survivors, rates and the JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    files = {file: tests for file, tests in FILES.items() if asked.only in file}
    with tempfile.TemporaryDirectory() as folder:
        trees: Queue[Path] = Queue()
        for i in range(asked.workers):
            (Path(folder) / str(i)).mkdir()
            trees.put(_copy(Path(folder) / str(i)))
        limits = _limits(trees, files)

        def killed(mutation: Mutation) -> bool:
            tree = trees.get()
            path = tree / "src/tunecase" / mutation.file
            whole = path.read_bytes()
            try:
                path.write_text(mutation.text, encoding="utf-8")
                return not _tests_pass(tree, files[mutation.file], limits[mutation.file])
            finally:
                path.write_bytes(whole)
                trees.put(tree)

        mutations = [mutation for file in files for mutation in drawn(file, asked.each, asked.seed)]
        kills: dict[str, list[bool]] = {file: [] for file in files}
        with ThreadPoolExecutor(asked.workers) as pool:
            for mutation, dead in zip(mutations, pool.map(killed, mutations), strict=True):
                kills[mutation.file].append(dead)
                if not dead:
                    print(f"survives: {mutation.file}:{mutation.line} {mutation.change}", flush=True)
    for file, dead in kills.items():
        print(f"{file:<28} {sum(dead):3} of {len(dead)} killed")
    total = [dead for all_dead in kills.values() for dead in all_dead]
    by_file = {file: round(sum(dead) / len(dead), 3) for file, dead in kills.items()}
    print(json.dumps({"killed": round(sum(total) / len(total), 3), "mutations": len(total), "by_file": by_file}))


def _limits(trees: "Queue[Path]", files: dict[str, tuple[str, ...]]) -> dict[str, float]:
    """Seconds after which a run counts as hung: five times a clean one. Raises SystemExit where a clean one fails."""
    tree = trees.get()
    taken: dict[tuple[str, ...], float] = {}
    for tests in set(files.values()):
        start = time.monotonic()
        if not _tests_pass(tree, tests, 1800):
            sys.exit(f"{' '.join(tests)} fail without a mutation")
        taken[tests] = 30 + 5 * (time.monotonic() - start)
    trees.put(tree)
    return {file: taken[tests] for file, tests in files.items()}


if __name__ == "__main__":
    main()
