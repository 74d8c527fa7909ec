"""The SkyPilot task is YAML that SkyPilot reads, and says how records come home."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tunecase.errors import InputError
from tunecase.pilot.skypilot import RECORDS, RentedTask, skypilot_task

SPOT: dict[str, Any] = {"accelerators": "H100:8", "spot": True, "bucket": "s3://my-bucket", "name": "big-pilot"}


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
    assert not {"file_mounts", "secrets"} & set(task)


def test_spot_keeps_its_records_in_a_bucket() -> None:
    """What may be taken away copies its ledger to a bucket each minute and takes it up again from there."""
    text = written(**SPOT, secrets=["HF_TOKEN"], setup=["python3 -m venv ~/axolotl-env"])
    task = yaml.safe_load(text)
    assert {RECORDS: {"source": "s3://my-bucket", "mode": "MOUNT"}} == task["file_mounts"]
    assert {"HF_TOKEN": None} == task["secrets"]
    assert task["setup"].endswith("~/axolotl-env\n")
    assert "sky jobs launch -n big-pilot --secret HF_TOKEN FILE" in text
    assert task["resources"]["use_spot"]


def test_several_machines_share_the_ladder_through_ray() -> None:
    """Every machine joins one Ray cluster, and the first alone runs the pilot."""
    task = yaml.safe_load(written(accelerators="H100:8", nodes=2))
    assert "tunecase[train,ray]" in task["setup"]
    join, first, pilot = (task["run"].index(word) for word in ("start_cluster", "SKYPILOT_NODE_RANK", "tunecase pilot"))
    assert join < first < pilot
    assert "--engine ray --address localhost:6379" in task["run"]
    script = task["run"].replace("~/sky_templates/ray/start_cluster", "echo $RAY_CMD").splitlines()
    asked = "\n".join(["echo pilot" if "tunecase pilot" in line else line for line in script])
    for rank, printed in (("0", "/home/x/tunecase-env/bin/ray\npilot\n"), ("1", "/home/x/tunecase-env/bin/ray\n")):
        environment = {"SKYPILOT_NODE_RANK": rank, "HOME": "/home/x", "PATH": "/usr/bin:/bin"}
        ran = subprocess.run(["bash", "-c", asked], env=environment, capture_output=True, text=True)
        assert (0, printed) == (ran.returncode, ran.stdout)


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
    tasks = [yaml.safe_load(written(**options)) for options in ({"accelerators": "A100:1"}, SPOT, {**SPOT, "nodes": 2})]
    scripts = [task[part] for task in tasks for part in ("setup", "run")]
    parsed = [subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True) for script in scripts]
    assert [""] * 6 == [ran.stderr for ran in parsed]


@pytest.mark.parametrize(("local", "there"), [("", "old\n"), ("ol\n", "old\n"), ("old\nhere\n", "old\n")])
def test_the_ledger_is_copied_there_and_back(tmp_path: Path, local: str, there: str) -> None:
    """The run takes up the bucket's ledger where it is the longer, and leaves the grown one there though it fails."""
    for name, text in (("records", there), ("work", local)):
        (tmp_path / name).mkdir()
        if text:
            (tmp_path / name / "ledger.jsonl").write_text(text)
    run = yaml.safe_load(written(**SPOT))["run"].replace(RECORDS, str(tmp_path / "records"))
    pilot = next(line for line in run.splitlines() if "tunecase pilot" in line)
    script = run.replace(pilot, "echo new >> ledger.jsonl; mkdir pilot; touch pilot/answers; false")
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path / "work", capture_output=True, timeout=20, check=False)
    assert 1 == ran.returncode
    assert max(local, there, key=len) + "new\n" == (tmp_path / "records" / "ledger.jsonl").read_text()
    assert (tmp_path / "records" / "pilot" / "answers").exists()


def test_what_would_be_misread_is_refused() -> None:
    """Values that SkyPilot or a shell would misread are refused, each by its name, and no secret is shown."""
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"accelerators": "A100 80GB"}, "accelerators"), ({"accelerators": "A100:0"}, "accelerators"),
        ({"name": "My Pilot"}, "name"), ({"spot": True}, "spot"), ({"bucket": "my-bucket"}, "bucket"),
        ({"secrets": ["HF_TOKEN=hf_abc"]}, "secrets"), ({"nodes": 0}, "nodes"),
    ]  # fmt: skip
    refused = []
    for options, _ in wrong:
        with pytest.raises(InputError) as caught:
            written(**{"accelerators": "A100:1", **options})
        refused.append(caught.value.problems)
    assert [[f"SkyPilot task: {name}"] for _, name in wrong] == [[p.where for p in problems] for problems in refused]
    assert "hf_abc" not in str(refused)
