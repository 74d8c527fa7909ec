"""The section on the pilot: scores by size, what needs no fine-tune, what the best run gets wrong, every run."""

from tunecase.accounts.material import Material, not_done, recorded_in
from tunecase.blocks import Block, Cell, Facts, Listing, Section, Table
from tunecase.quantities import Interval80, count, counted, duration, figures, one_line, score, sentence, share
from tunecase.records import TIMED, Baseline, Candidate, Judged, Mistakes, Pilot, Run, Tuning, time_of_1k

MOST_CONFUSIONS, MOST_SLICES, MOST_WORST = 8, 8, 8


def trial(material: Material) -> Section:
    """What did the pilot measure?"""
    title = "What did the pilot measure?"
    pilot = material.pilot
    if pilot is None:
        return not_done("pilot", title, "pilot")
    blocks: list[Block] = [_ladder(pilot), _measured(pilot)]
    if pilot.mistakes:
        blocks += _mistakes(pilot.mistakes)
    if pilot.tuning:
        blocks.append(_tuning(pilot.tuning))
    if material.judged:
        blocks.append(_judged(material.judged))
    if pilot.not_measured:
        blocks.append(Listing("Not measured", pilot.not_measured))
    if pilot.notes:
        blocks.append(Listing("Notes", pilot.notes))
    return Section("pilot", title, _answer(pilot), tuple(blocks), (_every_run(pilot), _about(pilot, material)))


def _answer(pilot: Pilot) -> str:
    means = pilot.mean_scores
    if not means:
        return sentence(pilot.stopped or "no run could be scored")
    (first, start), (last, end) = means[0], means[-1]
    words = f"{pilot.metric} went from {score(start)} with {count(first)} examples to {score(end)} with {count(last)}."
    if pilot.stopped:
        words += f" Stopped: {sentence(pilot.stopped)}"
    return words[0].upper() + words[1:]


def _about(pilot: Pilot, material: Material) -> Facts:
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
    return Facts("", (*pairs, *recorded_in(material, "pilot")))


def _good(pilot: Pilot) -> list[Run]:
    return [run for run in pilot.runs if not run.failed and run.converged]


def _ladder(pilot: Pilot) -> Table:
    rows = []
    for n, mean in pilot.mean_scores:
        scores = [run.score for run in _good(pilot) if run.n == n]
        each = ", ".join(score(value, even=True) for value in scores)
        spread = score(max(scores) - min(scores), even=True)
        rows.append((Cell(count(n)), Cell(score(mean, even=True)), Cell(each), Cell(spread)))
    head = ("Examples", f"Mean {pilot.metric}", "Each draw", "Largest difference")
    return Table("Scores by size", head, tuple(rows), (0, 1, 2, 3))


def _measured(pilot: Pilot) -> Table:
    """Everything that was measured on the test rows: the candidates best first, then what needs no training."""
    measured: list[Candidate | Baseline] = [*pilot.candidates, *pilot.only_baselines]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Cell(one.name),
            Cell(count(one.n) if isinstance(one, Candidate) else "none"),
            Cell(score(one.score, even=True)),
            Cell(_interval(one.interval)),
            Cell(_answers(one)),
            Cell(one.promise.words if one.promise else "–"),
            Cell("–" if one.beaten is None else share(one.beaten)),
            Cell(one.dropped if isinstance(one, Candidate) else ""),
        )
        for one in measured
    )
    head: tuple[str, ...] = (
        "Measured", "Examples", pilot.metric, "80% interval", "1,000 answers", "Only when sure",
        "Chance that a better one beats it", "Dropped because",
    )  # fmt: skip
    if not any(row[-1].text for row in rows):
        head, rows = head[:-1], tuple(row[:-1] for row in rows)
    notes = "; ".join(f"{one.name}: {one.note}" for one in measured if one.note)
    why = "A candidate is held against the best candidate, what needs no training against the pilot's largest runs."
    why = f"{why} {TIMED}" if any(one.seconds_per_answer for one in measured) else why
    return Table("To compare with", head, rows, (1, 2, 3, 4, 6), note=f"{why} {sentence(notes)}" if notes else why)


def _interval(interval: Interval80 | None) -> str:
    return "–" if interval is None else f"{score(interval.low, even=True)} to {score(interval.high, even=True)}"


def _answers(one: Candidate | Baseline) -> str:
    taken = ", ".join(["", time_of_1k(one)]) if one.seconds_per_answer else ""
    if one.usd_per_1k_answers is None:
        return f"price unknown{taken}"
    return f"{figures(one.usd_per_1k_answers)} USD{taken}" if one.usd_per_1k_answers else f"free here{taken}"


def _mistakes(mistakes: Mistakes) -> list[Block]:
    parts = (_confusions(mistakes), _slices(mistakes), _worst(mistakes))
    return [table for table in parts if table.rows]


def _confusions(mistakes: Mistakes) -> Table:
    rows = tuple(
        (Cell(one_line(c.label, 60)), Cell(one_line(c.answer, 60)), Cell(count(c.rows)), Cell(share(c.share_of_label)))
        for c in mistakes.confusions[:MOST_CONFUSIONS]
    )
    note = f"{counted(mistakes.wrong_rows, 'wrong answer')} of the run with {count(mistakes.n)} examples."
    head = ("Label", "Answered", "Rows", "Share of the label")
    return Table("What is taken for what", head, rows, (2, 3), note=note)


def _slices(mistakes: Mistakes) -> Table:
    rows = tuple(
        (
            Cell(f"{part.by} {one_line(part.name, 50)}"),
            Cell(count(part.rows)),
            Cell(score(part.score, even=True)),
            Cell(_interval(part.interval)),
            Cell("worse than the rest" if part.worse else "", "warn" if part.worse else "plain"),
        )
        for part in sorted(mistakes.slices, key=lambda part: (not part.worse, part.score))[:MOST_SLICES]
    )
    return Table("Parts of the test set", ("Part", "Rows", "Score", "80% interval", ""), rows, (1, 2, 3))


def _worst(mistakes: Mistakes) -> Table:
    rows = tuple(
        (
            Cell(count(wrong.row)),
            Cell(one_line(wrong.text, 140)),
            Cell(one_line(wrong.label, 60)),
            Cell(one_line(wrong.answer, 60)),
            Cell("–" if wrong.confidence is None else share(wrong.confidence)),
        )
        for wrong in mistakes.worst[:MOST_WORST]
    )
    note = f"All of them are in {mistakes.review_file}." if mistakes.review_file else ""
    head = ("Test row", "Text", "Label", "Answered", "Confidence")
    sure = any(wrong.confidence is not None for wrong in mistakes.worst)
    return Table(f"Wrong{' and sure' if sure else ''}: rows to look at", head, rows, (0, 4), note=note)


def _tuning(tuning: Tuning) -> Table:
    rows = tuple(
        (
            Cell(tried.settings),
            Cell(tried.failed or score(tried.score, even=True)),
            Cell(count(tried.rows)),
            Cell(duration(tried.seconds)),
        )
        for tried in tuning.trials
    )
    gain = f"{tuning.gain.mid:+.3f} ({tuning.gain.low:+.3f} to {tuning.gain.high:+.3f})"
    note = (
        f"{tuning.best} was measured again: gain {gain} over the default at {count(tuning.n)} examples. "
        f"The best of {len(tuning.trials)} looks {score(tuning.luck)} better than it is; that is taken off."
    )
    head = ("Settings", "Score for choosing", "Rows for choosing", "Time")
    return Table("Search over settings", head, rows, (1, 2, 3), note=note)


def _judged(judged: Judged) -> Facts:
    pairs = [
        ("Judge", f"{judged.judge}, on {count(judged.rows)} answers of {judged.answers}"),
        ("Score", _interval(judged.score) if judged.score else f"none: {judged.why}"),
        (
            "Agrees with people",
            judged.agreement if judged.share is None else f"{judged.agreement}: {_share(judged.share)}",
        ),
    ]
    pairs += [
        (f"Passed: {criterion}", share(part)) for criterion, part in zip(judged.criteria, judged.passed, strict=False)
    ]
    return Facts("Judged by a model", tuple(pairs))


def _share(interval: Interval80) -> str:
    return f"{share(interval.mid)} ({share(interval.low)} to {share(interval.high)})"


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
