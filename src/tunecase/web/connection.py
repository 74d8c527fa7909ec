"""The connections of the served page: uvicorn's, with our headers on every reply, and an end in time."""

from typing import TYPE_CHECKING, Any

from tunecase.web.replies import completed

if TYPE_CHECKING:
    import asyncio

    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0  # for the head of a request to come
SENT_S = 60.0  # for a whole reply to go
MOST_WAITING = 100  # connections whose request has not come yet; the oldest makes room for the next
MOST_HEAD_BYTES = 16_384
BLANKS = b" " * 256  # h11 reads blanks in a time that grows with their square


def connection_class() -> "type[H11Protocol]":
    """The class of the connections of one server.

    uvicorn answers some requests itself, such as those that are not HTTP. Every reply passes `Wire`, which completes
    its headers.
    """
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    waiting: dict[H11Protocol, None] = {}  # in the order in which they came

    class Wire(h11.Connection):
        def next_event(self) -> "h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]":
            if self.their_state is not h11.IDLE:  # a body is not looked at
                return h11.NEED_DATA
            head = self.trailing_data[0].partition(b"\r\n\r\n")[0]
            if len(head) > MOST_HEAD_BYTES or BLANKS in head.replace(b"\t", b" "):
                raise h11.RemoteProtocolError("no head that a browser sends")
            return super().next_event()

        def send_with_data_passthrough(self, event: "h11.Event") -> list[bytes] | None:
            if isinstance(event, h11.Response):
                headers = completed(event.headers.raw_items())
                event = h11.Response(status_code=event.status_code, headers=headers, reason=event.reason)
            return super().send_with_data_passthrough(event)

    class Connection(H11Protocol):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.conn = Wire(h11.SERVER, MOST_HEAD_BYTES)

        def connection_made(self, transport: "asyncio.Transport") -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.end = self.loop.call_later(HEAD_S, transport.abort)
            if len(waiting) >= MOST_WAITING:
                oldest = next(iter(waiting))
                del waiting[oldest]
                oldest.transport.abort()
            waiting[self] = None

        def connection_lost(self, exc: Exception | None) -> None:
            self.end.cancel()
            waiting.pop(self, None)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self in waiting:  # what follows a head is dropped
                super().data_received(data)
                if self.cycle is not None:
                    del waiting[self]
                    self.end.cancel()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._sending()

        def send_400_response(self, msg: str) -> None:
            super().send_400_response(msg)
            self._sending()

        def _sending(self) -> None:
            self.end.cancel()
            self.end = self.loop.call_later(SENT_S, self.transport.abort)

    return Connection
