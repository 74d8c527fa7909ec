"""Forged ledgers: whatever a field of an entry holds, with hashes that fit, every verb ends in sentences or an answer.

Whoever can hash can write any ledger. `forged` replaces one value of one entry and chains all lines anew, as a forger
would. What is forged is drawn from a seed, so that a failure names the forgery and comes back.
"""

import json
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.command import Ran, tunecase
from tunecase.ledger.lines import FIRST, chained

FIXTURES = Path(__file__).parents[1] / "fixtures" / "old_ledgers"
DAY = ("--today", "2026-11-24")
GONE = "(gone)"  # a field that is taken out
FORMULA, MARKUP, ESCAPE = '=cmd|"/c calc"!A0', "<script>alert(7)</script>", "\x1b]0;owned\x07"
# Every type of JSON, and of each what is odd in it.
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 7, 2**53, -(2**53), 1e308, -1e308, 1e-320, 0.5, "", "x", "-1", "1e999999", "NaN", "Infinity",
    "9" * 40, "9999-12-31", "1900-01-01", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", FORMULA, MARKUP,
    ESCAPE, "../../../../etc/passwd", "\ud7ff\u202e", "a" * 100_000, [], {}, [None], [[]], {"a": 1}, [1, "x", {}],
    GONE, GONE, GONE,
)  # fmt: skip
QUICK: tuple[tuple[str, ...], ...] = (
    ("books", *DAY), ("spend", "list", *DAY), ("spend", "map", *DAY), ("approve", *DAY), ("ledger", "verify"),
    ("ledger", "anchor"), ("ledger", "merge", "forged.jsonl", *DAY), ("spend", "add", "5", "USD", *DAY),
    ("spend", "import", "runs", *DAY),
)  # fmt: skip
SLOW: tuple[tuple[str, ...], ...] = (
    ("books", "--full", *DAY), ("books", "--json", *DAY), ("books", "--csv", "out.csv", "--force", *DAY),
    ("decide", "--full", *DAY), ("forecast", "--full", *DAY), ("next", *DAY), ("report", *DAY), ("run", "--json", *DAY),
    ("check", *DAY), ("estimate", "--full", *DAY), ("define", *DAY),
)  # fmt: skip


def contents_of(ledger: Path) -> list[dict[str, Any]]:
    """What the entries of a ledger say, without their hashes."""
    lines = ledger.read_bytes().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name not in ("id", "prev")} for line in lines]


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield (*above, name)
        yield from places(part, (*above, name))


def value_at(value: Any, path: Sequence[Any]) -> Any:
    """The value at a path."""
    for name in path:
        value = value[name]
    return value


def replaced(value: Any, path: Sequence[Any], new: Any) -> Any:
    """A copy of a value in which one part is another, or is gone."""
    if not path:
        return new
    copy = value.copy()
    if len(path) == 1 and new is GONE:
        del copy[path[0]]
    else:
        copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def chain_of(contents: Sequence[Any]) -> bytes:
    """A ledger of entries that say this, with hashes that fit."""
    texts = [orjson.dumps(content, option=orjson.OPT_SORT_KEYS) for content in contents]
    return b"".join(line + b"\n" for line in chained(texts, FIRST))


def forgeries(contents: Sequence[dict[str, Any]], seed: int) -> Iterator[tuple[str, bytes]]:
    """(what was forged, the ledger) without end: an entry, a field of it, and a value, mostly of the kind of before."""
    rng = random.Random(seed)
    in_use = list({(one["kind"], one["verb"]): number for number, one in enumerate(contents)}.values())
    while True:
        number = rng.choice(in_use if rng.random() < 0.7 else range(len(contents)))
        paths = list(places(contents[number]))
        depth = rng.choice(sorted({len(path) for path in paths}))
        path = rng.choice([path for path in paths if len(path) == depth])
        before = value_at(contents[number], path)
        alike = [value for value in VALUES if type(value) is type(before)]
        value = rng.choice(alike if alike and rng.random() < 0.7 else VALUES)
        told = f"line {number + 1}, {'.'.join(map(str, path))} = {str(value)[:60]!r} ({type(value).__name__})"
        forged = replaced(contents[number], path, value)
        yield told, chain_of([*contents[:number], forged, *contents[number + 1 :]])


def fault_of(ran: Ran, folder: Path) -> str:
    """What is wrong with how a command ended; empty where it ended in an answer or in sentences."""
    said = ran.out + ran.err
    if ran.code not in (0, 1, 2):
        return f"exit code {ran.code}: {ran.err[-300:]}"
    if "Traceback" in said:
        return "a traceback"
    if "\x1b" in said or "\u202e" in said:
        return "characters that steer a terminal"
    for page in folder.glob("*.html"):
        if MARKUP in page.read_text(encoding="utf-8"):
            return f"markup in {page.name}"
    for table in folder.glob("*.csv"):
        if re.search(r'(^|,)"?=cmd', table.read_text(encoding="utf-8"), re.MULTILINE):
            return f"a formula in {table.name}"
    return ""


def case_in(folder: Path) -> Path:
    """A case that version 0.1.0 walked, with charges and records of every verb; its project file."""
    shutil.copytree(FIXTURES / "case", folder, dirs_exist_ok=True)
    shutil.copytree(FIXTURES / "walked", folder, dirs_exist_ok=True)
    project = folder / "tunecase.yaml"
    served = "--from 2026-10-01 --to 2026-10-31 --answers 41k --gpu-hours 730 --cost".split()
    for words in (
        ("add", "9", "USD", "--note", "discs"),
        ("map", "description=discs", "storage"),
        ("serving", *served, "640 USD"),
    ):
        assert 0 == tunecase("spend", *words, "--project", project, *DAY).code
    return project


def faults_of(project: Path, count: int, seed: int, verbs: Sequence[tuple[str, ...]] = QUICK) -> list[str]:
    """What goes wrong where so many ledgers are forged, and a verb is run on each."""
    ledger, rng, faults = project.parent / "ledger.jsonl", random.Random(seed), []
    sound = ledger.read_bytes()
    source = forgeries(contents_of(ledger), seed)
    try:
        for _ in range(count):
            told, content = next(source)
            words = rng.choice(verbs)
            ledger.write_bytes(sound)
            (project.parent / "forged.jsonl" if "merge" in words else ledger).write_bytes(content)
            fault = fault_of(tunecase(*words, "--project", project, cwd=project.parent), project.parent)
            faults += [f"seed {seed}: {told}: tunecase {' '.join(words)}: {fault}"] if fault else []
    finally:
        ledger.write_bytes(sound)
    return faults


def test_no_forged_field_stops_a_verb(tmp_path: Path) -> None:
    """One value replaced in each of eight ledgers: each verb ends in an answer or in sentences."""
    assert [] == faults_of(case_in(tmp_path), 8, seed=1)


@pytest.mark.slow
def test_no_forged_field_of_hundreds_stops_a_verb(tmp_path: Path) -> None:
    """The same for three hundred ledgers, and for the verbs that rest on their records where these hold."""
    project = case_in(tmp_path)
    assert [] == faults_of(project, 300, seed=2)
    for words in (("report",), ("approve", "100 USD", "--by", "Ines"), ("check",)):
        tunecase(*words, "--project", project, *DAY)
    assert [] == faults_of(project, 40, seed=3, verbs=SLOW)
