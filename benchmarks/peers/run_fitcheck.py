"""fitcheck's memory of one GPU; models that it refuses by name of expert or by parameter count stay refused.

Settings: AdamW, in 16 bit for full fine-tuning unless the run keeps 32-bit masters, NF4 with double quantisation for
QLoRA, the run's own attention, checkpointing and adapters. Its figure includes a context and a share for fragmentation;
"tensors alone" leaves both out, since torch's allocated peak has neither.
"""

from dataclasses import asdict

from fitcheck import GPU_DB, ModelConfig, TrainingConfig, config_parser, estimate, get_gpu
from fitcheck.memory.lora import LORA_TARGETS_FULL, LORA_TARGETS_MINIMAL, LORA_TARGETS_STANDARD
from training_row import config, serve, whole_on_each

TARGETS = {"all": LORA_TARGETS_FULL, "attention": LORA_TARGETS_STANDARD, "qv": LORA_TARGETS_MINIMAL}
GB_PER_MIB = 2**20 / 1e9


def model(row: dict) -> ModelConfig:
    """The model as fitcheck reads it from the Hub: its own refusals, the published parameter count."""
    raw = config(row)
    config_parser._reject_unsupported(raw, row["id"])
    fields = config_parser._parse_fields(raw)
    derived = config_parser._count_params(fields)
    params = config_parser._reconcile_param_count(row["id"], row["params"], derived)
    return ModelConfig(name=row["id"], num_params=params, **asdict(fields))


def card(row: dict):
    """Its own entry for the card, which carries the measured overhead, else a card of that size."""
    key = (row["gpu"] or "").casefold().removeprefix("rtx").removesuffix("gb")
    return GPU_DB[key] if key in GPU_DB else get_gpu(row["gpu"], vram_mib=int((row["gpu_gib"] or 80) * 1024))


def answer(row: dict) -> dict:
    """Peak memory in GB, as shipped and without overhead."""
    whole_on_each(row)
    qlora = row["method"] == "qlora"
    asked = TrainingConfig(
        precision=row["precision"],
        quantization="nf4" if qlora else "none",
        double_quant=qlora,
        optimizer_dtype="bf16" if row["method"] == "full" and row.get("masters") != "32-bit" else "fp32",
        batch_size=row["micro_batch"],
        seq_len=row["sequence_tokens"],
        lora_rank=None if row["method"] == "full" else row["rank"],
        lora_targets=list(TARGETS[row["targets"]]),
        grad_checkpoint=row["checkpointing"],
        flash_attn=row["flash"],
    )
    found = estimate(model(row), asked, card(row))
    tensors_mib = found.total_mib - found.overhead_mib
    return {
        "memory_gb": found.total_mib * GB_PER_MIB,
        "also": {"tensors alone": {"memory_gb": tensors_mib * GB_PER_MIB}},
    }


if __name__ == "__main__":
    serve(answer)
