"""A small tokenizer for tests."""

from pathlib import Path

TEXTS = ["the cat sat on the mat", "a dog, and 12 cats!", "naïve café 你好", "", "  two\n\nlines\t"]
CHAT = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}<end>{% endfor %}"


def made_tokenizer(folder: Path, entries: int = 400) -> Path:
    """A byte-level BPE trained on a few words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=entries, initial_alphabet=alphabet, special_tokens=["<end>"], show_progress=False
    )
    made.train_from_iterator(TEXTS * 5, trainer)
    made.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"
