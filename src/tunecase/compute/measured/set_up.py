"""How a published run was set up: what its row states, and the framework's own defaults for the rest."""

import re
from typing import Any

from tunecase import catalog
from tunecase.compute.measured.rows import Row, cell, notes, number, words
from tunecase.compute.measured.words import optimizer_of, precision_of
from tunecase.compute.recipe import Checkpointing, Kernels, Loss, Offload, Precision, Recipe, Sharding

SHARDING_WORDS: tuple[tuple[tuple[str, ...], Sharding], ...] = (
    (("shard_grad_op",), "zero2"),
    (("fsdp", "full_shard", "full shard"), "fsdp"),
    (("ddp", "data parallel"), "ddp"),
    (("gemini", "deepspeed"), "zero3"),
)
STAGE = re.compile(r"\b(?:zero|stage|ds)[-_ ]?z?(\d)")
ONE_MODEL = re.compile(r"device_map|model parallel|naive")  # layers spread over cards, one of which works at a time
WAYS = {
    "tensor_parallel": r"\btp|tensor.?parallel(?:ism)?(?:_size)?",
    "pipeline_parallel": r"\bpp|pipeline.?parallel(?:ism)?(?:_size)?",
    "context_parallel": r"\bcp|\bsp|context.?parallel(?:ism)?(?:_size)?",
}
SEQUENCE_WAYS = re.compile(r"(?:sequence.?parallel(?:_size)?|ulysses|ring.?attention)[ =:x]?(\d+)")

OFF = r"(?![\w ]{0,16}[ =:]*(?:off\b|false|disabled|none|0\b))"
NO = r"(?<!no )(?<!without )(?<!not )"
FUSED_LOSS = re.compile(
    rf"{NO}(?:liger{OFF}|fused[_ -]?linear{OFF}|cut[ _-]?(?:your[ _-]?)?(?:losses|cross){OFF}|\bcce\b{OFF})"
)
FUSED_ENTROPY = re.compile(rf"{NO}fused[_ -]?(?:loss|cross|ce\b){OFF}")
FUSED_KERNELS = re.compile(rf"{NO}(?:liger{OFF}|unsloth|fused kernels|\bte\b|transformer engine)")
ACTIVATIONS_AWAY = re.compile(
    rf"activations?[ _-]*(?:cpu[ _-]*)?(?:are )?offload\w*{OFF}|offload\w* (?:of )?(?:all )?activations?{OFF}"
    r"|offloaded checkpoint|checkpoints? offloaded|cpu\+activation offload"
)
STATES_AWAY = re.compile(
    rf"(?:optimi[sz]er|adam)[^;]{{0,24}}{NO}offload\w*{OFF}|(?<!no ){NO}offload\w*[^;]{{0,12}}optimi[sz]er"
)
WEIGHTS_AWAY = re.compile(
    rf"(?:param\w*|weights?)[^;]{{0,24}}{NO}offload\w*{OFF}|{NO}offload\w*[^;]{{0,20}}(?:param|weight)"
)
ALL_AWAY = re.compile(rf"{NO}(?:cpu[ _+-]*offload\w*|offload\w* to (?:the )?(?:cpu|host)){OFF}")
WIDE_BASE = re.compile(
    r"load\w* (?:in|as) (?:fp32|float32|32.?bit)"
    r"|(?<!master )(?:fp32|float32|32-bit) (?:frozen )?(?:base|weights|model|param)"
    r"|(?:base|frozen|model) (?:\w+ ){0,2}(?:fp32|float32|32-bit)|torch_dtype[ =:]*(?:torch\.)?float32"
    r"|(?:fp32|float32) masters?[^;]*autocast|(?:amp|autocast) on (?:fp32|float32)"
)
WIDE_MASTERS = re.compile(r"mp=default|deepspeed|32.?bit masters?|(?:fp32|float32) masters?|master weights")
NARROW_MASTERS = re.compile(
    r"mp=pure|pure.?(?:bf16|fp16|16)|bf16-true|16-true"
    r"|(?:bf16|fp16|bfloat16|float16|16-bit) (?:trained |\()?(?:weights|param)"
    r"|weights (?:in )?(?:bf16|fp16|bfloat16|float16|16-bit)"
)
TRAINED_ENDS = re.compile(
    r"modules_to_save|embeddings? and (?:output|head|lm_head)|(?:embed_tokens|wte|embeddings?|lm_head)[^;]{0,24}trained"
)
ENDS = re.compile(r"embed_tokens|lm_head|\bwte\b|embed_in|embed_out")


def parallel(row: Row, gpus: int, framework: catalog.Framework) -> dict[str, Any]:
    """How the cards share the work."""
    text = cell(row, "sharding")
    found = {name: re.search(rf"(?:{word})[ =:]?(\d+)", text) for name, word in WAYS.items()}
    sizes = {name: max(int(match[1]), 1) if match else 1 for name, match in found.items()}
    sequence = SEQUENCE_WAYS.search(text)
    sizes["context_parallel"] *= max(int(sequence[1]) if sequence else 1, 1)
    if ONE_MODEL.search(text) and "data" not in text:
        return {**sizes, "sharding": "none", "pipeline_parallel": gpus, "offload": _offload(row)}
    sharding = _sharding(text, gpus, framework)
    return {
        **sizes,
        "sharding": "none" if gpus == 1 and sharding in ("fsdp", "ddp") else sharding,
        "offload": _offload(row),
    }


def states_context(row: Row) -> bool:
    """True where a row states how many cards share one sample."""
    text = cell(row, "sharding")
    return bool(re.search(rf"(?:{WAYS['context_parallel']})[ =:]?\d", text) or "sequence_parallel" in text)


def _sharding(text: str, gpus: int, framework: catalog.Framework) -> Sharding:
    stage = STAGE.search(text)
    if stage:
        stages: dict[str, Sharding] = {"1": "zero1", "2": "zero2", "3": "fsdp" if "fsdp" in text else "zero3"}
        return stages.get(stage[1], "ddp")
    for needed, sharding in SHARDING_WORDS:
        if any(word in text for word in needed):
            return sharding
    if text.startswith("none") or gpus == 1:
        return "none"
    usual: dict[str, Sharding] = {"megatron": "zero1", "deepspeed": "zero3"}
    return usual.get(framework.engine, "fsdp")


def _offload(row: Row) -> Offload:
    """What lies in the host's memory; offload that names nothing is the optimizer's under ZeRO-2, else everything."""
    stated = " ; ".join((cell(row, "sharding"), cell(row, "optimizer"), notes(row)))
    stated = ACTIVATIONS_AWAY.sub(" ", stated.replace("cpu+activation offload", "cpu offload; activation offload"))
    if WEIGHTS_AWAY.search(stated):
        return "all"
    if STATES_AWAY.search(stated) or "offload" in cell(row, "optimizer"):
        return "optimizer"
    stage = STAGE.search(stated)
    plain = ALL_AWAY.search(stated) or re.search(rf"{NO}offload{OFF}", cell(row, "sharding"))
    return "none" if not plain else "optimizer" if stage and stage[1] in "12" else "all"


def setup(row: Row, recipe: Recipe, framework: catalog.Framework) -> dict[str, Any]:
    """What a row states of its set-up, and the framework's own defaults for the rest."""
    stated = words(row)
    kernels, precision = _kernels(stated, framework), _precision(row, recipe, framework)
    plain_nf4 = re.fullmatch(r"(bnb-)?nf4", cell(row, "quant")) is not None
    eager = re.search(r"^(false|no|eager|none)\b", cell(row, "flash_attn")) or re.search(r"eager att", stated)
    return {
        "checkpointing": _checkpointing(row, recipe, framework),
        "precision": precision,
        "masters": _masters(row, stated, recipe, framework, precision),
        "base": "32-bit" if recipe.method == "lora" and WIDE_BASE.search(stated) else "16-bit",
        "step_in_backward": _steps_in_backward(row, stated, recipe, framework),
        "optimizer": _optimizer(row, framework),
        "quantiser": "gptq" if "gptq" in stated else "nf4",
        "trained_ends": _trained_ends(row, stated, framework),
        "loss": _loss(stated, framework, kernels),
        "kernels": kernels,
        "attention": "eager" if eager else "flash",
        "double_quantised": not (plain_nf4 and framework.stack.startswith("litgpt")),
        "objective": "dpo" if re.search(r"\bdpo\b", f"{cell(row, 'method')} ; {notes(row)}") else "sft",
    }


def stated_checkpointing(row: Row) -> Checkpointing | None:
    """What a row says of checkpointing; None where it says nothing."""
    text, more = cell(row, "grad_ckpt"), notes(row)
    if "offload" in text or text == "unsloth" or ACTIVATIONS_AWAY.search(more):
        return "offloaded"
    if re.match(r"(false|none|no|off)\b", text):
        return "none"
    if re.match(r"selective|op\b|sac\b", text):
        return "selective"
    if text:
        return "full"
    if re.search(r"(no|without) (gradient |activation )?(checkpoint|recompu)|checkpointing (off|disabled)", more):
        return "none"
    return "full" if re.search(r"gradient.?checkpointing|full recompu|activation checkpointing", more) else None


def _checkpointing(row: Row, recipe: Recipe, framework: catalog.Framework) -> Checkpointing:
    default: Checkpointing = framework.checkpointing_several if recipe.gpus > 1 else framework.checkpointing_one  # type: ignore[assignment]
    stated = stated_checkpointing(row) or default
    return "offloaded" if stated == "full" and default == "offloaded" else stated


def _precision(row: Row, recipe: Recipe, framework: catalog.Framework) -> Precision:
    """As named; Megatron's default is 8 bit on cards that have it; a card without bf16 computes in fp16."""
    text = row.get("precision", "").strip()
    eight_bit_card = recipe.gpu is not None and recipe.gpu.peak_fp8_tflops > 0
    named = "fp8" if not text and framework.engine == "megatron" and eight_bit_card else precision_of(text)
    return "fp16" if named == "bf16" and recipe.gpu is not None and not recipe.gpu.bf16 else named


def _masters(row: Row, stated: str, recipe: Recipe, framework: catalog.Framework, precision: str) -> str:
    """As stated; DeepSpeed and mixed precision keep 32-bit masters."""
    if "mixed" in cell(row, "precision") or WIDE_MASTERS.search(stated) or recipe.sharding.startswith("zero"):
        return "16-bit" if NARROW_MASTERS.search(stated) and "deepspeed" not in stated else "32-bit"
    if NARROW_MASTERS.search(stated):
        return "16-bit"
    if precision == "fp16" and recipe.method == "full":
        return "32-bit"
    return framework.masters_several if recipe.gpus > 1 else framework.masters_one


def _loss(stated: str, framework: catalog.Framework, kernels: Kernels) -> Loss:
    """The loss that the words of a run name, else the framework's; compiled only with compiled kernels.

    Megatron's and llm-foundry's fused cross-entropy still holds the logits: it is their usual loss.
    """
    loss: Loss = framework.loss  # type: ignore[assignment]
    holds_logits = framework.engine == "megatron" or framework.name == "llm-foundry"
    if FUSED_LOSS.search(stated) or (FUSED_ENTROPY.search(stated) and not holds_logits):
        return "fused"
    if kernels == "foak":
        return "shifted-inplace" if loss == "shifted" else "inplace"
    if "chunked" in stated:
        return "chunked"
    return "whole" if loss == "compiled" and kernels != "compiled" else loss


def _kernels(stated: str, framework: catalog.Framework) -> Kernels:
    """The kernels that the words of a run name, else the framework's."""
    if "foak" in stated or "fast-kernels" in stated:
        return "foak"
    if FUSED_KERNELS.search(stated):
        return "fused"
    if "compile" in stated and not re.search(r"(no|without) (torch\.)?compile", stated):
        return "compiled"
    return framework.kernels  # type: ignore[return-value]


def _steps_in_backward(row: Row, stated: str, recipe: Recipe, framework: catalog.Framework) -> bool:
    """True where the row says so, and for torchtune's one-card recipe with a paged optimizer, as shipped."""
    paged = "paged" in cell(row, "optimizer")
    usual = framework.name == "torchtune" and recipe.method == "full" and recipe.gpus == 1 and paged
    return usual or bool(re.search(r"optimi[sz]er[_ -]in[_ -]b|in.?backward|lomo|layer.?wise", stated))


def stated_optimizer(row: Row) -> str:
    """The words in which a row names its optimizer, empty where it names none."""
    text = re.sub(r"\bdefault\b", "", cell(row, "optimizer"))
    if re.search(r"adam|ada|galore|lion|sgd|apollo|muon|8.?bit|paged|fused", text):
        return text
    named = re.search(r"[\w-]*(?:adam|adafactor|galore|\bsgd\b)[\w-]*", f"{cell(row, 'method')} ; {notes(row)}")
    return named[0] if named else ""


def _optimizer(row: Row, framework: catalog.Framework) -> str:
    """The optimizer as named, else the framework's default at the time."""
    text, stated = cell(row, "optimizer"), stated_optimizer(row)
    return optimizer_of(stated) if stated and "default" not in text else framework.optimizer


def _trained_ends(row: Row, stated: str, framework: catalog.Framework) -> bool:
    """True where embedding and head learn in full; Unsloth trains them so wherever they are named as targets."""
    targets = cell(row, "lora_targets")
    named = ENDS.search(targets) is not None and ("train" in targets or "full" in targets)
    return bool(TRAINED_ENDS.search(stated)) or named or (framework.name == "unsloth" and bool(ENDS.search(targets)))


def batch(row: Row, recipe: Recipe) -> dict[str, Any]:
    """Micro-batch and accumulation; a blank micro-batch is taken as the whole batch of one card, at most 8."""
    model = recipe.tensor_parallel * recipe.pipeline_parallel * recipe.context_parallel
    ways = max(recipe.gpus // model, 1)
    micro, whole = number(row, "micro_batch"), number(row, "global_batch")
    if micro is None:
        micro = min(max((whole or ways) / ways, 1), 8)
    accumulation = max(round((whole or 0) / (micro * ways)), 1)
    sizes = {"micro_batch": micro if micro != int(micro) else int(micro), "accumulation": accumulation}
    if whole and whole < ways and model == 1:  # fewer samples than cards: cards must share a sample
        together = max(int(ways // whole), 1)
        sizes |= {"tensor_parallel": min(together, 4), "context_parallel": max(together // 4, 1)}
    return sizes
