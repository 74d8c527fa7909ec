"""What a pilot measured: scores by size, what needs no fine-tune, what the best run gets wrong, every run."""

from collections import Counter

from tunecase.accounts.material import Material, recorded_in
from tunecase.accounts.words import disclosed_words
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Tone, Words
from tunecase.quantities import (
    Interval80,
    count,
    counted,
    duration,
    figures,
    one_line,
    plain_figure,
    plain_money,
    plain_score,
    score,
    sentence,
    share,
)
from tunecase.records import TIMED, Baseline, Candidate, Mistakes, Pilot, Promise, Run, Tuning, time_of_1k

MOST_CONFUSIONS, MOST_SLICES, MOST_WORST = 8, 8, 8
SHORT_SIZES, SHORT_CONFUSIONS = 7, 2
WORD_COUNTS = "word-count model"
RIGHT = ("accuracy", "exact_match", "tool_calls")  # metrics that are the share of answers that are right


def pilot(record: Pilot, material: Material) -> Account:
    """The score with all examples beside the target, the curve so far, and what the best run gets wrong."""
    means = record.mean_scores
    short: list[Block] = [_sizes(record)] if means else []
    if len(_ways(record)) > 1:
        short.append(_race(record))
    if notes := tuple(_notes(record, material)):
        short.append(Words(notes))
    tone: Tone = "plain" if means else "bad"
    return Account("pilot", _answer(record, material), tone, tuple(short), _full(record, material), _next(record))


def _next(record: Pilot) -> str:
    return "tunecase forecast" if record.mean_scores else ""


def _full(record: Pilot, material: Material) -> tuple[Block, ...]:
    """All the rest; rows of the user's data only where they may be shown."""
    blocks: list[Block] = []
    if record.mean_scores:
        blocks.append(_ladder(record))
    if record.candidates or record.only_baselines:
        blocks.append(_measured(record))
    if record.mistakes:
        blocks += _mistakes(record.mistakes, with_rows=material.with_rows)
    if record.tuning:
        blocks.append(_tuning(record.tuning))
    failed = tuple(f"{run.key}: {one_line(run.failed, 160)}" for run in record.runs if run.failed)
    blocks += [
        Listing(title, items)
        for title, items in (("Failed", failed), ("Not measured", record.not_measured), ("Notes", record.notes))
        if items
    ]
    if record.runs:
        blocks.append(_every_run(record))
    return (*blocks, _about(record, material))


def score_words(metric: str, value: float, *, direction: str = "higher") -> str:
    """A score with what it counts, as a sentence has it: the share that is right, or the metric's name before it.

    Example:
        >>> score_words("accuracy", 0.681), score_words("macro_f1", 0.5), score_words("loss", 0.41, direction="lower")
        ('68% right', 'macro f1 50%', 'loss 0.41')
    """
    words = plain_score(value, of_one=direction == "higher")
    return f"{words} right" if metric in RIGHT else f"{metric.replace('_', ' ')} {words}"


def short_name(model: str) -> str:
    """The last part of a model's name, without those who publish it."""
    return model.rstrip("/").rpartition("/")[2] or model


def plain_name(name: str) -> str:
    """The name of what was measured, as everybody has it: the n-gram model is called by what it does."""
    return WORD_COUNTS if name.partition(",")[0] in ("n-grams", "probe") else short_name(name)


def short_names(text: str) -> str:
    """Words with every model's path cut to its last part."""
    return " ".join(map(short_name, text.split()))


def _answer(record: Pilot, material: Material) -> str:
    """The best that was trained, with how many examples, beside the target."""
    means = record.mean_scores
    if not means:
        return sentence(record.stopped or "no run ended well")
    n, value = means[-1]
    by = ""
    ways = _ways(record)
    if len(ways) > 1:
        value, by = ways[0].score, f", by {plain_name(ways[0].name)}"
        n = ways[0].n if isinstance(ways[0], Candidate) else 0
    every = "all " if n == record.train_rows else ""
    words = score_words(record.metric, value, direction=record.direction)
    aim = material.target
    target = "" if aim is None else f" The target is {plain_score(aim, of_one=record.direction == 'higher')}."
    shown = f" with {every}{counted(n, 'example')}" if n else ""
    return f"{words[0].upper()}{words[1:]}{shown}{by}.{target}"


def _spread_out(means: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
    """At most so many sizes as a line holds, the first and the last among them."""
    if len(means) <= SHORT_SIZES:
        return means
    steps = {round(at * (len(means) - 1) / (SHORT_SIZES - 1)) for at in range(SHORT_SIZES)}
    return tuple(means[at] for at in sorted(steps))


def _sizes(record: Pilot) -> Table:
    """The scores by size, side by side."""
    shown = _spread_out(record.mean_scores)
    name = "right" if record.metric in RIGHT else record.metric.replace("_", " ")
    of_one = record.direction == "higher"
    row = (Cell(name), *(Cell(plain_score(value, of_one=of_one)) for _, value in shown))
    return Table("", ("examples", *(count(n) for n, _ in shown)), (row,), tuple(range(1, len(row))))


def _ways(record: Pilot) -> list[Candidate | Baseline]:
    """Everything that gives answers, the best first: what was trained, what was asked, and a search."""
    ways: list[Candidate | Baseline] = [
        *record.candidates,
        *(way for way in record.only_baselines if way.kind not in ("", "n-grams")),
    ]
    return sorted(ways, key=lambda way: way.score, reverse=record.direction == "higher")


def _race(record: Pilot) -> Table:
    """One row for each way, the best first: its score, how sure that is, and what its answers take."""
    of_one = record.direction == "higher"
    rows = tuple(
        (
            Cell(plain_name(one.name)),
            Cell(plain_score(one.score, of_one=of_one)),
            Cell(_in_ten(one, of_one)),
            Cell(_short_price(one)),
        )
        for one in _ways(record)
    )
    return Table("", ("", "", "", ""), rows, (1,))


def _in_ten(one: Candidate | Baseline, of_one: bool) -> str:
    if one.interval is None:
        return ""
    low, high = (plain_score(end, of_one=of_one) for end in (one.interval.low, one.interval.high))
    return f"{low.removesuffix('%')} to {high}, 8 in 10"


def _short_price(one: Candidate | Baseline) -> str:
    if one.usd_per_1k_answers is None:
        return "price not known"
    return "free here" if one.usd_per_1k_answers == 0 else f"{_small_usd(one.usd_per_1k_answers)} for 1,000 answers"


def _small_usd(usd: float) -> str:
    return f"{figures(usd)} USD" if 0.01 <= usd < 10 else plain_money(usd, "USD")


def _notes(record: Pilot, material: Material) -> list[str]:
    """What it took, what it was, what a fine-tune must beat, what goes wrong, and where to read it."""
    lines = [" ".join(part for part in (_effort(record), _learner(record, material)) if part)]
    if record.stopped and record.mean_scores:
        lines.append(f"Stopped early: {sentence(record.stopped)}")
    private = ((rival.name, disclosed_words(rival.disclosed)) for rival in record.baselines)
    lines += [f"{name}: {words}." for name, words in private if words]
    lines += [f"{name} was not asked: {sentence(why.partition(',')[0])}" for name, why in record.not_asked.items()]
    if (lost := record.skill_lost) is not None and lost.is_shown:
        lines.append(lost.words)
    if record.mistakes:
        lines.append(_mixed_up(record.mistakes))
    return [line for line in lines if line]


def _effort(record: Pilot) -> str:
    """Runs, time and money; runs that failed or did not settle among them."""
    if not record.runs:
        return ""
    failed = sum(bool(run.failed) for run in record.runs)
    wild = sum(not run.failed and not run.converged for run in record.runs)
    lost = [f"{counted(failed, 'run')} failed"] if failed else []
    lost += [f"{counted(wild, 'run')} did not converge"] if wild else []
    price = "price not known" if record.usd is None else f"{plain_figure(record.usd)} USD"
    runs = counted(len(record.runs), "run")
    kept = record.reused == len(record.runs)
    took = [f"{runs} kept from before", *lost] if kept else [runs, *lost, duration(record.seconds)]
    return f"{', '.join([*took, price])}."


def _learner(record: Pilot, material: Material) -> str:
    """That the learner stands in for another model, which nobody has trained yet."""
    if not record.stand_in or not record.runs:
        return ""
    named = tuned_model(material)
    return f"A stand-in: {short_name(named) if named else 'the larger model'} was not trained."


def tuned_model(material: Material) -> str:
    """The model that the case would tune, the last causal one that its file names; empty where it names none."""
    named = material.project.models_of("causal") if material.project else ()
    return named[-1] if named else ""


def _mixed_up(mistakes: Mistakes) -> str:
    """Which labels are taken for one another, most often first, and where to read the answers that are wrong."""
    pairs: Counter[tuple[str, ...]] = Counter()
    for one in mistakes.confusions:
        pairs[tuple(sorted((one_line(one.label, 24), one_line(one.answer, 24))))] += one.rows
    told = [f"{' and '.join(labels)} ({count(rows)})" for labels, rows in pairs.most_common(SHORT_CONFUSIONS)]
    mixed = f"It mixes up {', '.join(told)}." if told else ""
    where = f"{counted(mistakes.wrong_rows, 'wrong answer')} to read: {mistakes.review_file}"
    return " ".join(part for part in (mixed, where if mistakes.review_file and mistakes.wrong_rows else "") if part)


def _about(record: Pilot, material: Material) -> Facts:
    bad = [run for run in record.runs if run.failed or not run.converged]
    pairs = [
        ("Trainer", f"{record.trainer}, {record.model}" if record.model else record.trainer),
        ("Test rows", f"{count(record.test_rows)}, the same for every run"),
        ("Time", f"{duration(record.seconds)}, {counted(record.reused, 'run')} taken from earlier"),
        ("Price", "unknown" if record.usd is None else f"{figures(record.usd)} USD"),
        ("Runs left out", counted(len(bad), "run")),
    ]
    steps = {run.steps for run in record.runs if run.steps}
    if len(steps) == 1:
        pairs.append(("Optimiser steps", f"{count(steps.pop())} in every run, whatever its size"))
    lost = record.skill_lost
    if lost is not None:
        pairs.append(("General skill", lost.words))
    return Facts("", (*pairs, *recorded_in(material, "pilot")))


def _good(record: Pilot) -> list[Run]:
    return [run for run in record.runs if not run.failed and run.converged and run.purpose == "ladder"]


def _ladder(record: Pilot) -> Table:
    rows = []
    for n, mean in record.mean_scores:
        scores = [run.score for run in _good(record) if run.n == n]
        each = ", ".join(score(value, even=True) for value in scores)
        spread = score(max(scores) - min(scores), even=True)
        rows.append((Cell(count(n)), Cell(score(mean, even=True)), Cell(each), Cell(spread)))
    head = ("Examples", f"Mean {record.metric}", "Each draw", "Largest difference")
    return Table("Scores by size", head, tuple(rows), (0, 1, 2, 3))


def _measured(record: Pilot) -> Table:
    """Everything that was measured on the test rows: the candidates best first, then what needs no training."""
    measured: list[Candidate | Baseline] = [*record.candidates, *record.only_baselines]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Cell(one.name),
            Cell(count(one.n) if isinstance(one, Candidate) else "none"),
            Cell(score(one.score, even=True)),
            Cell(_interval(one.interval)),
            Cell(_answers(one)),
            Cell(promise_words(one.promise) if one.promise else "–"),
            Cell("–" if one.beaten is None else share(one.beaten)),
            Cell(one.dropped if isinstance(one, Candidate) else ""),
        )
        for one in measured
    )
    head: tuple[str, ...] = (
        "Measured", "Examples", record.metric, "80% interval", "1,000 answers", "Only when sure",
        "Chance that a better one beats it", "Dropped because",
    )  # fmt: skip
    if not any(row[-1].text for row in rows):
        head, rows = head[:-1], tuple(row[:-1] for row in rows)
    notes = "; ".join(f"{one.name}: {one.note}" for one in measured if one.note)
    why = "A candidate is held against the best candidate, what needs no training against the pilot's largest runs."
    why = f"{why} {TIMED}" if any(one.seconds_per_answer for one in measured) else why
    return Table("To compare with", head, rows, (1, 2, 3, 4, 6), note=f"{why} {sentence(notes)}" if notes else why)


def promise_words(promise: Promise) -> str:
    """What is promised of answering only when sure, and the rows that would promise more.

    Example:
        >>> promise_words(Promise(0.05, 0.72, 0.8, 0.048, 270, 20, next_coverage=0.77, next_rows=410))
        'answers 72% at no more than 5% wrong (bound 4.8%); 77% needs about 410 test rows'
        >>> promise_words(Promise(0.05, None, None, None, 40, 0))
        'no coverage can be promised with 40 rows at no more than 5% wrong'
    """
    wrong = f"no more than {share(promise.error)} wrong"
    more = ""
    if promise.next_rows is not None and promise.next_coverage is not None:
        more = f"; {share(promise.next_coverage)} needs about {plain_figure(promise.next_rows)} test rows"
    if promise.coverage is None:
        return f"no coverage can be promised with {count(promise.rows)} rows at {wrong}{more}"
    return f"answers {share(promise.coverage)} at {wrong} (bound {share(promise.bound, 1)}){more}"


def _interval(interval: Interval80 | None) -> str:
    return "–" if interval is None else f"{score(interval.low, even=True)} to {score(interval.high, even=True)}"


def _answers(one: Candidate | Baseline) -> str:
    taken = ", ".join(["", time_of_1k(one)]) if one.seconds_per_answer else ""
    if one.usd_per_1k_answers is None:
        return f"price unknown{taken}"
    return f"{figures(one.usd_per_1k_answers)} USD{taken}" if one.usd_per_1k_answers else f"free here{taken}"


def _mistakes(mistakes: Mistakes, *, with_rows: bool) -> list[Block]:
    parts = (_confusions(mistakes), _slices(mistakes), *((_worst(mistakes),) if with_rows else ()))
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


def _every_run(record: Pilot) -> Table:
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
        for run in record.runs
    )
    head = (
        "Run", "Examples", "Draw", record.metric, "80% interval", "Correct", "Time", "Tokens/s", "Peak memory",
        "Left out because",
    )  # fmt: skip
    return Table("Every run", head, rows, tuple(range(1, 9)))
