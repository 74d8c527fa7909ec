"""A labelling trial of two readers: reads their files back and says how long, how alike, and up to which score."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tunecase.data.review import LEAST_TIMED, mean_minutes
from tunecase.errors import InputError, Problem, nearest
from tunecase.io import read_number, read_table
from tunecase.quantities import Interval80, agreement_of_two, ceiling_range, count, counted, np
from tunecase.records import ClassAgreement, Disagreement, LabelTask, LabelTrial

NEEDED = ("trial", "row", "label")
MOST_PROBLEMS = 20
MOST_UNFILLED = 3  # rows without a label that are told one by one
MOST_SECONDS = 86_400.0
MOST_PAIRS = 50  # of labels taken for one another, and classes, that the record holds
TIMES = ("%H:%M:%S", "%H:%M")
Line = tuple[int, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader's file: its name, the label of every row, and the seconds of those that were timed."""

    file: str
    labels: Mapping[int, str]
    seconds: Mapping[int, float]


def read_readers(files: Sequence[Path], tasks: Mapping[str, LabelTask]) -> tuple[LabelTask, tuple[Reader, Reader]]:
    """The task that two files belong to, and what each reader said.

    Args:
        files: the two readers' files, filled in.
        tasks: the trials that were given out, by id.
    Raises: InputError with every problem, with file and line: not two files, another trial, rows that are unknown,
        twice or missing, labels that are missing or unknown, times that cannot be read, one file in both places.
    """
    if len(files) != 2:
        fix = "name both: tunecase label --read reader-a.csv reader-b.csv"
        raise InputError(Problem("--read", counted(len(files), "file"), "two files, one of each reader", fix))
    lines = [_lines(path) for path in files]
    names = {cells["trial"].strip() for each in lines for _, cells in each}
    if len(names) != 1 or not names <= set(tasks):
        got = "rows of " + (" and ".join(sorted(names)) or "no trial")
        wanted = "rows of one trial of this case: " + (", ".join(tasks) or "none was given out")
        raise InputError(Problem("--read", got, wanted, "give one out with `tunecase label --trial 100`"))
    task = tasks[names.pop()]
    problems: list[Problem] = []
    first, second = (_reader(path, each, task, problems) for path, each in zip(files, lines, strict=True))
    if not problems and first.seconds and (first.labels, first.seconds) == (second.labels, second.seconds):
        got = "both say the same of every row, to the second"
        problems.append(Problem(second.file, got, "what another person said", "have a second person label the rows"))
    if problems:
        more = len(problems) - MOST_PROBLEMS
        left = [Problem("--read", f"{more} more of such", "none", "mend those above first")] if more > 0 else []
        raise InputError([*problems[:MOST_PROBLEMS], *left])
    return task, (first, second)


def _lines(path: Path) -> list[Line]:
    header, lines = read_table(path)
    missing = [name for name in NEEDED if name not in header]
    if missing:
        fix = "fill in the file that `tunecase label --trial` wrote, and keep its columns"
        raise InputError(Problem(str(path), f"no column {', '.join(missing)}", ", ".join(NEEDED), fix))
    return [(line, cells) for line, cells in lines if any(cell.strip() for cell in cells.values())]


def _reader(path: Path, lines: Sequence[Line], task: LabelTask, problems: list[Problem]) -> Reader:
    """What one file says; what cannot be read is added to `problems`."""
    asked, labels, seconds = set(task.rows), dict[int, str](), dict[int, float]()
    unfilled = sum(not cells["label"].strip() for _, cells in lines)
    if unfilled > MOST_UNFILLED:
        got, fix = f"{count(unfilled)} of {counted(len(lines), 'row')} without a label", "have the reader fill them in"
        problems.append(Problem(path.name, got, "a label for every row", fix))
    for line, cells in lines:
        where, text = f"{path.name}:{line}", cells["row"].strip()
        number = int(text) if text.isascii() and text.isdecimal() else -1
        if number not in asked or number in labels:
            got = f"row {text} again" if number in labels else f"row {text or 'without a number'}"
            problems.append(Problem(where, got, "each row of the trial once", "put back the number that was there"))
            continue
        labels[number] = cells["label"].strip()
        if labels[number] or unfilled <= MOST_UNFILLED:
            problems += _label_problems(where, labels[number], task)
        time = _seconds(cells)
        if isinstance(time, str):
            wanted = "seconds, or started and finished as 14:05:30 or 2026-11-27 14:05:30"
            problems.append(Problem(where, time, wanted, "correct it, or leave it blank"))
        elif time is not None:
            seconds[number] = time
    if gone := asked - set(labels):
        fix = "put back the rows that were deleted"
        problems.append(Problem(path.name, f"{counted(len(gone), 'row')} missing", f"all {len(asked)} rows", fix))
    return Reader(path.name, labels, seconds)


def _label_problems(where: str, label: str, task: LabelTask) -> Iterator[Problem]:
    if not label:
        yield Problem(where, "no label", "a label for every row", "have the reader answer it, however unsure")
    elif task.labels and label not in task.labels:
        wanted = f"one of the {len(task.labels)} labels in labels.txt"
        yield Problem(where, repr(label[:60]), wanted, nearest(label, list(task.labels)))


def _seconds(cells: Mapping[str, str]) -> float | str | None:
    """The seconds that a label took, None where none are given, or in words what cannot be read."""
    given, begun, ended = (cells.get(name, "").strip() for name in ("seconds", "started", "finished"))
    if given:
        seconds = read_number(given)
        return seconds if 0 < seconds <= MOST_SECONDS else f"{given} seconds"
    if not begun and not ended:
        return None
    start, end = _moment(begun), _moment(ended)
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return f"from {begun or 'nothing'} to {ended or 'nothing'}"
    seconds = (end - start).total_seconds()
    return seconds if 0 < seconds <= MOST_SECONDS else f"from {begun} to {ended}"


def _moment(text: str) -> datetime | None:
    for form in TIMES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def compare_readers(task: LabelTask, readers: tuple[Reader, Reader], target: float | None = None) -> LabelTrial:
    """How long a label takes two readers, how far they agree, and the ceiling that this sets on any score.

    Args:
        task: the trial, with the labels to choose from.
        readers: what each said of every row.
        target: the wanted score, where it counts right answers; else the trial sets no ceiling for it.
    Returns: the LabelTrial; without labels to choose from (free answers) only times are told.

    Source: `agreement_of_two` and `ceiling_range` of quantities/statistics.py. Leaves out whether the readers are those
    who will label, and that a trial's first labels are slower than later ones.
    """
    first, second = readers
    pairs = [(first.labels[row], second.labels[row]) for row in task.rows]
    seconds = [time for reader in readers for time in reader.seconds.values()]
    agreed = sum(one == other for one, other in pairs)
    compared = agreement_of_two(pairs) if task.labels else None
    untimed = 2 * len(pairs) - len(seconds)
    notes = [] if task.labels else ["answers are free text: whether two of them agree is not for this trial to say"]
    if len(seconds) < LEAST_TIMED:
        notes.append(f"{counted(len(seconds), 'label')} timed: {LEAST_TIMED} are needed, so the assumed minutes stay")
    elif untimed:
        notes.append(f"{counted(untimed, 'label')} not timed")
    return LabelTrial(
        id=task.id, files=(first.file, second.file), rows=len(pairs), classes=len(task.labels), agreed=agreed,
        share=compared.share if compared else None, kappa=compared.kappa if compared else None,
        alpha=compared.alpha if compared else None,
        ceiling=ceiling_range(agreed, len(pairs), len(task.labels)) if compared else None,
        disagreements=_disagreements(pairs) if compared else (), by_class=_by_class(pairs) if compared else (),
        timed=len(seconds), minutes=mean_minutes(seconds), single_minutes=_single(seconds),
        reader_minutes=tuple(_median(list(reader.seconds.values())) for reader in readers), target=target,
        notes=tuple(notes),
    )  # fmt: skip


def _disagreements(pairs: Sequence[tuple[str, str]]) -> tuple[Disagreement, ...]:
    """The pairs of labels taken for one another, whoever gave which, the most frequent first."""
    held = Counter((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])
    order = sorted(held.items(), key=lambda each: (-each[1], each[0]))
    return tuple(Disagreement(*pair, rows) for pair, rows in order[:MOST_PAIRS])


def _by_class(pairs: Sequence[tuple[str, str]]) -> tuple[ClassAgreement, ...]:
    """How far the readers agree on each label, the least agreed first."""
    either = Counter(label for pair in pairs for label in set(pair))
    both = Counter(one for one, other in pairs if one == other)
    classes = [ClassAgreement(label, rows, both[label] / rows) for label, rows in either.items()]
    return tuple(sorted(classes, key=lambda each: (each.share, -each.rows, each.label))[:MOST_PAIRS])


def _single(seconds: Sequence[float]) -> Interval80 | None:
    """Median minutes of single labels with P10 and P90; None without any."""
    if not seconds:
        return None
    return Interval80(*(float(each) / 60 for each in np.quantile(seconds, (0.1, 0.5, 0.9))))


def _median(seconds: Sequence[float]) -> float | None:
    single = _single(seconds)
    return None if single is None else single.mid
