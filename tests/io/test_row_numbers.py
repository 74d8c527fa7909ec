"""Row numbers come back from their file as they were, or with a plain word why not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.errors import InputError
from tunecase.io import read_row_numbers, row_numbers_digest, write_row_numbers


@given(st.sets(st.integers(0, 300) | st.integers(0, 2**40), max_size=80))
def test_rows_come_back_as_they_were(tmp_path_factory, rows):
    """Runs, gaps, the first row, large numbers and none at all."""
    path, wanted = tmp_path_factory.mktemp("rows") / "d.rows", np.array(sorted(rows), np.int64)
    write_row_numbers(path, wanted)
    assert read_row_numbers(path, len(wanted), row_numbers_digest(wanted), "").tolist() == wanted.tolist()


def test_files_stay_small_and_changed_ones_are_told(tmp_path):
    """A million rows take little; a missing, changed or other list is not taken for the one written."""
    rng, path = np.random.default_rng(0), tmp_path / "d.rows"
    write_row_numbers(path, np.arange(7, 1_000_007))
    assert path.stat().st_size < 200
    write_row_numbers(path, np.sort(rng.choice(1_000_000, 150_000, replace=False)))
    assert path.stat().st_size < 120_000
    (tmp_path := tmp_path / "second").mkdir()
    path, rows = tmp_path / "d.rows", np.array([1, 2, 9])
    digest = row_numbers_digest(rows)
    with pytest.raises(InputError, match="3 row numbers"):
        read_row_numbers(path, 3, digest, "run it again")
    write_row_numbers(path, rows)
    whole = path.read_bytes()
    write_row_numbers(path, np.arange(0, 5_000_000, 3))
    for body in (whole[:-12], whole[:-12] + b"\0" * 12, b"rows", b"", path.read_bytes()):
        path.write_bytes(body)
        with pytest.raises(InputError, match="changed"):
            read_row_numbers(path, 3, digest, "run it again")
