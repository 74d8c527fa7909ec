"""How sure a predicted throughput is: the band learnt from publishers left out, and why it is wider here."""

from dataclasses import dataclass
from functools import cache
from math import exp, hypot

from tunecase import catalog
from tunecase.inference.engines import OTHER
from tunecase.inference.setup import Load, Setup

# Ninety of a hundred lie below this many standard deviations.
NINETY = 1.2816
# What the runs were measured on that the constants and the band were learnt from.
GENERATIONS = ("ampere", "ada", "hopper", "blackwell", "cdna2", "cdna3", "cdna4")
ENGINES = ("vllm", "sglang", "tensorrt-llm")
PRECISIONS = ("bf16", "fp16", "fp8", "fp4", "int4")
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


def band(setup: Setup, load: Load) -> Band:
    """The 80% band of a set-up at a load.

    Source: serving_bands.csv; residuals of publishers left out, widened in quadrature for what was not measured.
    """
    reasons = _reasons(setup, load)
    spread = hypot(sizes()["spread"], *(sizes()[name] for name, _ in reasons))
    shift = sizes()["shift"]
    return Band(exp(shift - NINETY * spread), exp(shift + NINETY * spread), tuple(words for _, words in reasons))


def _reasons(setup: Setup, load: Load) -> list[tuple[str, str]]:
    tokens = load.input_tokens + load.output_tokens
    checks = (
        (setup.engine.casefold() == OTHER or setup.engine not in ENGINES, "engine", "no runs of this engine were read"),
        (setup.card.generation not in GENERATIONS, "card", f"no runs on {setup.card.generation} cards were read"),
        (setup.precision not in PRECISIONS, "precision", f"no runs in {setup.precision} were read"),
        (tokens > LONGEST_TOKENS, "lengths", f"requests longer than {LONGEST_TOKENS:,} tokens were not measured"),
        (bool(setup.model.guessed), "model", setup.model.guessed),
        (setup.adapters > 0, "adapters", "the penalty of unmerged adapters was measured from 8% to 50%"),
    )
    return [(name, words) for applies, name, words in checks if applies]
