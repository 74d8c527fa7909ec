"""What spoilt answers say: refusals, models that name themselves and placeholders, by language, from a table.

A placeholder stands for an answer; a slot is a blank that whoever asked for a draft fills in.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from tunecase import catalog
from tunecase.quantities import Array, Bytes, np

KINDS = ("refusal", "signature", "placeholder", "slot", "stray")
REFUSAL_WITHIN = 300  # characters: a refusal comes first
_COMMON = " etaoinsrhldcumfpgwybvk"  # the commonest characters of English, so that a stem is looked for by its rarest
_BIG = 1 << 16
Phrase = tuple[str, str, re.Pattern[str]]
Probe = tuple[int, int, Phrase]


@cache
def _phrases() -> "tuple[Bytes, tuple[tuple[Probe, ...], ...], tuple[Phrase, ...]]":
    """Hash of three bytes to a place (0: none); (hash, its offset, phrase) of each place; phrases of two-byte stems."""
    at: dict[int, list[Probe]] = {}
    short: list[Phrase] = []
    for row in catalog.read_table("answer_phrases"):
        phrase = (row["kind"], row["stem"], re.compile(row["pattern"], re.DOTALL))
        if len(row["stem"].encode()) < 3:
            short.append(phrase)
            continue
        (first, start), (second, other) = _rarest(row["stem"])
        at.setdefault(first, []).append((second, other - start, phrase))
    table = np.zeros(_BIG, np.uint8)
    table[list(at)] = np.arange(1, len(at) + 1)
    return table, ((), *map(tuple, at.values())), tuple(short)


def _rarest(stem: str) -> list[tuple[int, int]]:
    """(hash, start) of two runs of three bytes that are rare in other texts; none with a quote, which has two signs."""
    raw = stem.encode()
    rank = {ord(one): len(_COMMON) - place for place, one in enumerate(_COMMON)}
    starts = [at for at in range(len(raw) - 2) if b"'" not in raw[at : at + 3]]
    starts.sort(key=lambda at: sum(rank.get(code, 0) for code in raw[at : at + 3]))
    second = next((at for at in starts if abs(at - starts[0]) > 1), starts[-1])
    return [(int(_hashes(np.frombuffer(raw[at : at + 3], np.uint8))[0]), at) for at in (starts[0], second)]


def _hashes(raw: "Bytes") -> "Array":
    wide = raw.astype(np.uint16)
    mixed = wide[:-2] * np.uint16(251)
    mixed += wide[1:-1]
    mixed *= np.uint16(241)
    mixed += wide[2:]
    return mixed


def find_phrases(texts: Sequence[str]) -> dict[str, set[int]]:
    """Which of many lower-case texts hold a phrase of each kind: refusals, signatures, placeholders, stray marks.

    A refusal must stand where the text begins; "stray" is a quick test only. Rare runs of three bytes of each stem are
    looked for in all texts at once.

    Example:
        >>> find_phrases(["i'm sorry, but i cannot help with that.", "sorry to hear that!", "todo: write it"])
        {'refusal': {0}, 'signature': set(), 'placeholder': {2}, 'slot': set(), 'stray': set()}
    """
    kinds: dict[str, set[int]] = {kind: set() for kind in KINDS}
    for row, (kind, stem, pattern) in _likely(texts):
        if row not in kinds[kind]:
            text = _head(texts[row]) if kind == "refusal" else texts[row]
            if stem in text and pattern.search(text):
                kinds[kind].add(row)
    return kinds


def _likely(texts: Sequence[str]) -> "Iterator[tuple[int, Phrase]]":
    """Each text, by its place, with each phrase that it may hold."""
    table, probes, short = _phrases()
    block = "\0\0".join(texts)
    raw = block.encode("utf-8", "replace")
    if len(raw) < 3:
        return
    yield from ((row, phrase) for phrase in short if phrase[1] in block for row in range(len(texts)))
    hashes = _hashes(np.frombuffer(raw, np.uint8))
    places = table[hashes]
    hits = np.flatnonzero(places != 0)
    places = places[hits]
    coded = texts if len(raw) == len(block) else [text.encode("utf-8", "replace") for text in texts]
    ends = np.cumsum(np.fromiter(map(len, coded), np.int64, len(texts)) + 2)
    for place in np.unique(places).tolist():
        here = hits[places == place]
        for second, offset, phrase in probes[place]:
            near = here[hashes[np.clip(here + offset, 0, len(hashes) - 1)] == second]
            yield from ((row, phrase) for row in np.unique(np.searchsorted(ends, near, side="right")).tolist())


def _head(text: str) -> str:
    return text.lstrip(" \n\"'*")[:REFUSAL_WITHIN].replace("’", "'")
