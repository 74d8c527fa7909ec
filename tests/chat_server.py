"""A small real HTTP server that speaks the chat protocol, and misbehaves when told to."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What goes back: a status, a body, headers; `wait_s` before it, `cut` bytes left off, `drip_s` between bytes."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    cut: int = 0
    drip_s: float = 0.0


def said(text: Any, tokens: tuple[int, int] | None = (10, 2), finish: str = "stop") -> Reply:
    """A proper answer."""
    found: dict[str, Any] = {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}]}
    if tokens:
        found["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return Reply(body=json.dumps(found).encode())


def failed(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    """An error in the protocol's form."""
    body = json.dumps({"error": {"message": message, "code": code}}).encode()
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


@dataclass
class Seen:
    """The requests that came in: paths, headers and bodies; how many at once at most."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    now: int = 0
    at_once: int = 0


@contextmanager
def chat_server(script: Sequence[Reply] | Callable[[Any], Reply]) -> Iterator[Seen]:
    """A server on a free port of this machine; `script` is the replies in turn (the last for ever) or a function.

    Yields: what it has seen; `url` is its base URL.
    """
    seen, lock = Seen(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            """A request that nobody should make."""
            self.do_POST()

        def do_POST(self) -> None:
            """Notes the request and sends the next reply."""
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(raw or b"null")
            with lock:
                number = len(seen.bodies)
                seen.paths.append(self.path)
                seen.headers.append(dict(self.headers))
                seen.bodies.append(body)
                seen.now += 1
                seen.at_once = max(seen.at_once, seen.now)
            reply = script(body) if callable(script) else script[min(number, len(script) - 1)]
            time.sleep(reply.wait_s)
            with lock:
                seen.now -= 1  # before the reply: the client's next request may come before this one returns
            with contextlib.suppress(OSError):  # the client has gone
                self.reply(reply)

        def reply(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            whole = reply.body[: len(reply.body) - reply.cut]
            for start in range(0, len(whole), 1 if reply.drip_s else max(1, len(whole))):
                self.wfile.write(whole[start : start + (1 if reply.drip_s else len(whole))])
                time.sleep(reply.drip_s)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def question(body: Any) -> str:
    """The last user message of a request."""
    return str(body["messages"][-1]["content"])
