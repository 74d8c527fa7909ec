"""One request to a chat endpoint, and what comes back: an answer, a refusal of this row or of all, or wait.

urllib is enough: one POST per row, held apart by threads. It brings proxies and TLS checks, and no dependency.
"""

import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from tunecase.errors import EndpointError
from tunecase.quantities import duration, one_line

MOST_ANSWER_BYTES = 8_000_000
SHOWN_CHARACTERS = 300
PATH = "/chat/completions"
BUSY = (408, 409, 425, 429)  # and all from 500
ONE_ROW = (400, 413, 422)  # may be about this row alone: too long, or filtered


class RowRefused(Exception):  # noqa: N818 - what happened, not an error to show
    """This row is refused; others may not be."""


class Passing(Exception):  # noqa: N818
    """May work at another try, after `pause_s` at the earliest."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class Wire:
    """The way to one endpoint."""

    def __init__(self, base_url: str, key_variable: str) -> None:
        parts = urlsplit(base_url)
        path = parts.path.rstrip("/").removesuffix(PATH).rstrip("/") + PATH
        self.address = urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
        self.host, self.key_variable = parts.netloc, key_variable
        proxies = [urllib.request.ProxyHandler({})] if is_local(parts.hostname or "") else []
        self.opener = urllib.request.build_opener(_AnyStatus(), *proxies)

    def post(self, model: str, body: Mapping[str, Any], timeout_s: float) -> Any:
        """The JSON that comes back.

        Raises: RowRefused, Passing, or EndpointError where no other row could fare better.
        """
        status, headers, text = self._exchange(json.dumps(body).encode(), timeout_s)
        if status != 200:
            self._refuse(model, status, self._said(text), headers)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise Passing(f"its answer is not JSON: {one_line(text, 80)!r}") from None

    def _exchange(self, body: bytes, timeout_s: float) -> tuple[int, Mapping[str, str], str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "tunecase"}
        if key := key_in(self.key_variable):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.address, body, headers, method="POST")  # noqa: S310 - scheme checked
        until = time.monotonic() + timeout_s
        try:
            with self.opener.open(request, timeout=timeout_s) as response:
                return response.status, dict(response.headers), _body(response, until)
        except TimeoutError:
            reason = f"no answer within {duration(timeout_s)}"
        except urllib.error.URLError as error:
            slow = isinstance(error.reason, TimeoutError)
            reason = (
                f"no answer within {duration(timeout_s)}" if slow else one_line(str(error.reason), SHOWN_CHARACTERS)
            )
        except (OSError, http.client.HTTPException) as error:
            reason = f"the connection broke ({type(error).__name__})"
        raise Passing(reason) from None

    def _refuse(self, model: str, status: int, said: str, headers: Mapping[str, str]) -> NoReturn:
        who = f"{model} at {self.host}"
        reason = f"{status} {http.client.responses.get(status, '')}".strip() + (f": {said}" if said else "")
        if status in {401, 403}:
            fix = f"check the key in {self.key_variable}" if self.key_variable else "name the variable with the key"
            raise EndpointError(f"{who} refuses access ({reason}).\nFix: {fix} (key_variable)")
        if status == 404:
            fix = f"check the model {model!r} and the address, which mostly ends in /v1"
            raise EndpointError(f"{who} is not there ({reason}).\nFix: {fix}")
        if status == 402 or "insufficient_quota" in said:
            raise EndpointError(f"{who}: the quota is used up ({reason}).\nFix: add credit, or wait")
        if status in BUSY or status >= 500:
            raise Passing(reason, _asked_pause_s(headers))
        if status in ONE_ROW:
            raise RowRefused(reason)
        if 300 <= status < 400:
            raise EndpointError(f"{who} sends elsewhere ({reason}).\nFix: give the address it moved to")
        raise EndpointError(f"{who}: {reason}")

    def _said(self, text: str) -> str:
        """The endpoint's own words of an error, one line, the key blotted out should it be repeated."""
        words = text
        try:
            found = json.loads(text)
            error = found.get("error") or found.get("detail") or found.get("message")
            if isinstance(error, dict):
                words = f"{error.get('message', '')} {error.get('code') or ''}".strip()
            elif error:
                words = str(error)
        except (ValueError, AttributeError, RecursionError):
            pass
        key = key_in(self.key_variable)
        return one_line(words.replace(key, "***") if key else words, SHOWN_CHARACTERS)


def content(found: Any) -> tuple[str, bool, int | None, int | None]:
    """Of an endpoint's JSON: the text, whether it was cut short, and the tokens taken in and given out.

    Raises: Passing when it has no choice with a message.

    Example:
        >>> content({"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]})
        ('yes', False, None, None)
    """
    try:
        choice = found["choices"][0]
        said = choice["message"].get("content")
        usage = found.get("usage")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Passing(f"its answer has no choices: {one_line(json.dumps(found), 80)!r}") from None
    if isinstance(said, list):
        said = "".join(str(part.get("text", "")) for part in said if isinstance(part, dict))
    text = str(said or "").encode("utf-8", "replace").decode("utf-8")  # a lone surrogate could not be written
    return text, choice.get("finish_reason") == "length", _tokens(usage, "prompt"), _tokens(usage, "completion")


def key_in(variable: str) -> str:
    """The key that an environment variable holds; "" where there is none."""
    return os.environ.get(variable, "").strip() if variable else ""


def is_local(host: str) -> bool:
    """Whether a host is this machine.

    Example:
        >>> is_local("127.0.0.1"), is_local("::1"), is_local("localhost.evil.com")
        (True, True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _tokens(usage: Any, side: str) -> int | None:
    value = usage.get(f"{side}_tokens") if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _asked_pause_s(headers: Mapping[str, str]) -> float:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0


def _body(response: Any, until: float) -> str:
    """The whole body as text.

    Raises: Passing when it is cut short or too long; TimeoutError when it takes too long.
    """
    parts: list[bytes] = []
    size = 0
    while part := response.read1(65536):
        size += len(part)
        if size > MOST_ANSWER_BYTES:
            raise Passing(f"its answer is longer than {MOST_ANSWER_BYTES // 1_000_000} MB")
        if time.monotonic() > until:
            raise TimeoutError
        parts.append(part)
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and size < int(length):
        raise Passing(f"its answer broke off after {size} of {length} bytes")
    return b"".join(parts).decode("utf-8", "replace")


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Hands back every answer as it is: no redirect is followed, and the key goes nowhere else."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        return response

    https_response = http_response
