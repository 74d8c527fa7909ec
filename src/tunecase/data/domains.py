"""Which kind of text a file holds: a check's precision is known only for the kinds it was measured on."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Literal, get_args

Domain = Literal["short requests", "prose", "templated prompts", "code", "chats", "tool calls"]

DOMAINS: tuple[Domain, ...] = get_args(Domain)
MOST_READ = 500  # rows
CODE_SHARE = 0.3  # of the rows must hold code
TURNS_SHARE = 0.5
SHORT_WORDS = 20  # the median of a file of short requests
SHARED_WORDS = 0.5  # of an input's words that nearly all rows have at the same place
_CODE = re.compile(
    r"^[^\S\n]*(?:def|class|function|import|from|#include|public|private|const|let|var|return|async|fn|package|using)\b"
    r"[^.?!]*[({;:=]|[;{}][^\S\n]*$|=>|\w\(\w*\)\s*[;{:]|</\w+>|^[^\S\n]*(?:if|for|while)\s*\(.+\)",
    re.MULTILINE,
)
_CODE_HINT = re.compile(r"[(){}=<;:]")  # in each of those marks
# What hardly anything but code holds, each behind a text that it cannot do without.
_SURELY_CODE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (hint, re.compile(pattern, re.MULTILINE))
    for hint, pattern in (
        ("```", r"```"),
        ("def ", r"^[^\S\n]*(?:async )?def \w+\([^)\n]*\).*:[^\S\n]*$"),
        ("#include", r"^[^\S\n]*#include\s*[<\"]"),
        (" import ", r"^[^\S\n]*from \w[\w.]* import \w"),
        ("function", r"\bfunction\s*\w*\([^)]*\)\s*\{"),
        ("public static ", r"^[^\S\n]*public static \w+ \w+\("),
        ("<?php", r"<\?php"),
        ("SELECT", r"\bSELECT\b.+?\bFROM\b"),
        ("INSERT INTO", r"\bINSERT INTO\b"),
        ("CREATE TABLE", r"\bCREATE TABLE\b"),
        ("UPDATE ", r"\bUPDATE \w+ SET\b"),
        ("DELETE FROM", r"\bDELETE FROM\b"),
        ("select", r"^[^\S\n]*select\s[\w*,.() ]+\sfrom\s+\w+\s*(?:;|$|(?:where|join|group by|order by|limit)\b)"),
        ("(", r"^[^\S\n]*\w+(?:\.\w+)+\(.*\)\s*;?\s*$"),
    )
)
READ_CHARACTERS = 4000  # of a text, within which code shows


def looks_like_code(text: str) -> bool:
    """True for a text that holds program code, a query or markup.

    A line that is hardly anything else suffices, or two marks that prose may hold too, or one of them in a text of one
    line. JSON is no code: it is data.

    Example:
        >>> looks_like_code("def add(a, b):\\n    return a + b;"), looks_like_code("Return the card; it has expired.")
        (True, False)
    """
    bare = text.strip()
    if bare[:1] in ("{", "[") and bare[-1:] in ("}", "]"):
        return False
    start = text[:READ_CHARACTERS]
    if any(hint in start and pattern.search(start) for hint, pattern in _SURELY_CODE):
        return True
    if not _CODE_HINT.search(start):
        return False
    marks = len(list(islice(_CODE.finditer(start), 2)))
    return marks == 2 or (marks == 1 and "\n" not in bare)


def domain_of(
    inputs: Sequence[str],
    outputs: Sequence[str],
    turns: Sequence[tuple[tuple[str, str], ...]] = (),
    tools: bool = False,
) -> Domain:
    """The kind of text of a file, from its first 500 rows.

    Args:
        inputs, outputs: texts of the rows, one each.
        turns: of the rows, where they are chats.
        tools: whether the rows declare tools.
    Returns: tools come before chats, chats before code, code before templates, templates before length.
    """
    some = range(min(len(inputs), MOST_READ))
    if tools:
        return "tool calls"
    if turns and sum(len(turns[at]) > 2 for at in some if at < len(turns)) > TURNS_SHARE * len(some):
        return "chats"
    code = sum(looks_like_code(outputs[at]) or looks_like_code(inputs[at]) for at in some)
    if code > CODE_SHARE * len(some):
        return "code"
    words = [inputs[at].split() for at in some]
    if _is_templated(words):
        return "templated prompts"
    lengths = sorted(map(len, words))
    return "short requests" if not lengths or lengths[len(lengths) // 2] < SHORT_WORDS else "prose"


def _is_templated(words: list[list[str]]) -> bool:
    """True where most inputs begin, or end, with the same words."""
    if len(words) < 10:
        return False
    lengths = sorted(map(len, words))
    median = lengths[len(lengths) // 2]
    shared = sum(_shared(ends) for ends in ([row[:400] for row in words], [row[::-1][:400] for row in words]))
    return median > 0 and shared >= SHARED_WORDS * median


def _shared(rows: list[list[str]]) -> int:
    """How many first words nine in ten rows share."""
    count = 0
    while True:
        following = [row[count] for row in rows if len(row) > count]
        if len(following) < 0.9 * len(rows):
            return count
        commonest = max(set(following), key=following.count)
        if following.count(commonest) < 0.9 * len(rows):
            return count
        count += 1
