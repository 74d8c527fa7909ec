"""What is said of a way to get the answers: its name, what its price leaves out, and why others were not taken."""

from collections.abc import Mapping, Sequence

from tunecase.catalog import CoreHour, Hosted
from tunecase.errors import install_line
from tunecase.inference.candidates import Candidate
from tunecase.inference.setup import Refusal, Setup
from tunecase.prices import TOO_OLD, ApiPrice, drift_words
from tunecase.quantities import counted, figures, money, share

SHOWN = 4  # of a list


def replica(setup: Setup) -> str:
    """The cards of a replica, as in `2 x H100`."""
    return f"{setup.cards} x {setup.card.name}"


def adapters(sharing: int) -> str:
    """What a name adds where an adapter stands beside its base: nothing where it is merged."""
    if sharing > 1:
        return f", base shared by {sharing} adapters"
    return ", adapter beside its base" if sharing else ""


def of_candidate(one: Candidate, sharing: int) -> list[str]:
    """Notes on a replica: what runs, what its speed rests on, and what it shares."""
    setup = one.setup
    notes = [f"{setup.precision} weights in {setup.engine}"]
    if setup.model.guessed:
        notes.append(setup.model.guessed)
    notes += one.online.widened
    if sharing > 1:
        notes.append(f"the {sharing} adapters are taken to have as much traffic each, and to share the bill evenly")
    if not one.meets:
        notes.append("no number of these cards meets the objectives, even for one request alone")
    return notes


def others(rest: Sequence[tuple[str, float]], dominated: Sequence[str], currency: str) -> str:
    """What costs more: name and mean of a month, and the names of what costs more by the hour and by the answer."""
    parts = []
    if rest:
        listed = ", ".join(f"{name} {money(amount, currency)}" for name, amount in rest[:SHOWN])
        more = len(rest) - SHOWN
        parts.append(f"dearer a month: {listed}" + (f" and {more} more" if more > 0 else ""))
    if dominated:
        parts.append(f"dearer by the hour and by the answer than one of these: {_some(dominated)}")
    return "; ".join(parts)


def slow(names: Sequence[str]) -> str:
    """What does not meet the objectives."""
    return f"too slow for the objectives: {_some(names)}" if names else ""


def no_price(cards: Sequence[str], terms: str, tier: str) -> str:
    """What is missing where no card has a price."""
    return f"a price of {_some(cards)} {terms} in the tier {tier}"


def no_endpoint(cards: Sequence[str]) -> str:
    """What is missing where no vendor has an endpoint of the cards."""
    return f"the price of a vendor's endpoint with {_some(cards)}"


def nothing_holds(refused: Mapping[str, Refusal]) -> str:
    """What is missing where no card can serve the model."""
    for name, refusal in refused.items():
        return f"a card that serves the model ({name}: {refusal.reason}; {refusal.fix})"
    return "a card that serves the model"


def left_out(cards: Sequence[str], terms: str) -> str:
    """The cards that have no price on these terms."""
    return f"no price {terms}: {_some(cards)}" if cards else ""


def refusals(refused: Mapping[str, Refusal]) -> str:
    """The cards that cannot serve, with the reason of the first."""
    if not refused:
        return ""
    first = next(iter(refused.values()))
    return f"cannot serve: {_some(list(refused))} (the first: {first.reason})"


def sourced(provider: str, date: str, source: str) -> str:
    """Where a price is from, and when."""
    return f"{provider}, dated {date}: {source}" if date else f"{provider}: {source}"


def aged(*, old: bool) -> str:
    """What is said of a price that is older than 180 days."""
    return f"its price is {TOO_OLD} and drawn from {drift_words()} itself" if old else ""


def lot(cards: int) -> str:
    """How many cards must be rented at once."""
    return f"rented by {cards} cards at once" if cards > 1 else ""


def too_few_owned(owned: int, needed: float) -> str:
    """What is missing where the owned cards are not enough."""
    return f"{counted(needed, 'owned card')}: the busiest hour needs them, {owned} are owned"


def of_cores(runs: int, answers_per_s: float, *, tuned: bool) -> list[str]:
    """Notes on answers from plain cores: how fast, and whose."""
    notes = [
        f"{figures(answers_per_s)} answers a second on one core, the median of {counted(runs, 'run')} of the pilot on "
        "its test rows",
        "a virtual core is taken to be as fast as one of the pilot's",
    ]
    return notes if tuned else [*notes, "another model than the tuned one: compare its score"]


def core_prices(rows: Sequence[CoreHour]) -> str:
    """Where the price of a core's hour is from."""
    providers = tuple(dict.fromkeys(row.provider for row in rows))
    dates = sorted({row.date for row in rows})
    days = " to ".join(dict.fromkeys((dates[0], dates[-1])))
    return f"{counted(len(providers), 'provider')} ({', '.join(providers)}), dated {days}"


def stated(field: str) -> str:
    """Where a price of one's own is from."""
    return f"as stated in {field}"


def of_request(tokens: float, instructions: float) -> str:
    """What a prompted request holds."""
    return f"requests of {figures(tokens)} tokens, {figures(instructions)} of them instructions and examples"


def held_instructions(less: float) -> str:
    """By how much the bill falls where the provider's cache holds the instructions; nothing below a hundredth."""
    return f"up to {share(less)} less where the provider's cache holds the instructions" if less >= 0.01 else ""


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def of_api(price: ApiPrice, cached_share: float) -> list[str]:
    """Notes on the token prices of a hosted model."""
    notes = []
    if price.long:
        notes.append("requests of this length pay the price of long ones")
    if cached_share and price.cached_usd_per_mtok is None:
        notes.append("no price of cached input is known: it is paid like any input")
    elif cached_share:
        notes.append("what some providers charge for writing into the cache is left out")
    if price.changes_on:
        notes.append(f"its price changes on {price.changes_on}")
    if price.deprecated:
        notes.append("its provider has announced its end")
    return notes


def no_token_price(model: str, *, installed: bool) -> str:
    """What is missing where a hosted model has no price."""
    if not installed:
        return f"the token price of {model}: {install_line('prices')}"
    return f"the token price of {model}: name its provider, as in openai/gpt-4.1-mini"


def no_batch_price(model: str, *, long: bool) -> str:
    """What is missing where a hosted model has no batch price."""
    return f"the batch price of {model}" + (" for requests of this length" if long else "")


def nobody_serves(model: str, ended: Sequence[str]) -> str:
    """What is missing where no provider serves a tuned model by the token."""
    words = f"the token price of a tuned {model}: "
    if ended:
        return f"{words}no longer offered by {', '.join(sorted(set(ended)))}"
    return f"{words}no provider in the tables serves it without an endpoint of its own"


def ends_on(day: str) -> str:
    """When a hosted tuned model ends."""
    return f"ends on {day}" if day else ""


def of_method(row: Hosted) -> str:
    """What the token price of an open model's tune is read as."""
    return "the provider's price of sampling is read as that of answers" if row.kind == "open model" else ""


def cold_starts(waiting_share: float) -> str:
    """How many answers wait for a replica that starts from nothing.

    Example:
        >>> cold_starts(0.023)
        '2% of the answers wait for a cold start'
    """
    return f"{share(waiting_share)} of the answers wait for a cold start"
