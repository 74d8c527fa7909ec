"""Records are printed in 80 columns, plainly: unknown stays unknown, and no text of the data steers the terminal."""

import io
import re
import sys
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tests import samples
from tests.test_records import CLEANED, FIT, JUDGED, LABELLING, PAIR, REPORT, REVIEWS
from tunecase.errors import InputError, MissingExtraError, Problem
from tunecase.ledger import Ledger
from tunecase.pilot import PilotPlan, Progress
from tunecase.records import Adopted, Change, Driver, Flip, Rechained, Scored, Verified, WhatIf
from tunecase.show import (
    PRINTERS,
    as_html,
    ask_before,
    audit_progress,
    paper,
    pilot_progress,
    redraw_progress,
    show,
    show_error,
)
from tunecase.spread import Band

ALL: dict[str, Any] = {
    **samples.records(),
    "estimate again": samples.estimate(),
    "define again": samples.definition(),
    "judge": JUDGED,
    "clean": CLEANED,
    "labelling": LABELLING,
    "review": REVIEWS,
    "fit": FIT,
    "scored": Scored((PAIR,)),
    "report": REPORT,
    "spend": samples.spendings()[2],
    "imported": samples.imported(),
    "charges": samples.charges(),
    "compare": samples.comparison(),
    "next": samples.news(),
    "prices": samples.prices(),
    "ledger": Verified("ledger.jsonl", 12, 1),
    "rechain": Rechained(
        7,
        4,
        4,
        2,
        ("a" * 64, "b" * 64),
        2,
        3,
        "0.1.0",
        "ledger.jsonl.before-rechain",
        2,
        (Adopted("c" * 64, "2026-11-24", Decimal("90.50"), "USD", "forged"),),
        {"USD": Decimal("90.50")},
    ),
    "changed": (Change("chance of its plan", "26%", "41%"),),
}
EVIL = "[red]x[/red] [link=http://a]b[/link] :smile: \x1b[31mred\x1b[0m \x1b]0;title\x07 \r\x08 \u202egnp.exe"


def printed(verb: str, record: Any, width: int = 80) -> str:
    """What a reader of a log sees."""
    out = io.StringIO()
    show(verb, record, Console(file=out, width=width, markup=False, highlight=False, emoji=False))
    return out.getvalue()


def flat(verb: str, record: Any) -> str:
    """The print on one line."""
    return " ".join(printed(verb, record).split())


def test_every_verb_has_a_sample() -> None:
    """No printer is left out of these tests."""
    assert set(PRINTERS) == set(ALL)


@pytest.mark.parametrize("verb", ALL)
@pytest.mark.parametrize("width", [80, 60])
def test_no_line_is_too_long(verb: str, width: int) -> None:
    """Every printer keeps to the width."""
    lines = printed(verb, ALL[verb], width).splitlines()
    assert [] == [line for line in lines if len(line) > max(width, 74)]
    assert any(line.strip() for line in lines)


FRAGMENTS = {
    "define": ("go to pilot", "✓ pass P1 a measurable goal", "✗ fail P2", "? unknown P5", "Price: 90 USD (60 to 140).",
               "way score brings set-up answers costs evidence", "as today 0.70 0 0 900 900 stated",
               "prompt a hosted model 0.82 6.0k 2.0k ? ? stated", "not known: price_per_1k_answers",
               "tune a small model ? ? ? ? ? unknown a-model; not known: the score of a-model, tuned"),
    "audit": ("2,020 rows read: 1,946 usable, 71 to drop, 3 quarantined; 600 test rows.", "label errors (warn)",
              "free", "tunecase-quarantine.jsonl", "paraphrases of test rows"),
    "estimate": ("USD P10 P50 P90 share", "storage and transfer unpriced unpriced unpriced not counted", "100%",
                 "Plus 1 unpriced line", "What moves it: rounds until the target 71%", "Defaults used:"),
    "define again": ("DEFINE, AFTER THE PILOT ──────── go to pilot", "pass/fail statements (P2): 1 statement"),
    "estimate again": ("ESTIMATE, AFTER THE PILOT", "100%"),
    "pilot": ("15 runs", "6 taken from the ledger", "examples mean accuracy", "majority 0.172"),
    "judge": ("JUDGE ──────── 0.82 (0.78 to 0.86) of the criteria pass", "judged 100 of 540 test rows, 2 without",
              "promises nothing 74%", "fine; 93% (88% to 96%) of 40 rows alike, kappa 0.84 (0.70 to 0.93)",
              "+3 (-2 to +8) points more", "Asked in reverse order, 3%", "41k tokens in, 900 out; 0.018 USD"),
    "forecast": ("FORECAST ──────── open", "0.90 target", "P(0.90)", "At most 4,000 examples", "Next pilot: 1,946"),
    "decide": ("→ label up to 2,000 more", "(effect assumed)", "no price of an answer was given", "The advice flips"),
    "books": ("3,885.57 USD spent, 14,114.43 left of 18k; at completion ", "% chance over the budget",
              "legal review not planned 450.00 450 (450-450)", "spent - P50 all scope quantity price unsplit",
              "legal review +450 +450 - - -", "1 round made of 2.0 planned: on open lines scope is still to come.",
              "probe-3 36.60 41.17 +4.57", "Bands: 2 of 3 closed lines of 2 projects", "inside",
              "in the worlds of the bill that go on after the rounds made"),
    "charges": ("SPEND LIST ──────── 2 charges of 4 in the ledger, 262.40 USD", "data: labels aaaaaaaaaaaa 2026-11-03",
                "262.40 USD billed labels, batch 1", "L40S hours (counts no more: its bill counts)"),
    "imported": ("SPEND IMPORT ──────── 12 charges booked, 7.71 USD", "12 are new, 1 corrects what was booked, 4 were",
                 "984 were not asked for, 2 cost nothing, 1 is negative", "6.283056 GPU hours.", "gpu 10.20",
                 "Of it not usage: credit -2.61 USD.", "A10G (g5.4xlarge us-east-1): 6.283056 GPU hours at 1.624 USD",
                 "equal to the book's price", "1 run still running", "EUR at 1.08 USD"),
    "clean": ("CLEAN ──────── 680 rows of 717 in cleaned", "35 dropped, 2 unreadable; your file is unchanged.",
              "leak exact 10", "3 rows with the answer that reviewers gave", "the cleaned training file (680",
              "it is now cleaned.old-1", "15 rows, 2 of them drawn at random", "all 15 0.20 h (0.10 to 0.40)"),
    "review": ("REVIEW ──────── 18 of 60 reviewed rows wrong", "No agreement on rows 7, 9: nothing changed.",
               "the first 20 12 60%", "Of 5 random rows", "One review took 0.35 min (0.30 to 0.40)",
               "59 decisions in corrections.jsonl", "the same command with --fix DIR", "one note"),
    "labelling": ("LABEL NEXT ──────── 1 row of pool.jsonl (of 20 asked)", "500 rows read; 3 are in training or test",
                  "red 61%", "Written to next-labels.csv."),
    "fit": ("lora: fits on 1 x L40S", "It needs 20.5 (18.0 to 23.0) GiB of the card's 44.1 usable GiB",
            "nvidia-smi will show 24.0 (21.0 to 27.0)", "What fills the card: weights.", "give --tokens",
            "40 choices weighed", "12: does not fit; nearest: 1 x T4", "1 of 1 inside", "80% of the computed ones"),
    "scored": ("1 of 1 measured values inside their 80% band", "21.0 20.0 (18 to 22)", "-5%; own runs, 2026-11-02"),
    "report": ("Label 300 more.", "report.html", "report.json"),
    "spend": ("2,900.00 EUR booked under labour", "Paid on 12 November 2026: first round; 3,132.00 in the project's"),
}  # fmt: skip


@pytest.mark.parametrize("verb", FRAGMENTS)
def test_what_matters_is_printed(verb: str) -> None:
    """Each print holds the answer, the figures with their doubt, and what is unknown or unpriced in words."""
    fit = replace(FIT, train_tokens=None, hours=None)
    text = flat(verb, fit if verb == "fit" else ALL[verb])
    for fragment in FRAGMENTS[verb]:
        assert fragment in text


def poisoned(value: Any) -> Any:
    """The same record with every free text replaced."""
    if isinstance(value, str):
        return EVIL
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        chosen = {"verdict", "status", "severity", "direction", "where", "currency", "evidence", "price_dates"}
        return replace(
            value, **{f.name: poisoned(getattr(value, f.name)) for f in fields(value) if f.name not in chosen}
        )
    return value


@pytest.mark.parametrize("verb", ALL)
def test_texts_do_not_steer_the_terminal(verb: str) -> None:
    """Markup is printed as it stands, emoji names too; escapes and other control characters never arrive."""
    text = printed(verb, poisoned(ALL[verb]))
    assert "[red]x[/red]" in " ".join(text.split())
    assert "☺" not in text
    assert "😄" not in text
    assert set() == {char for char in text if not char.isprintable() and char != "\n"}


def test_errors_do_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors show what was given, harmlessly, without wrapping it."""
    show_error(InputError(Problem(EVIL, "x" * 200, EVIL, "fix it")))
    show_error(MissingExtraError("\x1b[2Jserving", "ui"))
    err = capsys.readouterr().err
    assert "  got     " + "x" * 200 in err
    assert "[red]x[/red]" in err
    assert 'Fix: pip install "tunecase[ui]"' in err
    assert set() == {char for char in err if not char.isprintable() and char != "\n"}


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_printed(text: str) -> None:
    """Any text in a finding and in a line's name is printed within the width."""
    audit, bill = samples.audit(), samples.estimate()
    finding = replace(audit.findings[0], check=text, fix=text)
    out = printed("audit", replace(audit, findings=(finding,), reason=text, not_checked=(text,)))
    out += printed("estimate", replace(bill, lines=(replace(bill.lines[0], name=text, basis=text),)))
    assert "\x1b" not in out
    assert all(len(line) <= 80 for line in out.split("\n"))


def test_verbs_without_a_printer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence and a list of files are printed as plain lines."""
    show("ledger", "12 entries")
    show("init", (Path("a.yaml"), Path("b.json")))
    assert ["12 entries", "a.yaml", "b.json"] == capsys.readouterr().out.splitlines()


def test_a_booked_entry_says_how_to_correct_it(tmp_path: Path) -> None:
    """The entry of a charge is printed with the beginning of its id."""
    from tests.flow.test_opened import NOW

    entry = Ledger(tmp_path / "ledger.jsonl").append("spend", samples.spendings()[0], recorded_at=NOW)
    assert f"--replaces {entry.id[:12]}" in flat("spend", entry)


def test_nothing_known_is_said_so() -> None:
    """Missing prices, budgets, drivers and dates are words, not zeros."""
    bill = replace(samples.estimate(), budget=None, reached=None, over_budget=None, drivers=(), price_dates=(),
                   unpriced=("gpu", "labels"))  # fmt: skip
    text = flat("estimate", bill)
    assert "chance" not in text
    assert "What moves it" not in text
    assert "GPU prices of none used" in text
    hosted = flat("estimate", replace(bill, gpu="", price_dates=("2025-01-01",)))
    assert "Price of training of 2025-01-01; price book" in hosted
    assert "Plus 2 unpriced lines: gpu; labels." in text
    assert "32% chance to exceed 18k" in flat("estimate", replace(bill, budget=18_000.0, over_budget=0.32))


def test_a_pilot_without_runs() -> None:
    """A pilot that could not start says why; failed runs and an early stop are told."""
    pilot = samples.pilot()
    assert "PILOT ──────── no test row" in flat("pilot", replace(pilot, runs=(), baselines=(), stopped="no test row"))
    failed = replace(pilot.runs[0], failed="out of\nmemory", score=0.0)
    text = flat(
        "pilot", replace(pilot, runs=(failed, *pilot.runs[1:]), stopped="5 minutes are over", notes=("uneven",))
    )
    assert "1 run failed and cost" in text
    assert "the first: out of memory." in text
    assert "Stopped early: 5 minutes are over." in text
    assert "· uneven" in text


def test_a_pilot_of_a_model_says_what_it_learnt() -> None:
    """Baselines with price and chance, what is confused, slices, worst rows, the search and the skill are told."""
    pilot = samples.pilot_of_a_model()
    text = flat("pilot", pilot)
    for words in (
        "zero-shot", "0.012 USD", "refund_request taken for charge_dispute (9, 30% of it)",
        "length long: 0.41 of 90 rows",
        "row 17, bug_report answered how_to: The [board] will not load", "pilot/review.jsonl",
        "Search over 4 settings at 340 examples: rate 0.002 gains +0.02 (-0.01 to +0.05)",
        "General skill is kept", "1 run did not converge",
    ):  # fmt: skip
        assert words in text
    forgot = tuple(replace(run, skill_after=0.5) for run in pilot.runs)
    assert "the tune forgets" in flat("pilot", replace(pilot, runs=forgot))


def test_a_judge_without_a_score_says_why() -> None:
    """Without a score the reason stands in its place; what was not measured or told is said so."""
    bare = replace(
        JUDGED, score=None, passed=(), agreement="unknown", share=None, kappa=None, leniency=None, length_bias=None,
        order_effect=None, input_tokens=None, usd=None, why="agreement with people: not known",
        sheet="pilot/to-judge.jsonl",
    )  # fmt: skip
    text = flat("judge", bare)
    for words in ("no score: agreement with people is unknown", "Why no score: agreement", "not measured (--human",
                  "tokens not told; price unknown", "in pilot/to-judge.jsonl, in 30 rows or more"):  # fmt: skip
        assert words in text
    assert "0.82" not in text
    assert "too few verdicts can be read" in flat("judge", replace(bare, unknown_ok=True))
    assert "only because --unknown-ok" in flat("judge", replace(JUDGED, agreement="poor", unknown_ok=True))
    assert "kappa not known" in flat("judge", replace(JUDGED, agreement="unknown", kappa=None, unknown_ok=True))


def test_a_forecast_without_target_or_points() -> None:
    """Without a target, points or prices the table says so or is left away."""
    forecast = samples.forecast()
    band = tuple(replace(at, p_target=None, price=None) for at in forecast.band)
    text = flat("forecast", replace(forecast, target=None, band=band, model="the probe", next_pilot=""))
    assert "open, with the probe" in text
    assert "unpriced" in text
    assert "P(" not in text
    assert "Next pilot" not in text
    assert "examples accuracy" not in flat("forecast", replace(forecast, band=(), points=()))


def test_more_notes_than_fit() -> None:
    """A long list is cut with the number of what is left."""
    bill = replace(samples.estimate(), assumptions=tuple(f"assumption {k}" for k in range(9)))
    assert "assumption 5" in flat("estimate", bill)
    assert "· and 3 more (see --json or the report)" in flat("estimate", bill)


def test_a_note_that_fails_is_no_failure() -> None:
    """A rule that only notes something is not marked as failed."""
    definition = samples.definition()
    rule = replace(definition.criteria[0], status="fail", severity="note", fix="")
    text = flat("define", replace(definition, criteria=(rule,), verdict="do not start"))
    assert "· note P1" in text
    assert "✗" not in text


def test_books_and_decisions_of_nothing() -> None:
    """Empty books and a decision without options are one line of answer."""
    books = replace(samples.books(), lines=(), spent=Decimal(0), left=None, budget=None)
    assert "0.00 USD spent" in flat("books", books)
    decision = replace(samples.decision(), options=(), flips_at="", advice="stop", assumptions=())
    assert "P(reach)" not in flat("decide", decision)


def test_a_fit_that_fails() -> None:
    """What does not fit has no time and no price, and its remedies are listed."""
    fit = replace(FIT, verdict="does not fit", hours=None, remedies=("use qlora",), not_counted=("evaluation",))
    text = flat("fit", fit)
    assert "Time and price are unknown while it does not fit." in text
    assert "Remedy 1: use qlora." in text
    assert "· evaluation" in text


def test_a_fit_told_shortly() -> None:
    """Without its terms a fit is an answer, one line for each best choice, and every assumption."""
    fit = replace(FIT, phases=(), assumptions=tuple(f"assumption {k}." for k in range(12)), batch_assumed=True)
    text = flat("fit", fit)
    assert "8.03B parameters; 5.00M tokens; 16 samples a step (assumed). The run: micro-batch" in text
    assert "Cheapest: the run above." in text
    assert "Fastest: " in text
    assert "assumption 11." in text
    assert "more (see" not in text
    assert "choices weighed; --explain shows why" in text
    assert "Not counted" not in text
    unlikely = replace(fit, verdict="tight", placed=replace(fit.placed, verdict="tight", chance_over=0.7))
    assert "tight, and more likely not to fit (70%) on 1 x L40S" in flat("fit", unlikely)


@pytest.mark.parametrize("verb", [verb for verb in ALL if verb not in ("define again", "estimate again", "changed")])
def test_notebooks_get_the_same_text(verb: str) -> None:
    """The HTML of a record is its print, every text escaped."""
    html = as_html(poisoned(ALL[verb]) if verb != "report" else replace(REPORT, answer="<script>alert(1)</script>"))
    assert html.startswith("<pre>")
    assert "<script" not in html
    assert "\x1b" not in html
    words = re.sub(r"<[^>]+>", "", html)
    heads = {
        "labelling": "LABEL NEXT", "imported": "SPEND IMPORT", "charges": "SPEND LIST", "rechain": "one chain now",
        "ledger": "is whole",
    }  # fmt: skip
    assert heads.get(verb, verb.upper()) in words


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
        update(Progress(3, 3, 90.0, 0.0, replace(run, failed="out of\nmemory"), 0.5))
    told = " ".join(capsys.readouterr().err.split())
    assert "run 2 of 3: 200 examples" in told
    assert "0.020 USD" in told
    assert "out of memory" in told


def test_a_slow_pilot_is_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan is shown with its time and price; who sits at a terminal is asked, unless --yes; JSON asks nothing."""
    plan = PilotPlan("lora", "a model", 10, 2, (100, 200), 2, ("zero-shot",), 4, (4.0, 8.0, 16.0), (0.0, 0.0, 0.0))
    assert ask_before(False, quiet=True)(plan) is None
    assert "" == capsys.readouterr().err
    assert ask_before(True, quiet=False)(plan) is None
    told = " ".join(capsys.readouterr().err.split())
    for words in ("10 runs at 100, 200 examples", "2 runs taken", "4 settings", "4.0 to 16 minutes", "free on this"):
        assert words in told
    assert ask_before(False, quiet=False)(replace(plan, trainer="probe")) is None
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
    assert "asks big zero-shot 540 rows, about 260k tokens, 0.040 USD" in told
    assert "asks big few-shot 540 rows, about 900k tokens, price unknown" in told
    ask_before(False, quiet=False)(replace(plan, trainer="lora", runs=0, reused=6, minutes=None, hosted=hosted[:1]))
    told = " ".join(capsys.readouterr().err.split())
    assert "no run is left to make; 6 runs taken from the ledger; asks big zero-shot" in told
    assert "shows with the first" not in told
    ask_before(False, quiet=False)(replace(plan, hosted=(("near zero-shot", 260_000, 0.0),)))
    assert "" == capsys.readouterr().err
    ask_before(False, quiet=True)(plan)
    assert "" == capsys.readouterr().err


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the bars take every update: the first, one without a score, the last."""
    out = io.StringIO()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        "tunecase.show.progress.console_for", lambda stderr: Console(file=out, width=80, force_terminal=True)
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


def test_the_console_is_as_wide_as_a_log() -> None:
    """Without a terminal the width is 80, whatever the environment says."""
    assert 80 == paper.console_for().width


def test_what_moves_a_bill_is_a_tornado() -> None:
    """A bar for each driver from the mean where it is low to the mean where it is high, what low is, and its share."""
    drivers = (
        Driver("rounds", 0.7, 0.01, 1, 6, 5_000, 50_000, 0.85, 0.04),
        Driver("effort_per_round", 0.1, 0.01, 23, 69, 30_000, 20_000, 0.2, 0.01),
        Driver("label price per example", 0.0, total_share=0.3, total_error=0.02),
    )
    text = printed("estimate", replace(samples.estimate(), drivers=drivers))
    assert f"5.0k  {'█' * 24}" in text
    assert "30k  ········█████" in text
    assert "low: 23 h per round or less; high: 69 h per round or more; share within 1.3%" in " ".join(text.split())
    assert "with others" in text
    assert "as rounds do from prices" not in " ".join(text.split())
    followed = (replace(drivers[0], total_share=0.2),)
    assert "as rounds do from prices" in flat("estimate", replace(samples.estimate(), drivers=followed))
    assert "moves it only together with others" in text
    alone = tuple(replace(driver, total_share=None, total_error=None) for driver in drivers[:2])
    assert "with others" not in printed("estimate", replace(samples.estimate(), drivers=alone))


def test_what_would_have_to_be_true_is_printed() -> None:
    """One sentence under the drivers."""
    what_if = WhatIf("stay", 15_000, 0.8, 0.74, (Flip("label price per example", 0.31, 0.12, "sure"),))
    text = flat("estimate", replace(samples.estimate(), what_if=(what_if,)))
    assert (
        "What would have to be true to be 80% sure of staying within 15k USD (now 74%): an example (label) at 0.12 USD"
        in text
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            Band(-250, -100, -50, 20),
            "costs 100 USD less at P50 (8 times in 10: from 250 USD less to 20 USD more); it is",
        ),
        (Band(-250, -100, -50, -10), "costs 100 USD less at P50 (8 times in 10: 10 to 250 USD less)"),
        (Band(10, 100, 200, 250), "costs 100 USD more at P50 (8 times in 10: 10 to 250 USD more)"),
        (Band(0, 0, 10, 90), "costs the same at P50 (8 times in 10: 0 to 90 USD more)"),
        (Band(0, 0, 0, 0), "costs the same in 0% of cases, less in 90% and more in 10%"),
    ],
)
def test_a_difference_is_told_in_one_sentence(change: Band, words: str) -> None:
    """More and less are words, not signs."""
    record = samples.comparison()
    assert record.total is not None
    assert words in flat("compare", replace(record, total=replace(record.total, change=change)))


def test_a_comparison_without_changes_or_curve() -> None:
    """What is not known is said, and a bill alone shows only its verdict."""
    record = samples.comparison()
    assert record.second is not None
    bare = replace(
        record,
        first=replace(record.first, reached=None, budget=None, over_budget=None),
        second=replace(record.second, reached=None, budget=None, over_budget=None),
        changed=(), notes=(), judged=None,
    )  # fmt: skip
    text = printed("compare", bare)
    assert "The project files say the same." in text
    assert "Chance" not in text
    one = replace(record, first=replace(record.first, reached=None, budget=None, over_budget=None))
    assert "unknown → 59%" in printed("compare", one)
    assert "no budget → 29% of 18k USD" in printed("compare", one)
    alone = printed("compare", replace(record, second=None, lines=(), total=None, rounds=None))
    assert "keeps the limit: 80% sure" in " ".join(alone.split())
    assert "b less a" not in alone


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
        monkeypatch.setattr("tunecase.show.progress.BAR_ABOVE_S", above)
        with redraw_progress(quiet=False) as done:
            assert done is not None
            before = len(terminal.getvalue())
            done(1, 3)
            done(3, 3)
        assert ("3/3" in terminal.getvalue()[before:]) == (above == 0.0)
