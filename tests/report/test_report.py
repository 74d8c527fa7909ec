"""The report: every section from records, the answer first, nothing that no record holds."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tests.records.test_records import JUDGED
from tunecase.blocks import Content, Listing, Scored, Section, Table
from tunecase.records import (
    Alternative,
    Books,
    Candidate,
    Decision,
    Estimate,
    Flip,
    Forecast,
    Promise,
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


def test_a_stand_ins_curve_says_what_the_model_is_assumed_to_do() -> None:
    """Where a probe stood in, the curve's section tells by what factor the decision's chance differs from it."""
    seen = replace(ALL["forecast"], stand_in=True, stand_in_factor="stand_in.factor")
    lead = section(content({**ALL, "forecast": seen}), "forecast").answer
    assert "is assumed to make 0.3 to 1.1 times these errors" in lead
    assert "assumed to make" not in section(content(), "forecast").answer


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
        "data": "Not done yet: run `tunecase audit`.",
        "problem": "Not done yet: run `tunecase define`.",
        "ways": "Not done yet: run `tunecase define`.",
        "pilot": "Not done yet: run `tunecase pilot`.",
        "decision": "Not done yet: run `tunecase decide`.",
        "sources": "Not done yet: run `tunecase sources`.",
        "inference": "Not done yet: run `tunecase inference`.",
    } == undone
    assert ("not done", "not done") == tuple(light.word for light in found.lights)


@pytest.mark.parametrize("verb", list(ALL))
def test_any_one_record_is_enough(verb: str) -> None:
    """Each record alone gives a report, and each may be missing."""
    assert len(REPORT_SECTIONS) == len(content({verb: ALL[verb]}).sections)
    assert len(REPORT_SECTIONS) == len(content({name: one for name, one in ALL.items() if name != verb}).sections)


def test_findings_are_ranked_and_priced() -> None:
    """What stops comes first; a fix that costs nothing is called free."""
    rows = table(section(content(), "data"), "Defects")
    assert ("leak", "stop", "9", "0.4%", "delete them from training", "free") == rows[0][:6]
    assert "55 USD (38 to 80)" == rows[1][5]
    clean = replace(ALL["audit"], findings=())
    assert "no defect was found" == table(section(content({"audit": clean}), "data"), "Defects")[0][0]


def test_criteria_that_fail_come_first() -> None:
    """Fail, unknown, pass: each with its word."""
    rows = table(section(content(), "problem"), "Rules of a well-posed problem")
    assert ["fail", "unknown", "unknown", "pass"] == [row[1] for row in rows[:4]]


def test_ways_stand_side_by_side() -> None:
    """What is unknown says so; what is ruled out stands apart, with its reason, and in no picture."""
    rows = table(section(content(), "ways"), "Ways to give the answers")
    assert ["as today", "prompt a hosted model", "tune a small model"] == [row[0] for row in rows]
    assert ("0.82", "6.0k (4.0k to 9.0k)", "unknown") == rows[1][1:4]
    struck = [replace(way, struck="it is too slow") for way in ALL["define"].alternatives[1:2]]
    definition = replace(ALL["define"], alternatives=(ALL["define"].alternatives[0], *struck))
    found = section(content({"define": definition}), "ways")
    assert "prompt a hosted model: it is too slow" in [
        item for block in found.blocks if isinstance(block, Listing) for item in block.items
    ]
    assert ["as today"] == [row[0] for row in table(found, "Ways to give the answers")]
    assert [("as today",)] == [
        tuple(row[0] for row in block.rows) for block in found.blocks if isinstance(block, Scored)
    ]


@pytest.mark.parametrize(
    ("best", "word"), [(0.93, "a head on a small encoder"), (0.5, "nothing measured does"), (None, "not measured")]
)
def test_what_else_would_do_has_a_word(best: float | None, word: str) -> None:
    """A cheaper way that was measured at the target is named; one that was not measured here is never called enough."""
    way = Alternative("encoder", "a head on a small encoder", best, None, None, None, None, "measured")
    if best is None:
        way = replace(way, evidence="stated", score=0.99)
    definition = replace(ALL["define"], alternatives=(way,), target=0.9)
    assert word == section(content({"define": definition}), "ways").word


def test_every_option_has_its_arithmetic() -> None:
    """The best option comes first and is marked; blocked ones come last with the reason."""
    found = section(content(), "decision")
    rows = table(found, "Options, the best first")
    assert "label more (advised)" == rows[0][0]
    assert rows[-1][1].startswith("not possible: no price")
    assert len(ALL["decide"].options) == len(table(found, "The arithmetic of every option"))
    lone: Decision = replace(ALL["decide"], advice="ask for a value", options=())
    assert "unknown" == section(content({"decide": lone}), "decision").tone


def test_needed_examples_may_never_come() -> None:
    """Where most worlds never reach the target, the words say never and give no number."""
    needed = replace(ALL["forecast"].needed, p10=None, p50=None, p90=None)
    text = markdown(content({"forecast": replace(ALL["forecast"], needed=needed)}))
    assert "in 9 of 10 worlds never reached" in text
    lucky = replace(needed, p10=900)
    text = markdown(content({"forecast": replace(ALL["forecast"], needed=lucky)}))
    assert "with luck (1 in 10) 900" in text


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
    finding = replace(ALL["audit"].findings[0], fix="a | b <script>x</script> [link](x)\n# head")
    audit = replace(ALL["audit"], findings=(finding,), classes={"<b>|*": 3})
    text = markdown(content({"audit": audit}))
    assert "<script>" not in text
    assert "a \\| b &lt;script&gt;x&lt;/script&gt; \\[link\\](x) \\# head" in text
    assert "| &lt;b&gt;\\|\\* | 3 | 0 |" in text


def test_samples_are_consistent() -> None:
    """The sample books and shares add up, so that a picture of them is an honest one."""
    books: Books = ALL["books"]
    assert sum(line.spent for line in books.lines) == books.spent == Decimal(18_000) - (books.left or 0)
    assert 1 == pytest.approx(sum(line.share or 0 for line in ALL["estimate"].lines))
    audit = ALL["audit"]
    assert audit.rows == audit.usable + audit.dropped + audit.quarantined
    assert audit.usable == sum(audit.classes.values())


def test_a_pilot_of_a_model_is_told_in_full() -> None:
    """Baselines, mistakes, the search, notes and the judge's verdict stand in the pilot's section."""
    pilot = replace(samples.pilot_of_a_model(), notes=("uneven classes",))
    found = section(content({**ALL, "pilot": pilot, "judge": JUDGED}), "pilot")
    assert "0.012 USD, 20 s" in table(found, "To compare with")[2]
    assert ("refund_request", "charge_dispute", "9", "30%") == table(found, "What is taken for what")[0]
    assert "worse than the rest" in table(found, "Parts of the test set")[0]
    assert "17" == table(found, "Wrong and sure: rows to look at")[0][0]
    assert "loss is not a number" in table(found, "Search over settings")[3]
    raced = Candidate(
        "n-grams", "n-grams", "probe", "", (), 680, 0.5, 270, promise=Promise(0.05, 0.71, 0.8, 0.049, 270, 20),
        dropped="cannot win any more",
    )  # fmt: skip
    told_too = replace(pilot, candidates=(raced,), not_measured=("big: absent",))
    found = section(content({**ALL, "pilot": told_too}), "pilot")
    first = table(found, "To compare with")[0]
    assert ("n-grams", "680", "0.500", "–", "price unknown", "answers 71% at no more than 5% wrong") == first[:6]
    assert "cannot win any more" == first[-1]
    told = markdown(content({**ALL, "pilot": pilot, "judge": JUDGED}))
    for words in ("uneven classes", "Judged by a model", "General skill", "120 in every run"):
        assert words in told


def test_inputs_that_never_flip_are_told() -> None:
    """Where no input alone would change the advice, the report says so in the words of the terminal."""
    firm = replace(ALL["decide"], what_if=(Flip("problem.value", 0.4), Flip("budget", 30_000.0)))
    found = markdown(content({**ALL, "decide": firm}))
    assert "no input alone would change it" in found
