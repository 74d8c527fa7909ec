"""How sure a predicted throughput is: the band learnt from publishers left out, and why it is wider here."""

from dataclasses import dataclass
from functools import cache
from math import exp, hypot

from tunecase import catalog
from tunecase.inference.engines import engine
from tunecase.inference.setup import Load, Setup

# Ninety of a hundred lie below this many standard deviations.
NINETY = 1.2816
# What the runs were measured on that the constants and the band were learnt from.
GENERATIONS = ("ampere", "ada", "hopper", "blackwell", "cdna3", "cdna4")
ENGINES = ("vllm", "sglang", "tensorrt-llm", "lmdeploy")
PRECISIONS = ("bf16", "fp16", "fp8", "fp4", "int4", "int8")
LONGEST_TOKENS = 22_000


@dataclass(frozen=True, slots=True)
class Band:
    """The 80% band as factors on the median, and why it is wider than for what was measured."""

    low: float
    high: float
    widened: tuple[str, ...]


@cache
def sizes() -> dict[str, float]:
    """The widths of serving_bands.csv: standard deviations of log(measured / predicted)."""
    return {row["name"]: float(row["value"]) for row in catalog.read_table("serving_bands")}


def band(setup: Setup, load: Load, *, scarce: bool = False) -> Band:
    """The 80% band of a set-up at a load.

    Args:
        setup: the replica.
        load: lengths [tokens] and kind.
        scarce: whether the batch hangs on the last gigabytes of memory.
    Returns: the band as factors, wider in quadrature for each thing that was not measured.

    Source: serving_bands.csv; residuals of publishers that the constants had not seen.
    """
    reasons = _reasons(setup, load, scarce)
    spread = hypot(sizes()["spread"], *(sizes()[name] for name, _ in reasons))
    shift = sizes()["shift"]
    return Band(exp(shift - NINETY * spread), exp(shift + NINETY * spread), tuple(words for _, words in reasons))


def _reasons(setup: Setup, load: Load, scarce: bool) -> list[tuple[str, str]]:
    card, tokens = setup.card, load.input_tokens + load.output_tokens
    known = engine(setup.engine)
    checks = (
        (known is None or known.name not in ENGINES, "engine", f"no runs of the engine {setup.engine} were read"),
        (card.generation not in GENERATIONS, "card", f"no runs on cards such as {card.name} were read"),
        (card.generation.startswith("cdna"), "amd", "few runs on AMD cards with software of today were read"),
        (setup.precision not in PRECISIONS, "precision", f"no runs in {setup.precision} were read"),
        (tokens > LONGEST_TOKENS, "lengths", f"few runs with requests beyond {LONGEST_TOKENS:,} tokens were read"),
        (bool(setup.model.guessed), "model", setup.model.guessed),
        (scarce, "memory", "little memory is left beside the weights, so that the batch hangs on the engine's flags"),
        (setup.adapters > 0, "adapters", "measured penalties of unmerged adapters range from 8% to 50%"),
    )
    return [(name, words) for applies, name, words in checks if applies]
