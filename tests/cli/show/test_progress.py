"""Long work is shown while it runs, at a terminal and through a pipe."""

import io
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tunecase.cli.options import print_record
from tunecase.cli.show import ask_before, audit_progress, pilot_progress
from tunecase.cli.show.depth import DEPTH
from tunecase.cli.show.progress import LINE, step, watched
from tunecase.data.audit.running import Progress as Audited
from tunecase.pilot.conduct import Progress
from tunecase.pilot.plan import PilotPlan
from tunecase.records import Disclosure


@pytest.fixture(autouse=True)
def _no_line_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lines come at once in these tests, and none goes on after one."""
    monkeypatch.setattr("tunecase.cli.show.progress.SILENT_S", 0.0)
    monkeypatch.setattr("tunecase.cli.show.progress.TICK_S", 0.01)
    yield
    LINE.end()


def seen(capsys: pytest.CaptureFixture[str], words: str) -> str:
    """What standard error has shown by the time that it shows these words."""
    told = ""
    for _ in range(300):
        told += capsys.readouterr().err
        if words in told:
            return told
        time.sleep(0.01)
    raise AssertionError(told)


def test_what_is_quick_is_not_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said in the first seconds, of a step that nobody watches, or with --quiet ever."""
    monkeypatch.setattr("tunecase.cli.show.progress.SILENT_S", 60.0)
    watched("decide", lambda **given: time.sleep(0.05))
    step("estimate")
    LINE.tell("never")
    monkeypatch.setattr("tunecase.cli.show.progress.SILENT_S", 0.0)
    watched("serve", lambda **given: time.sleep(0.05))
    monkeypatch.setattr(DEPTH, "quiet", True)
    watched("decide", lambda **given: time.sleep(0.05), json=True)
    assert "" == capsys.readouterr().err


def test_long_work_is_told_through_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """A plain line says what is done and for how long; one comes for each long step, then no more for some seconds."""

    def work(**given: object) -> str:
        seen(capsys, "Weighing the next steps\n")
        step("estimate")
        seen(capsys, "Pricing the plan\n")
        time.sleep(0.1)
        return "done"

    assert "done" == watched("decide", work)
    assert "" == capsys.readouterr().err


def test_json_has_its_progress_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that waits for JSON hears what is done too, and the line is gone before the JSON is printed."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    def work(**given: object) -> None:
        seen(capsys, "Judging the problem")
        print_record("examples", ("a", "b"), as_json=True)
        assert not LINE.on

    watched("define", work, json=True)
    printed = capsys.readouterr()
    assert '["a","b"]\n' == printed.out
    assert printed.err.endswith("\r\x1b[K")


def test_a_terminal_has_one_line_rewritten(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It is erased before anything else is printed, comes back soon after, and no text steers the terminal."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    LINE.begin("Reading\x1b[31m")
    told = seen(capsys, "Reading")
    assert told.startswith("\r\x1b[KReading [31m")
    assert "\n" not in told
    LINE.note("a note")
    assert seen(capsys, "Reading").rpartition("\n")[2].startswith("\r\x1b[KReading")
    LINE.end()
    assert capsys.readouterr().err.endswith("\r\x1b[K")


def state(stage: str, rows: int, **more: Any) -> Audited:
    """How far an audit is."""
    return Audited(stage, 1, 6, 1, 4, rows, **more)


def test_an_audit_gone_on_with_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Where new work begins, whichever stages were done."""
    with audit_progress() as told:
        LINE.begin("Checking the data")
        told["progress"](state("Reading the test", 100, taken_up=True))
        told["progress"](state("Reading", 1_000, taken_up=True))
        told["progress"](state("Reading", 2_000, rows_per_s=50_000.0, bytes_left=3_000_000, left_s=3.0))
        heard = seen(capsys, "left")
        assert "going on at row 1,000\n" in heard
        assert "Reading  2,000 rows, 50,000/s, 3 MB left, stage 1 of 6   about" in heard
        assert "at row 2,000" == LINE.stopped
        told["progress"](state("Equal texts", 2_000, taken_up=True))
        told["progress"](state("Equal texts", 2_000))
        told["checking"]("leak_exact", 1, 55)
        assert "going on" not in capsys.readouterr().err
    with audit_progress() as told:
        told["progress"](state("Near copies: comparing", 3_000, taken_up=True))
        told["checking"]("leak_exact", 1, 55)
        assert "going on at row 3,000\n" in capsys.readouterr().err
        LINE.end()


def test_a_pilot_says_which_run_is_under_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first run has ended the line names it; where an interruption stands is remembered."""
    LINE.begin("Preparing the pilot")
    with pilot_progress() as update:
        update(Progress(0, 16, 0.0, 0.0, None, None, now="zero-shot"))
        assert "Pilot  run 1 of 16, zero-shot" in seen(capsys, "zero-shot")
        update(Progress(7, 16, 0.0, 0.0, None, None, now="85 rows"))
    assert "after run 7 of 16" == LINE.stopped


def test_slow_runs_are_told_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal each slow run has a line of its own; quick ones, and the start, have none."""
    run = samples.pilot_of_a_model().runs[4]
    with pilot_progress() as update:
        update(Progress(0, 3, 0.0, 9.0, None, None))
        update(Progress(1, 3, 1.0, 2.0, replace(run, seconds=0.1), 0.5))
        assert "" == capsys.readouterr().err
        update(Progress(2, 3, 60.0, 30.0, run, 0.5, usd=0.02, left_usd=0.01))
        update(Progress(3, 3, 90.0, 0.0, replace(run, failed="out of\nmemory"), 0.5, candidate="minilm"))
    told = " ".join(capsys.readouterr().err.split())
    assert "run 2 of 3: 200 examples" in told
    assert "0.020 USD" in told
    assert "run 3 of 3: minilm, 200 examples, out of memory" in told


def test_a_slow_pilot_is_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan is shown with its time and price; who sits at a terminal is asked, unless --yes."""
    plan = PilotPlan("lora", "a model", 10, 2, (100, 200), 2, ("zero-shot",), 4, (4.0, 8.0, 16.0), (0.0, 0.0, 0.0))
    assert ask_before(True)(plan) is None
    told = " ".join(capsys.readouterr().err.split())
    for words in ("10 runs at 100, 200 examples", "2 runs taken", "4 settings", "4.0 to 16 minutes", "free on this"):
        assert words in told
    assert ask_before(False)(replace(plan, minutes=None, light=True)) is None
    assert "" == capsys.readouterr().err
    ask_before(True)(replace(plan, usd=None))
    assert "price unknown" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("rich.prompt.Confirm.ask", lambda *words, **more: False)
    assert ask_before(False)(plan) is False


def test_hosted_baselines_that_cost_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What hosted models will be sent and cost is shown, for the probe too; what is free goes by, unknown does not."""
    clean, private = (Disclosure.of([(), kinds], masked=True, host="h") for kinds in ((), ("phone",)))
    hosted = (("big zero-shot", 260_000, 0.04, clean), ("big few-shot", 900_000, None, clean))
    plan = PilotPlan(
        "probe", "TF-IDF", 6, 0, (100,), 3, (), 0, (0.1, 0.1, 0.2), (0.0, 0.0, 0.0), hosted=hosted, test_rows=540
    )
    ask_before(False)(plan)
    told = " ".join(capsys.readouterr().err.split())
    assert "asks big zero-shot 540 rows, about 260k tokens, at most 0.040 USD" in told
    assert "asks big few-shot 540 rows, about 900k tokens, price unknown" in told
    ask_before(False)(replace(plan, trainer="lora", runs=0, reused=6, minutes=None, hosted=hosted[:1]))
    told = " ".join(capsys.readouterr().err.split())
    assert "no run is left to make; 6 runs taken from the ledger; asks big zero-shot" in told
    assert "shows with the first" not in told
    barred = ("big zero-shot", "big few-shot")
    ask_before(False)(replace(plan, hosted=(), not_asked=barred))
    told = " ".join(capsys.readouterr().err.split())
    assert "does not ask big zero-shot, big few-shot: each may bill more than the cap leaves (--max-usd)" in told
    assert "asks big" not in told
    ask_before(False)(replace(plan, hosted=(("near zero-shot", 260_000, 0.0, clean),)))
    assert "" == capsys.readouterr().err
    ask_before(False)(replace(plan, hosted=(("near zero-shot", 260_000, 0.0, private),)))
    told = " ".join(capsys.readouterr().err.split())
    assert "private data in 1 of 2 requests to h (phone in 1): masked" in told
    monkeypatch.setattr(DEPTH, "quiet", True)
    ask_before(False)(plan)
    assert "" == capsys.readouterr().err


def test_the_line_gives_way_to_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is erased, stays away while something is printed, and comes back."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    LINE.begin("Reading")
    assert "Reading" in seen(capsys, "Reading")
    with LINE.aside():
        assert capsys.readouterr().err.endswith("\r\x1b[K")
        time.sleep(0.1)
        assert "" == capsys.readouterr().err
    assert "Reading" in seen(capsys, "Reading")


def test_a_closed_standard_error_ends_the_line_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work goes on, without a traceback of the line's own."""
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr(sys, "stderr", gone)

    def work(**given: object) -> str:
        time.sleep(0.1)
        return "done"

    assert "done" == watched("decide", work)
    assert [] == died
