"""Mends the data: writes a cleaned copy with its review queue, and takes in what reviewers said."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

from tunecase.errors import InputError, Problem
from tunecase.flow.audit import WHOLE, AuditAsked, DataFiles, auditing_case, auditing_file
from tunecase.flow.opened import Flow
from tunecase.records import Audit, Cleaned, Reviews

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tunecase.data.audit import Audited, Watch


@dataclass(frozen=True, slots=True)
class FixAsked:
    """A cleaned copy as it is wanted.

    Args:
        to: the folder to write, which must not be there yet.
        mask: also replace personal data in the copy.
        force: put the folder that is there aside.
        send_flagged: show personal data and secrets in the queue as they are.
        audit: how the audit before it is made.
    """

    to: Path
    mask: bool = False
    force: bool = False
    audit: AuditAsked = WHOLE
    send_flagged: bool = False


def fix(flow: Flow, copy: FixAsked, **watch: "Unpack[Watch]") -> tuple[Audit, Cleaned]:
    """Audits, and writes a cleaned copy of the training file with all that belongs to it; both records are kept."""
    inputs = [flow.train_path, *flow.needed_files()]
    auditing = partial(auditing_case, flow, copy.audit, **watch)
    audit, record = _fixed(auditing, copy, inputs, flow.folder / _corrections_name())
    flow.keep("audit", audit)
    return audit, cast(Cleaned, flow.keep("clean", record))


def fix_file(
    files: DataFiles, copy: FixAsked, *, seed: int, today: date, **watch: "Unpack[Watch]"
) -> tuple[Audit, Cleaned]:
    """A cleaned copy without a project file; nothing is kept but the folder."""
    inputs = [files.train, *([files.test] if files.test else [])]
    auditing = partial(auditing_file, files, copy.audit, None, seed, today, **watch)
    return _fixed(auditing, copy, inputs, _corrections_beside(files.train))


def _fixed(
    auditing: "Callable[[], AbstractContextManager[Audited]]", copy: FixAsked, inputs: list[Path], corrections: Path
) -> tuple[Audit, Cleaned]:
    """The audit, made once the folder can be written, and the cleaned copy; the first input is the training file."""
    from tunecase.data.clean import CHANGES, clean
    from tunecase.data.review import read_corrections
    from tunecase.io import digest, new_folder

    decided, sha256 = read_corrections(corrections), digest(_one_file(inputs[0]))
    with new_folder(copy.to, inputs, copy.force, CHANGES) as place, auditing() as audited:
        record = clean(
            audited, place.path, sha256=sha256, corrections=decided, mask=copy.mask, send_flagged=copy.send_flagged
        )  # fmt: skip
    return audited.record, replace(record, folder=str(copy.to), aside=str(place.aside) if place.aside else "")


def review(flow: Flow, source: Path) -> Reviews:
    """Takes in what reviewers said: corrections beside the project file, what it tells of the other rows in the ledger.

    From then on a review costs what the reviewers' own clock says, once it has 20 reviews.
    """
    data = flow.project.data
    audit, written = flow.current("audit"), flow.ledger.latest("record", "clean")
    folder = Path(written.body.get("folder", "")) if written else Path()
    record = _taken_in(
        source,
        DataFiles(flow.train_path, input=data.input, output=data.output),
        flow.folder / _corrections_name(),
        audit.usable if audit is not None else None,
        (folder, flow.folder / folder),
    )
    return cast(Reviews, flow.keep("review", record))


def review_file(source: Path, train: Path, input_column: str | None, output_column: str | None) -> Reviews:
    """The same without a project file: only the corrections are kept, beside the data."""
    return _taken_in(source, DataFiles(train, None, input_column, output_column), _corrections_beside(train))


def _taken_in(
    source: Path, files: DataFiles, corrections: Path, usable: int | None = None, folders: tuple[Path, ...] = ()
) -> Reviews:
    """Reads the reviews; looks for the ranking beside the filled-in file, then in the folders of earlier queues.

    `usable` is how many rows the audit left, where one was kept.
    """
    from tunecase.data.clean import read_ranking
    from tunecase.data.reading import detect
    from tunecase.data.review import GivenOut, read_corrections, write_corrections
    from tunecase.data.review import review as read_reviews
    from tunecase.io import digest

    layout = detect(files.train, files.input, files.output)
    before, sha256 = read_corrections(corrections), digest(_one_file(files.train))
    rankings = (read_ranking(folder, sha256) for folder in (source.parent, *folders))
    ranking, expected, kept = next((each for each in rankings if each), (None, None, None))
    usable = kept if usable is None else usable
    record, new = read_reviews(source, files.train, layout, sha256, corrections, GivenOut(usable, ranking, expected))
    write_corrections(corrections, {**before, **{each.row: each for each in new}}.values())
    return record


def _corrections_beside(train: Path) -> Path:
    """The corrections file beside the data, one for each split; in the current folder if the data come from a hub."""
    whole = train.resolve() if train.is_dir() else train
    stem = whole.name.replace("::", ".") if "::" in whole.name else whole.stem
    name = f"{stem}.{_corrections_name()}"
    return whole.with_name(name) if whole.parent.is_dir() else Path(name)


def _one_file(train: Path) -> Path:
    """The one file behind a path, which may name a folder or a split.

    Raises: InputError where there is none, or more than one.
    """
    from tunecase.data.reading import files_of

    files = files_of(train)
    if len(files) > 1:
        got = f"a folder of {len(files)} files"
        raise InputError(Problem(str(train), got, "one file", "mend them one by one"))
    return files[0]


def _corrections_name() -> str:
    from tunecase.data.review import CORRECTIONS_FILE

    return CORRECTIONS_FILE
