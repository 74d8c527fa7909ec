"""Who may read the app and act in it: a visitor with the token, from a page of our own, under a name of this machine.

The token stands in the address that the terminal shows. The first visit trades it for a cookie and is sent to the
address without it, so that it does not stay in the address bar or the history. Whoever acts needs more than the cookie:
a form that one of our pages drew, whose token is made of ours and differs from drawing to drawing,

    form token = nonce . HMAC-SHA256(token, nonce)

*Left out:* a browser sends a cookie to every port of a host. Whoever serves another page on the same machine reads the
cookie of a visitor who opens that page. Plain HTTP can be read on the way to another machine.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

LOOPBACK = ("127.0.0.1", "localhost")
# What a browser says of a visit: typed or from the page itself, for a tab of its own.
COMES_FROM = ("none", "same-origin")
SHOWN_IN = ("document", "empty")
PASTE = "Copy the address that `tunecase serve` shows in its terminal, with its token, into the address bar."


class RefusedError(Exception):
    """A request that is not answered as asked: the status of the reply, a sentence for the visitor, further headers."""

    def __init__(self, status: HTTPStatus, words: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.status, self.headers = status, headers or {}


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request: its method, its path and query as sent, its headers by their names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> "Request":
        """The request that an ASGI scope describes; headers of one name are joined by commas."""
        headers: dict[str, str] = {}
        for key, value in ((key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]):
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        return cls(scope["method"], path, query, headers)


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides who may read what is served on a port, and act; `any_host` answers to every name of this machine."""

    token: str
    port: int
    any_host: bool = False

    @property
    def cookie(self) -> str:
        """The name of the cookie: each port has its own, since a browser sends a cookie to all of them."""
        return f"tunecase-{self.port}"

    def check_names(self, request: Request) -> None:
        """Refuses a site that points its own name here. Raises: RefusedError."""
        host = request.headers.get("host", "")
        if not host or not (self.any_host or _name(host) in LOOPBACK):
            names = " or ".join(LOOPBACK)
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"This page answers to {names} only, not to another name.")

    def check_visit(self, request: Request, shown_in: Sequence[str] = SHOWN_IN) -> None:
        """Refuses a visit that another site starts or embeds, and an act whose page is not told.

        Args:
            shown_in: what a browser may say that the reply is for.
        Raises: RefusedError.
        """
        own, origin = f"http://{request.headers.get('host', '')}".casefold(), request.headers.get("origin")
        site = request.headers.get("sec-fetch-site")
        is_own = origin is None or origin.casefold() == own
        is_visit = site is None or site in COMES_FROM
        if request.method == "POST":
            # A page that tells no referrer sends its forms from "null"; the browser itself still says from which site.
            is_own = is_own or (origin == "null" and site == "same-origin")
            is_visit = (origin, site) != (None, None) and site in (None, "same-origin")
        if not (is_own and is_visit and request.headers.get("sec-fetch-dest", shown_in[0]) in shown_in):
            raise RefusedError(HTTPStatus.FORBIDDEN, f"Another page may not open this one. {PASTE}")

    def headers_of_welcome(self, request: Request) -> Mapping[str, str] | None:
        """The headers that send a visitor who brings the token on to the page; None for one who may read it now.

        Raises: RefusedError for everybody else.
        """
        if request.path == "/" and self._is_token(parse_qs(request.query).get("token", [""])):
            return {"Set-Cookie": f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"}
        if not self._is_token(_cookies(request, self.cookie)):
            raise RefusedError(HTTPStatus.FORBIDDEN, f"This page needs its token. {PASTE}")
        return None

    def form_token(self) -> str:
        """The token of the forms of one drawing of a page."""
        nonce = secrets.token_hex(16)
        return f"{nonce}.{self._signed(nonce)}"

    def form_of(self, given: str) -> str:
        """The id of the drawing that a form was sent from.

        Raises: RefusedError where its token is none of ours.
        """
        nonce, _, signed = given.partition(".")
        if not hmac.compare_digest(signed.encode(), self._signed(nonce).encode()):
            words = "This form is not from a page that is served now. Load the page again, then send it again."
            raise RefusedError(HTTPStatus.FORBIDDEN, words)
        return nonce

    def _signed(self, nonce: str) -> str:
        return hmac.new(self.token.encode(), nonce.encode(), hashlib.sha256).hexdigest()

    def _is_token(self, given: list[str]) -> bool:
        return len(given) == 1 and hmac.compare_digest(given[0].encode(), self.token.encode())


def _name(host: str) -> str:
    """The name in a Host header, without the port: a forwarded one differs from ours.

    Example:
        >>> _name("LocalHost:9000"), _name("127.0.0.1:80:90")
        ('localhost', '127.0.0.1:80:90')
    """
    parted = re.fullmatch(r"([a-z0-9.-]+)(:\d{1,5})?", host.casefold())
    return parted[1] if parted else host


def _cookies(request: Request, name: str) -> list[str]:
    pairs = [pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";")]
    return [value for own, _, value in pairs if own == name]
