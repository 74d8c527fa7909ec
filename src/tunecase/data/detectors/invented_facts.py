"""The facts that an answer states (numbers, names, dates, codes, quotes), and whether its input holds them."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache

from tunecase.data.detectors.content_words import number, stem, terms

MONTHS = "january february march april may june july august september october november december".split()
MONTH = {name[:length]: str(at) for at, name in enumerate(MONTHS, 1) for length in (3, len(name))}
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+\w|(?:https?://|www\.)[^\s)>\"']+\w")
MARK = re.compile(r"\b(?=\w*[A-Za-z])(?=[\w-]*\d)[\w-]{4,}\b")
QUOTED = re.compile(r"[\"“]([^\"“”\n]{4,80})[\"”]")
FIGURE = re.compile(r"(?<![\w-])\d[\d,]*(?:\.\d+)?(?![\w-])")
NAME = re.compile(r"(?<![.!?:\n\"“*] )(?<!^)(?<![\n\"“(*-])\b[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*\b")
LEAST_FIGURE = 13.0  # smaller whole numbers count things and are said freely


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """The facts of one answer: how many, those that its input lacks, and how many of those follow by arithmetic."""

    facts: int
    absent: tuple[str, ...]
    derived: int
    fields: tuple[tuple[str, str], ...]  # (key, value) of a JSON answer that its input lacks


def answer_facts(input: str, output: str) -> AnswerFacts:
    """Which facts of the answer its input holds, after one spelling of numbers, dates, case and endings.

    Example:
        >>> answer_facts("Invoice 4711 of 5 March 2024, 1,200.50 EUR", '{"no": 4711, "date": "2024-03-05"}').absent
        ()
        >>> answer_facts("Please call me back about my order.", "Your order AX-7731 ships on 14 May.").absent
        ('AX-7731', '14', 'May')

    Leaves out facts told in other words, and small whole numbers.
    """
    held, figures = _held(input)
    fields = _leaves(output)
    if fields is not None:
        absent = tuple((key, value) for key, value in fields if not _holds(value, input, held, figures))
        return AnswerFacts(len(fields), tuple(value for _, value in absent), 0, absent)
    stated = _facts(output)
    missing = [fact for fact in stated if not _holds(fact, input, held, figures)]
    known = {float(figure) for figure in figures if _is_figure(figure)}
    derived = 0
    for fact in missing:
        if FIGURE.fullmatch(fact):
            value = float(number(fact))
            derived += _follows(value, known)
            known.add(value)
    return AnswerFacts(len(stated), tuple(missing), derived, ())


@lru_cache(maxsize=4)
def _held(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Stems and numbers of a text, months as numbers too."""
    said = terms(text)
    words = set(said.words) | set(said.capital)
    figures = set(said.numerals)
    figures |= {month for word in re.findall(r"[a-z]+", text.casefold()) if (month := MONTH.get(word))}
    figures |= {number(figure) for figure in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}
    figures |= {number(figure) for figure in re.findall(r"\d+", text)}
    return frozenset(words), frozenset(figures)


def _leaves(output: str) -> list[tuple[str, str]] | None:
    """(key, value) of every text or number in a JSON answer; None where the answer is not a JSON object or list."""
    said = output.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    if said[:1] not in ("{", "["):
        return None
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return None
    leaves: list[tuple[str, str]] = []
    waiting = [("", found)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((str(name), each) for name, each in value.items())
        elif isinstance(value, list):
            waiting.extend((key, each) for each in value)
        elif isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            leaves.append((key, str(value)))
    return leaves


def _facts(output: str) -> list[str]:
    """The facts of a free answer, each once, in order of their kinds."""
    found: dict[str, None] = {}
    left = output
    for pattern in (ADDRESS, QUOTED, MARK):
        for each in pattern.findall(left):
            found[each] = None
        left = pattern.sub(" ", left)
    for each in FIGURE.findall(left):
        if "." in each or float(number(each)) >= LEAST_FIGURE:
            found[each] = None
    for each in NAME.findall(left):
        found[each] = None
    return list(found)


def _holds(fact: str, input: str, held: frozenset[str], figures: frozenset[str]) -> bool:
    if " ".join(fact.casefold().split()) in " ".join(input.casefold().split()):
        return True
    parts = re.findall(r"\d[\d,]*(?:\.\d+)?|[^\W\d_]+", fact)
    if not parts or ADDRESS.fullmatch(fact):
        return not parts
    for part in parts:
        if part[0].isdecimal():
            if number(part) not in figures:
                return False
        elif stem(part.casefold()) not in held and MONTH.get(part.casefold(), "") not in figures:
            return False
    return True


def _is_figure(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _follows(value: float, known: set[float]) -> bool:
    """True where one operation on two numbers at hand gives the value, or a share of a hundred of one."""
    near = 1e-6 * max(abs(value), 1.0)
    some = sorted(known)[:40]
    return any(
        abs(each - value) <= near
        for a in some
        for b in some
        for each in (a + b, a - b, a * b, a / b if b else value + 1, a * b / 100)
    )
