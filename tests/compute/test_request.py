"""Requests: what people write becomes a set-up, the framework fills in the rest, every mistake is told at once."""

from typing import Any

import pytest

from tunecase import catalog
from tunecase.compute import lengths
from tunecase.compute.request import Request, amounts_of, number_of, settled, step_samples
from tunecase.errors import InputError
from tunecase.inference import sampled


def problems_of(model: str = "llama-2-7b", *, cards: Any = (), counts: Any = (), **more: Any) -> list[Any]:
    """The problems of a request; fields of Request are taken by name, others are fields of the set-up."""
    own = {name: more.pop(name) for name in list(more) if name in Request.__dataclass_fields__}
    with pytest.raises(InputError) as caught:
        settled(Request(model, more, cards=cards, counts=counts, **own))
    return list(caught.value.problems)


BAD_FIELDS: list[tuple[str, dict[str, Any]]] = [
    ("model", {"model": "llama-9000"}),
    ("gpu", {"cards": ("A100-800GB",)}),
    ("method", {"method": "dora"}),
    ("objective", {"objective": "gkd"}),
    ("precision", {"precision": "int3"}),
    ("sequence_tokens", {"sequence_tokens": 0}),
    ("sequence_tokens", {"sequence_tokens": 8192}),
    ("micro_batch", {"micro_batch": 0}),
    ("micro_batch", {"micro_batch": 1.5}),
    ("micro_batch", {"micro_batch": 10**6}),
    ("gpus", {"counts": (0,)}),
    ("gpus", {"counts": ("3.5",)}),
    ("gpus", {"counts": (True,)}),
    ("gpus", {"counts": (10**6,)}),
    ("gpus", {"counts": (3,), "tensor_parallel": 2}),
    ("rank", {"rank": 0}),
    ("rank", {"rank": "8 to 16"}),
    ("rank", {"rank": 100_000}),
    ("framework", {"framework": "unslot"}),
    ("optimizer", {"optimizer": "adm"}),
    ("frozen_layers", {"method": "full", "frozen_layers": 32}),
    ("frozen_layers", {"method": "full", "frozen_layers": -1}),
    ("frozen_layers", {"method": "lora", "frozen_layers": 4}),
    ("precision", {"precision": "bf16", "cards": ("T4",)}),
    ("precision", {"precision": "fp8", "cards": ("A100-80GB",)}),
    ("precision", {"precision": "fp32", "method": "qlora"}),
    ("offload", {"sharding": "ddp", "offload": "all"}),
    ("masters", {"masters": "8-bit"}),
    ("train_tokens", {"train_tokens": 0}),
    ("train_tokens", {"train_tokens": float("nan")}),
    ("train_tokens", {"train_tokens": "5 apples per day"}),
    ("train_tokens", {"train_tokens": "5M", "examples": "2k"}),
    ("epochs", {"examples": "2k", "epochs": -1}),
    ("global_batch", {"global_batch": 0}),
    ("deadline", {"deadline_hours": 6.0}),
]


def test_a_bad_field_is_one_problem_that_names_it() -> None:
    """Each bad field is refused by name, with what is wanted and a fix."""
    problems = [(field, given, problems_of(**given)) for field, given in BAD_FIELDS]
    assert [] == [case for case in problems if [case[0]] != [problem.where for problem in case[2]]]
    assert all(problem.got and problem.wanted and problem.fix for _, _, of in problems for problem in of)


def test_names_of_modules_that_no_matrix_has_are_refused() -> None:
    """Targets are checked against the model's own names."""
    assert any("nonsense" in problem.got for problem in problems_of(targets="q_proj,nonsense"))
    listed = [settled(Request("llama-2-7b", {"targets": kind(["q_proj", "v_proj"])})).given for kind in (list, tuple)]
    assert [("q_proj", "v_proj")] * 2 == [given["targets"] for given in listed]


def test_numbers_are_read_as_people_write_them() -> None:
    """2k and 5M are numbers; text that is none stays text, so that the problem can quote it."""
    assert (2000, 5_000_000, 1.5, "two", "8 to 16") == tuple(map(number_of, ("2k", "5M", "1.5", "two", "8 to 16")))


def test_a_framework_fills_in_what_was_not_said() -> None:
    """Checkpointing, masters, optimizer and loss come from the framework's row, and what was said goes before them."""
    row = catalog.framework("litgpt")
    ask = settled(Request("llama-2-7b", {"framework": "litgpt", "method": "full"}))
    one, several = ask.recipe(catalog.gpu("A100-80GB")), ask.recipe(catalog.gpu("A100-80GB"), True, gpus=4)
    assert (row.checkpointing_one, row.masters_one, "none") == (one.checkpointing, one.masters, one.sharding)
    assert (row.checkpointing_several, "fsdp") == (several.checkpointing, several.sharding)
    said = settled(Request("llama-2-7b", {"framework": "litgpt", "checkpointing": "selective"}))
    assert "selective" == said.recipe(several=True).checkpointing


def test_a_card_without_bf16_gets_fp16_and_masters() -> None:
    """Precision that was not said follows the card."""
    ask = settled(Request("llama-2-7b", {"method": "full"}))
    assert ("fp16", "32-bit") == (ask.recipe(catalog.gpu("T4")).precision, ask.recipe(catalog.gpu("T4")).masters)
    assert "bf16" == ask.recipe(catalog.gpu("L4")).precision


def test_sharding_on_one_card_is_a_note() -> None:
    """FSDP on one GPU is computed without it, and said."""
    ask = settled(Request("llama-2-7b", {"sharding": "fsdp"}, counts=(1,)))
    assert any("one GPU" in note for note in ask.notes)
    assert "none" == ask.recipe().sharding


def test_amounts_become_useful_tokens() -> None:
    """Tokens as said, else samples times epochs times their mean length."""
    cases = [
        ({"train_tokens": "5M"}, 5e6), ({"examples": "1k", "epochs": "3"}, 1000 * 3 * 2048),
        ({"examples": "1k", "epochs": "3", "lengths": lengths.of([100, 300], [1, 1])}, 1000 * 3 * 200),
        ({"epochs": 2, "lengths": lengths.of([100, 300], [1, 1])}, 2 * 2 * 200),
        ({"steps": 10, "global_batch": 32}, 10 * 32 * 2048), ({}, None), ({"epochs": 3}, None),
    ]  # fmt: skip
    assert [] == [
        (amount, tokens)
        for amount, tokens in cases
        if tokens != settled(Request("llama-2-7b", {}, **amount)).job.train_tokens
    ]


def test_blocks_at_the_top_that_learn_become_frozen_ones_below() -> None:
    """A configuration that counts from the top is turned round."""
    ask = settled(Request("llama-2-7b", {"method": "full", "trained_layers": 2}))
    assert 30 == ask.recipe().frozen_layers


def test_lengths_set_the_longest_sample() -> None:
    """Padded samples are no longer than the longest; longer ones are cut at the limit that was given."""
    histogram = lengths.of([100, 900], [9, 1])
    assert 900 == settled(Request("llama-2-7b", {}, lengths=histogram)).recipe().sequence_tokens
    cut = settled(Request("llama-2-7b", {"sequence_tokens": 512}, lengths=histogram))
    assert 512 == cut.recipe().sequence_tokens
    assert any("cut" in note for note in cut.notes)
    packed = settled(Request("llama-2-7b", {"packing": True, "sequence_tokens": 2048}, lengths=histogram))
    assert 2048 == packed.recipe().sequence_tokens


def test_amounts_with_a_suffix_nobody_knows_are_refused() -> None:
    """What cannot be read is quoted, never read as its first digits; no run reads a thousand trillion tokens."""
    for text in ("5X", "5MM", "5Mtokens", "5lakh", "5m", "1e16", "nan"):
        with pytest.raises(InputError) as caught:
            settled(Request("llama-2-7b", train_tokens=text))
        assert ["train_tokens"] == [problem.where for problem in caught.value.problems], text
    assert 5e6 == number_of("5M tokens") == number_of("5 million")


def test_pairs_count_both_halves() -> None:
    """An example of dpo is a pair: two answers are computed."""
    one, two = (
        settled(Request("llama-2-7b", {"objective": kind}, examples="1k", epochs=2)).job.train_tokens
        for kind in ("sft", "dpo")
    )
    assert 2 * one == two


def test_each_objective_counts_its_own_answers() -> None:
    """Objectives that compare train on two answers of an example, those that judge one answer on one."""
    cases = [("orpo", 2), ("simpo", 2), ("cpo", 2), ("kto", 1), ("ipo", 2)]
    for kind, answers in cases:
        tokens = settled(Request("llama-2-7b", {"objective": kind}, examples="1k", epochs=2)).job.train_tokens
        assert 2 * 1000 * 2048 * answers == tokens


def test_steps_read_as_many_samples_as_the_search_takes() -> None:
    """One rule for the batch of a step: steps times that batch are the tokens."""
    for counts, batch in (((), None), ((4,), None), ((24,), None), ((4,), 64)):
        ask = settled(Request("llama-2-7b", counts=counts, global_batch=batch, steps=10))
        assert 10 * step_samples({}, batch, max(counts, default=1)) * 2048 == ask.job.train_tokens
    packed = {"packing": True, "sequence_tokens": 2048}
    full = settled(Request("llama-2-7b", packed, lengths=lengths.of([100, 300], [1, 1]), steps=10, global_batch=8))
    assert 10 * 8 * 2048 == full.job.train_tokens


def test_amounts_of_a_file_go_with_what_was_said() -> None:
    """Epochs of the file hold for the number of samples said; an amount of tokens stands alone."""
    in_file = {"epochs": 3, "steps": 500}
    assert {"examples": "50k", "epochs": 3} == _said(amounts_of({"examples": "50k"}, in_file))
    assert {"examples": "50k", "epochs": 2} == _said(amounts_of({"examples": "50k", "epochs": 2}, in_file))
    assert {"train_tokens": "5M"} == _said(amounts_of({"train_tokens": "5M"}, in_file))
    assert in_file == _said(amounts_of({}, in_file))


def _said(amounts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in amounts.items() if value is not None}


def test_sharding_none_on_several_cards_is_ddp() -> None:
    """A whole copy on each card is what ddp is, and it is said."""
    ask = settled(Request("llama-2-7b", {"sharding": "none"}, counts=(4,)))
    assert "ddp" == ask.recipe(several=True, gpus=4).sharding
    assert any("ddp" in note for note in ask.notes)


def test_a_full_fine_tune_with_an_adapter_is_refused() -> None:
    """Nobody says which of the two is meant."""
    with pytest.raises(InputError, match="dora with full"):
        settled(Request("llama-2-7b", {"method": "full", "adapter": "dora"}))


def test_a_reward_model_of_a_few_parameters_is_refused() -> None:
    """A number without its unit was meant in billions."""
    cases = [7, "7", 1, "70k"]
    for params in cases:
        with pytest.raises(InputError, match="a million or more"):
            settled(Request("qwen3-8b", {"objective": "grpo", "reward_params": params}, engine=sampled))


def test_a_share_may_be_in_percent() -> None:
    """15% is 0.15, and one mistake is told once."""
    ask = settled(Request("qwen3-8b", {"objective": "grpo", "engine_share": "15%"}, engine=sampled))
    assert 0.15 == ask.given["rollout"].engine_share
    with pytest.raises(InputError) as refused:
        settled(Request("qwen3-8b", {"objective": "grpo", "engine_share": "150%"}, engine=sampled))
    assert ["engine_share"] == [problem.where for problem in refused.value.problems]


def test_towers_of_a_model_that_reads_text_alone_are_ignored() -> None:
    """What becomes of towers is settled for a model that has some, and said to mean nothing for another."""
    assert "trained" == settled(Request("gemma-3-4b-it", {"towers": "trained"})).recipe().towers
    assert any("towers ignored" in note for note in settled(Request("llama-2-7b", {"towers": "frozen"})).notes)


@pytest.mark.parametrize("precision", ["fp8", "fp32"])
def test_four_bit_weights_compute_in_sixteen(precision: str) -> None:
    """QLoRA in 8 or 32 bit is refused."""
    assert ["precision"] == [problem.where for problem in problems_of(method="qlora", precision=precision)]


def test_a_card_without_a_name_is_refused() -> None:
    """An empty name is no card."""
    with pytest.raises(InputError):
        settled(Request("llama-2-7b", cards=("",)))


def test_steps_go_before_the_tokens_a_file_made_of_them() -> None:
    """A batch that was typed changes what the steps of a configuration read."""
    given = {"micro_batch": 1, "accumulation": 4}
    ask = settled(Request("llama-2-7b", given, counts=(2,), steps=100, train_tokens=1e6))
    assert 100 * 2 * 4 * 2048 == ask.job.train_tokens
