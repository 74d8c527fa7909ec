"""The pass over the training file: every row goes to the copy, to what was taken out, or to what cannot be read."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tunecase.data.clean.reasons import NONE, Reason
from tunecase.data.clean.waiting import Waiting
from tunecase.data.detectors.private import Mask
from tunecase.data.reading.blocks import raw_records, read_rows
from tunecase.data.reading.kinds import LONGEST_LABEL
from tunecase.data.reading.rows import BadRow, Layout, Row
from tunecase.data.reading.writing import Writer
from tunecase.data.review.corrections import Correction, rewritten, with_answer
from tunecase.data.review.queue.item import code_of
from tunecase.errors import InputError, Problem

DROPPED, QUARANTINE, MASKED = "dropped.jsonl", "quarantine.jsonl", "masked.jsonl"


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to happen to each row; a row id is its place among the readable rows, from 0.

    Args:
        removed: the numbers of the rows to drop, ascending, with their reasons; walked through once.
        queue: rows whose texts are set aside for review, by row id.
        corrections: what reviewers decided, by row id.
        mask: whether personal data are masked.
        labels: whether short answers are labels, which are never masked.
        send_flagged: whether the queue shows personal data and secrets as they are.
    """

    removed: Iterator[tuple[int, list[Reason]]]
    queue: Mapping[int, Waiting]
    corrections: Mapping[int, Correction]
    mask: bool
    labels: bool
    send_flagged: bool = False


@dataclass(slots=True)
class Tally:
    """What the pass over the file did."""

    kept: int = 0
    dropped: int = 0
    quarantined: int = 0
    corrected: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    masked: int = 0
    masked_columns: Counter[str] = field(default_factory=Counter)
    queued: list[tuple[str, ...]] = field(default_factory=list)  # what private data each row of the queue holds
    stale: list[int] = field(default_factory=list)
    unapplied: list[int] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """All records that were read."""
        return self.kept + self.dropped + self.quarantined


def copy_rows(path: Path, layout: Layout, target: Path, orders: Orders, texts: IO[bytes]) -> Tally:
    """Every record goes to exactly one of three files; the texts of queued rows are kept for the queue.

    A fourth file lists the rows that were masked, where that was asked. Memory stays flat.
    """
    folder = target.parent
    with (
        Writer(target, path, layout) as copy,
        (folder / DROPPED).open("wb") as dropped,
        (folder / QUARANTINE).open("wb") as quarantine,
        (folder / MASKED).open("wb") if orders.mask else nullcontext() as masks,
    ):
        rows = _Rows(layout, orders, copy, texts, masks)
        for row, raw, record in _side_by_side(path, layout):
            if isinstance(row, BadRow) or record is None:
                rows.tally.quarantined += 1
                reason = row.reason if isinstance(row, BadRow) else "not a record"
                quarantine.write(_line({"row": row.number, "line": row.line, "reason": reason, **_whole(raw, record)}))
            elif reasons := rows.next_reasons(row):
                rows.tally.dropped += 1
                dropped.write(_line({"row": row.number, "line": row.line, "reasons": reasons, **_whole(raw, record)}))
            else:
                rows.keep(row, raw, record)
        return rows.tally


def _side_by_side(path: Path, layout: Layout) -> "Iterator[tuple[Row | BadRow, bytes, dict[str, Any] | None]]":
    for row, (number, _, raw, record) in zip(read_rows(path, layout), raw_records(path, layout), strict=True):
        assert row.number == number
        if record is None and isinstance(row, Row):
            raise changed_meanwhile(path, f"row {number} reads differently the second time")
        yield row, raw, record


class _Rows:
    """What becomes of each readable row, one after the other."""

    def __init__(self, layout: Layout, orders: Orders, copy: Writer, texts: IO[bytes], masks: IO[bytes] | None) -> None:
        self.layout, self.orders, self.copy, self.texts, self.masks = layout, orders, copy, texts, masks
        self.tally = Tally()
        self.at = NONE  # the row id of the row at hand
        self.removed = next(orders.removed, None)

    def next_reasons(self, row: Row) -> list[dict[str, Any]]:
        """Why the next row is dropped, by the audit or else by its reviewers; empty if it stays."""
        self.at += 1
        if self.removed is not None and self.removed[0] == row.number:
            reasons = [_plain(reason) for reason in self.removed[1]]
            self.removed = next(self.orders.removed, None)
            return reasons
        correction = self.orders.corrections.get(self.at)
        if correction is not None and correction.verdict == "delete":
            self.tally.deleted.append(row.number)
            return [{"check": "review", "reviewers": correction.reviewers}]
        return []

    def keep(self, row: Row, raw: bytes, record: dict[str, Any]) -> None:
        """Writes a row to the copy, corrected and masked as ordered."""
        changed = self._corrected(row, record)
        if (waiting := self.orders.queue.get(self.at)) is not None:
            waiting.place = self._lay_aside(row, waiting.control)
        if self.orders.mask:
            changed = self._masked(row, changed or record) or changed
        self.copy.write(raw if changed is None else rewritten(raw, changed, self.layout), changed or record)
        self.tally.kept += 1

    def _corrected(self, row: Row, record: dict[str, Any]) -> dict[str, Any] | None:
        """The record with the reviewers' answer; None where they gave none, or none that the copy can hold."""
        correction = self.orders.corrections.get(self.at)
        if correction is None or correction.verdict in ("right", "unsure") or not correction.answer:
            return None
        changed = with_answer(record, self.layout, correction.answer, row.output)
        if changed is None or not self.copy.takes(changed):
            self.tally.unapplied.append(row.number)
            return None
        body = {"row": row.number, "line": row.line, "given": correction.given, "answer": correction.answer}
        self.tally.corrected.append({**body, "reviewers": correction.reviewers})
        return changed

    def _masked(self, row: Row, record: dict[str, Any]) -> dict[str, Any] | None:
        """The record with personal data replaced by their kind in every text but a label; None where there are none."""
        mask = Mask(record)
        changed = {
            name: value if name == self.layout.output and self._is_label(value) else mask.hidden(value)
            for name, value in record.items()
        }
        columns = [name for name, value in record.items() if changed[name] != value]
        if not columns:
            return None
        self.tally.masked += 1
        if self.masks is not None:
            self.masks.write(_line({"row": row.number, "line": row.line, "columns": columns}))
        self.tally.masked_columns.update(columns)
        return changed

    def _is_label(self, value: Any) -> bool:
        return self.orders.labels and isinstance(value, str) and len(value) <= LONGEST_LABEL

    def _lay_aside(self, row: Row, control: bool) -> tuple[int, int]:
        """Sets a queued row's texts aside and gives their place; the mark is that of the texts before masking."""
        start, mask = self.texts.tell(), Mask([row.input, row.output])
        self.tally.queued.append(mask.kinds)
        code = code_of(row.number, row.input, row.output, control)
        input, output = row.input, row.output
        if not self.orders.send_flagged:
            input, output = mask.hidden(input), output if self._is_label(output) else mask.hidden(output)
        return start, self.texts.write(_line([row.number, row.line, code, input, output]))


def changed_meanwhile(path: Path, got: str) -> InputError:
    """The error for a file that is no longer the one that was audited."""
    return InputError(
        Problem(str(path), got, "the file that was audited", "let nothing write to it, then run it again")
    )


def _plain(reason: Reason) -> dict[str, Any]:
    body: dict[str, Any] = {"check": reason.check}
    if reason.others:
        body["leaks_to_test_rows" if reason.file == "test" else "repeats_rows"] = reason.others
    return body


def _whole(raw: bytes, record: dict[str, Any] | None) -> dict[str, Any]:
    """A row as it stood: its text where it has one, and its fields where they could be read."""
    body: dict[str, Any] = {}
    if raw:
        try:
            body["raw"] = raw.decode("utf-8")
        except UnicodeDecodeError:
            import base64

            body["raw_base64"] = base64.b64encode(raw).decode()
    if record is not None:
        body["record"] = record
    return body


def _line(body: Any) -> bytes:
    import orjson

    try:
        return orjson.dumps(body, default=str) + b"\n"
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        return json.dumps(body, default=str).encode() + b"\n"
