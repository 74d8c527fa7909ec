"""What a command costs with every process that it starts."""

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from cgroups import Group, NoGroupError
from process_tree import Usage, Watch, disk_mb, watched

BUSY = "import time\nwhile time.process_time() < {}: pass\n"
AWAY = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', {!r}], start_new_session=True)\n"


def python(code: str, **watch: object) -> Usage:
    """A command in Python, watched."""
    return watched([sys.executable, "-c", code], Watch(**watch))  # type: ignore[arg-type]


def a_group(limit_bytes: int | None = None) -> Group:
    """A control group; without them the test has nothing to say."""
    try:
        return Group.made(limit_bytes)
    except NoGroupError as error:
        pytest.skip(str(error))


def test_the_exit_status_and_the_time_of_children_are_told():
    """Processor time is that of the command and of what it started, in another session too."""
    used = python(AWAY.format(BUSY.format(0.3)) + BUSY.format(0.2) + "sys.exit(3)")
    assert 3 == used.returncode
    assert used.cpu_seconds is not None
    assert 0.5 <= used.cpu_seconds < 5


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="this system does not tell")
def test_the_peak_of_memory_is_that_of_all_processes():
    """A child's memory counts for the whole and not for the driver."""
    used = python(AWAY.format("import time; held = bytearray(100_000_000); time.sleep(.5)"))
    assert used.peak_mb is not None
    assert used.driver_peak_mb is not None
    assert used.peak_mb > 100 > used.driver_peak_mb


def test_what_lies_in_the_watched_folders_is_counted(tmp_path):
    """Files of folders inside count as well."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "file").write_bytes(bytes(1_000_000))
    assert 1 <= disk_mb([tmp_path]) < 1.1
    assert 0 == disk_mb([tmp_path / "none"])


@pytest.mark.slow
def test_a_command_that_takes_too_long_is_ended():
    """It has no exit status, and nothing of it goes on."""
    start = time.monotonic()
    used = python(AWAY.format("import time; time.sleep(60)"), limit_s=1.0)
    assert used.returncode is None
    assert 1 <= used.seconds < time.monotonic() - start < 20


@pytest.mark.slow
def test_a_limit_of_memory_is_kept_and_what_hit_it_is_told():
    """The kernel kills what goes beyond, the count says so, and no group stays behind."""
    a_group(200_000_000).remove()
    used = python("held = bytearray(400_000_000)", limit_bytes=200_000_000)
    assert (-9, 1) == (used.returncode, used.killed)
    assert used.charged_peak_mb is not None
    assert used.charged_peak_mb <= 200


@pytest.mark.slow
def test_a_group_goes_with_what_still_runs_in_it():
    """A daemon that left the command's session is ended with the group."""
    group = a_group()
    group.remove()
    assert not any(folder.exists() for folder in group.folders)
    start = time.monotonic()
    python("import subprocess\nsubprocess.Popen(['sleep', '60'], start_new_session=True)")
    assert time.monotonic() - start < 20
