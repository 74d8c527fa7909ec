"""What judge says: the score that a model gave, whether it may be trusted, and what it cost."""

import shlex

from tunecase.accounts.material import Material
from tunecase.accounts.words import private_pairs
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Tone
from tunecase.quantities import (
    Interval80,
    count,
    counted,
    duration,
    figures,
    plain_share,
    score_interval,
    sentence,
    share,
)
from tunecase.records import Judged

DOUBTED = ("unknown", "poor")
AGREEMENT = {
    "fine": "as people do", "weak": "roughly as people do", "poor": "not as people do",
    "unknown": "nobody has checked whether as people do",
}  # fmt: skip


def judge(record: Judged, material: Material) -> Account:
    """The judged score where the judge may be trusted, and why not where it may not; in full every criterion."""
    tone: Tone = "bad" if record.score is None else "warn" if record.agreement in DOUBTED else "plain"
    following = f"tunecase judge --human {shlex.quote(record.sheet)}" if record.sheet else ""
    return Account(
        "judge", _answer(record), tone, (Facts("What was judged", _short(record)),), _full(record), following
    )


def _answer(record: Judged) -> str:
    if record.score is not None:
        return f"{plain_share(record.score.mid)} of the criteria pass, as a model judges the answers."
    if record.agreement == "unknown" and not record.unknown_ok:
        return "No score: nobody has checked whether the judge agrees with people."
    if record.agreement in DOUBTED and not record.unknown_ok:
        return "No score: the judge does not agree with people."
    return "No score: too few verdicts can be read."


def _short(record: Judged) -> tuple[tuple[str, str], ...]:
    from tunecase.pilot.scoring import LEAST_ROWS

    unread = f", {count(record.unread)} without a verdict that can be read" if record.unread else ""
    pairs = [
        ("judge", record.judge),
        ("answers", f"of {record.answers}"),
        ("judged", f"{count(record.rows)} of {counted(record.test_rows, 'test row')}{unread}"),
        ("judges", _as_people(record)),
    ]
    if record.why:
        pairs.append(("why not", record.why))
    elif record.unknown_ok and record.agreement in DOUBTED:
        pairs.append(("take care", "the score stands only because --unknown-ok says so: compare models by it alone"))
    pairs += private_pairs(record.disclosed)
    pairs.append(("took", f"{duration(record.seconds)}; {_price(record)}"))
    if record.sheet:
        told = f"write pass or fail as verdict into {record.sheet}, in {LEAST_ROWS} rows or more"
        pairs.append(("to know", told))
    return tuple(pairs)


def _as_people(record: Judged) -> str:
    words = AGREEMENT[record.agreement]
    if record.share is None:
        return words
    return f"{words}, on {plain_share(record.share.mid)} of {counted(record.human_rows, 'row')}"


def _price(record: Judged) -> str:
    return "price unknown" if record.usd is None else f"{figures(record.usd)} USD"


def _full(record: Judged) -> tuple[Block, ...]:
    passed = tuple((Cell(name), Cell(share(part))) for name, part in zip(record.criteria, record.passed, strict=False))
    pairs = []
    if record.score is not None:
        points = record.score
        pairs.append(("Criteria that pass", score_interval(points.low, points.mid, points.high)))
    if record.share is None:
        pairs.append(("Agreement with people", "not measured (--human FILE)"))
    else:
        kappa = record.kappa
        beyond = "not known" if kappa is None else score_interval(kappa.low, kappa.mid, kappa.high)
        pairs.append(("Agreement with people", f"{record.agreement}; {_shares(record.share)} alike, kappa {beyond}"))
    if record.leniency is not None:
        pairs.append(("It passes", f"{_points(record.leniency)} points more rows than people do"))
    if record.length_bias is not None:
        pairs.append(("For longer answers", f"{_points(record.length_bias)} points more than for shorter ones"))
    if record.order_effect is not None:
        changed = f"{_shares(record.order_effect)} of the verdicts change; its cost is not counted"
        pairs.append(("Asked in reverse order", changed))
    tokens = "not told"
    if record.input_tokens is not None and record.output_tokens is not None:
        tokens = f"{figures(record.input_tokens)} in, {figures(record.output_tokens)} out"
    pairs.append(("Tokens", tokens))
    return (
        *((Table("Criteria", ("Criterion", "Pass"), passed, (1,)),) if passed else ()),
        Facts("How far it may be trusted", tuple(pairs)),
        *((Listing("Notes", tuple(map(sentence, record.notes))),) if record.notes else ()),
    )


def _shares(points: Interval80) -> str:
    return f"{share(points.mid)} ({share(points.low)} to {share(points.high)})"


def _points(points: Interval80) -> str:
    return f"{100 * points.mid:+.0f} ({100 * points.low:+.0f} to {100 * points.high:+.0f})"
