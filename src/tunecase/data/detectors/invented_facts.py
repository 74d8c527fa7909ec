"""The facts that an answer states (numbers, names, dates, codes, quotes), and whether its input contains them."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tunecase.data.detectors.content_words import number, stem, terms

MONTHS = "january february march april may june july august september october november december".split()
MONTH = {name[:length]: str(at) for at, name in enumerate(MONTHS, 1) for length in (3, len(name))}
ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.]+\w|(?:https?://|www\.)[^\s)>\"']+\w")
MARK = re.compile(r"\b(?=\w*[A-Za-z])(?=[\w-]{0,20}\d)[\w-]{4,}\b")
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
    """Which facts of the answer its input contains, with numbers, dates, case and endings spelt alike.

    Example:
        >>> answer_facts("Invoice 4711 of 5 March 2024, 1,200.50 EUR", '{"no": 4711, "date": "2024-03-05"}').absent
        ()
        >>> answer_facts("Please call me back about my order.", "Your order AX-7731 ships on 14 May.").absent
        ('AX-7731', '14', 'May')

    Leaves out facts told in other words, and small whole numbers.
    """
    held, figures = _held(input)
    if (answer := _json_answer(output)) is not None:
        fields = _leaves(answer)
        absent = tuple((key, value) for key, value in fields if not _holds(value, input, held, figures))
        return AnswerFacts(len(fields), tuple(value for _, value in absent), 0, absent)
    stated = _facts(output)
    missing = [fact for fact in stated if not _holds(fact, input, held, figures)]
    return AnswerFacts(len(stated), tuple(missing), _worked_out(missing, figures), ())


def _worked_out(missing: list[str], figures: frozenset[str]) -> int:
    """How many of the missing numbers follow from those of the input and the ones before them."""
    at_hand = {float(figure) for figure in figures if _is_figure(figure)}
    count = 0
    for fact in missing:
        if FIGURE.fullmatch(fact):
            value = float(number(fact))
            count += _follows(value, at_hand)
            at_hand.add(value)
    return count


@lru_cache(maxsize=4)
def _held(text: str) -> tuple[frozenset[str], frozenset[str]]:
    spoken = terms(text)
    words = set(spoken.words) | set(spoken.capital)
    figures = set(spoken.numerals)
    figures |= {month for word in re.findall(r"[a-z]+", text.casefold()) if (month := MONTH.get(word))}
    figures |= {number(figure) for figure in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}
    figures |= {number(figure) for figure in re.findall(r"\d+", text)}
    return frozenset(words), frozenset(figures)


def _json_answer(output: str) -> Any:
    bare = output.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    if bare[:1] not in ("{", "["):
        return None
    try:
        return json.loads(bare)
    except (ValueError, RecursionError):
        return None


def _leaves(answer: Any) -> list[tuple[str, str]]:
    """(key, value) of every text or number in a JSON answer."""
    leaves: list[tuple[str, str]] = []
    waiting = [("", answer)]
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
    facts: dict[str, None] = {}
    left = output
    for pattern in (ADDRESS, QUOTED, MARK):
        facts |= dict.fromkeys(pattern.findall(left))
        left = pattern.sub(" ", left)
    figures = (each for each in FIGURE.findall(left) if "." in each or float(number(each)) >= LEAST_FIGURE)
    return list(facts | dict.fromkeys(figures) | dict.fromkeys(NAME.findall(left)))


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


def _follows(value: float, stated: set[float]) -> bool:
    """True where one operation on two numbers at hand gives the value, or a share of a hundred of one."""
    near = 1e-6 * max(abs(value), 1.0)
    some = sorted(stated)[:40]
    return any(
        abs(each - value) <= near
        for a in some
        for b in some
        for each in (a + b, a - b, a * b, a / b if b else value + 1, a * b / 100)
    )
