"""The section on the pilot: scores by size, what needs no fine-tune, what the best run gets wrong, every run."""

from tunecase.quantities import Interval80, count, counted, duration, figures, one_line, score, sentence, share
from tunecase.records import Baseline, Judged, Mistakes, Pilot, Run, Tuning
from tunecase.report.content import Block, Cell, Facts, Listing, Section, Table
from tunecase.report.sections.material import Material, not_done, told_in

MOST_CONFUSIONS, MOST_SLICES, MOST_WORST = 8, 8, 8


def trial(found: Material) -> Section:
    """What did the pilot measure?"""
    title = "What did the pilot measure?"
    pilot = found.pilot
    if pilot is None:
        return not_done("pilot", title, "pilot")
    blocks: list[Block] = [_ladder(pilot), _baselines(pilot)]
    if pilot.mistakes:
        blocks += _mistakes(pilot.mistakes)
    if pilot.tuning:
        blocks.append(_tuning(pilot.tuning))
    if found.judged:
        blocks.append(_judged(found.judged))
    if pilot.notes:
        blocks.append(Listing("Notes", pilot.notes))
    return Section("pilot", title, _answer(pilot), tuple(blocks), (_every_run(pilot), _about(pilot, found)))


def _answer(pilot: Pilot) -> str:
    means = pilot.mean_scores
    if not means:
        return sentence(pilot.stopped or "no run could be scored")
    (first, start), (last, end) = means[0], means[-1]
    said = f"{pilot.metric} went from {score(start)} with {count(first)} examples to {score(end)} with {count(last)}."
    if pilot.stopped:
        said += f" Stopped: {sentence(pilot.stopped)}"
    return said[0].upper() + said[1:]


def _about(pilot: Pilot, found: Material) -> Facts:
    bad = [run for run in pilot.runs if run.failed or not run.converged]
    pairs = [
        ("Trainer", f"{pilot.trainer}, {pilot.model}" if pilot.model else pilot.trainer),
        ("Test rows", f"{count(pilot.test_rows)}, the same for every run"),
        ("Time", f"{duration(pilot.seconds)}, {counted(pilot.reused, 'run')} taken from earlier"),
        ("Price", "unknown" if pilot.usd is None else f"{figures(pilot.usd)} USD"),
        ("Runs left out", counted(len(bad), "run")),
    ]
    steps = {run.steps for run in pilot.runs if run.steps}
    if len(steps) == 1:
        pairs.append(("Optimiser steps", f"{count(steps.pop())} in every run, whatever its size"))
    lost = pilot.skill_lost
    if lost is not None:
        rows = max(run.skill_rows for run in pilot.runs)
        pairs.append(("General skill", f"{share(abs(lost))} {'lost' if lost > 0 else 'gained'} on {rows} questions"))
    return Facts("", (*pairs, *told_in(found, "pilot")))


def _good(pilot: Pilot) -> list[Run]:
    return [run for run in pilot.runs if not run.failed and run.converged]


def _ladder(pilot: Pilot) -> Table:
    rows = []
    for n, mean in pilot.mean_scores:
        scores = [run.score for run in _good(pilot) if run.n == n]
        each = ", ".join(score(one, even=True) for one in scores)
        spread = score(max(scores) - min(scores), even=True)
        rows.append((Cell(count(n)), Cell(score(mean, even=True)), Cell(each), Cell(spread)))
    head = ("Examples", f"Mean {pilot.metric}", "Each draw", "Largest difference")
    return Table("Scores by size", head, tuple(rows), (0, 1, 2, 3))


def _baselines(pilot: Pilot) -> Table:
    rows = tuple(
        (
            Cell(one.name),
            Cell(score(one.score, even=True)),
            Cell(_interval(one.interval)),
            Cell(_answers(one)),
            Cell("–" if one.beaten is None else share(one.beaten)),
        )
        for one in pilot.baselines
    )
    head = (
        "Without a fine-tune",
        pilot.metric,
        "80% interval",
        "1,000 answers",
        "Chance that the largest runs beat it",
    )
    notes = "; ".join(f"{one.name}: {one.note}" for one in pilot.baselines if one.note)
    return Table("To compare with", head, rows, (1, 2, 3, 4), note=sentence(notes) if notes else "")


def _interval(found: Interval80 | None) -> str:
    return "–" if found is None else f"{score(found.low, even=True)} to {score(found.high, even=True)}"


def _answers(one: Baseline) -> str:
    if one.usd_per_1k_answers is not None:
        return f"{figures(one.usd_per_1k_answers)} USD" if one.usd_per_1k_answers else "free here"
    return "unknown" if one.seconds_per_answer is None else f"{duration(1_000 * one.seconds_per_answer)}, price unknown"


def _mistakes(found: Mistakes) -> list[Block]:
    parts = (_confusions(found), _slices(found), _worst(found))
    return [table for table in parts if table.rows]


def _confusions(found: Mistakes) -> Table:
    rows = tuple(
        (Cell(one_line(c.label, 60)), Cell(one_line(c.answer, 60)), Cell(count(c.rows)), Cell(share(c.share_of_label)))
        for c in found.confusions[:MOST_CONFUSIONS]
    )
    note = f"{counted(found.wrong_rows, 'wrong answer')} of the run with {count(found.n)} examples."
    head = ("Label", "Answered", "Rows", "Share of the label")
    return Table("What is taken for what", head, rows, (2, 3), note=note)


def _slices(found: Mistakes) -> Table:
    rows = tuple(
        (
            Cell(f"{one.by} {one_line(one.name, 50)}"),
            Cell(count(one.rows)),
            Cell(score(one.score, even=True)),
            Cell(_interval(one.interval)),
            Cell("worse than the rest" if one.worse else "", "warn" if one.worse else "plain"),
        )
        for one in sorted(found.slices, key=lambda one: (not one.worse, one.score))[:MOST_SLICES]
    )
    return Table("Parts of the test set", ("Part", "Rows", "Score", "80% interval", ""), rows, (1, 2, 3))


def _worst(found: Mistakes) -> Table:
    rows = tuple(
        (
            Cell(count(one.row)),
            Cell(one_line(one.text, 140)),
            Cell(one_line(one.label, 60)),
            Cell(one_line(one.answer, 60)),
            Cell("–" if one.confidence is None else share(one.confidence)),
        )
        for one in found.worst[:MOST_WORST]
    )
    note = f"All of them are in {found.review_file}." if found.review_file else ""
    head = ("Test row", "Text", "Label", "Answered", "Confidence")
    sure = any(one.confidence is not None for one in found.worst)
    return Table(f"Wrong{' and sure' if sure else ''}: rows to look at", head, rows, (0, 4), note=note)


def _tuning(found: Tuning) -> Table:
    rows = tuple(
        (
            Cell(one.settings),
            Cell(one.failed or score(one.score, even=True)),
            Cell(count(one.rows)),
            Cell(duration(one.seconds)),
        )
        for one in found.trials
    )
    gain = f"{found.gain.mid:+.3f} ({found.gain.low:+.3f} to {found.gain.high:+.3f})"
    note = (
        f"{found.best} was measured again: gain {gain} over the default at {count(found.n)} examples. "
        f"The best of {len(found.trials)} looks {score(found.luck)} better than it is; that is taken off."
    )
    head = ("Settings", "Score for choosing", "Rows for choosing", "Time")
    return Table("Search over settings", head, rows, (1, 2, 3), note=note)


def _judged(found: Judged) -> Facts:
    pairs = [
        ("Judge", f"{found.judge}, on {count(found.rows)} answers of {found.answers}"),
        ("Score", _interval(found.score) if found.score else f"none: {found.why}"),
        ("Agrees with people", found.agreement if found.share is None else f"{found.agreement}: {_share(found.share)}"),
    ]
    pairs += [(f"Passed: {one}", share(part)) for one, part in zip(found.criteria, found.passed, strict=False)]
    return Facts("Judged by a model", tuple(pairs))


def _share(found: Interval80) -> str:
    return f"{share(found.mid)} ({share(found.low)} to {share(found.high)})"


def _every_run(pilot: Pilot) -> Table:
    rows = tuple(
        (
            Cell(run.key),
            Cell(count(run.n)),
            Cell(str(run.draw)),
            Cell(score(run.score, even=True)),
            Cell(_interval(run.interval)),
            Cell(f"{count(run.correct)} of {count(run.test_rows)}"),
            Cell(duration(run.seconds)),
            Cell("–" if run.tokens_per_s is None else figures(run.tokens_per_s)),
            Cell("–" if run.peak_memory_gib is None else f"{figures(run.peak_memory_gib)} GiB"),
            Cell(run.failed or ("" if run.converged else "not converged")),
        )
        for run in pilot.runs
    )
    head = (
        "Run", "Examples", "Draw", pilot.metric, "80% interval", "Correct", "Time", "Tokens/s", "Peak memory",
        "Left out because",
    )  # fmt: skip
    return Table("Every run", head, rows, tuple(range(1, 9)))
