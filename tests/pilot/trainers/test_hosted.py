"""A hosted model is asked for baselines: prompts, lenient reading of classes, tokens and price, and its refusals."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.chat_server import Reply, chat_server, failed, question, said
from tests.conftest import OWN_CACHE
from tests.real_chat_server import real_chat_server
from tunecase.errors import EndpointError, InputError, MissingExtraError
from tunecase.pilot.endpoint.client import Endpoint, disclosed
from tunecase.pilot.scoring.agreement import agreement, judged_score
from tunecase.pilot.scoring.judge import judge
from tunecase.pilot.trainers import hosted
from tunecase.pilot.trainers.answer_schema import answer_format
from tunecase.pilot.trainers.hosted import NO_CLASS, match_choice
from tunecase.pilot.trainers.task import Result, Task
from tunecase.records import Disclosure

CHOICES = ("card_lost", "card_lost_abroad", "refund")


def task(url: str, **more: Any) -> Task:
    """Three classes, six training and three test rows, asked at a test server."""
    settings = {
        "base_url": url, "steps": 0, "at_once": 1, "timeout_s": 5.0, "total_s": 20.0, **more.pop("settings", {}),
    }  # fmt: skip
    given = {
        "texts": ("one", "two", "three", "four", "five", "six"),
        "labels": ("refund", "refund", "refund", "refund", "card_lost", "card_lost_abroad"),
        "test_texts": ("q1", "q2", "q3"), "test_labels": ("refund", "card_lost", "card_lost_abroad"),
        "metric": "accuracy", "choices": CHOICES,
    }  # fmt: skip
    return Task("hosted", "smol", seed=1, settings=settings, **{**given, **more})


NAMED: list[tuple[str, str | None]] = [
    ("refund", "refund"), ('"Refund."', "refund"), ("**card-lost**", "card_lost"),
    ("Class: Card Lost Abroad", "card_lost_abroad"), ("The class is card_lost.", "card_lost"),
    ('{"class": "refund"}', "refund"), ("refund\nbecause the customer wants money back", "refund"),
    ("refund or card_lost", None), ("neither", None), ("", None), ("word " * 40 + "refund", None),
]  # fmt: skip


def test_classes_are_read_leniently() -> None:
    """Case, signs, quotes and a few words around a class do not matter; two classes, none, or an essay do."""
    assert [expected for _, expected in NAMED] == [match_choice(answer, CHOICES) for answer, _ in NAMED]


def test_classes_that_look_alike_stay_apart() -> None:
    """Classes that differ by case or by signs alone match sign for sign; short ones only when they stand alone."""
    assert ("a", "A") == (match_choice("a", ["a", "A"]), match_choice("A", ["a", "A"]))
    assert (None, "-") == (match_choice("*", ["+", "-"]), match_choice("-", ["+", "-"]))
    assert (None, "b") == (match_choice("this is a b", ["a", "b"]), match_choice("B.", ["a", "b"]))
    assert ["1", "2"] == [match_choice(answer, ["1", "2"]) for answer in ("1", "2.")]


def test_zero_shot_names_the_classes_and_counts_the_tokens() -> None:
    """Instruction and classes as the system message, then the text; score, tokens per answer and price come back."""
    answers = {"q1": "Refund.", "q2": "I think card lost", "q3": "something else"}

    def clever(body: Any) -> Reply:
        return said(next(a for q, a in answers.items() if q in question(body)), (100, 4))

    with chat_server(clever) as server:
        prices = {"usd_per_1m_input_tokens": 2.0, "usd_per_1m_output_tokens": 10.0}
        result = hosted.train(task(server.url, settings=prices))
    assert ("refund", "card_lost", NO_CLASS) == result.predictions
    assert (2, 3, (1.0, 1.0, 0.0), 0) == (result.correct, result.test_rows, result.row_scores, result.steps)
    assert pytest.approx(2 / 3) == result.score
    assert pytest.approx((100 * 2 + 4 * 10) / 1e6) == result.usd_per_answer
    assert "1 answer named no class; 100 tokens in and 4 out per answer" == result.note
    assert ["system", "user"] == [turn["role"] for turn in server.bodies[0]["messages"]]
    assert all(choice in server.bodies[0]["messages"][0]["content"] for choice in CHOICES)
    assert server.bodies[0]["max_tokens"] < 40
    assert result.answer_s
    assert result.hardware.startswith("smol at 127.0.0.1")


def test_few_shot_shows_each_class_in_turn() -> None:
    """Shots are turns before the row, one of each class first, the same for one seed."""
    with chat_server([said("refund")]) as server:
        first = hosted.train(task(server.url, settings={"shots": 3}))
        again = hosted.train(task(server.url, settings={"shots": 3}))
    messages = server.bodies[0]["messages"]
    assert ["system", *["user", "assistant"] * 3, "user"] == [message["role"] for message in messages]
    assert set(CHOICES) == {message["content"] for message in messages if message["role"] == "assistant"}
    assert ["Name the class" in m["content"] for m in messages] == [True] + [False] * 7
    assert server.bodies[0] == server.bodies[3]
    assert first.predictions == again.predictions


def test_other_kinds_are_taken_as_they_are() -> None:
    """Extraction and free text keep their words; a thought before the answer is cut off."""
    with chat_server([said('<think>\nhm, "b"?</think>\n```json\n{"a": 1}\n```')]) as server:
        more = {"labels": ('{"a": 2}',) * 6, "test_labels": ('{"a": 1}',) * 3, "choices": ()}
        result = hosted.train(task(server.url, kind="extraction", metric="field_f1", **more))
        assert 1.0 == result.score
        assert "JSON object" in server.bodies[0]["messages"][0]["content"]
    with chat_server([said("four words in all")]) as server:
        more = {"labels": ("x" * 100,) * 6, "test_labels": ("four words",) * 3, "choices": ()}
        result = hosted.train(task(server.url, kind="generation", metric="chrf", **more))
        assert 0.5 < (result.score or 0) < 1
        assert ("q1", 66) == (question(server.bodies[0]), server.bodies[0]["max_tokens"])


def test_the_price_is_foreseen_before_anything_is_sent() -> None:
    """Tokens and price of all test rows are roughly known beforehand, the price only where prices are."""
    free = task("http://127.0.0.1:1/v1", settings={"usd_per_1m_input_tokens": 1.0, "usd_per_1m_output_tokens": 0.0})
    tokens, usd = hosted.foreseen(free)
    assert 150 < tokens < 400
    assert usd
    assert 0 < usd < tokens / 1e6
    assert hosted.foreseen(task("http://127.0.0.1:1/v1"))[1] is None


def test_unknown_prices_and_tokens_stay_unknown() -> None:
    """Without prices, or without counts, the price of an answer is None, not zero; a free endpoint costs zero."""
    free = {"usd_per_1m_input_tokens": 0.0, "usd_per_1m_output_tokens": 0.0}
    with chat_server([said("refund")]) as server:
        assert hosted.train(task(server.url)).usd_per_answer is None
        assert 0.0 == hosted.train(task(server.url, settings=free)).usd_per_answer
    with chat_server([said("refund", None)]) as server:
        result = hosted.train(task(server.url, settings=free))
    assert (None, "") == (result.usd_per_answer, result.note)


def test_refused_and_cut_answers_are_wrong_and_counted() -> None:
    """What the endpoint would not answer is wrong; what ran into the limit is noted."""

    def some(body: Any) -> Reply:
        return failed(400, "filtered") if "q1" in question(body) else said("refund", (5, 5), "length")

    with chat_server(some) as server:
        result = hosted.train(task(server.url))
    assert (NO_CLASS, "refund", "refund") == result.predictions
    expected = "1 row without an answer (400 Bad Request: filtered); 2 answers cut at the token limit; "
    expected += "3 tokens in and 3 out per answer"
    assert expected == result.note


def test_it_does_not_train() -> None:
    """Any number of steps but 0 is a failed run that says so, without a request."""
    result = hosted.train(Task("hosted", "smol", ("a",), ("b",), ("c",), ("b",), "accuracy", 1))
    assert isinstance(result, Result)
    assert "scored here, not trained" in result.failed
    assert all(settings["steps"] == 0 for settings in hosted.BASELINES.values())


def test_settings_are_checked_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address must be given and right; the key's variable must be set; unknown settings are refused."""
    assert "a" == hosted.settings(10, {"base_url": "https://host/v1", "instruction": "a"})["instruction"]
    for chosen in ({}, {"base_url": "file:///x"}, {"base_url": "https://h/v1", "key_variable": "NOT_SET"}, {"rank": 8}):
        with pytest.raises(InputError):
            hosted.settings(10, chosen)
    assert "no hosted model is named" in hosted.missing("")
    assert "" == hosted.missing("gpt-x")
    with chat_server([said("x")]) as server, monkeypatch.context() as patched:
        patched.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(MissingExtraError):
            hosted.train(task(server.url, kind="generation", metric="rouge_l"))
        assert [] == server.bodies


def test_a_refused_key_fails_the_run_and_costs_nothing() -> None:
    """A refused key ends the run with its reason, for the pilot to record; what was not answered is not billed."""
    prices = {"usd_per_1m_input_tokens": 1.0, "usd_per_1m_output_tokens": 1.0}
    with chat_server([failed(401, "bad key")]) as server:
        result = hosted.train(task(server.url, settings=prices))
    assert "refuses access" in result.failed
    assert 0.0 == result.usd_per_answer


def test_what_was_answered_before_the_quota_ended_is_paid() -> None:
    """A run that the endpoint ends half-way is failed, and the answers that came are its price."""
    prices = {"usd_per_1m_input_tokens": 3.0, "usd_per_1m_output_tokens": 0.0}
    with chat_server([said("refund", (1000, 1)), said("refund", (1000, 1)), failed(402, "pay")]) as server:
        result = hosted.train(task(server.url, settings=prices))
    assert "the quota is used up" in result.failed
    assert "(2 of 3 rows answered)" in result.failed
    assert pytest.approx(2 * 1000 * 3 / 1e6 / 3) == result.usd_per_answer


def test_a_row_that_stays_rate_limited_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows that are never answered are wrong and counted; the other keeps its answer."""
    monkeypatch.setattr("tunecase.pilot.endpoint.client.FIRST_PAUSE_S", 0.001)

    def busy(body: Any) -> Reply:
        return said("refund", (5, 5)) if "q1" in question(body) else failed(429, "slow down")

    with chat_server(busy) as server:
        result = hosted.train(task(server.url))
    assert ("", ("refund", NO_CLASS, NO_CLASS)) == (result.failed, result.predictions)
    assert result.note.startswith("2 rows without an answer (no answer in 5 tries: 429 Too Many Requests: slow down)")


def test_nearest_examples_are_each_rows_own() -> None:
    """Each test row is shown the training rows most like it, the nearest last, and never itself."""
    texts = ("my card was stolen", "money back please", "card stolen abroad", "where is my refund")
    more = {"texts": texts, "labels": ("card_lost", "refund", "card_lost_abroad", "refund")}
    asked = ("card stolen abroad in Spain", "i want my money back please", "where is my refund")
    with chat_server([said("refund")]) as server:
        chosen = {"shots": 2, "nearest": True}
        hosted.train(task(server.url, settings=chosen, test_texts=asked, **more))
    shown = [[turn["content"] for turn in body["messages"][1:-1]] for body in server.bodies]
    assert ["system", *["user", "assistant"] * 2, "user"] == [turn["role"] for turn in server.bodies[0]["messages"]]
    assert "card stolen abroad" in shown[0][2]
    assert "my card was stolen" in shown[0][0]
    assert "money back please" in shown[1][2]
    assert not any("where is my refund" in turn for turn in shown[2])


@pytest.fixture(scope="module")
def real_server() -> Iterator[tuple[str, str]]:
    """SmolLM2 behind `transformers serve`: its address, and the model's name."""
    with pytest.MonkeyPatch.context() as patch:
        if OWN_CACHE is None:
            patch.delenv("TUNECASE_CACHE")
        else:
            patch.setenv("TUNECASE_CACHE", OWN_CACHE)
        with real_chat_server() as (url, model):
            yield url, model


@pytest.mark.slow
def test_a_real_model_answers_behind_a_real_server(real_server: tuple[str, str]) -> None:
    """Baselines have their tokens counted, and a wrong model name is said plainly."""
    url, model = real_server
    texts = tuple(f"{word} please" for word in ("hello", "goodbye") * 4)
    labels = ("greeting", "farewell") * 4
    for name, chosen in hosted.BASELINES.items():
        made = {**chosen, "base_url": url, "at_once": 2, "usd_per_1m_input_tokens": 1.0}
        made |= {"usd_per_1m_output_tokens": 1.0, "total_s": 300.0}
        settings = hosted.settings(8, made)
        asked = Task("hosted", model, texts, labels, texts[:4], labels[:4], "accuracy", 1, settings)
        result = hosted.train(asked)
        assert (4, "") == (result.test_rows, result.failed)
        assert result.usd_per_answer, name
        assert "tokens in" in result.note
        prompt_tokens = int(result.note.split(" tokens in")[0].split()[-1]) * 4
        foreseen = hosted.foreseen(asked)[0] - 4 * hosted._most_tokens(asked, settings)
        assert 0.8 < foreseen / prompt_tokens < 1.25
    other = hosted.train(Task("hosted", "another-model", texts, labels, texts, labels, "accuracy", 1, settings))
    assert "another-model" in other.failed


@pytest.mark.slow
def test_a_small_real_model_is_no_judge(real_server: tuple[str, str]) -> None:
    """It is asked for verdicts like any judge, and is refused as a metric: unread, or not in agreement."""
    url, model = real_server
    answers = ["Please come on 3 May.", "Go away!"] * 3
    found = judge(Endpoint(url, model, at_once=2, total_s=300.0), ("is polite",), ["When shall I come?"] * 6, answers)
    assert 6 == len(found.verdicts)
    with pytest.raises(InputError, match="judge: "):
        judged_score(found, None)
    if found.unread < 6:
        assert "unknown" == agreement(found, [True, False] * 3).verdict
    with pytest.raises(EndpointError):
        judge(Endpoint(url, "another-model", tries=1), ("is polite",), ["q"], ["a"])


def test_an_answer_takes_its_own_time_however_many_are_asked_at_once() -> None:
    """Three rows of 0.2 s each, side by side: 0.2 s an answer, not a third of it."""
    with chat_server([replace(said("refund"), wait_s=0.2)]) as server:
        result = hosted.train(task(server.url, settings={"at_once": 3}))
    assert 0.6 <= result.answer_s
    assert result.seconds < 0.6


ADD = {"name": "add", "description": "Adds.", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}}}


def test_tools_go_in_their_field_and_calls_are_read() -> None:
    """Declared tools leave the text for `tools`; a call is an answer; an endpoint without them is told in words."""
    declared = json.dumps([ADD])
    more = {
        "texts": ("x",) * 6, "labels": ('{"name": "add", "arguments": {"a": 1}}',) * 6, "choices": (),
        "test_texts": (f"{declared}\n\nadd one",) * 2, "test_labels": ('{"name": "add", "arguments": {"a": 1}}',) * 2,
        "test_tools": (declared,) * 2, "kind": "generation", "metric": "tool_calls",
    }  # fmt: skip

    def calls(body: Any) -> Reply:
        if "tools" not in body:
            return said("none")
        called = [{"id": "7", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}]
        message = {"role": "assistant", "content": None, "tool_calls": called}
        return Reply(body=json.dumps({"choices": [{"message": message}]}).encode())

    with chat_server(calls) as server:
        assert 1.0 == hosted.train(task(server.url, **more)).score
        assert ("add one", [{"type": "function", "function": ADD}]) == (
            question(server.bodies[0]), server.bodies[0]["tools"],
        )  # fmt: skip
    with chat_server(lambda body: failed(400, "tools are not known") if "tools" in body else said("{}")) as server:
        hosted.train(task(server.url, **more))
    first, second = (body["messages"][0] for body in server.bodies[1:])
    assert (
        first
        == second
        == {"role": "system", "content": f"Tools:\n{json.dumps([{'type': 'function', 'function': ADD}])}"}
    )


def test_json_answers_are_asked_by_their_schema() -> None:
    """Fields, types and closed sets of the training answers; what an endpoint refuses is left out, in any order."""
    labels = tuple(json.dumps({"to": ("Ann", "Bob")[at % 2], "sum": at, "note": str(at)}) for at in range(12))
    more = {"texts": ("x",) * 12, "labels": labels, "test_labels": labels[:3], "choices": (), "kind": "extraction"}

    def plain(body: Any) -> Reply:
        if "response_format" in body:
            return failed(400, "response_format is not supported")
        if body["messages"][0]["role"] == "system":
            return failed(400, "System role not supported")
        return said('{"to": "Ann"}')

    with chat_server(plain) as server:
        result = hosted.train(task(server.url, metric="field_f1", **more))
    schema = server.bodies[0]["response_format"]["json_schema"]["schema"]
    assert {
        "to": {"type": "string", "enum": ["Ann", "Bob"]},
        "sum": {"type": "number"},
        "note": {"type": "string"},
    } == (schema["properties"])
    assert (["to", "sum", "note"], False) == (schema["required"], schema["additionalProperties"])
    assert ("", 5) == (result.failed, len(server.bodies))
    assert question(server.bodies[-1]).startswith("Extract what the text says.")


def test_the_schema_closes_nothing_that_may_be_open() -> None:
    """Few answers, names that never come again and private values leave it open; texts have none at all."""
    few = answer_format(['{"a": "x", "b": [1, null]}'] * 3)["response_format"]["json_schema"]["schema"]
    assert ({"type": "string"}, ["null", "number"], True) == (
        few["properties"]["a"], few["properties"]["b"]["items"]["type"], few["additionalProperties"],
    )  # fmt: skip
    own = answer_format([json.dumps({"all": 1, f"k{at}": 2}) for at in range(20)])
    assert ["all"] == list(own["response_format"]["json_schema"]["schema"]["properties"])
    private = answer_format(['{"to": "ann.lee@example.org"}'] * 20)
    assert "enum" not in private["response_format"]["json_schema"]["schema"]["properties"]["to"]
    assert {} == answer_format(["refund", '{"a": 1}'])


PRIVATE = ("mail ann.lee@example.org", "ring 020 7946 0958", "api_key = 9fK2mQ7xLw4Rt8Zp1Vb6")


@pytest.mark.parametrize("sent", [False, True])
def test_what_is_private_leaves_only_where_somebody_said_so(sent: bool) -> None:
    """In test rows, examples and answers; what went is on the run's record; the plan knows it before."""
    values = ("ann.lee@example.org", "020 7946 0958", "9fK2mQ7xLw4Rt8Zp1Vb6")
    texts = tuple(f"{text} today" for text in PRIVATE)
    more = {"texts": texts, "labels": values, "test_texts": (*PRIVATE, "hello"), "test_labels": (*values, "x")}
    with chat_server([said("x")]) as server:
        own = {"shots": 3, "send_flagged": sent}
        made = task(server.url, settings=own, kind="generation", metric="chrf", choices=(), **more)
        foretold = disclosed(*hosted.asks(made))
        result = hosted.train(made)
    got = json.dumps(server.bodies)
    assert [sent] * 3 == [value in got for value in values]
    kinds = {"e-mail": 4, "password or key assigned": 4, "phone": 4}
    assert Disclosure(4, 4, kinds, not sent, server.url[7:-3]) == result.disclosed == foretold
