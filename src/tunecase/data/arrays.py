"""The kinds of arrays that the audit works with."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Rows = NDArray[np.int64]  # indices of rows, or one whole number for each
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Hashes = NDArray[np.uint64]
    Shingles = NDArray[np.uint32]  # hashes of runs of words, or bits of marks
    Bytes = NDArray[np.uint8]
