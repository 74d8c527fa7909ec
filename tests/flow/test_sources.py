"""The race of a case: the plan's own figures, and a trial that replaces the assumption on every face."""

import html
import json
from datetime import date
from pathlib import Path

import pytest

from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl
from tunecase.case import Case
from tunecase.errors import InputError
from tunecase.flow import sources
from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow, open_case
from tunecase.plan.levers.data import other_sources
from tunecase.records import to_json

TODAY = date(2026, 11, 24)
SOURCES = """    - {kind: label, pool: 20k, effort: 1 to 2 min per label, rate: 12 to 25 USD per hour}
    - {kind: synthetic, price: 0.02 to 0.05 USD per example, set_up: 300 USD}"""


def opened(folder: Path) -> Flow:
    """A case with labels and rows that a model writes, in 2,000 worlds."""
    flow = open_case(case_folder(folder, source=SOURCES), today=TODAY)
    flow.DRAWS = 2_000  # type: ignore[misc]
    return flow


def spoilt(folder: Path) -> Path:
    """120 rows of the source, a third of whose labels are random."""
    return write_jsonl(folder / "rows.jsonl", [*tickets(80, 7), *tickets(40, 8, shuffled=True)])


def test_the_race_has_the_figures_of_the_plan(tmp_path: Path) -> None:
    """What the next step costs from the synthetic source is what the plan's lever pays for it, world by world."""
    flow = opened(tmp_path)
    record = sources(flow)
    solved = drawn_of(flow).solved
    state = solved.state
    assert (record.rows, record.to_rows) == state.sizes[:2]
    purchase = other_sources(state).purchase
    raced = next(one for one in record.raced if one.name == "synthetic")
    assert raced.step_expected == pytest.approx(float(purchase.costs[0].mean()), rel=1e-9)
    assert flow.current("sources") == record


@pytest.mark.slow
def test_a_measured_worth_replaces_the_assumption_everywhere(tmp_path: Path) -> None:
    """The race, the words and evidence of the plan's lever and the ledger have it, whichever face asked for the trial.

    The trial's runs are no part of the pilot's curve, and none is made twice.
    """
    path, rows = opened(tmp_path).path, spoilt(tmp_path)
    args = ("--project", path, "--source", "synthetic", "--rows", rows, "--draws", "6", "--workers", "1")
    ran = tunecase("pilot", *args, "--json")
    assert ran.code == 0
    assert ran.json["source"] == "synthetic"
    flow = open_case(path, today=TODAY)
    flow.DRAWS = 2_000  # type: ignore[misc]
    told = bool(ran.json["tells"])
    raced = next(one for one in sources(flow).raced if one.name == "synthetic")
    assert raced.worth_by == ("measured" if told else "assumed")
    assert [entry for entry in flow.ledger.entries() if entry.kind == "run"] == []
    assert len(list(flow.ledger.entries_of("record", "run"))) == 6 * 5
    body = Case(path, today=TODAY).try_source("synthetic", rows, draws=6, workers=1)
    assert json.loads(to_json(body))["worth"] == ran.json["worth"]
    assert len(list(flow.ledger.entries_of("record", "run"))) == 6 * 5
    again = open_case(path, today=TODAY)
    assert again.worths == ({"synthetic": body.worth} if body.tells else {})
    solved = drawn_of(again).solved
    offer = other_sources(solved.state)
    assert offer.evidence == ("measured" if body.tells else "assumed")
    assert ("measured" in offer.assumption) == body.tells


def test_what_cannot_be_tried_is_refused_with_a_fix(tmp_path: Path) -> None:
    """An unknown source, half of the pair of options, options that do not belong, and a file that is not there."""
    flow, rows = opened(tmp_path), spoilt(tmp_path)
    with pytest.raises(InputError, match="did you mean synthetic"):
        Case(flow.path, today=TODAY).try_source("synthetc", rows)
    for words in (
        ("--source", "synthetic"), ("--rows", rows), ("--source", "synthetic", "--rows", tmp_path / "none.jsonl"),
        ("--source", "synthetic", "--rows", rows, "--sizes", "50,100"),
    ):  # fmt: skip
        ran = tunecase("pilot", "--project", flow.path, *words)
        assert ran.code == 2
        assert "; wanted " in ran.err


def test_the_command_prints_the_race(tmp_path: Path) -> None:
    """As JSON every source is there."""
    ran = tunecase("sources", "--project", opened(tmp_path).path, "--today", "2026-11-24", "--json")
    assert {one["name"] for one in ran.json["raced"]} >= {"label", "synthetic", "licence"}


def test_the_report_shows_the_race_once_it_was_run(tmp_path: Path) -> None:
    """Before, the appendix says what to run; then it has every source with its risks."""
    case = Case(opened(tmp_path).path, today=TODAY)
    case.report()
    before = html.unescape((tmp_path / "report.md").read_text(encoding="utf-8"))
    assert "Where more rows should come from: run `tunecase sources`" in before
    assert "Teaches like" not in before
    case.sources()
    case.report(force=True)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "Where more rows should come from" not in text
    assert "Teaches like" in text
    assert "lawyer" in text


def test_a_source_that_is_called_for_its_place_is_not_tried(tmp_path: Path) -> None:
    """Its worth would go to another once one is added before it: a name is asked for, and nothing is trained."""
    two = SOURCES + "\n    - {kind: synthetic, price: 0.5 USD per example}"
    case = Case(case_folder(tmp_path, source=two), today=TODAY)
    for name in ("synthetic", "synthetic 2"):
        with pytest.raises(InputError, match="add a `name:` of its own"):
            case.try_source(name, spoilt(tmp_path), draws=6, workers=1)
    assert [] == list(case.flow.ledger.entries())
