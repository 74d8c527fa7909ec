"""The rows to review: which, in what order, how suspicious each is, and the files that hand them out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.clean.numbering import numbers_of, rows_beyond
from tunecase.data.clean.reasons import Reason
from tunecase.data.clean.suspects import reasons_for, wanted_rows, worst_first
from tunecase.data.detectors.private import masked
from tunecase.data.review.corrections import Correction
from tunecase.data.review.queue.item import NEUTRAL, Item
from tunecase.data.review.queue.writing import QueueFiles
from tunecase.data.rowsets import union
from tunecase.quantities import Flags, Rng, Rows, generator, np
from tunecase.records import Audit

CONTROL_SHARE = 0.1  # of the rows handed out
MOST_SUSPECTS = 20_000  # handed out at once: more than people read, and few enough for the tools that show them


@dataclass(slots=True)
class Waiting:
    """One row of the queue before its texts are read; `number` is that in the file."""

    number: int
    rank: int
    reasons: Sequence[Reason]
    suspicion: float | None
    control: bool
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Queue:
    """The rows handed out, by row id in the order of their rank, and how many less suspicious ones are left out."""

    rows: Mapping[int, Waiting]
    left_out: int = 0


def plan_review(evidence: Evidence, defects: Sequence[Defect], corrections: Mapping[int, Correction]) -> Queue:
    """The worst of the suspicious rows first, with one row in ten drawn at random mixed in (see `worst_first`).

    Rows that are dropped or already reviewed are left out. The random rows are drawn from all others that are not
    handed out as suspicious, so that they speak for them.

    Args:
        corrections: what reviewers decided, by row id.
    """
    dropped = union(*(defect.removed for defect in defects), _settled(corrections))
    wanted = wanted_rows(defects, dropped)
    rows, suspicion = worst_first(wanted, evidence.domain)
    left_out = max(len(rows) - MOST_SUSPECTS, 0)
    rows, suspicion = rows[:MOST_SUSPECTS], suspicion[:MOST_SUSPECTS]
    reasons = reasons_for(evidence, wanted, union(rows))
    rng = generator(evidence.request.seed, "control rows")
    controls, drawn = _controls(rng, evidence.train.count, len(rows), union(dropped, rows))
    handed = np.zeros(len(drawn), np.int64)
    handed[~drawn], handed[drawn] = rows, controls
    numbers, chances = numbers_of(evidence.train, handed).tolist(), iter(suspicion.tolist())
    each = zip(handed.tolist(), numbers, drawn.tolist(), strict=True)
    queue = {
        row: Waiting(number, rank, reasons.get(row, ()), None if control else next(chances), control)
        for rank, (row, number, control) in enumerate(each, 1)
    }
    return Queue(queue, left_out)


def _controls(rng: "Rng", rows: int, suspects: int, taken: "Rows") -> "tuple[Rows, Flags]":
    """Random rows that are not taken, in random order, and which places of the queue they have."""
    free = rows - len(taken)
    wanted = min(round(suspects * CONTROL_SHARE / (1 - CONTROL_SHARE) + 0.499), free)
    drawn = np.zeros(suspects + wanted, bool)
    if not wanted:
        return union(), drawn
    controls = rows_beyond(taken, rng.choice(free, wanted, replace=False))
    drawn[rng.choice(suspects + wanted, wanted, replace=False)] = True
    return controls, drawn


def _settled(corrections: Mapping[int, Correction]) -> "Rows":
    settled = (row for row, each in corrections.items() if each.verdict != "wrong" or each.answer)
    return np.fromiter(settled, np.int64)


def expected_wrong(queue: Queue, audit: Audit) -> float:
    """How many rows of the queue are expected to be wrong before anybody has looked.

    Where a check also estimates how many rows are wrong, suspicion only ranks them: its rows then sum to that number at
    most. Elsewhere suspicion is the check's measured precision and counts as it stands.
    """
    estimated = {each.check: each.measured.middle for each in audit.findings if each.measured and each.scores}
    sums = dict.fromkeys(estimated, 0.0)
    total = 0.0
    for waiting in queue.rows.values():
        suspicion, checks = waiting.suspicion or 0.0, {reason.check for reason in waiting.reasons}
        if len(checks) == 1 and (check := next(iter(checks))) in estimated:
            sums[check] += suspicion
        else:
            total += suspicion
    return total + sum(min(estimated[check], part) for check, part in sums.items())


def write_queue(folder: Path, queue: Queue, texts: IO[bytes], classes: tuple[str, ...], mask: bool) -> None:
    """Writes the rows in the order of their rank, with the texts that the pass over the file kept."""
    import orjson

    with QueueFiles(folder, classes) as files:
        for waiting in queue.rows.values():
            start, length = waiting.place
            if not length:
                continue  # a reviewer deleted it since
            texts.seek(start)
            number, line, code, input, output = orjson.loads(texts.read(length))
            why = "; ".join(dict.fromkeys(reason.text or NEUTRAL for reason in waiting.reasons)) or NEUTRAL
            files.write(
                Item(
                    rank=waiting.rank,
                    row=number,
                    line=line,
                    code=code,
                    input=input,
                    given=output,
                    suggested=next((reason.suggested for reason in waiting.reasons if reason.suggested), ""),
                    why=masked(why) if mask else why,
                    checks=tuple(reason.check for reason in waiting.reasons),
                    suspicion=waiting.suspicion,
                )
            )
