"""What a text says in terms that survive rewording: stems of words, numbers, names, and the literals of code."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from tunecase.data.text import split_words

UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
UNITS += "seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBER_WORDS: dict[str, float] = {word: float(value) for value, word in enumerate(UNITS)}
NUMBER_WORDS |= {word: 10.0 * value for value, word in enumerate(TENS, 2)}
NUMBER_WORDS |= {"once": 1, "twice": 2, "double": 2, "doubled": 2, "thrice": 3, "triple": 3, "tripled": 3, "dozen": 12}
NUMBER_WORDS |= {"half": 0.5, "quarter": 0.25, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
# Words of the grammar of common programming languages and of the frame around an example: they tell no task.
GRAMMAR = frozenset(
    """argc argv args array as assert auto b bool boolean break c case catch char class cin code console const
    continue cout cpp def default define delete dict do double elif else end endif endl enum except export extends
    extern false final finally float fn for free from func function go goto h id if import in include inline int
    integer is iter java javascript js json lambda len length let list log long main malloc map mut namespace new nil
    none null num object of or param params pass print printf private program protected public push py python raise
    range require return returns self sizeof static std stdbool stdio stdlib str string strlen struct super switch
    template this throw true try type typedef typeof typing undefined unsigned use useless using val var vector void
    while with yield""".split()
)
CODE = re.compile(
    r"```|^[^\S\n]*(?:def|class|import|from|#include|func|fn|public|private|static)\b.*[\w>\"):;{][^\S\n]*$|"
    r"\bfunction\s+\w+\s*\(|[;{][^\S\n]*$|=>\s*\{|\breturn\b.{0,200}[;)\]][^\S\n]*$|>>> |"
    r"^[^\S\n]*(?:for|if|while)\b.*[:{][^\S\n]*$",
    re.MULTILINE,
)
STRONG = re.compile(
    r"```|^[^\S\n]*(?:async )?def \w+\s*\([^)\n]*\).*:|\bfunction\s+\w+\s*\(|^#include\b|"
    r"^[^\S\n]*(?:public|private|static) .*\{|^(?:func|fn) \w.*\{|^class \w.*[:{][^\S\n]*$",
    re.MULTILINE,
)
LEAST_CODE_LINES, LEAST_CODE_SHARE = 2, 0.15
TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?(?:/\d+)?|[^\W\d_]+(?:['’](?:s|t|re|ve|ll|d|m)\b)?")
APOSTROPHE = re.compile("['’]")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+|(?<=[a-zA-Z])(?=\d)")
OPERAND = re.compile(r"(\*\*|//|[-+*/%]|[=!<>]=?=?)\s*(\d+(?:\.\d+)?)\b")
LITERAL = re.compile(  # an escaped quote begins none
    r"'(?<!\\')((?:\\.|[^'\\\n]){0,60}+)'|\"(?<!\\\")((?:\\.|[^\"\\\n]){0,60}+)\""
)
ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("es", ""), ("ly", ""), ("s", ""))


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one text.

    `words` are stems of lower-case words, `capital` those written with a capital; `numerals` numbers in one spelling,
    in the order of the text; `literals` the strings of code; `shapes` what an operator of code stands before, and runs
    of three numbers: they are the same in any language; `code` tells whether it was read as code.
    """

    words: Counter[str]
    capital: Counter[str]
    numerals: tuple[str, ...]
    literals: Counter[str]
    shapes: Counter[str]
    code: bool


def is_code(text: str) -> bool:
    """True where a line declares a function or a class, or one line in seven, and two, look like a program's.

    Example:
        >>> is_code("def f(x):\\n    return (x)\\n"), is_code("How far did he run?")
        (True, False)
    """
    if STRONG.search(text):
        return True
    found = len(CODE.findall(text))
    lines = sum(1 for line in text.splitlines() if line.strip())
    return found >= LEAST_CODE_LINES and found >= LEAST_CODE_SHARE * lines


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A word without its commonest English endings.

    Example:
        >>> stem("boxes"), stem("running"), stem("studies"), stem("this")
        ('box', 'run', 'study', 'this')
    """
    for ending, instead in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            word = word[: len(word) - len(ending)] + instead
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def number(text: str) -> str:
    """A number in one spelling: no thousands, fractions worked out, no zeros that say nothing.

    Example:
        >>> number("1,250.00"), number("1/2"), number("007")
        ('1250', '0.5', '7')
    """
    top, _, bottom = text.replace(",", "").partition("/")
    try:
        value = float(top) / float(bottom) if bottom and float(bottom) else float(top)
    except ValueError:
        return text
    return f"{value:.10g}"


def terms(text: str) -> Terms:
    """The terms of a text; number words count as numbers, identifiers of code as the words they are made of.

    Example:
        >>> found = terms("Twenty-five boxes cost $1,200.")
        >>> found.numerals, sorted(found.words)
        (('25', '1200'), ['box', 'cost'])
    """
    code = is_code(text)
    literals, shapes = _literals_and_operands(text) if code else (Counter[str](), Counter[str]())
    words, capital, numerals = Counter[str](), Counter[str](), _Numerals()
    for token in TOKEN.findall(HUMP.sub(" ", text) if code else text):
        lower = token.casefold()
        if lower in NUMBER_WORDS or lower in SCALES:
            numerals.add_word(lower)
        elif token[0].isdecimal():
            numerals.add_figure(token)
        else:
            numerals.last = None
            kind = capital if token[0].isupper() else words
            for stemmed in _stems(lower, code):
                kind[stemmed] += 1
    made = numerals.made
    if code:
        shapes.update(map(" ".join, zip(made, made[1:], made[2:], strict=False)))
    return Terms(words, capital, tuple(made), literals, shapes, code)


def _literals_and_operands(text: str) -> tuple[Counter[str], Counter[str]]:
    """The strings of a program, and each operator with the number behind it."""
    strings = (single or double for single, double in LITERAL.findall(text))
    literals = Counter(" ".join(each.split()).casefold() for each in strings if each.strip())
    return literals, Counter(f"{sign.replace('===', '==')} {value}" for sign, value in OPERAND.findall(text))


def _stems(word: str, code: bool) -> list[str]:
    """The stems of the words that one token holds; in code without the words of its grammar."""
    word = APOSTROPHE.split(word, 1)[0]
    parts = (word,) if word.isascii() else split_words(word)
    return [stem(part) for part in parts if not (code and (part in GRAMMAR or len(part) == 1))]


class _Numerals:
    """The numbers of a text in one spelling; `last` is the value that a number word may go on from, if any."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.last: float | None = None

    def add_figure(self, token: str) -> None:
        """A number in figures."""
        self.made.append(number(token))
        self.last = None if "/" in token else float(self.made[-1])

    def add_word(self, word: str) -> None:
        """A number word, or the rest of the number before it: twenty five, 3 million."""
        before = self.last
        if before is not None and word in SCALES and before < SCALES[word]:
            self.made.pop()
            value = before * SCALES[word]
        elif before is not None and before in range(20, 100, 10) and 0 < NUMBER_WORDS.get(word, 0) < 10:
            self.made.pop()
            value = before + NUMBER_WORDS[word]
        else:
            value = SCALES.get(word) or NUMBER_WORDS[word]
        self.made.append(f"{value:.10g}")
        self.last = value
