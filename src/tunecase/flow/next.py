"""Rounds of a project as they were measured: kept in the ledger, folded into the curve, and what follows from them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast, get_args

from tunecase import catalog
from tunecase.errors import Problem, nearest, refuse_any
from tunecase.flow.opened import Flow, readable
from tunecase.flow.points import labelled_rows, measured_metric, measured_sizes
from tunecase.flow.verbs import DECISION, decide, forecast, have, ready
from tunecase.ledger import Entry
from tunecase.records import Changed, Next, Round

MOST = 10**12
NO_POINTS = Problem("tunecase next", "no points before this round", "a pilot or kept points", "run `tunecase pilot`")


def add_round(
    flow: Flow, n: int, score: str, changed: "Sequence[str]", test_rows: int | None = None, corrects: int | None = None
) -> Round:
    """Keeps what a round showed, provided it can be folded into the curve.

    A round of the same rows and the same change as an earlier one corrects that one, unless another is named.

    Args:
        n: training rows in all.
        score: as people write it, `0.81` or `81%`.
        changed: what was done in the round; one thing only, or its effect cannot be told apart.
        test_rows: items of the test; those of the test file when left out.
        corrects: the number of the round whose place this one takes, where its rows or its change were wrong.
    Raises: InputError with every mistake found; nothing is kept then.
    """
    metric, before, way = measured_metric(flow), flow.rounds(), cast(Changed, (*changed, "")[0])
    number = corrects or _number_of(before, n, way)
    value, problems = _read(score, catalog.metric(metric) if metric else None)
    problems = [
        *_what_changed(changed), *_sizes(n, test_rows), *_no_such_round(corrects, before),
        *_no_more(flow, n, way, [made.n for made in before if made.number < number]), *problems,
        *([] if metric else [NO_POINTS]),
    ]  # fmt: skip
    refuse_any(problems)
    table = flow.table("test")
    rows = test_rows or (len(table.rows) if table is not None else None)
    made = Round(number, n, value, rows, way, flow.today)
    held = {verb: one for verb, one in flow.records.items() if verb in ("audit", "pilot")}
    trial = replace(flow, writes=False, records={**held, "round": made})
    folded = forecast(trial)
    flow.keep("round", made)
    flow.records = held
    flow.keep("forecast", folded)
    return made


def _number_of(before: "Sequence[Round]", n: int, way: str) -> int:
    """The number of the round that was measured with the same rows and the same change, else the next one."""
    new = max((made.number for made in before), default=0) + 1
    return next((made.number for made in before if (made.n, made.changed) == (n, way)), new)


def _what_changed(changed: "Sequence[str]") -> list[Problem]:
    ways = get_args(Changed)
    odd = [name for name in changed if name not in ways]
    if odd:
        wanted = f"one of {', '.join(ways)}"
        return [Problem("--changed", repr(name), wanted, nearest(name, ways)) for name in odd]
    if len(set(changed)) != 1:
        got = " and ".join(changed) or "nothing"
        fix = "name what was changed; where two things were, make one more run with only one of them"
        return [Problem("--changed", got, "one thing, or its effect cannot be told apart", fix)]
    return []


def _sizes(n: int, test_rows: int | None) -> list[Problem]:
    problems = []
    if not 1 <= n <= MOST:
        problems.append(Problem("--rows", str(n), "training rows in all, 1 or more", "count the rows trained on"))
    if test_rows is not None and not 1 <= test_rows <= MOST:
        problems.append(Problem("--test-rows", str(test_rows), "1 or more", "count the rows scored"))
    return problems


def _no_such_round(number: int | None, before: "Sequence[Round]") -> list[Problem]:
    known = [one.number for one in before]
    if number is None or number in known:
        return []
    wanted = f"one of {', '.join(map(str, known))}" if known else "no number: no round is kept"
    return [Problem("--corrects", str(number), wanted, "leave it out for a round of its own")]


def _no_more(flow: Flow, n: int, way: str, earlier: "Sequence[int]") -> list[Problem]:
    """A round that adds rows has more of them than every point before it."""
    largest = max([*measured_sizes(flow), *earlier], default=0)
    if way not in ("label", "other_sources") or not 1 <= n <= largest:
        return []
    wanted = f"more than the {largest:,} measured before"
    fix = "count all rows trained on, or name what was changed instead, such as tune or clean"
    return [Problem("--rows", f"{n:,}", wanted, fix)]


def _read(text: str, metric: "catalog.Metric | None") -> tuple[float, list[Problem]]:
    from tunecase.project import read_score

    try:
        value = read_score(text)
    except ValueError:
        return 0.0, [Problem("--score", repr(text), "a score such as 0.81 or 81%", "write one number")]
    if value < 0 or (metric is not None and metric.bounded and value > 1):
        return value, [Problem("--score", text, "a share between 0 and 100%", "write 0.81 or 81%")]
    return value, []


def next_step(flow: Flow, made: Round | None = None) -> Next:
    """What changed since the last decision, and what to do now; bill and decision are made again."""
    from tunecase.decide import next_step as say

    before, since = _before(flow)
    ready(flow, "next")
    now = {verb: flow.current(verb) for verb in ("forecast", "estimate")}
    if made is None:
        have(flow, DECISION)
    else:
        decide(flow)
    now |= {verb: flow.current(verb) for verb in ("decide", "define")}
    rounds = flow.rounds()
    latest = made or (rounds[-1] if rounds else None)
    return cast(
        Next, flow.keep("next", say(before, now, latest, since, labelled_rows(flow, latest) if latest else None))
    )


def _before(flow: Flow) -> tuple[dict[str, Any], str]:
    """The records of the decision before the latest news, by verb, and the day they were made."""
    seen: dict[str, Entry] = {}
    last: tuple[dict[str, Entry], str] = ({}, "")
    before_news = last
    for entry in flow.ledger.entries("run", "record"):
        if last[0] and (entry.kind == "run" or entry.verb in ("round", "review")):
            before_news = last
        if entry.kind == "record" and entry.verb in ("forecast", "estimate", "decide"):
            seen[entry.verb] = entry
            if entry.verb == "decide":
                last = (dict(seen), f"{entry.recorded_at:%Y-%m-%d}")
    entries, since = before_news if before_news[0] else last
    return readable(entries), since
