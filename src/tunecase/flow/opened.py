"""The opened case: the project, its ledger, what is known of it and what it depends on."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.ledger import Ledger
from tunecase.quantities import Z80, Z90, Interval, Worlds
from tunecase.records import Audit, Definition, Reviews, Round, Spending
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.books import Past
    from tunecase.data.reading import Table
    from tunecase.pilot.scoring import Kind
    from tunecase.prices import Basis, Contracts
    from tunecase.project import Project


DRAWS = 20_000
Progress = Callable[..., None]


@dataclass
class Flow:
    """One opened case: the project, its ledger, the seed, today, and the records made in this process.

    `contracts` are the user's own prices, None without a file of them. `posed` is the problem judged without its price,
    on which the bill and the definition both rest.
    With `writes` off nothing is appended to the ledger or written beside the data: for questions asked in passing.
    """

    path: Path
    project: "Project"
    ledger: Ledger
    seed: int = 0
    today: date = field(default_factory=date.today)
    records: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, "Table"] = field(default_factory=dict)
    data_hash: str = ""
    writes: bool = True
    contracts: "Contracts | None" = None
    past_read: "Past | None" = None
    posed: Definition | None = None

    @property
    def folder(self) -> Path:
        """The folder of the project file, where everything is written."""
        return self.path.parent

    def key(self, verb: str, afresh: bool = False) -> str:
        """What a verb's record depends on: the data, what the project file says, the seed, the version of tunecase.

        `afresh` leaves measured rounds out: points that are kept from elsewhere begin anew.

        A pilot depends only on what it trains and scores, so that a new price or a comment does not lose it.
        """
        if not self.data_hash:
            from tunecase.data.reading import files_of

            data = self.project.data
            named = [self.folder / name for name in (data.train, data.test, data.production) if name]
            files = [file for path in named for file in files_of(path)]
            files += [Path(name) for name in self.project.models if name.endswith("config.json")]
            self.data_hash = _hash_of(files)
        data, problem = self.project.data, self.project.problem
        asked = repr((data.input, data.output, problem.metric, problem.task)) if verb == "pilot" else repr(self.project)
        if verb not in ("pilot", "audit"):
            asked += self.today.isoformat()  # prices grow old
            asked += self.contracts.digest if self.contracts else ""
        if verb != "pilot" and self.review_minutes is not None:
            asked += repr(self.review_minutes)
        if verb not in ("pilot", "audit") and self.project.past:
            asked += self.past.digest
        if verb == "decide":
            asked += repr([name for name, _ in self.spendings()])
            said = self.ledger.latest("record", "review")
            asked += said.id if said else ""
        posed = self.known("define") if verb == "estimate" else None
        if posed is not None and posed.test_rows_to_buy:
            asked += f"{posed.test_rows_to_buy} test rows"
        if verb in ("forecast", "estimate", "decide") and not afresh and (rounds := self.rounds()):
            asked += repr(rounds)
        digest = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:16]
        return f"{self.data_hash}-{digest}-{self.seed}-{__version__}"

    def basis(self, draws: int = DRAWS) -> "Basis":
        """Prices and doubts of this case: fresh worlds from the same seed, so every verb draws alike."""
        from tunecase.prices import Basis

        own = self.contracts
        return Basis(
            self.project, self.today, Worlds(self.seed, draws), review_minutes=self.review_minutes,
            contracts=own.rows if own else (), contracts_hash=own.digest if own else "",
            overruns=self.past.overruns,
            contracts_notes=own.notes if own else (),
        )  # fmt: skip

    @property
    def past(self) -> "Past":
        """The closed lines of the earlier projects that the project file names, read and checked once.

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
        entry = self.ledger.latest("record", "review")
        if entry is None or not (minutes := entry.body.get("minutes")):
            return None
        # The record holds P10 and P90; an Interval wants the 5% and 95% points.
        wide = Z90 / Z80
        return Interval(*(minutes["mid"] * (minutes[end] / minutes["mid"]) ** wide for end in ("low", "high")))

    @property
    def reviews(self) -> Reviews | None:
        """The latest reviews of these very data; None where there are none, or the data have changed since."""
        entry = self.ledger.latest("record", "review")
        if entry is None or entry.meta.get("key", "").split("-")[0] != self.key("review").split("-")[0]:
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
            self.tables[name] = load(self.folder / given, data.input, data.output)
        return self.tables[name]

    @property
    def train_path(self) -> Path:
        """The training file. Raises: InputError where the project file plans without one."""
        if self.project.data.train is None:
            fix = "add `train:` to data and delete `rows:`; until then `tunecase estimate` plans without it"
            where = f"{self.path.name}: data.train"
            raise InputError(Problem(where, "no training file", "a file of training rows", fix))
        return self.folder / self.project.data.train

    def train_table(self) -> "Table":
        """The training rows."""
        assert self.train_path
        return cast("Table", self.table("train"))

    def needed_files(self) -> tuple[Path, ...]:
        """The files and folders that this case rests on, whether they are there yet or not: no output replaces them."""
        from tunecase.data.review import CORRECTIONS_FILE

        data, folder = self.project.data, self.folder
        read = [folder / name for name in (data.train, data.test, data.pool, data.production) if name]
        listed = [folder / name for name in (self.project.prices, *self.project.past) if name]
        configs = [Path(name) for name in self.project.models if name.endswith("config.json")]
        own = (self.path, self.ledger.path, self.ledger.torn, folder / CORRECTIONS_FILE, folder / "pilot" / "answers")
        return (*own, *needed_data(read, folder), *listed, *configs)

    def keep(self, verb: str, record: Any) -> Any:
        """Appends a record to the ledger and returns it; a flow that does not write keeps it in this process only."""
        self.records[verb] = record
        if not self.writes:
            return record
        afresh = verb == "forecast" and record.source != "pilot" and not record.rounds
        meta = {
            "key": self.key(verb, afresh),
            "seed": self.seed,
            "version": __version__,
            "price_book": catalog.price_book(self.contracts.digest if self.contracts else ""),
        }
        if verb in ("round", "next", "estimate", "decide", "books"):
            meta["phase"] = f"iter-{record.number if verb == 'round' else len(self.rounds())}"
        self.ledger.append("record", record, recorded_at=now(), verb=verb, meta=meta)
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
        for verb in ("define", "audit", "pilot", "forecast", "estimate", "decide"):
            entry = self.ledger.latest("record", verb)
            if entry is not None:
                with contextlib.suppress(InputError):
                    found[verb] = entry.record()
        return found

    def rounds(self) -> tuple[Round, ...]:
        """The rounds that were measured since a pilot last trained or since points were kept, as they came.

        A later round of the same number corrects the earlier one and takes its place.
        """
        found: dict[int, Round] = {}
        for entry in self.ledger.entries():
            if entry.kind == "record" and entry.verb == "round":
                made = cast(Round, entry.record())
                found[made.number] = made
            elif entry.kind == "run" or (
                entry.verb == "forecast" and entry.body.get("source") != "pilot" and not entry.body.get("rounds")
            ):
                found.clear()
        tried: Round | None = None if self.writes else self.records.get("round")
        if tried is not None:
            found[tried.number] = tried
        return tuple(found.values())

    def spendings(self) -> tuple[tuple[str, Spending], ...]:
        """(id, charge) of everything that was paid."""
        return tuple((e.id, e.record()) for e in self.ledger.entries(check=True) if e.kind == "spend")


def open_case(path: Path, seed: int = 0, today: date | None = None, changes: Mapping[str, Any] | None = None) -> Flow:
    """Opens a project file: reads it whole, checks names against the catalog and the ledger's chain.

    `changes` take the place of the file's own values, by dotted field; the file stays as it is.

    Raises: InputError with every problem found.
    """
    from tunecase.project import read_project

    day = today or date.today()
    project = read_project(path, catalog.names(), changes, day)
    ledger = Ledger(path.parent / "ledger.jsonl")
    problems = ledger.verify()
    if problems:
        raise InputError(problems)
    return Flow(path, project, ledger, seed, day, contracts=own_prices(path, project, day))


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


def rows_of_the_bill(flow: Flow, found: Audit | None) -> dict[str, Any]:
    """What a bill is told of the rows: those that the audit leaves with their tokens, or those that a plan states."""
    return {
        "train_rows": flow.project.data.planned_rows if found is None else found.usable,
        "tokens": None if found is None else found.tokens,
        "audit": found,
    }


def usable_rows(flow: Flow) -> int:
    """Training rows that the audit leaves; those that a plan without a training file states."""
    return int(rows_of_the_bill(flow, flow.known("audit"))["train_rows"])


def spent(flow: Flow) -> float:
    """Paid so far in the base currency, what is corrected or estimated beside a bill left out."""
    from tunecase.books import held

    return sum(float(charge.amount_base) for _, charge in held(flow.spendings()).charges)


def dropped_rows(found: Audit) -> frozenset[int]:
    """Training rows that the audit's fixes would drop."""
    return frozenset(found.dropped_rows)


def task_kind(flow: Flow) -> "Kind":
    """What kind of answer is learnt: as the project file says, else as the outputs look."""
    from tunecase.data.reading import kind_of

    return flow.project.problem.task or kind_of([row.output for row in flow.train_table().rows])


def pilot_metric(flow: Flow) -> str:
    """The metric that a pilot scores: the project's, or the usual one of its kind of task."""
    usual = {"classification": "accuracy", "extraction": "field_f1", "generation": "chrf"}
    return catalog.metric(flow.project.problem.metric or usual[task_kind(flow)]).name


def missing(flow: Flow, verb: str) -> Problem:
    """The problem of a verb that has no record yet."""
    got = f"no {verb} for these data and this project file"
    return Problem(str(flow.ledger.path), got, f"a {verb} in the ledger", f"run `tunecase {verb}`")


def read_confidence(where: str, text: str) -> tuple[float, list[Problem]]:
    """A chance strictly between 0 and 100% as typed, `80%` or `0.8`, and what is wrong with it.

    Example:
        >>> read_confidence("--confidence", "80%"), len(read_confidence("--confidence", "80")[1])
        ((0.8, []), 1)
    """
    from tunecase.quantities import UnitError, Wanted, read_quantity

    try:
        found = read_quantity(text, Wanted("share", most=1.0, example="80%")).spread
    except UnitError as error:
        return 0.5, [Problem(where, error.got, error.wanted, error.fix)]
    if found.low != found.high or not 0 < found.median < 1:
        return 0.5, [Problem(where, repr(text), "one chance, more than 0 and less than 100%", "write for example 80%")]
    return found.median, []


def _hash_of(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:24]


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def name_of(place: str) -> str:
    """A file's name, or an address as it is."""
    return place if "://" in place else Path(place).resolve().name
