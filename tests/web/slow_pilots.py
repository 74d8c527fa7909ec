"""Pilots that take their time: the simulated trainer waits before each run, in every process that a test starts."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SITE = """
import importlib.abc, importlib.util, sys

class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "tunecase.pilot.trainers.simulated":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            module.SETTINGS = {**module.SETTINGS, "seconds": SECONDS}
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Slow())
"""


def slow_down(folder: Path, patch: pytest.MonkeyPatch, seconds: float) -> None:
    """Makes a run of the simulated trainer take so long [s] in processes that are started from now on."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(SITE.replace("SECONDS", str(seconds)), encoding="utf-8")
    patch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(ROOT / "src"), str(ROOT))))
    patch.setenv("PYTHONDONTWRITEBYTECODE", "1")


def until(holds: Callable[[], object], most_s: float = 60.0) -> None:
    """Waits until something holds."""
    end = time.monotonic() + most_s
    while not holds():
        assert time.monotonic() < end, "it does not hold in time"
        time.sleep(0.02)


def tunecase_words(*words: str) -> list[str]:
    """What starts a command."""
    return [sys.executable, "-m", "tunecase", *words]
