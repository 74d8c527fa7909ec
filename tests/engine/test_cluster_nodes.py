"""A cluster that is not there, or is another one than tasks need, is told before the first task."""

import http.server
import socket
import threading
import time
from types import SimpleNamespace

import pytest

from tunecase.engine import cluster_nodes
from tunecase.engine.cluster_nodes import ClusterError, Head, differences, knock, versions
from tunecase.errors import InputError


def test_odd_addresses_are_refused_at_once() -> None:
    """Text that is no address, and a web server, for which Ray would try nine minutes; gRPC is let in."""
    for address in ("hello", "127.0.0.1:²", "host:", ":80", "host:0", "host:65536", "ray://", "ray://x"):
        with pytest.raises(InputError, match="host:port"):
            knock(address, "")
    knock("auto", "")
    knock("anyscale://cluster", "")

    class Silent(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        begun = time.monotonic()
        for address in (f"127.0.0.1:{server.server_port}", f"ray://127.0.0.1:{server.server_port}"):
            with pytest.raises(ClusterError, match="something else answers there"):
                knock(address, "Fix: start it")
        assert time.monotonic() - begun < 60
        server.shutdown()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.recv(100)
                line.sendall(bytes((0, 0, 6, 4, 0, 0, 0, 0, 0)))

        threading.Thread(target=answer, daemon=True).start()
        knock(f"127.0.0.1:{server.getsockname()[1]}", "")


def test_what_a_node_lacks_is_told_line_by_line() -> None:
    """The same minor version of Python and major version of numpy do; what is missing or silent is told as such."""
    wanted = versions()
    assert {"Python", "tunecase", "numpy"} == set(wanted)
    same = [f"{wanted['Python']}.99", wanted["tunecase"], f"{wanted['numpy']}.99.1"]
    assert [] == differences("a", same, wanted)
    told = differences("a", ["(no answer within 5 min)", "(not installed)", same[2]], wanted)
    assert [
        f"node a: Python (no answer within 5 min); wanted {wanted['Python']}, as this process has",
        f"node a: tunecase (not installed); wanted {wanted['tunecase']}, as this process has",
    ] == told


def connected(address: str, through_proxy: bool = False) -> SimpleNamespace:
    """A connected Ray, as far as it tells of its head node."""
    proxy = SimpleNamespace(ray=SimpleNamespace(is_connected=lambda: through_proxy))
    told = SimpleNamespace(gcs_address=address)
    return SimpleNamespace(util=SimpleNamespace(client=proxy), get_runtime_context=lambda: told)


def test_a_head_that_nobody_hears_is_told_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that listens again meanwhile is not, nor one that is reached in another way."""
    monkeypatch.setattr(cluster_nodes, "HEAD_LOOK_S", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        head = Head(connected(address))
        head.look()
    monkeypatch.setattr(cluster_nodes.socket, "create_connection", refused)
    head.look()
    head.look()  # not yet
    monkeypatch.setattr(cluster_nodes, "HEAD_LOST_S", 0.0)
    with pytest.raises(ConnectionError, match=f"nobody listens at {address}"):
        head.look()
    Head(connected(address, through_proxy=True)).look()
    Head(SimpleNamespace()).look()


def refused(*_: object, **__: object) -> None:
    """Nobody listens."""
    raise ConnectionRefusedError("refused")
