"""What next says: what a round showed, what moved since the last decision, and what to do now."""

from dataclasses import replace

from tunecase.accounts.changes import flips_words, turns_at
from tunecase.accounts.looks import looks_table
from tunecase.accounts.material import Material
from tunecase.accounts.steps import next_command
from tunecase.accounts.verdict import verdict
from tunecase.accounts.words import score_words, target_words
from tunecase.blocks import Account, Block, Cell, Facts, Table, Words
from tunecase.quantities import count, counted, plain_share, sentence
from tunecase.records import PUT_TO_USE, Change, Next


def next_step(record: Next, material: Material) -> Account:
    """What the round showed, the chance by the plan, and what to do now."""
    material = replace(material, decision=record.decision)
    said = verdict(material)
    return Account(
        "next", f"{_shown(record, material)} {said.sentence}", said.tone, _short(record, material),
        _full(record, material), next_command(material),
    )  # fmt: skip


def _shown(record: Next, material: Material) -> str:
    """What the round scored, beside what was expected; without a round, how much moved."""
    made = record.round
    if made is None:
        moved = counted(len(record.moved), "answer")
        return f"{moved} moved since {record.since}." if record.moved and record.since else "Nothing moved."
    metric = None if material.forecast is None else material.forecast.metric
    words = f"Round {made.number} scored {score_words(made.score, metric)} with {count(made.n)} examples"
    if record.expected is None:
        return f"{words}."
    low, high = record.expected.low, record.expected.high
    place = "as expected" if low <= made.score <= high else "not as expected"
    return f"{words}, {place} ({score_words(low, metric)} to {score_words(high, metric)})."


def _short(record: Next, material: Material) -> tuple[Block, ...]:
    said = verdict(material)
    chance = next((one for one in record.moved if one.name.startswith(("chance to reach", "chance to show"))), None)
    plan = record.decision.plan
    told = plan is not None and (plan.lever == "ship" or plan.lever not in PUT_TO_USE)
    now = "" if plan is None or plan.chance is None or not told else plain_share(plan.chance.shown)
    pairs = [("why", said.why)] if said.why else []
    if now:
        target = material.target if plan is None or plan.target is None else plan.target
        metric = None if material.forecast is None else material.forecast.metric
        aim = "the target" if target is None else target_words(target, metric)
        before = "" if chance is None else f", {chance.before} before"
        pairs.append(("chance", f"{now} to reach {aim}{before}"))
    if (turn := turns_at(material, said.kind)) is not None:
        pairs.append(("turns", f"where {turn[0][:1].lower()}{turn[0][1:].rstrip('.')}"))
    return (Facts("", tuple(pairs)),)


def _full(record: Next, material: Material) -> tuple[Block, ...]:
    """The sentences of the record, every answer that moved, further ways to try, and the runner-up."""
    decision = record.decision
    named = (("Next best", decision.runner_up), ("The advice flips", flips_words(decision, material)))
    pairs = tuple(pair for pair in named if pair[1])
    return (
        Words(tuple(map(sentence, record.told))),
        looks_table(decision, None if material.definition is None else material.definition.metric),
        *((moved_table(record.moved, record.since),) if record.moved else ()),
        *((Facts("How firm this is", pairs),) if pairs else ()),
    )


def moved_table(moved: tuple[Change, ...], since: str = "") -> Table:
    """Every answer that moved, before and now."""
    rows = tuple((Cell(one.name), Cell(one.before), Cell(one.now)) for one in moved)
    return Table("What moved", ("Answer", f"Before ({since})" if since else "Before", "Now"), rows)
