"""What other tools predict for the same training runs: memory and speed, each tool in an environment of its own.

A run is a dict of plain values, the same for every tool:
    id; hidden, layers, heads, kv_heads, head_dim, ffn, vocab, params, tied; method (full, lora, qlora), rank, targets
    (all, attention, qv); sequence_tokens, micro_batch, gpus; checkpointing, flash (yes or no); gpu (a name of
    gpus.csv, or None), gpu_gib (or None); precision (bf16, fp16, fp8); sharding (none, ddp, zero1, zero2, zero3, fsdp)
    and, where they apply, architecture (else llama), experts, active_experts, masters (16-bit, 32-bit), optimizer.
Each tool is the newest release that installs, with the settings said in run_*.py. A second reading of a tool has a name
of its own: where its figure includes a context, fragmentation or a margin, "…, tensors alone" leaves them out.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from audit_peers import Peer, environment, version
from process_tree import NotRunError

LIMIT_S = 600
PEERS = (
    Peer("fitcheck-llm", ("fitcheck-llm",), "run_fitcheck.py"),
    Peer("canifinetune", ("canifinetune",), "run_canifinetune.py"),
    Peer("vramcalc", ("vramcalc",), "run_vramcalc.py"),
    Peer("ftuneai", ("ftuneai",), "run_ftuneai.py"),
    Peer("fitscout", ("fitscout",), "run_fitscout.py"),
)

Answer = dict[str, float | str | None]


def default_cache() -> Path:
    """The folder that keeps the tools' environments from one time to the next."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(base) / "tunecase" / "training-peers"


def predictions(
    rows: list[dict],
    cache: Path | None = None,
    peers: Iterable[Peer] = PEERS,
    skipped: dict[str, str] | None = None,
) -> dict[str, dict[str, Answer]]:
    """Each tool's memory_gb and tokens_per_s_per_gpu for every run by its id, None and a reason where it has none.

    A tool that cannot be installed or run is left out, and said so, in `skipped` as well where that is given.
    """
    found: dict[str, dict[str, Answer]] = {}
    for peer in peers:
        try:
            python = environment(peer, cache or default_cache())
            answers = asked(python, Path(__file__).parent / peer.script, rows)
            number = version(peer, python)
        except (NotRunError, OSError, ValueError, subprocess.SubprocessError) as error:
            print(f"{peer.name}: skipped: {error}", flush=True)
            if skipped is not None:
                skipped[peer.name] = str(error)
            continue
        readings = {name for answer in answers.values() for name in answer.get("also", {})}
        found |= {peer.name: _gathered(rows, answers)}
        found |= {f"{peer.name}, {name}": _gathered(rows, answers, name) for name in sorted(readings)}
        answered = sum(answer["memory_gb"] is not None for answer in found[peer.name].values())
        timed = sum(answer["tokens_per_s_per_gpu"] is not None for answer in found[peer.name].values())
        print(f"{peer.name} {number}: of {len(rows)} runs memory for {answered}, speed for {timed}", flush=True)
    return found


def asked(python: str, script: Path, rows: list[dict]) -> dict[str, dict]:
    """What a runner prints for the runs, by id."""
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    settings = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [python, str(script)], input=lines, capture_output=True, encoding="utf-8", env=settings, timeout=LIMIT_S
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NotRunError(f"ends with {done.returncode}: {last[:300]}")
    return {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}


def _gathered(rows: list[dict], answers: dict[str, dict], reading: str | None = None) -> dict[str, Answer]:
    """One reading's answers by id, the first one where none is named."""
    found: dict[str, Answer] = {}
    for row in rows:
        said = answers.get(row["id"], {"reason": "no answer"})
        figures = said.get("also", {}).get(reading, {}) if reading else said
        numbers = {name: figures.get(name) for name in ("memory_gb", "tokens_per_s_per_gpu")}
        found[row["id"]] = {**numbers, "reason": said.get("reason")}
    return found
