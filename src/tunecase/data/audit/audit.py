"""Are these the right data, and good enough? One pass over each file, then every check in CHECKS.

Rows are conserved: rows = usable + dropped + quarantined. Inputs are never changed; what a fix would delete is
counted, and rows that cannot be read are written to a quarantine file.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict, Unpack

from tunecase.data.audit.own_stage import OwnStage
from tunecase.data.audit.quarantine import Quarantine
from tunecase.data.audit.recording import record_of
from tunecase.data.audit.running import Running, Watcher, begun
from tunecase.data.checks import (
    answers,
    balance,
    canned,
    contradictions,
    coverage,
    drift,
    grounding,
    labels,
    language,
    leaks,
    lengths,
    licence,
    pairs,
    privacy,
    repeats,
    rephrased,
    rows,
    shift,
    tools,
)
from tunecase.data.checks.block import Reading
from tunecase.data.checks.columns import Split
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.scan import boilerplate, learn_tokens, read_split
from tunecase.data.detectors import licences
from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.detection import detect
from tunecase.data.reading.load import detect_beside
from tunecase.data.reading.other_splits import own_test
from tunecase.data.reading.rows import BadRow, Layout, Row
from tunecase.data.rowsets import union
from tunecase.data.shards import Stages
from tunecase.data.text import NORMALISER
from tunecase.data.tokens.counting import LossOn, counting_digest, why_uncounted
from tunecase.data.tokens.rows import NO_FILE, find_tokenizer
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.prices import Basis
from tunecase.project import Project
from tunecase.quantities import Rows, np
from tunecase.records import Audit

Check = Callable[[Evidence], Defect | NotChecked | None]
Checking = Callable[[str, int, int], None]
HERE = Running()

CHECKS: tuple[Check, ...] = (
    leaks.leak_exact, leaks.leak_normalised, leaks.leak_near, rephrased.leak_rephrased, rephrased.leak_translated,
    labels.labels_random, contradictions.contradiction, rows.format_train, rows.empty,
    repeats.duplicate_exact, repeats.duplicate_normalised, repeats.duplicate_near,
    labels.label_error, labels.answer_mismatch, contradictions.near_contradiction,
    privacy.pii, privacy.secrets, privacy.pii_test, privacy.secrets_test,
    answers.truncated_answer, answers.runaway_answer, answers.refusal, answers.copied_prompt,
    canned.boilerplate_answer, answers.model_signature, answers.broken_markup, answers.placeholder,
    pairs.pair_equal, pairs.pair_length_bias, tools.tool_calls, grounding.ungrounded_answer,
    language.language_mismatch, drift.json_schema, drift.format_drift, balance.unseen_label, balance.label_variant,
    balance.label_shift, balance.label_shift_train, balance.label_shift_test,
    shift.shift_test, shift.shift_production, language.language_mix, coverage.uncovered,
    coverage.uncovered_production, coverage.thin_cluster, coverage.thin_cluster_production,
    balance.rare_class, lengths.overlong, balance.too_few_rows, labels.annotator_agreement,
    rows.format_test, rows.empty_test, repeats.duplicate_test, balance.test_too_small,
    licence.licence,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Files:
    """The files that an audit reads, and the one it may write.

    Args:
        train, test: data files; where no test is given, a folder's own test split is taken; without either, nothing
            that compares the two can be checked.
        input, output: columns, where they are not recognised; they override the project's.
        production: a sample of real inputs, without answers.
        tokenizer: a tokenizer.json; otherwise the model's, if it is in the Hugging Face cache of this machine.
        quarantine: where bad training rows are written, only if there are any.
        loss_on: the tokens of the training rows that are learnt.
    """

    train: Path
    test: Path | None = None
    input: str | None = None
    output: str | None = None
    production: Path | None = None
    tokenizer: Path | None = None
    quarantine: Path | None = None
    loss_on: LossOn = "answers"


class Watch(TypedDict, total=False):
    """The callbacks that follow an audit while it runs.

    Args:
        progress: called with a `running.Progress` as work goes on.
        checking: called with the name of each check as it begins, which it is from 1 on, and how many there are.
    """

    progress: Watcher | None
    checking: Checking | None


@dataclass(frozen=True, slots=True)
class Audited:
    """An audit with all it rests on: every defect with all its rows, of which the record holds the first 1,000.

    `dropped` are the numbers of the training rows that the free fixes would delete, ascending.
    """

    record: Audit
    evidence: Evidence
    defects: list[Defect]
    basis: Basis
    dropped: "Rows"


def audit(
    project: Project | None, files: Files, *, basis: Basis, seed: int = 0, fast: bool = False,
    running: Running = HERE, **watch: Unpack[Watch],
) -> Audit:  # fmt: skip
    """The record of an audit; see `auditing`."""
    with auditing(project, files, basis=basis, seed=seed, fast=fast, running=running, **watch) as audited:
        return audited.record


@contextmanager
def auditing(
    project: Project | None, files: Files, *, basis: Basis, seed: int = 0, fast: bool = False,
    running: Running = HERE, **watch: Unpack[Watch],
) -> Iterator[Audited]:  # fmt: skip
    """Judges the data: what is wrong, in which rows, what repairs cost, and whether to train on it.

    Args:
        project: gives column names, the token limit, shares in production and the model whose tokenizer is looked for;
            None for defaults.
        files: the data, and where bad rows are written.
        basis: where prices come from.
        seed: seeds everything that is drawn at random.
        fast: only what one pass over the files shows; checks that train or compare texts are left out, and named.
        running: where it runs, and in how much memory; nothing of the result depends on that.
        watch: callbacks that follow the progress; see Watch.
    Yields: the record, the severest findings first, and what it rests on, whose columns are gone afterwards.
        `words_histogram` holds (least words, rows) with the edges of recording.WORD_EDGES.
    Raises: InputError when a file cannot be read as asked; TunecaseError where the scratch has no room.
    Leaves out everything that `not_checked` lists.
    """
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    start = time.perf_counter()
    if project:
        data = project.data
        files = replace(
            files,
            input=files.input or data.input,
            output=files.output or data.output,
            tokenizer=files.tokenizer or _cached_tokenizer(project),
            loss_on=project.training.loss_on,
        )
    files, uncounted = _countable(files)
    readings = _readings(files, fast, seed)
    paths = {part: asked.path for part, asked in readings.items()}
    what = [asked.what for asked in readings.values()]
    with begun(running, paths, what, readings["train"].row_bytes, watch.get("progress")) as stages:
        splits, quarantine = _read(files, readings, stages)
        train, test = splits["train"], splits.get("test")
        request = _asked(project, basis, licences.find_origin(train.path, _first_rows(train)), seed, fast)
        request = replace(request, uncounted=uncounted)
        second = _second_labels(test, project.data.second_label if project else None)
        evidence = Evidence(train, test, request, splits.get("production"), second, stages)
        _refuse_unknown_classes(evidence)
        own = OwnStage("checks", stages)
        with threadpool_limits(limits=1):  # small problems: threads that wait for one another cost more than they give
            defects, abstained = _checked(evidence, watch.get("checking"))
        dropped = union(*(defect.removed for defect in defects))
        record = record_of(evidence, defects, abstained, basis, quarantine, files.loss_on, dropped)
        took = (*stages.told, own.ended(len(CHECKS), train.count))
        record = replace(record, stages=took, seconds=time.perf_counter() - start)
        yield Audited(record, evidence, defects, basis, train.take("number", dropped))


@dataclass(frozen=True, slots=True)
class _Asked:
    """One file to be read, and how; `row_bytes` is about how long its rows are [bytes]."""

    path: Path
    layout: Layout
    reading: Reading
    row_bytes: float = 0.0

    @property
    def what(self) -> tuple[object, ...]:
        """What its columns depend on besides the file, as what a hash is made of.

        Raises: InputError where there is no such tokenizer.
        """
        reading = self.reading
        common = b"" if reading.common is None else reading.common.tobytes()
        tokenizer = counting_digest(reading.tokenizer) if reading.tokenizer else ""
        own = replace(reading, common=None, tokenizer=None, learnt=None)  # which are told by what is in them
        return self.layout, own, common, tokenizer, NORMALISER, _hashing()


def _hashing() -> tuple[str, ...]:
    """The versions of what makes columns of texts."""
    import unicodedata

    import xxhash

    return np.__version__, xxhash.VERSION, unicodedata.unidata_version


def _countable(files: Files) -> tuple[Files, str]:
    """The files without a tokenizer that cannot be used here, and why tokens are not counted."""
    if files.tokenizer is None:
        return files, NO_FILE
    why = why_uncounted(files.tokenizer)
    return (replace(files, tokenizer=None), why) if why else (files, "")


def _readings(files: Files, fast: bool, seed: int) -> dict[str, _Asked]:
    """Each file by the stage that reads it, in their order."""
    train, test = files.train, files.test or own_test(files.train)
    layout = detect(train, files.input, files.output)
    common, row_bytes = boilerplate(train, layout)
    reading = Reading(common, fast=fast, seed=seed)
    found = {"test": _Asked(test, detect_beside(test, train, files.input, files.output), reading)} if test else {}
    if files.production:
        own = detect(files.production, files.input, None, labelled=False)
        found["production"] = _Asked(files.production, own, reading)
    learnt = learn_tokens(train, layout, files.tokenizer) if files.tokenizer else None
    reading = replace(reading, tokenizer=files.tokenizer, learnt=learnt, loss_on=files.loss_on)
    return {**found, "train": _Asked(train, layout, reading, row_bytes)}


def _read(files: Files, readings: Mapping[str, _Asked], stages: Stages) -> tuple[dict[str, Split], str | None]:
    """Each file as columns, by its part, and where bad rows were written to."""
    with Quarantine(files.quarantine, files.train) as quarantine:
        splits = {
            part: read_split(
                asked.path, asked.layout, asked.reading, stages=stages, stage=part,
                on_bad=quarantine.write if part == "train" else None,
            )
            for part, asked in readings.items()
        }  # fmt: skip
    if not splits["train"].count:
        got = f"no row can be read (first: {splits['train'].bad_rows[0].reason})"
        raise InputError(Problem(str(files.train), got, "rows of data", "correct the rows or name other columns"))
    return splits, str(quarantine.path) if quarantine.stands else None


def _checked(evidence: Evidence, checking: Checking | None) -> tuple[list[Defect], tuple[str, ...]]:
    """The defects, and what could not be judged."""
    defects, abstained, left_out = [], [], []
    for at, check in enumerate(CHECKS, 1):
        if checking is not None:
            checking(check.__name__, at, len(CHECKS))
        outcome = check(evidence)
        if isinstance(outcome, Defect):
            defects.append(outcome)
        elif outcome is not None and evidence.request.fast:
            left_out.append(check.__name__.replace("_", " "))
        elif outcome is not None:
            abstained.append(outcome.what)
    if left_out:
        abstained.append(f"what a fast audit leaves out: {', '.join(left_out)}")
    return defects, tuple(dict.fromkeys(abstained))


def _asked(project: Project | None, basis: Basis, origin: licences.Origin, seed: int, fast: bool) -> Asked:
    limit = int(basis.text("training.sequence_tokens", project.training.sequence_tokens if project else None))
    request = Asked(limit, named=origin, seed=seed, fast=fast)
    if project is None:
        return request
    data = project.data
    if project.training.sequence_tokens is not None:
        request = replace(request, limit_from="training.sequence_tokens")
    shares = {name: quantity.spread.median for name, quantity in data.production_shares.items()}
    task = project.problem.task
    return replace(request, task=task, production_shares=shares, licence=data.licence, origin=data.origin)


def _first_rows(train: Split) -> "itertools.islice[Row | BadRow]":
    return itertools.islice(read_rows(train.path, train.layout), licences.MOST_ROWS)


def _second_labels(test: Split | None, column: str | None) -> tuple[str, ...]:
    if test is None or column is None:
        return ()
    cells = (row.other.get(column) if isinstance(row, Row) else None for row in read_rows(test.path, test.layout))
    return tuple("" if cell is None else str(cell) for cell in cells)


def _refuse_unknown_classes(evidence: Evidence) -> None:
    shares = evidence.request.production_shares
    if shares and evidence.classes:
        test = evidence.test.labels if evidence.test else {}
        refuse_any(balance.share_problems(shares, {*evidence.classes, *test}))


def _cached_tokenizer(project: Project) -> Path | None:
    return next((path for model in project.models if (path := find_tokenizer(model))), None)
