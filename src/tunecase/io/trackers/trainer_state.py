"""The trainer_state.json of Hugging Face's Trainer (also TRL, LLaMA-Factory, Axolotl): one file is one run.

The number of training examples stands in no trainer state: it is read from result files beside it, or worked out from
the trainer's time and speed.
"""

import contextlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tunecase.errors import InputError, Problem
from tunecase.io.csv_tables import MOST, read_text
from tunecase.io.trackers.run import Tracked

STATE = "trainer_state.json"
BESIDE = (
    "all_results.json", "train_results.json", "eval_results.json", "predict_results.json", "run_args.json",
    "training_args.json", "args.json", "dataset_info.json", "metadata.json", "run.json",
)  # fmt: skip
CHECKPOINT = re.compile(r"checkpoint-\d+")
SCORE_PREFIXES = ("eval_", "test_", "predict_")
NO_SCORE = re.compile(r"_(runtime|(samples|steps|tokens)_per_second|jit_compilation_time|samples)$")
MOST_FOLDERS, MOST_DEPTH = 2_000, 6
LEAST_DIGITS = 0.02  # a size worked out from rounded figures may be this far off
DECIMALS_SPEED, DECIMALS_TIME = 0.0005, 0.00005  # half of the last digit that the trainer prints


class States(NamedTuple):
    """The files found below a folder; `cut` says how many folders were searched where a limit ended the search."""

    files: list[Path]
    cut: str = ""


def states(folder: Path, name: str = STATE) -> States:
    """Trainer states, or files of another name, below a folder, nearest first; links to folders are not followed.

    At most MOST_FOLDERS folders are searched, no more than MOST_DEPTH levels below the first.
    """
    files: list[Path] = []
    searched, level = 0, [folder]
    for _ in range(MOST_DEPTH + 1):
        below: list[Path] = []
        for here in level:
            if searched == MOST_FOLDERS:
                return States(files, f"read {MOST_FOLDERS:,} of at least {MOST_FOLDERS + 1:,} folders")
            searched += 1
            with contextlib.suppress(OSError):
                children = sorted(here.iterdir())
                files += [child for child in children if child.name == name and child.is_file()]
                below += [child for child in children if child.is_dir() and not child.is_symlink()]
        level = below
    return States(files)


def output_folder(file: Path) -> Path:
    """The output folder of a trainer state: the one around its checkpoint, else its own."""
    return file.parent.parent if CHECKPOINT.fullmatch(file.parent.name) else file.parent


def last_states(files: Iterable[Path]) -> dict[Path, tuple[Path, Mapping[str, Any]]]:
    """Of each output folder, the state with the most steps: its file and its body. Other JSON files are passed over.

    Raises: InputError for a trainer state without its log, and for a file that is not JSON.
    """
    latest: dict[Path, tuple[Path, Mapping[str, Any]]] = {}
    for file in files:
        body = read_json(file)
        if not isinstance(body, dict) or not isinstance(body.get("log_history"), list):
            if file.name == STATE:
                fix = "save it again with trainer.save_state()"
                raise InputError(Problem(str(file), "no log_history", "a trainer state", fix))
            continue
        folder = output_folder(file)
        if folder not in latest or _progress(latest[folder][1]) < _progress(body):
            latest[folder] = file, body
    return latest


def _progress(body: Mapping[str, Any]) -> tuple[float, int]:
    """Steps, then entries: the last checkpoint has as many steps as the whole run, but not yet its summary."""
    return finite(body.get("global_step")), len(body["log_history"])


def tracked_run(body: Mapping[str, Any], folder: Path, asked_path: Path) -> Tracked:
    """One run from its trainer state and the files beside it; named by its folder below the path asked for."""
    log = [entry for entry in body["log_history"] if isinstance(entry, dict)]
    scores: dict[str, list[tuple[float, float]]] = {}
    for entry in log:
        for key, number in _scores(entry):
            scores.setdefault(key, []).append((finite(entry.get("step")), number))
    facts: dict[str, str] = {}
    for name in BESIDE:
        if (folder / name).is_file():
            facts |= dict(flat(read_json(folder / name)))
    for key, number in _scores(facts):  # results that were computed after training stand beside it only
        scores.setdefault(key, [(math.inf, number)])
    top = asked_path if asked_path.is_dir() else asked_path.parent
    name = folder.relative_to(top).as_posix() if folder != top and folder.is_relative_to(top) else folder.resolve().name
    return Tracked(name, "", facts, scores, _seen(log, "train"), _seen(log, "eval"))


def _scores(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        if key.startswith(SCORE_PREFIXES) and not NO_SCORE.search(key) and (number := _number(value)) is not None:
            yield key, number


def _seen(log: list[dict[str, Any]], part: str) -> int | None:
    """Examples in one pass: time x samples per second / passes, where rounding moves that by less than 2%.

    The trainer counts training samples over all epochs; an evaluation is one pass.
    """
    for entry in reversed(log):
        time, speed = (finite(entry.get(f"{part}_{name}")) for name in ("runtime", "samples_per_second"))
        passes = finite(entry.get("epoch")) if part == "train" else 1.0
        if min(time, speed, passes) <= 0 or not 1 <= time * speed / passes <= MOST:
            continue
        if DECIMALS_SPEED / speed + DECIMALS_TIME / time > LEAST_DIGITS:
            continue
        return round(time * speed / passes)
    return None


def flat(body: Any, before: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Plain values of nested objects as text, by their names joined with dots."""
    if isinstance(body, dict) and depth < 4:
        for key, value in body.items():
            yield from flat(value, f"{before}.{key}" if before else str(key), depth + 1)
    elif isinstance(body, bool | int | float | str):
        yield before, str(body)


def read_json(path: Path) -> Any:
    """The content of a JSON file, in which NaN is allowed. Raises InputError when it cannot be read."""
    import json

    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError):
        raise InputError(Problem(str(path), "not JSON", "a JSON file", "save it again")) from None


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def finite(value: Any) -> float:
    """A number as it is, anything else as 0."""
    number = _number(value)
    return number if number is not None and math.isfinite(number) else 0.0
