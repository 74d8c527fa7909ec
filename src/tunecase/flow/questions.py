"""Ten questions that turn a data file into a case: each is validated at once by the readers of the project file."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.io import read_value
from tunecase.project import project_of

SAFE = re.compile(r"[^\s,\[\]{}:#&*!|>'\"%@`?-][^,\[\]{}:#'\"]*")  # what YAML reads back as the same text


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the user.

    Args:
        field: what it answers, as a dotted field of the project file.
        words: the question, in one sentence.
        why: why it matters.
        example: an answer.
        skipped: what holds when it is skipped.
        forms: how an answer stands in the file; the first that reads is taken.
    """

    field: str
    words: str
    why: str
    example: str
    skipped: str
    forms: tuple[str, ...] = ("{}",)


QUESTIONS = (
    Question(
        "problem.goal", "What should the model do?", "People read it on the page; it is never judged.",
        "send each ticket to the right team", "the page has no goal",
    ),
    Question(
        "problem.owner", "Who decides?", "One person settles what counts as right, and signs the money.",
        "Head of Support", "nobody is named",
    ),
    Question(
        "problem.target", "Which score is worth shipping?", "Chance, worth and price all hang on it.",
        "90%", "the first run proposes one",
    ),
    Question(
        "today", "Who gives the answers now: people, a rule, a prompt, a model or nobody?",
        "Only what comes on top of that is a gain.", "people", "not known",
    ),
    Question(
        "problem.volume", "How many answers are given a month?", "It turns a better score into money.",
        "20k to 60k per month", "no purchase can be weighed",
    ),
    Question(
        "problem.value", "What is one more right answer worth?", "Without it nobody can say whether it pays.",
        "0.40 USD per correct", "no purchase can be weighed",
    ),
    Question(
        "budget", "What may the whole project cost?", "No plan goes beyond it.", "15k USD", "plans may cost any amount",
    ),
    Question(
        "data.sources", "What does one more labelled example cost, in money or in minutes?",
        "More examples are the step most often bought.", "1 to 2 min per label", "more examples have no price",
        ("[{{kind: label, price: {}}}]", "[{{kind: label, effort: {}}}]"),
    ),
    Question(
        "models", "Which model might be tuned?", "It sets memory, hours and prices.", "meta-llama/Llama-3.1-8B",
        "meta-llama/Llama-3.1-8B", ("[{}]",),
    ),
    Question(
        "constraints.data_stays", "Must the rows stay on your own machines, yes or no?",
        "If they must, hosted models are ruled out.", "no", "no",
    ),
)  # fmt: skip


def asked(
    ask: Callable[[int, Question], str], refuse: Callable[[Problem], None], given: Mapping[str, Any]
) -> dict[str, str]:
    """The answers as they stand in the project file, by dotted field; what was skipped is left out.

    Args:
        ask: puts a question, the number of which counts from 1, and returns what was typed; an empty text skips it.
        refuse: tells what is wrong with an answer, before it is asked for again.
        given: fields that are known without asking, such as the metric, against which answers are read.
    """
    answers: dict[str, str] = {}
    read = dict(given)
    for number, question in enumerate(QUESTIONS, 1):
        while typed := ask(number, question).strip():
            form, problem = _read(question, typed, read)
            if problem is None:
                answers[question.field] = form
                read[question.field] = read_value(form, question.field)
                break
            refuse(problem)
    return answers


def _read(question: Question, typed: str, read: Mapping[str, Any]) -> tuple[str, Problem | None]:
    """An answer as it stands in the file, and what is wrong with it in the form that fits it best, if anything."""
    problems = []
    for form in question.forms:
        text = form.format(_scalar(typed))
        try:
            value = read_value(text, "answer")
            project_of({**read, question.field: value}, catalog.names(), {question.field: "answer"})
        except InputError as error:
            problems.append(error.problems[0])
        else:
            return text, None
    return "", problems[-1]


def _scalar(typed: str) -> str:
    """A text as YAML that reads back as it is."""
    if SAFE.fullmatch(typed):
        return typed
    inner = "".join(f"\\{char}" if char in '"\\' else char if char.isprintable() else " " for char in typed)
    return f'"{inner}"'


def with_answers(text: str, answers: Mapping[str, str]) -> str:
    """A project file that `init` wrote, its questions answered: a line that asks becomes a line that states.

    An answer to something that the file does not ask is put at the head of its section, or at the end.
    """
    lines = text.splitlines()
    for field, answer in answers.items():
        section, _, name = field.rpartition(".")
        begun = re.compile(rf"^(\s*)# {re.escape(name)}:(?:(?!  # ).)*(?:  # (.*))?$")
        at = next((number for number, line in enumerate(lines) if begun.match(line)), None)
        if at is not None:
            found = begun.match(lines[at])
            assert found is not None
            indent, comment = found[1], found[2]
            stated = f"{indent}{name}: {answer}"
            lines[at] = f"{stated:<35}  # {comment}" if comment else stated
            while at + 1 < len(lines) and re.match(rf"{indent}#   +\S", lines[at + 1]):
                del lines[at + 1]  # what the question showed below it
        elif f"{section}:" in lines:
            lines.insert(lines.index(f"{section}:") + 1, f"  {name}: {answer}")
        else:
            lines += ["", f"{section}:", f"  {name}: {answer}"]
    return "\n".join(lines) + "\n"
