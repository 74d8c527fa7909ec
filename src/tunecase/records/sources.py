"""Where more rows should come from: the sources side by side, and what a trial says a row of one is worth."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Band
from tunecase.records.checked import MeasuredWorth
from tunecase.records.pilot import Run
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class SourceRaced:
    """One source in the race for the next step's rows, in the base currency.

    `rank` is None where it has no price; sources of one price share a rank. `named` is False of a source that the
    project file does not name, priced from the tables and assumptions. `row_price` is of one usable row, `set_up` is
    paid once, `rows` is how many it can give (None: no limit known). One of its rows teaches like `worth` labelled
    ones, `worth_words` in words, and `worth_by` says how that is known. `labelled_price` is of rows that teach like one
    labelled row, set-up left out. `step_rows` of its own rows take the step, in `step_weeks` and for `step_price` with
    the set-up, whose mean over the worlds is `step_expected`; `reaches` is False where it has not so many, and the
    price is then of all that it has.
    """

    name: str
    kind: str
    by: str
    named: bool
    rank: int | None
    row_price: Band | None
    set_up: Band | None
    rows: float | None
    worth: Band
    worth_words: str
    worth_by: Literal["stated", "measured", "assumed", "by definition"]
    labelled_price: Band | None
    step_rows: Band
    step_price: Band | None
    step_expected: float | None
    step_weeks: Band
    reaches: bool
    risks: tuple[str, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Sources(Tabular):
    """Where more rows should come from: every source in its order, for the step from `rows` to `to_rows` labelled ones.

    `buys_from` names the sources that the plan buys labelled rows from, in the order of the project file.
    """

    rows: int
    to_rows: int
    raced: tuple[SourceRaced, ...]
    currency: str
    buys_from: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def step(self) -> int:
        """Rows of the step, counted as labelled ones.

        Example:
            >>> sources.to_rows, sources.step
            (1360, 680)
        """
        return self.to_rows - self.rows

    @property
    def first(self) -> SourceRaced | None:
        """The cheapest source that can take the step; None where none has a price and the rows.

        Example:
            >>> sources.first.rank
            1
        """
        return next((one for one in self.raced if one.rank is not None and one.reaches), None)

    @property
    def ok(self) -> bool:
        """False when no source can take the step.

        Example:
            >>> sources.ok
            True
        """
        return self.first is not None


@dataclass(frozen=True, slots=True)
class SourceTrial(Tabular):
    """What a row of a source is worth, measured: rows at hand with rows of the source against rows at hand alone.

    All runs are of one trainer on one test set. `base` rows at hand and `added` rows of the source score like `base`
    and `worth` x `added` rows at hand. `worth` is an 80% interval from 0 up; `harms` is the chance that the rows make
    answers worse. `tells` is False where the interval says hardly more than nothing, and the plan does not use it.
    `errors` are (rows at hand, mean error) of the runs without the source, `error_with` is the mean error with it.
    """

    source: str
    file: str
    trainer: str
    model: str
    metric: str
    base: int
    added: int
    source_rows: int
    draws: int
    worth: MeasuredWorth
    harms: float
    tells: bool
    errors: tuple[tuple[int, float], ...]
    error_with: float
    test_rows: int
    runs: tuple[Run, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """False when the trial says hardly more than nothing.

        Example:
            >>> trial = SourceTrial("scrape", "rows.jsonl", "probe", "n-grams", "accuracy", 400, 200, 300, 3,
            ...     Interval80(0.1, 0.6, 1.4), 0.1, False, (), 0.3, 270, (), 2.0)
            >>> trial.ok
            False
        """
        return self.tells
