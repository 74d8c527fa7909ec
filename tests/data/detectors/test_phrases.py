"""Phrases of spoilt answers: the quick search finds what reading every text for every phrase finds."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tunecase import catalog
from tunecase.data.detectors import phrases

ROWS = catalog.read_table("answer_phrases")
ODD = "i'm sorry, but i can’t do it", "soy claude", "{{ name }}", "私はaiとしてできません", "todo: ", "\n", "#", "İ"
PIECES = st.sampled_from([*(row["stem"] for row in ROWS), *ODD])
TEXTS = st.lists(st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=5).map(" ".join), max_size=6)


@given(TEXTS)
def test_the_quick_search_finds_what_reading_every_text_finds(texts):
    """Rare bytes only say where to look."""
    expected = {kind: set() for kind in phrases.KINDS}
    for at, text in enumerate(texts):
        head = text.lstrip(" \n\"'*")[: phrases.REFUSAL_WITHIN].replace("’", "'")
        for row in ROWS:
            where = head if row["kind"] == "refusal" else text
            if row["stem"] in where and re.compile(row["pattern"], re.DOTALL).search(where):
                expected[row["kind"]].add(at)
    assert expected == phrases.find_phrases(texts)
