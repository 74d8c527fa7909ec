"""A user's own table of measured runs, one run per row: which of its columns are read, and which are not."""

import csv
import difflib
from collections.abc import Iterable
from pathlib import Path

from tunecase.compute.measured.runs import Measured
from tunecase.compute.measured.table import read
from tunecase.errors import InputError, Problem

NEEDED = ("model", "method", "n_gpus")
SIZES = ("gpu", "seq_len", "micro_batch", "global_batch", "params_b", "lora_rank", "lora_targets")
SETUP = ("framework", "precision", "quant", "optimizer", "sharding", "grad_ckpt", "flash_attn")
RESULTS = ("peak_mem_gb_per_gpu", "mem_unit", "mem_stat", "tokens_per_s_per_gpu")
ORIGIN = ("id", "source", "date", "notes")
COLUMNS = (*NEEDED, *SIZES, *SETUP, *RESULTS, *ORIGIN)
NAMED = (
    f"the columns {', '.join(NEEDED)}, at least one of peak_mem_gb_per_gpu and tokens_per_s_per_gpu, and whatever is "
    "known of the others"
)
OTHERS = f"others: {', '.join(column for column in COLUMNS if column not in (*NEEDED, RESULTS[0], RESULTS[3]))}"
MEANT = {"tokens_per_s": RESULTS[3], "tokens_per_second": RESULTS[3], "peak_gib": RESULTS[0], "peak_gb": RESULTS[0]}


def read_runs(path: Path) -> tuple[tuple[Measured, ...], tuple[str, ...]]:
    """The runs of a table and, in words, what of it was not read.

    Args:
        path: a CSV with the columns model, method (full, lora, qlora), n_gpus, and whatever is known of gpu, seq_len
            [tokens], micro_batch, global_batch, params_b [10^9], lora_rank, lora_targets, framework, precision, quant,
            optimizer, sharding, grad_ckpt, flash_attn, peak_mem_gb_per_gpu (mem_unit GB or GiB; mem_stat allocated,
            reserved or nvidia-smi), tokens_per_s_per_gpu, id, source, date, notes.
    Returns: the runs, and notes on columns and rows that were not read.
    Raises: InputError for a file without the columns that every run needs, with no result, or with no row to read.
    """
    columns = _columns(path)
    if columns is not None:
        _refuse(path, columns)
    table = read(path)
    if not table.runs:
        name, why = table.refused[0]
        raise InputError(Problem(f"{path}, {name}", why, "measured runs", "correct the rows"))
    unread = [column for column in columns or () if column not in COLUMNS]
    notes = [f"{path.name}: columns not read: {'; '.join(map(_meant, unread))}"] if unread else []
    notes += [f"{path.name}, {name}: left out, {why}" for name, why in table.refused]
    return table.runs, tuple(notes)


def _columns(path: Path) -> list[str] | None:
    """The first row of the file; None where it cannot be read, which `read` reports."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return [column.strip() for column in next(csv.reader(lines), [])]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None


def _refuse(path: Path, columns: Iterable[str]) -> None:
    missing = [column for column in NEEDED if column not in columns]
    if not {RESULTS[0], RESULTS[3]} & set(columns):
        missing.append(f"{RESULTS[0]} or {RESULTS[3]}")
    if missing:
        got = f"columns {', '.join(columns)}"[:300] if columns else "no rows"
        meant = [_meant(column) for column in columns if column not in COLUMNS and _near(column)]
        fix = f"add {', '.join(missing)}{'; ' if meant else ''}{'; '.join(meant)}; {OTHERS}"
        raise InputError(Problem(str(path), got, NAMED, fix))


def _near(column: str) -> str:
    meant = MEANT.get(column.casefold())
    close = difflib.get_close_matches(column.casefold(), COLUMNS, n=1, cutoff=0.75)
    return meant or (close[0] if close else "")


def _meant(column: str) -> str:
    near = _near(column)
    return f"{column} (did you mean {near}?)" if near else column
