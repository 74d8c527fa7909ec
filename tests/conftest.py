"""Options of the test run."""

import gc
import os
import re
import shutil
import sys
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir

import pytest

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # neither tests nor what they start compile everything anew
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(gettempdir()) / "tunecase-tests"))

import hypothesis  # its modules are rewritten, and kept as they are then

from tests.budget import budgeted
from tests.laws import IS_WHOLE
from tunecase.faces import FACE

# Tests run side by side, one on each core; threads of the linear algebra on top of that wait for one another.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test waits for a network
# A run leaves some 15,000 files: in memory they cost no second to write or to remove, on some disks half a minute.
IN_MEMORY, ENOUGH_BYTES = "/dev/shm", 4 << 30
if (
    os.access(IN_MEMORY, os.W_OK | os.X_OK)
    and not os.statvfs(IN_MEMORY).f_flag & os.ST_NOEXEC
    and shutil.disk_usage(IN_MEMORY).free > ENOUGH_BYTES
):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", IN_MEMORY)
# What is printed is plain and as wide as told, whatever a CI server says of its log.
for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
    os.environ.pop(name, None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Tests and the modules that they import stay until the end: garbage is looked for later, and not among them.

    To look through them again and again took a third of the time of collecting, and part of that of every test.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The quick run does not even load a file whose tests are all left out of it."""
    left_out = [mark for mark in ("slow", "needs") if f"not {mark}" in config.option.markexpr]
    if collection_path.suffix != ".py" or not left_out:
        return None
    text = collection_path.read_text(encoding="utf-8")
    return any(re.search(rf"^pytestmark = \[?pytest\.mark\.{mark}", text, re.MULTILINE) for mark in left_out) or None


# The format checks of jsonschema compile the grammar of IRIs on import, for five seconds; no schema here has an IRI.
sys.modules.setdefault("rfc3987_syntax", None)

OWN_CACHE = os.environ.get("TUNECASE_CACHE")


@pytest.fixture
def weights_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of this machine's user, for a test of real weights."""
    if OWN_CACHE is None:
        monkeypatch.delenv("TUNECASE_CACHE")
    else:
        monkeypatch.setenv("TUNECASE_CACHE", OWN_CACHE)


@pytest.fixture(autouse=True, scope="session")
def no_weights_in_the_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a pilot measures by itself does not depend on the weights that lie in the cache of this machine's user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNECASE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True, scope="session")
def no_anchors_of_this_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Anchors of the ledgers of tests lie in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("state")))
        patch.delenv("TUNECASE_NO_ANCHOR", raising=False)
        patch.delenv("TUNECASE_PROJECT", raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def no_wait_for_the_disk() -> Iterator[None]:
    """What this process writes need not outlive a loss of power; tests of kills and faults start processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def silent_progress() -> Iterator[None]:
    """A busy machine adds no line of progress to what a test reads; the tests of progress set their own time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tunecase.cli.show.progress.SILENT_S", 1e9)
        yield


hypothesis.settings.load_profile("whole" if IS_WHOLE else "quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden` rewrites the golden files of tests/golden instead of comparing with them; read the diff."""
    parser.addoption("--golden", action="store_true", help="rewrite the files of tests/golden")


# What shows that an optional part is installed.
PARTS = {
    "train": ("torch", "transformers", "peft", "accelerate", "trl", "gguf", "sacrebleu", "rouge_score"),
    "ray": ("ray",),
    "encoder": ("bm25s",),
    "mcp": ("mcp",),
    "dev": ("mlflow", "SALib"),
    "site": ("sphinx", "furo", "myst_parser"),
}


@pytest.fixture(autouse=True, scope="session")
def fewer_worlds() -> Iterator[None]:
    """A bill is drawn in 2,000 worlds in the process of the tests; `every_world` draws all 20,000."""
    from tunecase.flow import Flow

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flow, "DRAWS", 2_000)
        yield


@pytest.fixture
def every_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worlds that a user's bill is drawn in, for tests of its figures."""
    from tunecase.flow import Flow

    monkeypatch.setattr(Flow, "DRAWS", 20_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """An unmarked test fails where its call takes more of the processor than a test may."""
    with budgeted(item):
        return (yield)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test marked `needs(part)` where that part of tunecase is missing, and says how to install it.

    The process speaks through no other face than Python's, whichever the test before it used.
    """
    FACE.code = "python"
    for mark in item.iter_markers("needs"):
        part = str(mark.args[0])
        if missing := [name for name in PARTS[part] if find_spec(name) is None]:
            pytest.skip(f'{", ".join(missing)} not installed; fix: pip install "tunecase[{part}]"')
