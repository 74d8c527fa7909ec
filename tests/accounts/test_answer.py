"""The first screen: one of seven verdicts, four figures of one plan, gates that add up, and what would change it."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.problem_cases import project
from tunecase.accounts import Material, answer
from tunecase.accounts.gates import gates, gates_title, rule
from tunecase.accounts.tiles import tiles
from tunecase.accounts.verdict import release_now, verdict
from tunecase.blocks import Answer
from tunecase.quantities import Band, Sampled, plain_figure, plain_share
from tunecase.records import Alternative, Bar, Decision, Estimate, Flip, Limits, Look, Outcome, Plan, Release

MODEL = "meta-llama/Llama-3.1-8B"


@cache
def usual() -> Decision:
    """The sample decision."""
    return samples.decision()


@cache
def bill() -> Estimate:
    """The sample bill."""
    return samples.estimate()


def plan(**moved: Any) -> Plan:
    """A plan that trains the larger model once, with some of its fields changed."""
    then = (
        Outcome("ship", Sampled(0.426), Sampled(0.979)),
        Outcome("ask again", Sampled(0.574), Sampled(0.2397)),
    )
    made = usual().plan
    assert made.chance is not None
    chance = replace(made.chance, shown=Sampled(0.5546))
    about = {
        "lever": "fine_tune", "action": f"fine-tune {MODEL} on the 680 rows at hand", "then": then, "chance": chance,
        "limits": Limits(0.833, 680), "budget_left": 15_000.0,
        "release": Release(Sampled(5_059.0), Sampled(3_996.0), 36.0, 108.0, 41.0), "target": 0.8,
    }  # fmt: skip
    return replace(made, **(about | moved))


def decision(**moved: Any) -> Decision:
    """A decision that advises this plan, with some of its fields changed."""
    made = usual()
    best = replace(made.options[0], lever="fine_tune", action=plan().action)
    about = {
        "advice": "fine_tune", "action": plan().action, "plan": plan(), "options": (best, *made.options[1:]),
        "value_flips": (Flip("problem.value", 0.4, 0.14, "stop"),),
    }  # fmt: skip
    return replace(made, **(about | moved))


def prompt(**moved: Any) -> Alternative:
    """A prompted model that nobody has tried."""
    way = Alternative("prompt_hosted", "prompt a hosted model", None, None, None, None, None, "unknown")
    return replace(way, measure="tunecase pilot --hosted X", measure_cost=Band(0.1, 0.4, 0.6, 0.8), **moved)


def material(**moved: Any) -> Material:
    """A case with a stand-in's pilot and an untried prompt, with some of its records changed."""
    definition = replace(samples.definition(), alternatives=(prompt(),), order=("prompt_hosted",), target=0.8)
    forecast = replace(samples.forecast(), stand_in=True, p_target=0.1, target=0.8)
    about = {
        "definition": definition, "audit": samples.audit(), "estimate": bill(), "forecast": forecast,
        "decision": decision(), "project": project().model_copy(update={"models": (MODEL,)}),
    }  # fmt: skip
    return Material(**(about | moved))


def told(found: Answer) -> str:
    """All words of the first screen but the labels of its picture."""
    tiles = [f"{one.name} {one.value} {one.unit} {one.beside} {one.rests}" for one in found.tiles]
    turns = [f"{title} {words}" for title, words in found.changes]
    first = (found.verdict.sentence, found.verdict.why, *tiles, found.gates_title, found.gates_note)
    return " ".join([*first, *turns, *found.choices])


def test_each_figure_says_what_it_rests_on() -> None:
    """The mark is that of the plan; a figure that nobody knows has none."""
    assert ["assumed", "assumed", "measured", "stated"] == [one.rests for one in answer(material()).tiles]
    unknown = answer(Material()).tiles
    assert [""] * 4 == [one.rests for one in unknown]
    assert ["0", "not known", "not known", "not known"] == [one.value for one in unknown]


WAY = "a head on sentence-transformers/all-MiniLM-L6-v2"
LOOK = Look("prompt_hosted", "gpt-6-luna", "tunecase pilot --hosted gpt-6-luna", Band(0.2, 0.37, 0.5, 0.6), 1.1, 120.0,
            0.15, 0.76, 6, 21, 1_200.0)  # fmt: skip


@pytest.mark.parametrize(
    ("moved", "kind", "sentence"),
    [
        ({}, "stages", "Yes, in stages: release 4,500 USD now, not 18,000."),
        ({"advice": "pilot"}, "measure", "Measure first: run a small pilot before any money is released."),
        ({"looks": (LOOK,), "first_look": LOOK.way}, "measure",
         "Not yet: ask a prompted model first: about 0.40 USD and an hour."),
        ({"advice": "ship", "instead": f"Do not fine-tune: {WAY} does it."}, "instead",
         "Do not fine-tune: a small encoder does it."),
        ({"advice": "stop", "instead": f"Do not fine-tune: {WAY} can give 97% of the answers with at most 4.0% of them "
          "wrong and leave the rest to people; it scores 0.954 on all of them."}, "instead",
         "Do not fine-tune: a small encoder can give 97% of the answers."),
        ({"advice": "label", "instead": "Fine-tune later, if at all: first buy 9 more labelled examples."}, "instead",
         "Fine-tune later, if at all: first buy 9 more labelled examples."),
        ({"advice": "ship"}, "ship", "Ship what you have: it meets the target of 90%."),
        ({"advice": "redefine"}, "ship", "Ship what you have: it meets your fallback."),
        ({"advice": "stop"}, "no", "No: no step pays for itself."),
        ({"advice": "state the value"}, "not yet", "Not yet: say what a right answer is worth first."),
        ({"advice": "state the target"}, "not yet", "Not yet: say which score is enough first."),
        ({"advice": "ask a wise man", "action": "Ask him"}, "not yet", "Not yet: ask him."),
    ],
)  # fmt: skip
def test_each_advice_has_its_verdict(moved: dict[str, Any], kind: str, sentence: str) -> None:
    """The verdict follows the advice, and what takes the fine-tune's place goes before it."""
    made = replace(usual(), **moved)
    found = verdict(Material(forecast=samples.forecast(), decision=made))
    assert (found.kind, found.sentence) == (kind, sentence)


@pytest.mark.parametrize(
    ("chance", "bar", "words"),
    [
        (0.98, Bar(Sampled(0.98), 0.5, 1.0), "it meets the target of 90%."),
        (0.62, Bar(Sampled(0.62), 0.5, 1.0), "60% likely to meet the target of 90%, and 50% is enough."),
        (0.03, None, "what it brings is worth more than any further step."),
    ],
)
def test_what_is_shipped_is_said_to_meet_the_target_where_that_is_sure(
    chance: float, bar: Bar | None, words: str
) -> None:
    """Else its chance stands there with the one that is enough, or that a part of the gain is had."""
    made = plan(lever="ship", chance=replace(plan().chance, shown=Sampled(chance)), bar=bar)
    found = verdict(Material(forecast=samples.forecast(), decision=replace(usual(), advice="ship", plan=made)))
    assert f"Ship what you have: {words}" == found.sentence


@pytest.mark.parametrize(("misses", "said"), [(0.38, True), (0.97, False)])
def test_a_fine_tune_has_something_to_add_to_what_misses_the_target(misses: float, said: bool) -> None:
    """A way that ships for a part of the gain leaves the rest to be had."""
    made = plan(lever="ship", chance=replace(plan().chance, false_pass=Sampled(misses)))
    advised = replace(usual(), advice="ship", instead=f"Do not fine-tune: {WAY} does it.", plan=made)
    assert said == ("nothing to add" in verdict(Material(forecast=samples.forecast(), decision=advised)).why)


def test_what_is_open_comes_before_any_advice() -> None:
    """A problem that is not well posed and data that are not fit end it; each says what to do, the rule's id aside."""
    power = replace(samples.definition().criteria[5], status="fail", fix="label 216 more test rows")
    unposed = replace(samples.definition(), verdict="do not start", criteria=(power,))
    found = answer(material(definition=unposed))
    assert ("not yet", "Not yet: label more test examples first.") == (found.verdict.kind, found.verdict.sentence)
    assert found.changes == (("Label more test examples.", "Label 216 more test examples."),)
    assert found.gates is not None
    told = (("not fit", "these data are not fit."), ("too little to say", "the examples tell too little."))
    for judged, words in told:
        assert words in verdict(material(audit=replace(samples.audit(), verdict=judged))).sentence
    above = replace(samples.forecast(), verdict="above the ceiling")
    assert "above what people agree on" in verdict(material(forecast=above)).sentence


def test_where_nothing_is_advised_nothing_is_released() -> None:
    """Stopping, shipping and another way release 0 and can lose 0; what is shipped shows its score for a chance."""
    for advice, instead in (("stop", ""), ("ship", ""), ("ship", "Do not fine-tune: use b.")):
        made = replace(usual(), advice=advice, instead=instead)
        found = answer(material(decision=made))
        assert ["0", "0"] == [one.value for one in found.tiles[:2]]
        assert found.gates is None
        assert "" == found.gates_title
        assert found.tiles[2].name.startswith("Score" if advice == "ship" else "Chance")


@pytest.mark.parametrize(
    ("left", "value", "beside"),
    [
        (15_000.0, "5,000", "hours and rates are a guess"),
        (3_000.0, "0", "putting it to use takes 5,000 USD, beyond the budget"),
    ],
)
def test_what_passes_the_budget_is_said_beside_a_release_of_nothing(left: float, value: str, beside: str) -> None:
    """What is put to use has a price also where nothing is bought."""
    made = plan(lever="ship", budget_left=left, evidence={"release": "assumed"})
    tile = answer(material(decision=decision(advice="ship", plan=made))).tiles[0]
    assert (value, beside) == (tile.value, tile.beside)


def test_what_is_spent_takes_the_place_of_a_release_of_nothing() -> None:
    """Once money is spent it is told, beside the next release or in its place."""
    assert "3,885.57 spent so far" == answer(material(books=samples.books())).tiles[0].beside
    stopped = material(books=samples.books(), decision=replace(usual(), advice="stop"))
    tile = answer(stopped).tiles[0]
    assert ("spent", "3,885.57", "measured") == (tile.key, tile.value, tile.rests)


shares = st.lists(st.floats(0.01, 1.0), min_size=2, max_size=2)


@given(shares, st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2))
def test_the_picture_adds_up_to_the_chance(parts: list[float], reach: list[float]) -> None:
    """Shares of the branches sum to 1, those that reach the target to the chance as printed, none above its branch."""
    parts = [part / sum(parts) for part in parts]
    then = tuple(
        Outcome(name, Sampled(part), Sampled(hit))  # type: ignore[arg-type]
        for name, part, hit in zip(("ship", "ask again"), parts, reach, strict=True)
    )
    shown = sum(part * hit for part, hit in zip(parts, reach, strict=True))
    made = plan(then=then)
    assert made.chance is not None
    made = replace(made, chance=replace(made.chance, shown=Sampled(shown)))
    found = answer(material(decision=decision(plan=made)))
    assert abs(sum(one.share for one in found.gates.branches) - 1) < 1e-9
    assert abs(found.gates.reach - Sampled(shown).shown_share) < 1e-9
    assert all(0 <= one.reaches <= one.share + 1e-9 for one in found.gates.branches)
    assert found.tiles[2].value == plain_share(Sampled(shown))


def test_gates_read_the_right_way_round() -> None:
    """Where less is better, ship is at or below, and stop above; what no score tells is otherwise."""
    lower = plan(direction="lower", limits=Limits(0.05, 680))
    found = gates(material(decision=decision(plan=lower)))
    assert ["at 5% or less", "above 5%"] == [one.rule for one in found.branches]
    unknown = gates(material(decision=decision(plan=plan(limits=None))))
    assert {"otherwise"} == {one.rule for one in unknown.branches}
    assert "The first test says what comes next" == gates_title(found)
    ends = Outcome("ship", Sampled(0.7), Sampled(1.0)), Outcome("settle", Sampled(0.3), Sampled(0.0))
    ended = gates(material(decision=decision(plan=plan(then=ends))))
    assert "One test decides" == gates_title(ended)
    alone = gates(material(decision=decision(plan=plan(then=(Outcome("ask again", Sampled(1.0), Sampled(0.0)),)))))
    assert "After the first test: ask again" == gates_title(alone)


@pytest.mark.parametrize("lacking", ["definition", "audit", "estimate", "forecast", "project", "decision"])
def test_any_record_may_be_missing(lacking: str) -> None:
    """Whatever is missing is told as not known, never guessed."""
    assert 4 == len(answer(material(**{lacking: None})).tiles)


@pytest.mark.parametrize(
    ("chance", "reached", "missed"),
    [(0.0, "0", "100"), (0.004, "under 1", "over 99"), (0.998, "over 99", "under 1"), (1.0, "100", "0")],
)
def test_next_to_nothing_is_not_nothing(chance: float, reached: str, missed: str) -> None:
    """Both ends of the picture say so, or neither."""
    then = (Outcome("ship", Sampled(chance), Sampled(1.0)), Outcome("ask again", Sampled(1 - chance), Sampled(0.0)))
    made = plan(then=then, chance=replace(plan().chance, shown=Sampled(chance)))
    drawn = gates(material(decision=decision(plan=made)))
    assert f"Reaches 80%: {reached} in 100" == drawn.reached[0]
    assert f"Does not: {missed} in 100" == drawn.missed[0]


def test_below_what_ships_the_question_is_asked_again() -> None:
    """Each branch has the score at which it is taken; without one that ships, none is told."""
    unscored = plan(limits=Limits(0.833, 680))
    rules = {one.name: rule(unscored, one, "accuracy") for one in unscored.then}
    assert {"ship": "at 83% or more", "ask again": "below 83%"} == rules
    assert "otherwise" == rule(plan(limits=Limits(None, 680)), unscored.then[1], "accuracy")


def test_what_is_asked_for_now_is_what_the_first_tile_shows() -> None:
    """The first step's price where it is advised, and nothing where the advice is to stop or to mend first."""
    decided = samples.decision()
    asked = release_now(decided)
    assert asked is not None
    assert plain_figure(asked) == tiles(Material(decision=decided), "yes")[0].value
    for advice in ("stop", "fix first"):
        barred = replace(decided, advice=advice)
        assert release_now(barred) is None
        assert "0" == tiles(Material(decision=barred), "no")[0].value
