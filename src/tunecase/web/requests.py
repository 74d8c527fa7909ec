"""Reads the head of an HTTP request, strictly: what can be read in two ways is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

MOST_HEAD_BYTES = 16_384
MOST_ADDRESS_BYTES = 2_048
END = b"\r\n\r\n"
_LINE = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]+) HTTP/1\.[01]")
_HEADER = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}):([\t\x20-\x7e\x80-\xff]*)")


class RefusedError(Exception):
    """A request that is not answered with the page: the status of the reply, and a sentence for the visitor."""

    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request: its method, its address as sent, its headers by their names in lower case."""

    method: str
    address: str
    headers: Mapping[str, str]


def may_go_on(start: bytes) -> bool:
    """Whether more bytes are wanted after these: they begin as HTTP does, and are not too many.

    Example:
        >>> may_go_on(b"GET / HT"), may_go_on(b"\\x16\\x03\\x01")
        (True, False)
    """
    return END not in start and len(start) <= MOST_HEAD_BYTES and (not start or start[:1].isalpha())


def parsed(sent: bytes) -> Request:
    """The request whose head these bytes hold; a body after it is not looked at.

    Headers of one name are joined by commas, so that two different hosts are no host.

    Raises: RefusedError where the head is too long, or is not HTTP.
    """
    head, end, _ = sent.partition(END)
    first, *lines = head.split(b"\r\n")
    if len(first) > MOST_ADDRESS_BYTES:
        raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, "This address is too long.")
    if len(head) > MOST_HEAD_BYTES:
        raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers of this request are too long.")
    line, found = _LINE.fullmatch(first), [_HEADER.fullmatch(one) for one in lines]
    if not end or line is None or None in found:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "This is not a request that a browser sends.")
    headers: dict[str, str] = {}
    for name, value in (header.groups() for header in found if header):
        key, text = name.decode("ascii").lower(), value.decode("latin-1").strip()
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return Request(line[1].decode("ascii"), line[2].decode("ascii"), headers)
