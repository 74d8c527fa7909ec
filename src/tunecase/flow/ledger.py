"""Looks after the ledger: whether it is whole, what in it is not used, and one chain again after a merge."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from getpass import getuser
from pathlib import Path

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.flow.opened import Flow, now
from tunecase.io import no_file
from tunecase.ledger import WRITTEN, Anchor, Ledger, anchors_in, locked
from tunecase.quantities import one_line
from tunecase.records import Anchored, NotUsed, Rechained, SetAside, UnreadCharge, Verified
from tunecase.version import __version__

CLOCK_MAY_DIFFER = timedelta(days=1)
MOST_ANCHOR = 10_000  # characters of a file that holds an anchor
# The records that the answer of each verb rests on; those of a verb that is not named here rest on none.
WHOLE_CASE = ("define", "audit", "review", "pilot", "judge", "forecast", "estimate", "decide")
RESTED_ON: dict[str, tuple[str, ...]] = {
    "define": ("audit", "pilot"),
    "forecast": ("define", "audit", "pilot"),
    "estimate": ("define", "audit", "review", "pilot", "forecast"),
    **dict.fromkeys(("decide", "next", "books", "report", "run"), WHOLE_CASE),
}


def one_at_a_time(ledger: Ledger, word: str, doing: str) -> AbstractContextManager[None]:
    """Lets no other process do the same: what is read of the ledger inside still holds when an entry is written.

    Args:
        ledger: the ledger; its own lock, which is held for one entry alone, stays free.
        word: the word of the lock file's name.
        doing: what is done, as in "another import".
    Raises: LedgerBusyError where another process does not end in time.
    """
    lock = Path(f"{ledger.path}.{word}.lock")
    return locked(lock, ledger.timeout_s, f"{ledger.path}: another {doing} has been under way")


def verify(path: Path, anchor: str = "") -> Verified:
    """The ledger beside a project file, held against an anchor.

    Args:
        path: the project file.
        anchor: `COUNT:HASH` or a file that holds it; what this machine last wrote when left out.
    Raises: InputError naming every line that was touched, and for an anchor that cannot be read.
    """
    given = _anchor_of(anchor) if anchor else None
    ledger = _sound(path)
    counts, held = ledger.counts(), given or ledger.anchored()
    return Verified(
        str(ledger.path), counts.total(), counts["record", "rechain"], unfinished=ledger.unfinished(),
        set_aside=len(ledger.lines_aside()), anchor=str(held or ""),
        anchored="given" if given else "kept" if held else "none",
        changed=_changed(ledger, held), backwards=ledger.backwards(CLOCK_MAY_DIFFER), ahead=_ahead(ledger),
        faces=ledger.faces(),
    )  # fmt: skip


def _sound(path: Path) -> Ledger:
    """The ledger beside a project file. Raises InputError naming every line that was touched."""
    ledger = Ledger(path.parent / "ledger.jsonl")
    refuse_any(ledger.verify())
    return ledger


def anchor(path: Path, *, accept: bool = False) -> Anchored:
    """How far the ledger beside a project file goes, in one line to be kept elsewhere.

    Args:
        path: the project file.
        accept: also keep the ledger as it is for what this machine last wrote.
    Raises: InputError naming every line that was touched; TunecaseError where no anchor can be kept.
    """
    ledger = _sound(path)
    head = ledger.accept() if accept else ledger.head()
    return Anchored(head.entries, head.head, accept, _changed(ledger, ledger.anchored()))


def _anchor_of(text: str) -> Anchor:
    """An anchor as typed, or from the file of this name."""
    read, wanted = text, "COUNT:HASH, as `tunecase ledger anchor` prints it"
    if not WRITTEN.fullmatch(text.strip()):
        where, fix = f"--anchor {one_line(text, 80)}", "copy the whole line, or name the file that holds it"
        refuse_any(no_file(Path(text), wanted, fix, where))
        try:
            with Path(text).open(encoding="utf-8", errors="replace") as file:
                read = file.read(MOST_ANCHOR)
        except OSError as error:
            raise InputError(Problem(where, error.strerror or "unreadable", wanted, fix)) from None
    found = anchors_in(read)
    if len(found) != 1:
        got = f"a file with {len(found)} anchors" if found else "a file without an anchor"
        raise InputError(Problem(text, got, wanted, "name a file that holds this one alone, or copy its line"))
    return found[0]


def _changed(ledger: Ledger, held: Anchor | None) -> str:
    """What became of the entries up to an anchor; empty where they are as they were."""
    if held is None or ledger.holds(held):
        return ""
    entries = ledger.head().entries
    if entries < held.entries:
        gone = held.entries - entries
        last = "its last entry is" if gone == 1 else f"its last {gone:,} entries are"
        return f"{last} missing ({entries:,} of {held.entries:,}): cut, or an older copy was put back"
    return f"entry {held.entries:,} is another one than it was: the ledger was written anew, or is another branch's"


def _ahead(ledger: Ledger) -> str:
    """That this machine's clock runs behind the ledger's last entry by more than a day; empty where it does not."""
    last, moment = ledger.last_moment(), datetime.now(UTC)
    if last is None or last.tzinfo is None or last - moment <= CLOCK_MAY_DIFFER:
        return ""
    return f"the last entry was recorded on {last:%Y-%m-%d}, this machine's clock says {moment:%Y-%m-%d}"


def ledger_warnings(ledger: Ledger) -> tuple[str, ...]:
    """What whoever opens a case should know of its ledger, though it opens: entries gone, a clock that is wrong."""
    changed, ahead = _changed(ledger, ledger.anchored()), _ahead(ledger)
    words = (changed and f"{changed}; see `tunecase ledger verify`", ahead and f"{ahead}: one of the clocks is wrong")
    return tuple(f"{ledger.path.name}: {sentence}." for sentence in words if sentence)


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
