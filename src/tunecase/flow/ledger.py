"""Looks after the ledger: whether it is whole, what in it is not used, and one chain again after a merge."""

from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path

from tunecase.errors import InputError, LedgerBusyError, Problem
from tunecase.flow.opened import Flow, now
from tunecase.ledger import Ledger
from tunecase.quantities import one_line
from tunecase.records import NotUsed, Rechained, SetAside, UnreadCharge, Verified
from tunecase.version import __version__

# The records that the answer of each verb rests on; those of a verb that is not named here rest on none.
WHOLE_CASE = ("define", "audit", "review", "pilot", "judge", "forecast", "estimate", "decide")
RESTED_ON: dict[str, tuple[str, ...]] = {
    "define": ("audit", "pilot"),
    "forecast": ("define", "audit", "pilot"),
    "estimate": ("define", "audit", "review", "pilot", "forecast"),
    **dict.fromkeys(("decide", "next", "books", "report", "run"), WHOLE_CASE),
}


@contextmanager
def one_at_a_time(ledger: Ledger, word: str, doing: str) -> Iterator[None]:
    """Lets no other process do the same: what is read of the ledger inside still holds when an entry is written.

    Args:
        ledger: the ledger; its own lock, which is held for one entry alone, stays free.
        word: the word of the lock file's name.
        doing: what is done, as in "another import".
    Raises: LedgerBusyError where another process does not end in time.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(f"{ledger.path}.{word}.lock", timeout=ledger.timeout_s)
    try:
        lock.acquire(poll_interval=0.05)
    except Timeout:
        why = f"{ledger.path}: another {doing} has been under way for {ledger.timeout_s:g} s."
        raise LedgerBusyError(f"{why}\nFix: wait for it to end, then run this again") from None
    try:
        yield
    finally:
        lock.release()


def verify(path: Path) -> Verified:
    """The ledger beside a project file. Raises InputError naming every line that was touched."""
    ledger = Ledger(path.parent / "ledger.jsonl")
    problems = ledger.verify()
    if problems:
        raise InputError(problems)
    counts = ledger.counts()
    return Verified(
        str(ledger.path),
        counts.total(),
        counts["record", "rechain"],
        unfinished=ledger.unfinished(),
        set_aside=len(ledger.lines_aside()),
    )


def rechain(path: Path) -> Rechained | Verified:
    """Puts joined histories of the ledger beside a project file into one chain; a whole chain is left as it is.

    Raises: InputError naming every line that was edited or is gone.
    """
    ledger = Ledger(path.parent / "ledger.jsonl")
    return ledger.rechain(recorded_at=now(), version=__version__) or verify(path)


def set_aside(path: Path, id: str, why: str, by: str = "") -> SetAside:
    """Sets aside an unreadable line of the ledger beside a project file; the line stays in the file.

    Args:
        path: the project file.
        id: the beginning of the entry's id, as `verify` names it.
        why: the reason.
        by: who decided it; the name of this account when left out.
    Raises: InputError where no such line is there, where it can be read, or without a reason.
    """
    if not why.strip():
        raise InputError(Problem("--why", "no reason", "why the line is not to be read", "write it in a few words"))
    ledger = Ledger(path.parent / "ledger.jsonl")
    return ledger.set_aside(id, why=why, by=by or _account(), recorded_at=now(), version=__version__)


def _account() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "unknown"


def not_used(flow: Flow, verb: str = "report") -> tuple[NotUsed, ...]:
    """Records that a verb would rest on if they were still valid: the last of each verb, and why it is not used."""
    aside = []
    if RESTED_ON.get(verb) == WHOLE_CASE:
        for line in flow.ledger.lines_aside():
            gone: SetAside = line.act.record()
            reason = f"was set aside by {one_line(gone.by, 40)}: {one_line(gone.why, 80)}"
            aside.append(NotUsed(line.what, gone.id, line.on or line.act.recorded_at.date(), reason))
    for name in RESTED_ON.get(verb, ()):
        entry = flow.ledger.latest("record", name)
        if entry is None or (name == "review" and flow.reviews is not None):
            continue
        if reason := flow.grounds(name).why_not(entry):
            aside.append(NotUsed(name, entry.id, entry.recorded_at.date(), reason))
    return tuple(aside)


def unread_charges(ledger: Ledger) -> tuple[UnreadCharge, ...]:
    """The charges that are set aside: no sum has them, and whoever reads a sum is told."""
    return tuple(UnreadCharge(line.id, line.amount) for line in ledger.lines_aside() if line.is_charge)
