"""The Python face: `Case("tunecase.yaml").audit()`, one method per verb, each returning its record."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from tunecase import flow
from tunecase.errors import InputError, Problem
from tunecase.quick import fit_asked, inference_asked, known, question
from tunecase.records import (
    Approvals,
    Audit,
    Books,
    Charges,
    Check,
    Cleaned,
    Comparison,
    Decision,
    Definition,
    Estimate,
    Fit,
    Forecast,
    Imported,
    Inference,
    Judged,
    Labelling,
    LabelTask,
    LabelTrial,
    Metered,
    Next,
    NotUsed,
    Pilot,
    Prices,
    Report,
    Reviews,
    Scorecard,
    Sources,
    SourceTrial,
    Spending,
)

if TYPE_CHECKING:
    from tunecase.project import Stated


class Case:
    """One project and its ledger.

    Args:
        project: the project file; or its fields as nested values of JSON, by name as in the file.
        folder: of a project stated in Python, the folder from which relative paths in it count and in which its ledger
            and all else is written; the current one when left out. No project file is written unasked: see `write`.
        seed: the same seed gives the same answers.
        today: the date that prices are judged by; today when left out.
    Raises: InputError holding every problem in the project, or an edited ledger. A problem stands at its line of the
        file, or at its field.

    Example:
        >>> case = Case("tunecase.yaml", today=date(2026, 11, 24))
        >>> case.flow.project.name
        'support-ticket routing'
        >>> Case({"name": "tickets", "data": {"rows": 800}, "budget": "3k USD"}).estimate().currency
        'USD'
    """

    def __init__(
        self, project: str | Path | Mapping[str, Any] = "tunecase.yaml", *, folder: str | Path | None = None,
        seed: int = 0, today: date | None = None,
    ) -> None:  # fmt: skip
        self.flow = flow.open_case(_source(project, folder), seed, today)
        _show_in_notebooks()

    def write(self, to: str | Path = "tunecase.yaml", *, force: bool = False) -> Path:
        """Writes the project as a project file into its folder; `force` replaces a file that is there.

        Comments of a file that the case was opened from are not written again.

        Example:
            >>> Path("stated").mkdir()
            >>> case = Case({"name": "tickets", "data": {"rows": 800}}, folder="stated")
            >>> print(case.write().read_text(), end="")
            name: tickets
            data:
              rows: 800
        """
        from tunecase.io import Output, write_outputs
        from tunecase.project import project_text

        path = self.flow.folder / to
        if path.resolve().parent != self.flow.folder.resolve():
            wanted = f"a file in {self.flow.folder.resolve()}, from which the paths in it count"
            raise InputError(Problem("to", repr(str(to)), wanted, "give the name of the file alone"))
        needed = [place for place in self.flow.needed_files() if not (self.flow.stated and place == self.flow.path)]
        write_outputs([Output(path, project_text(self.flow.source).encode())], needed, force=force)
        return path

    def define(self) -> Definition:
        """Is the problem well posed and achievable?

        Example:
            >>> case.define().verdict
            'go to pilot'
        """
        return flow.define(self.flow)

    def brief(self, to: str | Path = "brief.md", *, force: bool = False) -> Path:
        """Writes a page to sign as Markdown, of the decision as it stands; `force` replaces a file that is there.

        Example:
            >>> case.brief("brief.md").read_text().splitlines()[0]
            '# Brief: support-ticket routing'
        """
        from tunecase.cli.show import brief_markdown
        from tunecase.io import Output, write_outputs

        text = brief_markdown(*flow.as_it_stands(self.flow), project=self.flow.project, today=self.flow.today)
        write_outputs([Output(Path(to), text.encode())], self.flow.needed_files(), force=force)
        return Path(to)

    def audit(self, *, fast: bool = False) -> Audit:
        """Are these the right data, and good enough? A fast one leaves out what needs more than one pass; not kept.

        Example:
            >>> case.audit(fast=True).verdict
            'fit after fixes'
        """
        return flow.audit(self.flow, flow.AuditAsked(fast=fast))

    def fix(self, to: str | Path, *, mask: bool = False, force: bool = False, send_flagged: bool = False) -> Cleaned:
        """A cleaned copy of the training file with its review queue, in a new folder.

        `send_flagged` shows secrets and personal data in the queue as they are.

        Example:
            >>> case.fix("clean").removed["leak_exact"]
            6
        """
        return flow.fix(self.flow, flow.FixAsked(Path(to), mask, force, send_flagged=send_flagged))[1]

    def review(self, source: str | Path) -> Reviews:
        """Takes in what reviewers said of the queue: a sheet filled in, or a tool's export.

        Example:
            >>> cleaned = case.fix("clean")
            >>> sheet = Path("clean/review.csv").read_text("utf-8-sig")
            >>> _ = Path("clean/review.csv").write_text(sheet.replace(",,,,", ",right,,,", 1))  # a first verdict
            >>> case.review("clean/review.csv").tables
            ('depths',)
        """
        return flow.review(self.flow, Path(source))

    def next_labels(self, n: int, pool: str | Path | None = None, *, send_flagged: bool = False) -> Labelling:
        """The `n` rows of the project's pool, or of another file, to label next, written as task files.

        `send_flagged` writes secrets and personal data as they are.

        Example:
            >>> len(case.next_labels(20).rows)
            20
        """
        return flow.next_labels(self.flow, n, Path(pool) if pool else None, send_flagged=send_flagged)

    def estimate(self, *, what_if: str | None = None) -> Estimate:
        """What will it cost, line by line? `what_if="80%"`: also what must be true to stay within the budget.

        Example:
            >>> [line.name for line in case.estimate().lines if line.priced][:3]
            ['gpu', 'failed_runs', 'idle']
        """
        return flow.estimate(self.flow, what_if=what_if)

    def prices(self, **options: Unpack[flow.PricesOptions]) -> Prices:
        """The price book in this case's currency, its own prices first; takes the options of `tunecase.price_book`.

        Example:
            >>> case.prices(gpu="H100", terms="spot").rows[0].unit
            'GPU hour'
        """
        from tunecase.prices import PricesAsked

        asked = question(self.prices, PricesAsked, options)
        return flow.prices(asked, self.flow.today, self.flow)

    def check(self) -> Check:
        """Does the advice on file still hold at the prices of `today`? Nothing is kept.

        Example:
            >>> case.check().broken
            ()
        """
        return flow.check(self.flow)

    def scorecard(self, *places: str | Path) -> Scorecard:
        """How right were the earlier cases that the project file names, and those of further folders or exports?

        Example:
            >>> Path("second").mkdir()
            >>> second = Case({"name": "second", "data": {"rows": 800}, "past": [".."]}, folder="second")
            >>> second.scorecard().cases
            1
        """
        return flow.scorecard(flow.ScorecardAsked(places, self.flow))

    def compare(
        self, other: str | Path | None = None, changes: Mapping[str, Any] | None = None,
        **options: Unpack[flow.CompareOptions],
    ) -> Comparison:  # fmt: skip
        """This case's bill beside another project file's, or beside its own with `changes` by dotted field.

        Example:
            >>> case.compare(changes={"compute.tier": "marketplace"}).changed
            (FieldChange(field='compute.tier', first='neocloud', second='marketplace'),)
        """
        first = (Path(other) if other else None, changes or {})
        return flow.compare(self.flow, question(self.compare, flow.CompareAsked, options, *first))

    def fit(self, model: str = "", **options: Unpack[flow.FitOptions]) -> Fit:
        """One training run; without a model the one that the project's bill prices.

        Example:
            >>> case.fit(gpus=("A100-80GB",)).verdict
            'fits'
        """
        return flow.fit(fit_asked(self.fit, model, options, {}), flow=self.flow)

    def inference(self, model: str = "", **options: Unpack[flow.AnswerOptions]) -> Inference:
        """What the answers cost after launch.

        Example:
            >>> case.inference().ok
            True
        """
        return flow.inference(inference_asked(self.inference, model, options), first=self.flow)

    def pilot(self, **options: Unpack[flow.PilotOptions]) -> Pilot:
        """Small real runs on nested subsets; resumable.

        Without options, n-grams are measured first, then the encoder where its weights are here.

        Example:
            >>> case.pilot(trainer="probe", draws=2).reused  # runs that were made before
            11
        """
        settings = question(self.pilot, flow.PilotSettings, options)
        return flow.pilot(self.flow, settings if options else None)

    def forecast(self) -> Forecast:
        """Will more data reach the target, and at what price?

        Example:
            >>> case.forecast().verdict
            'unlikely'
        """
        return flow.forecast(self.flow)

    def keep_forecast(self, place: str | Path, *, metric: str | None = None, model: str = "") -> Forecast:
        """A forecast from points measured elsewhere, on which the case rests from now on.

        Example:
            >>> _ = Path("points.csv").write_text("n,score\\n100,0.60\\n200,0.68\\n400,0.74\\n800,0.79\\n")
            >>> case.keep_forecast("points.csv").source
            'points.csv'
        """
        asked = flow.asked_of(flow.metric_of(self.flow, metric), "", "", (), "last", "")
        return flow.keep_forecast(self.flow, str(place), asked, model)

    def judge(self, **options: Unpack[flow.JudgeOptions]) -> Judged:
        """A model's verdict on free answers, and whether it judges as people do.

        Example:
            >>> try:
            ...     case.judge(model="gpt-4.1-mini")
            ... except InputError as error:
            ...     error.problems[0].fix
            'write it as https://HOST/v1'
        """
        return flow.judge(self.flow, question(self.judge, flow.JudgeAsked, options))

    def decide(self, *, what_if: bool = False) -> Decision:
        """What should the next dollar buy? `what_if` adds what would have to be true for another step.

        Example:
            >>> case.decide().ok
            True
        """
        return flow.decide(self.flow, what_if)

    def label_task(
        self, rows: int = 100, pool: str | Path | None = None, to: str | Path | None = None, *,
        send_flagged: bool = False,
    ) -> LabelTask:  # fmt: skip
        """Gives out a labelling trial: the same rows to two readers; see `label_trial`.

        `send_flagged` writes secrets and personal data as they are.

        Example:
            >>> case.label_task(20).files
            ('label-trial/reader-a.csv', 'label-trial/reader-b.csv', 'label-trial/labels.txt')
        """
        place = Path(to) if to else None
        return flow.label_task(self.flow, rows, Path(pool) if pool else None, place, send_flagged=send_flagged)

    def label_trial(self, first: str | Path, second: str | Path) -> LabelTrial:
        """Reads two readers' files back: minutes of a label, agreement, the ceiling that it sets.

        Example:
            >>> task = case.label_task(20)
            >>> for name in task.files[:2]:  # two readers fill in the column `label`
            ...     text = Path(name).read_text("utf-8-sig").replace(",,,,", ",how_to,,,")
            ...     _ = Path(name).write_text(text)
            >>> case.label_trial(*task.files[:2]).agreed
            20
        """
        return flow.label_trial(self.flow, [Path(first), Path(second)])

    def try_source(self, source: str, rows: str | Path, **options: Unpack[flow.PilotOptions]) -> SourceTrial:
        """What a row of a source is worth, in labelled rows.

        Example:
            >>> import json
            >>> lines = Path("data/pool.jsonl").read_text().splitlines()
            >>> rows = [json.loads(line) | {"label": "how_to"} for line in lines]
            >>> _ = Path("scraped.jsonl").write_text("\\n".join(map(json.dumps, rows)))
            >>> case.try_source("scrape", "scraped.jsonl", draws=2).added
            180
        """
        settings = question(self.try_source, flow.PilotSettings, options)
        return flow.try_source(self.flow, source, Path(rows), settings)

    def sources(self) -> Sources:
        """Where should more rows come from? Each source's price, time and risk for the plan's next step.

        Example:
            >>> case.sources().first.kind
            'synthetic'
        """
        return flow.sources(self.flow)

    def next(self) -> Next:
        """What changed since the last decision, and what to do now.

        Example:
            >>> case.next().ok
            True
        """
        return flow.next_step(self.flow)

    def add_round(
        self, n: int, score: float | str, changed: str, *, test_rows: int | None = None, corrects: int | None = None
    ) -> Next:
        """Keeps what a round showed (training rows in all, the score, the one thing changed), and says what now.

        `corrects` is the number of an earlier round whose place it takes.

        Example:
            >>> case.add_round(1360, 0.74, "label").round.number
            1
        """
        return flow.next_step(self.flow, flow.add_round(self.flow, n, str(score), [changed], test_rows, corrects))

    def approve(self, amount: str, by: str, **options: Unpack[flow.ApprovalOptions]) -> Approvals:
        """Releases money for the plan on file: `case.approve("1500 USD", "Head of Support", until="2027-01-31")`.

        Example:
            >>> case.approve("1500 USD", "Head of Support", note="for a second annotator", beyond=True).state
            'approved'
        """
        asked = question(self.approve, flow.ApprovalAsked, options, amount, by)
        return flow.approve(self.flow, asked)

    def reject(self, by: str, *, note: str = "", plan: str = "") -> Approvals:
        """Refuses the release that the plan on file asks for; an approval of this very plan ends with it.

        Example:
            >>> case.reject("Head of Support", note="not this year").state
            'rejected'
        """
        return flow.reject(self.flow, by, note, plan)

    def approvals(self) -> Approvals:
        """What was approved, what was spent of it and what is left, and whether the plan has changed since.

        Example:
            >>> case.approvals().spendable
            Decimal('6000')
        """
        return flow.approvals(self.flow)

    def spend(self, amount: str, currency: str | None = None, **options: Unpack[flow.ChargeOptions]) -> Spending:
        """Books one charge in the ledger: what was paid, in whose money, on which line of the bill.

        Example:
            >>> case.spend("2900", "USD", category="labour", quantity="34", unit="h").amount
            Decimal('2900')
        """
        asked = question(self.spend, flow.ChargeAsked, options, amount, currency)
        return cast(Spending, flow.spend_text(self.flow, asked).record())

    def spend_import(self, kind: str, place: str | Path = "", **options: Unpack[flow.ImportOptions]) -> Imported:
        """Books the charges of a bill (focus), MLflow's runs, trainer states (runs) or a time sheet, all or none.

        Example:
            >>> _ = Path("hours.csv").write_text("date,person,hours,activity\\n2026-11-20,Ada,3,data work\\n")
            >>> case.spend_import("timesheet", "hours.csv").hours
            {'hours': Decimal('3')}
        """
        asked = question(self.spend_import, flow.ImportAsked, options)
        return flow.spend_import(self.flow, kind, str(place), asked)

    def spend_serving(self, place: str | Path = "", **options: Unpack[flow.ServingOptions]) -> Metered:
        """Books what was served after launch, from a meter's CSV file or one period's figures.

        Example:
            >>> served = case.spend_serving(first="2026-10-01", last="2026-10-31", answers="41k", cost="640 USD")
            >>> served.periods[0].answers
            41000
        """
        asked = question(self.spend_serving, flow.ServingAsked, options, str(place))
        return flow.spend_serving(self.flow, asked)

    def charges(self, **options: Unpack[flow.ChargesOptions]) -> Charges:
        """The charges of the ledger: all, or those of a category, a run, a source or some days.

        Example:
            >>> case.charges(category="gpu").column
            ('120.00', '120.00')
        """
        return flow.charges(self.flow, **known(self.charges, options))

    def books(
        self, *, plan: str = "", close: str = "", page: str | Path | None = None, csv: str | Path | None = None,
        csv_plan: str | Path | None = None, force: bool = False,
    ) -> Books:  # fmt: skip
        """What did it cost so far, against the plan, and what is to come?

        `plan` makes another estimate the plan of record (latest, first, or an entry's id), `close` names finished lines
        ("gpu,labour" or "all"); `page`, `csv` and `csv_plan` are files to write for finance, with `force` over others.

        Example:
            >>> books = case.books(csv="books.csv")
            >>> books.spent, Path("books.csv").exists()
            (Decimal('120'), True)
        """
        from tunecase.report import render

        record = flow.books(self.flow, flow.BooksAsked(plan, close))
        places = (None if place is None else Path(place) for place in (page, csv, csv_plan))
        flow.write_books(self.flow, record, render, flow.BooksFiles(*places), force=force)
        return record

    def report(
        self, to: str | Path | None = None, *, pdf: str | Path | None = None, with_rows: bool = False,
        force: bool = False,
    ) -> Report:  # fmt: skip
        """Writes report.html, report.md and report.json beside the project file, or into the folder `to`.

        `pdf` is a file into which Chromium prints the page; `with_rows` shows rows of the data in the appendix. Files
        of these names that tunecase did not make are replaced with `force` only.

        Example:
            >>> case.report("out").html
            'out/report.html'
        """
        from tunecase.report import render

        asked = flow.ReportAsked(Path(to) if to else None, Path(pdf) if pdf else None, with_rows)
        return flow.report(self.flow, render, asked, force=force)

    def not_used(self) -> tuple[NotUsed, ...]:
        """The records on file that no answer rests on, each with its reason; str() gives it in one line.

        Example:
            >>> [record.verb for record in case.not_used()]
            ['decide']
        """
        return flow.not_used(self.flow)

    def run(self, *, anyway: bool = False) -> dict[str, Any]:
        """The whole road; returns the records by verb.

        Example:
            >>> "report" in case.run()
            True
        """
        flow.road(self.flow, lambda verb, record: None, anyway=anyway)
        self.report()
        self.flow.once = False  # for what is asked of this case later
        return dict(self.flow.records)


def _source(project: str | Path | Mapping[str, Any], folder: str | Path | None) -> "Path | Stated":
    """Where a case is read from. Raises: InputError for a folder beside a file."""
    from tunecase.project import Stated

    if isinstance(project, Mapping):
        return Stated(project, Path(folder or ""))
    if folder is not None:
        fix = "leave it out: paths in a project file count from the folder of the file"
        raise InputError(Problem("folder", "a folder beside a project file", "one of them", fix))
    return Path(project)


def _show_in_notebooks() -> None:
    """Gives every record the block of the page as the display of a notebook cell."""
    import sys

    if "IPython" not in sys.modules:
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    from tunecase.records import RECORDS
    from tunecase.report import record_html

    formatter = shell.display_formatter.formatters["text/html"]
    for kind in RECORDS.values():
        formatter.for_type(kind, record_html)
