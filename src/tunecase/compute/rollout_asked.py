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
TOLD = {
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
    asked = {name: given.pop(name) for name in NAMES if name in given}
    named = given.get("objective", "sft")
    goal = next((row for row in catalog.objectives() if row.name == named), None)
    if goal is None or not goal.samples:
        for name in asked:
            refuse(name, f"{asked[name]} with {named}", "an objective that samples answers", "add --objective grpo")
        return None, ""
    said = _said(asked, goal, lengths, context)
    _check(asked, said, goal, refuse)
    _check_lengths(asked, said, lengths, context, refuse)
    if engine is None:
        refuse("objective", named, "an engine that samples", "ask by `tunecase fit`, `estimate` or `decide`")
        return None, ""
    return _rollout(asked, said, engine, lengths)


def own_cards(given: Mapping[str, Any]) -> int:
    """Cards that only sample, by the fields as given: one where a sampler with cards of its own does not say."""
    sampler = given.get("sampler") or ("separate" if given.get("sampler_gpus") else "")
    return (given.get("sampler_gpus") or 1) if sampler in OWN_CARDS else 0


def _said(asked: Mapping[str, Any], goal: catalog.Objective, lengths: Lengths | None, context: int) -> dict[str, Any]:
    """The fields with what is assumed where nobody states them; a limit is raised to one that fits a stated mean."""
    usual = {name: round(middle(default)) for name, default in DEFAULTS.items()}
    said: dict[str, Any] = {**usual, "group_size": goal.group_size, "updates": goal.updates, **asked}
    said = {"engine_share": middle("engine_share"), "reference": goal.reference > 0, **said}
    mean, root = asked.get("completion_mean"), middle("mean_root")
    if lengths is not None:
        said["completion_tokens"] = max(lengths.longest - said["prompt_tokens"], 1)
    elif mean and "completion_tokens" not in asked and mean > said["completion_tokens"]:
        room = context - said["prompt_tokens"] if context else math.inf
        said["completion_tokens"] = max(min(math.ceil(mean**2 / root), room), mean)
    most = said["completion_tokens"]
    said.setdefault("completion_mean", max(1, round(min((root * most) ** 0.5, most))))
    said.setdefault("sampler", "separate" if "sampler_gpus" in asked else SAMPLERS[0])
    said["sampler_gpus"] = own_cards(said)
    return said


def _rollout(
    asked: Mapping[str, Any], said: dict[str, Any], engine: Callable[[Batch], Sampled], lengths: Lengths | None
) -> tuple[Rollout, str]:
    unsaid = [name for name in TOLD if name not in asked and not (lengths and name in LENGTHS)]
    told = ", ".join(TOLD[name].format(f"{said[name]:,}") for name in unsaid)
    mean, most = said.pop("completion_mean"), said["completion_tokens"]
    texts = lengths or texts_of(said["prompt_tokens"], min(mean, most), most)
    rollout = Rollout(**said, texts=texts, engine=engine, guessed="completion_mean" in unsaid)
    return rollout, f"{told}: assumed, say it if it is otherwise" if told else ""


def _check(asked: Mapping[str, Any], said: Mapping[str, Any], goal: catalog.Objective, refuse: Refuse) -> None:
    """Refuses groups that are too small, cards without use, and an engine that takes a whole card."""
    if said["group_size"] < goal.least_group:
        got, why = f"{said['group_size']} with {goal.name}", "an answer is compared with the others of its group"
        refuse("group_size", got, f"{goal.least_group} or more: {why}", "use 8, a common size")
    if "sampler_gpus" in asked and said["sampler"] not in OWN_CARDS:
        got, fix = (
            f"{asked['sampler_gpus']} with {said['sampler']}",
            "use --sampler separate, or leave sampler_gpus out",
        )
        refuse("sampler_gpus", got, "a sampler with cards of its own", fix)
    if said["engine_share"] >= 1:
        refuse("engine_share", str(said["engine_share"]), "a share between 0 and 1", "use 0.3, a common share")


def _check_lengths(
    asked: Mapping[str, Any], said: Mapping[str, Any], lengths: Lengths | None, context: int, refuse: Refuse
) -> None:
    """Refuses texts beyond the context, means above the limit, and prompts as long as a mean text with its answer."""
    prompt, mean, most = (said[name] for name in ("prompt_tokens", "completion_mean", "completion_tokens"))
    longest = lengths.longest if lengths is not None else prompt + most
    if lengths is not None and prompt >= lengths.mean:
        got = f"{prompt:,} tokens{'' if 'prompt_tokens' in asked else ', which is assumed'}"
        wanted = f"fewer than {lengths.mean:,.0f}, the mean of prompt and answer in the lengths given"
        refuse("prompt_tokens", got, wanted, "say --prompt-tokens as they are, or give lengths with the answers")
    if context and longest > context:
        fix = "shorten the answers, or use a model with a longer context"
        refuse("completion_tokens", f"{longest:,} tokens with the prompt", f"at most {context:,}, its context", fix)
    elif lengths is None and mean > most:
        fix = "lower the mean, or raise completion_tokens"
        refuse("completion_mean", f"{mean:,} tokens", f"at most {most:,}, where answers are cut", fix)
