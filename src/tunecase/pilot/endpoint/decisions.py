"""Asks a decision model typed questions about a text: System One's and OpenAI's way of writing the same thing.

    POST /v1/systemone   state, questions {name: {type, instructions, criteria {option: description}}}
    POST /v1/decisions   input, questions [{type, name, instructions, choices [{value, description}]}]

The reply holds, for each question, the option chosen and a probability for every option. What cannot be right (an
option that was not offered, probabilities that do not sum to one, a question without an answer) is a row without an
answer, with its reason; the tokens that it cost are kept.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunecase.pilot.endpoint.client import Answer, Decision
from tunecase.pilot.endpoint.wire import Passing, tokens_in
from tunecase.quantities import counted, one_line

# How far the probabilities of all options may lie from one together: they may come rounded to two places.
SUM_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its options: a name, what is asked, and each option with its description ("" for none)."""

    name: str
    instructions: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SystemOne:
    """System One's API; a row is the text that all questions are about."""

    questions: Sequence[Question]
    path: str = "/systemone"

    def body(self, row: str) -> Mapping[str, Any]:
        """What is sent for a text."""
        questions = {
            question.name: {
                "type": "choice",
                "instructions": question.instructions,
                "criteria": {option: description or None for option, description in question.options.items()},
            }
            for question in self.questions
        }
        return {"state": row, "questions": questions}

    def read(self, found: Any) -> Answer:
        """The decisions in a reply."""
        answers = found.get("answers") if isinstance(found, dict) else None
        if not isinstance(answers, dict):
            raise Passing(f"its answer has no answers: {found!r}")
        return _answer(self.questions, [answers.get(question.name) for question in self.questions], found)


@dataclass(frozen=True, slots=True)
class Decisions:
    """OpenAI's API; a row is the text that all questions are about."""

    questions: Sequence[Question]
    path: str = "/decisions"

    def body(self, row: str) -> Mapping[str, Any]:
        """What is sent for a text."""
        questions = [
            {
                "type": "choice",
                "name": question.name,
                "instructions": question.instructions,
                "choices": [
                    {"value": option, **({"description": description} if description else {})}
                    for option, description in question.options.items()
                ],
            }
            for question in self.questions
        ]
        return {"input": row, "questions": questions}

    def read(self, found: Any) -> Answer:
        """The decisions in a reply; a refusal is an answer of its own kind, or is missing."""
        answers = found.get("answers") if isinstance(found, dict) else None
        if not isinstance(answers, list):
            raise Passing(f"its answer has no answers: {found!r}")
        named = {each["name"]: each for each in answers if isinstance(each, dict) and isinstance(each.get("name"), str)}
        in_order = len(answers) == len(self.questions)
        given = [
            named.get(question.name, answers[number] if in_order and not named else None)
            for number, question in enumerate(self.questions)
        ]
        return _answer(self.questions, [_as_mapping(each) for each in given], found)


APIS: Mapping[str, type[SystemOne] | type[Decisions]] = {"systemone": SystemOne, "decisions": Decisions}


def _as_mapping(given: Any) -> Any:
    """An answer with its probabilities by option, as System One gives them."""
    pairs = given.get("probabilities") if isinstance(given, dict) else None
    if not isinstance(pairs, list):
        return given
    by_option = {str(pair.get("value")): pair.get("probability") for pair in pairs if isinstance(pair, dict)}
    return {**given, "probabilities": by_option}


def _answer(questions: Sequence[Question], given: Sequence[Any], found: Mapping[str, Any]) -> Answer:
    usage = found.get("usage")
    taken, out = tokens_in(usage, "input_tokens"), tokens_in(usage, "output_tokens")
    decisions, wrong = {}, []
    for question, each in zip(questions, given, strict=True):
        decision = _decision(question, each)
        if isinstance(decision, Decision):
            decisions[question.name] = decision
        else:
            wrong.append(decision)
    return Answer("", taken, 0 if out is None and taken is not None else out, 0.0, refused="; ".join(wrong),
                  decisions=decisions)  # fmt: skip


def _decision(question: Question, given: Any) -> Decision | str:
    """The decision in one answer, or what is wrong with it."""
    if not isinstance(given, dict) or given.get("type") == "refusal":
        return f"no answer to {question.name}"
    option = given.get("choice")
    if not isinstance(option, str) or option not in question.options:
        wanted = f"one of {counted(len(question.options), 'option')} offered"
        return f"{question.name}: got {one_line(repr(option), 40)}, wanted {wanted}"
    chances = given.get("probabilities")
    if not isinstance(chances, dict) or not all(map(_is_share, chances.values())):
        return f"{question.name}: got no probabilities, wanted one for each option"
    if unknown := [name for name in chances if name not in question.options]:
        return f"{question.name}: got a probability of {one_line(repr(unknown[0]), 40)}, wanted the options offered"
    total = math.fsum(chances.values())
    if abs(total - 1) > SUM_TOLERANCE:
        return f"{question.name}: got probabilities that sum to {total:.3g}, wanted 1"
    return Decision(option, min(1.0, float(chances.get(option, 0.0))))


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 + SUM_TOLERANCE
