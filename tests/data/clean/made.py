"""Audits made by hand: a file, what was found in it, and the same cleaned copy worked out on lists."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import samples
from tunecase import catalog
from tunecase.data.audit import Audited
from tunecase.data.checks import scan
from tunecase.data.checks.block import Reading
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.clean import clean, suspects
from tunecase.data.clean.waiting import CONTROL_SHARE
from tunecase.data.reading.rows import Layout
from tunecase.data.rowsets import union
from tunecase.io import digest
from tunecase.prices import Basis
from tunecase.quantities import Worlds, generator
from tunecase.records import Cleaned

LAYOUT = Layout("jsonl", "text/label", ("text",), "label")
NO_SHINGLES = np.zeros(0, np.uint32)
DAY = date(2026, 11, 24)


def written(path: Path, records: Iterable[dict[str, str] | None]) -> Path:
    """JSON lines; None is a row that cannot be read."""
    lines = ("{broken" if record is None else json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def evidence_of(train: Path, test: Path | None = None, shard_bytes: int = 4_000_000) -> Evidence:
    """Both files as columns in shards of about so many bytes of the file."""
    reading = Reading(NO_SHINGLES, fast=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "piece_bytes", lambda _: shard_bytes)
        splits = [read(path, reading) for path in (train, test) if path is not None]
    return Evidence(splits[0], splits[1] if test else None, Asked(2048, seed=5))


def read(path: Path, reading: Reading) -> scan.Split:
    """One file as columns."""
    return scan.read_split(path, LAYOUT, reading)


def audited(evidence: Evidence, defects: Sequence[Defect]) -> Audited:
    """The audit that found some defects."""
    train, removed = evidence.train, union(*(each.removed for each in defects))
    counts = {"rows": train.rows, "dropped": len(removed), "quarantined": train.bad}
    record = replace(samples.audit(), train=str(train.path), test=None, findings=(), **counts)
    basis = Basis(None, DAY, Worlds(0, 500))
    return Audited(record, evidence, list(defects), basis, train.take("number", removed))


def cleaned(evidence: Evidence, defects: Sequence[Defect], folder: Path, **options: Any) -> Cleaned:
    """The cleaned copy in a folder, which is made."""
    folder.mkdir()
    return clean(audited(evidence, defects), folder, sha256=digest(evidence.train.path), **options)


def lines(path: Path) -> list[Any]:
    """The JSON values of a file, one a line."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


class Plain:
    """What a cleaned copy should hold, worked out row by row on lists."""

    def __init__(self, evidence: Evidence, defects: Sequence[Defect]) -> None:
        self.evidence, self.defects = evidence, defects
        self.rows = list(range(evidence.train.count))
        every = np.arange(evidence.train.count)
        self.numbers = {"train": evidence.train.take("number", every).tolist()}
        if evidence.test is not None:
            self.numbers["test"] = evidence.test.take("number", np.arange(evidence.test.count)).tolist()
        self.firsts = [same.of(every).tolist() for same in (evidence.same_raw, evidence.same_normal)]
        self.removed = {row for defect in defects for row in defect.removed.tolist()}

    def others(self, defect: Defect, row: int) -> list[int]:
        """The first three rows that a finding joins a row, or the first row with its text, with."""
        if defect.pairs is None:
            return []
        for named in (row, *(first[row] for first in self.firsts)):
            joined = []
            for first, second in defect.pairs.tolist():
                sides = ((second, first),) if defect.where == "test" else ((first, second), (second, first))
                joined += [other for one, other in sides if one == named]
            if joined:
                return [other for other in joined[:3] if defect.where == "test" or other != row]
        return []

    def why(self, row: int) -> list[dict[str, Any]]:
        """The reasons for which a row is dropped, as they are written."""
        reasons = []
        for defect in self.defects:
            if row in defect.removed:
                numbers = [self.numbers[defect.where][other] for other in self.others(defect, row)]
                key = "leaks_to_test_rows" if defect.where == "test" else "repeats_rows"
                reasons.append({"check": defect.check, **({key: numbers} if numbers else {})})
        return reasons

    def wanted(self) -> dict[int, list[tuple[str, float]]]:
        """The findings that want a row looked at, with the chance that each is right, by row."""
        found: dict[int, list[tuple[str, float]]] = {}
        room = suspects.LEAST_NOTED
        for defect in sorted(self.defects, key=lambda defect: defect.severity == "note"):
            rows = self._wanted(defect)
            if defect.severity == "note":
                noted = [row for row in rows if row not in found][: max(room, 0)]
                rows = [row for row in rows if row in found or row in noted]
                room -= len(noted)
            for row in rows:
                found.setdefault(row, []).append((defect.check, self._chance(defect, row)))
            if defect.severity != "note":
                room = max(len(found), suspects.LEAST_NOTED)
        return found

    def _wanted(self, defect: Defect) -> list[int]:
        if not defect.review_rows and not (defect.unpriced and defect.where == "train"):
            return []
        rows = defect.rows.tolist() if defect.where == "train" else []
        if defect.pairs is not None and not (defect.scores is not None and defect.where == "train"):
            rows = [*(defect.pairs[:, 1:] if defect.where == "test" else defect.pairs).ravel().tolist(), *rows]
        rows = [row for row in dict.fromkeys(rows) if row not in self.removed]
        if defect.where == "test" or not defect.review_rows:
            return rows
        enough = defect.scores is not None or len(rows) > 2 * defect.review_rows
        return rows[: ceil(defect.review_rows)] if enough else rows

    def _chance(self, defect: Defect, row: int) -> float:
        if defect.scores is not None and defect.where == "train" and row in defect.rows:
            return float(defect.scores[defect.rows.tolist().index(row)])
        accuracy = catalog.check_accuracy(defect.check, self.evidence.domain)
        return 0.5 if accuracy is None or accuracy.precision is None else accuracy.precision

    def queue(self, most: int) -> list[tuple[int, float | None]]:
        """(row number, suspicion) in order; None for rows drawn at random."""
        suspicion = {}
        for row, findings in self.wanted().items():
            clear = 1.0
            for _, chance in findings:
                clear *= 1 - chance
            suspicion[row] = 1 - clear
        order = sorted(suspicion, key=lambda row: (-suspicion[row], row))[:most]
        rng = generator(self.evidence.request.seed, "control rows")
        free = np.array([row for row in self.rows if row not in self.removed and row not in order], np.int64)
        wanted = min(round(len(order) * CONTROL_SHARE / (1 - CONTROL_SHARE) + 0.499), len(free))
        controls = iter(rng.choice(free, wanted, replace=False).tolist() if wanted else [])
        places = rng.choice(len(order) + wanted, wanted, replace=False).tolist() if wanted else []
        worst = iter(order)
        numbers = self.numbers["train"]
        queue: list[tuple[int, float | None]] = []
        for place in range(len(order) + wanted):
            row = next(controls) if place in places else next(worst)
            queue.append((numbers[row], None if place in places else suspicion[row]))
        return queue
