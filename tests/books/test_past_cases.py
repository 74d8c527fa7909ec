"""Earlier cases are found and read: ledgers, folders of them and exports, each checked, each counted once."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.books.test_books import plan
from tests.books.test_earlier_projects import DAY, START, charge
from tunecase.books.past_cases import FORM, MARK, exported, places_of, read_cases, read_past
from tunecase.errors import InputError
from tunecase.ledger.book import Ledger
from tunecase.records import Closing, Estimate, Spending


def ledger(folder: Path, *steps: Any) -> Ledger:
    """A case of its own: its first entry is no other's."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Ledger(folder / "ledger.jsonl")
    apart = timedelta(microseconds=1 + sum(folder.name.encode()))
    for number, step in enumerate(steps):
        kind = "spend" if isinstance(step, Spending) else "record"
        found.append(kind, step, recorded_at=START + apart + timedelta(days=number))
    return found


def test_past_ledgers_are_read_or_refused_together(tmp_path):
    """By file or folder; a missing, edited or doubled one and the project's own are told at once; a copy is none."""
    ledger(tmp_path / "a", plan(), charge("10500"), Closing(("labour", "gpu"), DAY))
    ledger(tmp_path / "b", plan(), charge("5", "gpu"))
    found = read_past(["a", "b/ledger.jsonl"], tmp_path)
    assert (1, 1, (1.5,)) == (len(found.lines), found.projects, found.overruns)
    ledger(tmp_path / "b", charge("6", "gpu"))
    assert found.digest != read_past(["a", "b"], tmp_path).digest
    (tmp_path := tmp_path / "second").mkdir()
    book = ledger(tmp_path / "a", plan(), charge("9"))
    edited = ledger(tmp_path / "b", plan(), charge("9"))
    edited.path.write_bytes(edited.path.read_bytes().replace(b'"9"', b'"8"'))
    ledger(tmp_path / "c", charge("1"))
    with pytest.raises(InputError) as caught:
        read_past(["a", "b", "c", "c/ledger.jsonl", "d"], tmp_path, own=book.path)
    told = str(caught.value)
    for words in ("own ledger", "a line that was edited", "the same ledger as c", "no such ledger"):
        assert words in told
    (tmp_path := tmp_path / "third").mkdir()
    book = ledger(tmp_path / "a", plan(), charge("9000"), Closing(("labour",), DAY))
    longer, torn = Ledger(tmp_path / "b" / "ledger.jsonl"), tmp_path / "c" / "ledger.jsonl"
    for path in (longer.path, torn):
        path.parent.mkdir()
        path.write_bytes(book.path.read_bytes())
    longer.append("record", plan(draws=2), recorded_at=START + timedelta(days=30))
    torn.write_bytes(torn.read_bytes() + b'{"id":"torn')
    for other in ("b", "c"):
        with pytest.raises(InputError, match="a copy of a, with other entries"):
            read_past(["a", other], tmp_path)
    with pytest.raises(InputError, match="a copy of this project's own ledger"):
        read_past(["a"], tmp_path, own=longer.path)


def closed(folder: Path, paid: str = "10500", **changes: Any) -> Ledger:
    """A case whose labour cost so much and is closed."""
    return ledger(folder, plan(**changes), charge(paid), Closing(("labour", "gpu"), DAY))


def test_a_folder_of_cases_stands_for_each_of_them(tmp_path):
    """One without any is told, with what to do; an export reads as the ledgers do, whole and in any order."""
    for name in ("a", "b"):
        closed(tmp_path / "cases" / name)
    (tmp_path / "empty").mkdir()
    places, problems = places_of(["cases", "cases/a/ledger.jsonl", "empty"], tmp_path)
    assert ["cases/a", "cases/b", "cases/a/ledger.jsonl"] == [place.name for place in places]
    assert [("empty", "no ledger in this folder, nor in the folders in it")] == [(p.where, p.got) for p in problems]
    cases, wrong = read_cases(places)
    assert ([], 3, 2) == (wrong, len(cases), len({case.root for case in cases}))
    for name in ("a", "b"):
        closed(tmp_path / "b" / name)
    cases, _ = read_cases(places_of(["a", "b"], tmp_path / "b")[0])
    (tmp_path / "b" / "team.json").write_bytes(exported(cases))
    again, wrong = read_cases(places_of(["team.json"], tmp_path / "b")[0])
    assert [] == wrong
    assert sorted(cases, key=repr) == sorted(again, key=repr)
    past = read_past(["team.json"], tmp_path / "b")
    assert (2, (1.5, 1.5)) == (past.projects, past.overruns)


def test_an_export_that_holds_a_case_met_before_is_told_with_what_to_do(tmp_path):
    """Whichever is named first, and for this project's own case: a case cannot be taken out of an export by hand."""
    own = closed(tmp_path / "a")
    closed(tmp_path / "b")
    cases, _ = read_cases(places_of(["a", "b"], tmp_path)[0])
    (tmp_path / "team.json").write_bytes(exported(cases))
    (tmp_path / "more.json").write_bytes(exported(cases[:1]))
    fix = "leave one of them out, or write team.json again without that case"
    for names, got in (
        (["team.json", "a"], "a case that team.json holds, too"),
        (["a", "team.json"], "a case that a holds, too"),
        (["more.json", "team.json"], "a case that more.json holds, too"),
        (["team.json"], "a case that is this project's own, too"),
    ):
        with pytest.raises(InputError) as caught:
            read_past(names, tmp_path, own.path if len(names) == 1 else None)
        assert [(got, fix)] == [(problem.got, problem.fix) for problem in caught.value.problems]
    (tmp_path / "same.json").write_bytes(exported(cases))
    with pytest.raises(InputError, match=r"the same export as team\.json"):
        read_past(["team.json", "same.json"], tmp_path)


def test_cases_that_stand_twice_and_exports_that_say_nothing(tmp_path):
    """One counts once in bill and scorecard; numbers at the ends of a float stop nothing and poison no bill."""
    closed(tmp_path / "a")
    body = json.loads(exported(read_cases(places_of(["a"], tmp_path)[0])[0]))
    body["cases"] *= 2
    (tmp_path / "team.json").write_text(json.dumps(body), encoding="utf-8")
    past = read_past(["team.json"], tmp_path)
    assert (1, (1.5,)) == (len(past.cases), past.overruns)
    closed(tmp_path / "b" / "a", "10501.37")
    (case,), _ = read_cases(places_of(["a"], tmp_path / "b")[0])
    body = json.loads(exported([replace(case, lines=(replace(case.lines[0], actual=5_507 / 7_746),))]))
    assert (1.5, 0.7109) == (case.lines[0].actual, body["cases"][0]["lines"][0]["actual"])
    (tmp_path := tmp_path / "second").mkdir()
    closed(tmp_path / "a")
    body = json.loads(exported(read_cases(places_of(["a"], tmp_path)[0])[0]))
    labour = {"name": "labour", "told": 1.0, "told_for_rounds": 1.0, "booked": 1.0}
    planned = {"p10": 0, "p50": 1e-320, "p80": 1, "p90": 1}
    for changes, field in (
        ({"hours_factor": 1e15}, "hours_factor"),
        ({"hours_factor": 1e-300}, "hours_factor"),
        ({"hours": [{**labour, "booked": 5e-324}]}, "booked"),
        ({"hours": [{**labour, "told": 1e-320}]}, "told"),
        ({"lines": [{"name": "labour", "planned": planned, "actual": 2}]}, "planned"),
        ({"advised": 1, "followed": 5}, "followed"),
    ):
        odd = {**body, "cases": [body["cases"][0] | changes]}
        (tmp_path / "odd.json").write_text(json.dumps(odd), encoding="utf-8")
        (problem,) = read_cases(places_of(["odd.json"], tmp_path)[0])[1]
        assert (problem.where, True) == ("odd.json: case 1", field in problem.got)


HOSTILE = ("<script>alert(1)</script>", "Ines Example", "/home/ines/secret", "acme-private-70b", "s3cr3t note")


def test_an_export_holds_and_passes_on_no_text(tmp_path):
    """Not in any field, and no amount of money; fields that no case has are left out, other values refused."""
    script, person, path, model, note = HOSTILE
    lines = plan().lines
    bill = plan(
        lines=(*lines, replace(lines[1], name=script), replace(lines[1], name=path)),
        gpu=model, assumptions=(note,), based_on=person, budget=48_151.0,
    )  # fmt: skip
    paid = replace(
        charge("1234.5678"), description=note, provider=person, run=path, tags={person: note, "team": script}, sku=model
    )
    odd = replace(charge("777.25"), category=script)
    kept = ledger(tmp_path / "a", bill, paid, odd, Closing(("labour", script, path), DAY))
    kept.append("record", {"advice": note}, recorded_at=START + timedelta(days=9), verb=f"verb of {person}")
    cases, wrong = read_cases(places_of(["a"], tmp_path)[0])
    assert [] == wrong
    text = exported(cases).decode()
    for secret in (*HOSTILE, "1234.5678", "777.25", "48151", "7000"):
        assert secret not in text
    assert all(part not in text for part in (tmp_path.name, "2026-11"))
    assert {"labour", "other"} == {line.name for line in cases[0].lines}
    (tmp_path := tmp_path / "second").mkdir()
    closed(tmp_path / "a")
    body = json.loads(exported(read_cases(places_of(["a"], tmp_path)[0])[0]))
    body["cases"][0]["owner"] = HOSTILE[1]
    body["cases"][0]["lines"][0]["note"] = HOSTILE[4]
    (tmp_path / "more.json").write_text(json.dumps(body), encoding="utf-8")
    cases, wrong = read_cases(places_of(["more.json"], tmp_path)[0])
    assert [] == wrong
    assert all(secret not in exported(cases).decode() for secret in HOSTILE)
    for field, value in (("root", HOSTILE[2]), ("ended", HOSTILE[0]), ("entries", -1), ("hours_factor", 0)):
        odd = json.loads(json.dumps(body))
        odd["cases"][0][field] = value
        (tmp_path / "odd.json").write_text(json.dumps(odd), encoding="utf-8")
        told = read_cases(places_of(["odd.json"], tmp_path)[0])[1]
        assert [("odd.json: case 1", True)] == [(problem.where, field in problem.got) for problem in told]


def test_everything_that_cannot_be_read_is_told_at_once(tmp_path):
    """A later version, no JSON, other JSON, an empty ledger, an edited one, none; each with what to do."""
    (tmp_path / "later.json").write_text(json.dumps({MARK: FORM + 1, "cases": []}), encoding="utf-8")
    (tmp_path / "text.json").write_text("no", encoding="utf-8")
    (tmp_path / "list.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "form.json").write_text(json.dumps({MARK: "1", "cases": 3}), encoding="utf-8")
    (tmp_path / "hollow").mkdir()
    (tmp_path / "hollow" / "ledger.jsonl").touch()
    edited = closed(tmp_path / "edited")
    edited.path.write_bytes(edited.path.read_bytes().replace(b'"10500"', b'"9"'))
    names = ["later.json", "text.json", "list.json", "form.json", "hollow", "edited", "nowhere"]
    problems = read_cases(places_of(names, tmp_path)[0])[1]
    told = "\n".join(problem.got for problem in problems)
    for words in (
        "a later version, form 2", "no JSON", "no scorecard exported", "another form", "an empty ledger",
        "a line that was edited", "no such ledger",
    ):  # fmt: skip
        assert words in told
    assert all(problem.fix and problem.wanted for problem in problems)


def test_plans_that_judge_nothing(tmp_path):
    """A forged plan is told, bills in two currencies are not judged, one with no middle is in units of its P90."""
    lines = plan().lines
    bill = plan(lines=(replace(lines[1], amount=replace(lines[1].amount, p10=9_500.0)),))
    place = ledger(tmp_path, bill, charge("500"), Closing(("labour",), DAY)).path
    (problem,) = read_cases(places_of([place])[0])[1]
    assert ("planned" in problem.got, "four numbers" in problem.wanted) == (True, True)
    mixed = ledger(tmp_path / "b" / "a", plan(), plan(currency="EUR"), charge("9000"), Closing(("labour",), DAY))
    euro = closed(tmp_path / "b" / "b", currency="EUR")
    (first, second), _ = read_cases(places_of([mixed.path, euro.path])[0])
    assert (True, (), False) == (first.mixed, first.lines, first.finished)
    assert (False, 1.5) == (second.mixed, second.lines[0].actual)
    lines = plan().lines
    rare = replace(lines[1], amount=replace(lines[1].amount, p10=0.0, p50=0.0))
    bill: Estimate = plan(lines=(lines[0], rare))
    (case,), _ = read_cases(places_of([ledger(tmp_path / "c", bill, charge("500"), Closing(("labour",), DAY)).path])[0])
    assert (0.05, True) == (case.lines[0].actual, case.lines[0].inside)
    assert Decimal(500) / 10_000 == Decimal("0.05")
