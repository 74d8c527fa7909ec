"""A key holds the data, the settings and the schema; what on file is not used is named with its reason."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests import walked
from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl
from tunecase import catalog, flow
from tunecase.case import Case
from tunecase.flow import Flow, open_case, opened
from tunecase.flow.keys import DAY as PRICE_DAY
from tunecase.flow.keys import PROJECT, TASK, DataFile, Grounds, key_parts
from tunecase.flow.points import kept_elsewhere
from tunecase.flow.verbs import BILL, CURVE
from tunecase.ledger import Entry
from tunecase.records import RECORDS, SCHEMAS

TODAY = walked.TODAY
VERBS = ("define", "audit", "review", "pilot", "judge", "forecast", "estimate", "decide")
PRICED = ("define", "forecast", "estimate", "decide")
DAY = ("--today", TODAY.isoformat())


@pytest.fixture
def restored(tmp_path: Path) -> Path:
    """A case that was walked to its decision."""
    return walked.path_of("decided", tmp_path)


def reasons(case: Flow) -> dict[str, str]:
    """Why the records on file are not used, by verb."""
    return {record.verb: record.reason for record in flow.not_used(case)}


def test_another_seed_has_the_same_key(restored: Path) -> None:
    """What is drawn does not decide what a record rests on."""
    case, other = (open_case(restored, seed, TODAY) for seed in (0, 2**32 - 1))
    assert [case.key(verb) for verb in VERBS] == [other.key(verb) for verb in VERBS]


def test_one_seed_has_one_bill(restored: Path) -> None:
    """The bill and the plan of the first seed stay what they were after one of another seed."""
    case = open_case(restored, seed=1, today=TODAY)
    first = open_case(restored, today=TODAY).current("estimate")
    assert case.current("estimate") is None
    other = replace(first, seed=1)
    case.keep("estimate", other)
    assert [first, other] == [open_case(restored, seed, TODAY).current("estimate") for seed in (0, 1)]


@pytest.mark.slow
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
    assert 0 == entry.meta["seed"]


def test_a_pilot_may_have_a_seed_of_its_own(restored: Path) -> None:
    """The seed of the splits is the pilot's, kept beside its record."""
    case = open_case(restored, today=TODAY)
    flow.pilot(case, flow.PilotSettings(draws=1, workers=1, sizes=(40,), seed=7, with_baselines=False))
    entry = open_case(restored, today=TODAY).entry_that_holds("pilot")
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
    assert dict.fromkeys(PRICED, old) == reasons(open_case(restored, today=date(2026, 11, 25)))
    text = restored.read_text(encoding="utf-8")
    restored.write_text(text.replace("30k USD", "31k USD"), encoding="utf-8")
    changed = reasons(open_case(restored, today=TODAY))
    assert "was made for another project file: budget changed" == changed["audit"]
    assert "pilot" not in changed
    restored.write_text(text.replace("metric: accuracy", "metric: macro_f1"), encoding="utf-8")
    assert (
        "was made for another task, other columns or another metric"
        == reasons(open_case(restored, today=TODAY))["pilot"]
    )
    restored.write_text(text, encoding="utf-8")
    write_jsonl(restored.parent / "train.jsonl", tickets(121, 1))
    assert "was made on other data: train.jsonl changed" == reasons(open_case(restored, today=TODAY))["pilot"]
    write_jsonl(restored.parent / "test.jsonl", tickets(99, 2))
    two = "was made on other data: train.jsonl and test.jsonl changed"
    assert two == reasons(open_case(restored, today=TODAY))["pilot"]


@pytest.mark.slow
def test_every_face_names_what_is_not_used(restored: Path) -> None:
    """The terminal, its JSON, the report in each form and the Python face name the pilot of other data."""
    write_jsonl(restored.parent / "train.jsonl", tickets(121, 1))
    made = open_case(restored).ledger.latest("record", "pilot")
    when = f"{made.recorded_at.day} {made.recorded_at:%B %Y}"
    line = f"the pilot of {when} was made on other data: train.jsonl changed"
    ran = tunecase("estimate", *DAY, "--project", restored)
    assert f"Not used: {line}; `tunecase pilot` makes it anew" in " ".join(ran.out.split())
    body = tunecase("estimate", "--json", *DAY, "--project", restored).json
    assert ("pilot", made.id) in [(record["verb"], record["entry"]) for record in body["not_used"]]
    assert line in map(str, Case(restored, today=TODAY).not_used())
    Case(restored, today=TODAY).report()
    for name in ("report.md", "report.html"):
        text = (restored.parent / name).read_text(encoding="utf-8")
        assert line.removeprefix("the") in " ".join(re.sub("<[^>]+>", " ", text.replace("<wbr>", "")).split()), name
    meta = json.loads((restored.parent / "report.json").read_bytes())["meta"]
    assert "was made on other data: train.jsonl changed" in [record["reason"] for record in meta["not_used"]]


def smaller_pilot(case: Flow) -> None:
    """Keeps a pilot with two runs fewer than the one on file."""
    pilot = case.current("pilot")
    case.keep("pilot", replace(pilot, runs=pilot.runs[:-2]))


def test_a_decision_rests_on_the_bill_of_the_pilot_that_holds(restored: Path) -> None:
    """A bill of an earlier pilot is not found again when the project file is put back."""
    text = restored.read_text(encoding="utf-8")
    restored.write_text(text.replace("30k USD", "31k USD"), encoding="utf-8")
    case = open_case(restored, today=TODAY)
    smaller_pilot(case)
    walked.keep_anew(case, "estimate")
    restored.write_text(text, encoding="utf-8")
    case = open_case(restored, today=TODAY)
    assert not BILL.holds(case)
    walked.keep_anew(case, "forecast", "estimate")
    assert open_case(restored, today=TODAY).rests_on_current("estimate")


def test_another_pilot_outdates_bill_and_decision(restored: Path) -> None:
    """Within one project file; an audit that says the same outdates neither."""
    case = open_case(restored, today=TODAY)
    case.keep("audit", case.current("audit"))
    assert all(open_case(restored, today=TODAY).rests_on_current(verb) for verb in ("estimate", "decide"))
    smaller_pilot(case)
    for opened_again in (case, open_case(restored, today=TODAY)):
        assert not any(opened_again.rests_on_current(verb) for verb in ("estimate", "decide"))


def test_the_curve_goes_through_the_points_kept_last(restored: Path) -> None:
    """A curve of points that were kept earlier does not hold again when the project file is put back."""
    text = restored.read_text(encoding="utf-8")
    for name, budget in (("a.csv", "30k USD"), ("b.csv", "32k USD")):
        restored.write_text(text.replace("30k USD", budget), encoding="utf-8")
        case = open_case(restored, today=TODAY)
        case.keep("forecast", replace(walked.records("decided")["forecast"], source=name))
        assert CURVE.holds(open_case(restored, today=TODAY))
    restored.write_text(text, encoding="utf-8")
    case = open_case(restored, today=TODAY)
    assert not CURVE.holds(case)
    kept = kept_elsewhere(case)
    assert "b.csv" == kept.source


def test_a_file_moved_to_the_test_rows_is_other_data(tmp_path: Path) -> None:
    """What a file serves for is part of the key, as is its name."""
    path = case_folder(tmp_path)
    for name in ("tr/a", "tr/b", "te/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_jsonl(tmp_path / f"{name}.jsonl", tickets(60, ord(name[-1])))
    text = path.read_text(encoding="utf-8").replace("train: train.jsonl", "train: tr")
    path.write_text(text.replace("test: test.jsonl", "test: te"), encoding="utf-8")
    before = [open_case(path, today=TODAY).key(verb) for verb in ("pilot", "audit")]
    (tmp_path / "tr/b.jsonl").rename(tmp_path / "te/b.jsonl")
    after = [open_case(path, today=TODAY).key(verb) for verb in ("pilot", "audit")]
    assert [True, True] == [one != other for one, other in zip(before, after, strict=True)]


def test_settings_of_the_same_text_differ_by_name() -> None:
    """A key tells which setting a text is of, and where one ends."""
    keys = {Grounds("audit", [], settings).key for settings in ({"a": "xy"}, {"b": "xy"}, {"a": "x", "b": "y"})}
    assert 3 == len(keys)


def test_another_price_book_outdates_what_is_priced(restored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bill and what rests on it, and neither the audit nor the pilot."""
    monkeypatch.setattr(catalog, "price_book", lambda more="": "f" * 64)
    why = "was made with another price book"
    case = open_case(restored, today=TODAY)
    assert dict.fromkeys(PRICED, why) == reasons(case)
    assert case.current("estimate") is None


def test_a_judgement_does_not_grow_old(restored: Path) -> None:
    """It holds no price, so it rests on no day."""
    days = (TODAY, date(2026, 12, 24))
    keys = {verb: {open_case(restored, today=day).key(verb) for day in days} for verb in ("judge", "estimate")}
    assert {"judge": 1, "estimate": 2} == {verb: len(those) for verb, those in keys.items()}


@pytest.mark.slow
def test_one_seed_gives_one_answer(tmp_path: Path) -> None:
    """A decision of seed 2 is the same whatever was made with other seeds before, and the plan of record stays."""
    held, *paths = (walked.path_of("decided", tmp_path / name) for name in ("held", "plain", "after"))
    other = open_case(paths[1], seed=1, today=TODAY)
    flow.forecast(other)
    flow.estimate(other)
    plain, after = (flow.decide(open_case(path, seed=2, today=TODAY)) for path in paths)
    assert plain == after
    books = [flow.books(open_case(path, today=TODAY)).plan for path in (held, *paths)]
    assert 1 == len({plan.entry for plan in books if plan is not None})
    assert [False, True, True] == [plan is not None and "of seed 0" in plan.why for plan in books]


def test_the_report_cites_the_entries_that_it_shows(restored: Path) -> None:
    """A later bill of another seed is not cited for the bill of this one."""
    case = open_case(restored, today=TODAY)
    held = case.entry_that_holds("estimate")
    open_case(restored, seed=1, today=TODAY).keep("estimate", replace(case.current("estimate"), seed=1))
    flow.report(open_case(restored, today=TODAY))
    meta = json.loads((restored.parent / "report.json").read_bytes())["meta"]
    assert held.id[:12] in meta["entries"]["estimate"]


def why(was: Grounds, now: Grounds) -> str:
    """Why an entry made on other grounds is not used."""
    return now.why_not(entry(was.key, rests_on=was.parts()))


def test_reasons_are_short_lines_of_plain_words() -> None:
    """Three names at most, each on one line; files that came or went are not called changed."""
    files = [DataFile("train", name, "ab" * 32) for name in ("a", "b\x1b[31m\n", "c", "d", "e")]
    other = [DataFile("train", name, "cd" * 32) for _, name, *_ in files]
    five = "was made on other data: a, b [31m, c and 2 more changed"
    assert five == why(Grounds("audit", files, {}), Grounds("audit", other, {}))
    came = "was made on other data: b [31m was added; c, d and e are no longer read"
    assert came == why(Grounds("audit", [files[0], *files[2:]], {}), Grounds("audit", files[:2], {}))
    moved = [DataFile("test", name, sha256) for _, name, sha256, _ in files]
    purpose = "was made on other data: a file serves another purpose now"
    assert purpose == why(Grounds("audit", files, {}), Grounds("audit", moved, {}))
    task = "was made for another task, other columns or another metric"
    assert task == why(Grounds("pilot", [], {TASK: "a"}), Grounds("pilot", [], {TASK: "b"}))
    fields = [dict.fromkeys(("goal", "budget", "models", "data"), text) for text in ("a", "b")]
    was, now = (Grounds("audit", [], {PROJECT: one["goal"]}, one) for one in fields)
    assert "was made for another project file: goal, budget, models and 1 more changed" == why(was, now)


def test_the_same_content_keeps_every_record(restored: Path) -> None:
    """Another name, a byte-order mark or other line ends change no answer: all that is on file goes on holding."""
    before = {verb: open_case(restored, today=TODAY).key(verb) for verb in VERBS}
    for written in (
        lambda content: content.replace(b"name: ", b"name: another "),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
    ):
        for name in ("tunecase.yaml", "train.jsonl", "test.jsonl"):
            path = restored.parent / name
            path.write_bytes(written(path.read_bytes()))
        case = open_case(restored, today=TODAY)
        assert (before, {}) == ({verb: case.key(verb) for verb in VERBS}, reasons(case))


def test_keys_from_when_names_and_bytes_counted_still_hold() -> None:
    """An entry under the digest of the bytes and with the name in its settings holds; what else changed is named."""
    file = DataFile("train", "train.jsonl", "ab" * 32, "cd" * 32)
    named = {PROJECT: "name and goal", PRICE_DAY: "2026-11-24"}
    settings = {**named, PROJECT: "goal"}
    now = Grounds("estimate", [file], settings, named_settings=named)
    earlier = Grounds("estimate", [file.as_is], named)
    kept = entry(earlier.key, rests_on=earlier.parts())
    assert now.on_same_data(kept)
    assert now.holds(kept)
    later = now._replace(
        settings={**settings, PRICE_DAY: "2026-11-25"}, named_settings={**named, PRICE_DAY: "2026-11-25"}
    )
    assert "was made with the prices of 24 November 2026" == why(earlier, later)
    assert not Grounds("estimate", [file._replace(sha256_as_is="ef" * 32)], settings).on_same_data(kept)


def test_the_digest_of_a_text_passes_over_line_ends_at_any_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a piece ends; a lone carriage return and the bytes of a file that is no text count."""
    monkeypatch.setattr(opened, "PIECE_BYTES", 4)
    path = tmp_path / "rows"

    def digests(content: bytes) -> tuple[str, str]:
        path.write_bytes(content)
        return opened._sha256(path)

    for text in (b"a\nbc\nd\n", b"abc\nabc\n\n\n", b"\n" * 9, b""):
        same = [digests(text), digests(text.replace(b"\n", b"\r\n")), digests(b"\xef\xbb\xbf" + text)]
        assert {hashlib.sha256(text).hexdigest()} == {content for content, _ in same}
        assert same[0][0] == same[0][1]
    assert digests(b"a\rb\n")[0] != digests(b"a\nb\n")[0]
    assert digests(b"a\0\r\n")[0] == digests(b"a\0\r\n")[1] == hashlib.sha256(b"a\0\r\n").hexdigest()


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


def test_a_key_of_any_form_is_survived() -> None:
    """Whatever stands there, the record is not used and a reason is given."""
    grounds = Grounds("audit", [DataFile("train", "train.jsonl", "ab" * 32)], {})
    for key in (None, 3, "", "a", "a-b-c-d-e-f", "x-" * 9):
        for meta in ({}, {"rests_on": {"files": {"a": 1}, "settings": {}, "fields": {}}}, {"rests_on": 3}):
            assert grounds.why_not(entry(key, **meta))
