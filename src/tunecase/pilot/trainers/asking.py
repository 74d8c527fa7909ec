"""What trainers share that ask a model at an endpoint: settings, the asking itself, its bill and its notes."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tunecase.data.reading import read_passages
from tunecase.errors import EndpointError
from tunecase.pilot.endpoint.client import Answer, Api, Endpoint, ask_api, check, disclosed
from tunecase.pilot.trainers.task import Result, Setting, Task, scored
from tunecase.quantities import counted, one_line
from tunecase.records import Disclosure

SETTINGS: Mapping[str, Setting] = {
    "base_url": "",
    "key_variable": "",
    "served_as": "",  # the model's name at its endpoint, where it is another
    "instruction": "",  # "" for the kind's own
    "usd_per_1m_input_tokens": -1.0,  # below 0: not known
    "usd_per_1m_output_tokens": -1.0,
    "at_once": 4,
    "timeout_s": 60.0,
    "total_s": 3600.0,
    "send_flagged": False,  # secrets and personal data as they are
}
# A run was paid at the prices of its day: other prices change nothing of it.
NEUTRAL = frozenset({"at_once", "timeout_s", "total_s", "usd_per_1m_input_tokens", "usd_per_1m_output_tokens"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The answers that came, with the numbers of their rows in order, and why the endpoint ended it, if it did.

    `seconds` is the wall time of asking; `for_all` is as in EndpointError, `disclosed` as in Result.
    """

    answers: tuple[Answer, ...]
    rows: tuple[int, ...]
    seconds: float
    disclosed: Disclosure
    failed: str = ""
    for_all: bool = False


def asked(endpoint: Endpoint, api: Api, rows: Sequence[Any]) -> Asked:
    """Asks as ask_api, and keeps the answers that were paid for where the endpoint ends it."""
    leaving = disclosed(endpoint, api, rows)
    started, came, failed, for_all = time.perf_counter(), dict[int, Answer](), "", False
    try:
        came.update(enumerate(ask_api(endpoint, api, rows, came.__setitem__)))
    except EndpointError as error:
        failed, for_all = one_line(str(error)), error.for_all
    in_order = sorted(came.copy().items())
    answers, answered = tuple(answer for _, answer in in_order), tuple(row for row, _ in in_order)
    return Asked(answers, answered, time.perf_counter() - started, leaving, failed, for_all)


def result(
    task: Task, asked: Asked, endpoint: Endpoint, made: Mapping[str, Setting], predictions: Sequence[str], odd: str,
    confidences: Sequence[float] | None = None,
) -> Result:  # fmt: skip
    """The Result of what was asked; a failed one has the price of the answers that came.

    Args:
        odd: what is odd about the answers, in words; "" where nothing is.
    """
    billed, rows = usd_of(asked.answers, made), len(task.test_labels)
    each = None if billed is None else billed / rows
    if asked.failed:
        return Result(
            0.0, 0, rows, asked.seconds, converged=False, failed=asked.failed, usd_per_answer=each,
            for_all=asked.for_all, disclosed=asked.disclosed,
        )  # fmt: skip
    return scored(
        task,
        predictions,
        asked.seconds,
        # One after another: several that are asked at once share the wall time, and each waits for its own.
        answer_s=sum(answer.seconds for answer in asked.answers),
        steps=0,
        hardware=endpoint.name,
        confidences=None if confidences is None else tuple(confidences),
        note="; ".join([*filter(None, [odd]), *_notes(asked.answers), *check(endpoint)]),
        usd_per_answer=each,
        disclosed=asked.disclosed,
    )


def not_trained(task: Task, baselines: Mapping[str, object]) -> Result:
    """The failed Result of a model that can be asked only."""
    why = "a hosted model is scored here, not trained; its scores are the baselines " + " and ".join(baselines)
    return Result(0.0, 0, len(task.test_labels), 0.0, converged=False, failed=why)


def endpoint_of(model: str, made: Mapping[str, Setting]) -> Endpoint:
    """The endpoint that the settings name."""
    return Endpoint(
        str(made["base_url"]),
        str(made["served_as"]) or model,
        str(made["key_variable"]),
        timeout_s=float(made["timeout_s"]),
        total_s=float(made["total_s"]),
        at_once=int(made["at_once"]),
        send_flagged=bool(made["send_flagged"]),
    )


def usd(taken: int, given: int, made: Mapping[str, Setting]) -> float | None:
    """The price of tokens in and out [USD]; None where a price is not known."""
    prices = float(made["usd_per_1m_input_tokens"]), float(made["usd_per_1m_output_tokens"])
    return None if min(prices) < 0 else (taken * prices[0] + given * prices[1]) / 1e6


def usd_of(answers: Sequence[Answer], made: Mapping[str, Setting]) -> float | None:
    """What answers cost [USD]; None where prices or counts are not known."""
    tokens = _tokens(answers)
    return usd(*tokens, made) if tokens else None


def documents_at(path: str) -> tuple[str, ...]:
    """The passages of the documents at a path, read anew where a file has changed.

    Raises: InputError as read_passages.
    """
    place = Path(path)
    files = [file for file in (place, *place.rglob("*")) if file.is_file()]
    return _documents_at(path, tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=2)
def _documents_at(path: str, stamp: tuple[tuple[str, int, int], ...]) -> tuple[str, ...]:
    return read_passages(Path(path))


def digest_of(path: str) -> str:
    """What tells the passages of documents apart."""
    return hashlib.sha256("\0".join(documents_at(path)).encode()).hexdigest()[:16]


def _notes(answers: Sequence[Answer]) -> list[str]:
    """How many answers were refused or cut, and the tokens of an answer."""
    refused = [answer.refused for answer in answers if answer.refused]
    notes = [f"{counted(len(refused), 'row')} without an answer ({one_line(refused[0], 80)})"] if refused else []
    if cut := sum(answer.cut for answer in answers):
        notes.append(f"{counted(cut, 'answer')} cut at the token limit")
    if tokens := _tokens(answers):
        notes.append(f"{tokens[0] / len(answers):.0f} tokens in and {tokens[1] / len(answers):.0f} out per answer")
    return notes


def _tokens(answers: Sequence[Answer]) -> tuple[int, int] | None:
    """Tokens in and out of all answers; None where the endpoint does not count them. A refused row has none."""
    counts = [(answer.input_tokens, answer.output_tokens) for answer in answers]
    known = [(i, o) for (i, o), answer in zip(counts, answers, strict=True) if not answer.refused or i is not None]
    if any(i is None or o is None for i, o in known):
        return None
    return sum(i or 0 for i, _ in known), sum(o or 0 for _, o in known)
