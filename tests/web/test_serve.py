"""The served page: drawn at every visit, for this machine and those who have its token, whatever is sent to it."""

import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.web.visiting import TOKEN, Answer, answer, everything, served
from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError
from tunecase.faces import FACE
from tunecase.web import app, connection, serve
from tunecase.web.replies import HEADERS, TYPES

module = sys.modules["tunecase.web.serve"]  # the package's `serve` is the function
SRC = str(Path(__file__).parents[2] / "src")
SECRET = "<p>the whole case</p>"


def fails(error: Exception):
    """A page that cannot be drawn."""

    def page() -> str:
        raise error

    return page


def test_the_page_is_drawn_at_every_visit() -> None:
    """Two visits, two drawings; HEAD has the headers of the page and no body."""
    drawn = iter("abc")
    with served(lambda: next(drawn)) as page:
        assert ["a", "b"] == [page.ask().page, page.ask("/?x=1").page]
        head = page.ask(method="HEAD")
    assert (200, "1", "") == (head.status, head.headers["Content-Length"], head.page)


def test_the_token_is_traded_for_a_cookie() -> None:
    """The first visit goes on to the address without the token; the cookie of this port alone then opens the page."""
    with served(lambda: SECRET) as page:
        first = page.ask(f"/?token={TOKEN}", token="", Sec_Fetch_Site="none", Sec_Fetch_Dest="document")
        cookie = f"tunecase-{page.port}={TOKEN}; Path=/; HttpOnly; SameSite=Strict"
        assert (303, "/", cookie) == (first.status, first.headers["Location"], first.headers["Set-Cookie"])
        assert SECRET not in first.page
        assert SECRET == page.ask(token="", Cookie=f"other=1; {cookie.partition(';')[0]}; more=2").page


def test_nobody_reads_without_the_token() -> None:
    """No token, a wrong one, that of another port, or two: 403, and a sentence that says where the address is."""
    with served(lambda: SECRET) as page:
        mine = f"tunecase-{page.port}="
        visits = [
            page.ask(token=""), page.ask(token="wrong"), page.ask(token=TOKEN[:-1]), page.ask(token=f"{TOKEN}x"),
            page.ask("/?token=", token=""), page.ask(f"/?token={TOKEN}&token=x", token=""),
            page.ask("/?token=%ff%00", token=""), page.ask(f"/?TOKEN={TOKEN}", token=""),
            page.ask(token="", Cookie=f"tunecase-1={TOKEN}"), page.ask(token="", Cookie=f"{mine}x; {mine}{TOKEN}"),
            page.ask(token="", Authorization=f"token {TOKEN}"), page.ask(method="HEAD", token=""),
            page.ask(token="\xe9\xff"),
        ]  # fmt: skip
    assert {403} == {one.status for one in visits}
    assert not [one for one in visits if SECRET in one.page or "Set-Cookie" in one.headers or TOKEN in one.page]
    assert "`tunecase serve` shows in its terminal" in visits[0].page


def test_other_pages_may_not_open_it() -> None:
    """What a browser says of another site, of a frame or of an embedded picture is refused, cookie or not."""
    with served(lambda: SECRET) as page:
        own = f"http://127.0.0.1:{page.port}"
        refused = [
            page.ask(Sec_Fetch_Site="cross-site"), page.ask(Sec_Fetch_Site="same-site"), page.ask(Sec_Fetch_Site=""),
            page.ask(Sec_Fetch_Dest="iframe"), page.ask(Sec_Fetch_Dest="image"), page.ask(Sec_Fetch_Dest="script"),
            page.ask(Origin="null"), page.ask(Origin="https://evil.example"), page.ask(Origin="http://127.0.0.1:1"),
            page.ask(f"/?token={TOKEN}", Sec_Fetch_Site="cross-site"),
        ]  # fmt: skip
        taken = [page.ask(Sec_Fetch_Site="same-origin", Sec_Fetch_Dest="empty"), page.ask(Origin=own)]
    assert ({403}, {200}) == ({one.status for one in refused}, {one.status for one in taken})
    assert not [one for one in refused if SECRET in one.page or "Set-Cookie" in one.headers]


def test_only_names_of_this_machine_are_answered() -> None:
    """A foreign name that points here is refused, unless remote visits are allowed; the token is wanted then too."""
    with served(lambda: SECRET) as page:
        names = ("localhost", "LOCALHOST:9000", "127.0.0.1", f"127.0.0.1:{page.port}")
        assert {200} == {page.ask(Host=name).status for name in names}
        for name in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8117", "", "localhost:x",
                     "127.0.0.1:80:80", "localhost@evil.example", "[::1]:8117",
                     "localhost\r\nHost: evil.example"):  # fmt: skip
            found = page.ask(Host=name)
            assert (400, False) == (found.status, SECRET in found.page), name
    with served(lambda: SECRET, any_host=True) as page:
        assert [200, 403] == [page.ask(Host="box.lan").status, page.ask(Host="box.lan", token="").status]


BROKEN = {
    "no HTTP": (b"hello\r\n\r\n", 400), "a TLS greeting": (b"\x16\x03\x01\x02\x00\x01", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400), "bare line ends": (b"GET / HTTP/1.1\nHost: localhost\n\r\n\r\n", 403),
    "another version": (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 403),
    "binary": (bytes(range(65, 256)) + b"\r\n\r\n", 400),
    "an odd address": (b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "a folded header": (b"GET / HTTP/1.1\r\nHost: localhost\r\n more\r\n\r\n", 400),
    "a null": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \x00\r\n\r\n", 400),
    "no colon": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX\r\n\r\n", 400),
    "a header of blanks": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX:" + b" " * 200_000 + b"\x00\r\n\r\n", 400),
    "a long address": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "an endless line": (b"GET /" + b"a" * 2_000_000, 400),
    "a huge header": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 2_000_000, 400),
    "headers without end": (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 300_000, 400),
    "a form without its length": (b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\na=b", 405),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\na=b", 400),
    "another path": (b"GET /etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a path upwards": (b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a whole address": (b"GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a proxy's method": (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "no such method": (b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "a body": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9_000_000, 405),
    "a broken chunk": (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 405),
    "two requests": (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
    "an upgrade": (b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", 403),
}  # fmt: skip


def test_every_reply_is_one_page_with_the_same_guard() -> None:
    """Pages, refusals and failures, and what broken requests get: no reply without each of the security headers."""
    breaches = []
    with served(lambda: SECRET) as page, served(fails(RuntimeError("odd"))) as broken:
        sent = {name: (page.raw(sent), status) for name, (sent, status) in BROKEN.items()}
        # Who still sends when the connection closes may lose the reply.
        lost = [name for name, (reply, _) in sent.items() if not reply and len(BROKEN[name][0]) > 65_536]
        found = {name: (answer(reply), status) for name, (reply, status) in sent.items() if name not in lost}
        found |= {"the page": (page.ask(), 200), "a visit": (page.ask(f"/?token={TOKEN}"), 303)}
        found |= {"a failure": (broken.ask(), 500), "HEAD": (page.ask(method="HEAD"), 200)}
        found |= {"HEAD refused": (page.ask("/x", "HEAD"), 404)}
        assert 200 == page.ask().status
    for name, (one, status) in found.items():
        if one.status != status or (SECRET in one.page) != (name == "the page"):
            breaches.append((name, one.status, one.page))
        breaches += [(name, breach) for breach in _unguarded(one)]
    assert [] == breaches
    assert "GET, HEAD" == found["no such method"][0].headers["Allow"]


def _unguarded(one: Answer) -> list[str]:
    """What a reply lacks or has too much."""
    policy = one.headers.get("Content-Security-Policy", "")
    strict = policy.startswith("default-src 'none'") and policy.endswith("frame-ancestors 'none'")
    lacking = [header for header in HEADERS if one.headers.get(header) != HEADERS[header]]
    more = {name.lower() for name in one.headers} & {"server", "date"}
    lacking += [] if one.headers.get("Content-Type") in TYPES else ["Content-Type"]
    return [*lacking, *more, *([] if strict and "unsafe" not in policy else [policy])]


def test_the_server_s_own_replies_are_guarded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many connections, and an application that fails: uvicorn answers, with our headers."""
    monkeypatch.setattr(module, "MOST_OPEN", 1)
    with served(lambda: SECRET) as page:
        many = page.ask()
    monkeypatch.undo()
    monkeypatch.setattr(app.App, "_answer", None)
    monkeypatch.setattr(app.App, "_failed", None)
    with served(lambda: SECRET) as page:
        failed = page.ask()
    assert ([503, 500], [[], []]) == ([many.status, failed.status], [_unguarded(many), _unguarded(failed)])
    assert not re.search(f"{SECRET}|Error:|Traceback", many.page + failed.page)


def test_no_request_holds_up_the_others() -> None:
    """What is slow to read, in the headers or in those after a body, is refused or dropped at once."""
    start, blanks = b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X:" + b" " * 60_000 + b"\x00\r\n\r\n"
    # Few enough bytes to come in one piece: h11 refuses what it has to wait for.
    with served(lambda: SECRET) as page:
        began = time.monotonic()
        page.raw(start + blanks)
        page.raw(start + b"X:\r\n" + b" \r\n" * 5_000 + b"\x00\r\n\r\n")
        page.raw(start + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + blanks)
        assert SECRET == page.ask().page
    assert time.monotonic() - began < 3


def test_serve_says_how_to_install_its_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the extra, the message has the install line."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match="pip install python-multipart"):
        serve(tmp_path, port=0)


def test_who_has_gone_costs_no_drawing() -> None:
    """Visitors who leave while another page is drawn get none drawn for them."""
    drawn, is_drawing, may_end = [], threading.Event(), threading.Event()

    def page_drawn() -> str:
        drawn.append("drawn")
        is_drawing.set()
        assert may_end.wait(20)
        return SECRET

    with served(page_drawn) as page:
        first = threading.Thread(target=page.ask)
        first.start()
        assert is_drawing.wait(20)
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", page.port)) as gone:
                head = f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: tunecase-{page.port}={TOKEN}\r\n\r\n"
                gone.sendall(head.encode())
        time.sleep(0.3)
        may_end.set()
        first.join(20)
        assert SECRET == page.ask().page
    assert ["drawn"] * 2 == drawn


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InputError(Problem("tunecase.yaml:3", "<b>", "a score", "write 92%")), "&lt;b&gt;"),
        (TunecaseError("no ledger"), "no ledger"),
    ],
)
def test_mistakes_become_a_plain_page(error: Exception, words: str) -> None:
    """The visitor reads what is wrong and what to do."""
    with served(fails(error)) as page:
        found = page.ask()
    assert (500, True, []) == (found.status, words in found.page, page.failures)


def test_a_bug_is_told_to_the_terminal_alone() -> None:
    """The visitor reads that it happened, and nothing of the error: it may hold a path or a key."""
    error = OSError(2, "no such file", "/home/me/sk-secret")
    with served(fails(error)) as page:
        found = page.ask()
    assert (500, [error]) == (found.status, page.failures)
    assert not re.search(r"/home|secret|Error|Traceback|\.py", found.page)


def test_slow_visitors_do_not_stop_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside 300 connections that say nothing or drip, a visit takes as long as before; they are closed in time."""
    monkeypatch.setattr(connection, "HEAD_S", 2.0)
    monkeypatch.setattr(connection, "MOST_WAITING", 20)
    idle = []
    with served(lambda: SECRET) as page:
        for number in range(300):
            idle.append(socket.create_connection(("127.0.0.1", page.port), timeout=20))
            if number % 2:
                idle[-1].sendall(b"GET / HT")
        began = time.monotonic()
        assert SECRET == page.ask().page
        assert time.monotonic() - began < 2
        ends = [_end(one) for one in idle]
        assert time.monotonic() - began < 15
    assert {b""} == set(ends)


def _end(connection: socket.socket) -> bytes:
    with connection:
        return everything(connection)


def test_who_does_not_take_the_reply_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor who reads nothing of a large page is cut off in time, and the next one is served meanwhile."""
    monkeypatch.setattr(connection, "SENT_S", 0.3)
    large = "x" * 20_000_000
    with served(lambda: large) as page, socket.create_connection(("127.0.0.1", page.port)) as slow:
        slow.sendall(f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: tunecase-{page.port}={TOKEN}\r\n\r\n".encode())
        assert len(large) == len(page.ask().page)
        time.sleep(0.5)
        assert len(_end(slow)) < len(large)


def test_other_hosts_and_ports_are_refused(tmp_path: Path) -> None:
    """Nothing is opened to the network by mistake."""
    for host in ("0.0.0.0", "192.168.1.5", "example.org"):
        with pytest.raises(InputError, match="this machine"):
            serve(tmp_path, host=host)
    with pytest.raises(InputError, match="65535"):
        serve(tmp_path, port=70_000)


def test_a_busy_port_is_said_with_a_fix(tmp_path: Path) -> None:
    """The message names another port to try."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TunecaseError, match=f"--port {port + 1}"):
            serve(tmp_path, port=port)


def test_the_address_that_is_told_opens_the_app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each serving has a token of its own, long enough not to be guessed; a browser gets on with it alone."""
    running = []
    server_of = module.server_of

    def remember(visits):
        running.append(server_of(visits))
        return running[-1]

    monkeypatch.setattr(module, "server_of", remember)
    told: list[str] = []

    options = {"port": 0, "host": "localhost", "on_ready": told.append}
    threads = [threading.Thread(target=serve, args=(tmp_path,), kwargs=options) for _ in range(2)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while len(told) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    with httpx.Client(trust_env=False, follow_redirects=True) as browser:  # both open in one browser
        for address in (*told, *(one.partition("?")[0] for one in told)):
            page = browser.get(address)
            assert (200, address.partition("?")[0]) == (page.status_code, str(page.url))
    assert "app" == FACE.code
    tokens = {one.partition("?token=")[2] for one in told}
    assert (2, True) == (len(tokens), all(len(one) >= 43 for one in tokens))
    for server in running:
        server.should_exit = True
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_a_failure_before_the_first_visit_is_the_visitors() -> None:
    """Whatever goes wrong while the cases are looked at beforehand, the terminal is not told of a thread."""

    class Odd:
        def shelf(self) -> None:
            raise UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed")

    module._look_at(Odd())


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C cannot be sent to one process")
def test_ctrl_c_ends_it_while_visitors_wait(tmp_path: Path) -> None:
    """A server in its own process ends within seconds, with nothing on its error stream but the interrupt."""
    code = """
        from pathlib import Path
        from tunecase.web.serve import serve
        try:
            serve(Path(), port=0, on_ready=lambda address: print(address, flush=True))
        except KeyboardInterrupt:
            raise SystemExit(130)
    """
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((SRC, str(Path(__file__).parents[2])))}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(
        command, env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        address = server.stdout.readline().strip()
        port = int(re.search(r":(\d+)/", address)[1])
        try:
            assert 303 == httpx.get(address, trust_env=False).status_code
            with socket.create_connection(("127.0.0.1", port)):
                server.send_signal(signal.SIGINT)
                assert 130 == server.wait(9)
        finally:
            server.kill()
        assert "" == server.stderr.read()
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)
