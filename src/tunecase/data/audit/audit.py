"""Are these the right data, and good enough? One pass over each file, then every check in CHECKS.

Rows are conserved: rows = usable + dropped + quarantined. Inputs are never changed; what a fix would delete is
counted, and rows that cannot be read are written to a quarantine file.
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from tunecase.data.audit.findings import findings, repair_price
from tunecase.data.audit.own_stage import OwnStage
from tunecase.data.audit.quarantine import Quarantine
from tunecase.data.audit.verdict import effective_rows, not_checked, verdict
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
from tunecase.data.checks.scan import boilerplate, read_split
from tunecase.data.detectors import licences
from tunecase.data.detectors.personal import masked
from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.detection import detect
from tunecase.data.reading.other_splits import own_test
from tunecase.data.reading.rows import BadRow, Row
from tunecase.data.rowsets import union
from tunecase.data.shards import MemoryStore, Stages
from tunecase.data.tally import Tally
from tunecase.data.text import NORMALISER
from tunecase.data.tokens.counting import LossOn
from tunecase.data.tokens.rows import Counting, find_tokenizer, summary
from tunecase.errors import InputError, Problem
from tunecase.prices import Basis
from tunecase.project import Project
from tunecase.records import Audit, Tokens

if TYPE_CHECKING:
    from tunecase.data.arrays import Array, Rows

Check = Callable[[Evidence], Defect | NotChecked | None]
Progress = Callable[[int, float, float | None], None]

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
WORD_EDGES = (0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800, 1200, 2000, 5000, 10_000, 100_000)
MOST_LISTED = 1000  # dropped rows that the record itself lists


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
        progress: called with the rows read, rows per second and the seconds left (None where not known); once with a
            speed of 0 where it resumes an interrupted pass.
        checking: called with the name of each check as it begins.
    """

    progress: Progress | None
    checking: Callable[[str], None] | None


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
    project: Project | None, files: Files, *, basis: Basis, seed: int = 0, fast: bool = False, **watch: Unpack[Watch]
) -> Audited:
    """Judges the data: what is wrong, in which rows, what repairs cost, and whether to train on it.

    Args:
        project: gives column names, the token limit, shares in production and the model whose tokenizer is looked for;
            None for defaults.
        files: the data, and where bad rows are written.
        basis: where prices come from.
        seed: seeds everything that is drawn at random.
        fast: only what one pass over the files shows; checks that train or compare texts are left out, and named.
        watch: callbacks that follow the progress; see Watch.
    Returns: the record, the severest findings first, and what it rests on. `words_histogram` holds (least words, rows)
        with the edges of WORD_EDGES.
    Raises: InputError when a file cannot be read as asked.
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
    stages = Stages(MemoryStore())
    splits, quarantine = _read(files, fast, seed, stages)
    train, test = splits["train"], splits.get("test")
    request = _asked(project, basis, licences.find_origin(train.path, _first_rows(train)), seed, fast)
    second = _second_labels(test, project.data.second_label if project else None)
    evidence = Evidence(train, test, request, splits.get("production"), second, stages)
    _refuse_unknown_classes(evidence)
    own = OwnStage("checks", stages)
    with threadpool_limits(limits=1):  # small problems: threads that wait for one another cost more than they give
        defects, abstained = _checked(evidence, watch.get("checking"))
    dropped = union(*(defect.removed for defect in defects))
    record = _record(evidence, defects, abstained, basis, quarantine, files.loss_on, dropped)
    took = (*stages.told, own.ended(len(CHECKS), train.count))
    record = replace(record, stages=took, seconds=time.perf_counter() - start)
    return Audited(record, evidence, defects, basis, train.take("number", dropped))


def _read(files: Files, fast: bool, seed: int, stages: Stages) -> tuple[dict[str, Split], str | None]:
    """Each file as columns, by its part, and where bad rows were written to."""
    train, test = files.train, files.test or own_test(files.train)
    layout = detect(train, files.input, files.output)
    others = {"test": (test, detect(test, files.input, files.output))} if test else {}
    if files.production:
        others["production"] = files.production, detect(files.production, files.input, None, labelled=False)
    reading = Reading(boilerplate(train, layout), fast=fast, seed=seed)
    splits = {part: read_split(path, its, reading, stages=stages, stage=part) for part, (path, its) in others.items()}
    with Quarantine(files.quarantine, train) as quarantine:
        reading = replace(reading, tokenizer=files.tokenizer, loss_on=files.loss_on)
        splits["train"] = read_split(train, layout, reading, stages=stages, stage="train", on_bad=quarantine.write)
    if not splits["train"].count:
        got = f"no row can be read (first: {splits['train'].bad_rows[0].reason})"
        raise InputError(Problem(str(train), got, "rows of data", "correct the rows or name other columns"))
    return splits, str(quarantine.path) if quarantine.stands else None


def _checked(evidence: Evidence, checking: Callable[[str], None] | None) -> tuple[list[Defect], tuple[str, ...]]:
    """The defects, and what could not be judged."""
    defects, abstained, left_out = [], [], []
    for check in CHECKS:
        if checking is not None:
            checking(check.__name__)
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
        problems = balance.share_problems(shares, {*evidence.classes, *test})
        if problems:
            raise InputError(problems)


def _record(
    evidence: Evidence,
    defects: list[Defect],
    abstained: tuple[str, ...],
    basis: Basis,
    quarantine_file: str | None,
    loss_on: LossOn,
    dropped: "Rows",
) -> Audit:
    train, test = evidence.train, evidence.test
    usable = train.count - len(dropped)
    listed = findings(evidence, defects, basis)
    judged, reason = verdict(evidence, listed, usable)
    counted = replace(_tokens(evidence, dropped), loss_on=loss_on)
    in_test = test.labels.most_common() if test and evidence.classes else []
    declared = evidence.request.production_shares
    shown = _shown([*evidence.classes, *dict(in_test), *declared])
    repeated, groups = repeats.clusters(evidence)
    return Audit(
        train=str(train.path),
        test=str(test.path) if test else None,
        rows=train.rows,
        usable=usable,
        effective=effective_rows(usable, listed, len(evidence.classes)),
        dropped=len(dropped),
        dropped_rows=tuple(train.take("number", dropped).tolist()) if len(dropped) <= MOST_LISTED else (),
        quarantined=train.bad,
        quarantine_file=quarantine_file,
        test_rows=test.rows if test else 0,
        test_usable=balance.distinct_test_rows(evidence),
        verdict=judged,
        reason=reason,
        findings=listed,
        not_checked=(*abstained, *not_checked(evidence, counted)),
        classes={shown[name]: count for name, count in evidence.classes.items()},
        test_classes={shown[name]: count for name, count in in_test},
        words_histogram=Tally(columns["words"] for _, columns in train.chunks("words")).bins(WORD_EDGES),
        clusters=groups,
        clustered_rows=repeated,
        production_shares={shown[name]: share for name, share in declared.items()},
        tokens=counted,
        repair_price=repair_price(defects, basis),
        currency=basis.currency,
        format=train.layout.format,
        schema=train.layout.schema,
        notes=(*train.layout.notes, *pairs.notes(train)),
        normaliser=NORMALISER,
        domain=evidence.domain,
        seconds=0.0,
    )


def _shown(names: Iterable[str]) -> dict[str, str]:
    """Each class and the name it is shown by: personal data masked, and a number where two then look alike."""
    shown: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for name in dict.fromkeys(names):
        label = masked(name)
        taken[label] += 1
        shown[name] = label if taken[label] == 1 else f"{label} {taken[label]}"
    return shown


def _tokens(evidence: Evidence, dropped: "Rows") -> Tokens:
    import numpy as np

    train = evidence.train
    names: tuple[str, ...] = ("input_characters", "output_characters")
    counting = None
    if (counter := train.counter) is not None:
        names += ("tokens", "output_tokens", "useful_tokens")
        limit = evidence.request.limit_tokens
        counting = Counting(counter.how, counter.template_tokens, limit, answers=train.labelled)

    def kept() -> "Iterator[dict[str, Array]]":
        for first, columns in train.chunks(*names):
            count = len(columns[names[0]])
            begin, end = np.searchsorted(dropped, [first, first + count])
            stays = np.ones(count, bool)
            stays[dropped[begin:end] - first] = False
            yield {name: values[stays] for name, values in columns.items()}

    return summary(kept, train.bytes_per_character, counting)


def _cached_tokenizer(project: Project) -> Path | None:
    return next((path for model in project.models if (path := find_tokenizer(model))), None)


class _Pace:
    """Passes progress on with the speed so far and the seconds left for the file being read."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress, self.before, self.rows = progress, 0, 0
        self.skipped, self.skipped_part = 0, 0.0  # what an earlier pass read
        self.start = self.file_start = time.perf_counter()

    def next(self) -> None:
        """Another file begins."""
        self.before, self.rows, self.file_start = self.before + self.rows, 0, time.perf_counter()
        self.skipped_part = 0.0

    def __call__(self, rows: int, part: float | None = None, taken_up: bool = False) -> None:
        """Says that `rows` rows of the file are read, the share `part` of it; if `taken_up`, by an earlier pass."""
        if rows < self.rows or taken_up:
            self.next()
        self.rows = rows
        if taken_up:
            self.skipped, self.skipped_part = self.skipped + rows, part or 0.0
        if self.progress is None:
            return
        if taken_up:
            self.progress(rows, 0.0, None)
            return
        now, total = time.perf_counter(), self.before + rows
        new = part - self.skipped_part if part else 0.0
        left = (now - self.file_start) * (1 - part) / new if part and new > 0 else None
        self.progress(total, (total - self.skipped) / max(now - self.start, 1e-9), left)
