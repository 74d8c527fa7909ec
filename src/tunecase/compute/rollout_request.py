"""What a request says of sampled answers, checked, with assumptions where it is silent."""

import math
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from tunecase import catalog
from tunecase.catalog import OWN_CARDS, SAMPLERS
from tunecase.compute.lengths import Lengths
from tunecase.compute.rollout import Batch, Rollout, Sampled, middle, texts_of

SIZES = ("prompts", "group_size", "prompt_tokens", "completion_tokens", "completion_mean", "updates", "sampler_gpus")
AMOUNTS = ("reward_params", "reward_seconds", "engine_share")
FLAGS = ("reference", "engine_sleeps")
NAMES = (*SIZES, *AMOUNTS, *FLAGS, "sampler")
DEFAULTS = {"prompts": "prompts_per_step", "prompt_tokens": "prompt_tokens", "completion_tokens": "completion_tokens"}
LENGTHS = ("completion_tokens", "completion_mean")  # what measured lengths tell
ASSUMED = {
    "prompts": "{} prompts a step", "group_size": "{} answers to a prompt", "prompt_tokens": "prompts of {} tokens",
    "completion_tokens": "answers cut at {} tokens", "completion_mean": "answers of {} tokens in the mean",
}  # fmt: skip

Refuse = Callable[[str, str, str, str], None]


def rollout_of(
    given: MutableMapping[str, Any], engine: Callable[[Batch], Sampled] | None, context: int, refuse: Refuse,
    lengths: Lengths | None = None,
) -> tuple[Rollout | None, str]:  # fmt: skip
    """Takes the fields about sampled answers out of a request.

    Args:
        given: fields of Recipe and those of NAMES, as their own types; those of NAMES are taken out.
        engine: works out how long sampling takes.
        context: the longest text of the model [tokens], 0 where it is not known.
        refuse: takes where, got, wanted and fix of a mistake.
        lengths: of prompt and answer together, where they were measured [tokens].
    Returns: the Rollout and what was assumed, in words; None and nothing for an objective that samples nothing.
    """
    stated = {name: given.pop(name) for name in NAMES if name in given}
    named = given.get("objective", "sft")
    goal = next((row for row in catalog.objectives() if row.name == named), None)
    if goal is None or not goal.samples:
        for name in stated:
            refuse(name, f"{stated[name]} with {named}", "an objective that samples answers", "add --objective grpo")
        return None, ""
    values = _settled(stated, goal, lengths, context)
    _check(stated, values, goal, refuse)
    _check_lengths(stated, values, lengths, context, refuse)
    if engine is None:
        refuse("objective", named, "an engine that samples", "ask by `tunecase fit`, `estimate` or `decide`")
        return None, ""
    return _rollout(stated, values, engine, lengths)


def own_cards(given: Mapping[str, Any]) -> int:
    """Cards that only sample, by the fields as given: one where a sampler with cards of its own does not say."""
    sampler = given.get("sampler") or ("separate" if given.get("sampler_gpus") else "")
    return (given.get("sampler_gpus") or 1) if sampler in OWN_CARDS else 0


def _settled(
    stated: Mapping[str, Any], goal: catalog.Objective, lengths: Lengths | None, context: int
) -> dict[str, Any]:
    """The fields with what is assumed where nobody states them; a limit is raised to one that fits a stated mean."""
    usual = {name: round(middle(default)) for name, default in DEFAULTS.items()}
    values: dict[str, Any] = {**usual, "group_size": goal.group_size, "updates": goal.updates, **stated}
    values = {"engine_share": middle("engine_share"), "reference": goal.reference > 0, **values}
    mean, root = stated.get("completion_mean"), middle("mean_root")
    if lengths is not None:
        values["completion_tokens"] = max(lengths.longest - values["prompt_tokens"], 1)
    elif mean and "completion_tokens" not in stated and mean > values["completion_tokens"]:
        room = context - values["prompt_tokens"] if context else math.inf
        values["completion_tokens"] = max(min(math.ceil(mean**2 / root), room), mean)
    most = values["completion_tokens"]
    values.setdefault("completion_mean", max(1, round(min((root * most) ** 0.5, most))))
    values.setdefault("sampler", "separate" if "sampler_gpus" in stated else SAMPLERS[0])
    values["sampler_gpus"] = own_cards(values)
    return values


def _rollout(
    stated: Mapping[str, Any], values: dict[str, Any], engine: Callable[[Batch], Sampled], lengths: Lengths | None
) -> tuple[Rollout, str]:
    unsaid = [name for name in ASSUMED if name not in stated and not (lengths and name in LENGTHS)]
    assumed = ", ".join(ASSUMED[name].format(f"{values[name]:,}") for name in unsaid)
    mean, most = values.pop("completion_mean"), values["completion_tokens"]
    texts = lengths or texts_of(values["prompt_tokens"], min(mean, most), most)
    rollout = Rollout(**values, texts=texts, engine=engine, guessed="completion_mean" in unsaid)
    return rollout, f"{assumed}: assumed, say it if it is otherwise" if assumed else ""


def _check(stated: Mapping[str, Any], values: Mapping[str, Any], goal: catalog.Objective, refuse: Refuse) -> None:
    """Refuses groups that are too small, cards without use, and an engine that takes a whole card."""
    if values["group_size"] < goal.least_group:
        got, why = f"{values['group_size']} with {goal.name}", "an answer is compared with the others of its group"
        refuse("group_size", got, f"{goal.least_group} or more: {why}", "use 8, a common size")
    if "sampler_gpus" in stated and values["sampler"] not in OWN_CARDS:
        got, fix = (
            f"{stated['sampler_gpus']} with {values['sampler']}",
            "use --sampler separate, or leave sampler_gpus out",
        )
        refuse("sampler_gpus", got, "a sampler with cards of its own", fix)
    if values["engine_share"] >= 1:
        refuse("engine_share", str(values["engine_share"]), "a share between 0 and 1", "use 0.3, a common share")


def _check_lengths(
    stated: Mapping[str, Any], values: Mapping[str, Any], lengths: Lengths | None, context: int, refuse: Refuse
) -> None:
    """Refuses texts beyond the context, means above the limit, and prompts as long as a mean text with its answer."""
    prompt, mean, most = (values[name] for name in ("prompt_tokens", "completion_mean", "completion_tokens"))
    longest = lengths.longest if lengths is not None else prompt + most
    if lengths is not None and prompt >= lengths.mean:
        got = f"{prompt:,} tokens{'' if 'prompt_tokens' in stated else ', which is assumed'}"
        wanted = f"fewer than {lengths.mean:,.0f}, the mean of prompt and answer in the lengths given"
        refuse("prompt_tokens", got, wanted, "say --prompt-tokens as they are, or give lengths with the answers")
    if context and longest > context:
        fix = "shorten the answers, or use a model with a longer context"
        refuse("completion_tokens", f"{longest:,} tokens with the prompt", f"at most {context:,}, its context", fix)
    elif lengths is None and mean > most:
        fix = "lower the mean, or raise completion_tokens"
        refuse("completion_mean", f"{mean:,} tokens", f"at most {most:,}, where answers are cut", fix)
