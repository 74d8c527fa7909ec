"""What version 0.1.0 wrote is still good: its ledgers are read, its records hold, its stopped pilots go on."""

import json
import os
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.command import tunecase
from tunecase.case import Case
from tunecase.flow import not_used, open_case
from tunecase.flow.opened import REDRAWN
from tunecase.ledger.book import Ledger
from tunecase.ledger.lines import Entry
from tunecase.records import RECORDS, SCHEMAS, from_json, to_json

FIXTURES = Path(__file__).parent / "fixtures" / "old_ledgers"
TODAY = date(2026, 11, 24)
DAY = ("--today", TODAY.isoformat())
LEDGERS = ("walked", "stopped", "command")
# Verbs whose last record in `walked` holds for the case as it stands.
HELD = ("audit", "labelling", "pilot", "round", "next", "books", "compare", "report")
# These are worked out in another way now: they are read, named as not used, and made again.
REMADE = ("forecast", "estimate", "define", "decide")
# Fields that the plan's figures, and the looks of a decision, have taken the place of.
GONE = frozenset(
    {"p_reach", "expected_gain", "expected_cost", "expected_value", "experiments", "certainty", "stop_at", "truly",
     "give_up", "flips_at"}
)  # fmt: skip
# What brings them into it, in order: the problem rests on a bill, and the bill on the curve.
ANEW = ("estimate", "define", "forecast", "estimate")
EARLIER_FORM = {verb: f"was written in another form (v1, now v{SCHEMAS[verb]})" for verb in REMADE}
IMPORTS = (("timesheet", "hours.csv", 3), ("focus", "bill.csv", 2), ("runs", "training", 2))
SIZES = ("--sizes", "10,20,40,80", "--draws", "2", "--all", "--workers", "1")
OWN_TRAINER = ("--trainer", "command", "--set", "command=./trainer", "--sizes", "24,48,90", "--draws", "1", "--all")


def written(name: str) -> list[Entry]:
    """The entries of a ledger as it was written."""
    return list(Ledger(FIXTURES / name / "ledger.jsonl").entries())


def copied(name: str, folder: Path) -> Path:
    """The case with one of its ledgers in a folder of its own; returns the project file."""
    shutil.copytree(FIXTURES / "case", folder, dirs_exist_ok=True)
    shutil.copytree(FIXTURES / name, folder, dirs_exist_ok=True)
    return folder / "tunecase.yaml"


@pytest.fixture
def walked(tmp_path: Path) -> Path:
    """The project file of the case that was walked to its report."""
    return copied("walked", tmp_path)


def lines(project: Path) -> list[bytes]:
    """The lines of the ledger beside a project file."""
    return (project.parent / "ledger.jsonl").read_bytes().splitlines()


def added(project: Path, name: str) -> list[Entry]:
    """What was appended to a copied ledger, whose beginning is as it was written."""
    before = (FIXTURES / name / "ledger.jsonl").read_bytes().splitlines()
    assert before == lines(project)[: len(before)]
    return list(Ledger(project.parent / "ledger.jsonl").entries())[len(before) :]


def last(name: str, verb: str) -> Entry:
    """The last record of a verb in a ledger as it was written."""
    return next(entry for entry in reversed(written(name)) if (entry.kind, entry.verb) == ("record", verb))


def as_written(before: Any, now: Any) -> Any:
    """What is told now, without the fields that records have gained since it was written."""
    match before, now:
        case dict(), dict():
            return {name: as_written(before[name], value) for name, value in now.items() if name in before}
        case list(), list() if len(before) == len(now):
            return [as_written(*pair) for pair in zip(before, now, strict=True)]
    return now


def kept(body: Any) -> Any:
    """What was written, without the fields that are gone."""
    match body:
        case dict():
            gone = GONE | {"steps"} if "reaches" in body else GONE  # of what follows a first test
            return {name: kept(value) for name, value in body.items() if name not in gone}
        case list():
            return [kept(value) for value in body]
    return body


def runs(entries: Sequence[Entry]) -> list[Any]:
    """The bodies of the run entries."""
    return [entry.body for entry in entries if entry.kind == "run"]


def typed(*words: str | Path, project: Path) -> Any:
    """The JSON of a command that ends well, whether its answer is yes or no."""
    ran = tunecase(*words, "--json", "--project", project.name, cwd=project.parent)
    assert ran.code in (0, 1), ran.err
    assert "" == ran.err
    return ran.json


@pytest.mark.parametrize("name", LEDGERS)
def test_an_old_ledger_verifies(name: str, tmp_path: Path) -> None:
    """Its chain holds, and every entry is counted."""
    ran = tunecase("ledger", "verify", "--project", copied(name, tmp_path))
    assert (0, "") == (ran.code, ran.err)
    assert f"{len(written(name))} entries, the chain is whole" in " ".join(ran.out.split())


@pytest.mark.parametrize("name", LEDGERS)
def test_every_entry_is_read_back_as_its_record(name: str) -> None:
    """Each is of its verb's class, and every value that was written is written again, but for an option's old ones."""
    kinds = {"run": RECORDS["run"], "spend": RECORDS["spend"]}
    for entry in written(name):
        kind = kinds.get(entry.kind) or RECORDS[entry.verb]
        record = from_json(kind, entry.body) if entry.kind == "run" else entry.record()
        assert type(record) is kind
        assert kept(entry.body) == as_written(entry.body, json.loads(to_json(record))), entry.verb


def test_what_was_found_still_holds(walked: Path) -> None:
    """The last record of every verb is known as it was written, and nothing is made or written for it."""
    before, case = lines(walked), open_case(walked, today=TODAY)
    held = {verb for verb in RECORDS if case.current(verb) is not None}
    assert set(HELD) == held
    for verb in HELD:
        assert last("walked", verb).record() == case.current(verb), verb
    assert [(1, 180, 0.83, "tune")] == [(one.number, one.n, one.score, one.changed) for one in case.rounds()]
    assert 12 == case.reviews.wrong
    assert before == lines(walked)


@pytest.mark.slow
def test_deciding_again_rests_on_what_was_made(walked: Path) -> None:
    """The same advice twice; problem, curve and bill are brought into their new form once.

    A look at a prompt comes before the stop that no step's worth would ask for, so the advice is not the one kept.
    """
    first, second = (typed("decide", *DAY, project=walked)["advice"] for _ in range(2))
    assert first == second == "look"
    assert [*ANEW, "decide", "decide"] == [entry.verb for entry in added(walked, "walked")]


def test_old_books_show_what_was_paid(walked: Path) -> None:
    """The books have the figures that were kept: paid, left, each line, the plan of record and the closed line.

    What was charged before the plan was made is told now, and judged no more.
    """
    kept = last("walked", "books").body
    ran = tunecase("books", *DAY, "--project", walked)
    assert (0, "") == (ran.code, ran.err)
    assert " USD spent of " in ran.out
    made = added(walked, "walked")[0].body
    assert made.keys() - {"planned_total", "before_plan", "charges_before_plan", "served"} == kept.keys()
    for name in ("currency", "spent", "left", "plan"):
        assert kept[name] == made[name], name
    assert "6 charges of before the plan was made" in made["remarks"][0]
    assert kept["remarks"][-1] == made["remarks"][-1]
    paid = ("name", "spent", "closed")
    assert [[line.get(name) for name in paid] for line in kept["lines"]] == [
        [line.get(name) for name in paid] for line in made["lines"]
    ]


@pytest.mark.slow
def test_an_old_case_is_reported(walked: Path) -> None:
    """The report tells the kept records; curve, bill and decision are made anew, and so is what rests on the bill."""
    ran = tunecase("report", *DAY, "--project", walked)
    assert "" == ran.err
    made = [*ANEW, "define", "decide", "books", "report"]
    assert made == [entry.verb for entry in added(walked, "walked")]
    told = json.loads((walked.parent / "report.json").read_bytes())["records"]
    for verb in ("audit", "pilot"):
        body = last("walked", verb).body
        assert body == as_written(body, told[verb]), verb


@pytest.mark.slow
def test_an_old_case_takes_the_next_step(walked: Path) -> None:
    """Curve, bill and decision are brought into their new form once; without a new round nothing is decided again."""
    told = Case(walked, today=TODAY).next()
    assert [*ANEW, "decide", "next"] == [entry.verb for entry in added(walked, "walked")]
    assert "look" == told.decision.advice
    again = Case(walked, today=TODAY).next()
    assert ["next"] == [entry.verb for entry in added(walked, "walked")[6:]]
    assert told.decision == again.decision


def test_charges_are_not_booked_twice(walked: Path) -> None:
    """Every row of bill, time sheet and trainer is known from the ledger, and the corrected charge counts no more."""
    case = Case(walked, today=TODAY)
    for kind, place, rows in IMPORTS:
        again = case.spend_import(kind, walked.parent / place)
        assert (0, rows) == (again.booked, again.known), kind
    assert [] == added(walked, "walked")
    listed = case.charges()
    assert ["corrected"] == [one.out for one in listed.charges if one.charge.amount == 900]
    assert last("walked", "books").body["spent"] == str(listed.total)


def test_a_half_made_import_is_finished(walked: Path) -> None:
    """An import that was killed after its first charge is remarked, books the rest when run again, and is whole."""
    all_lines = lines(walked)
    first = next(at for at, line in enumerate(all_lines) if line.endswith(b'"verb":"imported"}'))
    ledger = walked.parent / "ledger.jsonl"
    ledger.write_bytes(b"\n".join(all_lines[: first + 2]) + b"\n")
    assert any("ended midway" in remark for remark in typed("books", *DAY, project=walked)["remarks"])
    again = Case(walked, today=TODAY).spend_import("timesheet", walked.parent / "hours.csv")
    assert (2, 1) == (again.booked, again.known)
    assert not any("ended midway" in remark for remark in typed("books", *DAY, project=walked)["remarks"])
    booked = [entry.body["row_id"] for entry in Ledger(ledger).entries() if entry.body.get("source") == "timesheet"]
    before = [entry.body["row_id"] for entry in written("walked") if entry.body.get("source") == "timesheet"]
    assert before == booked


def test_a_killed_pilot_is_made_whole(tmp_path: Path) -> None:
    """Its runs were dealt otherwise, with classes alike at small sizes, so all sizes are made again, and kept once."""
    project = copied("stopped", tmp_path)
    before, whole = runs(written("stopped")), runs(written("walked"))
    assert 3 == len(before)
    record = typed("pilot", *SIZES, *DAY, project=project)
    new = added(project, "stopped")
    assert [run["n"] for run in whole] == [run["n"] for run in record["runs"]]
    fresh = [run for run in record["runs"] if run["key"] not in {each["key"] for each in before}]
    assert record["reused"] == len(whole) - len(fresh)
    assert [run["key"] for run in fresh] == [run["key"] for run in runs(new)]
    again = typed("pilot", *SIZES, *DAY, project=project)
    assert (len(whole), record["runs"]) == (again["reused"], again["runs"])
    assert [] == runs(added(project, "stopped")[len(new) :])


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="skipped: Windows does not read the first line of a script")
def test_a_killed_pilot_of_ones_own_trainer_goes_on(tmp_path: Path) -> None:
    """The script is known by its bytes and a run by its key, which holds its rows: what is missing is made, once."""
    project = copied("command", tmp_path)
    words = ("pilot", *OWN_TRAINER, "--workers", "1", "--yes", "--quiet", *DAY)
    record = typed(*words, project=project)
    assert [24, 48, 90] == [run["n"] for run in record["runs"]]
    made = [run["n"] for run in runs(added(project, "command")) if run["trainer"] == "command"]
    assert record["reused"] == 3 - len(made)
    assert 3 == typed(*words, project=project)["reused"]


def test_runs_of_another_machine_are_taken_over(tmp_path: Path) -> None:
    """A ledger that was brought home gives its runs, and the answers beside it."""
    (tmp_path / "here").mkdir()
    project = tmp_path / "here" / "tunecase.yaml"
    shutil.copytree(FIXTURES / "case", project.parent, dirs_exist_ok=True)
    brought = copied("stopped", tmp_path / "rented")
    ran = tunecase("ledger", "merge", brought.parent / "ledger.jsonl", "--project", project)
    assert (0, "") == (ran.code, ran.err)
    found = runs(list(Ledger(project.parent / "ledger.jsonl").entries()))
    later = dict.fromkeys(
        ("answers_per_s", "skill_lost_rows", "skill_won_rows", "longest_row", "commonest_share", "disclosed")
    )  # that came later
    assert [later | run for run in runs(written("stopped"))] == found
    assert {run["key"] for run in found} == {path.stem for path in (project.parent / "pilot" / "answers").iterdir()}


def test_a_case_that_changed_is_asked_anew(walked: Path) -> None:
    """Another budget leaves the pilot and outdates what rests on it, which is named with its reason."""
    text = walked.read_text(encoding="utf-8")
    walked.write_text(text.replace("budget: 30k USD", "budget: 31k USD"), encoding="utf-8")
    case = open_case(walked, today=TODAY)
    assert case.current("pilot") is not None
    assert [None] * 3 == [case.current(verb) for verb in ("estimate", "forecast", "decide")]
    why = "was made with other settings"
    expected = dict.fromkeys(("define", "forecast"), f"{why}, or with prices of another day") | EARLIER_FORM
    assert {"audit": why, **expected} == {record.verb: record.reason for record in not_used(case)}


def test_another_seed_and_another_version_use_what_is_on_file(walked: Path) -> None:
    """An audit, a pilot and what happened hold for any seed and of any version; what only draws is drawn anew."""
    assert {"0.1.0"} == {entry.meta["version"] for entry in written("walked") if "version" in entry.meta}
    case = open_case(walked, seed=1, today=TODAY)
    assert set(HELD) - set(REDRAWN) == {verb for verb in RECORDS if case.current(verb) is not None}
    assert EARLIER_FORM == {record.verb: record.reason for record in not_used(case)}


def test_an_old_pilot_of_other_data_is_named(walked: Path) -> None:
    """Its key says only that the data were others: the files are named that it may have been."""
    with (walked.parent / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write(lines(walked)[0].decode() + "\n")
    told = {record.verb: str(record) for record in not_used(open_case(walked, today=TODAY))}
    assert told["pilot"].endswith(" 2026 was made on other data: train.jsonl or test.jsonl changed")
