"""A key holds the data, the settings and the schema; what on file is not used is named with its reason."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl
from tunecase import flow
from tunecase.case import Case
from tunecase.flow import Flow, open_case
from tunecase.flow.keys import Grounds, key_parts
from tunecase.ledger import Entry
from tunecase.records import RECORDS, SCHEMAS

TODAY = date(2026, 11, 24)
VERBS = ("define", "audit", "review", "pilot", "judge", "forecast", "estimate", "decide")
DAY = ("--today", TODAY.isoformat())


@pytest.fixture(scope="module")
def piloted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with an audit, a pilot, a definition, a forecast and a bill."""
    path = case_folder(tmp_path_factory.mktemp("piloted"))
    case = open_case(path, today=TODAY)
    flow.pilot(case, flow.PilotSettings(draws=1, workers=1))
    flow.forecast(case)
    flow.estimate(case)
    return path


@pytest.fixture
def restored(piloted: Path) -> Iterator[Path]:
    """The same case, put back after the test as it was."""
    files = {path: path.read_bytes() for path in piloted.parent.iterdir() if path.is_file()}
    yield piloted
    for path, content in files.items():
        path.write_bytes(content)


def reasons(case: Flow) -> dict[str, str]:
    """Why the records on file are not used, by verb."""
    return {record.verb: record.reason for record in flow.not_used(case)}


@given(seed=st.integers(1, 2**32 - 1), verb=st.sampled_from(VERBS))
@settings(max_examples=20, deadline=None)
def test_another_seed_has_the_same_key(piloted: Path, seed: int, verb: str) -> None:
    """What is drawn does not decide what a record rests on."""
    case = open_case(piloted, today=TODAY)
    assert case.key(verb) == replace(case, seed=seed, records={}).key(verb)


def test_one_seed_has_one_bill(restored: Path) -> None:
    """A bill of another seed is drawn anew, and the bill and the plan of the first seed stay what they were."""
    first = open_case(restored, today=TODAY).current("estimate")
    other = flow.estimate(open_case(restored, seed=1, today=TODAY))
    assert (0, 1) == (first.seed, other.seed)
    assert first.total != other.total
    assert first.based_on == other.based_on
    assert first.total.p50 == pytest.approx(other.total.p50, rel=0.1)
    assert first == open_case(restored, today=TODAY).current("estimate")
    assert first == flow.estimate(open_case(restored, today=TODAY))


def test_another_seed_keeps_the_pilot(restored: Path) -> None:
    """`estimate --seed 1` rests on the pilot on file, and the splits of the pilot stay those of its own seed."""
    kept = open_case(restored, today=TODAY).current("pilot")
    bill = tunecase("estimate", "--seed", "1", "--json", *DAY, "--project", restored).json
    assert "not_used" not in bill
    assert 1 == bill["seed"]
    assert "pilot" in bill["based_on"]
    case = open_case(restored, seed=1, today=TODAY)
    assert kept == case.current("pilot")
    flow.road(case, lambda verb, record: None)
    again = open_case(restored, seed=1, today=TODAY)
    assert len(kept.runs) <= again.current("pilot").reused
    entry = again.entry_that_holds("pilot")
    assert entry is not None
    assert 0 == entry.meta["seed"]


def test_a_pilot_may_have_a_seed_of_its_own(restored: Path) -> None:
    """The seed of the splits is the pilot's, kept beside its record."""
    case = open_case(restored, today=TODAY)
    flow.pilot(case, flow.PilotSettings(draws=1, workers=1, sizes=(40,), seed=7))
    entry = open_case(restored, today=TODAY).entry_that_holds("pilot")
    assert entry is not None
    assert 7 == entry.meta["seed"]


def test_other_production_rows_keep_the_pilot(restored: Path) -> None:
    """A pilot reads the training and the test file alone."""
    write_jsonl(restored.parent / "real.jsonl", tickets(50, 9))
    text = restored.read_text(encoding="utf-8")
    restored.write_text(text.replace("  test: test.jsonl", "  test: test.jsonl\n  production: real.jsonl"), "utf-8")
    case = open_case(restored, today=TODAY)
    assert case.current("pilot") is not None
    assert case.current("audit") is None


def test_reasons_name_what_changed(restored: Path) -> None:
    """Files by name, fields of the project file by name, prices by their day."""
    assert {} == reasons(open_case(restored, today=TODAY))
    old = "was made with the prices of 24 November 2026"
    assert {"define": old, "forecast": old, "estimate": old} == reasons(open_case(restored, today=date(2026, 11, 25)))
    text = restored.read_text(encoding="utf-8")
    restored.write_text(text.replace("30k USD", "31k USD"), encoding="utf-8")
    changed = reasons(open_case(restored, today=TODAY))
    assert "was made for another project file: budget changed" == changed["audit"]
    assert "pilot" not in changed
    restored.write_text(text.replace("metric: accuracy", "metric: macro_f1"), encoding="utf-8")
    assert "was made with other task, columns or metric" == reasons(open_case(restored, today=TODAY))["pilot"]
    restored.write_text(text, encoding="utf-8")
    write_jsonl(restored.parent / "train.jsonl", tickets(241, 1))
    assert "was made on other data: train.jsonl changed" == reasons(open_case(restored, today=TODAY))["pilot"]
    write_jsonl(restored.parent / "test.jsonl", tickets(199, 2))
    two = "was made on other data: train.jsonl and test.jsonl changed"
    assert two == reasons(open_case(restored, today=TODAY))["pilot"]


def test_every_face_names_what_is_not_used(restored: Path) -> None:
    """The terminal, its JSON, the report in each form and the Python face name the pilot of other data."""
    write_jsonl(restored.parent / "train.jsonl", tickets(241, 1))
    made = open_case(restored).ledger.latest("record", "pilot")
    assert made is not None
    when = f"{made.recorded_at.day} {made.recorded_at:%B %Y}"
    line = f"the pilot of {when} was made on other data: train.jsonl changed"
    ran = tunecase("estimate", *DAY, "--project", restored)
    assert f"Not used: {line}" in " ".join(ran.out.split())
    body = tunecase("estimate", "--json", *DAY, "--project", restored).json
    assert ("pilot", made.id) in [(record["verb"], record["entry"]) for record in body["not_used"]]
    assert line in map(str, Case(restored, today=TODAY).not_used())
    Case(restored, today=TODAY).report()
    for name in ("report.md", "report.html"):
        text = (restored.parent / name).read_text(encoding="utf-8")
        assert line.removeprefix("the") in " ".join(re.sub("<[^>]+>", " ", text).split()), name
    meta = json.loads((restored.parent / "report.json").read_bytes())["meta"]
    assert "was made on other data: train.jsonl changed" in [record["reason"] for record in meta["not_used"]]


def test_every_record_has_a_schema() -> None:
    """Each verb's records have a number of their form, which is part of the key."""
    assert set(RECORDS) == set(SCHEMAS)
    assert "v1" == key_parts(Grounds("audit", [], {}).key)[2]


def entry(key: object, **meta: object) -> Entry:
    """An entry of an audit with a key."""
    return Entry("1" * 64, "0" * 64, datetime(2026, 11, 24, tzinfo=UTC), "record", "audit", {}, {"key": key, **meta})


def test_another_schema_is_said() -> None:
    """A record of an earlier or a later form is not used, and both numbers are named."""
    grounds = Grounds("audit", [], {})
    later = entry(grounds.key.replace("-v1", "-v2"))
    assert "was written in another form (v2, now v1)" == grounds.why_not(later)


@pytest.mark.parametrize("key", [None, 3, "", "a", "a-b-c-d-e-f", "x-" * 9])
def test_a_key_of_any_form_is_survived(key: object) -> None:
    """Whatever stands there, the record is not used and a reason is given."""
    grounds = Grounds("audit", [("train.jsonl", "ab" * 32)], {})
    assert grounds.why_not(entry(key))
    assert grounds.why_not(entry(key, rests_on={"files": {"a": 1}, "settings": {}, "fields": {}}))
    assert grounds.why_not(entry(key, rests_on=3))
