"""One's own table of measured runs: what is read of it, what is not, what is asked for."""

from pathlib import Path

import pytest

from tunecase.compute.measured.own_table import read_runs
from tunecase.errors import InputError

GOOD = "meta-llama/Llama-3.1-8B,lora,1,A100-80GB,2048,2,20000\n"
HEADER = "model,method,n_gpus,gpu,seq_len,micro_batch,"


def written(folder: Path, text: str) -> Path:
    """A table of that text."""
    path = folder / "runs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_runs_are_read_and_odd_columns_named(tmp_path: Path) -> None:
    """A row with a result is a run; a column that is not read is said."""
    head = HEADER + "tokens_per_s_per_gpu,mood\n"
    runs, notes = read_runs(written(tmp_path, head + GOOD.replace("20000\n", "2000,good\n")))
    assert [2000.0] == [run.tokens_per_s_per_gpu for run in runs]
    assert ["runs.csv: columns not read: mood"] == list(notes)


def test_a_row_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """The other rows are read, and the one is named with the reason."""
    text = HEADER + "tokens_per_s_per_gpu\n" + GOOD + GOOD.replace("lora", "magic")
    runs, notes = read_runs(written(tmp_path, text))
    assert 1 == len(runs)
    assert "left out" in notes[0]
    assert "magic" in notes[0]


def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    """A table without the columns that every run needs, or without a result, is refused with what to add."""
    cases = [
        ("model,method\n", "n_gpus"), (HEADER + "tokens_per_second\n", "did you mean tokens_per_s_per_gpu"),
        ("", "no rows"),
    ]  # fmt: skip
    for header, said in cases:
        with pytest.raises(InputError) as caught:
            read_runs(written(tmp_path, header + ("" if not header else GOOD)))
        assert said in str(caught.value)


def test_a_table_with_no_row_to_read_is_refused(tmp_path: Path) -> None:
    """The first row's reason is told."""
    text = HEADER + "tokens_per_s_per_gpu\n" + GOOD.replace("lora", "magic")
    with pytest.raises(InputError, match="magic"):
        read_runs(written(tmp_path, text))
