"""Are these the right data, and good enough? One pass over each file, then every check in CHECKS.

Rows are conserved: rows = usable + dropped + quarantined. Inputs are never changed; what a fix would delete is
counted, and rows that cannot be read are written to a quarantine file.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tunecase import catalog, datasets, origin
from tunecase.checks import (
    answers,
    balance,
    contradictions,
    drift,
    leaks,
    lengths,
    privacy,
    repeats,
    rows,
    secrets,
    tokens,
)
from tunecase.checks.defect import Defect, NotChecked
from tunecase.checks.evidence import Asked, Evidence
from tunecase.checks.scan import Split, read_split
from tunecase.datasets import BadRow
from tunecase.errors import InputError, Problem
from tunecase.prices import Basis, label_price, review_price
from tunecase.project import Project
from tunecase.records import Accuracy, Audit, Finding, Measured, Tokens
from tunecase.spread import Band, band

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunecase.spread import Draws

Verdict = Literal["fit", "fit after fixes", "not fit", "too little to say"]
Check = Callable[[Evidence], Defect | NotChecked | None]
Progress = Callable[[int, float], None]

CHECKS: tuple[Check, ...] = (
    leaks.leak_exact,
    leaks.leak_normalised,
    leaks.leak_near,
    contradictions.contradiction,
    rows.format_train,
    rows.empty,
    repeats.duplicate_exact,
    repeats.duplicate_normalised,
    repeats.duplicate_near,
    contradictions.near_contradiction,
    privacy.pii,
    secrets.secrets,
    privacy.pii_test,
    secrets.secrets_test,
    answers.truncated_answer,
    answers.runaway_answer,
    answers.refusal,
    answers.copied_prompt,
    answers.boilerplate_answer,
    answers.model_signature,
    answers.broken_markup,
    answers.placeholder,
    answers.pair_equal,
    answers.pair_length_bias,
    drift.json_schema,
    drift.format_drift,
    balance.unseen_label,
    balance.label_variant,
    balance.label_shift,
    balance.rare_class,
    lengths.overlong,
    balance.too_few_rows,
    rows.format_test,
    rows.empty_test,
    repeats.duplicate_test,
    balance.test_too_small,
)
FREE = Band(0.0, 0.0, 0.0, 0.0)
MOST_ROWS_SHOWN = 1000
CUT_CHARACTERS = 40  # left off a text that was cut: longer than the numbers that masking must see whole
WORD_EDGES = (0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800, 1200, 2000, 5000, 10_000, 100_000)


def audit(
    project: Project | None,
    train: Path,
    test: Path | None,
    *,
    basis: Basis,
    input: str | None = None,
    output: str | None = None,
    quarantine: Path | None = None,
    tokenizer: Path | None = None,
    progress: Progress | None = None,
) -> Audit:
    """The data judged: what is wrong, which rows, what mending it costs, and whether to train on it.

    Args:
        project: gives column names, the token limit and the model whose tokenizer is looked for; None for defaults.
        train, test: data files; without a test nothing that compares the two can be checked.
        basis: where prices come from.
        input, output: columns, where they are not recognised; they override the project's.
        quarantine: where bad training rows are written, only if there are any.
        tokenizer: a tokenizer.json; otherwise the model's, if it is in the Hugging Face cache of this machine.
        progress: called with the rows read and rows a second, about every 2,000 rows.
    Returns: the Audit; findings with their severest first. `words_histogram` holds (words from, rows) with the edges
        of WORD_EDGES.
    Raises: InputError when a file cannot be read as asked.
    Leaves out all that `not_checked` lists; above all wrong labels and paraphrased leaks.
    """
    start = time.perf_counter()
    data = project.data if project else None
    input, output = input or (data.input if data else None), output or (data.output if data else None)
    layout = datasets.detect(train, input, output)
    test_layout = datasets.detect(test, input, output) if test else None
    tokenizer = tokenizer or _cached_tokenizer(project)
    told = _Told(progress)
    limit = int(basis.text("training.sequence_tokens", project.training.sequence_tokens if project else None))
    test_split = read_split(test, test_layout, progress=told) if test and test_layout else None
    told.done += test_split.rows if test_split else 0
    with _quarantined(quarantine) as (write, kept):
        train_split = read_split(train, layout, tokenizer=tokenizer, on_bad=write, progress=told)
    if not len(train_split.number):
        got = f"no row can be read (first: {train_split.bad_rows[0].reason})"
        raise InputError(Problem(str(train), got, "rows of data", "correct the rows or name other columns"))
    found_beside = origin.find_origin(train, itertools.islice(datasets.read_rows(train, layout), origin.MOST_ROWS))
    asked = Asked(
        limit,
        task=project.problem.task if project else None,
        found_licences=found_beside.licences,
        found_sources=found_beside.sources,
        found_models=found_beside.models,
    )
    evidence = Evidence(train_split, test_split, asked)
    found = [check(evidence) for check in CHECKS]
    defects = [defect for defect in found if isinstance(defect, Defect)]
    abstained = tuple(each.what for each in found if isinstance(each, NotChecked))
    return _record(evidence, defects, abstained, basis, str(quarantine) if kept else None, tokenizer, start)


def _record(
    evidence: Evidence,
    defects: list[Defect],
    abstained: tuple[str, ...],
    basis: Basis,
    quarantine_file: str | None,
    tokenizer: Path | None,
    start: float,
) -> Audit:
    import numpy as np

    train, test = evidence.train, evidence.test
    dropped = np.zeros(len(train.number), bool)
    for defect in defects:
        dropped[defect.removed] = True
    usable = int((~dropped).sum())
    findings = tuple(_finding(evidence, defect, basis) for defect in defects)
    findings = tuple(sorted(findings, key=lambda finding: ("stop", "warn", "note").index(finding.severity)))
    verdict, reason = _verdict(evidence, findings, usable)
    counted = _tokens(train, ~dropped, tokenizer)
    return Audit(
        train=str(train.path),
        test=str(test.path) if test else None,
        rows=train.rows,
        usable=usable,
        dropped=int(dropped.sum()),
        dropped_rows=tuple(train.number[dropped].tolist()),
        quarantined=train.bad,
        quarantine_file=quarantine_file,
        test_rows=test.rows if test else 0,
        test_usable=balance.distinct_test_rows(evidence),
        verdict=verdict,
        reason=reason,
        findings=findings,
        not_checked=(*abstained, *_not_checked(evidence, counted)),
        classes=evidence.classes,
        test_classes=dict(test.labels.most_common()) if test and evidence.classes else {},
        words_histogram=_histogram(train.words),
        tokens=counted,
        repair_price=_repair_price(defects, basis),
        currency=basis.currency,
        format=train.layout.format,
        schema=train.layout.schema,
        seconds=time.perf_counter() - start,
    )


def _finding(evidence: Evidence, defect: Defect, basis: Basis) -> Finding:
    split = evidence.test if defect.where == "test" else evidence.train
    assert split is not None
    shown = defect.rows[:MOST_ROWS_SHOWN]
    rows = tuple(split.number[shown].tolist())
    lines = tuple(split.line[shown].tolist())
    if defect.bad:
        rows = tuple(row.number for row in split.bad_rows[:MOST_ROWS_SHOWN])
        lines = tuple(row.line for row in split.bad_rows[:MOST_ROWS_SHOWN])
    pairs: tuple[tuple[int, int], ...] = ()
    if defect.pairs is not None:
        some = defect.pairs[:MOST_ROWS_SHOWN]
        others = evidence.train.number[some[:, 1]].tolist()
        pairs = tuple(zip(split.number[some[:, 0]].tolist(), others, strict=True))
    count = len(defect.rows) if defect.count is None else defect.count
    return Finding(
        check=defect.check,
        severity=defect.severity,
        count=count,
        share=count / split.rows if defect.share is None else defect.share,
        rows=rows,
        lines=lines,
        why=defect.why,
        fix=defect.fix,
        price=_price(defect, basis),
        where=defect.where,
        pairs=pairs,
        examples=defect.examples,
        removed=len(defect.removed),
        scores=tuple(defect.scores[:MOST_ROWS_SHOWN].tolist()) if defect.scores is not None else (),
        suggested=defect.suggested[:MOST_ROWS_SHOWN],
        measured=Measured(*defect.measured) if defect.measured else None,
        accuracy=_accuracy(defect.check),
    )


def _accuracy(check: str) -> Accuracy | None:
    row = next((row for row in catalog.checks() if row.check == check), None)
    return Accuracy(row.precision, row.recall, row.measured_on, row.date) if row else None


def _draws(defect: Defect, basis: Basis) -> "Draws | None":
    """What the fix costs, shape (draws,); None for a free one."""
    parts = []
    if defect.review_rows:
        parts.append(review_price(defect.review_rows, basis))
    if defect.new_rows:
        parts.append(defect.new_rows * label_price(basis))
    return sum(parts[1:], parts[0]) if parts else None


def _price(defect: Defect, basis: Basis) -> Band | None:
    if defect.unpriced:
        return None
    draws = _draws(defect, basis)
    return FREE if draws is None else band(draws)


def _repair_price(defects: list[Defect], basis: Basis) -> Band:
    """All priced fixes together; unpriced ones are named in their findings. A row hit twice is paid twice."""
    parts = [draws for defect in defects if not defect.unpriced and (draws := _draws(defect, basis)) is not None]
    return band(sum(parts[1:], parts[0])) if parts else FREE


def _verdict(evidence: Evidence, findings: tuple[Finding, ...], usable: int) -> tuple[Verdict, str]:
    readable = len(evidence.train.number)
    found = {finding.check: finding for finding in findings}
    if readable < balance.LEAST_ROWS:
        return "too little to say", f"{readable} readable rows; nothing can be said below {balance.LEAST_ROWS}"
    if evidence.leaked_share > leaks.BLOCKING_SHARE:
        share = f"{evidence.leaked_share:.0%} of the test rows are in the training file"
        return "not fit", f"{share}: nothing measured on this test could be believed"
    if (finding := found.get("contradiction")) and finding.severity == "stop":
        return "not fit", f"{finding.share:.0%} of the rows have a text that carries more than one answer"
    if (finding := found.get("format")) and finding.severity == "stop":
        return "not fit", f"{finding.share:.0%} of the rows cannot be read"
    if usable < balance.LEAST_ROWS:
        return "too little to say", f"{usable} rows are left after the fixes; at least {balance.LEAST_ROWS} are needed"
    to_mend = [finding for finding in findings if finding.severity != "note"]
    if not to_mend:
        return "fit", f"{usable:,} usable rows and nothing found that has to be mended first"
    names = ", ".join(f"{finding.check.replace('_', ' ')} ({finding.count:,})" for finding in to_mend[:3])
    more = f" and {len(to_mend) - 3} more kinds" if len(to_mend) > 3 else ""
    return "fit after fixes", f"{usable:,} of {evidence.train.rows:,} rows stay; mend first: {names}{more}"


def _not_checked(evidence: Evidence, counted: Tokens) -> tuple[str, ...]:
    lines = ["wrong labels: need a model's probabilities" if evidence.classes else "whether the answers are true"]
    if evidence.test is None:
        lines.append("leaks, label shift and the size of the test: no test file was given")
    else:
        lines.append("paraphrased and translated leaks: matching of words cannot see them")
    lines.append("names, street addresses and other personal data without a checkable pattern")
    lines.append("the language and tone of the answers")
    lines.append("licence and origin of the rows")
    lines.append("whether the rows are like those of production")
    if not counted.exact:
        lines.append("exact tokens, and rows that only may pass the limit: no tokenizer file was at hand")
    if not evidence.train.labelled:
        lines.append("everything about answers: no output column")
    return tuple(lines)


def _tokens(train: Split, kept: "NDArray[np.bool_]", tokenizer: Path | None) -> Tokens:
    characters = (train.input_characters + train.output_characters)[kept]
    counted = train.tokens[kept] if train.tokens is not None else None
    return tokens.summary(characters, counted, train.bytes_per_character, tokenizer.name if tokenizer else "")


def _histogram(words: "NDArray[np.int64]") -> tuple[tuple[int, int], ...]:
    """(words from, rows) between the shortest and the longest row."""
    import numpy as np

    places = np.searchsorted(np.array(WORD_EDGES), words, side="right") - 1
    counts = np.bincount(places, minlength=len(WORD_EDGES)).tolist()
    seen = [index for index, count in enumerate(counts) if count]
    return tuple((WORD_EDGES[index], counts[index]) for index in range(seen[0], seen[-1] + 1)) if seen else ()


def _cached_tokenizer(project: Project | None) -> Path | None:
    models = project.models if project else ()
    return next((found for model in models if (found := tokens.find_tokenizer(model))), None)


def _shown(text: str) -> str:
    """The beginning of a bad row, masked; where it was cut, the last words go, as the cut may run through a number."""
    whole = len(text) < datasets.SHOWN_CHARACTERS
    return privacy.masked(text if whole else text[:-CUT_CHARACTERS].rpartition(" ")[0])


class _Told:
    """Passes progress on with the speed so far; `done` are rows of files already finished."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress, self.done, self.start = progress, 0, time.perf_counter()

    def __call__(self, rows: int) -> None:
        if self.progress is not None:
            total = self.done + rows
            self.progress(total, total / max(time.perf_counter() - self.start, 1e-9))


@contextmanager
def _quarantined(path: Path | None) -> Iterator[tuple[Callable[[BadRow], None], list[bool]]]:
    """A writer of bad rows to a temporary file that becomes `path` at the end, if there were any and all went well.

    Yields the writer, and a list that is not empty once the file stands.
    """
    import orjson

    part = path.with_name(f"{path.name}.{os.getpid()}.part") if path else None
    file = None
    stands: list[bool] = []

    def write(row: BadRow) -> None:
        nonlocal file
        if part is None:
            return
        if file is None:
            part.parent.mkdir(parents=True, exist_ok=True)
            file = part.open("wb")
        body = {"row": row.number, "line": row.line, "reason": row.reason, "text": _shown(row.text)}
        file.write(orjson.dumps(body) + b"\n")

    try:
        yield write, stands
        if file is not None and part is not None and path is not None:
            file.close()
            part.replace(path)
            stands.append(True)
    finally:
        if file is not None:
            file.close()
        if part is not None:
            part.unlink(missing_ok=True)
