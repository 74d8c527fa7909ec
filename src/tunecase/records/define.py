"""What define found: the problem judged."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Band, Interval80
from tunecase.records.audit import Severity
from tunecase.records.evals import EvalLog
from tunecase.records.pilot import ModelKind, Promise
from tunecase.records.tabular import Tabular

Status = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One rule of a well-posed problem, judged."""

    id: str
    name: str
    status: Status
    severity: Severity
    got: str
    wanted: str
    reason: str
    fix: str = ""
    price: Band | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to give the answers, with what is known of it; None is unknown, never nothing.

    `value` is what its gain over what is in use is worth over the horizon, `set_up` the work until it runs, `running`
    its answers over the horizon, `cost` both; all in the base currency. `evidence` says what the score rests on
    (stated: in the project file), `unknown` names what is missing. `per_1k` is what 1,000 answers cost. A published
    score, with its set and source, never ranks. `measure` is the command that would measure it, with what that costs
    and how long it takes; `struck` says which constraint rules it out. `value_when_sure` is what answering only when
    sure brings over the horizon, by `promise`, while people do the rest. `model` is what gives the answers.
    """

    name: str
    action: str
    score: float | None
    value: Band | None
    set_up: Band | None
    running: Band | None
    cost: Band | None
    evidence: Literal["measured", "stated", "assumed", "unknown"]
    unknown: tuple[str, ...] = ()
    note: str = ""
    kind: ModelKind = ""
    interval: Interval80 | None = None
    per_1k: Band | None = None
    published: str = ""
    measure: str = ""
    measure_cost: Band | None = None
    measure_minutes: Interval80 | None = None
    struck: str = ""
    promise: Promise | None = None
    value_when_sure: Band | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class AtHand:
    """What a fine-tune's gain counts from: the best way without one, by its code, its model and its score."""

    way: str
    model: str
    score: float


@dataclass(frozen=True, slots=True)
class Definition(Tabular):
    """Is the problem well posed and achievable? Scores are shares of 1 unless the metric has its own unit.

    `test_rows_needed` show the wanted gain; `test_rows_to_buy` of them have to be labelled before a run, none where
    rows can be held out or where fewer only bring a warning. `order` names the ways in the order to try them. `logs`
    are the evaluation logs that scores were taken from, each with the field that it fills. Gains count from `at_hand`.
    """

    verdict: Literal["go to pilot", "fix first", "do not start"]
    reason: str
    criteria: tuple[Criterion, ...]
    task: str
    metric: str | None
    target: float | None
    majority: float | None
    probe: float | None
    ceiling: Interval80 | None
    agreement: float | None
    train_rows: int
    test_rows: int
    test_rows_needed: int | None
    smallest_gain: float | None
    value_per_point: Band | None
    currency: str
    in_use: float | None = None
    untrained: float | None = None
    design_effect: float = 1.0
    alternatives: tuple[Alternative, ...] = ()
    test_rows_to_buy: int = 0
    order: tuple[str, ...] = ()
    logs: tuple[tuple[str, EvalLog], ...] = ()
    at_hand: AtHand | None = None

    @property
    def met(self) -> bool:
        """True when a cheaper way meets the target already (P5 and S2), whatever else is to be fixed first.

        Example:
            >>> definition.met
            False
        """
        failed = {(rule.id, rule.severity) for rule in self.criteria if rule.status == "fail"}
        return self.verdict == "fix first" and {("P5", "warn"), ("S2", "note")} <= failed

    @property
    def ok(self) -> bool:
        """True when no rule of severity stop failed.

        Example:
            >>> definition.verdict, definition.ok
            ('go to pilot', True)
        """
        return self.verdict != "do not start"
