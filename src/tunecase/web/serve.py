"""Serves the page live on this machine: one address, drawn anew at every visit, for those who bring its token."""

import asyncio
import errno
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError
from tunecase.web.guard import LOOPBACK, Guard, RefusedError, Request
from tunecase.web.replies import Reply, headers_of, plain

if TYPE_CHECKING:
    import uvicorn

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
MOST_OPEN = 500  # connections; a request beyond them is told to come again
MOST_CONNECTING = 64  # connections that the system holds until they are taken


def serve(
    page: Callable[[], str],
    *,
    host: str = "127.0.0.1",
    port: int = 8117,
    on_ready: Callable[[str], None] | None = None,
    on_failure: Callable[[Exception], None] | None = None,
    allow_remote: bool = False,
) -> None:
    """Serves the page until it is interrupted.

    Args:
        page: draws the HTML; it is called for every visit, and a TunecaseError becomes a plain page with its message.
        host, port: where to listen; port 0 takes a free one.
        on_ready: called with the address once visitors can come. Its token is the key to the page.
        on_failure: called with any other error of `page`, of which a visitor reads no more than that it happened.
        allow_remote: listen on an address that other machines reach, over plain HTTP; the token is wanted there too.
    Raises: MissingExtraError without the ui extra; InputError for another host than this machine's or no port number;
        TunecaseError when the port is taken.
    """
    with _listen(host, port, allow_remote) as listening:
        number = listening.getsockname()[1]
        guard = Guard(secrets.token_urlsafe(32), number, any_host=allow_remote)
        server = server_of(Visits(page, guard, on_failure))
        if on_ready is not None:
            on_ready(f"http://{host}:{number}/?token={guard.token}")  # the system holds visitors until the server runs
        server.run(sockets=[listening])


def server_of(visits: "Visits") -> "uvicorn.Server":
    """A server of the page that says nothing by itself, to its visitors or to the terminal.

    Raises: MissingExtraError without the ui extra.
    """
    try:
        import uvicorn
    except ImportError:
        raise MissingExtraError("serve", "ui") from None
    from tunecase.web.connection import connection_class

    config = uvicorn.Config(
        visits, interface="asgi3", loop="asyncio", http=connection_class(), ws="none", lifespan="off", workers=1,
        log_config=None, log_level="critical", access_log=False, proxy_headers=False, server_header=False,
        date_header=False, backlog=MOST_CONNECTING, limit_concurrency=MOST_OPEN, timeout_graceful_shutdown=1,
    )  # fmt: skip
    return uvicorn.Server(config)


class Visits:
    """The application that the server asks, in ASGI's terms: every request gets one reply."""

    def __init__(self, page: Callable[[], str], guard: Guard, on_failure: Callable[[Exception], None] | None) -> None:
        self.page, self.guard, self.on_failure = page, guard, on_failure
        self.drawing = asyncio.Lock()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request; a visitor who went while others were served gets nothing."""
        try:
            reply = await self._reply(Request.of(scope), receive)
        except RefusedError as refused:
            reply = plain(refused.status, str(refused))
        except Exception as error:  # noqa: BLE001 - the last resort
            reply = self._failed(error)
        if reply is not None:
            await send({"type": "http.response.start", "status": reply.status.value, "headers": headers_of(reply)})
            await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, request: Request, receive: Receive) -> Reply | None:
        onward = self.guard.headers_of_welcome(request)
        if onward is not None:
            return plain(HTTPStatus.SEE_OTHER, "The page is at the address /.", onward)
        async with self.drawing:  # beside the other visits, one at a time
            if await _has_gone(receive):
                return None
            try:
                return Reply(HTTPStatus.OK, await asyncio.to_thread(self.page))
            except TunecaseError as error:
                words = f"{error}\n\nMend it, then load this page again: it is drawn anew each time."
                return plain(HTTPStatus.INTERNAL_SERVER_ERROR, words)

    def _failed(self, error: Exception) -> Reply:
        if self.on_failure is not None:
            self.on_failure(error)
        words = "tunecase itself failed. The terminal that serves this page says where its report is."
        return plain(HTTPStatus.INTERNAL_SERVER_ERROR, words)


async def _has_gone(receive: Receive) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
    return False


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
        listening.listen(MOST_CONNECTING)
    except OSError as error:
        listening.close()
        why = (
            "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        )
        raise TunecaseError(
            f"Port {port} of {host} {why}.\nFix: give another one, such as --port {port + 1}"
        ) from error
    return listening
