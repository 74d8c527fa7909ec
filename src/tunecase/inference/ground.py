"""What every way to get the answers is worked out from, and what each of them gives."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, Gpu
from tunecase.errors import InputError, Problem
from tunecase.inference.bills import Bill, Payer, some_worlds
from tunecase.inference.candidates import TENSOR, Asked, Candidate, CapacityOf, candidates
from tunecase.inference.capacity import capacity
from tunecase.inference.setup import Refusal, Served
from tunecase.inference.traffic import Traffic
from tunecase.prices import OWNED_TIER, Basis, owned_card
from tunecase.project import Serving
from tunecase.quantities import Band, Const, Draws, band, memory_gb
from tunecase.records import InferenceWay, Objective, Run, WayKind

SKETCH_WORLDS = 400
DRIFT = "prices.drift"  # the default that says how far prices older than 180 days have moved since


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What the ways are worked out from.

    `model` is the tuned model. `merged` are replicas that serve it as one set of weights, `shared` those that serve a
    base beside which `adapters` adapters stand; `refused` says by card why none serves. `cards` are the names of those
    that may be rented; an endpoint may stand on any. `prompted` are hosted models to compare with. `runs` are of the
    pilot.
    """

    basis: Basis
    traffic: Traffic
    model: Served
    cards: tuple[str, ...]
    merged: tuple[Candidate, ...]
    shared: tuple[Candidate, ...] = ()
    adapters: int = 0
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    prompted: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()
    sketch: "Ground | None" = None

    @property
    def objective(self) -> Objective:
        """What is known of the objectives of a way whose speed is not predicted: asked of answers that do not wait."""
        asked = self.traffic.first_token_s is not None or self.traffic.per_token_s is not None
        return "unsure" if asked else "not asked"

    @property
    def sketched(self) -> "Ground":
        """The same ground in few worlds, in which ways are compared before the best is worked out in all of them."""
        return self.sketch or self


@dataclass(frozen=True, slots=True, eq=False)
class WayDraws:
    """One way to get the answers: its record, and its bill in every world, None where it has no price.

    `payers` are those that could be paid, in the worlds of the sketch, the one of the bill first: one for each card
    that could serve. `candidate` is the replica of the bill.
    """

    record: InferenceWay
    bill: Bill | None = None
    payers: tuple[Payer, ...] = ()
    candidate: Candidate | None = None

    @property
    def per_month(self) -> "Draws | None":
        """The month's bill in the base currency, the mean over the months of service, shape (worlds,)."""
        return self.bill.per_month if self.bill else None

    @property
    def per_1k(self) -> "Draws | None":
        """A thousand answers in the base currency, shape (worlds,)."""
        return self.bill.per_1k if self.bill else None


@dataclass(frozen=True, slots=True)
class Label:
    """What a way is called: its name, kind and model, and whether that is the tuned one."""

    name: str
    kind: WayKind
    model: str
    tuned: bool = True


def record_of(
    label: Label, bill: Bill, basis: str, notes: Iterable[str] = (), objective: Objective = "not asked"
) -> InferenceWay:
    """The record of a way that has a price, not ranked yet; `basis` says where the price is from, and when."""
    return InferenceWay(
        label.name,
        label.kind,
        label.model,
        label.tuned,
        None,
        band(bill.per_month),
        band(bill.per_1k),
        _band(bill.per_mtok_in),
        _band(bill.per_mtok_out),
        _band(bill.per_mtok_cached),
        _band(bill.replicas),
        _band(bill.busy),
        objective,
        basis=basis,
        notes=tuple(note for note in notes if note),
        expected=float(bill.per_month.mean()),
    )


def _band(draws: "Draws | None") -> Band | None:
    return None if draws is None else band(draws)


def unpriced(label: Label, missing: str, notes: Iterable[str] = ()) -> WayDraws:
    """A way without a price, and what is missing."""
    return WayDraws(
        InferenceWay(
            label.name, label.kind, label.model, label.tuned, None, None, None, missing=missing,
            notes=tuple(note for note in notes if note),
        )
    )  # fmt: skip


def drawn_price(usd: float, name: str, basis: Basis, *, old: bool = False) -> "Draws":
    """A list price in the base currency, shape (worlds,): one number, drawn with the drift where it is old.

    Args:
        usd: the price as listed [USD].
        name: under which it is drawn.
        basis: currency and worlds.
        old: whether it is older than 180 days.
    """
    spread = basis.spread(DRIFT).scaled(usd * basis.base_per_usd) if old and usd else Const(usd * basis.base_per_usd)
    return basis.worlds.draw(name, spread)


def renting_tier(basis: Basis) -> str:
    """The tier in which cards are rented: that of the project, the default one where it owns its cards."""
    tier = basis.tier or basis.text("compute.tier", basis.project.compute.tier if basis.project else None)
    return catalog.default("compute.tier").value if tier == OWNED_TIER else tier


def ground_of(
    basis: Basis,
    traffic: Traffic,
    model: Served,
    *,
    prompted: Sequence[str] = (),
    runs: Sequence[Run] = (),
    capacity_of: CapacityOf = capacity,
) -> Ground:
    """The ground of a project, or of none: which cards may serve, and how fast a replica of each is.

    Cards are those under `serving.gpus`, else those under `compute.gpus`, else all that have a price in the tier.

    Args:
        basis: project, prices and worlds.
        traffic: what arrives.
        model: the tuned model.
        prompted: hosted models to compare with, besides those that the project names.
        runs: of the pilot, which tell how fast plain cores answer.
        capacity_of: gives the Rate of a replica within the objectives, such as one narrowed by measured points.
    """
    serving = basis.project.serving if basis.project else Serving()
    if serving.gpu_count is not None and serving.gpu_count not in TENSOR:
        wanted = f"{', '.join(map(str, TENSOR[:-1]))} or {TENSOR[-1]}, within one machine"
        fix = "write a power of two: a model's heads are shared out evenly"
        raise InputError(Problem("serving.gpu_count", str(serving.gpu_count), wanted, fix))
    rented = _rented_cards(basis, serving)
    looked_at = {card.name: card for card in (*rented, *_further_cards(basis, serving))}.values()
    asked = Asked(serving.precision or "", serving.engine or "vllm", serving.gpu_count)
    merged, refused = candidates(model, looked_at, traffic, asked, capacity_of)
    adapters = (serving.adapters or 1) if serving.adapters or not serving.merged else 0
    shared: tuple[Candidate, ...] = ()
    if adapters:
        beside = Asked(asked.precision, asked.engine, asked.cards, adapters)
        shared, _ = candidates(model, looked_at, traffic, beside, capacity_of)
    names = tuple(dict.fromkeys((*_named_models(basis), *prompted)))
    cards = tuple(card.name for card in rented)
    ground = Ground(basis, traffic, model, cards, merged, shared, adapters, refused, names, tuple(runs))
    few = replace(basis, worlds=basis.worlds.fewer(SKETCH_WORLDS))
    return replace(ground, sketch=replace(ground, basis=few, traffic=some_worlds(traffic, few.worlds.n)))


def _rented_cards(basis: Basis, serving: Serving) -> list[Gpu]:
    """The cards that may be rented."""
    compute = basis.project.compute if basis.project else None
    if named := serving.gpus or (compute.gpus if compute else ()):
        cards = [catalog.gpu(name) for name in named]
        if compute is None or compute.card_memory is None or serving.gpus:
            return cards
        size = memory_gb(compute.card_memory)
        return [replace(card, memory_gib=size * 1e9 / 2**30, stated_gb=size) for card in cards]
    tier = renting_tier(basis)
    priced = {price.gpu for price in catalog.lowest_prices(ON_DEMAND) if price.tier == tier}
    return [card for card in catalog.gpus() if card.name in priced]


def _further_cards(basis: Basis, serving: Serving) -> list[Gpu]:
    """The card that is owned, and those of endpoints where the user names no card to serve."""
    names = {owned_card(basis)} if owned_card(basis) else set()
    if not serving.gpus:
        names |= {row.gpu for row in catalog.endpoints()}
    return [card for card in catalog.gpus() if card.name in names]


def _named_models(basis: Basis) -> tuple[str, ...]:
    """The hosted models that the project file names."""
    if basis.project is None:
        return ()
    named = (basis.project.model_today, basis.project.alternatives.prompt_hosted.model)
    return tuple(name for name in named if name)
