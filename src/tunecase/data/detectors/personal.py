"""Personal data that patterns and checksums can prove: e-mail, phone, card, account and identity numbers, IP addresses.

A shape alone is not enough: cards, accounts and identity numbers must pass their checks, phone numbers must be written
as one or stand behind a word such as "call". Names, street addresses and dates of birth are not looked for.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tunecase.data.detectors import identifiers
from tunecase.data.detectors.spans import Span, as_bits, kept_apart
from tunecase.data.text import in_small

if TYPE_CHECKING:
    from tunecase.data.reading.rows import Row

KINDS = ("e-mail", "phone", "card", "IBAN", "identity number", "IP address")
MOST_SHOWN = 4096
BEFORE, AFTER = 45, 40  # characters around a run of digits in which what belongs to it stands

# One quick test: digits to 0, capitals to A, all else to x, blanks and hyphens gone. Then a number shows as zeros.
_SHAPE = bytes(
    48 if 48 <= code <= 57 else 65 if 65 <= code <= 90 else code if code in b":@" else 120 for code in range(256)
)
_GAPS = b" ().-\t"
_LONG_NUMBER, _FISCAL_CODE, _ITS_START = b"000000", b"AAAAAA00A00A000A", b"AAAAAA00A00A"
_RUN = re.compile(r"\d(?:[ ().\-\t]*\d){5,}|[A-Z]{6}\d\d[A-Z]\d\d[A-Z]")
_EMAIL = re.compile(
    r"(?<![\w.+%/:-])[\w.+%-]{1,64}(?:@| ?[\[(](?:at|AT)[\])] ?)(?!\dx\.)"
    r"(?:[\w-]{1,63}(?:\.| ?[\[(](?:dot|DOT)[\])] ?)){1,6}"
    r"(?!(?:png|jpe?g|gif|svg|webp|ico|pdf|html?|css|jsx?|tsx?|json|ya?ml|xml|py|java|cpp|git|lock|txt|csv|md)\b)"
    r"(?:[A-Za-z]{2,24}|xn--[\w-]{2,59})(?![\w@-]|\.\w*@|:[\w-]+/)"
)
_CARD = re.compile(
    r"(?<![\w.,+-])(?:\d{13,19}|\d{4}(?:([ -])\d{4})(?:\1\d{4}){2}(?:\1\d{3})?"
    r"|\d{4}([ -])\d{6}\2\d{4,5})(?![\w-]|[.,]\d)"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?|[A-Z0-9]{11,30})(?!\w)")
_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\w)")
_IPV6 = re.compile(r"(?<![\w:])[23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{1,4}(?![\w:])")
_IPV6_HINT = re.compile(r":[0-9A-Fa-f]{0,4}:")  # what each of them holds, and hardly a text without one
_VERSION_BEFORE = re.compile(r"(?i)(?:version|release|build|firmware|section|chapter|\bv)\.? ?$")
# A shape and what it has to pass; shapes that other numbers share are taken only behind a word of their own.
IDENTITY: tuple[tuple[re.Pattern[str], Callable[[str], bool], re.Pattern[str] | None], ...] = (
    (re.compile(r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])"), identifiers.is_us_ssn, None),
    (re.compile(r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?!\w)"),
     lambda _: True, re.compile(r"(?i)\bni(?:no)?\b|national insurance|insurance n")),
    (re.compile(r"(?<![\w-])(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z](?!\w)"), identifiers.is_dni, None),
    (re.compile(r"(?<!\w)[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z](?!\w)"), identifiers.is_codice_fiscale, None),
    (re.compile(r"(?<![\w.])[12] ?\d\d ?\d\d ?\d\d ?\d{3} ?\d{3} ?\d\d(?![\w.])"), identifiers.is_nir, None),
    (re.compile(r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)"), identifiers.is_cpf, None),
    (re.compile(r"(?<!\w)[1-8]\d{5}(?:19|20)\d{9}[\dXx](?!\w)"), identifiers.is_resident_id, None),
    (re.compile(r"(?<![\w-])(?:(?:19|20)\d{6}|\d{6})[-+]\d{4}(?![\w-])"), identifiers.is_personnummer, None),
    (re.compile(r"(?<![\w.])756\.\d{4}\.\d{4}\.\d{2}(?!\w)"), identifiers.is_ahv, None),
    (re.compile(r"(?<![\w.-])[2-9]\d{3} \d{4} \d{4}(?! ?[\d-])"), identifiers.is_aadhaar, None),
    (re.compile(r"(?<![\w.-])\d{11}(?!\w)"), identifiers.is_pesel, re.compile(r"(?i)pesel")),
)  # fmt: skip
IDENTITY_BEFORE = 40  # characters in which the word has to stand
_PHONE = re.compile(
    r"(?<![\w.,+/$€£-])(?:"
    r"(?P<world>(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(\d{1,5}\)[ .-]?)?\d{1,5}(?:[ .-]?\d{1,5}){1,6})"  # +44 20 7946 0958
    r"|\(0?\d{2,5}\)[ .-]?\d{3,5}(?:[ .-]?\d{3,4}){1,2}"  # (202) 555-0143
    r"|[2-9]\d{2}([-.])[2-9]\d{2}\2\d{4}"  # 202-555-0143
    r"|1-[2-9]\d{2}-[2-9]\d{2}-\d{4}"
    r"|0[1-9](?:[ .]\d{2}){4}"  # 06 12 34 56 78
    r"|0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,4}"  # 020 7946 0958
    r"|0\d{1,4}[/-]\d{5,8}"  # 0221/4710123
    r"|0\d[ -]\d{4}[ -]\d{4}|0[1-9]\d[ -]\d{7,8}"  # 03-1234-5678
    r"|1[3-9]\d[ -]\d{4}[ -]\d{4}"  # 138-0013-8000
    r")(?![\w-]|[.,/]\d|%)"
)
_AFTER_WORD = re.compile(  # in small letters
    r"(?:phone|mobile|\bmob\b|cell|\btel\b|telef|teléf|télé|portable|handy|fax|whats ?app|\bcall|\bring\b|\bdial|"
    r"\btext(?: me| us)?\b|\bsms\b|reach (?:me|us)|celular|móvil|anruf|appele|llám|llam|ligue|chiam|"
    r"电话|手机|電話|携帯|拨打)(?=[^\d\n]{0,26}+\d)"
    r"[^\d\n]{0,25}?(?P<number>[(+]?\d(?:[ ().-]{0,2}\d){7,14})(?![\w-]|[.,]\d|%| ?[=*/+<])"
)
_MONEY_OR_DATE = re.compile(r"(?:19|20)\d\d[-. /](?:0?[1-9]|1[0-2])[-. /]\d|^\d{1,3}(?:[ .,]\d{3})+$")


def mark_rows(rows: "Sequence[Row]") -> list[int]:
    """The kinds in each row, input and answers, one bit each in the order of KINDS."""
    return [kinds_of(f"{row.input}\n{row.output}\n{row.rejected}{row.thinking}") for row in rows]


def kinds_of(text: str) -> int:
    """Which kinds a text holds, one bit each in the order of KINDS.

    Example:
        >>> kinds_of("write to a.b@example.org"), kinds_of("card 4111 1111 1111 1111")
        (1, 4)
    """
    return as_bits(spans(text), KINDS)


def _hinted(text: str) -> bool:
    """A quick test that nearly every text without personal data fails."""
    if _may_hold_email(text):
        return True
    shape = _shape(text)
    return _LONG_NUMBER in shape or _FISCAL_CODE in shape or shape.count(b":") > 3


def _shape(text: str) -> bytes:
    return text.encode("utf-8", "replace").translate(_SHAPE, _GAPS)


def _may_hold_email(text: str) -> bool:
    return "@" in text or "(at)" in text or "[at]" in text


def spans(text: str) -> list[Span]:
    """(kind, start, end) of everything personal in a text, in the order of the text; none overlap.

    A number goes to the first kind that claims it: accounts, cards, identity numbers and addresses before phones.
    """
    claims: list[Span] = []
    if not _hinted(text):
        return claims
    if _may_hold_email(text):
        claims += [("e-mail", *match.span()) for match in _EMAIL.finditer(text)]
    if text.count(":") > 3 and _IPV6_HINT.search(text):
        claims += [("IP address", *m.span()) for m in _IPV6.finditer(text) if identifiers.is_public_ip(m[0])]
    for first, last in _windows(text):
        base = max(0, first - 1)
        near = text[base:last]
        claims += [(kind, base + start, base + end) for kind, find in _AMONG_DIGITS for start, end in find(near)]
    return kept_apart(sorted(claims, key=lambda claim: (_FIRST_CLAIM.index(claim[0]), claim[1])))


def _windows(text: str) -> list[tuple[int, int]]:
    """Where long runs of digits stand, with what is around them, those that touch as one."""
    windows: list[tuple[int, int]] = []
    if text.isascii() and _LONG_NUMBER not in (shape := _shape(text)) and _ITS_START not in shape:
        return windows
    for match in _RUN.finditer(text):
        first, last = max(0, match.start() - BEFORE), match.end() + AFTER
        if windows and first <= windows[-1][1]:
            windows[-1] = (windows[-1][0], last)
        else:
            windows.append((first, last))
    return windows


def _accounts(text: str) -> list[tuple[int, int]]:
    """Valid account numbers; what follows one of its country's length, as a capital letter, is cut off."""
    places = []
    for match in _IBAN.finditer(text):
        length, end = identifiers.iban_lengths().get(match[0][:2], 0), match.start()
        while length and end < match.end():
            length -= text[end] != " "
            end += 1
        if identifiers.is_iban(text[match.start() : end]):
            places.append((match.start(), end))
    return places


def _cards(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _CARD.finditer(text) if identifiers.is_card(match[0])]


def _identities(text: str) -> list[tuple[int, int]]:
    places = []
    for shape, passes, word_before in IDENTITY:
        for match in shape.finditer(text):
            before = text[max(0, match.start() - IDENTITY_BEFORE) : match.start()]
            if passes(match[0]) and (word_before is None or word_before.search(before)):
                places.append(match.span())
    return places


def _phones(text: str) -> list[tuple[int, int]]:
    said = _AFTER_WORD.finditer(in_small(text))
    places = [match.span("number") for match in said if not _MONEY_OR_DATE.match(match["number"])]
    for match in _PHONE.finditer(text):
        digits = sum(map(str.isdecimal, match[0]))
        least, most = (9, 15) if match["world"] else (8, 13)
        if least <= digits <= most and not _MONEY_OR_DATE.match(match[0]) and len({*match[0]} - {*" ()+-./"}) > 2:
            places.append(match.span())
    return places


def _addresses(text: str) -> list[tuple[int, int]]:
    places = []
    for match in _IPV4.finditer(text):
        version = _VERSION_BEFORE.search(text[max(0, match.start() - 12) : match.start()])
        if not version and identifiers.is_public_ip(match[0]):
            places.append(match.span())
    return places


_AMONG_DIGITS = (
    ("IBAN", _accounts),
    ("IP address", _addresses),
    ("card", _cards),
    ("identity number", _identities),
    ("phone", _phones),
)
_FIRST_CLAIM = ("e-mail", *(kind for kind, _ in _AMONG_DIGITS))
