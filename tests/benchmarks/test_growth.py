"""How an audit grows: sizes as typed, records compared, figures kept."""

import argparse
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import growth
from growth import Way, differences, figures, keep, near_stage, quantity, said
from process_tree import NotRunError, Usage

STAGES = [
    {"name": "read", "seconds": 2.0, "cpu_seconds": 4.0, "peak_mb": 80.0, "tasks": 4},
    {"name": "same", "seconds": 0.2, "cpu_seconds": 0.3, "peak_mb": 40.0, "tasks": 2},
    {"name": "meet", "seconds": 0.5, "cpu_seconds": 1.0, "peak_mb": 60.0, "tasks": 25},
]


def kept(rows=1000, engine="local", **changes):
    """One audit's figures."""
    return {"rows": rows, "engine": engine, "full": False, "cgroup_mb": None, "cpu_seconds": 1.0, **changes}


@pytest.mark.parametrize(
    ("typed", "number"), [("5000", 5000), ("100k", 100_000), ("1.5M", 1_500_000), ("4GB", 4 * 10**9)]
)
def test_quantities_are_read_as_typed(typed, number):
    """Thousands, millions and gigabytes have their letters."""
    assert number == quantity(typed)


@pytest.mark.parametrize("typed", ["", "M", "ten", "5X", "-1", "1.2.3"])
def test_what_is_no_quantity_is_refused(typed):
    """A number that cannot be read is a wrong argument."""
    with pytest.raises(argparse.ArgumentTypeError):
        quantity(typed)


def test_records_that_differ_in_times_only_are_the_same():
    """Seconds and stages are not compared, at any depth."""
    one = {"rows": 3, "seconds": 1.0, "stages": STAGES, "findings": [{"check": "a", "seconds": 1}]}
    other = {"rows": 3, "seconds": 2.0, "stages": [], "findings": [{"check": "a", "seconds": 2}]}
    assert [] == list(differences(one, other))


def test_where_records_differ_is_told_as_a_path():
    """A changed value, a missing name and a longer list are each told by their place."""
    one = {"rows": 3, "findings": [{"count": 1}, {"count": 2}], "notes": ["a"]}
    other = {"rows": 3, "findings": [{"count": 1}, {"count": 5}], "notes": ["a", "b"], "seed": 1}
    assert ["findings.1.count", "notes", "seed"] == list(differences(one, other))


def test_a_file_beside_the_record_is_compared_by_what_it_holds(tmp_path):
    """Two files of other names and equal contents are the same."""
    for name in ("a", "b"):
        (tmp_path / name).write_text("3\n5\n")
    one, other = (growth.compared({"dropped_file": str(tmp_path / name)}) for name in ("a", "b"))
    assert one == other
    assert {"dropped_file": None} == growth.compared({"dropped_file": None})


def test_the_near_stage_is_read_from_the_stages():
    """Processor time of all its parts, and the largest peak of one; nothing where the record has no stages."""
    assert {"cpu_seconds": 1.3, "peak_mb": 60.0} == near_stage(STAGES)
    assert {} == near_stage([])


def test_figures_of_an_audit_that_was_killed_say_so(tmp_path):
    """A killed audit has its use and its last words; the line that is printed says both."""
    file = tmp_path / "rows.jsonl"
    file.write_text("x" * 100)
    usage = Usage(-9, 1.0, 2.0, 30.0, 20.0, 25.0, 40.0, 0.0, 7, 1)
    found = figures(10, Way(cgroup_bytes=4 * 10**9), file, growth.Audited(usage, None, "no message"))
    assert (False, 7, 1, 4000, 10) == tuple(
        found[name] for name in ("ended", "limit_hits", "killed", "cgroup_mb", "row_bytes")
    )
    assert "limit 4,000 MB hit 7 times, did not end (exit -9; 1 killed)" in said(found)


def test_figures_of_one_size_and_way_replace_older_ones(tmp_path):
    """The newest run of a size stands; other sizes and engines stay, in order of their rows."""
    path = tmp_path / "figures.json"
    keep([kept(5000), kept(1000)], path)
    keep([kept(1000, cpu_seconds=2.0), kept(1000, engine="ray")], path)
    found = [(each["engine"], each["rows"], each["cpu_seconds"]) for each in json.loads(path.read_text())]
    assert [("local", 1000, 2.0), ("local", 5000, 1.0), ("ray", 1000, 1.0)] == found


def test_an_option_that_this_tunecase_lacks_is_refused_where_it_matters(monkeypatch, tmp_path):
    """An engine or a memory that cannot be asked for stops the benchmark; a scratch folder does not."""
    monkeypatch.setattr(growth, "options", lambda: frozenset({"--fast"}))
    assert "--scratch" not in growth.command(tmp_path, Way(), tmp_path)
    for way in (Way("ray"), Way(memory="2GB")):
        with pytest.raises(NotRunError, match="this tunecase has no --"):
            growth.command(tmp_path, way, tmp_path)


def test_options_that_it_has_are_given(monkeypatch, tmp_path):
    """Engine, memory and scratch folder stand in the command."""
    monkeypatch.setattr(growth, "options", lambda: frozenset({"--engine", "--memory", "--scratch"}))
    command = growth.command(tmp_path / "a", Way("ray", memory="2GB"), tmp_path, tmp_path / "b")
    assert command[-6:] == ["--engine", "ray", "--memory", "2GB", "--scratch", str(tmp_path)]
    assert command[command.index("--test") + 1] == str(tmp_path / "b")


def test_the_options_are_those_of_the_command():
    """They are read from the command itself."""
    assert {"--fast", "--test", "--json"} <= growth.options()


@pytest.mark.slow
def test_an_audit_is_measured_whole(tmp_path):
    """A real audit of a small file ends, has a record, time and memory, and the same record once more."""
    found = growth.grown([2000], [Way(), Way()], tmp_path, tmp_path / "figures.json")
    assert [True, True] == [each["ended"] for each in found]
    assert [] == found[1]["differs_at"]
    assert all(each["cpu_seconds"] > 0 for each in found)
    assert ["figures.json", "rows-3-2000.jsonl"] == sorted(path.name for path in tmp_path.iterdir())
