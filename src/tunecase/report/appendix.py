"""The appendix of a page: the account of every record, what the figures rest on, and the words of the page."""

from tunecase.accounts import ACCOUNTS, Material, account, basis
from tunecase.blocks import Account, Facts
from tunecase.quantities import plain_target

# The records of a case in the order of the road, by the name under which Material holds them.
RECORDS = {
    "define": "definition", "audit": "audit", "pilot": "pilot", "judge": "judged", "forecast": "forecast",
    "estimate": "estimate", "decide": "decision", "sources": "sources", "inference": "inference", "books": "books",
    "approvals": "approvals",
}  # fmt: skip


def appendix(material: Material) -> tuple[Account, ...]:
    """The account of every record of the case, what they rest on, and the words that the page uses."""
    records = {verb: getattr(material, name) for verb, name in RECORDS.items()}
    told = [
        account(verb, record, material) for verb, record in records.items() if record is not None and verb in ACCOUNTS
    ]
    return (*told, basis(material), words(material))


def words(material: Material) -> Account:
    """The ten words that a reader new to the case needs."""
    target = material.target
    score = "" if target is None else f": {plain_target(target)}"
    draws = f"{material.estimate.draws:,} " if material.estimate is not None else ""
    pairs = (
        ("Target", f"The score that the model needs before it is used{score}."),
        ("Chance", f"How often something happens in {draws}simulated runs of the plan."),
        ("Middle case", "Half of the simulated runs cost more, half less."),
        ("Set aside", "Enough in nine of ten simulated runs."),
        ("Worst of ten", "Nine of ten simulated runs stay below it."),
        ("Worth", "The value less all costs, averaged over success and failure."),
        ("Stand-in", "A small, fast model that takes the place of the real one in the pilot."),
        ("Measured", "Seen in your own data or runs: a full dot."),
        ("Stated", "Told to tunecase in the project file: a half dot."),
        ("Assumed", "Taken from published figures or from a default: a ring."),
    )
    return Account("words", "What the words on this page mean.", short=(Facts("", pairs),))
