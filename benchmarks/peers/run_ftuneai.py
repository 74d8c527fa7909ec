"""ftuneai's memory of a card and speed of training, on one card or several, from the published parameter count.

Settings: AdamW, 4 bit for QLoRA, the run's own attention, sharding and checkpointing; for speed the card of its own
table. Its figure adds 20% as overhead; "tensors alone" leaves that out, since torch's allocated peak has none. It takes
off up to 40% of the speed where states are sharded; "one card's speed" is what it says of a card by itself.
"""

from ftuneai import FineTuneMethod, LoRATarget, ModelSpec, Quantization, ShardingStrategy, TrainingConfig
from ftuneai.core.memory import CUDA_OVERHEAD_FRACTION, MemoryEstimator
from ftuneai.core.time import TimeEstimator
from ftuneai.loader import load_gpus
from training_row import GB_PER_GIB, serve

TARGETS = {"all": "all_linear", "attention": "attention_all", "qv": "attention"}
SHARDING = {"none": "none", "ddp": "none", "zero1": "zero_1", "zero2": "zero_2", "zero3": "zero_3", "fsdp": "fsdp"}
SAMPLES = 10**9  # hours are rounded to hundredths


def answer(row: dict) -> dict:
    """Peak memory in GB with and without overhead, tokens per second of one card where it knows the card."""
    model = ModelSpec(
        name=row["id"],
        parameters=row["params"],
        hidden_size=row["hidden"],
        num_layers=row["layers"],
        num_attention_heads=row["heads"],
        num_kv_heads=row["kv_heads"],
        intermediate_size=row["ffn"],
        vocab_size=row["vocab"],
        max_seq_length=row["sequence_tokens"],
        is_moe=bool(row.get("experts")),
        num_experts=row.get("experts") or None,
        num_active_experts=row.get("active_experts") or None,
    )
    asked = TrainingConfig(
        method=FineTuneMethod(row["method"]),
        quantization=Quantization("4bit" if row["method"] == "qlora" else "none"),
        batch_size=row["micro_batch"],
        seq_length=row["sequence_tokens"],
        gradient_checkpointing=row["checkpointing"],
        lora_rank=row["rank"],
        lora_target=LoRATarget(TARGETS[row["targets"]]),
        flash_attention=row["flash"],
        sharding=ShardingStrategy(SHARDING[row["sharding"]]),
        num_gpus=row["gpus"],
    )
    total_gb = MemoryEstimator(model, asked).estimate().total_gb * GB_PER_GIB
    tensors_gb = total_gb / (1 + CUDA_OVERHEAD_FRACTION)
    found: dict = {"memory_gb": total_gb, "also": {"tensors alone": {"memory_gb": tensors_gb}}}
    cards = {name.replace("RTX-", "RTX"): card for name, card in load_gpus().items()}
    card = next((card for name, card in cards.items() if row["gpu"] in (name, name.rpartition("-")[0])), None)
    if card is None:
        return found | {"reason": f"{row['gpu'] or 'a card without a name'} is not in its table, so no speed"}
    one, all_cards = (
        SAMPLES * row["sequence_tokens"] / (hours * 3600 * gpus)
        for gpus in (1, row["gpus"])
        for hours in [TimeEstimator(model, asked).estimate(card, SAMPLES, epochs=1, num_gpus=gpus).total_hours]
    )
    found["also"]["one card's speed"] = {"tokens_per_s_per_gpu": one}
    return found | {"tokens_per_s_per_gpu": all_cards}


if __name__ == "__main__":
    serve(answer)
