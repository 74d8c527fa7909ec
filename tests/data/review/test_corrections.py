"""A correction changes the answer of a record and nothing else of it."""

import json

from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.detection import detect
from tunecase.data.review.corrections import with_answer

PAIR = {
    "chosen": "\n\nHuman: how many legs has a bee?\n\nAssistant: four ",
    "rejected": "\n\nHuman: how many legs has a bee?\n\nAssistant: none",
}


def test_the_prompt_of_a_preference_pair_stays(tmp_path):
    """Where the preferred text holds the whole conversation only its last answer is replaced, else nothing is."""
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(PAIR) + "\n", encoding="utf-8")
    layout = detect(path)
    (row,) = read_rows(path, layout)
    changed = with_answer(PAIR, layout, "six", row.output)
    assert {**PAIR, "chosen": "\n\nHuman: how many legs has a bee?\n\nAssistant: six"} == changed
    assert None is with_answer(PAIR, layout, "six")
    assert None is with_answer(PAIR, layout, "six", "another answer")
