"""The training run that a case's bill prices, as a question to fit."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from tunecase.catalog import ON_DEMAND, SPOT
from tunecase.errors import InputError, Problem
from tunecase.flow.known import known_of
from tunecase.flow.verbs import ready
from tunecase.quantities import band, count, figures

if TYPE_CHECKING:
    from tunecase.compute import Machine, Request
    from tunecase.flow.opened import Flow
    from tunecase.plan.costs import Work

NAME_A_MODEL = "name the model that is trained: tunecase fit MODEL"
# The shorter account shows what stands before the first sign, and the earlier ones where there is no room for all.
STEPS_ALONE = (
    "the bill's line of training holds the steps alone and lies below this price",
    "start-up and evaluation are in this time and price, failed runs in the price alone",
)
OF_ANY_GOAL = ("method", "rank", "micro_batch")  # fields that hold for another objective too


def bill_run(flow: "Flow", typed: "Request", *, own_price: bool = False) -> "Request":
    """The run of a case's bill: its model, set-up, rows, lengths and card; what was typed goes before.

    Data that were not audited yet are audited first, since the rows and their lengths come from there.

    Args:
        flow: the case.
        typed: a request without a model.
        own_price: an hour's price was typed, which no terms of the project change.
    Returns: the request, with notes on where its fields come from, and on what the bill has not or has otherwise.
    Raises: InputError where the project rents no card to train on.
    """
    from tunecase.compute import base_model, cards_listed
    from tunecase.plan import work_of

    hosted = flow.project.compute.hosted
    if hosted is not None:
        got = f"{hosted}, which a provider trains on its own cards"
        raise InputError(Problem(flow.where("compute.hosted"), got, "a run on cards of your own choice", NAME_A_MODEL))
    work = work_of(known_of(ready(flow, "fit")))
    basis, fixed = work.basis, flow.project.compute.gpu_count
    machine = _rented(work)
    counts = (fixed,) if machine is None and fixed else () if machine is None else (machine.count,)
    given = _given(work, typed)
    amounts, notes = _amounts(work, typed, given["objective"], flow.where())
    return replace(
        typed,
        model=base_model(basis),
        given=given,
        cards=typed.cards or (cards_listed(basis) if machine is None else (machine.gpu,)),
        counts=typed.counts or (() if typed.cards else counts),
        spot=typed.spot or (basis.terms == SPOT and not own_price),
        card_memory=typed.card_memory or flow.project.compute.card_memory,
        notes=(*typed.notes, *(() if own_price else _terms(work, typed, flow.where())), *notes),
        **amounts,
    )


def _rented(work: "Work") -> "Machine | None":
    """The cards of the bill; None where no card holds the run or has a price, and where plain cores train."""
    return None if work.machine is None or work.machine.on_cores else work.machine


def _given(work: "Work", typed: "Request") -> dict[str, Any]:
    """Fields of Recipe: the project's, less those of its objective where another was typed, and what was typed."""
    from tunecase.compute import run_fields, sequence_tokens

    fields = run_fields(work.basis)
    if typed.given.get("objective", fields["objective"]) != fields["objective"]:
        fields = {name: fields[name] for name in OF_ANY_GOAL} | {"sequence_tokens": sequence_tokens(work.basis)}
    return {**fields, **typed.given}


def _terms(work: "Work", typed: "Request", where: str) -> tuple[str, ...]:
    """What the bill pays for an hour, where its terms are none that fit knows."""
    basis = work.basis
    if typed.spot or basis.terms in (ON_DEMAND, SPOT):
        return ()
    machine = None if typed.cards else _rented(work)
    price = f" at {figures(band(machine.hour.draws / basis.base_per_usd).p50)} USD" if machine is not None else ""
    return (f"the bill of {where} has {basis.terms} hours{price}; here an hour has its price on demand",)


def _amounts(work: "Work", typed: "Request", objective: str, where: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """How much is trained, as fields of a Request, and notes: rows, epochs and mean length of the bill or as typed."""
    from tunecase.compute import number_of, run_fields, sampling

    if typed.train_tokens is not None or typed.steps is not None:
        return {}, ()
    epochs = number_of(work.project.training.epochs if typed.epochs is None else typed.epochs)
    if typed.lengths is not None:  # of samples of their own
        return {"epochs": epochs}, ()
    rows = number_of(work.rows if typed.examples is None else typed.examples)
    amounts = {"examples": rows, "epochs": epochs}
    if not (_is_amount(rows) and _is_amount(epochs)):
        return amounts, ()
    words = f"{count(rows)} examples x {epochs:g} epoch{'' if epochs == 1 else 's'}"
    of_bill = run_fields(work.basis)["objective"]
    if objective != of_bill:
        return amounts, (f"rows and epochs as in {where}, whose bill is one of {of_bill}: {words}",)
    if work.tokens_per_row is None:
        unpriced = f"{where}: the bill has no price of training, for nobody knows how long its texts are"
        return amounts, (f"{unpriced}; here each is taken as long as the longest",)
    if not sampling(work.basis):
        mean = band(work.tokens_per_row).p50
        words += f" x {figures(mean)} tokens on average, packed"
        amounts = {"examples": None, "epochs": None, "train_tokens": rows * epochs * mean}
    return amounts, _origin(work, typed, where, words)


def _is_amount(value: object) -> TypeGuard[float]:
    """True for a number above 0; what else was typed the request refuses."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _origin(work: "Work", typed: "Request", where: str, words: str) -> tuple[str, ...]:
    """Notes on rows, epochs and lengths, and on what else the bill's own line of training holds."""
    if _rented(work) is None:
        return (f"the bill of {where} has no machine: {work.no_machine}", f"rows and lengths as in {where}: {words}")
    if typed.examples is not None or typed.epochs is not None:
        return (f"as in the bill of {where}, but for what was typed: {words}",)
    return (f"as in the bill of {where}: {words}", *STEPS_ALONE)
