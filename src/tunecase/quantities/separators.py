"""Numbers whose commas and points are read differently in different countries: asked about, never guessed."""

import re

# A point before three digits parts thousands in some countries and decimals in others.
_EITHER = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_NUMBER = re.compile(r"(?<![0-9])[0-9]+(?:[.,'’\u00a0\u202f][0-9]+)+|[0-9]{1,3}(?: [0-9]{3})+(?![0-9])")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")


def separator_fix(raw: str) -> str:
    """How to write a number so that it is read in one way only; empty where there is nothing to say.

    Example:
        >>> separator_fix("1.234,56"), separator_fix("1,234"), separator_fix("1.500 USD")
        ('write 1234.56', 'write 1.2340 or 1234, whichever is meant', 'write 1.5 USD or 1500 USD, whichever is meant')
    """
    match = next((one for one in _NUMBER.finditer(raw) if "," in one[0] or not _is_read(one[0])), None)
    if match is None:
        return ""
    texts = [f"{raw[: match.start()]}{way}{raw[match.end() :]}" for way in _ways(match[0])]
    return f"write {' or '.join(texts)}{', whichever is meant' if len(texts) > 1 else ''}"


def unclear(raw: str, *, is_amount: bool = True) -> bool:
    """Whether a text holds a number that can be read in two ways, or that is written in no form that is read.

    Of an amount of money 1.500 may mean either; in prices, hours, factors and shares three decimals are usual, so there
    a point parts the decimals.

    Example:
        >>> [unclear(text) for text in ("1.500 USD", "1,500 USD", "0.500 h", "1.5k to 2.125k USD", "1.500,00 EUR")]
        [True, False, False, False, True]
        >>> [unclear(text, is_amount=False) for text in ("1.125 USD per Mtok", "1.500,00 EUR per GB")]
        [False, True]
    """
    for match in _NUMBER.finditer(raw):
        rest = raw[match.end() :].lstrip()
        is_scaled = re.match(r"[kKMB%](?![A-Za-z])|[eE][-+]?[0-9]", rest)
        if not _is_read(match[0]) and not ((is_scaled or not is_amount) and _EITHER.fullmatch(match[0])):
            return True
    return False


def _is_read(number: str) -> bool:
    return bool(_PLAIN.fullmatch(number)) and not _EITHER.fullmatch(number)


def _ways(number: str) -> list[str]:
    """The numbers that may be meant."""
    joined = re.sub(r"['’ \u00a0\u202f]", "", number)
    last = max(joined.rfind(","), joined.rfind("."))
    if last < 0:
        return [joined]
    whole, rest = re.sub(r"[.,]", "", joined[:last]), joined[last + 1 :]
    # What parts the thousands is there already, so the last sign parts the decimals.
    parted = ("," in number and "." in number) or joined != number
    if parted and len(rest) != 3:
        return [f"{whole}.{rest}"]
    if not parted and joined.count(joined[last]) > 1:
        return [f"{whole}{rest}"]
    return [_decimal(whole, rest), f"{whole}{rest}"]


def _decimal(whole: str, rest: str) -> str:
    """The number with these decimals, not three of them."""
    if not _EITHER.fullmatch(f"{whole}.{rest}"):
        return f"{whole}.{rest}"
    shorter = rest.rstrip("0")
    return f"{whole}.{rest}0" if len(shorter) == len(rest) else f"{whole}.{shorter}".rstrip(".")
