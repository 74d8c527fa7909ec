"""What a published run leaves unsaid, and whether its rows are full: each decides how wide its band must be."""

import re

from tunecase import catalog
from tunecase.compute.measured.rows import Row, cell, words
from tunecase.compute.measured.set_up import stated_checkpointing, stated_optimizer
from tunecase.compute.measured.words import names_a_framework
from tunecase.compute.recipe import Recipe

OWN_MODELS = (
    "litgpt", "torchtitan", "llm-foundry", "nemo", "fsdp-qlora", "torchtune", "fms-fsdp", "vectorlm", "gpt-neox",
    "internevo", "automodel", "unsloth",
)  # fmt: skip
OWN_PRECISION = (*OWN_MODELS, "xtuner", "colossalai")
SETTLED: dict[str, tuple[str, ...]] = {  # choices that a framework's own code makes, so that a row need not name them
    "checkpointing": ("litgpt",),  # never on one card, always where it is sharded
    "optimizer": ("litgpt", "torchtitan", "llm-foundry", "nemo", "fsdp-qlora"),
    "kernels": OWN_MODELS,
    "attention": OWN_MODELS,
    "masters": OWN_PRECISION,
    "base": (*OWN_PRECISION, "llama-factory", "axolotl", "ms-swift", "deepspeed"),
    "length": ("litgpt", "torchtitan", "llm-foundry", "nemo", "automodel", "fms-fsdp", "gpt-neox"),
}

KERNEL_WORDS = re.compile(
    r"liger|fused|foak|fast-kernels|framework_config=|chunked|compile|cut.(your.)?(cross|loss)|\bcce\b|no kernels"
    r"|stock kernels|transformer engine"
)
ATTENTION_WORDS = re.compile(r"sdpa|flash|fa[23]\b|eager att|xformers|memory.efficient att|flex.?att")
MASTER_WORDS = re.compile(
    r"mixed|pure|master|mp=|\bamp|amp_|bf16-true|16-true|autocast|(fp32|float32|bf16|bfloat16|16.bit|32.bit) "
    r"(weights|param)|deepspeed|zero.?[123]|\bfp32|fp16"
)
BASE_WORDS = re.compile(
    r"(base|model|weights?|loaded)[^;]{0,20}(bf16|bfloat16|fp16|float16|fp32|float32|16.bit|32.bit)|torch_dtype|-true"
    r"|(fp32|float32|bf16|bfloat16|16.bit|32.bit) (base|model|weights|param)|load_in|pure|autocast|deepspeed"
    r"|zero.?[123]"
)
PLAIN = re.compile(r"(bf|fp|bfloat|float)16")  # the type of a frozen base too, where no other is named
NOT_PACKED = re.compile(r"not packed|un-?packed|non-?packed|(no|without) packing|packing[ =:]*(off|false|no\b|none|0)")
PACKED = re.compile(r"\bpacked\b|\bpacking\b|multipack")
VARYING = re.compile(
    r"padding.?free|padd\w+ (in batch )?to (the )?longest|variable.length|is the max|cut-?off|shorter|natural data"
    r"|not padded|truncated at"
)
FULL = re.compile(
    r"full.?context|full.?length|synthetic|dummy|\bfake\b|random[ _](tokens|data|inputs?|sequences)|pre-?training"
    r"|fixed.length"
)
LONGEST = re.compile(r"max(imum)? sample length|longest (row|sample|sequence)(?! in)")
PADDED_TO_MAX = re.compile(r"padd\w+ to (the )?(max|full|\d)|padding[ =:]*max_length|pad_to_(max|seq)")


def is_packed(row: Row) -> bool:
    """False where a row says that samples of many lengths stand side by side, true where it says or leaves open."""
    text = words(row)
    if PADDED_TO_MAX.search(text) or (PACKED.search(text) and not NOT_PACKED.search(text)):
        return True
    return not (NOT_PACKED.search(text) or VARYING.search(text) or LONGEST.search(text))


def states_length(row: Row, framework: str) -> bool:
    """True where a row's length is that of the longest micro-batch, not only the most that was allowed."""
    text = f"{words(row)} ; {cell(row, 'dataset')}"
    if LONGEST.search(text):
        return True
    full = FULL.search(text) or PACKED.search(text) or PADDED_TO_MAX.search(text)
    return bool(full or "length" in settled(framework)) and is_packed(row)


def unsaid(row: Row, recipe: Recipe) -> frozenset[str]:
    """The choices of compute/doubt/ways.py that a row does not state and its framework's code does not settle."""
    text = words(row)
    source = f"{row.get('framework', '')} {row.get('source', '')} {row.get('notes', '').partition(';')[0]}"
    attention = cell(row, "flash_attn") or ATTENTION_WORDS.search(text) or recipe.context_parallel > 1
    stated = {
        "framework": names_a_framework(source),
        "checkpointing": stated_checkpointing(row) is not None,
        "optimizer": bool(stated_optimizer(row)),
        "kernels": bool(KERNEL_WORDS.search(words(row, without="optimizer"))),
        "attention": bool(attention),
        "masters": recipe.method != "full" or bool(MASTER_WORDS.search(text)),
        "base": recipe.method != "lora" or bool(BASE_WORDS.search(text) or PLAIN.fullmatch(cell(row, "precision"))),
        "length": states_length(row, recipe.framework),
    }
    silent = frozenset(choice for choice, said in stated.items() if not said)
    return silent - (settled(recipe.framework) - {"length"})


def settled(framework: str) -> frozenset[str]:
    """The choices that a framework's own code makes; an earlier year of a framework is that framework."""
    return frozenset(choice for choice, names in SETTLED.items() if catalog.of_any_year(framework) in names)
