"""Keys and passwords in texts: tokens by their maker's prefix, private keys, and assignments of random strings.

A prefix alone is not enough: a token must have its maker's length and look random, a JWT's header must decode, and a
password in an assignment or an address must not be a stand-in such as "changeme" or "<password>".
"""

import base64
import binascii
import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from tunecase.data.detectors.spans import Span, as_bits, kept_apart, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tunecase.data.reading.rows import Row

# Kind, substrings one of which every such secret holds, and its shape, as its maker documents it.
TOKENS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("AWS key", ("AKIA", "ASIA"), r"(?<![A-Za-z0-9])A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9])"),
    ("GitHub token", ("hp_", "ho_", "hu_", "hs_", "hr_", "_pat_"),
     r"(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?!\w)"),
    ("GitLab token", ("glpat-",), r"(?<!\w)glpat-[\w-]{20,300}"),
    ("Slack token", ("xox", "hooks.slack"),
     r"(?<!\w)xox[abeoprs]-[A-Za-z0-9-]{20,250}|hooks\.slack\.com/services/T\w{8,12}/B\w{8,12}/\w{20,30}"),
    ("Anthropic key", ("sk-ant-",), r"(?<!\w)sk-ant-[a-z0-9]{2,10}-[\w-]{32,200}"),
    ("OpenAI key", ("sk-",), r"(?<![\w-])sk-(?:proj-|svcacct-|admin-)?(?!ant-)[A-Za-z0-9_-]{32,200}(?![\w-])"),
    ("Google key", ("AIza", "ya29.", "GOCSPX-"),
     r"(?<!\w)(?:AIza[\w-]{35}(?![\w-])|ya29\.[\w-]{40,250}|GOCSPX-[\w-]{28})"),
    ("Stripe key", ("k_live_", "k_test_"), r"(?<![A-Za-z0-9])[sr]k_(?:live|test)_[A-Za-z0-9]{16,247}"),
    ("other token", ("hf_", "npm_", "pypi-", "SG.", "dop_v1_", ":AA"),
     r"(?<!\w)(?:hf_[A-Za-z]{34}(?!\w)|npm_[A-Za-z0-9]{36}(?!\w)|pypi-[\w-]{60,250}|SG\.[\w-]{22}\.[\w-]{43}"
     r"|dop_v1_[a-f0-9]{64}|\d{8,10}:AA[\w-]{33}(?![\w-]))"),
    ("JWT", ("eyJ",), r"(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{10,8000}\.[\w-]{20,2000}"),
    ("private key", ("PRIVATE KEY",),
     r"-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----[\s\\nr]{0,4}[A-Za-z0-9+/=\s\\:,-]{32,}?"
     r"(?:-----END[A-Z ]*-----|\Z)"),
    ("password in an address", ("://",), r"(?<!\w)[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"]{0,64}:(?P<value>[^\s@'\"]{3,128})@[\w.-]+"),
)  # fmt: skip
KINDS = (*(kind for kind, _, _ in TOKENS), "password or key assigned")
_SHAPES = tuple((kind, hints, re.compile(shape)) for kind, hints, shape in TOKENS)
_ASSIGNED = re.compile(
    r"(?i)(?P<name>passw(?:or)?d|passwort|passphrase|pwd|contraseña|senha|secret|token|"
    r"(?:api|access|auth|account|private|signing|encryption)[_ -]?key|credential)s?[\w-]{0,20}[\"']?\s{0,3}"
    r"(?::=|=>|=|:|\bis\b)\s{0,3}(?P<quote>[\"'`]?)(?P<value>[^\s\"'`,;<>(){}\[\]]{8,200})"
)
_ASSIGNED_HINTS = ("passw", "pwd", "passph", "secret", "token", "key", "contrase", "senha", "credential")
# One of these stands in every secret that is no assignment; those with a common sign are looked for behind it alone.
_MARKS = ("_", "AKIA", "ASIA", "eyJ", "AIza", "PRIVATE KEY")
_MARKS_BY_SIGN = (
    ("-", ("sk-", "xox", "glpat-", "pypi-", "GOCSPX-")),
    (".", ("SG.", "ya29.", "hooks.slack")),
    (":", ("://", ":AA")),
)
_STAND_IN = re.compile(
    r"(?i)x{4}|\*{3}|\.{3}|…|example|sample|your|change|placeholder|dummy|foobar|12345|abcde|qwerty|"
    r"password|passwd|secret|redact|insert|replace|^\$|^%|env|null|none|undefined|^test"
)
LEAST_BITS_OF_A_PASSWORD, LEAST_BITS_OF_A_KEY = 2.5, 3.0  # a character
LEAST_DISTINCT = 8
LONG_HINTS, MOST_LONG, MOST_SHORT = ("eyJ", "PRIVATE KEY"), 12_000, 400  # characters of one secret at most
HINT_WITHIN, SAID_WITHIN = 24, 32  # characters from the start of a secret to its hint; from a name to its sign


def mark_rows(rows: "Sequence[Row]") -> list[int]:
    """The kinds in each row, input and answers, one bit each in the order of KINDS."""
    return [kinds_of(f"{row.input}\n{row.output}\n{row.rejected}{row.thinking}") for row in rows]


def kinds_of(text: str) -> int:
    """Which kinds a text holds, one bit each in the order of KINDS.

    Example:
        >>> kinds_of("the secret of a good soup"), kinds_of("password = changeme123")
        (0, 0)
    """
    return as_bits(spans(text), KINDS) if _hinted(text) else 0


def _hinted(text: str) -> bool:
    """A few quick tests that nearly every text without a secret fails."""
    holds = text.__contains__
    if any(map(holds, _MARKS)):
        return True
    for sign, marks in _MARKS_BY_SIGN:
        if sign in text and any(map(holds, marks)):
            return True
    return (":" in text or "=" in text or " is " in text) and any(map(text.lower().__contains__, _ASSIGNED_HINTS))


def spans(text: str) -> list[Span]:
    """(kind, start, end) of every secret in a text, in the order of the text; none overlap."""
    return kept_apart([*_tokens(text), *_assignments(text)])


def _tokens(text: str) -> "Iterator[Span]":
    for kind, hints, shape in _SHAPES:
        for hint in hints:
            if hint in text:
                matches = _near(shape, hint, text, text)
                yield from ((kind, *match.span()) for match in matches if _believable(kind, match))


def _assignments(text: str) -> "Iterator[Span]":
    low = text.lower()
    for hint in _ASSIGNED_HINTS:
        if hint in low:
            matches = _near(_ASSIGNED, hint, low, text)
            yield from ((KINDS[-1], *match.span("value")) for match in matches if _assigned(match))


def _near(shape: re.Pattern[str], hint: str, searched: str, text: str) -> "Iterator[re.Match[str]]":
    """What a shape matches in a text from a little before each place of a hint in `searched`, the text or its lower
    case; for assignments only where one can stand.
    """
    assigned = shape is _ASSIGNED
    latest = SAID_WITHIN if assigned else len(hint)
    longest = MOST_LONG if hint in LONG_HINTS else MOST_SHORT
    at, done = searched.find(hint), 0
    while at >= 0:
        if not assigned or _sets_a_value(text[at : at + SAID_WITHIN]):
            match = shape.search(text, max(done, at - HINT_WITHIN), at + longest)
            if match and match.start() <= at + latest:
                yield match
                done = match.end()
        at = searched.find(hint, max(at + len(hint), done))


def _sets_a_value(after: str) -> bool:
    return "=" in after or ":" in after or " is " in after


def _believable(kind: str, match: re.Match[str]) -> bool:
    if kind == "JWT":
        return _is_jwt_header(match[0].split(".")[0])
    if kind == "password in an address":
        return not _STAND_IN.search(match["value"]) and match["value"][0] not in "<{[("
    if kind == "private key":
        return True
    if kind == "OpenAI key" and not (any(map(str.isdigit, match[0])) and any(map(str.isupper, match[0]))):
        return False
    return len({*match[0]}) >= LEAST_DISTINCT and "xxxx" not in match[0].lower() and "..." not in match[0]


def _is_jwt_header(part: str) -> bool:
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(header, dict) and "alg" in header


def _assigned(match: re.Match[str]) -> bool:
    """True for a value that looks drawn at random, or like a password: no stand-in, no word, no code."""
    value, name = match["value"].rstrip(".!?"), match["name"].lower()
    if len(value) < 8 or _STAND_IN.search(value) or entropy_bits(value) < LEAST_BITS_OF_A_PASSWORD:
        return False
    if name.startswith(("pass", "pwd", "contra", "senha", "credential")):
        return _like_a_password(value)
    return _like_a_random_key(value)


def _like_a_password(value: str) -> bool:
    if not any(map(str.isdigit, value)) or re.fullmatch(r"[\w.]+\.[A-Za-z_]\w*", value):
        return False
    return any(map(str.islower, value)) + any(map(str.isupper, value)) + (not value.isalnum()) >= 2


def _like_a_random_key(value: str) -> bool:
    letters = any(map(str.islower, value)) or any(map(str.isupper, value))
    if not (letters and any(map(str.isdigit, value)) and re.fullmatch(r"[\w+/=.~-]{16,}", value)):
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


def masked(text: str) -> str:
    """The text with every secret replaced by its kind."""
    return replaced(text, spans(text)) if _hinted(text) else text
