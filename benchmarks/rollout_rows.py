"""Published runs that sampled the answers they learned from, and what is predicted for them."""

from collections.abc import Callable, Mapping
from datetime import date

from tunecase.compute.prediction import pace
from tunecase.compute.request import Request, settled
from tunecase.compute.rollout import Batch, Sampled
from tunecase.compute.search import search
from tunecase.compute.speed.rollout import RolloutStep
from tunecase.prices import Basis
from tunecase.quantities import Worlds

COLUMNS = {  # of rollout_runs.csv, and the fields of a request that they state
    "objective": "objective", "method": "method", "prompts_per_step": "prompts", "group_size": "group_size",
    "prompt_tokens": "prompt_tokens", "completion_tokens_mean": "completion_mean",
    "completion_tokens_limit": "completion_tokens", "reference": "reference", "sampler_gpus": "sampler_gpus",
}  # fmt: skip
SLEEPING = ("verl", "nemo-rl", "openrlhf", "roll", "slime", "skyrl")  # frameworks whose engine sleeps, by default
SLEEPING_SHARE, UNSLOTH_SHARE = 0.6, 0.8
PADDING = ("trl", "unsloth", "open-r1", "deepspeed-chat", "simple_grpo", "ms-swift")  # the others drop padding
SAMPLERS = {"hf": "generate", "": "colocated"}


def rollout_step_of(row: Mapping[str, str], engine: Callable[[Batch], Sampled]) -> RolloutStep:
    """The step that is predicted for a row of catalog/tables/rollout_runs.csv; what it does not say is searched.

    Args:
        row: its cells.
        engine: works out how long sampling takes.
    Returns: the RolloutStep, its seconds the middle, its band seconds x exp(+-1.28 sigma).
    Raises: InputError where the row lacks the model, the card or their number, or what it says contradicts itself.
    Source: verl and NeMo-RL put a colocated engine to sleep while they train, on 0.6 of a card's memory; notebooks of
    Unsloth give 0.6 to 0.9 to an engine that shares the base.
    Leaves out mini-batches, which the table counts as updates: each answer is learnt from once.
    """
    given: dict[str, object] = {field: row[column] for column, field in COLUMNS.items() if row[column]}
    sampler = SAMPLERS.get(row["sampler"], row["sampler"])
    given["sampler"] = "in-turn" if sampler == "separate" and row.get("overlap") == "no" else sampler
    given["packing"] = row["framework"] not in PADDING
    if row["framework"] == "unsloth":
        given |= {"framework": "unsloth", "engine_share": UNSLOTH_SHARE}
    if sampler == "colocated" and row["framework"] in SLEEPING:
        given |= {"engine_share": SLEEPING_SHARE, "engine_sleeps": "yes"}
    if row["reward"] == "model":
        given["reward_params"] = row.get("reward_params") or "1B"
    request = Request(row["model"], given, (row["gpu"],), (row["gpus"],), steps=1, engine=engine)
    ask = settled(request)
    table = search(ask, Basis(None, date.fromisoformat("2026-11-28"), Worlds(0, 500)))
    step = pace((table.cheapest() or table.closest()).recipe).rollout
    assert step is not None
    return step
