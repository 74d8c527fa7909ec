"""Rows decoded at once are written as transformers writes each of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pilot.trainers import networks
from tests.pilot.trainers.test_layers import LLAMAS, network
from tunecase.pilot.trainers import decoding

PREFIX = (5, 6, 7)
PROMPTS = [tuple(range(20, 20 + n)) for n in (1, 9, 4, 30, 2, 2)]
END = networks.ALPHABET


@pytest.mark.needs("train")
@pytest.mark.parametrize(("kind", "more"), LLAMAS, ids=[kind for kind, _ in LLAMAS])
def test_answers_equal_those_of_generate(kind: str, more: dict[str, Any]) -> None:
    """Token for token, whatever the rows' lengths, and though tokens repeat so that many are guessed."""
    own = network(networks.tiny_net(kind, **more))
    assert own.stock == ""
    wanted = own.stock_decoded(PREFIX, PROMPTS, END, 40)
    assert wanted == decoding.decoded(own, PREFIX, PROMPTS, END, 40)
    assert wanted == decoding.decoded(own, PREFIX, PROMPTS, END, 40)  # with what was kept of the prompts


@pytest.mark.needs("train")
def test_groups_do_not_change_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory has room for one row at a time, and where guesses are long or none."""
    own = network(networks.tiny_net())
    wanted = decoding.decoded(own, PREFIX, PROMPTS, END, 30)
    monkeypatch.setattr(decoding, "MOST_BYTES", 1)
    assert wanted == decoding.decoded(own, PREFIX, PROMPTS, END, 30)
    monkeypatch.setattr(decoding, "MOST_GUESSED", 0)
    assert wanted == decoding.decoded(own, PREFIX, PROMPTS, END, 30)


@pytest.mark.needs("train")
def test_guesses_save_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that repeats itself, as a tiny one does, is asked less often than it writes tokens."""
    own = network(networks.tiny_net())
    passes = []
    inner = decoding._Rows._pass
    monkeypatch.setattr(decoding._Rows, "_pass", lambda rows, end: (passes.append(1), inner(rows, end))[1])
    (answer,) = decoding.decoded(own, PREFIX, [(20, 21, 20, 21, 20)], END, 120)
    assert len(passes) <= len(answer) - 1


@pytest.mark.needs("train")
def test_other_adapters_are_not_mixed_up() -> None:
    """What is kept of a prompt lies below the adapters: with others, answers are theirs."""
    import torch

    own = network(networks.tiny_net())
    decoding.decoded(own, PREFIX, PROMPTS, END, 10)
    with torch.no_grad():
        for part in own.trained:
            torch.nn.init.normal_(part, std=0.2)
    assert own.stock_decoded(PREFIX, PROMPTS, END, 10) == decoding.decoded(own, PREFIX, PROMPTS, END, 10)


@pytest.mark.needs("train")
@pytest.mark.parametrize("kind", ["Llama", "GPTNeoX"])
def test_a_row_ends_where_its_answer_is_whole(kind: str) -> None:
    """By whichever forward; a row that ends at once ends with its first token."""
    own = network(networks.tiny_net(kind))

    def third() -> Callable[[int], bool]:
        seen: list[int] = []
        return lambda token: (seen.append(token), len(seen) == 3)[1]

    free = decoding.decoded(own, PREFIX, PROMPTS, END, 12)
    assert [answer[:3] for answer in free] == decoding.decoded(own, PREFIX, PROMPTS, END, 12, third)
    assert [answer[:1] for answer in free] == decoding.decoded(own, PREFIX, PROMPTS, END, 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), json_values, max_size=4) | st.lists(json_values, max_size=4), st.booleans())
def test_json_is_whole_with_its_last_sign(value: object, ascii_only: bool) -> None:
    """Whatever brackets, quotes and backslashes stand in its strings, and whatever follows."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    tokens = [ord(sign) for sign in f" {text}}} {{"]
    wanted = tokens[: len(text) + 1]
    assert wanted == decoding.up_to_end(tokens, decoding.json_ends(chr))


def test_what_is_no_object_has_no_end_of_its_own() -> None:
    """Words, numbers and closed brackets that were never opened go on."""
    for text in ('so "it" is', "12", "} ] x", '{"a": "}'):
        assert len(text) == len(decoding.up_to_end([ord(sign) for sign in text], decoding.json_ends(chr)))


def test_a_text_is_followed_from_its_last_like_place() -> None:
    """Nothing where nothing is alike or nothing follows."""
    assert [5, 6] == decoding._after((1, 2, 4, 1, 2, 5, 6), (1, 2), 2)
    assert [] == decoding._after((1, 2), (1, 2), 2)
    assert [] == decoding._after((), (1,), 2)
