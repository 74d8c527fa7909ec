"""The rows to review: which, in what order, how suspicious each is, and the files that hand them out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tunecase import catalog
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.clean.reasons import Reason, rows_to_look_at
from tunecase.data.detectors.personal import masked
from tunecase.data.review.corrections import Correction
from tunecase.data.review.queue.item import NEUTRAL, Item
from tunecase.data.review.queue.writing import QueueFiles
from tunecase.quantities import generator
from tunecase.records import Audit

CONTROL_SHARE = 0.1  # of the rows handed out
UNMEASURED_SUSPICION = 0.5


@dataclass(slots=True)
class Waiting:
    """One row of the queue before its texts are read."""

    rank: int
    reasons: Sequence[Reason]
    suspicion: float | None
    control: bool
    place: tuple[int, int] = (0, 0)


def plan_review(
    evidence: Evidence,
    defects: Sequence[Defect],
    removed: set[int],
    corrections: Mapping[int, Correction],
) -> dict[int, Waiting]:
    """The queue by row number: suspicious rows first, with one row in ten drawn at random mixed in.

        suspicion = 1 - product over findings of (1 - s),   s a ranked row's score, else the check's measured precision

    Rows that are dropped or already reviewed are left out; the random rows are drawn from the rest of the file.
    """
    import numpy as np

    number = evidence.train.number
    without = np.isin(number, np.fromiter(removed | _settled(corrections), np.int64))
    reasons = rows_to_look_at(evidence, defects, without)
    suspicion = {at: _suspicion(why, evidence.domain) for at, why in reasons.items()}
    order = sorted(reasons, key=lambda at: (-suspicion[at], int(number[at])))
    rng = generator(evidence.request.seed, "control rows")
    free = np.flatnonzero(~without & ~np.isin(np.arange(len(number)), order))
    wanted = min(round(len(order) * CONTROL_SHARE / (1 - CONTROL_SHARE) + 0.499), len(free))
    controls = rng.choice(free, wanted, replace=False) if wanted else free[:0]
    places = set(rng.choice(len(order) + wanted, wanted, replace=False).tolist()) if wanted else set()
    suspects, drawn = iter(order), iter(controls.tolist())
    queue: dict[int, Waiting] = {}
    for place in range(len(order) + wanted):
        control = place in places
        at = next(drawn) if control else next(suspects)
        why = () if control else reasons[at]
        queue[int(number[at])] = Waiting(place + 1, why, None if control else suspicion[at], control)
    return queue


def _settled(corrections: Mapping[int, Correction]) -> set[int]:
    return {row for row, correction in corrections.items() if correction.verdict != "wrong" or correction.answer}


def _suspicion(reasons: Sequence[Reason], domain: str) -> float:
    clear = 1.0
    for reason in reasons:
        accuracy = catalog.check_accuracy(reason.check, domain)
        chance = reason.score if reason.score is not None or accuracy is None else accuracy.precision
        clear *= 1 - (UNMEASURED_SUSPICION if chance is None else chance)
    return 1 - clear


def expected_wrong(queue: Mapping[int, Waiting], audit: Audit) -> float:
    """How many rows of the queue are expected to be wrong before anybody has looked.

    Where a check also estimates how many rows are wrong, suspicion only ranks them: its rows then sum to that number at
    most. Elsewhere suspicion is the check's measured precision and counts as it stands.
    """
    estimated = {each.check: each.measured.middle for each in audit.findings if each.measured and each.scores}
    sums = dict.fromkeys(estimated, 0.0)
    total = 0.0
    for waiting in queue.values():
        suspicion, checks = waiting.suspicion or 0.0, {reason.check for reason in waiting.reasons}
        if len(checks) == 1 and (check := next(iter(checks))) in estimated:
            sums[check] += suspicion
        else:
            total += suspicion
    return total + sum(min(estimated[check], part) for check, part in sums.items())


def write_queue(
    folder: Path, queue: Mapping[int, Waiting], texts: IO[bytes], classes: tuple[str, ...], mask: bool
) -> None:
    """Writes the rows in the order of their rank, with the texts that the pass over the file kept."""
    import orjson

    with QueueFiles(folder, classes) as files:
        for waiting in sorted(queue.values(), key=lambda each: each.rank):
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
