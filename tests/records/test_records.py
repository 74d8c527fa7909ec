"""Records go to JSON and come back the same, to the last digit."""

import json
import math
from dataclasses import FrozenInstanceError, fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.books.scored import whole
from tunecase.books.scorecard import scorecard
from tunecase.quantities import Interval80
from tunecase.quantities.spread import Band
from tunecase.records import (
    RECORDS,
    Adopted,
    Audit,
    Books,
    Check,
    Cleaned,
    Closing,
    Compared,
    Decision,
    Depth,
    DepthReviewed,
    EvalLog,
    EvalPair,
    Evals,
    Fit,
    GainItems,
    Judged,
    Labelling,
    LeftOut,
    LineRule,
    NextLabel,
    Option,
    Phase,
    Placed,
    PlanChosen,
    Point,
    PricesUpdated,
    Rechained,
    Report,
    Reviews,
    Run,
    Scored,
    SetAside,
    Shift,
    Spending,
    Verified,
    Written,
    from_json,
    to_json,
)

PLACED = Placed(
    "L40S", 1, "lora", 2, 8, "none", "full", "fits", Interval80(18.0, 20.5, 23.0), 44.1,
    Interval80(1_500.0, 2_100.0, 2_900.0), Interval80(0.5, 0.66, 0.9), None, None, "cheapest",
)  # fmt: skip
FASTEST = replace(PLACED, gpu="H100", hours=Interval80(0.1, 0.2, 0.3), usd=Interval80(1.0, 2.0, 3.0), mark="fastest")
PAIR = Compared(
    "r1", "an 8B lora", "memory", "GiB allocated", Interval80(18.0, 20.0, 22.0), 21.0, "own runs", "2026-11-02"
)
EVALS = Evals(
    (
        EvalLog("a.eval", "Inspect", "0.3.285", "m", "t", "2026-11-20", "match", "", 400, 800, 0.7,
                Interval80(0.67, 0.7, 0.73), 2, 1, 3, "sample id", notes=("the run was limited to 400 samples",)),
        EvalLog("b.eval", "Inspect", "0.3.285", "n", "t", "2026-11-20", "match", "", 400, 400, 0.75, on="test"),
    ),
    EvalPair(
        390, 10, 10, Interval80(0.02, 0.05, 0.08), 0.09, 27.0, 7.5, 0.98, None, Interval80(0.01, 0.02, 0.03), 0.04
    ),
    (GainItems(0.05, 300, 200, 400, 900),), True, 0.8, ("left out: 10 items",),
)  # fmt: skip
FIT = Fit(
    model="meta/llama-3.1-8b", params=8_030_261_248, method="lora", gpu="L40S", gpu_count=1, verdict="fits",
    placed=PLACED, memory_gib=PLACED.memory_gib, reserved_gib=Interval80(20.0, 23.0, 26.0),
    card_gib=Interval80(21.0, 24.0, 27.0), usable_gib=44.1, memory_terms=(("weights", 15.0), ("other", 5.5)),
    dominant="weights", turning=("micro-batches up to 4 fit",), train_tokens=5e6, useful_share=0.8,
    step_s=Interval80(3.0, 4.0, 5.0), time_terms=(("matrix products", 3.0), ("loss", 1.0)),
    tokens_per_s=PLACED.tokens_per_s, hours=PLACED.hours, usd_per_gpu_hour=None, usd=None, tier="neocloud",
    price_dates=("2026-11-02",), spot_usd=Interval80(0.1, 0.2, 0.3), spot_hours=Interval80(0.6, 0.8, 1.0),
    cheapest=PLACED, fastest=FASTEST, in_time=PLACED, deadline_hours=2.0, by_method=(PLACED,), front=(PLACED, FASTEST),
    searched=40, rejected=(LeftOut("does not fit", 12, "1 x T4"),), remedies=(), setup=(("rank", "16"),),
    assumptions=("one GPU",), not_counted=("disk",), phases=(Phase("loss", 20.5, (("weights", 15.0),)),),
    formulas=("peak = the largest phase",), evidence=(PAIR,), compared=(PAIR,),
)  # fmt: skip
REPORT = Report("Label 300 more.", "report.html", "report.md", "report.json", ("bill", "data"))
JUDGED = Judged(
    "big at api.example.org", "a small model with 640 examples", ("names the order", "promises nothing"), 100,
    540, 2, Interval80(0.78, 0.82, 0.86), (0.9, 0.74), "fine", 40, Interval80(0.88, 0.93, 0.96),
    Interval80(0.7, 0.84, 0.93), Interval80(-0.02, 0.03, 0.08), Interval80(-0.1, 0.05, 0.2),
    Interval80(0.01, 0.03, 0.06), 41_200, 900, 0.018, 31.0, notes=("one note",),
)  # fmt: skip
CLEANED = Cleaned(
    "cleaned", "train.jsonl", "ab" * 32, 717, 680, 35, 2, {"leak_exact": 10, "duplicate_exact": 25}, 3, 1, 4, 2, 15, 13,
    2, (Depth(15, Band(0.1, 0.2, 0.3, 0.4), Band(2.0, 4.0, 6.0, 8.0)),), "USD",
    (Written("train.jsonl", "the cleaned training file", 680, "cd" * 32),), "fit after fixes", "cleaned.old-1",
)  # fmt: skip
REVIEWS = Reviews(
    "review.csv", "CSV", "train.jsonl", 60, 18, 15, 2, 1, (7, 9),
    (DepthReviewed(20, 20, 12), DepthReviewed(55, 55, 18)), 5, 0, Interval80(0.0, 0.0, 0.25),
    Interval80(0.0, 0.0, 160.0), 60, Interval80(0.3, 0.35, 0.4), 2, 12,
    Interval80(0.7, 0.83, 0.9), "corrections.jsonl", 59, ("one note",),
)  # fmt: skip
LABELLING = Labelling(
    "pool.jsonl", 500, 20, (NextLabel(7, 8, "a text", "red", 0.61, "the model is unsure"),), 3, 2, 495, True,
    Band(10, 12, 14, 15), Band(20, 25, 30, 33), "USD", ("next-labels.csv",), "no saving was measured",
)  # fmt: skip
CHECK = Check(
    date(2026, 9, 30),
    date(2026, 11, 27),
    "USD",
    "b1946ac92492",
    "8d55901d0a75",
    "run the pilot",
    "run the pilot",
    Shift("total", 9_300.0, 8_400.0, "USD"),
    (Shift("H100 hour of the bill", 3.3, 3.5, "USD"),),
    (Shift("gpu", 0.2, None, "USD"),),
    (Shift("1 EUR", 1.1, 1.2, "USD"),),
    ("the base model ends",),
    (),
    ("a note",),
)
SCORECARD = scorecard([whole()], 10.0)
UPDATED = PricesUpdated("ori-list-prices.csv", "SkyPilot v9", "ori", 12, 4, "2026-11-01", "--date", stale=False)
RECHAINED = Rechained(
    7, 4, 4, 2, ("a" * 64, "b" * 64), 2, 3, "0.1.0", "ledger.jsonl.before-rechain", 2,
    (Adopted("c" * 64, "2026-11-24", Decimal("90.50"), "USD", "forged"),), {"USD": Decimal("90.50")},
)  # fmt: skip
ALL: dict[str, Any] = {
    "updated": UPDATED,
    "labelling": LABELLING,
    "clean": CLEANED,
    "review": REVIEWS,
    **samples.records(),
    "judge": JUDGED,
    "evals": EVALS,
    "fit": FIT,
    "scored": Scored((PAIR,)),
    "report": REPORT,
    "compare": samples.comparison(),
    "check": CHECK,
    "scorecard": SCORECARD,
    "next": samples.news(),
    "source trial": samples.source_trial(),
    "label task": samples.label_task(),
    "loads": samples.loads(),
    "label trial": samples.label_trial(),
    "round": samples.news().round,
    "run": samples.pilot().runs[0],
    "spend": samples.spendings()[1],
    "charges": samples.charges(),
    "map": LineRule("service=Amazon S3", "storage", samples.TODAY),
    "mapped": samples.mapped(),
    "metered": samples.metered(),
    "served": samples.metered().periods[0],
    "approve": samples.approval(),
    "rejection": samples.rejection(),
    "approvals": samples.approvals(),
    "close": Closing(("gpu", "labour"), samples.TODAY),
    "imported": samples.imported(),
    "plan": PlanChosen("c0ffee42" * 8, samples.TODAY, samples.TODAY),
    "prices": samples.prices(),
    "ledger": Verified("ledger.jsonl", 12, 1),
    "set-aside": SetAside("5f" * 32, 7, "spend", "amount is '1e999999'", "nobody of ours wrote it", "Ines"),
    "rechain": RECHAINED,
}


def back(record: Any) -> Any:
    """The record after a journey through JSON."""
    return from_json(type(record), json.loads(to_json(record)))


def test_every_record_kind_has_a_sample() -> None:
    """No kind of record is left out of these tests."""
    assert set(RECORDS) == set(ALL)


def test_records_come_back() -> None:
    """A record read back from its JSON equals the record, and is of the kind that its verb returns."""
    assert [] == [verb for verb, record in ALL.items() if back(record) != record or type(record) is not RECORDS[verb]]


def test_json_has_every_field() -> None:
    """The JSON holds the fields of the record, in their order, and nothing else."""
    for verb, record in ALL.items():
        assert [field.name for field in fields(record)] == list(json.loads(to_json(record))), verb


def test_records_are_frozen() -> None:
    """A record cannot be changed after it was made."""
    for record in ALL.values():
        with pytest.raises(FrozenInstanceError):
            setattr(record, fields(record)[0].name, None)


DECIMALS = st.decimals(-(10**17), 10**17, allow_nan=False).filter(lambda amount: -60 <= amount.as_tuple().exponent < 18)


@given(st.dates(), st.text(), DECIMALS, DECIMALS, st.none() | DECIMALS, st.text())
def test_any_spending_comes_back(
    on: date, words: str, amount: Decimal, base: Decimal, much: Decimal | None, unit: str
) -> None:
    """Any charge within the bounds comes back with every digit of its amounts, trailing zeros and exponents too."""
    charge = Spending(on, "gpu", amount, "EUR", base, words, much, unit)
    again = back(charge)
    assert charge == again
    assert (amount.as_tuple(), base.as_tuple()) == (again.amount.as_tuple(), again.amount_base.as_tuple())


@given(st.floats(0, 1), st.integers(1, 10**9), st.none() | st.floats(0, 1))
def test_any_point_comes_back(score: float, n: int, sd: float | None) -> None:
    """Floats come back bit for bit."""
    assert Point(n, score, 1, None, sd) == back(Point(n, score, 1, None, sd))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_is_null(value: float) -> None:
    """What is no finite number becomes null, which JSON has, instead of NaN, which it lacks."""
    run = Run("k", "probe", "", 10, 0, 0.5, 5, 10, 0.1, train_loss=value)
    assert json.loads(to_json(run))["train_loss"] is None
    assert back(run).train_loss is None


def test_decimals_and_paths_are_text() -> None:
    """Amounts and paths are written as text; a float would lose cents."""
    assert b'["0.10","a"]' == to_json([Decimal("0.10"), Path("a")])


def test_other_things_are_refused() -> None:
    """What is no part of a record is not written as something else."""
    with pytest.raises(TypeError):
        to_json({"x": object()})


def test_a_body_of_another_kind_is_refused() -> None:
    """JSON that lacks a field is no record."""
    with pytest.raises(ValueError):
        from_json(Audit, {"rows": 3})


def test_ok_says_whether_the_answer_is_yes() -> None:
    """Each record with an answer tells by its own verdict whether it is no."""
    definition, audit, forecast = samples.definition(), samples.audit(), samples.forecast()
    decision, books = samples.decision(), samples.books()
    assert [True] * 6 == [record.ok for record in (definition, audit, forecast, decision, books, FIT)]
    assert not replace(definition, verdict="do not start").ok
    assert not replace(audit, verdict="not fit").ok
    assert not replace(audit, verdict="too little to say").ok
    assert not replace(forecast, verdict="above the ceiling").ok
    assert not replace(forecast, verdict="not achievable within n_max").ok
    assert replace(forecast, verdict="not achievable within n_max", stand_in=True).ok
    assert not replace(decision, advice="stop").ok
    assert not replace(decision, advice="fix first").ok
    assert not replace(books, left=Decimal("-0.01")).ok
    assert replace(books, left=None).ok
    assert not replace(FIT, verdict="does not fit").ok
    assert not replace(FIT, in_time=None).ok
    assert replace(FIT, in_time=None, deadline_hours=None).ok


def test_the_best_option_is_the_advised_one() -> None:
    """`best` is the option that the advice names, or none."""
    decision: Decision = samples.decision()
    best: Option | None = decision.best
    assert decision.advice == best.lever
    assert replace(decision, advice="fix first").best is None


def test_lines_are_found_by_name() -> None:
    """A bill's line is found by its name; an unpriced one says so."""
    bill = samples.estimate()
    gpu, storage = bill.line("gpu"), bill.line("storage and transfer")
    assert gpu.priced
    assert not storage.priced
    assert bill.line("nothing") is None


def test_mean_scores_leave_failed_runs_out() -> None:
    """The means count runs that ended well, rising in n."""
    good = Run("a", "probe", "", 20, 0, 0.8, 8, 10, 0.1)
    runs = (good, replace(good, n=10, score=0.5), replace(good, score=0.6), replace(good, failed="out of memory"),
            replace(good, n=40, converged=False))  # fmt: skip
    assert ((10, 0.5), (20, 0.7)) == replace(samples.pilot(), runs=runs).mean_scores


def test_books_sum_to_the_cent() -> None:
    """The sample's lines add up exactly."""
    books: Books = samples.books()
    assert books.spent == sum((line.spent for line in books.lines), Decimal(0))
