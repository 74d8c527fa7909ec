"""Both APIs of decision models are spoken, and what cannot be right is a row without an answer."""

from typing import Any

import pytest

from tests.chat_server import failed
from tests.decision_server import decision_server
from tunecase.errors import EndpointError
from tunecase.pilot.endpoint.client import Answer, Endpoint, ask_api
from tunecase.pilot.endpoint.decisions import APIS, Question

TEAM = Question("team", "Which team?", {"billing": "payments and refunds", "technical": "bugs", "sales": ""})
MOOD = Question("mood", "How does it sound?", {"calm": "", "angry": ""})
TEXTS = ("refunds are late", "the app has bugs, i am angry", "hello")
KEY = "sk-verysecret-1234567890"
BOTH = pytest.mark.parametrize("api", list(APIS))


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunecase.pilot.endpoint.client.FIRST_PAUSE_S", 0.001)
    monkeypatch.setenv("TEST_KEY", KEY)


def asked(url: str, api: str, questions: tuple[Question, ...] = (TEAM, MOOD), **more: Any) -> tuple[Answer, ...]:
    """The answers to the three texts."""
    endpoint = Endpoint(url, "jev-1.14.0", at_once=1, timeout_s=5.0, total_s=60.0, tries=2, **more)
    return ask_api(endpoint, APIS[api](questions), TEXTS)


@BOTH
def test_several_questions_go_in_one_call(api: str) -> None:
    """One request for a text with all its questions; options, probabilities and tokens come back by question."""
    with decision_server() as server:
        answers = asked(server.url, api, key_variable="TEST_KEY")
    assert [f"/v1/{api}"] * 3 == server.paths
    assert f"Bearer {KEY}" == server.headers[0]["Authorization"]
    assert ["billing", "technical"] == [answer.decisions["team"].option for answer in answers[:2]]
    assert "angry" == answers[1].decisions["mood"].option
    assert pytest.approx(1 / (1 + 2 * 2.718281828**-4), abs=1e-6) == answers[0].decisions["team"].probability
    assert pytest.approx(1 / 3) == answers[2].decisions["team"].probability
    assert all(answer.input_tokens and answer.output_tokens == 0 and not answer.refused for answer in answers)


def test_each_api_has_its_own_form() -> None:
    """System One maps options to descriptions, null for none; OpenAI lists them, without what is not described."""
    with decision_server() as server:
        asked(server.url, "systemone")
        asked(server.url, "decisions")
    native, listed = server.bodies[0], server.bodies[3]
    assert {"model", "state", "questions"} == set(native)
    assert {"billing": "payments and refunds", "technical": "bugs", "sales": None} == native["questions"]["team"][
        "criteria"
    ]
    assert {"model", "input", "questions"} == set(listed)
    assert ["team", "mood"] == [question["name"] for question in listed["questions"]]
    assert [{"value": "technical", "description": "bugs"}, {"value": "sales"}] == listed["questions"][0]["choices"][1:]


def spoilt(api: str, change: Any) -> tuple[Answer, ...]:
    """The answers where the reply to the second text is changed: `change` is given the answer to `team`."""

    def spoil(text: str, good: Any) -> Any:
        if text == TEXTS[1]:
            answers = good["answers"]
            place = "team" if api == "systemone" else 0
            made = change(answers[place])
            if made is None:
                del answers[place]
            else:
                answers[place] = made
        return good

    with decision_server(spoil=spoil) as server:
        return asked(server.url, api)


@BOTH
def test_answers_that_cannot_be_right_are_rows_without_one(api: str) -> None:
    """Got and wanted are in the reason; the other rows keep their answers, and the tokens are still paid."""

    def halved(answer: Any) -> Any:
        chances = answer["probabilities"]
        if isinstance(chances, dict):
            return {**answer, "probabilities": {name: value / 2 for name, value in chances.items()}}
        return {**answer, "probabilities": [{**pair, "probability": pair["probability"] / 2} for pair in chances]}

    cases = (
        (lambda answer: {**answer, "choice": "legal"}, "team: got 'legal', wanted one of 3 options offered"),
        (lambda answer: {**answer, "choice": ["billing"]}, "wanted one of 3 options offered"),
        (halved, "team: got probabilities that sum to 0.5, wanted 1"),
        (lambda answer: {**answer, "probabilities": None}, "team: got no probabilities, wanted one for each option"),
        (lambda answer: {"type": "refusal", "name": "team"}, "no answer to team"),
        (lambda answer: None, "no answer to team"),
        (lambda answer: 7, "no answer to team"),
    )  # fmt: skip
    breaches = []
    for change, words in cases:
        first, second, third = spoilt(api, change)
        if first.refused or third.refused or words not in second.refused or not second.input_tokens:
            breaches.append((words, second))
    assert [] == breaches


@BOTH
def test_a_probability_of_what_was_not_offered_is_wrong(api: str) -> None:
    """An unknown option with a chance means that another question was answered."""

    def foreign(answer: Any) -> Any:
        chances = answer["probabilities"]
        more = {"legal": 0.0} if isinstance(chances, dict) else [{"value": "legal", "probability": 0.0}]
        return {**answer, "probabilities": {**chances, **more} if isinstance(chances, dict) else [*chances, *more]}

    assert "got a probability of 'legal', wanted the options offered" in spoilt(api, foreign)[1].refused


@BOTH
def test_rounded_probabilities_are_right(api: str) -> None:
    """Probabilities that come rounded to two places need not sum to one exactly."""
    questions = (Question("one", "Which?", {str(n): "" for n in range(3)}),)

    def rounded(text: str, good: Any) -> Any:
        answer = good["answers"]["one" if api == "systemone" else 0]
        chances = answer["probabilities"]
        if isinstance(chances, dict):
            answer["probabilities"] = {name: round(value, 2) for name, value in chances.items()}
        else:
            answer["probabilities"] = [{**pair, "probability": round(pair["probability"], 2)} for pair in chances]
        return good

    with decision_server(spoil=rounded) as server:
        assert ["", "", ""] == [answer.refused for answer in asked(server.url, api, questions)]


@BOTH
def test_what_all_rows_would_meet_is_an_error(api: str) -> None:
    """A refused key ends the call without showing it; replies that are none at all end it after all rows."""
    with decision_server(spoil=lambda text, good: failed(401, f"bad key {KEY}")) as server:
        with pytest.raises(EndpointError, match="check the key in TEST_KEY") as caught:
            asked(server.url, api, key_variable="TEST_KEY")
        assert KEY not in str(caught.value)
    words = "answers no row: no answer in 2 tries: its answer has no answers"
    with decision_server(spoil=lambda text, good: {"choices": []}) as server, pytest.raises(EndpointError, match=words):
        asked(server.url, api)


def test_answers_without_names_count_in_their_order() -> None:
    """OpenAI's answers may be unnamed: as many as the questions are taken in order, others for none."""

    def unnamed(text: str, good: Any) -> Any:
        answers = [{**answer, "name": None} for answer in good["answers"]]
        return {**good, "answers": answers[:1] if text == TEXTS[1] else answers}

    with decision_server(spoil=unnamed) as server:
        first, second, _ = asked(server.url, "decisions")
    assert "billing" == first.decisions["team"].option
    assert "no answer to team; no answer to mood" == second.refused
