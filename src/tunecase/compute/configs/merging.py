"""Two files of one run made one: the configuration that trains, and the accelerate or DeepSpeed file beside it."""

from dataclasses import replace

from tunecase.compute.configs import meanings
from tunecase.compute.configs.settings import Found
from tunecase.errors import Problem

SAME_IN_DEEPSPEED = ("micro_batch", "accumulation", "precision")  # the Trainer stops where these differ
UNSHARDED = ("none", "ddp")
SHARDS_ALWAYS = ("torchtune",)  # frameworks whose several-GPU recipes are fully sharded


def merged(primary: Found, companion: Found) -> Found:
    """The run of a configuration and of a file that accompanies it.

    What only one file states holds; a value that one states goes before a default of the other. Where both state one
    and differ, the configuration goes before accelerate's file, as in the Trainer; two ways of sharding, and sizes that
    differ from DeepSpeed's, are problems.

    Args:
        primary, companion: as read, in either order where only one of them stands alone.
    Returns: the run, with the notes and problems of both.
    """
    if companion.alone and not primary.alone:
        primary, companion = companion, primary
    if companion.alone:
        got, wanted = f"a configuration of {companion.kind}", "an accelerate or DeepSpeed file beside a configuration"
        one = f"give {primary.where} or {companion.where}, not both"
        fix = one if primary.where != companion.where else "give a file once, not both as run and as its companion"
        problem = Problem(companion.where, got, wanted, fix)
        return replace(primary, problems=(*primary.problems, problem))
    asked, notes, problems = dict(primary.asked), list(primary.notes), list(primary.problems)
    for name, value in companion.asked.items():
        settled_there = name in companion.stated
        if name not in asked or (settled_there and name not in primary.stated):
            asked[name] = value
            notes = [words for words in notes if words != primary.defaults.get(name)]
        elif settled_there and asked[name] != value:
            asked[name] = _both(name, primary, companion, notes, problems)
    stale = {words for name, words in companion.defaults.items() if name in primary.stated}
    notes += [words for words in companion.notes if words not in stale and words not in notes]
    meanings.raised(asked)
    return replace(
        primary,
        asked=asked,
        notes=tuple(notes),
        problems=(*problems, *companion.problems),
        stated=primary.stated | companion.stated,
        defaults={**companion.defaults, **primary.defaults},
    )


def _both(name: str, primary: Found, companion: Found, notes: list[str], problems: list[Problem]) -> object:
    """The value that holds where both files state one and differ."""
    ours, theirs = primary.asked[name], companion.asked[name]
    if companion.kind == "FSDP":
        return theirs  # the fields of the very FSDP that the configuration turns on
    if name == "sharding":
        if theirs in UNSHARDED:
            return ours
        if ours in UNSHARDED:
            return theirs
    if name == "checkpointing" and ours == "none":
        return theirs  # FSDP wraps the layers whatever the Trainer says
    if name == "sharding" or (companion.kind == "DeepSpeed" and name in SAME_IN_DEEPSPEED):
        got = f"{name} {theirs}, but {ours} in {primary.where}"
        fix = "make both files say the same" if name == "sharding" else 'write "auto" in the DeepSpeed file'
        problems.append(Problem(companion.where, got, "one value in both files", fix))
    else:
        notes.append(f"{name} is {ours} in {primary.where} and {theirs} in {companion.where}: the former holds")
    return ours


def settled(found: Found, gpus: int | None = None) -> Found:
    """The run with what follows from the number of GPUs: how it is copied or sharded, and the tokens of its steps.

    train_tokens = steps x micro-batch x accumulation x data-parallel GPUs x sequence_tokens (x 2 for pairs)

    Args:
        found: a run, merged already.
        gpus: how many GPUs the user says; None leaves it to the files.
    Returns: the run; where no file and no user says how many GPUs, as it came.

    Leaves out that samples shorter than the limit hold fewer tokens: without packing the tokens are an upper bound.
    """
    asked, notes = dict(found.asked), list(found.notes)
    if gpus is not None:
        if "gpus" in found.stated and asked["gpus"] != gpus:
            notes.append(f"{gpus} GPUs as asked, not {asked['gpus']} as the files say")
        asked["gpus"] = gpus
        notes = [words for words in notes if words != found.defaults.get("gpus")]
    cards = asked.get("gpus")
    if not isinstance(cards, int):
        return found
    if "sharding" not in asked:
        several = "fsdp" if asked.get("framework") in SHARDS_ALWAYS else "ddp"
        asked["sharding"] = several if cards > 1 else "none"
    parallel = 1
    for name in ("tensor_parallel", "pipeline_parallel", "context_parallel"):
        size = asked.get(name, 1)
        parallel *= size if isinstance(size, int) else 1
    problems = list(found.problems)
    if cards % parallel:
        got, wanted = f"{cards} GPUs", f"a multiple of {parallel}, the GPUs that share one product, stack or sample"
        problems.append(Problem(found.where, got, wanted, "correct the number of GPUs or the parallel sizes"))
    sizes = [asked.get(name) for name in ("steps", "micro_batch", "accumulation", "sequence_tokens")]
    if all(isinstance(size, int) for size in sizes):
        tokens = max(cards // parallel, 1) * (2 if asked.get("objective") == "dpo" else 1)
        for size in sizes:
            tokens *= size if isinstance(size, int) else 1
        asked["train_tokens"] = tokens
        if not asked.get("packing"):
            notes.append("the tokens of the steps are counted as if every sample were as long as the limit")
    return replace(found, asked=asked, notes=tuple(notes), problems=tuple(problems))
