"""Mends the data: writes a cleaned copy with its review queue, and takes in what reviewers said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

from tunecase.errors import InputError, Problem
from tunecase.flow.audit import audit_files
from tunecase.flow.opened import DRAWS, Flow, Progress
from tunecase.quantities import Worlds
from tunecase.records import Audit, Cleaned, Reviews


def fix(
    flow: Flow,
    to: Path,
    *,
    mask: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    tokenizer: Path | None = None,
    checking: Callable[[str], None] | None = None,
) -> tuple[Audit, Cleaned]:
    """Audits, and writes a cleaned copy of the training file with all that belongs to it; both records are kept."""
    train = flow.train_path

    def audited(whole: Any) -> Audit:
        return audit_files(flow, tokenizer=tokenizer, progress=progress, checking=checking, whole=whole)

    inputs = (train, *flow.needed_files())
    found, record = _fixed(audited, to, inputs, flow.basis(), flow.folder / _corrections_name(), mask, force, flow.seed)
    flow.keep("audit", found)
    return found, cast(Cleaned, flow.keep("clean", record))


def fix_file(
    train: Path,
    test: Path | None,
    to: Path,
    *,
    input_column: str | None,
    output_column: str | None,
    seed: int,
    today: date,
    mask: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    tokenizer: Path | None = None,
    checking: Callable[[str], None] | None = None,
) -> tuple[Audit, Cleaned]:
    """A cleaned copy without a project file; nothing is kept but the folder."""
    from tunecase.prices import Basis

    basis = Basis(None, today, Worlds(seed, DRAWS))

    def audited(whole: Any) -> Audit:
        from tunecase.data.audit import audit

        return audit(
            None, train, test, basis=basis, input=input_column, output=output_column, tokenizer=tokenizer,
            progress=progress, checking=checking, whole=whole, seed=seed,
        )  # fmt: skip

    inputs = (train, *((test,) if test else ()))
    return _fixed(audited, to, inputs, basis, _corrections_beside(train), mask, force, seed)


def _fixed(
    audited: Callable[[Any], Audit],
    to: Path,
    inputs: tuple[Path, ...],
    basis: Any,
    corrections: Path,
    mask: bool,
    force: bool,
    seed: int,
) -> tuple[Audit, Cleaned]:
    from tunecase.data.clean import CHANGES, clean
    from tunecase.data.review import read_corrections
    from tunecase.io import digest, new_folder

    whole: list[Any] = []
    known, before = read_corrections(corrections), digest(_one_file(inputs[0]))
    with new_folder(to, inputs, force, CHANGES) as place:
        found = audited(lambda *everything: whole.extend(everything))
        evidence, defects = whole
        record = clean(
            found, evidence, defects, place.path, basis=basis, sha256=before, corrections=known, mask=mask, seed=seed
        )
    return found, replace(record, folder=str(to), aside=str(place.aside) if place.aside else "")


def review(flow: Flow, source: Path) -> Reviews:
    """Takes in what reviewers said: corrections beside the project file, what it tells of the other rows in the ledger.

    From then on a review costs what the reviewers' own clock says, once it has 20 reviews.
    """
    data = flow.project.data
    train = flow.train_path
    known = flow.known("audit")
    written = flow.ledger.latest("record", "clean")
    folder = Path(written.body.get("folder", "")) if written else Path()
    record = _taken_in(
        source, train, data.input, data.output, flow.folder / _corrections_name(), known, (folder, flow.folder / folder)
    )
    return cast(Reviews, flow.keep("review", record))


def review_file(source: Path, train: Path, input_column: str | None, output_column: str | None) -> Reviews:
    """The same without a project file: only the corrections are kept, beside the data."""
    return _taken_in(source, train, input_column, output_column, _corrections_beside(train), None, ())


def _taken_in(
    source: Path,
    train: Path,
    input: str | None,
    output: str | None,
    corrections: Path,
    known: Audit | None,
    folders: tuple[Path, ...],
) -> Reviews:
    """Reads the reviews; looks for the ranking beside the filled-in file, then where the queue was written last."""
    from tunecase.data.clean import read_ranking
    from tunecase.data.reading import detect
    from tunecase.data.review import read_corrections, write_corrections
    from tunecase.data.review import review as read_reviews
    from tunecase.io import digest

    layout = detect(train, input, output)
    before, sha256 = read_corrections(corrections), digest(_one_file(train))
    found = next((told for folder in (source.parent, *folders) if (told := read_ranking(folder, sha256))), None)
    ranking, expected, kept = found or (None, None, None)
    usable = known.usable if known is not None else kept
    record, new = read_reviews(source, train, layout, sha256, corrections, usable, ranking, expected)
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
