"""The paper is as wide as a log."""

from tunecase.cli.show import paper


def test_the_console_is_as_wide_as_a_log() -> None:
    """Without a terminal the width is 80, whatever the environment says."""
    assert 80 == paper.console_for().width
