"""What report says: the answer, where the files lie, and which answers moved since the last time."""

from collections.abc import Sequence

from tunecase.accounts.material import Material
from tunecase.accounts.next import moved_table
from tunecase.accounts.verdict import verdict
from tunecase.accounts.words import plain_words
from tunecase.blocks import Account, Facts, Tone, Words
from tunecase.quantities import counted
from tunecase.records import Change, Report


def report(record: Report, material: Material) -> Account:
    """The answer that the page gives first, and the files written."""
    said = None if material.decision is None else verdict(material)
    answer = record.answer if said is None else said.sentence
    files = (("page", record.html), ("text", record.markdown), ("records", record.json))
    tone: Tone = "plain" if said is None else said.tone
    written = Facts("", tuple(pair for pair in files if pair[1]))
    return Account("report", answer, tone, (written,), next="tunecase run" if said is None else "")


def changed(record: Sequence[Change], material: Material) -> Account:
    """Which answers moved since the road was walked last."""
    if not record:
        return Account("changed", "Nothing moved.")
    names = ", ".join(plain_words(one.name) for one in record)
    answer = f"{counted(len(record), 'answer')} moved since the last time."
    return Account("changed", answer, "warn", (Words((f"Moved: {names}.",)),), (moved_table(tuple(record)),))
