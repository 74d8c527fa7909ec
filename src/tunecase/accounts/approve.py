"""What a report says of approvals: where they stand, each of them, and the amount at the top of the page."""

from tunecase.accounts.approvals import HEAD, approval_line, approval_rows, approval_words
from tunecase.blocks import Block, Cell, Facts, Figure, Table
from tunecase.quantities import money, paid
from tunecase.records import Approvals


def approval_blocks(record: Approvals | None) -> tuple[Block, ...]:
    """Where the approvals stand, and each of them; nothing where there is neither a plan nor an approval."""
    if record is None:
        return ()
    words = approval_line(record)
    stand = (Facts("", (("Money released", words),)),) if words else ()
    if not record.approved:
        return stand
    rows = tuple(tuple(Cell(text) for text in row) for row in approval_rows(record))
    note = f"{record.currency}. A charge draws from the approval that ends first."
    if record.before > 0:
        note += f" {paid(record.before)} was spent before the first approval and is counted in none."
    return (*stand, Table("What was approved", HEAD, rows, (6, 7), note=note))


def approved_tile(record: Approvals | None, section: str) -> tuple[Figure, ...]:
    """The amount approved, beside it what is spent and left of it; nothing where nothing was approved."""
    if record is None or not record.approved:
        return ()
    return (Figure("Approved", money(record.total, record.currency), approval_words(record), section),)
