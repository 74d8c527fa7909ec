"""Codes by which a person lets an agent write money: the agent leaves what it asks, a terminal draws a code for it.

    file of a request = sha256(ledger, records); in it sha256(code) and the moment at which the code was drawn

A code stands on a screen and nowhere else. It holds for ten minutes, for this request to the last digit, and once:
whoever takes the file away has used it. The files lie in the state folder of the user, for them alone.

*Left out:* an agent with a shell of this user can do all that the user can do at a terminal.
"""

import hashlib
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
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
    """What an agent asks to write at once: the path of the ledger, and each record with its verb.

    `code` is the SHA-256 of the code that was drawn for it last, at `drawn_s` [s since 1970]; empty before.
    """

    ledger: str
    records: Sequence[tuple[str, Any]]
    code: str = ""
    drawn_s: float = 0.0

    @property
    def digest(self) -> str:
        """The SHA-256 of what is asked."""
        return hashlib.sha256(to_json([self.ledger, self.records])).hexdigest()


def leave(request: Request) -> None:
    """Keeps a request until a terminal draws a code for it; an earlier code for it holds no more."""
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    file = _folder() / request.digest
    write_whole(file, to_json(request))
    file.chmod(0o600)


def draw(ledger: Path) -> Iterator[tuple[Request, str]]:
    """The requests of a day to a ledger, each with a new code; older ones go."""
    for file in sorted(_folder().glob("*")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            if time.time() - file.stat().st_mtime > KEPT_S:
                file.unlink()
            elif (kept := _read(file)).ledger == str(ledger.resolve()) and kept.digest == file.name:
                code = secrets.token_hex(8)
                leave(replace(kept, code=hashlib.sha256(code.encode()).hexdigest(), drawn_s=time.time()))
                yield kept, code


def take(request: Request, code: str) -> None:
    """Uses up the code of a request. Raises InputError for any code but the one that was drawn for it last."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        file, given = _folder() / request.digest, hashlib.sha256(code.strip().casefold().encode()).hexdigest()
        kept = _read(file)
        if secrets.compare_digest(kept.code, given) and 0 <= time.time() - kept.drawn_s <= LASTS_S:
            file.unlink()  # of two that come at once, one finds no file
            return
    wanted = "the code that a terminal shows for exactly this, at most ten minutes old and not used before"
    raise InputError(Problem("code", "another code", wanted, "leave `code` out to ask anew"))


def _folder() -> Path:
    return state_folder() / "asked"


def _read(file: Path) -> Request:
    import orjson

    if not is_private(file.parent):
        raise PermissionError(f"{file.parent}: another user may write there")
    fields = orjson.loads(file.read_bytes())
    records: list[tuple[str, Any]] = [(verb, from_json(RECORDS[verb], body)) for verb, body in fields.pop("records")]
    return Request(records=records, **fields)
