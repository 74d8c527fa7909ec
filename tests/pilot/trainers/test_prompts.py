"""A task becomes text, classes become a tree of tokens, and no class is lost in it."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pilot.trainers import networks
from tunecase.pilot.trainers import prompts
from tunecase.pilot.trainers.prompts import Asking

END = 99
paths = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple), min_size=2, max_size=8, unique=True)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """One token per byte."""
    return networks.tiny_tokenizer()


@given(paths)
def test_every_class_has_its_own_way(found: list[tuple[int, ...]]) -> None:
    """No two classes take the same branches, though one may begin like another; only branchings are asked."""
    tree = prompts.classes([str(path) for path in found], found, END)
    assert len(found) == len(set(tree.ways))
    assert all(len(columns) > 1 for columns in tree.allowed)
    row = tree.row((7, 8))
    assert len(tree.branchings) == len(row.wanted)
    for path, place in zip(tree.branchings, row.wanted, strict=True):
        walked = []
        while place > 1:
            walked.append(row.tokens[place])
            place = row.parents[place]
        assert (1, path) == (place, tuple(reversed(walked)))


@given(paths, st.integers(0, 7))
def test_a_lesson_asks_what_its_class_needs(found: list[tuple[int, ...]], number: int) -> None:
    """A training row reads its label up to the last branching, and each asked place wants the label's next token."""
    number %= len(found)
    tree = prompts.classes([str(path) for path in found], found, END)
    row, ways = tree.lesson((7, 8), number)
    full = [*found[number], END]
    for place, (branching, column) in zip(row.wanted, ways, strict=True):
        assert full[place - 1] == tree.columns[column]
        assert column in tree.allowed[branching]
    assert (7, 8, *full)[: len(row.tokens)] == row.tokens


@pytest.mark.needs("train")
@settings(deadline=None)  # the first one imports torch
@given(paths, st.integers(0, 2**31))
def test_shares_of_all_classes_sum_to_one(found: list[tuple[int, ...]], seed: int) -> None:
    """Whatever the logits are."""
    import torch

    tree = prompts.classes([str(path) for path in found], found, END)
    logits = torch.randn(3, len(tree.branchings), len(tree.columns), generator=torch.Generator().manual_seed(seed))
    shares = tree.shares(logits)
    assert (3, len(found)) == tuple(shares.shape)
    assert torch.allclose(shares.sum(-1), torch.ones(3), atol=1e-5)
    nats = logits[0].double()
    for number, ways in enumerate(tree.ways):
        wanted = math.prod(float(nats[b, list(tree.allowed[b])].softmax(-1)[tree.allowed[b].index(c)]) for b, c in ways)
        assert float(shares[0, number]) == pytest.approx(wanted, rel=1e-4)


def test_one_class_has_nothing_to_ask() -> None:
    """Nor have two names that are the same tokens: the first stands for both."""
    assert () == prompts.classes(["a"], [(1, 2)], END).branchings


def test_shots_take_classes_in_turn() -> None:
    """Each class once before one comes twice; the seed decides which rows."""
    rows = [(f"{i}", label) for i, label in enumerate("aaaaaaaaabbc")]
    for seed in range(20):
        shots = prompts.choose_shots(rows, 4, seed, classes=True)
        assert {"a", "b", "c"} == {label for _, label in shots[:3]}
        assert set(shots) <= set(rows)
    assert prompts.choose_shots(rows, 4, 1, True) == prompts.choose_shots(rows, 4, 1, True)
    assert 1 < len({prompts.choose_shots(rows, 4, seed, True) for seed in range(20)})
    assert sorted(rows) == sorted(prompts.choose_shots(rows, 64, 0, classes=False))


@pytest.mark.needs("train")
def test_plain_and_chat_read_as_they_should(tokenizer: Any) -> None:
    """The parts around a text, decoded again."""
    shots = [("too dear", "price")]
    plain = prompts.form(tokenizer, Asking("classification", names=True, choices=("price", "help")), shots)
    assert (
        tokenizer.decode(plain.before)
        == "Name the class of the text. Classes: price, help.\n\nText: too dear\nClass: price\n\nText:"
    )
    assert ("\nClass:", " ") == (tokenizer.decode(plain.after), plain.lead)
    chat = prompts.form(tokenizer, Asking("classification", "chat"), shots)
    assert (
        tokenizer.decode(chat.before) == "<start>user: Name the class of the text.\n\ntoo dear<end><start>assistant: "
        "price<end><start>user: Name the class of the text.\n\n"
    )
    assert ("<end><start>assistant: ", "") == (tokenizer.decode(chat.after), chat.lead)
    tokenizer_without = networks.tiny_tokenizer()
    tokenizer_without.chat_template = None
    assert plain.after == prompts.form(tokenizer_without, Asking("classification", "chat")).after


@pytest.mark.needs("train")
def test_long_texts_are_cut_and_counted(tokenizer: Any) -> None:
    """The middle goes; what is asked stays after the text; an empty text is asked about like any other."""
    form = prompts.form(tokenizer, Asking("classification"), room=prompts.Room(20))
    asks, cut = prompts.encode(tokenizer, form, ["a" * 1_000 + "z" * 1_000, "", "y"])
    assert 1 == cut
    assert " " + 9 * "a" + 10 * "z" == tokenizer.decode(asks[0][:20])
    assert [20, 1, 2] == [len(ask) - len(form.after) for ask in asks]
    assert all(ask[-len(form.after) :] == form.after for ask in asks)


@pytest.mark.needs("train")
def test_a_free_answer_ends(tokenizer: Any) -> None:
    """A row wants each token of its answer and then the end."""
    form = prompts.form(tokenizer, Asking("extraction"))
    (ask,), _ = prompts.encode(tokenizer, form, ["x"])
    (answer,) = prompts.answers(tokenizer, form, ["{}"])
    row, wants = prompts.answer_row(ask, answer, form.end)
    assert (" {}", (*answer, form.end)) == (tokenizer.decode(answer), wants)
    assert len(wants) == len(row.wanted)
    assert [row.tokens[place + 1] for place in row.wanted[:-1]] == list(answer)
