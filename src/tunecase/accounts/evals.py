"""What evals says: the score of one log or the difference of two, and the test items that a gain would take."""

from collections.abc import Iterator, Sequence

from tunecase.accounts.material import Material, filled
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Tone
from tunecase.quantities import (
    count,
    counted,
    figures,
    in_hundred,
    interval_words,
    one_line,
    score_interval,
    sentence,
    share,
)
from tunecase.records import EvalLog, EvalPair, Evals, GainItems

SHOWN_GAIN = 0.05  # the one of several that the answer names
MOST_NAME = 40  # characters
SURE = 0.9


def evals(record: Evals, material: Material) -> Account:
    """The score, or the difference and how sure it is, then how many items would show a gain; in full every figure."""
    short = filled(Facts("", tuple(_short(record))))
    return Account("evals", _answer(record), _tone(record), short, _full(record))


def _tone(record: Evals) -> Tone:
    if not record.ok:
        return "bad"
    return "good" if record.pair and record.pair.chance_better >= SURE else "plain"


def _answer(record: Evals) -> str:
    words = _alone(record.logs[0]) if record.pair is None else _both(record, record.pair)
    if record.fail_below is None:
        return words
    verb = "reaches" if record.ok else "falls short of"
    last = record.logs[-1]
    return f"{_names(record.logs)[-1]} {verb} {_shown(record.fail_below, is_share=last.is_share)}. {words}"


def _alone(log: EvalLog) -> str:
    if log.score is None:
        return f"{_name(log)} has no score."
    told = _score(log) if log.interval is None else f"{_score(log)} (8 in 10: {_ends(log)})"
    return f"{_name(log)} scores {told} on {counted(log.items, 'item')}."


def _both(record: Evals, pair: EvalPair) -> str:
    first, second = _names(record.logs)
    mid, scale = pair.difference.mid, 100 if all(log.is_share for log in record.logs) else 1
    low, high = sorted((scale * pair.difference.low, scale * pair.difference.high))
    unit = " points" if scale == 100 else ""
    way = "more" if mid >= 0 else "less"
    much = f"{abs(scale * mid):.3g}{unit} {way} than" if mid else "as much as"
    items, reach = counted(pair.items, "item"), f"8 in 10: {low:+.2g} to {high:+.2g}"
    lower = "Lower is better here. " if "lower" in (log.direction for log in record.logs) else ""
    chance = f"It is better with a chance of {in_hundred(pair.chance_better)}."
    return f"{second} scores {much} {first} on the same {items} ({reach}). {lower}{chance}"


def _name(log: EvalLog) -> str:
    return one_line(log.model or log.place, MOST_NAME)


def _names(logs: Sequence[EvalLog]) -> tuple[str, ...]:
    """What each log is called: its model, or its place where two logs are of one model."""
    names = tuple(map(_name, logs))
    return names if len(set(names)) == len(names) else tuple(one_line(log.place) for log in logs)


def _score(log: EvalLog) -> str:
    return "unknown" if log.score is None else _shown(log.score, is_share=log.is_share)


def _shown(score: float, *, is_share: bool) -> str:
    return f"{round(100 * score, 1):g}%" if is_share and 0 <= score <= 1 else figures(score, 3)


def _ends(log: EvalLog) -> str:
    assert log.interval is not None
    low, high = log.interval.low, log.interval.high
    return f"{share(low)} to {share(high)}" if log.is_share else f"{figures(low, 3)} to {figures(high, 3)}"


def _short(record: Evals) -> Iterator[tuple[str, str]]:
    log, pair, names = record.logs[0], record.pair, _names(record.logs)
    if pair is None:
        yield "of", _about(log)
    else:
        yield "scores", _scores_of(record, pair, names)
        yield "differ", _differ(pair)
    for name, each in zip(names, record.logs, strict=True):
        if missing := _missing(each):
            yield "not counted", missing if pair is None else f"{name}: {missing}"
    if chosen := _chosen(record.gains):
        yield f"to show {100 * chosen.gain:.3g} points", _needed(chosen, measured=record.lost_measured)


def _scores_of(record: Evals, pair: EvalPair, names: Sequence[str]) -> str:
    """The scores of both on the items that they share; where one has others too, its own score beside."""
    if pair.first is None or pair.second is None or not (pair.only_first or pair.only_second):
        return " and ".join(f"{name} {_score(log)}" for name, log in zip(names, record.logs, strict=True))
    told = []
    for name, log, score in zip(names, record.logs, (pair.first, pair.second), strict=True):
        whole = f" ({_score(log)} on all its {count(log.items)})" if log.items > pair.items else ""
        told.append(f"{name} {_shown(score, is_share=log.is_share)}{whole}")
    return " and ".join(told)


def _about(log: EvalLog) -> str:
    metric = f"{log.metric} ({log.filter})" if log.filter else log.metric
    parts = (log.task, metric, f"{log.tool} {log.version}".strip(), log.date)
    return one_line(", ".join(filter(None, parts)))


def _differ(pair: EvalPair) -> str:
    words = f"{share(pair.differing)} of the items: {pair.won:.3g} won, {pair.lost:.3g} lost"
    return words if pair.p is None else f"{words} (McNemar's p {figures(pair.p)})"


def _missing(log: EvalLog) -> str:
    parts = [f"{counted(log.unscored, 'answer')} without a score" if log.unscored else ""]
    parts += [f"{counted(log.errors, 'error')}" if log.errors else ""]
    return " and ".join(filter(None, parts))


def _chosen(gains: tuple[GainItems, ...]) -> GainItems | None:
    return next((one for one in gains if one.gain == SHOWN_GAIN), gains[0] if gains else None)


def _needed(gain: GainItems, *, measured: bool) -> str:
    reach = f" ({count(gain.paired_low)} to {count(gain.paired_high)})" if measured else ""
    basis = "" if measured else ", if it loses 5% of them (assumed)"
    words = f"{count(gain.paired)} items{reach} that both models answer{basis}"
    return words if gain.unpaired is None else f"{words}; {count(gain.unpaired)} for each model on different items"


def _full(record: Evals) -> tuple[Block, ...]:
    return filled(
        _logs(record.logs),
        _pair(record.pair) if record.pair else Facts("", ()),
        _gains(record),
        Listing("To know", tuple(sentence(one_line(note)) for note in record.notes)),
    )


def logs_named(named: Sequence[tuple[str, EvalLog]]) -> Facts:
    """The evaluation logs that scores of a case were taken from, each with the field that it fills, as evidence."""
    return Facts("Scores from logs, measured", tuple((field, one_line(_named(log))) for field, log in named))


def _named(log: EvalLog) -> str:
    rows = {"test": "the test rows", "elsewhere": "not the test rows"}.get(log.on, "")
    told = _score(log) if log.interval is None else f"{_score(log)} ({_ends(log)})"
    parts = (log.place, told, counted(log.items, "item"), rows, log.model, log.date)
    return ", ".join(filter(None, parts))


def _logs(logs: tuple[EvalLog, ...]) -> Table:
    rows = tuple(
        tuple(map(Cell, (
            name, one_line(log.task), _metric(log), _whole_score(log), count(log.items), count(log.answers),
            count(log.unscored), count(log.errors), one_line(f"{log.tool} {log.version}".strip()), log.date,
            log.paired_by,
        )))
        for name, log in zip(_names(logs), logs, strict=True)
    )  # fmt: skip
    heads = ("Model", "Task", "Metric", "Score", "Items", "Answers", "Unscored", "Errors", "Tool", "Date", "Paired by")
    return Table("Logs", heads, rows, (4, 5, 6, 7))


def _metric(log: EvalLog) -> str:
    return one_line(f"{log.metric} ({log.filter})" if log.filter else log.metric)


def _whole_score(log: EvalLog) -> str:
    if log.interval is None:
        return _score(log)
    ends = log.interval
    return (
        score_interval(ends.low, ends.mid, ends.high) if log.is_share else interval_words(ends.low, ends.mid, ends.high)
    )


def _pair(pair: EvalPair) -> Facts:
    pairs = [
        ("Items in both", count(pair.items)),
        ("Only in the first, only in the second", f"{count(pair.only_first)}, {count(pair.only_second)}"),
        ("Items that differ", share(pair.differing, 1)),
        ("Won and lost by the second", f"{pair.won:.3g} and {pair.lost:.3g}"),
        ("Chance that the second is better", share(pair.chance_better, 1)),
    ]
    if pair.p is not None:
        pairs.append(("McNemar's exact p", figures(pair.p)))
    if pair.lost_share is not None:
        lost = pair.lost_share
        pairs.append(
            ("Lost by the better model", f"{share(lost.mid, 1)} ({share(lost.low, 1)} to {share(lost.high, 1)})")
        )
    if pair.smallest_gain is not None:
        pairs.append(("Smallest gain that these items show", f"{figures(100 * pair.smallest_gain)} points"))
    return Facts("The second against the first", tuple(pairs))


def _gains(record: Evals) -> Table:
    rows = tuple(
        tuple(map(Cell, (
            f"{100 * one.gain:.3g} points", count(one.paired), count(one.paired_low), count(one.paired_high),
            count(one.unpaired),
        )))
        for one in record.gains
    )  # fmt: skip
    basis = "share lost as measured" if record.lost_measured else "5% of items lost, assumed"
    title = f"Test items that show a gain (80% power, two-sided 5%; {basis})"
    return Table(title, ("Gain", "Same items", "At least", "At most", "Other items, each"), rows, (1, 2, 3, 4))
