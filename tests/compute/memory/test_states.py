"""What lies on a card whatever the batch: DeepSpeed's masters and step, 32-bit bases, what goes to the host."""

import pytest

from tunecase import catalog
from tunecase.compute.memory.states import autocast, prepared, states_of, trained_params
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe

SHAPE = read_shape("llama-2-7b")
LORA = Recipe(SHAPE, rank=64)
FULL = Recipe(SHAPE, method="full", masters="32-bit")


def test_deepspeed_keeps_32_bit_masters_of_adapters():
    """An adapter takes 16-bit weights, 32-bit masters and two states, on one card too."""
    cases = [("zero1", 1), ("zero2", 1), ("zero3", 1), ("zero2", 8)]
    for sharding, gpus in cases:
        states, adapters = states_of(LORA.but(sharding=sharding, gpus=gpus)), SHAPE.lora_params(64)
        assert states.weights == pytest.approx(2 * SHAPE.params + 2 * adapters)
        assert states.masters * gpus == pytest.approx(4 * adapters)
        assert states.optimizer * gpus == pytest.approx(8 * adapters)


def test_the_engine_of_deepspeed_masters_without_stages():
    """DeepSpeed without sharding keeps masters; the trainer alone keeps 32-bit adapters and none."""
    assert states_of(LORA.but(framework="deepspeed")).masters > 0
    assert states_of(LORA).masters == 0


def test_trained_ends_have_masters_with_deepspeed():
    """Embedding and head that learn beside adapters take 16 bytes each, and 4 more at the step."""
    plain, ends = (states_of(LORA.but(sharding="zero2", trained_ends=on)) for on in (False, True))
    count = SHAPE.embedding_params + SHAPE.head_params
    more = sum(ends.lasting.values()) - sum(plain.lasting.values()) - (ends.buckets - plain.buckets)
    assert more + ends.gradients - plain.gradients == pytest.approx(16 * count)
    assert ends.step - plain.step == pytest.approx(4 * count)


def test_stage_3_steps_over_a_part_and_holds_its_gradients():
    """ZeRO-3 copies at most 10^9 gradients to 32 bit at once, and holds the 16-bit ones from the start."""
    one, many = (states_of(FULL.but(sharding="zero3", gpus=gpus)) for gpus in (1, 64))
    assert one.step == pytest.approx(4e9)
    assert many.step == pytest.approx(4 * SHAPE.params / 64)
    assert one.accumulated == one.gradients > 0


def test_an_offloaded_optimizer_takes_the_gradients_along():
    """With DeepSpeed's offload neither masters nor states nor all gradients lie on the card."""
    states = states_of(FULL.but(sharding="zero2", gpus=2, offload="optimizer"))
    assert (states.masters, states.optimizer, states.step) == (0, 0, 0)
    assert states.gradients < 0.1 * SHAPE.params


def test_a_base_loaded_in_32_bit_takes_twice_as_much():
    """A frozen 32-bit base takes 4 bytes a weight, sharded too; DeepSpeed casts it to 16 bit."""
    wide = LORA.but(base="32-bit")
    assert states_of(wide).weights - states_of(LORA).weights == pytest.approx(2 * SHAPE.params, rel=1e-3)
    sharded = states_of(wide.but(sharding="fsdp", gpus=4)).weights
    assert sharded == pytest.approx(states_of(wide).weights / 4)
    assert states_of(wide.but(sharding="zero2")).weights == states_of(LORA.but(sharding="zero2")).weights


def test_who_prepares_and_who_casts():
    """peft prepares a 4-bit base on one card; 32-bit weights are cast by autocast unless an engine casts them."""
    plain, engine = catalog.framework("transformers"), catalog.framework("deepspeed")
    base = Recipe(SHAPE, method="qlora")
    assert prepared(base, plain)
    assert not prepared(base.but(sharding="zero2"), plain)
    assert autocast(FULL, plain)
    assert not autocast(FULL, engine)
    assert not autocast(FULL.but(precision="fp32"), plain)


SEEING = read_shape("gemma-3-4b-it")
TOWER = "vision and audio towers"


def _beyond(recipe: Recipe) -> float:
    """Bytes of a recipe's states beyond those of the same run with its towers left out."""
    with_towers, without = (states_of(recipe.but(towers=fate)) for fate in (recipe.towers, "left out"))
    sums = [sum(s.lasting.values()) + s.gradients + s.step for s in (with_towers, without)]
    return (sums[0] - sums[1]) / SEEING.tower_params


def test_a_tower_takes_its_weights_and_what_training_it_takes():
    """Bytes of each of its parameters: weights alone where it is frozen, all states where it learns."""
    cases = [
        ({}, 2), ({"base": "32-bit"}, 4), ({"method": "qlora"}, 0.5159), ({"method": "qlora", "quantiser": "gptq"}, 2),
        ({"method": "full"}, 2), ({"method": "full", "towers": "trained"}, 10),
        ({"method": "full", "towers": "trained", "masters": "32-bit"}, 20), ({"towers": "trained"}, 10),
        ({"gpus": 4, "sharding": "fsdp"}, 0.5),
    ]  # fmt: skip
    assert [] == [
        (fields, each) for fields, each in cases if _beyond(Recipe(SEEING, **fields)) != pytest.approx(each, rel=1e-3)
    ]


def test_only_models_with_towers_have_the_term():
    """A model that reads text alone has no such line, not one of zero."""
    assert TOWER not in states_of(LORA).lasting
    assert states_of(Recipe(SEEING)).lasting[TOWER] == 2 * SEEING.tower_params
    assert states_of(Recipe(SEEING, towers="left out")).lasting[TOWER] == 0


def test_adapters_train_what_their_row_says():
    """DoRA adds a vector of outputs to LoRA's matrices, scales alone are few, LoHa has two pairs."""
    run = Recipe(read_shape("llama-2-7b"), method="lora", targets="qv", rank=8)
    lora, dora, ia3, loha = (trained_params(run.but(adapter=name)) for name in ("lora", "dora", "ia3", "loha"))
    assert lora + 32 * 2 * 4096 == dora
    assert 32 * 2 * 4096 == ia3
    assert 2 * lora == loha
