"""A pilot is asked for in words, exported to rented machines, and brought home from them."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl
from tests.test_flow import opened, runs
from tunecase import flow
from tunecase.errors import InputError
from tunecase.flow import PilotAsked


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A sound case; its project file."""
    folder = tmp_path / "here"
    path = case_folder(folder, second_label="  second_label: second")
    write_jsonl(folder / "test.jsonl", [dict(row, second=row["label"]) for row in tickets(200, 2)])
    return path


def test_words_become_a_pilot() -> None:
    """Settings are numbers and truths where they look so; hosted ones go to the hosted models; an hour here is free."""
    asked = flow.pilot_asked(
        trainer="lora", settings=["rank=16", "learning_rate=2e-3", "names=true", "style=chat", "hosted.base_url=http://x"],
        sizes="50, 100,200", every=True, hosted=["big"],
    )  # fmt: skip
    assert {"rank": 16, "learning_rate": 0.002, "names": True, "style": "chat"} == asked.settings
    assert ((50, 100, 200), False, 0.0) == (asked.sizes, asked.adaptive, asked.usd_per_hour)
    assert {"big": {"base_url": "http://x"}} == asked.hosted
    assert flow.pilot_asked(engine="ray").usd_per_hour is None


def test_words_that_cannot_be_read_are_refused_together() -> None:
    """Every unreadable word is told, with how to write it."""
    with pytest.raises(InputError) as caught:
        flow.pilot_asked(settings=["rank"], sizes="ten", engine="cloud")
    assert ["--set", "--sizes", "--engine"] == [problem.where for problem in caught.value.problems]


def test_a_pilot_is_written_as_a_task_for_rented_gpus(sound: Path, tmp_path: Path) -> None:
    """The file is YAML that runs the same pilot there; without GPUs to rent, or for another tool, it is refused."""
    to = tmp_path / "task.yaml"
    ran = tunecase(
        "pilot", "--project", sound, "--trainer", "trl", "--set", "rank=32", "--max-usd", "20", "--usd-per-hour", "2.5",
        "--export", "skypilot", "--accelerators", "L40S:1", "--to", to,
    )  # fmt: skip
    assert 0 == ran.code
    task = yaml.safe_load(to.read_text(encoding="utf-8"))
    assert "L40S:1" == task["resources"]["accelerators"]
    for words in ("--trainer trl", "--set rank=32", "--max-usd 20", "--usd-per-hour 2.5", "--yes"):
        assert words in task["run"]
    assert "tunecase ledger merge" in to.read_text(encoding="utf-8")
    with pytest.raises(InputError) as caught:
        flow.export(opened(sound), "slurm", PilotAsked(), "", to)
    assert ["--export", "--accelerators"] == [problem.where for problem in caught.value.problems]


def test_runs_of_another_machine_come_home_once(sound: Path, tmp_path: Path) -> None:
    """Runs, the pilot and the answers made elsewhere are taken over; a second time brings nothing."""
    away = tmp_path / "away"
    shutil.copytree(sound.parent, away)
    record = flow.pilot(opened(away / sound.name), PilotAsked(draws=1, workers=1))
    home = opened(sound)
    told = flow.merge(home, away / "ledger.jsonl")
    assert "its pilot stands for this case" in told
    assert {run.key for run in record.runs} <= {run.key for run in runs(home)}
    assert record.mean_scores == opened(sound).known("pilot").mean_scores
    assert list((sound.parent / "pilot" / "answers").iterdir())
    assert flow.merge(opened(sound), away / "ledger.jsonl").startswith("0 runs")


def test_a_touched_ledger_is_not_brought_home(sound: Path, tmp_path: Path) -> None:
    """A ledger that is not there, or was edited, is refused."""
    with pytest.raises(InputError, match="no such file"):
        flow.merge(opened(sound), tmp_path / "none.jsonl")
    flow.audit(opened(sound))
    other = tmp_path / "other.jsonl"
    other.write_text((sound.parent / "ledger.jsonl").read_text(encoding="utf-8").replace('"usable":', '"usable":1'))
    with pytest.raises(InputError, match=r"other\.jsonl:1"):
        flow.merge(opened(sound), other)
