"""What JSON answers share is found, forced, and stays JSON."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pilot.trainers import networks
from tests.pilot.trainers.test_layers import network
from tunecase.pilot.trainers import decoding, forms

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda key: "\\" not in json.dumps(key)), inner),
    max_leaves=8,
)


def signs(answers: Sequence[object]) -> list[list[int]]:
    """Each answer as tokens of one sign."""
    return [[ord(sign) for sign in json.dumps(answer)] for answer in answers]


@given(JSON, st.sampled_from([None, 1]))
def test_json_is_read_to_its_end(value: object, indent: int | None) -> None:
    """Any object or list is whole with its last sign and not before; nothing else begins."""
    text = json.dumps(value, indent=indent)
    place = forms.Place().after(text)
    if isinstance(value, dict | list):
        assert place.inside == "whole"
        before = forms.Place().after(text[:-1])
        assert before.inside != "whole"
    else:
        assert place is None


@pytest.mark.parametrize(
    "text", ['{"a" 1', '{"a": 1,}', "[1 2", "[,", '{"a": 01', '{"a": tru}', '["\\x', '["\n', "[1]]", '{"a": 1]', "{,"]
)
def test_what_is_no_json_goes_nowhere(text: str) -> None:
    """The sign that breaks it is refused."""
    assert forms.Place().after(text) is None


def test_only_free_values_are_left_open() -> None:
    """Keys, brackets and the rest of a value that its beginning decides are not; free text is, up to its quote."""
    answers = [{"name": f"n{i * 7919}", "kind": ("new", "old")[i % 2]} for i in range(20)]
    tokens = signs(answers)
    form = forms.shared_form(tokens, chr)
    text = json.dumps(answers[0])
    left = "".join(text[i] for i in form.left_open(tokens[0]))
    assert left == 'n0"n'


def test_answers_of_many_kinds_have_no_form() -> None:
    """Where most answers have a key of their own, or one is no JSON."""
    assert forms.shared_form(signs([{f"key {i}": 1} for i in range(20)]), chr) is None
    assert forms.shared_form([*signs([{"a": "b"}] * 20), [ord("x")]], chr) is None
    assert forms.shared_form([], chr) is None


@pytest.mark.needs("train")
def test_every_decoded_answer_keeps_the_form() -> None:
    """A network of random weights writes JSON with the keys of the training answers, whatever it is asked."""
    own = network(networks.tiny_net())
    answers = [{"n": f"n{i * 7919}", "k": ("new", "old")[i % 2], "c": i} for i in range(20)]
    form = forms.shared_form(signs(answers), chr)
    prompts = [tuple(range(20, 20 + n)) for n in (1, 9, 4, 30, 2, 2)]
    for answer in decoding.decoded(own, (5, 6, 7), prompts, networks.ALPHABET, 300, None, form):
        text = "".join(map(chr, answer))
        place = forms.Place().after(text)
        if place.inside == "whole":
            assert list(json.loads(text)) == ["n", "k", "c"]
            assert json.loads(text)["k"] in ("new", "old")


@pytest.mark.needs("train")
def test_guesses_change_no_answer_of_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is forced and what is guessed together give what is forced alone."""
    own = network(networks.tiny_net())
    form = forms.shared_form(signs([{"n": f"n{i * 7919}", "k": ("new", "old")[i % 2]} for i in range(20)]), chr)
    prompts = [tuple(range(20, 20 + n)) for n in (1, 9, 4)]
    guessed = decoding.decoded(own, (5, 6, 7), prompts, networks.ALPHABET, 80, None, form)
    monkeypatch.setattr(decoding, "MOST_GUESSED", 0)
    assert guessed == decoding.decoded(own, (5, 6, 7), prompts, networks.ALPHABET, 80, None, form)
