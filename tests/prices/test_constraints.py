"""What the constraints rule out, and what they ask for that nobody knows."""

from typing import Any

import pytest

from tunecase.prices.constraints import checked, struck
from tunecase.project import Constraints, Data, Project
from tunecase.records import ModelKind

MINILM, LLAMA = "all-MiniLM-L6-v2", "meta-llama/Llama-3.1-8B"


def under(**rules: Any) -> Project:
    """A project with these constraints."""
    return Project(name="letters", data=Data(train="t.jsonl"), constraints=Constraints.model_validate(rules))


@pytest.mark.parametrize(
    ("rules", "kind", "more", "words"),
    [
        ({"data_stays": True}, "hosted", {}, "rows may not leave"),
        ({"data_stays": True}, "decision", {"model": "jev-1.14.0"}, "rows may not leave"),
        ({"data_stays": True}, "encoder", {"model": MINILM}, ""),
        ({"data_stays": True}, "n-grams", {}, ""),
        ({"max_latency": "100 ms"}, "hosted", {"seconds_per_answer": 0.8}, "takes 0.80 s, more than the 0.10 s"),
        ({"max_latency": "100 ms"}, "hosted", {"seconds_per_answer": 0.1}, ""),
        ({"licences": ["mit"]}, "encoder", {"model": MINILM}, "under apache-2.0"),
        ({"licences": ["MIT", "Apache-2.0"]}, "encoder", {"model": MINILM}, ""),
        ({"languages": ["en", "de"]}, "encoder", {"model": MINILM}, "reads en, not de"),
        ({"languages": ["en", "de"]}, "search", {"model": MINILM}, "reads en, not de"),
        ({"languages": ["EN"]}, "encoder", {"model": MINILM}, ""),
        ({"languages": ["de"]}, "n-grams", {}, ""),
        ({"max_price_per_1k_answers": "2 USD"}, "hosted", {"price_per_1k": 2.5}, "cost 2.5 USD, more than the 2.0"),
        ({"max_price_per_1k_answers": "2 USD"}, "hosted", {"price_per_1k": 2.0}, ""),
        ({"regions": ["eu"]}, "hosted", {}, ""),
        ({}, "hosted", {"seconds_per_answer": 1e6, "price_per_1k": 1e6}, ""),
    ],
)
def test_a_way_is_struck_by_what_is_known_of_it(
    rules: dict[str, Any], kind: ModelKind, more: dict[str, Any], words: str
) -> None:
    """The reason names the rule and the figure; what keeps to it is not struck."""
    found = struck(under(**rules), kind, more.pop("model", ""), **more)
    assert words in found
    assert bool(words) == bool(found)


@pytest.mark.parametrize(
    ("rules", "kind", "words"),
    [
        ({"regions": ["eu", "uk"]}, "hosted", "that it runs in eu or uk"),
        ({"max_latency": "1 s"}, "encoder", "how long one answer takes"),
        ({"max_price_per_1k_answers": "1 USD"}, "n-grams", "what 1,000 answers cost"),
        ({"licences": ["mit"]}, "causal", f"the licence of {LLAMA}"),
        ({"languages": ["de"]}, "causal", f"whether {LLAMA} reads de"),
        ({"data_stays": True}, "causal", "machines of your own"),
    ],
)
def test_what_is_not_known_strikes_nothing_and_is_told(rules: dict[str, Any], kind: ModelKind, words: str) -> None:
    """A rule that cannot be checked is an open question."""
    found = checked(under(**rules), kind, LLAMA if kind == "causal" else "")
    assert () == found.struck
    assert any(words in one for one in found.unsettled)


def test_all_reasons_are_told_together() -> None:
    """Two broken rules are two reasons."""
    both = under(data_stays=True, max_latency="1 s")
    assert 2 == len(struck(both, "hosted", seconds_per_answer=2.0).split("; "))
