"""A file called - is standard input where it is read, and standard output where it is written."""

import io
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command import Ran, tunecase
from tests.making import case_folder, tickets
from tunecase.cli import piped

Run = Callable[..., Ran]
POINTS = "n,score\n50,0.5\n100,0.6\n200,0.68\n400,0.74\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command with bytes on standard input; no file of them is left behind."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    def piped_into(data: bytes | str, *words: str | Path, cwd: Path | None = None) -> Ran:
        raw = data.encode() if isinstance(data, str) else data
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        ran = tunecase(*words, cwd=cwd)
        assert [] == [path for path in scratch.iterdir() if path.name.startswith("tunecase-")]
        assert str(scratch) not in ran.out + ran.err
        return ran

    return piped_into


def test_rows_are_audited_from_a_pipe(run: Run, tmp_path: Path) -> None:
    """The rows are judged as those of a file, whatever their format, and the record names standard input."""
    rows = tickets(60, 1)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    table = "text,label\n" + "".join(f"{row['text']},{row['label']}\n" for row in rows)
    for text in (lines, json.dumps(rows, indent=1), table):
        ran = run(text, "audit", "-", "--fast", "--json", cwd=tmp_path)
        assert ("standard input", 60) == (ran.json["train"], ran.json["rows"]), ran
    assert "tunecase init" not in run(lines, "audit", "-", "--fast", cwd=tmp_path).out  # of no file
    assert {"scratch"} == {path.name for path in tmp_path.iterdir()}


def test_points_are_read_from_a_pipe(run: Run, tmp_path: Path) -> None:
    """A table of points gives the forecast that the same file gives."""
    file = tmp_path / "points.csv"
    file.write_text(POINTS, encoding="utf-8")
    words = ("--target", "80%", "--json")
    assert tunecase("forecast", file, *words).json["points"] == run(POINTS, "forecast", "-", *words).json["points"]


def test_charges_are_read_from_a_pipe(run: Run, tmp_path: Path) -> None:
    """A time sheet and a meter are booked once, however often they are piped in."""
    path = case_folder(tmp_path / "case")
    sheet = "date,person,hours,rate\n2026-11-02,Ann,3,80\n"
    for new in (1, 0):
        ran = run(sheet, "spend", "import", "timesheet", "-", "--json", "--project", path, "--today", "2026-11-24")
        assert (0, new) == (ran.code, ran.json["booked"]), ran
    meter = "from,to,answers,tokens_in,tokens_out,gpu_hours,cost\n2026-10-01,2026-10-31,410,1200,400,73,64 USD\n"
    ran = run(meter, "spend", "serving", "-", "--json", "--project", path, "--today", "2026-11-24")
    assert ["standard-input.csv"] == [one["source_file"] for one in ran.json["periods"]]


def test_lengths_and_requests_are_read_from_a_pipe(run: Run) -> None:
    """Token lengths of `fit` and the trace of `inference` may be piped in."""
    ran = run("tokens,count\n512,100\n", "fit", "llama-3.1-8b", "--gpu", "H100", "--tokens", "5M", "--lengths", "-")
    assert 0 == ran.code, ran
    trace = "arrival,input,output\n0,600,60\n1,600,60\n5,500,70\n"
    ran = run(trace, "inference", "qwen3-8b", "--gpu", "L4", "--volume", "200k per month", "--trace", "-", "-q")
    assert ran.code in (0, 1), ran


@pytest.mark.parametrize(
    ("data", "where", "got"),
    [
        (b"", "standard input", "nothing"),
        (b"\x1f\x8b\x08abc", "standard input", "a gzip file"),
        (b"\x28\xb5\x2f\xfdabc", "standard input", "a Zstandard file"),
        (b"x" * 101, "standard input", "more than"),
        (b"a,b\n1,2\n", "standard input", ""),
    ],
)
def test_what_cannot_be_read_is_told(
    data: bytes, where: str, got: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing, too much, what is packed and what holds no points end with code 2 and name standard input."""
    monkeypatch.setattr(piped, "MOST_BYTES", 100)
    ran = run(data, "forecast", "-", "--json")
    (problem,) = ran.json["problems"]
    assert (2, where, got) == (ran.code, problem["where"], problem["got"][: len(got)])


def test_a_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody pipes anything in it is told at once, as it is where standard input is closed."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    ran = tunecase("audit", "-")
    assert (2, True) == (ran.code, "-: a terminal as standard input; wanted rows that are piped in." in ran.err)
    monkeypatch.setattr(sys, "stdin", None)
    assert "a standard input that is closed" in tunecase("audit", "-").err


def test_what_needs_a_file_that_stays_is_refused(run: Run) -> None:
    """Neither a cleaned copy, a queue nor kept points rest on what was piped in; all of it is told together."""
    ran = run("x", "audit", "-", "--fix", "a", "--json")
    assert ["--fix"] == [problem["where"] for problem in ran.json["problems"]]
    assert "--next: beside - for standard input" in run("x", "audit", "-", "--next", "3").err
    assert "--keep: beside - for standard input" in run(POINTS, "forecast", "-", "--keep").err


@pytest.mark.slow
def test_the_page_and_the_books_are_printed_alone(walked: Path) -> None:
    """`report --to -` and `books --csv -` print the file and nothing else, write none, and refuse --json beside it."""
    before = {path.name: path.stat().st_mtime_ns for path in walked.parent.iterdir() if "ledger" not in path.name}
    page = tunecase("report", "--to", "-", "--project", walked)
    assert (0, "<!doctype html>", "</html>") == (page.code, page.out[:15], page.out.rstrip()[-7:])
    for option, begin in (("--csv", "BilledCost,"), ("--csv-plan", ""), ("--page", "<!doctype html>")):
        ran = tunecase("books", option, "-", "--project", walked)
        assert ran.code in (0, 1)
        assert ran.out.startswith(begin)
        assert f"{option}: - beside --json" in tunecase("books", option, "-", "--json", "--project", walked).out
    assert "--page: - beside --csv" in tunecase("books", "--csv", "-", "--page", "-", "--project", walked).err
    assert "--to: - beside --json" in tunecase("report", "--to", "-", "--json", "--project", walked).out
    assert before == {
        path.name: path.stat().st_mtime_ns for path in walked.parent.iterdir() if "ledger" not in path.name
    }
