"""Texts as the checks compare them: one normaliser with a version, words, and shingles."""

import re
import unicodedata

NORMALISER = 2  # two texts are the same when their words are, so blanks between Chinese characters do not matter
SHINGLE_WORDS = 3

_PUNCTUATION = re.compile(r"[^\w\s]|_")
_ASCII_BLANKS = {code: " " for code in range(128) if not chr(code).isalnum()}
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


def normalise(text: str) -> str:
    """The text as compared: NFC, case-folded, punctuation to blanks, blanks collapsed; digits and accents stay.

    Example:
        >>> normalise("  My card—has it   ARRIVED?! ")
        'my card has it arrived'
    """
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_BLANKS).split())
    return " ".join(_PUNCTUATION.sub(" ", unicodedata.normalize("NFC", text).casefold()).split())


def in_small(text: str) -> str:
    """A text in small letters, each in its place: the capital I with a dot, which would become two, is one.

    Example:
        >>> in_small("İzmir: CALL")
        'izmir: call'
    """
    return text.replace("\u0130", "i").lower()


def has_unparted_words(normalised: str) -> bool:
    """True where a script that does not part words by blanks occurs."""
    return not normalised.isascii() and _CJK.search(normalised) is not None


def words(text: str) -> list[str]:
    """The words of a normalised text; characters where the script does not part words by blanks."""
    return split_words(normalise(text))


def split_words(normalised: str) -> list[str]:
    """The words of a text that is normalised already.

    Example:
        >>> split_words("pay 你好")
        ['pay', '你', '好']
    """
    if not has_unparted_words(normalised):
        return normalised.split()
    return [word for chunk in normalised.split() for word in (list(chunk) if _CJK.search(chunk) else [chunk])]


def shingles(text: str, size: int = SHINGLE_WORDS) -> frozenset[tuple[str, ...]]:
    """The set of runs of `size` words; the whole text when it is shorter; empty for a blank text."""
    parts = words(text)
    if not parts:
        return frozenset()
    if len(parts) <= size:
        return frozenset([tuple(parts)])
    return frozenset(tuple(parts[i : i + size]) for i in range(len(parts) - size + 1))
