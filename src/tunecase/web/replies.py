"""Every reply of the served page: one function completes them all, so that all have the same security headers."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), clipboard-read=(), display-capture=(), geolocation=(), microphone=(), usb=()",
    "Connection": "close",
}
# What a page allows stands at its head: its own style sheet and script, by their hashes.
ALLOWED = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"\r\n]*)">')
_PLAIN = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>tunecase: {title}</title></head>
<body>
<h1>{title}</h1>
<pre>{words}</pre>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, a page, and headers besides those that every reply has."""

    status: HTTPStatus
    page: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The page as it goes over the wire."""
        return self.page.encode("utf-8", "replace")


def plain(status: HTTPStatus, words: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A page that says one thing under the name of its status."""
    named = {"Allow": "GET, HEAD"} if status is HTTPStatus.METHOD_NOT_ALLOWED else {}
    title = status.phrase if status < HTTPStatus.INTERNAL_SERVER_ERROR else "The page cannot be drawn"
    page = _PLAIN.format(title=title, words=html.escape(words))
    return Reply(status, page, {**named, **(headers or {})})


def headers_of(reply: Reply) -> list[tuple[bytes, bytes]]:
    """The headers that are a reply's own: its policy, its length, and what it adds."""
    own = {"Content-Security-Policy": policy_of(reply.page), "Content-Length": str(len(reply.body)), **reply.headers}
    return [_encoded(*pair) for pair in own.items()]


def completed(given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a reply with those that every reply has; a reply that names no policy gets the strictest.

    Example:
        >>> (b"Content-Type", b"text/html; charset=utf-8") in completed([(b"content-type", b"text/plain")])
        True
    """
    policy = ("Content-Security-Policy", policy_of(""))
    pairs = [_encoded(*policy), *given, *(_encoded(*pair) for pair in HEADERS.items())]
    return list({name.lower(): (name, value) for name, value in pairs}.values())


def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    return name.encode("latin-1"), value.encode("latin-1")


def policy_of(page: str) -> str:
    """The content security policy that a page is served under: what it allows itself, and that it stands in no frame.

    A page that says nothing may load, run and style nothing.
    """
    said = ALLOWED.search(page)
    own = said.group(1) if said else "default-src 'none'; base-uri 'none'; form-action 'none'"
    return f"{own}; frame-ancestors 'none'"
