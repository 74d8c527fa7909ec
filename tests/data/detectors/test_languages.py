"""Languages of texts: thirteen are known by sentences of our own; what cannot be told is not guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sentences import SENTENCES
from tunecase.data.detectors.languages import NAMES, STOP_WORDS, detect


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences_are_known(language):
    """No sentence goes to another language, and most are told."""
    found = [detect(sentence) for sentence in SENTENCES[language]]
    assert {language} == {one for one in found if one}
    assert 0.75 * len(found) <= sum(one is not None for one in found)


@pytest.mark.parametrize(
    "text", ["", "card_arrival", "42", "yes", "x = y + 3 * z", "{'a': 1}", "Berlin, Paris, Rom", "🙂🙂🙂🙂🙂"]
)
def test_labels_and_formulas_are_not_guessed(text):
    """Too little to tell."""
    assert detect(text) is None


def test_code_and_addresses_do_not_count():
    """A fence in an English text is no language."""
    text = "The loop that stands below prints all of the names.\n```\nder die das und oder nicht ein eine\n```"
    assert "en" == detect(text)


@given(st.text(max_size=300))
def test_any_text_is_named_or_not_told(text):
    """What is told has a name."""
    assert detect(text) in {None, *NAMES}


def test_every_list_has_a_name():
    """No language without a name."""
    assert set() == STOP_WORDS.keys() - NAMES.keys()
