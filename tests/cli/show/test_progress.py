"""Long work is shown while it runs, at a terminal and through a pipe."""

import io
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from tests import samples
from tunecase.cli.show import ask_before, audit_progress, pilot_progress, redraw_progress
from tunecase.pilot.conduct import Progress
from tunecase.pilot.plan import PilotPlan


def test_no_progress_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal there is no bar, only word of a pass gone on with; when quiet there is nothing."""
    with audit_progress(False) as told:
        assert told.keys() == {"progress"}
        told["progress"](1_000, 50_000.0, 3.0)
        assert "" == capsys.readouterr().err
        told["progress"](1_000, 0.0, None)
        assert "going on at row 1,000" in capsys.readouterr().err
    with audit_progress(True) as told:
        assert {} == told
    with pilot_progress(True) as update:
        assert update is None


def test_slow_runs_are_told_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal each slow run has a line of its own; quick ones, and the start, have none."""
    run = samples.pilot_of_a_model().runs[4]
    with pilot_progress(False) as update:
        assert update is not None
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
    """The plan is shown with its time and price; who sits at a terminal is asked, unless --yes; JSON asks nothing."""
    plan = PilotPlan("lora", "a model", 10, 2, (100, 200), 2, ("zero-shot",), 4, (4.0, 8.0, 16.0), (0.0, 0.0, 0.0))
    assert ask_before(False, quiet=True)(plan) is None
    assert "" == capsys.readouterr().err
    assert ask_before(True, quiet=False)(plan) is None
    told = " ".join(capsys.readouterr().err.split())
    for words in ("10 runs at 100, 200 examples", "2 runs taken", "4 settings", "4.0 to 16 minutes", "free on this"):
        assert words in told
    assert ask_before(False, quiet=False)(replace(plan, minutes=None, light=True)) is None
    assert "" == capsys.readouterr().err
    ask_before(True, quiet=False)(replace(plan, usd=None))
    assert "price unknown" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("rich.prompt.Confirm.ask", lambda *words, **more: False)
    assert ask_before(False, quiet=False)(plan) is False


def test_hosted_baselines_that_cost_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """What hosted models will be sent and cost is shown, for the probe too; what is free goes by, unknown does not."""
    hosted = (("big zero-shot", 260_000, 0.04), ("big few-shot", 900_000, None))
    plan = PilotPlan(
        "probe", "TF-IDF", 6, 0, (100,), 3, (), 0, (0.1, 0.1, 0.2), (0.0, 0.0, 0.0), hosted=hosted, test_rows=540
    )
    ask_before(False, quiet=False)(plan)
    told = " ".join(capsys.readouterr().err.split())
    assert "asks big zero-shot 540 rows, about 260k tokens, at most 0.040 USD" in told
    assert "asks big few-shot 540 rows, about 900k tokens, price unknown" in told
    ask_before(False, quiet=False)(replace(plan, trainer="lora", runs=0, reused=6, minutes=None, hosted=hosted[:1]))
    told = " ".join(capsys.readouterr().err.split())
    assert "no run is left to make; 6 runs taken from the ledger; asks big zero-shot" in told
    assert "shows with the first" not in told
    barred = ("big zero-shot", "big few-shot")
    ask_before(False, quiet=False)(replace(plan, hosted=(), not_asked=barred))
    told = " ".join(capsys.readouterr().err.split())
    assert "does not ask big zero-shot, big few-shot: each may bill more than the cap leaves (--max-usd)" in told
    assert "asks big" not in told
    ask_before(False, quiet=False)(replace(plan, hosted=(("near zero-shot", 260_000, 0.0),)))
    assert "" == capsys.readouterr().err
    ask_before(False, quiet=True)(plan)
    assert "" == capsys.readouterr().err


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the bars take every update: the first, one without a score, the last."""
    out = io.StringIO()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        "tunecase.cli.show.progress.console_for", lambda stderr: Console(file=out, width=80, force_terminal=True)
    )
    run = samples.pilot().runs[0]
    with pilot_progress(False) as update:
        assert update is not None
        for state in (Progress(0, 3, 0.0, 9.0, None, None), Progress(1, 3, 1.0, 2.0, run, None),
                      Progress(3, 3, 3.0, 0.0, run, 0.8)):  # fmt: skip
            update(state)
    assert "3/3 runs" in out.getvalue()
    with audit_progress(False) as told:
        told["progress"](1_000, 50_000.0, 3.0)
        told["checking"]("label_errors")
        told["progress"](2_000, 0.0, None)
    assert "going on at row 2,000" in out.getvalue()


def test_a_bar_shows_only_where_work_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quiet or piped there is none; at a terminal it counts the inputs and is gone at the end."""
    with redraw_progress(quiet=True) as done:
        assert None is done
    with redraw_progress(quiet=False) as done:
        assert None is done
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    for above in (0.0, 60.0):
        monkeypatch.setattr("tunecase.cli.show.progress.BAR_ABOVE_S", above)
        with redraw_progress(quiet=False) as done:
            assert done is not None
            before = len(terminal.getvalue())
            done(1, 3)
            done(3, 3)
        assert ("3/3" in terminal.getvalue()[before:]) == (above == 0.0)
