"""The score of published reinforcement runs counts every publisher once and keeps the sealed ones apart."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import rollouts

from tunecase import catalog

ROWS = {row["id"]: row for row in catalog.read_table("rollout_runs")}


def score(publisher: str, told: float, measured: float = 100.0) -> rollouts.Score:
    """A number told with a band of a factor of two either way."""
    return rollouts.Score({"publisher": publisher}, told / 2, told, told * 2, measured)


def test_a_publisher_with_many_rows_counts_as_much_as_one_with_one() -> None:
    """Ten rows that are right and one that is 50% off are 25% off."""
    found = rollouts.figures([*(score("many", 100.0) for _ in range(10)), score("one", 150.0)])
    assert (found["n"], found["publishers"], found["median_ape"]) == (11, 2, 25.0)
    assert found["coverage80"] == 1.0
    assert found["width"] == 4.0


def test_a_number_beyond_its_band_is_not_inside() -> None:
    """Three times what was measured lies outside a band of a factor of two."""
    assert rollouts.figures([score("one", 300.0)])["coverage80"] == 0.0


def test_seconds_are_stated_or_hours_by_steps() -> None:
    """Without either nothing is scored."""
    stated = {"seconds_per_step": "12.5", "hours": "", "steps": ""}
    assert rollouts.seconds_of(stated) == 12.5
    assert rollouts.seconds_of({"seconds_per_step": "", "hours": "2", "steps": "100"}) == 72
    assert rollouts.seconds_of({"seconds_per_step": "", "hours": "2", "steps": ""}) is None


def test_open_and_sealed_publishers_stand_apart(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The last line is one JSON object; a row that states too little is left out with its reason."""
    picked = [
        next(row for row in ROWS.values() if row["publisher"] == name and row["completion_tokens_limit"])
        for name in ("unslothai", "hkust-nlp")
    ]
    bare = next(row for row in ROWS.values() if not row["prompts_per_step"])
    lines = [",".join(bare), *(",".join(f'"{cell}"' for cell in row.values()) for row in (*picked, bare))]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rollouts.main(["--table", str(tmp_path / "rows.csv")])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["rows"] == 3
    assert found["open"]["step"]["publishers"] == found["sealed"]["step"]["publishers"] == 1
    assert "prompts_per_step" in found["left_out"][bare["id"]]
