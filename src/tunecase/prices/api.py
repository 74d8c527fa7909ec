"""What a hosted model's tokens cost, from the package genai-prices if it is installed; nothing is fetched."""

import contextlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

from tunecase.errors import InputError, MissingExtraError, Problem


@dataclass(frozen=True, slots=True)
class ApiPrice:
    """The price of a million input tokens and a million output tokens of a hosted model [USD], with source and date.

    `date` is the day from which the price holds, empty where the package states none. `deprecated` is true where the
    provider has announced the model's end. A price that rises with the length of a request is that of the length asked
    about; `long` is true where that is more than a short request pays. `cached_usd_per_mtok` is that of input which the
    provider still holds, None where it sells none apart. `changes_on` is a later day from which another price holds.
    """

    model: str
    provider: str
    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    source: str
    date: str = ""
    deprecated: bool = False
    cached_usd_per_mtok: Decimal | None = None
    long: bool = False
    changes_on: str = ""

    def usd(self, input_tokens: float, output_tokens: float) -> float:
        """What so many tokens cost: (in x price in + out x price out) / 1e6 [USD].

        Example:
            >>> ApiPrice("m", "p", Decimal("0.15"), Decimal("0.60"), "").usd(1e6, 5e5)
            0.45
        """
        dollars = float(self.input_usd_per_mtok) * input_tokens + float(self.output_usd_per_mtok) * output_tokens
        return dollars / 1e6


def known() -> bool:
    """Whether the package is installed."""
    return find_spec("genai_prices") is not None


def api_price(model: str, today: date, request_tokens: float = 0.0) -> ApiPrice | None:
    """The price of a hosted model's tokens at midday UTC of a day; None if unknown or if the package is missing.

    Args:
        model: its name, with its provider before a slash where several sell it: `gpt-4o-mini`, `groq/llama-3.1-8b`.
        today: the day on which the tokens are bought.
        request_tokens: input of one request, which decides the tier where longer requests pay more for every token.
    Source: package genai-prices, offline. Leaves out discounts for batches (see `catalog.batch_price`), what writing
    into a cache costs on top, searches and images.
    """
    if not known():
        return None
    from genai_prices import __version__
    from genai_prices.data_snapshot import get_snapshot

    match = _look_up(get_snapshot(), model)
    if match is None:
        return None
    provider, info = match
    at = datetime.combine(today, time(12), UTC)
    price = info.get_prices(at)
    into, out, cached = (
        _at(kind, request_tokens) for kind in (price.input_mtok, price.output_mtok, price.cache_read_mtok)
    )
    if into is None or out is None:
        return None
    return ApiPrice(
        info.id, provider.id, into, out, f"package genai-prices {__version__}, provider {provider.id}",
        _since(info, price), bool(info.deprecated), cached,
        (into, out) != (_at(price.input_mtok, 0.0), _at(price.output_mtok, 0.0)), _until(info, today),
    )  # fmt: skip


def needed(model: str, today: date) -> ApiPrice:
    """The price of a model that was asked for by name.

    Raises: MissingExtraError where the package is not installed; InputError for a model it has no price of tokens for.
    """
    if not known():
        raise MissingExtraError("The price of an API's tokens", "prices")
    price = api_price(model, today)
    if price is None:
        wanted = "a model whose tokens genai-prices has a price for"
        fix = "write the provider before it, such as openai/gpt-4o-mini, or state the price in the project file"
        raise InputError(Problem("--model", repr(model), wanted, fix))
    return price


def _look_up(snapshot: Any, model: str) -> tuple[Any, Any] | None:
    """The provider and the model of a name; the text before a slash is a provider, or a part of the name."""
    first, slash, rest = model.partition("/")
    tries = [(model, None), (rest, first), (model, "openrouter"), (model, "huggingface")] if slash else [(model, None)]
    for name, provider in tries:
        with contextlib.suppress(LookupError):
            match: tuple[Any, Any] = snapshot.find_provider_model(name, None, provider, None)
            return match
    return None


def _at(price: Any, request_tokens: float) -> Decimal | None:
    """The price for a request of a length: the package's own number, or that of the highest tier below the length."""
    base = getattr(price, "base", price)
    tiers = getattr(price, "tiers", ())
    base = next((tier.price for tier in reversed(tiers) if request_tokens > tier.start), base)
    return None if base is None else Decimal(base)


def _since(info: Any, price: Any) -> str:
    """The day from which a price holds, where the package states one."""
    dated = info.prices if isinstance(info.prices, list) else []
    start = next((getattr(entry.constraint, "start_date", None) for entry in dated if entry.prices is price), None)
    return start.isoformat() if start else ""


def _until(info: Any, today: date) -> str:
    """The first day after `today` from which the package states another price; empty where it states none."""
    dated = info.prices if isinstance(info.prices, list) else []
    starts = [start for entry in dated if (start := getattr(entry.constraint, "start_date", None)) is not None]
    return min((start.isoformat() for start in starts if start > today), default="")
