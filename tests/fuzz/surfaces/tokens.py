"""A tokenizer.json from somewhere, and the chat template beside it, which runs in a process of its own."""

import json
from pathlib import Path

from tests.data.tokens.test_counting import CHAT, TEXTS
from tests.fuzz.surface import Surface, Tree
from tunecase.data.tokens import Counter

TURNS = ((("user", "two cats"), ("assistant", "a dog")),)
CHATML = (
    "{% for m in messages %}{% if loop.first and m.role != 'system' %}<|im_start|>system\nBe brief<|im_end|>\n"
    "{% endif %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] | trim + '<|im_end|>' }}\n{% endfor %}"
)
CONFIG = {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "chat_template": CHAT, "model_max_length": 2048}


def _tokenizer() -> bytes:
    """A byte-level BPE of a few words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=alphabet, special_tokens=["<end>"], show_progress=False
    )
    made.train_from_iterator(TEXTS * 5, trainer)
    return made.to_str().encode()


def _count(folder: Path) -> object:
    return Counter(folder / "tokenizer.json").count(TEXTS, TEXTS[::-1])


def _count_chats(folder: Path) -> object:
    (folder / "tokenizer.json").write_bytes(TOKENIZER)
    return Counter(folder / "tokenizer.json").count(["two cats"], ["a dog"], TURNS, [()])


TOKENIZER = _tokenizer()
NAMED = [{"name": "default", "template": CHATML}]
TEMPLATES: list[Tree] = [
    {"tokenizer_config.json": json.dumps(CONFIG).encode()},
    {"tokenizer_config.json": json.dumps({**CONFIG, "chat_template": NAMED}).encode()},
    {"chat_template.jinja": CHATML.encode(), "tokenizer_config.json": b"{}"},
]
SURFACES = (
    Surface("tokenizers", [{"tokenizer.json": TOKENIZER}], _count),
    Surface("chat templates", TEMPLATES, _count_chats, starts=True, examples=12),
)
