"""Writes docs/evidence.md: what people say about the cost of fine-tuning beside measured runs, predictions and prices.

Usage: python docs/evidence.py [--check]

Every number and every verdict follows from the shipped tables by a rule; prose holds neither. Rows are chosen by what
they are (nearest to the claim, one per publisher and set-up), never by name.
"""

import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import evidence_rules as rules
from evidence_rules import ROWS, card, gb, one_per, rate, row, sized, table

from tunecase import catalog, measured, memory, wording
from tunecase.measured import Measured
from tunecase.recipe import Recipe

TARGET = Path(__file__).with_name("evidence.md")
SEVEN, SEVENTY = (6e9, 9e9), (60e9, 80e9)  # parameters of what people call 7B, and 65B or 70B
METHODS = ("qlora", "lora", "full")
CARDS_GIB = (16, 24, 40, 80)
TIERS = ("marketplace", "neocloud", "hyperscaler")
JOBS_TOKENS = (2e6, 25e6, 100e6, 1e9)
SIZES = ((1, 512), (1, 2048), (4, 2048), (4, 4096))  # samples at once, tokens of each
HOURS = ((0, "minutes"), (1, "hours"), (24, "days"), (24 * 7, "weeks"), (24 * 30, "months"))
DOLLARS = ((0, "cents"), (1, "a few"), (10, "tens"), (100, "hundreds"), (1e3, "thousands"), (1e4, "tens of thousands"))

HEAD = """# Evidence: what people say a fine-tune costs, and what was measured

Written by `make docs` from the shipped tables: rows, numbers, verdicts and the words of the verdicts. GB is 10^9 bytes,
cards are named by their GiB (2^30). Every prediction stands as it was made **without the publisher's own runs**.
"""
READING = """## How to read a row

*Run* is the id in `src/tunecase/tables/training_runs.csv`. *Batch x tokens* is samples on one card at once times tokens of
the longest; layers are recomputed in the backward pass unless it says *keeps all*. *Measured* is the peak that PyTorch
allocated on one card, or the kind that is named; a kind that nobody stated is compared with reserved memory. *Predicted*
is the middle and the band meant to hold 80% of an unseen publisher's runs. *Said* is what tunecase answers for that card:
*fits* (the whole band lies under what the card holds), *tight* (the card lies inside the band), *does not fit*. A dash
stands where length, batch, model or card were not published, and where the host's memory helps: no answer is given there.
"""
MADE = """## How this page is made

`make docs` runs `docs/evidence.py`; the rules of the verdicts are in `docs/evidence_rules.py`. Measured runs come from
`training_runs.csv`, prices from `gpu_prices.csv`, models and cards from `models.csv` and `gpus.csv`, all in
`src/tunecase/tables/`, each row with its source and date. Of several rows with one publisher, method and card the nearest
to the claim is shown: the smallest of those that ran out of memory, otherwise the nearest to one sample of 2,048 tokens;
for speeds the publisher's median. A test fails when the page is older than the tables, and others change the tables to
see the verdicts change. Memory is worked out as `docs/method.md` derives it; `benchmarks/training.py` scores all runs.
"""


@dataclass(frozen=True)
class Facts:
    """The tables that the page is drawn from."""

    runs: tuple[Measured, ...]
    prices: tuple[catalog.GpuPrice, ...]


@dataclass(frozen=True)
class Section:
    """One claim: its verdict, an answer of two sentences, tables, what would change it, what is not covered."""

    claim: str
    verdict: str
    answer: tuple[str, str]
    body: tuple[str, ...]
    change: str
    missing: str
    shown: tuple[Measured, ...] = ()


def one_gpu(facts: Facts) -> Section:
    """A 7B model with LoRA needs one GPU."""
    alone = [run for run in sized(facts.runs, SEVEN) if run.recipe.gpus == 1 and run.recipe.offload == "none"]
    tuned = [run for run in alone if run.recipe.method != "full"]
    ran = [run for run in tuned if not run.failed]
    peaks = [run.peak_gb for run in ran if run.peak_gb]
    span = f", at {gb(min(peaks))} to {gb(max(peaks))} GB" if peaks else ""
    shown = one_per(
        [run for run in alone if run.peak_gb or run.failed],
        lambda run: (METHODS.index(run.recipe.method), run.failed != "", run.publisher, card(run)),
        lambda run: (abs(math.log(run.recipe.tokens / 2048)) if not run.failed else run.recipe.tokens,),
    )
    grid, words = which_card(facts)
    return Section(
        "A 7B model with LoRA needs one GPU",
        rules.one_card_verdict(len(ran), len(tuned) - len(ran)),
        (
            f"{wording.count(len(ran))} of {wording.counted(len(tuned), 'published run')} of LoRA or QLoRA on one card ran{span}.",
            f"Batch, length and recomputation choose the card: {words}.",
        ),
        (
            "Predicted peak in GB → the smallest card (16, 24, 40 or 80 GiB) that surely holds it:",
            grid,
            "Measured on one card, full fine-tuning for contrast; of each publisher, method and card the run nearest to "
            "one sample\nof 2,048 tokens, and the smallest that failed:",
            table(ROWS, [row(run) for run in shown]),
        ),
        "A fused loss and fused kernels need less; eager attention, longer samples and larger vocabularies need more.",
        "Loading and evaluation, which can peak higher; other programs on the card; preference and reinforcement tuning.",
        tuple(shown),
    )


def which_card(facts: Facts) -> tuple[str, str]:
    """Predicted peaks by set-up of the 7B model with the most measured ones, and the cards they ask for in words."""
    shapes = {run.id: run.recipe.shape for run in sized(measured.memory_runs(facts.runs, several=False), SEVEN)}
    if not shapes:
        return "No measured peak names a model.", "no measured peak says how"
    names = [shape.name for shape in shapes.values()]
    shape = max(shapes.values(), key=lambda one: (names.count(one.name), one.name))
    lines, found = [], {}
    for method in METHODS:
        for kept in ("full", "none"):
            cells = []
            for batch, tokens in SIZES:
                recipe = Recipe(shape, method=method, micro_batch=batch, sequence_tokens=tokens, checkpointing=kept)
                peak = memory.peak_memory(recipe)
                size = next((size for size in CARDS_GIB if peak.high_gb <= usable_gb(size)), None)
                found[method, kept, batch, tokens] = f"a card of {size} GiB" if size else "none of the four cards"
                cells.append(f"{gb(peak.mid_gb)} → {size or 'none'}")
            lines.append([method, "all" if kept == "none" else "layer inputs", *cells])
    small, large = found["qlora", "full", *SIZES[0]], found["lora", "none", *SIZES[-1]]
    head = f"{shape.name.rpartition('/')[2]} | keeps | " + " | ".join(
        f"{batch} x {tokens:,}:" for batch, tokens in SIZES
    )
    return table(
        head, lines
    ), f"QLoRA of one short sample asks for {small}, LoRA of four long ones that keeps all for {large}"


def usable_gb(size_gib: int) -> float:
    """What every card of a size holds at least [GB]."""
    return min(memory.usable_gb(gpu) for gpu in catalog.gpus() if gpu.memory_gib == size_gib)


def eight_gpus(facts: Facts) -> Section:
    """A 65B or 70B model needs about eight GPUs."""
    runs = [run for run in sized(facts.runs, SEVENTY) if run.recipe.gpu]
    lines, fewest = [], {}
    for method in METHODS:
        ran = [run for run in runs if run.recipe.method == method and not run.failed]
        if not ran:
            continue
        counts = [run.recipe.gpus for run in ran]
        fewest[method] = min(counts)
        least = min(ran, key=lambda run: (run.recipe.gpus * run.recipe.gpu.memory_gib, run.id)).recipe
        failed = [run.recipe.gpus for run in runs if run.recipe.method == method and run.failed]
        about = sum(6 <= count <= 10 for count in counts)
        least_words = f"{least.gpus * least.gpu.memory_gib:,.0f}: {least.gpus} x {least.gpu.name}"
        least_words += " with the host's" if least.offload != "none" else ""
        lines.append([method, len(ran), min(counts), least_words, about, max(counts), max(failed, default="–")])
    ran = [run for run in runs if not run.failed]
    about = sum(6 <= run.recipe.gpus <= 10 for run in ran)
    words = ", ".join(f"{method} on {count}" for method, count in fewest.items())
    shown = one_per(
        runs,
        lambda run: (METHODS.index(run.recipe.method), run.failed != "", run.publisher),
        lambda run: (-run.recipe.gpus if run.failed else run.recipe.gpus, run.peak_gb is None, run.recipe.tokens),
    )
    head = "method | runs: | fewest cards: | least memory of all cards, GiB | ran on 6 to 10: | most cards: | failed on up to:"
    return Section(
        "A 65B or 70B model needs about eight GPUs",
        rules.about_verdict(list(fewest.values()), 6, 10),
        (
            f"The fewest cards that ran, by method: {words or 'none'}.",
            f"{wording.count(about)} of {wording.counted(len(ran), 'published run')} used six to ten.",
        ),
        (
            table(head, lines),
            "Measured, of each publisher and method the run on the fewest cards, and the failed run on the most:",
            table(ROWS, [row(run, tokens=bool(run.tokens_per_s_per_gpu and not run.peak_gb)) for run in shown]),
        ),
        "Four-bit weights, the host's memory and larger cards need fewer; long samples and full fine-tuning need more.",
        "How few cards would have done: publishers show what they used, and seldom what failed.",
        tuple(shown),
    )


def setups(facts: Facts) -> dict[str, list[Measured]]:
    """Timed runs of each size and method on the cards with the most of them, fewer cards where equal."""
    found = {}
    for size, name in ((SEVEN, "7B"), (SEVENTY, "70B")):
        for method in METHODS:
            groups: dict[tuple[str, int], list[Measured]] = {}
            for run in measured.timed_runs(sized(facts.runs, size)):
                if run.recipe.method == method:
                    groups.setdefault((card(run), run.recipe.gpus), []).append(run)
            if groups:
                (gpu, gpus), runs = max(groups.items(), key=lambda item: (len(item[1]), -item[0][1], item[0][0]))
                found[f"{name} {method}, {gpus} x {gpu}"] = runs
    return found


def rates(runs: Sequence[Measured]) -> list[float]:
    """Measured tokens per second of one card, ascending."""
    return sorted(run.tokens_per_s_per_gpu for run in runs if run.tokens_per_s_per_gpu)


def how_long(facts: Facts) -> Section:
    """A run takes hours to days."""
    lines, hours, middle = [], [], {}
    for name, runs in setups(facts).items():
        speeds, gpus = rates(runs), runs[0].recipe.gpus
        whole = [tokens / statistics.median(speeds) / gpus for tokens in JOBS_TOKENS]
        hours += [seconds / 3600 for seconds in whole]
        middle[name] = wording.duration(whole[1])
        told = [one[1] for run in runs if (one := rules.told_tokens_per_s(run))]
        spread = f"{rate(statistics.median(speeds))} ({rate(speeds[0])} to {rate(speeds[-1])})"
        lines.append(
            [name, len(runs), spread, rate(statistics.median(told)) if told else "–", *map(wording.duration, whole)]
        )
    timed = [run for size in (SEVEN, SEVENTY) for run in measured.timed_runs(sized(facts.runs, size))]
    medians = {
        key: statistics.median(rates([run for run in timed if _group(run) == key])) for key in set(map(_group, timed))
    }
    shown = one_per(timed, _group, lambda run: (abs(math.log((run.tokens_per_s_per_gpu or 1) / medians[_group(run)])),))
    inside = sum(1 <= one < 24 * 7 for one in hours)
    ends = f" ({wording.duration(min(hours) * 3600)} to {wording.duration(max(hours) * 3600)})" if hours else ""
    examples = "; ".join(f"{name}: {time}" for name, time in middle.items() if " lora" in name)
    head = "set-up | runs: | tokens/s of one card: | predicted: | 2M tokens: | 25M: | 100M: | 1B:"
    return Section(
        "A run takes hours to days",
        rules.span_verdict(hours, HOURS, ("hours", "days")),
        (
            f"{inside} of the {len(hours)} jobs below take between an hour and a week{ends}.",
            f"Tokens decide: 25M of them take, {examples or 'on no measured set-up'}.",
        ),
        (
            "Time = tokens / (measured tokens per second of one card x cards), at the median of the runs; the table holds no\n"
            "wall-clock minutes of whole runs. *Predicted* is the median prediction for the same runs.",
            table(head, lines),
            "Measured, of each size, method and publisher the run of median speed:",
            table(ROWS, [row(run, tokens=True) for run in shown]),
        ),
        "Padding, short micro-batches, cards without fast links and repeats of the run make it longer; packing shortens it.",
        "Start-up, evaluation, saving, failed runs and waiting for a card: minutes to hours, most of a short run.",
        tuple(shown),
    )


def _group(run: Measured) -> tuple[float, int, str]:
    return run.recipe.shape.params // 10e9, METHODS.index(run.recipe.method), run.publisher


def current(facts: Facts, gpu: str) -> dict[str, list[catalog.GpuPrice]]:
    """Prices of a card by tier; those marked old only in a tier that has no other."""
    found = {}
    for tier in TIERS:
        rows = [price for price in facts.prices if (price.gpu, price.tier) == (gpu, tier)]
        if rows:
            found[tier] = [price for price in rows if not price.stale] or rows
    return found


def rent(facts: Facts) -> Section:
    """An A100 rents at 3 to 6 USD per hour."""
    as_of = max(date.fromisoformat(price.date) for price in facts.prices if len(price.date) == 10)
    lines, tiers = [], {}
    for gpu in sorted({price.gpu for price in facts.prices if price.gpu.startswith("A100")}):
        for tier, rows in current(facts, gpu).items():
            usd = [price.usd_per_gpu_hour for price in rows]
            tiers.setdefault(tier, []).extend(usd)
            spot = min((price.spot_usd_per_gpu_hour for price in rows if price.spot_usd_per_gpu_hour), default=None)
            dates = sorted(price.date for price in rows)
            aged = sum(price.is_stale(as_of) for price in rows)
            three = [f"{one:.2f}" for one in (min(usd), statistics.median(usd), max(usd))]
            span = " to ".join(dict.fromkeys((dates[0], dates[-1])))
            lines.append([gpu, tier, len(rows), *three, f"{spot:.2f}" if spot else "–", span, aged or "–"])
    every = sorted(usd for of in tiers.values() for usd in of)
    middle = f"; the median is {statistics.median(every):.2f}, from {every[0]:.2f} to {every[-1]:.2f}" if every else ""
    words = ", ".join(f"{tier} {statistics.median(of):.2f}" for tier, of in tiers.items())
    shown = sorted((p for p in facts.prices if p.gpu == "A100-80GB"), key=lambda price: price.usd_per_gpu_hour)
    marked = [[p.provider, p.tier, f"{p.usd_per_gpu_hour:.2f}", _dated(p, as_of)] for p in shown]
    return Section(
        "An A100 rents at 3 to 6 USD per hour",
        rules.price_verdict(tiers, 3, 6),
        (
            f"{sum(3 <= usd <= 6 for usd in every)} of {len(every)} prices lie between 3 and 6 USD{middle}.",
            f"The tier decides, medians: {words or 'none known'}.",
        ),
        (
            f"USD per card and hour on demand, lowest of each provider, as of {wording.day(as_of)}, the newest price held:",
            table("card | tier | providers: | min: | median: | max: | spot from: | dated | stale:", lines),
            "Every price of the A100-80GB; *stale*: older than 180 days by then, *old*: of history, not counted above.",
            table("provider | tier | USD: | dated", marked),
        ),
        "Spot and long contracts cost less; whole machines, rare regions and fast networks cost more; prices fall.",
        "Disks, network, start-up, tax, and discounts that nobody publishes.",
    )


def _dated(price: catalog.GpuPrice, as_of: date) -> str:
    mark = ", old" if price.stale else ", stale" if price.is_stale(as_of) else ""
    undated = " or later" if len(price.date) == 7 else ""
    return f"{price.date}{undated}{mark}"


def dollars(facts: Facts) -> Section:
    """A run costs tens to thousands of dollars."""
    lines, middles = [], []
    for name, runs in setups(facts).items():
        usd = sorted(price.usd_per_gpu_hour for rows in current(facts, card(runs[0])).values() for price in rows)
        if not usd:
            continue
        speeds, cells = rates(runs), []
        for tokens in JOBS_TOKENS:
            low, high = tokens / speeds[-1] / 3600 * usd[0], tokens / speeds[0] / 3600 * usd[-1]
            middles.append(tokens / statistics.median(speeds) / 3600 * statistics.median(usd))
            cells.append(wording.interval(low, middles[-1], high))
        lines.append([name, f"{usd[0]:.2f} to {usd[-1]:.2f}", *cells])
    inside = sum(10 <= one < 1e4 for one in middles)
    ends = f"{wording.money(min(middles), 'USD')} to {wording.money(max(middles), 'USD')}" if middles else "unpriced"
    return Section(
        "A run costs tens to thousands of dollars",
        rules.span_verdict(middles, DOLLARS, ("tens", "thousands")),
        (
            f"The jobs below cost {ends} at median speed and price, {inside} of {len(middles)} of them 10 to 10,000 USD.",
            f"{sum(one < 20 for one in middles)} of {len(middles)} cost less than 20 USD: a run is cheap, its repeats add up.",
        ),
        (
            "USD = card hours x price: median speed at the median price (fastest at the cheapest to slowest at the dearest),\n"
            "prices dated as in the section above, of all tiers:",
            table("set-up | USD per card and hour: | 2M tokens: | 25M: | 100M: | 1B:", lines),
        ),
        "More tokens, more epochs and more runs multiply it; a project makes many runs: see `tunecase estimate`.",
        "People, labels, evaluation, storage and failed runs, which cost more than the card in most projects.",
    )


SECTIONS = (one_gpu, eight_gpus, how_long, rent, dollars)


def page(facts: Facts) -> str:
    """The whole document."""
    found = [section(facts) for section in SECTIONS]
    parts = [
        HEAD,
        table("what people say | verdict | what the tables say", [[s.claim, s.verdict, s.answer[0]] for s in found]),
    ]
    for number, one in enumerate(found, 1):
        parts += [f"\n## {number}. {one.claim}\n", f"**{wording.sentence(one.verdict)}** {' '.join(one.answer)}\n"]
        parts += [f"{block}\n" for block in one.body]
        parts += [f"**What would change it.** {one.change}\n", f"**Not covered.** {one.missing}"]
    runs = {run.id: run for one in found for run in one.shown}
    sources = sorted({(run.publisher, run.source, run.date or "no date") for run in runs.values()})
    listed = table("publisher | source of the rows above | published", sources)
    prices = sorted({(price.source, price.date) for price in facts.prices})
    return "\n".join(
        [*parts, "", READING, "## Sources\n", listed, "", table("source of prices | dated", prices), "", MADE]
    )


def fresh() -> str:
    """The page as the tables have it now."""
    return page(Facts(measured.published(), catalog.gpu_prices()))


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == fresh() else "docs/evidence.md is stale: run `make docs`")
    TARGET.write_text(fresh(), encoding="utf-8")
