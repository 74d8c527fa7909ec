"""What a case knows of its answers, as the inference question takes it; imported only when an answer is priced."""

from collections.abc import Iterable
from pathlib import Path

from tunecase.inference import Answers, read_trace
from tunecase.project import Project
from tunecase.records import Audit, MeasuredLoads, MeasuredPoint, Pilot


def answers_of(
    project: "Project",
    folder: Path,
    audit: Audit | None = None,
    pilot: Pilot | None = None,
    loads: "Iterable[MeasuredLoads]" = (),
) -> Answers:
    """Lengths of the data, speed of the pilot, measured loads, and the trace that the project names.

    Args:
        project: whose `serving.traffic.trace` is read, from `folder`.
        audit, pilot: their records, where they hold.
        loads: the measured loads on file.
    Raises: InputError where the trace cannot be read.
    """
    named = project.serving.traffic.trace
    points: tuple[MeasuredPoint, ...] = tuple(load.point for record in loads for load in record.loads)
    return Answers(
        audit.answer_tokens if audit else None,
        pilot.runs if pilot else (),
        points,
        read_trace(folder / named) if named else None,
    )
