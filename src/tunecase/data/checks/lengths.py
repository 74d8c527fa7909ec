"""Rows that are too long: over the token limit, or far outside the others."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.rowsets import union
from tunecase.data.tally import Tally, weighted_median
from tunecase.data.tokens.estimation import estimate
from tunecase.data.tokens.rows import characters_per_token
from tunecase.quantities import Array, Flags, Rows, np

if TYPE_CHECKING:
    from tunecase.data.checks.columns import Split

    Columns = dict[str, Array]
    Test = Callable[[Columns], Flags]

FAR = 6.0  # robust standard deviations of log length
TIMES_MEDIAN = 5.0
LENGTHS = ("input_characters", "output_characters")
COUNTED = ("tokens", "output_tokens")


def overlong(evidence: Evidence) -> Defect | None:
    """Rows whose tokens pass the limit (at the fewest tokens their characters allow), or that stand far outside.

    A row over the limit loses the end of its answer; where the question alone fills it, all of it. Far outside: log
    characters more than 6 robust standard deviations (1.4826 x MAD) over the median and more than five times the median
    length. *Leaves out* the chat template where none is at hand, and rows that may pass the limit but need not.
    """
    train, limit = evidence.train, evidence.request.limit_tokens
    names = (*LENGTHS, *COUNTED) if train.counter else LENGTHS
    is_over, is_far = _over(train, limit), far_from(Tally(_characters(c) for _, c in train.chunks(*LENGTHS)))
    over = train.where(names, is_over)
    far = train.where(names, lambda columns: is_far(_characters(columns)))
    rows = union(over, far)
    if not len(rows):
        return None
    is_lost = _lost(train, limit)
    lost = train.where(names, lambda columns: is_over(columns) & is_lost(columns))
    characters = train.take(LENGTHS[0], rows) + train.take(LENGTHS[1], rows)
    # The worst first: rows without any answer left, then by length.
    rows = rows[np.lexsort((-characters, ~np.isin(rows, lost)))]
    return Defect(
        check="overlong",
        severity="warn" if len(over) else "note",
        why=_why(evidence, len(over), len(lost), len(rows) - len(over), int(characters.max())),
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


def _characters(columns: "Columns") -> "Rows":
    return columns[LENGTHS[0]] + columns[LENGTHS[1]]


def _over(train: "Split", limit_tokens: int) -> "Test":
    if train.counter:
        names = (*LENGTHS, "tokens")
        of = estimate(lambda: ((_characters(columns), columns["tokens"]) for _, columns in train.chunks(*names)))
        return lambda columns: of.rows(_characters(columns), columns["tokens"]) > limit_tokens
    most = characters_per_token(train.bytes_per_character)[1]
    return lambda columns: _characters(columns) / most > limit_tokens


def _lost(train: "Split", limit_tokens: int) -> "Test":
    if train.counter:
        return lambda columns: columns["tokens"] - columns["output_tokens"] >= limit_tokens
    most = characters_per_token(train.bytes_per_character)[1]
    return lambda columns: columns["input_characters"] / most >= limit_tokens


def far_from(lengths: Tally) -> "Callable[[Rows], Flags]":
    """A test of lengths: which stand far outside the lengths that were counted.

    Example:
        >>> import numpy as np
        >>> far_from(Tally([np.full(50, 100)]))(np.array([100, 6000])).tolist()
        [False, True]
    """
    logs = np.log(np.maximum(lengths.values, 1))
    middle = weighted_median(logs, lengths.counts)
    spread = 1.4826 * weighted_median(np.abs(logs - middle), lengths.counts)

    def is_far(characters: "Rows") -> "Flags":
        own = np.log(np.maximum(characters, 1))
        far: Flags = (own > middle + FAR * spread) & (own > middle + np.log(TIMES_MEDIAN))
        return far

    return is_far
