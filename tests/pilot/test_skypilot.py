"""The SkyPilot task is YAML that SkyPilot reads, and says how records come home."""

import subprocess
import sys
from typing import Any

import pytest
import yaml

from tunecase.errors import InputError
from tunecase.pilot.skypilot import RentedTask, skypilot_task


def written(**options: Any) -> str:
    """The task file of a pilot for rented machines."""
    return skypilot_task(RentedTask(**options))


def test_one_machine() -> None:
    """It rents what was named, installs into an environment of its own and runs the pilot there."""
    text = written(accelerators="A100-80GB:1", settings={"rank": 16, "command": "python 'my wrapper.py'"})
    task = yaml.safe_load(text)
    assert ("tunecase-pilot", ".", 1) == (task["name"], task["workdir"], task["num_nodes"])
    assert {
        "accelerators": "A100-80GB:1", "use_spot": False, "disk_size": 256,
        "autostop": {"idle_minutes": 10, "down": True},
    } == task["resources"]  # fmt: skip
    assert "python3 -m venv ~/tunecase-env" in task["setup"]
    assert "tunecase pilot --project tunecase.yaml --trainer trl --engine local --set rank=16" in task["run"]
    assert "rsync -av tunecase-pilot:sky_workdir/ledger.jsonl tunecase-pilot:sky_workdir/pilot rented/" in text


def test_words_are_quoted_for_the_shell() -> None:
    """A setting with blanks, quotes or a dollar reaches the pilot as one word."""
    value = "python w.py '$HOME' \"x\"; rm -rf /"
    run = yaml.safe_load(written(accelerators="T4:1", settings={"command": value}))["run"]
    words = run.splitlines()[1].replace(
        "~/tunecase-env/bin/tunecase", f"{sys.executable} -c 'import sys; print(sys.argv[-1])'"
    )
    assert f"command={value}\n" == subprocess.run(["sh", "-c", words], capture_output=True, text=True).stdout


def test_the_shell_reads_its_scripts() -> None:
    """Setup and run are scripts that a shell can parse."""
    task = yaml.safe_load(written(accelerators="A100:1"))
    for part in ("setup", "run"):
        assert "" == subprocess.run(["bash", "-n"], input=task[part], capture_output=True, text=True).stderr


@pytest.mark.parametrize("wrong", ["A100 80GB", "A100:0"])
def test_what_would_be_misread_is_refused(wrong: str) -> None:
    """Accelerators that SkyPilot would misread are refused."""
    with pytest.raises(InputError) as caught:
        written(accelerators=wrong)
    assert ["SkyPilot task: accelerators"] == [problem.where for problem in caught.value.problems]
