"""The walked cases that other tests read hold, and are those that tunecase makes today."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import walked
from tests.walked import NAMES, make_anew, opened
from tunecase.flow import Flow, not_used

# The verbs whose records hold in each case; those made from others rest on the ones that hold.
HELD = {
    "planned": ("estimate", "books"),
    "decided": ("audit", "define", "pilot", "forecast", "estimate", "decide", "books"),
}
HELD["running"] = (*HELD["decided"], "round", "next")
STALE = "a catalogue, a key or a schema has changed: run `make golden` and read the diff"


def breaches(case: Flow, verbs: tuple[str, ...]) -> list[str]:
    """The verbs whose records do not hold any more."""
    return [verb for verb in verbs if case.current(verb) is None or not case.rests_on_current(verb)]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """A walked case, which is made anew first where that was asked for."""
    if request.config.getoption("--golden"):
        make_anew(request.param)
    return str(request.param)


def test_the_records_of_a_walked_case_hold(name: str, tmp_path: Path) -> None:
    """They are found, rest on one another, none is named as not used, and each entry says its face."""
    case = opened(name, tmp_path)
    assert [] == breaches(case, HELD[name]), STALE
    assert () == not_used(case), STALE
    assert {"python"} == set(case.ledger.faces())


HASHES = ("id", "prev", "made_from", "entry")


def rounded(value: Any) -> Any:
    """Numbers to four significant figures, and no hash, which one more figure changes."""
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {key: rounded(item) for key, item in value.items() if key not in HASHES}
        case list():
            return [rounded(item) for item in value]
        case _:
            return value


@pytest.mark.slow
def test_a_walked_case_is_walked_alike_today(name: str, tmp_path: Path) -> None:
    """Entry by entry, to four figures, by a process of its own: what others have loaded holds the true clock."""
    code = f"from pathlib import Path\nfrom tests.walked import make_anew\nmake_anew({name!r}, Path({str(tmp_path)!r}))"
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[2]), *sys.path))}
    subprocess.run([sys.executable, "-c", code], check=True, env=surroundings)
    was, now = (
        [rounded(json.loads(line)) for line in (folder / name / "ledger.jsonl").open(encoding="utf-8")]
        for folder in (walked.FOLDER, tmp_path)
    )
    assert was == now, STALE
