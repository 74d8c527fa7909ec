"""The Python face: `Case("tunecase.yaml").audit()`, one method per verb, each returning its record."""

from datetime import date
from pathlib import Path
from typing import Any

from tunecase import flow
from tunecase.records import (
    Audit,
    Books,
    Cleaned,
    Decision,
    Definition,
    Estimate,
    Fit,
    Forecast,
    Judged,
    Labelling,
    Pilot,
    Report,
    Reviews,
)


class Case:
    """One project file and its ledger.

    Args:
        path: the project file; everything is written into its folder.
        seed: the same seed gives the same answers.
        today: the date that prices are judged by; today when left out.
    Raises: InputError holding every problem in the file, or an edited ledger.
    """

    def __init__(self, path: str | Path = "tunecase.yaml", *, seed: int = 0, today: date | None = None) -> None:
        self.flow = flow.open_case(Path(path), seed, today)
        _show_in_notebooks()

    def define(self) -> Definition:
        """Is the problem well posed and achievable?"""
        return flow.define(self.flow)

    def audit(self, *, fast: bool = False) -> Audit:
        """Are these the right data, and good enough? A fast one leaves out what needs more than one pass; not kept."""
        return flow.audit(self.flow, fast=fast)

    def fix(self, to: str | Path, *, mask: bool = False, force: bool = False) -> Cleaned:
        """A cleaned copy of the training file with its review queue, in a new folder."""
        return flow.fix(self.flow, Path(to), mask=mask, force=force)[1]

    def review(self, source: str | Path) -> Reviews:
        """Takes in what reviewers said of the queue: a sheet filled in, or a tool's export."""
        return flow.review(self.flow, Path(source))

    def next_labels(self, n: int, pool: str | Path | None = None) -> Labelling:
        """The `n` rows of the project's pool, or of another file, to label next, written as task files."""
        return flow.next_labels(self.flow, n, Path(pool) if pool else None)

    def estimate(self) -> Estimate:
        """What will it cost, line by line?"""
        return flow.estimate(self.flow)

    def fit(self, model: str = "", **asked: Any) -> Fit:
        """One training run, of the project's model when none is named; takes the fields of `flow.FitAsked`."""
        return flow.fit(flow.FitAsked(model or flow.base_model(self.flow), **asked), flow=self.flow)

    def pilot(self, **asked: Any) -> Pilot:
        """Small real runs on nested subsets; resumable. Takes the fields of `flow.PilotAsked`, trainer="lora" say."""
        return flow.pilot(self.flow, flow.PilotAsked(**asked))

    def forecast(self) -> Forecast:
        """Will more data reach the target, and at what price?"""
        return flow.forecast(self.flow)

    def keep_forecast(self, place: str | Path, *, metric: str | None = None, model: str = "") -> Forecast:
        """A forecast from points measured elsewhere, on which the case rests from now on."""
        asked = flow.asked_of(flow.metric_of(self.flow, metric), "", "", (), "last", "")
        return flow.keep_forecast(self.flow, str(place), asked, model)

    def judge(self, **asked: Any) -> Judged:
        """A model's verdict on free answers, and whether it judges as people do; takes `flow.JudgeAsked`'s fields."""
        return flow.judge(self.flow, flow.JudgeAsked(**asked))

    def decide(self) -> Decision:
        """What should the next dollar buy?"""
        return flow.decide(self.flow)

    def books(self) -> Books:
        """What did it cost so far, against the plan?"""
        return flow.books(self.flow)

    def report(self, to: str | Path | None = None) -> Report:
        """Writes report.html, report.md and report.json beside the project file, or into the folder `to`."""
        from tunecase.page import render

        return flow.report(self.flow, Path(to) if to else None, page=render)

    def run(self, *, anyway: bool = False) -> dict[str, Any]:
        """The whole road; returns the records by verb."""
        flow.road(self.flow, lambda verb, record: None, anyway=anyway)
        self.report()
        return dict(self.flow.records)


def _show_in_notebooks() -> None:
    """Gives every record its printed form as the display of a notebook cell."""
    import sys

    if "IPython" not in sys.modules:
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    from tunecase.records import RECORDS
    from tunecase.show import as_html

    formatter = shell.display_formatter.formatters["text/html"]
    for kind in RECORDS.values():
        formatter.for_type(kind, as_html)
