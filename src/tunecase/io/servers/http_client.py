"""The one HTTP client: every reply is bounded in bytes and time, and neither data nor a key goes to another host.

urllib brings proxies and TLS checks, and no dependency. It bounds each wait for bytes but not the reply as a whole, so
the connections here hold every reply to one deadline.
"""

import http.client
import io
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from tunecase.quantities import duration, one_line

MOST_REASON = 300  # characters of what a server or the system says
PIECE_BYTES = 65_536
NO_BODY = (204, 304)  # a length in such a reply is that of another one
MOVED = (301, 302, 303, 307, 308)


class NoReplyError(Exception):
    """A server gave no whole reply; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one reply may take: seconds to connect and as many again to its last byte, bytes, redirects on its host."""

    timeout_s: float
    most_bytes: int
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: its status, its headers by their names in lower case, its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def reason(self) -> str:
        """The status with its name.

        Example:
            >>> Reply(404, {}, b"").reason
            '404 Not Found'
        """
        return f"{self.status} {http.client.responses.get(self.status, '')}".strip()

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is not JSON in UTF-8, or is nested too deeply."""
        try:
            return json.loads(self.body.decode("utf-8"))
        except RecursionError:
            raise ValueError("nested too deeply") from None


def exchange(address: str, bounds: Bounds, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
    """Sends one request, a POST where it has a body, and gives the whole reply, whatever its status.

    A proxy of the environment is used, but not to this machine. A redirect is followed only within `bounds`, to the
    same scheme, host and port, and never for a POST; any other one is the reply.

    Raises: NoReplyError where the address is not http or https, the server does not answer in time, the connection
        breaks, or the reply is longer than the bounds.
    """
    until = time.monotonic() + bounds.timeout_s
    for _ in range(bounds.redirects + 1):
        reply = _exchange_once(address, bounds, until, headers, body)
        onward = _onward(address, reply) if body is None else ""
        if not onward:
            return reply
        address = onward
    return reply


def _onward(address: str, reply: Reply) -> str:
    """Where a reply sends to on the same scheme, host and port; empty where it does not."""
    try:
        onward = urljoin(address, reply.headers.get("location", ""))
    except ValueError:
        return ""
    before, after = urlsplit(address), split_address(onward)
    is_same = after is not None and (before.scheme, before.netloc) == (after.scheme, after.netloc)
    return onward if reply.status in MOVED and is_same else ""


def _exchange_once(address: str, bounds: Bounds, until: float, headers: Mapping[str, str], body: bytes | None) -> Reply:
    parts = split_address(address)
    if parts is None:
        raise NoReplyError("its address is not an http or https address")
    proxies = [urllib.request.ProxyHandler({})] if is_local(parts.hostname or "") else []
    opener = urllib.request.build_opener(_AnyStatus(), _Http(), _Https(), *proxies)
    request = urllib.request.Request(address, body, dict(headers))  # noqa: S310 - the scheme is checked above
    slow = f"no whole answer within {duration(bounds.timeout_s)}"
    try:
        with opener.open(request, timeout=max(0.001, until - time.monotonic())) as response:
            length = _stated_length(response)
            read = _read(response, bounds.most_bytes)
            reply = Reply(response.status, {name.lower(): text for name, text in response.headers.items()}, read)
    except TimeoutError:
        raise NoReplyError(slow) from None
    except urllib.error.URLError as error:
        words = one_line(str(error.reason), MOST_REASON)
        raise NoReplyError(slow if isinstance(error.reason, TimeoutError) else words) from None
    except (OSError, http.client.HTTPException, ValueError, ArithmeticError) as error:
        raise NoReplyError(f"the connection broke ({type(error).__name__})") from None
    if len(read) < length:
        raise NoReplyError(f"its answer broke off after {len(read):,} of {length:,} bytes")
    return reply


def _stated_length(response: Any) -> int:
    """The bytes that a reply's body must have at least; 0 where its length says nothing about it."""
    stated = response.headers.get("Content-Length", "")
    is_meant = not response.chunked and response.status not in NO_BODY
    return int(stated[:20]) if is_meant and stated.isdecimal() else 0


def _read(response: Any, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := response.read1(PIECE_BYTES):
        size += len(part)
        if size > most_bytes:
            raise NoReplyError(f"its answer is longer than {most_bytes / 1e6:g} MB")
        parts.append(part)
    return b"".join(parts)


def split_address(address: str) -> SplitResult | None:
    """The parts of an http or https address with a host and a valid port; None for any other text.

    Example:
        >>> split_address("HTTP://host:5000/ml").hostname, split_address("file:///etc"), split_address("http://[")
        ('host', None, None)
    """
    try:
        parts = urlsplit(address)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    plain = not any(character.isspace() or not character.isprintable() for character in address)
    return parts if named and plain and parts.scheme in ("http", "https") else None


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


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Hands every reply back as it is, redirects too."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        return response

    https_response = http_response


class _Timed(io.RawIOBase):
    """The bytes of a connection until a deadline."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self.connection, self.raw = connection, connection.makefile("rb", buffering=0)
        self.until = time.monotonic() + (connection.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self.until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self.connection.settimeout(left_s)
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A reply whose status line, headers and body come before one deadline, however slowly they drip."""

    def __init__(self, sock: socket.socket, *args: Any, **words: Any) -> None:
        super().__init__(sock, *args, **words)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock))


class _HttpConnection(http.client.HTTPConnection):
    response_class = _Response


class _HttpsConnection(http.client.HTTPSConnection):
    response_class = _Response


class _Http(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_HttpConnection, request)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_HttpsConnection, request)
