"""One of the user's own runs as measured: the trainer_state.json of Hugging Face's Trainer, with results beside it."""

from pathlib import Path
from typing import Any

from tunecase.compute.measured.runs import Measured
from tunecase.compute.recipe import Recipe
from tunecase.compute.speed.work import data_parallel
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import no_file
from tunecase.io.trackers import finite, flat, read_json

RESULTS = ("all_results.json", "train_results.json")
MEMORY = ("before_init_mem_gpu", "init_mem_gpu_alloc_delta", "train_mem_gpu_alloc_delta", "train_mem_gpu_peaked_delta")
WANTED = "a train_runtime with tokens or samples per second, or memory metrics"


def measured_run(path: Path, recipe: Recipe, day: str) -> Measured:
    """What a trainer state says of a run with the set-up asked for.

        tokens per second of one card = tokens seen in this session / train_runtime / cards
                                  or else samples per second x tokens of a sample / cards   (a DPO pair is two of them)
        peak = before_init + init alloc + train alloc + train peaked deltas   (torch's allocated bytes of one card)

    Args:
        path: a trainer_state.json, or a folder that holds one; all_results.json beside it is read too.
        recipe: the set-up of that run, with its card.
        day: the date of reading, for the record.
    Returns: the Measured run.
    Raises: InputError where the file states neither time nor memory.
    Source: transformers Trainer: TrainerMemoryTracker, speed_metrics, include_num_input_tokens_seen. Leaves out that
    train_runtime holds the slow first steps, so that runs of 20 to 50 steps read a few per cent slow; and that a run
    resumed from a checkpoint states the tokens of all its sessions, but the time of the last alone.
    """
    file = path / "trainer_state.json" if path.is_dir() else path
    refuse_any(no_file(file, "a trainer_state.json or a table of runs", "check the path", str(path)))
    body = read_json(file)
    facts = _facts(file, body)
    rate = _tokens_per_s(facts, body, recipe)
    peak = sum(facts.get(name, 0.0) for name in MEMORY) if MEMORY[-1] in facts else None
    if rate is None and peak is None:
        fix = "train with include_num_input_tokens_seen=True and skip_memory_metrics=False"
        raise InputError(Problem(str(file), f"keys {', '.join(sorted(facts))[:120]}", WANTED, fix))
    return Measured(
        id=file.parent.resolve().name or "run",
        publisher="own",
        source=str(file),
        date=day,
        recipe=recipe,
        peak_gb=peak / 1e9 if peak else None,
        statistic="allocated",
        tokens_per_s_per_gpu=rate,
    )


def _facts(file: Path, body: Any) -> dict[str, float]:
    """The latest value of each number that the state's history, or a file of results beside it, holds."""
    if not isinstance(body, dict) or not isinstance(body.get("log_history"), list):
        raise InputError(Problem(str(file), "no log_history", "a trainer state", "save it with trainer.save_state()"))
    beside = [file.parent / name for name in RESULTS]
    facts: dict[str, float] = {}
    for entry in (*body["log_history"], *(read_json(path) for path in beside if path.is_file())):
        facts |= _numbers(entry)
    return facts


def _numbers(entry: Any) -> dict[str, float]:
    return {key: finite(value) for key, value in flat(entry)} if isinstance(entry, dict) else {}


def _tokens_per_s(facts: dict[str, float], body: dict[str, Any], recipe: Recipe) -> float | None:
    """Useful tokens per second of one card; None where the state does not say."""
    runtime = facts.get("train_runtime", 0.0)
    seen = max(facts.get("num_input_tokens_seen", 0.0), finite(body.get("num_input_tokens_seen")))
    longest = int(recipe.sequence_tokens)
    mean = recipe.lengths.cut(longest).mean if recipe.lengths is not None else float(longest)
    padded = 1.0
    if recipe.lengths is not None and not recipe.packing:
        padded = recipe.lengths.cut(longest).useful_share(int(recipe.micro_batch))
    if seen and runtime:
        return seen * padded / runtime / float(recipe.gpus)
    samples = facts.get("train_samples_per_second", 0.0)
    if not samples and runtime:
        step = float(recipe.micro_batch * recipe.accumulation * data_parallel(recipe))
        samples = facts.get("train_steps_per_second", finite(body.get("global_step")) / runtime) * step
    return samples * recipe.goal.answers * mean / float(recipe.gpus) if samples else None
