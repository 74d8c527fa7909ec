"""The other ways side by side: values, costs and evidence where they are known, and unknown where they are not."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.laws import law
from tests.problem_cases import basis, project
from tunecase.errors import install_line
from tunecase.inference import Answers
from tunecase.prices.api import ApiPrice
from tunecase.problem.alternatives import alternatives
from tunecase.problem.ways import Standing, prompted
from tunecase.project import Constraints, Member, Project
from tunecase.quantities.spread import Band
from tunecase.records import Alternative, Baseline, Pilot

COST = Band(2_000.0, 3_000.0, 4_000.0, 5_000.0)
FIXED = {"value": "2 USD per correct", "volume": "1000 per month", "horizon": "10 months"}
TEAM = ({"role": "ml engineer", "rate": "100 USD per hour"},)
LLAMA, SMOL = "meta-llama/Llama-3.1-8B", "HuggingFaceTB/SmolLM2-135M-Instruct"


def asked(models: tuple[str, ...] = (LLAMA,), include_inference: bool = False, **problem: Any) -> Project:
    """A project with fixed numbers: 10,000 answers over the horizon, an hour of work for 100 USD."""
    made = project(**{**FIXED, **problem})
    team = tuple(Member.model_validate(one) for one in TEAM)
    return made.model_copy(update={"models": models, "team": team, "include_inference": include_inference})


def standing(**changes: Any) -> Standing:
    """What the ways are held against: 60% in use, 80% wanted."""
    known = {"base": 0.6, "in_use": 0.6, "target": 0.8, "direction": "higher", "counts_items": True}
    return Standing(**{**known, **changes})


def ways(of: Project, held: Standing | None = None, **more: Any) -> dict[str, Alternative]:
    """The ways by name."""
    table, _ = alternatives(basis(of), held or standing(), **{"tuning_cost": COST, **more})
    return {way.name: way for way in table}


def test_what_is_stated_is_reckoned() -> None:
    """Score, hours and price as stated give value, set-up, answers and cost in the project's currency."""
    given_ = {
        "prompt_hosted": {"score": "70%", "set_up": "10 h", "price_per_1k_answers": "4 USD", "model": "large-one"}
    }
    serving = {"price_per_1k_today": "1 USD", "price_per_1k_answers": "0.5 USD"}
    found = ways(asked(alternatives=given_, serving=serving))
    hosted, today, tuned = found["prompt_hosted"], found["today"], found["tune_small"]
    # Short of the target of 80%: nothing; 10 h x 100 USD; 10,000 / 1,000 x 4 USD
    assert (0, 1_000, 40, 1_040) == pytest.approx(
        tuple(band.p50 for band in (hosted.value, hosted.set_up, hosted.running, hosted.cost) if band)
    )
    assert ("stated", (), "large-one; hours of set-up as stated") == (hosted.evidence, hosted.unknown, hosted.note)
    assert (0.6, 10, "stated", ()) == (today.score, today.cost and today.cost.p50, today.evidence, today.unknown)
    # The model to be tuned is valued at the target, and that is an assumption.
    assert ("assumed", None) == (tuned.evidence, tuned.score)
    assert (4_000, 3_005) == pytest.approx((tuned.value and tuned.value.p50, tuned.cost and tuned.cost.p50))
    assert "valued at the target" in tuned.note


def test_what_is_missing_is_unknown_and_named() -> None:
    """Without scores and prices every way says what is missing, and no cost or value is made up."""
    found = ways(asked(), standing(base=None, in_use=None), tuning_cost=None)
    names = "today n_grams encoder nearest prompt_hosted decision prompt_open retrieval tune_small tune_large"
    names += " encoder_tuned"
    assert set(names.split()) == set(found)
    assert {None} == {way.cost for way in found.values()} == {way.score for way in found.values()}
    assert {None} == {way.value for name, way in found.items() if name != "today"}
    assert all(way.unknown for way in found.values())
    assert "alternatives.retrieval.score" in found["retrieval"].unknown
    assert ("a model of that size under models", "alternatives.tune_large.score") == found["tune_large"].unknown


def test_volume_and_value_are_asked_for() -> None:
    """A score alone has no value in money without a value, a volume and a metric that counts answers."""
    given_ = {"prompt_open": {"score": "70%", "price_per_1k_answers": "1 USD"}}
    bare = ways(asked(value=None, volume=None, alternatives=given_))["prompt_open"]
    assert ("problem.value", "problem.volume") == bare.unknown
    free = ways(asked(alternatives=given_), standing(counts_items=False))["prompt_open"]
    assert (None, ("a metric that counts right answers",)) == (free.value, free.unknown)


@pytest.mark.parametrize(
    ("score", "fallback", "brings"),
    [("50%", None, 0), ("79%", None, 0), ("80%", None, 4_000), ("90%", None, 4_000), ("70%", "65%", 2_000)],
)
def test_a_score_counts_from_the_one_in_use_to_the_target(score: str, fallback: str | None, brings: float) -> None:
    """2 USD x 10,000 answers x points; what falls short of the target, or of a fallback, would not be put to use."""
    found = ways(asked(alternatives={"retrieval": {"score": score}}, fallback=fallback))["retrieval"]
    assert found.value.p50 == pytest.approx(brings)


def test_small_and_large_are_the_models_named() -> None:
    """Of two models the smaller is the small one; the bill is that of the last one named, the other's is unknown."""
    found = ways(asked((SMOL, LLAMA)))
    small, large = found["tune_small"], found["tune_large"]
    assert (None, "unknown") == (small.set_up, small.evidence)
    assert any(f"compare --set models=[{SMOL}]" in one for one in small.unknown)
    assert (COST, "assumed") == (large.set_up, large.evidence)
    alone = ways(asked(("meta-llama/Llama-3.1-70B",)))
    assert (None, COST) == (alone["tune_small"].set_up, alone["tune_large"].set_up)


def test_a_configuration_of_ones_own_has_a_size(tmp_path: Path) -> None:
    """A model named by its config.json is sized by it; one that cannot be read stops nothing."""
    whole = tmp_path / "config.json"
    sizes = {"hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64, "intermediate_size": 28672}
    kind = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 128256}
    whole.write_text(json.dumps({**sizes, **kind, "num_key_value_heads": 8}), encoding="utf-8")
    assert str(whole) in ways(asked((str(whole),)))["tune_large"].note
    empty = tmp_path / "empty" / "config.json"
    empty.parent.mkdir()
    empty.write_text("{}", encoding="utf-8")
    assert str(empty) in ways(asked((str(empty),)))["tune_small"].note


def test_answers_come_on_top_of_the_bill_at_their_own_price() -> None:
    """The bill holds what leads to the model; the answers are added, at the price stated for this very way."""
    serving = {"price_per_1k_answers": "5 USD"}
    for inside in (False, True):
        found = ways(asked(include_inference=inside, serving=serving))["tune_small"]
        assert 3_050 == pytest.approx(found.cost and found.cost.p50)
    own = {"tune_small": {"price_per_1k_answers": "50 USD"}}
    dear = ways(asked(include_inference=True, serving=serving, alternatives=own))["tune_small"]
    assert 3_500 == pytest.approx(dear.cost and dear.cost.p50)


def test_what_the_bill_has_no_price_for_is_not_known() -> None:
    """A line without a price is named beside the way whose bill lacks it; answers are asked for on their own."""
    lines = ("gpu: no machine is priced", "inference: problem.volume is not given")
    found = ways(asked((SMOL, LLAMA)), unpriced=lines)
    assert lines[0] in found["tune_large"].unknown
    assert lines[1] not in found["tune_large"].unknown
    assert lines[0] not in found["tune_small"].unknown


def test_a_score_is_stated_or_measured() -> None:
    """What the project file says is stated; what answers to the test showed, or a pilot, is measured."""
    told = ways(asked(alternatives={"tune_small": {"score": "85%"}, "prompt_open": {"score": "70%"}}))
    assert ["stated"] * 3 == [told[name].evidence for name in ("today", "tune_small", "prompt_open")]
    assert "measured" == ways(asked(baseline=None))["today"].evidence


def piloted(model: str, *baselines: Baseline) -> Pilot:
    """A pilot of this model with these baselines."""
    return replace(samples.pilot(), model=model, baselines=baselines, stand_in=False)


def test_a_pilots_prompts_and_runs_are_measured() -> None:
    """What a pilot asked and trained is measured; a small model in another's place does not speak for it."""
    asks = (
        Baseline("majority", 0.2, 100),
        Baseline("few-shot", 0.66, 100),
        Baseline("big few-shot", 0.74, 100, usd_per_1k_answers=3.0),
        Baseline("big zero-shot", 0.70, 100),
    )
    of = asked()
    found = ways(of, pilot=piloted(LLAMA, *asks))
    assert (0.74, 0.66) == (found["prompt_hosted"].score, found["prompt_open"].score)
    assert found["prompt_hosted"].running.p50 == pytest.approx(30)
    assert "measured" == found["tune_small"].evidence
    assert found["retrieval"].score is None
    assert ["few-shot", "big few-shot", "big zero-shot"] == [
        one.name for one in prompted(piloted(LLAMA, *asks), basis(of))
    ]
    small = piloted(SMOL, *asks)
    assert ["big few-shot", "big zero-shot"] == [one.name for one in prompted(small, basis(of))]
    assert None is ways(of, pilot=small)["prompt_open"].score
    assert () == prompted(None, basis(of))


@law(30)
@given(price=st.floats(0.01, 100), score=st.floats(0.01, 1), hours=st.floats(0.1, 500))
def test_dearer_never_costs_less_and_better_never_brings_less(price: float, score: float, hours: float) -> None:
    """Costs are never negative, double prices never cost less, a better score never brings less."""

    def way(factor: float, right: float) -> Alternative:
        stated = {"score": right, "price_per_1k_answers": f"{price * factor} USD", "set_up": f"{hours} h"}
        return ways(asked(alternatives={"prompt_hosted": stated}))["prompt_hosted"]

    one, dear, better = way(1, score), way(2, score), way(1, min(1.0, score * 1.1))
    assert 0 < one.cost.p50 < dear.cost.p50
    assert better.value.p50 >= one.value.p50


def by_token(of: Project, tokens: tuple[float, float] | None) -> dict[str, Alternative]:
    """The ways by name, where answers have the price of `tunecase inference`."""
    priced = replace(basis(of), answer_prices=Answers(tokens))
    return {way.name: way for way in alternatives(priced, standing(), tuning_cost=COST)[0]}


def test_a_hosted_model_without_a_price_is_priced_by_its_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 tokens in, 500 of instructions, 100 out at 1 and 10 USD per Mtok, 10,000 times; a stated price is first."""
    price = ApiPrice("large-one", "somebody", Decimal(1), Decimal(10), "a package")
    monkeypatch.setattr("tunecase.inference.by_token.api_price", lambda name, *when: price)
    of = {"prompt_hosted": {"score": "70%", "model": "large-one"}}
    serving = {"traffic": {"instructions": 500}}
    found = by_token(asked(alternatives=of, serving=serving), (1_000.0, 100.0))["prompt_hosted"]
    assert pytest.approx(25) == found.running.p50
    assert "instructions counted" in found.note
    assert () == found.unknown
    stated = {"prompt_hosted": {**of["prompt_hosted"], "price_per_1k_answers": "4 USD"}}
    told = by_token(asked(alternatives=stated, serving=serving), (1_000.0, 100.0))["prompt_hosted"]
    assert (pytest.approx(40), False) == (told.running.p50, "instructions" in told.note)


def test_cached_input_lowers_the_price_of_a_hosted_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Input that the provider holds costs its own price, half of it here."""
    price = ApiPrice("large-one", "somebody", Decimal(1), Decimal(10), "a package", cached_usd_per_mtok=Decimal(0))
    monkeypatch.setattr("tunecase.inference.by_token.api_price", lambda name, *when: price)
    of = {"prompt_hosted": {"score": "70%", "model": "large-one"}}
    serving = {"traffic": {"instructions": 500, "cached": "50%"}}
    found = by_token(asked(alternatives=of, serving=serving), (1_000.0, 100.0))["prompt_hosted"]
    assert pytest.approx(17.5) == found.running.p50


def test_answers_of_today_have_the_price_that_the_bill_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `serving.today` names the model that answers today, its tokens are priced, and nothing is missing."""
    price = ApiPrice("large-one", "somebody", Decimal(1), Decimal(10), "a package")
    monkeypatch.setattr("tunecase.inference.by_token.api_price", lambda name, *when: price)
    serving = {"today": "large-one", "price_per_1k_answers": "1 USD", "traffic": {"instructions": 500}}
    found = by_token(asked(serving=serving), (1_000.0, 100.0))["today"]
    assert (pytest.approx(25), ()) == (found.running.p50, found.unknown)


@pytest.mark.parametrize("tokens", [None, (1_000.0, 100.0)])
def test_a_model_whose_tokens_have_no_price_stays_unpriced(tokens: tuple[float, float] | None) -> None:
    """And so does one whose tokens nobody counted."""
    of = {"prompt_hosted": {"score": "70%", "model": "no-such-model"}}
    found = by_token(asked(alternatives=of), tokens)["prompt_hosted"]
    assert found.running is None
    assert ("alternatives.prompt_hosted.price_per_1k_answers",) == found.unknown


def test_the_ways_of_a_task_without_classes_are_fewer() -> None:
    """What chooses one of a list of answers is left out where answers are free text, and the first row says so."""
    found = ways(asked(), standing(task="generation"))
    assert not {"n_grams", "encoder", "nearest", "decision", "encoder_tuned"} & set(found)
    assert "a decision model" in found["today"].note
    crowded = ways(asked(), standing(classes=256))
    assert "decision" not in crowded
    assert "256 classes are more than the 255" in crowded["today"].note


RULES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"data_stays": True}, "rows may not leave"),
    ({"languages": ("de",)}, "it reads en, not de"),
    ({"licences": ("mit",)}, "which is not among the licences allowed"),
    ({"max_price_per_1k_answers": "1 USD"}, "more than the 1.0 USD allowed"),
)


@pytest.mark.parametrize(("rules", "words"), RULES)
def test_a_way_that_is_struck_comes_last_and_is_not_tried(rules: dict[str, Any], words: str) -> None:
    """Whatever it scores: its reason stands beside it, it is asked for nothing, and it has no place in the order."""
    stated = {"prompt_hosted": {"score": "99%", "model": "gpt-6-luna", "price_per_1k_answers": "2 USD"}}
    of = asked(alternatives=stated).model_copy(update={"constraints": Constraints.model_validate(rules)})
    table, order = alternatives(basis(of), standing(rows=900, test_rows=300), tuning_cost=COST)
    struck = [way.name for way in table if way.struck]
    assert struck
    assert struck == [way.name for way in table[-len(struck) :]]
    assert any(words in way.struck for way in table)
    assert not set(struck) & set(order)
    assert {""} == {way.measure for way in table if way.struck}


@pytest.mark.parametrize(("metric", "kept"), [("mae", ()), ("exact_match", ("decision",)), ("my own", ())])
def test_ways_that_cannot_score_the_metric_are_left_out(metric: str, kept: tuple[str, ...]) -> None:
    """And named with the metric beside today's row; what can be stated stays, and no pilot is told that would fail."""
    of = asked(metric=metric, direction="lower", target=0.5, baseline=0.9)
    table, order = alternatives(basis(of), standing(rows=900, test_rows=300), tuning_cost=COST)
    names = {way.name for way in table}
    assert set(kept) == names & {"n_grams", "encoder", "nearest", "decision", "encoder_tuned"}
    assert {"today", "prompt_hosted", "prompt_open", "retrieval"} <= names
    (today,) = (way for way in table if way.name == "today")
    assert today.note.startswith(f"left out, since they cannot be scored by {metric}: a small word-count model, ")
    if not kept:
        assert () == order
        assert {""} == {way.measure for way in table}


def test_a_search_over_vectors_of_a_struck_encoder_is_struck() -> None:
    """Also where the project lists an encoder that reads the language, which nobody has searched yet."""
    models = ("intfloat/multilingual-e5-small", LLAMA)
    of = asked(models).model_copy(update={"constraints": Constraints(languages=("de",))})
    near = Baseline("nearest examples", 0.7, 300, kind="search")
    pilot = replace(samples.pilot(), model=SMOL, baselines=(near,), candidates=())
    table, order = alternatives(basis(of), standing(rows=900, test_rows=300), pilot=pilot, tuning_cost=COST)
    struck = {way.name: way.struck for way in table}
    assert "it reads en, not de" == struck["nearest"]
    assert "" == struck["encoder"]
    assert "encoder" in order


@law(25)
@given(
    measured=st.lists(st.floats(0.05, 0.95), min_size=2, max_size=2),
    stated=st.one_of(st.none(), st.floats(0.05, 1.0)),
    data_stays=st.booleans(),
)
def test_measured_ways_rank_first_whatever_others_say(
    measured: list[float], stated: float | None, data_stays: bool
) -> None:
    """Measured ones by their score, then stated ones; what is assumed or published comes after, what is struck last."""
    asks = (Baseline("big few-shot", measured[0], 100, kind="hosted"), Baseline("probe", measured[1], 100))
    given_ = {} if stated is None else {"prompt_open": {"score": stated}}
    of = asked(alternatives=given_).model_copy(update={"constraints": Constraints(data_stays=data_stays)})
    pilot = replace(samples.pilot(), model=SMOL, baselines=asks, candidates=())
    table, _ = alternatives(basis(of), standing(in_use=None, rows=900, test_rows=300), pilot=pilot, tuning_cost=COST)
    kinds = [(bool(way.struck), ("measured", "stated").index(way.evidence) if way.score is not None else 2)
             for way in table]  # fmt: skip
    assert kinds == sorted(kinds)
    scores = [way.score for way in table if way.evidence == "measured" and not way.struck]
    assert scores == sorted(scores, reverse=True)
    assert not table[0].struck
    assert any(way.published for way in table)


def test_what_can_pay_is_tried_first_cheapest_to_know_first() -> None:
    """By what it costs to find out and to set up; a way that costs more than the target brings goes last."""
    of = asked((SMOL,), alternatives={"prompt_hosted": {"price_per_1k_answers": "1 USD"}})
    _, order = alternatives(basis(of), standing(rows=900, test_rows=300), tuning_cost=COST)
    assert ["n_grams", "encoder", "nearest"] == list(order[:3])
    assert order.index("prompt_hosted") < order.index("encoder_tuned") < order.index("prompt_open")
    dear = {"prompt_hosted": {"price_per_1k_answers": "900 USD"}}
    _, later = alternatives(
        basis(asked((SMOL,), alternatives=dear)), standing(rows=900, test_rows=300), tuning_cost=COST
    )
    assert "prompt_hosted" == later[-1]


@pytest.mark.parametrize("is_here", [True, False])
def test_a_tuned_encoder_is_a_way_of_its_own(is_here: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command measures it, with the encoder that the project names; it installs first what is not here."""
    monkeypatch.setattr("tunecase.problem.ways.untuned.find_spec", lambda package: object() if is_here else None)
    first = "" if is_here else f"{install_line('train')} && "
    for models, command in (
        ((SMOL,), "tunecase pilot --candidates auto,encoder-tuned"),
        ((SMOL, "thenlper/gte-small"), "tunecase pilot --candidates auto,encoder-tuned:thenlper/gte-small"),
    ):
        found = ways(asked(models), standing(rows=900, test_rows=300))["encoder_tuned"]
        assert (first + command, "encoder", "unknown") == (found.measure, found.kind, found.evidence)
        assert install_line("train") in found.note
        assert found.measure_minutes.low < found.measure_minutes.mid
        assert found.set_up is not None


def test_what_is_measured_is_not_tried_again() -> None:
    """N-grams that were scored before a pilot have their interval, and no command to measure them."""
    table, order = alternatives(basis(asked()), standing(probe=0.5, rows=900, test_rows=300), tuning_cost=COST)
    (probe,) = [way for way in table if way.name == "n_grams"]
    assert (0.5, "measured", "") == (probe.score, probe.evidence, probe.measure)
    assert probe.interval.low < 0.5 < probe.interval.high
    assert "n_grams" not in order
