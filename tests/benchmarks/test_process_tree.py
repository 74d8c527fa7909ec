"""What a command costs with every process that it starts."""

import sys
import time
from pathlib import Path

import pytest
from cgroups import Group, NoGroupError
from process_tree import Usage, Watch, watched

pytestmark = pytest.mark.slow
BUSY = "import time\nwhile time.process_time() < {}: pass\n"
AWAY = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', {!r}], start_new_session=True)\n"


def python(code: str, **watch: object) -> Usage:
    """A command in Python, watched."""
    return watched([sys.executable, "-c", code], Watch(**watch))  # type: ignore[arg-type]


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="this system does not tell")
def test_time_and_memory_of_children_are_told():
    """Those of what the command started in another session too; a child's memory is not the driver's."""
    child = "held = bytearray(100_000_000)\n" + BUSY.format(0.5)
    used = python(AWAY.format(child) + BUSY.format(0.2) + "sys.exit(3)")
    assert 3 == used.returncode
    assert 0.7 <= used.cpu_seconds < 5
    assert used.peak_mb > 100 > used.driver_peak_mb


def test_a_command_that_takes_too_long_is_ended():
    """It has no exit status, and nothing of it goes on."""
    start = time.monotonic()
    used = python(AWAY.format("import time; time.sleep(60)"), limit_s=1.0)
    assert used.returncode is None
    assert 1 <= used.seconds < time.monotonic() - start < 20


def test_a_limit_of_memory_is_kept_and_what_hit_it_is_told():
    """The kernel kills what goes beyond, the count says so, and no group stays behind."""
    try:
        group = Group.made(200_000_000)
    except NoGroupError as error:
        pytest.skip(str(error))
    group.remove()
    assert not any(folder.exists() for folder in group.folders)
    used = python("held = bytearray(400_000_000)", limit_bytes=200_000_000)
    assert (-9, 1) == (used.returncode, used.killed)
    assert used.charged_peak_mb <= 200
