"""Every reply of the served page: one function writes them all, so that all have the same security headers."""

import html
import re
from collections.abc import Mapping
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


def plain(status: HTTPStatus, words: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A page that says one thing under the name of its status."""
    named = {"Allow": "GET, HEAD"} if status is HTTPStatus.METHOD_NOT_ALLOWED else {}
    title = status.phrase if status < HTTPStatus.INTERNAL_SERVER_ERROR else "The page cannot be drawn"
    page = _PLAIN.format(title=title, words=html.escape(words))
    return Reply(status, page, {**named, **(headers or {})})


def written(reply: Reply, *, with_body: bool = True) -> bytes:
    """A reply as it goes over the wire; a HEAD request gets the headers alone."""
    body = reply.page.encode("utf-8", "replace")
    policy = {"Content-Security-Policy": policy_of(reply.page), "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, **policy, **reply.headers}.items())
    start = f"HTTP/1.1 {reply.status.value} {reply.status.phrase}\r\n{head}\r\n"
    return start.encode("latin-1") + (body if with_body else b"")


def policy_of(page: str) -> str:
    """The content security policy that a page is served under: what it allows itself, and that it stands in no frame.

    A page that says nothing may load, run and style nothing.
    """
    said = ALLOWED.search(page)
    own = said.group(1) if said else "default-src 'none'; base-uri 'none'; form-action 'none'"
    return f"{own}; frame-ancestors 'none'"
