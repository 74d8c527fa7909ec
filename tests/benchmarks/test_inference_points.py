"""What measured points leave of the error, on made-up runs."""

import json
import random
import sys
from dataclasses import replace
from math import exp, log
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import inference_points
from inference_points import Placed, Told, all_placed, best, elsewhere, losses, one_point, placed, three_points, told
from serving_rows import Run

from tunecase import catalog
from tunecase.inference import Load, Rate, Seen, Setup, moved, rate, served

MODEL = served("llama-3.1-8b")


def runs_of(publisher: str, off: float, scatter: float, tensor: int = 1) -> list[Run]:
    """A sweep whose throughput is off the prediction by a factor, and scatters."""
    draw = random.Random(publisher)
    setup = Setup(MODEL, catalog.gpu("H100"), tensor=tensor)
    runs = []
    for concurrency in (1, 4, 16, 64, 256):
        for tokens in (200, 2000):
            load = Load(tokens, 200, concurrency)
            predicted = rate(setup, load)
            assert isinstance(predicted, Rate)
            per_card = predicted.output_tokens_per_s / setup.cards * off * exp(draw.gauss(0, scatter))
            layout = (publisher, "vllm", "", MODEL.name, "H100", "bf16", str(tensor))
            runs.append(Run("made up", publisher, publisher, setup, load, 1, per_card, True, layout))
    return runs


def test_points_take_the_error_of_a_layout_away() -> None:
    """Of a layout that is off by 40 or 50%, one point takes more than half away, and three nearly all."""
    runs = [*runs_of("slow", 0.6, 0.02), *runs_of("fast", 1.5, 0.02)]
    one, three = one_point(runs), three_points(runs)
    assert one["n"] == 2 * 5 * 9
    assert three["n"] == 2 * 5 * 7
    assert one["median"] < 20
    assert three["median"] < min(one["median"], 7)
    assert set(one["coverage80"]) == {"slow", "fast"}


def test_small_groups_are_left_out() -> None:
    """A group needs three runs beyond those that are taken as points."""
    few = runs_of("slow", 0.6, 0.02)[:4]
    assert one_point(few)["n"] == 5 * 3
    assert told(all_placed(few), 3).errors == {}
    assert (three_points(few)["n"], three_points(few)["median"]) == (0, None)


def test_the_figures_are_those_of_the_package() -> None:
    """An error and a band of the benchmark are those that `moved` gives for the same point."""
    runs = runs_of("slow", 0.6, 0.1)
    seen, asked = runs[3], runs[8]
    point, at = placed(seen), placed(asked)
    before = rate(asked.setup, asked.load)
    assert isinstance(point, Placed)
    assert isinstance(at, Placed)
    assert isinstance(before, Rate)
    result = Told()
    inference_points._predict([at], [point], inference_points.sizes(), result)
    after = moved(before, asked.load, Seen((point.place,), (point.gap,), at.place.layout))
    assert result.errors["slow"] == [pytest.approx(abs(after.output_tokens_per_s / asked.tokens_per_s_per_card - 1))]
    assert result.widths["slow"] == [pytest.approx(after.high / after.low)]
    inside = after.low <= asked.tokens_per_s_per_card / after.output_tokens_per_s <= after.high
    assert result.inside["slow"] == [inside]


def test_sizes_are_searched_without_the_publisher_left_out() -> None:
    """What a publisher measured has no say in the sizes that it is scored with."""
    found = losses(all_placed([*runs_of("slow", 0.6, 0.02), *runs_of("fast", 1.5, 0.02)]))
    spoilt = {at: {**ones, "slow": (ones["slow"][0] * at.noise, 1.0)} for at, ones in found.items()}
    assert best(found, "slow") == best(spoilt, "slow")
    assert min(inside for _, inside in found[best(found)].values()) >= inference_points.LEAST_INSIDE


def test_another_layout_is_asked_where_there_is_one() -> None:
    """One point of two cards stands for a layout of one card, and the other way round."""
    alone = all_placed(runs_of("slow", 0.6, 0.02))
    both = all_placed([*runs_of("slow", 0.6, 0.02), *runs_of("slow", 0.6, 0.02, tensor=2)])
    assert elsewhere(alone).errors == {}
    assert len(elsewhere(both).errors["slow"]) == 2 * 5 * 10
    assert log(1 / 0.6) > max(abs(log(1 + error)) for error in elsewhere(both).errors["slow"])


def test_the_script_skips_without_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a table of runs the last line says which one is missing."""
    monkeypatch.setattr(sys, "argv", ["inference_points.py", "--runs", "nowhere.csv"])
    inference_points.main()
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"skipped": "nowhere.csv not found"}


def test_refused_cards_are_read_as_with_later_software() -> None:
    """Software of 2024 on AMD cards, which is refused, is predicted as that of the year after."""
    setup = Setup(MODEL, catalog.gpu("MI300X"), engine_date="2024-06")
    assert not isinstance(rate(setup, Load(200, 200, 8)), Rate)
    later = rate(replace(setup, engine_date="2025-06"), Load(200, 200, 8))
    assert inference_points.whatever_age(setup, Load(200, 200, 8)) == later
