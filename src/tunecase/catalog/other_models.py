"""Models that give answers without being a causal model that is tuned: encoders, and decision models of a provider."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from tunecase.catalog.reading import find, read_table, table


@dataclass(frozen=True, slots=True)
class Encoder:
    """A small encoder whose vectors a head reads: its size, the longest text that it reads whole, its languages.

    `languages` are codes, "many" for a multilingual one; `size_mb` is that of its weights [MB]; `revision` is the
    commit of its repository at which it is fetched.
    """

    name: str
    aliases: tuple[str, ...]
    params: int
    dims: int
    most_tokens: int
    languages: tuple[str, ...]
    size_mb: float
    licence: str
    revision: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class DecisionModel:
    """A model that answers typed questions with probabilities: its API, price of input tokens, limits and weights.

    `api` is "systemone" or "decisions", "" where it only runs inside its own package; `served_as` is the model's name
    there where it is another. `provider` is "" where only its weights are to be had. `usd_per_mtok` is the price of
    input, output is free; `usd_per_query` where a query has a price of its own instead; both are None where nobody
    sells it. `most_tokens` is the longest state, `most_options` the options of one question.
    `hidden_*` are tokens billed beside the state: for a request, a question, a described option; None where unknown.
    """

    name: str
    aliases: tuple[str, ...]
    served_as: str
    provider: str
    api: str
    usd_per_mtok: float | None
    usd_per_query: float | None
    most_tokens: int | None
    most_options: int
    hidden_per_request: float | None
    hidden_per_question: float | None
    hidden_per_option: float | None
    licence: str
    source: str
    date: str


def encoders() -> tuple[Encoder, ...]:
    """Every encoder known by name."""
    return table("encoders", Encoder)


def encoder(name: str) -> Encoder:
    """The encoder of that name or alias. Raises InputError with near names."""
    return find(name, encoders(), "encoder", "an encoder in the tables, or a folder with its weights")


def decision_models() -> tuple[DecisionModel, ...]:
    """Every decision model known by name."""
    return table("prices/decision_models", DecisionModel)


def decision_model(name: str) -> DecisionModel:
    """The decision model of that name or alias. Raises InputError with near names."""
    return find(name, decision_models(), "decision model", "a decision model in the tables")


@dataclass(frozen=True, slots=True)
class ApiEndpoint:
    """Where a provider's models answer, by API ("chat", "systemone" or "decisions"), and what usually holds the key.

    The path of the API, such as /chat/completions, is added to `base_url`; `key_variable` is an environment variable.
    Providers are spelled as genai-prices spells them.
    """

    provider: str
    api: str
    base_url: str
    key_variable: str
    source: str
    date: str


def api_endpoint(provider: str, api: str = "chat") -> ApiEndpoint | None:
    """A provider's endpoint for an API; None where no address is known, or it differs from customer to customer.

    Example:
        >>> api_endpoint("openai").key_variable
        'OPENAI_API_KEY'
    """
    rows = table("prices/api_endpoints", ApiEndpoint)
    return next((row for row in rows if (row.provider, row.api) == (provider, api)), None)


@cache
def hosted_names() -> frozenset[str]:
    """Names of hosted models that have a row of prices, in lower case."""
    return frozenset(row["model"].casefold() for row in read_table("prices/batch_tokens"))


def model_kind(name: str) -> Literal["encoder", "causal", "hosted", "decision"]:
    """What a model of that name is: a causal model to be tuned unless another table holds it.

    Example:
        >>> [model_kind(name) for name in ("all-MiniLM-L6-v2", "gpt-6-luna", "jev-1.14.0", "meta-llama/Llama-3.1-8B")]
        ['encoder', 'hosted', 'decision', 'causal']
    """
    fold = name.casefold()
    if any(fold in (known.casefold() for known in (row.name, *row.aliases)) for row in encoders()):
        return "encoder"
    if any(fold in (known.casefold() for known in (row.name, *row.aliases)) for row in decision_models()):
        return "decision"
    return "hosted" if fold in hosted_names() else "causal"
