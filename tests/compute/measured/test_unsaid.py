"""What a published run leaves unsaid: an option named in prose counts, and so does one that the code settles."""

from tests.compute.measured.test_table import row
from tunecase.compute.recipe import CHOICES

BARE = {"framework": "", "source": "someone x", "grad_ckpt": "", "notes": ""}


def test_a_bare_row_leaves_everything_unsaid():
    """A LoRA run of which nothing is told leaves all choices open but that of its masters."""
    assert set(CHOICES) - {"masters"} == row(**BARE).unsaid


def test_a_full_run_says_nothing_of_a_frozen_base():
    """Masters matter for full fine-tuning, the base for adapters."""
    unsaid = row(**BARE, method="full").unsaid
    assert ("masters" in unsaid, "base" in unsaid) == (True, False)


def test_what_a_row_names_is_said():
    """A cell, a word of the notes, or a framework whose code decides."""
    cases = [
        ("framework", {"framework": "axolotl"}), ("checkpointing", {"grad_ckpt": "False"}),
        ("checkpointing", {"notes": "full recompute"}), ("optimizer", {"optimizer": "AdamW (HF default)"}),
        ("optimizer", {"notes": "paged_adamw_8bit"}), ("kernels", {"notes": "no kernels"}),
        ("kernels", {"notes": "cut cross-entropy"}), ("kernels", {"framework": "torchtitan"}),
        ("attention", {"flash_attn": "True"}), ("attention", {"notes": "sdpa"}),
        ("attention", {"framework": "litgpt"}), ("base", {"precision": "bf16-true"}),
        ("base", {"framework": "LLaMA-Factory"}), ("base", {"notes": "loaded in fp32"}),
        ("length", {"notes": "packed"}), ("length", {"notes": "is the max; padded to max_length"}),
        ("length", {"dataset": "random tokens"}), ("length", {"notes": "seq_len is the longest row"}),
        ("length", {"framework": "llm-foundry"}),
    ]  # fmt: skip
    assert [] == [(choice, cells) for choice, cells in cases if not (choice not in row(**{**BARE, **cells}).unsaid)]


def test_what_a_row_only_touches_stays_unsaid():
    """A clause that says that nothing is stated, a fused optimizer, a mere limit of length."""
    cases = [
        ("checkpointing", {"notes": "checkpointing, optimizer, precision not stated"}),
        ("optimizer", {"optimizer": "default"}), ("kernels", {"optimizer": "fused AdamW"}),
        ("length", {"notes": "is the max"}), ("length", {"notes": "not packed"}),
        ("length", {"notes": "packing false"}), ("length", {"notes": "padded to the longest of the batch"}),
        ("framework", {"framework": "own code", "notes": "unknown trainer"}),
    ]  # fmt: skip
    assert [] == [(choice, cells) for choice, cells in cases if choice not in row(**{**BARE, **cells}).unsaid]


def test_rows_are_full_unless_said_otherwise():
    """Packed rows and rows padded to the limit are full, samples of many lengths are not."""
    cases = [
        ("packed", True), ("", True), ("sample packing, padding-free", True), ("is the max", False),
        ("not packed", False), ("variable length", False), ("not packed; padded to max_length 512", True),
        ("seq_len is the longest row of the run", False),
    ]  # fmt: skip
    assert [] == [(notes, packed) for notes, packed in cases if packed != row(notes=notes).packed]
