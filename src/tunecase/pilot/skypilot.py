"""A SkyPilot task that runs a pilot on rented GPUs, as text: what to rent, how to install, and how records come home.

SkyPilot is neither imported nor called: the file is for `sky launch`, typed by whoever pays for the machine.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from tunecase.errors import Problem, refuse_any

NAME = "tunecase-pilot"  # of the task, and of the cluster in the comments
ENVIRONMENT = "~/tunecase-env"
DISK_GB = 256
IDLE_MINUTES = 10  # after which the machine is given back
ACCELERATORS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(:[1-9]\d{0,2})?")


@dataclass(frozen=True, slots=True)
class RentedTask:
    """A pilot for a rented machine.

    Args:
        accelerators: as SkyPilot names them: "A100-80GB:1".
        trainer, settings: for `--trainer` and `--set`.
        project_folder: copied to the machine; holds the project file and its data.
        pilot_options: further words for `tunecase pilot`.
    """

    accelerators: str
    trainer: str = "trl"
    settings: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    project_folder: str = "."
    project_file: str = "tunecase.yaml"
    pilot_options: Sequence[str] = ()


def skypilot_task(rented: RentedTask) -> str:
    """The YAML of a SkyPilot task that runs `tunecase pilot` where the GPUs are.

    Returns: YAML with the commands that launch it and bring the records home as comments above.
    Raises: InputError for accelerators that SkyPilot would misread.

    Example:
        >>> print(skypilot_task(RentedTask("A100-80GB:1")).splitlines()[0])
        # A pilot on rented GPUs: 1 machine with A100-80GB:1.

    Source: SkyPilot's YAML reference, version 0.14. Leaves out prices: `sky launch` shows them before it asks; and what
    its user may add to the file, such as spot machines with a bucket for their records.
    """
    if not ACCELERATORS.fullmatch(rented.accelerators):
        where, wanted = "SkyPilot task: accelerators", "a name and a count per machine"
        refuse_any(Problem(where, repr(rented.accelerators), wanted, "such as A100-80GB:1"))
    words = ["--project", rented.project_file, "--trainer", rented.trainer, "--engine", "local"]
    for key, value in rented.settings.items():
        words += ["--set", f"{key}={value}"]
    pilot = " ".join(map(shlex.quote, [*words, *rented.pilot_options]))
    task: dict[str, Any] = {
        "name": NAME,
        "workdir": rented.project_folder,
        "num_nodes": 1,
        "resources": {
            "accelerators": rented.accelerators,
            "use_spot": False,
            "disk_size": DISK_GB,
            "autostop": {"idle_minutes": IDLE_MINUTES, "down": True},
        },
        "setup": _setup(),
        "run": f"set -e\n{ENVIRONMENT}/bin/tunecase pilot {pilot}\n",
    }
    text = yaml.dump(task, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return _comments(rented) + text


def _setup() -> str:
    lines = [
        "set -e",
        # Not SkyPilot's own environment, which must stay as it is.
        f"python3 -m venv {ENVIRONMENT}",
        f"{ENVIRONMENT}/bin/python -m pip install --quiet --upgrade pip",
        f"{ENVIRONMENT}/bin/python -m pip install --quiet {shlex.quote('tunecase[train]')}",
    ]
    return "\n".join(lines) + "\n"


def _comments(rented: RentedTask) -> str:
    wheel = "if none has it, put its wheel in this folder and name that in `setup`"
    lines = [
        f"A pilot on rented GPUs: 1 machine with {rented.accelerators}.",
        "",
        f"launch:  sky launch -c {NAME} FILE",
        f"watch:   sky logs {NAME}",
        f"records: rsync -av {NAME}:sky_workdir/ledger.jsonl {NAME}:sky_workdir/pilot rented/",
        f"setup:   pip takes tunecase from an index; {wheel}",
        "take over: tunecase ledger merge rented/ledger.jsonl",
        f"end:     sky down {NAME}   (it goes down by itself when idle)",
    ]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a YAML block."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
