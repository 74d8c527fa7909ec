"""The price book as a list: GPU hours, hosted training, labels and wages, filtered, with the spread of each tier."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, RESERVED, TERMS, GpuPrice
from tunecase.errors import InputError, Problem, nearest, refuse_any
from tunecase.prices.api import needed
from tunecase.prices.basis import Basis
from tunecase.prices.contracts import Contract, is_old
from tunecase.prices.gpu import CONTRACT_TIER, TIERS, Reach
from tunecase.records import Price, Prices, TierPrices

KINDS = ("gpu", "hosted", "label", "wage", "api")
OLD = "counts only where nothing newer exists"
FILTERS = {
    "gpu": ("gpu", "tier", "terms", "region", "provider"),
    "hosted": ("provider", "model"),
    "label": (),
    "wage": (),
    "api": ("provider", "model"),
}


@dataclass(frozen=True, slots=True)
class PricesAsked:
    """Which prices: each field that is not empty narrows them.

    `kind` is gpu, hosted, label, wage or api, `gpu` a card such as H100, `tier` marketplace, neocloud or hyperscaler,
    `terms` on_demand, spot or reserved, `region` one of a provider, such as eu-central-1, `provider` its name, such as
    aws, and `model` the one whose tokens are priced.
    """

    kind: str = ""
    gpu: str = ""
    tier: str = ""
    terms: str = ""
    region: str = ""
    provider: str = ""
    model: str = ""

    @property
    def narrow(self) -> bool:
        """Whether any field is set, so that single prices are listed."""
        return any((self.kind, self.gpu, self.tier, self.terms, self.region, self.provider, self.model))


def price_list(request: PricesAsked, basis: Basis) -> Prices:
    """The requested prices, in the currency of the basis, with stale ones marked.

    Without a region, the lowest price of each provider stands for all its regions. Tiers summarise GPU prices: the
    lowest price of each provider, without prices older than 180 days where there are newer ones.

    Raises: InputError with every unknown name; MissingExtraError for API prices without their package.
    """
    request = _checked(request, basis)
    rows = [row for kind in _kinds(request) for row in KIND_ROWS[kind](request, basis)]
    gpu = request.kind in ("", "gpu")
    notes = []
    if request.terms == RESERVED:
        notes.append("a reserved price binds the buyer, whether the cards are used or not")
    if request.kind == "hosted" and any(row.amount is None for row in rows):
        notes.append("a price of training that no source states is not guessed; give yours in the file under `prices`")
    return Prices(
        currency=basis.currency,
        today=basis.today.isoformat(),
        rows=tuple(rows),
        tiers=tuple(_tiers(request, basis)) if gpu else (),
        held=_held(basis),
        stale=sum(row.stale for row in rows),
        book=basis.price_book,
        listed=request.narrow,
        notes=tuple(notes),
    )


def _checked(request: PricesAsked, basis: Basis) -> PricesAsked:
    """The request with names as the tables spell them; a filter that the kind does not have is a problem."""
    problems: list[Problem] = []
    named = _named(request, problems)
    if named.kind != "api" and not named.model:
        problems += _unknown("provider", named.provider, _providers(basis))
    problems += _unknown("region", named.region, _regions(basis))
    if named.kind == "api" and not named.model:
        fix = "add --model gpt-4o-mini, say"
        problems.append(Problem("--model", "nothing", "the model whose tokens are priced", fix))
    for name in ("gpu", "tier", "terms", "region", "provider", "model"):
        if (given := getattr(request, name)) and (wanted := _beside(name, named)):
            problems.append(Problem(f"--{name}", repr(given), wanted, "leave one of them out"))
    refuse_any(problems)
    return named


def _named(request: PricesAsked, problems: list[Problem]) -> PricesAsked:
    """Words, GPU and provider spelled as the tables spell them."""
    named = {"gpu": request.gpu, "provider": request.provider}
    for name, words in (("kind", KINDS), ("tier", (*TIERS, CONTRACT_TIER)), ("terms", TERMS)):
        given = getattr(request, name).casefold()
        named[name] = given.replace("-", "_") if name == "terms" else given
        if named[name] and named[name] not in words:
            problems.append(Problem(f"--{name}", repr(given), f"one of {', '.join(words)}", nearest(given, words)))
    if request.gpu:
        try:
            named["gpu"] = catalog.gpu(request.gpu).name
        except InputError as error:
            problems += [Problem("--gpu", problem.got, problem.wanted, problem.fix) for problem in error.problems]
    if request.provider:
        named["provider"] = _provider(request.provider, request.provider.casefold())
    return replace(request, **named)


def _beside(name: str, request: PricesAsked) -> str:
    """The option that a filter needs beside it; empty where it fits the requested kinds."""
    fits = [kind for kind, fields in FILTERS.items() if name in fields]
    if request.model and not request.kind and not {"hosted", "api"} & set(fits):
        return "no --model beside it"
    kinds = {request.kind} if request.kind else set(FILTERS)
    return "" if kinds & set(fits) else f"--kind {' or '.join(fits)} beside it"


def _provider(name: str, otherwise: str) -> str:
    """A provider's name as the tables have it."""
    provider = catalog.provider(name)
    return provider.name if provider else otherwise


def _unknown(name: str, given: str, held: Iterable[str]) -> Iterator[Problem]:
    """A problem where no price has that name."""
    names = sorted(set(held) - {""})
    if given and given.casefold() not in {other.casefold() for other in names}:
        yield Problem(f"--{name}", repr(given), f"a {name} in the price book", nearest(given, names))


def _providers(basis: Basis) -> Iterator[str]:
    yield from (provider.name for provider in catalog.providers())
    yield from (price.provider for price in catalog.gpu_prices())
    yield from (row.provider for row in catalog.hosted())
    yield from (_provider(contract.provider, contract.provider) for contract in basis.contracts)


def _regions(basis: Basis) -> Iterator[str]:
    yield from (price.region for price in catalog.gpu_prices())
    yield from (contract.region for contract in basis.contracts)


def _kinds(request: PricesAsked) -> tuple[str, ...]:
    if request.kind:
        return (request.kind,)
    if request.model:
        return ("hosted", "api")
    of_gpus = (request.gpu, request.tier, request.terms, request.region)
    return ("gpu",) if any(of_gpus) else ("gpu", "hosted", "label", "wage")


def _held(basis: Basis) -> int:
    tables = (catalog.gpu_prices(), catalog.hosted(), catalog.label_prices(), catalog.wages())
    return sum(len(table) for table in tables) + len(basis.contracts)


def _of_tables(request: PricesAsked) -> Iterator[GpuPrice]:
    """The requested GPU prices of the tables; the lowest of each provider unless a region is named."""
    terms = (request.terms,) if request.terms else TERMS
    every = catalog.gpu_prices() if request.region else [p for each in terms for p in catalog.lowest_prices(each)]
    for price in every:
        same = (
            (request.gpu, price.gpu), (request.tier, price.tier), (request.provider, price.provider),
            (request.region.casefold(), price.region.casefold()),
        )  # fmt: skip
        if price.terms in terms and all(not wanted or wanted == held for wanted, held in same):
            yield price


def _gpu_rows(request: PricesAsked, basis: Basis) -> Iterator[Price]:
    for contract in basis.contracts:
        if contract.gpu and _is_wanted(request, contract):
            yield _agreed("gpu", contract.gpu, "GPU hour", contract, basis)
    for p in sorted(_of_tables(request), key=lambda p: (p.gpu, p.terms, TIERS.index(p.tier), p.usd_per_gpu_hour)):
        yield Price(
            "gpu", p.gpu, p.usd_per_gpu_hour * basis.base_per_usd, "GPU hour", basis.currency, p.date, p.source,
            p.is_stale(basis.today), p.provider, p.tier, p.terms, p.region,
            note="; ".join(part for part in (p.commitment, OLD if p.is_stale(basis.today) else "") if part),
        )  # fmt: skip


def _is_wanted(request: PricesAsked, contract: Contract) -> bool:
    wanted = ((request.gpu, contract.gpu), (request.tier, CONTRACT_TIER), (request.terms, contract.terms))
    # A contract that names no region holds in all.
    in_region = not request.region or contract.region.casefold() in ("", request.region.casefold())
    return in_region and _is_of(request, contract) and all(not given or given == held for given, held in wanted)


def _is_of(request: PricesAsked, contract: Contract) -> bool:
    """Whether a contract is with the requested provider, however either spells it."""
    return not request.provider or request.provider == _provider(contract.provider, contract.provider.casefold())


def _agreed(kind: str, item: str, unit: str, contract: Contract, basis: Basis) -> Price:
    return Price(
        kind, item, contract.base_per_unit, unit, basis.currency, contract.date, contract.source,
        is_old(contract.date, basis.today), contract.provider, CONTRACT_TIER, contract.terms, contract.region,
    )  # fmt: skip


def _hosted_rows(request: PricesAsked, basis: Basis) -> Iterator[Price]:
    part = request.model.casefold()
    for contract in basis.contracts:
        if contract.model and part in contract.model.casefold() and _is_of(request, contract):
            yield _agreed("hosted", contract.model, "Mtok trained", contract, basis)
    for row in catalog.hosted():
        if part in row.model.casefold() and request.provider in ("", row.provider):
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


def _label_rows(request: PricesAsked, basis: Basis) -> Iterator[Price]:
    if not request.provider:
        for row in catalog.label_prices():
            yield _ranged("label", row.preset, row, basis)


def _wage_rows(request: PricesAsked, basis: Basis) -> Iterator[Price]:
    if not request.provider:
        for row in catalog.wages():
            yield _ranged("wage", row.role, row, basis)


def _ranged(kind: str, item: str, row: catalog.LabelPrice | catalog.Wage, basis: Basis) -> Price:
    """A row with a range; what is not money (a share, credits) keeps its number in every currency."""
    money = row.unit.startswith("USD ")
    factor = basis.base_per_usd if money else 1.0
    low, likely, high = (None if end is None else end * factor for end in (row.low, row.likely, row.high))
    unit, stale = row.unit.removeprefix("USD per "), catalog.is_stale(row.date, basis.today)
    currency = basis.currency if money else ""
    return Price(kind, item, likely, unit, currency, row.date, row.source, stale, low=low, high=high)


def _api_rows(request: PricesAsked, basis: Basis) -> Iterator[Price]:
    price = needed(request.model, basis.today)
    if request.provider not in ("", price.provider):
        return
    note = "the provider has said that it will go" if price.deprecated else ""
    for way, usd in (("in", price.input_usd_per_mtok), ("out", price.output_usd_per_mtok)):
        yield Price(
            "api", price.model, float(usd) * basis.base_per_usd, f"Mtok {way}", basis.currency, price.date,
            price.source, provider=price.provider, note=note,
        )  # fmt: skip


KIND_ROWS: dict[str, Callable[[PricesAsked, Basis], Iterable[Price]]] = {
    "gpu": _gpu_rows,
    "hosted": _hosted_rows,
    "label": _label_rows,
    "wage": _wage_rows,
    "api": _api_rows,
}


def _tiers(request: PricesAsked, basis: Basis) -> Iterator[TierPrices]:
    """Lowest, middle and highest of each requested GPU, tier and terms; only on demand where no terms are named."""
    rows = [p for p in _of_tables(request) if request.terms or p.terms == ON_DEMAND]
    for gpu, tier, terms in dict.fromkeys((p.gpu, tier, p.terms) for p in rows for tier in TIERS):
        same = [p for p in rows if (p.gpu, p.tier, p.terms) == (gpu, tier, terms)]
        there = catalog.standing(same, basis.today)
        span = Reach.of([p.usd_per_gpu_hour * basis.base_per_usd for p in there])
        if span is not None:
            stale = sum(p.is_stale(basis.today) for p in there)
            yield TierPrices(gpu, tier, terms, span.providers, span.low, span.middle, span.high, stale)
