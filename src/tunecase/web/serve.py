"""Serves the app on this machine: the cases of a folder at one address, for those who bring its token."""

import errno
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase import flow
from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError
from tunecase.faces import FACE
from tunecase.web.app import App
from tunecase.web.cases import Cases
from tunecase.web.guard import LOOPBACK, Guard

if TYPE_CHECKING:
    import uvicorn

MOST_OPEN = 500  # connections; a request beyond them is told to come again
MOST_CONNECTING = 64  # connections that the system holds until they are taken


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8117,
    seed: int = 0,
    today: date | None = None,
    on_ready: Callable[[str], None] | None = None,
    on_failure: Callable[[Exception], None] | None = None,
    allow_remote: bool = False,
) -> None:
    """Serves the cases below a folder until it is interrupted; pilots that were started here are then stopped.

    Args:
        folder: where the cases lie, see `flow.find_cases`.
        host, port: where to listen; port 0 takes a free one.
        seed, today: of every case; without a day it is the day of each visit.
        on_ready: called with the address once visitors can come. Its token is the key to the app.
        on_failure: called with any error that is none of ours, of which a visitor reads no more than that it happened.
        allow_remote: listen on an address that other machines reach, over plain HTTP; the token is wanted there too.
    Raises: MissingExtraError without the ui extra; InputError for another host than this machine's, no port number, or
        no such folder; TunecaseError when the port is taken.
    """
    FACE.code = "app"
    flow.find_cases(folder)
    cases = Cases(folder, seed, today)
    with _listen(host, port, allow_remote) as listening:
        number = listening.getsockname()[1]
        guard = Guard(secrets.token_urlsafe(32), number, any_host=allow_remote)
        app = App(cases, guard, on_failure)
        server = server_of(app)
        # The first look at many cases takes a second, which need not be the first visitor's.
        threading.Thread(target=_look_at, args=(cases,), daemon=True).start()
        if on_ready is not None:
            on_ready(f"http://{host}:{number}/?token={guard.token}")  # the system holds visitors until the server runs
        try:
            server.run(sockets=[listening])
        finally:
            app.close()


def _look_at(cases: Cases) -> None:
    with suppress(Exception):  # the first visitor is told of it
        cases.shelf()


def server_of(app: App) -> "uvicorn.Server":
    """A server of the app that says nothing by itself, to its visitors or to the terminal.

    Raises: MissingExtraError without the ui extra.
    """
    try:
        import uvicorn
    except ImportError:
        raise MissingExtraError("serve", "ui") from None
    from tunecase.web.connection import connection_class

    config = uvicorn.Config(
        app, interface="asgi3", loop="asyncio", http=connection_class(), ws="none", lifespan="off", workers=1,
        log_config=None, log_level="critical", access_log=False, proxy_headers=False, server_header=False,
        date_header=False, backlog=MOST_CONNECTING, limit_concurrency=MOST_OPEN, timeout_graceful_shutdown=1,
    )  # fmt: skip

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.cases.pilots.interrupt()  # while the last visitors are served
            await super().shutdown(sockets)

    return Server(config)


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
