"""The conductor: opens a case, calls one verb, appends its record to the ledger. The road fits on this page.

define ─► audit ─► estimate ─► pilot ─► forecast ─► decide ─► report        books at any time
"""

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from tunecase import __version__, catalog
from tunecase.answers import Answers, keep_answers, kept_answers, write_rows
from tunecase.changes import changes
from tunecase.errors import InputError, Problem
from tunecase.ledger import Entry, Ledger
from tunecase.project import Project, read_project, read_score
from tunecase.records import (
    Audit,
    Baseline,
    Books,
    Decision,
    Definition,
    Estimate,
    Fit,
    Forecast,
    Pilot,
    Point,
    Report,
    Run,
    Spending,
    from_json,
)
from tunecase.spread import Worlds
from tunecase.wording import counted

if TYPE_CHECKING:
    from tunecase.datasets import Table
    from tunecase.importers import Asked
    from tunecase.prices import Basis
    from tunecase.scoring import Kind
    from tunecase.trainers import Result, Setting

DRAWS = 20_000
Progress = Callable[..., None]


@dataclass
class Flow:
    """One opened case: the project, its ledger, the seed, today, and the records made in this process."""

    path: Path
    project: Project
    ledger: Ledger
    seed: int = 0
    today: date = field(default_factory=date.today)
    records: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, "Table"] = field(default_factory=dict)
    data_hash: str = ""

    @property
    def folder(self) -> Path:
        """The folder of the project file, where everything is written."""
        return self.path.parent

    def key(self, verb: str) -> str:
        """What a verb's record depends on: the data, what the project file says, the seed, the version of tunecase.

        A pilot depends only on what it trains and scores, so that a new price or a comment does not lose it.
        """
        if not self.data_hash:
            files = [self.folder / name for name in (self.project.data.train, self.project.data.test) if name]
            files += [Path(name) for name in self.project.models if name.endswith("config.json")]
            self.data_hash = _hash_of(files)
        data, problem = self.project.data, self.project.problem
        asked = repr((data.input, data.output, problem.metric)) if verb == "pilot" else repr(self.project)
        if verb not in ("pilot", "audit"):
            asked += self.today.isoformat()  # prices grow old
        if verb == "decide":
            asked += repr([name for name, _ in self.spendings()])
        digest = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:16]
        return f"{self.data_hash}-{digest}-{self.seed}-{__version__}"

    def basis(self, draws: int = DRAWS) -> "Basis":
        """Prices and doubts of this case: fresh worlds from the same seed, so every verb draws alike."""
        from tunecase.prices import Basis

        return Basis(self.project, self.today, Worlds(self.seed, draws))

    def table(self, name: str) -> "Table | None":
        """The rows of the train or test file, read once."""
        from tunecase import datasets

        given = getattr(self.project.data, name)
        if given is None:
            return None
        if name not in self.tables:
            data = self.project.data
            self.tables[name] = datasets.load(self.folder / given, data.input, data.output)
        return self.tables[name]

    def train_table(self) -> "Table":
        """The training rows."""
        return cast("Table", self.table("train"))

    def keep(self, verb: str, record: Any) -> Any:
        """Appends a record to the ledger and returns it."""
        self.records[verb] = record
        meta = {"key": self.key(verb), "seed": self.seed, "version": __version__, "price_book": catalog.price_book()}
        self.ledger.append("record", record, recorded_at=_now(), verb=verb, meta=meta)
        return record

    def known(self, verb: str) -> Any:
        """The latest record of a verb that still holds for the data and the project file, or None."""
        if verb not in self.records:
            entry = self.ledger.latest("record", verb)
            if entry is not None and entry.meta.get("key") == self.key(verb):
                # A record that another version wrote is as good as none: it is made again.
                with contextlib.suppress(InputError):
                    self.records[verb] = entry.record()
        return self.records.get(verb)

    def last_told(self) -> dict[str, Any]:
        """The last record of each verb that the answers rest on, whether it still holds or not."""
        found = {}
        for verb in ("pilot", "forecast", "estimate", "decide"):
            entry = self.ledger.latest("record", verb)
            if entry is not None:
                with contextlib.suppress(InputError):
                    found[verb] = entry.record()
        return found

    def spendings(self) -> tuple[tuple[str, Spending], ...]:
        """(id, charge) of everything that was paid."""
        return tuple((e.id, e.record()) for e in self.ledger.entries(check=True) if e.kind == "spend")


def open_case(path: Path, seed: int = 0, today: date | None = None) -> Flow:
    """Opens a project file: reads it whole, checks names against the catalog and the ledger's chain.

    Raises: InputError with every problem found.
    """
    project = read_project(path, catalog.names())
    ledger = Ledger(path.parent / "ledger.jsonl")
    problems = ledger.verify()
    if problems:
        raise InputError(problems)
    return Flow(path, project, ledger, seed, today or date.today())


def define(flow: Flow) -> Definition:
    """Is the problem well posed and achievable? Audits and prices first when that is not done yet."""
    from tunecase.define import define as judge

    found = flow.known("audit") or audit(flow)
    train, test = flow.train_table(), flow.table("test")
    scores = {baseline.name: baseline.score for baseline in baselines(flow, found)}
    bill: Estimate = flow.known("estimate") or estimate(flow, renew=False)
    record = judge(
        flow.project, train, test, basis=flow.basis(), majority=scores.get("majority"), probe=scores.get("probe"),
        audit=found, total_cost=bill.total,
    )  # fmt: skip
    return cast(Definition, flow.keep("define", record))


def baselines(flow: Flow, found: Audit) -> tuple[Baseline, ...]:
    """What needs no fine-tune, measured: the majority class and the probe on all usable rows."""
    from tunecase.datasets import looks_like_classes
    from tunecase.pilot import baselines as measure

    train, test = flow.train_table(), flow.table("test")
    if test is None or not looks_like_classes(row.output for row in train.rows):
        return ()
    return measure(train, test, metric=pilot_metric(flow), seed=flow.seed, drop_rows=_dropped(found))


def audit(flow: Flow, progress: Progress | None = None, tokenizer: Path | None = None) -> Audit:
    """Are these the right data, and good enough?"""
    from tunecase.audit import audit as judge

    data = flow.project.data
    record = judge(
        flow.project, flow.folder / data.train, flow.folder / data.test if data.test else None, basis=flow.basis(),
        input=data.input, output=data.output, quarantine=flow.folder / "quarantine.jsonl", tokenizer=tokenizer,
        progress=progress,
    )  # fmt: skip
    return cast(Audit, flow.keep("audit", record))


def estimate(flow: Flow, renew: bool = True) -> Estimate:
    """What will it cost? With a pilot at hand the rounds come from its curve, read again if the case has changed."""
    from tunecase.estimate import estimate as price

    if renew:
        curve(flow)

    found: Audit = flow.known("audit") or audit(flow)
    record = price(
        flow.project, basis=flow.basis(), train_rows=found.usable, tokens=found.tokens,
        definition=flow.known("define"), audit=found, forecast=flow.known("forecast"),
        runs=tried.runs if (tried := flow.known("pilot")) else (),
    )  # fmt: skip
    return cast(Estimate, flow.keep("estimate", record))


@dataclass(frozen=True, slots=True)
class PilotAsked:
    """How a pilot is to be run; what is None or empty is left to the trainer."""

    trainer: str = "probe"
    model: str = ""
    settings: Mapping[str, "Setting"] = field(default_factory=dict)
    sizes: tuple[int, ...] | None = None
    draws: int | None = None
    workers: int | None = None
    max_minutes: float | None = None
    max_usd: float | None = None
    usd_per_hour: float | None = 0.0
    adaptive: bool | None = None
    tune: int = 0
    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    gpus_per_task: float = 0
    hosted: Mapping[str, Mapping[str, "Setting"]] = field(default_factory=dict)


def pilot(
    flow: Flow,
    asked: PilotAsked | None = None,
    progress: Progress | None = None,
    ask: Callable[[Any], bool | None] | None = None,
) -> Pilot:
    """Small real runs; each is in the ledger the moment it ends, so nothing is ever run twice.

    `ask` is shown the plan with its time and price before anything begins; False ends the pilot there.
    """
    from tunecase.hardware import base_model
    from tunecase.pilot import pilot as climb

    asked, test = asked or PilotAsked(), flow.table("test")
    if test is None:
        where = f"{flow.path.name}: data.test"
        raise InputError(Problem(where, "nothing", "a held-out test file", "name it: `test: data/test.jsonl`"))
    found: Audit = flow.known("audit") or audit(flow)
    folder, metric, kind = flow.folder / "pilot" / "answers", pilot_metric(flow), task_kind(flow)
    done = {e.body["key"]: from_json(Run, e.body) for e in flow.ledger.entries() if e.kind == "run"}
    given = flow.project.problem.target

    def on_run(run: Run) -> None:
        flow.ledger.append("run", run, recorded_at=_now(), verb="pilot", meta={"key": flow.key("pilot")})

    def keep(key: str, result: "Result") -> None:
        if result.predictions is not None and result.row_scores is not None:
            keep_answers(folder, key, Answers(result.predictions, result.row_scores, result.confidences))

    record = climb(
        flow.train_table(), test, metric=metric, direction=catalog.metric(metric).direction, kind=kind,
        candidates=(base_model(flow.basis(10)),), seed=flow.seed, done=done, on_run=on_run, progress=progress,
        drop_rows=_dropped(found), target=None if given is None else read_score(given), ask=ask, keep_answers=keep,
        kept_answers=lambda key: kept_answers(folder, key),
        **{item.name: getattr(asked, item.name) for item in fields(asked)},
    )  # fmt: skip
    return cast(Pilot, flow.keep("pilot", _with_review(flow, record, folder)))


def _with_review(flow: Flow, record: Pilot, folder: Path) -> Pilot:
    """The pilot with its rows to look at written beside the project."""
    from tunecase.ladder import usable
    from tunecase.mistakes import review_rows

    test, found = flow.table("test"), record.mistakes
    answers = kept_answers(folder, found.run) if found else None
    if test is None or found is None or answers is None:
        return record
    tests = usable(test)
    rows = review_rows(
        kind=record.kind, texts=tests.texts, labels=tests.labels, predictions=answers.predictions,
        row_scores=answers.row_scores, confidences=answers.confidences, rows=tests.numbers,
    )  # fmt: skip
    path = flow.folder / "pilot" / "review.jsonl"
    write_rows(path, rows)
    return replace(record, mistakes=replace(found, review_file=str(path.relative_to(flow.folder))))


def no_pilot(flow: Flow, trainer: str = "probe") -> Pilot | None:
    """The pilot without runs that says why a trainer cannot learn this task; None where it can."""
    from tunecase.pilot import no_pilot as refuse

    found: Audit = flow.known("audit") or audit(flow)
    metric = pilot_metric(flow)
    record = refuse(
        flow.train_table(), flow.table("test"), metric=metric, direction=catalog.metric(metric).direction,
        trainer=trainer, kind=task_kind(flow), drop_rows=_dropped(found),
    )  # fmt: skip
    return None if record is None else cast(Pilot, flow.keep("pilot", record))


def task_kind(flow: Flow) -> "Kind":
    """What kind of answer is learnt: as the project file says, else as the outputs look."""
    from tunecase.datasets import kind_of

    return flow.project.problem.task or kind_of([row.output for row in flow.train_table().rows])


def pilot_metric(flow: Flow) -> str:
    """The metric that a pilot scores: the project's, or the usual one of its kind of task."""
    usual = {"classification": "accuracy", "extraction": "field_f1", "generation": "chrf"}
    return catalog.metric(flow.project.problem.metric or usual[task_kind(flow)]).name


def forecast(flow: Flow, from_pilot: bool = False) -> Forecast:
    """Will more data do it? From the pilot's points, or those kept from elsewhere, up to what the budget can buy.

    Kept points hold until a run is trained after them; `from_pilot` goes back to the pilot at once.
    """
    from tunecase.forecast import told

    brought = None if from_pilot else _brought(flow)
    if brought is not None:
        notes, left_out = told(brought)
        return _extrapolated(
            flow, brought.points, metric=brought.metric, model=brought.model, source=brought.source, notes=notes,
            left_out=left_out,
        )  # fmt: skip
    tried: Pilot | None = flow.known("pilot")
    if tried is None:
        raise InputError(_missing(flow, "pilot"))
    record = _extrapolated(
        flow, points(tried), metric=tried.metric, model=tried.model if tried.runs else "",
        stand_in=tried.stand_in and bool(tried.runs), stand_in_factor=_stand_in_factor(tried),
        left_out=_left_out(tried),
    )  # fmt: skip
    if from_pilot:
        _follow(flow)
    return record


def _stand_in_factor(tried: Pilot) -> str:
    """The default that tells the tuned model's error from the pilot's: a probe knows nothing, a small model a little."""
    return "stand_in.factor" if tried.trainer in ("probe", "simulated") else "stand_in.smaller_model_factor"


def keep_forecast(
    flow: Flow, place: str, asked: "Asked", model: str = "", target: str | None = None, n_max: int | None = None
) -> Forecast:
    """A forecast from points that were measured elsewhere, kept: estimate, decide and report rest on it from now on."""
    from tunecase.forecast import read_source

    own = [name for name, given in (("--target", target), ("--n-max", n_max)) if given is not None]
    if own:
        fix = "leave it out, or leave out --keep"
        raise InputError([Problem(name, "given with --keep", "the project file's own", fix) for name in own])
    found = read_source(place, asked)
    known = tuple(f"{found.format}: {note}" for note in found.notes)
    note = f"the points of {_name_of(place)} were measured with {model or 'the model to be tuned'}, as was said"
    record = _extrapolated(
        flow, found.points, metric=asked.metric, model=model, source=_name_of(place), notes=(note, *known),
        left_out=found.left_out,
    )  # fmt: skip
    _follow(flow)
    return record


def _extrapolated(flow: Flow, measured: tuple[Point, ...], *, metric: str, **about: Any) -> Forecast:
    from tunecase.forecast import forecast as extrapolate
    from tunecase.prices import supply
    from tunecase.stakes import stakes

    posed: Definition = flow.known("define") or define(flow)
    basis = flow.basis(2_000)
    given, rows = flow.project.problem.target, _usable(flow)
    record = extrapolate(
        measured, metric=metric, direction=cast(Any, catalog.metric(metric).direction),
        target=None if given is None else read_score(given), ceiling=posed.ceiling.high if posed.ceiling else None,
        supply=supply(basis), basis=basis, seed=flow.seed, rows=rows,
        stakes=stakes(flow.project, basis, posed, flow.known("estimate"), flow.known("pilot"), rows), **about,
    )  # fmt: skip
    return cast(Forecast, flow.keep("forecast", record))


def _follow(flow: Flow) -> None:
    """Makes again the bill and the decision that rested on other points; what was never made is not made now."""
    made = {entry.verb for entry in flow.ledger.entries() if entry.kind == "record"}
    for verb, step in (("estimate", estimate), ("decide", decide)):
        if verb in made:
            step(flow)


def _brought(flow: Flow) -> Forecast | None:
    """The last forecast kept from points measured elsewhere, unless a run was trained or the pilot asked since."""
    last = None
    for entry in flow.ledger.entries():
        if entry.kind == "run":
            last = None
        elif entry.kind == "record" and entry.verb == "forecast":
            last = entry if entry.body.get("source", "pilot") != "pilot" else None
    if last is not None:
        with contextlib.suppress(InputError):  # what another version wrote is as good as none
            return cast(Forecast, last.record())
    return None


def _name_of(place: str) -> str:
    return place if "://" in place else Path(place).resolve().name


def _left_out(tried: Pilot) -> tuple[str, ...]:
    """The runs that became no point, by reason."""
    rungs = [run for run in tried.runs if run.purpose == "ladder"]
    failed, rough = sum(bool(run.failed) for run in rungs), sum(not run.failed and not run.converged for run in rungs)
    words = [f"{counted(failed, 'run')}: failed"] if failed else []
    return (*words, *([f"{counted(rough, 'run')}: not converged"] if rough else []))


def curve(flow: Flow) -> Forecast | None:
    """The forecast that holds, made again where the project file or the pilot has changed; None without any points."""
    from tunecase.points import merge

    found: Forecast | None = flow.known("forecast")
    brought: Forecast | None = _brought(flow)
    tried: Pilot | None = flow.known("pilot")
    if found is not None and (found.source == "pilot") == (brought is None):
        same = brought is not None or tried is None or found.points == merge(points(tried), found.direction)
        if same:
            return found
    return forecast(flow) if brought is not None or tried is not None else None


def decide(flow: Flow) -> Decision:
    """What should the next dollar buy?"""
    from tunecase.decide import decide as choose

    tried, seen = flow.known("pilot"), curve(flow)
    record = choose(
        flow.project, basis=flow.basis(2_000), definition=flow.known("define") or define(flow),
        audit=flow.known("audit"), estimate=flow.known("estimate") or estimate(flow), forecast=seen,
        spent=_spent(flow), no_pilot=tried.stopped if tried and not tried.runs else "",
        tuning=tried.tuning if tried and seen and seen.source == "pilot" else None,
    )  # fmt: skip
    return cast(Decision, flow.keep("decide", record))


def books(flow: Flow) -> Books:
    """What did it cost so far, and does the plan still hold?"""
    from tunecase.books import books as fold

    record = fold(flow.spendings(), estimate=flow.known("estimate"), project=flow.project, verified=True)
    return cast(Books, flow.keep("books", record))


def spend(flow: Flow, charge: Spending) -> Entry:
    """Books one charge; acknowledged only when it is safe on disk."""
    return flow.ledger.append("spend", charge, recorded_at=_now(), verb="spend")


def renew(flow: Flow) -> None:
    """Makes again what the ledger holds but a change of the case has outdated; a pilot is never run by itself."""
    made = {entry.verb for entry in flow.ledger.entries() if entry.kind == "record"}
    steps: tuple[tuple[str, Callable[[Flow], Any]], ...] = (
        ("audit", audit), ("define", define), ("forecast", curve), ("estimate", estimate), ("decide", decide),
    )  # fmt: skip
    for verb, step in steps:
        if verb in made and flow.known(verb) is None:
            step(flow)
    if "books" in made or flow.spendings():
        books(flow)


def contents(flow: Flow) -> Any:
    """Everything that is known of the case, as the page and the report fold it."""
    from tunecase.report import content

    renew(flow)
    order = ("define", "audit", "estimate", "pilot", "forecast", "decide", "books")
    records = {verb: record for verb in order if (record := flow.known(verb)) is not None}
    stood: dict[str, str] = {}
    earlier: list[tuple[str, Estimate]] = []
    head = ""
    for entry in flow.ledger.entries():
        head = entry.id
        if entry.kind == "record":
            stood[entry.verb] = f"entry {entry.id[:12]}, {entry.recorded_at:%Y-%m-%d %H:%M} UTC"
        if entry.verb == "estimate" and entry.meta.get("key") == flow.key("estimate"):
            earlier.append((f"{entry.recorded_at:%Y-%m-%d %H:%M}", entry.record()))
    meta = {"seed": str(flow.seed), "version": __version__, "price_book": catalog.price_book(), "ledger": head}
    charges = [charge for _, charge in flow.spendings()]
    return content(
        records, project=flow.project, spendings=charges, meta=meta, today=flow.today, earlier=earlier[:-1],
        entries=stood,
    )  # fmt: skip


def report(flow: Flow, to: Path | None = None, page: Callable[[Any], str] | None = None) -> Report:
    """Writes report.html, report.md and report.json, each whole or not at all; `page` draws the HTML."""
    from tunecase.report import report as write

    record = write(contents(flow), to or flow.folder, page=page)
    return cast(Report, flow.keep("report", record))


def points(tried: Pilot) -> tuple[Point, ...]:
    """One point for each run that ended well; the forecast averages them and learns their spread from run to run."""
    good = (run for run in tried.runs if not run.failed and run.converged and run.purpose == "ladder")
    return tuple(Point(run.n, run.score, 1, run.test_rows) for run in good)


def road(
    flow: Flow,
    tell: Callable[[str, Any], None],
    progress: Progress | None = None,
    anyway: bool = False,
    asked: PilotAsked | None = None,
    ask: Callable[[Any], bool | None] | None = None,
) -> bool:
    """All verbs in order; returns False when the answer is no.

    `tell` is called with each record; the bill comes once more, as "estimate again", when the pilot has moved it, and
    at the end, as "changed", what the road moved since it was walked last.
    A problem that is not well posed, or data that are not fit, end the road before the pilot: nothing is spent on it.
    A pilot that still holds is not run again unless one is asked for. Where the probe cannot learn the task (free text,
    a metric of its own) the pilot says so and the road goes on.
    """
    before, sound = flow.last_told(), True
    for verb, step in (("define", define), ("audit", audit), ("estimate", estimate)):
        # The bill that define asked for did not know yet what the definition misses: it is made once more.
        record = flow.records.get(verb) if verb == "audit" else None
        record = record or step(flow)
        tell(verb, record)
        sound = sound and getattr(record, "ok", True)
    if sound or anyway:
        tried = _tried(flow, asked, progress, ask)
        tell("pilot", tried)
        tell("forecast", forecast(flow))
        if tried.runs:
            tell("estimate again", estimate(flow))
    decision = decide(flow)
    tell("decide", decision)
    tell("books", books(flow))
    tell("changed", changes(before, flow.records))
    return sound and decision.ok


def _tried(
    flow: Flow, asked: PilotAsked | None, progress: Progress | None, ask: Callable[[Any], bool | None] | None
) -> Pilot:
    """The pilot of the road: the one asked for, else the one that holds, else a probe."""
    held: Pilot | None = flow.known("pilot")
    if asked is None and held is not None and held.runs and held.trainer != "probe":
        return held
    trainer = asked.trainer if asked else "probe"
    return no_pilot(flow, trainer) or pilot(flow, asked, progress, ask)


def _usable(flow: Flow) -> int:
    found: Audit = flow.known("audit") or audit(flow)
    return found.usable


def _spent(flow: Flow) -> float:
    """Paid so far in the base currency; a charge that another one replaces counts no more."""
    charges = flow.spendings()
    replaced = {charge.supersedes for _, charge in charges}
    return sum(float(charge.amount_base) for name, charge in charges if name not in replaced)


def _dropped(found: Audit) -> frozenset[int]:
    """Training rows that the audit's fixes would drop."""
    return frozenset(found.dropped_rows)


def _missing(flow: Flow, verb: str) -> Problem:
    got = f"no {verb} for these data and this project file"
    return Problem(str(flow.ledger.path), got, f"a {verb} in the ledger", f"run `tunecase {verb}`")


def _hash_of(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:24]


def _now() -> datetime:
    return datetime.now(UTC)


def audit_file(
    train: Path,
    test: Path | None,
    input_column: str | None,
    output_column: str | None,
    seed: int,
    today: date,
    progress: Progress | None = None,
    tokenizer: Path | None = None,
) -> Audit:
    """An audit without a project file; nothing is kept."""
    from tunecase.audit import audit as judge
    from tunecase.prices import Basis

    basis = Basis(None, today, Worlds(seed, DRAWS))
    quarantine = Path(f"{train.stem}.quarantine.jsonl")
    return judge(
        None, train, test, basis=basis, input=input_column, output=output_column, quarantine=quarantine,
        tokenizer=tokenizer, progress=progress,
    )  # fmt: skip


def forecast_file(place: str, asked: "Asked", target: str | None, n_max: int | None, seed: int) -> Forecast:
    """A forecast from points measured anywhere, without a project file; nothing is kept."""
    from tunecase.forecast import forecast as extrapolate
    from tunecase.forecast import read_source

    known = catalog.metric(asked.metric)
    wanted = None
    if target is not None:
        try:
            wanted = read_score(target)
        except ValueError:
            raise InputError(
                Problem("--target", repr(target), "a score such as 0.92 or 92%", "write a number")
            ) from None
        if known.bounded and not 0 < wanted <= 1:
            raise InputError(Problem("--target", repr(target), f"a share for {known.name}", "write 0.92 or 92%"))
    if n_max is not None and n_max < 1:
        raise InputError(Problem("--n-max", str(n_max), "a whole number of at least 1", "leave it out for the default"))
    found = read_source(place, asked)
    return extrapolate(
        found.points, metric=known.name, direction=asked.direction, target=wanted, n_max=n_max,
        n_max_why="as asked" if n_max is not None else "", seed=seed, left_out=found.left_out,
        notes=tuple(f"{found.format}: {note}" for note in found.notes), source=_name_of(place),
    )  # fmt: skip


def metric_of(flow: Flow, given: str | None) -> str:
    """The project's metric; one that is named must be the same, or kept points would answer another question."""
    own = catalog.metric(flow.project.problem.metric or "accuracy").name
    if given is not None and catalog.metric(given).name != own:
        raise InputError(Problem("--metric", given, f"{own}, the project's", "leave it out, or leave out --keep"))
    return own


def asked_of(
    metric: str, size_column: str, score_column: str, sizes: Sequence[str], step: str, experiment: str
) -> "Asked":
    """What the user says of points measured elsewhere, from words as typed; `sizes` are `run=400`."""
    from tunecase.importers import Asked
    from tunecase.points import whole_number

    problems, by_run = [], {}
    for word in sizes:
        name, _, number = word.rpartition("=")
        n = whole_number(number)
        if not name or n is None:
            wanted = "a run's name, =, and its training examples"
            problems.append(Problem("--n", repr(word), wanted, "write it as `--n run-a=400`"))
        else:
            by_run[name] = n
    if step not in ("last", "best"):
        problems.append(Problem("--step", repr(step), "last or best", "leave it out for the last"))
    if problems:
        raise InputError(problems)
    known = catalog.metric(metric)
    return Asked(known.name, cast(Any, known.direction), size_column, score_column, by_run, cast(Any, step), experiment)


def fit(model: str, asked: dict[str, str | None], seed: int, today: date) -> Fit:
    """Memory, time and price of one training run, from words as typed; nothing is kept."""
    from tunecase.fit import fit_text
    from tunecase.prices import Basis

    return fit_text(model, asked, basis=Basis(None, today, Worlds(seed, DRAWS)))


def spend_text(
    flow: Flow, amount: str, currency: str | None, category: str, on: str | None, note: str, credit: bool, replaces: str
) -> Entry:
    """Books one charge from words as typed."""
    from tunecase.books import spending, whole_id

    charge = spending(
        amount, category=category, on=on or flow.today.isoformat(), currency=currency, description=note,
        project_currency=flow.project.currency, rates=flow.project.rates, today=flow.today, credit=credit,
        supersedes=whole_id(replaces, [name for name, _ in flow.spendings()]) if replaces else "",
    )  # fmt: skip
    return spend(flow, charge)


def verify(path: Path) -> str:
    """One sentence on the ledger beside a project file. Raises InputError naming every line that was touched."""
    ledger = Ledger(path.parent / "ledger.jsonl")
    problems = ledger.verify()
    if problems:
        raise InputError(problems)
    entries = sum(1 for _ in ledger.entries())
    return f"{ledger.path}: {entries} entries, the chain is whole"
