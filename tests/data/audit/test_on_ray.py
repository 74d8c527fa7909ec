"""An audit on a real Ray cluster of two nodes finds what it finds here, over a shared folder and an object store."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data.audit.made_rows import write_files
from tests.data.audit.test_running import judged, plain
from tests.data.shards.test_remote import bucket  # noqa: F401 - a fixture
from tunecase.data.audit import Progress, Running
from tunecase.data.checks import scan

pytestmark = pytest.mark.needs("ray")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two nodes with one core each, both on this machine."""
    import ray  # here, for all tests are collected wherever some are run
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made
    if ray.is_initialized():
        ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    """A training and a test file."""
    return write_files(tmp_path_factory.mktemp("rows"))


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch) -> None:
    """Files are cut into many pieces."""
    monkeypatch.setattr(scan, "LEAST_PIECE_BYTES", 20_000)


@pytest.mark.parametrize("partitions", [None, 8])
def test_a_cluster_changes_nothing(cluster, files, tmp_path, partitions) -> None:
    """The record over a folder that all nodes see is that of one process."""
    running = Running("ray", cluster.address, str(tmp_path / "scratch"), partitions=partitions)
    assert plain(judged(*files, fast=True)) == plain(judged(*files, running, fast=True))
    assert [] == [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def test_an_object_store_changes_nothing(bucket, files, tmp_path) -> None:  # noqa: F811
    """Shards on an S3 server, on a Ray of its own: the command prints the same record, and leaves nothing there."""
    from tunecase.data.shards.remote import RemoteStore

    def told(*options: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "tunecase", "audit", *map(str, files), "--fast", "--json"]
        command.insert(5, "--test")
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode in (0, 1), done.stderr
        record = json.loads(done.stdout)
        stages = [(stage["name"], stage["rows_in"], stage["rows_out"]) for stage in record["stages"]]
        return record | {"seconds": 0, "stages": stages}

    assert told() == told("--engine", "ray", "--workers", "2", "--scratch", f"{bucket}/scratch")
    assert [] == RemoteStore(f"{bucket}/scratch").names()


def test_lost_workers_change_nothing(cluster, files, tmp_path) -> None:
    """Workers are killed while they read and while they sort; what they had is done by others."""
    killed: list[str] = []

    def kill(state: Progress) -> None:
        if state.stage not in killed and state.done > 1:
            killed.append(state.stage)
            for worker in ray_workers():
                os.kill(worker, signal.SIGKILL)

    running = Running("ray", cluster.address, str(tmp_path / "scratch"), partitions=8)
    record = judged(*files, running, progress=kill, fast=True)
    assert len(killed) >= 2
    assert plain(judged(*files, fast=True)) == plain(record)


SCRIPT = """
import sys
from pathlib import Path
from tests.data.audit.test_running import judged
from tunecase.data.audit import Running
from tunecase.data.checks import scan

scan.LEAST_PIECE_BYTES = 20_000
running = Running("ray", sys.argv[4], sys.argv[3], partitions=8)
judged(Path(sys.argv[1]), Path(sys.argv[2]), running, fast=True, progress=lambda state: print(state.stage, flush=True))
"""


def test_a_killed_driver_is_gone_on_with(cluster, files, tmp_path) -> None:
    """What stood when it was killed is not made again by the next one on the same cluster."""
    command = [sys.executable, "-c", SCRIPT, *map(str, files), str(tmp_path / "scratch"), cluster.address]
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for _ in range(9):  # the first says that the cluster is reached for
            assert process.stdout.readline()
        process.kill()
    record = judged(*files, Running("ray", cluster.address, str(tmp_path / "scratch"), partitions=8), fast=True)
    assert sum(stage.taken_up for stage in record.stages) >= 8
    assert plain(judged(*files, fast=True)) == plain(record)


def ray_workers() -> list[int]:
    """The processes of this machine in which Ray runs our tasks now."""
    found = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = status.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].startswith(b"ray::outcome"):
            found.append(int(status.parent.name))
    return found


def test_the_project_file_sends_audits_to_the_cluster(cluster, files, tmp_path, monkeypatch) -> None:
    """`engine: ray` beside the cluster's address and its scratch; the record is kept as any other."""
    from tunecase import Case

    for file in files:
        shutil.copy(file, tmp_path)
    (tmp_path / "tunecase.yaml").write_text(
        "name: on a cluster\ndata: {train: train.jsonl, test: test.jsonl}\n"
        f"engine: ray\naddress: {cluster.address}\nscratch: {tmp_path / 'scratch'}\n",
        encoding="utf-8",
    )
    record = Case(tmp_path / "tunecase.yaml").audit()
    assert plain(judged(*files))["rows"] == record.rows
    assert {"train", "same", "meet"} <= {stage.name for stage in record.stages}
