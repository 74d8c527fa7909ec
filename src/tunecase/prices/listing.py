"""The price book as a list: GPU hours, hosted training, labels and wages, filtered, with the spread of each tier."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, GpuPrice
from tunecase.errors import InputError, Problem, nearest
from tunecase.prices.api import needed
from tunecase.prices.basis import Basis
from tunecase.prices.contracts import Contract, is_old
from tunecase.prices.gpu import CONTRACT_TIER, TIERS, Reach
from tunecase.records import Price, Prices, TierPrices

KINDS = ("gpu", "hosted", "label", "wage", "api")
TERMS = ("on_demand", "spot", "reserved")
FILTERS = {
    "gpu": ("gpu", "tier", "terms", "region", "provider"),
    "hosted": ("provider", "model"),
    "label": (),
    "wage": (),
    "api": ("provider", "model"),
}


@dataclass(frozen=True, slots=True)
class PricesAsked:
    """Which prices: each field narrows them, empty ones do not. `model` names the one whose API tokens are priced."""

    kind: str = ""
    gpu: str = ""
    tier: str = ""
    terms: str = ""
    region: str = ""
    provider: str = ""
    model: str = ""

    @property
    def narrow(self) -> bool:
        """Whether anything was asked for by name, so that single prices are listed."""
        return any((self.kind, self.gpu, self.tier, self.terms, self.region, self.provider, self.model))


def price_list(asked: PricesAsked, basis: Basis) -> Prices:
    """The prices asked for, in the currency of the basis, stale ones marked.

    Without a region the lowest of each provider stands for all of its regions. Tiers are given for GPUs, one minimum
    for each provider, those that are marked old left out.

    Raises: InputError with every word that names nothing; MissingExtraError for API prices without their package.
    """
    asked = _checked(asked, basis)
    rows = [row for kind in _kinds(asked) for row in KIND_ROWS[kind](asked, basis)]
    gpu = asked.kind in ("", "gpu")
    notes = []
    if asked.terms == "reserved":
        notes.append("the tables hold no reserved price: none had a source; give yours in the file under `prices`")
    if asked.kind == "hosted" and any(row.amount is None for row in rows):
        notes.append("a price of training that no source states is not guessed; give yours in the file under `prices`")
    return Prices(
        currency=basis.currency,
        today=basis.today.isoformat(),
        rows=tuple(rows),
        tiers=tuple(_tiers(asked, basis)) if gpu else (),
        held=_held(basis),
        stale=sum(row.stale for row in rows),
        book=basis.price_book,
        listed=asked.narrow,
        notes=tuple(notes),
    )


def _checked(asked: PricesAsked, basis: Basis) -> PricesAsked:
    """What was asked with names as the tables have them; a filter that the kind knows nothing of is a problem."""
    problems: list[Problem] = []
    named = _named(asked, problems)
    if named.kind != "api" and not named.model:
        problems += _unknown("provider", named.provider, _providers(basis))
    problems += _unknown("region", named.region, _regions(basis))
    if named.kind == "api" and not named.model:
        fix = "add --model gpt-4o-mini, say"
        problems.append(Problem("--model", "nothing", "the model whose tokens are priced", fix))
    for name in ("gpu", "tier", "terms", "region", "provider", "model"):
        if (given := getattr(asked, name)) and (wanted := _beside(name, named)):
            problems.append(Problem(f"--{name}", repr(given), wanted, "leave one of them out"))
    if problems:
        raise InputError(problems)
    return named


def _named(asked: PricesAsked, problems: list[Problem]) -> PricesAsked:
    """Words, GPU and provider spelled as the tables spell them."""
    named = {"gpu": asked.gpu, "provider": asked.provider}
    for name, known in (("kind", KINDS), ("tier", (*TIERS, CONTRACT_TIER)), ("terms", TERMS)):
        given = getattr(asked, name).casefold()
        named[name] = given.replace("-", "_") if name == "terms" else given
        if named[name] and named[name] not in known:
            problems.append(Problem(f"--{name}", repr(given), f"one of {', '.join(known)}", nearest(given, known)))
    if asked.gpu:
        try:
            named["gpu"] = catalog.gpu(asked.gpu).name
        except InputError as error:
            problems += [Problem("--gpu", problem.got, problem.wanted, problem.fix) for problem in error.problems]
    if asked.provider:
        named["provider"] = _provider(asked.provider, asked.provider.casefold())
    return replace(asked, **named)


def _beside(name: str, asked: PricesAsked) -> str:
    """What a filter wants beside it; empty where it fits the kinds asked for."""
    fits = [kind for kind, fields in FILTERS.items() if name in fields]
    if asked.model and not asked.kind and not {"hosted", "api"} & set(fits):
        return "no --model beside it"
    kinds = {asked.kind} if asked.kind else set(FILTERS)
    return "" if kinds & set(fits) else f"--kind {' or '.join(fits)} beside it"


def _provider(name: str, otherwise: str) -> str:
    """A provider's name as the tables have it."""
    provider = catalog.provider(name)
    return provider.name if provider else otherwise


def _unknown(name: str, given: str, known: Iterable[str]) -> Iterator[Problem]:
    """A name that stands in no price."""
    names = sorted(set(known) - {""})
    if given and given.casefold() not in {one.casefold() for one in names}:
        yield Problem(f"--{name}", repr(given), f"a {name} in the price book", nearest(given, names))


def _providers(basis: Basis) -> Iterator[str]:
    yield from (one.name for one in catalog.providers())
    yield from (price.provider for price in catalog.gpu_prices())
    yield from (row.provider for row in catalog.hosted())
    yield from (_provider(contract.provider, contract.provider) for contract in basis.contracts)


def _regions(basis: Basis) -> Iterator[str]:
    yield from (price.region for price in catalog.gpu_prices())
    yield from (one.region for one in basis.contracts)


def _kinds(asked: PricesAsked) -> tuple[str, ...]:
    if asked.kind:
        return (asked.kind,)
    if asked.model:
        return ("hosted", "api")
    of_gpus = (asked.gpu, asked.tier, asked.terms, asked.region)
    return ("gpu",) if any(of_gpus) else ("gpu", "hosted", "label", "wage")


def _held(basis: Basis) -> int:
    tables = (catalog.gpu_prices(), catalog.hosted(), catalog.label_prices(), catalog.wages())
    return sum(len(table) for table in tables) + len(basis.contracts)


def _of_tables(asked: PricesAsked) -> Iterator[GpuPrice]:
    """GPU prices of the tables that were asked for; the lowest of each provider unless a region was named."""
    terms = (asked.terms,) if asked.terms else (ON_DEMAND, "spot")
    every = catalog.gpu_prices() if asked.region else [p for each in terms for p in catalog.lowest_prices(each)]
    for price in every:
        same = (
            (asked.gpu, price.gpu), (asked.tier, price.tier), (asked.provider, price.provider),
            (asked.region.casefold(), price.region.casefold()),
        )  # fmt: skip
        if price.terms in terms and all(not wanted or wanted == held for wanted, held in same):
            yield price


def _gpu_rows(asked: PricesAsked, basis: Basis) -> Iterator[Price]:
    for contract in basis.contracts:
        if contract.gpu and _is_wanted(asked, contract):
            yield _agreed("gpu", contract.gpu, "GPU hour", contract, basis)
    for p in sorted(_of_tables(asked), key=lambda p: (p.gpu, p.terms, TIERS.index(p.tier), p.usd_per_gpu_hour)):
        yield Price(
            "gpu", p.gpu, p.usd_per_gpu_hour * basis.base_per_usd, "GPU hour", basis.currency, p.date, p.source,
            p.is_stale(basis.today), p.provider, p.tier, p.terms, p.region,
            note="history: counts only where nothing newer exists" if p.stale else "",
        )  # fmt: skip


def _is_wanted(asked: PricesAsked, contract: Contract) -> bool:
    wanted = ((asked.gpu, contract.gpu), (asked.tier, CONTRACT_TIER), (asked.terms, contract.terms))
    # A contract that names no region holds in all.
    in_region = not asked.region or contract.region.casefold() in ("", asked.region.casefold())
    return in_region and _is_of(asked, contract) and all(not given or given == held for given, held in wanted)


def _is_of(asked: PricesAsked, one: Contract) -> bool:
    """Whether a contract is with the provider asked for, as either spells it."""
    return not asked.provider or asked.provider == _provider(one.provider, one.provider.casefold())


def _agreed(kind: str, item: str, unit: str, one: Contract, basis: Basis) -> Price:
    return Price(
        kind, item, one.base_per_unit, unit, basis.currency, one.date, one.source, is_old(one.date, basis.today),
        one.provider, CONTRACT_TIER, one.terms, one.region,
    )  # fmt: skip


def _hosted_rows(asked: PricesAsked, basis: Basis) -> Iterator[Price]:
    part = asked.model.casefold()
    for one in basis.contracts:
        if one.model and part in one.model.casefold() and _is_of(asked, one):
            yield _agreed("hosted", one.model, "Mtok trained", one, basis)
    for row in catalog.hosted():
        if part in row.model.casefold() and asked.provider in ("", row.provider):
            usd = row.train_usd_per_mtok
            amount = None if usd is None else usd * basis.base_per_usd
            yield Price(
                "hosted", row.model, amount, "Mtok trained", basis.currency, row.date, row.source,
                row.is_stale(basis.today), row.provider, note="; ".join(_rules(row, basis)),
            )  # fmt: skip


def _rules(row: catalog.Hosted, basis: Basis) -> Iterator[str]:
    """How a hosted model is billed and how long it is offered."""
    for words, day in (("no new users since", row.new_users_until), ("no new jobs since", row.closed_on)):
        if day and day <= basis.today.isoformat():
            yield f"{words} {day}"
    if row.retires_on:
        yield f"ends on {row.retires_on}"
    if row.pads:
        yield "rows padded to the longest"
    if row.minimum_usd:
        yield f"at least {row.minimum_usd:g} USD a job"
    if row.storage_usd_per_month:
        yield f"{row.storage_usd_per_month:g} USD a month for the stored model"
    if row.note:
        yield row.note


def _label_rows(asked: PricesAsked, basis: Basis) -> Iterator[Price]:
    if not asked.provider:
        for one in catalog.label_prices():
            yield _ranged("label", one.preset, one, basis)


def _wage_rows(asked: PricesAsked, basis: Basis) -> Iterator[Price]:
    if not asked.provider:
        for one in catalog.wages():
            yield _ranged("wage", one.role, one, basis)


def _ranged(kind: str, item: str, one: catalog.LabelPrice | catalog.Wage, basis: Basis) -> Price:
    """A row with a range; what is not money (a share, credits) keeps its number in every currency."""
    money = one.unit.startswith("USD ")
    factor = basis.base_per_usd if money else 1.0
    low, likely, high = (None if end is None else end * factor for end in (one.low, one.likely, one.high))
    unit, stale = one.unit.removeprefix("USD per "), catalog.is_stale(one.date, basis.today)
    currency = basis.currency if money else ""
    return Price(kind, item, likely, unit, currency, one.date, one.source, stale, low=low, high=high)


def _api_rows(asked: PricesAsked, basis: Basis) -> Iterator[Price]:
    found = needed(asked.model, basis.today)
    if asked.provider not in ("", found.provider):
        return
    note = "the provider has said that it will go" if found.deprecated else ""
    for way, usd in (("in", found.input_usd_per_mtok), ("out", found.output_usd_per_mtok)):
        yield Price(
            "api", found.model, float(usd) * basis.base_per_usd, f"Mtok {way}", basis.currency, found.date,
            found.source, provider=found.provider, note=note,
        )  # fmt: skip


KIND_ROWS: dict[str, Callable[[PricesAsked, Basis], Iterable[Price]]] = {
    "gpu": _gpu_rows,
    "hosted": _hosted_rows,
    "label": _label_rows,
    "wage": _wage_rows,
    "api": _api_rows,
}


def _tiers(asked: PricesAsked, basis: Basis) -> Iterator[TierPrices]:
    """Lowest, middle and highest of each GPU, tier and terms asked for; on demand alone where no terms were."""
    rows = [p for p in _of_tables(asked) if not p.stale and (asked.terms or p.terms == ON_DEMAND)]
    for gpu, tier, terms in dict.fromkeys((p.gpu, tier, p.terms) for p in rows for tier in TIERS):
        there = [p for p in rows if (p.gpu, p.tier, p.terms) == (gpu, tier, terms)]
        found = Reach.of([p.usd_per_gpu_hour * basis.base_per_usd for p in there])
        if found is not None:
            stale = sum(p.is_stale(basis.today) for p in there)
            yield TierPrices(gpu, tier, terms, found.providers, found.low, found.middle, found.high, stale)
