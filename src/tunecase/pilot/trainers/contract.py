"""The file contract with a trainer that runs outside: a run's folder goes in, metrics and answers come out, JSON only.

    run.json       in   what to train on what, and how; written last, so a folder that has it is whole
    train.jsonl    in   one object per row: prompt, completion
    test.jsonl     in   one object per row: prompt, completion (the wanted answer)
    metrics.jsonl  out  one object per line: step, time_s, tokens, loss, tokens_per_s, peak_memory_gib, gpu, gpus,
                        longest_row [tokens];
                        a last line may hold the score, and train_loss: the mean loss per label on training rows
                        after training; classes above .2 nats count as not learnt unless `converged` is true
    answers.jsonl  out  one object per test row, in order: answer, and a confidence where there is one
    run.log        out  what the trainer printed

With answers the score is counted here and a score in the metrics is not read. Whatever a trainer writes is read with
suspicion: what cannot be right becomes a failed run with its reason in words, never an exception.
"""

import json
import math
import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tunecase.pilot.trainers.task import Result, Task, scored
from tunecase.quantities import count, counted, one_line

FORMAT = 1
RUN, TRAIN, TEST, METRICS, ANSWERS, LOG = (
    "run.json", "train.jsonl", "test.jsonl", "metrics.jsonl", "answers.jsonl", "run.log",
)  # fmt: skip
OUTPUTS = (METRICS, ANSWERS, LOG)
# A line per step for a million steps, and a page of text per answer, stay below.
MOST_METRICS_BYTES = 64 * 2**20
MOST_ANSWERS_BYTES = 256 * 2**20
# Mean loss per label on training rows, up to which classes count as learnt [nats]; a run above it has not learnt its
# own rows yet, so it is not a point of a curve.
LEARNT_NATS = 0.2
# A free answer never becomes certain. It is learnt when half of the first loss is gone, or when the last fifth of the
# steps took less than a tenth off the fifth before.
LEARNT_SHARE = 0.5
LEARNT_FALL = 0.9

# number in a metrics line: (least, most, whole)
NUMBERS: Mapping[str, tuple[float, float, bool]] = {
    "step": (0, 1e12, True),
    "time_s": (0, 1e9, False),
    "tokens": (0, 1e15, True),
    "loss": (0, 1e6, False),
    "train_loss": (0, 1e6, False),
    "tokens_per_s": (0, 1e12, False),
    "peak_memory_gib": (0, 1e6, False),
    "gpus": (0, 1e6, True),
    "answer_s": (0, 1e9, False),
    "score": (0, 1, False),
    "correct": (0, 1e12, True),
    "skill_before": (0, 1, False),
    "skill_after": (0, 1, False),
    "skill_rows": (0, 1e9, True),
    "longest_row": (1, 1e9, True),
}


class ContractError(ValueError):
    """A file of a run is not what the contract says; the message is the reason in words."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One answer per test row, and the confidences (0 to 1) where every row has one."""

    answers: tuple[str, ...]
    confidences: tuple[float, ...] | None


def write_run(
    folder: Path,
    task: Task,
    *,
    prompts: Sequence[str] | None = None,
    test_prompts: Sequence[str] | None = None,
    completions: Sequence[str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Path:
    """Writes a run's folder whole, and removes what an earlier try left in it.

    Args:
        folder: made where it is missing.
        task: what to train; its settings go into run.json as they are.
        prompts, test_prompts, completions: the task's texts and labels as the model should read them; None: as given.
        more: further names for run.json, such as a translation of the settings.
    Returns: the path of run.json.
    Raises: OSError when the disk is full or the folder cannot be written; it then holds no run.json.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (RUN, *OUTPUTS):
        (folder / name).unlink(missing_ok=True)
    _write_rows(folder / TRAIN, prompts or task.texts, completions or task.labels)
    _write_rows(folder / TEST, test_prompts or task.test_texts, task.test_labels)
    run = {
        "format": FORMAT,
        "model": task.model,
        "kind": task.kind,
        "metric": task.metric,
        "seed": task.seed,
        "choices": list(task.choices),
        "settings": dict(task.settings),
        "train": TRAIN,
        "test": TEST,
        "columns": {"prompt": "prompt", "completion": "completion"},
        "train_rows": len(task.texts),
        "test_rows": len(task.test_texts),
        "metrics": METRICS,
        "answers": ANSWERS,
        **(more or {}),
    }
    half = folder / f"{RUN}.half"
    half.write_text(json.dumps(run, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(half, folder / RUN)
    return folder / RUN


def read_run(path: Path) -> dict[str, Any]:
    """What run.json asks for.

    Raises: ContractError when it is not there, not JSON or of another format.
    """
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContractError(f"{path} is not there") from None
    except (ValueError, RecursionError):
        raise ContractError(f"{path} is not JSON") from None
    if not isinstance(run, dict) or run.get("format") != FORMAT:
        got = run.get("format") if isinstance(run, dict) else type(run).__name__
        raise ContractError(f"{path} has format {got!r}; this trainer reads format {FORMAT}")
    return run


def read_rows(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Prompts and completions of train.jsonl or test.jsonl."""
    rows = [row for _, row in _lines(path, 2**40)]
    return tuple(row["prompt"] for row in rows), tuple(row["completion"] for row in rows)


def append_metrics(folder: Path, line: Mapping[str, Any]) -> None:
    """Appends one line to metrics.jsonl; a number that is not finite becomes text, so that the file stays JSON."""
    safe = {k: repr(v) if isinstance(v, float) and not math.isfinite(v) else v for k, v in line.items()}
    with (folder / METRICS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(safe) + "\n")


def write_answers(folder: Path, answers: Sequence[str], confidences: Sequence[float] | None = None) -> None:
    """Writes answers.jsonl whole."""
    half = folder / f"{ANSWERS}.half"
    with half.open("w", encoding="utf-8") as file:
        for i, answer in enumerate(answers):
            line: dict[str, Any] = {"answer": answer}
            if confidences is not None:
                line["confidence"] = confidences[i]
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    os.replace(half, folder / ANSWERS)


def learnt(first_nats: float | None, nats: float, falling: Sequence[float]) -> bool:
    """Whether free answers are learnt: half of the first loss is gone, or the loss no longer falls.

    Args:
        first_nats: the loss before training; None where it was not taken.
        nats: the loss after training.
        falling: the loss of each step's batch, or of each line of the log, in order.

    Example:
        >>> learnt(2.0, 0.9, ()), learnt(2.0, 1.5, (2.0, 1.8, 1.5)), learnt(2.0, 1.5, (2.0, 1.5, 1.5))
        (True, False, True)
    """
    if first_nats is None or nats <= LEARNT_SHARE * first_nats:
        return True
    fifth = max(1, len(falling) // 5)
    return len(falling) > 1 and sum(falling[-fifth:]) >= LEARNT_FALL * sum(falling[-2 * fifth : -fifth])


def failed(task: Task, seconds: float, reason: str) -> Result:
    """The Result of a run that failed, with the seconds that it cost.

    Example:
        >>> task = Task("command", "m", ("a",), ("x",), ("b",), ("x",), "accuracy", 0)
        >>> failed(task, 2.0, "killed").failed
        'killed'
    """
    return Result(0.0, 0, len(task.test_labels), seconds, converged=False, failed=one_line(reason, 400))


def read_result(folder: Path, task: Task, *, seconds: float) -> Result:
    """The Result in a run's folder, or a failed one that says what is wrong with the files.

    Args:
        folder: where the trainer wrote metrics.jsonl and answers.jsonl; either may be missing, not both.
        task: the task it was given.
        seconds: wall time of the whole run.
    Returns: with answers, the score counted here; else the score of the last metrics line that has one. `failed` holds
        the reason for garbage, numbers that are not finite or out of range, a wrong number of answers, files too big.

    Leaves out whether the trainer told the truth: without answers its score is believed, and there are no row scores.
    """
    try:
        lines = [_metrics_line(number, line) for number, line in _lines(folder / METRICS, MOST_METRICS_BYTES)]
        answers = _answers(folder / ANSWERS, len(task.test_labels))
        return _result(lines, answers, task, seconds)
    except ContractError as error:
        return failed(task, seconds, str(error))
    except OSError as error:
        return failed(task, seconds, f"the run's files cannot be read: {error.strerror or type(error).__name__}")


def _result(lines: Sequence[Mapping[str, Any]], answers: Answers | None, task: Task, seconds: float) -> Result:
    last: dict[str, Any] = {}
    for line in lines:
        last.update(line)
    peaks = [line["peak_memory_gib"] for line in lines if "peak_memory_gib" in line]
    tokens, time_s = last.get("tokens"), last.get("time_s")
    result = _scored(last, answers, task, seconds)
    return replace(
        result,
        train_loss=last.get("train_loss", last.get("loss")),
        converged=last.get("converged", task.kind != "classification" or last.get("train_loss", 0.0) <= LEARNT_NATS),
        answer_s=last.get("answer_s"),
        steps=last.get("step"),
        train_tokens=tokens,
        tokens_per_s=last.get("tokens_per_s", tokens / time_s if tokens and time_s else None),
        peak_memory_gib=max(peaks, default=None),
        hardware=last.get("gpu", ""),
        gpus=last.get("gpus", 0),
        skill_before=last.get("skill_before"),
        skill_after=last.get("skill_after"),
        skill_rows=last.get("skill_rows", 0),
        longest_row=last.get("longest_row"),
    )


def _scored(last: Mapping[str, Any], answers: Answers | None, task: Task, seconds: float) -> Result:
    """The score counted from the answers, or without these the one that the metrics hold."""
    if answers is not None:
        return scored(task, answers.answers, seconds, confidences=answers.confidences)
    if "score" not in last:
        raise ContractError(f"it ended well, but wrote neither {ANSWERS} nor a score in {METRICS}")
    rows = len(task.test_labels)
    correct = last.get("correct", round(last["score"] * rows))
    if correct > rows:
        raise ContractError(f"{METRICS} says {count(correct)} correct of {counted(rows, 'test row')}")
    return Result(last["score"], correct, rows, seconds)


def _metrics_line(number: int, line: Mapping[str, Any]) -> dict[str, Any]:
    where, numbers = f"{METRICS} line {number}", dict[str, Any]()
    for name, value in line.items():
        if name in NUMBERS and value is not None:
            numbers[name] = _number(where, name, value)
        elif name == "gpu":
            numbers[name] = one_line(str(value), 80)
        elif name == "converged":
            if not isinstance(value, bool):
                raise ContractError(f"{where}: converged is {one_line(repr(value), 40)}, wanted true or false")
            numbers[name] = value
    return numbers


def _number(where: str, name: str, value: object) -> float:
    least, most, whole = NUMBERS[name]
    got = f"{where}: {name} is {one_line(str(value), 40)}"
    if str(value).lower() in ("nan", "inf", "-inf", "infinity", "-infinity"):
        hint = "training diverged; a lower learning rate may help" if "loss" in name else "wanted a number"
        raise ContractError(f"{got}: {hint}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ContractError(f"{got}, wanted a number")
    if not least <= value <= most:
        raise ContractError(f"{got}, wanted {least:g} to {most:g}")
    if whole and value != int(value):
        raise ContractError(f"{got}, wanted a whole number")
    return int(value) if whole else float(value)


def _answers(path: Path, rows: int) -> Answers | None:
    if not path.exists():
        return None
    answers, confidences = [], []
    for number, line in _lines(path, MOST_ANSWERS_BYTES):
        where = f"{ANSWERS} line {number}"
        answer = line.get("answer")
        if not isinstance(answer, str):
            raise ContractError(f'{where} has no text under "answer"')
        answers.append(_printable(answer))
        if line.get("confidence") is not None:
            confidences.append(_share(where, line["confidence"]))
        if len(answers) > rows:
            break
    if len(answers) != rows:
        more = "more than " if len(answers) > rows else ""
        have = counted(min(len(answers), rows), "answer")
        raise ContractError(f"{ANSWERS} has {more}{have} for {counted(rows, 'test row')}")
    return Answers(tuple(answers), tuple(confidences) if len(confidences) == rows else None)


def _share(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ContractError(f"{where}: confidence is {one_line(str(value), 40)}, wanted 0 to 1")
    return float(value)


def _printable(answer: str) -> str:
    """An answer without characters that could steer a terminal: each becomes the replacement character."""
    if answer.isprintable():
        return answer
    return "".join(c if c in "\n\t\r" or unicodedata.category(c) not in ("Cc", "Cs") else "\ufffd" for c in answer)


def _lines(path: Path, most_bytes: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file, each with its line number; nothing where the file is missing."""
    if not path.exists():
        return
    if not path.is_file():  # a pipe or a device would hold the reader for ever
        raise ContractError(f"{path.name} is not a plain file")
    if path.stat().st_size > most_bytes:
        raise ContractError(f"{path.name} is bigger than {most_bytes // 2**20} MiB, which no run needs")
    # Only line feeds end a line: a text may hold the other separators.
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if line.strip():
            yield number, _object(path.name, number, line)


def _object(name: str, number: int, line: bytes) -> dict[str, Any]:
    try:
        held = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise ContractError(f"{name} line {number} is not UTF-8") from None
    except (ValueError, RecursionError):
        shown = one_line(line[:200].decode("utf-8", "replace"), 40)
        raise ContractError(f"{name} line {number} is not JSON: {shown}") from None
    if not isinstance(held, dict):
        raise ContractError(f"{name} line {number} is {type(held).__name__}, wanted an object")
    return held


def _write_rows(path: Path, prompts: Sequence[str], completions: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for prompt, completion in zip(prompts, completions, strict=True):
            file.write(json.dumps({"prompt": prompt, "completion": completion}, ensure_ascii=False) + "\n")
