"""Serves the page live on this machine: one address, drawn anew at every visit, for those who bring its token."""

import asyncio
import errno
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.web.guard import LOOPBACK, Guard
from tunecase.web.replies import Reply, plain, written
from tunecase.web.requests import RefusedError, may_go_on, parsed

HEAD_S = 10.0  # for a whole request to come
SENT_S = 60.0  # for a whole reply to go
PARTING_S = 1.0  # for what a visitor still sends: closed earlier, the connection would lose the reply
MOST_WAITING = 100  # connections whose request has not come yet; the oldest makes room for the next
PIECE_BYTES = 4_096


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
    Raises: InputError for another host than this machine's or no port number; TunecaseError when the port is taken.
    """
    with _listen(host, port, allow_remote) as listening:
        number = listening.getsockname()[1]
        guard = Guard(secrets.token_urlsafe(32), number, any_host=allow_remote)
        visits = Visits(page, guard, on_failure)

        def ready() -> None:
            if on_ready is not None:
                on_ready(f"http://{host}:{number}/?token={guard.token}")

        asyncio.run(visits.answer_all(listening, ready))


class Visits:
    """Answers every connection with one reply, and closes it."""

    def __init__(self, page: Callable[[], str], guard: Guard, on_failure: Callable[[Exception], None] | None) -> None:
        self.page, self.guard, self.on_failure = page, guard, on_failure
        self.waiting: dict[asyncio.StreamWriter, None] = {}  # in the order in which they came
        self.drawing = asyncio.Lock()

    async def answer_all(self, listening: socket.socket, ready: Callable[[], None]) -> None:
        """Answers until it is cancelled; open connections do not hold up the end."""
        server = await asyncio.start_server(self._answer, sock=listening)
        try:
            ready()
            await asyncio.Event().wait()
        finally:
            server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(self.waiting) >= MOST_WAITING:
            oldest = next(iter(self.waiting))
            del self.waiting[oldest]
            oldest.transport.abort()
        self.waiting[writer] = None
        try:
            sent = await self._head(reader)
            self.waiting.pop(writer, None)
            if sent:
                await _send(await self._reply(sent, reader), reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            writer.transport.abort()  # the visitor has gone or does not take the reply, or the server ends
        except Exception as error:  # noqa: BLE001 - the last resort
            self._report(error)
        finally:
            self.waiting.pop(writer, None)
            writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        """What a visitor sends, up to the end of its head, to where it stops being one, or until the time is up."""
        sent = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(HEAD_S):
                while may_go_on(sent) and (piece := await reader.read(PIECE_BYTES)):
                    sent += piece
        return sent

    async def _reply(self, sent: bytes, reader: asyncio.StreamReader) -> bytes:
        try:
            request = parsed(sent)
            onward = self.guard.headers_of_welcome(request)
        except RefusedError as refused:
            return written(plain(refused.status, str(refused)), with_body=not sent.startswith(b"HEAD "))
        if onward is not None:
            reply = plain(HTTPStatus.SEE_OTHER, "The page is at the address /.", onward)
        else:
            reply = await self._drawn(reader)
        return written(reply, with_body=request.method == "GET")

    async def _drawn(self, reader: asyncio.StreamReader) -> Reply:
        """The page, drawn beside the other visits, one at a time."""
        async with self.drawing:
            if reader.at_eof():  # gone while others were served
                raise ConnectionResetError
            try:
                return Reply(HTTPStatus.OK, await asyncio.to_thread(self.page))
            except TunecaseError as error:
                words = f"{error}\n\nMend it, then load this page again: it is drawn anew each time."
            except Exception as error:  # noqa: BLE001 - the last resort
                words = "tunecase itself failed. The terminal that serves this page says where its report is."
                self._report(error)
            return plain(HTTPStatus.INTERNAL_SERVER_ERROR, words)

    def _report(self, error: Exception) -> None:
        if self.on_failure is not None:
            self.on_failure(error)


async def _send(reply: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(reply)
    async with asyncio.timeout(SENT_S):
        await writer.drain()
    writer.write_eof()
    with suppress(TimeoutError):
        async with asyncio.timeout(PARTING_S):
            while await reader.read(PIECE_BYTES):
                pass


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
