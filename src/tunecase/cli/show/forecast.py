"""Prints the forecast: the verdict, the curve, the chance and price by size."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.cli.show.plot import WIDTH, curve_lines
from tunecase.quantities import count, money, money_band, score, score_interval, share
from tunecase.records import CurveBand, Forecast

if TYPE_CHECKING:
    from rich.console import Console


def print_forecast(console: "Console", record: Forecast) -> None:
    """The verdict, the curve, and the chance and price by size."""
    verdict = record.verdict.replace("n_max", f"{count(record.n_max)} examples")
    verdict = f"{verdict}, with {record.model}" if record.model else verdict
    heading(console, "forecast", verdict, False if not record.ok else None)
    say(console, record.reason)
    for row in curve_lines(record, width=max(20, min(WIDTH, console.width - 15))):
        say(console, row)
    rows = [
        (
            count(at.n),
            score_interval(at.score.low, at.score.mid, at.score.high),
            share(at.p_target),
            money_band(at.price, record.currency) if at.price else "unpriced",
        )
        for at in _spread_out(record.band)
    ]
    if rows:
        target = "" if record.target is None else f"P({score(record.target)})"
        print_table(console, ("examples", f"{record.metric} (80% band)", target, "cost to get there"), rows, (0, 2))
    if record.points:
        say(console, f"At most {count(record.n_max)} examples: {record.n_max_why}.", "dim")
    if record.needed is not None and record.needed.p50 is not None:
        ends = ["never" if n is None else count(n) for n in (record.needed.p10, record.needed.p90)]
        price = f"; to get there costs {money_band(record.needed_price, record.currency)}"
        more = price if record.needed_price is not None and record.needed_price.p90 > 0 else ""
        guess = f", best guess {count(record.needed.guess)}" if record.needed.guess else ""
        say(console, f"Examples needed: {count(record.needed.p50)} ({ends[0]} to {ends[1]}){guess}{more}.")
    if record.next_pilot:
        say(console, f"Next pilot: {record.next_pilot}.")
    if record.next_run is not None:
        price = "unpriced" if record.next_run.price is None else money(record.next_run.price, record.currency)
        say(console, f"Next run: {record.next_run.why}; its price: {price}.")
    if record.source != "pilot":
        say(console, f"Points from {record.source}.", "dim")
    print_notes(console, "Assumed:", record.assumptions)


def _spread_out(bands: Sequence[CurveBand], most: int = 7) -> list[CurveBand]:
    """At most `most` of the sizes, the first and the last among them."""
    steps = sorted({round(i * (len(bands) - 1) / (most - 1)) for i in range(most)}) if bands else []
    return [bands[i] for i in steps]
