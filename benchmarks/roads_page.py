"""The page of the track record: its answer in figures, what was measured, and its tables under their markers."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from roads_answers import STAKES, scenarios
from roads_curves import CLASSES, PILOTS, Curve, Key
from roads_money import IN_VAIN, MET, SHORT, SPARED, UNSHOWN, WRONG
from roads_score import LEARNERS, Table

MARKED = re.compile(r"<!-- (\w+): by roads\.py -->")
MISSING = "Nothing of this was measured yet."


def written(page: str, tables: Mapping[str, str]) -> str:
    """The page with each table under its marker, up to the next empty line; one that is not there is said to be."""
    parts = page.split("\n\n")
    for number, part in enumerate(parts):
        if found := MARKED.search(part):
            parts[number] = f"{part[: found.end()]}\n{tables.get(found[1], MISSING)}"
    return "\n\n".join(parts)


def answer(figures: Mapping[str, Any]) -> str:
    """Whether the advice was right, in a sentence, and the figures that say so, as a numbered list."""
    lines = (
        *_of_money(figures), _of_chances(figures), _of_bands(figures), _of_needed(figures), _of_bills(figures)
    )  # fmt: skip
    return f"{verdict(figures)}\n" + "\n".join(
        f"{number}. {line}" for number, line in enumerate((line for line in lines if line), 1)
    )


def verdict(figures: Mapping[str, Any]) -> str:
    """Whether the advice was right, in a sentence or two, by the gap to the rival that lost least here."""
    if not figures["count"]["roads"]:
        return "No road was walked yet."
    regret, rival = figures["regret"], figures["best_rival"]
    ours, gap = regret["ours"], regret[rival]["gap"]
    ended = f"It ended right on {ours['right']['mean']:.0%} of the roads, each source counting once"
    if gap["low"] > 0:
        return f"**Yes, more than that of any rival tried.** {ended}; no rule that we tried beside it lost less."
    if gap["high"] < 0:
        return f'**Not always: a plain rule did better.** {ended}; "{rival}" lost less than it on these roads.'
    word = "more" if gap["mean"] > 0 else "less"
    return (
        f'**Not shown to be better than a plain rule, nor worse.** {ended}; "{rival}" lost {word}, too near to be told '
        "apart."
    )


def _of_money(figures: Mapping[str, Any]) -> Iterator[str]:
    count, regret = figures["count"], figures["regret"]
    if not count["roads"]:
        return
    rival = regret[figures["best_rival"]]
    ours, gap = regret["ours"]["regret"], rival["gap"]
    word, (low, high) = "less", (gap["low"], gap["high"])
    if gap["mean"] < 0:
        word, (low, high) = "more", (-high, -low)
    sure = "" if gap["low"] > 0 or gap["high"] < 0 else ", which is no difference that can be told"
    yield (
        f"**Regret.** On {count['roads']} roads of {count['sources_of_roads']} sources it lost {_range(ours)} of what "
        f'the target is worth against the best in hindsight. The best rival, "{figures["best_rival"]}", lost '
        f"{_number(rival['regret']['mean'])}: ours lost {_number(abs(gap['mean']))} {word} "
        f"[{_number(low)}, {_number(high)}]{sure}."
    )
    ends = {name: one["roads"] for name, one in figures["endings"].items()}
    yield (
        f"**Endings.** {ends[MET]} roads shipped what meets the target, {ends[SHORT]} what misses it; where nothing "
        f"was worth buying {ends[SPARED]} stopped at once and {ends[IN_VAIN]} after buying; "
        f"{sum(ends[name] for name in WRONG)} shipped nothing though it was worth doing, {ends[UNSHOWN]} of them with "
        "a model at hand that meets the target."
    )


def _of_chances(figures: Mapping[str, Any]) -> str:
    score = figures.get("brier", {}).get("all")
    if score is None:
        return ""
    return (
        f"**Chances.** Brier {_range(score['told'])}, against {_number(score['library']['mean'])} for the library's "
        f"base rate and {_number(score['others']['mean'])} for the other sources' rate here: {score['ratio']:.2f} of "
        f"the better one (wanted: .50)."
    )


def _of_bands(figures: Mapping[str, Any]) -> str:
    parts = []
    for part, error, width in (("1/16", ".040", ".17"), ("1/4", ".015", ".07")):
        band = figures["bands"].get(f"all that learn, {part}")
        if band:
            parts.append(
                f"from {part} of the rows {_range(band['inside'], '.2f')} of the scores at all rows lie inside, "
                f"width {_number(band['width']['mean'])} (wanted {width}), the middle off by "
                f"{_number(band['error']['mean'])} ({error})"
            )
    return f"**80% bands.** {'; '.join(parts)}." if parts else ""


def _of_needed(figures: Mapping[str, Any]) -> str:
    parts = [
        f"{_range(one['within'], '.2f')} from {part}" for part in PILOTS if (one := figures.get("needed", {}).get(part))
    ]
    return f"**Rows needed**, within a factor of two: {' and '.join(parts)}." if parts else ""


def _of_bills(figures: Mapping[str, Any]) -> str:
    parts = [
        f"{_range(one['ratio'], '.2f')} from {part}" for part in PILOTS if (one := figures.get("money", {}).get(part))
    ]
    return (
        f"**Money.** Paid on the road, as a multiple of the middle told first: {' and '.join(parts)}." if parts else ""
    )


def wrong(figures: Mapping[str, int]) -> str:
    """What stands behind roads that went wrong, in sentences."""
    return (
        f"Of the {figures['unshown']} models at hand that meet the target and were not shipped {figures['near']} are "
        f"less than half a point above it. Of the {figures['left']} roads that stopped before the rows that were worth "
        f"it {figures['least']} have the least at stake, {min(value for value, _ in STAKES):,} USD. Of "
        f"{figures['bought']} roads that bought rows {figures['small']} paid for a round that brought fewer than 5% "
        "more than were at hand."
    )


def not_achievable(figures: Mapping[str, int]) -> str:
    """How often "not achievable" was said, and wrongly, in a sentence."""
    return (
        f'"Not achievable" was said {figures["said"]} times, {figures["wrong"]} of them wrongly; it named '
        f"{figures['named']} of the {figures['not_reached']} targets that were not reached."
    )


def _range(one: Mapping[str, Any], form: str = ".3f") -> str:
    return f"{_number(one['mean'], form)} [{_number(one['low'], form)}, {_number(one['high'], form)}]"


def _number(value: float | None, form: str = ".3f") -> str:
    return (
        "–" if value is None else format(value, form).replace("0.", ".", 1) if abs(value) < 1 else format(value, form)
    )


def tasks(curves: Sequence[Curve], lost: Mapping[str, tuple[float, float]]) -> Table:
    """What was measured, by source and metric: tasks, rows, and by learner the mean score at 1/16, at 1/4, at all rows.

    `lost` is the regret of ours and of a rival on a source's roads, which accuracy and exact answers have.
    """
    groups: dict[tuple[str, str], list[Curve]] = {}
    for curve in curves:
        groups.setdefault((curve.publisher, curve.metric), []).append(curve)
    names = [name for name in LEARNERS if any(curve.learner == name for curve in curves)]
    rows = []
    for (source, metric), own in sorted(groups.items()):
        sizes = sorted({curve.rows for curve in own})
        few = f"{sizes[0]:,} to {sizes[-1]:,}" if len(sizes) > 1 else f"{sizes[0]:,}"
        whole = min({curve.task for curve in own}, key=len).split(",")[0]
        scores = (_scores([curve for curve in own if curve.learner == name]) for name in names)
        counted = source in lost and any(list(scenarios(curve)) for curve in own)
        regrets = (f"{x:.3f}" for x in lost[source]) if counted else ("–", "–")
        tasks = str(len({curve.task for curve in own}))
        rows.append([source, whole, metric.replace("_", " "), tasks, few, *scores, *regrets])
    return Table(("source", "set", "metric", "tasks", "rows", *names, "regret: ours", "best rival"), rows)


def _scores(own: Sequence[Curve]) -> str:
    """Means of the same tasks at each part: those whose pilot was made from both, else those that there are."""
    both = {curve.task for curve in own if curve.part == "1/16"} & {curve.task for curve in own if curve.part == "1/4"}
    own = [curve for curve in own if curve.task in both] or own
    means = []
    for part in PILOTS:
        lasts = [curve.last for curve in own if curve.part == part]
        means.append(f"{sum(lasts) / len(lasts):.2f}" if lasts else "–")
    finals = list({curve.task: curve.final for curve in own}.values())
    return " ".join([*means, f"{sum(finals) / len(finals):.2f}"]).replace("0.", ".") if finals else "–"


def _tasks(classes: int, free: int) -> str:
    some = [f"{count} tasks of {name}" for count, name in ((classes, "classes"), (free, "free answers")) if count]
    return " and ".join(some) or "none"


def counts(curves: Sequence[Curve], walked: Collection[Key]) -> str:
    """What there is and what is missing, in sentences: tasks by learner, and curves with roads."""
    told = []
    for name in LEARNERS:
        own = {curve.task: curve.kind for curve in curves if curve.learner == name}
        classes = sum(kind == CLASSES for kind in own.values())
        told.append(f"{name} on {_tasks(classes, len(own) - classes)}")
    learning = [curve for curve in curves if curve.learner != "floor"]
    allowed = [curve for curve in learning if curve.walkable and list(scenarios(curve))]
    gone = [curve for curve in allowed if curve.key in walked]
    tuned = sum(curve.learner in ("lora", "encoder-tuned") for curve in gone)
    return (
        f"Measured to the end: {'; '.join(told)}. Forecasts are told of all {len(curves)} curves. Roads are walked for "
        f"{len(gone)} of the {len(allowed)} curves that learn and allow it, spread over the sources; {tuned} of "
        "them are of a tuned model."
    )
