"""What a LoRA run on JSON answers costs, part by part, and whether quick decoding writes what transformers writes.

    python benchmarks/extracting.py [--sets orders invoices tickets diseases] [--train 240] [--test 60] [--ladder]
                                    [--no-stock]

Each set is made up from a seed: 240 + 60 texts in many wordings, with several keys, lists, nothing where a text says
nothing, and numbers and dates that the answer writes in another form than the text. One run trains on all rows; told
are its CPU and wall seconds for the lower layers, training, the loss, the general skill and decoding. With the same
adapters the test rows are decoded by transformers' `generate` as well, 160 tokens at most, unless `--no-stock`.
`--ladder` makes the ten runs of a pilot (5 sizes, 2 draws) one after the other, as one worker does; only the last is
decoded by both. Times are [CPU, wall] seconds of this process on one thread. Real rows are harder: in those made
up every fact stands in one of a few wordings. "diseases" are real ones, read from ../shared/data/text where present.
The last line is one JSON object.
"""

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from tunecase.pilot.ladder import ladder_sizes  # noqa: E402
from tunecase.pilot.scoring.score import score_of  # noqa: E402
from tunecase.pilot.trainers import decoding, layers, lora, skill  # noqa: E402
from tunecase.pilot.trainers.task import Task  # noqa: E402

Pair = tuple[str, str]
FIRST = "Mara Jonas Lena Tim Aylin Piotr Greta Omar Nadia Felix Ines Viktor Sofia Henrik Clara Bruno Yuki Dario".split()
LAST = "Keller Novak Brandt Silva Okafor Lindner Moreau Haas Petrov Conti Berg Sato Dumont Wolff Ferrari Kaya".split()
CITIES = "Bremen Lyon Porto Graz Leeds Ghent Turin Malmo Krakow Basel Cork Split Bergen Utrecht Ostrava Tartu".split()
GOODS = (
    "desk lamp", "steel bracket", "oak shelf", "garden hose", "ink cartridge", "rubber seal", "wool blanket",
    "cable drum", "paint roller", "copper pipe", "door handle", "office chair", "water filter", "tool box",
)  # fmt: skip
MONTHS = "January February March April May June July August September October November December".split()
NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()


def _name(draw: random.Random) -> str:
    return f"{draw.choice(FIRST)} {draw.choice(LAST)}"


def _date(draw: random.Random) -> tuple[str, str]:
    """A date as the text writes it, and in ISO form."""
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.choice((2023, 2024, 2025))
    written = draw.choice(
        (f"{day} {MONTHS[month - 1]} {year}", f"{MONTHS[month - 1]} {day}, {year}", f"{day:02}.{month:02}.{year}")
    )
    return written, f"{year}-{month:02}-{day:02}"


def order(draw: random.Random) -> Pair:
    """Who wants how many of what, and where it goes."""
    name, city = _name(draw), draw.choice(CITIES)
    items = [(draw.randint(1, 12), goods) for goods in draw.sample(GOODS, draw.randint(1, 3))]
    listed = [f"{NUMBERS[n - 1] if draw.random() < 0.5 else n} {goods}{'s' if n > 1 else ''}" for n, goods in items]
    wanted = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
    urgent = draw.random() < 0.4
    text = draw.choice((
        f"Hello, this is {name}. We would like {wanted}, please. Send it to our shop in {city}"
        f"{', as fast as you can' if urgent else ''}.",
        f"{city} branch needs {wanted}{' by tomorrow morning' if urgent else ''}. Regards, {name}",
        f"As agreed on the phone with {draw.choice(FIRST)}: {wanted} for {name}, delivery address in {city}."
        f"{' It is urgent.' if urgent else ''}",
        f"{'Rush order! ' if urgent else ''}Could you put {wanted} on the lorry to {city}? {name} will sign for it.",
    ))  # fmt: skip
    answer = {
        "customer": name,
        "city": city,
        "items": [{"article": goods, "quantity": n} for n, goods in items],
        "urgent": urgent,
    }
    return text, json.dumps(answer)


def invoice(draw: random.Random) -> Pair:
    """A bill in running text: number, dates in ISO form, sums, the reduction where there is one."""
    name, (written, iso), number = (
        _name(draw),
        _date(draw),
        f"{draw.choice('ABRX')}{draw.randint(100, 999)}-{draw.randint(10, 99)}",
    )
    net, rate = draw.randint(20, 900), draw.choice((7, 19, 20, 25))
    off = draw.choice((None, None, 5, 10))
    told = f" {off} percent off has been granted." if off else ""
    text = draw.choice((
        f"Invoice {number} of {written} to {name}: net {net}.50 EUR, VAT {rate}%.{told}",
        f"{name} owes us {net}.50 euros before {rate} percent tax (our bill no. {number}, issued {written}).{told}",
        f"On {written} we billed {name} under {number}. The net sum is EUR {net}.50; add {rate}% VAT.{told}",
    ))  # fmt: skip
    answer = {
        "number": number,
        "date": iso,
        "customer": name,
        "net": net + 0.5,
        "vat_percent": rate,
        "discount_percent": off,
    }
    return text, json.dumps(answer)


def ticket(draw: random.Random) -> Pair:
    """A complaint: a device, what is wrong with it, since when, and what the writer wants."""
    device = draw.choice(("router", "printer", "boiler", "tablet", "scanner", "lift"))
    fault, kind = draw.choice((
        ("drops the connection every hour", "connection"), ("does not start any more", "power"),
        ("smells burnt", "safety"),
        ("shows error {e}", "error"), ("makes a loud noise", "noise"), ("leaks", "safety"),
        ("cannot be reached", "connection"),
    ))  # fmt: skip
    code = f"E{draw.randint(10, 99)}" if "{e}" in fault else None
    wish, action = draw.choice(
        (("a refund", "refund"), ("someone to come by", "visit"), ("a new one", "replacement"), ("a call", "call"))
    )
    (written, iso), name = _date(draw), _name(draw)
    text = draw.choice((
        f"Since {written} the {device} {fault.format(e=code)}. I want {wish}. {name}",
        f"My name is {name}. Your {device} {fault.format(e=code)}, and that has been so since {written}. "
        f"Please arrange {wish}.",
        f"{device.capitalize()} bought last year, and it {fault.format(e=code)} (first seen {written}). "
        f"Expecting {wish}! - {name}",
    ))  # fmt: skip
    answer = {"device": device, "problem": kind, "code": code, "since": iso, "wish": action, "contact": {"name": name}}
    return text, json.dumps(answer)


STOCK_TOKENS = 160
MADE: Mapping[str, Callable[[random.Random], Pair]] = {"orders": order, "invoices": invoice, "tickets": ticket}
REAL: Mapping[str, Path] = {"diseases": ROOT / ".." / "shared/data/text/backtest/ncbi_disease_json/train.jsonl"}
SETS = (*MADE, *REAL)


def rows(name: str, train: int, test: int) -> tuple[list[Pair], list[Pair]]:
    """Training and test rows of a set, no text twice."""
    draw, made = random.Random(f"{name} 7"), dict[str, str]()
    if name in REAL:
        read = [json.loads(line) for line in REAL[name].read_text(encoding="utf-8").splitlines()]
        made = {row["input"]: row["output"] for row in draw.sample(read, len(read))}
    while name in MADE and len(made) < train + test:
        text, answer = MADE[name](draw)
        made.setdefault(text, answer)
    every = list(made.items())[: train + test]
    return every[:train], every[train:]


@contextmanager
def timed(parts: dict[str, list[float]], name: str) -> Iterator[None]:
    """Adds CPU and wall seconds to a part."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    parts[name][0] += time.process_time() - cpu
    parts[name][1] += time.perf_counter() - wall


def _watched(parts: dict[str, list[float]]) -> None:
    """Takes the time of what a run consists of."""
    for owner, name, part in (
        (layers.Network, "ready", "lower layers"), (lora, "_trained", "training"), (lora, "_loss", "loss"),
        (skill, "right", "skill"), (lora, "_answers", "decoding"),
    ):  # fmt: skip
        inner = getattr(owner, name)

        def watched(*given: Any, _inner: Any = inner, _part: str = part, **more: Any) -> Any:
            with timed(parts, _part):
                return _inner(*given, **more)

        setattr(owner, name, watched)


def task_of(train: list[Pair], test: list[Pair], top: int, seed: int, more: Mapping[str, Any]) -> Task:
    """The run of a pilot on these rows."""
    (texts, labels), (asks, wants) = zip(*train, strict=True), zip(*test, strict=True)
    return Task(
        "lora", lora.MODEL, texts, labels, asks, wants, "exact_match", seed, lora.settings(top, more), "extraction"
    )


def _run(made: Task, parts: dict[str, list[float]]) -> dict[str, Any]:
    parts.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    result = lora.train(made)
    total = [time.process_time() - cpu, time.perf_counter() - wall]
    field_f1 = score_of("field_f1", made.test_labels, result.predictions or ())
    return {
        "rows": len(made.texts), "exact_match": round(result.score, 3), "field_f1": round(field_f1, 3),
        "steps": result.steps, "train_loss": result.train_loss, "total": [round(s, 1) for s in total],
        **{part: [round(s, 1) for s in spent] for part, spent in parts.items()},
    }  # fmt: skip


def _both(made: Task) -> dict[str, Any]:
    """Decodes the test rows with the adapters of the run that has just ended, by both ways."""
    session = lora._LAST["session"]
    lesson = lora._lesson(session, made, {**lora.SETTINGS, **made.settings})
    asks, form = [row.tokens for row in lesson.test_rows], lesson.form
    spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    with timed(spent, "own"):
        own = decoding.decoded(session.network, form.before, asks, form.end, STOCK_TOKENS)
    with timed(spent, "stock"):
        stock = session.network.stock_decoded(form.before, asks, form.end, STOCK_TOKENS)
    same = sum(one == other for one, other in zip(own, stock, strict=True))
    return {"rows": len(asks), "same": same, **{part: [round(s, 1) for s in times] for part, times in spent.items()}}


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--train", type=int, default=240)
    parser.add_argument("--test", type=int, default=60)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings, as JSON")
    parser.add_argument("--ladder", action="store_true")
    parser.add_argument("--no-stock", action="store_true")
    given = parser.parse_args()
    more = {name: json.loads(value) for name, value in (word.split("=") for word in given.set)}
    parts: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    _watched(parts)
    found: dict[str, Any] = {}
    for name in given.sets:
        if name in REAL and not REAL[name].exists():
            print(f"skipped: {REAL[name]} is not here")
            continue
        train, test = rows(name, given.train, given.test)
        sizes = [(n, draw) for n in ladder_sizes(len(train), 1, heavy=True) for draw in (0, 1)]
        runs = []
        for n, draw in sizes if given.ladder else [(len(train), 0)]:
            some = random.Random(draw).sample(train, n)
            runs.append({"draw": draw, **_run(task_of(some, test, len(train), draw, more), parts)})
            print(name, json.dumps(runs[-1]), flush=True)
        if not given.no_stock:
            runs[-1]["decoded by both"] = _both(task_of(train, test, len(train), runs[-1]["draw"], more))
            print(name, json.dumps(runs[-1]["decoded by both"]), flush=True)
        found[name] = runs
    print(json.dumps(found))


if __name__ == "__main__":
    main()
