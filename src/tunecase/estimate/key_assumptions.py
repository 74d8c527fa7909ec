"""The assumptions that carry most of the answer: what was taken, what it moves, and the line that replaces it."""

import re
from collections.abc import Iterator
from typing import Literal

from tunecase import catalog
from tunecase.plan import Drawn
from tunecase.plan.costs import ACTIVITIES
from tunecase.prices import amount, named_sources
from tunecase.project import fields_of
from tunecase.quantities import Draws, figures, np, swing
from tunecase.records import KeyAssumption

SHOWN = 3
TO_BE_NAMED = 0.30  # of the expected bill: whatever carries more is named, however many there are
LEAST = 0.02  # of the bill, or of what the answer moves by
OVERRUN = "unknowns"
# Inputs that a file states under another name than the default's.
WRITTEN: dict[str, str] = {
    "team.rate": "team: [{{role: {role}, rate: {value}}}]",
    "team.share": "team: [{{role: {role}, share: {value}}}]",
    OVERRUN: "unknowns: {value}",
    "rounds.stop_share": "rounds: 2 to 4",
    "rounds.data_share": "rounds: 2 to 4",
    "rounds.tune_share": "rounds: 2 to 4",
    "waiting_per_round": "waiting_per_round: {value}",
    "evaluation_share": "effort: {{evaluation: 4 h per round}}",
    "review_minutes": "tunecase audit --fix DIR, then --reviewed FILE",
}
MEASURED = ("assumed.", "stand_in.")
BY_A_PILOT, BY_TWO_READERS = "tunecase pilot --trainer lora", "tunecase label --trial 100"
SOURCE_FIELDS = {"formatting": "effort", "script": "hours"}  # defaults that a source states under another name


def key_assumptions(bill: Drawn) -> tuple[KeyAssumption, ...]:
    """The three assumptions that carry most of the answer, in order, and any further one that carries 30% of the bill.

        share of the bill = cov(total, x) mean(x) / (var(x) mean(total)),   0 to 1

    They are ranked by how far the worth moves between their lowest and highest tenth, or the total where no worth is
    stated; those that carry 30% of the bill come first. Leaves out assumptions without doubt, and prices of the tables.
    """
    heavy, rest = heavy_and_rest(bill)
    return tuple([*heavy, *rest][: max(SHOWN, len(heavy))])


def heavy_and_rest(bill: Drawn) -> tuple[list[KeyAssumption], list[KeyAssumption]]:
    """All assumptions: those that carry more than 30% of the bill, by that, and the others by what they move."""
    total, answer = bill.total, _answer(bill)
    if not total.any() or answer.std() == 0:
        return [], []
    found = list(_assumed(bill, total, answer))
    heavy = sorted((one for one in found if one.bill_share > TO_BE_NAMED), key=lambda one: -one.bill_share)
    rest = sorted((one for one in found if one not in heavy), key=lambda one: -abs(one.mean_high - one.mean_low))
    return heavy, rest


def _answer(bill: Drawn) -> "Draws":
    """What the assumptions move: the worth in every world, or the total where nobody states a value."""
    gain = bill.walked.net_gain
    return bill.total if gain is None else gain - bill.walked.tuning


def _assumed(bill: Drawn, total: "Draws", answer: "Draws") -> Iterator[KeyAssumption]:
    basis = bill.work.basis
    moves: Literal["total", "worth"] = "total" if bill.walked.gain is None else "worth"
    for drawn, values in basis.worlds.drawn.items():
        field = _field(bill, drawn)
        if field is None or values.std() == 0:
            continue
        share = _share(values, total)
        change = swing(values, answer)
        if max(share, abs(change.result_high - change.result_low) / max(abs(float(total.mean())), 1e-9)) < LEAST:
            continue
        default = catalog.default("unknowns.small_project" if field == OVERRUN else field)
        taken = basis.used[field].value if field in basis.used else default.value
        write = line_to_write(bill, field, drawn, float(values.mean()))
        yield KeyAssumption(
            drawn, _clause(default.why), taken, default.source, share, moves, change.input_low, change.input_high,
            change.result_low, change.result_high, write,
        )  # fmt: skip


def _clause(text: str) -> str:
    """The first clause of a text."""
    return re.split("[;:,]", text)[0]


def _field(bill: Drawn, drawn: str) -> str | None:
    """The default that an input was drawn from; None where it is stated, measured, or a price of the tables."""
    if drawn == OVERRUN:
        return OVERRUN if bill.work.project.unknowns is None and not bill.work.basis.overruns else None
    field = drawn.split()[-1]
    return field if field in bill.work.basis.used else None


def _share(values: "Draws", total: "Draws") -> float:
    """The part of the mean total that grows in proportion to an input, 0 to 1."""
    slope = float(np.cov(total, values)[0, 1]) / float(values.var(ddof=1))
    return float(np.clip(slope * float(values.mean()) / float(total.mean()), 0.0, 1.0))


def line_to_write(bill: Drawn, field: str, drawn: str, mean: float) -> str:
    """The line that replaces an assumption, or the command that measures it."""
    value = amount(drawn, mean, bill.work.basis.currency)
    if field.startswith(MEASURED):
        return BY_A_PILOT
    if field in WRITTEN:
        role = drawn.removesuffix(field).strip() or catalog.default("team.role").value
        return WRITTEN[field].format(role=role, value=value)
    section, _, name = field.partition(".")
    if section == "effort" and name not in type(bill.work.project.effort).model_fields:
        return _activity_line(bill, name)
    if section == "source":
        return _source_line(bill, drawn.removesuffix(field).strip(), name.rpartition(".")[2], value)
    return f"{section}: {{{name}: {value}}}" if name else f"{field}: {value}"


def _activity_line(bill: Drawn, name: str) -> str:
    """The hours of the whole activity that a rate such as that of a further GPU belongs to."""
    activity = next(one for one in ACTIVITIES if name in one.reads)
    hours = float(activity.hours(bill.work).mean())
    per = "" if activity.when in ("once", "release") else " per round"
    return f"effort: {{{activity.field}: {figures(hours)} h{per}}}"


def _source_line(bill: Drawn, source: str, field: str, value: str) -> str:
    """A field of one source, which its name tells from the others; what is no field is measured with two readers."""
    field = SOURCE_FIELDS.get(field, field)
    kinds = {name: one.kind for name, one in named_sources(bill.work.basis)}
    kind = kinds.get(source, "label")
    if field not in fields_of(kind):
        return BY_TWO_READERS
    named = f"name: {source}, " if source and source not in kinds.values() else ""
    return f"data: {{sources: [{{kind: {kind}, {named}{field}: {value}}}]}}"
