"""What judge found: what a model says of answers, and whether it may be trusted."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Interval80
from tunecase.records.disclosure import Disclosure
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Judged(Tabular):
    """What a model that judges says of answers, and whether it may be trusted; rows pass when every criterion does.

    `judge` is the model and its host, `answers` names whose answers were judged. `score` is the mean share of criteria
    passed, with its 80% interval over rows; `passed` is that share by criterion. Where the score may not be a metric,
    both are empty and `why` gives the reason. `share`, `kappa`, `leniency` and `length_bias` compare the judge with
    people on `human_rows` rows; None where not measured. `order_effect` is the share of verdicts that change with the
    order of the criteria; `input_tokens`, `output_tokens` and `usd` do not count that check. `sheet` is the file in
    which the same rows wait for people's verdicts. `disclosed` counts the requests that held private data.
    """

    judge: str
    answers: str
    criteria: tuple[str, ...]
    rows: int
    test_rows: int
    unread: int
    score: Interval80 | None
    passed: tuple[float, ...]
    agreement: Literal["fine", "weak", "poor", "unknown"]
    human_rows: int = 0
    share: Interval80 | None = None
    kappa: Interval80 | None = None
    leniency: Interval80 | None = None
    length_bias: Interval80 | None = None
    order_effect: Interval80 | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    usd: float | None = None
    seconds: float = 0.0
    unknown_ok: bool = False
    why: str = ""
    sheet: str = ""
    notes: tuple[str, ...] = ()
    disclosed: Disclosure | None = None

    @property
    def ok(self) -> bool:
        """True when the score may be a metric.

        Example:
            >>> Judged("a judge", "answers.csv", ("it is polite",), 50, 270, 0, None, (), "unknown").ok
            False
        """
        return self.score is not None
