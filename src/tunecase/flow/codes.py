"""Codes by which a person lets an agent write money: the agent leaves what it asks, a terminal draws a code for it.

    file of a request = sha256(ledger, what is to be written); in it sha256(code) and the moment at which it was drawn

A code is on the screen alone. It holds for ten minutes, for this request to the last digit, and once: whoever takes the
file away has used it. The files lie in the state folder of the user, for this user alone, and outside of the case.

*Left out:* an agent with a shell of this user can do all that a person can at a terminal.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.flow.kept import is_private
from tunecase.io import write_whole
from tunecase.ledger import state_folder
from tunecase.records import RECORDS, from_json, to_json

LASTS_S = 600.0  # of a code
KEPT_S = 86_400.0  # of a request that nobody answers


@dataclass(frozen=True, slots=True)
class Request:
    """What an agent asks to write at once: the ledger's file, and each record with its verb."""

    ledger: Path
    records: Sequence[tuple[str, Any]]

    @property
    def body(self) -> bytes:
        """All of it as JSON."""
        return to_json({"ledger": str(self.ledger.resolve()), "records": self.records})

    @property
    def digest(self) -> str:
        """The SHA-256 of all of it."""
        return hashlib.sha256(self.body).hexdigest()


def leave(request: Request) -> None:
    """Keeps a request until a terminal draws a code for it; an earlier code for it holds no more."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.iterdir():
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > KEPT_S:
                file.unlink()
    _write(request, "", 0.0)


def draw(ledger: Path) -> Iterator[tuple[Request, str]]:
    """The requests to a ledger, the last one first, each with a new code."""
    import orjson

    files = list(_folder().glob("*")) if _folder().is_dir() else []
    for file in sorted(files, key=lambda file: -file.stat().st_mtime):
        with suppress(OSError, ValueError, KeyError):
            kept = orjson.loads(file.read_bytes())["request"]
            records = [(verb, from_json(RECORDS[verb], body)) for verb, body in kept["records"]]
            request, code = Request(Path(kept["ledger"]), records), secrets.token_hex(5)
            if (file.name, kept["ledger"]) == (request.digest, str(ledger.resolve())):
                _write(request, hashlib.sha256(code.encode()).hexdigest(), time.time())
                yield request, code


def take(request: Request, code: str) -> None:
    """Uses up the code of a request. Raises InputError for any code but the one that was drawn for it last."""
    import orjson

    with suppress(OSError, ValueError, KeyError):
        file = _folder() / request.digest
        kept, given = orjson.loads(file.read_bytes()), hashlib.sha256(code.strip().casefold().encode()).hexdigest()
        is_fresh = 0 <= time.time() - kept["drawn_s"] <= LASTS_S
        if is_fresh and is_private(file.parent) and secrets.compare_digest(kept["code"], given):
            file.unlink()  # of two that come at once, one finds no file
            return
    wanted = "the code that a terminal shows for exactly this, at most ten minutes old and not used before"
    raise InputError(Problem("code", "another code", wanted, "leave `code` out to ask anew"))


def _folder() -> Path:
    return state_folder() / "asked"


def _write(request: Request, code: str, drawn_s: float) -> None:
    file = _folder() / request.digest
    write_whole(file, b'{"code":"%s","drawn_s":%r,"request":%s}' % (code.encode(), drawn_s, request.body))
    os.chmod(file, 0o600)
