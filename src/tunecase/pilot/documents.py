"""Searches the user's documents for the facts that answers need: BM25 over passages, and how often it finds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tunecase.data import normalise, words
from tunecase.errors import MissingExtraError
from tunecase.pilot.examples import Examples
from tunecase.pilot.scoring.fields import read_json
from tunecase.pilot.scoring.score import Kind
from tunecase.quantities import count, share, wilson

MOST_PASSAGES = 5  # shown with a text


@dataclass(frozen=True, slots=True)
class Found:
    """How many of `rows` wanted answers stand in the best passages of the documents, and how many in the input."""

    rows: int
    in_passages: int
    in_input: int
    passages: int


def best_passages(passages: Sequence[str], texts: Sequence[str], most: int = MOST_PASSAGES) -> list[tuple[str, ...]]:
    """The passages that fit each text best, the best first; those that share no word with it are left out.

        score = sum over words of idf x f (k + 1) / (f + k (1 - b + b length / mean length)),   k = 1.5, b = 0.75

    Raises: MissingExtraError without the package bm25s.

    Source: Robertson & Zaragoza 2009 in the variant of Lucene; package bm25s. Leaves out word stems and synonyms.
    """
    try:
        index: Any = import_module("bm25s").BM25()
    except ImportError:
        raise MissingExtraError("Searching the documents", "encoder") from None
    index.index([words(passage) for passage in passages], show_progress=False)
    asked = {number: parts for number, text in enumerate(texts) if (parts := words(text))}
    best: list[tuple[str, ...]] = [()] * len(texts)
    if not asked:
        return best
    found, scores = index.retrieve(
        list(asked.values()), k=min(most, len(passages)), show_progress=False, n_threads=1
    )  # fmt: skip
    for number, row, points in zip(asked, found, scores, strict=True):
        best[number] = tuple(passages[int(at)] for at, score in zip(row, points, strict=True) if score > 0)
    return best


def find_answers(passages: Sequence[str], tests: Examples, kind: Kind) -> Found:
    """How often the wanted answer stands, word for word, in a text's five best passages, and in the text itself.

    Of a JSON object all values must stand there. Case and signs do not count.

    Leaves out answers in other words than the documents': the share is a lower bound of what retrieval can find.
    """
    shown = [" ".join(best) for best in best_passages(passages, tests.texts)]
    wanted = [_parts(label, kind) for label in tests.labels]
    in_passages = sum(_holds(text, parts) for text, parts in zip(shown, wanted, strict=True))
    in_input = sum(_holds(text, parts) for text, parts in zip(tests.texts, wanted, strict=True))
    return Found(len(tests), in_passages, in_input, len(passages))


def found_words(found: Found) -> str:
    """What the search found, in one sentence."""
    low, high = wilson(found.in_passages, found.rows)
    rows = f"{share(found.in_passages / found.rows)} ({share(low)} to {share(high)}) of {count(found.rows)} test rows"
    where = f"one of the {MOST_PASSAGES} best of {count(found.passages)} passages of the documents"
    words = f"the wanted answer of {rows} stands word for word in {where}"
    return f"{words}, that of {share(found.in_input / found.rows)} in the input itself"


def _parts(label: str, kind: Kind) -> list[str]:
    value = read_json(label) if kind == "extraction" else label
    return [part for part in map(normalise, _leaves(label if value is None else value)) if part]


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        return [leaf for part in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(part)]
    return [] if value is None else [str(value)]


def _holds(text: str, parts: Sequence[str]) -> bool:
    plain = f" {normalise(text)} "
    return bool(parts) and all(f" {part} " in plain for part in parts)
