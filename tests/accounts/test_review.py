"""What `audit --reviewed` says: what was wrong, and what becomes of it."""

from dataclasses import replace

from tests.problem_cases import project
from tests.records.test_records import REVIEWS
from tunecase.accounts import Material, account
from tunecase.blocks import Facts


def pairs(**change: object) -> dict[str, str]:
    """What the short account says of reviews."""
    block = account("review", replace(REVIEWS, **change)).short[0]  # type: ignore[arg-type]
    assert isinstance(block, Facts)
    return dict(block.pairs)


def test_what_stays_open_is_told_only_where_something_does() -> None:
    """Rows that are wrong without an answer, and those in doubt."""
    assert "1 row wrong without an answer: they stay until you give one, or say delete" == pairs()["open"]
    assert "1 unsure, 2 on which reviewers differ: nothing changed" == pairs()["in doubt"]
    settled = pairs(wrong=17, unsure=0, disputed=(), remaining=None)
    assert {"settled", "written"} == set(settled)


def test_the_full_account_keeps_what_was_measured() -> None:
    """The error rate, the minutes and the agreement, each only where it is known."""
    facts = dict(pair for block in account("review", REVIEWS).full if isinstance(block, Facts) for pair in block.pairs)
    assert "0.35 min (0.30 to 0.40); from now on prices use this" == facts["One review took"]
    assert "7, 9" == facts["No agreement on rows"]
    bare = replace(REVIEWS, error_rate=None, minutes=None, agreement=None, disputed=())
    bare_facts = [pair for block in account("review", bare).full if isinstance(block, Facts) for pair in block.pairs]
    assert ["Read from"] == [name for name, _ in bare_facts]


def test_decisions_are_put_into_a_copy_next() -> None:
    """In a case the next command writes the copy."""
    assert "tunecase audit --fix cleaned" == account("review", REVIEWS, Material(project=project())).next
    assert "" == account("review", REVIEWS).next
