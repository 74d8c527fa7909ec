"""How long samples are: from a histogram, a list of token counts, or the texts of a data file."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase.compute import lengths
from tunecase.compute.lengths import Lengths
from tunecase.errors import InputError, Problem
from tunecase.io import no_file, read_text
from tunecase.quantities import np

if TYPE_CHECKING:
    from tunecase.data.reading import Row

LENGTH_NAMES = ("tokens", "length", "length_tokens", "num_tokens", "n_tokens", "token_count", "sequence_tokens")
COUNT_NAMES = ("count", "counts", "rows", "samples", "n", "frequency")
CHARACTERS_PER_TOKEN = 4
MOST_TOKENS = 10**8
WANTED = "token lengths: CSV with the columns tokens,count, JSONL with numbers or a tokens field, or a data file"


@dataclass(frozen=True, slots=True)
class Sampled:
    """Lengths of a file's samples and, in words, how they were found."""

    lengths: Lengths
    how: str


def read_lengths(path: Path, tokenizer: Path | None = None) -> Sampled:
    """The lengths of the samples in a file.

    Args:
        path: a CSV of tokens,count; a JSON list or JSONL of numbers, or of objects with a field `tokens` (or `length`,
            `num_tokens`, `input_ids`); or a data file that `audit` reads.
        tokenizer: a tokenizer.json, to count the tokens of a data file; four characters a token without one.
    Returns: the Sampled lengths.
    Raises: InputError when the file is not there or states no length.

    Leaves out the tokens that a chat template adds where no tokenizer is at hand.
    """
    if not path.is_dir() and (problem := no_file(path, WANTED, "correct the path")):
        raise InputError(problem)
    counted = None
    if path.is_file() and path.suffix.casefold() in (".csv", ".tsv"):
        counted = _histogram(path)
    elif path.is_file() and path.suffix.casefold() in (".jsonl", ".json", ".ndjson", ".txt"):
        counted = _numbers(path)
    if counted is not None:
        if not counted:
            raise InputError(Problem(str(path), "no length above 0", WANTED, "write one row for each length"))
        histogram = lengths.of(list(counted), list(counted.values()))
        return Sampled(
            histogram,
            f"lengths of {histogram.total:,} samples from {path.name}, {histogram.mean:,.0f} tokens on average",
        )
    return _texts(path, tokenizer)


def _histogram(path: Path) -> dict[int, int] | None:
    """Samples by length [tokens] from a CSV with such columns; None where it has no column of lengths."""
    rows = list(csv.DictReader(read_text(path).splitlines()))
    columns = {(name or "").strip().casefold(): name for name in (rows[0] if rows else {})}
    length, count = (next(filter(columns.__contains__, names), None) for names in (LENGTH_NAMES, COUNT_NAMES))
    if length is None:
        return None
    total: Counter[int] = Counter()
    for number, row in enumerate(rows, 2):
        tokens = _whole(row[columns[length]], f"{path.name}:{number}")
        samples = _whole(row[columns[count]], f"{path.name}:{number}") if count else 1
        if tokens and samples:
            total[tokens] += samples
    return total


def _whole(text: Any, where: str) -> int:
    try:
        number = float(text)
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if not 0 <= number <= MOST_TOKENS or number != int(number):
        raise InputError(Problem(where, repr(text), "a whole number of tokens or samples", "correct the row"))
    return int(number)


def _numbers(path: Path) -> dict[int, int] | None:
    """Samples by length [tokens] from JSON that states lengths; None where it holds other things."""
    total: Counter[int] = Counter()
    for number, item in enumerate(_items(path), 1):
        stated = _stated(item)
        if stated is None:
            if number == 1:
                return None
            raise InputError(Problem(f"{path.name}: sample {number}", repr(item)[:80], WANTED, "correct the row"))
        if length := _whole(stated, f"{path.name}: sample {number}"):
            total[length] += 1
    return total


def _items(path: Path) -> Iterator[Any]:
    """The items of a JSON list, or one per line; None for what is not JSON."""
    text = read_text(path).strip()
    try:
        whole = json.loads(text) if text.startswith("[") else None
        yield from (
            whole if isinstance(whole, list) else (json.loads(line) for line in text.splitlines() if line.strip())
        )
    except (ValueError, RecursionError):
        yield None


def _stated(item: Any) -> Any:
    if isinstance(item, int | float) and not isinstance(item, bool):
        return item
    if not isinstance(item, Mapping):
        return None
    if isinstance(item.get("input_ids"), list):
        return len(item["input_ids"])
    return next((item[name] for name in LENGTH_NAMES if isinstance(item.get(name), int | float)), None)


def _texts(path: Path, tokenizer: Path | None) -> Sampled:
    """Lengths of a data file's texts."""
    from tunecase.data.reading import load
    from tunecase.data.tokens import why_uncounted

    rows = [row for row in load(path, labelled=False).rows if row.input or row.output]
    if not rows:
        raise InputError(Problem(str(path), "no row that can be read", WANTED, "run tunecase audit on it"))
    why = why_uncounted(tokenizer) if tokenizer else "no tokenizer of the model is at hand"
    if tokenizer is None or why:
        counts = [round(len(f"{row.input}\n{row.output}") / CHARACTERS_PER_TOKEN) for row in rows]
        how = f"{CHARACTERS_PER_TOKEN} characters a token, as {why}"
    else:
        counts, how = _tokenized(rows, tokenizer, path.stat().st_size if path.is_file() else 0)
    histogram = lengths.of([max(1, count) for count in counts])
    mean = f"{histogram.total:,} samples of {path.name}, {histogram.mean:,.0f} tokens on average"
    return Sampled(histogram, f"{mean}: {how}")


def _tokenized(rows: "Sequence[Row]", tokenizer: Path, file_bytes: int) -> tuple[list[int], str]:
    """Tokens of each row, estimated from those that were counted, and in words how."""

    from tunecase.data.reading import prompt_of
    from tunecase.data.tokens import Counter as TokenCounter
    from tunecase.data.tokens import estimate

    counter = TokenCounter(tokenizer, file_bytes)
    turns = [row.turns for row in rows] if any(row.turns for row in rows) else ()
    tokens = counter.count([prompt_of(row) for row in rows], [row.output for row in rows], turns).total
    sizes = np.array([len(row.input) + len(row.output) for row in rows])
    return [int(count) for count in estimate(lambda: [(sizes, tokens)]).rows(sizes, tokens)], counter.how
