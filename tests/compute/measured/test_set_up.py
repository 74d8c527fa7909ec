"""How a published run was set up: options named in prose count, and what is named as off does not."""

from tests.compute.measured.test_table import row


def test_sharding_is_read_from_words():
    """ZeRO stages, FSDP, tensor parallelism and offload are told apart; cards may share nothing."""
    cases = [
        ({"n_gpus": "8", "sharding": "zero3"}, ("zero3", 1, "none")),
        ({"n_gpus": "8", "sharding": "DeepSpeed ZeRO-2"}, ("zero2", 1, "none")),
        ({"n_gpus": "8", "sharding": "fsdp SHARD_GRAD_OP mp=DEFAULT"}, ("zero2", 1, "none")),
        ({"n_gpus": "8", "sharding": "TP4 PP2 CP1"}, ("fsdp", 4, "none")),
        ({"n_gpus": "8", "sharding": "tensor parallel 2, zero1"}, ("zero1", 2, "none")),
        ({"n_gpus": "2", "sharding": "fsdp + cpu offload"}, ("fsdp", 1, "all")),
        ({"n_gpus": "8", "sharding": "fsdp zero3"}, ("fsdp", 1, "none")),
        ({"n_gpus": "2", "sharding": ""}, ("fsdp", 1, "none")),
        ({"n_gpus": "1", "sharding": "fsdp"}, ("none", 1, "none")),
        ({"n_gpus": "4", "sharding": "none"}, ("none", 1, "none")),
    ]  # fmt: skip
    for cells, wanted in cases:
        recipe = row(**cells).recipe
        assert wanted == (recipe.sharding, recipe.tensor_parallel, recipe.offload)


def test_layers_spread_over_cards_are_a_pipeline():
    """A device map gives each card its layers: nothing is sharded, and the cards work one after the other."""
    recipe = row(n_gpus="2", sharding="device_map (model parallel)").recipe
    assert ("none", 2) == (recipe.sharding, recipe.pipeline_parallel)


def test_cards_that_share_a_sample_are_counted():
    """Context parallelism under any of its names."""
    cases = [
        ("FSDP2 CP4", 4), ("ddp, sequence_parallel=2", 2), ("zero3, ulysses 8", 8), ("TP8 CP1 sequence_parallel", 1),
        ("SP4 DP2", 4),
    ]  # fmt: skip
    assert [] == [
        (sharding, ways)
        for sharding, ways in cases
        if ways != row(n_gpus="8", sharding=sharding).recipe.context_parallel
    ]


def test_what_lies_in_the_hosts_memory_is_read_from_prose():
    """Parameters, optimizer and activations are told apart, and a denial is none."""
    cases = [
        ({"sharding": "zero3 + CPU offload of parameters and optimiser"}, "all"),
        ({"sharding": "zero3 offload"}, "all"), ({"sharding": "zero2 offload"}, "optimizer"),
        ({"sharding": "zero3", "notes": "optimizer offloaded to CPU (pinned)"}, "optimizer"),
        ({"sharding": "zero3", "notes": "no offload; Liger on"}, "none"),
        ({"sharding": "fsdp", "notes": "activation cpu offload=False"}, "none"),
        ({"sharding": "fsdp", "notes": "activation offload to the CPU"}, "none"),
        ({"sharding": "TP8", "optimizer": "Adam, CPU offload, precision-aware"}, "optimizer"),
    ]  # fmt: skip
    assert [] == [(cells, offload) for cells, offload in cases if offload != row(n_gpus="8", **cells).recipe.offload]


def test_checkpointing_is_read_from_cell_and_prose():
    """What is recomputed, and whether inputs lie in the host's memory."""
    cases = [
        ({"grad_ckpt": "unsloth"}, "offloaded"), ({"grad_ckpt": "True", "notes": "activation offload"}, "offloaded"),
        ({"grad_ckpt": "True", "notes": "cpu offload of activations"}, "offloaded"),
        ({"grad_ckpt": "True", "notes": "activation cpu offload=False"}, "full"), ({"grad_ckpt": "False"}, "none"),
        ({"grad_ckpt": "selective op"}, "selective"),
        ({"grad_ckpt": "", "notes": "without gradient checkpointing"}, "none"),
        ({"grad_ckpt": "", "notes": "full recompute uniform"}, "full"),
    ]  # fmt: skip
    assert [] == [(cells, wanted) for cells, wanted in cases if wanted != row(**cells).recipe.checkpointing]


def test_losses_and_kernels_are_read_from_prose():
    """A fused loss, cut cross-entropy and compiled kernels count where they are on."""
    cases = [
        ("liger kernels", "fused", "fused"), ("Liger off", "usual", "eager"), ("no liger", "usual", "eager"),
        ("cut cross-entropy", "fused", "eager"), ("CCE plugin", "fused", "eager"),
        ("torch.compile on", "usual", "compiled"), ("no torch.compile", "usual", "eager"),
    ]  # fmt: skip
    for notes, loss, kernels in cases:
        recipe = row(notes=notes).recipe
        assert (row().recipe.loss if loss == "usual" else loss, kernels) == (recipe.loss, recipe.kernels)


def test_megatrons_fused_cross_entropy_still_holds_the_logits():
    """Its fusion works on the logits that are there."""
    assert "fused" != row(framework="NeMo", notes="fused cross entropy").recipe.loss


def test_masters_are_read_from_words():
    """DeepSpeed and mixed precision keep 32-bit masters, pure 16-bit training none."""
    cases = [
        ({"sharding": "zero3", "n_gpus": "8"}, "32-bit"), ({"framework": "own loop on DeepSpeed 0.11"}, "32-bit"),
        ({"precision": "bf16 mixed"}, "32-bit"), ({"precision": "bf16-true"}, "16-bit"),
        ({"precision": "float16 weights"}, "16-bit"), ({"notes": "pure bf16"}, "16-bit"),
        ({"precision": "bf16 (weights, gradients, states)"}, "16-bit"), ({"precision": "fp16"}, "32-bit"),
    ]  # fmt: skip
    assert [] == [(cells, masters) for cells, masters in cases if masters != row(method="full", **cells).recipe.masters]


def test_a_base_in_32_bit_is_read_from_words():
    """A base loaded in 32 bit is told from products in 32 bit, and from adapters in 32 bit."""
    cases = [
        ({"notes": "loaded in fp32"}, "32-bit", "bf16"), ({"notes": "float32 weights"}, "32-bit", "bf16"),
        ({"precision": "bf16 amp on fp32 parameters"}, "32-bit", "bf16"),
        ({"precision": "fp32 masters, bf16 autocast"}, "32-bit", "bf16"),
        ({"precision": "bf16", "notes": "trainable parameters cast to float32"}, "16-bit", "bf16"),
        ({"precision": "fp32"}, "16-bit", "fp32"),
    ]  # fmt: skip
    for cells, base, precision in cases:
        recipe = row(**cells).recipe
        assert (base, precision) == (recipe.base, recipe.precision)


def test_trained_embedding_and_head_are_read_from_words():
    """Ends that learn in full, not adapters on the head."""
    cases = [
        ({"notes": "+ wte lm_head trained"}, True), ({"notes": "embeddings trained"}, True),
        ({"notes": "modules_to_save embed_tokens lm_head"}, True),
        ({"lora_targets": "q k v o proj + embed_tokens lm_head (trained in full)"}, True),
        ({"lora_targets": "q_proj lm_head embed_tokens", "framework": "unsloth"}, True),
        ({"lora_targets": "q_proj lm_head"}, False), ({}, False),
    ]  # fmt: skip
    assert [] == [(cells, trained) for cells, trained in cases if trained != row(**cells).recipe.trained_ends]


def test_accumulation_follows_from_the_whole_batch():
    """Samples per step over samples at once and cards is the accumulation."""
    assert 8 == row(n_gpus="2", micro_batch="4", global_batch="64", sharding="fsdp").recipe.accumulation


def test_a_pair_per_sample_is_read_from_the_method():
    """DPO has a chosen and a refused answer in each sample."""
    assert ("dpo", "sft") == (row(method="dpo").recipe.objective, row().recipe.objective)
