"""Prints one training run: the answer in sentences, then the engineer's table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import Interval80, count, duration, figures, interval_words, share
from tunecase.records import Compared, Fit, Placed, Scored

if TYPE_CHECKING:
    from rich.console import Console

MOST_REJECTED = 6
MANY = 99
KEPT = {
    "none": "every activation kept",
    "full": "full checkpointing",
    "selective": "selective checkpointing",
    "offloaded": "checkpoints in the host's memory",
}


def print_fit(console: "Console", record: Fit) -> None:
    """The answer a manager can read aloud, then memory, time, rivals and what was taken."""
    cards = f"{record.gpu_count} x {record.gpu}"
    name = record.model.split("/")[-1]
    late = ", but ends too late" if record.late and record.hours else ""
    heading(console, "fit", f"{name}, {record.method}: {_verdict(record)} on {cards}{late}", record.ok)
    for line in _answer(record):
        say(console, line)
    explained = bool(record.phases)
    if record.compared:
        print_compared(console, "Your runs against the prediction before it learnt from them", record.compared)
    if explained:
        _print_front(console, record)
        _print_memory(console, record)
        _print_time(console, record)
        _print_explained(console, record)
    else:
        for line in _best(record):
            say(console, line)
    print_notes(console, "Assumed:", record.assumptions, MANY)
    if explained:
        print_notes(console, "As in every answer:", record.background, MANY)
        print_notes(console, "Not counted:", record.not_counted, MANY)
    else:
        weighed = f"{count(record.searched)} choices weighed; " if record.searched > 1 else ""
        say(console, f"{weighed}--explain shows why, term by term, and what is not counted.", "dim")


def _verdict(record: Fit) -> str:
    """The verdict with its chance where that is in doubt."""
    over = record.placed.chance_over
    if record.verdict != "tight":
        return record.verdict
    return f"tight, and more likely not to fit ({over:.0%})" if over > 0.5 else f"tight ({1 - over:.0%} that it fits)"


def _answer(record: Fit) -> list[str]:
    """The sentences at the top."""
    placed = record.placed
    lines = [_understood(record)]
    if record.hours is not None:
        price = f"and costs {_money(record.usd)} ({_origin(record)})" if record.usd else "and has no price anywhere"
        lines.append(f"It takes {_time(record.hours)} {price}.")
    elif record.verdict != "does not fit":
        each = placed.usd_per_mtok
        words = f" A million tokens cost {_money(each)} ({_origin(record)})." if each else ""
        lines.append(f"How long and how much: give --tokens, or --examples and --epochs, to know.{words}")
    else:
        lines.append("Time and price are unknown while it does not fit.")
    if record.spot_usd and record.spot_hours:
        where = f" ({record.spot_basis})" if record.spot_basis else ""
        spot = f"{_money(record.spot_usd)} in {_time(record.spot_hours)}"
        lines.append(f"On spot cards: {spot}, interruptions counted{where}.")
    peak, usable, shown = _three(record.memory_gib), figures(record.usable_gib, 3), _three(record.card_gib)
    card = "each card's" if record.gpu_count > 1 else "the card's"
    lines.append(f"It needs {peak} GiB of {card} {usable} usable GiB; nvidia-smi will show {shown}.")
    lines.append(f"What fills the card: {record.dominant}.")
    if record.turning:
        lines.append(f"What would change the verdict: {'; '.join(record.turning)}.")
    lines += [f"Remedy {number}: {remedy}." for number, remedy in enumerate(record.remedies, 1)]
    lines += ["What stands in brackets is typed behind the same command."] if record.remedies else []
    if record.deadline_hours is not None and record.hours is not None:
        limit = duration(record.deadline_hours * 3600)
        late = f"No choice asked for ends within {limit} in nine of ten worlds: the answer is no."
        lines.append(late if record.late else f"Ends within {limit} in nine of ten worlds.")
    return lines


def _origin(record: Fit) -> str:
    """The price of an hour, and where it comes from."""
    hour, basis = record.usd_per_gpu_hour, record.placed.price_basis or record.tier
    return f"{figures(hour.mid)} USD per card and hour: {basis}" if hour else basis


def _understood(record: Fit) -> str:
    """The question as it was understood, and the run that answers it."""
    placed = record.placed
    tokens = f"; {figures(record.train_tokens, 3)} tokens" if record.train_tokens else ""
    samples = count(placed.samples_per_step or placed.micro_batch * placed.accumulation)
    assumed = " (assumed)" if record.batch_assumed else ""
    sizes = record.sizes or f"{figures(record.params, 3)} parameters"
    return f"{sizes}{tokens}; {samples} samples a step{assumed}. The run: {_way(placed)}."


def _way(placed: Placed) -> str:
    """Sizes of one choice in words."""
    times = f", {placed.accumulation} accumulated" if placed.accumulation > 1 else ""
    sharding = f", {placed.sharding}" if placed.gpu_count > 1 else ""
    kept = KEPT.get(placed.checkpointing, placed.checkpointing)
    return f"micro-batch {placed.micro_batch}{times}{sharding}, {kept}"


def _named(record: Fit) -> list[tuple[str, Placed]]:
    """The choices that are best in some respect, each with that respect."""
    best = [("cheapest", record.cheapest), ("cheapest in time", record.in_time), ("fastest", record.fastest)]
    named = [(mark, placed) for mark, placed in best if placed is not None]
    return named + [
        (f"cheapest {placed.method}" if _price(placed) < float("inf") else f"best {placed.method}", placed)
        for placed in record.by_method
    ]


def _best(record: Fit) -> list[str]:
    """One line for each choice that is best in some respect, except the run shown above."""
    rows: dict[tuple[object, ...], tuple[list[str], Placed]] = {}
    for mark, placed in _named(record):
        marks, _ = rows.setdefault(_key(placed), ([], placed))
        if not (mark.startswith(("cheapest ", "best ")) and "cheapest" in marks):
            marks.append(mark)
    lines = []
    for key, (marks, placed) in rows.items():
        if key == _key(record.placed):
            lines.append(f"{', '.join(marks).capitalize()}: the run above.")
            continue
        if placed.verdict == "does not fit":
            memory = f"{figures(placed.memory_gib.high, 3)} of {figures(placed.usable_gib, 3)} GiB at P90"
            lines.append(f"{placed.method}: does not fit; nearest {placed.gpu_count} x {placed.gpu}, {memory}.")
            continue
        _, _, time, money = _row(placed)
        unit = (f"{time}, {money} USD") if placed.hours else f"{time} tokens/s, {money} USD per million tokens"
        tight = "tight; " if placed.verdict == "tight" else ""
        cards = f"{placed.gpu_count} x {placed.gpu}, {placed.method}"
        marked = ", ".join(marks).capitalize()
        batch = placed.samples_per_step
        step = f", {count(batch)} samples a step" if batch != record.placed.samples_per_step else ""
        lines.append(f"{marked}: {cards}, {_way(placed)}{step}: {tight}{unit.replace('- USD', 'unpriced')}.")
    return lines if len(rows) > 1 else []


def _three(points: Interval80) -> str:
    return f"{figures(points.mid, 3)} ({figures(points.low, 3)} to {figures(points.high, 3)})"


def _time(hours: Interval80) -> str:
    """A time with its range, in the unit of its middle."""
    unit, size = ("min", 1 / 60) if hours.mid < 1 else ("h", 1.0) if hours.mid < 48 else ("days", 24.0)
    return interval_words(hours.low / size, hours.mid / size, hours.high / size, unit)


def _money(usd: Interval80 | None) -> str:
    return "unpriced" if usd is None else interval_words(usd.low, usd.mid, usd.high, "USD")


def _print_front(console: "Console", record: Fit) -> None:
    """Cheapest, fastest, in time, by method, and the front between them; then what was left out."""
    named = _named(record)
    named += [("", placed) for placed in record.front]
    rows: dict[tuple[object, ...], Placed] = {}
    marks: dict[tuple[object, ...], list[str]] = {}
    for mark, placed in named:
        key = _key(placed)
        rows.setdefault(key, placed)
        if mark and not (mark.startswith("cheapest ") and "cheapest" in marks.get(key, ())):
            marks.setdefault(key, []).append(mark)
    if len(rows) > 1:
        timed = record.train_tokens is not None
        ordered = sorted(rows.items(), key=lambda item: _price(item[1]))
        header = (
            "no other is both cheaper and faster, and the best",
            "GiB",
            *(("time", "USD") if timed else ("tok/s", "USD/1M")),
        )
        notes = [
            f"{', '.join(marks[key])}: {_detail(placed)}" if key in marks else _detail(placed)
            for key, placed in ordered
        ]
        print_table(console, header, [_row(placed) for _, placed in ordered], (1, 2, 3), notes)
    if record.searched > 1:
        left = " Left out:" if record.rejected else " All of them fit."
        say(console, f"{count(record.searched)} choices weighed.{left}", "dim")
        for item in record.rejected[:MOST_REJECTED]:
            near = f"; nearest: {item.nearest}" if item.nearest else ""
            say(console, f"· {count(item.count)}: {item.reason}{near}", "dim", 2)


def _key(placed: Placed) -> tuple[object, ...]:
    return (
        placed.gpu, placed.gpu_count, placed.method, placed.micro_batch, placed.sharding, placed.checkpointing,
    )  # fmt: skip


def _price(placed: Placed) -> float:
    money = placed.usd if placed.hours else placed.usd_per_mtok
    return money.mid if money else float("inf")


def _row(placed: Placed) -> tuple[str, ...]:
    money = placed.usd if placed.hours else placed.usd_per_mtok
    return (
        f"{placed.gpu_count} x {placed.gpu}, {placed.method}",
        figures(placed.memory_gib.mid, 3),
        _time(Interval80(placed.hours.mid, placed.hours.mid, placed.hours.mid))
        if placed.hours
        else figures(placed.tokens_per_s.mid),
        figures(money.mid) if money else "-",
    )


def _detail(placed: Placed) -> str:
    """Sizes and ranges of one choice."""
    tight = "tight, " if placed.verdict == "tight" else ""
    money = placed.usd if placed.hours else placed.usd_per_mtok
    price = f"; {figures(money.low)} to {figures(money.high)} USD" if money else ""
    return f"{tight}{_way(placed)}{price}"


def _print_memory(console: "Console", record: Fit) -> None:
    rows = [
        (name, figures(points.low, 3), figures(points.mid, 3), figures(points.high, 3))
        for name, points in (
            ("allocated by the framework", record.memory_gib),
            ("reserved by its allocator", record.reserved_gib),
            ("shown by nvidia-smi", record.card_gib),
        )
    ]
    print_table(console, ("memory of one card, GiB", "P10", "P50", "P90"), rows, (1, 2, 3))
    terms = ", ".join(f"{name} {figures(gib, 3)}" for name, gib in record.memory_terms[:6])
    say(console, f"at the peak: {terms}", "dim", 2)


def _print_time(console: "Console", record: Fit) -> None:
    total = sum(seconds for _, seconds in record.time_terms) or 1.0
    terms = ", ".join(f"{name} {share(seconds / total)}" for name, seconds in record.time_terms[:5])
    speed, step = record.tokens_per_s, record.step_s
    useful = f", {share(record.useful_share)} of the computed ones" if record.useful_share < 0.995 else ""
    say(
        console,
        f"Speed {interval_words(speed.low, speed.mid, speed.high, 'useful tokens/s')} in all{useful}; "
        f"a step {interval_words(step.low, step.mid, step.high, 's')}.",
    )
    say(console, f"of the step: {terms}", "dim", 2)


def _print_explained(console: "Console", record: Fit) -> None:
    say(console, "How it is worked out:", "dim")
    for formula in record.formulas:
        say(console, f"· {formula}", "dim", 2)
    top = max(phase.gib for phase in record.phases)
    rows = [
        (f"{phase.name}{' (the peak)' if phase.gib == top else ''}", figures(phase.gib, 3)) for phase in record.phases
    ]
    notes = [", ".join(f"{name} {figures(gib, 3)}" for name, gib in phase.terms) for phase in record.phases]
    print_table(console, ("phase of a step", "GiB"), rows, (1,), notes)
    times = [(name, f"{seconds:.3g}") for name, seconds in record.time_terms]
    print_table(console, ("term of a step, overlaps taken off", "s"), times, (1,))
    say(console, f"Set-up: {', '.join(f'{name} {value}' for name, value in record.setup)}.", "dim")
    if record.evidence:
        print_compared(console, "Measured by others on the nearest set-ups", record.evidence)


def print_compared(console: "Console", title: str, pairs: Sequence[Compared]) -> None:
    """Predictions beside measurements."""
    rows = [
        (
            pair.setup,
            pair.unit.replace("tokens/s per GPU", "tok/s/GPU"),
            figures(pair.measured, 3),
            f"{figures(pair.predicted.mid, 3)} ({figures(pair.predicted.low)} to {figures(pair.predicted.high)})",
        )
        for pair in pairs
    ]
    notes = [
        "; ".join(
            part
            for part in (
                f"{pair.error:+.0%}{'' if pair.inside else ', outside the band'}",
                ", ".join(word for word in (pair.source, pair.date) if word),
            )
            if part
        )
        for pair in pairs
    ]
    say(console, f"{title}:", "dim")
    print_table(console, ("run", "", "measured", "predicted"), rows, (2,), notes)
    inside = sum(pair.inside for pair in pairs)
    say(console, f"{inside} of {len(pairs)} inside their 80% band.")


def print_scored(console: "Console", record: Scored) -> None:
    """Predictions kept beside what was measured."""
    heading(console, "scored", f"{record.inside} of {len(record.pairs)} measured values inside their 80% band")
    print_compared(console, "Measured runs", record.pairs)
