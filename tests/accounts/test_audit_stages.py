"""What an audit's stages took is told in full, and only there."""

from dataclasses import replace

from tests import samples
from tunecase.accounts.audit import audit
from tunecase.accounts.audit_stages import stages_table
from tunecase.accounts.material import Material
from tunecase.records import Stage

STAGES = (
    Stage("train", 12.3, 20.5, 310.0, 40, 15, 1_000_000, 999_990),
    Stage("checks", 2.0, 1.5, 250.0, 55, 0, 999_990, 0),
)


def test_each_stage_has_a_line():
    """Rows, tasks, tasks taken up, seconds and memory; nothing where an older audit did not say."""
    table = stages_table(replace(samples.audit(), stages=STAGES))
    assert table is not None
    assert [row[0].text for row in table.rows] == ["train", "checks"]
    assert {len(table.head)} == {len(row) for row in table.rows}
    assert stages_table(replace(samples.audit(), stages=())) is None


def test_the_short_answer_says_nothing_of_stages():
    """They stand behind --full alone."""
    with_stages, without = (audit(replace(samples.audit(), stages=stages), Material()) for stages in (STAGES, ()))
    assert (with_stages.answer, with_stages.short) == (without.answer, without.short)
    assert len(with_stages.full) == len(without.full) + 1
