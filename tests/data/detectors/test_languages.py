"""Languages of texts: thirteen are known by sentences of our own; what cannot be told is not guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sentences import SENTENCES
from tunecase.data.detectors.languages import NAMES, detect


def test_sentences_are_known():
    """None goes to another language, codes and names are not guessed; the extra tells what the lists do not."""
    told = {language: [detect(sentence) for sentence in sentences] for language, sentences in SENTENCES.items()}
    assert {language: {language} for language in SENTENCES} == {name: {*found} - {None} for name, found in told.items()}
    assert [] == [name for name, found in told.items() if found.count(None) > 0.25 * len(found)]
    texts = ["", "card_arrival", "42", "yes", "x = y + 3 * z", "{'a': 1}", "Berlin, Paris, Rom", "🙂🙂🙂🙂🙂"]
    assert [] == [text for text in texts if detect(text) is not None]
    text = "The loop that stands below prints all of the names.\n```\nder die das und oder nicht ein eine\n```"
    assert "en" == detect(text)
    pytest.importorskip("py3langid", reason="the extra languages is not installed")
    foreign = {"Unser Kater schläft seit Stunden unterm Sofa.": "de", "Bugün şifremi değiştirmek istiyorum": "tr"}
    assert [*foreign.values()] == [detect(text) for text in foreign]
    english = [
        "Refund declined transaction yesterday please",
        "SELECT name FROM staff WHERE age > 3",
        "Ann, Bob, Cy, Di",
    ]
    assert [] == [text for text in english if detect(text) not in (None, "en")]


@given(st.text(max_size=300))
def test_any_text_is_named_or_not_told(text):
    """What is told has a name."""
    assert detect(text) in {None, *NAMES}
