"""The first screen: the verdict, four figures, the gates, what would change the answer, and what to sign."""

from tunecase.accounts.changes import changes, untried
from tunecase.accounts.gates import gates, gates_note, gates_title
from tunecase.accounts.material import Material
from tunecase.accounts.tiles import tiles
from tunecase.accounts.verdict import advised_plan, shipped_plan, verdict
from tunecase.accounts.words import plain_words
from tunecase.blocks import Answer, VerdictKind
from tunecase.quantities import day, one_line, paid, plain_money
from tunecase.records import MOST_NAME


def answer(material: Material) -> Answer:
    """What a case says first: how much now, how much at most, what chance, what it is worth, and when to stop.

    Args:
        material: the records of the case that hold; whatever is missing is told as not known.
    Returns: the Answer, from one plan: its chance is the sum that the picture of the gates shows.
    """
    said = verdict(material)
    picture = gates(material)
    return Answer(
        verdict=said,
        tiles=tiles(material, said.kind),
        gates=picture,
        gates_title=gates_title(picture),
        gates_note=gates_note(material, picture),
        changes=changes(material, said.kind),
        choices=choices(material, said.kind),
    )


def choices(material: Material, kind: VerdictKind) -> tuple[str, ...]:
    """What can be signed; where money was approved or the plan rejected already: who did it, when, and how much."""
    if settled := _settled(material):
        return (settled,)
    if kind in ("yes", "stages", "measure"):
        return _to_release(material, kind)
    others = {
        "instead": ("Do as advised", "Fine-tune all the same"),
        "ship": ("Ship it", "Wait"),
        "no": ("Stop here", "Ask again with other figures"),
        "not yet": ("Settle this first", "Stop here"),
    }
    plan = advised_plan(material) or shipped_plan(material)
    if plan is not None and plan.release.p80.shown:
        return f"Approve {plain_money(plan.release.p80, plan.currency)}", "Reject"
    return others[kind]


def _to_release(material: Material, kind: VerdictKind) -> tuple[str, ...]:
    plan, decision = advised_plan(material), material.decision
    first = "Run the pilot" if decision is None or decision.look is None else "Look first"
    if plan is not None:
        first = f"Approve {plain_money(plan.release.p80, plan.currency)}" if plan.release.p80.shown else "Go on"
    way = None if decision is not None and decision.look is not None else untried(material, kind)
    tried = {"prompt_hosted": "Try a prompt first", "prompt_open": "Try a prompt first"}
    aside = () if way is None else (tried.get(way.name, f"First {plain_words(way.action)}"),)
    return (first, *aside, "Reject")


def _settled(material: Material) -> str:
    """The approval in force or the rejection of this very plan; empty where the decision is open."""
    record = material.approvals
    if record is None:
        return ""
    if record.rejection is not None:
        return f"Rejected by {one_line(record.rejection.by, MOST_NAME)}, {day(record.rejection.on)}"
    if record.state not in ("approved", "nearly spent"):
        return ""
    given = record.standing[-1].approval
    by = f"{one_line(given.by, MOST_NAME)}, {day(given.on)}"
    return f"Approved: {paid(record.spendable)} {record.currency} by {by}"
