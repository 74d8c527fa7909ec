"""The meter of a run: attempts add up, killed ones count, what is written comes back."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tunecase.books.meter import Meter, meter_of, read_state, together
from tunecase.errors import TunecaseError

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def meter(*seconds: float, usd: float = 3.6, gpus: int = 2, steps: int = 10) -> Meter:
    """A run with attempts of so many seconds and ten steps each."""
    made = Meter("r")
    for number, one in enumerate(seconds):
        made.begin(AT.replace(hour=8 + number), steps * number, usd, gpus, "T4")
        made.now.seconds, made.now.last_step = one, steps * (number + 1)
    return made


def test_hours_and_dollars_of_all_attempts_add_up() -> None:
    """Seconds x GPUs x price of each attempt, whether it ended or was killed."""
    found = meter(1000, 500)
    assert 1500 * 2 / 3600 == pytest.approx(found.gpu_hours)
    assert 1500 * 2 * 0.001 == pytest.approx(found.usd)
    found.now.usd_per_gpu_hour = 7.2
    assert 2.0 + 2.0 == pytest.approx(found.usd)


def test_the_end_is_foretold_at_the_pace_of_this_attempt() -> None:
    """Steps that are left at this attempt's price of a step, on top of what was spent; unknown before the first."""
    found = meter(1000, 500)
    assert 1.0 / 10 == pytest.approx(found.usd_per_step())
    assert 3.0 + 30 * 0.1 == pytest.approx(found.usd_at_end(50))
    assert 3.0 == pytest.approx(found.usd_at_end(15))
    found.begin(AT, 20, 1.0, 1, "")
    assert (None, None) == (found.usd_per_step(), found.usd_at_end(50))


def test_which_trainings_go_on() -> None:
    """A resumed run and one that was killed before its first checkpoint go on; after an end step 0 is a new run."""
    found = meter(5)
    assert not Meter("r").goes_on(7)
    assert [True, True] == [found.goes_on(0), found.goes_on(7)]
    found.now.ended = True
    assert [False, True] == [found.goes_on(0), found.goes_on(7)]


def test_a_state_comes_back_the_same(tmp_path: Path) -> None:
    """What is written reads back equal; no file is no meter, and nothing else lies about."""
    found, path = meter(1.5, 2.25), tmp_path / "deep" / "s.json"
    assert read_state(path) is None
    found.write(path)
    assert found == read_state(path)
    assert ["s.json"] == [one.name for one in path.parent.iterdir()]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"form": 2, "run": "", "run_id": "", "attempts": []}', '{"form": 1, "run": "r"}']
)
def test_a_state_that_cannot_be_read_is_never_forgotten(tmp_path: Path, text: str) -> None:
    """A broken state is refused with a fix: what was spent must not become nothing."""
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(TunecaseError, match="Fix: restore the file"):
        read_state(path)


@pytest.mark.parametrize(("name", "value"), [("seconds", -1), ("gpu_count", 0), ("began_at", "soon"), ("seconds", "x")])
def test_attempts_without_sense_are_refused(name: str, value: object) -> None:
    """Negative times, no device and moments that are none are no attempt."""
    state = json.loads(json.dumps(meter(5).state()))
    state["attempts"][0][name] = value
    with pytest.raises((ValueError, TypeError)):
        meter_of(state)


def test_what_two_states_know_is_counted_once() -> None:
    """A checkpoint's state and the folder's: each attempt once, as long as it was seen; another run's is left out."""
    folder = meter(100, 50)
    checkpoint = meter_of(json.loads(json.dumps(folder.state())))
    checkpoint.attempts[0].seconds = 60
    checkpoint.attempts.pop()
    assert folder == together([folder, checkpoint]) == together([checkpoint, folder])
    assert checkpoint == together([checkpoint, meter(7)])
    assert together([]) is None


def test_a_refused_disk_is_said_with_a_fix(tmp_path: Path) -> None:
    """A folder in the place of a file's folder is the world's failure."""
    (tmp_path / "file").write_text("")
    with pytest.raises(TunecaseError, match="make room"):
        meter(1).write(tmp_path / "file" / "s.json")


@pytest.mark.parametrize("name", ["id", "began_at", "usd_per_gpu_hour", "gpu_count", "gpu", "seconds", "ended"])
def test_an_attempt_of_other_kinds_is_refused(tmp_path: Path, name: str) -> None:
    """A field of another kind of JSON, or a number that no run has, is told with the file's name."""
    path = tmp_path / "state.json"
    meter = Meter("a run")
    meter.begin(datetime(2026, 11, 20, tzinfo=UTC), 0, 1.0, 1, "L40S")
    body = meter.state()
    for value in (None, [], {}, [[1]], "x" * 5_000, 1e308, -(10**400), "9999-12-31T23:59:59+00:00"):
        body["attempts"][0] = {**meter.state()["attempts"][0], "seconds": 10.0, name: value}
        path.write_text(json.dumps(body), encoding="utf-8")
        with suppress(TunecaseError):
            assert read_state(path) is not None
    path.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(TunecaseError, match="cannot be read"):
        read_state(path)
