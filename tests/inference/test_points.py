"""Measured points beside predictions."""

import json
from dataclasses import replace

import pytest

from tunecase import catalog
from tunecase.inference import Load, Rate, Refusal, Setup, narrowed, rate, scored, served
from tunecase.inference.points import Narrowed, load_of, setup_of
from tunecase.records import MeasuredLoads, MeasuredPoint, from_json, to_json

MODEL = "meta-llama/Llama-3.1-8B-Instruct"
SETUP = Setup(served(MODEL), catalog.gpu("H100"))
LOAD = Load(1000, 200, 64)


def point(times: float = 1.0, load: Load = LOAD, setup: Setup = SETUP) -> MeasuredPoint:
    """A point that measured so many times what is predicted for a load."""
    predicted = rate(setup, load)
    assert isinstance(predicted, Rate)
    return MeasuredPoint(
        MODEL, setup.card.name, setup.tensor, setup.pipeline, setup.precision, setup.engine, load.concurrency or 1.0,
        load.input_tokens, load.output_tokens, predicted.requests_per_s * times, predicted.output_tokens_per_s * times,
        load.kind,
    )  # fmt: skip


def answer(points: list[MeasuredPoint], load: Load = LOAD, setup: Setup = SETUP) -> Narrowed:
    """The prediction before and after points."""
    found = narrowed(setup, load, points)
    assert isinstance(found, Narrowed)
    return found


def test_many_points_are_believed() -> None:
    """After many like points the answer is what they measured, and its seconds have moved with it."""
    found = answer([point(0.6)] * 50)
    assert found.rate.output_tokens_per_s == pytest.approx(0.6 * found.before.output_tokens_per_s, rel=0.01)
    assert found.rate.requests_per_s == pytest.approx(found.rate.output_tokens_per_s / 200)
    assert found.rate.step_s == pytest.approx(found.before.step_s / 0.6, rel=0.01)
    assert found.rate.low > found.before.low
    assert found.alike == 50


def test_another_layout_tells_less() -> None:
    """A point of two cards moves the answer for one in its direction, less than a point of one card does."""
    two = replace(SETUP, tensor=2)
    own, other = answer([point(0.6)]), answer([point(0.6, setup=two)])
    assert own.rate.output_tokens_per_s < other.rate.output_tokens_per_s < other.before.output_tokens_per_s
    assert (other.alike, other.elsewhere) == (0, 1)


def test_strangers_tell_nothing() -> None:
    """Points of another model, card or engine leave the answer as it is, and a note says so."""
    cases = [{"model": "Qwen/Qwen2.5-7B-Instruct"}, {"card": "A100-80GB"}, {"engine": "sglang"}]
    for stranger in cases:
        found = answer([replace(point(0.6), **stranger)])
        assert found.rate == found.before
        assert "nothing is learnt" in found.notes[0]


def test_the_base_model_tells_of_its_tuned_one() -> None:
    """A model of the same dimensions under another name counts in full."""
    assert answer([replace(point(0.6), model="meta-llama/Llama-3.1-8B")]).alike == 1


def test_a_far_point_is_told() -> None:
    """A point four times off counts, and a note asks whether the set-up is the one that ran."""
    assert "check that card" in answer([point(0.25)]).notes[0]


def test_refusals_stay() -> None:
    """What cannot be predicted stays so; a point that cannot be predicted is named and tells nothing."""
    assert isinstance(narrowed(SETUP, Load(10, 0), [point()]), Refusal)
    found = answer([replace(point(), input_tokens=10_000_000)])
    assert found.rate == found.before
    assert "tells nothing" in found.notes[0]


def test_any_prediction_can_be_narrowed() -> None:
    """A prediction that is handed in takes the place of the package's own."""
    known = rate(SETUP, LOAD)
    assert isinstance(known, Rate)
    slow = replace(known, output_tokens_per_s=100.0, low=0.2, high=5.0)
    found = narrowed(SETUP, LOAD, [replace(point(), output_tokens_per_s=200.0)] * 20, lambda setup, load: slow)
    assert isinstance(found, Narrowed)
    assert found.rate.output_tokens_per_s == pytest.approx(200, rel=0.01)


def test_a_point_is_the_set_up_it_came_from() -> None:
    """Set-up and load come back from a point; the age of the engine is that of its version."""
    measured = replace(
        point(setup=replace(SETUP, tensor=2, precision="fp8")), engine_version="0.6.3", date="2026-01-02"
    )
    assert setup_of(measured) == replace(SETUP, tensor=2, precision="fp8", engine_date="2024-10")
    assert load_of(measured) == LOAD
    assert setup_of(replace(measured, engine_version="")).engine_date == "2026-01"


def test_points_are_scored_by_what_was_known_before() -> None:
    """Each new point stands beside the prediction from earlier points alone, and the record survives the ledger."""
    record = scored([point(1.1), point(0.2)])
    assert [load.inside for load in record.loads] == [True, False]
    assert record.inside == 1
    assert record.loads[1].error == pytest.approx(4.0)
    better = scored([point(0.6)], earlier=[point(0.6)] * 5)
    assert abs(better.loads[0].error) < abs(scored([point(0.6)]).loads[0].error)
    assert from_json(MeasuredLoads, json.loads(to_json(record))) == record


def test_what_cannot_be_scored_is_named() -> None:
    """A point of a model that is not known, or of a load that is refused, is told rather than scored."""
    unknown, refused = replace(point(), model="ours/tuned"), replace(point(), input_tokens=10_000_000)
    record = scored([unknown, refused])
    assert record.loads == ()
    assert len(record.notes) == 2
