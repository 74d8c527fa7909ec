"""What keeping a shipped model good takes: watching it, labelled checks, fees, and training it again."""

from collections.abc import Callable
from dataclasses import dataclass

from tunecase.plan.costs.per_step import round_prices
from tunecase.plan.costs.work import Cost, Work
from tunecase.plan.rounds import RoundPrices
from tunecase.prices import label_price, person_hour, served_months
from tunecase.project import AfterLaunch
from tunecase.quantities import Draws, band, figures, np

FIELD = "after_launch"


def upkeep(work: Work) -> Cost:
    """Upkeep after launch, taken off what shipping brings; in the total only where the project includes answers.

    Where a curve is known only worlds that ship keep anything up; elsewhere every world does. See `upkeep_of`.
    """
    made = _Upkeep.of(work)
    amount = np.asarray(made.amount(work.rows + work.walk.bought))
    if work.walk.shipped is not None:
        amount = amount * work.walk.shipped
    return Cost(amount, made.words, work.project.include_inference)


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
    return _Upkeep.of(work).amount


@dataclass(frozen=True, slots=True, eq=False)
class _Upkeep:
    """The parts of upkeep, in the base currency, shape (draws,): of all months, and of all retrainings."""

    running: "Draws"
    retrainings: "Draws"
    each: RoundPrices
    words: str

    @classmethod
    def of(cls, work: Work) -> "_Upkeep":
        """Of a project, whatever is shipped."""
        stated, basis = work.project.after_launch, work.basis
        months = served_months(basis)
        hours = basis.draw(f"{FIELD}.monitoring", stated.monitoring)
        each: Draws = hours * person_hour(basis)
        words = [f"{figures(band(hours).p50)} h of monitoring a month over {figures(band(months).p50)} months"]
        if stated.drift_checks is not None:
            each = each + basis.draw(f"{FIELD}.drift_checks", stated.drift_checks) * label_price(basis)
            words.append(f"{stated.drift_checks.text} answers labelled")
        if stated.fees is not None:
            each = each + basis.draw(f"{FIELD}.fees", stated.fees)
            words.append(f"fees of {stated.fees.text}")
        times = retrainings(work)
        if not times.any():
            return cls(each * months, times, RoundPrices(0.0, 0.0), ", ".join([*words, "no retraining"]))
        unpriced = " of hours alone, since a run has no price" if work.run_price(1) is None else ""
        words.append(f"{figures(band(times).p50)} retrainings{unpriced or ', each a round without work on the data'}")
        return cls(each * months, times, round_prices(work, person_hour(basis)), ", ".join(words))

    def amount(self, rows: "Draws | float") -> "Draws":
        """All of it for a model trained on so many rows."""
        return self.running + self.retrainings * (self.each.people(1.0, 1.0) + self.each.training(rows))


def retrainings(work: Work) -> "Draws":
    """How often the model is trained again within the months that it serves, shape (draws,); 0 where none is asked for.

    times = ceil(months / every) - 1
    """
    stated, months = work.project.after_launch, served_months(work.basis)
    if not asks_for_retraining(stated):
        return months * 0.0
    every = work.basis.draw(f"{FIELD}.retrain", stated.retrain)  # type: ignore[arg-type]
    return np.asarray(np.maximum(np.ceil(months / every - 1e-9) - 1.0, 0.0))


def asks_for_retraining(stated: AfterLaunch) -> bool:
    """Whether the project file says how often the model is trained again."""
    return stated.retrain is not None and not isinstance(stated.retrain, str)
