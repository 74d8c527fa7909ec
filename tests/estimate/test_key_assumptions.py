"""The assumptions that carry most of the answer are named first, with the line that replaces each."""

from pathlib import Path

from tests.estimate.test_bill import bill
from tests.estimate.test_effort import BARE
from tests.projects import written


def test_whatever_carries_thirty_percent_of_the_bill_is_named_first(tmp_path: Path) -> None:
    """The assumed rate of an hour and the overrun move all people's cost: both stand before the others."""
    record = bill(
        written(BARE.replace("team: [{role: ml engineer, rate: 100 USD per hour, share: 50%}]\n", ""), tmp_path)
    )
    names = [one.name for one in record.key_assumptions]
    assert {"ml engineer team.rate", "unknowns"} == set(names[:2])
    shares = [one.bill_share for one in record.key_assumptions]
    assert min(shares[:2]) > 0.3
    assert len(names) >= 3
    assert record.key_assumptions[0].taken in ("75 to 150 USD per hour", "0.8 to 1.93")


def test_what_is_stated_is_no_assumption(tmp_path: Path) -> None:
    """A rate and an overrun of the project file's own are named no more."""
    record = bill(written(BARE + "unknowns: 1.2\n", tmp_path))
    names = {one.name for one in record.key_assumptions}
    assert not {"ml engineer team.rate", "unknowns"} & names


def test_the_line_to_write_is_one_that_the_project_file_reads(tmp_path: Path) -> None:
    """Each line, put into the file, is read, and takes its assumption off the list."""
    record = bill(written(BARE, tmp_path))
    own = [one for one in record.key_assumptions if one.write.startswith(("effort:", "unknowns:"))]
    assert own
    for one in own:
        again = bill(written(BARE + one.write + "\n", tmp_path))
        assert one.name not in {other.name for other in again.key_assumptions}
