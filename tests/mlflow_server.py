"""A real MLflow server for a test, and the calls of its REST interface."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server that keeps mlflow.db in a folder, until the block ends; the test skips without MLflow."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    mlflow = os.environ.get("MLFLOW_COMMAND") or shutil.which("mlflow", path=beside)
    if mlflow is None:
        pytest.skip(
            "skipped: no `mlflow` beside Python or on the path (pip install mlflow, or MLFLOW_COMMAND=/path/to/mlflow)"
        )
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--default-artifact-root", str(folder)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([mlflow, *words], cwd=folder, stdout=log, stderr=log, start_new_session=True)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(base)
        yield base
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


def call(base: str, path: str, body: Mapping[str, Any]) -> Any:
    """What the server answers, as MLflow's own client asks."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/api/2.0/mlflow{path}", json.dumps(body).encode(), headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return json.load(answer)


def _wait_for(base: str) -> None:
    for _ in range(6_000):
        try:
            call(base, "/experiments/search", {"max_results": 1})
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not start")
