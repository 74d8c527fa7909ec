"""The one HTTP client: every reply is bounded in bytes and time, and neither data nor a key goes to another host.

urllib brings proxies and TLS checks, and no dependency. It bounds each wait for bytes but not the reply as a whole, so
the connections here hold connecting, sending and reading to one deadline.

*Left out:* the system's own look-up of a host's name takes the time that it takes.
"""

import http.client
import io
import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from tunecase.quantities import duration, one_line

MOST_REASON = 300  # characters of what a server or the system says
MOST_VALUES = 1_000_000  # of a reply's JSON: each takes up to a hundred times its bytes in memory
PIECE_BYTES = 65_536
SENT_BYTES = 16_384  # at a time: what TLS sends as one record
NO_BODY = (204, 304)  # a length in such a reply is that of another one
MOVED = (301, 302, 303, 307, 308)


class NoReplyError(Exception):
    """A server gave no whole reply; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one reply may take: seconds from connecting to its last byte, bytes, redirects on its host."""

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
        """The body as JSON. Raises ValueError where it is not JSON in UTF-8, is nested too deeply or too full."""
        if sum(map(self.body.count, (b",", b"[", b"{"))) > MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES:,} values")
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
    opener = urllib.request.build_opener(_AnyStatus(), _Http(until), _Https(until), *proxies)
    request = urllib.request.Request(address, body, dict(headers))  # noqa: S310 - the scheme is checked above
    slow = f"no whole answer within {duration(bounds.timeout_s)}"
    try:
        with opener.open(request, timeout=bounds.timeout_s) as response:
            length = _stated_length(response)
            read = _read(response, bounds.most_bytes)
            reply = Reply(response.status, {name.lower(): text for name, text in response.headers.items()}, read)
    except TimeoutError:
        raise NoReplyError(slow) from None
    except urllib.error.URLError as error:
        raise NoReplyError(slow if isinstance(error.reason, TimeoutError) else _why(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError, ArithmeticError) as error:
        raise NoReplyError(f"the connection broke ({type(error).__name__})") from None
    if len(read) < length:
        raise NoReplyError(f"its answer broke off after {len(read):,} of {length:,} bytes")
    return reply


def _why(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({one_line(reason.verify_message, MOST_REASON)})"
    return one_line(str(reason), MOST_REASON)


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


def _left_s(until: float) -> float:
    """The seconds until a deadline. Raises TimeoutError once it has passed."""
    left_s = until - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


class _Timed(io.RawIOBase):
    """The bytes of a connection until a deadline."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        super().__init__()
        self.connection, self.raw = connection, connection.makefile("rb", buffering=0)
        self.until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self.connection.settimeout(_left_s(self.until))
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A reply whose status line, headers and body come before one deadline, however slowly they drip."""

    def __init__(self, until: float, sock: socket.socket, *args: Any, **words: Any) -> None:
        super().__init__(sock, *args, **words)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock, until))


class _HttpConnection(http.client.HTTPConnection):
    """A connection of which every step ends before one deadline: all its addresses, the request, the reply."""

    def __init__(self, *args: Any, until: float, **words: Any) -> None:
        super().__init__(*args, **words)
        self.until = until
        self.response_class = partial(_Response, until)  # type: ignore[assignment]
        self._create_connection = self._connected

    def _connected(self, address: tuple[str, int], *_: Any) -> socket.socket:
        """A connection to the first address of a host that takes one; each may use its share of what time is left."""
        failure = OSError("it has no address")
        places = socket.getaddrinfo(*address, 0, socket.SOCK_STREAM)
        for number, (family, kind, protocol, _name, place) in enumerate(places):
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(_left_s(self.until) / (len(places) - number))
                connection.connect(place)
                connection.settimeout(_left_s(self.until))
                return connection
            except OSError as error:
                connection.close()
                failure = error
        raise failure

    def send(self, data: Any) -> None:
        """Sends bytes; a server that takes them slowly is left at the deadline."""
        if self.sock is None:
            self.connect()
        for start in range(0, len(data), SENT_BYTES):
            self.sock.settimeout(_left_s(self.until))
            super().send(data[start : start + SENT_BYTES])


class _HttpsConnection(_HttpConnection, http.client.HTTPSConnection):
    """The same over TLS."""


class _Http(urllib.request.HTTPHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self.until = until

    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_HttpConnection, request, until=self.until)  # type: ignore[arg-type]


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self.until = until

    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(_HttpsConnection, request, until=self.until)  # type: ignore[arg-type]
