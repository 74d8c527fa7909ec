"""Scored cases made for tests, in numbers of our own."""

import hashlib
from typing import Any

from tunecase.quantities.spread import Band
from tunecase.records import BandHeld, CaseScored, ChanceMet, HoursHeld, LineHeld, RowsHeld, ScoreHeld

PLANNED = Band(0.6, 1.0, 1.3, 1.6)


def digits(text: str) -> str:
    """A root, as a ledger's first entry gives one."""
    return hashlib.sha256(text.encode()).hexdigest()


def scored(name: str, *actuals: float, **changes: Any) -> CaseScored:
    """A finished case whose labour, evaluation and other lines cost so much for each 1 planned."""
    names = ("labour", "evaluation", "gpu", "data")
    given = {
        "root": digits(name),
        "begun": digits(f"{name} begun"),
        "entries": 9,
        "finished": True,
        "lines": tuple(LineHeld(line, PLANNED, actual) for line, actual in zip(names, actuals, strict=False)),
    }
    return CaseScored(**{**given, **changes})


def hours(booked: float, told: float = 100.0) -> tuple[HoursHeld, ...]:
    """One line of labour with its hours."""
    return (HoursHeld("labour", told, told, booked),)


def whole(name: str = "whole") -> CaseScored:
    """A case of which everything is known."""
    return scored(
        name, 1.2, 0.9, 2.0,
        total=BandHeld(PLANNED, 1.2), chance=ChanceMet(0.7, True), scores=(ScoreHeld(0.7, 0.8, 0.9, 0.85),),
        rows=RowsHeld(100, 400, None, 500), rounds=BandHeld(PLANNED, 1.5), hours=hours(120.0), default_rates=True,
        advised=3, followed=3, ended="ship",
    )  # fmt: skip
