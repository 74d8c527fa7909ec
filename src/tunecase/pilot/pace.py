"""How long the pilot of a small language model would take on these rows, before anybody starts it."""

from tunecase import catalog
from tunecase.engine import cores
from tunecase.pilot.examples import Examples
from tunecase.pilot.ladder import ladder_sizes
from tunecase.pilot.scoring.score import Kind
from tunecase.pilot.trainers import lora
from tunecase.pilot.trainers.task import Task
from tunecase.quantities import Interval, Interval80, Wanted, read_quantity

DRAWS = 2  # of each size, as every trainer has whose runs take long


def lora_minutes(rows: Examples, tests: Examples, kind: Kind = "generation") -> Interval80:
    """Minutes in which `tunecase pilot --trainer lora` tunes the usual small model here, by the lengths of these rows.

        minutes = pace / 60 * tokens of one run (lora.work_tokens) * sizes * draws / cores

    Args:
        rows, tests: the usable rows, at least two and one.
        kind: of the answers.
    Returns: low, likely and high [minutes].

    Source: `measuring.lora_tokens` of the defaults. Leaves out a GPU, texts cut at the model's context, and tokens that
    all answers share, which are neither learnt nor written.
    """
    sizes = ladder_sizes(max(2, len(rows)), 1, heavy=True)
    some = rows.only(range(min(len(rows), max(sizes))))
    task = Task(
        "lora", "", some.texts, some.labels, tests.texts, tests.labels, "chrf", 0, lora.settings(max(sizes), {}), kind
    )
    pace = read_quantity(catalog.default(lora.TOKENS_PACE).value, Wanted("second", "Mtok")).spread
    assert isinstance(pace, Interval)
    part = lora.work_tokens(task) / 1e6 * len(sizes) * DRAWS / cores() / 60
    return Interval80(pace.low * part, pace.median * part, pace.high * part)
