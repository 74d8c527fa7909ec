"""Every reply is bounded in bytes and time, and no request goes to another host."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.hostile_server import always, hostile_replies, hostile_server, reply
from tunecase.io.servers import Bounds, NoReplyError, Reply, exchange
from tunecase.io.servers.http_client import split_address

BOUNDS = Bounds(timeout_s=0.4, most_bytes=100_000, redirects=2)
SECRET = {"Authorization": "Bearer sk-secret"}


def test_odd_replies_are_errors_or_whole_replies() -> None:
    """Whatever a server sends, a call ends within seconds: by a whole reply, or by one line that says why none came."""
    breaches = []
    with hostile_server(always(reply("{}"))) as (elsewhere, strayed):
        for name, odd in hostile_replies('{"runs": []}', f"{elsewhere}/x").items():
            for body in ((None, b"{}")[len(name) % 2],):
                began = time.monotonic()
                with hostile_server(odd) as (address, _):
                    try:
                        answer: Reply | str = exchange(address, BOUNDS, SECRET, body)
                    except NoReplyError as error:
                        answer = str(error)
                    except Exception as error:  # noqa: BLE001 - gathered
                        breaches.append(f"{name}: {error!r}")
                        continue
                if isinstance(answer, str) and ("\n" in answer or not answer):
                    breaches.append(f"{name}: {answer!r}")
                if isinstance(answer, Reply) and len(answer.body) > BOUNDS.most_bytes:
                    breaches.append(f"{name}: {len(answer.body)} bytes")
                if time.monotonic() - began > 60:
                    breaches.append(f"{name}: {time.monotonic() - began:.1f} s")
    assert [] == breaches
    assert [] == strayed


def test_addresses_redirects_and_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only HTTP is asked; a GET follows a redirect on its host, a POST never; no proxy for this machine."""

    def moved(request: str) -> list[bytes]:
        steps = int(request.split()[1].strip("/"))
        return [reply("here") if steps == 0 else reply("", "302 Found", Location=f"/{steps - 1}")]

    with hostile_server(moved) as (address, requests):
        assert "here" == exchange(f"{address}/2", BOUNDS, SECRET).text
        assert 302 == exchange(f"{address}/3", BOUNDS, SECRET).status
        assert "302 Found" == exchange(f"{address}/1", BOUNDS, SECRET, b"{}").reason
    assert 7 == len(requests)
    for address in ("file:///etc/passwd", "ftp://host/x", "http://", "host:80/x", "http://host:99999", "http://[::1",
                    "http://ho st/", "http://host/\nx", "https://host:port/", "http://host:0/"):  # fmt: skip
        assert split_address(address) is None, address
        with pytest.raises(NoReplyError, match="not an http or https address"):
            exchange(address, BOUNDS, {})
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with hostile_server(always(reply("here"))) as (address, _):
        assert "here" == exchange(address, BOUNDS, {}).text


def test_lengths_and_small_values_are_not_believed() -> None:
    """A length beside chunks says nothing about what comes; JSON that would fill the memory is not read."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n4\r\nhere\r\n0\r\n\r\n"
    without = {"204 No Content": (204, ""), "304 Not Modified": (304, "")}
    odd = [(chunked, (200, "here")), *((reply("", status, Content_Length=99), end) for status, end in without.items())]
    for raw, expected in odd:
        with hostile_server(always(raw)) as (address, _):
            answer = exchange(address, BOUNDS, {})
            assert expected == (answer.status, answer.text)
    cut = hostile_server(always(reply("here", Content_Length=99)))
    with cut as (address, _), pytest.raises(NoReplyError, match="broke"):
        exchange(address, BOUNDS, {})
    for small in (b"{}", b"[]", b'"a"', b"7", b'{"a":[]}'):
        with pytest.raises(ValueError, match="values"):
            Reply(200, {}, b"[" + (small + b",") * (8_000_000 // (len(small) + 1)) + b"1]").json()
    assert 5 == len(Reply(200, {}, b'["' + b"a, b" * 200_000 + b'",1,2,3,4]').json())


def test_one_limit_holds_for_connecting_sending_and_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host of many dead addresses, and a server that takes a request byte by byte, cost no more than the limit."""

    def dead(connection: socket.socket, _: object) -> None:
        time.sleep(connection.gettimeout() or 60)
        raise TimeoutError

    nine = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))] * 9
    monkeypatch.setattr(socket.socket, "connect", dead)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: nine)
    began = time.monotonic()
    with pytest.raises(NoReplyError, match="no whole answer within"):
        exchange("http://many.example", BOUNDS, {})
    monkeypatch.undo()
    assert time.monotonic() - began < 3 * BOUNDS.timeout_s
    with connect_and_take_slowly() as address:
        began = time.monotonic()
        with pytest.raises(NoReplyError, match="no whole answer within"):
            exchange(address, BOUNDS, {}, bytes(50_000_000))
    assert time.monotonic() - began < 1.9 * BOUNDS.timeout_s


@contextmanager
def connect_and_take_slowly() -> Iterator[str]:
    """The address of a server that reads a little at a time, and answers once the request has come half."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            taken, _ = listening.accept()
            with taken, suppress(OSError):
                while taken.recv(1_000):
                    time.sleep(0.01)

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl that makes a certificate")
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """It is said in words, and the request with its key is never sent."""
    made = "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 9 -subj /CN=localhost".split()
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    context, sent = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")

    def take(listening: socket.socket) -> None:
        with suppress(OSError):
            taken, _ = listening.accept()
            sent.append(context.wrap_socket(taken, server_side=True).recv(10))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=take, args=[listening])
        thread.start()
        with pytest.raises(NoReplyError, match=r"its certificate is not trusted \(self-signed certificate\)"):
            exchange(f"https://127.0.0.1:{listening.getsockname()[1]}", Bounds(20, 1000), SECRET)
        thread.join(20)
    assert [] == sent
