"""The connections of the app: uvicorn's, with our headers on every reply, bodies of POST alone, and an end in time.

uvicorn has settings for none of this: it waits for the head of a request as long as the visitor likes, reads every body
and answers some requests before any application. So ours stand in front of its classes and of h11's, which its releases
may change: tests/web/test_connection.py says what is gone. Both are imported once a server is made.
"""

from typing import TYPE_CHECKING, Any

from tunecase.web.replies import completed

if TYPE_CHECKING:
    import asyncio

    import h11
    from h11 import Connection as Spoken
    from uvicorn.protocols.http.h11_impl import H11Protocol
    from uvicorn.protocols.http.h11_impl import H11Protocol as Connected

    Read = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]
else:
    Spoken = Connected = object

HEAD_S = 10.0  # for the head of a request to come
BODY_S = 60.0  # for the body of a POST to come
SENT_S = 60.0  # for a whole reply to go, and for a reader of a stream to take anything
MOST_WAITING = 100  # connections whose request has not come yet; the oldest makes room for the next
MOST_HEAD_BYTES = 16_384
FRAMED = {b"content-length", b"transfer-encoding"}
BLANKS = b" " * 256  # h11 reads blanks in a time that grows with their square


class Wire(Spoken):
    """What is said on one connection: heads within bounds, the body of a POST that states its length, our headers."""

    takes_body = False

    def next_event(self) -> "Read":
        """What came next; a body that is not taken, and what follows it, never comes."""
        import h11

        if self.their_state is not h11.IDLE:
            return self._of_body()
        head = self.trailing_data[0].partition(b"\r\n\r\n")[0]
        if len(head) > MOST_HEAD_BYTES or BLANKS in head.replace(b"\t", b" "):
            raise h11.RemoteProtocolError("no head that a browser sends")
        event = super().next_event()
        if isinstance(event, h11.Request) and event.method == b"POST":
            self.takes_body = {name for name, _ in event.headers} & FRAMED == {b"content-length"}
        return event

    def _of_body(self) -> "Read":
        import h11

        if not self.takes_body or self.their_state is not h11.SEND_BODY:
            return h11.NEED_DATA
        event = super().next_event()
        self.takes_body = not isinstance(event, h11.EndOfMessage)
        return event

    def send_with_data_passthrough(self, event: "h11.Event") -> list[bytes] | None:
        """The bytes of an event; the headers of a reply are completed."""
        import h11

        if isinstance(event, h11.Response):
            headers = completed(event.headers.raw_items())
            event = h11.Response(status_code=event.status_code, headers=headers, reason=event.reason)
        return super().send_with_data_passthrough(event)


class Connection(Connected):
    """One visitor's connection, which ends in time whatever the visitor does.

    `waiting` are those of one server whose request has not come yet, in the order in which they came.
    """

    waiting: "dict[Connection, None]"
    wire: type[Wire]

    def __init__(self, *given: Any, **named: Any) -> None:
        import h11

        super().__init__(*given, **named)
        self.conn: Wire = self.wire(h11.SERVER, MOST_HEAD_BYTES)

    def connection_made(self, transport: "asyncio.Transport") -> None:  # type: ignore[override]
        """Gives it its time for the head; of too many that wait the oldest ends."""
        super().connection_made(transport)
        self.end = self.stuck = self.loop.call_later(HEAD_S, transport.abort)
        if len(self.waiting) >= MOST_WAITING:
            oldest = next(iter(self.waiting))
            del self.waiting[oldest]
            oldest.transport.abort()
        self.waiting[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing ends it any more."""
        self.end.cancel()
        self.stuck.cancel()
        self.waiting.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes the head, and the body that is wanted; what follows is dropped."""
        is_head = self in self.waiting
        if not is_head and not self.conn.takes_body:
            return
        super().data_received(data)
        if is_head and self.cycle is not None:
            del self.waiting[self]
            self.end.cancel()
            if self.conn.takes_body:
                self.end = self.loop.call_later(BODY_S, self.transport.abort)
        elif not is_head and not self.conn.takes_body and not self.cycle.response_complete:
            self.end.cancel()

    def pause_writing(self) -> None:
        """Its visitor takes nothing: it ends unless that changes in time."""
        super().pause_writing()
        self.stuck.cancel()
        self.stuck = self.loop.call_later(SENT_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Its visitor takes what is sent again."""
        self.stuck.cancel()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """What is left to be taken has its time."""
        super().on_response_complete()
        self._sending()

    def send_400_response(self, msg: str) -> None:
        """What is left to be taken has its time."""
        super().send_400_response(msg)
        self._sending()

    def _sending(self) -> None:
        self.end.cancel()
        self.end = self.loop.call_later(SENT_S, self.transport.abort)


def connection_class() -> "type[H11Protocol]":
    """The class of the connections of one server.

    uvicorn answers some requests itself, such as those that are not HTTP. Every reply passes `Wire`, which completes
    its headers. The body of a POST that states its length is read; any other, and what follows it, is dropped.
    """
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    wire = type("Wire", (Wire, h11.Connection), {})
    return type("Connection", (Connection, H11Protocol), {"wire": wire, "waiting": {}})
