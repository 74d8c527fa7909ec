"""The what-if panel of a page: its sliders in the reader's units, its grid as numbers, and every word that it says."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tunecase.accounts.material import Material
from tunecase.accounts.words import capital
from tunecase.blocks import FIELDS, Axis, AxisKey, Grid, WayCells
from tunecase.quantities import count, plain_figure, plain_score, plain_share
from tunecase.records import Plan

OCTAVE = 20  # positions of a slider from an amount to its double
BUDGET_STEPS = 30  # positions of the budget's slider from nothing to the filed budget, about
BELOW = 0.85  # of the least budget: where its slider begins, so that a budget can be too small
MONEY, PARTS = 1, 10_000  # what a unit of money and a share are multiplied by in the grid's whole numbers
IN_MONEY = ("worth", "now", "release", "lost", "value")
ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)

WORTH = "The plan is worth about {worth} {currency} after its costs, counting the {fails} times in 100 that it fails."
# Each verdict: its tone, then lead, emphasis, rest and reason, of which the page fills what stands in braces.
VERDICTS: Mapping[str, tuple[str, str, str, str, str]] = {
    "stages": ("accent", "Yes, in stages:", "release {release} {currency} now,", "not {budget}.", WORTH),
    "all": ("accent", "Yes:", "release {release} {currency} now.", "", WORTH),
    "other": ("accent", "Yes, in stages:", "release {release} {currency} now", "for {way}.", WORTH),
    "barely": (
        "wait", "Barely:", "the plan is worth less", "than its first step costs.",
        "After its costs about {worth} {currency} are left on average; the first step takes {release} {currency}.",
    ),
    "ship": (
        "go", "Ship what you have:", "it meets the target of {target}.", "",
        "To put it to use brings about {now} {currency}, and nothing has to be bought.",
    ),
    "instead": (
        "go", "Do not fine-tune:", "{way} does it.", "",
        "To put it to use brings about {now} {currency}; no step is worth more.",
    ),
    "no": (
        "halt", "No:", "no step pays for itself", "at these numbers.",
        "The best step would lose about {loss} {currency} on average.",
    ),
    "small": (
        "halt", "No:", "the budget pays for no first step.", "Spend nothing.",
        "A first step with a release after it takes a budget of about {least} {currency}.",
    ),
}  # fmt: skip
WORDS = {
    "title": "What if…", "reset": "Reset", "close": "Close", "filed": "filed case: {was}",
    "chance": "Chance to reach {target}", "idle": "Nothing is started at these numbers.",
    "shown": "shown", "start": "about {release} {currency}", "reached": "Reaches {target}: {reach} in 100",
    "worth": "worth about {value} {currency}", "missed": "Does not: {fails} in 100",
    "lost": "nine in ten of these cost less than {lost} {currency}",
    "ship": "Ship", "settle": "Settle for less", "ask again": "Ask again",
    "at": "at {ship} or more", "below": "below {ship}", "otherwise": "otherwise",
    "picture": "What the first test decides, and how it ends",
}  # fmt: skip
# The same where a lower score is better.
LOWER = {"at": "at {ship} or less", "below": "above {ship}"}


def panel(grid: Grid, material: Material) -> Mapping[str, Any] | None:
    """What the page's script needs: axes, cells in whole numbers, sliders, and texts to fill in.

    Args:
        grid: the plans that were worked out.
        material: the case that they belong to.
    Returns: plain values for JSON; None where nothing can be moved, where something other than a step comes first, and
        where the advice rests on what the grid does not know, such as a prompt that meets the target already.
    """
    plan = _weighed_plan(material)
    sliders = list(_sliders(grid, material))
    if plan is None or not sliders or _kind(grid) != _advised(material):
        return None
    money = sorted(FIELDS.index(name) for name in IN_MONEY)
    return {
        "axes": [{"nodes": list(_rounded(axis.nodes)), "filed": axis.filed} for axis in grid.axes],
        "keys": [axis.key for axis in grid.axes],
        "fields": list(FIELDS),
        "parts": [MONEY if at in money else PARTS for at in range(len(FIELDS))],
        "ways": [_way(way, at) for at, way in enumerate(grid.ways)],
        "sliders": sliders,
        "filed_target_words": _score(grid.axis("target").filed, grid),
        "share": all(0 <= step <= 1 for step in grid.steps),
        "verdicts": {kind: list(words) for kind, words in VERDICTS.items()},
        "words": {**WORDS, **(LOWER if plan.direction == "lower" else {}), "first": _first(plan)},
        "there": bool(material.decision is not None and material.decision.instead),
        "currency": plan.currency,
        "note": note(grid),
    }


def _advised(material: Material) -> str:
    """What is advised: a step, what is ready, or to stop."""
    advice = "" if material.decision is None else material.decision.advice
    return {"stop": "stop", "ship": "ready", "when_sure": "ready"}.get(advice, "step")


def _kind(grid: Grid) -> str:
    """The same as the grid has it where the case is filed."""
    at = 0
    for axis in grid.axes:
        nearest = min(range(len(axis.nodes)), key=lambda node: abs(axis.nodes[node] - axis.filed))
        at = at * len(axis.nodes) + nearest
    label, budget = grid.axis("label"), grid.axis("budget").filed
    node = label.nodes.index(label.filed)
    paid = [way.cells[at] for way in grid.ways if not budget or budget >= way.least_budgets[node]]
    worth = max((cell[FIELDS.index("worth")] for cell in paid), default=0.0)
    now = max(way.cells[at][FIELDS.index("now")] for way in grid.ways)
    if now > 0 and now >= worth:
        return "ready"
    return "step" if worth > 0 else "stop"


def _first(plan: Plan) -> str:
    """What is done first, as the filed plan has it."""
    if plan.lever == "fine_tune":
        return "Train once, test once"
    return capital(plan.action)


def note(grid: Grid) -> str:
    """How exact the panel is, in words."""
    return f"Read between {count(grid.solved)} cases that were worked out; run tunecase again for an exact answer."


def _weighed_plan(material: Material) -> Plan | None:
    """The plan, where the advice is to take its step, to ship or to stop; None where something else comes first."""
    decision = material.decision
    posed = material.definition is None or material.definition.ok
    fit = material.audit is None or material.audit.ok
    if decision is None or decision.plan is None or not (posed and fit):
        return None
    return decision.plan if decision.advice in (decision.plan.lever, "stop", "ship", "when_sure") else None


def _rounded(nodes: Sequence[float]) -> Iterator[float]:
    return (float(f"{node:.6g}") for node in nodes)


def _way(way: WayCells, at: int) -> dict[str, Any]:
    parts = [MONEY if name in IN_MONEY else PARTS for name in FIELDS]
    cells = [[round(value * part) for value, part in zip(cell, parts, strict=True)] for cell in way.cells]
    least = [None if not math.isfinite(one) else round(one) for one in way.least_budgets]
    return {"words": way.words, "main": at == 0, "tuned": way.tuned, "least": least, "cells": cells}


def _sliders(grid: Grid, material: Material) -> Iterator[dict[str, Any]]:
    """The sliders that mean something here: an axis of several nodes whose unit is known."""
    makers = {"value": _value, "budget": _budget, "label": _label, "target": _target}
    for key, maker in makers.items():
        axis = grid.axis(key)  # type: ignore[arg-type]
        if len(axis.nodes) > 1 and (made := maker(grid, axis, material)) is not None:
            yield made


def _value(grid: Grid, axis: Axis, material: Material) -> dict[str, Any] | None:
    """What right answers are worth a month: value times volume, which only count together."""
    project = material.project
    if project is None or project.problem.value is None or project.problem.volume is None:
        return None
    value, volume = project.problem.value.spread.median, project.problem.volume.spread.median
    monthly = value * volume
    texts = [
        f"{plain_figure(monthly * times)} {project.currency} ({_price(value * times)} each)"
        for times in (2 ** (at / OCTAVE) for at in range(*_ends(axis)))
    ]
    return _slider("value", "Right answers, a month", axis, texts)


def _label(grid: Grid, axis: Axis, material: Material) -> dict[str, Any] | None:
    price = grid.label_price
    if price is None:
        return None
    texts = [f"{_price(price * 2 ** (at / OCTAVE))} {_currency(material)}" for at in range(*_ends(axis))]
    return _slider("label", "Price of a label", axis, texts)


def _budget(grid: Grid, axis: Axis, material: Material) -> dict[str, Any]:
    size = axis.filed / BUDGET_STEPS
    power = 10.0 ** math.floor(math.log10(size))
    step = next(power * times for times in ROUND if power * times >= size * (1 - 1e-9))
    below = min((way.least_budgets[0] for way in grid.ways), default=axis.nodes[0])
    low = min(axis.nodes[0], below if math.isfinite(below) else axis.nodes[0]) * BELOW
    first = math.ceil((low - axis.filed) / step)
    last = math.floor((axis.nodes[-1] - axis.filed) / step + 1e-9)
    amounts = [axis.filed + step * at for at in range(first, last + 1)]
    texts = [f"{amount:,.0f} {_currency(material)}" for amount in amounts]
    return {"key": "budget", "label": "Budget", "first": first, "at": amounts, "texts": texts}


def _target(grid: Grid, axis: Axis, material: Material) -> dict[str, Any]:
    texts = [_score(step, grid) for step in grid.steps]
    return {"key": "target", "label": "Target", "first": -_filed_step(grid), "at": list(grid.steps), "texts": texts}


def _filed_step(grid: Grid) -> int:
    """Where the filed target stands among the steps of its slider."""
    return min(range(len(grid.steps)), key=lambda at: abs(grid.steps[at] - grid.axis("target").filed))


def _score(target: float, grid: Grid) -> str:
    """A target in whole percent, in tenths where its slider moves by less; in three digits where it is no share."""
    if not all(0 <= step <= 1 for step in grid.steps):
        return plain_score(target, of_one=False)
    whole = all(abs(step * 100 - round(step * 100)) < 1e-9 for step in grid.steps)
    return plain_share(target) if whole else f"{target * 100:.1f}%"


def _slider(key: AxisKey, label: str, axis: Axis, texts: list[str]) -> dict[str, Any]:
    """A slider whose positions are multiples of the filed amount, evenly spaced in their logarithm."""
    first, end = _ends(axis)
    amounts = [float(f"{axis.filed * 2 ** (at / OCTAVE):.6g}") for at in range(first, end)]
    return {"key": key, "label": label, "first": first, "at": amounts, "texts": texts}


def _ends(axis: Axis) -> tuple[int, int]:
    low, high = (OCTAVE * math.log2(node / axis.filed) for node in (axis.nodes[0], axis.nodes[-1]))
    return math.ceil(low - 1e-6), math.floor(high + 1e-6) + 1


def _price(amount: float) -> str:
    return f"{amount:.2g}" if amount < 0.01 else f"{amount:.2f}" if amount < 10 else plain_figure(amount)


def _currency(material: Material) -> str:
    return "" if material.decision is None else material.decision.currency
