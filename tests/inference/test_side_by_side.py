"""The record of all ways side by side: the answer, what stands beside it, and what no replica can reach."""

from pathlib import Path

import pytest

from tests.inference.making import ground, traffic
from tests.projects import basis, written
from tunecase.errors import InputError
from tunecase.inference import Answers, weigh
from tunecase.inference.ways import out_of_reach
from tunecase.prices import api
from tunecase.records import Inference

HEAD = "problem: {volume: 200k per month}\nmodels: [meta-llama/Llama-3.1-8B]\n"
LENGTHS = "input: 600, output: 60"


def weighed(folder: Path, serving: str, more: str = "") -> Inference:
    """The record of a project that states its traffic."""
    record = weigh(basis(written(f"{HEAD}serving: {{{serving}}}\n{more}", folder), 50), Answers())
    assert record is not None
    return record


def test_the_cheapest_way_gives_the_answer(tmp_path: Path) -> None:
    """Its month and thousand are the record's, and the replica that is told of is its own."""
    record = weighed(tmp_path, f"gpus: [L4, L40S], traffic: {{{LENGTHS}}}")
    best = record.cheapest
    assert (best.per_month, best.per_1k) == (record.per_month, record.per_1k)
    assert best.name.startswith(record.throughput.setup.partition(",")[0])
    assert (600.0, 60.0) == (record.input_tokens, record.output_tokens)
    assert {"serving.traffic.burst", "serving.spare"} <= {used.field for used in record.defaults}
    assert record.points
    assert all(point.command.startswith("vllm bench serve") for point in record.points)


@pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")
def test_today_is_the_hosted_model_that_is_named_else_as_stated(tmp_path: Path) -> None:
    """A model that has no price, and no statement, leave it unknown."""
    named = weighed(tmp_path, f"gpus: [L4], today: openai/gpt-4.1-mini, traffic: {{{LENGTHS}}}")
    (way,) = [way for way in named.ways if way.kind == "hosted"]
    assert way.per_1k == named.today_per_1k
    stated = weighed(tmp_path, f"gpus: [L4], price_per_1k_today: 7 USD, traffic: {{{LENGTHS}}}")
    assert 7.0 == stated.today_per_1k.p50
    for serving in ("gpus: [L4]", "gpus: [L4], today: nobody/nothing"):
        assert weighed(tmp_path, f"{serving}, traffic: {{{LENGTHS}}}").today_per_1k is None


def test_an_objective_that_something_may_meet_is_not_refused(tmp_path: Path) -> None:
    """Nor is one that a way by the token may meet, of which no speed is predicted."""
    assert weighed(tmp_path, f"gpus: [L4], traffic: {{{LENGTHS}, first_token: 20 s}}").ok
    hosted = "compute: {hosted: 'openai ft:gpt-4.1-mini-2025-04-14'}"
    record = weighed(tmp_path, f"gpus: [L4], traffic: {{{LENGTHS}, first_token: 0.001 s}}", hosted)
    assert ("adapter", "unsure") == (record.cheapest.kind, record.cheapest.objective)


def test_more_cards_for_a_replica_are_looked_at_unless_their_number_is_stated(tmp_path: Path) -> None:
    """The least time that can be had is that of the largest machine; of the stated number where there is one."""
    found = []
    for count in ("", ", gpu_count: 1"):
        with pytest.raises(InputError) as refused:
            weighed(tmp_path, f"gpus: [L4]{count}, traffic: {{{LENGTHS}, first_token: 0.001 s}}")
        found.append(refused.value.problems[0].wanted)
    assert "on 8 x L4" in found[0]
    assert "on 1 x L4" in found[1]
    assert [] == out_of_reach(ground(traffic()))


def test_a_card_that_was_named_and_cannot_serve_is_told(tmp_path: Path) -> None:
    """Of cards that nobody named it is no news."""
    head = HEAD.replace("Llama-3.1-8B", "Llama-3.1-70B")
    for serving, told in (("gpus: [T4, H100]", True), ("spare: 1", False)):
        project = written(f"{head}serving: {{{serving}, traffic: {{{LENGTHS}}}}}\n", tmp_path)
        record = weigh(basis(project, 20), Answers())
        assert told == any("T4 does not serve it" in note for note in record.notes), record.notes
