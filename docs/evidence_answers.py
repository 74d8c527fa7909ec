"""What the answers of the worked cases cost after launch, and from which volume they pay for the project."""

from collections.abc import Iterable, Sequence

from evidence_cases import Case, linked
from evidence_rules import table

from tunecase.quantities import wording
from tunecase.records import Crossing, Inference

NEVER, ALWAYS = float("inf"), 0.0
HEAD = (
    "case | answers a month: | cheapest way for the tuned model | a month, USD: | 1,000 answers: | 1,000 today: | "
    "today's model | pays for the project from: | replicas cheaper from:"
)


def after_launch(cases: Sequence[Case]) -> list[str]:
    """The section on answers after launch: paragraphs and a table."""
    served = [(case, case.answers) for case in cases if case.answers is not None]
    return [
        f"**{_verdict([record for _, record in served])}**",
        "Cases that state what arrives, priced by `tunecase inference` on the day of the other cases. The bill of the "
        "cheapest way is the middle of the worlds with the 80% interval, the mean over the months of service. A model "
        "that is prompted reads its instructions with every request, the tuned model does not. *Pays for the project "
        "from* is where the advice flips because of inference: answers a month from which the saving on them, over the "
        "months of service, is as large as the project's bill. *Replicas cheaper from* is where the cheapest replica "
        "of the tuned model begins to cost less than today's model, the project left aside. Both are the middle of the "
        "worlds with the 80% interval, looked for from a ten thousandth of the stated volume to ten thousand times it. "
        "*Always* and *never* are ends that lie outside; *never* is also a tuned model whose base is retired before it "
        "is launched:",
        table(HEAD, [_row(case, record) for case, record in served]),
        "**What would change it.** The volume first; then the instructions that a prompt needs, the hours in which "
        "nothing arrives, and a price of today's model that falls.",
        "**Not covered.** What better or worse answers are worth, upkeep, and the chance that the project does not "
        "reach its target: `tunecase decide` counts them.",
    ]


def _verdict(records: Iterable[Inference]) -> str:
    compared = [record for record in records if record.break_even]
    paid = [record for record in compared if _pays(record)]
    return (
        f"At the volume that is stated, the saving on answers pays for the project in {len(paid)} of "
        f"{wording.counted(len(compared), 'case')} that have a price of today's answers."
    )


def _pays(record: Inference) -> bool:
    """Whether the saving pays for the project at the stated volume in most worlds, against every way named."""
    volume = record.answers_per_month.p50
    return all(_middle(one) <= volume for one in record.break_even)


def _middle(one: Crossing) -> float:
    """The middle of the volumes; beyond what was looked at it is on the side of the open end."""
    if one.mid is not None:
        return one.mid
    return NEVER if one.high is None else ALWAYS


def _row(case: Case, record: Inference) -> list[object]:
    best = record.cheapest
    today = [way for way in record.ways if way.kind == "hosted" and way.per_1k is not None]
    names = {way.name for way in today}
    cells = ["none has a price", "-", "-"]
    if best is not None and best.per_month is not None and best.per_1k is not None:
        cells = [best.name, wording.money_band(best.per_month, ""), wording.money_band(best.per_1k, "")]
    return [
        linked(case),
        wording.figures(record.answers_per_month.p50),
        *cells,
        "-" if record.today_per_1k is None else wording.money_band(record.today_per_1k, ""),
        today[0].model if today else "none is named",
        "; ".join(volumes(one) for one in record.break_even) or "-",
        "; ".join(f"{volumes(one)}, {one.cheaper}" for one in record.crossings if one.dearer in names) or "-",
    ]


def volumes(one: Crossing) -> str:
    """The middle with P10 and P90; the words of the record where all lie beyond what was looked at."""
    if all(volume is None for volume in (one.low, one.mid, one.high)):
        return one.words
    beyond = "never" if one.high is None else "always"
    low, mid, high = (
        end if volume is None else wording.figures(volume)
        for volume, end in ((one.low, "always"), (one.mid, beyond), (one.high, "never"))
    )
    return f"{mid} ({low} to {high})"
