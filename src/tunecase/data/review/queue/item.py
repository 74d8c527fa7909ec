"""One row that waits for review, and what a reviewer said about it."""

import hashlib
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["right", "wrong", "delete", "unsure"]
VERDICTS: tuple[Verdict, ...] = ("right", "wrong", "delete", "unsure")
NEUTRAL = "does the answer fit the text?"


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the queue as a reviewer sees it; `checks` and `suspicion` are kept where no tool shows them."""

    rank: int
    row: int
    line: int
    code: str
    input: str
    given: str
    suggested: str
    why: str
    checks: tuple[str, ...] = ()
    suspicion: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What one reviewer said about one row; `where` is the decision's place in the file that it came from."""

    where: str
    row: int
    code: str
    verdict: str
    answer: str
    seconds: float | None
    reviewer: str
    rank: int | None


def code_of(row: int, input: str, given: str, control: bool = False) -> str:
    """A row's mark in a queue: 12 hex digits of its number and texts, so that a changed row is noticed.

    A control row has a different mark than the same row in the queue: whoever has the training file can tell the two
    apart, and whoever reads only the queue cannot.

    Example:
        >>> code_of(7, "a text", "yes") == code_of(7, "a text", "no")
        False
    """
    kind = "control" if control else "queue"
    text = "\x1f".join((kind, str(row), input, given))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def read_verdict(word: str) -> Verdict | None:
    """A verdict as typed, or None for another word."""
    plain = word.strip().casefold()
    return plain if plain in VERDICTS else None
