"""The training run that a case's bill prices, as a question to fit."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tunecase.catalog import SPOT
from tunecase.errors import InputError, Problem
from tunecase.flow.known import known_of
from tunecase.flow.verbs import ready
from tunecase.quantities import band, count, figures

if TYPE_CHECKING:
    from tunecase.compute import Request
    from tunecase.flow.opened import Flow
    from tunecase.plan.costs import Work

NAME_A_MODEL = "name the model that is trained: tunecase fit MODEL"
STEPS_ALONE = (
    "start-up, evaluation and failed runs are in this time and price; the bill's line of training holds the steps "
    "alone, and lines of their own the rest"
)


def bill_run(flow: "Flow", typed: "Request") -> "Request":
    """The run of a case's bill: its model, set-up, rows, lengths and card; what was typed goes before.

    Data that were not audited yet are audited first, since the rows and their lengths come from there.

    Args:
        flow: the case.
        typed: a request without a model.
    Returns: the request, with a note on where its fields come from.
    Raises: InputError where the project rents no card to train on.
    """
    from tunecase.compute import base_model, cards_listed, run_fields
    from tunecase.plan import work_of

    hosted = flow.project.compute.hosted
    if hosted is not None:
        got = f"{hosted}, which a provider trains on its own cards"
        raise InputError(Problem(flow.where("compute.hosted"), got, "a run on cards of your own choice", NAME_A_MODEL))
    work = work_of(known_of(ready(flow, "fit")))
    basis = work.basis
    machine = work.machine
    names = cards_listed(basis) if machine is None or machine.on_cores else (machine.gpu,)
    counts = () if machine is None or machine.on_cores else (machine.count,)
    amounts, words = _amounts(work)
    typed_amounts = any(value is not None for value in (typed.train_tokens, typed.steps, typed.examples, typed.epochs))
    return replace(
        typed,
        model=base_model(basis),
        given={**run_fields(basis), **typed.given},
        cards=typed.cards or names,
        counts=typed.counts or (() if typed.cards else counts),
        spot=typed.spot or basis.terms == SPOT,
        card_memory=typed.card_memory or flow.project.compute.card_memory,
        notes=(*typed.notes, *(() if typed_amounts else (f"as in the bill of {flow.where()}: {words}", STEPS_ALONE))),
        **({} if typed_amounts else amounts),
    )


def _amounts(work: "Work") -> "tuple[dict[str, Any], str]":
    """How much a run of the bill trains, as fields of a Request and in words."""
    from tunecase.compute import sampling

    rows, epochs = work.rows, work.project.training.epochs
    passes = f"{epochs:g} epoch{'' if epochs == 1 else 's'}"
    if work.tokens_per_row is None or sampling(work.basis):
        return {"examples": rows, "epochs": epochs}, f"{count(rows)} examples x {passes}"
    mean = band(work.tokens_per_row).p50
    words = f"{count(rows)} examples x {passes} x {figures(mean)} tokens on average, packed"
    return {"train_tokens": rows * epochs * mean}, words
