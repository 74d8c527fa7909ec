"""What it costs to have a provider train its own model: billed tokens, the least price of a job, storage.

    billed = epochs x train tokens + evaluations x validation tokens               rows billed as long as they are
    billed = epochs x rows x longest + evaluations x validation rows x longest     every row billed at the longest
    price  = max(jobs x minimum, billed / 1e6 x rate) + months x storage

Which rule holds is a column of catalog/tables/prices/hosted.csv.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypeVar

from tunecase import catalog
from tunecase.catalog import Hosted
from tunecase.errors import InputError, Problem, nearest
from tunecase.prices.basis import Basis
from tunecase.prices.contracts import ANYBODY, Contract, is_old, newest
from tunecase.prices.gpu import CONTRACT_TIER, TOO_OLD, drift_words, drifted
from tunecase.prices.lifetime import served_months
from tunecase.quantities import Const, Draws, Interval, Spread, np

Amount = TypeVar("Amount", float, "Draws")
OWN_MODEL, OPEN_MODEL, BY_SIZE = "own model", "open model", "models by size"


@dataclass(frozen=True, slots=True)
class Offer:
    """Training of one hosted model that is on offer: its row, its rate [base currency per million tokens], and notes.

    `provider` and `date` are those of the rate, which comes from the tables or a contract.
    """

    row: Hosted
    rate: Spread
    provider: str
    date: str
    notes: tuple[str, ...] = ()

    @property
    def draw_name(self) -> str:
        """The name under which the rate is drawn; two providers' rates of one model are two inputs."""
        whose = "" if self.provider == self.row.provider else f", {self.provider}"
        if whose or self.row.kind != OWN_MODEL:
            whose = f" at {self.row.provider}{whose}"
        return f"price of training {self.row.model}{whose}"


def billed_tokens(
    row: Hosted,
    *,
    rows: Amount,
    tokens_per_row: Amount,
    epochs: float,
    longest: float,
    validation_rows: float = 0.0,
    evaluations: float = 0.0,
) -> Amount:
    """Tokens that a provider bills for training on some rows [tokens], a number or shape (draws,).

    Args:
        row: the provider's rule.
        rows: training rows of one epoch; zero gives zero.
        tokens_per_row: their mean length, at most `longest` [tokens].
        epochs: how often each is read.
        longest: length to which rows are cut, and padded where the provider pads [tokens].
        validation_rows, evaluations: rows of the validation file, and how often it is scored; 0 without one.
    Source: Together's and OpenAI's descriptions, hosted.csv. Assumes that a provider that pads also pads validation
    rows. Leaves out that another tokenizer counts the same text differently.
    """
    each = tokens_per_row * 0.0 + longest if row.pads else tokens_per_row
    scored = validation_rows * evaluations if row.bills_validation else 0.0
    return rows * each * epochs + each * scored


def training_price(
    row: Hosted,
    *,
    billed: Amount,
    rate_per_mtok: Amount,
    jobs: "float | Draws",
    per_usd: float = 1.0,
    months: "float | Draws" = 0.0,
) -> Amount:
    """What so many billed tokens cost: max(jobs x minimum, tokens x rate) + months x storage, shape as `billed`.

    Args:
        row: the provider's minimum for one job and storage of one model for a month [USD].
        billed: from `billed_tokens` [tokens].
        rate_per_mtok: price of a million of them [base currency].
        jobs: training jobs that share the tokens; the minimum is applied to their sum, which never costs more than
            applying it to each job.
        per_usd: units of the base currency for one US dollar.
        months: for how long one tuned model is stored.
    Leaves out the endpoint that serves the model.
    """
    least, storage = (row.minimum_usd or 0.0) * per_usd, (row.storage_usd_per_month or 0.0) * per_usd
    price: Amount = np.maximum(jobs * least, billed / 1e6 * rate_per_mtok) + months * storage  # type: ignore[assignment]
    return price


def offers(basis: Basis) -> tuple[tuple[Offer, ...], dict[str, list[str]]]:
    """Hosted models that a new user can buy training of on the day; the others as lists of names by reason.

    A provider's own model is always weighed. Training of an open model counts only where it is the project's, and rates
    by size only where its size and method are theirs. A model that is closed to new users is left out, unless the
    project names it.
    """
    offered: list[Offer] = []
    why: dict[str, list[str]] = {}
    mine = (basis.project.compute.hosted or "").casefold() if basis.project else ""
    for row in (*catalog.hosted(), *_only_by_contract(basis)):
        named = mine in row.names
        refusal = _refusal(row, basis, named=named) or ("" if named else _unsuited(row, basis))
        if refusal:
            why.setdefault(refusal, []).append(
                row.model if row.model == row.provider else f"{row.provider} {row.model}"
            )
        else:
            offered.append(_offer(row, basis))
    return tuple(offered), why


def chosen(basis: Basis) -> Offer | None:
    """The hosted model that the project names under compute.hosted; None where it names none.

    Where contracts price the model at several providers, the cheapest counts; a contract comes before the tables.

    Raises: InputError for a model that is not known, has no price, or can no longer be trained, with the date.
    """
    name = basis.project.compute.hosted if basis.project else None
    if name is None:
        return None
    every = (*_only_by_contract(basis), *catalog.hosted())
    same = [row for row in every if name.casefold() in row.names]
    row = min(same, key=lambda one: _order(one, basis), default=None)
    where = "the project file: compute.hosted"
    if row is None:
        fix = f"{nearest(name, [one.model for one in every])} Or give its price per Mtok in `prices`"
        raise InputError(Problem(where, repr(name), "a hosted model in the tables, or in the file of prices", fix))
    sized = row.kind == BY_SIZE
    if refusal := _refusal(row, basis, named=True) or (_unsuited(row, basis) if sized else ""):
        fix = "give its price in `prices`, a row with the unit Mtok" if _rate(row, basis) is None else "name another"
        raise InputError(
            Problem(where, f"{name!r}: {refusal}", "a hosted model that can be trained at a known price", fix)
        )
    return _offer(row, basis)


def _unsuited(row: Hosted, basis: Basis) -> str:
    """Why a model's training is not that of the project; an empty text where it is, and for a provider's own model."""
    project = basis.project
    if project and project.compute.objective and catalog.objective(project.compute.objective).samples:
        return f"no price of {project.compute.objective}, which samples answers while it trains"
    if row.kind == OWN_MODEL:
        return ""
    tuned = project.models_of("causal") if project else ()
    asked = tuned[-1] if tuned else catalog.default("models").value
    method = {"qlora": "lora"}.get(project.method, project.method) if project else "lora"
    if row.method not in ("", method):
        return f"not trained with {method}"
    params = _params(asked)
    if row.kind == OPEN_MODEL:
        return "" if params and params == _params(row.model) else "training of other open models"
    if params is None:
        return "the size of the project's model is not known"
    fits = (row.least_params_b or 0.0) <= params / 1e9 <= (row.most_params_b or math.inf)
    return "" if fits else "training of models of other sizes"


@cache
def _params(model: str) -> int | None:
    """The parameters of a model of the tables; None of another."""
    try:
        return catalog.model(model).params
    except InputError:
        return None


def _order(row: Hosted, basis: Basis) -> tuple[bool, bool, float]:
    """Sorts trainable models first, then contract prices, then by price."""
    rate = _rate(row, basis)
    if rate is None:
        return True, True, math.inf
    return bool(_refusal(row, basis, named=True)), rate[1] != CONTRACT_TIER, rate[0]


def _only_by_contract(basis: Basis) -> tuple[Hosted, ...]:
    """Models that only the user's own prices name, or name at a provider that is not in the tables.

    They are billed by the rule of their provider, else by the length of each row.
    """
    held = catalog.hosted()
    rules = {row.provider: row for row in held}
    named = {
        (contract.provider.casefold(), contract.model.casefold()): contract
        for contract in basis.contracts if contract.model and not any(_prices(contract, row) for row in held)
    }  # fmt: skip
    return tuple(
        _by_rule_of(rules.get(contract.provider.casefold()), contract.model, contract.provider)
        for contract in named.values()
    )


def _prices(contract: Contract, row: Hosted) -> bool:
    """Whether a contract prices this model; a contract without a provider prices it at every provider."""
    whose = contract.provider.casefold() in (ANYBODY, row.provider.casefold())
    return whose and contract.model.casefold() == row.model.casefold()


def _by_rule_of(rule: Hosted | None, model: str, provider: str) -> Hosted:
    return Hosted(
        provider, model, OWN_MODEL, "", None, None, None, None, None, pads=rule.pads if rule else False,
        bills_validation=rule.bills_validation if rule else False, minimum_usd=rule.minimum_usd if rule else None,
        storage_usd_per_month=rule.storage_usd_per_month if rule else None,
        hosting_usd_per_hour=None, own_endpoint=rule.own_endpoint if rule else False, new_users_until="",
        closed_on=rule.closed_on if rule else "", retires_on="", agreeing_sources=1, confidence="your own price",
        note="" if rule else "the provider's billing rule is not known", source="your own price", date="",
    )  # fmt: skip


def _refusal(row: Hosted, basis: Basis, *, named: bool = False) -> str:
    """Why a model cannot be trained on the day, or not be priced; an empty text where it can."""
    today = basis.today.isoformat()
    if row.closed_on and row.closed_on <= today:
        return f"no new jobs since {row.closed_on}"
    if row.retires_on and row.retires_on <= today:
        return f"retired on {row.retires_on}"
    if _rate(row, basis) is None:
        return "the price of training is not known"
    if row.new_users_until and row.new_users_until < today and not named:
        return f"closed to new users since {row.new_users_until}"
    return ""


def _rate(row: Hosted, basis: Basis) -> tuple[float, str, str] | None:
    """The price of a million tokens [base currency], whose it is and its date; None where nobody states one."""
    agreed = newest([contract for contract in basis.contracts if _prices(contract, row)])
    if agreed:
        best = min(agreed, key=lambda contract: contract.base_per_unit)
        return best.base_per_unit, CONTRACT_TIER, best.date
    if row.train_usd_per_mtok is None:
        return None
    return row.train_usd_per_mtok * basis.base_per_usd, row.provider, row.date


def _offer(row: Hosted, basis: Basis) -> Offer:
    priced = _rate(row, basis)
    assert priced is not None
    rate, provider, dated = priced
    spread: Spread = Const(rate)
    notes = list(_notes(row, basis.today))
    if provider == row.provider and row.is_stale(basis.today):
        spread = Interval(*drifted(rate, basis))
        notes.append(f"its price is {TOO_OLD} and drawn from {drift_words()} itself")
    elif provider == CONTRACT_TIER and is_old(dated, basis.today):
        notes.append(f"the contract price is of {dated}, {TOO_OLD}")
    return Offer(row, spread, provider, dated, tuple(notes))


def _notes(row: Hosted, today: date) -> Iterator[str]:
    if row.new_users_until and row.new_users_until < today.isoformat():
        yield f"closed to new users since {row.new_users_until}"
    if row.retires_on:
        yield f"ends with its base model on {row.retires_on}"
    if row.own_endpoint:
        yield "answers need an endpoint of its own, billed also when idle"
    if row.pads:
        yield "every row is billed at the longest sample's length"
    if row.minimum_usd:
        yield f"at least {row.minimum_usd:g} USD a job"
    if row.storage_usd_per_month:
        yield f"{row.storage_usd_per_month:g} USD a month for the stored model"


def stored_months(basis: Basis, offer: Offer) -> "Draws | float":
    """For how long the tuned model is stored at its provider: the project's horizon, 0 where storing is free."""
    if not offer.row.storage_usd_per_month or basis.project is None:
        return 0.0
    return served_months(basis)
