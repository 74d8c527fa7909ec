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
    """Whether one ended or was killed; the end is foretold at this attempt's pace; only what did not end goes on."""
    found = meter(1000, 500)
    assert 1500 * 2 / 3600 == pytest.approx(found.gpu_hours)
    assert 1500 * 2 * 0.001 == pytest.approx(found.usd)
    found.now.usd_per_gpu_hour = 7.2
    assert 2.0 + 2.0 == pytest.approx(found.usd)
    found = meter(1000, 500)
    assert 1.0 / 10 == pytest.approx(found.usd_per_step())
    assert 3.0 + 30 * 0.1 == pytest.approx(found.usd_at_end(50))
    assert 3.0 == pytest.approx(found.usd_at_end(15))
    found.begin(AT, 20, 1.0, 1, "")
    assert (None, None) == (found.usd_per_step(), found.usd_at_end(50))
    found = meter(5)
    assert not Meter("r").goes_on(7)
    assert [True, True] == [found.goes_on(0), found.goes_on(7)]
    found.now.ended = True
    assert [False, True] == [found.goes_on(0), found.goes_on(7)]


def test_a_state_comes_back_the_same(tmp_path: Path) -> None:
    """What is written reads back equal; what two states know is counted once; a refused disk is said."""
    found, path = meter(1.5, 2.25), tmp_path / "deep" / "s.json"
    assert read_state(path) is None
    found.write(path)
    assert found == read_state(path)
    assert ["s.json"] == [one.name for one in path.parent.iterdir()]
    folder = meter(100, 50)
    checkpoint = meter_of(json.loads(json.dumps(folder.state())))
    checkpoint.attempts[0].seconds = 60
    checkpoint.attempts.pop()
    assert folder == together([folder, checkpoint]) == together([checkpoint, folder])
    assert checkpoint == together([checkpoint, meter(7)])
    assert together([]) is None
    (tmp_path / "file").write_text("")
    with pytest.raises(TunecaseError, match="make room"):
        meter(1).write(tmp_path / "file" / "s.json")


def test_broken_states_and_odd_attempts_are_refused(tmp_path: Path) -> None:
    """What was spent must not become nothing: a fix, and the file's name, for values without sense or kind."""
    path = tmp_path / "s.json"
    form = '{"form": 2, "run": "", "run_id": "", "attempts": []}'
    for text in ("", "{", "[]", "{}", form, '{"form": 1, "run": "r"}', "[" * 200_000):
        path.write_text(text)
        with pytest.raises(TunecaseError, match="Fix: restore the file"):
            read_state(path)
    for name, value in (("seconds", -1), ("gpu_count", 0), ("began_at", "soon"), ("seconds", "x")):
        state = json.loads(json.dumps(meter(5).state()))
        state["attempts"][0][name] = value
        with pytest.raises((ValueError, TypeError)):
            meter_of(state)
    (tmp_path := tmp_path / "second").mkdir()
    path, body, plain = tmp_path / "state.json", meter(10).state(), meter(10).state()["attempts"][0]
    for name in ("id", "began_at", "usd_per_gpu_hour", "gpu_count", "gpu", "seconds", "ended"):
        for value in (None, [], {}, [[1]], "x" * 5_000, 1e308, -(10**400), "9999-12-31T23:59:59+00:00"):
            body["attempts"][0] = {**plain, name: value}
            path.write_text(json.dumps(body), encoding="utf-8")
            with suppress(TunecaseError):
                assert read_state(path) is not None
