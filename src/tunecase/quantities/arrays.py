"""numpy, loaded when it is first used, and the kinds of arrays by what they hold: names for signatures."""

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:

    class _Numpy:
        """Stands for the module: to load it takes longer than most commands that draw no number."""

        def __getattr__(self, name: str) -> Any:
            import numpy

            value = getattr(numpy, name)
            setattr(self, name, value)
            return value

    np = _Numpy()

Array: TypeAlias = "NDArray[Any]"
Draws: TypeAlias = "NDArray[np.float64]"  # one number in each world
Floats: TypeAlias = "NDArray[np.float64]"
Numbers: TypeAlias = "NDArray[np.floating[Any]]"
Flags: TypeAlias = "NDArray[np.bool_]"
Indices: TypeAlias = "NDArray[np.intp]"
Rows: TypeAlias = "NDArray[np.int64]"  # indices of rows, or one whole number for each
Hashes: TypeAlias = "NDArray[np.uint64]"
Shingles: TypeAlias = "NDArray[np.uint32]"  # hashes of runs of words, or bits of marks
Bytes: TypeAlias = "NDArray[np.uint8]"
Rng: TypeAlias = "np.random.Generator"
