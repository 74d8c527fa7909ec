"""The page's money: what is printed adds up, and each heading holds only where the figures say so."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.accounts.parts.said import case, numbers, sample, texts, titles, under, words
from tests.accounts.reading import breaches
from tunecase.accounts.lines import Group
from tunecase.accounts.material import Material
from tunecase.accounts.parts.money import (
    authorised_title,
    books_title,
    bridge_title,
    group_amounts,
    groups_title,
    lede,
    line_title,
    money,
    month_name,
    months_title,
    shown_ways,
    spent_so_far,
    ways_title,
)
from tunecase.blocks import Months, Rows, Waterfall
from tunecase.quantities import Band, Sampled
from tunecase.records import (
    Approvals,
    Authorised,
    Books,
    Bridge,
    Capital,
    Decision,
    Estimate,
    Line,
    Month,
    Moved,
    Plan,
    Release,
    Total,
    Way,
)

FLAT = Sampled(0.0)


def sample_plan() -> Plan:
    """The plan of the sample case."""
    made: Plan = sample()["decision"].plan
    return made


def plan(**changes: Any) -> Plan:
    """The sample plan with changed fields."""
    return replace(sample_plan(), **changes)


def of(made: Plan, **changes: Any) -> Material:
    """The sample case with this plan in its decision and its bill."""
    return case(
        decision=replace(sample()["decision"], plan=made), estimate=replace(sample()["estimate"], plan=made), **changes
    )


def total(expected: float, p90: float = 20_000.0) -> Total:
    """A total of so much on average."""
    p10, p50, p80 = (Sampled(expected * part) for part in (0.5, 0.9, 1.4))
    return Total(Sampled(expected), p10, p50, p80, Sampled(p90), Sampled(0.1))


# What to set aside


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_what_is_authorised_adds_up_as_it_is_printed(base: float, contingency: float, reserve: float) -> None:
    """Base, contingency and reserve make the amount in the heading, whatever they are."""
    made = plan(authorise=Authorised(base, contingency, reserve), budget_left=None, total=total(5_000.0))
    part = money(of(made))
    chart = next((block for one in part.findings for block in one.blocks if isinstance(block, Waterfall)), None)
    if chart is None:
        assert not made.authorise.total
        return
    *parts, whole = [step.amount for step in chart.steps]
    assert pytest.approx(whole, abs=1e-6) == sum(parts)
    assert chart.steps[-1].kind == "total"


def test_the_amount_and_the_loss_are_told_apart() -> None:
    """Where some plan fails, the note says what each of the two amounts counts; where none does there is one amount."""
    told = [money(of(plan(lost=lost))).findings[0].note for lost in (Sampled(9_000.0), None)]
    assert ["counts failures alone" in note for note in told] == [True, False]


def test_how_to_draw_it_down_is_told_where_it_is_drawn() -> None:
    """Where no step is advised nothing is drawn down."""
    told = [money(of(plan(advised=advised))).findings[0].note for advised in (True, False)]
    assert told[0].startswith("Draw the three down apart")
    assert "" == told[1]


def test_a_budget_that_is_passed_has_no_rest() -> None:
    """Neither a rest below nothing nor the chance to pass it is told."""
    over = plan(budget_left=-1_000.0)
    assert lede(of(over)).endswith("The budget is passed already.")
    assert authorised_title(over).endswith(", and the budget is passed already")
    assert "passed already" not in lede(of(plan())) + authorised_title(plan())


def test_more_than_the_budget_is_the_heading() -> None:
    """Where the amount passes what is left, by how much; else what it is enough for."""
    assert "Set 10,000 USD aside: enough nine times in ten" == authorised_title(
        plan(authorise=Authorised(6_000.0, 3_000.0, 1_000.0), budget_left=10_000.0)
    )
    short = plan(authorise=Authorised(6_000.0, 3_000.0, 1_000.0), budget_left=8_000.0)
    assert "takes 10,000 USD: 2,000 USD more than the rest" in authorised_title(short, "rest of the budget")
    assert authorised_title(plan(advised=False, budget_left=None)).startswith("Going on all the same would take")
    assert authorised_title(plan(budget_left=None), later=True).startswith("Later the plan takes")


def test_a_spent_part_of_the_budget_is_told_from_the_whole() -> None:
    """The limit is the budget until some of it is gone."""
    whole = of(plan(budget_left=float(samples.BUDGET)))
    assert f"pass the budget of {samples.BUDGET:,.0f} USD" in lede(whole)
    assert "pass the rest of the budget of 9,000 USD" in lede(of(plan(budget_left=9_000.4)))


@pytest.mark.parametrize(
    ("material", "said"),
    [
        (Material(), "No plan is on file yet"),
        (of(plan(total=Total(FLAT, FLAT, FLAT, FLAT, FLAT))), "Nothing has to be bought"),
        (of(plan(advised=False)), "No step is advised"),
        (of(plan(budget_left=None)), "No budget was given"),
        (of(plan()), "The chance to pass the budget of"),
    ],
)
def test_the_first_sentence_says_where_the_money_stands(material: Material, said: str) -> None:
    """No plan, nothing to buy, nothing advised, no budget, and the usual case."""
    assert said in lede(material)


def test_what_comes_first_stands_before_the_plan() -> None:
    """Where something must be done before the plan's first step, lede and heading say so."""
    first = replace(sample()["decision"], advice="fix first")
    material = case(decision=first)
    assert lede(material).startswith("Something else comes first")
    assert any(title.startswith(("Later the plan", "To be safe")) for title in titles(money(material)))
    assert not lede(case(decision=replace(sample()["decision"], advice=sample_plan().lever))).startswith("Something")


# Where it goes


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=5))
def test_groups_add_up_to_the_total_as_printed(amounts: list[float]) -> None:
    """What the groups cost makes the average total; a group too small for its figures is told as under an amount."""
    whole = Sampled(sum(amounts)).shown
    shown = tuple(Group(f"g{at}", "", much, much / sum(amounts), "") for at, much in enumerate(amounts))
    printed = group_amounts(shown, whole)
    if whole >= 10:
        assert pytest.approx(whole, rel=1e-9) == sum(map(numbers, printed))
    for much, text in zip(amounts, printed, strict=True):
        if text.startswith("under"):
            assert much < float(text.removeprefix("under ").replace(",", ""))


def group(name: str, share: float, part: str) -> Group:
    """A group of a bill of 1,000."""
    return Group(name, "", 1_000 * share, share, part)


def test_the_dearest_group_is_the_heading_and_cheap_computers_are_told() -> None:
    """Computers are almost nothing below 1%, and a share of their own above."""
    cheap = (group("people", 0.7, "70%"), group("data", 0.297, "30%"), group("computers", 0.003, "under 1%"))
    assert "People cost 70%, computers almost nothing" == groups_title(cheap)
    dear = (group("computers", 0.6, "60%"), group("people", 0.4, "40%"))
    assert "Computers cost 60%" == groups_title(dear)
    assert "Overruns cost 55%" == groups_title((group("overruns", 0.55, "55%"), group("people", 0.45, "45%")))


def test_what_is_outside_the_bill_is_told() -> None:
    """Answers after launch stand beside the total, and so does what has no price."""
    note = under(money(case()), "People cost").note
    assert "answers 5,100 USD" in note
    assert "No price is known for storage and transfer" in note


# When it is spent


@pytest.mark.parametrize("rest", [0.0, 4_000.0])
def test_months_end_at_the_total_as_printed(rest: float) -> None:
    """The average so far grows to the total, answers after launch last, the worst of ten to the total's own."""
    amounts = (3_111.0, 2_222.0, 1_717.0)
    months = tuple(Month(at, much, much, high_so_far=3_000.0 * at) for at, much in enumerate(amounts, 1))
    made = plan(months=months, total=total(sum(amounts) + rest, 9_000.0))
    so_far = spent_so_far(made)
    means = [mean for _, mean, _ in so_far]
    assert sorted(means) == means
    assert pytest.approx(made.total.expected.shown) == means[-1]
    assert pytest.approx(made.total.p90.shown) == so_far[-1][2]
    assert ("after launch" if rest else "month 3") == so_far[-1][0]


def test_records_without_the_worst_of_ten_show_averages_alone() -> None:
    """Older plans have no band; nothing is drawn in its place."""
    older = plan(months=tuple(replace(month, high_so_far=None) for month in sample_plan().months))
    blocks = [block for one in money(of(older)).findings for block in one.blocks]
    assert not any(isinstance(block, Months) for block in blocks)
    bars = next(block for block in blocks if isinstance(block, Rows) and block.head[0] == "By the end of")
    assert pytest.approx(older.total.expected.shown) == bars.rows[-1].high
    assert any(isinstance(block, Months) for one in money(case()).findings for block in one.blocks)


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (1_000.0, "Little is spent before the first test"), (4_000.0, "40% is spent before the first test decides"),
        (9_000.0, "Most is spent before the first test"),
    ],
)  # fmt: skip
def test_what_the_first_test_has_cost_is_the_heading(first: float, said: str) -> None:
    """Below a quarter it is little, above three quarters most, between them a share."""
    release = Release(Sampled(first), Sampled(first), 10.0, 100.0, 0.0)
    assert said == months_title(plan(release=release, total=total(10_000.0)))


def test_without_a_test_the_dearest_month_is_told() -> None:
    """A month with more than half is named; even spending is said to be spread."""
    one = (Month(1, 100.0, 0.0, "2026-11-28"), Month(2, 900.0, 0.0, "2026-12-01"))
    assert "Most is spent in Dec 2026" == months_title(plan(then=(), months=one, total=total(1_000.0)))
    even = tuple(Month(at, 250.0, 0.0) for at in range(1, 5))
    assert "Spending is spread over 4 months" == months_title(plan(then=(), months=even, total=total(1_000.0)))


def test_a_month_has_its_name() -> None:
    """Its date where it is known, else its number; what comes later is said so."""
    assert ["Jan 2027", "month 2", "later"] == [
        month_name(month) for month in (Month(2, 0.0, 0.0, "2027-01-01"), Month(2, 0.0, 0.0), Month(0, 0.0, 0.0))
    ]


# What was spent


def spent(paid: float, ends: float, planned: float = 8_000.0, budget: float = 18_000.0) -> Books:
    """The sample books with other sums in all."""
    made: Books = replace(
        sample()["books"], spent=Decimal(str(paid)), planned=Band(planned, planned, planned, planned), budget=budget,
        left=Decimal(str(budget - paid)), at_completion=Band(ends, ends, ends, ends),
    )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("books", "said"),
    [
        (spent(3_000, 9_500), "3,000 USD is spent, and the forecast is above the plan"),
        (spent(3_000, 8_100), "3,000 USD is spent, and the forecast holds to the plan"),
        (spent(3_000, 6_000), "3,000 USD is spent, and the forecast is below the plan"),
        (spent(19_000, 20_000), "19,000 USD is spent: 1,000 USD over the budget"),
        (replace(spent(3_000, 1.0), at_completion=None), "3,000 USD is spent"),
    ],
)
def test_the_forecast_is_held_against_the_plan(books: Books, said: str) -> None:
    """Above, at or below the plan by a tenth; a passed budget comes first; without a forecast the sum alone."""
    assert said == books_title(books)


def test_a_finished_case_ends_at_what_was_paid() -> None:
    """The title says that it is closed; each row and the total forecast what they say is spent."""
    books = sample()["books"]
    books = replace(books, lines=tuple(replace(line, closed=samples.TODAY) for line in books.lines))
    chart = under(money(case(books=books)), "3,886 USD is spent, and all lines are closed").blocks[0]
    assert isinstance(chart, Rows)
    assert all(row.figures[1] == row.figures[2] for row in chart.rows)
    assert chart.total[2] == chart.total[3] == "3,886"


def test_the_page_has_the_plan_s_total_of_the_headline() -> None:
    """Where the worlds say 6,300 and the headline 6,000, the page says 6,000, and holds the forecast against it."""
    total = replace(sample()["books"].planned_total, p50=Sampled(6_300.0))
    books = replace(spent(3_000, 6_700, planned=6_300), planned_total=total)
    chart = under(money(case(books=books)), "3,000 USD is spent, and the forecast is above the plan").blocks[0]
    assert isinstance(chart, Rows)
    assert "6,000" == chart.total[1]


def test_without_a_forecast_the_page_says_what_the_terminal_says() -> None:
    """The plan's figures, overruns among them, and why; nothing is "in people" where nothing is forecast."""
    books = sample()["books"]
    overruns = replace(books.lines[0], name="unknowns", planned=Band(0, 900, 1_500, 2_000), at_completion=None,
                       spent=Decimal(0), entries=0)  # fmt: skip
    lines = tuple(replace(line, at_completion=None) for line in (*books.lines, overruns))
    books = replace(books, lines=lines, at_completion=None, remarks=("No cost at completion: gone.",))
    found = under(money(case(books=books)), "3,886 USD is spent")
    assert isinstance(found.blocks[0], Rows)
    forecasts = {row.name: row.figures[2] for row in found.blocks[0].rows}
    assert "900" == forecasts["More hours than foreseen"]
    assert "in people" not in forecasts.values()
    assert "8,000" == found.blocks[0].total[3] == found.blocks[0].total[1]
    assert found.note.startswith("No cost at completion: gone. ")


def test_the_note_begins_with_a_word() -> None:
    """Where nothing is said of sums, the chance stands first."""
    line = replace(sample()["books"].lines[0], planned=Band(8, 8, 8, 8), at_completion=Band(8, 8, 8, 8))
    books = replace(spent(1, 8, planned=8), lines=(line,), planned_total=None, over_budget=0.2)
    assert under(money(case(books=books)), "1 USD is spent").note.startswith("The chance to end over")


def test_what_was_spent_adds_up_in_whole_units() -> None:
    """The column of what was spent sums to its total."""
    chart = under(money(case()), "3,886 USD is spent").blocks[0]
    assert isinstance(chart, Rows)
    assert numbers(chart.total[2]) == sum(numbers(row.figures[1]) for row in chart.rows)
    assert "Labels" in [row.name for row in chart.rows]


def test_nothing_spent_is_one_line() -> None:
    """Books without charges, or approvals that nothing was drawn from; nothing is said where nobody knows."""
    empty = replace(sample()["books"], entries=0)
    line = "Nothing is spent yet, so the forecast is the plan"
    assert line in titles(money(case(books=empty)))
    assert line in titles(money(case(books=None, approvals=Approvals("USD"))))
    assert line not in titles(money(case(books=None)))
    assert line not in titles(money(case(books=None, approvals=Approvals("USD", spent=Decimal(3)))))
    assert not under(money(case(books=empty)), line).blocks


def test_lines_of_the_books_have_their_names() -> None:
    """Each line of the bill as people call it; a cost of one's own as it was written."""
    assert ["Engineering", "Labels", "Training", "Legal review"] == [
        line_title(name) for name in ("labour", "data: labels", "gpu", "legal review")
    ]


# What moved it


def bridged(before: float) -> Plan:
    """The sample plan with an earlier bill of so much."""
    after = sample_plan().total.expected.value
    moved = (Moved("rows and reviews", (after - before) * 0.7), Moved("prices and speeds", (after - before) * 0.3))
    return plan(bridge=Bridge("bill of 24 November 2026", before, moved, after))


@pytest.mark.parametrize("factor", [0.3, 0.6, 2.5])
def test_the_bridge_adds_up_as_printed(factor: float) -> None:
    """From the earlier bill by what moved it to this one's total, and the heading says which way."""
    made = bridged(factor * sample_plan().total.expected.value)
    found = under(money(of(made)), "Since last time")
    chart = found.blocks[0]
    assert isinstance(chart, Waterfall)
    *parts, whole = [step.amount for step in chart.steps]
    assert pytest.approx(whole) == sum(parts)
    assert ("rose" if factor < 1 else "fell") in found.title


def test_a_bill_that_hardly_moved_is_no_news() -> None:
    """Below a tenth there is no bridge, and without an earlier bill there is none either."""
    for made in (bridged(sample_plan().total.expected.value * 1.04), plan(bridge=None)):
        assert not any(title.startswith("Since last time") for title in titles(money(of(made))))
    assert "Since last time the bill fell from 9,000 to 2,000 EUR" == bridge_title(9_000.0, 2_000.0, "EUR")


# What is bought, and where it is trained


def test_owned_hardware_is_paid_outside_the_total() -> None:
    """What it costs at once is the heading, what the bill holds of it the note."""
    owned = Capital("2 x L40S", Band(14_000, 16_000, 18_000, 19_000), 16_200.0, 340.0)
    found = under(money(of(plan(capital=owned))), "Buying")
    assert "Buying 2 x L40S takes 16,000 USD at once" == found.title
    assert "340 USD" in found.note
    assert not any(title.startswith("Buying") for title in titles(money(case())))


def way(name: str, amount: float, *, chosen: bool = False) -> Way:
    """A way to train that costs so much."""
    return Way(name, "rented", Band(amount, amount, amount, amount), None, 1.0, "", chosen=chosen)


def test_ways_to_train_are_shown_where_training_costs_enough() -> None:
    """What the cheapest way saves, or that the plan takes it; nothing where computers hardly count."""
    ways = (way("1 x H100, spot", 2_000.0), way("1 x H100", 4_000.0, chosen=True))
    assert "1 x H100, spot would train it for 50% less" == ways_title(ways)
    assert "The plan trains where it is cheapest" == ways_title((way("a", 3.0, chosen=True), way("b", 4.0)))
    dear = replace(sample()["estimate"], ways=ways)
    assert ways_title(ways) in titles(money(case(estimate=dear)))
    assert ways_title(ways) not in titles(money(case(estimate=replace(dear, total=Band(1e5, 1e5, 1e5, 1e5)))))


def test_the_chosen_way_is_always_shown() -> None:
    """Even where it is not among the cheapest."""
    many = tuple(way(f"way {at}", 100.0 * at, chosen=at == 9) for at in range(1, 10))
    assert ["way 1", "way 2", "way 3", "way 4", "way 5", "way 9"] == [one.name for one in shown_ways(many)]


# All of it


def in_euros() -> Material:
    """The sample case in another currency."""
    made, bill, chosen = plan(currency="EUR"), sample()["estimate"], sample()["decision"]
    return case(
        decision=replace(chosen, currency="EUR", plan=made), estimate=replace(bill, currency="EUR", plan=made),
        books=replace(sample()["books"], currency="EUR"),
    )  # fmt: skip


def before_launch() -> Estimate:
    """A bill with every kind of line."""
    names = ("labour", "evaluation", "unknowns", "gpu", "idle", "storage", "other", "legal_review")
    lines = tuple(Line(name, Band(1, 2, 3, 4), 0.125, "", expected=2.0) for name in names)
    made: Estimate = replace(sample()["estimate"], lines=lines)
    return made


CASES: dict[str, Material] = {
    "usual": case(),
    "no decision": case(decision=None),
    "no estimate": case(estimate=None),
    "no plan": case(decision=replace(sample()["decision"], plan=None), estimate=samples.earlier_estimate()),
    "no budget": of(plan(budget_left=None, total=replace(sample_plan().total, over=None))),
    "not advised": of(plan(advised=False)),
    "every line": case(estimate=before_launch()),
    "euros": in_euros(),
    "nothing": Material(),
    "bridged": of(bridged(3_000.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_no_part_says_a_word_that_is_not_plain(name: str) -> None:
    """Whatever is missing, every text is one for the board, and the part is short."""
    part = money(CASES[name])
    assert [] == [text for text in texts(part) if breaches(text)]
    assert words(part) <= 330
    assert all(finding.title and not finding.title.endswith(".") for finding in part.findings)


def test_what_is_not_on_record_is_left_out() -> None:
    """Without any record there is the lede alone, and another currency leaves no dollar behind."""
    assert () == money(Material()).findings
    assert not any("USD" in text for text in texts(money(in_euros())))


def test_the_decisions_plan_comes_before_that_of_the_bill() -> None:
    """Both are the same as a rule; where they differ, the page follows the decision."""
    chosen: Decision = replace(sample()["decision"], plan=plan(budget_left=None))
    assert "No budget was given" in lede(case(decision=chosen))
