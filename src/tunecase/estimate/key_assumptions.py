"""The assumptions that carry most of the answer: what was taken, what it moves, and the line that replaces it."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from tunecase import catalog
from tunecase.estimate.sensitivity import swing
from tunecase.plan import Drawn
from tunecase.prices import amount
from tunecase.records import KeyAssumption

if TYPE_CHECKING:
    from tunecase.quantities import Draws

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
BY_A_PILOT = "tunecase pilot --trainer lora"


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
        write = _write(field, drawn, amount(drawn, float(values.mean()), basis.currency))
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
    import numpy as np

    slope = float(np.cov(total, values)[0, 1]) / float(values.var(ddof=1))
    return float(np.clip(slope * float(values.mean()) / float(total.mean()), 0.0, 1.0))


def _write(field: str, drawn: str, value: str) -> str:
    """The line that replaces an assumption, or the command that measures it."""
    if field.startswith(MEASURED):
        return BY_A_PILOT
    if field in WRITTEN:
        role = drawn.removesuffix(field).strip() or catalog.default("team.role").value
        return WRITTEN[field].format(role=role, value=value)
    section, _, name = field.rpartition(".")
    if section == "source":
        kind = drawn.removesuffix(field).split()[0] if drawn != field else "label"
        return f"data: {{sources: [{{kind: {kind}, {name}: {value}}}]}}"
    return f"{section}: {{{name}: {value}}}" if section else f"{name}: {value}"
