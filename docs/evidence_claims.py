"""What people say about the cost of fine-tuning, one function per claim: verdict, answer, tables, open ends."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import evidence_rules as rules
import speed_lessons
from evidence_cases import BUDGET_HEAD, CASES_HEAD, LEADERS, TIERS_APART, TODAY, Case, budget_row, case_row
from evidence_rules import (
    METHODS,
    NAMES,
    ROWS,
    SEVEN,
    SEVENTY,
    by_card,
    card,
    gb,
    one_per,
    rate,
    row,
    sized,
    table,
    which_card,
)

from tunecase import catalog
from tunecase.compute.measured.runs import Measured
from tunecase.quantities import wording

TIERS = ("marketplace", "neocloud", "hyperscaler")
JOBS_TOKENS = (2e6, 25e6, 100e6, 1e9)
START_S = 7 * 60  # middle of fit.start_up in tables/defaults.csv
MOST_CARDS = 16
HOURS = ((0, "minutes"), (1, "hours"), (24, "days"), (24 * 7, "weeks"), (24 * 30, "months"))
DOLLARS = ((0, "cents"), (1, "a few"), (10, "tens"), (100, "hundreds"), (1e3, "thousands"), (1e4, "tens of thousands"))


@dataclass(frozen=True)
class Facts:
    """The tables that the page is drawn from."""

    runs: tuple[Measured, ...]
    prices: tuple[catalog.GpuPrice, ...]
    spot_prices: tuple[catalog.GpuPrice, ...] = ()
    cases: tuple[Case, ...] = ()


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
        lambda run: (rules.told_gb(run) is None, run.recipe.tokens if run.failed else abs(run.recipe.tokens - 2048)),
    )
    grid, words = which_card(facts.runs)
    return Section(
        "A 7B model with LoRA needs one GPU",
        rules.one_card_verdict(len(ran), len(tuned) - len(ran)),
        (
            f"{len(ran)} of {wording.counted(len(tuned), 'published run')} of LoRA or QLoRA on one card ran{span}.",
            f"Batch, length and what is kept choose the card: {words}.",
        ),
        (
            "Measured, LoRA and QLoRA, by the memory of the card:",
            by_card(tuned),
            "Predicted peak in GB → the smallest card (16, 24, 40 or 80 GiB) that surely holds it; where none "
            "surely does, the smallest on which it is tight:",
            grid,
            "Measured, full fine-tuning for contrast. Of each publisher, method and card the run nearest to one "
            "sample of 2,048 tokens, and the smallest that failed; runs that can be predicted come first:",
            table(ROWS, [row(run) for run in shown]),
        ),
        "A fused loss and fused kernels need less; eager attention, longer samples and larger vocabularies need more.",
        "Loading and evaluation, which can peak higher; other programs on the card; preference and reinforcement "
        "tuning. Publishers seldom show what failed.",
        tuple(shown),
    )


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
        lines.append([NAMES[method], len(ran), min(counts), least_words, about, max(counts), max(failed, default="–")])
    ran = [run for run in runs if not run.failed]
    about = sum(6 <= run.recipe.gpus <= 10 for run in ran)
    words = ", ".join(f"{NAMES[method]} {count}" for method, count in fewest.items())
    shown = one_per(
        runs,
        lambda run: (METHODS.index(run.recipe.method), run.failed != "", run.publisher),
        lambda run: (-run.recipe.gpus if run.failed else run.recipe.gpus, run.peak_gb is None, run.recipe.tokens),
    )
    head = "method | ran: | fewest cards: | least GiB of all cards | on 6 to 10 cards: | most cards: | failed on up to:"
    return Section(
        "A 65B or 70B model needs about eight GPUs",
        rules.about_verdict(list(fewest.values()), 6, 10),
        (
            f"The fewest cards on which it ran, by method: {words or 'none'}.",
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
    """Timed runs of each size and method on the cards with the most of them, at most 16, fewer where equal."""
    found = {}
    for size, name in ((SEVEN, "7B"), (SEVENTY, "70B")):
        for method in METHODS:
            groups: dict[tuple[str, int], list[Measured]] = {}
            for run in speed_lessons.timed_runs(sized(facts.runs, size)):
                if run.recipe.method == method and run.recipe.gpus <= MOST_CARDS:
                    groups.setdefault((card(run), run.recipe.gpus), []).append(run)
            if groups:
                (gpu, gpus), runs = max(groups.items(), key=lambda item: (len(item[1]), -item[0][1], item[0][0]))
                found[f"{name} {NAMES[method]}, {gpus} x {gpu}"] = runs
    return found


def rates(runs: Sequence[Measured]) -> list[float]:
    """Measured tokens per second of one card, ascending."""
    return sorted(run.tokens_per_s_per_gpu for run in runs if run.tokens_per_s_per_gpu)


def how_long(facts: Facts) -> Section:
    """A run takes hours to days."""
    lines, hours, middle = [], [], {}
    for name, runs in setups(facts).items():
        speeds, gpus = rates(runs), runs[0].recipe.gpus
        whole = [START_S + tokens / statistics.median(speeds) / gpus for tokens in JOBS_TOKENS]
        hours += [seconds / 3600 for seconds in whole]
        middle[name] = wording.duration(whole[1])
        told = statistics.median(rules.told_tokens_per_s(run)[1] for run in runs)
        spread = f"{rate(statistics.median(speeds))} ({rate(speeds[0])} to {rate(speeds[-1])})"
        lines.append([name, len(runs), spread, rate(told), *map(wording.duration, whole)])
    timed = [run for size in (SEVEN, SEVENTY) for run in speed_lessons.timed_runs(sized(facts.runs, size))]
    medians = {
        key: statistics.median(rates([run for run in timed if _group(run) == key])) for key in set(map(_group, timed))
    }
    shown = one_per(timed, _group, lambda run: (abs(math.log((run.tokens_per_s_per_gpu or 1) / medians[_group(run)])),))
    inside = sum(1 <= one < 24 * 7 for one in hours)
    ends = f" ({wording.duration(min(hours) * 3600)} to {wording.duration(max(hours) * 3600)})" if hours else ""
    examples = " and ".join(f"{time} ({name})" for name, time in middle.items() if " LoRA" in name)
    head = "set-up | runs: | tokens/s of one card: | predicted: | 2M tokens: | 25M: | 100M: | 1B:"
    return Section(
        "A run takes hours to days",
        rules.span_verdict(hours, HOURS, ("hours", "days")),
        (
            f"{inside} of the {len(hours)} jobs below take between an hour and a week{ends}.",
            f"Tokens decide: 25M of them take {examples or 'an unknown time'}.",
        ),
        (
            f"Time = {START_S // 60} minutes to start + tokens / (measured tokens per second of one card x cards), at "
            "the median of the runs of "
            "one size, method and card, those with the most runs; the table holds no wall-clock minutes of whole runs. "
            "*Predicted* is the median prediction for the same runs.",
            table(head, lines),
            "Measured, of each size, method and publisher the run of median speed:",
            table(ROWS, [row(run, tokens=True) for run in shown]),
        ),
        "Padding, small micro-batches and cards without fast links make it longer; packing and 8-bit products shorter.",
        "Evaluation, saving, failed runs and waiting for a card, which are most of a short run.",
        tuple(shown),
    )


def _group(run: Measured) -> tuple[bool, int, str]:
    return run.recipe.shape.params > SEVEN[1], METHODS.index(run.recipe.method), run.publisher


def current(facts: Facts, gpu: str) -> dict[str, list[catalog.GpuPrice]]:
    """Prices of a card by tier; those older than 180 days when the newest was read only in a tier that has no other."""
    found, as_of = {}, newest(facts)
    for tier in TIERS:
        rows = [price for price in facts.prices if (price.gpu, price.tier) == (gpu, tier)]
        if rows:
            found[tier] = catalog.standing(rows, as_of)
    return found


def newest(facts: Facts) -> date:
    """The day of the newest price held; that of the page where there is none."""
    days = [date.fromisoformat(price.date) for price in facts.prices if len(price.date) == 10]
    return max(days, default=TODAY)


def rent(facts: Facts) -> Section:
    """An A100 rents at 3 to 6 USD per hour."""
    as_of, lines, tiers = newest(facts), [], {}
    for gpu in sorted({price.gpu for price in facts.prices if price.gpu.startswith("A100")}):
        for tier, rows in current(facts, gpu).items():
            usd = [price.usd_per_gpu_hour for price in rows]
            tiers.setdefault(tier, []).extend(usd)
            same = {(price.gpu, price.provider) for price in rows}
            spots = [one.usd_per_gpu_hour for one in facts.spot_prices if (one.gpu, one.provider) in same]
            spot = min(spots, default=None)
            aged = sum(price.is_stale(as_of) for price in rows)
            three = [f"{one:.2f}" for one in (min(usd), statistics.median(usd), max(usd))]
            lines.append([gpu, tier, len(rows), *three, f"{spot:.2f}" if spot else "–", span_of(rows), aged or "–"])
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
            f"USD per card and hour on demand, the lowest of each provider. The newest price held is of "
            f"{wording.day(as_of)}; *stale* counts those more than 180 days older:",
            table("card | tier | providers: | min: | median: | max: | spot from: | dated | stale:", lines),
            "Every price of the A100-80GB; *old* ones are history and counted nowhere else on this page:",
            table("provider | tier | USD: | dated", marked),
        ),
        "Spot and long contracts cost less; whole machines, rare regions and fast networks cost more.",
        "Disks, network, start-up, tax, and discounts that nobody publishes.",
    )


def span_of(prices: Sequence[catalog.GpuPrice]) -> str:
    """The oldest and the newest date of some prices."""
    dates = sorted(price.date for price in prices)
    return " to ".join(dict.fromkeys((dates[0], dates[-1])))


def _dated(price: catalog.GpuPrice, as_of: date) -> str:
    mark = ", old" if price.stale else ", stale" if price.is_stale(as_of) else ""
    undated = " or later" if len(price.date) == 7 else ""
    return f"{price.date}{undated}{mark}"


def priced_cards(facts: Facts) -> set[str]:
    """Cards whose prices stand on the page."""
    return {price.gpu for price in facts.prices if price.gpu.startswith("A100")} | {
        card(runs[0]) for runs in setups(facts).values()
    }


def dollars(facts: Facts) -> Section:
    """A run costs tens to thousands of dollars."""
    lines, middles = [], []
    for name, runs in setups(facts).items():
        prices = [price for rows in current(facts, card(runs[0])).values() for price in rows]
        usd = sorted(price.usd_per_gpu_hour for price in prices)
        if not usd:
            continue
        speeds, cells = rates(runs), []
        for tokens in JOBS_TOKENS:
            start = runs[0].recipe.gpus * START_S
            ends = ((speeds[-1], usd[0]), (speeds[0], usd[-1]))
            low, high = ((start + tokens / one) / 3600 * price for one, price in ends)
            middles.append((start + tokens / statistics.median(speeds)) / 3600 * statistics.median(usd))
            cells.append(wording.interval_words(low, middles[-1], high))
        lines.append([name, f"{usd[0]:.2f} to {usd[-1]:.2f}", span_of(prices), *cells])
    inside = sum(one >= 10 for one in middles)
    ends = f"{wording.money(min(middles), 'USD')} to {wording.money(max(middles), 'USD')}" if middles else "unpriced"
    return Section(
        "A run costs tens to thousands of dollars",
        rules.span_verdict(middles, DOLLARS, ("tens", "thousands")),
        (
            f"At median speed and price the jobs below cost {ends}, {inside} of {len(middles)} of them 10 USD or more.",
            f"{sum(one < 20 for one in middles)} of {len(middles)} cost less than 20 USD, before any repeat.",
        ),
        (
            f"USD = card hours x price, {START_S // 60} minutes to start counted: median speed at the median price "
            "(fastest at the cheapest to slowest at the "
            "dearest), on demand, of all tiers, old prices left out:",
            table("set-up | USD per card and hour: | dated | 2M tokens: | 25M: | 100M: | 1B:", lines),
        ),
        "More tokens, epochs and runs multiply it; spot prices and shorter, packed samples divide it.",
        "People, labels, evaluation, storage, failed and repeated runs: `tunecase estimate` adds them up.",
    )


def bottleneck(facts: Facts) -> Section:
    """GPUs are not the bottleneck."""
    held = [case for case in facts.cases if case.holds]
    leading = {group: sum(case.dominant == group for case in held) for group in LEADERS if group != "gpu"}
    words = ", ".join(f"{group} {count}" for group, count in leading.items() if count)
    others = [case.name for case in facts.cases if not case.holds]
    shares = sorted(case.shares["gpu"][1] for case in facts.cases)
    span = f"{wording.share(shares[0])} to {wording.share(shares[-1])}" if shares else "nothing"
    not_so = f"It does not hold for {' and '.join(others)}." if others else "It holds for all of them."
    return Section(
        "GPUs are not the bottleneck",
        rules.cases_verdict(len(held), len(facts.cases)),
        (
            f"In {len(held)} of {wording.counted(len(facts.cases), 'worked case')} another line is paid most "
            f"in most worlds ({words or 'none'}); the cloud's share is {span}.",
            not_so,
        ),
        (
            "Each case is a project file; `tunecase estimate` prints its whole bill. Shares are medians over the "
            "worlds with the 80% interval. GPU holds failed runs, idle cards, storage and egress; the team is labour "
            "and evaluation together. Answers after launch and the allowance for overruns, which belongs to people's "
            "lines, are left out; rows at hand are formatted by a script, in hours that stand under data:",
            table(CASES_HEAD, [case_row(case) for case in facts.cases]),
            "What each takes in people and time, and what to authorise for it. Hours are expected ones without "
            "overruns; surveys give training 11 to 14% of them. The base is the expected total without overruns, the "
            "contingency leads to its P80, the reserve from there to its P90; the three add up. "
            "Capital is paid on the purchase of owned hardware, outside the bill, which holds it by the hour:",
            table(BUDGET_HEAD, [budget_row(case) for case in facts.cases]),
        ),
        f"At {TIERS_APART} times the price of the cloud, as far as tiers lie apart, it holds in "
        f"{sum(case.holds_dear for case in facts.cases)} of {len(facts.cases)}. More tokens, bigger models and wide "
        "searches raise the cloud's share, as the cases at the top show.",
        "Cases of one's own: the file of the nearest one, with its figures changed, is the start of a project.",
    )


CLAIMS = (one_gpu, eight_gpus, how_long, rent, dollars, bottleneck)
