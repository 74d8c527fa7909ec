"""A hosted model needs nothing but its name: the tables say where it answers, genai-prices what it costs."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.pilot.test_trial import table
from tunecase.errors import InputError
from tunecase.pilot import Material, host_settings, refuse_unknown, with_hosts
from tunecase.project import Constraints, Project
from tunecase.records import PilotSettings

DAY = date(2026, 11, 28)
ROWS = table([(f"text {n}", "a" if n % 2 else "b") for n in range(20)])
MATERIAL = Material(ROWS, ROWS, "accuracy", "higher")


def project(**prompted: Any) -> Project:
    """A project that says this of the prompted model."""
    return Project.model_validate(
        {"name": "p", "data": {"train": "t.jsonl"}, "alternatives": {"prompt_hosted": prompted} if prompted else {}}
    )


def hosted(name: str, own: Any = None, case: Project | None = None, material: Material = MATERIAL) -> Any:
    """The settings of a model asked by name."""
    settings = PilotSettings(hosted={name: own or {}})
    return with_hosts(settings, case or project(), DAY, material).hosted[name]


def test_a_name_is_enough() -> None:
    """Address, variable and both prices come by the provider of the model."""
    assert {
        "base_url": "https://api.openai.com/v1", "key_variable": "OPENAI_API_KEY",
        "usd_per_1m_input_tokens": 0.1, "usd_per_1m_output_tokens": 0.5,
    } == hosted("gpt-6-luna")  # fmt: skip


def test_a_provider_before_the_name_is_asked_under_the_rest() -> None:
    """Several sell one model: who is named before the slash answers, and is asked for what stands after it."""
    groq = hosted("groq/llama-3.1-8b-instant")
    assert ("https://api.groq.com/openai/v1", "llama-3.1-8b-instant") == (groq["base_url"], groq["served_as"])
    routed = hosted("openrouter/meta-llama/llama-3.1-8b-instruct")
    assert ("OPENROUTER_API_KEY", "meta-llama/llama-3.1-8b-instruct") == (routed["key_variable"], routed["served_as"])


def test_rows_go_to_no_provider_that_nobody_named() -> None:
    """A part of a name before a slash that is no provider, or a model nobody knows, has no address."""
    assert "base_url" not in hosted("meta-llama/llama-3.1-8b-instruct")
    assert {} == hosted("smol")


@pytest.mark.parametrize("name", ["gpt-6-luna", "jev-1.14.0"])
def test_rows_that_may_not_leave_go_to_no_provider(name: str) -> None:
    """`constraints.data_stays` refuses the provider's address, typed or not, and takes a server of one's own."""
    strict = project().model_copy(update={"constraints": Constraints(data_stays=True)})
    theirs = hosted(name)["base_url"]
    for own in ({}, {"base_url": theirs}):
        with pytest.raises(InputError, match=r"no row leaves .* \(constraints\.data_stays\)"):
            hosted(name, own, strict)
    assert "http://127.0.0.1:8000/v1" == hosted(name, {"base_url": "http://127.0.0.1:8000/v1"}, strict)["base_url"]


def test_a_decision_model_needs_its_name_alone_too() -> None:
    """Its API, address, variable and price come from the tables, and the name that its provider knows."""
    assert {
        "api": "systemone", "base_url": "https://api.typesafe.ai/v1", "key_variable": "TYPESAFE_API_KEY",
        "usd_per_1m_input_tokens": 0.042,
    } == hosted("jev-1.14.0")  # fmt: skip
    luna = hosted("gpt-6-luna-decisions")
    assert ("decisions", "gpt-6-luna", 0.1) == (luna["api"], luna["served_as"], luna["usd_per_1m_input_tokens"])
    assert 0.001 == host_settings("parallel-decision", DAY)["usd_per_query"]
    assert "base_url" not in host_settings("clef", DAY)


def test_models_of_a_race_are_asked_too() -> None:
    """A hosted or decision model among the candidates needs no mention of its own; other candidates are none."""
    settings = PilotSettings(race=("probe", "gpt-6-luna", "jev-latest", "all-MiniLM-L6-v2"))
    made = with_hosts(settings, project(), DAY, MATERIAL).hosted
    assert {"gpt-6-luna": "OPENAI_API_KEY", "jev-latest": "TYPESAFE_API_KEY"} == {
        name: own["key_variable"] for name, own in made.items()
    }


def test_what_the_user_sets_comes_first_and_the_key_stays_with_its_address() -> None:
    """Settings override the project file, which overrides the tables; another address never gets the table's key."""
    own = {"base_url": "http://127.0.0.1:8000/v1", "usd_per_1m_input_tokens": 0.0}
    made = hosted("gpt-6-luna", own)
    assert (0.0, 0.5) == (made["usd_per_1m_input_tokens"], made["usd_per_1m_output_tokens"])
    assert ("http://127.0.0.1:8000/v1", None) == (made["base_url"], made.get("key_variable"))
    case = project(model="gpt-6-luna", endpoint="https://gateway/v1", key_variable="GATEWAY_KEY")
    made = hosted("gpt-6-luna", case=case)
    assert ("https://gateway/v1", "GATEWAY_KEY") == (made["base_url"], made["key_variable"])
    assert "http://127.0.0.1:8000/v1" == hosted("gpt-6-luna", own, case)["base_url"]
    assert "https://api.anthropic.com/v1" == hosted("claude-haiku-5-5", case=case)["base_url"]


def test_a_key_without_a_model_or_an_address_is_sent_to_no_provider() -> None:
    """It may be that of one provider, and the race may ask several; with an address it is that of a gateway to all."""
    lone = project(key_variable="MY_OPENAI_KEY")
    assert "ANTHROPIC_API_KEY" == hosted("claude-haiku-5-5", case=lone)["key_variable"]
    gateway = project(endpoint="https://gateway/v1", key_variable="GATEWAY_KEY")
    assert "GATEWAY_KEY" == hosted("claude-haiku-5-5", case=gateway)["key_variable"]


@pytest.mark.parametrize(("letters", "price"), [(100, 0.1), (200_000, 0.2)])
def test_the_price_is_that_of_the_longest_request(letters: int, price: float) -> None:
    """Nine rows of so many letters make a request of the long tier or not; a million rows of few letters do not."""
    rows = table([("x" * letters, "a"), ("y", "b")])
    assert price == hosted("gpt-6-luna", material=Material(rows, rows, "accuracy", "higher"))["usd_per_1m_input_tokens"]


def test_names_that_stand_for_nothing_are_refused_together(tmp_path: Path) -> None:
    """With the nearest name; a name to fetch, a folder of weights and a model with an address of its own are taken."""
    wrong = PilotSettings(race=("auto", "encodr"), hosted={"gpt-6-lunar": {}, "zzzz": {}})
    with pytest.raises(InputError) as caught:
        refuse_unknown(with_hosts(wrong, project(), DAY, MATERIAL))
    told = {one.where: one.fix for one in caught.value.problems}
    assert {"--hosted gpt-6-lunar", "--hosted zzzz", "--candidates"} == set(told)
    assert told["--hosted gpt-6-lunar"].startswith("did you mean gpt-6-luna")
    assert told["--hosted zzzz"].startswith("name its provider too")
    assert "did you mean encoder" in told["--candidates"]
    names = (
        "auto", "n-grams", "probe", "lora:some/model", "some/model", str(tmp_path), "all-MiniLM-L6-v2", "jev-1.14.0",
    )  # fmt: skip
    right = PilotSettings(race=names, hosted={"own": {"base_url": "http://127.0.0.1:1/v1"}})
    refuse_unknown(with_hosts(right, project(), DAY, MATERIAL))
