"""The opened case: the project, its ledger, what is known of it and what it depends on."""

import contextlib
import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Literal, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem, TunecaseError, refuse_any
from tunecase.flow.keys import DAY, PRICE_BOOK, PROJECT, TASK, DataFile, Grounds, made_alike, says_the_same
from tunecase.flow.logs import Logs, named_logs, with_scores
from tunecase.ledger import Entry, Ledger
from tunecase.quantities import Z80, Z90, Draws, Interval, Interval80, Worlds
from tunecase.records import SCHEMAS, Audit, Definition, LabelTrial, Reviews, Round, Spending
from tunecase.version import MADE_AFTER, __version__

if TYPE_CHECKING:
    from tunecase.books import Past
    from tunecase.data.reading import Table
    from tunecase.inference import Answers
    from tunecase.io import Output
    from tunecase.pilot.scoring import Kind
    from tunecase.plan import Drawn
    from tunecase.prices import Basis, Contracts
    from tunecase.project import Project, Stated


REDRAWN = ("define", "forecast", "estimate", "decide")  # cheap to draw again: only those of the seed asked for hold
UNPRICED = ("audit", "judge")  # verbs whose records hold no price
# The records that one is made from, named in its meta. The problem and the curve are drawn with whatever bill there is.
MADE_FROM: dict[str, tuple[str, ...]] = {
    "define": ("audit",),
    "forecast": ("audit",),
    "inference": ("audit", "pilot"),
    "estimate": ("audit", "pilot", "forecast"),
    "decide": ("audit", "pilot", "forecast", "estimate"),
}
Progress = Callable[..., None]
RULES: tuple[Literal["record"], str] = ("record", "map")
CHARGES = (("spend", ""), RULES)  # the entries that say what was paid, and on which line
READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)
PAST_WEIGHT = "unknowns.past_weight"
PIECE_BYTES = 1 << 20  # of a file whose digest is taken


@dataclass(frozen=True, eq=False)
class _AnswersOf:
    """Prices a case's answers when they are asked for; nothing is read or loaded before."""

    flow: "Flow"

    def volume(self, basis: "Basis") -> "Draws | None":
        return self.flow.answers.volume(basis) if self.flow.project.serving.traffic.trace else None

    def tuned(self, basis: "Basis") -> "Draws | None":
        return self.flow.answers.tuned(basis)

    def in_use(self, basis: "Basis") -> "Draws | None":
        return self.flow.answers.in_use(basis)

    def prompted(self, basis: "Basis", model: str) -> "Draws | None":
        return self.flow.answers.prompted(basis, model)

    def input_tokens(self, basis: "Basis") -> "Draws | None":
        return self.flow.answers.input_tokens(basis)

    def on_cores(self, basis: "Basis", model: str, seconds_per_answer: float) -> "Draws | None":
        return self.flow.answers.on_cores(basis, model, seconds_per_answer)


@dataclass
class Flow:
    """One opened case: the project, its ledger, the seed, today, and the records made in this process.

    `contracts` are the user's own prices, None without a file of them, `logs` the evaluation logs that scores of the
    project are taken from. `posed` is the problem judged without its price,
    on which the bill and the definition both rest. `drawn` are the two plans in every world that were asked for last,
    with what each rests on.
    `answers_held` is what is known of the answers after launch, with the records that it rests on.
    `on_step` is told the verb of each step that begins.
    `on_unrecorded`, where it is set, is told why a record could not be kept in a folder that takes no writing, or by a
    clock that is wrong: of a verb that only shows, the answer is given all the same.
    `stated` holds the project where it was stated in Python; its file, at `path`, is then not there.
    With `writes` off nothing is appended to the ledger or written beside the data: for questions asked in passing.
    With `once` on, a record that says what the last one of its verb says on the same grounds is not appended again.
    """

    DRAWS: ClassVar[int] = 20_000  # worlds in which a bill is drawn

    path: Path
    project: "Project"
    ledger: Ledger
    seed: int = 0
    today: date = field(default_factory=date.today)
    records: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, "Table"] = field(default_factory=dict)
    digests: dict[str, list[DataFile]] = field(default_factory=dict)
    writes: bool = True
    once: bool = False
    contracts: "Contracts | None" = None
    logs: Logs = field(default_factory=Logs)
    past_read: "Past | None" = None
    posed: Definition | None = None
    drawn: "list[tuple[tuple[Any, ...], Drawn]]" = field(default_factory=list)
    answers_held: "tuple[tuple[Any, ...], Answers] | None" = None
    on_step: Callable[[str], None] = lambda verb: None
    on_unrecorded: Callable[[str], None] | None = None
    stated: "Stated | None" = None

    @property
    def source(self) -> "Path | Stated":
        """Where the project is read from: its file, or what was stated in Python."""
        return self.stated or self.path

    def where(self, field: str = "") -> str:
        """A field of the project in words, behind the name of the file where there is one; without a field, both."""
        name = "the project" if self.stated else self.path.name
        return (field if self.stated else f"{name}: {field}") if field else name

    @property
    def folder(self) -> Path:
        """The folder of the project file, where everything is written."""
        return self.path.parent

    def key(self, verb: str, afresh: bool = False) -> str:
        """The key under which a verb's record is kept; see `grounds`."""
        return self.grounds(verb, afresh).key

    def grounds(self, verb: str, afresh: bool = False) -> Grounds:
        """What a verb's record rests on.

        A pilot rests only on what it trains and scores, so that a new price or a comment does not lose it.

        Args:
            verb: whose record it is.
            afresh: leave measured rounds out: points that are kept from elsewhere begin anew.
        """
        if verb == "pilot":
            data, problem = self.project.data, self.project.problem
            task = repr((data.input, data.output, problem.metric, problem.task))
            files, every = self._files(("train", "test")), self._files()
            searched = {"documents": data.documents} if data.documents else {}
            return Grounds(verb, [*files, *self._files(("documents",))], {TASK: task, **searched}, earlier_files=every)
        settings = {PROJECT: repr(self.project.model_copy(update={"name": ""}))}
        if verb != "audit":
            settings |= self._settings_of_prices()
        if self.review_minutes is not None:
            settings["times of the reviewers"] = repr(self.review_minutes)
        if verb != "judge" and (trial := self.ledger.latest("record", "label trial")) is not None:
            settings["labelling trial"] = trial.id
        if verb not in UNPRICED and self.worths:
            settings["trials of sources"] = repr(self.worths)
        if verb not in UNPRICED and (loads := self.ledger.latest("record", "loads")) is not None:
            settings["measured loads"] = loads.id
        if verb not in UNPRICED and self.logs.read:
            settings["evaluation logs"] = self.logs.digest
        if verb not in UNPRICED and (traces := self._files(("trace",))):
            settings["trace of requests"] = traces[0].sha256
        if verb != "audit" and self.project.past:
            settings["earlier projects"] = self.past.digest
        settings |= self._settings_of(verb, afresh)
        project = self.project
        given = {name: repr(getattr(project, name)) for name in sorted(project.model_fields_set)}
        earlier = {**settings, PROJECT: repr(project)}
        earlier.pop(PRICE_BOOK, None)
        if verb in UNPRICED:
            settings = {name: text for name, text in settings.items() if name not in (DAY, PRICE_BOOK)}
        named = {**settings, PROJECT: repr(project)}
        return Grounds(verb, self._files(), settings, given, earlier_settings=earlier, named_settings=named)

    def _settings_of_prices(self) -> dict[str, str]:
        """Prices grow old, so a record that holds any is of one day and one book."""
        own = {"prices of your own": self.contracts.digest} if self.contracts else {}
        return {DAY: self.today.isoformat(), PRICE_BOOK: catalog.price_book(), **own}

    def _settings_of(self, verb: str, afresh: bool) -> dict[str, str]:
        """What only some verbs rest on: the charges, the reviews, the test rows to buy, the measured rounds."""
        settings = {}
        if verb == "decide":
            settings["charges"] = self.ledger.folded("names", CHARGES[:1], self._charge_names)
            if (rule := self.ledger.latest("record", "map")) is not None:
                settings["lines of charges"] = rule.id
            if (reviewed := self.ledger.latest("record", "review")) is not None:
                settings["reviews"] = reviewed.id
        posed = self.current("define") if verb == "estimate" else None
        if posed is not None and posed.test_rows_to_buy:
            settings["test rows"] = f"{posed.test_rows_to_buy} test rows"
        if verb in ("forecast", "estimate", "decide") and not afresh and (rounds := self.rounds()):
            settings["measured rounds"] = repr(rounds)
        return settings

    def _files(self, fields: Sequence[str] = ("train", "test", "production", "models")) -> list[DataFile]:
        """Every file behind these fields of the project file, read once."""
        if not self.digests:
            self.digests = _digests(self.project, self.folder)
        return [file for name in fields for file in self.digests[name]]

    def basis(self, draws: int | None = None) -> "Basis":
        """Prices and doubts of this case: fresh worlds from the same seed, so every verb draws alike."""
        from tunecase.prices import Basis, assumed, states_hours

        own, past = self.contracts, self.past
        rated = bool(past.hours_cases) and not states_hours(self.project)
        hours_factor = past.hours_factor(assumed(PAST_WEIGHT).median) if rated else 1.0
        return Basis(
            self.project, self.today, Worlds(self.seed, draws or self.DRAWS), review_minutes=self.review_minutes,
            contracts=own.rows if own else (), contracts_hash=own.digest if own else "",
            overruns=past.overruns_beyond(hours_factor if rated else None), past_cases=past.people_cases,
            hours_factor=hours_factor, hours_cases=past.hours_cases if rated else 0,
            label_minutes=self.label_minutes, worths=self.worths,
            contracts_notes=own.notes if own else (), answer_prices=_AnswersOf(self),
        )  # fmt: skip

    @property
    def answers(self) -> "Answers":
        """What is known of the answers after launch; made anew where another audit, pilot or measured load holds."""
        from tunecase.flow.answers import answers_of

        audit, pilot = self.current("audit"), self.current("pilot")
        loads = list(self.ledger.entries_of("record", "loads"))
        rests_on = (audit, pilot, len(loads))
        if self.answers_held is None or self.answers_held[0] != rests_on:
            made = answers_of(self.project, self.folder, audit, pilot, [entry.record() for entry in loads])
            self.answers_held = rests_on, made
        return self.answers_held[1]

    @property
    def past(self) -> "Past":
        """The earlier cases that the project file names, read and checked once.

        Raises: InputError where one of their ledgers is missing or was edited.
        """
        from tunecase.books import Past, read_past

        if self.past_read is None:
            named = self.project.past
            self.past_read = read_past(named, self.folder, self.ledger.path) if named else Past()
        return self.past_read

    @property
    def review_minutes(self) -> "Interval | None":
        """One review by the reviewers' own clock, from the latest reviews that were timed; None before."""
        return self._minutes_of("review")

    @property
    def label_minutes(self) -> "Interval | None":
        """One label by the readers' own clock, from the latest labelling trial that was timed; None before."""
        return self._minutes_of("label trial")

    @property
    def label_trial(self) -> LabelTrial | None:
        """What two readers last said of the same rows; None before a labelling trial was read."""
        entry = self.ledger.latest("record", "label trial")
        return None if entry is None else cast(LabelTrial, entry.record())

    def _minutes_of(self, verb: str) -> "Interval | None":
        entry = self.ledger.latest("record", verb)
        if entry is None or not (minutes := entry.body.get("minutes")):
            return None
        # The record holds P10 and P90; an Interval wants the 5% and 95% points.
        wide = Z90 / Z80
        return Interval(*(minutes["mid"] * (minutes[end] / minutes["mid"]) ** wide for end in ("low", "high")))

    @property
    def worths(self) -> dict[str, Interval80]:
        """What a row of each source is worth by its latest trial, those that say hardly more than nothing left out."""
        latest = {entry.body["source"]: entry.body for entry in self.ledger.entries_of("record", "source trial")}
        return {name: Interval80(**body["worth"]) for name, body in latest.items() if body["tells"]}

    @property
    def reviews(self) -> Reviews | None:
        """The latest reviews of these very data; None where there are none, or the data have changed since."""
        entry = self.ledger.latest("record", "review")
        if entry is None or not self.grounds("review").on_same_data(entry):
            return None
        with contextlib.suppress(InputError):  # what another version wrote is as good as none
            return cast(Reviews, entry.record())
        return None

    def table(self, name: str) -> "Table | None":
        """The rows of the train or test file, read once."""
        from tunecase.data.reading import load

        given = getattr(self.project.data, name)
        if given is None:
            return None
        if name not in self.tables:
            data = self.project.data
            beside = self.folder / data.train if name == "test" and data.train else None
            self.tables[name] = load(self.folder / given, data.input, data.output, beside=beside)
        return self.tables[name]

    @property
    def train_path(self) -> Path:
        """The training file. Raises: InputError where the project file plans without one."""
        if self.project.data.train is None:
            fix = "write `train: train.jsonl` under data: in place of `rows:`; `tunecase run` prices the plan till then"
            raise InputError(Problem(self.where("data.train"), "no training file", "a file of training rows", fix))
        return self.folder / self.project.data.train

    def train_table(self) -> "Table":
        """The training rows."""
        assert self.train_path
        return cast("Table", self.table("train"))

    def needed_files(self) -> tuple[Path, ...]:
        """The files and folders that this case rests on, whether they are there yet or not: no output replaces them."""
        from tunecase.data.review import CORRECTIONS_FILE

        data, folder = self.project.data, self.folder
        given = (data.train, data.test, data.pool, data.production, data.documents)
        read = [folder / name for name in given if name]
        named = (log.file.partition("::")[0] for _, log in named_logs(self.project))
        listed = [folder / name for name in (self.project.prices, *self.project.past, *named) if name]
        configs = [Path(name) for name in self.project.models if name.endswith("config.json")]
        own = (self.path, self.ledger.path, self.ledger.torn, folder / CORRECTIONS_FILE)
        kept = (folder / "pilot" / "answers", folder / "audit")
        return (*own, *kept, *needed_data(read, folder), *listed, *configs)

    def check_outputs(self, outputs: "Sequence[Output]", *, force: bool = False) -> None:
        """Refuses files that stand in the way of an output, before the work whose result is written.

        Raises: InputError with all of them.
        """
        from tunecase.io import check_outputs

        check_outputs(outputs, self.needed_files(), force=force)

    def keep(self, verb: str, record: Any, seed: int | None = None, plan: Mapping[str, str] | None = None) -> Any:
        """Appends a record to the ledger and returns it; a flow that does not write keeps it in this process only.

        `seed` is the one that the record was made with, that of the case when left out. `plan` is what the plan in the
        record rests on, of a record that holds one.
        """
        self.records[verb] = record
        if not self.writes:
            return record
        afresh = verb == "forecast" and record.source != "pilot" and not record.rounds
        grounds = self.grounds(verb, afresh)
        meta: dict[str, Any] = {
            "key": grounds.key,
            "rests_on": grounds.parts(),
            "made_from": self._made_from(verb),
            "schema": SCHEMAS[verb],
            "seed": self.seed if seed is None else seed,
            "version": __version__,
            "price_book": catalog.price_book(self.contracts.digest if self.contracts else ""),
        }
        if plan is not None:
            meta["plan"] = plan
        if verb in ("round", "next", "estimate", "decide", "books"):
            meta["phase"] = f"iter-{record.number if verb == 'round' else len(self.rounds())}"
        last = self.ledger.latest("record", verb) if self.once else None
        if last is not None and says_the_same(last, record, meta):
            return record
        try:
            self.ledger.append("record", record, recorded_at=now(), verb=verb, meta=meta)
        except TunecaseError as error:
            refused = isinstance(error.__cause__, OSError) and error.__cause__.errno in READ_ONLY
            if self.on_unrecorded is None or not (refused or isinstance(error, InputError)):
                raise
            self.on_unrecorded(str(error))
        return record

    def current(self, verb: str) -> Any:
        """The latest record of a verb that still holds for the data and the project file, or None."""
        if verb not in self.records and (entry := self.entry_that_holds(verb)) is not None:
            self.records[verb] = entry.record()
        return self.records.get(verb)

    def entry_that_holds(self, verb: str) -> Entry | None:
        """The entry of the record that `current` gives.

        The latest audit or pilot on these grounds holds, of any seed. Of a verb that only draws, the latest entry of
        this seed holds or none does; one that does not say what it was made from must be the latest of all.
        """
        entries = list(self.ledger.entries_of("record", verb))
        latest = entries[-1:]
        if verb in REDRAWN:
            own = [entry for entry in entries if entry.meta.get("seed") == self.seed][-1:]
            entries = own if own == latest or (own and "made_from" in own[0].meta) else []
        grounds = self.grounds(verb) if entries else None
        return next((entry for entry in reversed(entries) if grounds and not grounds.why_not(entry)), None)

    def rests_on_current(self, verb: str) -> bool:
        """Whether there is a record of a verb that was made from the records that hold now.

        Entries without word of what they were made from are taken as they are.
        """
        if self.current(verb) is None:
            return False
        entry = self.entry_that_holds(verb)
        made_from = None if entry is None else entry.meta.get("made_from")
        if entry is None or not isinstance(made_from, dict) or entry.record() != self.records[verb]:
            return True
        return all(self._is_still(name, made_from.get(name)) for name in MADE_FROM.get(verb, ()))

    def _is_still(self, verb: str, id: str | None) -> bool:
        """Whether the entry of a verb that was rested on, None for none, is the one that holds or says the same."""
        now = self.entry_that_holds(verb)
        if now is None or id is None:
            return now is None and id is None
        return any(entry.id == id and made_alike(entry, now) for entry in self.ledger.entries_of("record", verb))

    def _made_from(self, verb: str) -> dict[str, str]:
        """The ids of the entries that a record of a verb is made from now, by verb."""
        entries = {name: self.entry_that_holds(name) for name in MADE_FROM.get(verb, ())}
        return {name: entry.id for name, entry in entries.items() if entry is not None}

    def last_records(self) -> dict[str, Any]:
        """The last record of each verb that the answers rest on, whether it still holds or not."""
        verbs = ("define", "audit", "pilot", "forecast", "estimate", "decide")
        entries = {verb: self.ledger.latest("record", verb) for verb in verbs}
        return readable({verb: entry for verb, entry in entries.items() if entry is not None})

    def rounds(self) -> tuple[Round, ...]:
        """The rounds that were measured since a pilot last trained or since points were kept, as they came.

        A later round of the same number corrects the earlier one and takes its place.
        """
        by_number: dict[int, Round] = {}
        for entry in self.ledger.entries("run", "record"):
            if entry.kind == "record" and entry.verb == "round":
                made = cast(Round, entry.record())
                by_number[made.number] = made
            elif entry.kind == "run" or (
                entry.verb == "forecast" and entry.body.get("source") != "pilot" and not entry.body.get("rounds")
            ):
                by_number.clear()
        tried: Round | None = None if self.writes else self.records.get("round")
        if tried is not None:
            by_number[tried.number] = tried
        return tuple(by_number.values())

    def spendings(self) -> tuple[tuple[str, Spending], ...]:
        """(id, charge) of everything that was paid, on the lines that the rules put it on."""
        if not any(True for _ in self.ledger.entries_of("spend")):
            return ()
        from tunecase.books import placed, rules_of

        def made() -> tuple[tuple[str, Spending], ...]:
            rules = rules_of(self.ledger.entries_of(*RULES))
            return tuple((entry.id, placed(entry.record(), rules)) for entry in self.ledger.entries_of("spend"))

        return self.ledger.folded("charges", CHARGES, made)

    def _charge_names(self) -> str:
        return repr([entry.id for entry in self.ledger.entries_of("spend")])


def readable(entries: Mapping[str, Entry]) -> dict[str, Any]:
    """The records of these entries, by the same names; those of another form are left out."""
    records = {}
    for name, entry in entries.items():
        with contextlib.suppress(InputError):
            records[name] = entry.record()
    return records


def open_case(
    source: "Path | Stated", seed: int = 0, today: date | None = None, changes: Mapping[str, Any] | None = None,
    typed_as: Mapping[str, str] | None = None,
) -> Flow:  # fmt: skip
    """Opens a project: reads it whole, checks names against the catalog and the ledger's chain.

    `source` is its file, or what was stated in Python. `changes` take the place of its own values, by dotted field; the
    file stays as it is. `typed_as` names the option that each was typed as.

    Raises: InputError with every problem found.
    """
    from tunecase.project import Stated, read_project

    day = today or date.today()
    project = read_project(source, catalog.names(), changes, day, typed_as)
    stated = source if isinstance(source, Stated) else None
    path = source.path if isinstance(source, Stated) else source
    project, logs = with_scores(project, path)
    ledger = Ledger(path.parent / "ledger.jsonl")
    refuse_any(ledger.verify())
    contracts = own_prices(path, project, day)
    return Flow(path, project, ledger, seed, day, contracts=contracts, stated=stated, logs=logs)


def needed_data(paths: Iterable[Path], home: Path | None = None) -> Iterator[Path]:
    """The files behind paths of data, and the folders among the paths, but for one in which `home` itself lies."""
    from tunecase.data.reading import files_of

    for path in paths:
        if not path.is_dir() or home is None or path.resolve() not in (home.resolve(), *home.resolve().parents):
            yield path
        with contextlib.suppress(InputError):
            yield from files_of(path)


def own_prices(path: Path, project: "Project", today: date) -> "Contracts | None":
    """The user's own prices, from the file that a project file at `path` names; None where it names none.

    Raises: InputError with every price that cannot be read.
    """
    if project.prices is None:
        return None
    from tunecase.prices import read_contracts

    return read_contracts(path.parent / project.prices, project.base_rates, today, project.prices)


def usable_rows(flow: Flow) -> int:
    """Training rows that the audit leaves; those that a plan without a training file states."""
    audit: Audit | None = flow.current("audit")
    return flow.project.data.planned_rows if audit is None else audit.usable


def spent(flow: Flow) -> float:
    """Paid so far from the budget, in the base currency, without charges that a correction or a bill has replaced."""
    if not flow.spendings():
        return 0.0
    from tunecase.books import held

    def made() -> float:
        charges = within_budget(flow, flow.spendings())
        return sum(float(charge.amount_base) for _, charge in held(charges).charges)

    return flow.ledger.folded(("spent", flow.project.include_inference), (*CHARGES, ("record", "served")), made)


def within_budget(flow: Flow, charges: Iterable[tuple[str, Spending]]) -> tuple[tuple[str, Spending], ...]:
    """The charges that the budget pays: not those of answers served after launch, unless the project includes them.

    Answers are served in the periods that were booked; what is paid for others before is part of the project.
    """
    periods = [entry.record() for entry in flow.ledger.entries_of("record", "served")]
    if flow.project.include_inference or not periods:
        return tuple(charges)

    def served(charge: Spending) -> bool:
        return charge.category == "inference" and any(one.first <= charge.on <= one.last for one in periods)

    return tuple((name, charge) for name, charge in charges if not served(charge))


def task_kind(flow: Flow) -> "Kind":
    """What kind of answer is learnt: as the project file says, else as the outputs look."""
    from tunecase.data.reading import task_of

    return flow.project.problem.task or task_of(flow.train_table().rows).kind


def pilot_metric(flow: Flow) -> str:
    """The metric that a pilot scores: the project's, or the one that fits its kind of task and its answers."""
    from tunecase.data.reading import metric_for

    problem = flow.project.problem
    return catalog.metric(problem.metric or metric_for(flow.train_table().rows, problem.task)).name


def missing(flow: Flow, verb: str) -> Problem:
    """The problem of a verb that has no record yet."""
    got = f"no {verb} for these data and this project file"
    return Problem(str(flow.ledger.path), got, "one in the ledger", f"run `tunecase {verb}`")


def read_confidence(where: str, text: str) -> tuple[float, list[Problem]]:
    """A chance strictly between 0 and 100% as typed, `80%` or `0.8`, and what is wrong with it.

    Example:
        >>> read_confidence("--confidence", "80%"), len(read_confidence("--confidence", "80")[1])
        ((0.8, []), 1)
    """
    from tunecase.quantities import UnitError, Wanted, read_quantity

    try:
        chance = read_quantity(text, Wanted("share", most=1.0, example="80%")).spread
    except UnitError as error:
        return 0.5, [Problem(where, error.got, error.wanted, error.fix)]
    if chance.low != chance.high or not 0 < chance.median < 1:
        return 0.5, [Problem(where, repr(text), "one chance, more than 0 and less than 100%", "write for example 80%")]
    return chance.median, []


def _digests(project: "Project", folder: Path) -> dict[str, list[DataFile]]:
    """The files behind each field of the data, and the models that are files."""
    from tunecase.data.reading import files_of

    digests: dict[str, list[DataFile]] = {}
    for name in ("train", "test", "production"):
        place = getattr(project.data, name)
        files = files_of(folder / place) if place else []
        # A file is called as the project file names it; one of a folder by its own name behind that of the folder.
        digests[name] = [
            DataFile(name, place if len(files) == 1 else f"{place}/{path.name}", *_sha256(path)) for path in files
        ]
    models = [Path(name) for name in project.models if name.endswith("config.json")]
    trace = project.serving.traffic.trace
    traces = [trace] if trace and (folder / trace).is_file() else []  # one that is missing is told when it is read
    return {
        **digests,
        "models": [DataFile("models", str(path), *_sha256(path)) for path in models],
        "trace": [DataFile("serving.traffic.trace", name, *_sha256(folder / name)) for name in traces],
        "documents": _documents(project.data.documents, folder),
    }


def _documents(place: str | None, folder: Path) -> list[DataFile]:
    """The documents that are searched, as one file: the names and contents of all of them."""
    from tunecase.data.reading import document_files

    files = document_files(folder / place) if place else ()
    if place is None or not files:
        return []
    content, as_is = hashlib.sha256(), hashlib.sha256()
    for path in files:
        name = path.relative_to(folder / place).as_posix()
        for digest, own in zip((content, as_is), _sha256(path), strict=True):
            digest.update(f"{name}\0{own}\0".encode())
    return [DataFile("documents", place, content.hexdigest(), as_is.hexdigest())]


def _sha256(path: Path) -> tuple[str, str]:
    """The SHA-256 of a file's content, whatever its line ends and with or without a byte-order mark, and of its bytes.

    A file with a zero byte in its first piece is no text in UTF-8: its content is its bytes.
    """
    as_is = content = hashlib.sha256()
    with path.open("rb") as file:
        for piece, even in _pieces(file):
            if content is as_is and even != piece:
                content = as_is.copy()
            as_is.update(piece)
            if content is not as_is:
                content.update(even)
    return content.hexdigest(), as_is.hexdigest()


def _pieces(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Pieces of a file, each as it is and without a byte-order mark and with line feeds alone as line ends."""
    first = is_text = True
    while piece := file.read(PIECE_BYTES):
        if piece.endswith(b"\r"):  # the line end may go on
            piece += file.read(1)
        is_text = is_text and not (first and b"\0" in piece)
        even = piece.removeprefix(b"\xef\xbb\xbf") if first else piece
        yield piece, even.replace(b"\r\n", b"\n") if is_text else piece
        first = False


def now() -> datetime:
    """The moment of an entry that is to be written, in UTC; whoever only reads asks the clock itself.

    Raises: InputError where the clock shows a day on which this version was not made yet.
    """
    moment = datetime.now(UTC)
    if moment.date() < MADE_AFTER:
        got, fix = f"{moment:%Y-%m-%d %H:%M} (UTC)", "check the clock: set it, then run this again"
        raise InputError(Problem("this machine's clock", got, f"a day after {MADE_AFTER}, as this version is", fix))
    return moment


def name_of(place: str | Sequence[str]) -> str:
    """A file's name, or an address as it is; of several their names."""
    if not isinstance(place, str):
        return ", ".join(map(name_of, place))
    return place if "://" in place else Path(place).resolve().name
