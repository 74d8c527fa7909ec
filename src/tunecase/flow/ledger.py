"""Questions about the ledger: is it whole, what in it is not used, and one chain again after a merge."""

from pathlib import Path

from tunecase.errors import InputError
from tunecase.flow.opened import Flow, now
from tunecase.ledger import Ledger
from tunecase.records import NotUsed, Rechained, Verified
from tunecase.version import __version__

# The records that the answer of each verb rests on; those of a verb that is not named here rest on none.
WHOLE_CASE = ("define", "audit", "review", "pilot", "judge", "forecast", "estimate", "decide")
RESTED_ON: dict[str, tuple[str, ...]] = {
    "define": ("audit", "pilot"),
    "forecast": ("define", "audit", "pilot"),
    "estimate": ("define", "audit", "review", "pilot", "forecast"),
    **dict.fromkeys(("decide", "next", "books", "report", "run"), WHOLE_CASE),
}


def verify(path: Path) -> Verified:
    """The ledger beside a project file. Raises InputError naming every line that was touched."""
    ledger = Ledger(path.parent / "ledger.jsonl")
    problems = ledger.verify()
    if problems:
        raise InputError(problems)
    counts = ledger.counts()
    return Verified(str(ledger.path), counts.total(), counts["record", "rechain"], unfinished=ledger.unfinished())


def rechain(path: Path) -> Rechained | Verified:
    """Puts joined histories of the ledger beside a project file into one chain; a whole chain is left as it is.

    Raises: InputError naming every line that was edited or is gone.
    """
    ledger = Ledger(path.parent / "ledger.jsonl")
    return ledger.rechain(recorded_at=now(), version=__version__) or verify(path)


def not_used(flow: Flow, verb: str = "report") -> tuple[NotUsed, ...]:
    """The records on file that a verb would rest on, did they still hold: the last of each verb, with the reason."""
    aside = []
    for name in RESTED_ON.get(verb, ()):
        entry = flow.ledger.latest("record", name)
        if entry is None or (name == "review" and flow.reviews is not None):
            continue
        if reason := flow.grounds(name).why_not(entry):
            aside.append(NotUsed(name, entry.id, entry.recorded_at.date(), reason))
    return tuple(aside)
