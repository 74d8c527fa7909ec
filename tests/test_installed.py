"""The built wheel in bare environments, by pip, uvx and pipx: the core alone answers, and no extra is missed."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tunecase.version import __version__

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
# What other projects' environment says of packages and modules has no part in a bare one.
SHELL = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONPYCACHEPREFIX"}}
SHIPPED = ("src/tunecase", "examples/support-tickets", "examples/cases", "skills/tunecase")
# Modules that extras bring; none of them may be there, so that whatever imports one fails.
OF_EXTRAS = (
    "bm25s", "fastokens", "fsspec", "genai_prices", "httpx", "huggingface_hub", "mcp", "pandas", "polars", "py3langid",
    "pyarrow", "ray", "rouge_score", "safetensors", "tokenizers", "torch", "transformers", "uvicorn",
)  # fmt: skip

# How a missing package is installed: in a plain environment, in one of pipx, in one of uv.
INSTALLS = re.compile(r"Fix: (?:pip install|pipx inject tunecase|uv pip install --python \S+) ")


@dataclass(frozen=True)
class Built:
    """The wheel and the source distribution of this tree."""

    wheel: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both, built by hatchling without isolation."""
    to = tmp_path_factory.mktemp("dist")
    hatchling(ROOT, to, "sdist", "wheel")
    return Built(next(to.glob("*.whl")), next(to.glob("*.tar.gz")))


def hatchling(tree: Path, to: Path, *targets: str) -> None:
    """Builds a tree into a folder."""
    words = [word for target in targets for word in ("--target", target)]
    subprocess.run([sys.executable, "-m", "hatchling", "build", *words, "--directory", to], cwd=tree, check=True)


def names_in(wheel: Path) -> set[str]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def test_the_wheel_holds_what_it_needs(built: Built) -> None:
    """Every file of the package and every example is in it, and nothing of the tests; its name tells the version."""
    assert built.wheel.name == f"tunecase-{__version__}-py3-none-any.whl"
    held = names_in(built.wheel)
    known = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *SHIPPED]
    files = subprocess.run(known, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    inside = [f"tunecase/{path.removeprefix('src/tunecase/')}" for path in files if path and (ROOT / path).is_file()]
    assert len(inside) > 500
    assert [] == [path for path in inside if path not in held]
    beside = {path for path in held if not path.startswith("tunecase-")} - set(inside)
    assert set() == beside, "what git does not know, such as a ledger, is shipped to nobody"
    assert "tunecase/py.typed" in held


def test_the_source_builds_the_same_wheel(built: Built, tmp_path: Path) -> None:
    """What the source distribution holds makes the wheel once more, file by file; the tests come with it."""
    with tarfile.open(built.sdist) as opened:
        opened.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    hatchling(tree, tmp_path / "again", "wheel")
    assert names_in(built.wheel) == names_in(next((tmp_path / "again").glob("*.whl")))
    wanted = (
        "tests/test_house.py",
        "CITATION.cff",
        "action.yml",
        "action/check.py",
        ".pre-commit-hooks.yaml",
        "Makefile",
    )
    assert [] == [name for name in (*wanted, "LICENSE", "CHANGELOG.md", "SECURITY.md") if not (tree / name).is_file()]


class Bare:
    """A way to run the installed command, and the folder that it runs in."""

    def __init__(self, command: list[str | Path], folder: Path, **variables: str | Path) -> None:
        self.command, self.folder = command, folder
        places = {"HOME": folder, "TUNECASE_CACHE": folder / "cache", "XDG_STATE_HOME": folder / "state"}
        self.env = {**SHELL, "NO_COLOR": "1", **{name: str(value) for name, value in (places | variables).items()}}

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        """What a command prints on standard output."""
        return self.told(*words, codes=codes).stdout

    def told(self, *words: str, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        """What a command prints; it ends with one of the codes, and nobody sees a traceback."""
        ran = subprocess.run([*self.command, *words], cwd=self.folder, env=self.env, capture_output=True, text=True)
        assert ran.returncode in codes, f"{words}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
        assert "Traceback" not in ran.stdout + ran.stderr
        return ran

    def meets(self) -> None:
        """The first minutes of somebody who has just installed it."""
        assert "The road" in self.run("--help")
        assert __version__ == self.run("--version").strip()
        assert "next:" in self.run("fit", "llama-3.1-8b", "--examples", "1000")
        self.run("init", "--example", "support-tickets", "--to", "demo")
        assert "690 of 717" in self.run("audit", "demo/data/train.jsonl", "--fast")
        self.walks("demo")

    def walks(self, case: str) -> None:
        """The road of the shipped example ends with the answer, and says once what an extra would add to it."""
        said = self.told("run", "--project", f"{case}/tunecase.yaml")
        assert said.stdout.startswith("Not yet: try a small encoder first: an hour.")
        assert "next:" in said.stdout
        assert 1 == said.stderr.count('needs the optional part "encoder"')
        assert 1 == sum(bool(INSTALLS.match(line)) for line in said.stderr.splitlines())
        assert "<html" in (self.folder / case / "report.html").read_text(encoding="utf-8")


def registry_or_skip(*words: str | Path) -> None:
    """Runs an installer; skips the test where no registry is reached, and fails where the wheel cannot be installed."""
    ran = subprocess.run([str(word) for word in words], env=SHELL, capture_output=True, text=True)
    unreached = ("No matching distribution", "connection", "Temporary failure", "Max retries", "dns error")
    if ran.returncode and any(sign in ran.stderr for sign in unreached):
        pytest.skip(f"no package registry is reached: {ran.stderr.strip().splitlines()[-1]}")
    assert 0 == ran.returncode, ran.stderr


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs uv and pipx, in an environment of their own."""
    folder = tmp_path_factory.mktemp("tools")
    registry_or_skip(sys.executable, "-m", "venv", folder)
    registry_or_skip(folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-compile", "uv", "pipx")
    return folder / "bin"


@pytest.mark.slow
def test_by_pip(built: Built, tmp_path: Path) -> None:
    """The core alone walks the whole road; an exact count of tokens is the one thing that asks for an extra."""
    registry_or_skip(sys.executable, "-m", "venv", tmp_path / "env")
    python = tmp_path / "env/bin/python"
    registry_or_skip(python, "-m", "pip", "install", "--quiet", "--no-compile", built.wheel)
    there = f"import importlib.util as u; print([n for n in {OF_EXTRAS!r} if u.find_spec(n)])"
    assert "[]" == subprocess.run([python, "-c", there], env=SHELL, capture_output=True, text=True).stdout.strip()
    bare = Bare([tmp_path / "env/bin/tunecase"], tmp_path)
    bare.meets()
    bare.run("audit", "--project", "demo/tunecase.yaml", codes=(0, 1))
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    counted = bare.run("audit", "demo/data/train.jsonl", "--fast", "--full", "--tokenizer", "tokenizer.json")
    assert "pip install fastokens tokenizers" in " ".join(counted.split())
    hook = Bare([tmp_path / "env/bin/tunecase-audit"], tmp_path)
    assert "690 of 717 rows usable" in hook.run("demo/data/train.jsonl")


@pytest.mark.slow
def test_by_uvx(built: Built, tools: Path, tmp_path: Path) -> None:
    """`uvx --from WHEEL tunecase` answers without an installation."""
    command = [tools / "uvx", "--quiet", "--python", sys.executable, "--from", built.wheel, "tunecase"]
    bare = Bare(command, tmp_path, UV_CACHE_DIR=tmp_path / "uv", UV_TOOL_DIR=tmp_path / "tools")
    bare.meets()


@pytest.mark.slow
def test_by_pipx(built: Built, tools: Path, tmp_path: Path) -> None:
    """`pipx install WHEEL` puts the command on the path."""
    places = {"PIPX_HOME": tmp_path / "pipx", "PIPX_BIN_DIR": tmp_path / "bin", "PIPX_DEFAULT_PYTHON": sys.executable}
    bare = Bare([tools / "pipx"], tmp_path, **places)
    bare.run("install", "--quiet", str(built.wheel))
    Bare([tmp_path / "bin/tunecase"], tmp_path).meets()
