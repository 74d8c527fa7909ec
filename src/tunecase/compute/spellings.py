"""Words as people spell them, turned into those of the tables, with a note where one is read as another."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tunecase import catalog
from tunecase.compute.model.names import near_names
from tunecase.compute.recipe import SPELLINGS, WORDS
from tunecase.errors import Problem

LIKE = 0.8  # similarity from which a name is worth suggesting
MOST_NEAR = 5  # models named for one that is not known
COUNTS = (1, 2, 4, 8, 16, 24, 32, 48, 64)
SIZED = re.compile(r"-\d+GB")
COUNTED = re.compile(r"(?:(\d+)\s{0,9}x\s{0,9})?(.+?)(?:\s{0,9}x\s{0,9}(\d+))?", re.IGNORECASE)
_RANGE = re.compile(r"(\d+)\s*(?:-|\.\.|to)\s*(\d+)")
MORE: dict[str, dict[str, str]] = {  # beside the libraries' own words of recipe.SPELLINGS
    "method": {"fullft": "full", "fullfinetune": "full", "fullfinetuning": "full", "fft": "full", "rslora": "lora"},
    "sharding": {
        "stage1": "zero1", "stage2": "zero2", "stage3": "zero3", "z1": "zero1", "z2": "zero2", "z3": "zero3",
        "fsdp2": "fsdp", "fullshard": "fsdp", "dp": "ddp",
    },
    "checkpointing": {"yes": "full", "on": "full", "no": "none", "off": "none"},
}  # fmt: skip
READ_BY_TOOLS = ("attention", "optimizer")


def plain(text: str) -> str:
    """A name without case, blanks and punctuation.

    Example:
        >>> plain("RTX-3060") == plain("rtx 3060")
        True
    """
    return "".join(char for char in text.casefold() if char.isalnum())


def alike(name: str, names: Sequence[str], most: int = 3) -> list[str]:
    """The known names that begin with a name, else those much like it; none rather than a distant one.

    Example:
        >>> alike("H1000", ["H100", "B300"]), alike("MI300X", ["H100", "B300"])
        (['H100'], [])
    """
    by_plain = {plain(item): item for item in names}
    begun = [item for key, item in by_plain.items() if plain(name) and key.startswith(plain(name))]
    close = difflib.get_close_matches(plain(name), list(by_plain), n=most, cutoff=LIKE)
    turned = [key for key in by_plain if sorted(key) == sorted(plain(name))]  # the same words in another order
    return begun or [by_plain[key] for key in turned or close]


def _others(name: str) -> dict[str, str]:
    """Other words for a field's values, each without case and punctuation."""
    words = {**SPELLINGS.get(name, {}), **MORE.get(name, {})}
    if name in READ_BY_TOOLS:  # the readers of configurations are loaded for these alone, so that others start quickly
        from tunecase.compute.configs.meanings import EAGER, FLASH, OPTIMIZERS

        kernels = dict.fromkeys(FLASH, "flash") | dict.fromkeys(EAGER, "eager")
        words |= kernels if name == "attention" else OPTIMIZERS
    return {plain(key): word for key, word in words.items()}


def words_of(typed: Mapping[str, Any], notes: list[str], problems: list[Problem]) -> dict[str, Any]:
    """Fields as typed, in the words of the tables; an unknown word becomes a problem that names only near ones."""
    fields = dict(typed)
    for name, value in typed.items():
        if not isinstance(value, str) or name not in (*READ_BY_TOOLS, *MORE, *WORDS):
            continue
        word = _word_meant(name, value)
        if word is None and name in WORDS:
            _refuse(name, value, WORDS[name], problems)
            fields.pop(name)
        elif word is not None:
            fields[name] = word
            if plain(word) != plain(value):
                notes.append(f"{name} {value} is read as {word}")
    return fields


def _word_meant(name: str, value: str) -> str | None:
    """The word of the tables for a field's value, None where no word is like it."""
    words = WORDS.get(name, ())
    optimizers = {row.name.casefold() for row in catalog.optimizers()} if name == "optimizer" else ()
    if value in words or value.casefold() in optimizers:
        return value
    return (_others(name) | {plain(word): word for word in words}).get(plain(value))


def _refuse(name: str, value: str, words: Sequence[str], problems: list[Problem]) -> None:
    near = alike(value, words)
    fix = f"did you mean {' or '.join(near)}?" if near else f"use {', '.join(words)}"
    if name == "precision" and "fp4" in plain(value):
        fix = "use bf16 or fp8: no published run that trains with 4-bit products was read, so none is predicted"
    problems.append(Problem(name, repr(value), f"one of {', '.join(words)}", fix))


def cards_of(names: Sequence[str], notes: list[str], problems: list[Problem]) -> list[str]:
    """GPUs as typed, by their names in the tables.

    A name that is no card's, but with which several cards' names begin, becomes a problem that lists them all; a note
    says as which size a name of several sizes was read.
    """
    by_plain = {plain(name): card.name for card in catalog.gpus() for name in (*card.aliases, card.name)}
    every = [card.name for card in catalog.gpus()]
    for name in names:
        begun = [card for card in every if plain(card).startswith(plain(name))]
        card = by_plain.get(plain(name))
        others = [other for other in begun if other != card and plain(card or "") != plain(name)]
        others = others or [other for other in every if card and SIZED.fullmatch(other.removeprefix(card))]
        if card is None:
            near = begun or alike(name, every)
            fix = f"did you mean {' or '.join(near)}?" if near else "use a name such as L4, L40S, A100-80GB or H100"
            several = COUNTED.fullmatch(name)
            if several and (card := by_plain.get(plain(several[2]))):
                fix = f"write --gpu {card} --gpus {several[1] or several[3]}"
                card = None
            problems.append(Problem("gpu", repr(name), "a GPU in the tables", fix))
        elif others:
            size = "" if card.endswith("GB") else f" of {catalog.gpu(card).memory_gib:g} GB"
            notes.append(f"{name} is read as {card}{size}; there is also {' and '.join(others)}")
    return [by_plain[plain(name)] for name in names if plain(name) in by_plain]


def counts_of(texts: Sequence[str], notes: list[str]) -> list[str]:
    """How many GPUs, as typed; a range becomes its ends and the usual counts between them.

    Example:
        >>> counts_of(["1-8", "12"], [])
        ['1', '2', '4', '8', '12']
    """
    numbers = []
    for text in texts:
        match = _RANGE.fullmatch(text)
        low, high = (int(match[1]), int(match[2])) if match else (0, 0)
        if match is None or not 0 < low <= high:
            numbers.append(text)
            continue
        counts = sorted({low, *(count for count in COUNTS if low <= count <= high), high})
        numbers += [str(count) for count in counts]
        notes.append(f"{text} GPUs: {', '.join(map(str, counts))} are weighed")
    return numbers


def no_model(name: str, names: Sequence[str], is_known: Callable[[str], bool]) -> Problem | None:
    """The problem with a model's name that is neither known nor of the form OWNER/NAME; None for any other."""
    if "/" in name or is_known(name):
        return None
    begun = {model.casefold(): model for model in (item.split("/")[-1] for item in names)}
    near = [begun[model] for model in sorted(begun) if name and model.startswith(name.casefold())]
    fix = f"did you mean {', '.join(near[:MOST_NEAR])}?" if near else near_names(name)
    if len(near) > MOST_NEAR:
        fix += f" Or one of {len(near) - MOST_NEAR} more: type more of the name"
    return Problem("model", repr(name), "a model in the tables or on the hub, its config.json, or a configuration", fix)
