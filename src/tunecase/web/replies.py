"""Every reply of the app: one function completes them all, so that all have the same security headers."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

# The referrer is kept to this site: a browser that may name none at all says "null" for the origin of our own forms.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), clipboard-read=(), display-capture=(), geolocation=(), microphone=(), usb=()",
    "Connection": "close",
}
# The types that a reply may have; any other becomes HTML.
HTML, CSS, JAVASCRIPT, EVENTS = (
    f"text/{kind}; charset=utf-8" for kind in ("html", "css", "javascript", "event-stream")
)
TYPES = (HTML, CSS, JAVASCRIPT, EVENTS)
STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'"
# The app's own pages: style and script from here, data from here, forms to here, and nothing inline.
APP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'"
)
# What the report page allows stands at its head: its own style sheet and script, by their hashes.
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
    """A status, a text of a type, and headers besides those that every reply has.

    `policy` is the content security policy; a page without one gets what stands at its own head.
    """

    status: HTTPStatus
    page: str
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = HTML
    policy: str = ""

    @property
    def body(self) -> bytes:
        """The text as it goes over the wire."""
        return self.page.encode("utf-8", "replace")


def plain(status: HTTPStatus, words: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A page that says one thing under the name of its status."""
    title = status.phrase if status < HTTPStatus.INTERNAL_SERVER_ERROR else "The page cannot be drawn"
    return Reply(status, _PLAIN.format(title=title, words=html.escape(words)), headers or {})


def onward(address: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Sends the visitor on to another address of the app."""
    return plain(
        HTTPStatus.SEE_OTHER, f"The page is at the address {address}.", {"Location": address, **(headers or {})}
    )


def headers_of(reply: Reply) -> list[tuple[bytes, bytes]]:
    """The headers that are a reply's own: its type, its policy, its length, and what it adds."""
    policy = framed(reply.policy) if reply.policy else policy_of(reply.page)
    own = {"Content-Security-Policy": policy, "Content-Type": reply.kind, "Content-Length": str(len(reply.body))}
    return [_encoded(*pair) for pair in (own | dict(reply.headers)).items()]


def headers_of_stream() -> list[tuple[bytes, bytes]]:
    """The headers of a stream of events, which has no length."""
    return [_encoded("Content-Type", EVENTS)]


def completed(given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a reply with those that every reply has; one that names no policy gets the strictest.

    Example:
        >>> (b"Content-Type", b"text/html; charset=utf-8") in completed([(b"content-type", b"text/plain")])
        True
    """
    policy = ("Content-Security-Policy", policy_of(""))
    pairs = [_encoded(*policy), _encoded("Content-Type", HTML), *map(_typed, given)]
    pairs += [_encoded(*pair) for pair in HEADERS.items()]
    return list({name.lower(): (name, value) for name, value in pairs}.values())


def _typed(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A header, the type being one of ours: what the server itself answers is plain text, which is HTML as well."""
    name, value = pair
    is_odd = name.lower() == b"content-type" and value.decode("latin-1") not in TYPES
    return (b"Content-Type", HTML.encode()) if is_odd else pair


def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    return name.encode("latin-1"), value.encode("latin-1")


def policy_of(page: str) -> str:
    """The content security policy that a page is served under: what it allows itself, and that it stands in no frame.

    A page that says nothing may load, run and style nothing.
    """
    said = ALLOWED.search(page)
    return framed(said.group(1) if said else STRICT)


def framed(policy: str) -> str:
    """A policy of a page that stands in no frame."""
    return f"{policy}; frame-ancestors 'none'"
