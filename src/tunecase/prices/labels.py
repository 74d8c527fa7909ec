"""What a label and a review cost, in minutes and money, and whether those who do them are paid fairly."""

from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.prices.basis import WANTED, Basis, numbered
from tunecase.prices.people import person_hour
from tunecase.quantities import Draws, np

if TYPE_CHECKING:
    from tunecase.project import Source


def review_price(rows: float, basis: Basis) -> "Draws":
    """What it costs to have people review `rows` rows once: rows x minutes / 60 x rate, shape (draws,)."""
    rate = source_part(basis, "rate", label_source(basis), "label")
    return review_hours(rows, basis) * rate


def review_hours(rows: float, basis: Basis) -> "Draws":
    """Hours to review `rows` rows once, shape (draws,); from the measured review time where there is one."""
    if basis.review_minutes is not None:
        return rows * basis.worlds.draw("review_minutes", basis.review_minutes) / 60
    return rows * basis.draw("review_minutes") / 60


def queue_price(rows: float, basis: Basis) -> "Draws":
    """What a review costs when each row gets as many reviewers as an example gets labels, shape (draws,).

        price = rows * minutes / 60 * rate * votes * (1 + rework)

    Votes are the project's labels per example, 1 without a source. Leaves out a platform's fee.
    """
    rework = source_part(basis, "rework", label_source(basis), "label")
    return review_price(rows, basis) * labels_per_example(basis) * (1 + rework)


def named_sources(basis: Basis) -> "list[tuple[str, Source]]":
    """The project's sources with a name for each; two of one kind are drawn apart."""
    sources = basis.project.data.sources if basis.project else ()
    return list(zip(numbered([source.name or source.kind for source in sources]), sources, strict=True))


def by_position(basis: Basis) -> frozenset[str]:
    """The names that only say where a source stands: those of sources that share a kind, or a name, with another."""
    named = named_sources(basis)
    stated = [source.name or source.kind for _, source in named]
    return frozenset(name for (name, _), own in zip(named, stated, strict=True) if stated.count(own) > 1)


def group_of(source: "Source") -> str:
    """Whose defaults a source takes: those of who labels, where the project file says so, else of its kind."""
    return source.kind if source.by is None else source.by.replace(" ", "_")


def source_part(basis: Basis, part: str, source: "Source | None", name: str) -> "Draws":
    """A part of a label's price, shape (draws,): as stated, else the default of who labels, else that of any label.

    The own people cost the team's hour and no fee.
    """
    given = getattr(source, part) if source else None
    if given is None and source is not None and source.by == "own people" and part in ("rate", "fee"):
        hour = person_hour(basis)
        return hour if part == "rate" else 0.0 * hour
    own = f"source.{group_of(source)}.{part}" if source else ""
    return basis.draw(own if given is None and own in WANTED else f"source.{part}", given, name)


def label_rate(basis: Basis) -> "Draws":
    """An hour of those who label for the project's first label source, shape (draws,)."""
    source = label_source(basis)
    return source_part(basis, "rate", source, name_of_source(source, basis))


def labels_per_example(basis: Basis, source: "Source | None" = None) -> float:
    """How many people label each row, of a source or of the project's first label source."""
    source = source or label_source(basis)
    if source is None:
        return 1.0
    if source.by == "crowd" and "labels_per_example" not in source.model_fields_set:
        return basis.spread("source.crowd.labels_per_example").median
    return source.labels_per_example


def label_source(basis: Basis) -> "Source | None":
    """The first source whose examples people label, if the project names one."""
    return next((source for _, source in named_sources(basis) if source.kind == "label"), None)


def label_minutes(basis: Basis, source: "Source | None" = None) -> "Draws":
    """Minutes of one person on one label, shape (draws,): the project's, else measured, else the default.

    minutes of a label = those of the labelling trial, else minutes of a review x (1 to 2) where only reviews were timed
    """
    source = source or label_source(basis)
    name = name_of_source(source, basis)
    if (source is None or source.effort is None) and basis.label_minutes is not None:
        return basis.worlds.draw("label_minutes", basis.label_minutes)
    if (source is None or source.effort is None) and basis.review_minutes is not None:
        factor = basis.draw("source.label_over_review", label=name)
        return basis.worlds.draw("review_minutes", basis.review_minutes) * factor
    return basis.draw("source.effort", source.effort if source else None, name)


def clock_words(basis: Basis) -> str:
    """The measured time of a label or a review beside the project's minutes; empty where none was timed."""
    source, clock, trial = label_source(basis), basis.review_minutes, basis.label_minutes
    if trial is not None:
        timed = f"a label took {trial.low:.2g} to {trial.high:.2g} min in the labelling trial"
        return f"the project file says {source.effort.text}; {timed}" if source and source.effort else timed
    if clock is None:
        return ""
    timed = f"a review took {clock.low:.2g} to {clock.high:.2g} min by the reviewers' own clock"
    if source is not None and source.effort is not None:
        return f"the project file says {source.effort.text}; {timed}"
    factor = basis.spread("source.label_over_review")
    return f"{timed}: a label is taken to need {factor.low:g} to {factor.high:g} times as long"


def label_price(basis: Basis, source: "Source | None" = None) -> "Draws":
    """One usable labelled example, shape (draws,).

        price = [minutes / 60 * rate * votes * (1 + rework) * (1 + fee) * (1 + management)
                 + minutes / 60 * votes * managed_by * team's hour + tool fee * votes] / usable

    Without a source the documented defaults are used and noted. A source with a price per example costs that price.
    Leaves out the one-off set-up, which `Supply` adds.
    """
    source = source or label_source(basis)
    name = name_of_source(source, basis)
    if source and source.price is not None:
        return basis.worlds.draw(f"{name} price per example", source.price.spread)
    votes = labels_per_example(basis, source)
    hours = label_minutes(basis, source) / 60 * votes
    rate, rework, fee, usable = (source_part(basis, part, source, name) for part in ("rate", "rework", "fee", "usable"))
    price = hours * rate * (1 + rework) * (1 + fee)
    # Hours of the team that run the labelling take the place of the share that is assumed for it.
    if source is None or source.managed_by is None or source.management is not None:
        price = price * (1 + source_part(basis, "management", source, name))
    if source is not None and source.managed_by is not None:
        price = price + hours * basis.draw("source.managed_by", source.managed_by, name) * person_hour(basis)
    if source is not None and source.tool_fee is not None:
        price = price + votes * basis.draw("source.tool_fee", source.tool_fee, name)
    return np.asarray(price / np.minimum(usable, 1.0))


def name_of_source(source: "Source | None", basis: Basis) -> str:
    """The name under which a source is drawn; for one that is not in the project its own, or `label`."""
    own = (source.name if source else None) or "label"
    return next((name for name, other in named_sources(basis) if other is source), own)


def label_prices(basis: Basis) -> dict[str, float]:
    """The median price of one label by the name of its source, for sources paid by the hour alone."""
    by_the_minute = {
        name: source
        for name, source in named_sources(basis)
        if source.kind == "label" and source.price is None and source.tool_fee is None and source.managed_by is None
    }
    if not by_the_minute and label_source(basis) is None:
        return {"label": float(np.median(label_price(basis)))}
    return {name: float(np.median(label_price(basis, source))) for name, source in by_the_minute.items()}


def low_pay(basis: Basis) -> str:
    """A note when a labelling rate reaches below the least fair pay of labels.csv, else an empty text."""
    least = next(row for row in catalog.label_prices() if row.preset == "prolific participant pay")
    assert least.low is not None
    rates = [source.rate for _, source in named_sources(basis) if source.kind == "label" and source.rate is not None]
    lowest = min((rate.spread.low for rate in rates), default=None)
    if lowest is None or lowest >= least.low * basis.base_per_usd * (1 - 1e-9):
        return ""
    lowest_usd = lowest / basis.base_per_usd
    return (
        f"labelling is paid from {lowest_usd:.2g} USD per hour, below the {least.low:g} USD that a fair platform asks "
        f"at least ({least.source.split(',')[0]}, {least.date}): poor pay costs quality, and people"
    )
