"""Puts the ten questions of `init --ask` on a terminal."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tunecase.errors import InputError, Problem

if TYPE_CHECKING:
    from tunecase.flow import Question

LIST = "list"  # no name of an example


IN_THE_FILE = "leave --ask out, and answer in the file: each question is a line that begins with #"


def refuse_without_terminal(option: str = "--ask", fix: str = IN_THE_FILE) -> None:
    """Raises InputError where nobody sits at the terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(Problem(option, "no terminal", "a person at a terminal", fix))


def ask_all(given: Mapping[str, Any]) -> Mapping[str, str]:
    """The answers of the person at the terminal, as for `init`; `given` is what the data show already."""
    from tunecase import flow
    from tunecase.cli.show.paper import console_for, say

    console = console_for()
    say(console, f"{len(flow.QUESTIONS)} questions. Enter skips one; what is skipped stays a question in the file.")

    begun: list[int] = []

    def ask(number: int, question: "Question") -> str:
        if number not in begun:
            begun.append(number)
            console.print()
            say(console, f"{number:<4}{question.words}", "bold")
            hint = f"{question.why} For example: {question.example}. Skipped: {question.skipped}."
            say(console, hint, "dim", len("1   "))
        try:
            return input("> ")
        except EOFError:
            raise KeyboardInterrupt from None

    def refuse(problem: Problem) -> None:
        say(console, f"{problem.told} {problem.remedy}", "red")

    answers = flow.asked(ask, refuse, given)
    console.print()
    return answers


def lists_examples(arguments: list[str]) -> list[str]:
    """The arguments of the command line; `--example` without a name is told to list them.

    Example:
        >>> lists_examples(["init", "--example"]), lists_examples(["init", "--example", "hosted"])
        (['init', '--example', 'list'], ['init', '--example', 'hosted'])
    """
    if arguments[:1] != ["init"]:
        return arguments
    whole = []
    for word, following in zip(arguments, [*arguments[1:], "-"], strict=True):
        whole += [word, LIST] if word == "--example" and following.startswith("-") else [word]
    return whole
