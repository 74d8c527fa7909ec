"""The dashboard: one page, drawn at every visit, for this machine only."""

import builtins
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError
from tunecase.web.serve import application, serve

SRC = str(Path(__file__).parents[2] / "src")


def client(page, **other) -> TestClient:
    """A visitor from this machine."""
    return TestClient(application(page, **other), base_url="http://127.0.0.1:8117")


def fails(error: Exception):
    """A page that cannot be drawn."""

    def page() -> str:
        raise error

    return page


def test_the_page_is_drawn_at_every_visit():
    """Two visits, two drawings."""
    drawn = iter("ab")
    visitor = client(lambda: next(drawn))

    assert ["a", "b"] == [visitor.get("/").text, visitor.get("/").text]


def test_the_page_may_reach_nothing():
    """The policy has no network source, no frame and no form; nothing is kept by the browser."""
    headers = client(lambda: "x").get("/").headers

    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert not any(word in policy for word in ("http", "*", "'self'", "connect-src"))
    assert ("no-store", "nosniff") == (headers["Cache-Control"], headers["X-Content-Type-Options"])
    assert headers["Content-Type"].startswith("text/html; charset=utf-8")


def test_a_page_is_served_under_its_own_policy():
    """Its style sheet and script run by their hashes, nothing inline does, and no other site may frame it."""
    own = "default-src 'none'; style-src 'sha256-abc='; script-src 'sha256-def='"
    page = f'<meta http-equiv="Content-Security-Policy" content="{own}"><p>content="x"</p>'
    assert f"{own}; frame-ancestors 'none'" == client(lambda: page).get("/").headers["Content-Security-Policy"]
    for answer in (client(lambda: "<p>no policy</p>").get("/"), client(fails(TunecaseError("<script>"))).get("/")):
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")


def test_only_names_of_this_machine_are_answered():
    """A foreign name that points here is refused, unless remote visits are allowed."""
    visitor = client(lambda: "secret")

    assert 200 == visitor.get("/", headers={"Host": "localhost:8117"}).status_code
    for name in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8117", ""):
        answer = visitor.get("/", headers={"Host": name})
        assert (400, False) == (answer.status_code, "secret" in answer.text)
    assert 200 == client(lambda: "x", allow_remote=True).get("/", headers={"Host": "box.lan"}).status_code


def test_there_is_one_address_and_it_is_only_read():
    """No other path, no other method."""
    visitor = client(lambda: "x")

    assert [404, 405] == [visitor.get("/other").status_code, visitor.post("/").status_code]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InputError(Problem("tunecase.yaml:3", "<b>", "a score", "write 92%")), "&lt;b&gt;"),
        (TunecaseError("no ledger"), "no ledger"),
        (RuntimeError("odd"), "RuntimeError: odd"),
    ],
)
def test_errors_become_a_plain_page(error, words):
    """The visitor reads the message and what to do, never a traceback."""
    answer = client(fails(error)).get("/")

    assert 500 == answer.status_code
    assert words in answer.text
    assert "Traceback" not in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_other_hosts_and_ports_are_refused():
    """Nothing is opened to the network by mistake."""
    for host in ("0.0.0.0", "192.168.1.5", "example.org"):
        with pytest.raises(InputError, match="this machine"):
            serve(lambda: "x", host=host)
    with pytest.raises(InputError, match="65535"):
        serve(lambda: "x", port=70_000)


def test_a_busy_port_is_said_with_a_fix():
    """The message names another port to try."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TunecaseError, match=f"--port {port + 1}"):
            serve(lambda: "x", port=port)


def test_without_the_extra_the_install_line_is_said(monkeypatch):
    """A missing part names the command that installs it."""
    real = builtins.__import__

    def absent(name, *rest, **more):
        if name == "uvicorn":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtraError, match=r'pip install "tunecase\[ui\]"'):
        serve(lambda: "x")


def test_the_server_answers_and_stops(monkeypatch):
    """Served for real on a free port, the page is there when on_ready is called."""
    import threading

    import uvicorn

    servers: list[uvicorn.Server] = []
    started = uvicorn.Server.startup

    async def remember(self, sockets=None):
        servers.append(self)
        await started(self, sockets)

    monkeypatch.setattr(uvicorn.Server, "startup", remember)
    said: list[str] = []
    ready = threading.Event()

    def on_ready(address: str) -> None:
        said.append(address)
        ready.set()

    thread = threading.Thread(target=serve, args=(lambda: "hello",), kwargs={"port": 0, "on_ready": on_ready})
    thread.start()
    assert ready.wait(120)
    assert "hello" == httpx.get(said[0], trust_env=False).text
    servers[0].should_exit = True
    thread.join(120)
    assert not thread.is_alive()


@pytest.mark.slow
def test_a_served_page_ends_with_its_process():
    """A server in its own process answers until it is stopped."""
    code = """
        from tunecase.web.serve import serve
        serve(lambda: "<p>live</p>", port=0, on_ready=lambda address: print(address, flush=True))
    """
    env = {**os.environ, "PYTHONPATH": SRC}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as server:
        address = server.stdout.readline().strip()
        try:
            assert "<p>live</p>" == httpx.get(address, trust_env=False).text
        finally:
            server.terminate()
            server.wait(120)
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)
