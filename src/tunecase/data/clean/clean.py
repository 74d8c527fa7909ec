"""A cleaned copy of the training file, with everything that was taken out of it and the rows that want a look.

rows = kept + dropped + quarantined, asserted against the audit. The input is read as a stream, twice side by side: once
as rows, once as the bytes they are made of.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tunecase import catalog
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.clean.reasons import Reason, removed_rows, rows_to_look_at
from tunecase.data.detectors.personal import masked
from tunecase.data.reading.blocks import files_of, raw_records, read_rows
from tunecase.data.reading.kinds import LONGEST_LABEL
from tunecase.data.reading.rows import BadRow, Layout, Row
from tunecase.data.reading.writing import Writer
from tunecase.data.review.corrections import Correction, rewritten, with_answer
from tunecase.data.review.queue.item import NEUTRAL, Item, code_of
from tunecase.data.review.queue.writing import FILES, QueueFiles
from tunecase.errors import InputError, Problem
from tunecase.io import digest
from tunecase.prices import Basis, queue_price, review_hours
from tunecase.quantities import band, generator
from tunecase.records import Audit, Cleaned, Depth, Written
from tunecase.version import __version__

if TYPE_CHECKING:
    pass

CONTROL_SHARE = 0.1  # of the rows handed out
UNMEASURED_SUSPICION = 0.5
DEPTHS = (50, 100, 200, 500, 1000, 2000, 5000)
CHANGES, NOTES, DROPPED, QUARANTINE = "changes.json", "README.md", "dropped.jsonl", "quarantine.jsonl"

TAKEN = {name.casefold() for name in (DROPPED, QUARANTINE, CHANGES, NOTES, "texts.part", *FILES)}


@dataclass(slots=True)
class Waiting:
    """One row of the queue before its texts are read."""

    rank: int
    reasons: Sequence[Reason]
    suspicion: float | None
    control: bool
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Masking:
    """Whether personal data are masked, and whether answers are labels, which stay as they are."""

    wanted: bool
    labels: bool


@dataclass(slots=True)
class Tally:
    """What the pass over the file did."""

    kept: int = 0
    dropped: int = 0
    quarantined: int = 0
    corrected: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    masked: list[int] = field(default_factory=list)
    masked_columns: dict[str, int] = field(default_factory=dict)
    stale: list[int] = field(default_factory=list)
    unapplied: list[int] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """All records that were read."""
        return self.kept + self.dropped + self.quarantined


def clean(
    found: Audit,
    evidence: Evidence,
    defects: Sequence[Defect],
    folder: Path,
    *,
    basis: Basis,
    sha256: str,
    corrections: Mapping[int, Correction] | None = None,
    mask: bool = False,
    seed: int = 0,
) -> Cleaned:
    """Writes a cleaned copy of the training file and what belongs to it into a folder.

    Args:
        found, evidence, defects: the audit that decides, with all its rows.
        folder: an empty folder.
        basis: what a review costs.
        sha256: of the training file when the audit began [hex].
        corrections: what reviewers decided of rows, by number.
        mask: also replace personal data in all texts of the copy but labels.
        seed: of the random control rows.
    Returns: Cleaned.
    Raises: InputError when the file is not the one that was audited; OSError when the disk refuses.

    Leaves out whether a corrected row has become a copy of another: audit the cleaned file.
    """
    path, layout = evidence.train.path, evidence.train.layout
    corrections, stale = _still_meant(path, layout, corrections or {})
    removed = removed_rows(evidence, defects)
    queue = plan_review(evidence, defects, set(removed), corrections, seed)
    name = files_of(path)[0].name
    target = folder / (f"cleaned-{name}" if name.casefold() in TAKEN else name)
    tally = Tally(stale=stale)
    with (folder / "texts.part").open("w+b") as texts:
        masking = Masking(mask, bool(evidence.classes))
        _pass(path, layout, target, removed, queue, corrections, masking, tally, texts)
        _check(path, found, tally, sha256)
        if queue:
            _write_queue(folder, queue, texts, tuple(evidence.classes), mask)
    (folder / "texts.part").unlink()
    counts = _by_check(removed)
    files = _written(folder, target.name, tally, len(queue))
    record = _record(found, basis, tally, queue, counts, sha256, files)
    _notes(folder, record)
    record = replace(record, files=(*files, _file(folder, NOTES, "what lies here")))
    _changes(folder, found, record, tally, layout, queue)
    return replace(record, files=(*record.files, _file(folder, CHANGES, "what was done, by row")))


def expected_wrong(queue: Mapping[int, Waiting], found: Audit) -> float:
    """How many rows of the queue are expected to be wrong before anybody has looked.

    Suspicion is a rank and no chance where a check also tells how many it takes to be wrong: there its rows share that
    number; elsewhere suspicion, which is the check's measured precision, counts as it stands.
    """
    told = {each.check: each.measured.middle for each in found.findings if each.measured and each.scores}
    sums = dict.fromkeys(told, 0.0)
    total = 0.0
    for waiting in queue.values():
        suspicion, checks = waiting.suspicion or 0.0, {reason.check for reason in waiting.reasons}
        if len(checks) == 1 and (check := next(iter(checks))) in told:
            sums[check] += suspicion
        else:
            total += suspicion
    return total + sum(min(told[check], part) for check, part in sums.items())


def read_ranking(folder: Path, sha256: str) -> tuple[dict[int, float], float, int] | None:
    """What `clean` wrote of its queue for this very file, else None.

    Returns: suspicion by row of the queue, how many of them were expected to be wrong, and the rows kept.
    """
    try:
        body = json.loads((folder / CHANGES).read_bytes())
        if body["input"]["sha256"] != sha256:
            return None
        ranking = {int(row): float(suspicion) for row, suspicion in body["queue"]["suspicion"]}
        return ranking, float(body["queue"]["expected_wrong"]), int(body["counts"]["kept"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def plan_review(
    evidence: Evidence,
    defects: Sequence[Defect],
    removed: set[int],
    corrections: Mapping[int, Correction],
    seed: int,
) -> dict[int, Waiting]:
    """Row number to its place in the queue: suspicious rows first, one row in ten drawn at random among them.

        suspicion = 1 - product over findings of (1 - s),   s a ranked row's score, else the check's measured precision

    Rows that are dropped or were reviewed already are left out; the random rows are drawn from all others.
    """
    import numpy as np

    number = evidence.train.number
    without = np.isin(number, np.fromiter(removed | _settled(corrections), np.int64))
    reasons = rows_to_look_at(evidence, defects, without)
    precision = {row.check: row.precision for row in catalog.checks()}
    suspicion = {at: _suspicion(why, precision) for at, why in reasons.items()}
    order = sorted(reasons, key=lambda at: (-suspicion[at], int(number[at])))
    rng = generator(seed, "control rows")
    free = np.flatnonzero(~without & ~np.isin(np.arange(len(number)), order))
    wanted = min(round(len(order) * CONTROL_SHARE / (1 - CONTROL_SHARE) + 0.499), len(free))
    controls = rng.choice(free, wanted, replace=False) if wanted else free[:0]
    places = set(rng.choice(len(order) + wanted, wanted, replace=False).tolist()) if wanted else set()
    suspects, drawn = iter(order), iter(controls.tolist())
    queue: dict[int, Waiting] = {}
    for place in range(len(order) + wanted):
        control = place in places
        at = next(drawn) if control else next(suspects)
        why = () if control else reasons[at]
        queue[int(number[at])] = Waiting(place + 1, why, None if control else suspicion[at], control)
    return queue


def _still_meant(
    path: Path, layout: Layout, corrections: Mapping[int, Correction]
) -> tuple[dict[int, Correction], list[int]]:
    """The corrections whose rows stand as they were reviewed, and the numbers of the others, which hide no row."""
    meant: dict[int, Correction] = {}
    for row in read_rows(path, layout) if corrections else ():
        said = corrections.get(row.number)
        if said and isinstance(row, Row) and said.code == code_of(row.number, row.input, row.output):
            meant[row.number] = said
    return meant, sorted(set(corrections) - set(meant))


def _settled(corrections: Mapping[int, Correction]) -> set[int]:
    """Rows that need no second look."""
    return {row for row, said in corrections.items() if said.verdict != "wrong" or said.answer}


def _suspicion(reasons: Sequence[Reason], precision: Mapping[str, float | None]) -> float:
    clear = 1.0
    for reason in reasons:
        known = reason.score if reason.score is not None else precision.get(reason.check)
        clear *= 1 - (UNMEASURED_SUSPICION if known is None else known)
    return 1 - clear


def _pass(
    path: Path,
    layout: Layout,
    target: Path,
    removed: Mapping[int, Sequence[Reason]],
    queue: Mapping[int, Waiting],
    corrections: Mapping[int, Correction],
    masking: Masking,
    tally: Tally,
    texts: IO[bytes],
) -> None:
    """Every record goes to exactly one of three files; the texts of queued rows are kept for the queue."""
    folder = target.parent
    with (
        Writer(target, path, layout) as copy,
        (folder / DROPPED).open("wb") as dropped,
        (folder / QUARANTINE).open("wb") as quarantine,
    ):
        for row, raw, record in _side_by_side(path, layout):
            if isinstance(row, BadRow) or record is None:
                tally.quarantined += 1
                quarantine.write(
                    _line({"row": row.number, "line": row.line, "reason": _why(row), **_whole(raw, record)})
                )
                continue
            reasons = [_plain(reason) for reason in removed.get(row.number, ())]
            changed, gone = None, None
            if not reasons:
                changed, gone = _reviewed(row, record, layout, corrections.get(row.number), tally, copy)
            reasons += [gone] if gone else []
            if reasons:
                tally.dropped += 1
                dropped.write(_line({"row": row.number, "line": row.line, "reasons": reasons, **_whole(raw, record)}))
                continue
            if row.number in queue:
                queue[row.number].place = _kept(texts, row, queue[row.number].control, masking)
            if masking.wanted:
                changed = _masked(row.number, changed or record, layout, masking.labels, tally) or changed
            copy.write(raw if changed is None else rewritten(raw, changed, layout), changed or record)
            tally.kept += 1


def _why(row: Row | BadRow) -> str:
    return row.reason if isinstance(row, BadRow) else "not a record"


def _side_by_side(path: Path, layout: Layout) -> "Iterator[tuple[Row | BadRow, bytes, dict[str, Any] | None]]":
    for row, (number, _, raw, record) in zip(read_rows(path, layout), raw_records(path, layout), strict=True):
        assert row.number == number
        if record is None and isinstance(row, Row):
            raise _changed(path, f"row {number} reads differently the second time")
        yield row, raw, record


def _reviewed(
    row: Row, record: dict[str, Any], layout: Layout, said: Correction | None, tally: Tally, copy: Writer
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The record with the reviewers' answer, or the reason for which it goes; both None where nothing was said."""
    if said is None or said.verdict in ("right", "unsure"):
        return None, None
    if said.verdict == "delete":
        tally.deleted.append(row.number)
        return None, {"check": "review", "reviewers": said.reviewers}
    changed = with_answer(record, layout, said.answer, row.output) if said.answer else None
    if changed is not None and not copy.takes(changed):
        changed = None
    if said.answer and changed is None:
        tally.unapplied.append(row.number)
    if changed is not None:
        body = {"row": row.number, "line": row.line, "given": said.given, "answer": said.answer}
        tally.corrected.append({**body, "reviewers": said.reviewers})
    return changed, None


def _masked(number: int, record: dict[str, Any], layout: Layout, labels: bool, tally: Tally) -> dict[str, Any] | None:
    """The record with personal data replaced by their kind in every text but a label; None where there are none."""
    changed = dict(record)
    columns = []
    for name, value in record.items():
        if labels and name == layout.output and isinstance(value, str) and len(value) <= LONGEST_LABEL:
            continue
        changed[name] = _masked_value(value)
        if changed[name] != value:
            columns.append(name)
    if not columns:
        return None
    tally.masked.append(number)
    for name in columns:
        tally.masked_columns[name] = tally.masked_columns.get(name, 0) + 1
    return changed


def _masked_value(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list):
        return [_masked_value(each) for each in value]
    if isinstance(value, dict):
        return {name: _masked_value(each) for name, each in value.items()}
    return value


def _check(path: Path, found: Audit, tally: Tally, sha256: str) -> None:
    """The file is the one that was audited, and every row went where the audit said."""
    if digest(files_of(path)[0]) != sha256:
        raise _changed(path, "its bytes changed while it was audited")
    counted = (tally.rows, tally.dropped - len(tally.deleted), tally.quarantined)
    told = (found.rows, found.dropped, found.quarantined)
    if counted != told:
        raise _changed(path, f"{counted} rows, dropped and quarantined, where the audit has {told}")


def _changed(path: Path, got: str) -> InputError:
    return InputError(
        Problem(str(path), got, "the file that was audited", "let nothing write to it, then run it again")
    )


def _kept(texts: IO[bytes], row: Row, control: bool, masking: Masking) -> tuple[int, int]:
    """Where a queued row's texts were laid; its code is that of the texts before they were masked."""
    start = texts.tell()
    code = code_of(row.number, row.input, row.output, control)
    input, output = row.input, row.output
    if masking.wanted:
        label = masking.labels and len(output) <= LONGEST_LABEL
        input, output = masked(input), output if label else masked(output)
    length = texts.write(_line([row.number, row.line, code, input, output]))
    return start, length


def _write_queue(
    folder: Path, queue: Mapping[int, Waiting], texts: IO[bytes], classes: tuple[str, ...], mask: bool
) -> None:
    """The rows in the order of their rank, their texts fetched from where the pass laid them."""
    import orjson

    with QueueFiles(folder, classes) as files:
        for waiting in sorted(queue.values(), key=lambda each: each.rank):
            start, length = waiting.place
            if not length:
                continue  # a reviewer deleted it since
            texts.seek(start)
            number, line, code, input, output = orjson.loads(texts.read(length))
            told = list(dict.fromkeys(reason.told or NEUTRAL for reason in waiting.reasons)) or [NEUTRAL]
            why = "; ".join(told)
            files.write(
                Item(
                    rank=waiting.rank,
                    row=number,
                    line=line,
                    code=code,
                    input=input,
                    given=output,
                    suggested=next((reason.suggested for reason in waiting.reasons if reason.suggested), ""),
                    why=masked(why) if mask else why,
                    checks=tuple(reason.check for reason in waiting.reasons),
                    suspicion=waiting.suspicion,
                )
            )


def _by_check(removed: Mapping[int, Sequence[Reason]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reasons in removed.values():
        for reason in reasons:
            counts[reason.check] = counts.get(reason.check, 0) + 1
    return counts


def depths(rows: int, basis: Basis) -> tuple[Depth, ...]:
    """The queue read down to some depths and to its end: hours and price of each."""
    if not rows:
        return ()
    steps = [*(depth for depth in DEPTHS if depth < rows), rows]
    return tuple(Depth(step, band(review_hours(step, basis)), band(queue_price(step, basis))) for step in steps)


def _record(
    found: Audit,
    basis: Basis,
    tally: Tally,
    queue: Mapping[int, Waiting],
    counts: dict[str, int],
    sha256: str,
    files: tuple[Written, ...],
) -> Cleaned:
    controls = sum(waiting.control for waiting in queue.values())
    return Cleaned(
        folder="",
        train=found.train,
        sha256=sha256,
        rows=tally.rows,
        kept=tally.kept,
        dropped=tally.dropped,
        quarantined=tally.quarantined,
        removed=counts,
        corrected=len(tally.corrected),
        deleted=len(tally.deleted),
        masked=len(tally.masked),
        stale=len(tally.stale),
        unapplied=len(tally.unapplied),
        review_rows=len(queue),
        queue_rows=len(queue) - controls,
        controls=controls,
        depths=depths(len(queue), basis),
        currency=basis.currency,
        files=files,
        verdict=found.verdict,
        ok=found.ok,
    )


def _written(folder: Path, copy: str, tally: Tally, queued: int) -> tuple[Written, ...]:
    files = [
        Written(copy, "the cleaned training file", tally.kept, digest(folder / copy)),
        Written(DROPPED, "rows taken out, whole, each with its reasons", tally.dropped, digest(folder / DROPPED)),
        Written(QUARANTINE, "rows that cannot be read, whole", tally.quarantined, digest(folder / QUARANTINE)),
    ]
    if queued:
        files += [Written(name, what, queued, digest(folder / name)) for name, what in FILES.items()]
    return tuple(files)


def _file(folder: Path, name: str, what: str) -> Written:
    return Written(name, what, None, digest(folder / name))


def _changes(
    folder: Path, found: Audit, record: Cleaned, tally: Tally, layout: Layout, queue: Mapping[int, Waiting]
) -> None:
    body = {
        "tunecase": __version__,
        "input": {"file": found.train, "sha256": record.sha256, "rows": record.rows, "layout": asdict(layout)},
        "test": found.test,
        "counts": {"kept": record.kept, "dropped": record.dropped, "quarantined": record.quarantined},
        "removed": record.removed,
        "corrected": tally.corrected,
        "deleted_by_review": tally.deleted,
        "masked": {"rows": tally.masked, "columns": tally.masked_columns},
        "corrections_not_applied": {"changed_since": tally.stale, "no_one_answer": tally.unapplied},
        "queue": {
            "expected_wrong": round(expected_wrong(queue, found), 3),
            "suspicion": [[row, waiting.suspicion] for row, waiting in queue.items() if not waiting.control],
        },
        "not_checked": found.not_checked,
        "outputs": [asdict(file) for file in record.files],
        "to_reverse": (
            "the input was not changed; every row of it is in the copy, in dropped.jsonl or in quarantine.jsonl, "
            "each with its number"
        ),
    }
    (folder / CHANGES).write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8", newline="\n")


def _notes(folder: Path, record: Cleaned) -> None:
    lines = [
        f"# {Path(record.train).name}, cleaned",
        "",
        f"{record.rows:,} rows were read: {record.kept:,} kept, {record.dropped:,} dropped, "
        f"{record.quarantined:,} unreadable. The input file was not changed.",
        "",
        "| file | what | rows |",
        "|---|---|---|",
        *(f"| {file.name} | {file.what} | {'' if file.rows is None else f'{file.rows:,}'} |" for file in record.files),
        f"| {CHANGES} | what was done, by row, with the SHA-256 of every file | |",
        "",
        *_how_to_review(record),
    ]
    (folder / NOTES).write_text("\n".join(lines), encoding="utf-8", newline="\n")


def _how_to_review(record: Cleaned) -> list[str]:
    if not record.review_rows:
        return []
    return [
        "To review: fill in `decision` (right, wrong, delete or unsure) and, where it is wrong, `answer`, in",
        "review.csv or in the tool. `seconds` and `reviewer` may stay empty. Some rows are drawn at random and nothing",
        "was found on them: they tell how often the other answers are wrong, so judge every row by itself. Then run",
        "`tunecase audit --reviewed FILE`, and `--fix` once more to put the corrections into a copy.",
        "",
        "Label Studio: paste label_studio.xml as the labelling interface, import label_studio.json, export as JSON.",
        "Argilla: run argilla_settings.py, export with `dataset.records.to_json`.",
        "",
    ]


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
