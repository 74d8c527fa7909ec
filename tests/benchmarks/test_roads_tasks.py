"""The tasks of the backtest are the same rows in the same order each time, and a set that is not there is no error."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def roads_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The tasks, read from a folder that holds one small set."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = importlib.import_module("roads_tasks")
    monkeypatch.setattr(module, "TEXTS", tmp_path)
    for loader in (module.backtest, module.banking, module.clinc):
        loader.cache_clear()
    folder = tmp_path / "backtest" / "sms_spam"
    folder.mkdir(parents=True)
    for part, rows in (("train", 60), ("test", 12)):
        lines = [
            {"text": f"{part} text {i} {'long ' * (i % 20)}", "label": "ham" if i % 6 else "spam"} for i in range(rows)
        ]
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    yield module
    for loader in (module.backtest, module.banking, module.clinc):
        loader.cache_clear()
    sys.modules.pop("roads_tasks", None)


def test_a_prefix_is_fixed(roads_tasks: ModuleType) -> None:
    """Loading twice gives the same rows in the same order, for the whole set and for its parts."""
    for task in (task for task in roads_tasks.TASKS if task.set == "sms_spam"):
        first = task.loader()
        roads_tasks.backtest.cache_clear()
        assert task.loader() == first
        assert first is not None


def test_a_shuffle_keeps_all_rows(roads_tasks: ModuleType) -> None:
    """A shuffle changes the order alone, by its seed alone."""
    rows = [(str(i), "a", {}) for i in range(50)]
    assert sorted(roads_tasks.shuffled(rows)) == sorted(rows)
    assert roads_tasks.shuffled(rows) == roads_tasks.shuffled(rows) != tuple(rows)


def test_a_set_that_is_not_there_is_none(roads_tasks: ModuleType) -> None:
    """Loaders of sets that are missing give None, those of their parts too."""
    missing = [task for task in roads_tasks.TASKS if task.set != "sms_spam"]
    assert len({task.set for task in missing}) == 9
    assert [task.loader() for task in missing] == [None] * len(missing)


def test_thinned_classes_are_even_and_mixed(roads_tasks: ModuleType) -> None:
    """Each class has as many rows as the rarest, and a prefix holds both."""
    train, _ = roads_tasks.thinned(roads_tasks.spam, 1)()
    labels = [label for _, label, _ in train]
    assert labels.count("ham") == labels.count("spam") == 10
    assert set(labels[:10]) == {"ham", "spam"}


def test_parts_are_of_one_set_and_publisher(roads_tasks: ModuleType) -> None:
    """Every set has one publisher; names of tasks are not repeated."""
    names = [task.name for task in roads_tasks.TASKS]
    assert len(set(names)) == len(names)
    assert set(roads_tasks.QUICK) <= set(names)
    pairs = {(task.set, task.publisher) for task in roads_tasks.TASKS}
    assert len(pairs) == len({task.set for task in roads_tasks.TASKS})
