"""The backtest's runs are made once, however often the measurement is begun."""

import importlib
import json
import os
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def roads(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("roads_measure")


def rows(count: int, start: int = 0) -> tuple[tuple[str, str, dict[str, Any]], ...]:
    """Two classes that a probe tells apart."""
    return tuple(
        (f"{('red', 'blue')[i % 2]} thing {i}", ("warm", "cold")[i % 2], {}) for i in range(start, start + count)
    )


@pytest.fixture
def task(roads: ModuleType) -> Any:
    """A small task."""
    spam = next(task for task in roads.TASKS if task.name == "sms_spam")
    return replace(spam, name="small", learners=("probe",), loader=lambda: (rows(160), rows(20, 500)))


def made(roads: ModuleType, task: Any, folder: Path, parts: tuple[str, ...]) -> list[dict[str, str]]:
    """The table after a measurement."""
    store = roads.Store(folder / "runs.csv", folder / "store")
    roads.measure(roads.units([task], ["probe"], parts), store)
    found: list[dict[str, str]] = roads.read_table(folder / "runs.csv")
    return found


def test_nothing_is_made_twice(roads: ModuleType, task: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second measurement adds no row and starts no pilot; the committed table alone is enough for that."""
    first = made(roads, task, tmp_path, ("1/4", "all"))
    assert {row["part"] for row in first} == {"1/4", "all"}
    assert sorted(row["draw"] for row in first if row["n"] == "160") == ["0", "1", "2"]
    monkeypatch.setattr(roads, "pilot", lambda *given: pytest.fail("a pilot was started"))
    assert made(roads, task, tmp_path, ("1/4", "all")) == first
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "runs.csv").write_text((tmp_path / "runs.csv").read_text())
    assert made(roads, task, tmp_path / "other", ("1/4", "all")) == first


def test_a_killed_measurement_goes_on(
    roads: ModuleType, task: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that ended before the kill are taken over; only the others are made."""
    real, calls = roads.Store.keep_run, []

    def dying(store: Any, run: Any, cpu_s: float) -> None:
        real(store, run, cpu_s)
        calls.append(run.key)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(roads.Store, "keep_run", dying)
    with pytest.raises(KeyboardInterrupt):
        made(roads, task, tmp_path, ("1/4",))
    found = made(roads, task, tmp_path, ("1/4",))
    assert len(calls) == len(set(calls)) == len(found)
    places = [(row["n"], row["draw"]) for row in found]
    assert len(set(places)) == len(places)
    assert not list((tmp_path / "store" / "begun").iterdir())


def test_a_unit_under_way_elsewhere_is_left_alone(roads: ModuleType, task: Any, tmp_path: Path) -> None:
    """What a living process has begun is passed over; the mark of a dead one is not."""
    store = roads.Store(tmp_path / "runs.csv", tmp_path / "store")
    unit = next(roads.units([task], ["probe"], ("1/4",)))
    store.mark(unit).parent.mkdir()
    store.mark(unit).write_text(str(os.getppid()))
    assert store.done(unit, None)
    store.mark(unit).write_text("999999999")
    assert not store.done(unit, None)


def test_a_missing_set_is_passed_over(
    roads: ModuleType, task: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A set that is not here costs a line, once, and no row."""
    assert made(roads, replace(task, loader=lambda: None), tmp_path, ("1/4", "all")) == []
    assert capsys.readouterr().out == "sms_spam is not here, passed over\n"


def test_pilots_see_only_their_part(roads: ModuleType, task: Any, tmp_path: Path) -> None:
    """No run of a part has more rows than the part."""
    found = made(roads, task, tmp_path, ("1/16", "1/4"))
    assert max(int(row["n"]) for row in found if row["part"] == "1/16") == 10
    assert max(int(row["n"]) for row in found if row["part"] == "1/4") == 40


def test_no_text_is_kept(roads: ModuleType, task: Any, tmp_path: Path) -> None:
    """Neither the table nor the store holds a text of a row."""
    made(roads, task, tmp_path, ("1/4", "all"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 2
    assert not [path for path in files if "thing" in path.read_text()]


def test_planted_labels_are_wrong(roads: ModuleType, tmp_path: Path) -> None:
    """A tenth of the labels is planted, each of them wrong, the others as they were; the same rows each time."""
    start = rows(160)
    spoilt, bad = roads.roads_cleaning.planted(start)
    assert bad == {i for i, (one, other) in enumerate(zip(start, spoilt, strict=True)) if one[1] != other[1]}
    assert len(bad) == 16
    assert roads.roads_cleaning.planted(start) == (spoilt, bad)


def test_a_reviewer_mends_only_what_was_planted(roads: ModuleType, task: Any, tmp_path: Path) -> None:
    """Rows that were read get their own label back, removed rows are gone, rows that were right stay."""
    cleaning, split = roads.roads_cleaning, task.loader()
    spoilt, bad = cleaning.planted(split[0])
    read, gone = sorted(bad)[:5], [0, 1]
    (tmp_path / "cleaning").mkdir()
    told = {"removed": gone, "to_read": [*read, 50], "told": []}
    (tmp_path / "cleaning" / "small.json").write_text(json.dumps({"planted": told, "real": told}))
    found = cleaning.rows_of("reviewed", task, split, tmp_path)
    wanted = [split[0][i] if i in read else spoilt[i] for i in range(160) if i not in gone]
    assert list(found) == wanted


def test_promises_are_kept_apart(roads: ModuleType) -> None:
    """Of answers that are all right nearly all are promised and none turns out wrong; wrong ones promise nothing."""
    from tunecase.pilot import Answers

    sure = tuple(i / 400 for i in range(400))
    good = list(roads.roads_promises.promised(Answers(("a",) * 400, (1.0,) * 400, sure)))
    bad = list(roads.roads_promises.promised(Answers(("a",) * 400, (0.0,) * 400, sure)))
    assert [float(line["error_answered"]) for line in good] == [0.0] * 3
    assert all(float(line["share_answered"]) == 0 for line in bad)
    assert not list(roads.roads_promises.promised(Answers(("a",), (1.0,))))
