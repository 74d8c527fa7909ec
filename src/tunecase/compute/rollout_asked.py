"""What a request says of sampled answers, checked, with assumptions where it is silent."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from tunecase import catalog
from tunecase.compute.lengths import Lengths
from tunecase.compute.rollout import OWN_CARDS, SAMPLERS, Batch, Rollout, Sampled, middle, texts_of

SIZES = ("prompts", "group_size", "prompt_tokens", "completion_tokens", "completion_mean", "updates", "sampler_gpus")
AMOUNTS = ("reward_params", "reward_seconds", "engine_share")
FLAGS = ("reference", "engine_sleeps")
NAMES = (*SIZES, *AMOUNTS, *FLAGS, "sampler")
DEFAULTS = {"prompts": "prompts_per_step"}  # their names in defaults.csv, where they are others
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
    _check(asked, goal, context, refuse)
    if engine is None:
        refuse("objective", named, "an engine that samples", "ask by `tunecase fit`, `estimate` or `decide`")
        return None, ""
    return _rollout(asked, goal, engine, lengths)


def _rollout(
    asked: Mapping[str, Any], goal: catalog.Objective, engine: Callable[[Batch], Sampled], lengths: Lengths | None
) -> tuple[Rollout, str]:
    said: dict[str, Any] = {name: round(middle(DEFAULTS.get(name, name))) for name in (*SIZES[:4], "updates")}
    said |= {"engine_share": middle("engine_share"), "reference": goal.reference > 0, **asked}
    if lengths is not None:
        said["completion_tokens"] = max(lengths.longest - said["prompt_tokens"], 1)
    prompt, most = said["prompt_tokens"], said["completion_tokens"]
    said.setdefault("sampler", "separate" if "sampler_gpus" in asked else SAMPLERS[0])
    said.setdefault("sampler_gpus", int(said["sampler"] in OWN_CARDS))
    mean = said.setdefault("completion_mean", max(1, round(min((middle("mean_root") * most) ** 0.5, most))))
    told = [words.format(f"{said[name]:,}") for name, words in TOLD.items() if name not in asked and not lengths]
    texts, guessed = lengths or texts_of(prompt, min(mean, most), most), "completion_mean" not in asked and not lengths
    said.pop("completion_mean")
    rollout = Rollout(**said, texts=texts, engine=engine, guessed=bool(guessed))
    return rollout, f"{', '.join(told)}: assumed, say it if it is otherwise" if told else ""


def _check(asked: Mapping[str, Any], goal: catalog.Objective, context: int, refuse: Refuse) -> None:
    """Refuses groups that are too small, texts beyond the context, means above the limit, and cards without use."""
    group, completion = asked.get("group_size"), asked.get("completion_tokens")
    if group is not None and group < goal.least_group:
        why = "an answer is compared with the others of its group"
        refuse("group_size", f"{group} with {goal.name}", f"{goal.least_group} or more: {why}", "use 8, a common size")
    longest = sum(asked.get(name) or round(middle(name)) for name in ("prompt_tokens", "completion_tokens"))
    if context and longest > context:
        fix = "shorten the answers, or use a model with a longer context"
        refuse("completion_tokens", f"{longest:,} tokens with the prompt", f"at most {context:,}, its context", fix)
    mean = asked.get("completion_mean")
    if mean and completion and mean > completion:
        fix = "lower the mean, or raise completion_tokens"
        refuse("completion_mean", f"{mean:,} tokens", f"at most {completion:,}, where answers are cut", fix)
    if "sampler_gpus" in asked and asked.get("sampler", "separate") not in OWN_CARDS:
        fix = "use --sampler separate, or leave sampler_gpus out"
        refuse(
            "sampler_gpus", f"{asked['sampler_gpus']} with {asked['sampler']}", "a sampler with cards of its own", fix
        )
    if asked.get("engine_share", 0.5) >= 1:
        refuse("engine_share", str(asked["engine_share"]), "a share between 0 and 1", "use 0.3, a common share")
