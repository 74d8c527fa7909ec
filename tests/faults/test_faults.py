"""Whatever the disk, the memory or the user stops: a sentence, no scratch, no entry lost, a case that opens."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.kills import killed
from tests.faults.road import ASKED, SERVED_AT, SHORT, Point, Road, sampled
from tests.faults.seam import KINDS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process per fault is forked")


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """The short road: a charge, an import, a chain made again, sheets to label, a catalog of prices."""
    short = Road(tmp_path_factory.mktemp("faults"), SHORT)
    short.walk()
    return short


def wrong_at(road: Road, points: list[Point], again: bool) -> dict[str, list[str]]:
    """What is wrong, by the fault that shows it."""
    found = {f"{road.steps[point.step].words} {point}": road.faults_of(point, again) for point in points}
    return {place: wrong for place, wrong in found.items() if wrong}


def test_a_sample_of_all_faults(road: Road) -> None:
    """Of every kind of fault, at calls drawn at random."""
    points = [
        point
        for kind in KINDS
        for point in sampled(list(road.points([kind], most_calls=20)), 2, seed=5)
    ]  # fmt: skip
    assert set(KINDS) - {"connection lost"} == {point.kind for point in points}  # which no step of this road has
    assert {} == wrong_at(road, points, again=False)


@pytest.mark.slow
def test_every_write_of_the_short_road(road: Road) -> None:
    """Every call that writes or names a file fails once in every way; of reads and functions, evenly spread ones."""
    points = list(road.points(most_calls=8, most_reads=12))
    assert 400 < len(points)
    assert {} == wrong_at(road, points, again=True)


@pytest.fixture
def address() -> Iterator[str]:
    """A server in a process of its own that answers every chat with one word."""
    code = "from tests.chat_server import chat_server, said\nwith chat_server([said('red', (100, 2))]) as server:\n"
    code += "    print(server.url, flush=True)\n    input()"
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.kill()


@pytest.mark.slow
def test_a_connection_that_is_lost(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hosted model that cannot be asked, once or any more, costs its own score and never the pilot."""
    monkeypatch.setenv(SERVED_AT, address)
    asked = Road(tmp_path, ASKED)
    asked.walk()
    assert asked.clean[1].calls["net"] > 20
    points = sampled(list(asked.points(["connection lost"])), 6, seed=1)
    lasting = [replace(point, lasting=True) for point in points[:3]]
    assert {} == wrong_at(asked, [*points, *lasting], again=True)


@pytest.mark.slow
def test_forty_kills(tmp_path: Path) -> None:
    """Nothing that was known is lost, nothing half-written shows, no worker stays, and scratch goes later."""
    found = killed(tmp_path, 40, seed=3)
    assert [] == found.wrong
    assert 40 <= found.kills.total()
    assert 5 <= len(found.kills)
    assert found.known
