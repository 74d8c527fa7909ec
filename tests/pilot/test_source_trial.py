"""A trial of a source's rows: good rows are worth more than spoilt ones, and what cannot be tried is said."""

from pathlib import Path
from typing import Any

import pytest

from tests.making import tickets, write_jsonl
from tunecase.data.reading import load
from tunecase.errors import InputError
from tunecase.pilot import Answers, Journal, Material, SourceRows, try_source, usable
from tunecase.pilot.trainers import probe
from tunecase.records import PilotSettings, Run, SourceTrial

OWN, TESTS = 160, 100


def material(folder: Path) -> Material:
    """160 rows at hand and 100 test rows."""
    train, test = (write_jsonl(folder / f"{n}.jsonl", tickets(n, n)) for n in (OWN, TESTS))
    return Material(load(train), load(test), "accuracy", "higher")


def rows(folder: Path, given: list[dict[str, str]]) -> SourceRows:
    """Rows of a source from a file."""
    return SourceRows("synthetic", "rows.jsonl", usable(load(write_jsonl(folder / "rows.jsonl", given))))


def tried(folder: Path, given: list[dict[str, str]], journal: Journal | None = None, ask: Any = None) -> SourceTrial:
    """A trial of these rows."""
    return try_source(material(folder), rows(folder, given), PilotSettings(draws=2, workers=1, seed=0), journal, ask)


def test_good_rows_are_worth_more_than_rows_with_random_labels(tmp_path: Path) -> None:
    """Both trials have the same runs on rows at hand alone, and none is made again."""
    done: dict[str, Run] = {}
    kept: dict[str, Answers] = {}
    journal = Journal(
        done, kept.get,
        lambda key, result: kept.__setitem__(key, Answers(result.predictions, result.row_scores)),
        lambda run: done.__setitem__(run.key, run),
    )  # fmt: skip
    good = tried(tmp_path, tickets(150, 7), journal)
    assert len(done) == len(good.runs) == 2 * 5
    assert (good.base, good.added) == (60, 60)
    assert good.worth == tried(tmp_path, tickets(150, 7), journal).worth
    assert len(done) == len(good.runs)
    bad = tried(tmp_path, tickets(150, 7, shuffled=True), journal)
    assert len(done) == 2 * 6
    assert good.worth.mid > bad.worth.mid
    assert bad.harms > good.harms
    assert good.errors == bad.errors


def test_rows_of_the_test_copies_and_strange_labels_are_left_out(tmp_path: Path) -> None:
    """A leak would flatter, a copy of a row at hand is worth nothing, a label nobody has teaches nothing."""
    given = [*tickets(100, 7), *tickets(TESTS, TESTS)[:20], *tickets(OWN, OWN)[:30]]
    given += [{"text": f"odd {at}", "label": "mauve"} for at in range(10)]
    record = tried(tmp_path, given)
    assert record.source_rows == 160
    words = " ".join(record.notes)
    assert "20 rows of the source left out: the test file has them" in words
    assert "30 rows of the source left out: they copy rows at hand" in words
    assert "10 rows of the source left out: no row at hand has their label" in words
    assert record.added == 60


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    """With what was got, what is wanted and how to mend it."""
    with pytest.raises(InputError, match="50 rows or more"):
        tried(tmp_path, tickets(20, 7))


def test_a_trial_whose_runs_fail_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason of the first failure is what was got."""

    def broken(task: object) -> None:
        raise RuntimeError("no memory left")

    monkeypatch.setattr(probe, "train", broken)
    with pytest.raises(InputError, match="no memory left"):
        tried(tmp_path, tickets(80, 7))


def test_a_declined_plan_ends_the_trial(tmp_path: Path) -> None:
    """Nothing is trained, and it is said."""
    with pytest.raises(InputError, match="declined"):
        tried(tmp_path, tickets(80, 7), ask=lambda plan: False)
