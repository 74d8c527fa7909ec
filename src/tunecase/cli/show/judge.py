"""Prints what a model judged of answers, and how far it judges as people do."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import Interval80, count, counted, duration, figures, score_interval, share
from tunecase.records import Judged

if TYPE_CHECKING:
    from rich.console import Console

DOUBTED = ("unknown", "poor")


def print_judged(console: "Console", record: Judged) -> None:
    """The judged score if the judge can be trusted, its agreement with people, and the cost."""
    from tunecase.pilot.scoring import LEAST_ROWS

    heading(console, "judge", _answer(record), record.ok)
    unread = f", {record.unread} without a verdict that can be read" if record.unread else ""
    say(console, f"{record.judge} judged {count(record.rows)} of {counted(record.test_rows, 'test row')}{unread}.")
    say(console, f"The answers are those of {record.answers}.")
    if record.why:
        say(console, f"Why no score: {record.why}.", "yellow")
    elif record.unknown_ok and record.agreement in DOUBTED:
        words = (
            f"Its agreement with people is {record.agreement}, and the score stands only because --unknown-ok says so"
        )
        say(console, f"{words}: compare models by it, not levels.", "yellow")
    if record.passed:
        rows = [(name, share(passed)) for name, passed in zip(record.criteria, record.passed, strict=True)]
        print_table(console, ("criterion", "pass"), rows, (1,))
    _agreement(console, record)
    if record.order_effect is not None:
        say(console, f"Asked in reverse order, {_shares(record.order_effect)} of the verdicts change.")
    say(console, _effort(record))
    if record.sheet:
        say(
            console,
            f"To know whether people agree: write pass or fail (of all criteria together) as `verdict` in "
            f"{record.sheet}, in {LEAST_ROWS} rows or more, and give it with --human.",
        )
    print_notes(console, "Notes:", record.notes)


def _answer(record: Judged) -> str:
    if record.score is not None:
        points = record.score
        return f"{score_interval(points.low, points.mid, points.high)} of the criteria pass"
    if record.agreement in DOUBTED and not record.unknown_ok:
        return f"no score: agreement with people is {record.agreement}"
    return "no score: too few verdicts can be read"


def _agreement(console: "Console", record: Judged) -> None:
    if record.share is None:
        say(console, "Agreement with people: not measured (--human FILE).")
        return
    kappa = record.kappa
    beyond = "not known" if kappa is None else score_interval(kappa.low, kappa.mid, kappa.high)
    same = f"{_shares(record.share)} of {counted(record.human_rows, 'row')} alike, kappa {beyond}"
    say(console, f"Agreement with people: {record.agreement}; {same}.")
    if record.leniency is not None:
        say(console, f"It passes {_points(record.leniency)} points more rows than people do.")
    if record.length_bias is not None:
        say(console, f"For longer answers that is {_points(record.length_bias)} points more than for shorter ones.")


def _shares(points: Interval80) -> str:
    return f"{share(points.mid)} ({share(points.low)} to {share(points.high)})"


def _points(points: Interval80) -> str:
    return f"{100 * points.mid:+.0f} ({100 * points.low:+.0f} to {100 * points.high:+.0f})"


def _effort(record: Judged) -> str:
    tokens = "tokens not told"
    if record.input_tokens is not None and record.output_tokens is not None:
        tokens = f"{figures(record.input_tokens)} tokens in, {figures(record.output_tokens)} out"
    price = "price unknown" if record.usd is None else f"{figures(record.usd)} USD"
    check = ", the order check not counted" if record.order_effect is not None else ""
    return f"It took {duration(record.seconds)}; {tokens}; {price}{check}."
