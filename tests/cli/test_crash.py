"""A failure that nobody foresaw ends in one line and code 3; what stdout refuses ends quietly."""

import errno
import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl
from tunecase import flow
from tunecase.cli import crash
from tunecase.cli.commands import UNHEARD

SRC = Path(__file__).parents[2] / "src"
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files and modes")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Makes `tunecase prices` fail with an error, or with one of these words; crash files go to a test's folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def fail_with(error: str | OSError) -> None:
        def prices(*_: Any) -> None:
            secret_local = "a local of the frame"  # noqa: F841
            raise error if isinstance(error, OSError) else KeyError(error)

        monkeypatch.setattr(flow, "prices", prices)

    return fail_with


def crash_file(told: str) -> Path:
    """The file that a line about a crash names."""
    named = re.search(r"the traceback is in (\S+); please report it", told)
    assert named is not None, told
    return Path(named[1])


def test_a_bug_is_not_a_no(failing: Any) -> None:
    """One line on standard error, code 3, and a file with the traceback that only this user can read."""
    failing("two\nlines")
    ran = tunecase("prices")
    assert (3, "") == (ran.code, ran.out)
    assert "tunecase failed: KeyError: 'two\\nlines'; the traceback is in " in ran.err
    assert 1 == len(ran.err.splitlines())
    place = crash_file(ran.err)
    text = place.read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in text
    assert "a local of the frame" not in text.replace('secret_local = "a local', "")
    assert os.name == "nt" or 0o600 == stat.S_IMODE(place.stat().st_mode)
    as_json = tunecase("prices", "--json")
    assert (3, "") == (as_json.code, as_json.err)
    assert as_json.json["error"].startswith("tunecase failed: KeyError")


def test_no_secret_is_kept_or_printed(failing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of the environment, tokens, keys and what an address holds besides its place are hidden."""
    monkeypatch.setenv("JUDGE_KEY_FOR_TESTS", "correct horse battery")
    monkeypatch.setenv("PIN_TOKEN", "4711")
    secrets = (
        "correct horse battery", "4711", "hunter2", "AbC%2F123", "abc.def.ghi1", "hf_abcdEFGHijklMNOP0123",
        "sk-proj-abc123DEF456ghi789", "hush", "pssst",
    )  # fmt: skip
    failing(
        "correct horse battery, PIN 4711, https://bob:hunter2@host.example/x?sig=AbC%2F123, Bearer abc.def.ghi1, "
        "hf_abcdEFGHijklMNOP0123 sk-proj-abc123DEF456ghi789 api_key=hush 'password': \"pssst\""
    )
    ran = tunecase("prices")
    text = crash_file(ran.err).read_text(encoding="utf-8") + ran.err
    assert [] == [secret for secret in secrets if secret in text]
    assert "host.example/x" in text
    assert "$JUDGE_KEY_FOR_TESTS" in text


def test_a_long_error_is_written_within_seconds(failing: Any) -> None:
    """Whatever a file of the user's holds: long words are cut, and no half of a key is left at the cut."""
    for piece in ("a.", "a://", "a://?", "token", "a-", "bearer ", "1", "a\n", "a://\n"):
        failing(piece * (400_000 // len(piece)))
        began = time.monotonic()
        assert 3 == tunecase("prices").code
        assert time.monotonic() - began < 10, piece
    failing(" " * (crash.MOST_LINE - 22) + "hf_abcdEFGHijklMNOP0123")
    assert "abcd" not in crash_file(tunecase("prices").err).read_text(encoding="utf-8")


def test_an_interrupt_is_no_crash(failing: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ctrl-C ends with its own code and words, and leaves no crash file."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(flow, "prices", interrupted)
    ran = tunecase("prices")
    assert (130, []) == (ran.code, list(tmp_path.iterdir()))
    assert "Stopped." in ran.err


def in_a_shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line of bash in which `tunecase` is this checkout's; its code is that of the first command of a pipe."""
    words = f'tunecase() {{ {sys.executable} -m tunecase "$@"; }}; {line}; exit ${{PIPESTATUS[0]}}'
    surroundings = {**os.environ, "PYTHONPATH": str(SRC)}
    return subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False, env=surroundings)


@posix
def test_a_reader_that_went_away_ends_it_quietly() -> None:
    """With 141 and silence."""
    ran = in_a_shell("tunecase prices --kind gpu | true")
    assert (141, "") == (ran.returncode, ran.stderr)


@posix
@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_what_stdout_refuses_ends_without_a_traceback() -> None:
    """A full disk, a closed stdout: 3 and why."""
    full = "The output could not be written (No space left on device); what was finished is kept.\n"
    closed = f"{UNHEARD}\n"
    expected = {
        "tunecase prices --json | true": (141, ""),
        "tunecase --help > /dev/full": (3, full),
        "tunecase prices --json > /dev/full": (3, full),
        "tunecase prices --project nothing.yaml --json > /dev/full": (3, full),
        "tunecase --version >&-": (3, closed),
        "tunecase init nothing.jsonl --json >&-": (3, closed),
    }
    seen = {line: ((ran := in_a_shell(line)).returncode, ran.stderr) for line in expected}
    assert expected == seen


@posix
@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_what_stderr_refuses_changes_no_exit_code() -> None:
    """A mistake keeps its code where nobody can read of it, and is never taken for the answer no."""
    expected = {
        "tunecase audit nothing.jsonl 2>/dev/full": 2,
        "tunecase audit nothing.jsonl 2>&1 >/dev/null | true": 2,
        "tunecase audit nothing.jsonl 2>&-": 2,
        "tunecase audit nothing.jsonl 2>&- >&-": 3,
        "tunecase prices --json >/dev/full 2>/dev/full": 3,
    }
    assert expected == {line: in_a_shell(line).returncode for line in expected}


@posix
@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_what_is_booked_is_said_where_the_output_is_refused(tmp_path: Path) -> None:
    """A full disk, or a reader that went away, does not lead to a second booking."""
    case_folder(tmp_path, train_rows=8, test_rows=4)
    for line, code in ((f"tunecase spend add 3 USD -p {tmp_path}/tunecase.yaml > /dev/full", 3),
                       (f"tunecase spend add 3 USD -p {tmp_path}/tunecase.yaml | true", 141)):  # fmt: skip
        ran = in_a_shell(line)
        id = json.loads((tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()[-1])["id"]
        booked = f"1 entry is booked all the same, the last with the id {id[:12]}: do not book it again." in ran.stderr
        assert (code, True) == (ran.returncode, booked), ran.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_name_that_is_not_utf_8_is_printed(tmp_path: Path) -> None:
    """JSON and plain text spell out what is no UTF-8 in a file's name, in records and in errors."""
    name = "caf\udce9.jsonl"
    write_jsonl(tmp_path / "train.jsonl", tickets(60, 1))
    write_jsonl(tmp_path / name, tickets(60, 2))
    labels = tunecase("audit", "train.jsonl", "--next", "3", "--pool", name, "--json", cwd=tmp_path)
    assert (0, "caf\\udce9.jsonl") == (labels.code, labels.json["pool"])
    missing = tunecase("audit", "no\udce9.jsonl", "--json", cwd=tmp_path)
    assert (2, "no\\udce9.jsonl") == (missing.code, json.loads(missing.out)["problems"][0]["where"])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, "Too many open files", "a.csv"), "Fix: end other programs"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "Fix: end other programs"),
        (OSError(errno.ENOSPC, "No space left on device"), "Fix: make room on the disk"),
        (PermissionError(errno.EACCES, "Permission denied", "a.csv"), "a.csv: this machine refused it"),
        (PermissionError(errno.EPERM, "Operation not permitted"), "please report it"),
    ],
)
def test_what_the_machine_refuses_is_told_by_its_kind(failing: Any, error: OSError, said: str) -> None:
    """A full disk is no lack of memory, and what may not be done of no file is a fault of ours."""
    failing(error)
    ran = tunecase("prices")
    assert 3 == ran.code
    assert said in ran.err
