"""The verdict on the data, and what stays unknown."""

from collections.abc import Sequence
from typing import Literal

from tunecase.data.checks import balance, leaks
from tunecase.data.checks.evidence import Evidence
from tunecase.data.detectors.private import masked
from tunecase.quantities import Interval80, counted
from tunecase.records import Finding, Tokens

Verdict = Literal["fit", "fit after fixes", "not fit", "too little to say"]
# Findings that no cheap fix mends once their severity is "stop", and what each says about the data.
BLOCKING: dict[str, str] = {
    "contradiction": "{share:.0%} of the rows have a text with more than one answer",
    "format": "{share:.0%} of the rows cannot be read",
    "labels_random": "the labels cannot be told from labels handed out at random",
}


def verdict(evidence: Evidence, findings: Sequence[Finding], usable: int) -> tuple[Verdict, str]:
    """Fit, fit after fixes, not fit, or too little data to say, and why in one sentence."""
    readable = evidence.train.count
    if readable < balance.LEAST_ROWS:
        return (
            "too little to say",
            f"{counted(readable, 'readable row')}; nothing can be said below {balance.LEAST_ROWS}",
        )
    if blocked := _blocked(evidence, findings):
        return "not fit", blocked
    if usable < balance.LEAST_ROWS:
        return "too little to say", f"{usable} rows are left after the fixes; at least {balance.LEAST_ROWS} are needed"
    if doubt := _undecided(findings):
        return "too little to say", doubt
    to_mend = [finding for finding in findings if finding.severity != "note"]
    if not to_mend:
        where = "; what a fast audit leaves out is not judged" if evidence.request.fast else ""
        return "fit", f"{usable:,} usable rows, and nothing found that must be mended first{where}"
    names = ", ".join(
        f"{finding.check.replace('_', ' ')} ({finding.figure or f'{finding.count:,}'})" for finding in to_mend[:3]
    )
    more = f" and {counted(len(to_mend) - 3, 'more kind')}" if len(to_mend) > 3 else ""
    return "fit after fixes", f"{usable:,} of {evidence.train.rows:,} rows stay; mend first: {names}{more}"


def _blocked(evidence: Evidence, findings: Sequence[Finding]) -> str:
    """What no cheap fix mends, in words; empty where nothing stands in the way."""
    for name, split in (("", evidence.train), ("test ", evidence.test)):
        if split is not None and split.end is not None:
            return f"the {name}file is cut off after row {split.end.number:,}: rows are missing"
    if len(named := [name for name in evidence.classes if name.strip()]) == 1:
        return f"every row has the label {masked(named[0])!r}: there is nothing to learn between classes"
    if evidence.leaked_share > leaks.BLOCKING_SHARE:
        share = f"{evidence.leaked_share:.0%} of the test rows are in the training file"
        return f"{share}: nothing measured on this test could be believed"
    stopped = {finding.check: finding.share for finding in findings if finding.severity == "stop"}
    return next((words.format(share=stopped[check]) for check, words in BLOCKING.items() if check in stopped), "")


def _undecided(findings: Sequence[Finding]) -> str:
    """Why labels may be random, where the check is not sure enough to stop; empty where they do not look so."""
    doubtful = [finding for finding in findings if finding.check == "labels_random" and finding.severity == "warn"]
    return f"{doubtful[0].why}; the check is not sure enough to call them random" if doubtful else ""


def not_checked(evidence: Evidence, tokens: Tokens) -> tuple[str, ...]:
    """What no check looked at, one line each."""
    train, request = evidence.train, evidence.request
    seen = f"{len(train.texts.rows):,} of {train.count:,} rows, drawn at random"
    why = "rows were sampled" if train.counter else request.uncounted
    lines = (
        (not evidence.classes, "whether the answers are true"),
        (evidence.test is None, "leaks, label shift and the size of the test: no test file was given"),
        (
            evidence.production is None,
            "whether the rows are like those of production: no sample was given (data.production)",
        ),
        (
            bool(evidence.classes) and not request.production_shares,
            "class shares in production: none are declared (data.production_shares)",
        ),
        (True, "names, street addresses and other personal data without a checkable pattern"),
        (True, "the tone of the answers"),
        (
            not train.texts.complete and not request.fast,
            f"the other rows in the checks that need words: these saw {seen}",
        ),
        (not tokens.exact, f"exact tokens, and which rows near the limit exceed it: {why}"),
        (not train.labelled, "everything about answers: no output column"),
    )
    return tuple(line for unseen, line in lines if unseen)


def effective_rows(usable: int, findings: Sequence[Finding], classes: int) -> Interval80:
    """How many clean, different rows would teach as much as the usable ones.

        effective = usable * (1 - share K / (K - 1))^2,   share that of labels estimated wrong, K the classes

    Args:
        usable: rows left after the free fixes, without copies [rows].
        findings: that of label_error gives the share; without it all labels count as right.
        classes: how many distinct labels there are.
    Returns: low, middle and high over the 80% range of the share [rows].
    Example:
        >>> effective_rows(1000, (), 5).mid
        1000

    Source: Angluin and Laird, Machine Learning 2 (1988), for two classes; in the form for K classes, too, random labels
    teach nothing. Fine-tuned models often suffer less, so this errs on the careful side.
    *Leaves out* near copies that are kept because their answers differ, and what rows teach beyond their label.
    """
    errors = next((finding for finding in findings if finding.check == "label_error" and finding.measured), None)
    if errors is None or errors.measured is None or not usable or classes < 2:
        return Interval80(usable, usable, usable)
    most = errors.count / errors.share if errors.share else usable
    ends = []
    for wrong in (errors.measured.high, errors.measured.middle, errors.measured.low):
        share = min(1.0, max(0.0, wrong / max(most, 1)))
        ends.append(usable * max(0.0, 1 - share * classes / (classes - 1)) ** 2)
    return Interval80(*ends)
