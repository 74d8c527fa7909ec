"""A plan without data files is priced, offline and without an audit; what needs rows says that they are missing."""

from datetime import date
from pathlib import Path

import pytest

from tunecase import flow
from tunecase.errors import InputError
from tunecase.flow import open_case
from tunecase.flow.opened import usable_rows

PLAN = """
name: a plan
data:
  rows: 20k
  tokens_per_row: 300 to 600
  sources: [{kind: buy, price: 0.10 USD per example}]
models: [meta-llama/Llama-2-7b-hf]
compute: {tier: neocloud, gpus: [H100]}
rounds: 2
budget: 30k USD
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A project file alone in its folder."""
    path = tmp_path / "tunecase.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_a_plan_has_a_bill_and_no_audit(plan: Path) -> None:
    """Every line but inference is priced, from the rows and tokens that the file states."""
    case = open_case(plan, 0, date(2026, 11, 24))
    record = flow.estimate(case)
    assert [line.name for line in record.lines if not line.priced] == ["inference"]
    assert record.unpriced == ()
    assert record.rounds.p50 == 2
    assert [entry.verb for entry in case.ledger.entries()] == ["estimate"]
    assert usable_rows(case) == 20_000


@pytest.mark.parametrize("verb", [flow.audit, flow.define, flow.decide])
def test_verbs_that_need_rows_name_the_field_that_is_missing(plan: Path, verb: object) -> None:
    """Nothing is judged on rows that are not there."""
    case = open_case(plan, 0, date(2026, 11, 24))
    with pytest.raises(InputError, match=r"data\.train"):
        verb(case)  # type: ignore[operator]
    assert not list(case.ledger.entries())


def test_rows_stand_in_for_a_file_and_never_beside_it(plan: Path) -> None:
    """Neither is asked for, and both are refused at their line."""
    (plan.parent / "train.jsonl").write_text("{}\n", encoding="utf-8")
    plan.write_text(PLAN.replace("  rows: 20k\n", "  rows: 20k\n  train: train.jsonl\n"), encoding="utf-8")
    with pytest.raises(InputError, match=r"20k beside data\.train"):
        open_case(plan)
    plan.write_text(PLAN.replace("  rows: 20k\n", ""), encoding="utf-8")
    with pytest.raises(InputError, match="plan without a file"):
        open_case(plan)
