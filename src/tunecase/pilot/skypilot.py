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

ENVIRONMENT = "~/tunecase-env"
RECORDS = "/tunecase-records"
RAY_PORT = 6379
NAME = re.compile(r"[a-z]([a-z0-9-]{0,48}[a-z0-9])?")
ACCELERATORS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(:[1-9]\d{0,2})?")
BUCKET = re.compile(r"[a-z0-9]+://[A-Za-z0-9._/-]+")
SECRET_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class RentedTask:
    """A pilot for rented machines.

    Args:
        accelerators: as SkyPilot names them, per node: "A100-80GB:1".
        trainer, settings: for `--trainer` and `--set`.
        name: of the task, and of the cluster in the comments.
        project_folder: copied to the machine; holds the project file and its data.
        package: what pip installs there, such as a wheel in the project folder; empty: tunecase with what it needs.
        setup: further shell lines, such as those that make a trainer's own environment.
        spot: rents capacity that may be taken away; needs a bucket, so that finished runs survive.
        nodes: machines; with more than one the runs of the ladder are spread over all of them by Ray.
        disk_gb: of each machine [GB].
        idle_minutes: idle time after which the machine is given back [min].
        bucket: an existing "s3://…", "gs://…" or other store of SkyPilot's; the ledger is copied there while it runs.
        secrets: names of environment variables passed on at launch; their values are never written.
        pilot_options: further words for `tunecase pilot`.
    """

    accelerators: str
    trainer: str = "trl"
    settings: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    name: str = "tunecase-pilot"
    project_folder: str = "."
    project_file: str = "tunecase.yaml"
    package: str = ""
    setup: Sequence[str] = ()
    spot: bool = False
    nodes: int = 1
    disk_gb: int = 256
    idle_minutes: int = 10
    bucket: str = ""
    secrets: Sequence[str] = ()
    pilot_options: Sequence[str] = ()


def skypilot_task(rented: RentedTask) -> str:
    """The YAML of a SkyPilot task that runs `tunecase pilot` where the GPUs are.

    Returns: YAML with the commands that launch it and bring the records home as comments above.
    Raises: InputError with every value that SkyPilot or a shell would misread.

    Example:
        >>> print(skypilot_task(RentedTask("A100-80GB:1")).splitlines()[0])
        # A pilot on rented GPUs: 1 machine with A100-80GB:1.

    Source: SkyPilot's YAML reference, version 0.14. Leaves out prices: `sky launch` shows them before it asks.
    """
    refuse_any(_problems(rented))
    many = rented.nodes > 1
    engine = ["ray", "--address", f"localhost:{RAY_PORT}"] if many else ["local"]
    words = ["--project", rented.project_file, "--trainer", rented.trainer, "--engine", *engine]
    for key, value in rented.settings.items():
        words += ["--set", f"{key}={value}"]
    task: dict[str, Any] = {
        "name": rented.name,
        "workdir": rented.project_folder,
        "num_nodes": rented.nodes,
        "resources": {
            "accelerators": rented.accelerators,
            "use_spot": rented.spot,
            "disk_size": rented.disk_gb,
            "autostop": {"idle_minutes": rented.idle_minutes, "down": True},
        },
    }
    if rented.bucket:
        task["file_mounts"] = {RECORDS: {"source": rented.bucket, "mode": "MOUNT"}}
    if rented.secrets:
        task["secrets"] = dict.fromkeys(rented.secrets)
    task["setup"] = _setup(rented.package or ("tunecase[train,ray]" if many else "tunecase[train]"), rented.setup)
    task["run"] = _run([*words, *rented.pilot_options], bool(rented.bucket), many)
    text = yaml.dump(task, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return _comments(rented) + text


def _setup(package: str, more: Sequence[str]) -> str:
    lines = [
        "set -e",
        # Not SkyPilot's own environment, which must stay as it is.
        f"python3 -m venv {ENVIRONMENT}",
        f"{ENVIRONMENT}/bin/python -m pip install --quiet --upgrade pip",
        f"{ENVIRONMENT}/bin/python -m pip install --quiet {shlex.quote(package)}",
        *more,
    ]
    return "\n".join(lines) + "\n"


def _run(words: Sequence[str], kept: bool, many: bool) -> str:
    start = ["set -e"]
    if many:  # SkyPilot runs this on every machine; its script joins them, beside SkyPilot's own Ray
        start += [
            f"export RAY_HEAD_PORT={RAY_PORT} RAY_CMD={ENVIRONMENT.replace('~', '$HOME')}/bin/ray",
            "~/sky_templates/ray/start_cluster",
            'if [ "$SKYPILOT_NODE_RANK" != 0 ]; then exit 0; fi',
        ]
    pilot = f"{ENVIRONMENT}/bin/tunecase pilot " + " ".join(map(shlex.quote, words))
    if not kept:
        return "\n".join([*start, pilot]) + "\n"
    # A bucket cannot append in place, so the ledger is written here and copied: each minute, and at the end. It only
    # grows, so the longer one is the newer: after a machine was taken away, it is the bucket's.
    copy = f"cp -rf ledger.jsonl pilot {RECORDS}/ 2> /dev/null"
    longer = f'"$(cat {RECORDS}/ledger.jsonl | wc -c)" -gt "$(cat ledger.jsonl 2> /dev/null | wc -c)"'
    lines = [
        *start,
        f"if [ -f {RECORDS}/ledger.jsonl ] && [ {longer} ]; then cp -rf {RECORDS}/. .; fi",
        f"(while sleep 60; do {copy}; done) > /dev/null 2>&1 & copier=$!",
        f"trap '{copy}; kill $copier' EXIT",
        pilot,
    ]
    return "\n".join(lines) + "\n"


def _comments(rented: RentedTask) -> str:
    name, machines = rented.name, f"{rented.nodes} machine{'s' if rented.nodes > 1 else ''} with {rented.accelerators}"
    passed = "".join(f" --secret {secret}" for secret in rented.secrets)
    lines = [f"A pilot on rented GPUs: {machines}{', which may be taken away' if rented.spot else ''}.", ""]
    if rented.spot:
        lines += [f"launch:  sky jobs launch -n {name}{passed} FILE", f"watch:   sky jobs logs -n {name}"]
    else:
        lines += [f"launch:  sky launch -c {name}{passed} FILE", f"watch:   sky logs {name}"]
    if rented.bucket:
        lines.append(
            f"records: ledger.jsonl and pilot/ in {rented.bucket}, copied there each minute; copy them to rented/"
        )
    else:
        lines.append(f"records: rsync -av {name}:sky_workdir/ledger.jsonl {name}:sky_workdir/pilot rented/")
    if not rented.package:
        wheel = "if none has it, put its wheel in this folder and name that in `setup`"
        lines.append(f"setup:   pip takes tunecase from an index; {wheel}")
    lines.append("take over: tunecase ledger merge rented/ledger.jsonl")
    if not rented.spot:
        lines.append(f"end:     sky down {name}   (it goes down by itself when idle)")
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _problems(rented: RentedTask) -> list[Problem]:
    """Every value that SkyPilot or a shell would misread."""
    bucket, spot = rented.bucket, rented.spot
    without_bucket = "name one: without it, finished runs are lost with the machine"
    checks = [
        # field, is it right, what is wanted, how to correct it
        ("name", NAME.fullmatch(rented.name), "lower-case letters, digits and dashes", "such as tunecase-pilot"),
        (
            "accelerators",
            ACCELERATORS.fullmatch(rented.accelerators),
            "a name and a count per machine",
            "such as A100-80GB:1",
        ),
        ("nodes", rented.nodes >= 1, "a whole number >= 1", "leave it out for 1"),
        ("disk_gb", rented.disk_gb >= 30, "at least 30 GB", "leave it out for 256"),
        ("idle_minutes", rented.idle_minutes >= 1, "at least 1", "leave it out for 10"),
        ("spot", bucket or not spot, "a bucket beside it", without_bucket),
        ("bucket", not bucket or BUCKET.fullmatch(bucket), "the address of a store", "such as s3://my-bucket"),
    ]
    problems = [
        Problem(f"SkyPilot task: {name}", repr(getattr(rented, name)), wanted, fix)
        for name, good, wanted, fix in checks
        if not good
    ]
    wanted, fix = "names of environment variables", "write names such as HF_TOKEN, never values"
    bad = [secret for secret in rented.secrets if not SECRET_NAME.fullmatch(secret)]
    # What was given may be the secret itself, so it is not shown.
    return problems + [Problem("SkyPilot task: secrets", repr("…"), wanted, fix) for _ in bad]


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a YAML block."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
