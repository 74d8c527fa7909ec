"""Imports that were killed while they wrote: the ledger says how many charges they had, and holds fewer."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tunecase.ledger import Entry
from tunecase.quantities import counted

IMPORT_KEY = "import"  # in the meta of an import's record and of its charges
IMPORT_WORDS = "import_words"  # in that of the record: what was asked for, by which its being run again is seen


class HalfImports:
    """Reads along with whoever reads the ledger, and knows at the end which imports lack charges.

    An import writes its record first and then its charges, each with the same key; a crash leaves the first of them.
    """

    def __init__(self) -> None:
        self.written: Counter[str] = Counter()
        self.last: dict[str, Entry] = {}

    def along(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries as they are."""
        for entry in entries:
            key = str(entry.meta.get(IMPORT_KEY, ""))
            if key and entry.kind == "spend":
                self.written[key] += 1
            elif key and entry.verb == "imported":
                self.last[str(entry.meta.get(IMPORT_WORDS, ""))] = entry
            yield entry

    def remarks(self) -> tuple[str, ...]:
        """What to say of each import that lacks charges, and that no later one of the same words made whole."""
        sentences = []
        for entry in self.last.values():
            written, booked = self.written[str(entry.meta[IMPORT_KEY])], int(entry.body["booked"])
            if written < booked:
                kind, place = entry.body["kind"], entry.body["place"] or "the pilot"
                sentences.append(
                    f"The import of {place} ended midway: {written:,} of {counted(booked, 'charge')} are booked. Run "
                    f"`tunecase spend import {kind}` with the same words again: it books the rest."
                )
        return tuple(sentences)
