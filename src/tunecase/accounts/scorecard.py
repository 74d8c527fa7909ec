"""What a scorecard says: whether a team's own bands, chances and hours came true, and what its next bill takes on."""

from collections.abc import Iterable, Iterator

from tunecase.accounts.material import Material, filled
from tunecase.blocks import Account, Cell, Facts, Listing, Table, Tone, Words
from tunecase.books import LEAST, LEAST_CASES, LEAST_RATIOS
from tunecase.quantities import counted, share
from tunecase.records import AdviceEnded, ChancesMet, Held80, NextCase, Scorecard, ToldAgainstMade

TOO_FEW = "too few to say"
PROMISED = 0.8


def scorecard(record: Scorecard, material: Material) -> Account:
    """Whether the bands held, then the rest."""
    answer, tone = _answer(record)
    first = (("closed lines", record.lines), ("whole cases", record.totals), ("scores of rounds", record.scores))
    short = filled(_bands("Bands that held", (*first, ("rows needed", record.rows))), Words(tuple(_short(record))))
    more = _bands("More bands", (("rounds made", record.rounds),))
    full = filled(more, _made(record.told), _advice(record.advice), _next_bill(record.next_case), _how(record))
    return Account("scorecard", answer, tone, short, full)


def _answer(record: Scorecard) -> tuple[str, Tone]:
    lines = record.lines
    if lines.low is None or lines.high is None:
        closed = f"{counted(lines.of, 'closed line')} of {counted(lines.cases, 'case')}"
        held = f", {lines.held} held" if lines.of else ""
        least = f"{LEAST} lines of {LEAST_CASES} cases are the least"
        return f"{TOO_FEW.capitalize()}: {closed}{held}; {least}.", "unknown"
    words = f"Your bands held {lines.held} of {lines.of} closed lines"
    if record.aside is not None:
        words += f"; set {record.aside:.1f} times a bill's middle aside"
    return f"{words}.", "warn" if lines.high < PROMISED else "good"


def _bands(title: str, rows: Iterable[tuple[str, Held80]]) -> Table:
    made = tuple(
        (Cell(name), Cell(f"{one.held} of {one.of}"), Cell(str(one.cases)), Cell(_interval(one)))
        for name, one in rows
        if one.of
    )
    return Table(title, ("", "Held", "Cases", "Share, 90% interval"), made, (1, 2))


def _interval(held: Held80) -> str:
    if held.low is None or held.high is None:
        return TOO_FEW
    return f"{share(held.held / held.of)} ({share(held.low)} to {share(held.high)})"


def _short(record: Scorecard) -> Iterator[str]:
    beside = [f"{record.unfinished} open"] if record.unfinished else []
    beside += [counted(record.copies, "copy", "copies") + " left out"] if record.copies else []
    beside += [counted(record.unread, "record") + " unread"] if record.unread else []
    aside = f" ({', '.join(beside)})" if beside else ""
    yield f"{_cases(record.cases)}{aside}. {_chances(record.chances)}"
    yield _next_words(record.next_case)
    if record.unfinished and record.lines.low is None:
        yield "`tunecase books --close all` finishes a case."


def _chances(met: ChancesMet) -> str:
    if not met.cases:
        return "No chance of theirs was put to the test."
    reached = f"Target reached: {met.came} of {met.cases}"
    if met.brier is None or met.base is None or met.told is None:
        return f"{reached}; chances: {TOO_FEW}."
    return f"{reached}, {share(met.told)} told: Brier {met.brier:.3f}, base rate {met.base:.3f}."


def _next_words(step: NextCase) -> str:
    if not step.cases and not step.hours_cases:
        return "No people's line is closed that was planned before its charges: the next bill learns nothing from them."
    words = f"Next bill: its reserve leans {share(step.weight)} on {_cases(step.cases)}"
    return f"{words}; hours x {step.hours_factor:.2f} from {step.hours_cases}." if step.hours_cases else f"{words}."


def _cases(n: int) -> str:
    return counted(n, "case")


def _made(told: tuple[ToldAgainstMade, ...]) -> Table:
    rows = tuple(
        (Cell(one.name), Cell(TOO_FEW if one.ratio is None else f"x {one.ratio:.2f}"), Cell(str(one.cases)))
        for one in told
    )
    return Table("Made over told", ("", "Made / told", "Cases"), rows, (1, 2))


def _advice(ends: tuple[AdviceEnded, ...]) -> Table:
    rows = tuple(
        tuple(map(Cell, ("followed" if one.followed else "not followed", str(one.ship), str(one.go_on), str(one.stop))))
        for one in ends
        if one.ship or one.go_on or one.stop
    )
    return Table("How cases ended, by the advice", ("", "Target shown", "Still open", "Stopped"), rows, (1, 2, 3))


def _how(record: Scorecard) -> Listing:
    mixed = sum(case.mixed for case in record.scored)
    words = [
        "A band promises to hold 80%.",
        f"Too few to say: fewer than {LEAST} bands or chances, of fewer than {LEAST_CASES} cases, or a ratio of fewer "
        f"than {LEAST_RATIOS}.",
        "A case is finished when every priced line of its plan is closed (`tunecase books --close all`).",
        "Lines of one case move together, so intervals are narrower than the truth.",
        "A case whose people stopped before its plan did counts as one that did not reach the target.",
        "What to set aside would have been enough for 8 in 10 whole cases.",
        "The base rate of a chance is that of the other cases.",
        "Advice that asks for no round and ends nothing is not counted, nor is how a case without a target ended.",
    ]
    if record.unread:
        words.append(f"{counted(record.unread, 'record')} of another version could not be read and said nothing here.")
    if mixed:
        words.append(f"{_cases(mixed)} with bills in several currencies: no money of theirs is judged.")
    return Listing("To know", tuple(words))


def _next_bill(step: NextCase) -> Facts:
    return Facts(
        "What the next bill takes from these cases",
        (
            ("reserve", f"weight {share(step.weight)}, from {_cases(step.cases)} with a closed line of people's work"),
            (
                "default hours",
                f"x {step.hours_factor:.2f}, weight {share(step.hours_weight)}, from {_cases(step.hours_cases)} whose "
                "hours are known and were planned at the default rates",
            ),
        ),
    )
