"""The page's evidence: each heading holds only where the records say so, and the best stands first."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.accounts.parts.said import case, sample, texts, titles, under
from tests.projects import written
from tunecase.accounts.material import Material
from tunecase.accounts.parts.evidence import evidence, moving_inputs, shown_options, shown_ways
from tunecase.blocks import Rows
from tunecase.quantities import Band, Sampled
from tunecase.records import Alternative, Decision, Definition, Driver, Forecast, Option


def flat(value: float) -> Band:
    """A band without doubt."""
    return Band(value, value, value, value)


# Other ways


def way(name: str, score: float | None = None, **changes: Any) -> Alternative:
    """A way, measured where it has a score."""
    evidence_of: Any = "unknown" if score is None else "measured"
    made = Alternative(name, name.replace("_", " "), score, None, None, None, None, evidence_of)
    return replace(made, **changes)


def of_ways(*ways: Alternative, target: float | None = 0.8, metric: str = "accuracy") -> Definition:
    """The sample problem with these ways."""
    made: Definition = replace(sample()["definition"], alternatives=ways, target=target, metric=metric)
    return made


def test_scores_come_before_ways_to_try_and_before_what_is_ruled_out() -> None:
    """A way without score or trial is left out."""
    ways = (
        way("retrieval"), way("decision", measure="tunecase pilot --hosted x"), way("prompt_open", struck="too large"),
        way("encoder", 0.7),
    )  # fmt: skip
    assert ["encoder", "decision", "prompt_open"] == [one.name for one in shown_ways(of_ways(*ways))]


def test_the_nothing_that_people_score_is_explained(tmp_path: Path) -> None:
    """Only answers that need nobody count; the score of a rule stands alone."""
    ways, notes = of_ways(way("today", 0.0), way("encoder", 0.7)), {}
    for who in ("people", "nobody", "rule"):
        project = written(f"today: {{who: {who}}}\n", tmp_path)
        chart = under(evidence(case(definition=ways, project=project)), "Nothing").blocks[0]
        assert isinstance(chart, Rows)
        notes[who] = [row.beside for row in chart.rows]
    assert {
        "people": ["no answer without a person", ""], "nobody": ["nobody gives the answers", ""], "rule": ["", ""],
    } == notes  # fmt: skip


def forecast(**changes: Any) -> Forecast:
    """The sample forecast with changed fields."""
    made: Forecast = replace(sample()["forecast"], **changes)
    return made


# The options


def option(lever: str, release: float, worth: float | None, **changes: Any) -> Option:
    """A step that costs so much at first and is worth so much."""
    made = Option(
        lever, f"{lever} it", None, "do it", flat(release), "", "assumed", release=Sampled(release),
        chance=None if worth is None else Sampled(0.4), worth=None if worth is None else Sampled(worth),
    )  # fmt: skip
    return replace(made, **changes)


STOP = option("stop", 0.0, 0.0)


def decided(advice: str, *options: Option, **changes: Any) -> Decision:
    """The sample decision with these options and this advice."""
    made: Decision = replace(sample()["decision"], advice=advice, options=(*options, STOP), **changes)
    return made


TRAIN, LABEL = option("fine_tune", 1_500.0, 19_000.0), option("label", 10_000.0, 13_000.0)
BLOCKED = replace(option("tune", 0.0, None), release=None, first_step_cost=None, blocked="not trained yet")


def test_the_advised_step_stands_first_and_stopping_last() -> None:
    """The others by their worth; what is blocked without a price is left out."""
    clean = option("clean", 7_000.0, 12_000.0)
    shown = shown_options(decided("fine_tune", LABEL, clean, TRAIN, BLOCKED))
    assert ["fine_tune", "label", "clean", "stop"] == [one.lever for one in shown]
    assert () == shown_options(decided("stop", BLOCKED))


def test_a_measured_way_has_steps_of_its_own() -> None:
    """Steps of the way that is advised name it, the fine-tune keeps its own, and stopping is told once."""
    way = "a-model, tuned"
    own = option("clean", 2_000.0, 25_000.0, way=way, first_step="review 100 labels")
    sure = option("when_sure", 900.0, 24_000.0, way=way, first_step="ship a tuned a-model for 70% of answers")
    stops = (replace(STOP, way=way), replace(STOP, way="n-grams"))
    decision = replace(decided("clean", TRAIN, own, sure), options=(TRAIN, own, sure, *stops), way=way)
    record = forecast(stand_in=True, p_target=0.02, verdict="unlikely")
    chart = under(evidence(case(decision=decision, forecast=record)), "Have doubtful labels").blocks[0]
    assert isinstance(chart, Rows)
    assert [
        ("Have doubtful labels reviewed first", "a-model, tuned: review 100 labels"),
        ("Let it answer where it is sure", "ship a tuned a-model for 70% of answers"),
        ("Train the larger model", "do it"),
        ("Stop here", "spend nothing more"),
    ] == [(row.name, row.beside) for row in chart.rows]


def test_a_step_shows_its_price_chance_and_worth() -> None:
    """Its figures are those of the decision; a step that passes the budget says so."""
    dear = option("label", 11_000.0, None, blocked="its first step costs more than what is left of the budget")
    decision = decided("fine_tune", TRAIN, dear, BLOCKED)
    found = under(evidence(case(decision=decision)), "Train the model")
    chart = found.blocks[0]
    assert isinstance(chart, Rows)
    assert [("1,500", "40%", "19,000"), ("11,000", "–", "too dear"), ("0", "40%", "0")] == [
        row.figures for row in chart.rows
    ]
    assert [True, False, False] == [row.strong for row in chart.rows]
    assert "One other step is not possible yet" in found.note


# What moves the total


def driver(name: str, low: float | None, high: float | None) -> Driver:
    """An input at whose ends the total is so much."""
    return Driver(name, 0.2, input_low=1.0, input_high=2.0, total_low=low, total_high=high)


RATE = driver("ml engineer team.rate", 5_000.0, 8_900.0)


def test_inputs_stand_by_how_far_they_move_the_total() -> None:
    """Whichever end is the dear one; an input of which that is not known is left out."""
    down = driver("stand_in.factor", 9_900.0, 4_000.0)
    bill = replace(sample()["estimate"], drivers=(RATE, driver("rounds", None, None), down))
    assert ["stand_in.factor", "ml engineer team.rate"] == [one.name for one in moving_inputs(bill)]
    chart = under(evidence(case(estimate=bill)), "Nothing moves the bill more than how good").blocks[0]
    assert isinstance(chart, Rows)
    assert ("4,000", "9,900") == chart.rows[0].figures
    assert "1 to 2 times the stand-in's errors" == chart.rows[0].beside
    assert "1.0 to 2.0 USD per hour" == chart.rows[1].beside
    assert not any("moves the bill" in title for title in titles(evidence(case())))


def test_what_is_not_on_record_is_left_out() -> None:
    """Without any record there is the lede alone, and rows of the data are never shown."""
    assert () == evidence(Material()).findings
    shown = " ".join(texts(evidence(case())))
    assert not any(example in shown for finding in sample()["audit"].findings for example in finding.examples)
