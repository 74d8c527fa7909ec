"""Rows that are too long: over the token limit, or far outside the others."""

from typing import TYPE_CHECKING

from tunecase.checks.defect import Defect
from tunecase.checks.evidence import Evidence
from tunecase.checks.tokens import characters_per_token

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunecase.checks.columns import Split

FAR = 6.0  # robust standard deviations of log length
TIMES_MEDIAN = 5.0


def overlong(evidence: Evidence) -> Defect | None:
    """Rows whose tokens pass the limit (at the fewest tokens their characters allow), or that stand far outside.

    Far outside: log characters more than 6 robust standard deviations (1.4826 x MAD) over the median and more than
    five times the median length. Leaves out the chat template, and rows that may pass the limit but need not.
    """
    import numpy as np

    train = evidence.train
    over = _over(train, evidence.asked.limit_tokens)
    characters = train.input_characters + train.output_characters
    far = _far(characters)
    rows = np.flatnonzero(over | far)
    if not len(rows):
        return None
    cut = int(over.sum())
    longest = int(characters[rows].max())
    return Defect(
        check="overlong",
        severity="warn" if cut else "note",
        why=(
            f"{cut} rows pass the limit of {evidence.asked.limit_tokens:,} tokens and would be cut, "
            f"{int((far & ~over).sum())} more are far longer than the others; the longest has {longest:,} characters"
        ),
        fix="look at them: shorten, split, or raise the limit; a cut row loses its answer first",
        rows=rows,
        examples=tuple(train.example(int(row)) for row in rows[:2]),
        review_rows=float(len(rows)),
    )


def _over(train: "Split", limit_tokens: int) -> "NDArray[np.bool_]":
    if train.tokens is not None:
        return train.tokens > limit_tokens
    most = characters_per_token(train.bytes_per_character)[1]
    return (train.input_characters + train.output_characters) / most > limit_tokens


def _far(characters: "NDArray[np.int64]") -> "NDArray[np.bool_]":
    import numpy as np

    logs = np.log(np.maximum(characters, 1))
    if not len(logs):
        return np.zeros(0, bool)
    middle = np.median(logs)
    spread = 1.4826 * float(np.median(np.abs(logs - middle)))
    far: NDArray[np.bool_] = (logs > middle + FAR * spread) & (logs > middle + np.log(TIMES_MEDIAN))
    return far
