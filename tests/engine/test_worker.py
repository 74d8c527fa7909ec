"""What a task took is told with what it gave."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests import engine_tasks
from tunecase import engine
from tunecase.engine import worker


def test_a_task_is_measured() -> None:
    """CPU seconds of it and of its programs, and the memory of its own process; result and error are as ever."""
    spent = engine.measured(len, "abc")
    assert (3, True) == (spent.result, spent.cpu_s < 1)
    assert engine.measured(engine_tasks.work, 0.1).cpu_s >= 0.1
    with pytest.raises(TypeError):
        engine.measured(abs, "x")
    held = bytearray(120_000_000)
    ((_, spent),) = engine.run_tasks(partial(engine.measured, len), ["abc"], workers=1, apart=True)
    assert isinstance(spent, engine.Measured)
    assert sys.platform != "linux" or 1e7 < spent.peak_bytes < len(held)
    code = "import time\nwhile time.process_time() < 0.2: pass"
    spent = engine.measured(partial(subprocess.run, check=True), [sys.executable, "-c", code])
    assert sys.platform == "win32" or spent.cpu_s >= 0.15


@pytest.mark.skipif(sys.platform == "win32", reason="not told on Windows")
def test_the_peak_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Other systems tell it by getrusage."""
    monkeypatch.setattr(worker, "STATUS", tmp_path / "none")
    assert engine.peak_bytes() > 1e7
