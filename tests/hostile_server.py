"""A server that replies with whatever bytes a test gives it, and replies that no server should send."""

import contextlib
import gzip
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

PACKED_ZEROS = gzip.compress(bytes(10_000_000))  # 1,000 of them stand for 10 GB
RESET = b"a reset of the connection"
Reply = Callable[[str], Iterable[bytes]]  # from the request's text to the pieces of the reply


def reply(body: bytes | str, status: str = "200 OK", **headers: Any) -> bytes:
    """A whole reply; headers by their names with underscores."""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    named = {"Content-Length": len(raw), **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value is not None)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + raw


def always(*pieces: bytes) -> Reply:
    """The same reply to every request."""
    return lambda _: pieces


def endless(head: bytes, piece: bytes, pause_s: float = 0.0) -> Reply:
    """A head and the same piece for ever, until the client has gone."""

    def pieces(_: str) -> Iterator[bytes]:
        yield head
        while True:
            time.sleep(pause_s)
            yield piece

    return pieces


def hostile_replies(good: str, elsewhere: str) -> Mapping[str, Reply]:
    """Replies that break HTTP, the bounds or JSON, by what is odd about them.

    Args:
        good: a body that would be right.
        elsewhere: the address of another server.
    """
    ok, chunked = "HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole = reply(good)
    bodies = {
        "nothing": b"", "a page": b"<html>hello</html>", "a list": b"[]", "a number": b"7", "null": b"null",
        "NaN": b"NaN", "a text": b'"runs"', "bytes": b"\xff\xfe\x00\x01", "half": good[: len(good) // 2],
        "deep": "[" * 100_000, "deep objects": '{"a":' * 50_000, "a huge number": '{"runs": ' + "9" * 9_000 + "}",
        "UTF-16": good.encode("utf-16"), "two answers": good + good, "a million digits": "9" * 1_000_000,
        "a fraction of a million digits": '{"runs": .' + "9" * 1_000_000 + "}", "infinity": "Infinity",
        "one key twice": '{"runs": 1, "runs": [], "choices": 1, "choices": []}', "a list of nulls": "[null]",
        "a stream of events": "".join(f"data: {good}\n\n" for _ in range(9)) + "data: [DONE]\n\n",
        "a thousand brackets": "[" * 990 + "]" * 990, "words that steer": '{"error": {"message": "\x1b[2J\u202e"}}',
    }  # fmt: skip
    statuses = ("204 No Content", "304 Not Modified", "400 Bad Request", "401 Unauthorized", "403 Forbidden",
                "404 Not Found", "429 Too Many Requests", "500 Oops", "503 Full", "999 What", "301 Moved")  # fmt: skip
    return {
        **{name: always(reply(body)) for name, body in bodies.items()},
        **{status: always(reply("no", status)) for status in statuses},
        "a packed bomb": always(reply(gzip.compress(b" " * 10_000_000), Content_Encoding="gzip")),
        "a packed stream without end": endless(f"{ok}Content-Encoding: gzip\r\n\r\n".encode(), PACKED_ZEROS),
        "a wait of 30 years": always(reply("no", "429 Too Many Requests", Retry_After=10**9)),
        "a wait until the year 9999": always(
            reply("no", "503 Full", Retry_After="Fri, 31 Dec 9999 23:59:59 GMT")
        ),
        "a wait in no words": always(reply("no", "429 Too Many Requests", Retry_After="\xb2 +99:99 Feb 30")),
        "a length too long": always(reply(good, Content_Length=len(good) + 9)),
        "a length too short": always(reply(good, Content_Length=len(good) - 9)),
        "a length below zero, cut": always(reply(good[:9], Content_Length=-1)),
        "a length of many digits": always(reply(good, Content_Length="9" * 5_000)),
        "an endless body": endless(f"{ok}\r\n".encode(), b" " * 50_000),
        "an endless body in chunks": endless(chunked, b"1000\r\n" + b" " * 4096 + b"\r\n"),
        "a broken chunk": always(chunked, b"zz\r\n{}"),
        "a chunk below zero": always(chunked, b"-5\r\n{}\r\n0\r\n\r\n"),
        "trailers without end": endless(chunked + b"2\r\n{}\r\n0\r\n", b"X: y\r\n"),
        "a dripping trailer": endless(chunked + b"2\r\n{}\r\n0\r\n", b"X", 0.05),
        "a huge chunk": always(chunked, b"ffffffffffffffff\r\n{"),
        "a dripping body": endless(f"{ok}\r\n".encode(), b" ", 0.05),
        "a dripping head": endless(ok.encode(), b"X", 0.05),
        "a dripping status": endless(b"HTTP/1.1 200 ", b"K", 0.05),
        "continue for ever": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "headers without end": endless(ok.encode(), b"X: y\r\n"),
        "a header without end": endless(ok.encode(), b"X" * 9_000),
        "silence": endless(b"", b"", 0.05),
        "nothing at all": always(),
        "a reset": always(RESET),
        "no HTTP": always(b"220 smtp ready\r\n"),
        "odd status": always(b"HTTP/1.1 abc\r\n\r\n"),
        "binary": always(bytes(range(256))),
        "a redirect to itself": lambda request: [reply("", "302 Found", Location=request.split()[1])],
        "a redirect elsewhere": always(reply("", "307 Moved", Location=elsewhere)),
        "a redirect to a file": always(reply("", "302 Found", Location="file:///etc/passwd")),
        "a redirect to another scheme": always(
            reply("", "302 Found", Location=elsewhere.replace("http:", "ftp:"))
        ),
        "a redirect with a name": always(reply("", "302 Found", Location=elsewhere.replace("//", "//me:word@"))),
        "a redirect by two headers": always(
            f"HTTP/1.1 302 Found\r\nLocation: /x\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n".encode()
        ),
        "a redirect to no address": always(reply("", "302 Found", Location="http://[")),
        "a status alone": always(whole[: whole.index(b"\r\n")]),
    }  # fmt: skip


@contextmanager
def hostile_server(answer: Reply) -> Iterator[tuple[str, list[str]]]:
    """The address of a server on this machine that gives such replies, and the requests that came in."""
    requests: list[str] = []
    is_over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                request = _request(self.request)
                requests.append(request)
                for piece in answer(request):
                    if is_over.is_set():
                        return
                    if piece is RESET:
                        # Closed without waiting, a connection is reset.
                        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
                    self.request.sendall(piece)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", requests
        finally:
            is_over.set()
            server.shutdown()


def _request(connection: Any) -> str:
    """The head and the body of a request."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += connection.recv(65_536) or b"\r\n\r\n"
    head, _, body = raw.partition(b"\r\n\r\n")
    words = head.decode("latin-1").casefold().split("content-length: ")
    length = int(words[1].split("\r\n")[0]) if len(words) > 1 else 0
    while len(body) < length:
        body += connection.recv(65_536)
    return f"{head.decode('latin-1')}\r\n\r\n{body.decode()}"
