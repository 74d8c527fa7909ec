"""The benchmark of the pilot goes on where it was, and calls noise what is noise."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "piloting.py"


@pytest.fixture(scope="module")
def piloting() -> Iterator[ModuleType]:
    """The benchmark as a module."""
    sys.path.insert(0, str(PATH.parent))  # a worker imports it by name
    module = importlib.import_module("piloting")
    yield module
    sys.path.remove(str(PATH.parent))


def test_finished_runs_are_not_repeated(piloting: ModuleType, tmp_path: Path) -> None:
    """A second reading of the cache has the runs of the first, and a line cut short is passed over."""
    path = tmp_path / "cache.jsonl"
    done = piloting.Done(0.5, 1.0, 2.0, (1.0, 0.0), True)
    piloting.Cache(path).add("a", done)
    with path.open("a") as file:
        file.write('{"key": "b", "score"')
    assert {"a": done} == piloting.Cache(path).done


def test_a_cached_run_needs_no_process(piloting: ModuleType, tmp_path: Path) -> None:
    """Where all runs are kept nothing is trained."""
    cache, data = piloting.Cache(tmp_path / "cache.jsonl"), piloting.example()
    asked = piloting.task(data, "probe", 20, 0, 20, 10)
    done = piloting.Done(0.5, 1.0, 2.0, (), True)
    cache.add(piloting.key_of(asked, 0), done)
    assert [done] == piloting.runs([asked], cache, "x")


def test_subsets_are_nested_and_the_test_rows_fixed(piloting: ModuleType) -> None:
    """More rows hold the fewer ones; every run is scored on the same rows."""
    data = piloting.example()
    small, large = (piloting.task(data, "probe", n, 1, 80, 50) for n in (20, 80))
    assert small.texts == large.texts[:20]
    assert small.test_texts == large.test_texts
    assert 10 == len(set(small.labels))


def test_ladders_leave_a_gap(piloting: ModuleType) -> None:
    """The lower half of the ladder ends below the two top sizes."""
    low, high = piloting.ladder(piloting.example(), "lora")
    assert ((20, 40, 80), (320, 640)) == (low, high)


def test_noise_and_difference(piloting: ModuleType) -> None:
    """Equal runs differ by nothing; where one trainer is right everywhere and the other nowhere, it is no noise."""

    def done(*rows: float) -> object:
        return piloting.Done(sum(rows) / len(rows), 10.0, 10.0, rows, True)

    ones, zeros, mixed = done(*[1.0] * 50), done(*[0.0] * 50), done(*[1.0, 0.0] * 25)
    alike = piloting.against([ones, mixed], [ones, mixed])
    assert (0.0, True, 1.0) == (alike["lora_minus_this"], alike["within_noise"], alike["lora_cpu_share"])
    apart = piloting.against([ones, ones], [zeros, zeros])
    assert (1.0, False) == (apart["lora_minus_this"], apart["within_noise"])


@pytest.mark.slow
def test_the_probe_alone_runs_through(piloting: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The forecast of a ladder of the probe on the shipped example, with its measured top."""
    data = piloting.replace(piloting.example(), trainers=("probe",))
    found = piloting.foretold(data, "probe", piloting.Cache(tmp_path / "c.jsonl"), 2, 2, 100)
    assert {"from", "left_out", "at 320", "at 640"} == set(found)
    assert abs(found["at 640"]["error"]) < 0.5
    assert 10 == len((tmp_path / "c.jsonl").read_text().splitlines())
    json.dumps(found)
