"""The report: every section from records, the answer first, nothing that no record holds."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tunecase.blocks import Content, Section, Table
from tunecase.records import (
    Books,
    Decision,
    Estimate,
    Flip,
    Forecast,
    from_json,
)
from tunecase.report.report import REPORT_SECTIONS, answer, as_json, markdown, report
from tunecase.report.report import content as content_of

ALL = samples.records()


def content(records: dict[str, Any] | None = None, **more: Any) -> Content:
    """The report of some records on the samples' day."""
    return content_of(ALL if records is None else records, project=None, today=samples.TODAY, **more)


def section(found: Content, id: str) -> Section:
    """The section of that id."""
    return next(one for one in found.sections if one.id == id)


def table(found: Section, caption: str) -> list[tuple[str, ...]]:
    """The texts of a table, found by its caption."""
    blocks = (*found.blocks, *found.evidence)
    rows = next(block for block in blocks if isinstance(block, Table) and block.caption == caption).rows
    return [tuple(cell.text for cell in row) for row in rows]


def test_the_answer_names_chance_cost_and_next_step() -> None:
    """One line: chance, the expected total or, once money is spent, the cost at completion, and the next step."""
    unspent = {**ALL, "books": replace(ALL["books"], entries=0)}
    assert (
        "60% to show 0.90 within the budget; expected total 11k USD, P80 17k plus 1 unpriced line; "
        "next: label 300 more, 4.5k USD at P80." == answer(unspent)
    )
    told = answer(ALL)
    assert "within the budget; 3,885.57 USD spent, " in told
    assert "at completion, " in told
    assert told.endswith("next: label 300 more, 4.5k USD at P80.")
    figure = next(one for one in content(ALL).figures if one.name == "Cost at completion, P50")
    assert "3,885.57 spent" in figure.beside
    assert "books" == figure.section
    assert "65% to reach 0.90 with 4,000 examples." == answer({"forecast": ALL["forecast"]})


def test_where_another_way_takes_the_place_the_page_asks_for_no_money() -> None:
    """The first sentence names the way and no chance of the fine-tune; nothing is to be released."""
    made = samples.decision()
    assert made.plan is not None
    told = replace(
        made,
        advice="ship",
        action="ship it",
        instead="Do not fine-tune: use b.",
        plan=replace(made.plan, advised=False),
    )
    assert told.best is None
    unspent = {verb: record for verb, record in ALL.items() if verb != "books"}
    first = answer({**unspent, "decide": told})
    assert first.startswith("Do not fine-tune: use b. Going on all the same: expected total ")
    assert first.endswith("next: ship it.")
    asked = [
        one for one in content({**unspent, "decide": told}).figures if one.name in ("Release now (P80)", "Authorise")
    ]
    assert ["nothing", "nothing"] == [one.value for one in asked]


def test_what_a_stand_in_promises_alone_is_told_beside_the_plan() -> None:
    """Where another model was piloted, the plan's chance never stands without that of the measured curve."""
    seen = replace(ALL["forecast"], stand_in=True, p_target=0.05)
    assert answer({**ALL, "forecast": seen}).startswith(
        "60% to show 0.90 within the budget (5% on the pilot's own curve); "
    )
    told = next(one for one in content({**ALL, "forecast": seen}).figures if one.name.startswith("Chance to show 0.90"))
    assert told.beside.endswith("; 5% on the pilot's own curve")


def test_a_refusal_comes_before_any_chance() -> None:
    """When the problem, the data or the curve say no, the answer is that no, with its reason."""
    definition = replace(ALL["define"], verdict="do not start", reason="no metric is given")
    assert "Do not start: no metric is given." == answer({**ALL, "define": definition})
    audit = replace(ALL["audit"], verdict="not fit", reason="labels are random")
    assert "These data are not fit: labels are random." == answer({**ALL, "audit": audit})
    few = replace(ALL["audit"], verdict="too little to say", reason="3 rows")
    assert "Too few data to say: 3 rows." == answer({"audit": few})
    above: Forecast = replace(ALL["forecast"], verdict="above the ceiling", reason="0.97 is above 0.953")
    assert "The target is above the human ceiling: 0.97 is above 0.953." == answer({"forecast": above})
    never = replace(above, verdict="not achievable within n_max", reason="3% of curves reach it")
    assert "Not achievable with 4,000 examples: 3% of curves reach it." == answer({"forecast": never})


def test_advice_to_stop_is_the_answer() -> None:
    """Where no step pays the page says stop first, with its reason and the chance."""
    decided = replace(samples.decision(), advice="stop", reason="No step is worth its price at this value.")
    found = content({**samples.records(), "decide": decided})
    assert found.answer.startswith("Stop: No step is worth its price at this value. ")
    assert " to show 0.90" in found.answer


def test_overspending_is_said_first() -> None:
    """Books beyond the budget open the answer."""
    books: Books = replace(ALL["books"], spent=Decimal("18250.50"), left=Decimal("-250.50"))
    assert answer({**ALL, "books": books}).startswith("Over budget: 18,250.50 USD spent, 250.50 USD too much. 60%")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdict": "reached"}, "0.90 is shown."),
        ({"verdict": "pilot uninformative"}, "Too early to say whether 0.90 can be reached."),
        ({"p_target": None}, "Too early to say whether 0.90 can be reached."),
        ({"target": None, "verdict": "no target"}, "No target to reach was given."),
    ],
)
def test_the_answer_follows_the_verdict(change: dict[str, Any], said: str) -> None:
    """The chance is told only where the forecast stands behind it."""
    assert said == answer({"forecast": replace(ALL["forecast"], **change)})


def test_without_records_every_section_says_what_to_run() -> None:
    """Nothing is guessed: a missing record names its verb."""
    found = content({})
    assert "Not judged yet." == found.answer
    undone = {one.id: one.answer for one in found.sections if not one.done}
    assert {
        "forecast": "Not done yet: run `tunecase forecast`.",
        "pilot": "Not done yet: run `tunecase pilot`.",
        "decision": "Not done yet: run `tunecase decide`.",
        "books": "Not done yet: run `tunecase books`.",
        "inference": "Not done yet: run `tunecase inference`.",
    } == undone
    assert ("not done", "not done") == tuple(light.word for light in found.lights)


@pytest.mark.parametrize("verb", list(ALL))
def test_any_one_record_is_enough(verb: str) -> None:
    """Each record alone gives a report, and each may be missing."""
    assert len(REPORT_SECTIONS) == len(content({verb: ALL[verb]}).sections)
    assert len(REPORT_SECTIONS) == len(content({name: one for name, one in ALL.items() if name != verb}).sections)


def test_the_bill_shows_what_is_unpriced_and_what_is_left_out() -> None:
    """Unpriced lines say so, lines outside the total are named, the total comes last."""
    rows = table(section(content(), "bill"), "The bill")
    assert ("storage and transfer", "–", "–", "unpriced", "–", "–", "–") in rows
    assert ["inference (not in the total)", "Rounding"] == [row[0] for row in rows[-3:-1]]
    assert ("Total", "11k", "3k", "8k", "17k", "25k", "100%") == rows[-1]


@pytest.mark.parametrize(
    ("over", "word"),
    [(None, "no budget given"), (0.1, "within budget"), (0.3, "may pass the budget"), (0.7, "likely over budget")],
)
def test_the_bill_has_a_word_for_the_budget(over: float | None, word: str) -> None:
    """The word follows the chance to pass the budget."""
    estimate: Estimate = replace(ALL["estimate"], over_budget=over, budget=None if over is None else 18_000.0)
    assert word == section(content({"estimate": estimate}), "bill").word


def test_an_earlier_estimate_shows_how_the_total_moved() -> None:
    """Both estimates stand side by side in the evidence."""
    found = content(earlier=[("before the pilot", samples.earlier_estimate())])
    assert ["before the pilot", "now"] == [row[0] for row in table(section(found, "bill"), "How the total moved")]


def test_every_option_has_its_arithmetic() -> None:
    """The best option comes first and is marked; blocked ones come last with the reason."""
    found = section(content(), "decision")
    rows = table(found, "Options, the best first")
    assert "label more (advised)" == rows[0][0]
    assert rows[-1][1].startswith("not possible: no price")
    assert len(ALL["decide"].options) == len(table(found, "The arithmetic of every option"))
    lone: Decision = replace(ALL["decide"], advice="ask for a value", options=())
    assert "unknown" == section(content({"decide": lone}), "decision").tone


def test_the_books_compare_plan_and_actual() -> None:
    """Spent money keeps its cents, what nobody planned says so, charges are the evidence."""
    found = section(content(spendings=samples.spendings()), "books")
    rows = {row[0]: row for row in table(found, "Plan against actual")}
    assert ("gpu", "25 to 260", "75", "41.17", "-34", "41", "inside P10 to P90") == rows["gpu"]
    assert "still running" == rows["labour"][-1]
    assert "not planned" == rows["legal review"][-1]
    assert "2,900.00 EUR (3,132.00 in the base currency)" in [row[2] for row in table(found, "Every charge")]
    broken = replace(ALL["books"], verified=False)
    assert "ledger not verified" == section(content({"books": broken}), "books").word


@pytest.mark.parametrize(
    ("inside", "spent", "closed", "word"),
    [
        (True, "80", True, "inside P10 to P90"),
        (False, "900", True, "above P90"),
        (False, "9", True, "below P10"),
        (False, "900", False, "above P90, still running"),
    ],
)
def test_a_finished_line_is_judged(inside: bool, spent: str, closed: bool, word: str) -> None:
    """A line that is judged says where the actual fell."""
    books: Books = ALL["books"]
    gpu = replace(next(line for line in books.lines if line.name == "gpu"), inside=inside, spent=Decimal(spent))
    gpu = replace(gpu, closed=samples.TODAY if closed else None, inside_90=False)
    rows = table(section(content({"books": replace(books, lines=(gpu,))}), "books"), "Plan against actual")
    assert word == rows[0][-1]


def test_everything_not_checked_is_gathered() -> None:
    """Unknown rules, unchecked defects and unpriced lines stand in one place."""
    told = markdown(content())
    assert "## What was not checked" in told
    assert "P5 room above the baseline" in told.split("## What was not checked")[1]
    assert "Unpriced: storage and transfer" in told.split("## What was not checked")[1]


def test_the_json_gives_the_records_back() -> None:
    """Each record reads back equal to itself, with the answer and the meta data beside it."""
    body = json.loads(as_json(content(spendings=samples.spendings(), meta={"version": "0.1.0", "seed": "0"})))
    assert answer(ALL) == body["answer"]
    assert "0" == body["meta"]["seed"]
    assert ALL["estimate"] == from_json(Estimate, body["records"]["estimate"])
    assert "3132.00" == body["records"]["spend"][2]["amount_base"]


def test_three_files_are_written(tmp_path: Path) -> None:
    """The folder holds HTML, Markdown and JSON, nothing half-written beside them, and the record names them."""
    told = report(content(), tmp_path / "new", page=lambda found: f"<p>{found.answer}</p>")
    assert ["report.html", "report.json", "report.md"] == sorted(path.name for path in (tmp_path / "new").iterdir())
    assert answer(ALL) == told.answer
    assert Path(told.markdown).read_text(encoding="utf-8") == markdown(content())
    assert len(REPORT_SECTIONS) == len(told.sections)
    assert "" == report(content({}), tmp_path).html


def test_markdown_escapes_what_it_is_given() -> None:
    """Mark-up in a class label or a finding stays text, and a table keeps its columns."""
    evil = "a | b <script>x</script> [link](x)\n# head"
    lines = (replace(ALL["estimate"].lines[0], basis=evil), *ALL["estimate"].lines[1:])
    text = markdown(content({"estimate": replace(ALL["estimate"], lines=lines)}))
    assert "<script>" not in text
    assert "a \\| b &lt;script&gt;x&lt;/script&gt; \\[link\\](x) \\# head" in text


def test_samples_are_consistent() -> None:
    """The sample books and shares add up, so that a picture of them is an honest one."""
    books: Books = ALL["books"]
    assert sum(line.spent for line in books.lines) == books.spent == Decimal(18_000) - (books.left or 0)
    assert 1 == pytest.approx(sum(line.share or 0 for line in ALL["estimate"].lines))
    audit = ALL["audit"]
    assert audit.rows == audit.usable + audit.dropped + audit.quarantined
    assert audit.usable == sum(audit.classes.values())


def test_inputs_that_never_flip_are_told() -> None:
    """Where no input alone would change the advice, the report says so in the words of the terminal."""
    firm = replace(ALL["decide"], what_if=(Flip("problem.value", 0.4), Flip("budget", 30_000.0)))
    found = markdown(content({**ALL, "decide": firm}))
    assert "no input alone would change it" in found
