"""What keeping a shipped model good takes: watching it, labelled checks, fees, and training it again."""

from collections.abc import Callable

from tunecase.plan.costs.per_step import round_prices
from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import label_price, person_hour, served_months
from tunecase.project import AfterLaunch
from tunecase.quantities import Draws, band, figures, np


def upkeep(work: Work) -> Cost:
    """Upkeep after launch, taken off what shipping brings; in the total only where the project includes answers.

    Where a curve is known only worlds that ship keep anything up; elsewhere every world does. See `upkeep_of`.
    """
    by_rows, words = _worked_out(work)
    amount = np.asarray(by_rows(work.rows + work.walk.bought))
    if work.walk.shipped is not None:
        amount = amount * work.walk.shipped
    return Cost(amount, words, work.project.include_inference)


def upkeep_of(work: Work, rows: "Draws | float") -> "Draws":
    """Upkeep of a model that is shipped, trained on so many rows, shape (draws,).

        months x (hours x rate + answers labelled x price of a label + fees)
            + retrainings x a round without work on the data, on those rows

    Such a round is that of the board: its hours, its runs with what fails or stands idle, the least that is billed and
    its judges. Retrainings fall within the months, so that every 6 of 12 months is one. Leaves out new rows for a
    retraining, that a bigger model's runs are dearer, and overruns: nobody has counted those of upkeep.
    """
    return upkeep_by_rows(work)(rows)


def upkeep_by_rows(work: Work) -> "Callable[[Draws | float], Draws]":
    """What upkeep of a model takes as a function of the rows that it is trained on; see `upkeep_of`."""
    return _worked_out(work)[0]


def _worked_out(work: Work) -> "tuple[Callable[[Draws | float], Draws], str]":
    """Upkeep of a project, whatever is shipped, by the rows that the model is trained on, and its parts in words."""
    stated, basis = work.project.after_launch, work.basis
    months, hours = served_months(basis), work.draw("after_launch.monitoring")
    monthly: Draws = hours * person_hour(basis)
    words = [f"{figures(band(hours).p50)} h of monitoring a month over {figures(band(months).p50)} months"]
    if stated.drift_checks is not None:
        monthly = monthly + work.draw("after_launch.drift_checks") * label_price(basis)
        words.append(f"{stated.drift_checks.text} answers labelled")
    if stated.fees is not None:
        monthly = monthly + work.draw("after_launch.fees")
        words.append(f"fees of {stated.fees.text}")
    running, times = monthly * months, retrainings(work)
    if not times.any():
        return lambda _: running, ", ".join([*words, "no retraining"])
    unpriced = " of hours alone, since a run has no price" if work.run_price(1) is None else ""
    words.append(f"{figures(band(times).p50)} retrainings{unpriced or ', each a round without work on the data'}")
    each = round_prices(work, person_hour(basis))
    return lambda rows: running + times * (each.people(1.0, 1.0) + each.training(rows)), ", ".join(words)


def retrainings(work: Work) -> "Draws":
    """How often the model is trained again within the months that it serves, shape (draws,); 0 where none is asked for.

    times = ceil(months / every) - 1
    """
    months = served_months(work.basis)
    if not asks_for_retraining(work.project.after_launch):
        return months * 0.0
    every = work.draw("after_launch.retrain")
    return np.asarray(np.maximum(np.ceil(months / every - 1e-9) - 1.0, 0.0))


def asks_for_retraining(stated: AfterLaunch) -> bool:
    """Whether the project file says how often the model is trained again."""
    return stated.retrain is not None and not isinstance(stated.retrain, str)
