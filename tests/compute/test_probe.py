"""A few watched steps as measured runs."""

import pytest

from tunecase import catalog
from tunecase.compute.model.reading import read_shape
from tunecase.compute.probe import as_own_trainer, measured_steps, probed
from tunecase.compute.recipe import Recipe
from tunecase.errors import InputError

DAY = "2026-11-28"
ASKED = Recipe(read_shape("llama-2-7b"), gpu=catalog.gpu("A100-80GB"), micro_batch=2, sequence_tokens=512)


def line(step: int, **more: object) -> dict[str, object]:
    """One watched step of two rows of 512 tokens in half a second."""
    plain: dict[str, object] = {
        "rank": 0, "world": 1, "card": "NVIDIA A100-SXM4-80GB", "step": step,
        "warm_up": step == 1, "seconds": 0.5, "micro_batches": 1, "shapes": [[2, 512]],
        "allocated": 20_000_000_000, "reserved": 22_000_000_000,
    }  # fmt: skip
    return plain | more


def test_the_first_step_is_a_warm_up() -> None:
    """Time and memory of the first step, which loads kernels, count for nothing."""
    (run,), notes = probed([line(1, seconds=60.0, allocated=70_000_000_000), line(2), line(3), line(4)], ASKED, DAY)
    assert ((), 20.0, 2 * 512 / 0.5) == (notes, run.peak_gb, run.tokens_per_s_per_gpu)
    assert (ASKED.gpu, "allocated", 1) == (run.recipe.gpu, run.statistic, run.recipe.accumulation)


def test_the_longest_row_sets_the_peak_and_the_mean_the_speed() -> None:
    """Where rows differ there are two runs, one for each; what was seen is told where it is not what was asked."""
    lines = [line(1), line(2, shapes=[[2, 100]]), line(3, shapes=[[2, 300]])]
    (speed, peak), (note,) = probed(lines, ASKED, DAY)
    assert (200, 300) == (speed.recipe.sequence_tokens, peak.recipe.sequence_tokens)
    assert (None, 2 * 200 / 0.5) == (speed.peak_gb, speed.tokens_per_s_per_gpu)
    assert (20.0, None) == (peak.peak_gb, peak.tokens_per_s_per_gpu)
    assert "300 (asked: 512)" in note


def test_several_processes_wait_for_the_slowest() -> None:
    """A step lasts as long as its slowest process, and the fullest card is the peak."""
    both = [line(step, rank=rank, world=2, seconds=0.4 + rank) for step in (1, 2, 3) for rank in (0, 1)]
    (run,), _ = probed(both, ASKED.but(gpus=2, sharding="fsdp"), DAY)
    assert pytest.approx(2 * 512 / 1.4) == run.tokens_per_s_per_gpu


def test_accumulated_micro_batches_are_one_step() -> None:
    """What was accumulated is counted as seen."""
    (run,), _ = probed([line(step, micro_batches=4, shapes=[[2, 512]] * 4) for step in (1, 2)], ASKED, DAY)
    assert (4, 4 * 2 * 512 / 0.5) == (run.recipe.accumulation, run.tokens_per_s_per_gpu)


def test_without_shapes_the_set_up_is_as_asked() -> None:
    """A compiled model shows no shapes: the sizes asked about are taken."""
    (run,), _ = probed([line(step, shapes=[]) for step in (1, 2)], ASKED, DAY)
    assert (ASKED, 2 * 512 / 0.5) == (run.recipe, run.tokens_per_s_per_gpu)


def test_a_processor_teaches_no_memory() -> None:
    """Without a card there is time and no peak."""
    (run,) = measured_steps([line(step, card="", allocated=None, reserved=None) for step in (1, 2)], ASKED, DAY)
    assert run.peak_gb is None
    assert run.tokens_per_s_per_gpu


def test_another_card_is_told() -> None:
    """The run is one of the card that trained."""
    (run,), (note,) = probed([line(step, card="NVIDIA H100 80GB HBM3") for step in (1, 2)], ASKED, DAY)
    assert run.recipe.gpu.name.startswith("H100")
    assert "not on the A100-80GB" in note


@pytest.mark.parametrize("lines", [[line(1)], [line(1, world=4), line(2, world=4)]])
def test_what_was_not_asked_is_refused(lines: list[dict[str, object]]) -> None:
    """One step alone, or other than the cards asked about, measure nothing."""
    with pytest.raises(InputError, match="probe"):
        probed(lines, ASKED, DAY)


@pytest.mark.parametrize("card", ["", "NVIDIA Nothing 9000"])
def test_a_card_that_is_not_known_is_refused(card: str) -> None:
    """Steps on a processor or on a card that is not in the tables are not booked as those of the card asked about."""
    with pytest.raises(InputError, match="ran on") as caught:
        probed([line(step, card=card) for step in (1, 2)], ASKED, DAY)
    assert (card or "no GPU") in caught.value.problems[0].got


def test_the_own_trainer_runs_what_it_can() -> None:
    """The pilot's trainer takes method, rank, batch, length, cards and sharding, and keeps its own choices."""
    own, settings = as_own_trainer(ASKED.but(gpus=4, sharding="zero3", accumulation=8, loss="whole"))
    assert ("trl", 1, "chunked", "zero3") == (own.framework, own.accumulation, own.loss, own.sharding)
    assert {"batch": 8, "sequence_tokens": 512, "gpus": 4, "precision": "bf16"}.items() <= settings.items()


def test_fields_that_the_own_trainer_lacks_are_reset() -> None:
    """Every field is as that trainer runs it, whatever was asked."""
    asked = ASKED.but(
        base="32-bit", targets=("q_proj",), attention="eager", offload="all", optimizer="paged_adamw",
        trained_ends=True, sharding="fsdp", quantiser="gptq", unsaid=frozenset({"masters"}),
    )  # fmt: skip
    own, settings = as_own_trainer(asked)
    assert ("16-bit", "all", "flash", "none") == (own.base, own.targets, own.attention, own.offload)
    assert ("adamw", False, "none", "nf4", frozenset()) == (
        own.optimizer, own.trained_ends, own.sharding, own.quantiser, own.unsaid,
    )  # fmt: skip
    assert "none" == settings["sharding"]
    assert "32-bit" == as_own_trainer(ASKED.but(method="full"))[0].masters


def test_what_the_own_trainer_cannot_stand_for_is_refused() -> None:
    """A set-up of another kind is refused with a way on."""
    cases = [
        ({"objective": "dpo"}, "objective dpo"), ({"gpus": 4, "tensor_parallel": 2}, "tensor parallel over 2 cards"),
        ({"gpus": 4, "context_parallel": 4}, "context parallel over 4 cards"), ({"precision": "fp8"}, "precision fp8"),
        ({"method": "full", "frozen_layers": 8}, "8 frozen layers"),
    ]  # fmt: skip
    for changes, got in cases:
        with pytest.raises(InputError) as caught:
            as_own_trainer(ASKED.but(**changes))
        (problem,) = caught.value.problems
        assert (got, True) == (problem.got, "-- COMMAND" in problem.fix)
