"""Tokens are counted exactly, the fast counter only while it agrees, and a sample says how sure it is."""

from pathlib import Path

import numpy as np
import pytest

from tunecase.data.tokens import counting
from tunecase.data.tokens.counting import Counter, fast_counts, read_fast, reference_counts
from tunecase.data.tokens.estimation import estimate
from tunecase.errors import InputError

TEXTS = ["the cat sat on the mat", "a dog, and 12 cats!", "naïve café 你好", "", "  two\n\nlines\t"]
CHAT = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}<end>{% endfor %}"


@pytest.fixture
def tokenizer(tmp_path) -> Path:
    """A byte-level BPE trained on a few words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=alphabet, special_tokens=["<end>"], show_progress=False
    )
    made.train_from_iterator(TEXTS * 5, trainer)
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def lengths(path: Path, texts: list[str]) -> list[int]:
    """Tokens by the library itself, one text at a time."""
    reader = counting.read_tokenizer(path)
    return [len(reader.encode(text, add_special_tokens=False).ids) for text in texts]


def test_a_tokenizer_nested_too_deep_is_refused(tmp_path):
    """The user is told, and the fast counter does without."""
    path = tmp_path / "tokenizer.json"
    path.write_text('{"model":' * 100_000, encoding="utf-8")
    assert None is read_fast(path)
    with pytest.raises(InputError, match=r"a tokenizer\.json"):
        counting.read_tokenizer(path)


def test_without_a_template_input_and_output_are_joined(tokenizer):
    """Each row is its input, a line break and its output; the answer is counted alone."""
    counter = Counter(tokenizer)
    whole, answers, _ = counter.count(["the cat", "a dog"], ["sat", ""])
    assert lengths(tokenizer, ["the cat\nsat", "a dog"]) == whole.tolist()
    assert lengths(tokenizer, ["sat", ""]) == answers.tolist()
    assert None is counter.template_tokens
    assert "without chat template" in counter.how


def test_a_chat_template_is_counted_and_masked(tokenizer):
    """The whole row is what the template writes; the answer has its closing token."""
    (tokenizer.parent / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    counter = Counter(tokenizer)
    whole, answers, _ = counter.count(["the cat"], ["sat"])
    assert lengths(tokenizer, ["<user>the cat<end><assistant>sat<end>"]) == whole.tolist()
    assert lengths(tokenizer, ["sat<end>"]) == answers.tolist()
    assert lengths(tokenizer, ["<user><end><assistant><end>"])[0] == counter.template_tokens


def test_chats_are_laid_out_by_their_own_roles(tokenizer):
    """A chat with a system turn and two answers is written as the template would."""
    (tokenizer.parent / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    turns = (("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"))
    whole, *_ = Counter(tokenizer).count(["s\n\na\n\nb\n\nc"], ["d"], [turns])
    text = "<system>s<end><user>a<end><assistant>b<end><user>c<end><assistant>d<end>"
    assert lengths(tokenizer, [text]) == whole.tolist()


TALK = (
    ("system", "s"), ("user", "the cat"), ("assistant", "sat on"), ("user", "and?"), ("assistant", "a dog, and"),
    ("user", "more"), ("assistant", "12 cats!"),
)  # fmt: skip


@pytest.mark.parametrize(("loss_on", "muted", "learnt"), [
    ("answers", (), ["sat on<end>", "a dog, and<end>", "12 cats!<end>"]),
    ("answers", (2,), ["a dog, and<end>", "12 cats!<end>"]),
    ("last_answer", (), ["12 cats!<end>"]),
    ("everything", (), ["".join(f"<{role}>{text}<end>" for role, text in TALK)]),
])  # fmt: skip
def test_what_is_learnt_of_a_chat(tokenizer, loss_on, muted, learnt):
    """All answers, each with what closes it and without those of weight 0, the last answer, or every token."""
    (tokenizer.parent / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    counted = Counter(tokenizer).count(["unused"], ["12 cats!"], [TALK], [muted], loss_on)
    assert [sum(lengths(tokenizer, learnt))] == counted.useful.tolist()
    assert lengths(tokenizer, ["12 cats!<end>"]) == counted.last.tolist()


def test_tools_stand_in_the_system_turn():
    """Behind what it says, or in one of its own."""
    assert (("system", "s\n\n[]"), *TALK[1:]) == counting.with_tools(TALK, "[]")
    assert (("system", "[]"), *TALK[1:]) == counting.with_tools(TALK[1:], "[]")
    assert counting.with_tools(TALK, "") == TALK


def test_a_template_that_changes_texts_is_not_used(tokenizer):
    """Upper case cannot be learned from marks: rows are counted without the template, and that is said."""
    changing = "{% for m in messages %}{{ m['content'] | upper }}{% endfor %}"
    (tokenizer.parent / "chat_template.jinja").write_text(changing, encoding="utf-8")
    counter = Counter(tokenizer)
    whole, *_ = counter.count(["the cat"], ["sat"])
    assert lengths(tokenizer, ["the cat\nsat"]) == whole.tolist()
    assert "the layout of the chat template could not be learned" in counter.how


def test_a_counter_that_differs_once_is_left(tokenizer, monkeypatch):
    """One row of another count, and all rows are counted by the reference."""
    monkeypatch.setattr(counting, "read_fast", lambda _: object())
    monkeypatch.setattr(counting, "fast_counts", lambda texts, _: np.array([len(text) for text in texts]))
    counter = Counter(tokenizer)
    whole, *_ = counter.count(TEXTS, TEXTS)
    assert lengths(tokenizer, [f"{text}\n{text}" if text else "" for text in TEXTS]) == whole.tolist()
    assert None is counter.fast
    assert "differed" in counter.how


def test_the_fast_counter_equals_the_reference(tokenizer):
    """Row by row, where the extra is installed."""
    pytest.importorskip("fastokens", reason="skipped: the extra tokens is not installed")
    texts = [*TEXTS, *(f"{one}{other}" for one in TEXTS for other in TEXTS)]
    fast = fast_counts(texts, read_fast(tokenizer))
    assert reference_counts(texts, counting.read_tokenizer(tokenizer)).tolist() == fast.tolist()


def test_a_large_file_is_sampled_by_length(tokenizer, monkeypatch):
    """Without the fast counter one row in 16 is counted, and the range holds the truth."""
    monkeypatch.setattr(counting, "read_fast", lambda _: None)
    rng = np.random.default_rng(0)
    rows = [" ".join(rng.choice(["the", "cat", "sat", "dog", "zebra"], rng.integers(3, 60))) for _ in range(2000)]
    whole, *_ = Counter(tokenizer, file_bytes=10**9).count(rows, [""] * len(rows))
    assert 125 == (whole > 0).sum()
    sizes = np.array([len(row) for row in rows])
    found = estimate(lambda: [(sizes[:700], whole[:700]), (sizes[700:], whole[700:])])
    truth = sum(lengths(tokenizer, rows))
    assert found.low < found.middle < found.high
    assert abs(found.middle - truth) < 0.02 * truth


def test_batches_of_few_rows_are_sampled_too(tokenizer, monkeypatch):
    """Long rows come few to a batch; one in sixteen of them all is counted."""
    monkeypatch.setattr(counting, "read_fast", lambda path: None)
    counter = Counter(tokenizer, 10 * counting.EXACT_BYTES)
    counted = sum(int((counter.count(["a cat"] * 5, ["a mat"] * 5)[0] > 0).sum()) for _ in range(64))
    assert 64 * 5 // counting.THIN == counted
