"""A decision model is asked for baselines: options described, probabilities kept, hidden tokens priced, limits held."""

import json
from typing import Any

import pytest

from tests.chat_server import failed
from tests.decision_server import Scorer, decision_server
from tunecase.errors import InputError
from tunecase.pilot.trainers import decision, weights
from tunecase.pilot.trainers.decision import NO_ANSWER, readable
from tunecase.pilot.trainers.lora import MODEL as LOCAL_MODEL
from tunecase.pilot.trainers.task import Task

CHOICES = ("card_lost", "card_lost_abroad", "refund")
TESTS = ("i want a refund", "my card is lost", "lost my card abroad")
JEV = {"usd_per_1m_input_tokens": 0.042}


def task(url: str, model: str = "jev-1.14.0", settings: Any = None, **more: Any) -> Task:
    """Three classes and three test rows, asked at a test server."""
    made = decision.settings(
        10, {"base_url": url, "steps": 0, "at_once": 1, "total_s": 60.0, **JEV, **(settings or {})}
    )
    given: dict[str, Any] = {
        "texts": ("one", "two", "three"), "labels": CHOICES, "test_texts": TESTS,
        "test_labels": ("refund", "card_lost", "card_lost_abroad"), "metric": "accuracy", "choices": CHOICES,
    }  # fmt: skip
    return Task("decision", model, seed=1, settings=made, **{**given, **more})


@pytest.mark.parametrize("api", ["systemone", "decisions"])
def test_classes_are_the_options(api: str) -> None:
    """Each class is an option with its name made readable; probabilities are confidences, tokens the endpoint's."""
    with decision_server() as server:
        result = decision.train(task(server.url, settings={"api": api}))
    assert (3, ("refund", "card_lost", "card_lost_abroad")) == (result.correct, result.predictions)
    assert result.confidences is not None
    assert pytest.approx((0.96, 0.5, 0.98), abs=0.01) == result.confidences
    billed = sum(len(json.dumps(body)) for body in server.bodies)
    assert pytest.approx(billed * 0.042 / 1e6 / 3) == result.usd_per_answer
    assert "card lost abroad" in json.dumps(server.bodies[0])
    assert (0, "jev-1.14.0 at") == (result.steps, result.hardware.partition(" 127")[0])


def test_hidden_tokens_are_priced() -> None:
    """Jev bills 261 tokens a request, 8 a question and 21 an option; foreseen and, without a count, billed."""
    hidden = 261 + 8 + 3 * 21
    texts = sum(len(text) // 3 for text in TESTS)
    with decision_server(usage=False) as server:
        one = task(server.url)
        tokens, usd = decision.foreseen(one)
        assert [] == server.bodies
        result = decision.train(one)
    assert 3 * hidden + texts == tokens
    assert usd is not None
    assert pytest.approx(tokens * 0.042 / 1e6) == usd
    assert pytest.approx(usd) == 3 * result.usd_per_answer


def test_a_query_may_have_a_price_of_its_own() -> None:
    """Where a query has a price, tokens cost nothing beside it; without any price it is unknown."""
    with decision_server() as server:
        one = task(server.url, "parallel-decision", {"usd_per_query": 0.001, "usd_per_1m_input_tokens": -1.0})
        assert pytest.approx(0.003) == decision.foreseen(one)[1]
        assert pytest.approx(0.001) == decision.train(one).usd_per_answer
        unknown = task(server.url, settings={"usd_per_1m_input_tokens": -1.0})
        assert (None, None) == (decision.foreseen(unknown)[1], decision.train(unknown).usd_per_answer)


def test_more_options_than_the_api_takes_are_refused_before_anything_is_sent() -> None:
    """The limit is the model's own: 255 for Jev, 208 where its host takes no more."""
    many = tuple(f"class_{n}" for n in range(256))
    for model, most in (("jev-1.14.0", 255), ("rune", 208)):
        with decision_server() as server:
            decision.foreseen(task(server.url, model, choices=many[:most]))
            with pytest.raises(InputError) as caught:
                decision.foreseen(task(server.url, model, choices=many[: most + 1]))
            assert [] == server.bodies
        (problem,) = caught.value.problems
        assert (str(most + 1), f"2 to {most}, as its API takes") == (problem.got, problem.wanted)


def test_fields_are_questions_of_one_call() -> None:
    """A JSON object's fields are asked in one call, their values in training the options; answers keep their types."""
    labels = ('{"team": "billing", "urgent": true}', '{"team": "bugs", "urgent": false}')
    more = {"kind": "extraction", "metric": "field_f1", "choices": (), "texts": ("a", "b"), "labels": labels}
    with decision_server() as server:
        result = decision.train(task(server.url, test_texts=("billing is true",), test_labels=labels[:1], **more))
    assert (1, 2) == (len(server.bodies), len(server.bodies[0]["questions"]))
    assert {"team": "billing", "urgent": True} == json.loads(result.predictions[0])
    assert 1.0 == result.score


def test_a_row_without_an_answer_is_wrong_and_counted() -> None:
    """An unknown option and a refusal are rows, wrong, with confidence 0, and what they cost is paid."""

    def spoil(text: str, good: Any) -> Any:
        if text == TESTS[0]:
            good["answers"]["class"]["choice"] = "legal"
        return failed(422, "filtered") if text == TESTS[1] else good

    with decision_server(spoil=spoil) as server:
        result = decision.train(task(server.url))
    assert (NO_ANSWER, NO_ANSWER, "card_lost_abroad") == result.predictions
    assert (0.0, 0.0) == result.confidences[:2]
    assert "2 rows without an answer (class: got 'legal', wanted one of 3 options offered)" in result.note
    paid = sum(len(json.dumps(server.bodies[number])) for number in (0, 2))
    assert pytest.approx(paid * 0.042 / 1e6 / 3) == result.usd_per_answer


def test_a_quota_that_ends_leaves_its_bill() -> None:
    """A run that the endpoint ends is failed; the answers that came are its price."""

    def spoil(text: str, good: Any) -> Any:
        return failed(402, "pay") if text == TESTS[1] else good

    with decision_server(spoil=spoil) as server:
        result = decision.train(task(server.url))
    assert "the quota is used up" in result.failed
    assert pytest.approx(len(json.dumps(server.bodies[0])) * 0.042 / 1e6 / 3) == result.usd_per_answer


def test_settings_are_checked_before_anything_is_asked() -> None:
    """The API must be one of two, the address given; a model must be named; it does not train."""
    with pytest.raises(InputError) as caught:
        decision.settings(10, {"api": "chat"})
    assert ["setting api of decision", "setting base_url of decision"] == [p.where for p in caught.value.problems]
    assert "no decision model is named" in decision.missing(" ")
    assert "scored here, not trained" in decision.train(task("http://127.0.0.1:1/v1", settings={"steps": 1})).failed


def test_names_become_words() -> None:
    """Underscores, hyphens and changes of case part words; plain words stay as they are."""
    names = ("card_lost", "card-lost", "cardLost", "Refund", "a.b/c")
    assert ["card lost", "card lost", "card lost", "Refund", "a b c"] == [readable(name) for name in names]


def by_local_model() -> Scorer:
    """Log-likelihoods of each option after the text, by the local model."""
    import torch

    tokenizer, net, _ = weights.load(LOCAL_MODEL)

    def score(text: str, instructions: str, options: Any) -> list[float]:
        before = tokenizer(f"Text: {text}\n{instructions}\nClass:")["input_ids"]
        scores = []
        for name in options:
            after = tokenizer(f" {readable(name)}", add_special_tokens=False)["input_ids"]
            with torch.no_grad():
                logits = net(torch.tensor([[*before, *after]])).logits[0].float().log_softmax(-1)
            places = range(len(before) - 1, len(before) + len(after) - 1)
            scores.append(float(sum(logits[place, token] for place, token in zip(places, after, strict=True))))
        return scores

    return score


@pytest.mark.slow
@pytest.mark.needs("train")
@pytest.mark.parametrize("api", ["systemone", "decisions"])
def test_a_local_models_likelihoods_answer_both_apis(api: str) -> None:
    """The label likelihoods of a real language model, served as decisions, come through as they are."""
    if weights.find(LOCAL_MODEL) is None:
        pytest.skip(weights.missing(LOCAL_MODEL))
    scorer, held = by_local_model(), dict[str, list[float]]()

    def noted(text: str, instructions: str, options: Any) -> list[float]:
        held[text] = scorer(text, instructions, options)
        return held[text]

    with decision_server(noted) as server:
        result = decision.train(task(server.url, settings={"api": api}))
    assert "" == result.failed
    wanted = [CHOICES[held[text].index(max(held[text]))] for text in TESTS]
    assert wanted == list(result.predictions or ())
    assert len(set(result.confidences or ())) == 3
