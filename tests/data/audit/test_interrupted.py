"""`tunecase audit` of a large file, stopped at any moment: the same command goes on and says the same."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

# What Python's own start of a worker says whose parent is killed in the moment before it sends the worker its task: no
# code of ours runs in either of them.
ORPHAN = re.compile(
    r'Traceback [^\n]*\n  File "<string>", line 1, in <module>\n(?:  .*\n)+(?:EOFError|_pickle.UnpicklingError): .*\n'
)
SOURCE = Path(__file__).parents[3] / "src"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="skipped: no SIGKILL here")]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 28 MB with a bad row now and then: from 24 MB on an audit leaves something to go on from."""
    path = tmp_path_factory.mktemp("large") / "large.jsonl"
    rng = random.Random(3)
    words = [f"w{k}" for k in range(5000)]
    with path.open("w", encoding="utf-8") as file:
        for k in range(175_000):
            text = " ".join(rng.choices(words, k=22))
            file.write("bad\n" if k % 9999 == 17 else f'{{"text": "{text}", "label": "l{k % 7}"}}\n')
    return path


@pytest.fixture
def longer(large: Path, tmp_path: Path) -> Path:
    """The file three times over: on a quick machine, too, its pass is going on when its state is first written."""
    path = tmp_path / "longer.jsonl"
    path.write_bytes(large.read_bytes() * 3)
    return path


def begun(path: Path, cache: Path, *words: str) -> subprocess.Popen[str]:
    """`tunecase audit` in a process group of its own."""
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "TUNECASE_CACHE": str(cache)}
    command = [sys.executable, "-m", "tunecase", "audit", "--fast", *words, str(path)]
    return subprocess.Popen(
        command, cwd=cache, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=_hears_interrupts,
    )  # fmt: skip


def _hears_interrupts() -> None:
    """A shell's background job ignores Ctrl-C, and so would what it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """(exit code, output, errors)."""
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def record(out: str) -> dict[str, Any]:
    """The record but for what it took."""
    found: dict[str, Any] = json.loads(out)
    return {name: value for name, value in found.items() if name not in ("seconds", "stages")}


def wait_for_state(cache: Path, process: subprocess.Popen[str]) -> None:
    """Until something of the pass is written down, or it is over."""
    until = time.monotonic() + 120
    while process.poll() is None and not list(cache.glob("audits/*/train/0*")):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def whole(large: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], bytes]:
    """The record and the quarantine of an audit that nothing stopped."""
    cache = tmp_path_factory.mktemp("whole")
    code, out, err = ended(begun(large, cache, "--json"))
    assert 0 == code, err
    return record(out), (cache / "large.quarantine.jsonl").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_it_goes_on_after_a_signal_at_any_moment(large, whole, tmp_path, number):
    """Stopped again and again at moments drawn at random: no file is half-written and the record is the same."""
    rng = random.Random(int(number))
    for _ in range(2):
        process = begun(large, tmp_path, "--json")
        time.sleep(rng.uniform(0.2, 2.8))
        process.send_signal(number)
        code, _, err = ended(process)
        if number == signal.SIGKILL:
            err = ORPHAN.sub("", err)
        # Python ends itself by SIGINT where an interrupt came while it ran a text as code, as dataclasses do.
        codes = (0, 130, -signal.SIGINT, -number, 128 + number)
        assert (True, False) == (code in codes, "Traceback" in err), (code, err)
    code, out, err = ended(begun(large, tmp_path, "--json"))
    assert 0 == code, err
    assert whole == (record(out), (tmp_path / "large.quarantine.jsonl").read_bytes())
    assert [] == [path for path in (tmp_path / "audits").iterdir() if path.is_dir()]


def test_it_says_from_which_row_it_goes_on(longer, tmp_path):
    """Ctrl-C says the row from which the same command will go on, and the same command says that it does."""
    for _ in range(5):  # on a busy machine the pass can be over before the signal is heard
        shutil.rmtree(tmp_path / "audits", ignore_errors=True)  # or its state would be taken for that of the next one
        process = begun(longer, tmp_path)
        wait_for_state(tmp_path, process)
        process.send_signal(signal.SIGINT)
        code, _, err = ended(process)
        if "goes on from row " in err:
            break
    assert (130, True) == (code, "interrupted; the same command goes on from row " in err), err
    row = err.split("goes on from row ")[1].split()[0]
    code, _, err = ended(begun(longer, tmp_path))
    assert (True, 1) == (code in (0, 1), err.count(f"going on at row {row}")), err


def test_a_second_audit_at_the_same_time_says_the_same(large, whole, tmp_path):
    """Two at once work apart, and both are whole."""
    both = [begun(large, tmp_path, "--json") for _ in range(2)]
    for code, out, err in map(ended, both):
        assert (0, whole[0]) == (code, record(out)), err
    assert whole[1] == (tmp_path / "large.quarantine.jsonl").read_bytes()
