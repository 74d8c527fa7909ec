"""Words of published runs: cards, frameworks, optimizers, statistics and targets however they are spelt."""

from tunecase.compute.measured.words import (
    card_of,
    framework_of,
    optimizer_of,
    precision_of,
    publisher,
    statistic,
    targets_of,
)
from tunecase.compute.model.reading import read_shape


def test_cards_are_known_however_they_are_spelt():
    """Spellings of a card find its row; an unknown one finds none."""
    cases = [
        ("A100", "A100-80GB"), ("a100_40gb", "A100-40GB"), ("A100 40GB SXM", "A100-40GB"),
        ("NVIDIA GeForce RTX 4090", "RTX4090"), ("H100 80GB SXM", "H100"), ("8xA100-80GB", "A100-80GB"),
        ("NVIDIA H200-SXM5-141GB", "H200"), ("Tesla T4", "T4"), ("RTX 3090 (280W, no NVLink)", "RTX3090"),
        ("A10G", "A10G"), ("unheard of", None), ("", None), ("MI300X", "MI300X"),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", "RTX4070TISUPER"), ("Gaudi2", None),
        ("not stated (tested on H100)", None),
    ]  # fmt: skip
    for text, name in cases:
        found = card_of(text)
        assert name == (found.name if found else None)


def test_frameworks_are_found_in_free_text():
    """The longest word of a framework that stands in the text wins; none means transformers."""
    cases = [
        ("HF transformers via something", "transformers"), ("TRL SFTTrainer", "trl"),
        ("LLaMA-Factory", "llama-factory"),
        ("Axolotl 0.8", "axolotl"),
        ("pytorch/torchtune recipes", "torchtune"), ("unsloth 2025.1", "unsloth"), ("NeMo/Megatron", "nemo"),
        ("DeepSpeed ZeRO", "deepspeed"), ("", "transformers"), ("own code", "transformers"),
        ("training code on PyTorch Lightning", "transformers"), ("Lightning-AI/litgpt", "litgpt"),
    ]  # fmt: skip
    assert [] == [(text, name) for text, name in cases if name != framework_of(text).name]


def test_optimizers_are_known_however_they_are_spelt():
    """Spellings of an optimizer find its row."""
    cases = [
        ("AdamW (HF default)", "adamw"), ("paged_adamw_8bit", "paged_adamw_8bit"),
        ("PagedAdamW8bit", "paged_adamw_8bit"),
        ("adamw_bnb_8bit", "adamw_8bit"), ("8-bit Adam", "adamw_8bit"), ("Adafactor", "adafactor"),
        ("fused AdamW", "adamw_fused"),
        ("SGD", "sgd"), ("Lion", "lion"), ("", "adamw"), ("paged AdamW 32bit", "paged_adamw"),
    ]  # fmt: skip
    assert [] == [(text, name) for text, name in cases if name != optimizer_of(text)]


def test_statistics_are_told_apart():
    """Allocated, reserved and what the card shows are three things, and a guess of the reader's is none of them."""
    cases = [
        ("torch max_memory_allocated", "allocated"), ("torch peak active", "allocated"), ("max_active", "allocated"),
        ("peak reserved", "reserved"), ("as logged", "reserved"), ("memory/max_reserved", "reserved"),
        ("accelerator_memory_max", "reserved"), ("reserved by the caching allocator", "reserved"),
        ("nvidia-smi screenshot", "card"), ("nvtop", "card"), ("wandb GPU Memory Allocated (process)", "card"),
        ("nvidia-smi style (GPUtil), as logged", "card"),
        ("not stated", "not stated"), ("not stated (looks like nvidia-smi)", "not stated"), ("", "not stated"),
        ("peak VRAM", "not stated"),
    ]  # fmt: skip
    assert [] == [(words, wanted) for words, wanted in cases if wanted != statistic(words)]


def test_precisions_are_told_apart():
    """32-bit weights under 16-bit products are 16-bit products."""
    cases = [("bf16", "bf16"), ("fp16 mixed", "fp16"), ("32-true", "fp32"), ("bf16 amp on fp32 parameters", "bf16"),
             ("fp8 hybrid", "fp8"), ("", "bf16")]  # fmt: skip
    assert [] == [(words, wanted) for words, wanted in cases if wanted != precision_of(words)]


def test_targets_are_known_by_letters_too():
    """A list that names the gate or both ways of the MLP adapts all linear layers, q k v o the attention alone."""
    shape = read_shape("meta-llama/Llama-2-7b-hf")
    cases = [("q k v o gate up down proj", "all"), ("q k v o proj", "attention"), ("all-linear", "all"), ("q v", "qv")]
    assert [] == [(text, wanted) for text, wanted in cases if wanted != targets_of(text, shape)]


def test_one_publisher_is_one_unit():
    """Several files of one owner are one publisher."""
    assert publisher("NVIDIA/NeMo docs") == publisher("NVIDIA-NeMo/Automodel docs")
