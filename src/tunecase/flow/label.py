"""The conductor's part of labelling: which rows are next, and a trial of two readers, as task files with a price."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.opened import Flow, pilot_metric, task_kind
from tunecase.quantities import Draws, Worlds, band, generator
from tunecase.records import Labelling, LabelTask, LabelTrial, NextLabel

if TYPE_CHECKING:
    from tunecase.data import Pick
    from tunecase.data.reading import Row, Table
    from tunecase.prices import Basis

NAME = "next-labels.csv"
TRIAL_FOLDER, READERS, LABELS = "label-trial", ("reader-a.csv", "reader-b.csv"), "labels.txt"
TASK = "label task"
TRIAL_COLUMNS = ("trial", "row", "text", "label", "seconds", "started", "finished")
COLUMNS = ("row", "line", "text", "suggested", "chance", "why")
MOST_NEXT = 100_000
MOST_POOL = 20_000  # rows of a pool held in memory; of a larger one so many are drawn at random
LEAST_TRIAL, MOST_TRIAL = 20, 5_000
MOST_KEPT = 1_000  # rows of a batch that the ledger holds


@dataclass(frozen=True, slots=True)
class LabelAsked:
    """How many rows of which pool to label next, where there is no project file; `to` names the files to write.

    `send_flagged` writes secrets and personal data as they are.
    """

    n: int
    train: Path
    pool: Path | None
    test: Path | None = None
    input: str | None = None
    output: str | None = None
    to: Path | None = None
    send_flagged: bool = False


@dataclass(frozen=True, slots=True)
class _Pool:
    """A pool's rows that are weighed, in their order: all of a small one, 20,000 drawn at random of a large one."""

    path: Path
    rows: "list[Row]"
    count: int
    seed: int


def next_labels(flow: Flow, n: int, pool: Path | None, to: Path | None = None, send_flagged: bool = False) -> Labelling:
    """The rows of the project's pool, or of another file, to label next; which rows they were is kept."""
    data = flow.project.data
    if pool is None and data.pool is None:
        fix = "add `pool:` to data, or --pool FILE"
        raise InputError(Problem("--next", "no pool", "a file of unlabelled rows", fix))
    _check_number(n)
    drawn = _drawn(pool or flow.folder / str(data.pool), data.input, flow.seed)
    place = to or flow.folder / NAME
    record = _planned(flow.train_table(), flow.table("test"), drawn, n, place, flow.basis(), send_flagged)
    # The files hold the texts; the ledger holds which rows they are.
    flow.keep("labelling", replace(record, rows=tuple(replace(row, text="") for row in record.rows[:MOST_KEPT])))
    return record


def next_labels_file(request: LabelAsked, seed: int, today: date) -> Labelling:
    """The same without a project file, at default prices."""
    from tunecase.data.reading import load
    from tunecase.prices import Basis

    if request.pool is None:
        raise InputError(Problem("--next", "no pool", "a file of unlabelled rows", "add --pool FILE"))
    test = load(request.test, request.input, request.output, beside=request.train) if request.test else None
    train = load(request.train, request.input, request.output)
    _check_number(request.n)
    drawn = _drawn(request.pool, request.input, seed)
    return _planned(
        train, test, drawn, request.n, request.to or Path(NAME), Basis(None, today, Worlds(seed, Flow.DRAWS)),
        request.send_flagged,
    )  # fmt: skip


def label_task(
    flow: Flow, n: int, pool: Path | None = None, to: Path | None = None, *, send_flagged: bool = False
) -> LabelTask:
    """Gives out a labelling trial: the same rows to two readers, each in an order of its own, answers not shown.

    The rows are drawn at random from the pool, or from the training file where there is no pool. Kept, so that only
    these rows are read back.

    Args:
        flow: the case.
        n: rows; 20 to 5,000.
        pool: a file of unlabelled rows; the project's `data.pool` when left out.
        to: the folder to write into; label-trial beside the project file, numbered where that is there.
        send_flagged: writes secrets and personal data as they are; else their kinds stand there.
    Raises: InputError for a number out of range, too few rows, or files in the way.
    """
    import hashlib

    from tunecase.data import handed_out
    from tunecase.io import Output, write_outputs
    from tunecase.prices import label_minutes, label_rate

    if not LEAST_TRIAL <= n <= MOST_TRIAL:
        wanted, fix = f"{LEAST_TRIAL} to {MOST_TRIAL:,} rows", "write how many rows both are to label, such as 100"
        raise InputError(Problem("--trial", str(n), wanted, fix))
    data = flow.project.data
    place = pool or (flow.folder / data.pool if data.pool else flow.train_path)
    full = [row for row in _drawn(place, data.input, flow.seed).rows if row.input.strip()]
    if len(full) < LEAST_TRIAL:
        raise InputError(Problem(str(place), f"{len(full)} rows", f"{LEAST_TRIAL} rows or more", "name a larger file"))
    luck = generator(flow.seed, "labelling trial")
    chosen = [full[at] for at in luck.permutation(len(full))[:n].tolist()]
    classes = _classes(flow)
    name = hashlib.sha256(repr([(row.number, row.input) for row in chosen]).encode("utf-8", "replace")).hexdigest()[:12]
    folder = to or next(place for place in _folders(flow.folder / TRIAL_FOLDER) if not os.path.lexists(place))
    orders = (luck.permutation(len(chosen)).tolist() for _ in READERS)
    shown, disclosed = handed_out((row.input for row in chosen), send_flagged)
    sheets = [
        Output(
            folder / file,
            _csv(TRIAL_COLUMNS, [(name, chosen[at].number, shown[at], *[""] * 4) for at in order]),
            makes_folder=True,
        )
        for file, order in zip(READERS, orders, strict=True)
    ]
    guide = (
        [Output(folder / LABELS, "".join(f"{label}\n" for label in classes).encode(), makes_folder=True)]
        if classes
        else []
    )
    write_outputs([*sheets, *guide], flow.needed_files())
    basis = flow.basis()
    minutes = 2 * len(chosen) * label_minutes(basis)
    record = LabelTask(
        name, str(place), tuple(row.number for row in chosen), classes,
        tuple(str(output.path) for output in (*sheets, *guide)), band(minutes / 60 * label_rate(basis)), band(minutes),
        basis.currency, disclosed,
    )  # fmt: skip
    return cast(LabelTask, flow.keep(TASK, record))


def label_trial(flow: Flow, files: Sequence[Path]) -> LabelTrial:
    """Reads two readers' files back: minutes of a label, agreement, and the ceiling that it sets; kept.

    From now on the minutes replace the assumed ones in the price of a label, and the ceiling holds for the definition
    where no test row has a second label.

    Raises: InputError with every problem: not two files, files of another trial, rows that are unknown, twice or
    missing, labels that are missing or unknown, times that cannot be read.
    """
    from tunecase.data import compare_readers, read_readers
    from tunecase.project import read_score

    tasks = {entry.body["id"]: cast(LabelTask, entry.record()) for entry in flow.ledger.entries_of("record", TASK)}
    task, readers = read_readers(files, tasks)
    asked = flow.project.problem.target
    target = None if asked is None else read_score(asked)
    counted = catalog.metric(pilot_metric(flow)).binomial
    record = compare_readers(task, readers, target if counted else None)
    return cast(LabelTrial, flow.keep("label trial", record))


def _classes(flow: Flow) -> tuple[str, ...]:
    """The labels to choose from; none where answers are free or there are no rows yet."""
    if flow.project.data.train is None or task_kind(flow) != "classification":
        return ()
    return tuple(sorted({row.output.strip() for row in flow.train_table().rows if row.output.strip()}))


def _folders(first: Path) -> Iterator[Path]:
    yield first
    yield from (first.with_name(f"{first.name}-{number}") for number in range(2, MOST_NEXT))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A sheet: with a byte order mark, and no cell that a spreadsheet takes for a formula."""
    from tunecase.io import no_formula

    sheet = io.StringIO(newline="")
    safe = ([no_formula(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    csv.writer(sheet).writerows([columns, *safe])
    return sheet.getvalue().encode("utf-8-sig", "replace")


def _check_number(n: int) -> None:
    if not 1 <= n <= MOST_NEXT:
        raise InputError(Problem("--next", str(n), f"1 to {MOST_NEXT:,} rows", "write how many rows to label"))


def _planned(
    train: "Table", test: "Table | None", pool: _Pool, n: int, to: Path, basis: "Basis", send_flagged: bool
) -> Labelling:
    from tunecase.data import expected, handed_out, plan
    from tunecase.data.reading import looks_like_classes
    from tunecase.prices import label_price

    held = [row for row in train.rows if row.input.strip() and row.output.strip()]
    classes = looks_like_classes(row.output for row in train.rows)
    planned = plan(
        [row.input for row in held], [row.output if classes else "" for row in held], [row.input for row in pool.rows],
        n, barred=[row.input for row in test.rows] if test else (), seed=pool.seed,
    )  # fmt: skip
    rows = [pool.rows[pick.row] for pick in planned.picks]
    shown, disclosed = handed_out((row.input for row in rows), send_flagged)
    chosen = tuple(map(_next, rows, shown, planned.picks))
    return Labelling(
        pool=str(pool.path), pool_rows=pool.count, asked=n, rows=chosen, known=planned.at_hand, copies=planned.copies,
        weighed=planned.weighed, probed=planned.probed, price=band(len(chosen) * label_price(basis)),
        minutes=band(len(chosen) * _minutes(basis)), currency=basis.currency,
        files=tuple(str(path) for path in _write(chosen, to)) if chosen else (), expects=expected(planned),
        disclosed=disclosed,
    )  # fmt: skip


def _drawn(path: Path, input: str | None, seed: int) -> _Pool:
    """All rows of a small pool in file order, MOST_POOL random rows of a large one."""
    from tunecase.data.reading import Row, detect, read_rows

    rng = generator(seed, "rows of the pool")
    kept: list[Row] = []
    count = 0
    for row in read_rows(path, detect(path, input, None, labelled=False)):
        if not isinstance(row, Row):
            continue
        count += 1
        if len(kept) < MOST_POOL:
            kept.append(row)
        elif (at := int(rng.integers(count))) < MOST_POOL:
            kept[at] = row
    return _Pool(path, sorted(kept, key=lambda row: row.number), count, seed)


def _next(row: "Row", text: str, pick: "Pick") -> NextLabel:
    chance = None if pick.chance is None else round(pick.chance, 3)
    return NextLabel(row.number, row.line, text, pick.suggested, chance, pick.why)


def _minutes(basis: "Basis") -> "Draws":
    from tunecase.prices import label_minutes, labels_per_example

    return labels_per_example(basis) * label_minutes(basis)


def _write(rows: tuple[NextLabel, ...], to: Path) -> tuple[Path, Path]:
    """The batch as CSV (Label Studio) and JSONL (Argilla); a file that is there stays, the next number is taken."""
    import orjson

    from tunecase.io import Output, write_outputs

    table, lines = next(pair for pair in _names(to) if not any(os.path.lexists(path) for path in pair))
    body = b"".join(orjson.dumps(asdict(row)) + b"\n" for row in rows)
    write_outputs([Output(table, _csv(COLUMNS, map(astuple, rows))), Output(lines, body)])
    return table, lines


def _names(to: Path) -> Iterator[tuple[Path, Path]]:
    stem = to.with_suffix("") if to.suffix in (".csv", ".jsonl") else to
    for number in range(1, MOST_NEXT):
        name = stem.name if number == 1 else f"{stem.name}-{number}"
        yield stem.with_name(f"{name}.csv"), stem.with_name(f"{name}.jsonl")
