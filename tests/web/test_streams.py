"""The streams of a pilot: the whole state at the start and at each change, bounded, and closed in time."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.making import case_folder
from tests.web.visiting import TOKEN, Served, address_of, served_cases
from tunecase.web import acts, connection, streams
from tunecase.web.streams import Streams, event_of, once_a_second, send_all
from tunecase.web.views import PilotState

TODAY = date(2026, 11, 24)
STATE = PilotState("7", False, False, (), None, None, 0.0, None, "accuracy", 0.8, "said")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A case."""
    return case_folder(tmp_path)


@pytest.fixture
def site(project: Path) -> Iterator[Served]:
    """The case served."""
    with served_cases(project.parent, today=TODAY) as found:
        yield found
        assert [] == found.failures


def address(project: Path) -> str:
    """The address of the stream."""
    return f"{address_of(project)}/pilot/events"


def test_an_event_is_one_line_of_data() -> None:
    """Whatever the page holds, line ends and all, it is one event with its id."""
    id, sent = event_of(STATE, "<p>\n\r\n\u2028ä</p>\n\ndata: no\n\n")
    assert ("7", 1, 4) == (id, sent.count(b"\n\n"), len(sent.splitlines()))
    assert sent.startswith(b"event: pilot\nid: 7\ndata: {")


def test_a_stream_begins_with_the_state(site: Served, project: Path) -> None:
    """Headers of a stream under the guard of every reply, how soon to come back, and the state; a last id is taken."""
    with site.stream(address(project)) as stream:
        assert b"text/event-stream" in stream.head
        assert b"frame-ancestors 'none'" in stream.head
        assert streams.RETRY == stream.chunk()
        assert stream.event()["running"] is False
    for last in ("7", "x" * 5_000, "\xe9"):
        head = f"GET {address(project)} HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {last}\r\n"
        head += f"Cookie: tunecase-{site.port}={TOKEN}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", site.port), timeout=20) as one:
            one.sendall(head.encode("latin-1"))
            assert b"200 OK" in one.recv(100)
    assert 403 == site.ask(address(project), token="").status
    assert 403 == site.ask(address(project), Sec_Fetch_Dest="document").status
    assert 200 == site.ask(address(project), method="HEAD").status


def test_silence_is_filled_with_comments(site: Served, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing changes a comment shows that the connection lives, beyond the time that a reply may take."""
    monkeypatch.setattr(streams, "QUIET_S", 0.2)
    monkeypatch.setattr(connection, "SENT_S", 0.3)
    with site.stream(address(project)) as stream:
        chunks = [stream.chunk() for _ in range(6)]
    assert [streams.COMMENT] * 4 == chunks[2:]


def test_no_more_than_twenty_at_once(site: Served, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A further one is told so, and has its turn once another has gone; one task looks for all of a case."""
    monkeypatch.setattr(streams, "MOST_STREAMS", 2)
    with site.stream(address(project)) as first:
        first.event()
        with site.stream(address(project)) as second:
            second.event()
            assert 503 == site.ask(address(project)).status
            assert 1 == len(site.app.streams._feeds)
            assert None is site.app.streams.watch("k", lambda: 1, lambda: ("1", b"one"))
        end = time.monotonic() + 10
        while site.app.streams.open == 2 and time.monotonic() < end:
            time.sleep(0.02)
        with site.stream(address(project)) as third:
            assert third.event() is not None
    assert time.monotonic() < end


def test_a_burst_gets_no_more_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place is taken when it is given, before anything is sent: of many at once those beyond the bound get none."""
    monkeypatch.setattr(streams, "MOST_STREAMS", 2)

    async def came() -> None:
        shown = Streams()
        found = [shown.watch("k", lambda: 1, lambda: ("1", b"one")) for _ in range(5)]
        assert [True, True, False, False, False] == [one is not None for one in found]
        found[0].close()
        assert None is not shown.watch("k", lambda: 1, lambda: ("1", b"one"))

    asyncio.run(came())


def test_the_server_s_end_closes_streams(project: Path) -> None:
    """A stream ends with the server, which does not wait for its reader."""
    with served_cases(project.parent, today=TODAY) as found:
        stream = found.stream(address(project))
        opened = stream.__enter__()
        opened.event()
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert opened.event() is None
    stream.__exit__(None, None, None)


def test_who_reads_nothing_holds_little_and_is_cut_off(
    site: Served, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events of megabytes are not kept for a reader who takes none; others get them, and the reader's turn ends."""
    monkeypatch.setattr(connection, "SENT_S", 0.5)
    monkeypatch.setattr("tunecase.web.app.pages.live_fragment", lambda state: f"{state.id}{'x' * 4_000_000}")
    case = site.app.cases.case(address(project).split("/")[2])
    with socket.create_connection(("127.0.0.1", site.port)) as slow:
        head = f"GET {address(project)} HTTP/1.1\r\nHost: localhost\r\nCookie: tunecase-{site.port}={TOKEN}\r\n\r\n"
        slow.sendall(head.encode())
        with site.stream(address(project)) as stream:
            first = stream.event()
            assert site.app.streams.open <= 2
            acts.charge(case, {"amount": "1"})
            (project.parent / "tunecase.yaml").write_text(
                project.read_text(encoding="utf-8").replace("target: ", "target: 9"), encoding="utf-8"
            )
            assert first["id"] != stream.event()["id"]
            end = time.monotonic() + 20
            while site.app.streams.open > 1 and time.monotonic() < end:
                time.sleep(0.02)
            assert 1 == site.app.streams.open


def test_a_draw_that_fails_ends_the_stream() -> None:
    """What looks and fails for good is not waited for in silence: its error comes out."""

    async def watched() -> None:
        stream = Streams().watch("k", lambda: 1, lambda: 1 / 0)
        assert streams.RETRY == await stream.next()
        with pytest.raises(ZeroDivisionError):
            await stream.next()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "QUIET_S", 0.05)
        asyncio.run(watched())


def test_who_goes_ends_the_sending() -> None:
    """Events stop being asked for, and what looks for them is given up."""
    sent: list[object] = []

    async def watched() -> None:
        shown, leaves = Streams(), asyncio.Event()

        async def send(message: object) -> None:
            sent.append(message)
            if len(sent) == 2:
                leaves.set()

        stream = shown.watch("k", lambda: 1, lambda: ("1", b"one"))
        await send_all(stream, send, leaves.wait())
        stream.close()
        stream.close()
        assert (0, {}) == (shown.open, shown._feeds)

    asyncio.run(asyncio.wait_for(watched(), 10))
    assert [streams.RETRY, b"one"] == [message["body"] for message in sent]


def test_what_costs_is_asked_once_a_second() -> None:
    """Between two seconds the last answer is given, in whatever thread."""
    asked: list[int] = []
    ask = once_a_second(lambda: asked.append(1) or len(asked))
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
        thread.join()
    assert ([1], 1) == (asked, ask())
