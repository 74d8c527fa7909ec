"""What a tool answers: content within a bound, and what was left out of it."""

import json

from tunecase.agents.answers import bounded, short


def test_a_small_answer_stays_whole() -> None:
    """Nothing is left out of what fits."""
    content = {"rows": list(range(100)), "name": "x"}
    assert (content, ()) == bounded(content)


def test_long_lists_keep_their_first_items() -> None:
    """Lists are cut to the most items that fit, each is told with how many there were, and nothing else changes."""
    content = {"name": "x", "found": [{"rows": list(range(900))}, {"rows": [1, 2]}]}
    cut, told = bounded(content, 1_000)
    assert {"name": "x", "found": [{"rows": list(range(100))}, {"rows": [1, 2]}]} == cut
    assert ("found[0].rows: the first 100 of 900 are here",) == told


def test_long_texts_are_cut_last() -> None:
    """Where the fewest items are too much, long texts are cut, too; of many places the first are named."""
    cut, told = bounded({"notes": ["é" * 5_000] * 40}, 6_000)
    assert 6 == len(cut["notes"])
    assert 301 == len(cut["notes"][0])
    assert "notes: the first 6 of 40 are here" == told[0]
    _, told = bounded({f"list{at}": list(range(1_000)) for at in range(30)}, 2_000)
    assert "and 22 further places" == told[-1]


def test_what_cannot_be_cut_is_told() -> None:
    """An object of too many names has no content, and says so."""
    cut, told = bounded({str(at): at for at in range(1_000)}, 500)
    assert cut is None
    assert "are more than the 500 allowed here" in told[0]
    assert json.dumps(cut) == "null"


def test_the_short_answer_is_short() -> None:
    """At most 14 lines, the last of which counts those that follow."""
    assert "a\nb" == short("a\nb\n")
    lines = short("\n".join(map(str, range(50)))).split("\n")
    assert (14, "… (37 further lines)") == (len(lines), lines[-1])
