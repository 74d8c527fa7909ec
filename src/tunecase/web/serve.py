"""Serves the page live on this machine: one address, drawn anew at every visit, with no way in from outside or out."""

import errno
import html
import re
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError

if TYPE_CHECKING:
    from starlette.applications import Starlette

LOOPBACK = ("127.0.0.1", "localhost")
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# What a page allows stands at its head: its own style sheet and script, by their hashes.
ALLOWED = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_SORRY = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>tunecase: no page</title></head>
<body>
<h1>The page cannot be drawn</h1>
<pre>{message}</pre>
<p>Mend it, then load this page again: it is drawn anew each time.</p>
</body></html>
"""


def policy_of(page: str) -> str:
    """The content security policy that a page is served under: what it allows itself, and that it stands in no frame.

    A page that says nothing may load, run and style nothing.
    """
    said = ALLOWED.search(page)
    own = said.group(1) if said else "default-src 'none'; base-uri 'none'; form-action 'none'"
    return f"{own}; frame-ancestors 'none'"


def serve(
    page: Callable[[], str],
    *,
    host: str = "127.0.0.1",
    port: int = 8117,
    on_ready: Callable[[str], None] | None = None,
    allow_remote: bool = False,
) -> None:
    """Serves the page until it is interrupted.

    Args:
        page: draws the HTML; it is called for every visit, and its errors become a plain page with their message.
        host, port: where to listen; port 0 takes a free one.
        on_ready: called with the address once visitors can come.
        allow_remote: listen on an address that other machines reach; whoever reaches it can read the whole case.
    Raises: MissingExtraError without the ui extra; InputError for another host than this machine's or no port number;
        TunecaseError when the port is taken.
    """
    try:
        import starlette  # noqa: F401 - asked for here so that the message comes before anything is opened
        import uvicorn
    except ImportError:
        raise MissingExtraError("serve", "ui") from None

    listening = _listen(host, port, allow_remote)
    address = f"http://{host}:{listening.getsockname()[1]}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if on_ready is not None and self.started:
                on_ready(address)

    config = uvicorn.Config(application(page, allow_remote), log_level="warning", access_log=False, server_header=False)
    with listening:
        Server(config).run(sockets=[listening])


def application(page: Callable[[], str], allow_remote: bool = False) -> "Starlette":
    """The one-page application, apart from the port it listens on."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.requests import Request
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    # Not async: drawing takes a while, and Starlette runs plain functions beside the event loop.
    def draw(request: Request) -> HTMLResponse:
        try:
            drawn = page()
            return HTMLResponse(drawn, headers={**HEADERS, "Content-Security-Policy": policy_of(drawn)})
        except TunecaseError as error:
            message = str(error)
        except Exception as error:  # noqa: BLE001 - a visitor gets the message, never a traceback
            message = f"{type(error).__name__}: {error}"
        sorry = _SORRY.format(message=html.escape(message))
        headers = {**HEADERS, "Content-Security-Policy": policy_of(sorry)}
        return HTMLResponse(sorry, status_code=500, headers=headers)

    hosts = ["*"] if allow_remote else list(LOOPBACK)
    # Only names of this machine are answered, so that no site can point its own name here and read along.
    guard = Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    return Starlette(routes=[Route("/", draw, methods=["GET"])], middleware=[guard])


def _listen(host: str, port: int, allow_remote: bool) -> socket.socket:
    if host not in LOOPBACK and not allow_remote:
        fix = "leave the host out; to show the case elsewhere, send the file that `tunecase report` writes"
        raise InputError(Problem("host", repr(host), f"this machine: {' or '.join(LOOPBACK)}", fix))
    if not 0 <= port <= 65_535:
        raise InputError(Problem("port", str(port), "a number from 0 to 65535", "leave it out for 8117"))
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # On Windows this option would let two servers share a port; elsewhere it only skips the wait after a stop.
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(64)
    except OSError as error:
        listening.close()
        why = (
            "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        )
        raise TunecaseError(
            f"Port {port} of {host} {why}.\nFix: give another one, such as --port {port + 1}"
        ) from error
    return listening
