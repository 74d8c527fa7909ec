"""A served page on a free port, visited as browsers do and as they never would."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tunecase.web.guard import Guard
from tunecase.web.serve import Visits, server_of

TOKEN = "a-token-for-tests"


@dataclass
class Served:
    """A page that is served; `failures` are the errors that the terminal was told of."""

    port: int
    failures: list[Exception] = field(default_factory=list)

    def raw(self, sent: bytes, *, timeout_s: float = 20.0) -> bytes:
        """All that comes back for these bytes, be it cut off by a reset."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s) as connection:
            with suppress(ConnectionError):
                connection.sendall(sent)
            return everything(connection)

    def ask(self, address: str = "/", method: str = "GET", token: str = TOKEN, **headers: str) -> "Answer":
        """The answer to a request with the cookie that a token gives; headers by their names with underscores."""
        named = {"Host": f"127.0.0.1:{self.port}", **{name.replace("_", "-"): one for name, one in headers.items()}}
        if token:
            named["Cookie"] = f"tunecase-{self.port}={token}"
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        return answer(self.raw(f"{method} {address} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")))


@dataclass(frozen=True)
class Answer:
    """A reply taken apart."""

    status: int
    headers: Mapping[str, str]
    page: str


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
    """The page served from a thread, until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    found = Served(listening.getsockname()[1])
    server = server_of(Visits(page, Guard(TOKEN, found.port, any_host=any_host), found.failures.append))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()
