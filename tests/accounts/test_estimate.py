"""The bill says what to set aside in parts that add up; what is not known is a word, not a zero."""

from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.accounts.reading import all_of, captions, table, words
from tests.cli.show.printing import flat
from tests.problem_cases import project
from tunecase.accounts import Material, account
from tunecase.blocks import Account
from tunecase.cli.show import brief_markdown
from tunecase.quantities import Band, Sampled
from tunecase.records import Approvals, Bridge, Driver, Estimate, Flip, Line, Moved, Plan, WhatIf
from tunecase.report import blocks_markdown


def told(record: Estimate | None = None, **material: Any) -> Account:
    """The account of a bill."""
    return account("estimate", record or samples.estimate(), Material(**material))


def planned(record: Estimate | None = None, **changes: Any) -> Estimate:
    """The bill with a plan that differs in these fields."""
    bill = record or samples.estimate()
    assert bill.plan is not None
    return replace(bill, plan=replace(bill.plan, **changes))


def plan() -> Plan:
    """The plan of the sample."""
    made = samples.estimate().plan
    assert made is not None
    return made


def test_what_to_set_aside_adds_up_as_printed() -> None:
    """Base, contingency and reserve make the amount of the answer."""
    said = told()
    rows = table(said.short, "What to set aside")
    base, contingency, reserve, whole = (int(row[0].replace(",", "")) for row in rows.values())
    assert base + contingency + reserve == whole
    assert f"Set {whole:,} USD aside" in said.answer


@pytest.mark.parametrize(
    ("changes", "answer", "tone"),
    [
        ({"budget_left": 30_000.0}, "of a budget of 30,000. The middle case costs 8,000.", "good"),
        ({"budget_left": 18_000.0}, ": 7,000 above the budget. The middle case", "good"),
        ({"budget_left": None}, "; no budget is given. The middle case", "good"),
        ({"advised": False}, "Set nothing aside: no step is advised. Going on all the same takes 25,000 USD.", "bad"),
    ],
)
def test_the_answer_stands_beside_the_budget(changes: dict[str, Any], answer: str, tone: str) -> None:
    """Within it, above it, without one, and where no step is advised."""
    said = told(planned(replace(samples.estimate(), budget=30_000.0), **changes))
    assert answer in said.answer
    assert tone == said.tone


def test_what_is_spent_already_leaves_less_of_the_budget() -> None:
    """The answer names what is left, not the whole budget."""
    bill = planned(replace(samples.estimate(), budget=40_000.0), budget_left=30_000.5)
    assert "of the 30,000.50 left in the budget" in told(bill).answer


@pytest.mark.parametrize(("over", "tone"), [(None, "unknown"), (0.1, "good"), (0.3, "warn"), (0.7, "bad")])
def test_the_tone_follows_the_chance_to_pass_the_budget(over: float | None, tone: str) -> None:
    """Four times in five within it is good, more often than not beyond it is bad."""
    assert tone == told(replace(samples.estimate(), over_budget=over)).tone


def test_a_heavy_tail_leaves_no_contingency() -> None:
    """Where the mean lies above what is enough four times in five, the row says why it is empty."""
    parts = replace(plan().authorise, base=18_000.0, contingency=0.0, reserve=7_000.0)
    rows = [table(one.short, "What to set aside")["+ contingency"] for one in (told(planned(authorise=parts)), told())]
    assert ["0", "none: dear cases lift the average"] == rows[0]
    assert "enough four times in five so far" == rows[1][1]


def test_what_the_bill_does_not_hold_is_said() -> None:
    """Lines outside the total with their amounts, lines without a price by name; nothing where there are none."""
    text = words(told().short)
    assert "Not in the bill: answers 5,100 after launch, on average." in text
    assert "Has no price and comes on top: storage and transfer." in text
    lines = tuple(line for line in samples.estimate().lines if line.included and line.priced)
    text = words(told(replace(samples.estimate(), lines=lines)).short)
    assert "Not in the bill" not in text
    assert "Has no price" not in text


def test_training_without_a_price_is_said_first() -> None:
    """A run that does not fit never makes a case look cheaper: the reason comes before what all else takes."""
    bill = samples.estimate()
    why = "H100: the run does not fit on 8 cards"
    lines = tuple(replace(line, amount=None, basis=why) if line.name == "gpu" else line for line in bill.lines)
    account = told(replace(bill, lines=lines))
    assert account.answer.startswith(f"Training has no price: {why}. All else takes ")
    assert "bad" == account.tone


def test_nothing_known_is_said_so() -> None:
    """Missing prices, budgets, drivers and dates are words, not zeros."""
    unsaid = planned(
        replace(samples.estimate(), budget=None, reached=None, over_budget=None, drivers=(), price_dates=(),
                gpu="", gpu_hours=None, usd_per_gpu_hour=None, run_price=None, unpriced=("gpu", "labels")),
        budget_left=None, chance=None, worth=None, then=(), total=replace(plan().total, over=None),
    )  # fmt: skip
    said = told(unsaid)
    assert "over budget" not in words(said.short)
    assert "What moves it" not in captions(said.full)
    text = words(said.full)
    for part in ("Prices from none used", "GPU hours unknown", "One training run unpriced", "gpu labels"):
        assert part in text


def test_the_bill_by_line_comes_last_to_its_total() -> None:
    """Unpriced lines say so, lines outside the total are named, the digits are those of the headline."""
    rows = table(told().full, "The bill, over all rounds")
    assert ["–", "–", "unpriced", "–", "–", "–"] == rows["storage and transfer"]
    assert ["inference (not in the total)", "Rounding", "Total"] == list(rows)[-3:]
    assert ["11k", "3k", "8k", "17k", "25k", "100%"] == rows["Total"]


def test_what_moves_a_bill_is_told_with_its_ends() -> None:
    """The share of the doubt with its error, the total's mean at either end, and what low and high are."""
    drivers = (Driver("rounds", 0.7, 0.01, 1, 6, 5_000, 50_000), Driver("effort_per_round", 0.1))
    rows = table(told(replace(samples.estimate(), drivers=drivers)).full, "What moves it")
    assert ["70%, within 1.3%", "5.0k", "50k", "1 round or less; 6 rounds or more"] == rows["rounds"]
    assert ["10%", "–", "–", "moves it only together with others"] == rows["effort_per_round"]


def test_what_would_have_to_be_true_is_told() -> None:
    """One sentence under the answer, since it was asked for."""
    what_if = WhatIf("stay", 15_000, 0.8, 0.74, (Flip("label price per example", 0.31, 0.12, "sure"),))
    text = words(told(replace(samples.estimate(), what_if=(what_if,))).short)
    assert "to be 80% sure of staying within 15k USD (now 74%): an example (label) at 0.12 USD" in text


def test_an_earlier_estimate_shows_how_the_total_moved() -> None:
    """Both estimates stand side by side."""
    said = told(earlier=(("before the pilot", samples.earlier_estimate()),))
    assert ["before the pilot", "now"] == list(table(said.full, "How the total moved"))
    assert "How the total moved" not in captions(told().full)


def test_the_headline_figures_stand_with_the_decision_where_there_is_one() -> None:
    """They are said once: by the bill only as long as nothing is decided."""
    assert any(caption.startswith("The plan: ") for caption in captions(told().full))
    assert not any(caption.startswith("The plan: ") for caption in captions(told(decision=samples.decision()).full))


def test_the_next_command_is_the_next_step_of_the_road() -> None:
    """The first that is not done."""
    assert "tunecase pilot" == told().next
    assert "tunecase decide" == told(pilot=samples.pilot(), forecast=samples.forecast()).next
    done = told(pilot=samples.pilot(), forecast=samples.forecast(), decision=samples.decision())
    assert "tunecase next" == done.next


def test_a_bill_made_again_says_what_moved() -> None:
    """The reason that moved most, in plain figures; where little moved it says that."""
    bridge = Bridge(
        "before the pilot", 22_000.0, (Moved("fewer rounds", -9_000.0), Moved("prices", -2_000.0)), 11_169.0
    )
    text = words(account("estimate again", planned(bridge=bridge)).short)
    assert "On average it costs 11,000 USD now, 20,000 before the pilot. Most of it is fewer rounds." in text
    still = replace(bridge, before=11_200.0, moved=(Moved("prices", -31.0),))
    assert "The pilot moved the bill by little." in words(account("estimate again", planned(bridge=still)).short)


def test_a_bill_of_an_earlier_version_names_nothing_to_set_aside() -> None:
    """It has no plan: its lines are shown, and the command that makes it anew."""
    said = told(replace(samples.estimate(), plan=None))
    assert "made by an earlier version" in said.answer
    assert ("tunecase estimate", ()) == (said.next, said.short)
    assert "The bill, over all rounds" in captions(said.full)


def test_a_line_under_one_dollar_is_told_alike_on_every_face() -> None:
    """Terminal, Markdown and brief: nobody needs to know whether it is 12 or 39 cents."""
    tiny = Line("gpu", Band(0.1, 0.2, 0.4, 0.9), 0.0, "one short run", expected=0.25)
    bill = replace(samples.estimate(), lines=(tiny, *samples.estimate().lines[:2]))
    said = told(bill)
    assert {"under 1 USD"} == set(table(all_of(said), "The bill, over all rounds")["gpu"][:4])
    assert "under 1 USD" in blocks_markdown(said)
    assert "under 1 USD" in flat("estimate", bill, full=True)
    brief = brief_markdown(samples.definition(), bill, None, Approvals("USD"), project=project(), today=samples.TODAY)
    assert "| gpu | under 1 USD |" in brief


def test_a_chance_to_pass_the_budget_is_told_in_percent() -> None:
    """Beside the time; nothing without a budget."""
    passed = planned(total=replace(plan().total, over=Sampled(0.32)))
    assert "30% over budget." in words(told(passed).short)
