"""What cards send each other."""

import pytest

from tunecase import catalog
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe
from tunecase.compute.speed.links import (
    gathered_bytes,
    host_bytes,
    optimizer_bytes,
    reduced_bytes,
    shared_bytes,
    step_host_bytes,
)

LLAMA = read_shape("llama-2-7b")
RUN = Recipe(LLAMA, catalog.gpu("A100-80GB"), gpus=4, method="full", sharding="fsdp")


def test_sharded_weights_are_gathered_twice_and_gradients_sent_once():
    """(n - 1) / n of 2 x 2 bytes a weight, and 2 of its gradient; a frozen base has none."""
    assert 0.75 * 6 * LLAMA.params == pytest.approx(gathered_bytes(RUN))
    lora = RUN.but(method="lora")
    assert 0.75 * (4 * LLAMA.params + 2 * LLAMA.lora_params(16)) == pytest.approx(gathered_bytes(lora))
    assert gathered_bytes(RUN.but(method="qlora")) < 0.35 * gathered_bytes(lora)


def test_copied_weights_exchange_gradients_once_a_step():
    """DDP and ZeRO-1 and 2 send 4 bytes a trained weight, whatever the accumulation."""
    ddp = RUN.but(sharding="ddp")
    assert 0 == gathered_bytes(ddp)
    assert 0.75 * 4 * LLAMA.params == pytest.approx(reduced_bytes(ddp))
    assert 0 == reduced_bytes(RUN) == reduced_bytes(RUN.but(sharding="none", gpus=1))


def test_tensor_and_context_parallelism_share_activations():
    """Nothing with neither; more cards send more."""
    assert 0 == shared_bytes(RUN, 1000, 3)
    two, four = (shared_bytes(RUN.but(tensor_parallel=t), 1000, 3) for t in (2, 4))
    assert 0 < two < four < 2 * two
    assert 0 < shared_bytes(RUN.but(context_parallel=2), 1000, 3)


def test_context_parallelism_sends_keys_and_values_of_layers_that_have_them():
    """Of four layers one attends, so a quarter is sent; where all attend, all."""
    hybrid = read_shape("qwen3-next-80b-a3b")
    for shape, part in ((LLAMA, 1.0), (hybrid, 0.25)):
        sent = shared_bytes(RUN.but(shape=shape, context_parallel=2), 1000, 3)
        each = max(mixer.key + mixer.value for _, mixer in shape.mixers)
        assert 2 * 3 * 1000 * shape.layers * part * each == pytest.approx(sent)


def test_sharding_shares_the_optimizer_and_offloading_moves_it():
    """A quarter each on four cards; in the host's memory none on the card."""
    alone = optimizer_bytes(RUN.but(sharding="ddp"))
    assert alone / 4 == optimizer_bytes(RUN)
    assert alone < optimizer_bytes(RUN.but(sharding="ddp", masters="32-bit"))
    assert 0 == optimizer_bytes(RUN.but(offload="optimizer"))
    assert 0 == step_host_bytes(RUN) == host_bytes(RUN, 1000)
    assert 32 * LLAMA.params / 4 == pytest.approx(step_host_bytes(RUN.but(offload="optimizer")))
    assert 4 * LLAMA.params / 4 == pytest.approx(host_bytes(RUN.but(offload="all"), 1000))


def test_offloaded_layer_inputs_go_and_come_back():
    """Two bytes a feature each way for every layer."""
    assert 4 * 1000 * LLAMA.hidden * LLAMA.layers == host_bytes(RUN.but(checkpointing="offloaded"), 1000)
