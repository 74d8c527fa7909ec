"""Hours of training runs as estimated charges: GPU hours of each run at the price of a GPU hour in the book."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tunecase import catalog
from tunecase.books.charges import GPU_HOUR
from tunecase.books.importers.cells import open_tags
from tunecase.books.importers.charge import Brought, Mistakes, SpendAsked, digest_of
from tunecase.books.importers.lines import card_named
from tunecase.quantities import counted, one_line
from tunecase.records import Spending

GPU_NAMES = (
    "gpu", "gpu_name", "gpu_type", "gpu_model", "device_name", "accelerator", "accelerators", "hardware", "card",
)  # fmt: skip
INSTANCE_NAMES = ("instance_type", "instance", "machine_type", "machine", "node_type")
COUNT_NAMES = ("gpu_count", "num_gpus", "n_gpus", "gpus", "world_size", "num_processes", "n_gpu")
SYSTEM_GPU = re.compile(r"system/gpu_(\d+)_")
TIMES = re.compile(r"^\s*(\d{1,4})\s*[x×]\s*|[:]\s*(\d{1,4})\s*$")
STEP = Decimal("0.000001")
MOST_HOURS = 24 * 366
ON_CPU = "on a processor, whose hour has no price here"


@dataclass(frozen=True, slots=True)
class TimedRun:
    """One run as its place has it: times, what it was given (tags before parameters), the names of its metrics.

    `key` identifies the run in its place whatever it is called; `hours` are given where only their number is known,
    `usd` where the run says itself what it spent. `why` says why it is left out, where it must be. `row_id` is that of
    its charge where another way books the same run, too.
    """

    key: str
    name: str
    began: datetime | None = None
    ended: datetime | None = None
    hours: Decimal | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    usd: Decimal | None = None
    why: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    category: str = "gpu"
    row_id: str = ""


def run_charges(runs: Sequence[TimedRun], asked: SpendAsked, source: str, place: str) -> Brought:
    """One estimated charge for each run that has ended on a GPU.

        GPU hours = (end - start) * number of GPUs;   amount = GPU hours * price of one hour in the project's currency

    What a run says that it spent comes before hours x price. The GPU and how many are read from the run's tags and
    parameters, the number also from the metrics of each card; else `asked.gpu` and `asked.gpu_count` say them.

    Args:
        runs: as their place has them; those with a `why` are left out and counted.
        asked: filters, the GPU of runs that name none, prices.
        source, place: for the charges and for problems.
    Raises: InputError with every run of which the GPU, how many or a price is not known: none is guessed.
    Leaves out: time in which a machine was up before and after its runs, which only a bill shows, as idle.
    """
    reader = _Reader(asked, source, place)
    charges = [charge for run in runs if (charge := reader.charge(run)) is not None]
    reader.mistakes.refuse(place)
    notes = tuple(f"{counted(count, 'run')} at {text}" for text, count in reader.prices.items())
    left_out = tuple(f"{counted(count, 'run')} {why}" for why, count in sorted(reader.left_out.items()))
    return Brought(tuple(charges), len(runs), reader.filtered, left_out, notes)


@dataclass(frozen=True, slots=True)
class _Use:
    """What a run used: its GPUs, none on a processor; the hours of each, and the moment of its end."""

    gpu: str
    gpu_count: int
    hours: Decimal
    ended: datetime

    @property
    def gpu_hours(self) -> Decimal:
        """Hours of all GPUs, to a millionth."""
        return (self.hours * self.gpu_count).quantize(STEP)


@dataclass
class _Reader:
    """The runs of one place while they become charges, with what is told of those that do not."""

    asked: SpendAsked
    source: str
    place: str
    mistakes: Mistakes = field(default_factory=Mistakes)
    left_out: Counter[str] = field(default_factory=Counter)
    prices: Counter[str] = field(default_factory=Counter)
    filtered: int = 0

    def charge(self, run: TimedRun) -> Spending | None:
        """The charge of a run; None where it is not asked for, is left out, or is a mistake."""
        if not self.is_asked_for(run):
            self.filtered += 1
            return None
        gpu, count = gpu_of(run)
        on_cpu = count == 0
        if why := run.why or (ON_CPU if on_cpu and run.usd is None else ""):
            self.left_out[why] += 1
            return None
        gpu = self.asked.gpu if on_cpu else gpu or self.asked.gpu
        use = self.use(run, gpu, self.asked.gpu_count if count is None else count)
        if use is None:
            return None
        return self.priced(run, use) if run.usd is None else self.paid(run, use)

    def is_asked_for(self, run: TimedRun) -> bool:
        """Whether a run has all tags and its day is one of those asked for; a run without a day is."""
        moment = run.ended or run.began
        has_tags = all(run.tags.get(key) == value for key, value in self.asked.tags.items())
        return has_tags and (moment is None or self.asked.in_days(moment.date()))

    def use(self, run: TimedRun, gpu: str, count: int) -> _Use | None:
        """What a run used, ended on the day asked for where it has no end; None, and a mistake, for odd times."""
        on, hours = self.asked.on, _hours(run)
        ended = run.ended or (datetime(on.year, on.month, on.day, tzinfo=UTC) if on else None)
        if ended is None or hours is None:
            got, fix = "no time of its beginning and end", "say the day with --on, or leave the run out with --tag"
            self.mistakes.add(self.where(run), got, "when it ran and for how long", fix)
            return None
        # The run's moments are UTC: west of it they may be of tomorrow, by the day on which it is imported.
        is_late = ended.date() > self.asked.today + timedelta(days=1)
        if is_late or not 0 <= hours <= MOST_HOURS:
            shown = f"{hours:f}" if abs(hours) < 10**9 else f"{hours:.3e}"
            got = f"an end on {ended.date()}" if is_late else f"{shown} hours"
            wanted = f"a run of at most a year that ended by {self.asked.today}"
            self.mistakes.add(self.where(run), got, wanted, "correct the run's times")
            return None
        return _Use(gpu, count, hours, ended)

    def where(self, run: TimedRun) -> str:
        """A run, for a problem."""
        return f"{self.place}, run {one_line(run.name, 60)}"

    def paid(self, run: TimedRun, use: _Use) -> Spending | None:
        """What the run itself says that it spent, in US dollars."""
        rate = self.mistakes.rate(self.where(run), self.asked, "USD", use.ended.date(), "US dollars spent")
        if rate is None:
            return None
        usd = run.usd or Decimal(0)
        return replace(self.spending(run, use), amount=usd, currency="USD", amount_base=usd * rate, fx_rate=rate)

    def priced(self, run: TimedRun, use: _Use) -> Spending | None:
        """GPU hours at the price of the book."""
        if not use.gpu or not use.gpu_count:
            parts = ("" if use.gpu else "no GPU named", "" if use.gpu_count else "not how many")
            fix = "say --gpu and --gpu-count, or set the tags tunecase.gpu and tunecase.gpu_count of the run"
            self.mistakes.add(self.where(run), " and ".join(filter(None, parts)), "the GPU and how many of it", fix)
            return None
        price = self.asked.gpu_hour(use.gpu)
        if price is None:
            fix = "add its price to the project's own price file, or import the bill instead"
            self.mistakes.add(self.where(run), f"no price of a {use.gpu} hour", "a price in the book", fix)
            return None
        self.prices[f"{price.amount} {self.asked.currency} an hour of {use.gpu} ({price.words})"] += 1
        amount = use.gpu_hours * price.amount
        return replace(self.spending(run, use), amount=amount, amount_base=amount, unit_price=price.amount)

    def spending(self, run: TimedRun, use: _Use) -> Spending:
        """The charge of a run, its amount still open."""
        began = run.began
        if began is None and run.hours is not None and run.ended is not None:
            began = run.ended - timedelta(hours=float(run.hours))
        return Spending(
            min(use.ended.date(), self.asked.today), self.asked.category or run.category, Decimal(0),
            self.asked.currency, Decimal(0), description=f"run {one_line(run.name, 200)}",
            quantity=use.gpu_hours or None, unit=GPU_HOUR if use.gpu_hours else "", source=self.source,
            began_at=began if run.ended else None, ended_at=run.ended, basis="estimated", fx_rate=Decimal(1),
            gpu=use.gpu, gpu_count=use.gpu_count, run=one_line(run.name, 200), tags=open_tags(run.tags),
            source_file=self.place, row_id=run.row_id or digest_of(_content(run, use, self.source)),
            line_id=digest_of({"source": self.source, "run": run.key}),
        )  # fmt: skip


def _content(run: TimedRun, use: _Use, source: str) -> dict[str, str]:
    """What identifies the charge of a run: the run, and all that its amount rests on but the book's price."""
    return {
        "source": source, "run": run.key, "hours": f"{use.hours.quantize(STEP):f}", "gpu": use.gpu,
        "count": str(use.gpu_count), "usd": "" if run.usd is None else f"{run.usd.normalize():f}",
    }  # fmt: skip


def _hours(run: TimedRun) -> Decimal | None:
    """The run's own hours, else from its beginning to its end."""
    if run.hours is not None:
        return run.hours
    if run.began is None or run.ended is None or run.ended < run.began:
        return None
    return Decimal((run.ended - run.began) // timedelta(microseconds=1)) / 3_600_000_000


def gpu_of(run: TimedRun) -> tuple[str, int | None]:
    """The GPU that a run names ("cpu" for none) and how many; an empty name and None where it does not say.

    Example:
        >>> gpu_of(TimedRun("1", "a", facts={"tunecase.gpu": "NVIDIA L40S", "num_gpus": "2"}))
        ('L40S', 2)
    """
    facts = {_plain(key): value.strip() for key, value in run.facts.items()}
    count = _count(facts, run.metrics)
    for name in filter(None, map(facts.get, INSTANCE_NAMES)):
        if machine := catalog.instance("", name.removeprefix("ml.")):
            return machine.gpu, count or machine.gpu_count
    for text in filter(None, map(facts.get, GPU_NAMES)):
        if text.casefold() in ("cpu", "none", "mps"):
            return "cpu", 0
        if card := card_named(text):
            return card, _times(text) if count is None else count
    return "", count


def _times(text: str) -> int | None:
    """The number in `8 x H100` or `H100:8`; None where there is none."""
    times = TIMES.search(text)
    return int(times[1] or times[2]) if times else None


def _count(facts: Mapping[str, str], metrics: Sequence[str]) -> int | None:
    """How many GPUs the facts name, else how many the metrics of each card are of; None where neither says."""
    named = next((int(facts[name]) for name in COUNT_NAMES if facts.get(name, "").isdecimal()), None)
    cards = {match[1] for name in metrics if (match := SYSTEM_GPU.match(name))}
    return len(cards) or None if named is None else named


def _plain(key: str) -> str:
    """A name without what stands before its last slash or dot, in lower case with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", re.split(r"[./]", key)[-1].casefold()).strip("_")
