"""A rule that only notes something is not printed as a failure."""

from dataclasses import replace

from tests import samples
from tests.cli.show.printing import flat


def test_a_note_that_fails_is_no_failure() -> None:
    """A rule that only notes something is not marked as failed."""
    definition = samples.definition()
    rule = replace(definition.criteria[0], status="fail", severity="note", fix="")
    text = flat("define", replace(definition, criteria=(rule,), verdict="do not start"))
    assert "· note P1" in text
    assert "✗" not in text


def test_a_cheaper_way_that_meets_the_target_is_the_verdict() -> None:
    """The heading names it in place of a fault."""
    definition = samples.definition()
    rules = tuple(
        replace(definition.criteria[0], id=name, status="fail", severity=severity)
        for name, severity in (("P5", "warn"), ("S2", "note"))
    )
    text = flat("define", replace(definition, criteria=rules, verdict="fix first"))
    assert "a cheaper way meets the target" in text
    assert "fix first" not in text
