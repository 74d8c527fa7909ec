"""Small problems made in code, good and bad, on which the rules are tried."""

import random
from dataclasses import replace
from datetime import date
from typing import Any

from tunecase.data.reading.rows import Layout, Row, Table
from tunecase.prices.basis import Basis
from tunecase.problem.criteria.facts import Facts
from tunecase.project import Alternatives, Data, ProblemStatement, Project, Serving, Source
from tunecase.quantities import Interval80
from tunecase.quantities.spread import Band, Worlds
from tunecase.records import Audit, Finding, Severity, Tokens

LAYOUT = Layout("jsonl", "text/label", ("text",), "label")
NOTHING = Band(0.0, 0.0, 0.0, 0.0)
GOOD: dict[str, Any] = {
    "goal": "send each letter to the right desk",
    "metric": "accuracy",
    "target": "80%",
    "measured_on": "letters of one month",
    "baseline": "60%",
    "value": "2 USD per correct",
    "volume": "5k to 10k per month",
    "owner": "A. Person",
    "business_metric": "hours of the post room",
    "errors_read": 120,
    "stale_after": date(2028, 1, 1),
    "criteria": ("one desk is named", "it exists", "the clerk there agrees"),
}
TRIED: dict[str, Any] = {"prompt_hosted": {"score": "65.1%"}}
DESKS = ("harbour", "orchard", "quarry")


def table(pairs: list[tuple[str, str]], other: list[dict[str, Any]] | None = None) -> Table:
    """A table of (input, output) pairs, with other columns where given."""
    rest = other or [{} for _ in pairs]
    rows = tuple(Row(i, i + 1, text, out, rest[i]) for i, (text, out) in enumerate(pairs))
    return Table(LAYOUT, rows, ())


def letters(count: int, seed: int = 0, start: int = 0) -> list[tuple[str, str]]:
    """Letters whose desk shows in their words, each text different."""
    rng = random.Random(seed)
    desks = [DESKS[rng.randrange(3)] for _ in range(count)]
    return [(f"letter {start + i} about the {desk} and its gate", desk) for i, desk in enumerate(desks)]


def doubly_labelled(pairs: list[tuple[str, str]], agreed: int, column: str = "label_second") -> Table:
    """A test table with a second label in every row, the same in the first `agreed` rows."""
    other = {desk: DESKS[(DESKS.index(desk) + 1) % 3] for desk in DESKS}
    seconds = [{column: out if i < agreed else other[out]} for i, (_, out) in enumerate(pairs)]
    return table(pairs, seconds)


def project(
    data: dict[str, Any] | None = None,
    *,
    alternatives: dict[str, Any] | None = None,
    serving: dict[str, Any] | None = None,
    **problem: Any,
) -> Project:
    """A project whose problem is GOOD but for what is given; None leaves a field out."""
    fields = {name: value for name, value in {**GOOD, **problem}.items() if value is not None}
    source = Source(
        kind="label",
        effort="2 min per label",
        rate="15 USD per hour",
        rework="0%",
        fee="0%",
        usable="100%",
        management="0%",
    )
    rest = {"train": "train.jsonl", "sources": (source,), **(data or {})}
    tried = Alternatives.model_validate(alternatives or {})
    served = Serving.model_validate(serving or {})
    return Project(
        name="letters", problem=ProblemStatement(**fields), data=Data(**rest), alternatives=tried, serving=served
    )


def basis(of: Project | None = None) -> Basis:
    """A basis with few worlds on one fixed day; a label costs 0.50 USD."""
    return Basis(of or project(), date(2026, 11, 24), Worlds(0, 200))


def audit(*findings: Finding, rows: int = 200, test: str | None = "test.jsonl") -> Audit:
    """A finished audit with these findings."""
    tokens = Tokens(False, Interval80(1.0, 1.0, 1.0), 1.0, 1.0, 1.0, "words")
    return Audit(
        "train.jsonl", test, rows, rows, 0, 0, None, 500, 500, "fit", "", findings, (), {}, {}, (), tokens,
        NOTHING, "USD", "jsonl", "text/label", 0.0,
    )  # fmt: skip


def finding(
    check: str, count: int, rows: int, severity: Severity = "warn", removed: int = 0, price: Band = NOTHING
) -> Finding:
    """A finding of one check."""
    return Finding(check, severity, count, count / rows, (), (), "it matters", "mend it", price, removed=removed)


def facts(**changes: Any) -> Facts:
    """Facts of a well-posed problem but for the changes."""
    asked = changes.get("project") or project()
    usual = Facts(
        asked, table(letters(200)), doubly_labelled(letters(500, 1, 1000), 485), basis(asked), 0.35, 0.65, audit(),
        Band(2_000.0, 3_000.0, 4_000.0, 5_000.0),
    )  # fmt: skip
    return replace(usual, **changes)
