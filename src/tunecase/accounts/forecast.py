"""What a forecast says: whether more data reach the target, by when, at what price."""

import math

from tunecase import catalog
from tunecase.accounts.chances import beside_the_curve
from tunecase.accounts.material import Material, recorded_in
from tunecase.accounts.pilot import score_words, short_name, short_names, tuned_model
from tunecase.accounts.stand_in import assumed_band
from tunecase.accounts.words import ceiling_words
from tunecase.blocks import Account, Block, Cell, Curve, Facts, Listing, Table, Tone, Words
from tunecase.quantities import (
    Interval80,
    count,
    counted,
    firm_share,
    money,
    money_band,
    plain_score,
    plain_share,
    plain_target,
    score,
    score_interval,
    sentence,
    share,
)
from tunecase.records import CurveBand, Forecast, Needed, NextRun, Pilot, Run

MOST_ROWS = 8

TONES: dict[str, Tone] = {
    "reached": "good",
    "likely": "good",
    "open": "warn",
    "unlikely": "bad",
    "above the ceiling": "bad",
    "not achievable within n_max": "bad",
}
# Whether more examples alone reach the target, in words.
SAYS = {"likely": "are likely to do it", "open": "may do it", "not achievable within n_max": "will not do it"}
FAR = 0.2  # a lower chance is hardly one
# Why nothing is forecast; what to measure follows.
TOO_LITTLE = {
    "not a pilot yet": "There are too few points for a forecast",
    "pilot uninformative": "The runs differ too much for a forecast",
}
FAULTY = {"one answer": "Every test row gets the same answer", "falls": "The score gets worse as examples are added"}


def forecast(record: Forecast, material: Material) -> Account:
    """The chance that more examples reach the target, the curve, and what it is the curve of."""
    short: list[Block] = [curve(record, material)] if record.points and record.band else []
    if notes := _notes(record, material):
        short.append(Words((notes,)))
    tone = TONES.get(record.verdict, "unknown")
    following = "tunecase decide" if record.source == "pilot" else ""
    return Account("forecast", _answer(record), tone, tuple(short), _full(record, material), following)


def _full(record: Forecast, material: Material) -> tuple[Block, ...]:
    blocks: list[Block] = [Words((_reason(record),))]
    if record.band:
        blocks.append(_by_size(record))
    blocks.append(_needed(record, material))
    if record.points:
        blocks.append(_measured(record))
    listings = (("Curves that were weighed", record.models), ("Assumptions", record.assumptions))
    blocks += [Listing(title, items) for title, items in listings if items]
    return (*blocks, Facts("", (_source(record), ("Seed", str(record.seed)), *recorded_in(material, "forecast"))))


def _reason(record: Forecast) -> str:
    """Why the verdict is what it is, and by which factor a stand-in's errors become those of the model to be tuned."""
    lead = sentence(record.reason)
    if record.stand_in and record.stand_in_factor:
        factor = catalog.default(record.stand_in_factor).value
        lead += f" The model to be tuned is assumed to make {factor} times these errors: bill and decision count that."
    return lead


def _plain(record: Forecast, value: float | None) -> str:
    return plain_score(value, of_one=record.direction == "higher")


def _target(record: Forecast) -> str:
    return plain_target(record.target, of_one=record.direction == "higher")


def _answer(record: Forecast) -> str:
    """Whether more examples alone do it, with the chance; else why nothing can be said."""
    if record.verdict == "reached":
        last = max(record.points, key=lambda point: point.n)
        words = score_words(record.metric, last.score, direction=record.direction)
        sure = "" if record.p_now is None else f", {plain_share(record.p_now)} sure"
        met = f"The target of {_target(record)} is met: {words}"
        return f"{met} with {counted(last.n, 'example')}{sure}."
    if record.verdict == "above the ceiling":
        return f"No model can be seen to reach {_target(record)}: people agree on {_plain(record, record.ceiling)}."
    if record.verdict == "no target" and record.band:
        return (
            f"No target is set. {counted(record.n_max, 'example')} would give {_range(record, record.band[-1].score)}."
        )
    if record.verdict in TOO_LITTLE:
        following = f": {record.next_pilot}" if record.next_pilot else ""
        return f"{FAULTY.get(record.fault, TOO_LITTLE[record.verdict])}{following}."
    if record.p_target is None:
        return sentence(short_names(record.reason))
    said = SAYS.get(record.verdict) or ("will hardly do" if record.p_target < FAR else "may fall short")
    within = "within the budget" if record.n_budget == record.n_max else f"with {count(record.n_max)}"
    chance = f"{plain_share(record.p_target)} chance to reach {_target(record)}"
    return f"More examples alone {said}: {chance} {within}."


def _range(record: Forecast, ends: Interval80) -> str:
    low, high = _plain(record, ends.low), _plain(record, ends.high)
    return low if low == high else f"{low.removesuffix('%') if high.endswith('%') else low} to {high}"


def _notes(record: Forecast, material: Material) -> str:
    """What the last size is, and whose curve this is."""
    if not record.points:
        return ""
    why = record.n_max_why.partition(", ")[0]
    joined = " are" if why.startswith("what ") else ":"
    lines = [f"{counted(record.n_max, 'example')}{joined} {why}."] if why and record.band else []
    if assumed := assumed_band(record):
        _, low, middle, high = assumed[-1]
        named = tuned_model(material)
        larger = short_name(named) if named else "the larger model"
        reach = _range(record, Interval80(low, middle, high))
        lines.append(f"A stand-in's curve; {larger} is assumed to reach {reach} there.")
    elif record.source != "pilot":
        lines.append(f"The points come from {record.source}.")
    if beside := beside_the_curve(record, material):
        lines.append(beside)
    return " ".join(lines)


def curve(record: Forecast, material: Material) -> Curve:
    """The learning curve with its band, and the band that is assumed of the model a stand-in was piloted for."""
    pilot = material.pilot if record.source == "pilot" else None
    points = sorted(record.points, key=lambda point: point.n)
    needed = None if record.verdict == "reached" else record.needed
    named = tuned_model(material)
    highest = 1.0 if _is_share(record.metric) else math.inf
    return Curve(
        caption=f"{record.metric} by number of training examples; the band holds the true score 8 times in 10",
        metric=record.metric,
        direction=record.direction,
        runs=tuple((run.n, run.score) for run in _good(pilot)) if pilot else (),
        points=tuple((point.n, point.score) for point in points),
        band=tuple((at.n, at.score.low, at.score.mid, at.score.high) for at in record.band),
        target=record.target,
        ceiling=record.ceiling,
        n_max=record.n_max,
        spread=tuple((at.n, max(at.score - at.sd, 0.0), min(at.score + at.sd, highest)) for at in points if at.sd),
        n_budget=record.n_budget,
        needed=(needed.p10, needed.p50, needed.p90) if needed else None,
        assumed=assumed_band(record),
        assumed_name=(short_name(named) if named else "the model to be tuned") if record.stand_in else "",
    )


def _is_share(metric: str) -> bool:
    """Whether no score of a metric is above 1."""
    return any(known.name == metric and known.bounded for known in catalog.metrics())


def _by_size(forecast: Forecast) -> Table:
    shown = _spread_out(forecast.band)
    head = ("Examples", "True score, 80% band", "Next test", "Chance", f"Cost, {forecast.currency}")
    rows = tuple(_size(at) for at in shown)
    note = f"Sizes stop at {count(forecast.n_max)}: {forecast.n_max_why}." if forecast.n_max_why else ""
    return Table("Chance and price by size", head, rows, (0, 1, 2, 3, 4), note=note)


def _spread_out(band: tuple[CurveBand, ...]) -> tuple[CurveBand, ...]:
    if len(band) <= MOST_ROWS:
        return band
    steps = {round(i * (len(band) - 1) / (MOST_ROWS - 1)) for i in range(MOST_ROWS)}
    return tuple(band[i] for i in sorted(steps))


def _size(at: CurveBand) -> tuple[Cell, ...]:
    return (
        Cell(count(at.n)),
        Cell(score_interval(at.score.low, at.score.mid, at.score.high, even=True)),
        Cell(f"{score(at.next_test.low, even=True)} to {score(at.next_test.high, even=True)}"),
        Cell("–" if at.p_target is None else share(at.p_target)),
        Cell("already there" if at.price is not None and at.price.p90 == 0 else money_band(at.price, "")),
    )


def _needed(forecast: Forecast, material: Material) -> Facts:
    pairs = [("Target", "none given" if forecast.target is None else f"{forecast.metric} {score(forecast.target)}")]
    if forecast.target is not None:
        pairs.append((f"Chance by {count(forecast.n_max)} examples", share(forecast.p_target)))
    plan = None if material.estimate is None else material.estimate.plan
    if plan is not None and plan.chance is not None and plan.budget_left is not None:
        within = f"Chance to reach it within {money(plan.budget_left, plan.currency)}, by the plan"
        pairs.append((within, firm_share(plan.chance.shown)))
    if forecast.needed is not None:
        pairs.append(("Examples needed", _needed_words(forecast.needed)))
    if forecast.needed_price is not None:
        free = forecast.needed_price.p90 == 0
        price = "nothing: they are there" if free else money_band(forecast.needed_price, forecast.currency)
        pairs.append(("To get there costs", price))
    pairs += _offers(forecast)
    pairs.append(("Human ceiling", _ceiling(forecast, material)))
    return Facts("What is needed", tuple(pairs))


def _ceiling(forecast: Forecast, material: Material) -> str:
    """The ceiling in the words of the problem that it comes from; alone where that was judged anew since."""
    posed = None if material.definition is None else material.definition.ceiling
    if forecast.ceiling is not None and (posed is None or posed.high != forecast.ceiling):
        return score(forecast.ceiling)
    return ceiling_words(None if forecast.ceiling is None else posed)


def _offers(forecast: Forecast) -> list[tuple[str, str]]:
    """What the budget buys, what to measure next, and what that is worth."""
    pairs = []
    if forecast.n_budget is not None:
        pairs.append(("The whole budget buys, rounds included", f"{count(forecast.n_budget)} examples in all"))
    if forecast.next_pilot:
        pairs.append(("Next pilot", forecast.next_pilot))
    if forecast.next_run is not None:
        pairs.append(("Next run", sentence(forecast.next_run.why)))
        pairs.append(("Its price", _run_price(forecast.next_run, forecast.currency)))
    return pairs


def _run_price(run: NextRun, currency: str) -> str:
    if run.price is None:
        return "unpriced"
    return "nothing: the rows are there and the machine is free" if run.price == 0 else money(run.price, currency)


def _needed_words(needed: Needed) -> str:
    if needed.p10 is None:
        return "in 9 of 10 cases never reached"
    if needed.p50 is None:
        return f"more often than not never reached; with luck (1 in 10) {count(needed.p10)}"
    if needed.p90 is None:
        return f"{count(needed.p50)}; with luck (1 in 10) {count(needed.p10)}; in the worst tenth never reached"
    guess = f"; best guess {count(needed.guess)}" if needed.guess else ""
    return f"{count(needed.p50)} ({count(needed.p10)} to {count(needed.p90)}){guess}"


def _source(forecast: Forecast) -> tuple[str, str]:
    return "Points from", "the pilot" if forecast.source == "pilot" else forecast.source


def _measured(forecast: Forecast) -> Table:
    rows = tuple(
        (
            Cell(count(point.n)),
            Cell(score(point.score, even=True)),
            Cell("not seen" if point.sd is None else score(point.sd, even=True)),
            Cell(count(point.draws)),
            Cell(_rows(point.test_rows)),
        )
        for point in forecast.points
    )
    head = ("Examples", f"Mean {forecast.metric}", "Standard deviation", "Draws", "Test rows")
    return Table("Points that were read", head, rows, (0, 1, 2, 3, 4))


def _rows(test_rows: int | None) -> str:
    return "not told" if test_rows is None else count(test_rows)


def _good(pilot: Pilot) -> list[Run]:
    return [run for run in pilot.runs if not run.failed and run.converged and run.purpose == "ladder"]
