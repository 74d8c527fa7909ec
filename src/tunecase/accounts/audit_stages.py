"""What an audit's stages took, as a table."""

from tunecase.blocks import Cell, Table
from tunecase.quantities import count, figures
from tunecase.records import Audit, Stage

NOTE = (
    "In and out are rows, in the stages of near copies keys and pairs. Taken up: tasks that an earlier audit had done "
    "when it was interrupted. Memory is the most that one process ever held."
)


def stages_table(audit: Audit) -> Table | None:
    """Each stage with its rows, its tasks and what it took; None for audits that did not say."""
    head = ("Stage", "In", "Out", "Tasks", "Taken up", "Seconds", "CPU seconds", "Most MB")
    rows = tuple(map(_row, audit.stages))
    return Table("What the work took", head, rows, tuple(range(1, len(head))), note=NOTE) if rows else None


def _row(stage: Stage) -> tuple[Cell, ...]:
    counts = (stage.rows_in, stage.rows_out, stage.tasks, stage.taken_up)
    took = (stage.seconds, stage.cpu_seconds, stage.peak_mb)
    return (Cell(stage.name), *(Cell(count(number)) for number in counts), *(Cell(figures(value)) for value in took))
