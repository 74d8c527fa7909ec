"""The appendix: accounts of what there is, what the figures rest on, and the words."""

from tests import samples
from tunecase.accounts import ACCOUNTS, Material
from tunecase.report.appendix import RECORDS, appendix, words


def test_the_appendix_tells_of_every_record_that_there_is() -> None:
    """One account a record, in the order of the road, then what they rest on and the words; none of what is missing."""
    held = {"define": samples.definition(), "audit": samples.audit(), "estimate": samples.estimate()}
    material = Material(**{RECORDS[verb]: record for verb, record in held.items()})
    told = [account.verb for account in appendix(material)]
    assert [verb for verb in RECORDS if verb in held and verb in ACCOUNTS] == told[:-2]
    assert "words" == told[-1]


def test_ten_words_are_told_with_the_figures_of_the_case() -> None:
    """The target and the number of simulated runs are those of the records."""
    account = words(Material(definition=samples.definition(), estimate=samples.estimate()))
    pairs = dict(account.short[0].pairs)  # type: ignore[union-attr]
    assert 10 == len(pairs)
    assert "90%" in pairs["Target"]
    assert f"{samples.estimate().draws:,} simulated runs" in pairs["Chance"]
    assert dict(words(Material()).short[0].pairs)["Chance"].endswith("in simulated runs of the plan.")  # type: ignore[union-attr]
