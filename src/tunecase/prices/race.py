"""The race of the sources: what the next step's rows cost from each, how long they take, and what could go wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.prices.basis import Basis
from tunecase.prices.examples import MADE, Stock, stock, written_by_a_model
from tunecase.prices.labels import group_of, label_minutes, labels_per_example, named_sources, source_part
from tunecase.prices.people import person_hour
from tunecase.prices.worth import Worth, source_worth
from tunecase.quantities import Draws, band, np
from tunecase.records import DefaultUsed, SourceRaced, Sources

if TYPE_CHECKING:
    from tunecase.project import Source

SAME = 0.01  # sources whose prices of the step differ by less share a rank
WRITTEN = "synthetic instruction"  # of labels.csv: the tokens of a row that a model writes
# What could go wrong, by whose defaults a source takes.
RISKS: dict[str, tuple[str, ...]] = {
    "have": ("rights: may they be used for training, by contract and by law?", "bias: old rows show old habits"),
    "label": ("quality: unknown until two readers have labelled the same rows (`tunecase label --trial`)",),
    "crowd": (
        "quality: crowd labels are noisy, and some workers paste a model's answers",
        "rights: texts leave the house; personal data must not",
    ),
    "expert": ("dependence: few people, who can leave", "bias: one expert's view becomes the truth"),
    "own_people": ("time: it takes them from their work", "bias: those who label may be those who wrote the rule"),
    "synthetic": (
        "rights: some providers forbid training a rival model on their answers",
        "quality: rows resemble one another and repeat the writer's mistakes",
        "dependence: on a model that is retired some day",
    ),
    "scrape": (
        "rights: whether pages may be fetched, kept and trained on is a question for a lawyer",
        "bias: the web is not your inputs",
        "dependence: sites change and close",
    ),
    "buy": ("quality: labels follow the seller's rules, not yours", "bias: inputs of others"),
    "licence": (
        "rights: what the term, the field of use and the end of the contract ask of the tuned model",
        "dependence: the price of the next term is the owner's",
        "bias: inputs of others",
    ),
}


@dataclass(frozen=True, slots=True)
class _Runner:
    """One source before the race: its stock, or in words what its price lacks, and what a row of it is worth."""

    name: str
    source: "Source"
    named: bool
    stock: Stock | str
    worth: Worth


def race(basis: Basis, rows: int, to_rows: int) -> Sources:
    """The sources of a project, and those it could name, ranked by what the next step's rows cost from each alone.

        rows of a source = step / worth;  price = set-up + rows x price of a usable row;  weeks = lead + rows / per week

    Ranked by the expected price among those that have the rows; then those that fall short, by what a labelled row
    costs from all they have; then those without a price. Prices within 1% share a rank.

    Args:
        basis: prices and worlds; the plan's levers draw the same ones.
        rows: labelled rows at hand.
        to_rows: where the next step leads; > rows.
    Returns: the record. Leaves out that too many rows of one kind may bend the curve, and that sources can be mixed.
    """
    runners = [*_named(basis), *_not_named(basis)]
    raced = [_raced(basis, runner, to_rows - rows) for runner in runners]
    order = sorted(raced, key=lambda each: each[0])
    return Sources(
        rows, to_rows, tuple(_ranked(order)), basis.currency,
        tuple(runner.name for runner in runners if runner.named and runner.source.kind not in MADE),
        tuple(_notes(runners)),
    )  # fmt: skip


Key = tuple[int, float]  # how far a source comes (0: the whole step), and the price it is ranked by


def _ranked(order: Sequence[tuple[Key, SourceRaced]]) -> Iterator[SourceRaced]:
    """The sources with their ranks: 1, 2, 2, 4."""
    rank, head = 0, (-1, 0.0)
    for place, (key, one) in enumerate(order, start=1):
        if key[0] != head[0] or key[1] > head[1] * (1 + SAME):
            rank, head = place, key
        yield one if one.step_price is None else replace(one, rank=rank)


def source_names(basis: Basis) -> list[str]:
    """The sources that can be raced, by name: the project's, and those that it could name."""
    return [*(name for name, _ in named_sources(basis)), *(name for name, _ in _nameable(basis))]


def _named(basis: Basis) -> Iterator[_Runner]:
    for name, source in named_sources(basis):
        yield _Runner(name, source, True, stock(basis, name, source), source_worth(basis, name, source))


def _not_named(basis: Basis) -> Iterator[_Runner]:
    """What the project file does not name, at the tables' prices and the documented assumptions."""
    for name, source in _nameable(basis):
        yield _assumed(basis, name, source)


def _nameable(basis: Basis) -> "Iterator[tuple[str, Source]]":
    """The sources that the project file could name besides, with the names they would have."""
    from tunecase.project import Source

    sources = [source for _, source in named_sources(basis)]
    labelled_by, kinds = {source.by for source in sources}, {source.kind for source in sources}
    for by in ("crowd", "expert", "own people"):
        if by not in labelled_by:
            yield f"label by {by}", Source(kind="label", by=by, name=f"label by {by}")
    for kind in ("synthetic", "scrape", "buy", "licence"):
        if kind not in kinds:
            yield kind, Source(kind=kind)


def _assumed(basis: Basis, name: str, source: "Source") -> _Runner:
    if source.kind == "synthetic":
        row = next(row for row in catalog.label_prices() if row.preset == WRITTEN)
        assert row.high is not None
        basis.used.setdefault(WRITTEN, DefaultUsed(WRITTEN, f"{row.high:g} {row.unit}", f"{row.source}, {row.date}"))
        made = written_by_a_model(basis, name, source, row.high * basis.base_per_usd)
        # Prompts take as long to write as guidelines for people.
        prompts = basis.draw("source.guidelines", label=name) * person_hour(basis)
        return _Runner(name, source, False, made._replace(set_up=prompts), source_worth(basis, name, source))
    return _Runner(name, source, False, stock(basis, name, source), source_worth(basis, name, source))


def _raced(basis: Basis, runner: _Runner, step: int) -> tuple[Key, SourceRaced]:
    """What a source is ranked by, and how it runs; not ranked yet."""
    source, worth = runner.source, runner.worth
    needed = step / worth.draws
    of_the_pool = np.inf if source.pool is None else source.pool.spread.median
    reaches = bool(np.median(needed) <= of_the_pool)
    taken = np.minimum(needed, of_the_pool)
    one = SourceRaced(
        name=runner.name, kind=source.kind, by=source.by or "", named=runner.named, rank=None, row_price=None,
        set_up=None, rows=None if np.isinf(of_the_pool) else of_the_pool, worth=band(worth.draws),
        worth_words=worth.words, worth_by=worth.origin, labelled_price=None, step_rows=band(taken), step_price=None,
        step_expected=None,
        step_weeks=band(_weeks(basis, runner.name, source, taken)), reaches=reaches,
        risks=(*((source.risk,) if source.risk else ()), *RISKS[group_of(source)]),
        missing=runner.stock if isinstance(runner.stock, str) else "",
    )  # fmt: skip
    if isinstance(runner.stock, str):
        return (2, 0.0), one
    price, set_up = runner.stock.price, runner.stock.set_up
    whole = np.maximum(taken, runner.stock.least) * price + set_up
    # One that falls short is ranked by what a labelled row costs from all that it has.
    key = (0, float(whole.mean())) if reaches else (1, float((whole / np.maximum(taken * worth.draws, 1.0)).mean()))
    return key, replace(
        one, row_price=band(price), set_up=band(set_up), labelled_price=band(price / worth.draws),
        step_price=band(whole), step_expected=float(whole.mean()),
    )  # fmt: skip


def _weeks(basis: Basis, name: str, source: "Source", rows: "Draws") -> "Draws":
    """Weeks until so many rows are there: the lead, and the rows at the pace of those who label, shape (draws,).

        usable rows a week = people x hours a week x 60 x usable / (minutes x labels for each row x (1 + rework))

    Rows that nobody labels come all at once after the lead, unless `per_week` says otherwise.
    """
    group = group_of(source)
    lead = basis.draw(f"source.{group}.lead", source.lead, name)
    if source.per_week is not None:
        return np.asarray(lead + rows / basis.draw("source.per_week", source.per_week, name))
    if source.kind != "label":
        return lead
    people = basis.draw(f"source.{group}.people", source.people, name)
    rework, usable = (source_part(basis, part, source, name) for part in ("rework", "usable"))
    minutes = label_minutes(basis, source) * labels_per_example(basis, source) * (1 + rework) / np.minimum(usable, 1.0)
    return np.asarray(lead + rows * minutes / 60 / (people * basis.draw("source.label_hours", label=name)))


def _notes(runners: Sequence[_Runner]) -> Iterator[str]:
    assumed = [f"{runner.name} {runner.worth.words}" for runner in runners if runner.worth.origin == "assumed"]
    if assumed:
        yield (
            f"what a row is worth is assumed ({'; '.join(assumed)}): "
            "`tunecase pilot --source NAME --rows FILE` measures it on a few hundred rows"
        )
    free = [
        runner.name
        for runner in runners
        if runner.named and runner.source.kind not in ("have", "label") and runner.source.set_up is None
        and runner.source.once is None and not isinstance(runner.stock, str)
    ]  # fmt: skip
    if free:
        yield f"no set-up is counted for {', '.join(free)}: write `set_up:` for prompts, contracts or a scraper"
    unasked = [runner.name for runner in runners if not runner.named]
    if unasked:
        yield f"not in the project file, priced from the tables and assumptions: {', '.join(unasked)}"
