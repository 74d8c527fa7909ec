"""How docs/evidence.py judges: verdicts from figures, predictions of published runs, choice of rows."""

import os
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from memory_lessons import blind, memory_runs

from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.doubt import Band, peak_band, speed_band
from tunecase.compute.measured.runs import Measured
from tunecase.compute.recipe import Recipe
from tunecase.quantities import wording

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # threads over these small matrices take ten times as long

Told = tuple[float, float, float]  # P10, P50, P90
Key = Callable[[Measured], tuple[object, ...]]
Scale = Sequence[tuple[float, str]]  # the least value of each word
SEVEN, SEVENTY = (6e9, 9e9), (60e9, 80e9)  # parameters of what people call 7B, and 65B or 70B
METHODS = ("qlora", "lora", "full")
CARDS_GIB = (16, 24, 40, 80)
SIZES = ((1, 512), (1, 2048), (4, 2048), (4, 4096))  # samples at once, tokens of each
NAMES = {"qlora": "QLoRA", "lora": "LoRA", "full": "full"}
KINDS = {"allocated": "", "reserved": " reserved", "card": " on display", "not stated": ", kind not stated"}
FAILED = {"said": "out of memory", "likely": "failed, likely memory"}


# Rules of verdicts


def one_card_verdict(ran: int, failed: int) -> str:
    """Whether one card is enough, from runs on one card that ran and that ran out of memory."""
    if not ran:
        return "wrong" if failed else "not shown"
    return "right, on a card that suits batch and length" if failed else "right"


def about_verdict(fewest: Sequence[int], low: int, high: int) -> str:
    """Whether `low` to `high` cards are needed, from the fewest that ran with each method."""
    if not fewest:
        return "not shown"
    if all(low <= count <= high for count in fewest):
        return "right"
    ends = " to ".join(str(count) for count in dict.fromkeys((min(fewest), max(fewest))))
    inside = min(fewest) <= high and max(fewest) >= low
    return f"{'one answer of several' if inside else 'wrong'}: {ends}, by method"


def span_verdict(values: Sequence[float], scale: Scale, claimed: tuple[str, str]) -> str:
    """Whether values reach from one word of a scale to another, as claimed."""
    if not values:
        return "not shown"
    words = [word for _, word in scale]
    low, high = (words.index(word_of(value, scale)) for value in (min(values), max(values)))
    first, last = words.index(claimed[0]), words.index(claimed[1])
    span = f"{words[low]} to {words[high]}" if low < high else words[low]
    if first <= low and high <= last:
        return "right" if (low, high) == (first, last) else f"right: {span}"
    if low > last or high < first:
        return f"wrong: {span}"
    return f"too narrow: {span}" if low <= first and high >= last else f"partly right: {span}"


def word_of(value: float, scale: Scale) -> str:
    """The word of the highest step of a scale that a value reaches."""
    return [word for least, word in scale if value >= least][-1]


def price_verdict(tiers: dict[str, list[float]], low: float, high: float) -> str:
    """Whether prices lie between two, from those of each tier."""
    every = [usd for prices in tiers.values() for usd in prices]
    inside = [name for name, prices in tiers.items() if low <= statistics.median(prices) <= high]
    if not every:
        return "not shown"
    if sum(low <= usd <= high for usd in every) >= 0.8 * len(every):
        return "right"
    return f"the price of one tier: {' and '.join(inside)}" if inside else "wrong"


def cases_verdict(held: int, count: int) -> str:
    """Whether a claim holds in worked cases, from how many of them it holds in."""
    if not count:
        return "not shown"
    if held == count:
        return "right"
    return f"right in {held} of {count} cases" if held else "wrong"


# Predictions with what is shipped, learnt from every publisher once


def told_gb(run: Measured) -> Told | None:
    """The predicted peak of what was measured [GB], or None where the table does not say enough of the set-up."""
    recipe = run.recipe
    odd = run.guessed or not run.packed or recipe.offload != "none" or recipe.context_parallel > 1
    if odd or not (run.length_known and run.batch_known) or (recipe.gpus > 1) == (recipe.sharding == "none"):
        return None
    return _peak(run, "allocated" if run.failed else run.statistic)


def _peak(run: Measured, statistic: str) -> Told:
    told = peak_band(blind(run).recipe, run.unsaid, statistic)
    return float(told.low), float(told.mid), float(told.high)


def told_tokens_per_s(run: Measured) -> Told:
    """Predicted tokens per second of one card: the one place that asks the model of speed."""
    told = speed_band(run.recipe, run.unsaid)
    return float(told.low), float(told.mid), float(told.high)


def verdict_of(run: Measured) -> str:
    """fits, tight or does not fit, said of a run on a known card; a dash elsewhere."""
    if run.recipe.gpu is None or (told := told_gb(run)) is None:
        return "–"
    if run.failed or run.statistic == "allocated":
        return memory.fit_verdict(told[0], told[2], run.recipe.gpu)
    low, _, high = _peak(run, "allocated")
    return memory.fit_verdict(low, high, run.recipe.gpu)


# Choice and form of rows


def sized(runs: Iterable[Measured], size: tuple[float, float]) -> list[Measured]:
    """Runs of models of a size [parameters]."""
    return [run for run in runs if size[0] <= run.recipe.shape.params <= size[1]]


def one_per(runs: Iterable[Measured], key: Key, far: Key) -> list[Measured]:
    """Of the runs with one key, the nearest, in the order of their keys."""
    found: dict[tuple[object, ...], Measured] = {}
    for run in sorted(runs, key=lambda run: (*far(run), run.id)):
        found.setdefault(key(run), run)
    return [found[name] for name in sorted(found)]  # type: ignore[type-var]


def card(run: Measured) -> str:
    """The card's name."""
    return run.recipe.gpu.name if run.recipe.gpu else "card not named"


def table(head: str, rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a column of the head that ends in a colon stands to the right."""
    names = [name.strip() for name in head.split("|")]
    rule = "|".join("---:" if name.endswith(":") else "---" for name in names)
    lines = [
        f"| {' | '.join(str(cell) for cell in cells)} |" for cells in ([name.rstrip(":") for name in names], *rows)
    ]
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


ROWS = (
    "run | model | method | cards | batch x tokens | measured: | predicted (80% band): | error: | said | published by"
)


def row(run: Measured, tokens: bool = False) -> list[str]:
    """One measured run beside its prediction: GB of one card, or tokens per second of one card."""
    r = run.recipe
    actual, told = (run.tokens_per_s_per_gpu, told_tokens_per_s(run)) if tokens else (run.peak_gb, told_gb(run))
    number, unit = (rate, " tokens/s") if tokens else (gb, " GB" + KINDS[run.statistic])
    size = f"{batch(r)}" if run.length_known else "not stated"
    size += {"none": ", keeps all"}.get(r.checkpointing, "") + (", offload" if r.offload != "none" else "")
    shown = FAILED.get(run.failed) or (f"{number(actual)}{unit}" if actual else "ran")
    band = f"{number(told[1])} ({number(told[0])} to {number(told[2])})" if told else "–"
    error = _signed(told[1] / actual - 1) if told and actual and not run.failed else "–"
    model = "not named" if run.guessed else r.shape.name.rpartition("/")[2]
    method = NAMES[r.method] + (", 8-bit" if r.precision == "fp8" else "")
    by = f"{run.publisher}, {run.date.partition(' ')[0] or 'no date'}"
    return [run.id, model, method, f"{r.gpus} x {card(run)}", size, shown, band, error, verdict_of(run), by]


def batch(recipe: Recipe) -> str:
    """Samples at once x tokens of the longest."""
    return f"{recipe.micro_batch} x {wording.count(recipe.sequence_tokens)}"


def _signed(error: float) -> str:
    text = f"{error:+.0%}"
    return "0%" if text in ("+0%", "-0%") else text


def gb(value: float) -> str:
    """Memory in three figures, two below 10."""
    return wording.figures(value, 3 if value >= 9.95 else 2)


def rate(value: float) -> str:
    """A rate in three figures, written out."""
    return wording.count(float(f"{value:.3g}"))


# Which card


def by_card(runs: Sequence[Measured]) -> str:
    """Runs that ran and that failed on one card, by its memory."""
    lines = []
    for size in CARDS_GIB:
        here = [run for run in runs if run.recipe.gpu and run.recipe.gpu.memory_gib == size]
        ran = [run for run in here if not run.failed and run.length_known and run.batch_known]
        peaks = [run.peak_gb for run in ran if run.peak_gb]
        failed = sorted((run for run in here if run.failed), key=lambda run: (run.recipe.tokens, run.id))
        most = max(ran, key=lambda run: (run.recipe.tokens, run.id), default=None)
        least = failed[0] if failed else None
        span = f"{gb(min(peaks))} to {gb(max(peaks))}" if peaks else "–"
        ends = [f"{batch(one.recipe)}, {NAMES[one.recipe.method]} ({one.id})" if one else "–" for one in (most, least)]
        lines.append([size, sum(not run.failed for run in here) or "–", span, ends[0], len(failed) or "–", ends[1]])
    return table("card, GiB: | ran: | peaks, GB: | most tokens that ran | failed: | fewest tokens that failed", lines)


def which_card(runs: Sequence[Measured]) -> tuple[str, str]:
    """Predicted peaks by set-up of the 7B model with the most measured ones, and the cards they ask for in words."""
    shapes = [run.recipe.shape for run in sized((run for run in memory_runs(runs) if run.recipe.gpus == 1), SEVEN)]
    if not shapes:
        return "No measured peak names a model.", "no measured peak says how"
    names = [shape.name for shape in shapes]
    shape = max(shapes, key=lambda one: (names.count(one.name), one.name))
    lines, asked = [], {}
    optimizer = catalog.framework("transformers").optimizer
    for method in METHODS:
        for kept in ("full", "none"):
            cells = []
            for samples, tokens in SIZES:
                sizes = {"micro_batch": samples, "sequence_tokens": tokens}
                recipe = Recipe(shape, method=method, optimizer=optimizer, checkpointing=kept, **sizes)
                peak = peak_band(recipe)
                asked[method, kept, samples, tokens] = size = smallest(peak)
                cells.append(f"{gb(float(peak.mid))} → {size}")
            lines.append([NAMES[method], "all" if kept == "none" else "layer inputs", *cells])
    small, large = asked["qlora", "full", *SIZES[0]], asked["lora", "full", *SIZES[-1]]
    head = f"{shape.name.rpartition('/')[2]} | keeps | " + " | ".join(f"{one} x {tokens:,}:" for one, tokens in SIZES)
    words = f"one short sample with QLoRA asks for {small} GiB, four long ones with LoRA for {large} GiB"
    return table(head, lines), words


def smallest(peak: Band) -> str:
    """The smallest size of card on which a peak fits, else on which it is tight, else "none"."""
    fits = next((f"{size}" for size in CARDS_GIB if peak.high <= usable_gb(size)), None)
    return fits or next((f"{size} tight" for size in CARDS_GIB if peak.low <= usable_gb(size)), "none")


def usable_gb(size_gib: int) -> float:
    """What every card of a size holds at least [GB]."""
    return min(memory.usable_gb(gpu) for gpu in catalog.gpus() if gpu.memory_gib == size_gib)
