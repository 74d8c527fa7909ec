"""What nobody foresaw."""

from tunecase.plan.costs.other import overrunning
from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import unknown_factor
from tunecase.quantities import band, figures, share


def unknowns(work: Work) -> Cost:
    """Work that no input names: people's hours in labour and evaluation, times a factor less 1.

        unknowns = (factor - 1) x (people's hours x rate + costs that grow with them),   factor >= 1, drawn once

    Metered prices carry no factor: GPU hours, examples, storage and answers are counted by their own lines.
    """
    factor = unknown_factor(work.basis)
    over = float((factor > 1).mean())
    words = "none, as the project file says"
    if over:
        grown, mean = band(factor), float(factor.mean())
        words = (
            f"people's hours x {grown.p50:.2g} at P50, x {figures(grown.p90)} at P90, x {mean:.2g} on average; "
            f"more than foreseen in {share(over)} of cases"
        )
    return Cost((factor - 1) * overrunning(work), words)
