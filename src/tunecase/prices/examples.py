"""What one more example costs, by where it comes from: at hand, labelled, made by a model, scraped, bought, licensed.

Each kind has a function (basis, name, source) that returns a Stock, or says in words what is missing. A source without
a price is never counted as free.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tunecase.prices.api import api_price
from tunecase.prices.basis import Basis
from tunecase.prices.contracts import UNDATED
from tunecase.prices.labels import label_price, named_sources, review_hours, source_part
from tunecase.prices.people import person_hour
from tunecase.prices.worth import Worth, source_worth
from tunecase.quantities import Const, Draws, Flags, np
from tunecase.records import DefaultUsed

if TYPE_CHECKING:
    from tunecase.project import Evaluation, Source
    from tunecase.quantities import Quantity

    Tokens = Source | Evaluation

MADE = ("synthetic", "scrape")  # kinds whose rows nobody has labelled


class Stock(NamedTuple):
    """What one source gives: examples, the price of each, what is paid once, and the smallest order (draws,).

    `worth` is how many of the examples counted one row of the source is: 1 where its own rows are counted.
    """

    pool: "float | Draws"
    price: "Draws"
    set_up: "Draws"
    least: "float | Draws" = 0.0
    worth: "float | Draws" = 1.0

    def labelled(self, worth: Worth) -> "Stock":
        """The same counted in rows that teach like labelled ones: one for each 1 / worth of its own."""
        if worth.is_one:
            return self
        price, least = self.price / worth.draws, self.least * worth.draws
        return Stock(self.pool * worth.draws, price, self.set_up, least, worth.draws)


@dataclass(frozen=True, slots=True)
class Supply:
    """Where more examples come from: the sources in the order the user lists them, used up one after another.

    `limit` is how many examples all sources hold (None: no limit, or no source). `price` is of one new example from the
    first priced source other than rows at hand, shape (draws,); None when no source has a price.
    """

    steps: tuple[Stock, ...]
    limit: float | None
    price: "Draws | None"
    unpriced: tuple[str, ...]

    def cost(self, examples: "float | Draws") -> "Draws":
        """What `examples` more cost, shape (draws,): sources are used in order, each set-up is paid on first use.

        A source's smallest order is paid in full. More than the limit costs infinity.
        """
        left = np.maximum(np.asarray(examples, dtype=float), 0.0)
        total = np.zeros(len(self.price) if self.price is not None else 1)
        for step, taken in self._taken(examples):
            total = total + (np.maximum(taken, step.least) * step.price + step.set_up) * (taken > 0)
            left = left - taken
        return np.where(left > 1e-6, np.inf, total)

    def rows(self, examples: "float | Draws") -> "float | Draws":
        """The rows of the sources that `examples` more are, a number or shape (draws,); of the limit at most.

        They differ where examples are counted by what they teach. Leaves out what a smallest order gives beyond them.
        """
        return sum((taken / step.worth for step, taken in self._taken(examples)), 0.0)

    def _taken(self, examples: "float | Draws") -> "Iterator[tuple[Stock, Draws]]":
        """What is taken of each source."""
        left = np.maximum(np.asarray(examples, dtype=float), 0.0)
        for step in (Stock(*step) for step in self.steps):
            taken = np.minimum(left, step.pool)
            yield step, taken
            left = left - taken


def have(basis: Basis, name: str, source: "Source") -> Stock | str:
    """Existing rows that must be formatted and cleaned: as stated, else by hand or script, whichever takes less time.

    The size of the pool decides between the two, at the medians.
    """
    rate, set_up = _hour(basis, name, source), _set_up(basis, name, source)
    if source.hours is not None or source.effort is not None:
        each, once = _stated_formatting(basis, name, source, rate)
    else:
        minutes, script = basis.draw("source.formatting", label=name), basis.draw("source.script", label=name)
        each, once = minutes / 60 * rate, 0.0 * rate
        if _pool(source) * np.median(minutes) / 60 > np.median(script):
            each, once = 0.0 * rate, script * rate
    return Stock(_pool(source), each, set_up + np.where(_script_is_paid(basis, name, source), 0.0, once))


def _script_is_paid(basis: Basis, name: str, source: "Source") -> "Flags | bool":
    """Where `formatting` of the rows at hand in a plan pays for the very script of a source, shape (draws,)."""
    project, first = basis.project, _first_at_hand(basis)
    if project is None or project.data.train is not None or project.data.rows is None:
        return False
    if first is None or first[0] != name:
        return False
    if source.hours is not None or source.effort is not None:
        return True
    by_hand, script = _hours_of_formatting(basis, name)
    return by_hand > script


def _first_at_hand(basis: Basis) -> "tuple[str, Source] | None":
    """The first source of kind `have`, which says what formatting costs."""
    return next(((name, source) for name, source in named_sources(basis) if source.kind == "have"), None)


def _hours_of_formatting(basis: Basis, name: str) -> "tuple[Draws, Draws]":
    """Hours that the rows at hand in a plan take by hand, and by script, shape (draws,)."""
    rows = basis.project.data.rows if basis.project else None
    count = 0.0 if rows is None else rows.spread.median
    by_hand = count * basis.draw("source.formatting", label=name) / 60
    return by_hand, basis.draw("source.script", label=name)


def _stated_formatting(basis: Basis, name: str, source: "Source", rate: "Draws") -> "tuple[Draws, Draws]":
    """What a row costs and what is paid once, by the minutes and hours that the source states, shape (draws,)."""
    nothing = 0.0 * rate
    each = basis.draw("source.effort", source.effort, name) / 60 * rate if source.effort else nothing
    return each, basis.draw("source.script", source.hours, name) * rate if source.hours else nothing


def formatting(basis: Basis) -> "Draws":
    """What formatting and cleaning the rows at hand costs in a plan without a training file, shape (draws,).

        min(rows x minutes / 60, hours of a script) x hour

    The first source of kind `have` may state total hours, minutes per row, a rate or a price instead of the defaults.
    """
    rows = basis.project.data.rows if basis.project else None
    count = 0.0 if rows is None else rows.spread.median
    named = _first_at_hand(basis)
    if named is None:
        name, rate = "have", person_hour(basis)
    else:
        name, source = named
        if source.price is not None:
            return np.asarray(count * basis.worlds.draw(f"{name} price per example", source.price.spread))
        rate = _hour(basis, name, source)
        if source.hours is not None or source.effort is not None:
            each, once = _stated_formatting(basis, name, source, rate)
            return np.asarray(once + count * each)
    return np.asarray(np.minimum(*_hours_of_formatting(basis, name)) * rate)


def label(basis: Basis, name: str, source: "Source") -> Stock | str:
    """Examples that people label, with guidelines, onboarding and an audit of the first labels as the set-up."""
    return Stock(_pool(source), label_price(basis, source), _label_set_up(basis, name, source))


def synthetic(basis: Basis, name: str, source: "Source") -> Stock | str:
    """Examples that a model writes; people review some, and some are thrown away.

    price = (tokens in x price in + tokens out x price out + reviewed x minutes / 60 x rate) / (1 - rejected)
    """
    tokens = token_price(basis, name, source)
    return tokens if isinstance(tokens, str) else written_by_a_model(basis, name, source, tokens)


def written_by_a_model(basis: Basis, name: str, source: "Source", tokens: "Draws | float") -> Stock:
    """Examples that a model writes, whose tokens cost so much each."""
    read = basis.draw("source.reviewed", source.reviewed, name)
    if source.effort is not None:
        minutes = basis.draw("source.effort", source.effort, name)
    else:
        minutes = review_hours(1, basis) * 60
    review = read * minutes / 60 * basis.draw("source.rate", source.rate, name)
    kept = np.maximum(1 - basis.draw("source.rejected", source.rejected, name), 0.01)
    return Stock(_pool(source), (tokens + review) / kept, _set_up(basis, name, source))


def scrape(basis: Basis, name: str, source: "Source") -> Stock | str:
    """Examples from scraped pages; an engineer keeps the scraper running for some months, which is part of the set-up.

        price = pages per example / yield x credits per page x price of a credit [/ usable]

    Leaves out whether the pages may be used: that is a question for a lawyer.
    """
    if source.credit_price is None:
        return "credit_price: ... USD per credit, or price: ... per example"
    pages = basis.draw("source.pages_per_example", source.pages_per_example, name)
    good = np.minimum(basis.draw("source.page_yield", source.page_yield, name), 1.0)
    credits = basis.draw("source.credits_per_page", source.credits_per_page, name)
    price = pages / good * credits * basis.draw("source.credit_price", source.credit_price, name)
    if source.usable is not None:
        price = price / basis.draw("source.usable", source.usable, name)
    upkeep = basis.draw("source.upkeep", source.upkeep, name) * basis.draw("source.months", source.months, name)
    return Stock(_pool(source), price, _set_up(basis, name, source) + upkeep * _hour(basis, name, source))


def buy(basis: Basis, name: str, source: "Source") -> Stock | str:
    """Examples that only have a price each."""
    return "price: ... per example"


def licence(basis: Basis, name: str, source: "Source") -> Stock | str:
    """Examples whose use is paid by the row, or for all of them once a term, again for each term of the horizon.

    Leaves out what happens to a model when the licence of its rows ends: the contract says.
    """
    if source.once is None:
        return "price: ... per example, or once: ... for all its rows"
    return Stock(_pool(source), 0.0 * person_hour(basis), _set_up(basis, name, source))


KINDS: dict[str, Callable[[Basis, str, "Source"], Stock | str]] = {
    one.__name__: one for one in (have, label, synthetic, scrape, buy, licence)
}


def stock(basis: Basis, name: str, source: "Source") -> Stock | str:
    """What one source gives and costs, or in words what its price lacks; a stated price per example comes first."""
    least = source.minimum.spread.median if source.minimum is not None else 0.0
    if source.price is not None:
        price = basis.worlds.draw(f"{name} price per example", source.price.spread)
        return Stock(_pool(source), price, _set_up(basis, name, source), least)
    stocked = KINDS[source.kind](basis, name, source)
    return stocked if isinstance(stocked, str) else stocked._replace(price=stocked.price + np.zeros(basis.worlds.n))


def token_price(basis: Basis, name: str, tokens: "Tokens") -> "Draws | str":
    """What a model's tokens for one example or answer cost, shape (draws,), or the missing fields in words.

    The stated prices, else those of `model` in the tables, converted from dollars at the project's rate.
    """
    missing = [field for field in ("tokens_in", "tokens_out") if getattr(tokens, field) is None]
    model = tokens.model
    listed = prices_of(basis, model) if model else None
    paid = []
    for side in ("in", "out"):
        given: Quantity | None = getattr(tokens, f"price_{side}")
        if given is not None:
            paid.append(basis.draw(f"source.price_{side}", given, name))
        elif listed is not None:
            usd = Const(listed[side]).scaled(basis.base_per_usd)
            paid.append(basis.worlds.draw(f"{name} source.price_{side}", usd))
        else:
            missing.append(f"price_{side}")
    if missing:
        unknown = f" ({model} has no price in the tables)" if model and listed is None else ""
        return f"{', '.join(missing)}{unknown}, or price: ... per example"
    read, written = (
        basis.draw(f"source.tokens_{side}", getattr(tokens, f"tokens_{side}"), name) for side in ("in", "out")
    )
    return (read * paid[0] + written * paid[1]) / 1e6


def prices_of(basis: Basis, model: str) -> dict[str, float] | None:
    """Dollars for a million tokens in and out of a hosted model, noted with source and date; None where not known."""
    price = api_price(model, basis.today)
    if price is None:
        return None
    into, out = float(price.input_usd_per_mtok), float(price.output_usd_per_mtok)
    words = f"{into:g} in, {out:g} out, USD per Mtok ({price.date or UNDATED})"
    basis.used.setdefault(f"price of {model}", DefaultUsed(f"price of {model}", words, price.source))
    return {"in": into, "out": out}


def _pool(source: "Source") -> float:
    return source.pool.spread.median if source.pool else float("inf")


def _set_up(basis: Basis, name: str, source: "Source") -> "Draws":
    """What is paid once, a licence's terms over the horizon among it, shape (draws,)."""
    total = basis.worlds.draw(f"{name} set-up", source.set_up.spread) if source.set_up else np.zeros(basis.worlds.n)
    if source.once is None:
        return total
    paid = basis.worlds.draw(f"{name} price of a term", source.once.spread)
    if source.term is None:
        return total + paid
    horizon = basis.draw("problem.horizon", basis.project.problem.horizon if basis.project else None)
    return total + paid * np.ceil(horizon / basis.worlds.draw(f"{name} term", source.term.spread) - 1e-9)


def _hour(basis: Basis, name: str, source: "Source") -> "Draws":
    """An hour of those who do it: the source's rate, else the team's."""
    return person_hour(basis) if source.rate is None else basis.draw("source.rate", source.rate, name)


def _label_set_up(basis: Basis, name: str, source: "Source") -> "Draws":
    """Paid before the first label: as given, else guidelines and an audit by the team, annotators' onboarding.

    set-up = given + guidelines x team's hour + onboarding x rate + audited x review minutes / 60 x team's hour
    """
    total = _set_up(basis, name, source)
    usual = source.set_up is None and source.price is None
    if usual or source.guidelines is not None:
        total = total + basis.draw("source.guidelines", source.guidelines, name) * person_hour(basis)
    if usual or source.onboarding is not None:
        onboarding = basis.draw("source.onboarding", source.onboarding, name)
        total = total + onboarding * source_part(basis, "rate", source, name)
    if usual or source.audited is not None:
        rows = basis.spread("source.audited").median if source.audited is None else source.audited
        total = total + review_hours(rows, basis) * person_hour(basis)
    return total


def legal_note(basis: Basis) -> str:
    """A note that scraped pages raise a legal question; empty where nothing is scraped."""
    if not any(source.kind == "scrape" for _, source in named_sources(basis)):
        return ""
    return "whether the scraped pages may be fetched, kept and trained on is a legal question that no line prices"


def made_worth(basis: Basis) -> float:
    """How many labelled rows one synthetic or scraped row is worth in training, the median of the best such source.

    1 where the project names no such source.
    """
    best = best_made(basis)
    return 1.0 if best is None else best.median


def best_made(basis: Basis) -> Worth | None:
    """The worth of the synthetic or scraped source with the lowest price for what its rows are worth, if there is one.

    Sources without a price come last.
    """
    ranked: list[tuple[bool, float, float, Worth]] = []
    for name, source in named_sources(basis):
        if source.kind in MADE:
            worth = source_worth(basis, name, source)
            stocked = stock(basis, name, source)
            price = 0.0 if isinstance(stocked, str) else float(np.median(stocked.price))
            ranked.append((isinstance(stocked, str), price / worth.median, worth.median, worth))
    return min(ranked, key=lambda each: each[:3])[3] if ranked else None


class OtherSource(NamedTuple):
    """A source whose rows nobody has labelled: its name, kind and supply, and what one of its rows is worth."""

    name: str
    kind: str
    supply: Supply
    worth: Worth


def made_sources(basis: Basis) -> tuple[OtherSource, ...]:
    """The project's priced sources whose rows a model writes or a scraper fetches, each by itself."""
    return tuple(
        OtherSource(name, source.kind, made, source_worth(basis, name, source))
        for name, source in named_sources(basis)
        if source.kind in MADE and (made := supply(basis, only=name, as_labelled=True)).price is not None
    )


def supply(basis: Basis, *, only: str = "", without: Collection[str] = (), as_labelled: bool = False) -> Supply:
    """The project's sources of examples as a Supply; unpriced ones are named, never counted as free.

    Args:
        basis: prices and worlds. An uncertain pool counts with its median.
        only: keep the source of that name.
        without: kinds to leave out.
        as_labelled: count in rows that teach like labelled ones, as the learning curve does, not in rows of the source.
    """
    steps: list[Stock] = []
    unpriced: list[str] = []
    new: list[Draws] = []
    for index, (name, source) in enumerate(named_sources(basis)):
        if source.kind in without or only not in ("", name):
            continue
        given = stock(basis, name, source)
        if isinstance(given, str):
            unpriced.append(f"{source.kind} (source {index + 1}): give {given}")
            continue
        if as_labelled:
            given = given.labelled(source_worth(basis, name, source))
        steps.append(given)
        if source.kind != "have" and given.price.any():
            new.append(given.price)
    limit = sum(float(np.median(step.pool)) for step in steps) if steps else np.inf
    price = next(iter([*new, *(step.price for step in steps)]), None)
    return Supply(tuple(steps), None if np.isinf(limit) else limit, price, tuple(unpriced))
