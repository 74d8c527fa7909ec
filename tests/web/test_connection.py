"""What the app's connections rest on in uvicorn and h11, whose releases may change it: each thing by its name."""

import inspect
from typing import Any

import h11
import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from tests.web.visiting import served
from tunecase.web.connection import Connection, Wire, connection_class

# What uvicorn or h11 calls, and we put ours in front of, with the arguments that ours takes.
PUT_IN_FRONT: tuple[tuple[type, type, str], ...] = (
    (Wire, h11.Connection, "next_event"),
    (Wire, h11.Connection, "send_with_data_passthrough"),
    (Connection, H11Protocol, "connection_made"),
    (Connection, H11Protocol, "connection_lost"),
    (Connection, H11Protocol, "data_received"),
    (Connection, H11Protocol, "pause_writing"),
    (Connection, H11Protocol, "resume_writing"),
    (Connection, H11Protocol, "on_response_complete"),
    (Connection, H11Protocol, "send_400_response"),
)


def test_what_is_put_in_front_is_there() -> None:
    """Each method of ours stands before one of theirs with the same arguments: what was renamed is never called."""
    gone = []
    for ours, theirs, name in PUT_IN_FRONT:
        own, whole = parameters_of(ours, name), f"{theirs.__module__}.{theirs.__name__}.{name}"
        if not hasattr(theirs, name):
            gone.append(f"{whole} is gone: nothing calls {ours.__name__}.{name}")
        elif own != parameters_of(theirs, name):
            gone.append(f"{whole} takes {parameters_of(theirs, name)}, {ours.__name__}.{name} takes {own}")
    assert [] == gone
    listed = {(ours, name) for ours, _, name in PUT_IN_FRONT}
    made = {(one, name) for one in (Wire, Connection) for name, what in vars(one).items() if inspect.isfunction(what)}
    assert {(Wire, "_of_body"), (Connection, "__init__"), (Connection, "_sending")} == made - listed


def parameters_of(kind: type, name: str) -> list[str]:
    """The names of what a method takes."""
    return list(inspect.signature(getattr(kind, name)).parameters)


def test_uvicorn_says_all_that_it_answers_through_our_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection has its wire, transport, loop and cycle, and is told when that is complete."""
    seen: list[dict[str, Any]] = []
    made = Connection.on_response_complete

    def complete(one: Any) -> None:
        seen.append({name: getattr(one, name, None) for name in ("conn", "transport", "loop", "cycle")})
        made(one)

    monkeypatch.setattr(Connection, "on_response_complete", complete)
    with served(lambda: "page") as page:
        assert 200 == page.ask().status
    assert [[]] == [[name for name, what in one.items() if what is None] for one in seen]
    assert isinstance(seen[0]["conn"], Wire)
    assert isinstance(seen[0]["cycle"], RequestResponseCycle)
    assert seen[0]["cycle"].conn is seen[0]["conn"]
    assert seen[0]["cycle"].response_complete is True


def test_a_server_takes_a_class_of_connections() -> None:
    """uvicorn hands over the class that it is given; each server has connections of its own that wait."""
    one, two = connection_class(), connection_class()
    assert issubclass(one, (Connection, H11Protocol))
    assert one.waiting is not two.waiting
    config = uvicorn.Config(lambda: None, http=one, log_config=None)
    config.load()
    assert config.http_protocol_class is one
    made = one(config=config, server_state=uvicorn.server.ServerState(), app_state={}, _loop=object())
    assert isinstance(made.conn, one.wire)
