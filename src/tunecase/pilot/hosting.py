"""Where a model that is asked by name answers, what holds its key, and what its tokens cost."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from tunecase import catalog
from tunecase.errors import Problem, nearest, refuse_any
from tunecase.pilot.settings import Material
from tunecase.pilot.trainers.hosted import BASELINES, WITH_DOCUMENTS
from tunecase.pilot.trainers.task import Setting
from tunecase.pilot.trial import TRAINERS
from tunecase.prices import api_price
from tunecase.project import Project
from tunecase.records import PilotSettings

BYTES_PER_TOKEN = 3
PROMPTS = (*BASELINES, *WITH_DOCUMENTS)  # the names of the prompts that a pilot asks a hosted model by
# How many examples each of them shows before a row where there are no documents.
EXAMPLES_SHOWN: tuple[int, ...] = tuple(int(own["shots"]) for own in BASELINES.values())
SHOWN_ROWS = max(EXAMPLES_SHOWN) + 1  # the row itself


def with_hosts(settings: PilotSettings, project: Project, today: date, material: Material) -> PilotSettings:
    """The settings with address, key's variable and prices of each hosted model, where they do not say themselves.

    What the user sets comes first, then `alternatives.prompt_hosted` of the project, then the tables; prices are those
    of genai-prices for the longest request. A key goes to the address that it belongs to: the tables' variable is taken
    with the tables' address only. A model without an address is left as it is. Hosted and decision models of
    `settings.race` are asked as well.

    Raises: InputError with each model that a provider runs, where the project's rows may not leave its machines
        (`constraints.data_stays`); an address that the user names, and that is not the provider's, is taken as theirs.
    """
    raced = [name for name in settings.race if catalog.model_kind(name) in ("hosted", "decision")]
    hosted: dict[str, Mapping[str, Setting]] = {}
    away = []
    for name, own in {**{name: {} for name in raced}, **settings.hosted}.items():
        given = {**_of_project(name, project), **own}
        known = host_settings(name, today, _request_tokens(material))
        if "base_url" in given:
            known.pop("key_variable", None)
        hosted[name] = {**known, **({"send_flagged": True} if settings.send_flagged else {}), **given}
        if project.constraints.data_stays and _leaves(known, given):
            away.append(_may_not_leave(name))
    refuse_any(away)
    return replace(settings, hosted=hosted)


def refuse_unknown(settings: PilotSettings) -> None:
    """Refuses names that stand for nothing: a hosted model without an address, a candidate that is no model.

    A name with a slash may be a model to fetch, and a folder holds weights: whether they are there shows later.

    Args:
        settings: as `with_hosts` returns them.
    Raises: InputError with every such name, and the nearest known one.
    """
    known = catalog.names()["model"]
    problems = []
    for name in (name for name, own in settings.hosted.items() if not own.get("base_url")):
        near = nearest(name, [one for one in known if catalog.model_kind(one) in ("hosted", "decision")])
        near = f"{near} Else name" if near.startswith("did") else "name"
        fix = f"{near} its provider too, such as openai/gpt-6-luna, or add --set hosted.base_url=https://HOST/v1"
        problems.append(Problem(f"--hosted {name}", "no address", "a model whose provider is known", fix))
    others = ("auto", "n-grams", *dict(TRAINERS))
    for name in settings.race:
        model = name.partition(":")[2] or name
        if name not in others and not {"/", "\\"} & set(model) and not _is_known(model, known):
            near = nearest(name, [*others, *known])
            fix = near if near.startswith("did") else "name it with who publishes it, such as Qwen/Qwen3-0.6B"
            problems.append(Problem("--candidates", repr(name), "names of models or trainers", fix))
    refuse_any(problems)


def _is_known(model: str, known: Sequence[str]) -> bool:
    return model.casefold() in map(str.casefold, known) or Path(model).exists()


def _leaves(known: Mapping[str, Setting], given: Mapping[str, Setting]) -> bool:
    """Whether rows would go to the provider of the tables, by itself or because its address is typed."""
    theirs, asked = str(known.get("base_url", "")), str(given.get("base_url", known.get("base_url", "")))
    return bool(theirs) and urlsplit(asked).hostname == urlsplit(theirs).hostname


def _may_not_leave(model: str) -> Problem:
    return Problem(
        f"--hosted {model}",
        "a model that its provider runs",
        "no row leaves the company's own machines (constraints.data_stays)",
        "name a server of your own with --set hosted.base_url=https://HOST/v1, or take data_stays out of the project",
    )


def host_settings(model: str, today: date, request_tokens: float = 0.0) -> dict[str, Setting]:
    """What the tables and genai-prices know of a model: its address, key's variable, name there and prices.

    What is not known is left out.

    Args:
        model: its name, with its provider before a slash where several sell it: `gpt-6-luna`, `groq/llama-3.1-8b`.
        today: the day on which it is asked.
        request_tokens: input of one request [tokens], on which a price may depend.

    Example:
        >>> host_settings("jev-1.14.0", date(2026, 11, 28))["key_variable"]
        'TYPESAFE_API_KEY'
    """
    made = _decision(model) if catalog.model_kind(model) == "decision" else _chat(model, today, request_tokens)
    return {name: value for name, value in made.items() if value not in (None, "")}


def _decision(model: str) -> dict[str, Setting | None]:
    row = catalog.decision_model(model)
    place = catalog.api_endpoint(row.provider, row.api)
    return {
        "api": row.api, "served_as": row.served_as, "usd_per_1m_input_tokens": row.usd_per_mtok,
        "usd_per_query": row.usd_per_query, **_at(place),
    }  # fmt: skip


def _chat(model: str, today: date, request_tokens: float) -> dict[str, Setting | None]:
    price = api_price(model, today, request_tokens)
    first, slash, rest = model.partition("/")
    named = catalog.api_endpoint(first) if slash else None
    # A part of a name is no provider: rows go to one that the user named, or to the one that makes the model.
    place = named if slash or price is None else catalog.api_endpoint(price.provider)
    return {
        "served_as": rest if named else "",
        "usd_per_1m_input_tokens": float(price.input_usd_per_mtok) if price else None,
        "usd_per_1m_output_tokens": float(price.output_usd_per_mtok) if price else None,
        **_at(place),
    }


def _at(place: catalog.ApiEndpoint | None) -> dict[str, Setting | None]:
    return {"base_url": place.base_url, "key_variable": place.key_variable} if place else {}


def _of_project(model: str, project: Project) -> dict[str, Setting]:
    """What the project file says of the prompted model, where it is this one.

    Without a model's name its address is that of a gateway to all of them; a key alone belongs to no address then.
    """
    prompted = project.alternatives.prompt_hosted
    whose = prompted.model or (model if prompted.endpoint else "")
    if whose != model or catalog.model_kind(model) == "decision":
        return {}
    named = {"base_url": prompted.endpoint, "key_variable": prompted.key_variable}
    return {name: value for name, value in named.items() if value}


def _request_tokens(material: Material) -> float:
    """The tokens of the longest request: a row with its examples, and the names of the classes."""
    texts = (*material.rows.texts, *material.tests.texts)
    longest = max((len(text.encode()) for text in texts), default=0)
    classes = sum(len(name.encode()) for name in material.rows.classes) if material.kind == "classification" else 0
    return (SHOWN_ROWS * longest + classes) / BYTES_PER_TOKEN
