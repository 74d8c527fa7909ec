"""Personal data that patterns and checksums can prove: e-mail, phone, card and account numbers.

Card numbers must pass Luhn, account numbers (IBAN) the remainder of 97. Names, addresses and anything that needs
understanding are not looked for. Precision and recall on real data are unmeasured.
"""

import re
from typing import TYPE_CHECKING

from tunecase.checks.defect import Defect
from tunecase.datasets import LONGEST_LABEL

if TYPE_CHECKING:
    from tunecase.checks.evidence import Evidence
    from tunecase.datasets import Row

KINDS = ("e-mail", "phone", "card", "IBAN")

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_MANY_DIGITS = re.compile(r"\d(?:[ ().-]{0,3}\d){6}")
_CARD = re.compile(r"(?<![\w.])[3-6]\d{3}(?:[ -]?\d{2,6}){2,4}(?![\w])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_PHONE = re.compile(
    r"(?<![\w.,-])(?:"
    r"(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}"  # +44 20 7946 0958
    r"|\(\d{2,5}\)[ .-]?\d{3,4}[ .-]?\d{3,4}"  # (202) 555-0143
    r"|0[1-9]\d{1,3}[ -]\d{3,4}[ -]?\d{3,4}"  # 020 7946 0958
    r"|\d{3}[-.]\d{3}[-.]\d{4}"  # 202-555-0143
    r")(?![\w-])"
)


def kinds_of(text: str) -> int:
    """Which kinds a text holds, one bit each in the order of KINDS.

    Example:
        >>> kinds_of("write to a.b@example.org"), kinds_of("card 4111 1111 1111 1111")
        (1, 4)
    """
    found = 1 if "@" in text and _EMAIL.search(text) else 0
    if _MANY_DIGITS.search(text) is None:
        return found
    rest = _IBAN.sub(lambda match: "#" if is_iban(match[0]) else match[0], text)
    found |= 8 * (rest != text)
    plain = _CARD.sub(lambda match: "#" if is_card(match[0]) else match[0], rest)
    found |= 4 * (plain != rest)
    return found | 2 * (_PHONE.search(plain) is not None)


def look(row: "Row") -> int:
    """The kinds in a row, input and answer, one bit each in the order of KINDS; labels are not looked at."""
    return kinds_of(row.input) | (kinds_of(row.output) if len(row.output) > LONGEST_LABEL else 0)


def is_card(number: str) -> bool:
    """True for 13 to 19 digits that pass the Luhn sum.

    Example:
        >>> is_card("5555 5555 5555 4444"), is_card("5555 5555 5555 4445")
        (True, False)
    """
    digits = [int(char) for char in number if char.isdigit()]
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2])
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def is_iban(number: str) -> bool:
    """True for an account number whose remainder by 97 is 1.

    Example:
        >>> is_iban("GB82 WEST 1234 5698 7654 32")
        True
    """
    compact = number.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def masked(text: str, around: bool = False) -> str:
    """The text with personal data replaced by their kind; `around` keeps only the neighbourhood of the first.

    Example:
        >>> masked("ring me on 020 7946 0958 before five")
        'ring me on [phone] before five'
    """
    text = _IBAN.sub(lambda match: "[IBAN]" if is_iban(match[0]) else match[0], text)
    text = _CARD.sub(lambda match: "[card]" if is_card(match[0]) else match[0], text)
    text = _PHONE.sub("[phone]", _EMAIL.sub("[e-mail]", text))
    if not around:
        return text
    first = min((at for kind in KINDS if (at := text.find(f"[{kind}]")) >= 0), default=0)
    return " ".join(text[max(0, first - 30) : first + 40].split())


def pii(evidence: "Evidence") -> Defect | None:
    """Training rows with an e-mail address, a phone number, a valid card or account number; examples are masked."""
    import numpy as np

    train = evidence.train
    personal = train.marks["personal"]
    rows = np.flatnonzero(personal)
    if not len(rows):
        return None
    counts = [(kind, int((personal & (1 << bit) > 0).sum())) for bit, kind in enumerate(KINDS)]
    return Defect(
        check="pii",
        severity="warn",
        why="personal data that a model can repeat: " + ", ".join(f"{kind} {count}" for kind, count in counts if count),
        fix="mask them, which a script can do; whether they may be used at all is a legal question, not priced",
        rows=rows,
        examples=tuple(train.example(int(row)) for row in rows[:3]),
    )
