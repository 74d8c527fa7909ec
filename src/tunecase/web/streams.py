"""The streams of the app: whoever watches a pilot gets its whole state again whenever anything of it changes.

One task for each case looks at its ledger and at its process while somebody watches, however many they are. It keeps
the newest event alone: who reads slowly gets the newest when they have taken the last, and what came between is never
missed, since every event holds the whole state.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tunecase.web.views import PilotState

LOOK_S = 0.25  # between two looks at a ledger that somebody watches
QUIET_S = 15.0  # until a comment shows that the connection lives
MOST_STREAMS = 20
LOOKING = 4  # threads
RETRY = b"retry: 1000\n\n"
COMMENT = b": here\n\n"
Look = Callable[[], Any]  # what changes whenever the state may have changed
Draw = Callable[[], tuple[str, bytes]]  # the id and the bytes of the event of the state
Send = Callable[[Any], Awaitable[None]]


@dataclass(eq=False)
class Feed:
    """The newest event of one case, and those who wait for the next."""

    look: Look
    draw: Draw
    threads: ThreadPoolExecutor
    watching: int = 0
    newest: tuple[str, bytes] = ("", b"")
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    async def poll(self) -> None:
        """Looks again and again, and draws where anything has changed; what the system refuses is tried again."""
        seen: Any = None
        loop = asyncio.get_running_loop()
        while True:
            with suppress(OSError):
                now = await loop.run_in_executor(self.threads, self.look)
                if now != seen:
                    event = await loop.run_in_executor(self.threads, self.draw)
                    seen = now
                    if event[0] != self.newest[0]:
                        self.newest = event
                        self.changed.set()
                        self.changed = asyncio.Event()
            await asyncio.sleep(LOOK_S)


class Streams:
    """All that are watched, by the key of the case."""

    def __init__(self) -> None:
        self._feeds: dict[str, Feed] = {}
        self._threads = ThreadPoolExecutor(LOOKING, "looks")  # pages that take seconds do not hold up what is watched
        self.open = 0

    def close(self) -> None:
        """Lets go of the threads that look."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def watch(self, key: str, look: Look, draw: Draw) -> "Stream | None":
        """A stream of the events of a case, which holds its place until it is closed; None where all are taken.

        Args:
            key: the case's.
            look: is called often, in a thread; a change of what it gives means that the state is drawn again.
            draw: gives the id and the bytes of the event.
        """
        if self.open >= MOST_STREAMS:
            return None
        feed = self._feeds.setdefault(key, Feed(look, draw, self._threads))
        self.open, feed.watching = self.open + 1, feed.watching + 1
        if feed.task is None or feed.task.done():
            feed.task = asyncio.get_running_loop().create_task(feed.poll())
        return Stream(feed, feed.task, lambda: self._leave(key, feed))

    def _leave(self, key: str, feed: Feed) -> None:
        self.open, feed.watching = self.open - 1, feed.watching - 1
        if not feed.watching:
            if feed.task is not None:
                feed.task.cancel()
            self._feeds.pop(key, None)


class Stream:
    """The events of a case as they go over the wire to one reader, for as long as they are asked for."""

    def __init__(self, feed: Feed, task: "asyncio.Task[None]", leave: Callable[[], None]) -> None:
        self._feed, self._task, self._leave = feed, task, leave
        self._seen: str | None = None
        self._is_closed = False

    def close(self) -> None:
        """Gives its place back."""
        if not self._is_closed:
            self._is_closed = True
            self._leave()

    async def next(self) -> bytes:
        """The next that is to be sent: how soon to come back, then the newest event or, in silence, a comment."""
        if self._seen is None:
            self._seen = ""
            return RETRY
        while True:
            waits, (id, event) = self._feed.changed, self._feed.newest
            if id != self._seen:
                self._seen = id
                return event
            try:
                await asyncio.wait_for(waits.wait(), QUIET_S)
            except TimeoutError:
                if self._task.done():
                    raise self._task.exception() or RuntimeError("nobody looks any more") from None
                return COMMENT


def event_of(state: PilotState, html: str) -> tuple[str, bytes]:
    """The event of a state: its id, and its bytes."""
    data = {"html": html, "running": state.is_running, "can_stop": state.can_stop, "said": state.said}
    # JSON has no line end but within texts, where it is an escape: one line of data is the whole.
    return state.id, f"event: pilot\nid: {state.id}\ndata: {json.dumps(data)}\n\n".encode()


async def send_all(stream: Stream, send: Send, gone: Awaitable[None]) -> None:
    """Sends events until the reader has gone, each when the one before it was taken."""
    leaving = asyncio.ensure_future(gone)
    nexts: asyncio.Task[bytes] | None = None
    try:
        while not leaving.done():
            nexts = asyncio.ensure_future(stream.next())
            await asyncio.wait({leaving, nexts}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                return
            await send({"type": "http.response.body", "body": nexts.result(), "more_body": True})
    finally:
        for one in (leaving, nexts):
            if one is not None and not one.done():
                one.cancel()
                with suppress(asyncio.CancelledError):
                    await one


def once_a_second(ask: Callable[[], Any]) -> Callable[[], Any]:
    """Asks at most once a second and gives the last answer in between."""
    held: tuple[float, Any] | None = None

    def asked() -> Any:
        nonlocal held
        if held is None or time.monotonic() - held[0] >= 1.0:
            held = time.monotonic(), ask()
        return held[1]

    return asked
