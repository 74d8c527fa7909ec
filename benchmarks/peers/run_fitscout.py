"""fitscout's memory of one GPU, from the published parameter count and the model's dimensions.

Settings: the run's own method, rank and checkpointing, 8-bit optimizer states where the run has them. Its figure
includes one context and fragmentation; "tensors alone" leaves that out, as torch's allocated peak does. It is not told
which matrices learn, nor which attention is used.
"""

from fitscout.memory.estimator import estimate_memory
from fitscout.model.profile import ModelProfile
from training_row import GB_PER_GIB, serve, whole_on_each


def answer(row: dict) -> dict:
    """Peak memory in GB, as shipped and without overhead."""
    whole_on_each(row)
    profile = ModelProfile(
        params=row["params"],
        num_layers=row["layers"],
        hidden_size=row["hidden"],
        num_attention_heads=row["heads"],
        num_kv_heads=row["kv_heads"],
        intermediate_size=row["ffn"],
        vocab_size=row["vocab"],
        tie_word_embeddings=row["tied"],
        num_experts=row.get("experts") or 1,
    )
    found = estimate_memory(
        profile,
        method=row["method"],
        micro_batch=row["micro_batch"],
        seq_len=row["sequence_tokens"],
        grad_ckpt=row["checkpointing"],
        opt_8bit="8bit" in row.get("optimizer", ""),
        lora_rank=row["rank"],
    )
    tensors_gib = found.total_gb - found.overhead_gb
    return {
        "memory_gb": found.total_gb * GB_PER_GIB,
        "also": {"tensors alone": {"memory_gb": tensors_gib * GB_PER_GIB}},
    }


if __name__ == "__main__":
    serve(answer)
