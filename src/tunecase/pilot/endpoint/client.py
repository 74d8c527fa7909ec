"""Asks a hosted model: one small client for OpenAI-compatible chat endpoints and for decision models, near or far.

The key is read from an environment variable when a request is made; its value is never stored, shown or part of an
error. Redirects are not followed, so the key reaches the named host alone. A failure that may pass (busy, server error,
broken answer) is tried again, with growing pauses; a row that has no answer after all tries is one row without an
answer. What no other row could fare better with (refused key, unknown model, used-up quota) ends the call at once.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from tunecase.data import Mask, handed_out
from tunecase.errors import EndpointError, Problem, refuse_any
from tunecase.io.servers import is_local
from tunecase.pilot.endpoint.wire import SHOWN_CHARACTERS, Passing, RowRefused, Wire, content, key_in
from tunecase.quantities import counted, duration, one_line
from tunecase.records import Disclosure

LONGEST_PAUSE_S = 60.0
FIRST_PAUSE_S = 0.5
# Rows in a row, for each request that runs at a time, that got no reply at all: then nobody is there.
SILENT_ROWS = 2
# A word in a refusal, the parameter it means, and the name to send that under instead ("" leaves it out).
DIALECT: tuple[tuple[str, str, str], ...] = (
    ("max_completion_tokens", "max_tokens", "max_completion_tokens"),
    ("temperature", "temperature", ""),
    ("response_format", "response_format", ""),
    ("schema", "response_format", ""),
    ("tool", "tools", ""),
    ("system", "messages", "messages"),
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a hosted model answers, and how patiently it is asked.

    `base_url` is what the API's path, such as /chat/completions, is added to. `key_variable` names the environment
    variable that holds the key; "" sends none. `timeout_s` is for one try, `total_s` for all rows together, `at_once`
    how many requests run at a time, `tries` how often a row is tried. `send_flagged` sends secrets and personal data as
    they are; else every request has their kinds in their place.
    """

    base_url: str
    model: str
    key_variable: str = ""
    timeout_s: float = 60.0
    total_s: float = 3600.0
    at_once: int = 4
    tries: int = 5
    send_flagged: bool = False

    @property
    def name(self) -> str:
        """The model and its host, for people."""
        return f"{self.model} at {urlsplit(self.base_url).netloc}"


@dataclass(frozen=True, slots=True)
class Decision:
    """The option that a decision model chose for one question, and the probability that it gives it (0 to 1)."""

    option: str
    probability: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one row; tokens are None where the endpoint does not count them.

    `seconds` includes tries and pauses. `cut` is True when the answer ran into the token limit; `refused` says why
    there is no answer to this row. `decisions` are those of a decision model, by question.
    """

    text: str
    input_tokens: int | None
    output_tokens: int | None
    seconds: float
    tries: int = 1
    cut: bool = False
    refused: str = ""
    decisions: Mapping[str, Decision] = field(default_factory=dict)


class Api(Protocol):
    """How one API is spoken: what is sent for a row, and what is read from the reply."""

    @property
    def path(self) -> str:
        """What is added to the endpoint's base URL."""

    def body(self, row: Any) -> Mapping[str, Any]:
        """What is sent for a row, besides the model's name."""

    def read(self, found: Any) -> Answer:
        """The answer in a reply's JSON.

        Raises: Passing where the reply holds none.
        """


@dataclass(frozen=True, slots=True)
class Chat:
    """The chat API; a row is its messages, and tools where it declares some; `fields` are those of all rows."""

    max_tokens: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    path: str = "/chat/completions"

    def body(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is sent for a conversation."""
        return {**row, "max_tokens": self.max_tokens, "temperature": 0.0, **self.fields}

    def read(self, found: Any) -> Answer:
        """The text, whether it was cut, and its tokens."""
        text, cut, taken, given = content(found)
        return Answer(text, taken, given, 0.0, cut=cut)


def check(endpoint: Endpoint) -> tuple[str, ...]:
    """Whether an endpoint can be asked at all, without asking it.

    Returns: warnings; one for plain http to another machine.
    Raises: InputError with every mistake: a scheme other than http and https, no host, a password or key in the
        address, no model, a variable that is not set, a limit that is not above zero.

    Example:
        >>> check(Endpoint("http://127.0.0.1:8000/v1", "smol"))
        ()
    """
    problems = _address_problems(endpoint.base_url) + _key_problems(endpoint.key_variable)
    if not endpoint.model.strip():
        problems.append(Problem("endpoint: model", "nothing", "the model's name at this endpoint", "name it"))
    for name in ("timeout_s", "total_s", "at_once", "tries"):
        if not getattr(endpoint, name) > 0:
            fix = "leave it out for the default"
            problems.append(Problem(f"endpoint: {name}", str(getattr(endpoint, name)), "more than 0", fix))
    refuse_any(problems)
    parts = urlsplit(endpoint.base_url)
    if parts.scheme == "http" and not is_local(parts.hostname or ""):
        what = "your rows and the key" if endpoint.key_variable else "your rows"
        return (f"{parts.hostname} is asked over plain http: {what} can be read on the way; use https",)
    return ()


def disclosed(endpoint: Endpoint, api: Api, rows: Sequence[Any]) -> Disclosure:
    """How many requests for these rows hold secrets or personal data, before any is sent."""
    return handed_out(map(api.body, rows), endpoint.send_flagged, urlsplit(endpoint.base_url).netloc)[1]


def ask_api(
    endpoint: Endpoint, api: Api, rows: Sequence[Any], on_answer: Callable[[int, Answer], None] | None = None
) -> tuple[Answer, ...]:
    """The answers to many rows by one API, in their order, some at a time.

        pause after try k = max(what the endpoint asks for, .5 to 1.5 times 0.5 s * 2^(k-1)), at most 60 s

    Args:
        on_answer: called, in an asking thread, with (position, answer) as each comes.
    Returns: one Answer each. A row that is refused on its own (too long, filtered), or that has no answer after all
        tries, has an empty text and the reason in `refused`.
    Raises: InputError as `check`; EndpointError when the key is refused, the model unknown, the quota used up, nobody
        replies, no row has an answer, or `total_s` has passed.

    Leaves out streaming. The time limit can be overrun by one `timeout_s`. Requests in flight when an error ends the
    call are not counted.
    """
    check(endpoint)
    session = _Session(endpoint, api, Wire(endpoint.base_url, endpoint.key_variable, api.path))
    answers = _gathered(session, rows, on_answer)
    if answers and all(answer.refused for answer in answers):
        nobody = session.silent >= len(answers)
        raise EndpointError(f"{endpoint.name} answers no row: {answers[0].refused}", for_all=nobody)
    return answers


def _gathered(
    session: "_Session", asked: Sequence[Any], on_answer: Callable[[int, Answer], None] | None
) -> tuple[Answer, ...]:
    """All answers, or the first failure. Threads are daemons: an interrupt need not wait for a slow endpoint."""
    rows, answers = SimpleQueue[tuple[int, Any]](), dict[int, Answer]()
    ended = SimpleQueue[BaseException | None]()
    for row in enumerate(asked):
        rows.put(row)

    def work() -> None:
        try:
            while not session.stop.is_set():
                number, row = rows.get_nowait()
                answers[number] = session.answer(number, row)
                if on_answer:
                    on_answer(number, answers[number])
        except Empty:
            ended.put(None)
        except BaseException as error:  # noqa: BLE001 - is raised again where it can be caught
            ended.put(error)

    threads = min(session.endpoint.at_once, len(asked))
    try:
        for _ in range(threads):
            threading.Thread(target=work, name="endpoint", daemon=True).start()
        for _ in range(threads):
            error = ended.get()
            if isinstance(error, EndpointError):
                good = sum(not answer.refused for answer in answers.copy().values())
                words = f"{error} ({good} of {counted(len(asked), 'row')} answered)"
                raise EndpointError(words, for_all=error.for_all) from None
            if error is not None:
                raise error
    finally:
        session.stop.set()
    return tuple(answers[number] for number in range(len(asked)))


@dataclass(slots=True)
class _Session:
    """What the requests of one call share."""

    endpoint: Endpoint
    api: Api
    wire: Wire
    stop: threading.Event = field(default_factory=threading.Event)
    renamed: dict[str, str] = field(default_factory=dict)  # parameters that this endpoint refuses
    started: float = field(default_factory=time.monotonic)
    silent: int = 0  # rows in a row that got no reply at all

    def answer(self, number: int, row: Any) -> Answer:
        """The answer to one row, tried as often as need be."""
        started, trouble = time.monotonic(), Passing("it was given no try")
        for attempt in range(1, self.endpoint.tries + 1):
            try:
                answer = self.api.read(self._ask(row))
            except RowRefused as refusal:
                answer = Answer("", None, None, 0.0, refused=str(refusal))
            except Passing as passing:
                trouble = passing
                if attempt < self.endpoint.tries:
                    self._pause(number, attempt, passing.pause_s)
                continue
            self.silent = 0
            text, refused = self.wire.kept(answer.text), self.wire.blotted(answer.refused)
            return replace(answer, text=text, seconds=time.monotonic() - started, tries=attempt, refused=refused)
        tries = counted(self.endpoint.tries, "try", "tries")
        self.silent = 0 if trouble.reached else self.silent + 1
        reason = f"no answer in {tries}: {one_line(self.wire.blotted(str(trouble)), SHOWN_CHARACTERS)}"
        if self.silent >= SILENT_ROWS * self.endpoint.at_once:
            raise EndpointError(f"{self.endpoint.name} gave {reason}", for_all=True)
        return Answer("", None, None, time.monotonic() - started, self.endpoint.tries, refused=reason)

    def _left_s(self) -> float:
        left_s = self.started + self.endpoint.total_s - time.monotonic()
        if self.stop.is_set() or left_s <= 0:
            raise EndpointError(
                f"{self.endpoint.name}: the limit of {duration(self.endpoint.total_s)} has passed (total_s)"
            )
        return left_s

    def _pause(self, number: int, attempt: int, asked_s: float) -> None:
        # Rows that failed together must not come back together: each has its own place in the pause.
        spread = 0.5 + (0.618034 * (number + attempt)) % 1
        pause_s = max(asked_s, spread * FIRST_PAUSE_S * 2 ** (attempt - 1))
        self.stop.wait(min(pause_s, LONGEST_PAUSE_S, self._left_s()))

    def _ask(self, row: Any) -> Any:
        """One request; a parameter that the endpoint does not know is renamed or left out, and it is sent again.

        Every request goes through here, so nothing that the detectors know leaves unmasked unless somebody said so.
        """
        body = self.api.body(row)
        body = body if self.endpoint.send_flagged else Mask(body).hidden(body)
        while True:
            renamed = dict(self.renamed)
            sent = {renamed.get(name, name): value for name, value in _spelt_out(body, renamed).items()}
            sent.pop("", None)
            whole = {"model": self.endpoint.model, **sent}
            try:
                return self.wire.post(self.endpoint.model, whole, min(self.endpoint.timeout_s, self._left_s()))
            except RowRefused as refusal:
                named = [row[1:] for row in DIALECT if row[0] in str(refusal).lower()]
                changes = [row for row in named if row[0] in sent and row[0] not in renamed]
                if not changes:
                    raise
                self.renamed.update(changes[:1])


def _spelt_out(body: Mapping[str, Any], refused: Mapping[str, str]) -> Mapping[str, Any]:
    """The body with refused tools in the system message, and a refused system message in the user's first."""
    messages = body.get("messages", ())
    if "tools" in refused and body.get("tools"):
        messages = [{"role": "system", "content": "Tools:\n" + json.dumps(body["tools"])}, *messages]
    if "messages" in refused:
        system = [turn["content"] for turn in messages if turn["role"] == "system"]
        first, *rest = (turn for turn in messages if turn["role"] != "system")
        messages = [{**first, "content": "\n\n".join([*system, first["content"]])}, *rest]
    return {**body, "messages": messages} if messages else body


def _address_problems(address: str) -> list[Problem]:
    where, fix = "endpoint: base_url", "write it as https://HOST/v1"
    shown = repr(one_line(re.sub(r"//[^/@]*@", "//***@", address.partition("?")[0]), 100))
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return [Problem(where, shown, f"an address ({error})", fix)]
    problems = []
    if parts.scheme not in {"http", "https"} or not host or re.search(r"[\s\x00-\x1f]", address):
        problems.append(Problem(where, shown, "an http or https address", fix))
    if parts.username or parts.password or [name for name, _ in parse_qsl(parts.query) if name != "api-version"]:
        fix = "put the key in an environment variable and name it in key_variable"
        problems.append(Problem(where, "an address with a key or password in it", "one without", fix))
    return problems


def _key_problems(variable: str) -> list[Problem]:
    where = "endpoint: key_variable"
    if not variable:
        return []
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        # It may be the key itself, so it is not shown.
        return [Problem(where, "something that is not a variable's name", "a name such as OPENAI_API_KEY", "name it")]
    value = key_in(variable)
    if not value:
        fix = f"set it in the shell that runs this: export {variable}=..."
        return [Problem(where, f"{variable} is not set", "a variable that holds the key", fix)]
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        return [Problem(where, f"{variable} holds blanks or odd signs", "one plain word", "copy the key again")]
    return []
