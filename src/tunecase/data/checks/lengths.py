"""Rows that are too long: over the token limit, or far outside the others."""

from typing import TYPE_CHECKING

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.tokens.counting import estimated
from tunecase.data.tokens.rows import characters_per_token

if TYPE_CHECKING:
    from tunecase.data.arrays import Flags, Rows
    from tunecase.data.checks.columns import Split

FAR = 6.0  # robust standard deviations of log length
TIMES_MEDIAN = 5.0


def overlong(evidence: Evidence) -> Defect | None:
    """Rows whose tokens pass the limit (at the fewest tokens their characters allow), or that stand far outside.

    A row over the limit loses the end of its answer; where the question alone fills it, all of it. Far outside: log
    characters more than 6 robust standard deviations (1.4826 x MAD) over the median and more than five times the median
    length. *Leaves out* the chat template where none is at hand, and rows that may pass the limit but need not.
    """
    import numpy as np

    train, limit = evidence.train, evidence.request.limit_tokens
    over = _over(train, limit)
    characters = train.input_characters + train.output_characters
    far = _far(characters)
    rows = np.flatnonzero(over | far)
    if not len(rows):
        return None
    cut = int(over.sum())
    longest = int(characters[rows].max())
    # The worst first: rows without any answer left, then by length.
    lost = _lost(train, limit) & over
    rows = rows[np.lexsort((-characters[rows], ~lost[rows]))]
    return Defect(
        check="overlong",
        severity="warn" if cut else "note",
        why=_why(evidence, cut, int(lost.sum()), int((far & ~over).sum()), longest),
        fix="look at them: shorten, split, or raise the limit; a cut row loses its answer first",
        rows=rows,
        examples=tuple(map(train.example, rows[:2].tolist())),
        review_rows=float(len(rows)),
    )


def _why(evidence: Evidence, cut: int, lost: int, far: int, longest: int) -> str:
    request = evidence.request
    limit = f"{request.limit_tokens:,} tokens ({request.limit_from})"
    parts = [f"{cut} rows pass the limit of {limit} and would be cut"]
    if cut and evidence.train.labelled:
        left = f", {lost} of them all of it" if lost else ""
        parts.append(f"they lose the end of their answer{left}")
    parts.append(f"{far} more are far longer than the others")
    return "; ".join(parts) + f"; the longest has {longest:,} characters"


def _over(train: "Split", limit_tokens: int) -> "Flags":
    characters = train.input_characters + train.output_characters
    if train.tokens is not None:
        return estimated(characters, train.tokens).rows > limit_tokens
    return characters / characters_per_token(train.bytes_per_character)[1] > limit_tokens


def _lost(train: "Split", limit_tokens: int) -> "Flags":
    if train.tokens is not None and train.output_tokens is not None:
        return train.tokens - train.output_tokens >= limit_tokens
    return train.input_characters / characters_per_token(train.bytes_per_character)[1] >= limit_tokens


def _far(characters: "Rows") -> "Flags":
    import numpy as np

    logs = np.log(np.maximum(characters, 1))
    if not len(logs):
        return np.zeros(0, bool)
    middle = np.median(logs)
    spread = 1.4826 * float(np.median(np.abs(logs - middle)))
    far: Flags = (logs > middle + FAR * spread) & (logs > middle + np.log(TIMES_MEDIAN))
    return far
