"""The section on the forecast: whether more data reach the target, by when, at what price."""

from tunecase import catalog
from tunecase.accounts.material import Material, not_done, recorded_in
from tunecase.blocks import Block, Cell, Curve, Facts, Listing, Section, Table, Tone
from tunecase.quantities import count, firm_share, money, money_band, score, score_interval, sentence, share
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


def chances(material: Material) -> Section:
    """Can the target be reached, with how many examples, at what price?"""
    title = "Will more data do it?"
    forecast = material.forecast
    if forecast is None:
        return not_done("forecast", title, "forecast")
    blocks: list[Block] = []
    if forecast.points:
        blocks.append(_picture(forecast, material.pilot))
    if forecast.band:
        blocks.append(_by_size(forecast))
    blocks.append(_needed(forecast, material))
    evidence: tuple[Block, ...] = (
        _measured(forecast),
        Listing("Curves that were weighed", forecast.models),
        Listing("Assumptions", forecast.assumptions),
        Facts("", (_source(forecast), ("Seed", str(forecast.seed)), *recorded_in(material, "forecast"))),
    )
    tone = TONES.get(forecast.verdict, "unknown")
    word = forecast.verdict.replace("n_max", f"{count(forecast.n_max)} examples")
    if forecast.stand_in:
        word = f"{word}, by the stand-in"
    lead = sentence(forecast.reason)
    if forecast.stand_in and forecast.stand_in_factor:
        factor = catalog.default(forecast.stand_in_factor).value
        lead += f" The model to be tuned is assumed to make {factor} times these errors: bill and decision count that."
    return Section("forecast", title, lead, tuple(blocks), evidence, tone, word)


def _picture(forecast: Forecast, pilot: Pilot | None) -> Curve:
    of_pilot = pilot is not None and forecast.source == "pilot"
    points = sorted(forecast.points, key=lambda point: point.n)
    needed = None if forecast.verdict == "reached" else forecast.needed
    return Curve(
        caption=f"{forecast.metric} by number of training examples; the band holds the true score 8 times in 10",
        metric=forecast.metric,
        direction=forecast.direction,
        runs=tuple((run.n, run.score) for run in _good(pilot)) if pilot and of_pilot else (),
        points=tuple((point.n, point.score) for point in points),
        band=tuple((at.n, at.score.low, at.score.mid, at.score.high) for at in forecast.band),
        target=forecast.target,
        ceiling=forecast.ceiling,
        n_max=forecast.n_max,
        spread=tuple((at.n, at.score - at.sd, at.score + at.sd) for at in points if at.sd),
        n_budget=forecast.n_budget,
        needed=(needed.p10, needed.p50, needed.p90) if needed else None,
    )


def _by_size(forecast: Forecast) -> Table:
    shown = _spread_out(forecast.band)
    head = (
        "Examples in all",
        "True score, 80% band",
        "A next test would show",
        "Chance of the target by then",
        "Cost to get there",
    )
    rows = tuple(_size(at, forecast.currency) for at in shown)
    note = f"Sizes stop at {count(forecast.n_max)}: {forecast.n_max_why}." if forecast.n_max_why else ""
    return Table("Chance and price by size", head, rows, (0, 1, 2, 3, 4), note=note)


def _spread_out(band: tuple[CurveBand, ...]) -> tuple[CurveBand, ...]:
    if len(band) <= MOST_ROWS:
        return band
    steps = {round(i * (len(band) - 1) / (MOST_ROWS - 1)) for i in range(MOST_ROWS)}
    return tuple(band[i] for i in sorted(steps))


def _size(at: CurveBand, currency: str) -> tuple[Cell, ...]:
    return (
        Cell(count(at.n)),
        Cell(score_interval(at.score.low, at.score.mid, at.score.high, even=True)),
        Cell(f"{score(at.next_test.low, even=True)} to {score(at.next_test.high, even=True)}"),
        Cell("–" if at.p_target is None else share(at.p_target)),
        Cell("already there" if at.price is not None and at.price.p90 == 0 else money_band(at.price, currency)),
    )


def _needed(forecast: Forecast, material: Material) -> Facts:
    pairs = [("Target", "none given" if forecast.target is None else f"{forecast.metric} {score(forecast.target)}")]
    if forecast.target is not None:
        pairs.append((f"Chance by {count(forecast.n_max)} examples", share(forecast.p_target)))
    plan = None if material.estimate is None else material.estimate.plan
    if plan is not None and plan.chance is not None and plan.budget_left is not None:
        within = f"Chance to show it within {money(plan.budget_left, plan.currency)}, by the plan"
        pairs.append((within, firm_share(plan.chance.shown)))
    if forecast.needed is not None:
        pairs.append(("Examples needed", _needed_words(forecast.needed)))
    if forecast.needed_price is not None:
        free = forecast.needed_price.p90 == 0
        price = "nothing: they are there" if free else money_band(forecast.needed_price, forecast.currency)
        pairs.append(("To get there costs", price))
    pairs += _offers(forecast)
    ceiling = "not measured" if forecast.ceiling is None else score(forecast.ceiling)
    pairs.append(("Human ceiling", ceiling))
    return Facts("What is needed", tuple(pairs))


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
        return "in 9 of 10 worlds never reached"
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
