"""The app on a free port, visited as browsers do and as they never would."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from tunecase.web.app import App, Route, Visit
from tunecase.web.cases import Cases, key_of
from tunecase.web.guard import Guard
from tunecase.web.replies import Reply
from tunecase.web.serve import server_of
from tunecase.web.views import Filled

TOKEN = "a-token-for-tests"


@dataclass
class Served:
    """An app that is served; `failures` are the errors that the terminal was told of."""

    port: int
    failures: list[Exception] = field(default_factory=list)
    app: App | None = None

    @property
    def origin(self) -> str:
        """Where our own pages come from."""
        return f"http://127.0.0.1:{self.port}"

    def raw(self, sent: bytes, *, timeout_s: float = 20.0) -> bytes:
        """All that comes back for these bytes, be it cut off by a reset."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s) as connection:
            with suppress(ConnectionError):
                connection.sendall(sent)
            return everything(connection)

    def ask(self, address: str = "/", method: str = "GET", token: str = TOKEN, **headers: str) -> "Answer":
        """The answer to a request with the cookie that a token gives; headers by their names with underscores."""
        named = {"Host": f"127.0.0.1:{self.port}", **_named(headers)}
        if token:
            named["Cookie"] = f"tunecase-{self.port}={token}"
        return answer(self.raw(_head(method, address, named)))

    def post(self, address: str, fields: Mapping[str, str], token: str = TOKEN, **headers: str) -> "Answer":
        """The answer to a form that one of our own pages sends."""
        body = urlencode(fields).encode()
        named = {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded", **_named(headers)}
        return self.sent(address, body, named, token)

    def sent(self, address: str, body: bytes, headers: Mapping[str, str], token: str = TOKEN) -> "Answer":
        """The answer to a body; a header that is empty is left out."""
        named = {"Host": f"127.0.0.1:{self.port}", "Content-Length": str(len(body)), **headers}
        if token:
            named["Cookie"] = f"tunecase-{self.port}={token}"
        given = {name: value for name, value in named.items() if value}
        return answer(self.raw(_head("POST", address, given) + body))

    def filled(self, reply: "Answer") -> Filled:
        """What a form's reply sends the visitor back to, which can be drawn."""
        assert reply.status == 303, reply
        assert 200 == self.ask(reply.headers["Location"]).status
        _, filled = self.app.filled[reply.headers["Location"].partition("?sent=")[2]]
        return filled

    @contextmanager
    def stream(self, address: str) -> Iterator["Stream"]:
        """A stream of events, read until the block ends."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            cookie = {"Host": f"127.0.0.1:{self.port}", "Cookie": f"tunecase-{self.port}={TOKEN}"}
            connection.sendall(_head("GET", address, cookie))
            yield Stream(connection)


def address_of(project: Path) -> str:
    """The address of the case at a project file, where its own folder is served."""
    return f"/case/{key_of(project.parent.resolve(), project.resolve())}"


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): one for name, one in headers.items()}


def _head(method: str, address: str, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {address} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


class Stream:
    """A stream of events as it comes in, its chunks put together."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.rest, self.head = connection, b"", b""
        while b"\r\n\r\n" not in self.rest:
            self._more()
        self.head, _, self.rest = self.rest.partition(b"\r\n\r\n")

    def event(self) -> dict[str, object] | None:
        """The next event's data, with its id; None at the end of the stream. Comments are passed over."""
        while (chunk := self.chunk()) is not None:
            lines = dict(
                line.split(": ", 1) for line in chunk.decode().splitlines() if not line.startswith(":") and line
            )
            if "data" in lines:
                return {"id": lines["id"], **json.loads(lines["data"])}
        return None

    def chunk(self) -> bytes | None:
        """The next chunk; None at the end."""
        while b"\r\n" not in self.rest:
            if not self._more():
                return None
        size, _, self.rest = self.rest.partition(b"\r\n")
        while len(self.rest) < int(size, 16) + 2:
            if not self._more():
                return None
        body, self.rest = self.rest[: int(size, 16)], self.rest[int(size, 16) + 2 :]
        return body or None

    def _more(self) -> bool:
        with suppress(ConnectionError):
            part = self.connection.recv(65_536)
            self.rest += part
            return bool(part)
        return False


@dataclass(frozen=True)
class Answer:
    """A reply taken apart."""

    status: int
    headers: Mapping[str, str]
    page: str

    @property
    def token(self) -> str:
        """The token of the forms that the page holds."""
        return re.search(r'name="token" value="([^"]+)"', self.page)[1]


def everything(connection: socket.socket) -> bytes:
    """What comes until the other side closes or resets."""
    parts = []
    with suppress(ConnectionError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def answer(sent: bytes) -> Answer:
    """A reply taken apart; its length must be the one that it names, if any."""
    head, _, body = sent.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines)
    assert len(body) in (0, int(headers.get("Content-Length", len(body))))
    return Answer(int(first.split()[1]), headers, body.decode())


@contextmanager
def served(page: Callable[[], str], *, any_host: bool = False) -> Iterator[Served]:
    """One page, at the address / alone, served from a thread until the block ends."""

    async def draw(app: App, visit: Visit) -> Reply:
        return Reply(HTTPStatus.OK, await app.drawn(visit, page))

    with running(Cases(Path.cwd()), (Route("/", draw),), any_host=any_host) as found:
        yield found


@contextmanager
def served_cases(folder: Path, **given: object) -> Iterator[Served]:
    """The cases of a folder served from a thread, until the block ends."""
    with running(Cases(folder, **given)) as found:
        yield found


@contextmanager
def running(cases: Cases, routes: Sequence[Route] | None = None, *, any_host: bool = False) -> Iterator[Served]:
    """An app of these cases, under its own addresses or others, served from a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    found = Served(listening.getsockname()[1])
    found.app = App(cases, Guard(TOKEN, found.port, any_host=any_host), found.failures.append)
    found.app.routes = routes or found.app.routes
    server = server_of(found.app)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.should_exit = True
        thread.join(60)
        found.app.close()
        assert not thread.is_alive()
