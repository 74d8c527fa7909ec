"""Reads quantities as people write them: `5k to 12k USD`, `1 to 2 min per label`, `1 / 3 / 10 days`, `92%`.

    a              a number without doubt          5, 5k, 1.2M, 1,000, 30%
    ~a             about a: 90% within a third     a/1.5 to a*1.5
    a to b         90% sure it lies between        lognormal if a > 0, else normal
    a / b / c      least / likely / most           PERT
    ... unit       USD, min, months, count words   per (or /) another

A field says which unit it wants; times are converted, currencies are kept and converted by the project with its
dated rates, anything else that differs is refused.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tunecase.quantities.separators import separator_fix, unclear
from tunecase.quantities.spread import Const, Interval, Pert, ShareInterval, Spread

HOURS = {
    "millisecond": 1 / 3_600_000,
    "second": 1 / 3600,
    "minute": 1 / 60,
    "hour": 1.0,
    "day": 24.0,
    "week": 168.0,
    "month": 730.5,
    "year": 8766.0,
}
DAYS_PER_MONTH = HOURS["month"] / 24
TIME_WORDS = {
    **dict.fromkeys(("ms", "msec", "millisecond"), "millisecond"),
    **dict.fromkeys(("s", "sec", "second"), "second"),
    **dict.fromkeys(("min", "minute"), "minute"),
    **dict.fromkeys(("h", "hr", "hour"), "hour"),
    **dict.fromkeys(("d", "day"), "day"),
    "week": "week",
    **dict.fromkeys(("mo", "month"), "month"),
    **dict.fromkeys(("yr", "year"), "year"),
}
SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP"}
DECIMAL_BYTES = {"MB": 1e6, "GB": 1e9, "TB": 1e12}
BYTES = {**DECIMAL_BYTES, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
LEAST_GB, MOST_GB = 1.0, 1000.0  # of a card's memory
_MEMORY = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([MGT]i?B)", re.IGNORECASE)
MULTIPLIERS = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "%": 0.01}
MOST_LETTERS = 200  # of a quantity as written
MOST = 1e15  # more than any budget, volume or token count; products of such numbers still are finite
NUMBER_WORDS = {"thousand": "k", "million": "M", "billion": "B", "mln": "M", "mio": "M", "bn": "B"}

_NUMBER = r"[$€£]?\s*[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?\s*(?:[kKMB%](?![A-Za-z]))?"
_PERT = re.compile(rf"^({_NUMBER})\s+/\s+({_NUMBER})\s+/\s+({_NUMBER})(?:\s+(.*))?$")
_RANGE = re.compile(rf"^({_NUMBER})\s*(?:to|–|\.\.)\s*({_NUMBER})(?:\s*(.*))?$")
_SINGLE = re.compile(rf"^(~?)\s*+({_NUMBER})(?:\s*+(.*))?$")
_ONE = re.compile(r"^([$€£]?)\s*([-+]?(?:\d[\d,]*)?(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*([kKMB%]?)$")


def is_hours(unit: str) -> bool:
    """Whether a unit, as people write it, counts hours: of work, or of a card.

    Example:
        >>> is_hours("hr"), is_hours("GPU-hours"), is_hours("gpu hrs"), is_hours("token")
        (True, True, True, False)
    """
    words = unit.translate({45: " ", 95: " "}).casefold().split()
    return bool(words) and _singular(words[-1]) == "hour" and words[:-1] in ([], ["gpu"])


class UnitError(ValueError):
    """A quantity that cannot be read; carries what was got, what is wanted and how to fix it."""

    def __init__(self, got: str, wanted: str, fix: str) -> None:
        super().__init__(f"got {got}; wanted {wanted}; fix: {fix}")
        self.got, self.wanted, self.fix = got, wanted, fix


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a field accepts: a unit over an optional other, and the sign.

    `unit` and `per` are "money", a time word in singular ("month"), "GB", "share" or "" for a plain count.
    A noun in `per` ("label", "correct") is only compared after stripping a plural s. `is_price` is set where the name
    of the field says what the money is for, such as 1,000 answers.
    """

    unit: str = ""
    per: str = ""
    zero_ok: bool = False
    most: float = math.inf
    example: str = "3"
    is_price: bool = False

    @property
    def is_amount(self) -> bool:
        """Whether it is money by itself, such as a budget, and not a price of something."""
        return self.unit == "money" and not self.per and not self.is_price

    @property
    def words(self) -> str:
        """The unit as it would be typed."""
        short = {"money": "USD", "share": "%", "": "a number", "GB": "GB"}
        unit = short.get(self.unit, self.unit + "s")
        return f"{unit} per {self.per}" if self.per else unit


@dataclass(frozen=True, slots=True)
class Quantity:
    """A spread with its unit; `currency` is a three-letter code for money, else empty."""

    spread: Spread
    unit: str
    currency: str = ""
    text: str = ""

    def scaled(self, factor: float, currency: str) -> "Quantity":
        """The same amount in another currency."""
        return Quantity(self.spread.scaled(factor), self.unit, currency, self.text)


def read_quantity(text: object, wanted: Wanted) -> Quantity:
    """One quantity from text or a number, in the wanted unit.

    Args:
        text: what the user wrote; a bare number is accepted where the unit is a count or a share.
        wanted: the unit asked for.
    Returns: the Quantity, times converted to the wanted time unit.
    Raises: UnitError, saying what was got, wanted, and a fix.

    Example:
        >>> read_quantity("30 s per label", Wanted("minute", "label")).spread
        Const(value=0.5)
        >>> read_quantity("5k to 12k USD", Wanted("money")).spread
        Interval(low=5000.0, high=12000.0)
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise UnitError(repr(text), wanted.words, f"write for example {wanted.example}")
    raw = str(text).strip()
    if len(raw) > MOST_LETTERS:
        raise UnitError(f"{len(raw):,} characters", wanted.words, f"write for example {wanted.example}")
    if isinstance(text, str) and unclear(raw, is_amount=wanted.is_amount):
        way = "a number that can be read in one way only, a point before its decimals"
        raise UnitError(repr(raw), f"{wanted.words}, {way}" if wanted.unit else way, separator_fix(raw))
    spoken = re.sub(r"(?<=\d)\s*\b(thousand|million|billion|mln|mio|bn)\b", _suffix, raw)
    field = _Field(raw, wanted)
    numbers, symbol, unit_text, kind = _split(spoken, field)
    currency, unit, per = _read_unit(unit_text, symbol, field)
    factor = _factor(unit, per, field)
    spread = _spread([number * factor for number in numbers], kind, field)
    return Quantity(spread, f"{wanted.unit}/{wanted.per}" if wanted.per else wanted.unit, currency, raw)


@dataclass(frozen=True, slots=True)
class _Field:
    """What was written, and what the field wants."""

    raw: str
    wanted: Wanted

    def error(self, wanted: str = "", fix: str = "", note: str = "") -> UnitError:
        """What is wrong with it; without words of its own, that the unit is another and what can be written."""
        fix = fix or f"write for example {self.wanted.example}"
        return UnitError(repr(self.raw), wanted or self.wanted.words, f"{fix} ({note})" if note else fix)


def _suffix(match: re.Match[str]) -> str:
    return NUMBER_WORDS[match[1]]


def _split(spoken: str, field: _Field) -> tuple[list[float], str, str, str]:
    """The numbers at full size, the currency of a sign before them, the words after them, and the form."""
    if match := _PERT.match(spoken):
        parts, unit, kind = list(match.groups()[:3]), match.group(4), "pert"
    elif match := _RANGE.match(spoken):
        parts, unit, kind = list(match.groups()[:2]), match.group(3), "range"
    elif match := _SINGLE.match(spoken):
        parts, unit, kind = [match.group(2)], match.group(3), "about" if match.group(1) else "one"
    else:  # pragma: no cover - _SINGLE matches any text
        raise field.error()
    symbols, numbers, suffixes = zip(*(_number(part, field) for part in parts), strict=True)
    signs = {SYMBOLS[symbol] for symbol in symbols if symbol}
    if len(signs) > 1:
        raise field.error("one currency", "use the same currency for both ends")
    if suffixes[-1] == "%" and field.wanted.unit != "share":
        raise field.error()
    return _at_full_size(numbers, suffixes), signs.pop() if signs else "", (unit or "").strip(), kind


def _number(part: str, field: _Field) -> tuple[str, float, str]:
    """A number with the sign before it and the suffix after it."""
    match = _ONE.match(part.strip())
    if not match or not re.match(r"[-+]?\.?\d", match.group(2)):
        raise field.error(f"a number in {field.wanted.words}" if field.wanted.unit else "")
    return match.group(1), float(match.group(2).replace(",", "")), match.group(3)


def _at_full_size(numbers: Sequence[float], suffixes: Sequence[str]) -> list[float]:
    """In "20 to 60k" and "50 to 80%" the last suffix speaks for all, as in speech."""
    together = [number * MULTIPLIERS[suffixes[-1]] for number in numbers]
    if not any(suffixes[:-1]) and (suffixes[-1] == "%" or together == sorted(together)):
        return together
    return [number * MULTIPLIERS[suffix] for number, suffix in zip(numbers, suffixes, strict=True)]


def _read_unit(unit_text: str, symbol: str, field: _Field) -> tuple[str, str, str]:
    unit, _, per = re.sub(r"\s*/\s*|\s+per\s+|^per\s+", " per ", unit_text).strip().partition("per ")
    unit, per = unit.strip(), per.strip()
    currency = symbol
    if re.fullmatch(r"[A-Z]{3}", unit):
        if symbol and symbol != unit:
            raise field.error("one currency", f"drop the {symbol} sign or the {unit}")
        currency, unit = unit, ""
    return currency, unit, per


def _singular(word: str) -> str:
    word = word.casefold()
    if word in TIME_WORDS:
        return TIME_WORDS[word]
    stem = word.removesuffix("s")
    return TIME_WORDS.get(stem, stem)


def _factor(unit: str, per: str, field: _Field) -> float:
    """What a number in the unit written is multiplied by to be in the unit wanted."""
    is_money = field.wanted.unit == "money"
    has_currency = bool(re.search(r"[$€£]|\b[A-Z]{3}\b", field.raw))
    if is_money and not has_currency:
        raise field.error(f"an amount with its currency ({field.wanted.words})")
    if not is_money and has_currency:
        raise field.error(f"{field.wanted.words}, not money")
    return _unit_factor(unit, per, field) / _per_factor(per, field)


def _unit_factor(unit: str, per: str, field: _Field) -> float:
    wanted = field.wanted
    if wanted.unit in HOURS:
        given = _time_word(unit, field)
        if wanted.unit == "hour" and HOURS[given] > 1:
            raise field.error(note=f"a {given} of work is not {HOURS[given]:g} hours")
        return HOURS[given] / HOURS[wanted.unit]
    if wanted.unit in DECIMAL_BYTES:
        if unit.upper() not in DECIMAL_BYTES:
            raise field.error()
        return DECIMAL_BYTES[unit.upper()] / DECIMAL_BYTES[wanted.unit]
    # A count may name what it counts: 500 rows.
    is_noun = wanted.unit == "" and (wanted.per or not per) and unit.isalpha() and _singular(unit) not in HOURS
    if unit and not is_noun:
        raise field.error()
    return 1.0


def _per_factor(per: str, field: _Field) -> float:
    wanted = field.wanted
    if wanted.per in HOURS:
        given = _time_word(per, field)
        if wanted.unit == "money" and given != wanted.per and HOURS[given] > 1:
            raise field.error(note=f"a {given}'s pay does not say its hours")
        return HOURS[given] / HOURS[wanted.per]
    if _singular(per) != _singular(wanted.per):
        raise field.error()
    return 1.0


def _time_word(word: str, field: _Field) -> str:
    if _singular(word) not in HOURS:
        raise field.error()
    return _singular(word)


def _spread(numbers: list[float], kind: str, field: _Field) -> Spread:
    wanted = field.wanted
    for number in numbers:
        _in_bounds(number, kind, field)
    if sorted(numbers) != numbers:
        order, joint = ("least / likely / most", " / ") if kind == "pert" else ("low to high", " to ")
        swapped = joint.join(f"{number:g}" for number in sorted(numbers))
        raise field.error(f"{order}, in rising order", f"swap the ends ({swapped})")
    if numbers[0] == numbers[-1] and kind != "about":
        return Const(numbers[0])
    if kind == "pert":
        return Pert(*numbers)
    within = ShareInterval if wanted.unit == "share" and wanted.most <= 1 else Interval
    if kind == "range":
        return within(*numbers)
    return within(numbers[0] / 1.5, min(numbers[0] * 1.5, wanted.most)) if numbers[0] > 0 else Const(numbers[0])


def _in_bounds(number: float, kind: str, field: _Field) -> None:
    """Raises UnitError for a number that the field cannot hold."""
    wanted = field.wanted
    if not math.isfinite(number):
        raise field.error("a finite number")
    if number > MOST:
        raise field.error(f"{wanted.words}, at most {MOST:g}")
    if number < 0 or (number == 0 and not wanted.zero_ok and kind != "pert"):
        raise field.error(f"{wanted.words}, {'zero or more' if wanted.zero_ok else 'more than zero'}")
    if number > wanted.most:
        most = f"{wanted.most:.0%}" if wanted.unit == "share" else f"{wanted.most:g}"
        raise field.error(f"{'a share' if wanted.unit == 'share' else wanted.words} of at most {most}")


def memory_gb(text: object) -> float:
    """The memory of a card that a text states, in GB (10^9 bytes).

    Args:
        text: a number with its unit: MB, GB, TB (powers of 1,000) or MiB, GiB, TiB (powers of 1,024).
    Raises: UnitError for anything else, and for less than 1 GB or more than 1 TB.

    Example:
        >>> memory_gb("20GB"), round(memory_gb("20 GiB"), 2)
        (20.0, 21.47)
    """
    size = _bytes(text) / 1e9
    if not LEAST_GB <= size <= MOST_GB:
        fix = "write for example 20GB (20 x 10^9 bytes) or 20GiB"
        raise UnitError(repr(text), "the memory of one card, 1 GB to 1 TB, with its unit", fix)
    return size


def memory_bytes(text: object) -> int:
    """An amount of memory as a text states it [bytes].

    Args:
        text: a number with its unit: MB, GB, TB (powers of 1,000) or MiB, GiB, TiB (powers of 1,024).
    Raises: UnitError for anything else.

    Example:
        >>> memory_bytes("2GB"), memory_bytes("512 MiB")
        (2000000000, 536870912)
    """
    size = int(_bytes(text))
    if not size:
        raise UnitError(repr(text), "an amount of memory with its unit", "write for example 2GB or 512MiB")
    return size


def _bytes(text: object) -> float:
    match = _MEMORY.fullmatch(str(text).strip())
    return float(match[1]) * BYTES[match[2].upper()] if match else 0.0
