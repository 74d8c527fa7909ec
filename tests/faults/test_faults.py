"""Whatever the disk, the memory or the user stops: a sentence, no scratch, no entry lost, a case that opens.

Each test works in a fresh interpreter, which forks a process per fault: a fork of the interpreter of the tests would
hold libraries and threads that other tests have loaded.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from tests.faults.kills import killed
from tests.faults.road import ASKED, SERVED_AT, SHORT, Point, Road, Step, sampled
from tests.faults.seam import KINDS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="a process per fault is forked")]
P = ParamSpec("P")
T = TypeVar("T")
Wrong = dict[str, list[str]]  # what is wrong, by the fault that shows it


def apart(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """What a function gives in a fresh interpreter."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given, **named).result()


def _walked(folder: Path, steps: Sequence[Step]) -> Road:
    road = Road(folder, steps)
    road.walk()
    return road


def _wrong_at(road: Road, points: list[Point], again: bool) -> Wrong:
    found = {f"{road.steps[point.step].words} {point}": road.faults_of(point, again) for point in points}
    return {place: wrong for place, wrong in found.items() if wrong}


def _every_write(folder: Path) -> tuple[int, set[str], Wrong]:
    road = _walked(folder, SHORT)
    points = list(road.points(most_calls=3, most_reads=3))
    return len(points), {point.kind for point in points}, _wrong_at(road, points, again=True)


def test_every_write_of_the_short_road(tmp_path: Path) -> None:
    """Every write and every name fails as a disk does; of reads, memory, Ctrl-C and functions, evenly spread points."""
    count, kinds, wrong = apart(_every_write, tmp_path)
    assert 240 < count
    assert set(KINDS) - {"connection lost"} == kinds  # which no step of this road has
    assert {} == wrong


@pytest.fixture
def address() -> Iterator[str]:
    """A server in a process of its own that answers every chat with one word."""
    code = "from tests.chat_server import chat_server, said\nwith chat_server([said('red', (100, 2))]) as server:\n"
    code += "    print(server.url, flush=True)\n    input()"
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings
    ) as server:
        yield server.stdout.readline().strip()
        server.kill()


def _connections_lost(folder: Path) -> tuple[int, Wrong]:
    road = _walked(folder, ASKED)
    points = sampled(list(road.points(["connection lost"])), 6, seed=1)
    lasting = [replace(point, lasting=True) for point in points[:3]]
    return road.clean[1].calls["net"], _wrong_at(road, [*points, *lasting], again=True)


def test_a_connection_that_is_lost(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hosted model that cannot be asked, once or any more, costs its own score and never the pilot."""
    monkeypatch.setenv(SERVED_AT, address)
    asked, wrong = apart(_connections_lost, tmp_path)
    assert asked > 20
    assert {} == wrong


def test_twenty_kills(tmp_path: Path) -> None:
    """Nothing that was known is lost, nothing half-written shows, no worker stays, and scratch goes later."""
    found = apart(killed, tmp_path, 20, seed=3)
    assert [] == found.wrong
    assert 20 <= found.kills.total()
    assert 5 <= len(found.kills)
    assert found.known
