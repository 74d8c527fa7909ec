"""canifinetune's memory of one GPU, from the model's dimensions and published parameter count.

Settings: AdamW of torch, NF4 with double quantisation for QLoRA, FlashAttention where the run has it. Its figure adds
13% of the card as overhead and safety margin; "tensors alone" leaves both out, as torch's allocated peak does.
"""

from canifinetune.estimator import EstimateRequest, estimate
from training_row import GB_PER_GIB, config, serve, whole_on_each

SCOPES = {"all": "all_linear", "attention": "attention", "qv": "conservative"}


def answer(row: dict) -> dict:
    """Peak memory in GB, as shipped and without overhead and margin."""
    whole_on_each(row)
    if not row["gpu_gib"]:
        raise ValueError("the tool needs the size of the card")
    found = estimate(
        EstimateRequest(
            model_id=row["id"],
            method=row["method"],
            seq_len=row["sequence_tokens"],
            micro_batch_size=row["micro_batch"],
            base_dtype=row["precision"],
            lora_rank=row["rank"],
            lora_target_scope=SCOPES[row["targets"]],
            optimizer="adamw_torch",
            gradient_checkpointing=row["checkpointing"],
            attention_implementation="flash_attention_2" if row["flash"] else "eager",
            gpu_vram_gb=row["gpu_gib"],
            override=config(row) | {"family": row.get("architecture", "llama"), "total_params": row["params"]},
            use_network=False,
        )
    ).memory
    tensors_gib = found.total_estimated_gb - found.cuda_overhead_gb - found.safety_margin_gb
    return {
        "memory_gb": found.total_estimated_gb * GB_PER_GIB,
        "also": {"tensors alone": {"memory_gb": tensors_gib * GB_PER_GIB}},
    }


if __name__ == "__main__":
    serve(answer)
