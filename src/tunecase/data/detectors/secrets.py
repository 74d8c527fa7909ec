"""Keys and passwords in texts: tokens by their maker's prefix, private keys, and assignments of random strings.

The shapes are the table secret_shapes.csv, one row for each service. A prefix alone is not enough: a token must have
its maker's length and look random, a JWT's header must decode, and a password in an assignment or an address must not
be a stand-in such as "changeme" or "<password>". Leaves out random strings without a prefix of their own or a name
before them.
"""

import base64
import binascii
import json
import math
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tunecase import catalog
from tunecase.data.detectors.spans import Span, as_bits, kept_apart
from tunecase.data.text import in_small

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tunecase.data.reading.rows import Row

# The kinds of the table, in the order of their bits, then what has no shape but a name before it.
KINDS = (
    "AWS key", "GitHub token", "GitLab token", "Slack token", "Anthropic key", "OpenAI key", "Google key", "Stripe key",
    "Hugging Face token", "model service key", "data service key", "cloud key", "payment key", "messaging token",
    "code host token", "other token", "JWT", "private key", "password in an address", "password or key assigned",
)  # fmt: skip
# Letters, digits, "_" and "-" become x: every token has at least LEAST_RUN of them in a row.
_RUNS = bytes(120 if (chr(code).isalnum() and code < 128) or code in b"_-" else 32 for code in range(256))
LEAST_RUN = 20
LEAST_STARTING = 15
_RUN = re.compile(rf"[A-Za-z0-9][\w.-]{{{LEAST_STARTING - 1},}}", re.ASCII)  # a run from its first letter or digit on
_IN_RUNS = bytes(code if (chr(code).isalnum() and code < 128) or code in b"_.-" else 32 for code in range(256))
_WITHOUT_A_RUN = ("://", "PRIVATE KEY")  # their longest part may be short
_NAME = (
    r"passw(?:or)?d|passwort|passphrase|pwd|contraseña|senha|secret|token|"
    r"(?:api|access|auth|account|private|signing|encryption|openai|azure|"
    r"storage|master|admin|service|subscription)[_ -]?key|credential"
)
_NAMED = re.compile(rf"(?i)(?={_NAME})")
_NAMED_IN_SMALL = re.compile(rf"(?=[acemopst])(?={_NAME})")  # many times as fast
_ASSIGNED = re.compile(
    rf"(?i)(?=[acemopst])(?P<name>{_NAME})s?"
    r"(?:[\w-]{0,20}+[\"']?\s{0,3}(?::=|=>|=|:|\bis\b)|[\w-]{0,19}-is\b)\s{0,3}(?P<quote>[\"'`]?)(?P<value>[^\s\"'`,;<>(){}\[\]]{8,200})"
)
_ASSIGNED_HINTS = ("passw", "pwd", "passph", "secret", "token", "key", "contrase", "senha", "credential")
_STAND_IN = re.compile(
    r"(?i)x{4}|\*{3}|\.{3}|…|example|sample|your|change|placeholder|dummy|foobar|12345|abcde|qwerty|"
    r"password|passwd|secret|redact|insert|replace|^\$|^%|env|null|none|undefined|^test"
)
LEAST_BITS_OF_A_PASSWORD, LEAST_BITS_OF_A_KEY = 2.5, 3.0  # a character
LEAST_DISTINCT = 8
LONG_HINT, MOST_LONG, MOST_SHORT = "PRIVATE KEY", 12_000, 400  # characters of one secret at most
_LONG_BODY = re.compile(r"[A-Za-z0-9+/=\s\\:,-]*")  # what stands in a private key, its headings among it
HINT_WITHIN, SAID_WITHIN = 64, 32  # characters from the start of a secret to its hint; from a name to its sign
NAME_WITHIN = 24  # characters from the start of a name to its hint
DENSE = 128  # characters for each hint of a name; where they stand closer, a text is searched as a whole


class Shape(NamedTuple):
    """One row of the table: how such a secret is written; a `mixed` one has a digit, a small and a capital letter."""

    kind: str
    pattern: re.Pattern[str]
    mixed: bool


class Within(NamedTuple):
    """A shape with a hint in its midst: its pattern up to the hint, and what begins with the hint."""

    hint: str
    shape: Shape
    lead: re.Pattern[str]
    core: re.Pattern[str]


class Shapes(NamedTuple):
    """The table: shapes with what they start with, by its first two characters, and with what stands within them.

    `starts` are the same first characters alone, as bytes.
    """

    starting: dict[str, list[tuple[str, Shape]]]
    starts: dict[bytes, tuple[bytes, ...]]
    within: list[Within]


@cache
def _shapes() -> Shapes:
    shapes = Shapes({}, {}, [])
    for row in catalog.read_table("secret_shapes"):
        shape = Shape(row["kind"], re.compile(row["pattern"]), row["mixed"] == "yes")
        for hint in row["hints"].split(";"):
            if row["place"] == "start":
                shapes.starting.setdefault(hint[:2], []).append((hint, shape))
            else:
                shapes.within.append(_parted(shape, hint))
    for first, beginnings in shapes.starting.items():
        shapes.starts[first.encode()] = tuple({hint.encode() for hint, _ in beginnings})
    return shapes


def _parted(shape: Shape, hint: str) -> Within:
    """A shape with its pattern in two parts, so that a text is searched for the hint alone.

    Raises: ValueError where the pattern does not hold the hint.
    """
    whole = shape.pattern.pattern
    at = whole.index(hint if hint in whole else re.escape(hint))
    core = re.compile(hint if hint == LONG_HINT else whole[at:])
    return Within(hint, shape, re.compile(rf"(?:{whole[:at]})\Z"), core)


def mark_rows(rows: "Sequence[Row]") -> list[int]:
    """The kinds in each row, input and answers, one bit each in the order of KINDS."""
    return [kinds_of(f"{row.input}\n{row.output}\n{row.rejected}{row.thinking}") for row in rows]


def kinds_of(text: str) -> int:
    """Which kinds a text holds, one bit each in the order of KINDS.

    Example:
        >>> kinds_of("the secret of a good soup"), kinds_of("password = changeme123")
        (0, 0)
    """
    return as_bits(spans(text), KINDS)


def _hinted(text: str) -> bool:
    """A few quick tests that nearly every text without a secret fails."""
    if _has_run(text) or "://" in text or "PRIVATE KEY" in text:  # _WITHOUT_A_RUN, at half the price
        return True
    return _sets_a_value(text) and any(map(text.lower().__contains__, _ASSIGNED_HINTS))


def _has_run(text: str) -> bool:
    return b"x" * LEAST_RUN in text.encode("utf-8", "replace").translate(_RUNS)


def spans(text: str) -> list[Span]:
    """(kind, start, end) of every secret in a text, in the order of the text; none overlap."""
    return kept_apart([*_tokens(text), *_assignments(text)]) if _hinted(text) else []


def _tokens(text: str) -> "Iterator[Span]":
    has_run = _has_run(text)
    found = [*_starting(text)] if has_run and _may_start(text) else []
    for one in _shapes().within:
        if (has_run or one.hint in _WITHOUT_A_RUN) and one.hint in text:
            found += [(one.shape, match) for match in _within(one, text)]
    yield from ((shape.kind, *match.span()) for shape, match in found if _believable(shape, match))


def _may_start(text: str) -> bool:
    """A quick test: whether a run of a text begins as one of the shapes does."""
    starts = _shapes().starts
    runs = text.encode("utf-8", "replace").translate(_IN_RUNS).split()
    bare = (run.lstrip(b"_.-") for run in runs if len(run) >= LEAST_STARTING)
    return any(run.startswith(starts[run[:2]]) for run in bare if run[:2] in starts)


def _starting(text: str) -> "Iterator[tuple[Shape, re.Match[str]]]":
    """What shapes match at the start of the runs of a text, which stand in its long words.

    A shape is not tried within what it has matched, so that each letter is read a few times at most.
    """
    starting, done = _shapes().starting, 0
    ends: dict[str, int] = {}
    for word in text.split():
        if len(word) >= LEAST_RUN:
            first = text.find(word, done)
            done = first + len(word)
            for run in _RUN.finditer(word):
                at = first + run.start()
                for hint, shape in starting.get(run[0][:2], ()):
                    if not text.startswith(hint, at) or at < ends.get(shape.pattern.pattern, 0):
                        continue
                    if match := shape.pattern.match(text, at, at + MOST_LONG):
                        ends[shape.pattern.pattern] = match.end()
                        yield shape, match


def _within(one: Within, text: str) -> "Iterator[re.Match[str]]":
    """What a shape matches in a text around each place of its hint."""
    longest, at, done = MOST_LONG if one.hint == LONG_HINT else MOST_SHORT, 0, 0
    while found := one.core.search(text, at):
        begin, at = found.start(), found.start() + len(one.hint)
        lead = one.lead.search(text, max(done, begin - HINT_WITHIN), begin)
        if match := lead and one.shape.pattern.match(text, lead.start(), begin + longest):
            yield match
            at = done = max(at, match.end())
        elif lead and one.hint == LONG_HINT and text.startswith(("-----", " BLOCK-----"), at):
            body = _LONG_BODY.match(text, at)
            at = body.end() if body else at  # another key that begins before would fail at the same letter


def _assignments(text: str) -> "Iterator[Span]":
    low = in_small(text)
    if sum(map(low.count, _ASSIGNED_HINTS)) * DENSE > len(text) + MOST_LONG:
        yield from ((KINDS[-1], *match.span("value")) for match in _ASSIGNED.finditer(text) if _assigned(match))
        return
    for hint in _ASSIGNED_HINTS:
        if hint in low:
            yield from ((KINDS[-1], *match.span("value")) for match in _named(hint, low, text) if _assigned(match))


def _named(hint: str, low: str, text: str) -> "Iterator[re.Match[str]]":
    """The assignments of a text, of which `low` is the lower case, near each place of a hint."""
    at, done = low.find(hint), 0
    while at >= 0:
        if _sets_a_value(text[at : at + SAID_WITHIN]):
            starts = range(max(done, at - NAME_WITHIN), at + SAID_WITHIN + 1)
            match = _first_assignment(text, starts, at + MOST_SHORT)
            if match:
                yield match
                done = match.end()
        at = low.find(hint, max(at + len(hint), done))


def _first_assignment(text: str, starts: range, end: int) -> re.Match[str] | None:
    """The first assignment that begins among `starts`, where a name does, and ends by `end`."""
    near = text[starts.start : min(starts.stop + NAME_WITHIN, end)]
    names = _NAMED_IN_SMALL.finditer(near.lower()) if near.isascii() else _NAMED.finditer(near)
    places = (starts.start + name.start() for name in names)
    return next((match for at in places if at in starts and (match := _ASSIGNED.match(text, at, end))), None)


def _sets_a_value(after: str) -> bool:
    return "=" in after or ":" in after or " is " in after


def _believable(shape: Shape, match: re.Match[str]) -> bool:
    found = match[0]
    if shape.kind == "JWT":
        return _is_jwt_header(found.split(".")[0])
    if shape.kind == "password in an address":
        return not _STAND_IN.search(match["value"]) and match["value"][0] not in "<{[("
    if shape.kind == "private key":
        return True
    if shape.mixed and not all(any(map(is_kind, found)) for is_kind in (str.isdigit, str.isupper, str.islower)):
        return False
    return len({*found}) >= LEAST_DISTINCT and "xxxx" not in found.lower() and "..." not in found


def _is_jwt_header(part: str) -> bool:
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(header, dict) and "alg" in header


def _assigned(match: re.Match[str]) -> bool:
    """True for a value with a digit that looks drawn at random, or like a password: no stand-in, no word, no code."""
    value, name = match["value"].rstrip(".!?"), match["name"].lower()
    if len(value) < 8 or not any(map(str.isdigit, value)):
        return False
    if _STAND_IN.search(value) or entropy_bits(value) < LEAST_BITS_OF_A_PASSWORD:
        return False
    if name.startswith(("pass", "pwd", "contra", "senha", "credential")):
        return _like_a_password(value)
    return _like_a_random_key(value)


def _like_a_password(value: str) -> bool:
    if re.fullmatch(r"[\w.]+\.[A-Za-z_]\w*", value):
        return False
    return any(map(str.islower, value)) + any(map(str.isupper, value)) + (not value.isalnum()) >= 2


def _like_a_random_key(value: str) -> bool:
    letters = any(map(str.islower, value)) or any(map(str.isupper, value))
    if not (letters and re.fullmatch(r"[\w+/=.~-]{16,}", value)):
        return False
    return entropy_bits(value) >= LEAST_BITS_OF_A_KEY and value.count("_") + value.count(".") <= 2


def entropy_bits(text: str) -> float:
    """Shannon entropy of the characters of a text [bits a character].

    H = -sum over characters of p log2 p

    Example:
        >>> entropy_bits("aaaa"), entropy_bits("abcd")
        (0.0, 2.0)
    """
    counts = Counter(text)
    return sum(n / len(text) * math.log2(len(text) / n) for n in counts.values())
