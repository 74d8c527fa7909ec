"""Work runs on a real Ray cluster of two nodes on this machine as it runs here, and a lost node loses nothing."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import engine_tasks
from tests.engine.test_engine import PATIENCE_S, start
from tests.pilot.test_trial import TEST, TRAIN, climb
from tunecase import __version__, engine
from tunecase.data.text import normalise
from tunecase.engine import cluster_nodes
from tunecase.engine.cluster import _Sent
from tunecase.engine.cluster_nodes import ClusterError
from tunecase.errors import InputError, MissingExtraError
from tunecase.records import Run

pytestmark = pytest.mark.needs("ray")


class _Ray:
    """Ray, loaded when a test asks something of it: collecting tests takes long enough without it."""

    def __getattr__(self, name: str) -> Any:
        import ray

        return getattr(ray, name)


ray = _Ray()


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A cluster of two nodes with one core each, both on this machine."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made
    if ray.is_initialized():
        ray.shutdown()
    made.shutdown()


def test_ray_that_is_not_there_or_has_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody at the address, no Ray installed, Ray without a token: each refused at once, with what to do."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ClusterError, match="ray start --head"):
        next(engine.run_tasks(len, ["a"], engine="ray", address=address))
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"ray\[default\]"):
        next(engine.run_tasks(len, ["a"], engine="ray", address="auto"))
    monkeypatch.undo()
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    with pytest.raises(ClusterError, match="RAY_AUTH_MODE=token"):
        next(engine.run_tasks(len, ["a"], engine="ray"))


@pytest.mark.slow
def test_both_nodes_work(cluster: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tasks run on both nodes; outcomes are those of this machine, crashes and endless tasks among them."""
    at = {"engine": "ray", "address": cluster.address}
    nodes = {outcome for _, outcome in engine.run_tasks(engine_tasks.where, [str(tmp_path)] * 6, **at)}  # type: ignore[arg-type]
    assert 2 == len(nodes)
    words = ["1", "odd", "leave", "4"]
    outcomes = dict(engine.run_tasks(engine_tasks.obey, words, retries=1, **at))  # type: ignore[arg-type]
    assert (1, 4) == (outcomes[0], outcomes[3])
    assert "OddError: words and more" == str(outcomes[1])
    assert isinstance(outcomes[2], engine.CrashError)
    for most_s in (3.0, *PATIENCE_S[1:]):
        slow = dict(engine.run_tasks(time.sleep, [600, 0], most_s=most_s, **at))  # type: ignore[arg-type]
        if slow[1] is None:
            break
    assert isinstance(slow[0], TimeoutError)
    assert None is slow[1]
    with pytest.raises(InputError, match="0 GPUs"):
        next(engine.run_tasks(len, ["a"], gpus_per_task=1, **at))  # type: ignore[arg-type]
    assert "" == capsys.readouterr().out


@pytest.mark.slow
def test_a_lost_node_loses_nothing(cluster: Any, tmp_path: Path) -> None:
    """A node killed in the middle of its tasks: they run again on the other, and every outcome comes once."""
    outcomes: dict[int, Any] = {}
    lost = next(iter(cluster.worker_nodes))
    raylet = lost.all_processes["raylet"][0].process.pid

    def lose() -> None:
        # A task has just begun there, and takes a second.
        while not any(mark.name.endswith(f"-{raylet}") for mark in tmp_path.iterdir()):
            time.sleep(0.05)
        cluster.remove_node(lost, allow_graceful=False)

    kill = threading.Thread(target=lose, daemon=True)
    kill.start()
    given = {"workers": 2, "engine": "ray", "address": cluster.address}
    for position, outcome in engine.run_tasks(engine_tasks.where, [str(tmp_path)] * 8, **given):  # type: ignore[arg-type]
        assert position not in outcomes
        outcomes[position] = outcome
    kill.join(60)
    assert list(range(8)) == sorted(outcomes)
    assert all(isinstance(outcome, int) for outcome in outcomes.values())
    assert len(list(tmp_path.iterdir())) > 8  # at least one was begun twice


@pytest.mark.slow
def test_a_pilot_on_a_cluster_is_the_pilot_here(cluster: Any) -> None:
    """The same runs come from a cluster and from this machine, but for their times."""
    made: list[Run] = []
    here = climb(TRAIN, TEST, trainer="probe", sizes=(8, 16, 64))
    there = climb(
        TRAIN, TEST, trainer="probe", sizes=(8, 16, 64), engine="ray", address=cluster.address, workers=2,
        on_run=made.append,
    )  # fmt: skip
    assert len(made) == len(there.runs)
    untimed = [[replace(run, seconds=0, answers_per_s=None) for run in found.runs] for found in (here, there)]
    assert untimed[0] == untimed[1]


@pytest.mark.slow
def test_lost_workers_refusals_and_results(cluster: Any, tmp_path: Path) -> None:
    """A killed worker's task runs again; a refusal arrives as it is; results do not pile up; functions here run there.

    One connection serves all calls.
    """
    at: Any = {"engine": "ray", "address": cluster.address}
    with engine.workers_held(**at):
        words = [str(tmp_path / "a"), str(tmp_path / "b")]
        assert [1, 1] == [outcome for _, outcome in engine.run_tasks(engine_tasks.kill_once, words, **at)]
        again = dict(engine.run_tasks(engine_tasks.obey, ["kill"], retries=0, **at))
        assert isinstance(again[0], engine.CrashError)
        ((_, refused),) = engine.run_tasks(engine_tasks.refuse, ["a.jsonl"], **at)
        assert isinstance(refused, InputError)
        assert "a.jsonl" == refused.problems[0].where
        store = ray.cluster_resources()["object_store_memory"]
        large = sum(len(made) for _, made in engine.run_tasks(bytes, [4_000_000] * 50, **at))  # type: ignore[arg-type]
        assert 200_000_000 == large
        until = time.monotonic() + 60
        while (held := store - ray.available_resources()["object_store_memory"]) > 2e7 and time.monotonic() < until:
            time.sleep(0.2)
        assert held < 2e7
        texts = dict(engine.run_tasks(normalise, ["ONE  Text", "two"], **at))
        assert {0: normalise("ONE  Text"), 1: normalise("two")} == texts
        ((_, spent),) = engine.run_tasks(partial(engine.measured, engine_tasks.work), [0.2], **at)
        assert isinstance(spent, engine.Measured)
        assert spent.cpu_s >= 0.15
        assert spent.peak_bytes > 1e7
        assert ray.is_initialized()
    assert not ray.is_initialized()


@pytest.mark.slow
def test_nodes_of_other_versions_are_told(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first task, each node with what it has and what is wanted."""
    other = {"Python": "3.99", "tunecase": __version__, "numpy": "9"}
    monkeypatch.setattr(cluster_nodes, "versions", lambda: other)
    with pytest.raises(
        ClusterError, match=r"node \S+ \(.*\): Python 3\.\d+; wanted 3\.99(.|\n)*numpy \d; wanted 9"
    ) as told:
        next(engine.run_tasks(len, ["a"], engine="ray", address=cluster.address))
    assert "tunecase 0" not in str(told.value)
    assert not ray.is_initialized()


HERE = """
from tunecase import engine
print(sorted(engine.run_tasks(abs, [-1, -2], engine="ray")), sorted(engine.run_tasks(abs, [-3], engine="ray")))
import os, ray
print(ray.is_initialized(), len(os.environ["RAY_AUTH_TOKEN"]))
"""


@pytest.mark.slow
def test_ray_on_this_machine(tmp_path: Path) -> None:
    """Without an address Ray is started here under a token of its own, and ended again."""
    out, err = start(HERE, tmp_path).communicate(timeout=300)
    assert ["[(0, 1), (1, 2)] [(0, 3)]", "False 64"] == out.splitlines(), err


class Gone:
    """A Ray whose head node went: whatever is asked of it fails so."""

    @property
    def exceptions(self) -> Any:
        """Ray's own."""
        return ray.exceptions

    def __init__(self, error: Exception) -> None:
        self.error = error

    def wait(self, *_: Any, **__: Any) -> Any:
        """Fails."""
        raise self.error

    get = remote = cancel = wait


@pytest.mark.parametrize("of_ray", [False, True])
def test_a_head_that_goes_is_told(of_ray: bool) -> None:
    """While tasks are handed out, waited for and cancelled; a task that cannot be sent stays what it is."""
    gone = Gone(ray.exceptions.RaySystemError("no GCS") if of_ray else ConnectionError("no GCS"))
    sent = _Sent(gone, gone, len, None, 2)
    with pytest.raises(ClusterError, match=r"cluster was lost(.|\n)*no GCS(.|\n)*the same command goes on"):
        sent.send(0, "a")
    sent.tasks["mine"] = (0, "a", 0, 0.0)
    with pytest.raises(ClusterError, match=r"cluster was lost(.|\n)*Fix: see that its head node is up"):
        sent.take()
    sent.cancel()
    assert {} == sent.tasks
    unsent = Gone(TypeError("cannot be pickled"))
    with pytest.raises(TypeError, match="pickled"):
        _Sent(unsent, unsent, len, None, 2).send(0, "a")


@pytest.mark.slow
def test_each_node_is_asked(cluster: Any) -> None:
    """Once, whatever it raises; by its name and address."""
    found = engine.on_each_node(engine_tasks.obey, "odd", cluster.address)
    assert 2 == len(found)
    assert all("OddError" in str(each) for each in found.values())
