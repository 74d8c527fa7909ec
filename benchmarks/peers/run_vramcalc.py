"""vramcalc's memory of one GPU for full fine-tuning and LoRA on the attention; it has no quantised base.

Settings: weights as stored ("pure") unless the run keeps 32-bit masters, the run's own attention. Its total leaves the
CUDA context out, as torch's allocated peak does.
"""

from training_row import config, serve, whole_on_each
from vramcalc import estimate


def answer(row: dict) -> dict:
    """Peak memory in GB."""
    whole_on_each(row)
    if row["method"] == "qlora":
        raise ValueError("the tool has no quantised base")
    found = estimate(
        config(row),
        mode="train",
        dtype=row["precision"],
        batch=row["micro_batch"],
        seq_len=row["sequence_tokens"],
        lora_rank=row["rank"] if row["method"] == "lora" else None,
        grad_checkpoint=row["checkpointing"],
        precision="amp" if row.get("masters") == "32-bit" else "pure",
        attn_impl="flash" if row["flash"] else "eager",
    )
    return {"memory_gb": found.total / 1e9}


if __name__ == "__main__":
    serve(answer)
