"""Tokens are counted exactly, the fast counter only while it agrees, and a sample says how sure it is."""

import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.data.tokens.made import CHAT, TEXTS, made_tokenizer
from tunecase.compute import read_lengths
from tunecase.data.audit import Files, audit
from tunecase.data.tokens import chat_layout, counting
from tunecase.data.tokens.counting import Counter, fast_counts, read_fast, reference_counts
from tunecase.data.tokens.estimation import estimate
from tunecase.errors import InputError, MissingExtraError
from tunecase.prices import Basis
from tunecase.quantities import Worlds


@pytest.fixture
def tokenizer(tmp_path) -> Path:
    """A byte-level BPE trained on a few words."""
    return made_tokenizer(tmp_path)


def lengths(path: Path, texts: list[str]) -> list[int]:
    """Tokens by the library itself, one text at a time."""
    reader = counting.read_tokenizer(path)
    return [len(reader.encode(text, add_special_tokens=False).ids) for text in texts]


def test_without_a_template_input_and_output_are_joined(tokenizer):
    """Each row is its input, a line break and its output; the answer is counted alone."""
    counter = Counter(tokenizer)
    whole, answers, _ = counter.count(["the cat", "a dog"], ["sat", ""])
    assert lengths(tokenizer, ["the cat\nsat", "a dog"]) == whole.tolist()
    assert lengths(tokenizer, ["sat", ""]) == answers.tolist()
    assert None is counter.template_tokens
    assert "without chat template" in counter.how


def test_a_tokenizer_nested_too_deep_is_refused(tmp_path):
    """The user is told, and the fast counter does without."""
    path = tmp_path / "tokenizer.json"
    path.write_text('{"model":' * 100_000, encoding="utf-8")
    assert None is read_fast(path)
    with pytest.raises(InputError, match=r"a tokenizer\.json"):
        counting.read_tokenizer(path)


def test_a_chat_template_is_counted_and_masked(tokenizer):
    """The whole row is what the template writes, the answer has its closing token."""
    (tokenizer.parent / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    counter = Counter(tokenizer)
    whole, answers, _ = counter.count(["the cat"], ["sat"])
    assert lengths(tokenizer, ["<user>the cat<end><assistant>sat<end>"]) == whole.tolist()
    assert lengths(tokenizer, ["sat<end>"]) == answers.tolist()
    assert lengths(tokenizer, ["<user><end><assistant><end>"])[0] == counter.template_tokens
    changing = "{% for m in messages %}{{ m['content'] | upper }}{% endfor %}"
    (tokenizer.parent / "chat_template.jinja").write_text(changing, encoding="utf-8")
    counter = Counter(tokenizer)
    whole, *_ = counter.count(["the cat"], ["sat"])
    assert lengths(tokenizer, ["the cat\nsat"]) == whole.tolist()
    assert "the layout of the chat template could not be learned" in counter.how
    assert (("system", "s\n\n[]"), *TALK[1:]) == counting.with_tools(TALK, "[]")
    assert (("system", "[]"), *TALK[1:]) == counting.with_tools(TALK[1:], "[]")
    assert counting.with_tools(TALK, "") == TALK


TALK = (
    ("system", "s"), ("user", "the cat"), ("assistant", "sat on"), ("user", "and?"), ("assistant", "a dog, and"),
    ("user", "more"), ("assistant", "12 cats!"),
)  # fmt: skip


@pytest.mark.parametrize(("loss_on", "muted", "learnt"), [
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
    assert lengths(tokenizer, ["".join(f"<{role}>{text}<end>" for role, text in TALK)]) == counted.total.tolist()


def test_the_fast_counter_equals_the_reference(tokenizer):
    """Row by row, where the extra is installed."""
    pytest.importorskip("fastokens", reason="skipped: the extra tokens is not installed")
    texts = [*TEXTS, *(f"{one}{other}" for one in TEXTS for other in TEXTS)]
    fast = fast_counts(texts, read_fast(tokenizer))
    assert reference_counts(texts, counting.read_tokenizer(tokenizer)).tolist() == fast.tolist()


def test_a_large_file_is_sampled_by_length(tokenizer, monkeypatch):
    """One row in 16 is counted, also in batches of few rows, and the range holds the truth."""
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
    monkeypatch.setattr(counting, "read_fast", lambda path: None)
    counter = Counter(tokenizer, 10 * counting.EXACT_BYTES)
    counted = sum(int((counter.count(["a cat"] * 5, ["a mat"] * 5)[0] > 0).sum()) for _ in range(64))
    assert 64 * 5 // counting.THIN == counted


def test_parts_are_counted_alike(tokenizer, monkeypatch):
    """Whatever was counted before; a counter that differs once is left for the reference, and it is said."""
    monkeypatch.setattr(counting, "read_fast", lambda _: object())
    monkeypatch.setattr(counting, "fast_counts", lambda texts, _: np.array([len(text) for text in texts]))
    counter = Counter(tokenizer)
    whole, *_ = counter.count(TEXTS, TEXTS)
    assert lengths(tokenizer, [f"{text}\n{text}" if text else "" for text in TEXTS]) == whole.tolist()
    assert None is counter.fast
    assert "differed" in counter.how
    monkeypatch.undo()
    monkeypatch.setattr(chat_layout, "_LEARNT", {})
    asked, learn = [], chat_layout.learn
    monkeypatch.setattr(chat_layout, "learn", lambda template, runs: asked.append(runs) or learn(template, runs))
    (tokenizer.parent / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    learnt = Counter(tokenizer).learn(["the cat"], ["sat"])
    parts = [(["a"], ["b"], [TALK]), (["the cat"], ["sat"], [()]), (["a"], ["b"], [TALK[:3]])]
    told = [[Counter.of(learnt, 0).count(*part).total.tolist() for part in order] for order in (parts, parts[::-1])]
    assert told[0] == told[1][::-1]
    assert 3 == len(asked)
    assert learnt == Counter(tokenizer).learn(["the cat"], ["sat"])


def test_a_difference_in_one_part_leaves_the_others_alone(tokenizer, monkeypatch):
    """The part is counted by the reference from there on, and the whole says so."""
    pytest.importorskip("fastokens", reason="skipped: the extra tokens is not installed")
    learnt = Counter(tokenizer).learn(TEXTS, TEXTS)
    assert learnt.fast
    first = Counter.of(learnt, 0)
    monkeypatch.setattr(counting, "fast_counts", lambda texts, _: np.zeros(len(texts)))
    first.count(TEXTS, TEXTS)
    assert (None, True) == (first.fast, Counter.of(learnt, 0).fast is not None)
    assert "by tokenizers in the parts of the file where the two differ" in first.how


def test_the_digest_tells_tokenizers_and_templates_apart(tmp_path):
    """By what is in the files, not by their names; without a tokenizer the user is told."""
    with pytest.raises(InputError, match=r"tokenizer\.json"):
        counting.counting_digest(tmp_path / "tokenizer.json")
    path = made_tokenizer(tmp_path)
    told = {counting.counting_digest(path), counting.counting_digest(made_tokenizer(tmp_path))}
    made_tokenizer(tmp_path, 260)
    told.add(counting.counting_digest(path))
    (tmp_path / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    told.add(counting.counting_digest(path))
    (tmp_path / "tokenizer_config.json").write_text("{}", encoding="utf-8")
    assert 4 == len(told | {counting.counting_digest(path)})


@pytest.fixture
def no_tokenizers(tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with the core alone: a tokenizer is there, and neither library that counts is installed."""
    assert tokenizer.is_file()
    for name in ("tokenizers", "fastokens"):
        monkeypatch.setitem(sys.modules, name, None)
    counting.read_tokenizer.cache_clear()


@pytest.mark.usefixtures("no_tokenizers")
def test_without_the_library_the_extra_is_named(tokenizer, tmp_path):
    """Whoever asks for a count is told what to install; the lengths of a data file are estimated."""
    assert "pip install fastokens tokenizers" in counting.why_uncounted(tokenizer)
    with pytest.raises(MissingExtraError, match="pip install fastokens tokenizers"):
        Counter(tokenizer)
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"input": "the cat sat on the mat", "output": "a dog"}\n' * 30, encoding="utf-8")
    assert 30 == read_lengths(rows, tokenizer).lengths.total
    record = audit(
        None, Files(rows, tokenizer=tokenizer), basis=Basis(None, date(2026, 11, 20), Worlds(0, 100)), fast=True
    )
    assert not record.tokens.exact
    assert 0 < record.tokens.total.low < record.tokens.total.high
