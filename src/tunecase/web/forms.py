"""The bodies of forms, read within bounds: fields, and one file that goes to a temporary folder as it comes.

Multipart is read by python-multipart, which other servers of forms rest on: where a part ends must be found across
pieces, and the standard library has no reader for it any more.
"""

import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl

from tunecase.errors import MissingExtraError
from tunecase.web.guard import RefusedError, Request

Receive = Callable[[], Awaitable[Any]]
MOST_FORM_BYTES = 64_000
MOST_FILE_BYTES = 20_000_000
MOST_DROPPED_BYTES = 200_000_000  # of a body too large that is read all the same, so that the sender reads the reply
MOST_FIELDS = 40
MOST_NAME = 80  # characters of a file's name
FIELDS, WITH_FILE = "application/x-www-form-urlencoded", "multipart/form-data"
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass
class Form:
    """The fields of a form by their names, and the file that came with it, None without one.

    The file lies in a folder of its own, which `drop` takes away.
    """

    fields: dict[str, str] = field(default_factory=dict)
    file: Path | None = None

    def drop(self) -> None:
        """Takes the file away."""
        if self.file is not None:
            shutil.rmtree(self.file.parent, ignore_errors=True)


async def read_form(request: Request, receive: Receive, *, with_file: bool = False) -> Form:
    """The form that a request brings.

    Raises: RefusedError for a body of another kind, without a stated length, or larger than its bound, and where the
        sender goes before its end; MissingExtraError for a file without the ui extra.
    """
    kind, boundary = _kind_of(request)
    if kind != (WITH_FILE if with_file else FIELDS):
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"This address takes a form as {FIELDS}, a bill in one.")
    if "content-length" not in request.headers or "transfer-encoding" in request.headers:
        raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "A form states its length.")
    most = MOST_FILE_BYTES + MOST_FORM_BYTES if with_file else MOST_FORM_BYTES
    if int(request.headers["content-length"]) > most:
        await _dropped(receive)
        words = f"A form may have {MOST_FORM_BYTES // 1000} kB, a bill {MOST_FILE_BYTES // 1_000_000} MB."
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{words} Export the bill in smaller parts.")
    pieces = _pieces(receive)
    return await _parts(pieces, boundary) if with_file else await _plain(pieces)


def _kind_of(request: Request) -> tuple[str, str]:
    """The type of a body in lower case, and the boundary that it names."""
    head = Message()
    head["content-type"] = request.headers.get("content-type", "")
    boundary = head.get_param("boundary", "")
    return head.get_content_type(), boundary if isinstance(boundary, str) else ""


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The form did not come to its end.")
        yield message["body"]
        if not message["more_body"]:
            return


async def _dropped(receive: Receive) -> None:
    left = MOST_DROPPED_BYTES
    async for piece in _pieces(receive):
        left -= len(piece)
        if left < 0:
            return


async def _plain(pieces: AsyncIterator[bytes]) -> Form:
    body = b"".join([piece async for piece in pieces])
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "This form cannot be read.") from None
    return Form(dict(pairs))


async def _parts(pieces: AsyncIterator[bytes], boundary: str) -> Form:
    try:
        from python_multipart import MultipartParser
        from python_multipart.exceptions import FormParserError
    except ImportError:
        raise MissingExtraError("reading a bill", "ui") from None
    taken = _Parts()
    try:
        parser = MultipartParser(boundary.encode("latin-1", "replace"), taken.callbacks())
        async for piece in pieces:
            parser.write(piece)
        parser.finalize()
        if not taken.is_whole:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The form did not come to its end.")
    except BaseException as error:
        taken.close()
        taken.form.drop()
        if isinstance(error, FormParserError | ValueError):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "This form cannot be read.") from None
        raise
    taken.close()
    return taken.form


class _Parts:
    """Takes the parts of a multipart body as they are found: the first file into a folder of its own, all else here."""

    def __init__(self) -> None:
        self.form, self.is_whole = Form(), False
        self._name, self._header, self._value, self._text = "", b"", b"", bytearray()
        self._disposition, self._fields_bytes = b"", 0
        self._out: BinaryIO | None = None

    def callbacks(self) -> Any:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin, "on_header_field": self._on_header, "on_header_value": self._on_value,
            "on_header_end": self._end_header, "on_headers_finished": self._open, "on_part_data": self._take,
            "on_part_end": self._end, "on_end": self._finish,
        }  # fmt: skip

    def close(self) -> None:
        """Closes the file."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def _begin(self) -> None:
        self._header, self._value, self._disposition, self._text = b"", b"", b"", bytearray()

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _open(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        file_name = options.get(b"filename")
        if file_name is not None and self.form.file is None:
            folder = Path(tempfile.mkdtemp(prefix="tunecase-bill-"))  # of mode 700
            self.form.file = folder / safe_name(file_name.decode("utf-8", "replace"))
            self._out = self.form.file.open("wb")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._out is not None:
            self._out.write(data[start:end])
            return
        self._fields_bytes += end - start
        if self._fields_bytes > MOST_FORM_BYTES or len(self.form.fields) >= MOST_FIELDS:
            raise ValueError("a form with too much beside its file")
        self._text += data[start:end]

    def _end(self) -> None:
        if self._out is not None:
            self.close()
        else:
            self.form.fields[self._name] = self._text.decode("utf-8", "replace")

    def _finish(self) -> None:
        self.is_whole = True


def safe_name(given: str) -> str:
    """A file's name as it may stand in a folder of ours: its last part in plain letters; its ending says what it is.

    Example:
        >>> safe_name("../../Rechnung März.csv"), safe_name("ä.parquet"), safe_name("..")
        ('Rechnung_M_rz.csv', 'bill.parquet', 'bill.csv')
    """
    stem, dot, ending = re.split(r"[/\\]", given)[-1].rpartition(".")
    stem, ending = (stem, ending) if dot else (ending, "")
    stem, ending = (_ODD.sub("_", part).strip("._-") for part in (stem, ending))
    name = stem[:MOST_NAME] or "bill"
    return f"{name}.{ending[:12]}" if ending else name if stem else f"{name}.csv"


def first_words(fields: Mapping[str, str], names: tuple[str, ...], most: int = 2_000) -> dict[str, str]:
    """What was typed in these fields, without the blanks around it, none longer than a form shows again."""
    return {name: fields.get(name, "").strip()[:most] for name in names}
