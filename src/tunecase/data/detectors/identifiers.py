"""Numbers that prove themselves: cards, accounts and national identity numbers by their check digits, and addresses.

Each function takes a candidate as it stands in a text, blanks and hyphens included, and says whether it can be real.
A check digit of ten values lets one random number in ten pass, one of 97 values one in a hundred; shape, prefix and
length do the rest.
"""

import ipaddress
from functools import cache

from tunecase import catalog

DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
FISCALE_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
VERHOEFF_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
VERSION_PART = 32  # a number below it may be the part of a version: 1.12.4.0


def digits_of(text: str) -> list[int]:
    """The digits of a text in order."""
    return [int(char) for char in text if char.isdecimal()]


def passes_luhn(digits: list[int]) -> bool:
    """True when the sum with every second digit from the right doubled ends in 0.

    Example:
        >>> passes_luhn([7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3])
        True
    """
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2])
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def is_card(number: str) -> bool:
    """True for a number of a card scheme's prefix and length that passes the Luhn sum.

    Example:
        >>> is_card("5555 5555 5555 4444"), is_card("5555 5555 5555 4445"), is_card("9999 9999 9999 9995")
        (True, False, False)
    """
    digits = digits_of(number)
    text = "".join(map(str, digits))
    if not any(low <= int(text[: len(str(low))] or 0) <= high for low, high in card_ranges().get(len(text), ())):
        return False
    return len(set(digits)) > 1 and passes_luhn(digits)


@cache
def card_ranges() -> dict[int, list[tuple[int, int]]]:
    """First and last prefix of each range of card numbers, by how many digits they have, from the table card_ranges."""
    ranges: dict[int, list[tuple[int, int]]] = {}
    for row in catalog.read_table("card_ranges"):
        for digits in row["digits"].split():
            ranges.setdefault(int(digits), []).append((int(row["first"]), int(row["last"])))
    return ranges


@cache
def iban_lengths() -> dict[str, int]:
    """Characters of an account number by country, from the table iban_lengths."""
    return {row["country"]: int(row["characters"]) for row in catalog.read_table("iban_lengths")}


def is_iban(number: str) -> bool:
    """True for an account number of its country's length whose remainder by 97 is 1.

    Example:
        >>> is_iban("GB82 WEST 1234 5698 7654 32"), is_iban("GB82 WEST 1234 5698 7654 3")
        (True, False)
    """
    compact = number.replace(" ", "").replace("-", "").upper()
    if len(compact) != iban_lengths().get(compact[:2]) or not (compact.isascii() and compact.isalnum()):
        return False
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def is_public_ip(text: str) -> bool:
    """True for an address that the internet routes: no private, reserved or documentation range, no version number.

    Example:
        >>> is_public_ip("81.2.69.142"), is_public_ip("192.168.0.7"), is_public_ip("4.1.10.2")
        (True, False, False)
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version == 4 and sum(part >= VERSION_PART for part in address.packed) < 2:
        return False
    return address.is_global and not address.is_multicast


def is_us_ssn(number: str) -> bool:
    """True for a US social security number in an area, group and serial that are given out; it has no check digit."""
    area, group, serial = number.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def is_dni(number: str) -> bool:
    """True for a Spanish DNI or NIE whose letter is its remainder by 23.

    Example:
        >>> is_dni("12345678Z"), is_dni("X2482300W"), is_dni("12345678A")
        (True, True, False)
    """
    compact = number.replace("-", "").upper()
    start = compact[:-1].translate(str.maketrans("XYZ", "012"))
    return start.isdecimal() and DNI_LETTERS[int(start) % 23] == compact[-1]


def is_codice_fiscale(code: str) -> bool:
    """True for an Italian tax code of 16 characters whose last is the check letter.

    Example:
        >>> is_codice_fiscale("RSSMRA85T10A562S")
        True
    """
    values = [int(char, 36) - 10 if char.isalpha() else int(char) for char in code[:15].upper()]
    total = sum(FISCALE_ODD[value] if place % 2 == 0 else value for place, value in enumerate(values))
    return chr(65 + total % 26) == code[15].upper()


def is_nir(number: str) -> bool:
    """True for a French social security number whose key is 97 less its remainder."""
    digits = "".join(map(str, digits_of(number)))
    return len(digits) == 15 and 1 <= int(digits[3:5]) <= 12 and 97 - int(digits[:13]) % 97 == int(digits[13:])


def is_cpf(number: str) -> bool:
    """True for a Brazilian CPF with both check digits right.

    Example:
        >>> is_cpf("529.982.247-25")
        True
    """
    digits = digits_of(number)
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for place in (9, 10):
        total = sum(digit * (place + 1 - at) for at, digit in enumerate(digits[:place]))
        if total * 10 % 11 % 10 != digits[place]:
            return False
    return True


def is_resident_id(number: str) -> bool:
    """True for a Chinese resident number of 18 places with a date of birth and the check by 11.

    Example:
        >>> is_resident_id("11010519491231002X")
        True
    """
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(char) * weight for char, weight in zip(number[:17], weights, strict=True))
    return _is_date(number[10:12], number[12:14]) and "10X98765432"[total % 11] == number[17].upper()


def is_pesel(number: str) -> bool:
    """True for a Polish PESEL with a date of birth and its check digit."""
    digits = digits_of(number)
    total = sum(digit * weight for digit, weight in zip(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=False))
    month = int(number[2:4]) % 20
    return _is_date(f"{month:02}", number[4:6]) and (10 - total % 10) % 10 == digits[10]


def is_personnummer(number: str) -> bool:
    """True for a Swedish personal number: a date and four digits that pass the Luhn sum."""
    digits = digits_of(number)[-10:]
    text = "".join(map(str, digits))
    return _is_date(text[2:4], text[4:6]) and passes_luhn(digits)


def is_ahv(number: str) -> bool:
    """True for a Swiss AHV number, 756 and the check digit of a bar code."""
    digits = digits_of(number)
    total = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits[:12]))
    return (10 - total % 10) % 10 == digits[12]


def is_aadhaar(number: str) -> bool:
    """True for an Indian Aadhaar number that passes the Verhoeff check.

    Example:
        >>> is_aadhaar("2341 2341 2346")
        True
    """
    digits = digits_of(number)
    check = 0
    for place, digit in enumerate(reversed(digits)):
        for _ in range(place % 8):
            digit = VERHOEFF_PERMUTATION[digit]
        check = _dihedral(check, digit)
    return check == 0 and len(set(digits)) > 2


def _dihedral(first: int, second: int) -> int:
    """The product of two members of the symmetries of a pentagon, which the Verhoeff check multiplies in."""
    if first < 5:
        return (first + second) % 5 if second < 5 else 5 + (first + second) % 5
    return 5 + (first - second) % 5 if second < 5 else (first - second) % 5


def _is_date(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31
