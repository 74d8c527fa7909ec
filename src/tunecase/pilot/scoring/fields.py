"""Answers as fields: JSON that may come with a fence or a sentence around it, compared value by value.

Two values are the same when they mean the same number, date, truth value or text: 1200.0 and "1,200"; "2024-03-05" and
"March 5, 2024"; "true" and true; texts that fold alike. What is null, blank or empty counts as not given. Objects are
compared key by key (case and outer blanks aside), lists without regard to order, with nested members
paired so that most fields match.
"""

import json
import re
import unicodedata
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

DEEPEST = 40  # levels of nesting; deeper is taken as not JSON
MOST_PAIRED = 200  # nested list members that are paired for the best match; more are paired in order
SIGNIFICANT = 12  # figures in which two fractions must agree

_FENCE = re.compile(r"```[a-zA-Z]*[^\S\n]*\n(.*?)```", re.DOTALL)
_NUMBER = re.compile(r"-?(0|[1-9]\d*|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?")
_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}")
_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.? ([a-z]{3,9})\.?,? (\d{4})")
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_MONTHS = "january february march april may june july august september october november december".split()
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " "})


def fold(text: str) -> str:
    """The text as answers are compared: NFC, case-folded, blanks collapsed, outer quotes and closing .,;:!? off.

    Signs inside stay, so that C++ is not C and -5 is not 5; a text of nothing but signs is kept whole.

    Example:
        >>> fold('  "Yes,  please." '), fold("C++"), fold("...")
        ('yes, please', 'c++', '...')
    """
    plain = " ".join(unicodedata.normalize("NFC", text.translate(_QUOTES)).casefold().split())
    return plain.strip("\"'`").rstrip(".,;:!?").strip("\"'` ") or plain


def read_json(text: str) -> Any:
    """The object or list that a text holds; None when it holds none.

    Tried in turn: the whole text, what stands in a code fence, what stands from the first bracket to the last.

    Example:
        >>> read_json('Sure: {"a": 1}'), read_json("{'a': 1}"), read_json("4")
        ({'a': 1}, None, None)
    """
    parts = [text, *_FENCE.findall(text)]
    for opening, closing in ("{}", "[]"):
        start, end = text.find(opening), text.rfind(closing)
        if -1 < start < end:
            parts.append(text[start : end + 1])
    for part in parts:
        try:
            held = json.loads(part, parse_constant=_refuse)
        except (ValueError, RecursionError):
            continue
        if isinstance(held, dict | list) and _depth(held) <= DEEPEST:
            return held
    return None


def field_counts(label: str, answer: str) -> tuple[int, int, int]:
    """How many fields an answer has right, how many it gives, and how many the label holds.

    A label that is not a JSON object or list is one field: its text. Where the label is JSON and the answer is not, the
    answer gives no field and has none right.

    Example:
        >>> field_counts('{"to": "Ann", "sum": 12.5, "tags": ["a", "b"]}', '{"sum": "12.50", "tags": ["b", "c"]}')
        (2, 3, 4)

    Leaves out partial credit for a text that is nearly right, and units ("12 kg" is not "12000 g").
    """
    wanted = read_json(label)
    if wanted is None:
        return int(same_text(label, answer)), int(bool(answer.strip())), 1
    given = read_json(answer)
    return (_right(wanted, given), _size(given), _size(wanted)) if given is not None else (0, 0, _size(wanted))


def fields_right(label: str, answer: str) -> dict[str, bool]:
    """For each top-level field of the label's object, whether the answer has it wholly right, with nothing added.

    Example:
        >>> fields_right('{"to": "Ann", "sum": 12.5, "note": null}', '{"to": "ann", "sum": 12}')
        {'to': True, 'sum': False}
    """
    wanted, given = read_json(label), read_json(answer)
    if not isinstance(wanted, dict):
        return {}
    there = {_key(name): value for name, value in given.items()} if isinstance(given, dict) else {}
    return {
        _key(name): _right(value, there.get(_key(name))) == _size(value) == _size(there.get(_key(name)))
        for name, value in wanted.items()
        if _size(value)
    }


def same_text(label: str, answer: str) -> bool:
    """Whether two plain texts mean the same value."""
    return bool(_meaning(label) == _meaning(answer))


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def _depth(value: Any) -> int:
    level, deep = [value], 0
    while level and deep <= DEEPEST:
        level = [m for v in level if isinstance(v, dict | list) for m in (v.values() if isinstance(v, dict) else v)]
        deep += 1
    return deep


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value))
    return int(_meaning(value) is not None)


def _right(wanted: Any, given: Any) -> int:
    if isinstance(wanted, dict):
        if not isinstance(given, dict):
            return 0
        there = {_key(name): value for name, value in given.items()}
        return sum(_right(value, there.get(_key(name))) for name, value in wanted.items())
    if isinstance(wanted, list):
        return _right_in_lists(wanted, given) if isinstance(given, list) else 0
    meaning = _meaning(wanted)
    return int(meaning is not None and not isinstance(given, dict | list) and meaning == _meaning(given))


def _right_in_lists(wanted: list[Any], given: list[Any]) -> int:
    """Plain members as multisets; nested members paired so that most fields match."""
    plain = [Counter(m for v in side if (m := _plain(v)) is not None) for side in (wanted, given)]
    nested, others = ([v for v in side if isinstance(v, dict | list)] for side in (wanted, given))
    return sum((plain[0] & plain[1]).values()) + (_right_in_pairs(nested, others) if nested and others else 0)


def _right_in_pairs(wanted: list[Any], given: list[Any]) -> int:
    if max(len(wanted), len(given)) > MOST_PAIRED:
        return sum(map(_right, wanted, given))
    from scipy.optimize import linear_sum_assignment

    right = [[_right(member, other) for other in given] for member in wanted]
    rows, columns = linear_sum_assignment(right, maximize=True)
    return sum(int(right[row][column]) for row, column in zip(rows, columns, strict=True))


def _plain(value: Any) -> tuple[str, Any] | None:
    return None if isinstance(value, dict | list) else _meaning(value)


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _meaning(value: Any) -> tuple[str, Any] | None:
    """A scalar as what it means: its kind and a value that compares; None when nothing is given."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "truth", value
    if isinstance(value, int | float):
        return "number", _number(Decimal(str(value)))
    text = fold(value)
    if not text:
        return None
    if text in {"true", "false"}:
        return "truth", text == "true"
    if _NUMBER.fullmatch(text):
        try:
            return "number", _number(Decimal(text.replace(",", "")))
        except InvalidOperation:
            return "text", text
    return _date(text) or ("text", text)


def _number(value: Decimal) -> Decimal:
    """Whole numbers exactly, since they may be identifiers; fractions to SIGNIFICANT figures."""
    if not value.is_finite() or value == value.to_integral_value():
        return value
    return Decimal(f"{value:.{SIGNIFICANT - 1}e}")


def _date(text: str) -> tuple[str, Any] | None:
    """A date that can be read in one way only; 03/04/2024 stays a text."""
    try:
        if _ISO.fullmatch(text):
            return "date", date(*map(int, re.split("[-/]", text))).isoformat()
        if _ISO_TIME.fullmatch(text.upper()):
            moment = datetime.fromisoformat(text.upper())
            moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
            whole = moment.date().isoformat() if moment == datetime(*moment.timetuple()[:3]) else moment.isoformat()
            return "date", whole
        if match := _DAY_FIRST.fullmatch(text):
            return _named(match[3], match[2], match[1])
        if match := _MONTH_FIRST.fullmatch(text):
            return _named(match[3], match[1], match[2])
    except (ValueError, OverflowError):
        return None
    return None


def _named(year: str, month: str, day: str) -> tuple[str, Any] | None:
    numbers = [
        number for number, name in enumerate(_MONTHS, 1) if name.startswith(month) or month == "sept" == name[:4]
    ]
    return ("date", date(int(year), numbers[0], int(day)).isoformat()) if len(numbers) == 1 else None
