"""Which loads to measure next."""

from dataclasses import replace
from pathlib import Path

from tests.inference.importers.meters import vllm_result, written
from tunecase import catalog
from tunecase.inference import Load, Rate, Setup, advise, bench_command, rate, read_points, served
from tunecase.records import LoadPoint, MeasuredPoint

SETUP = Setup(served("meta-llama/Llama-3.1-8B-Instruct"), catalog.gpu("H100"))
LOAD = Load(1000, 200)


def measured(concurrency: int) -> MeasuredPoint:
    """A point as predicted."""
    predicted = rate(SETUP, replace(LOAD, concurrency=concurrency))
    assert isinstance(predicted, Rate)
    return MeasuredPoint(
        SETUP.model.name, "H100", 1, 1, "bf16", "vllm", concurrency, 1000, 200, predicted.requests_per_s,
        predicted.output_tokens_per_s,
    )  # fmt: skip


def test_two_or_three_loads_are_advised() -> None:
    """Without points: close to capacity first, one stream among them, all of the lengths asked about."""
    loads = advise(SETUP, LOAD)
    full = rate(SETUP, LOAD)
    assert isinstance(full, Rate)
    assert 2 <= len(loads) <= 3
    assert loads[0].concurrency > full.in_flight / 2
    assert 1 in {load.concurrency for load in loads}
    assert {(load.input_tokens, load.output_tokens) for load in loads} == {(1000, 200)}
    assert len({load.why for load in loads}) == len(loads)


def test_the_objective_bounds_the_loads() -> None:
    """No load is advised beyond the requests in flight at which the objective is met."""
    assert max(load.concurrency for load in advise(SETUP, LOAD, most_in_flight=24)) <= 24
    assert [load.concurrency for load in advise(SETUP, LOAD, most_in_flight=1)] == [1]


def test_what_was_measured_is_not_advised_again() -> None:
    """Once the advised loads were measured, no further one tells much more."""
    points = [measured(load.concurrency) for load in advise(SETUP, LOAD)]
    later = advise(SETUP, LOAD, points)
    assert not {load.concurrency for load in later} & {round(point.concurrency) for point in points}
    assert len(later) < len(points)


def test_nothing_is_advised_for_what_cannot_run() -> None:
    """A model that does not fit has no load to measure."""
    assert advise(Setup(served("meta-llama/Llama-3.1-70B-Instruct"), catalog.gpu("T4"), "fp16"), LOAD) == ()


def test_the_command_states_what_its_result_needs(tmp_path: Path) -> None:
    """The result of the command that is handed out is read without further words."""
    setup = replace(SETUP, tensor=2, precision="fp8", kv_precision="fp8", adapters=3)
    words = bench_command(setup, LoadPoint(32, 1000, 200, ""))
    assert words[:3] == ("vllm", "bench", "serve")
    assert words[words.index("--max-concurrency") + 1] == "32"
    assert words[words.index("--num-prompts") + 1] == "320"
    metadata = dict(word.split("=") for word in words[words.index("--metadata") + 1 :])
    (point,) = read_points(written(tmp_path / "run.json", vllm_result(**metadata))).points
    assert (point.tensor, point.precision, point.kv_precision, point.adapters) == (2, "fp8", "fp8", 3)
    assert point.card == "H100"
