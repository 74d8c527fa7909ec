"""What a way to give the answers must keep to; a way that does not is struck out, with the reason."""

from tunecase.project import Project
from tunecase.records import ModelKind

AWAY = ("hosted", "decision")  # kinds whose rows leave the company's own machines


def struck(
    project: Project,
    kind: ModelKind,
    model: str,
    *,
    seconds_per_answer: float | None = None,
    price_per_1k: float | None = None,
) -> str:
    """Why a way is struck out, in words; empty where nothing that is known of it breaks a constraint.

    Args:
        project: with its constraints.
        kind, model: what gives the answers.
        seconds_per_answer: as it was timed; None where it was not.
        price_per_1k: of 1,000 answers [base currency]; None where it is not known.
    """
    asked = project.constraints
    if asked.data_stays and kind in AWAY:
        return f"rows may not leave (constraints.data_stays), and {model} is not on this machine"
    slowest = None if asked.max_latency is None else asked.max_latency.spread.median
    if slowest is not None and seconds_per_answer is not None and seconds_per_answer > slowest:
        return f"an answer takes {seconds_per_answer:.2g} s, more than constraints.max_latency"
    most = None if asked.max_price_per_1k_answers is None else asked.max_price_per_1k_answers.spread.median
    if most is not None and price_per_1k is not None and price_per_1k > most:
        return f"1,000 answers cost {price_per_1k:.2g}, more than constraints.max_price_per_1k_answers"
    return ""
