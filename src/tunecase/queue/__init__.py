"""The review queue as files: written for a spreadsheet, Label Studio and Argilla, and read back from them."""

from tunecase.queue.item import NEUTRAL, VERDICTS, Decision, Item, code_of, read_verdict
from tunecase.queue.reading import read_decisions
from tunecase.queue.writing import FILES, QueueFiles

__all__ = [
    "FILES",
    "NEUTRAL",
    "VERDICTS",
    "Decision",
    "Item",
    "QueueFiles",
    "code_of",
    "read_decisions",
    "read_verdict",
]
