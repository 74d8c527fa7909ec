"""The assumptions that carry most of the answer are named first, with the line that replaces each."""

from pathlib import Path

import yaml

from tests.estimate.test_bill import TOKENS, bill, machine
from tests.estimate.test_effort import BARE
from tests.projects import basis, written
from tunecase.estimate import key_assumptions
from tunecase.plan import Known, drawn


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


def test_the_line_to_write_is_one_that_the_project_file_reads(tmp_path: Path) -> None:
    """Each line, put into the file, is read, and takes its assumption off the list."""
    record = bill(written(BARE, tmp_path))
    own = [one for one in record.key_assumptions if one.write.startswith(("effort:", "unknowns:"))]
    assert own
    for one in own:
        again = bill(written(BARE + one.write + "\n", tmp_path))
        assert one.name not in {other.name for other in again.key_assumptions}


def test_every_default_that_can_be_named_has_a_line_that_is_read(tmp_path: Path) -> None:
    """Whatever stands at the top of some list: its line is YAML that the project file takes, or a command."""
    sources = "[{kind: label, by: crowd, name: my crowd}, {kind: synthetic}, {kind: scrape}, {kind: have, pool: 10}]"
    plain = written(BARE.replace("[{kind: have, pool: 0}]", sources), tmp_path)
    at = basis(plain, 200)
    found = drawn(Known(at, 700, TOKENS, machines=[machine(at)]))
    commands = 0
    for name in list(at.worlds.drawn):
        field = name.split()[-1]
        if field not in at.used or field.startswith(("rounds.", "fit.", "working_hours", "prices.")):
            continue
        line = key_assumptions.line_to_write(found, field, name, float(at.worlds.drawn[name].mean()))
        if line.startswith("tunecase "):
            commands += 1
            continue
        read = yaml.safe_load(line)
        assert isinstance(read, dict), line
        text = yaml.safe_load(BARE) | read
        if "data" in read:
            text["data"] = {"train": "data/train.jsonl", **read["data"]}
        written(yaml.safe_dump(text), tmp_path)
    assert commands < 10
