"""A real model behind a real OpenAI-compatible server: SmolLM2 and `transformers serve`, on a free port."""

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tunecase.pilot.trainers import weights

START_S = 300.0


@contextmanager
def real_chat_server() -> Iterator[tuple[str, str]]:
    """Starts the server and ends it by its id.

    Yields: its base URL and the model's name there. Skips where the server or the weights are not installed.
    """
    program = Path(sys.executable).with_name("transformers")
    if not program.exists() or importlib.util.find_spec("openai") is None:
        pytest.skip('skipped: "transformers serve" not found; pip install "transformers[serving]"')
    folder, port = _weights(), _free_port()
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [program, "serve", folder, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with TemporaryFile() as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/health", server)
            yield f"http://127.0.0.1:{port}/v1", str(folder)
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _weights() -> Path:
    """The folder of SmolLM2's weights: TUNECASE_TEST_MODEL, or what the trainer finds on this machine."""
    if named := os.environ.get("TUNECASE_TEST_MODEL"):
        return Path(named)
    if weights.find(weights.SMOL) is not None:
        return weights.fetch(weights.SMOL, print).folder  # converts what is there; downloads nothing
    pytest.skip("skipped: SmolLM2 not found; name a folder of its weights in TUNECASE_TEST_MODEL")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no answer from the server within {START_S} s")
