"""What evals found: what logs of evaluations say of models, and how many test items a gain would take."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Interval80
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class EvalLog:
    """The log of one evaluation, whatever tool wrote it.

    `place` is the file as it was named, `tool` its format, `date` the day of the run. `items` have a score of the
    `metric` (under `filter`, where the tool has filters or scorers); `answers` counts their epochs too. `score` is the
    mean over items, `interval` its 80% interval over items, None for a metric of the whole corpus (`per_item` False),
    whose score is the tool's own. `unscored` answers and those that ended in `errors` count as neither right nor wrong;
    `repeated` lines gave way to later ones. `paired_by` is what names an item in another log. `on` says whether the
    items are rows of the case's test file; empty where nobody asked. `direction` says which way the metric is better.
    """

    place: str
    tool: str
    version: str
    model: str
    task: str
    date: str
    metric: str
    filter: str
    items: int
    answers: int
    score: float | None
    interval: Interval80 | None = None
    unscored: int = 0
    errors: int = 0
    repeated: int = 0
    paired_by: str = ""
    per_item: bool = True
    is_share: bool = True
    on: Literal["test", "elsewhere", ""] = ""
    direction: Literal["higher", "lower"] = "higher"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvalPair:
    """Two logs of the same items, the second against the first.

    `difference` is the second score less the first on the `items` that both have, with its 80% interval. Of `differing`
    items (a share) one model scored higher than the other; `won` and `lost` are how much the second scores better and
    worse, summed over items: counts where every score is 0 or 1. `p` is McNemar's exact one, None for other scores.
    `chance_better` is the chance that the second is better on fresh items. `lost_share` is the share of items that the
    better model loses, on which paired power rests, with its 80% interval; None for scores beyond 0 to 1.
    `smallest_gain` is the least gain that so many items show. `first` and `second` are the scores on these items alone.
    """

    items: int
    only_first: int
    only_second: int
    difference: Interval80
    differing: float
    won: float
    lost: float
    chance_better: float
    p: float | None = None
    lost_share: Interval80 | None = None
    smallest_gain: float | None = None
    first: float | None = None
    second: float | None = None


@dataclass(frozen=True, slots=True)
class GainItems:
    """Test items that show a gain with 80% power at 5%, two-sided; None where no number would do.

    `paired` is where both models are scored on the same items, `paired_low` and `paired_high` where the share of items
    lost lies at either end of its 80% interval. `unpaired` is the number for each model where they are scored on
    different items.
    """

    gain: float
    paired: int | None
    paired_low: int | None
    paired_high: int | None
    unpaired: int | None


@dataclass(frozen=True, slots=True)
class Evals(Tabular):
    """What one log, or two of the same items, say.

    `lost_measured` says whether the share of items lost in `gains` is measured by the pair, or assumed. `fail_below` is
    the score that the last log must reach, or must not exceed where lower is better; None where none was asked for.
    """

    logs: tuple[EvalLog, ...]
    pair: EvalPair | None = None
    gains: tuple[GainItems, ...] = ()
    lost_measured: bool = False
    fail_below: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """False where the last log falls short of the score that was asked for.

        Example:
            >>> log = EvalLog("a.eval", "inspect", "", "base", "triage", "2026-11-20", "accuracy", "", 100, 100, 0.81)
            >>> Evals((log,), fail_below=0.85).ok
            False
        """
        last, limit = self.logs[-1], self.fail_below
        if limit is None or last.score is None:
            return limit is None
        return last.score <= limit if last.direction == "lower" else last.score >= limit
