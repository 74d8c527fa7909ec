"""A scorecard says first whether the bands held, in few lines of 80 columns, and what is too little to say."""

import io

from rich.console import Console

from tests.books.scored import PLANNED, hours, scored
from tunecase.accounts import account
from tunecase.books.scorecard import scorecard
from tunecase.cli.show import show
from tunecase.records import BandHeld, CaseScored, ChanceMet, RowsHeld, Scorecard, ScoreHeld

K = 10.0
ENDS = ("ship", "stop")


def ended(n: int) -> CaseScored:
    """One of a dozen finished cases."""
    return scored(
        f"{n}", 1.0 + n / 20, 0.9, 1.7 if n % 3 == 0 else 1.1,
        total=BandHeld(PLANNED, 1.1 + n / 30), chance=ChanceMet(0.6, n % 2 == 0),
        scores=(ScoreHeld(0.7, 0.8, 0.9, 0.72 + n / 60),), rows=RowsHeld(100, 400, 2_000, 300 + n * 100),
        rounds=BandHeld(PLANNED, 0.5 + n / 8), hours=hours(100.0 + n * 5), default_rates=True,
        advised=2, followed=2 - n % 2, ended=ENDS[n % 2],
    )  # fmt: skip


DOZEN = scorecard([*map(ended, range(12)), *[scored("open", finished=False)] * 2], K)
SHORT = """\
Your bands held 32 of 36 closed lines; set 1.4 times a bill's middle aside.

                        Held  Cases  Share, 90% interval
  closed lines      32 of 36     12  89% (77% to 95%)
  whole cases       12 of 12     12  100% (82% to 100%)
  scores of rounds  11 of 12     12  92% (70% to 98%)
  rows needed       12 of 12     12  100% (82% to 100%)

  13 cases (1 open, 1 copy left out). Target reached: 6 of 12, 60% told: Brier
  0.260, base rate 0.298.
  Next bill: its reserve leans 55% on 12 cases; hours x 1.14 from 12.

more: --full
"""


def shown(record: Scorecard, *, full: bool = False) -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=80, no_color=True)
    show("scorecard", record, console, full=full)
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def flat(text: str) -> str:
    """A print on one line."""
    return " ".join(text.split())


def test_the_answer_of_a_dozen_cases() -> None:
    """Bands first, then chances, then what the next bill does with them."""
    assert SHORT == shown(DOZEN)


def test_bands_that_hold_too_seldom_are_a_warning() -> None:
    """Where the whole interval lies below what a band promises."""
    wrong = scorecard([scored(f"{n}", 3.0, 3.0, 1.0, 3.0) for n in range(8)], K)
    assert ("warn", "good") == (account("scorecard", wrong).tone, account("scorecard", DOZEN).tone)


def test_without_a_case_nothing_is_said() -> None:
    """No table is empty, and nothing is promised of the next bill."""
    text = flat(shown(scorecard([], K)))
    assert "Too few to say: 0 closed lines of 0 cases" in text
    assert "the next bill learns nothing from them" in text
