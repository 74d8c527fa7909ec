"""What one training run needs: whether it fits, how long it takes, what it costs, and why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tunecase.accounts.material import Material
from tunecase.accounts.pilot import short_name
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Tone, Words
from tunecase.quantities import (
    Interval80,
    count,
    counted,
    figures,
    interval_words,
    plain_figure,
    plain_money,
    plain_share,
    sentence,
    share,
)
from tunecase.records import Compared, Fit, LeftOut, Placed, Proof, Scored, Unsaid

MOST_REJECTED, SHORT_PAIRS, SHORT_REMEDIES, SHORT_CHOICES, SHORT_ASSUMED = 6, 3, 3, 3, 3
KEPT = {
    "none": "every activation kept",
    "full": "full checkpointing",
    "selective": "selective checkpointing",
    "offloaded": "checkpoints in the host's memory",
}
METHODS = {"lora": "LoRA", "qlora": "QLoRA", "full": "a full fine-tune"}
ADAPTERS = {
    "dora": "DoRA", "adalora": "AdaLoRA", "loha": "LoHa", "lokr": "LoKr", "vera": "VeRA", "ia3": "IA3", "oft": "OFT",
    "prefix": "prefix tuning",
}  # fmt: skip
UNITS = (("minute", 1 / 60, 1.0), ("hour", 1.0, 48.0), ("day", 24.0, float("inf")))  # name, hours, used below
NOT_FITTING = "does not fit"
NOT_READ, LEFT_OUT = "is not a field", "is not set"  # of a field of a file
UNMEASURED = "never measured"
A_FILE = re.compile(r"\w\.(ya?ml|json|toml|py|sh)\b")


def fit(record: Fit, material: Material) -> Account:
    """Whether it fits, with time and price; what it needs; other choices; what is assumed."""
    short: list[Block] = [Facts("", tuple(_needs(record)))]
    if record.compared:
        short.append(_short_compared(record.compared[:SHORT_PAIRS]))
    if notes := tuple(_notes(record)):
        short.append(Words(notes))
    return Account("fit", _answer(record), _tone(record), tuple(short), tuple(_full(record)), _next(record))


def scored(record: Scored, material: Material) -> Account:
    """Predictions kept beside what was measured."""
    answer = f"{record.inside} of {counted(len(record.pairs), 'measured value')} inside the band predicted for it."
    if not record.pairs:
        return Account("scored", answer)
    short = _short_compared(record.pairs[: 2 * SHORT_PAIRS])
    return Account("scored", answer, "plain", (short,), (_compared(record.pairs, "Measured runs"),))


def _tone(record: Fit) -> Tone:
    if not record.ok:
        return "bad"
    return "warn" if record.verdict == "tight" else "good"


def _next(record: Fit) -> str:
    if record.tokens_per_s is None:
        return "tunecase fit ... --gpu NAME"
    if record.train_tokens is None and record.verdict != NOT_FITTING:
        return "tunecase fit ... --tokens 5M"
    return "" if record.phases else "tunecase fit ... --explain"


def _cards(placed: Placed) -> str:
    return f"one {placed.gpu}" if placed.gpu_count == 1 else f"{placed.gpu_count} {placed.gpu.replace('card', 'cards')}"


def _method(name: str, record: Fit) -> str:
    """A method in words, by the name of its adapter where that is not LoRA."""
    adapter = ADAPTERS.get(dict(record.setup).get("adapter", ""))
    if adapter is None or name == "full":
        return METHODS.get(name, name.replace("_", " "))
    return f"{adapter} on a 4-bit base" if name == "qlora" else adapter


def _answer(record: Fit) -> str:
    """The verdict on which cards, with the time and the price in the middle case."""
    placed, name, over = record.placed, short_name(record.model), record.placed.chance_over
    on = f"on {_cards(placed)} with {_method(record.method, record)}"
    if record.verdict == NOT_FITTING:
        return f"{name} does not fit {on}."
    lead = f"{name} fits {on}"
    if record.verdict == "tight":
        likely = f"{plain_share(1 - over)} chance that it does"
        lead = f"{name} probably does not fit {on}: {likely}" if over > 0.5 else f"{name} just fits {on}: {likely}"
    if record.hours is None:
        return f"{lead}."
    price = "no price known" if record.usd is None else plain_money(record.usd.mid, "USD")
    joint = ";" if ":" in lead else ":"
    late = f" That is too late for {_deadline(record)}." if record.late else ""
    return f"{lead}{joint} about {_plain_time(record.hours.mid)}, {price}.{late}"


def _deadline(record: Fit) -> str:
    return _plain_time(record.deadline_hours or 0.0)


def _plain_time(hours: float) -> str:
    """A time in words, in the unit that suits it."""
    name, size, _ = next(unit for unit in UNITS if hours < unit[2])
    text = plain_figure(hours / size) if hours / size >= 1 else figures(hours / size)
    return f"{text} {name}{'' if text == '1' else 's'}"


def _plain_times(hours: Interval80) -> str:
    name, size, _ = next(unit for unit in UNITS if hours.mid < unit[2])
    return f"{_usd(hours.low / size)} to {_usd(hours.high / size)} {name}s"


def _usd(amount: float) -> str:
    """An amount where less than one counts too."""
    return figures(amount) if amount < 0.995 else plain_figure(amount)


def _usds(amounts: Interval80) -> str:
    low, high = _usd(amounts.low), _usd(amounts.high)
    return low if low == high else f"{low} to {high}"


def _needs(record: Fit) -> Iterator[tuple[str, str]]:
    """Memory, time with its deadline, price, and how."""
    placed, peak = record.placed, record.memory_gib
    of_each = " of each card" if record.gpu_count > 1 else ""
    memory = f"{figures(peak.mid)} of {figures(record.usable_gib)} GiB{of_each} at the peak"
    yield "memory", f"{memory} ({figures(peak.low)} to {figures(peak.high)})"
    if record.hours is not None:
        met = record.deadline_hours is not None and not record.late
        within = f"; within {_deadline(record)} nine times in ten" if met else ""
        yield "time", f"{_plain_times(record.hours)}{within}"
        spot = f"; on spot cards {_usds(record.spot_usd)}, interruptions counted" if record.spot_usd else ""
        yield "price", f"{_usds(record.usd)} USD{spot}" if record.usd else f"no price is known{spot}"
    elif record.tokens_per_s is None:
        yield "time", "not known, nor the price: only the memory of the card is"
    elif record.verdict != NOT_FITTING:
        speed = record.tokens_per_s
        yield "speed", f"{plain_figure(speed.low)} to {plain_figure(speed.high)} tokens a second"
        each = placed.usd_per_mtok
        told = "give --tokens, or --examples and --epochs"
        yield "price", f"{_usds(each)} USD for a million tokens; for all: {told}" if each else f"not known: {told}"
    yield from _step(record)
    if memory_proof := next((proof for proof in record.proofs if proof.what == "memory"), None):
        yield "bands", _worth(memory_proof, record)
    times = f", {placed.accumulation} accumulated" if placed.accumulation > 1 else ""
    samples = f"{count(_samples(placed))} samples a step"
    yield (
        "how",
        f"{_method(record.method, record).removeprefix('a ')}, micro-batch {placed.micro_batch}{times}, {samples}",
    )


def _step(record: Fit) -> Iterator[tuple[str, str]]:
    """What a step that samples its answers is made of, who waits, and the memory of both phases."""
    rolled, step = record.rollout, record.step_s
    if rolled is None:
        return
    if rolled.refused:
        yield "sampling", f"not possible: {rolled.refused}"
        return
    if step is None:
        return
    parts = ", ".join(f"{name} {figures(seconds)}" for name, seconds in record.time_terms)
    yield "a step", f"{figures(step.mid)} s ({figures(step.low)} to {figures(step.high)}): {parts}"
    idle = f"; of a step, training cards wait {share(rolled.trainer_idle)}, sampling cards {share(rolled.sampler_idle)}"
    apart = rolled.engine.startswith(("separate", "in-turn"))
    drain = f"; {share(rolled.drain)} of a step waits for the longest answer"
    yield "sampling", f"{rolled.engine}{idle if apart else drain}"
    if not apart:
        yield (
            "phases",
            f"sampling {figures(rolled.sampling_gib)} GiB of a card, training {figures(rolled.training_gib)}",
        )


def _worth(memory: Proof, record: Fit) -> str:
    """How often such bands held what strangers measured."""
    time = next((proof for proof in record.proofs if proof.what != "memory"), None)
    timed = "steps" if record.rollout else "speeds"
    both = f" and {plain_share(time.inside)} of their {timed}" if time is not None else ""
    return f"80% ranges held {plain_share(memory.inside)} of strangers' peaks{both}"


def _samples(placed: Placed) -> int:
    return placed.samples_per_step or placed.micro_batch * placed.accumulation * placed.gpu_count


def _notes(record: Fit) -> Iterator[str]:
    """What would help, or which other choices there are; then what is assumed."""
    if record.verdict == NOT_FITTING:
        yield from _remedies(record)
        if not record.remedies and record.turning:
            yield sentence(f"it would fit otherwise: {'; '.join(record.turning)}")
        return
    if record.verdict == "tight":
        asked = _asked_for(record)
        if asked or not record.remedies:
            yield asked or "No single choice left to say makes it sure: --probe measures three steps on the card."
        if not asked or record.placed.chance_over > 0.5:
            yield from _remedies(record)
    others = [_choice(name, placed, record) for name, placed in _others(record)]
    if others:
        yield " ".join(others[: SHORT_CHOICES if record.hours else SHORT_CHOICES - 1])
    if assumed := _assumed(record.assumptions):
        yield f"Assumed: {'; '.join(assumed[:SHORT_ASSUMED])}."


def _remedies(record: Fit) -> Iterator[str]:
    """The first changes that make it fit, and how to type them."""
    yield from (f"Remedy {at}: {remedy}." for at, remedy in enumerate(record.remedies[:SHORT_REMEDIES], 1))
    if record.remedies:
        yield "What stands in brackets is typed behind the same command."


def _asked_for(record: Fit) -> str:
    """The one thing to say where the band is too wide to decide; nothing where none makes it sure."""
    deciding = [one for one in record.unsaid if one.memory_gib.high <= record.usable_gib]
    if not deciding:
        return ""
    best = min(deciding, key=lambda one: (not one.as_taken, one.memory_gib.high))
    peak = f"{figures(best.memory_gib.low)} to {figures(best.memory_gib.high)} GiB"
    return f"With {best.option}, which was not said, it fits: {peak}. Or measure three steps with --probe."


def _assumed(assumptions: Sequence[str]) -> list[str]:
    """What is assumed in short: whole where it is said of a file that was given, else up to its first aside.

    Fields that are not read come first, then what rests on no measured run, fields left out of the file last. Settings
    by their own names and what was not given stay out: all of it is told in full.
    """
    of_files = [text.rstrip(".") for text in assumptions if A_FILE.search(text)]
    heads = [_head(text) for text in assumptions if not A_FILE.search(text)]
    heads = [head for head in heads if "_" not in head and not head.startswith("no ")]
    ordered = sorted(
        [*of_files, *heads], key=lambda text: (LEFT_OUT in text, NOT_READ not in text, UNMEASURED not in text)
    )
    return list(dict.fromkeys(ordered))


def _head(text: str) -> str:
    """An assumption up to its first aside."""
    for sign in (" (", ";", ":"):
        text = text.partition(sign)[0]
    return text.rstrip(".").removesuffix(" are assumed")


def _others(record: Fit) -> Iterator[tuple[str, Placed]]:
    """The choices that are better in some respect than the run that is told, each once."""
    seen = {_key(record.placed)}
    named = [("Cheaper", record.cheapest), ("In time", record.in_time), ("Faster", record.fastest)]
    named += [(_capital(_method(placed.method, record).removeprefix("a ")), placed) for placed in record.by_method]
    for name, placed in named:
        if placed is not None and _key(placed) not in seen:
            seen.add(_key(placed))
            yield name, placed


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _choice(name: str, placed: Placed, record: Fit) -> str:
    """One other choice: its cards where they differ, its time and its price; or that it does not fit."""
    if placed.verdict == NOT_FITTING:
        return f"{name}: does not fit."
    differs = (placed.gpu, placed.gpu_count) != (record.placed.gpu, record.placed.gpu_count)
    cards = f"{_cards(placed)}, " if differs else ""
    tight = "" if placed.verdict != "tight" else ", tight" if placed.chance_over <= 0.5 else ", probably does not fit"
    if placed.tokens_per_s is None:
        return f"{name}: {cards}{figures(placed.memory_gib.mid)} GiB{tight}."
    if placed.hours is None:
        each = placed.usd_per_mtok
        price = f"{_usd(each.mid)} USD for a million tokens" if each else "no price known"
        return f"{name}: {cards}{plain_figure(placed.tokens_per_s.mid)} tokens a second, {price}{tight}."
    price = f"{_usd(placed.usd.mid)} USD" if placed.usd else "no price known"
    return f"{name}: {cards}{_plain_time(placed.hours.mid)}, {price}{tight}."


def _full(record: Fit) -> Iterator[Block]:
    """All that the answer rests on, and with --explain every term of it."""
    yield Facts("The run", tuple(_run(record)))
    listings = (
        ("What would change the verdict", record.turning),
        ("Further remedies", record.remedies[SHORT_REMEDIES:] if record.verdict == NOT_FITTING else record.remedies),
    )
    yield from (Listing(title, tuple(map(sentence, items))) for title, items in listings if items)
    if record.compared:
        before = "Your runs beside what was predicted before it learnt from them"
        yield replace(_compared(record.compared, before), note=_inside(record.compared))
    rows = _choices(record)
    if len(rows) > 1:
        yield _front(record, rows)
    if record.rejected:
        yield Listing("Choices that were left out", tuple(map(_left_out, record.rejected[:MOST_REJECTED])))
    if record.unsaid:
        yield _unsaid(record.unsaid)
    if record.proofs:
        yield Listing("What the bands are worth", tuple(sentence(_proof(proof)) for proof in record.proofs))
    if record.phases:
        yield from _explained(record)
    rests = (
        ("Assumed", record.assumptions),
        ("As in every answer", record.background if record.phases else ()),
        ("Not counted", record.not_counted),
    )
    yield from (Listing(title, tuple(map(sentence, items))) for title, items in rests if items)


def _unsaid(choices: Sequence[Unsaid]) -> Table:
    """What nobody stated, the choice that widens the band of the peak most first."""
    rows = tuple(
        (
            Cell(one.choice if one.as_taken else ""), Cell(one.option + (" (as taken)" if one.as_taken else "")),
            Cell(_band(one.memory_gib)),
        )
        for one in choices
    )  # fmt: skip
    note = f"Saying {choices[0].option.partition(' ')[0]} would narrow the range most."
    return Table("What was not said", ("choice", "if it is", "peak, GiB"), rows, note=note)


def _proof(proof: Proof) -> str:
    errors = f"half within {share(proof.median)}, nine in ten within {share(proof.p90)}"
    held = f"the 80% band held {share(proof.inside)} of a publisher's runs"
    seen = (
        "each left out in turn" if proof.what in ("memory", "time") else "off whose steps the factor of time was read"
    )
    return f"{proof.what}: runs of {counted(proof.publishers, 'publisher')}, {seen}: {errors}; {held}"


def _run(record: Fit) -> Iterator[tuple[str, str]]:
    """The question as it was understood, and where its prices come from."""
    yield "Model", f"{record.model}, {record.sizes or figures(record.params, 3) + ' parameters'}"
    if record.train_tokens:
        yield "Tokens", figures(record.train_tokens, 3)
    assumed = " (assumed)" if record.batch_assumed else ""
    yield "Samples a step", f"{count(_samples(record.placed))}{assumed}"
    yield "Sizes", _way(record.placed)
    if record.hours is not None:
        yield "Time", _time(record.hours)
    if record.usd:
        yield "Price", _money(record.usd)
    if record.usd_per_gpu_hour or record.usd or record.placed.usd_per_mtok:
        hour, basis = record.usd_per_gpu_hour, record.placed.price_basis or record.tier
        yield "An hour of one card", f"{figures(hour.mid)} USD: {basis}" if hour else basis
    if record.spot_usd and record.spot_hours:
        where = f" ({record.spot_basis})" if record.spot_basis else ""
        spot = f"{_money(record.spot_usd)} in {_time(record.spot_hours)}"
        yield "On spot cards", f"{spot}, interruptions counted{where}"
    yield "Memory of a card, GiB", f"{_three(record.memory_gib)} of {figures(record.usable_gib, 3)} usable"
    yield "nvidia-smi will show, GiB", _three(record.card_gib)
    yield "What fills the card", record.dominant
    if record.searched > 1:
        yield "Choices weighed", count(record.searched)


def _way(placed: Placed) -> str:
    """Sizes of one choice in words."""
    times = f", {placed.accumulation} accumulated" if placed.accumulation > 1 else ""
    sharding = f", {placed.sharding}" if placed.gpu_count > 1 else ""
    kept = KEPT.get(placed.checkpointing, placed.checkpointing)
    return f"micro-batch {placed.micro_batch}{times}{sharding}, {kept}"


def _band(points: Interval80) -> str:
    return f"{figures(points.low, 3)} to {figures(points.high, 3)}"


def _three(points: Interval80) -> str:
    return f"{figures(points.mid, 3)} ({figures(points.low, 3)} to {figures(points.high, 3)})"


def _time(hours: Interval80) -> str:
    """A time with its range, in the unit of its middle."""
    unit, size = ("min", 1 / 60) if hours.mid < 1 else ("h", 1.0) if hours.mid < 48 else ("days", 24.0)
    return interval_words(hours.low / size, hours.mid / size, hours.high / size, unit)


def _money(usd: Interval80) -> str:
    return interval_words(usd.low, usd.mid, usd.high, "USD")


def _key(placed: Placed) -> tuple[object, ...]:
    return (
        placed.gpu, placed.gpu_count, placed.method, placed.micro_batch, placed.sharding, placed.checkpointing,
    )  # fmt: skip


def _paid(placed: Placed) -> Interval80 | None:
    return placed.usd if placed.hours else placed.usd_per_mtok


def _price(placed: Placed) -> float:
    money = _paid(placed)
    return money.mid if money else float("inf")


def _choices(record: Fit) -> list[tuple[str, Placed]]:
    """What is best in some respect and what nothing beats in both price and time, the cheapest first."""
    best = [("cheapest", record.cheapest), ("in time", record.in_time), ("fastest", record.fastest)]
    named = [(mark, placed) for mark, placed in best if placed is not None]
    named += [
        (f"{'cheapest' if _price(placed) < float('inf') else 'best'} {placed.method}", placed)
        for placed in record.by_method
    ]
    rows: dict[tuple[object, ...], tuple[list[str], Placed]] = {_key(record.placed): (["told above"], record.placed)}
    for mark, placed in (*named, *(("", placed) for placed in record.front)):
        marks, _ = rows.setdefault(_key(placed), ([], placed))
        if mark and not (mark.startswith(("cheapest ", "best ")) and "cheapest" in marks):
            marks.append(mark)
    return sorted(((", ".join(marks), placed) for marks, placed in rows.values()), key=lambda row: _price(row[1]))


def _front(record: Fit, rows: Sequence[tuple[str, Placed]]) -> Table:
    timed = record.train_tokens is not None
    head = ("Cards", "GiB", *(("Time", "USD") if timed else ("Tokens/s", "USD for 1M")), "Best in", "Sizes")
    return Table("Choices", head, tuple(_row(*row) for row in rows), (1, 2, 3))


def _row(marks: str, placed: Placed) -> tuple[Cell, ...]:
    money = _paid(placed)
    memory, speed = figures(placed.memory_gib.mid, 3), figures(placed.tokens_per_s.mid) if placed.tokens_per_s else "–"
    if placed.verdict == NOT_FITTING:
        memory = f"{figures(placed.memory_gib.high, 3)} of {figures(placed.usable_gib, 3)}"
        marks = f"does not fit nine times in ten{', ' + marks if marks else ''}"
    elif placed.verdict == "tight":
        marks = f"tight{', ' + marks if marks else ''}"
    time = _time(Interval80(placed.hours.mid, placed.hours.mid, placed.hours.mid)) if placed.hours else speed
    price = f"; {figures(money.low)} to {figures(money.high)} USD" if money else ""
    cells = (
        f"{placed.gpu_count} x {placed.gpu}, {placed.method}", memory, time, figures(money.mid) if money else "–",
        marks, f"{_way(placed)}, {count(_samples(placed))} samples a step{price}",
    )  # fmt: skip
    return tuple(Cell(text) for text in cells)


def _left_out(item: LeftOut) -> str:
    near = f"; nearest: {item.nearest}" if item.nearest else ""
    return f"{count(item.count)}: {item.reason}{near}"


def _explained(record: Fit) -> Iterator[Block]:
    """Memory, speed, formulas, phases, terms, set-up, and runs that others measured."""
    yield _memory(record)
    total = sum(seconds for _, seconds in record.time_terms) or 1.0
    useful = f", {share(record.useful_share)} of the computed ones" if record.useful_share < 0.995 else ""
    if (speed := record.tokens_per_s) and (step := record.step_s):
        yield Facts(
            "Speed",
            (
                ("In all", f"{interval_words(speed.low, speed.mid, speed.high, 'useful tokens/s')}{useful}"),
                ("A step", interval_words(step.low, step.mid, step.high, "s")),
            ),
        )
    yield Listing("How it is worked out", record.formulas)
    top = max(phase.gib for phase in record.phases)
    phases = tuple(
        (
            Cell(f"{phase.name}{' (the peak)' if phase.gib == top else ''}"),
            Cell(figures(phase.gib, 3)),
            Cell(", ".join(f"{name} {figures(gib, 3)}" for name, gib in phase.terms)),
        )
        for phase in record.phases
    )
    yield Table("Memory by phase of a step", ("Phase of a step", "GiB", "Made of"), phases, (1,))
    times = tuple(
        (Cell(name), Cell(f"{seconds:.3g}"), Cell(share(seconds / total))) for name, seconds in record.time_terms
    )
    if times:
        yield Table("Time of a step", ("Term of a step, overlaps taken off", "s", "share"), times, (1, 2))
    yield Facts("Set-up", record.setup)
    if record.evidence:
        others = _compared(record.evidence, "Measured by others on the nearest set-ups")
        yield replace(others, note=_inside(record.evidence))


def _memory(record: Fit) -> Table:
    rows = tuple(
        (Cell(name), *(Cell(figures(point, 3)) for point in (points.low, points.mid, points.high)))
        for name, points in (
            ("allocated by the framework", record.memory_gib),
            ("reserved by its allocator", record.reserved_gib),
            ("shown by nvidia-smi", record.card_gib),
        )
    )
    terms = ", ".join(f"{name} {figures(gib, 3)}" for name, gib in record.memory_terms[:6])
    head = ("Memory of one card, GiB", "P10", "P50", "P90")
    return Table("Memory", head, rows, (1, 2, 3), note=f"At the peak: {terms}.")


def _compared(pairs: Sequence[Compared], title: str) -> Table:
    """Predictions beside measurements."""
    rows = tuple(
        tuple(
            Cell(text)
            for text in (
                pair.setup, f"{figures(pair.measured, 3)} {pair.unit.replace('tokens/s per GPU', 'tok/s/GPU')}",
                f"{figures(pair.predicted.mid, 3)} ({figures(pair.predicted.low)} to {figures(pair.predicted.high)})",
                f"{pair.error:+.0%}{'' if pair.inside else ', outside'}",
                ", ".join(word for word in (pair.source, pair.date) if word),
            )
        )
        for pair in pairs
    )  # fmt: skip
    return Table(title, ("Run", "Measured", "Predicted", "Off by", "Source"), rows, (1,))


def _short_compared(pairs: Sequence[Compared]) -> Table:
    """The same without sources."""
    table = _compared(pairs, "")
    return replace(table, head=table.head[:-1], rows=tuple(row[:-1] for row in table.rows))


def _inside(pairs: Sequence[Compared]) -> str:
    return f"{sum(pair.inside for pair in pairs)} of {len(pairs)} inside the band predicted for it."
