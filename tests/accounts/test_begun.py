"""What init says: the files and the next command, or the examples with one line each."""

from pathlib import Path

from tunecase.accounts import account
from tunecase.blocks import Facts
from tunecase.records import Begun


def test_a_written_file_leads_to_the_first_run() -> None:
    """The project file is named, and the next command runs in its folder."""
    here = account("init", Begun((Path("tunecase.yaml"), Path("tunecase.schema.json"))))
    assert (here.answer, here.next) == ("tunecase.yaml is written, with 1 file beside it.", "tunecase run")
    below = account("init", Begun((Path("case/tunecase.yaml"),)))
    assert (below.answer, below.next) == ("case/tunecase.yaml is written.", "cd case && tunecase run")
    assert account("init", Begun((Path("my case/tunecase.yaml"),))).next == "cd 'my case' && tunecase run"


def test_examples_are_told_whole() -> None:
    """No description is cut, whatever the width of the terminal."""
    long = " ".join(["words"] * 30)
    told = account("examples", {"one": "short", "two": long})
    (listed,) = told.short
    assert isinstance(listed, Facts)
    assert {"one": "short", "two": long} == dict(listed.pairs)
    assert told.answer.startswith("2 examples")
