"""One request to an endpoint of models, and what comes back: an answer, a refusal of this row or of all, or a wait."""

import json
import os
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from tunecase.data.reading import simple_calls
from tunecase.errors import EndpointError
from tunecase.io.servers import Bounds, NoReplyError, Reply, exchange
from tunecase.quantities import one_line

MOST_ANSWER_BYTES = 8_000_000
MOST_ANSWER_TOKENS = 1_000_000_000  # of one row; more is no count
LEAST_KEY = 12  # characters; a shorter word, such as a stand-in for servers without keys, may stand in any answer
SHOWN_CHARACTERS = 300
BUSY = (408, 409, 425, 429)  # and every status from 500
ONE_ROW = (400, 413, 422)  # may be about this row alone: too long, or filtered


class RowRefused(Exception):  # noqa: N818 - what happened, not an error to show
    """This row is refused; others may not be."""


class Passing(Exception):  # noqa: N818
    """A failure that may pass: worth another try, after `pause_s` seconds at the earliest.

    `reached` is False where no reply came at all. The reason may hold a whole reply: it is cut, and the key blotted out
    of it, where it is shown.
    """

    def __init__(self, reason: str, pause_s: float = 0.0, *, reached: bool = True) -> None:
        super().__init__(reason)
        self.pause_s, self.reached = pause_s, reached


class Wire:
    """The way to one API of an endpoint; `path` is added to its base URL where it does not stand there already."""

    def __init__(self, base_url: str, key_variable: str, path: str) -> None:
        parts = urlsplit(base_url)
        path = parts.path.rstrip("/").removesuffix(path).rstrip("/") + path
        self.address = urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
        self.host, self.key_variable = parts.netloc, key_variable

    def post(self, model: str, body: Mapping[str, Any], timeout_s: float) -> Any:
        """The JSON that comes back.

        Raises: RowRefused, Passing, or EndpointError where no other row could fare better.
        """
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "tunecase"}
        if key := key_in(self.key_variable):
            headers["Authorization"] = f"Bearer {key}"
        try:
            reply = exchange(self.address, Bounds(timeout_s, MOST_ANSWER_BYTES), headers, json.dumps(body).encode())
        except NoReplyError as error:
            raise Passing(str(error), reached=False) from None
        if reply.status != 200:
            self._refuse(model, reply)
        try:
            return reply.json()
        except ValueError:
            raise Passing(f"its answer cannot be read as JSON: {one_line(self.blotted(reply.text), 80)!r}") from None

    def blotted(self, words: str) -> str:
        """Words of the endpoint with the key blotted out, should it have sent that back."""
        key = key_in(self.key_variable)
        for written in {key, json.dumps(key)[1:-1]} - {""}:
            words = words.replace(written, "***")
        return words

    def kept(self, text: str) -> str:
        """An answer's text with the key blotted out, where it is too long to be there by chance."""
        return self.blotted(text) if len(key_in(self.key_variable)) >= LEAST_KEY else text

    def _refuse(self, model: str, reply: Reply) -> NoReturn:
        """Raises what an answer other than 200 means: for this row, for a while, or for all rows."""
        who, status, words = f"{model} at {self.host}", reply.status, self._own_words(reply.text)
        reason = reply.reason + (f": {words}" if words else "")
        if status == 402 or "insufficient_quota" in words:
            raise EndpointError(f"{who}: the quota is used up ({reason}).\nFix: add credit, or wait", for_all=True)
        if status in BUSY or status >= 500:
            raise Passing(reason, _asked_pause_s(reply.headers.get("retry-after", "").strip()))
        if status in ONE_ROW:
            raise RowRefused(reason)
        why, fix = self._meaning(model, status)
        raise EndpointError(f"{who} {why} ({reason}).\nFix: {fix}" if why else f"{who}: {reason}", for_all=True)

    def _meaning(self, model: str, status: int) -> tuple[str, str]:
        """What a status means that all rows would meet, and its fix; empty where no meaning is known."""
        if status in {401, 403}:
            fix = f"check the key in {self.key_variable}" if self.key_variable else "name the variable with the key"
            return "refuses access", f"{fix} (key_variable)"
        if status == 404:
            return "is not there", f"check the model {model!r} and the address, which usually ends in /v1"
        return ("redirects elsewhere", "give the address it moved to") if 300 <= status < 400 else ("", "")

    def _own_words(self, text: str) -> str:
        """The endpoint's own error message as one line, with the key blotted out should it stand there."""
        words = text
        try:
            body = json.loads(text)
            error = body.get("error") or body.get("detail") or body.get("message")
            if isinstance(error, dict):
                words = f"{error.get('message', '')} {error.get('code') or ''}".strip()
            elif error:
                words = str(error)
        except (ValueError, AttributeError, RecursionError):
            pass
        return one_line(self.blotted(words), SHOWN_CHARACTERS)


def content(body: Any) -> tuple[str, bool, int | None, int | None]:
    """The text in an endpoint's JSON, whether it was cut short, and the tokens taken in and given out.

    Calls of tools are the text, in the form that training answers have.

    Raises: Passing when it has no choice with a message.

    Example:
        >>> content({"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]})
        ('yes', False, None, None)
    """
    try:
        choice = body["choices"][0]
        answer, calls = choice["message"].get("content"), choice["message"].get("tool_calls")
        usage = body.get("usage")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Passing(f"its answer has no choices: {json.dumps(body)}") from None
    if isinstance(answer, list):
        answer = "".join(str(part.get("text", "")) for part in answer if isinstance(part, dict))
    if calls:
        answer = json.dumps(simple_calls(calls), ensure_ascii=False)
    text = str(answer or "").encode("utf-8", "replace").decode("utf-8")  # a lone surrogate could not be written
    taken, given = tokens_in(usage, "prompt_tokens"), tokens_in(usage, "completion_tokens")
    return text, choice.get("finish_reason") == "length", taken, given


def key_in(variable: str) -> str:
    """The key that an environment variable holds; "" where there is none."""
    return os.environ.get(variable, "").strip() if variable else ""


def tokens_in(usage: Any, name: str) -> int | None:
    """A count of tokens in an endpoint's bill; None where it is no count."""
    value = usage.get(name) if isinstance(usage, dict) else None
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_ANSWER_TOKENS
    return value if is_count else None


def _asked_pause_s(retry_after: str) -> float:
    """The seconds to wait, which the header gives as a number or as a moment; 0 for anything else."""
    if re.fullmatch(r"\d{1,9}(\.\d+)?", retry_after):
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0
