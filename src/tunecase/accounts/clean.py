"""What `audit --fix` says: where the cleaned copy lies, what was taken out, and what reading the queue costs."""

import shlex

from tunecase.accounts.material import Material
from tunecase.accounts.words import private_pairs
from tunecase.blocks import Account, Block, Cell, Facts, Table
from tunecase.quantities import about_money, band_words, count, counted, money_band
from tunecase.records import Cleaned


def clean(record: Cleaned, material: Material) -> Account:
    """How many rows the copy keeps and what waits for a person; in full every file that was written."""
    kept = (
        f"All {count(record.rows)}" if record.kept == record.rows else f"{count(record.kept)} of {count(record.rows)}"
    )
    answer = f"{kept} rows are kept in a cleaned copy. Your file is unchanged."
    short = (Facts("What was done", tuple(_done(record))),)
    following = ""
    if record.review_rows:
        data = "" if material.project is not None else f" {shlex.quote(record.train)}"
        following = f"tunecase audit{data} --reviewed {shlex.quote(f'{record.folder}/review.csv')}"
    elif material.project is not None:
        following = "tunecase define"
    return Account("clean", answer, "good" if record.ok else "bad", short, _full(record), following)


def _done(record: Cleaned) -> list[tuple[str, str]]:
    left = [f"{counted(record.dropped, 'row')} by a rule"] if record.dropped else []
    left += [f"{count(record.quarantined)} that cannot be read"] if record.quarantined else []
    pairs = [("copy", record.folder), ("left out", ", ".join(left) or "nothing")]
    if not record.ok:
        pairs.insert(0, ("the data", record.verdict))
    for name, number, words in (
        ("corrected", record.corrected, "with the answer that reviewers gave"),
        ("masked", record.masked, "in which personal data were masked"),
        ("by hand", record.unapplied, "whose shape has no single answer: correct them yourself"),
        ("outdated", record.stale, "reviewed, but changed since: the review was not applied"),
    ):
        if number:
            pairs.append((name, f"{counted(number, 'row')} {words}"))
    if record.aside:
        pairs.append(("put aside", f"an earlier folder with changes by hand is now {record.aside}"))
    if record.review_rows:
        price = f"; {about_money(record.depths[-1].price.p50, record.currency)}" if record.depths else ""
        pairs.append(("to look at", f"{_waiting(record)}{price}"))
        pairs += private_pairs(record.disclosed)
        pairs.append(("how", "fill in decision and answer in review.csv, then take it back in"))
    return pairs


def _waiting(record: Cleaned) -> str:
    """The rows that are handed out, and how many there are where these are only the most suspicious."""
    controls = f"{count(record.controls)} of them at random as a control"
    if record.unqueued:
        whole = count(record.queue_rows + record.unqueued)
        controls = f"{count(record.controls)} more at random as a control"
        waiting = f"the first {count(record.queue_rows)} of {whole} rows, worst first"
    else:
        waiting = counted(record.review_rows, "row")
    return f"{waiting}, {controls}" if record.controls else waiting


def _full(record: Cleaned) -> tuple[Block, ...]:
    rows = [(name.replace("_", " "), record.removed[name]) for name in record.removed]
    rows += [("deleted by reviewers", record.deleted)] if record.deleted else []
    removed = tuple((Cell(name), Cell(count(number))) for name, number in rows)
    depths = tuple(
        (
            Cell(f"the first {count(one.rows)}" if one.rows < record.review_rows else f"all {count(one.rows)}"),
            Cell(band_words(one.hours, "h")),
            Cell(money_band(one.price, record.currency)),
        )
        for one in record.depths
    )
    files = tuple(
        (Cell(file.name), Cell(file.what), Cell("" if file.rows is None else count(file.rows))) for file in record.files
    )
    tables = (
        Table("Rows taken out, by finding", ("Taken out for", "Rows"), removed, (1,)),
        Table("What reading the queue costs", ("Reviewed", "Hours", "Price"), depths, (1, 2)),
        Table("What was written", ("File", "What", "Rows"), files, (2,), note="changes.json lists every change."),
    )
    return tuple(table for table in tables if table.rows)
