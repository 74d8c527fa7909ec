"""How a text ends: as it should, open, or cut in the middle of a sentence, a fence or a bracket."""

import re
import unicodedata
from enum import IntEnum

from tunecase.data.detectors.programs import is_formal, is_program

ENDS = frozenset(".!?。！？…”’\"')]}>`*_|~;:】」』）।؟%°€$£#")
_BARE = "\ufe0f\u200d"  # an emoji is drawn with these behind it
_HANGING = frozenset(
    "the a an of and or to in for with that which is are was by on at from as but because der die das und oder mit von "
    "zu le la les de des et ou el los las y o que il lo e di da os um uma".split()
)
_LEAST_WORDS = 6  # of a last line that is a sentence
# A list item, a heading, a credit, a hashtag or a link; a formula or a row of a table.
_LISTED = re.compile(r"\s*(?:[-*•#|–—]|\(?\w{1,2}[.)]\s)")
_CREDITED = re.compile(r"(?:--?|–|—) ?[^\W\d_][\w. ]{2,40}$|(?<!\S)(?=\S*(?:#|https?://)\S)\S+$")
_FORMULA = re.compile(r"[=≈|→]")
_CREDIT_CHARACTERS = 60
_COMMENT = re.compile(r"^[^\S\n]*/\*", re.MULTILINE)
_JSON_START = re.compile(r"[\[{]\s*(?:[\"'{\[]|\n)")


class Ending(IntEnum):
    """How a text ends, from whole to surely cut.

    WHOLE: with a mark. OPEN: without one, as a title, a list or code does. BARE: a line of prose without one. CUT: in
    mid-sentence. UNCLOSED: a fence or a bracket stays open.
    """

    WHOLE = 0
    OPEN = 1
    BARE = 2
    CUT = 3
    UNCLOSED = 4


def ending(text: str) -> Ending:
    """How a text ends, its blanks around it gone; it must not be empty.

    Of code and formulas only what stays open is told: they end on any word.

    Example:
        >>> ending("The bridge was opened in May and").name, ending("Well done! 🎉").name, ending("ls -la $HOME").name
        ('CUT', 'WHOLE', 'OPEN')
    """
    if ("`" in text and text.count("```") % 2 and not text.endswith("\n```")) or _left_open(text):
        return Ending.UNCLOSED
    if text[-1] in ENDS or _is_sign(text.rstrip(_BARE)[-1:]):
        return Ending.WHOLE
    last = text[text.rfind("\n") + 1 :]
    if _ends_by_itself(last) or _lines_end_open(text) or is_formal(text):
        return Ending.OPEN
    words = last.split()
    if text[-1] in ",-–" or words[-1].casefold() in _HANGING:
        return Ending.CUT
    if sum(word[0].isupper() for word in words) > 0.6 * len(words):
        return Ending.OPEN
    return Ending.CUT if len(words) >= _LEAST_WORDS and words[-1].isalpha() else Ending.BARE


def _ends_by_itself(last: str) -> bool:
    """True for a last line that needs no mark: a list item, a heading, a credit, a link, a formula."""
    tail = last[-_CREDIT_CHARACTERS:]
    return bool(_LISTED.match(last) or _CREDITED.search(tail) or _FORMULA.search(last))


def _is_sign(last: str) -> bool:
    """True for an emoji or another sign, which ends a text as a mark does."""
    return not last or (not last.isascii() and unicodedata.category(last)[0] in "SP")


def _lines_end_open(text: str) -> bool:
    """True for verse, a list or a table: more than two of its lines end without a mark of their own."""
    lines = [line.rstrip() for line in text.split("\n")]
    return len(lines) > 2 and sum(1 for line in lines if line and line[-1] not in ENDS) > 2


def _left_open(text: str) -> bool:
    """True for a text that begins as JSON and does not end so, or whose last bracket or comment stays open."""
    if _JSON_START.match(text) and text[-1] not in "}]" and _depth(text) > 0:
        return True
    if text[-1] in "([{" and _depth(text) + text.count("(") - text.count(")") > 0:
        return True
    last = text[text.rfind("\n") + 1 :]
    at, more = last.rfind("("), last.count("(") - last.count(")")
    if at >= 0 and more > 0 and ")" not in last[at:] and len(last) - at > 2:
        return text.count("(") == text.count(")") + 1 or is_program(text)
    return "/*" in text and len(_COMMENT.findall(text)) > text.count("*/") and is_program(text)


def _depth(text: str) -> int:
    return text.count("{") + text.count("[") - text.count("}") - text.count("]")
