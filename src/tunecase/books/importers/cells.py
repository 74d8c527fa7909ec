"""Cells of a bill as exact values: amounts to the last digit, moments in UTC, tags; or a refusal with a fix."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tunecase.books.charges import AMOUNT_FIX
from tunecase.quantities import separator_fix

MOST_BEFORE, MOST_AFTER = 15, 30  # digits before and after the point
MISSING = ("", "NULL")
NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?", re.ASCII)
TIMED = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?( ?(Z|z|UTC|[+-]\d\d(:?\d\d)?))?)?", re.ASCII)


# tokens of a model are none: API_TOKEN, ssh-key and apikey are.
SECRET = re.compile(
    r"secret|passw|credential|token(?!s|i)|(^|[^a-z])key($|[^a-z])|(api|access|private)_?-?key", re.IGNORECASE
)
MAIL = re.compile(r"(?<![\w.+-])([\w.+-]+)@[\w-]{1,63}(\.[\w-]{1,63})+")


class CellError(ValueError):
    """A cell that cannot be read: what is wanted, and a fix."""

    def __init__(self, wanted: str, fix: str) -> None:
        super().__init__(wanted)
        self.wanted, self.fix = wanted, fix


def text_of(cell: Any) -> str:
    """A cell of a CSV or Parquet file as plain text; what is missing is empty.

    Example:
        >>> text_of(None), text_of("NULL"), text_of(" a "), text_of(1.5), text_of(True)
        ('', '', 'a', '1.5', 'true')
    """
    if isinstance(cell, str):
        text = cell.strip()
        return "" if text in MISSING else text
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, dict | list):
        return json.dumps(cell, sort_keys=True, default=str)
    return repr(cell) if isinstance(cell, float) else str(cell)


def amount_of(cell: Any) -> Decimal:
    """An exact amount; a point parts the decimals, exponents are read, separators are refused.

    Raises: CellError for what is no number, may be read in two ways, or has too many digits for exact sums.

    Example:
        >>> amount_of("20.52022672899"), amount_of("8.0E-7")
        (Decimal('20.52022672899'), Decimal('8.0E-7'))
    """
    text = text_of(cell)
    if not NUMBER.fullmatch(text):
        raise CellError("a number with a point before its decimals", separator_fix(text) or AMOUNT_FIX)
    amount = Decimal(text)
    # The last digit of the largest sum and of the smallest part must fit in DIGITS together.
    if amount and (amount.adjusted() >= MOST_BEFORE or int(amount.as_tuple().exponent) < -MOST_AFTER):
        fix = "export the bill again, or round the amount"
        raise CellError(f"an amount below 10^{MOST_BEFORE}, of at most {MOST_AFTER} decimals", fix)
    return amount


def plain_number(number: Decimal) -> str:
    """A number as one text, whatever its trailing zeros and exponent: `1.50`, `1.5` and `15E-1` are one."""
    return f"{number.normalize():f}" if number else "0"


def moment_of(cell: Any) -> datetime:
    """A moment in UTC; one without a zone is UTC, a bare day its midnight.

    Raises: CellError for another form, such as 11/02/2026, which is read differently in different countries.

    Example:
        >>> moment_of("2024-09-18 22:00:00") == moment_of("2024-09-19T00:00:00+02:00")
        True
    """
    if isinstance(cell, datetime):
        return cell.astimezone(UTC) if cell.tzinfo else cell.replace(tzinfo=UTC)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=UTC)
    text = text_of(cell)
    if TIMED.fullmatch(text):
        try:
            spelt = re.sub(r" ?(UTC|[Zz])$", "+00:00", text).replace(",", ".")
            moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", spelt))
        except ValueError:
            pass
        else:
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise CellError("a day that exists and a time, year first", "write for example 2026-11-02 08:00:00 (UTC)")


def tags_of(cell: Any) -> dict[str, str]:
    """Tags as pairs: a JSON object, a list of pairs or of {key, value}, or the map of a Parquet file.

    Raises: CellError for what is none of them.

    Example:
        >>> tags_of('{"team": "nlp", "n": 3, "spot": true}')
        {'team': 'nlp', 'n': '3', 'spot': 'true'}
    """
    if isinstance(cell, str) or cell is None:
        text = text_of(cell)
        if not text:
            return {}
        try:
            cell = json.loads(text)
        except (ValueError, RecursionError):
            raise CellError("a JSON object of tags", 'write for example {"team": "nlp"}') from None
    pairs = cell.items() if isinstance(cell, Mapping) else _pairs(cell)
    return {str(key): text_of(value) for key, value in pairs if value is not None}


def _pairs(listed: Any) -> Iterable[tuple[Any, Any]]:
    """Pairs of a list, however each of them is written."""
    pairs: list[tuple[Any, Any]] = []
    for pair in listed if isinstance(listed, list | tuple) else [None]:
        if isinstance(pair, Mapping):
            named = {str(key).casefold(): value for key, value in pair.items()}
            if "key" in named:
                pairs.append((named["key"], named.get("value")))
                continue
        elif isinstance(pair, list | tuple) and len(pair) == 2:
            pairs.append((pair[0], pair[1]))
            continue
        raise CellError("a JSON object of tags", 'write for example {"team": "nlp"}')
    return pairs


def bare_address(place: str) -> str:
    """An address without what may be secret in it: names, passwords, queries, fragments.

    Example:
        >>> bare_address("http://me:pass@host:5000/ml/?api_key=s#/experiments/1")
        'http://host:5000/ml/'
    """
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def open_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags to keep: those whose name speaks of a secret go, of mail addresses what stands before the @ stays.

    Example:
        >>> open_tags({"HF_TOKEN": "hf_x", "team": "nlp", "owner": "ann@example.org", "tokens": "3"})
        {'team': 'nlp', 'owner': 'ann', 'tokens': '3'}
    """
    return {name: no_mail(text) for name, text in tags.items() if not SECRET.search(name)}


def no_mail(text: str) -> str:
    """A text whose mail addresses are cut before the @.

    Example:
        >>> no_mail("Ann (ann@example.org) and bob")
        'Ann (ann) and bob'
    """
    return MAIL.sub(r"\1", text)
