"""The page's evidence: each heading holds only where the records say so, and the best stands first."""

from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.accounts.parts.said import case, sample, texts, titles, under, words
from tests.accounts.reading import breaches
from tunecase.accounts.material import Material
from tunecase.accounts.parts.evidence import (
    curve_title,
    drivers_title,
    evidence,
    inference_title,
    lede,
    moving_inputs,
    options_title,
    shown_options,
    shown_ways,
    ways_title,
)
from tunecase.accounts.parts.names import step_title, way_title
from tunecase.blocks import Curve, Rows
from tunecase.quantities import Band, Interval80, Sampled
from tunecase.records import (
    Alternative,
    Crossing,
    CurveBand,
    Decision,
    Definition,
    Driver,
    Experiment,
    Forecast,
    Inference,
    Option,
    Point,
)


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


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (of_ways(way("prompt_hosted")), "No other way has been tried yet"),
        (of_ways(way("encoder", 0.7), way("prompt_hosted")), "Nothing tried reaches 80%, and no prompt has been tried"),
        (of_ways(way("encoder", 0.7), way("prompt_open", 0.75)), "Nothing tried reaches 80%; the best gets 75%"),
        (of_ways(way("encoder", 0.7)), "Nothing tried reaches 80%; the best gets 70%"),
        (
            of_ways(way("encoder", 0.7), way("prompt_hosted", struck="no")),
            "Nothing tried reaches 80%; the best gets 70%",
        ),
        (of_ways(way("prompt_hosted", 0.83)), "A prompt to a hosted model already reaches 80%"),
        (of_ways(way("today", 0.8)), "What is in use already reaches 80%"),
        (of_ways(way("prompt_hosted", 0.83, struck="data may not leave")), "No other way has been tried yet"),
        (of_ways(way("tune_small", 0.9)), "No other way has been tried yet"),
        (of_ways(way("encoder", 0.7), target=None), "A small text encoder scores best so far: 70%"),
        (of_ways(way("today", 14.0), target=12.0, metric="loss"), "Nothing tried reaches 12; the best gets 14"),
        (of_ways(way("today", 11.0), target=12.0, metric="loss"), "What is in use already reaches 12"),
    ],
)
def test_other_ways_are_judged_by_the_target(definition: Definition, said: str) -> None:
    """Reached, not reached, not tried; without a target, of a lower-is-better metric, and what is ruled out."""
    assert said == ways_title(definition)


def test_scores_come_before_ways_to_try_and_before_what_is_ruled_out() -> None:
    """A way without score or trial is left out."""
    ways = (
        way("retrieval"), way("decision", measure="tunecase pilot --hosted x"), way("prompt_open", struck="too large"),
        way("encoder", 0.7),
    )  # fmt: skip
    assert ["encoder", "decision", "prompt_open"] == [one.name for one in shown_ways(of_ways(*ways))]


def test_a_way_says_what_its_score_rests_on_and_what_trying_it_costs() -> None:
    """A measured way has its interval, another the price to know, and one that is ruled out its reason."""
    ways = (
        way("encoder", 0.7, interval=Interval80(0.65, 0.7, 0.75)),
        way("prompt_hosted", measure="x", measure_cost=flat(12.0), published="published: 80% on another set"),
        way("decision", measure="x", measure_cost=flat(0.0)),
        way("prompt_open", measure="x"),
        way("retrieval", struck="data may not leave"),
    )
    chart = under(evidence(case(definition=of_ways(*ways))), "Nothing tried").blocks[0]
    assert isinstance(chart, Rows)
    rows = {row.name: row for row in chart.rows}
    seen = rows["A small text encoder"]
    assert (0.65, 0.7, 0.75, "measured") == (seen.low, seen.mid, seen.high, seen.rests)
    asked = [rows[name].figures[1] for name in ("A prompt to a hosted model", "A decision model")]
    assert ["12 USD", "free"] == asked
    assert "not priced" == rows["A prompt to an open model"].figures[1]
    assert "ruled out: data may not leave" == rows["A prompt with facts looked up"].beside
    assert "scored elsewhere" == rows["A prompt to a hosted model"].beside


def test_names_are_those_of_people() -> None:
    """Ways and steps in plain words, a new one by its own; the larger model only where another was piloted."""
    assert "A brand new way" == way_title(way("brand_new", action="a brand new way"))
    assert ["Train the model", "Train the larger model"] == [step_title("fine_tune", larger=on) for on in (False, True)]
    assert "Paint it" == step_title("paint_it")


# The learning curve


def forecast(**changes: Any) -> Forecast:
    """The sample forecast with changed fields."""
    made: Forecast = replace(sample()["forecast"], **changes)
    return made


@pytest.mark.parametrize(
    ("p_target", "said"),
    [
        (0.9, "The model will probably reach 90%"), (0.6, "The model may well reach 90%"),
        (0.3, "The model might reach 90%"), (0.1, "The model is unlikely to reach 90%"),
        (0.03, "The model will hardly reach 90%"), (0.0, "The model will not reach 90%"),
    ],
)  # fmt: skip
def test_the_chance_chooses_the_words(p_target: float, said: str) -> None:
    """Each word has its own range of chances; nothing is said of a larger model where the model itself was piloted."""
    assert said == curve_title(forecast(p_target=p_target, verdict="open"), sample()["decision"].plan)


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (0.9, "The small stand-in will hardly reach 90%. The larger one probably will."),
        (0.4, "The small stand-in will hardly reach 90%. The larger one might."),
        (0.15, "The small stand-in will hardly reach 90%"),
        (0.05, "The small stand-in will hardly reach 90%"),
    ],
)
def test_the_larger_model_has_a_sentence_where_it_is_likelier(chance: float, said: str) -> None:
    """Only where the plan gives it a chance of its own, and one that is worth a word."""
    made = replace(sample()["decision"].plan, chance=replace(sample()["decision"].plan.chance, shown=Sampled(chance)))
    record = forecast(p_target=0.03, stand_in=True, verdict="unlikely")
    assert said == curve_title(record, made)
    assert "The small stand-in will hardly reach 90%" == curve_title(record, None)


def test_two_models_that_might_are_told_apart() -> None:
    """Where the stand-in might reach it too, the larger one is said to be likelier."""
    made = replace(sample()["decision"].plan, chance=replace(sample()["decision"].plan.chance, shown=Sampled(0.6)))
    record = forecast(p_target=0.3, stand_in=True, verdict="open")
    assert "The small stand-in might reach 90%. The larger one is likelier to." == curve_title(record, made)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": "reached"}, "The model already reaches 90%"),
        ({"verdict": "above the ceiling"}, "People themselves do not agree to 90%"),
        ({"p_target": None, "verdict": "not a pilot yet"}, "Too little was measured to say whether 90% can be reached"),
        ({"target": None, "band": ()}, "What was measured so far"),
    ],
)
def test_some_verdicts_have_a_heading_of_their_own(changes: dict[str, Any], said: str) -> None:
    """Reached, beyond what people agree on, too few points, and no target."""
    assert said == curve_title(forecast(**changes), None)


def test_without_a_target_the_heading_tells_what_more_examples_bring() -> None:
    """From the last size to the largest of the forecast; nothing where the score stays the same."""

    def ends_at(score: float, metric: str = "accuracy") -> str:
        at = Interval80(score, score, score)
        points = (Point(100, 0.5 if score < 1 else 20.0),)
        return curve_title(
            forecast(target=None, points=points, metric=metric, band=(CurveBand(2_000, at, at, None, None),)), None
        )

    assert "From 100 to 2,000 examples the score goes from 50% to 61%" == ends_at(0.61)
    assert "More examples hardly help" == ends_at(0.501)
    assert "From 100 to 2,000 examples the score goes from 20 to 31" == ends_at(31.0, "bleu")


def test_the_curve_of_a_stand_in_says_what_is_assumed() -> None:
    """The larger model's band is drawn, and a note says where it comes from; a model piloted itself has neither."""
    own = under(evidence(case()), "The model")
    assert "" == own.note
    record = forecast(stand_in=True, stand_in_factor="stand_in.factor", p_target=0.02, verdict="unlikely")
    found = under(evidence(case(forecast=record)), "The small stand-in")
    assert "no forecast from your data" in found.note
    assert isinstance(found.blocks[0], Curve)
    assert found.blocks[0].assumed


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
NO_SENSE = option("fine_tune", 1_500.0, -900.0)


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (decided("fine_tune", TRAIN, LABEL), "Train the model: the cheapest step, and worth the most"),
        (decided("label", replace(LABEL, worth=Sampled(2e4)), TRAIN), "Buy labels first: worth the most"),
        (decided("fine_tune", TRAIN, replace(LABEL, release=Sampled(900.0))), "Train the model: worth the most"),
        (decided("label", LABEL, TRAIN), "Buy labels first: advised, though another step is worth more"),
        (decided("fine_tune", TRAIN), "Train the model: the only step that can be weighed"),
        (decided("stop", NO_SENSE), "No step pays for itself"),
        (decided("stop", BLOCKED), "Stopping is the only step that is left"),
        (decided("pilot", TRAIN, action="run the pilot"), "First: run the pilot"),
        (
            decided("ship", TRAIN, instead="Do not fine-tune: a prompt does it."),
            "Another way takes the place of the fine-tune",
        ),
    ],
)
def test_the_comparison_of_steps_has_a_true_heading(decision: Decision, said: str) -> None:
    """Cheapest and best, best alone, advised but not best, alone, nothing pays, something else first, another way."""
    assert said == options_title(decision)


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


@pytest.mark.parametrize(("net", "told"), [(-5.0, True), (5.0, False), (None, False)])
def test_looking_first_is_ruled_out_only_where_no_look_pays(net: float | None, told: bool) -> None:
    """A look that pays, or none that was weighed, leaves the sentence out."""
    look = Experiment("one more seed", "run again", flat(5.0), 1.0, 0.1, net)
    decision = decided("fine_tune", TRAIN, LABEL, experiments=(look,))
    assert told is ("Looking first" in under(evidence(case(decision=decision)), "Train the model").note)


# What moves the total


def driver(name: str, low: float | None, high: float | None) -> Driver:
    """An input at whose ends the total is so much."""
    return Driver(name, 0.2, input_low=1.0, input_high=2.0, total_low=low, total_high=high)


OVERRUNS, RATE = driver("unknowns", 4_000.0, 9_000.0), driver("ml engineer team.rate", 5_000.0, 8_900.0)


@pytest.mark.parametrize(
    ("moving", "said"),
    [
        ((OVERRUNS, RATE), "Overruns move the bill more than any price does"),
        ((OVERRUNS, driver("ml engineer team.rate", 4_100.0, 8_900.0)),
         "Overruns and the hourly rate of the machine-learning engineer move the bill most"),
        ((OVERRUNS, driver("rounds", 6_000.0, 8_000.0)), "Nothing moves the bill more than overruns"),
        ((driver("rounds", 2_000.0, 9_000.0), OVERRUNS),
         "Nothing moves the bill more than rounds until it works or stops"),
        ((driver("effort.integration", 6_000.0, 8_000.0),),
         "Nothing moves the bill more than hours to put the model into use"),
    ],
)  # fmt: skip
def test_what_moves_the_total_is_said_only_where_it_clearly_leads(moving: tuple[Driver, ...], said: str) -> None:
    """Overruns against prices, one input that leads, or two that are nearly alike."""
    assert said == drivers_title(moving)


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


# What the answers cost


def test_the_volume_from_which_another_way_is_cheaper_is_the_heading() -> None:
    """Where no volume changes it, the cheapest way is; without any priced way nothing is said."""
    record: Inference = sample()["inference"]
    assert "From 440,000 answers a month, 1 x L4 on demand is the cheaper way" == inference_title(record)
    never = replace(record, crossings=(Crossing("a", "b", None, None, None, ""),))
    assert "Gpt-4.1-mini, prompted is the cheapest way to answer" == inference_title(never)
    unpriced = replace(record, ways=tuple(replace(one, rank=None, per_month=None) for one in record.ways))
    assert not any("answer" in title for title in titles(evidence(case(inference=unpriced))))


def test_the_cheapest_way_to_serve_stands_first() -> None:
    """Ways by rank; the volume from which the project pays by cheaper answers stands in the note."""
    found = under(evidence(case()), "From 440,000")
    chart = found.blocks[0]
    assert isinstance(chart, Rows)
    assert ["gpt-4.1-mini, prompted", "1 x L4 on demand"] == [row.name for row in chart.rows]
    assert "from 1,200,000 answers a month" in found.note


# All of it


def test_the_lede_says_what_is_measured_assumed_and_not_known() -> None:
    """By what is on record: a stand-in, a model of its own, or nothing at all."""
    assert "Nothing was measured yet." == lede(Material())
    stand_in = case(
        pilot=replace(sample()["pilot"], stand_in=True, model="a/small-1"), forecast=forecast(stand_in=True),
        definition=of_ways(way("prompt_hosted")),
    )  # fmt: skip
    measured = "Measured: the data, a small stand-in (small-1)."
    assert f"{measured} Assumed: the larger model. Not known: whether a prompt would do." == lede(stand_in)
    assert "Assumed" not in lede(case())
    assert "prompt" not in lede(case())


LOSS = forecast(
    target=1.2, metric="loss", direction="lower", points=(Point(100, 2.0), Point(200, 1.7)), ceiling=None,
    band=(CurveBand(400, Interval80(1.4, 1.5, 1.6), Interval80(1.4, 1.5, 1.6), 0.1, None),),
)  # fmt: skip
CASES: dict[str, Material] = {
    "usual": case(),
    "no pilot": case(pilot=None, forecast=None, decision=None),
    "no decision": case(decision=None),
    "no target": case(forecast=forecast(target=None), definition=replace(samples.definition(), target=None)),
    "a loss": case(forecast=LOSS, definition=of_ways(way("today", 2.0), target=1.2, metric="loss")),
    "bleu": case(forecast=forecast(metric="bleu"), definition=of_ways(way("today", 20.0), target=30.0, metric="bleu")),
    "macro F1": case(forecast=forecast(metric="macro_f1"), definition=of_ways(way("today", 0.7), metric="macro_f1")),
    "stop": case(decision=decided("stop", NO_SENSE)),
    "ship": case(decision=decided("ship", TRAIN, instead="Do not fine-tune: n-grams does it.")),
    "fix first": case(decision=decided("fix first", TRAIN, action="mend the data before anything is trained")),
    "overruns": case(estimate=replace(sample()["estimate"], drivers=(OVERRUNS, RATE))),
    "n-grams": case(pilot=replace(sample()["pilot"], model="probe (n-gram logistic regression)", stand_in=True)),
    "nothing": Material(),
}


@pytest.mark.parametrize("name", CASES)
def test_no_part_says_a_word_that_is_not_plain(name: str) -> None:
    """Whatever is missing, every text is one for the board, and the part is short."""
    part = evidence(CASES[name])
    assert [] == [text for text in texts(part) if breaches(text)]
    assert words(part) <= 700


def test_a_score_that_is_no_share_is_told_in_its_own_figures() -> None:
    """A loss is no percentage, and lower is better."""
    said = list(texts(evidence(CASES["a loss"])))
    assert "Nothing tried reaches 1.2; the best gets 2" in said
    assert not any("120%" in text for text in said)


def test_what_is_not_on_record_is_left_out() -> None:
    """Without any record there is the lede alone, and rows of the data are never shown."""
    assert () == evidence(Material()).findings
    shown = " ".join(texts(evidence(case())))
    assert not any(example in shown for finding in sample()["audit"].findings for example in finding.examples)
