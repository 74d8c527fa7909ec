"""The record of an audit, from what the checks found."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tunecase.data.audit.findings import findings, repair_price
from tunecase.data.audit.verdict import effective_rows, not_checked, verdict
from tunecase.data.checks import balance, pairs, repeats
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.detectors.private import masked
from tunecase.data.tally import Tally
from tunecase.data.text import NORMALISER
from tunecase.data.tokens.counting import LossOn
from tunecase.data.tokens.rows import Counting, summary
from tunecase.prices import Basis
from tunecase.quantities import Array, Rows, np
from tunecase.records import Audit, Tokens

WORD_EDGES = (0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800, 1200, 2000, 5000, 10_000, 100_000)
MOST_LISTED = 1000  # dropped rows that the record itself lists


def record_of(
    evidence: Evidence,
    defects: list[Defect],
    abstained: tuple[str, ...],
    basis: Basis,
    quarantine_file: str | None,
    loss_on: LossOn,
    dropped: "Rows",
) -> Audit:
    """The record of an audit; what it took is still left out.

    Args:
        abstained: what checks could not judge.
        quarantine_file: where bad rows were written, None without any.
        loss_on: the tokens of a row that training learns.
        dropped: rows that the free fixes delete, ascending.
    """
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

    return summary(kept, train.bytes_per_character, counting, evidence.request.uncounted)
