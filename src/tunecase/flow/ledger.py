"""Small chores on the ledger: is it whole, and one chain again after a merge."""

from pathlib import Path

from tunecase.errors import InputError
from tunecase.flow.opened import now
from tunecase.ledger import Ledger
from tunecase.records import Rechained, Verified
from tunecase.version import __version__


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
