"""The verdict on the data, and what stays unknown."""

from collections.abc import Sequence
from typing import Literal

from tunecase.data.checks import balance, leaks
from tunecase.data.checks.evidence import Evidence
from tunecase.quantities import Interval80, counted
from tunecase.records import Finding, Tokens

Verdict = Literal["fit", "fit after fixes", "not fit", "too little to say"]
# Findings that no cheap fix mends when they stop, and what each says of the data.
BLOCKING: dict[str, str] = {
    "contradiction": "{share:.0%} of the rows have a text that carries more than one answer",
    "format": "{share:.0%} of the rows cannot be read",
    "labels_random": "the labels cannot be told from labels handed out at random",
}


def verdict(evidence: Evidence, findings: Sequence[Finding], usable: int) -> tuple[Verdict, str]:
    """Fit, fit after fixes, not fit or too little to say, and why in one sentence."""
    readable = len(evidence.train.number)
    found = {finding.check: finding for finding in findings}
    if readable < balance.LEAST_ROWS:
        return "too little to say", f"{readable} readable rows; nothing can be said below {balance.LEAST_ROWS}"
    if evidence.leaked_share > leaks.BLOCKING_SHARE:
        share = f"{evidence.leaked_share:.0%} of the test rows are in the training file"
        return "not fit", f"{share}: nothing measured on this test could be believed"
    for check, words in BLOCKING.items():
        if (finding := found.get(check)) and finding.severity == "stop":
            return "not fit", words.format(share=finding.share)
    if usable < balance.LEAST_ROWS:
        return "too little to say", f"{usable} rows are left after the fixes; at least {balance.LEAST_ROWS} are needed"
    to_mend = [finding for finding in findings if finding.severity != "note"]
    if not to_mend:
        where = " in one pass; what a fast audit leaves out is not judged" if evidence.asked.fast else ""
        return "fit", f"{usable:,} usable rows and nothing found that has to be mended first{where}"
    names = ", ".join(f"{finding.check.replace('_', ' ')} ({finding.count:,})" for finding in to_mend[:3])
    more = f" and {counted(len(to_mend) - 3, 'more kind')}" if len(to_mend) > 3 else ""
    return "fit after fixes", f"{usable:,} of {evidence.train.rows:,} rows stay; mend first: {names}{more}"


def not_checked(evidence: Evidence, tokens: Tokens) -> tuple[str, ...]:
    """What no check looked at, one line each."""
    train, lines = evidence.train, []
    if not evidence.classes:
        lines.append("whether the answers are true")
    if evidence.test is None:
        lines.append("leaks, label shift and the size of the test: no test file was given")
    if evidence.production is None:
        lines.append("whether the rows are like those of production: no sample was given (data.production)")
    if evidence.classes and not evidence.asked.production_shares:
        lines.append("class shares in production: none are declared (data.production_shares)")
    lines.append("names, street addresses and other personal data without a checkable pattern")
    lines.append("the tone of the answers")
    if train.layout.schema == "chat":
        lines.append("tool calls against the tools that are declared")
    if not train.texts.complete and not evidence.asked.fast:
        kept = len(train.texts.rows) / max(len(train.number), 1)
        lines.append(f"all rows by the checks that need words: they saw {kept:.0%}, drawn at random")
    if not tokens.exact:
        why = "rows were sampled" if train.counter else "no tokenizer file was at hand"
        lines.append(f"exact tokens, and rows that only may pass the limit: {why}")
    if not train.labelled:
        lines.append("everything about answers: no output column")
    return tuple(lines)


def effective_rows(usable: int, findings: Sequence[Finding], classes: int) -> Interval80:
    """How many clean, different rows would teach as much as the usable ones.

        effective = usable * (1 - share K / (K - 1))^2,   share the labels estimated wrong, K the classes

    Args:
        usable: rows left after the free fixes, copies gone.
        findings: those of label_error tell the share; without it all labels count as right.
        classes: distinct labels.
    Returns: low, middle and high over the 80% range of the share.
    Example:
        >>> effective_rows(1000, (), 5).mid
        1000

    Source: Angluin and Laird, Machine Learning 2 (1988), for two classes; the form for K keeps that labels at random
    teach nothing. Fine-tuned models often suffer less, so this is the careful end.
    *Leaves out* near copies that are kept because their answers differ, and what rows teach beyond their label.
    """
    found = next((finding for finding in findings if finding.check == "label_error" and finding.measured), None)
    if found is None or found.measured is None or not usable or classes < 2:
        return Interval80(usable, usable, usable)
    most = found.count / found.share if found.share else usable
    ends = []
    for wrong in (found.measured.high, found.measured.middle, found.measured.low):
        share = min(1.0, max(0.0, wrong / max(most, 1)))
        ends.append(usable * max(0.0, 1 - share * classes / (classes - 1)) ** 2)
    return Interval80(*ends)
