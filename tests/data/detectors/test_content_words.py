"""Terms of a text: what counts as a number, whatever signs stand in it."""

from hypothesis import example, given
from hypothesis import strategies as st

from tunecase.data.detectors.content_words import terms
from tunecase.data.detectors.invented_facts import answer_facts
from tunecase.data.detectors.likeness import final_answer
from tunecase.data.detectors.personal import kinds_of
from tunecase.data.detectors.private import masked

SIGNS = st.sampled_from([*"⁰²³½①Ⅳ٣７", "⁰You", "x²", "1/0", "1,2/3", "AX-7²", "twenty ", "$", "####", '{"a": '])


def test_a_superscript_belongs_to_its_word_and_is_no_number():
    """A digit of any script is a number; a raised one has no decimal value."""
    assert ("3", "4") == terms("⁰You have 3 m and ٤ pens").numerals
    assert ("⁰you", "7") == (final_answer("⁰You"), final_answer("7"))
    assert () == answer_facts("We sold ²ton bags of sand.", '{"unit": "bags of ²TONS"}').absent


@example("⁰You")
@given(st.lists(st.one_of(SIGNS, st.text(max_size=8)), max_size=6).map("".join))
def test_any_text_is_read_to_its_end(text):
    """No sign of any script stops the detectors."""
    for read in (terms, final_answer, kinds_of, masked):
        read(text)
    answer_facts(text, text)
