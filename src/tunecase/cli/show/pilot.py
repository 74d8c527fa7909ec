"""Prints the pilot: scores by size, what needs no fine-tune, what the best run gets wrong, what a search gained."""

import math
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import Interval80, count, counted, duration, figures, one_line, score, share
from tunecase.records import TIMED, Baseline, Candidate, Mistakes, Pilot, Tuning, time_of_1k

if TYPE_CHECKING:
    from rich.console import Console

MOST_CONFUSIONS, MOST_SLICES, MOST_WORST = 4, 4, 3
SKILL_LOSS_WORTH_SAYING = 0.05


def print_pilot(console: "Console", record: Pilot) -> None:
    """The scores by size, beside what needs no fine-tune, and what the best run gets wrong."""
    means = record.mean_scores
    answer = (
        f"{record.metric} {score(means[-1][1])} with {count(means[-1][0])} examples"
        if means
        else record.stopped or "no run ended well"
    )
    heading(console, "pilot", answer, None if means else False)
    if record.runs:
        say(console, _effort(record))
    rows = []
    for n, mean in means:
        scores = [run.score for run in record.runs if run.n == n and not run.failed and run.converged]
        rows.append((count(n), score(mean), f"{score(min(scores))} to {score(max(scores))}", _bar(mean)))
    if rows:
        print_table(console, ("examples", f"mean {record.metric}", "draws", ""), rows, (0, 1))
    _measured(console, record)
    _left_out(console, record)
    if record.stopped and means:
        say(console, f"Stopped early: {record.stopped}.", "yellow")
    _skill(console, record)
    if record.mistakes:
        _mistakes(console, record.mistakes)
    if record.tuning:
        _tuning(console, record.tuning)
    print_notes(console, "Not measured:", record.not_measured)
    print_notes(console, "Notes:", record.notes)


def _effort(record: Pilot) -> str:
    reused = f" ({record.reused} taken from the ledger)" if record.reused else ""
    price = "" if record.usd is None or record.usd == 0 else f" for {figures(record.usd)} USD"
    speeds = sorted(run.tokens_per_s for run in record.runs if run.tokens_per_s)
    speed = f", {figures(speeds[len(speeds) // 2])} tokens/s each" if speeds else ""
    return (
        f"{record.model}: {counted(len(record.runs), 'run')}{reused} in {duration(record.seconds)}"
        f"{price}{speed}; {count(record.test_rows)} test rows in every run."
    )


def _measured(console: "Console", record: Pilot) -> None:
    """Everything that was measured on the test rows, in one table: the candidates best first, then the baselines."""
    raced = record.candidates if len(record.candidates) > 1 else ()
    measured: list[Candidate | Baseline] = [*raced, *record.only_baselines]
    if not measured:
        return
    rows = [
        (
            one.name,
            count(one.n) if isinstance(one, Candidate) else "",
            score(one.score),
            _interval(one.interval),
            _answers(one),
            "" if one.beaten is None else share(one.beaten),
        )
        for one in measured
    ]
    head = ("measured" if raced else "without a fine-tune", "rows", record.metric, "80% band", "1,000 answers",
            "P(beaten)")  # fmt: skip
    print_table(console, head, rows, (1, 2, 4, 5), [_below(one) for one in measured])
    if any(one.seconds_per_answer for one in measured):
        say(console, TIMED)


def _below(one: "Candidate | Baseline") -> str:
    """What stands below the row of a candidate or baseline."""
    dropped = one.dropped if isinstance(one, Candidate) else ""
    return "; ".join(filter(None, (one.promise.words if one.promise else "", dropped, one.note)))


def _answers(one: "Candidate | Baseline") -> str:
    if one.usd_per_1k_answers:
        return f"{figures(one.usd_per_1k_answers)} USD"
    price = "free here" if one.usd_per_1k_answers == 0 else "unknown"
    if not (taken := time_of_1k(one)):
        return price
    return f"{'free' if price == 'free here' else 'unpriced'}, {taken}"


def _interval(points: Interval80 | None) -> str:
    return "" if points is None else f"{score(points.low)} to {score(points.high)}"


def _left_out(console: "Console", record: Pilot) -> None:
    failed = [run for run in record.runs if run.failed]
    if failed:
        lost = sum(run.seconds for run in failed)
        words = f"{counted(len(failed), 'run')} failed and cost {duration(lost)}"
        say(console, f"{words}; the first: {one_line(failed[0].failed, 160)}.", "yellow")
    wild = [run for run in record.runs if not run.failed and not run.converged]
    if wild:
        part = "is not part" if len(wild) == 1 else "are not part"
        say(
            console,
            f"{counted(len(wild), 'run')} did not converge and {part} of the curve (more steps may help).",
            "yellow",
        )


def _skill(console: "Console", record: Pilot) -> None:
    lost = record.skill_lost
    if lost is None:
        return
    rows = max(run.skill_rows for run in record.runs)
    if lost >= SKILL_LOSS_WORTH_SAYING:
        say(console, f"General skill fell by {share(lost)} of {rows} questions: the tune forgets.", "yellow")
    else:
        say(
            console,
            f"General skill is kept: {share(abs(lost))} {'lost' if lost > 0 else 'gained'} on {rows} questions.",
        )


def _mistakes(console: "Console", mistakes: Mistakes) -> None:
    say(console, f"What the run with {count(mistakes.n)} examples gets wrong: {counted(mistakes.wrong_rows, 'row')}.")
    pairs = [
        f"{one_line(c.label, 24)} taken for {one_line(c.answer, 24)} ({count(c.rows)}, {share(c.share_of_label)} of it)"
        for c in mistakes.confusions[:MOST_CONFUSIONS]
    ]
    print_notes(console, "Confused most:", pairs)
    worse = [
        f"{s.by} {one_line(s.name, 30)}: {score(s.score)} of {count(s.rows)} rows" for s in mistakes.slices if s.worse
    ]
    print_notes(console, "Clearly worse than the rest:", worse, MOST_SLICES)
    rows = [
        f"row {count(w.row)}, {one_line(w.label, 20)} answered {one_line(w.answer, 20)}: {one_line(w.text, 80)}"
        for w in mistakes.worst[:MOST_WORST]
    ]
    sure = any(w.confidence is not None for w in mistakes.worst)
    print_notes(console, "Wrong and sure:" if sure else "Wrong:", rows)
    if mistakes.review_file and mistakes.wrong_rows:
        say(console, f"Rows to look at are in {mistakes.review_file}.")


def _tuning(console: "Console", tuning: Tuning) -> None:
    gain = f"{_signed(tuning.gain.mid)} ({_signed(tuning.gain.low)} to {_signed(tuning.gain.high)})"
    say(
        console,
        f"Search over {counted(len(tuning.trials), 'setting')} at {count(tuning.n)} examples: {tuning.best} "
        f"gains {gain}, luck of the best taken off ({score(tuning.luck)}).",
    )


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '-'}{score(abs(value))}"


def _bar(value: float, width: int = 24) -> str:
    return "█" * round(max(0.0, min(1.0, value)) * width) if math.isfinite(value) else ""
