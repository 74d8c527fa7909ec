"""Hours of training runs as estimated charges: GPU hours of each run at the price of a GPU hour in the book."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tunecase import catalog
from tunecase.books.charges import GPU_HOUR, rate_fix, rate_on
from tunecase.books.importers.cells import open_tags
from tunecase.books.importers.charge import Brought, HourPrice, Mistakes, SpendAsked, digest_of
from tunecase.books.importers.lines import card_named
from tunecase.quantities import counted, one_line
from tunecase.records import Spending

GPU_NAMES = (
    "gpu",
    "gpu_name",
    "gpu_type",
    "gpu_model",
    "device_name",
    "accelerator",
    "accelerators",
    "hardware",
    "card",
)
INSTANCE_NAMES = ("instance_type", "instance", "machine_type", "machine", "node_type")
COUNT_NAMES = ("gpu_count", "num_gpus", "n_gpus", "gpus", "world_size", "num_processes", "n_gpu")
SYSTEM_GPU = re.compile(r"system/gpu_(\d+)_")
TIMES = re.compile(r"^\s*(\d{1,4})\s*[x×]\s*|[:]\s*(\d{1,4})\s*$")
STEP = Decimal("0.000001")
MOST_HOURS = 24 * 366


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
    mistakes, left_out, found = Mistakes(), Counter[str](), []
    filtered, words = 0, Counter[str]()
    for run in runs:
        day = run.ended or run.began
        if any(run.tags.get(key) != value for key, value in asked.tags.items()) or (
            day is not None and not asked.in_days(day.date())
        ):
            filtered += 1
        elif run.why:
            left_out[run.why] += 1
        elif (charge := _charge(run, asked, source, place, mistakes, words, left_out)) is not None:
            found.append(charge)
    mistakes.refuse(place)
    notes = [f"{counted(count, 'run')} at {text}" for text, count in words.items()]
    told = tuple(f"{counted(count, 'run')} {why}" for why, count in sorted(left_out.items()))
    return Brought(tuple(found), len(runs), filtered, told, tuple(notes))


def _charge(
    run: TimedRun, asked: SpendAsked, source: str, place: str, mistakes: Mistakes, words: Counter[str],
    left_out: Counter[str],
) -> Spending | None:  # fmt: skip
    gpu, count = gpu_of(run)
    if count == 0 or (gpu == "cpu"):
        if run.usd is None:
            left_out["on a processor, whose hour has no price here"] += 1
            return None
        gpu, count = "", 0
    gpu, count = gpu or asked.gpu, asked.gpu_count if count is None else count
    hours = _hours(run)
    where = f"{place}, run {one_line(run.name, 60)}"
    ended = run.ended or (datetime(asked.on.year, asked.on.month, asked.on.day, tzinfo=UTC) if asked.on else None)
    if ended is None or hours is None:
        got, fix = "no time of its beginning and end", "say the day with --on, or leave the run out with --tag"
        mistakes.add(where, got, "when it ran and for how long", fix)
        return None
    # The run's moments are UTC: west of it they may be of tomorrow, by the day on which it is imported.
    late = ended.date() > asked.today + timedelta(days=1)
    if late or hours > MOST_HOURS:
        got = f"an end on {ended.date()}" if late else f"{hours:f} hours"
        mistakes.add(where, got, f"a run of at most a year that ended by {asked.today}", "correct the run's times")
        return None
    if run.usd is not None:
        return _spent(run, asked, source, place, gpu, count, hours, ended, mistakes, where)
    if not gpu or not count:
        lacking = " and ".join(what for what, known in (("no GPU named", gpu), ("not how many", count)) if not known)
        fix = "say --gpu and --gpu-count, or set the tags tunecase.gpu and tunecase.gpu_count of the run"
        mistakes.add(where, lacking, "the GPU and how many of it", fix)
        return None
    price = asked.gpu_hour(gpu)
    if price is None:
        fix = "add its price to the project's own price file, or import the bill instead"
        mistakes.add(where, f"no price of a {gpu} hour", "a price in the book", fix)
        return None
    words[f"{price.amount} {asked.currency} an hour of {gpu} ({price.words})"] += 1
    return _spending(run, asked, source, place, gpu, count, hours, ended, price, asked.currency, Decimal(1))


def _spent(
    run: TimedRun, asked: SpendAsked, source: str, place: str, gpu: str, count: int, hours: Decimal, ended: datetime,
    mistakes: Mistakes, where: str,
) -> Spending | None:  # fmt: skip
    """What the run itself says that it spent, in US dollars."""
    rate = rate_on("USD", asked.currency, asked.rates, ended.date())
    if rate is None:
        wanted = f"{asked.currency}, or a dated rate for USD"
        mistakes.add(where, "US dollars spent", wanted, rate_fix("USD", ended.date()))
        return None
    return _spending(run, asked, source, place, gpu, count, hours, ended, None, "USD", rate)


def _spending(
    run: TimedRun, asked: SpendAsked, source: str, place: str, gpu: str, count: int, hours: Decimal, ended: datetime,
    price: HourPrice | None, currency: str, rate: Decimal,
) -> Spending:  # fmt: skip
    gpu_hours = (hours * count).quantize(STEP)
    amount = gpu_hours * price.amount if price is not None else run.usd or Decimal(0)
    began = run.began or (None if run.hours is None or run.ended is None else ended - timedelta(hours=float(run.hours)))
    content = {
        "source": source, "run": run.key, "hours": f"{hours.quantize(STEP):f}", "gpu": gpu, "count": str(count),
        "usd": "" if run.usd is None else f"{run.usd.normalize():f}",
    }  # fmt: skip
    return Spending(
        min(ended.date(), asked.today), asked.category or run.category, amount, currency, amount * rate,
        description=f"run {one_line(run.name, 200)}", quantity=gpu_hours or None,
        unit=GPU_HOUR if gpu_hours else "", source=source, began_at=began if run.ended else None,
        ended_at=run.ended, basis="estimated", unit_price=price.amount if price else None, fx_rate=rate, gpu=gpu,
        gpu_count=count, run=one_line(run.name, 200), tags=open_tags(run.tags), source_file=place,
        row_id=run.row_id or digest_of(content), line_id=digest_of({"source": source, "run": run.key}),
    )  # fmt: skip


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
    count = next((int(facts[name]) for name in COUNT_NAMES if facts.get(name, "").isdecimal()), None)
    if count is None and (cards := {match[1] for name in run.metrics if (match := SYSTEM_GPU.match(name))}):
        count = len(cards)
    for name in INSTANCE_NAMES:
        machine = catalog.instance("", facts[name].removeprefix("ml.")) if facts.get(name) else None
        if machine is not None:
            return machine.gpu, count or machine.gpu_count
    for name in GPU_NAMES:
        text = facts.get(name, "")
        if text.casefold() in ("cpu", "none", "mps"):
            return "cpu", 0
        card = card_named(text)
        if card:
            times = TIMES.search(text)
            stated = int(times[1] or times[2]) if times else None
            return card, count if count is not None else stated
    return "", count


def _plain(key: str) -> str:
    """A name without what stands before its last slash or dot, in lower case with underscores."""
    return re.sub(r"[^a-z0-9]+", "_", re.split(r"[./]", key)[-1].casefold()).strip("_")
