"""A small real HTTP server that speaks both APIs of decision models; its probabilities come from a scorer of options.

It holds callers to what the APIs ask for: typed questions by name, 2 to 255 options, each once. What it is told to
spoil is spoilt in its replies.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.chat_server import Reply, Seen, chat_server, failed

MOST_OPTIONS = 255
# (text, instructions, option: description) -> a number for each option, the greater the likelier
Scorer = Callable[[str, str, Mapping[str, str]], Sequence[float]]


def by_shared_words(text: str, instructions: str, options: Mapping[str, str]) -> list[float]:
    """Four nats for each word that an option or its description shares with the text."""
    words = set(re.findall(r"\w+", text.lower()))
    return [4.0 * len(words & set(re.findall(r"[^\W_]+", f"{name} {said}".lower()))) for name, said in options.items()]


@contextmanager
def decision_server(
    scorer: Scorer = by_shared_words, spoil: Callable[[str, Any], Any] | None = None, usage: bool = True
) -> Iterator[Seen]:
    """A server on a free port of this machine.

    Args:
        spoil: is given each text and its good reply, and returns the reply to send instead, or a Reply.
        usage: whether replies count their tokens, one for each letter of the request.
    Yields: what it has seen; `url` is its base URL.
    """

    def reply(body: Any) -> Reply:
        native = "state" in body
        text = body["state" if native else "input"]
        try:
            questions = _systemone(body) if native else _decisions(body)
        except (KeyError, TypeError, ValueError) as error:
            return failed(400, f"invalid request: {error}")
        answers = [_answer(name, scorer(text, asked, options), list(options)) for name, asked, options in questions]
        good: dict[str, Any] = {"model": body["model"]}
        if usage:
            good["usage"] = {"input_tokens": len(json.dumps(body)), "output_tokens": 0}
        good["answers"] = dict(answers) if native else [_as_list(*one) for one in answers]
        sent = spoil(text, good) if spoil else good
        return sent if isinstance(sent, Reply) else Reply(body=json.dumps(sent).encode())

    with chat_server(reply) as seen:
        yield seen


def _systemone(body: Any) -> list[tuple[str, str, Mapping[str, str]]]:
    questions = body["questions"].items()
    return [
        (name, q["instructions"], _checked(q, {o: d or "" for o, d in q["criteria"].items()})) for name, q in questions
    ]


def _decisions(body: Any) -> list[tuple[str, str, Mapping[str, str]]]:
    made = []
    for question in body["questions"]:
        options = {choice["value"]: choice.get("description", "") for choice in question["choices"]}
        if len(options) != len(question["choices"]):
            raise ValueError("an option stands twice")
        made.append((question["name"], question["instructions"], _checked(question, options)))
    return made


def _checked(question: Any, options: Mapping[str, str]) -> Mapping[str, str]:
    if question["type"] != "choice" or not question["instructions"]:
        raise ValueError("a question of another type, or without instructions")
    if not 2 <= len(options) <= MOST_OPTIONS:
        raise ValueError(f"{len(options)} options, wanted 2 to {MOST_OPTIONS}")
    return options


def _answer(name: str, scores: Sequence[float], options: Sequence[str]) -> tuple[str, dict[str, Any]]:
    weights = [math.exp(score - max(scores)) for score in scores]
    chances = {option: weight / sum(weights) for option, weight in zip(options, weights, strict=True)}
    best = max(chances, key=lambda option: chances[option])
    return name, {"type": "choice", "choice": best, "probabilities": chances, "confidence": chances[best]}


def _as_list(name: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    pairs = [{"value": option, "probability": chance} for option, chance in answer["probabilities"].items()]
    return {**answer, "name": name, "probabilities": pairs}
