"""Regular expressions: found in the source, fed with texts made to slow them down, and quick on all of them."""

import random
import re
import sys
import time
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import patterns as tried

from tests.budget import APART, slowness
from tunecase.cli import crash
from tunecase.compute.measured import table
from tunecase.data import domains
from tunecase.data.detectors import languages, licences, secrets
from tunecase.data.detectors.content_words import is_code, terms
from tunecase.data.detectors.endings import ending
from tunecase.data.detectors.private import masked
from tunecase.data.reading import arrays, marked
from tunecase.data.text import normalise
from tunecase.pilot.scoring.calls import read_calls
from tunecase.pilot.scoring.final import behind_trace, final_answer
from tunecase.quantities import UnitError, Wanted, read_quantity, units

MOST_S = 0.2  # a million characters
SENTENCES_S = 0.5  # the same of what asks within each sentence whether somebody was trained by somebody
SENTENCES = r"data/detectors/phrases.py:phrase (?:\b(?:i|me"
SLACK = 2  # of the process's own time, which a busy machine stretches less than the clock's
SAMPLED = 12  # of the patterns one in so many is tried by the quick test, the same ones each time
NAME = 1_000  # characters; what a text of the project file may hold
# Places whose patterns read short texts alone: the most characters of one, and what bounds it.
SHORT = {
    "cli/crash.py": crash.MOST_LINE,
    "compute/measured/": table.MOST_CELL,
    "data/detectors/secrets.py:shape -----BEGIN": secrets.MOST_LONG,
    "compute/spellings.py": NAME,  # of a card
    "data/domains.py": domains.READ_CHARACTERS,
    "data/detectors/languages.py": languages.MOST_CHARACTERS,
    "data/detectors/licences.py": licences.MOST_CHARACTERS,
    "data/reading/arrays.py:NAME_OF_LIST": arrays.NAME_WITHIN,
    "evals/lighteval.py:NAMING": 255,  # a file's name
    "evals/lm_eval.py:NAMING": 255,
    "flow/split.py:TRAIN_AT_END": 255,
    "quantities/": units.MOST_LETTERS,
}
MOST_READER_S = 0.5  # a million characters, of all that one reader does
SHORT_S = 0.1  # one short text


def limit_of(place: str) -> int | None:
    """The most characters that the patterns of a place read; None without a bound."""
    return next((most for begun, most in SHORT.items() if place.startswith(begun)), None)


def slower() -> float:
    """By how much a pattern may take longer than on a quiet machine, as this one counts now; more than 1."""
    return slowness() * APART


def slow(one: tried.Found, sizes: tuple[int, ...], texts: int = 10**6, slack: float = SLACK) -> str:
    """What is wrong with a pattern's time; empty where it is quick, at a second try on a machine that is slow now."""
    most = limit_of(one.place)
    bound = (SENTENCES_S if one.place.startswith(SENTENCES) else MOST_S) * slack
    worst = tried.worst(one, (most,) if most else sizes, enough=5.0 if most else bound, most=texts)
    if worst.seconds < SHORT_S * slack if most else worst.per_million < bound:
        return ""
    if slack == SLACK:
        return slow(one, sizes, texts, SLACK * slower())
    return f"{worst.seconds:.2f} s, {worst.per_million:.2f} s a million: {worst}"


@pytest.mark.slow
def test_patterns_of_rows_are_quick() -> None:
    """What reads the texts of rows takes a time in proportion to their length; a sample, on a few texts each."""
    parts = ("data/checks", "detectors/personal", "detectors/content", "data/text", "scoring/final", "scoring/calls")
    found = tried.found(parts)
    sample = [one for one in found if zlib.crc32(repr(one.pattern.pattern).encode()) % SAMPLED == 0]
    assert len(sample) > 5
    assert [] == [wrong for one in sample if (wrong := slow(one, (64_000,), 4))]


@pytest.mark.slow
@pytest.mark.needs("train")
def test_every_pattern_is_quick() -> None:
    """Each pattern of the package, on every crafted text, up to a million characters."""
    found = tried.found()
    assert len(found) > 500
    assert [] == [wrong for one in found if (wrong := slow(one, tried.SIZES))]


@pytest.mark.slow
def test_a_slow_pattern_is_noticed() -> None:
    """The texts made from a pattern show one that takes the square or more of the length."""
    for pattern in (r"\s+$", r"<x>.*?</x>", r"\w*\d\w*x", r"^\s*#"):
        one = tried.Found("made up", re.compile(pattern, re.MULTILINE), ("finditer",))
        assert slow(one, (16_000,), 12), pattern


SECRETS = {
    "AWS key": "AKIA" + "Q7ZP2MX4KJ5TWN3B",
    "GitHub token": "ghp_" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYzA1b",
    "password in an address": "postgres://admin:Vt9-kq3Lw@db.internal/main",
    "password or key assigned": 'api_key = "9fK2mQ7xLw4Rt8Zp1Vb6"',
    "private key": "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 8 + "\n-----END RSA PRIVATE KEY-----",
}


def test_a_secret_is_found_alone() -> None:
    """As its kind."""
    assert [] == [kind for kind, text in SECRETS.items() if kind not in {found for found, _, _ in secrets.spans(text)}]


@pytest.mark.slow
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_secrets_are_found_anywhere_in_a_long_row(place) -> None:
    """At the beginning, in the middle and at the end of a row of a million letters."""
    rng = random.Random(5)
    words = [
        rng.choice(("pay", "the", "bill", "of", "may", "key:", "a token is", "http://a.b/c")) for _ in range(160_000)
    ]
    at = int(place * len(words))
    text = " ".join([*words[:at], *SECRETS.values(), *words[at:]])
    hidden = masked(text)
    assert set(SECRETS) == {found for found, _, _ in secrets.spans(text)}
    assert [] == [kind for kind, secret in SECRETS.items() if secret in hidden]


HOSTILE = (
    "a", "0", " ", "\n", "é ", "a@", "https://", "a://b", "://", "token: ", "key", "pwd pwd=", "PRIVATE KEY",
    "-----BEGIN PRIVATE KEY-----", "eyJa.", "ops_eyJaaaaaaaaa/", "= key", "'{", "<think>",
    "<think></thought>", "<tool_call> ",
    "</s> ", "[INST] a ", "### Human: a ", "'output':", "```\n", "\"arguments\": '", "#### 1 ", "answer is ", "{",
    "\\", "a-",
)  # fmt: skip
READERS = {
    "secrets": masked, "personal": masked, "language": languages.detect, "code": is_code,
    "terms": terms, "domain": domains.looks_like_code, "ending": ending, "turns": marked.turns_of,
    "trace": behind_trace, "final": final_answer, "calls": read_calls, "words": normalise,
}  # fmt: skip


def seconds_of(reader: str, size: int) -> str:
    """The texts on which a reader takes longer than it may, with their seconds a million characters."""
    wrong = []
    READERS[reader]("é à la carte")  # what is read once, such as a table
    for unit in HOSTILE:
        text = unit * (size // len(unit)) + "!"
        most_s = MOST_READER_S * SLACK * size / 1e6
        took = _seconds(reader, text)
        if took > most_s and (took := min(took, _seconds(reader, text))) > most_s * slower():
            wrong.append(f"{unit!r}: {took / size * 1e6:.1f} s")
    return "; ".join(wrong)


def _seconds(reader: str, text: str) -> float:
    begun = time.process_time()
    READERS[reader](text)
    return time.process_time() - begun


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_a_row_of_a_million_letters_is_read_quickly(reader) -> None:
    """The same for a row as long as a book."""
    assert "" == seconds_of(reader, 1_000_000)


def test_long_texts_meet_the_bounds_that_are_stated() -> None:
    """What reads short texts alone refuses or leaves out a longer one."""
    with pytest.raises(UnitError, match="201 characters"):
        read_quantity("$" * 201, Wanted("money", example="1 USD"))
    assert max(map(len, crash._shortened("a=" * 10_000).split("\n"))) <= crash.MOST_LINE + 1
    row = {"model": "x", "method": "lora", "n_gpus": "1", "notes": "offload" * 100}
    assert "a cell of 700 characters, where 500 are read" == table._too_long(row)
