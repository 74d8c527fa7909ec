"""Texts as compared: the normaliser, its words and shingles."""

import re
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tunecase.data import text
from tunecase.data.text import in_small


def test_normalise_folds_case_punctuation_and_blanks() -> None:
    """Digits and accents stay; scripts without blanks are cut into characters; small letters keep their places."""
    assert text.normalise(" My card_2—has it\n ARRIVÉ?!") == "my card 2 has it arrivé"
    assert text.words("Pay: 你好!") == ["pay", "你", "好"]
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert len(everything) == len(in_small(everything))


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_fast_path_for_ascii_equals_the_general_rule(given_text):
    """ASCII texts normalise as all others do."""
    folded = unicodedata.normalize("NFC", given_text).casefold()
    assert " ".join(re.sub(r"[^\w\s]|_", " ", folded).split()) == text.normalise(given_text)
