"""Spellings: words as people write them become the tables' own, and what was read otherwise is said."""

import pytest

from tunecase.compute.spellings import cards_of, counts_of, no_model, words_of
from tunecase.errors import Problem


def test_common_spellings_are_read() -> None:
    """Another case is taken silently, another word with a note."""
    cases = [
        ("method", "LoRA", "lora"), ("method", "full-fine-tuning", "full"), ("attention", "sdpa", "flash"),
        ("attention", "flash_attention_2", "flash"), ("loss", "Liger", "fused"), ("precision", "bfloat16", "bf16"),
        ("sharding", "ZeRO-3", "zero3"), ("checkpointing", "true", "full"),
        ("optimizer", "adamw_torch_fused", "adamw_fused"), ("optimizer", "paged_adamw_8bit", "paged_adamw_8bit"),
    ]  # fmt: skip
    for name, text, word in cases:
        notes: list[str] = []
        assert {name: word} == words_of({name: text}, notes, [])
        same = text.casefold().replace("-", "") == word
        assert same or notes == [f"{name} {text} is read as {word}"]


def test_words_that_stay_unknown_have_near_names_or_none() -> None:
    """A far word is answered with what there is, not with a far name."""
    problems: list[object] = []
    assert {} == words_of({"objective": "gkd", "method": "qlorra"}, [], problems)  # type: ignore[arg-type]
    goal, method = problems
    assert "did you mean" not in goal.fix  # type: ignore[attr-defined]
    assert method.fix.startswith("did you mean qlora")  # type: ignore[attr-defined]


def test_cards_are_found_however_they_are_written() -> None:
    """Dashes, blanks and case do not matter; a name of two sizes is said or refused with both."""
    notes: list[str] = []
    problems: list[object] = []
    found = cards_of(["rtx-3060", "RTX 4090", "h100", "V100", "A100", "Gaudi3"], notes, problems)  # type: ignore[arg-type]
    assert ["RTX3060", "RTX4090", "H100", "V100-16GB"] == found
    assert ["V100 is read as V100-16GB; there is also V100-32GB"] == [note[: note.index(" and ")] for note in notes]
    sizes, other = problems
    assert "A100-40GB or A100-80GB" in sizes.fix  # type: ignore[attr-defined]
    assert "did you mean" not in other.fix  # type: ignore[attr-defined]


def test_training_in_four_bit_products_is_refused_with_the_reason() -> None:
    """No published run of it was read."""
    cases = ["fp4", "nvfp4", "mxfp4"]
    for word in cases:
        problems: list[Problem] = []
        assert {} == words_of({"precision": word}, [], problems)
        assert "no published run" in problems[0].fix


def test_ranges_of_counts() -> None:
    """1-8 and 2 to 6 are the usual counts within, with both ends; what is no range stays as typed."""
    notes: list[str] = []
    assert ["1", "2", "4", "8", "2", "4", "6", "3.5", "8-1"] == counts_of(["1-8", "2 to 6", "3.5", "8-1"], notes)
    assert 2 == len(notes)


def test_names_of_no_model() -> None:
    """A name of the tables or of the hub passes; another is told with near ones only."""
    known = ["meta-llama/Llama-3.1-8B", "openai-community/gpt2"]
    assert no_model("org/anything", known, lambda name: False) is None
    assert no_model("llama", known, lambda name: True) is None
    near, far = (no_model(name, known, lambda name: False) for name in ("llama-3.1-8", "claude"))
    assert "Llama-3.1-8B" in near.fix
    assert "did you mean" not in far.fix


def test_of_many_near_models_five_are_named() -> None:
    """The others are counted, and more of the name finds them."""
    names = [f"org/Llama-{number}" for number in range(12)]
    problem = no_model("llama", names, lambda _: False)
    assert (4, True) == (problem.fix.count(","), "one of 7 more" in problem.fix)


def test_a_card_in_another_order_or_with_its_count_is_answered() -> None:
    """Words in another order name the card; a count beside a card is an option of its own."""
    cases = [
        ("RTX6000 Pro", "did you mean RTXPRO6000?"), ("H100x8", "write --gpu H100 --gpus 8"),
        ("8 x h100", "write --gpu H100 --gpus 8"),
    ]  # fmt: skip
    for name, fix in cases:
        problems: list[Problem] = []
        assert [] == cards_of([name], [], problems)
        assert [fix] == [problem.fix for problem in problems]


@pytest.mark.parametrize(("name", "card"), [("4060 Ti", "RTX4060TI"), ("RTX4060TI", "RTX4060TI")])
def test_a_card_of_two_sizes_is_told_with_its_own(name: str, card: str) -> None:
    """Where the table has the card with less memory too, the size that is taken is said."""
    notes: list[str] = []
    assert [card] == cards_of([name], notes, [])
    assert [f"{name} is read as {card} of 16 GB; there is also RTX4060TI-8GB"] == notes
