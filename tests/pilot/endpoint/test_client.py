"""A hosted model is asked patiently, its key stays hidden, and every failure says what to do."""

import json
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.chat_server import Reply, Seen, chat_server, failed, question, said
from tests.hostile_server import always, hostile_replies, hostile_server, reply
from tunecase.errors import EndpointError, InputError
from tunecase.pilot.endpoint import client as module
from tunecase.pilot.endpoint.client import Answer, Chat, Endpoint, ask_api, check

HELLO = [{"role": "user", "content": "hello"}]
KEY = "sk-verysecret-1234567890"


def ask_all(endpoint: Endpoint, rows: Any, max_tokens: int, on_answer: Any = None) -> tuple[Answer, ...]:
    """The answers to conversations by the chat API."""
    return ask_api(endpoint, Chat(max_tokens), [{"messages": row} for row in rows], on_answer)


def ask(endpoint: Endpoint, row: Any, max_tokens: int) -> Answer:
    """The answer to one of them."""
    return ask_all(endpoint, [row], max_tokens)[0]


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setenv("TEST_KEY", KEY)


def at(server: Seen, **more: Any) -> Endpoint:
    """The endpoint of a test server."""
    return Endpoint(server.url, "smol", **{"timeout_s": 5.0, "total_s": 20.0, **more})


def test_an_answer_comes_with_its_tokens() -> None:
    """Text, tokens and the cut mark come back; the request is the protocol's."""
    with chat_server([said("yes", (12, 3), "length")]) as server:
        answer = ask(at(server, key_variable="TEST_KEY"), HELLO, max_tokens=7)
    assert ("yes", 12, 3, 1, True, "") == (
        answer.text, answer.input_tokens, answer.output_tokens, answer.tries, answer.cut, answer.refused,
    )  # fmt: skip
    assert ["/v1/chat/completions"] == server.paths
    assert {"model": "smol", "messages": HELLO, "max_tokens": 7, "temperature": 0.0} == server.bodies[0]
    assert f"Bearer {KEY}" == server.headers[0]["Authorization"]


def test_without_a_variable_no_key_is_sent() -> None:
    """A local server without keys gets no Authorization header."""
    with chat_server([said("yes")]) as server:
        ask(at(server), HELLO, max_tokens=1)
    assert "Authorization" not in server.headers[0]


def test_no_rows_ask_nothing() -> None:
    """Nothing to ask gives nothing, without a request."""
    assert () == ask_all(Endpoint("http://127.0.0.1:1/v1", "smol"), [], max_tokens=5)


def test_a_proxy_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is bypassed where the endpoint is local."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with chat_server([said("here")]) as server:
        assert "here" == ask(at(server), HELLO, max_tokens=5).text


def test_what_a_listener_raises_comes_out() -> None:
    """A mistake in on_answer ends the asking and is raised to the caller."""

    def listen(number: int, answer: Answer) -> None:
        raise KeyError(number)

    with chat_server([said("x")]) as server, pytest.raises(KeyError):
        ask_all(at(server), [HELLO] * 3, max_tokens=5, on_answer=listen)


def test_answers_keep_their_order_and_requests_are_few_at_once() -> None:
    """Forty rows, at most three at a time, each answered in its place; every answer is reported."""

    def echo(body: Any) -> Reply:
        reply = said(question(body) + "!")
        reply.wait_s = 0.01
        return reply

    told: list[int] = []
    rows = [[{"role": "user", "content": f"row {i}"}] for i in range(40)]
    with chat_server(echo) as server:
        answers = ask_all(at(server, at_once=3), rows, max_tokens=5, on_answer=lambda i, _: told.append(i))
    assert [f"row {i}!" for i in range(40)] == [answer.text for answer in answers]
    assert 2 <= server.at_once <= 3
    assert list(range(40)) == sorted(told)


def test_what_may_pass_is_tried_again() -> None:
    """Busy, failing or garbled at first, then right: the answer comes, at the second try."""
    bodies = (
        b"<html>gateway</html>", b'{"choices": []}', b'{"choices": [{"message": null}]}', b"[1]", b"",
        b"\xff\xfe\x00garbage",
    )  # fmt: skip
    bad = [*map(Reply, (200,) * len(bodies), bodies), Reply(body=said("cut off").body, cut=9)]
    bad += [failed(429, "slow down"), failed(500, "oops"), failed(503, "full", Retry_After="0.02")]
    breaches = []
    for first in bad:
        with chat_server([first, said("now")]) as server:
            answer = ask(at(server), HELLO, max_tokens=5)
        breaches += [] if ("now", 2) == (answer.text, answer.tries) else [(first, answer)]
    assert [] == breaches


def test_odd_replies_end_in_an_answer_or_an_error() -> None:
    """What breaks HTTP, JSON or the protocol is one error within seconds, and no request goes elsewhere."""
    choices: tuple[object, ...] = (
        {}, {"a": 1}, "text", [7], [{}], [{"message": []}], [{"message": {"content": {"a": 1}}}], [["message"]],
        [{"message": {"content": [1, {"text": None}]}, "finish_reason": []}],
    )  # fmt: skip
    bodies = [json.dumps({"choices": choice, "usage": [1]}) for choice in choices]
    breaches = []
    with hostile_server(always(reply("{}"))) as (elsewhere, strayed):
        odd = {
            **hostile_replies(said("yes").body.decode(), elsewhere),
            **{body: always(reply(body)) for body in bodies},
        }
        for name, answers in odd.items():
            began = time.monotonic()
            with hostile_server(answers) as (address, _):
                try:
                    ask(Endpoint(address, "smol", "TEST_KEY", timeout_s=0.3, tries=1), HELLO, max_tokens=5)
                except EndpointError as error:
                    breaches += [f"{name}: {error}"] if len(str(error).splitlines()) > 2 or KEY in str(error) else []
                except Exception as error:  # noqa: BLE001 - gathered
                    breaches.append(f"{name}: {error!r}")
            breaches += [f"{name}: {time.monotonic() - began:.1f} s"] if time.monotonic() - began > 60 else []
    assert [] == breaches
    assert [] == strayed


def test_a_slow_answer_is_given_up_and_tried_again() -> None:
    """A try that takes longer than its time is abandoned; so is one that drips byte by byte."""
    slow, dripping = said("late"), said("late")
    slow.wait_s, dripping.drip_s = 0.6, 0.02
    with chat_server([slow, dripping, said("quick")]) as server:
        answer = ask(at(server, timeout_s=0.2), HELLO, max_tokens=5)
    assert ("quick", 3) == (answer.text, answer.tries)


def test_a_dead_host_is_said_plainly() -> None:
    """A refused connection ends after the tries, with the host and the reason."""
    with chat_server([said("x")]) as server:
        gone = at(server, tries=2)
    with pytest.raises(
        EndpointError, match=r"smol at 127\.0\.0\.1:\d+ answers no row: no answer in 2 tries: .*refused"
    ):
        ask(gone, HELLO, max_tokens=5)


def test_where_nobody_replies_not_every_row_is_tried() -> None:
    """Two rows in a row without any reply end the call; a busy endpoint, which replies, is asked for every row."""
    rows = [HELLO] * 30
    with chat_server([said("x")]) as server:
        gone = at(server, tries=1, at_once=1)
    with pytest.raises(EndpointError, match=r"gave no answer in 1 try: .*refused.* \(0 of 30 rows answered\)"):
        ask_all(gone, rows, max_tokens=5)
    with chat_server([failed(429, "busy")] * 29 + [said("at last")]) as server:
        answers = ask_all(at(server, tries=1, at_once=1), rows, max_tokens=5)
    assert (29, "at last") == (sum("429" in answer.refused for answer in answers), answers[-1].text)


def test_what_cannot_pass_ends_at_once() -> None:
    """One request, one reason, no key in it."""
    cases = (
        (failed(401, f"Incorrect API key provided: {KEY}"), "check the key in TEST_KEY"),
        (failed(404, "no model smol"), "check the model 'smol'"),
        (Reply(404, b'{"detail": "Not Found here"}'), "(404 Not Found: Not Found here)"),
        (failed(429, "quota", "insufficient_quota"), "add credit"), (failed(402, "pay"), "add credit"),
        (Reply(307, b"", {"Location": "http://127.0.0.1:1/v1"}), "redirects elsewhere"), (failed(418, "teapot"), "418"),
    )  # fmt: skip
    breaches = []
    for refusal, words in cases:
        with chat_server([refusal]) as server, pytest.raises(EndpointError) as caught:
            ask_all(at(server, key_variable="TEST_KEY", at_once=1), [HELLO] * 3, max_tokens=5)
        text, asked = str(caught.value), len(server.bodies)  # the next request may have begun
        if words not in text or KEY in text or "(0 of 3 rows answered)" not in text or asked > 2:
            breaches.append((words, asked, text))
    assert [] == breaches


def test_one_refused_row_does_not_stop_the_others() -> None:
    """A row the endpoint filters comes back empty with the reason; if all are, it is an error."""

    def filtered(body: Any) -> Reply:
        return failed(400, "content filter") if question(body) == "bad" else said("ok")

    rows = [[{"role": "user", "content": text}] for text in ("good", "bad", "good")]
    with chat_server(filtered) as server:
        answers = ask_all(at(server), rows, max_tokens=5)
        assert ["ok", "", "ok"] == [answer.text for answer in answers]
        assert "400 Bad Request: content filter" == answers[1].refused
        with pytest.raises(EndpointError, match="answers no row"):
            ask_all(at(server), [rows[1]] * 2, max_tokens=5)


def test_parameters_the_endpoint_does_not_know_are_renamed_or_left_out() -> None:
    """max_tokens becomes max_completion_tokens and temperature goes, where the endpoint says so."""

    def picky(body: Any) -> Reply:
        if "max_tokens" in body:
            return failed(400, "'max_tokens' is not supported. Use 'max_completion_tokens' instead.")
        return failed(400, "temperature does not support 0.0") if "temperature" in body else said("fine")

    with chat_server(picky) as server:
        answers = ask_all(at(server), [HELLO] * 8, max_tokens=5)
    assert {"fine"} == {answer.text for answer in answers}
    assert {"model", "messages", "max_completion_tokens"} == set(server.bodies[-1])


def test_odd_answers_are_read_as_they_are() -> None:
    """Unicode, parts, nothing, missing or silly token counts, and half a surrogate pair."""
    texts = ["Grüße 你好 🙂 \u202e", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], None, "\ud83d x"]
    with chat_server([*map(said, texts), said("y", None)]) as server:
        answers = [ask(at(server), HELLO, max_tokens=5) for _ in range(5)]
    assert ["Grüße 你好 🙂 \u202e", "ab", "", "? x", "y"] == [answer.text for answer in answers]
    assert (None, None) == (answers[4].input_tokens, answers[4].output_tokens)
    silly = Reply(
        body=json.dumps({"choices": [{"message": {"content": "z"}}], "usage": {"prompt_tokens": -1}}).encode()
    )
    with chat_server([silly]) as server:
        assert Answer("z", None, None, 0.0) == Answer("z", ask(at(server), HELLO, max_tokens=5).input_tokens, None, 0.0)


def test_counts_of_tokens_that_no_answer_has_are_none() -> None:
    """Below zero, of a thousand digits, in words: not known, so that no sum and no price is made of them."""
    odd = ("-1", "1" + "0" * 4_000, "1000000001", '"12"', "1.5", "1e308", "NaN", "true", "null", "[1]")
    with chat_server(
        [Reply(body=b'{"choices": [{"message": {"content": "z"}}], "usage": {"prompt_tokens": %s}}' % one.encode())
         for one in odd]
    ) as server:  # fmt: skip
        answers = [ask(at(server), HELLO, max_tokens=5) for _ in odd]
    assert {("z", None)} == {(answer.text, answer.input_tokens) for answer in answers}


def test_a_key_that_comes_back_is_in_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an endpoint echoes is kept with the answers, so a key is blotted out; a short stand-in is a plain word."""
    with chat_server([said(f"you sent {KEY}!")]) as server:
        assert "you sent ***!" == ask(at(server, key_variable="TEST_KEY"), HELLO, max_tokens=5).text
        monkeypatch.setenv("TEST_KEY", "EMPTY")
    with chat_server([said("the list is EMPTY")]) as server:
        assert "the list is EMPTY" == ask(at(server, key_variable="TEST_KEY"), HELLO, max_tokens=5).text


def test_an_endless_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """More bytes than any answer has are refused."""
    monkeypatch.setattr("tunecase.pilot.endpoint.wire.MOST_ANSWER_BYTES", 1000)
    with (
        chat_server([Reply(body=b" " * 5000)]) as server,
        pytest.raises(EndpointError, match="its answer is longer than"),
    ):
        ask(at(server, tries=1), HELLO, max_tokens=5)


def test_the_whole_has_a_time_limit() -> None:
    """An endpoint that stays busy is left when the time for all rows has passed."""
    began = time.monotonic()
    with (
        chat_server([failed(429, "busy", Retry_After="600")]) as server,
        pytest.raises(EndpointError, match=r"the limit of 0\.30 s has passed"),
    ):
        ask_all(at(server, total_s=0.3), [HELLO] * 5, max_tokens=5)
    assert time.monotonic() - began < 300
    assert len(server.bodies) <= 5


def test_a_failure_leaves_no_thread_behind() -> None:
    """After an error the threads that ask have ended."""
    with chat_server(lambda body: failed(401) if question(body) == "3" else said("ok")) as server:
        rows = [[{"role": "user", "content": str(i)}] for i in range(30)]
        with pytest.raises(EndpointError):
            ask_all(at(server), rows, max_tokens=5)
    until = time.monotonic() + 60
    while time.monotonic() < until and any(t.name.startswith("endpoint") for t in threading.enumerate()):
        time.sleep(0.01)
    assert [] == [t.name for t in threading.enumerate() if t.name.startswith("endpoint")]


def test_addresses_and_keys_are_checked_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mistake is told at once, and neither password nor key is shown."""
    monkeypatch.setenv("ODD_KEY", "two words")
    cases = {
        ("file:///etc/passwd", "m", ""): ["base_url"], ("ftp://host/v1", "m", ""): ["base_url"],
        ("api.example.com/v1", "", ""): ["base_url", "model"], ("https://me:hunter2@host/v1", "m", ""): ["base_url"],
        ("https://host/v1?key=hunter2", "m", ""): ["base_url"], ("https://host:port/v1", "m", ""): ["base_url"],
        ("https://host/v1", "m", "NOT_SET_ANYWHERE"): ["key_variable"],
        ("https://host/v1", "m", "ODD_KEY"): ["key_variable"], ("https://host/v1", "m", KEY): ["key_variable"],
        ("https://host/v1\nX: y", "m", ""): ["base_url"],
    }  # fmt: skip
    for (address, model, variable), expected in cases.items():
        with pytest.raises(InputError) as caught:
            check(Endpoint(address, model, variable))
        assert expected == [problem.where.split()[-1] for problem in caught.value.problems], address
        for secret in ("hunter2", KEY, "two words"):
            assert secret not in str(caught.value)
    with pytest.raises(InputError) as caught:
        check(Endpoint("https://host/v1", "m", timeout_s=0, total_s=-1, at_once=0, tries=0))
    assert 4 == len(caught.value.problems)


def test_plain_http_to_another_machine_is_warned_of() -> None:
    """This machine and https are fine; plain http elsewhere is said, with what can be read on the way."""
    for address in ("http://localhost:1/v1", "http://[::1]:1/v1", "https://api.example.com/v1?api-version=1"):
        assert () == check(Endpoint(address, "m"))
    (warning,) = check(Endpoint("http://10.0.0.5:8000/v1", "m", "TEST_KEY"))
    assert "10.0.0.5 is asked over plain http: your rows and the key can be read on the way; use https" == warning


def test_the_key_is_in_nothing_that_is_kept() -> None:
    """Neither an endpoint nor an answer holds the key."""
    with chat_server([said("yes")]) as server:
        place = at(server, key_variable="TEST_KEY")
        answer = ask(place, HELLO, max_tokens=5)
    assert KEY not in repr(place) + repr(answer)


def test_a_reply_that_holds_the_key_shows_it_to_nobody() -> None:
    """A proxy may send the request's headers back, as JSON or not."""
    cases = ['{"headers": {"Authorization": "%s"}}', "you sent %s", '{"choices": "%s"}']
    for sent in cases:
        echo = Reply(body=(sent % f"Bearer {KEY}").encode())
        with chat_server([echo]) as server, pytest.raises(EndpointError) as caught:
            ask(replace(at(server, key_variable="TEST_KEY"), tries=1), HELLO, max_tokens=5)
        assert "Bearer" in str(caught.value)
        assert KEY not in str(caught.value)
