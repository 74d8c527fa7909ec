"""A cleaned copy of the training file, with everything that was taken out of it and the rows to review.

rows = kept + dropped + quarantined, checked against the audit. The input is streamed twice, side by side: once as rows,
once as the bytes they are made of. Memory grows with the rows that the findings name, by some bytes each, and with what
people reviewed.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from tunecase.blocks import shown
from tunecase.data.audit import Audited
from tunecase.data.clean.copying import DROPPED, MASKED, QUARANTINE, Orders, Tally, changed_meanwhile, copy_rows
from tunecase.data.clean.reasons import removed_rows
from tunecase.data.clean.waiting import Queue, expected_wrong, plan_review, write_queue
from tunecase.data.reading.blocks import files_of, read_rows
from tunecase.data.reading.rows import Layout, Row
from tunecase.data.review.corrections import Correction
from tunecase.data.review.queue.item import code_of
from tunecase.data.review.queue.writing import FILES
from tunecase.data.rowsets import union
from tunecase.io import digest
from tunecase.prices import Basis, queue_price, review_hours
from tunecase.quantities import band
from tunecase.records import Audit, Cleaned, Depth, Disclosure, Written
from tunecase.version import __version__

DEPTHS = (50, 100, 200, 500, 1000, 2000, 5000)
CHANGES, NOTES = "changes.json", "README.md"
TAKEN = {name.casefold() for name in (DROPPED, QUARANTINE, MASKED, CHANGES, NOTES, "texts.part", *FILES)}


def clean(
    audited: Audited,
    folder: Path,
    *,
    sha256: str,
    corrections: Mapping[int, Correction] | None = None,
    mask: bool = False,
    send_flagged: bool = False,
) -> Cleaned:
    """Writes a cleaned copy of the training file and what belongs to it into a folder.

    Args:
        audited: the audit that decides, with all its rows; its seed draws the random control rows.
        folder: an empty folder.
        sha256: of the training file when the audit began [hex].
        corrections: what reviewers decided, by row number.
        mask: whether to replace personal data in the texts of the copy as well; labels are never masked.
        send_flagged: whether the queue shows personal data and secrets as they are, which it else masks.
    Returns: Cleaned.
    Raises: InputError when the file is not the one that was audited; OSError when the disk refuses a write.

    Leaves out whether a corrected row has become a copy of another: audit the cleaned file.
    """
    evidence = audited.evidence
    path, layout = evidence.train.path, evidence.train.layout
    meant, stale = _still_meant(path, layout, corrections or {})
    queue = plan_review(evidence, audited.defects, meant)
    removed = removed_rows(evidence, audited.defects)
    orders = Orders(removed, queue.rows, meant, mask, bool(evidence.classes), send_flagged)
    name = files_of(path)[0].name
    target = folder / (f"cleaned-{name}" if name.casefold() in TAKEN else name)
    with (folder / "texts.part").open("w+b") as texts:
        tally = copy_rows(path, layout, target, orders, texts)
        _check(path, audited.record, tally, sha256)
        if queue.rows:
            write_queue(folder, queue, texts, tuple(evidence.classes), not send_flagged)
    (folder / "texts.part").unlink()
    tally.stale = stale
    files = _written(folder, target.name, tally, len(queue.rows), mask)
    record = _record(audited, queue, tally, sha256, files)
    record = replace(record, disclosed=Disclosure.of(tally.queued, masked=not send_flagged))
    _notes(folder, record)
    record = replace(record, files=(*files, _file(folder, NOTES, "what this folder holds")))
    _changes(folder, audited.record, record, tally, queue, layout)
    return replace(record, files=(*record.files, _file(folder, CHANGES, "what was done, by row")))


def read_ranking(folder: Path, sha256: str) -> tuple[dict[int, float], float, int] | None:
    """What `clean` recorded about its queue for exactly this file, else None.

    Returns: suspicion, 0 to 1, by row number of the queue, how many of its rows should be wrong, and the rows kept.
    """
    try:
        body = json.loads((folder / CHANGES).read_bytes())
        if body["input"]["sha256"] != sha256:
            return None
        ranking = {int(row): float(suspicion) for row, suspicion in body["queue"]["suspicion"]}
        return ranking, float(body["queue"]["expected_wrong"]), int(body["counts"]["kept"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _still_meant(
    path: Path, layout: Layout, corrections: Mapping[int, Correction]
) -> tuple[dict[int, Correction], list[int]]:
    """The corrections whose rows are still as reviewed, by row id, and the numbers of the others, not applied."""
    meant: dict[int, Correction] = {}
    left, at = dict(corrections), 0
    for row in read_rows(path, layout) if left else ():
        correction = left.get(row.number)
        if correction and isinstance(row, Row) and correction.code == code_of(row.number, row.input, row.output):
            meant[at] = left.pop(row.number)
        at += isinstance(row, Row)
    return meant, sorted(left)


def _check(path: Path, audit: Audit, tally: Tally, sha256: str) -> None:
    """The file is the one that was audited, and every row went where the audit said."""
    if digest(files_of(path)[0]) != sha256:
        raise changed_meanwhile(path, "its bytes changed while it was audited")
    counted = (tally.rows, tally.dropped - len(tally.deleted), tally.quarantined)
    expected = (audit.rows, audit.dropped, audit.quarantined)
    if counted != expected:
        raise changed_meanwhile(path, f"(rows, dropped, quarantined) = {counted}, where the audit has {expected}")


def depths(rows: int, basis: Basis) -> tuple[Depth, ...]:
    """The queue read down to some depths and to its end: hours and price of each."""
    if not rows:
        return ()
    steps = [*(depth for depth in DEPTHS if depth < rows), rows]
    return tuple(Depth(step, band(review_hours(step, basis)), band(queue_price(step, basis))) for step in steps)


def _record(audited: Audited, queue: Queue, tally: Tally, sha256: str, files: tuple[Written, ...]) -> Cleaned:
    audit, waiting = audited.record, len(queue.rows)
    controls = sum(each.control for each in queue.rows.values())
    removed = Counter[str]()
    for defect in audited.defects:
        removed[defect.check] += len(union(defect.removed))
    return Cleaned(
        folder="",
        train=audit.train,
        sha256=sha256,
        rows=tally.rows,
        kept=tally.kept,
        dropped=tally.dropped,
        quarantined=tally.quarantined,
        removed=dict(+removed),
        corrected=len(tally.corrected),
        deleted=len(tally.deleted),
        masked=tally.masked,
        stale=len(tally.stale),
        unapplied=len(tally.unapplied),
        review_rows=waiting,
        queue_rows=waiting - controls,
        controls=controls,
        depths=depths(waiting, audited.basis),
        currency=audited.basis.currency,
        files=files,
        verdict=audit.verdict,
        ok=audit.ok,
        unqueued=queue.left_out,
    )


def _written(folder: Path, copy: str, tally: Tally, queued: int, mask: bool) -> tuple[Written, ...]:
    files = [
        Written(copy, "the cleaned training file", tally.kept, digest(folder / copy)),
        Written(DROPPED, "rows taken out, whole, each with its reasons", tally.dropped, digest(folder / DROPPED)),
        Written(QUARANTINE, "rows that cannot be read, whole", tally.quarantined, digest(folder / QUARANTINE)),
    ]
    if mask:
        what = "rows in which personal data were masked, and in which columns"
        files.append(Written(MASKED, what, tally.masked, digest(folder / MASKED)))
    if queued:
        files += [Written(name, what, queued, digest(folder / name)) for name, what in FILES.items()]
    return tuple(files)


def _file(folder: Path, name: str, what: str) -> Written:
    return Written(name, what, None, digest(folder / name))


def _changes(folder: Path, audit: Audit, record: Cleaned, tally: Tally, queue: Queue, layout: Layout) -> None:
    body = {
        "tunecase": __version__,
        "input": {"file": audit.train, "sha256": record.sha256, "rows": record.rows, "layout": asdict(layout)},
        "test": audit.test,
        "counts": {"kept": record.kept, "dropped": record.dropped, "quarantined": record.quarantined},
        "removed": record.removed,
        "corrected": tally.corrected,
        "deleted_by_review": tally.deleted,
        "masked": {"rows": tally.masked, "columns": tally.masked_columns},
        "corrections_not_applied": {"changed_since": tally.stale, "no_one_answer": tally.unapplied},
        "queue": {
            "expected_wrong": round(expected_wrong(queue, audit), 3),
            "suspicion": [[each.number, each.suspicion] for each in queue.rows.values() if not each.control],
            "left_out": queue.left_out,
        },
        "not_checked": audit.not_checked,
        "outputs": [asdict(file) for file in record.files],
        "to_reverse": (
            "the input was not changed; every row of it is in the copy, in dropped.jsonl or in quarantine.jsonl, "
            "each with its number"
        ),
    }
    (folder / CHANGES).write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8", newline="\n")


def _notes(folder: Path, record: Cleaned) -> None:
    lines = [
        f"# {shown(Path(record.train).name)}, cleaned",
        "",
        f"{record.rows:,} rows were read: {record.kept:,} kept, {record.dropped:,} dropped, "
        f"{record.quarantined:,} unreadable. The input file was not changed.",
        "",
        "| file | what | rows |",
        "|---|---|---|",
        *(
            f"| {shown(file.name)} | {shown(file.what)} | {'' if file.rows is None else f'{file.rows:,}'} |"
            for file in record.files
        ),
        f"| {CHANGES} | what was done, by row, with the SHA-256 of every file | |",
        "",
        *_how_to_review(record),
    ]
    (folder / NOTES).write_text("\n".join(lines), encoding="utf-8", newline="\n")


def _how_to_review(record: Cleaned) -> list[str]:
    if not record.review_rows:
        return []
    beyond = (
        f"The queue holds the most suspicious {record.queue_rows:,} of {record.queue_rows + record.unqueued:,} rows to "
        "look at. Once they are reviewed, `--fix` hands out the next ones."
    )
    return [
        *([beyond, ""] if record.unqueued else []),
        "To review: fill in `decision` (right, wrong, delete or unsure) and, where it is wrong, the right `answer`, in",
        "review.csv or in the tool. `seconds` and `reviewer` may stay empty. Some rows were drawn at random from all",
        "others, to show how often such rows are wrong: judge every row on its own. Then run",
        "`tunecase audit --reviewed FILE`, and `--fix` once more to put the corrections into a copy.",
        "",
        "Label Studio: paste label_studio.xml as the labelling interface, import label_studio.json, export as JSON.",
        "Argilla: run argilla_settings.py, export with `dataset.records.to_json`.",
        "",
    ]
