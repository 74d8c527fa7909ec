"""Every architecture's parameters equal those of the same config built by transformers, to the unit."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tunecase import catalog
from tunecase.compute.model.reading import from_config, read_shape
from tunecase.errors import InputError

pytestmark = pytest.mark.slow

SMALL = {
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "vocab_size": 120,
    "max_position_embeddings": 80,
    "pad_token_id": 0,
}
GPT = {"n_embd": 64, "n_layer": 3, "n_head": 4, "vocab_size": 120, "n_positions": 80}
LATENT = {"q_lora_rank": 24, "kv_lora_rank": 16, "qk_nope_head_dim": 12, "qk_rope_head_dim": 8, "v_head_dim": 20}
ROUTED = {"n_routed_experts": 6, "n_shared_experts": 2, "num_experts_per_tok": 2, "moe_intermediate_size": 40}
LOCAL = {"num_local_experts": 6, "num_experts_per_tok": 2}
BIASED = {"attention_bias": True, "mlp_bias": True}
NO_GROUPS = {"num_key_value_heads": 4}
FALCON = {"hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 3, "vocab_size": 120}
OPT = {**{k: v for k, v in SMALL.items() if k != "num_key_value_heads"}, "ffn_dim": 100, "word_embed_proj_dim": 64}
TIES = {"tie_word_embeddings": True}
UNTIED = {"tie_word_embeddings": False}

# model_type, and the fields of one config.json: small ones that reach every branch of the count.
SMALL_CONFIGS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(
        (name, {**SMALL, "head_dim": 16 if name == "helium" else 24})
        for name in (
            "llama",
            "mistral",
            "ministral",
            "ministral3",
            "qwen3",
            "gemma",
            "gemma2",
            "gemma3_text",
            "vaultgemma",
            "smollm3",
            "cwm",
            "helium",
            "seed_oss",
            "ernie4_5",
            "hunyuan_v1_dense",
            "arcee",
            "jais2",
            "nemotron",
            "granite",
            "glm",
            "glm4",
            "exaone4",
            "cohere2",
            "olmo3",
        )
    ),
    *(
        (name, SMALL)
        for name in (
            "llama",
            "mistral",
            "qwen2",
            "granite",
            "bitnet",
            "apertus",
            "olmo",
            "olmo2",
            "olmo3",
            "cohere",
            "stablelm",
            "starcoder2",
            "phi",
            "phi3",
            "exaone",
        )
    ),
    *((name, {**SMALL, **TIES}) for name in ("llama", "qwen2", "phi3", "olmo2", "granite", "starcoder2", "qwen3")),
    *((name, {**SMALL, **UNTIED}) for name in ("gemma", "gemma2", "cohere", "smollm3", "starcoder2")),
    *(
        (name, {**SMALL, **BIASED})
        for name in (
            "llama",
            "granite",
            "nemotron",
            "arcee",
            "jais2",
            "smollm3",
            "qwen3",
            "seed_oss",
            "olmo2",
            "cohere",
            "gemma3_text",
            "apertus",
            "bitnet",
            "cohere2",
            "exaone",
            "helium",
            "cwm",
        )
    ),
    ("hunyuan_v1_dense", {**SMALL, "head_dim": 16, "attention_bias": True}),
    ("seed_oss", {**SMALL, "attention_out_bias": True}),
    ("internlm3", {**SMALL, "qkv_bias": True, "bias": True, "head_dim": 16}),
    ("internlm3", {**SMALL, "head_dim": 16}),
    ("ernie4_5", {**SMALL, "use_bias": True}),
    ("glm4", {**SMALL, "attention_bias": False}),
    ("cohere", {**SMALL, "use_qk_norm": True}),
    ("stablelm", {**SMALL, "qk_layernorm": True, "use_parallel_residual": True, "use_qkv_bias": True}),
    ("starcoder2", {**SMALL, "use_bias": False}),
    ("phi", {**SMALL, "qk_layernorm": True}),
    ("gpt2", GPT),
    ("gpt2", {**GPT, "n_inner": 100, **UNTIED}),
    ("gpt_bigcode", GPT),
    ("gpt_bigcode", {**GPT, "multi_query": False, "n_inner": 100}),
    (
        "gpt_neo",
        {
            "hidden_size": 64,
            "num_layers": 4,
            "num_heads": 4,
            "vocab_size": 120,
            "max_position_embeddings": 80,
            "attention_types": [[["global", "local"], 2]],
        },
    ),
    ("gpt_neox", {**SMALL, **NO_GROUPS}),
    ("gpt_neox", {**SMALL, **NO_GROUPS, "attention_bias": False, "intermediate_size": 256}),
    ("gptj", {**GPT, "rotary_dim": 8}),
    ("codegen", {**GPT, "rotary_dim": 8}),
    ("bloom", {"hidden_size": 64, "n_layer": 3, "n_head": 4, "vocab_size": 120}),
    ("falcon", FALCON),
    ("falcon", {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2}),
    ("falcon", {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1}),
    ("falcon", {**FALCON, "multi_query": False, "bias": True, "parallel_attn": False, "alibi": True}),
    ("falcon", {**FALCON, "multi_query": False, "bias": True, "ffn_hidden_size": 100}),
    ("mpt", {"d_model": 64, "n_heads": 4, "n_layers": 3, "vocab_size": 120}),
    ("opt", OPT),
    ("opt", {**OPT, "word_embed_proj_dim": 32, "do_layer_norm_before": False, "enable_bias": False}),
    ("opt", {**OPT, "layer_norm_elementwise_affine": False}),
    ("opt", {**OPT, "_remove_final_layer_norm": True}),
    ("xglm", {"d_model": 64, "num_layers": 3, "attention_heads": 4, "ffn_dim": 100, "vocab_size": 120}),
    ("persimmon", {**SMALL, **NO_GROUPS}),
    ("persimmon", {**SMALL, **NO_GROUPS, "qk_layernorm": False}),
    ("minicpm3", {**SMALL, **NO_GROUPS, **LATENT}),
    ("minicpm3", {**SMALL, **NO_GROUPS, **LATENT, **BIASED}),
    *(
        (name, {**SMALL, **NO_GROUPS, **LATENT, **ROUTED, **more})
        for name in ("deepseek_v2", "deepseek_v3")
        for more in (
            {"first_k_dense_replace": 2},
            {"first_k_dense_replace": 1, "q_lora_rank": None},
            {"first_k_dense_replace": 0, **BIASED},
        )
    ),
    ("glm4_moe_lite", {**SMALL, **NO_GROUPS, **LATENT, **ROUTED}),
    (
        "glm4_moe_lite",
        {**SMALL, **NO_GROUPS, **LATENT, **ROUTED, "mlp_layer_types": ["dense", "sparse", "dense", "sparse"]},
    ),
    ("dots1", {**SMALL, **ROUTED, "head_dim": 24, "first_k_dense_replace": 1}),
    ("glm4_moe", {**SMALL, **ROUTED, "head_dim": 24, "first_k_dense_replace": 1, "use_qk_norm": True}),
    ("glm4_moe", {**SMALL, **ROUTED, "head_dim": 24, "first_k_dense_replace": 3, "attention_bias": True}),
    ("solar_open", {**SMALL, **ROUTED, "head_dim": 24}),
    *((name, {**SMALL, **LOCAL}) for name in ("mixtral", "phimoe", "granitemoe", "granitemoeshared")),
    ("minimax_m2", {**SMALL, **LOCAL, "head_dim": 24}),
    ("phimoe", {**SMALL, **LOCAL, "attention_bias": True, "lm_head_bias": True}),
    ("granitemoeshared", {**SMALL, **LOCAL, "shared_intermediate_size": 50, "attention_bias": True}),
    ("gpt_oss", {**SMALL, **LOCAL, "head_dim": 24}),
    ("gpt_oss", {**SMALL, **LOCAL, "head_dim": 24, "attention_bias": False}),
    *(
        (
            "qwen2_moe",
            {
                **SMALL,
                "num_experts": 6,
                "num_experts_per_tok": 2,
                "moe_intermediate_size": 40,
                "shared_expert_intermediate_size": 56,
                **more,
            },
        )
        for more in ({}, {"decoder_sparse_step": 2, "qkv_bias": False}, {"mlp_only_layers": [0, 3]})
    ),
    *(
        (
            "qwen3_moe",
            {
                **SMALL,
                "num_experts": 6,
                "num_experts_per_tok": 2,
                "moe_intermediate_size": 40,
                "head_dim": 24,
                **more,
            },
        )
        for more in ({}, {"mlp_only_layers": [1], "attention_bias": True}, {"decoder_sparse_step": 2})
    ),
    *((name, {**SMALL, "num_experts": 6, "num_experts_per_tok": 2}) for name in ("olmoe", "flex_olmo")),
    *(
        ("llama4_text", {**SMALL, **LOCAL, "head_dim": 24, "intermediate_size_mlp": 128, **more})
        for more in (
            {},
            {"interleave_moe_layer_step": 2},
            {"moe_layers": [0, 3]},
        )
    ),
    *(
        (
            "ernie4_5_moe",
            {
                **SMALL,
                "moe_num_experts": 6,
                "moe_k": 2,
                "moe_intermediate_size": 40,
                "moe_num_shared_experts": 2,
                **more,
            },
        )
        for more in (
            {},
            {"use_bias": True, "moe_num_shared_experts": 0},
            {"moe_layer_start_index": 2, "moe_layer_interval": 2},
        )
    ),
    (
        "dbrx",
        {
            "d_model": 64,
            "n_heads": 4,
            "n_layers": 3,
            "vocab_size": 120,
            "attn_config": {"kv_n_heads": 2, "rope_theta": 1e4},
            "ffn_config": {
                "hidden_size": 64,
                "ffn_hidden_size": 96,
                "moe_num_experts": 6,
                "moe_top_k": 2,
                "ffn_act_fn": {"name": "silu"},
            },
        },
    ),
    ("hunyuan_v1_moe", {**SMALL, "num_experts": 6, "moe_topk": 2, "head_dim": 24}),
)
INDEXED = {"index_n_heads": 2, "index_head_dim": 16, "index_topk": 8}
DELTA = {
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 12,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_conv_kernel_dim": 3,
}
SHARED = {
    "num_experts": 6,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 40,
    "shared_expert_intermediate_size": 56,
}
TURNS = ["full_attention", "sliding_attention"] * 2
LATENT4 = {**LATENT, "num_key_value_heads": 4}


def without(*keys: str) -> dict[str, Any]:
    """The fields of SMALL but these."""
    return {key: value for key, value in SMALL.items() if key not in keys}


# Layers of several kinds, and what released files say of them.
SEVERAL_KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "jamba",
        {
            **SMALL,
            "num_experts_per_tok": 2,
            "num_experts": 4,
            "mamba_d_state": 8,
            "mamba_dt_rank": 5,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "expert_layer_period": 3,
            "expert_layer_offset": 2,
        },
    ),
    (
        "jamba",
        {
            **SMALL,
            "num_experts_per_tok": 2,
            "num_experts": 4,
            "mamba_proj_bias": True,
            "mamba_conv_bias": False,
            "mamba_dt_rank": "auto",
        },
    ),
    (
        "bamba",
        {
            **SMALL,
            "attn_layer_indices": [1, 3],
            "mamba_n_heads": 8,
            "mamba_d_state": 8,
            "mamba_n_groups": 2,
            "mamba_proj_bias": True,
        },
    ),
    (
        "bamba",
        {
            **SMALL,
            "attn_layer_indices": [2],
            "mamba_n_heads": 8,
            "mamba_d_head": 16,
            "mamba_d_state": 8,
            "attention_bias": True,
            "mlp_bias": True,
        },
    ),
    (
        "granitemoehybrid",
        {
            **SMALL,
            "layer_types": ["mamba", "attention", "mamba", "mamba"],
            "num_local_experts": 0,
            "num_experts_per_tok": 0,
            "shared_intermediate_size": 50,
            "mamba_n_heads": 8,
            "mamba_d_state": 8,
        },
    ),
    (
        "granitemoehybrid",
        {
            **SMALL,
            "layer_types": ["mamba", "attention", "mamba", "mamba"],
            "num_local_experts": 6,
            "num_experts_per_tok": 2,
            "shared_intermediate_size": 50,
            "mamba_n_heads": 8,
            "mamba_d_state": 8,
            "mamba_proj_bias": True,
        },
    ),
    (
        "falcon_h1",
        {
            **SMALL,
            "mamba_d_ssm": 48,
            "mamba_n_heads": 6,
            "mamba_d_state": 8,
            "mamba_rms_norm": True,
            "projectors_bias": True,
        },
    ),
    ("falcon_h1", {**SMALL, "mamba_d_ssm": None, "mamba_n_heads": 8, "mamba_d_state": 8, "mamba_proj_bias": True}),
    (
        "mamba",
        {
            "hidden_size": 64,
            "num_hidden_layers": 3,
            "vocab_size": 120,
            "state_size": 8,
            "use_bias": True,
            "use_conv_bias": False,
        },
    ),
    (
        "mamba",
        {
            "hidden_size": 64,
            "num_hidden_layers": 3,
            "vocab_size": 120,
            "expand": 3,
            "time_step_rank": 7,
            "tie_word_embeddings": False,
        },
    ),
    ("falcon_mamba", {"hidden_size": 64, "num_hidden_layers": 3, "vocab_size": 120, "state_size": 8}),
    (
        "mamba2",
        {
            "hidden_size": 64,
            "num_hidden_layers": 3,
            "vocab_size": 120,
            "num_heads": 8,
            "head_dim": 16,
            "n_groups": 2,
            "state_size": 8,
            "use_bias": True,
        },
    ),
    (
        "nemotron_h",
        {
            **without("num_hidden_layers"),
            "hybrid_override_pattern": "M-M*-E",
            "head_dim": 24,
            "mamba_num_heads": 8,
            "mamba_head_dim": 16,
            "ssm_state_size": 8,
            "n_groups": 2,
            "n_routed_experts": 4,
            "moe_intermediate_size": 40,
            "moe_shared_expert_intermediate_size": 56,
            "num_experts_per_tok": 2,
            "moe_latent_size": 32,
        },
    ),
    (
        "nemotron_h",
        {
            **without("num_hidden_layers"),
            "layers_block_type": ["mamba", "moe", "attention", "mlp"],
            "head_dim": 24,
            "mamba_num_heads": 8,
            "mamba_head_dim": 16,
            "ssm_state_size": 8,
            "n_groups": 2,
            "n_routed_experts": 4,
            "moe_intermediate_size": 40,
            "moe_shared_expert_intermediate_size": 56,
            "num_experts_per_tok": 2,
            "mlp_bias": True,
            "use_bias": True,
        },
    ),
    (
        "zamba2",
        {
            **without("num_key_value_heads"),
            "num_hidden_layers": 6,
            "layers_block_type": ["mamba", "hybrid"] * 3,
            "num_mem_blocks": 2,
            "use_shared_attention_adapter": True,
            "adapter_rank": 8,
            "mamba_d_state": 8,
            "n_mamba_heads": 8,
        },
    ),
    (
        "zamba2",
        {
            **without("num_key_value_heads"),
            "num_hidden_layers": 6,
            "layers_block_type": ["mamba", "hybrid"] * 3,
            "add_bias_linear": True,
            "mamba_d_state": 8,
            "n_mamba_heads": 8,
        },
    ),
    (
        "zamba",
        {
            **SMALL,
            "num_key_value_heads": 4,
            "num_hidden_layers": 6,
            "layers_block_type": ["mamba", "hybrid"] * 3,
            "mamba_d_state": 8,
        },
    ),
    (
        "lfm2",
        {
            **SMALL,
            "layer_types": ["conv", "full_attention", "conv", "conv"],
            "conv_bias": True,
            "block_multiple_of": 32,
        },
    ),
    ("lfm2", {**SMALL, "full_attn_idxs": [1], "block_auto_adjust_ff_dim": False}),
    (
        "lfm2_moe",
        {
            **SMALL,
            "layer_types": ["conv", "full_attention", "conv", "conv"],
            "num_experts": 6,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 40,
            "num_dense_layers": 1,
            "conv_bias": True,
        },
    ),
    (
        "lfm3",
        {
            **SMALL,
            "layer_types": ["conv", "full_attention", "conv", "sliding_attention"],
            "head_dim": 24,
            "use_sandwich_norm": False,
            "use_attention_gate": False,
            "conv_bias": True,
        },
    ),
    (
        "gemma3n_text",
        {
            **SMALL,
            "head_dim": 24,
            "num_kv_shared_layers": 2,
            "layer_types": TURNS,
            "hidden_size_per_layer_input": 8,
            "vocab_size_per_layer_input": 110,
            "laurel_rank": 6,
            "intermediate_size": [96, 96, 128, 128],
        },
    ),
    (
        "gemma4_text",
        {
            **SMALL,
            "head_dim": 24,
            "num_kv_shared_layers": 2,
            "layer_types": TURNS[::-1],
            "hidden_size_per_layer_input": 8,
            "vocab_size_per_layer_input": 110,
            "use_double_wide_mlp": True,
            "global_head_dim": 32,
        },
    ),
    (
        "gemma4_text",
        {
            **SMALL,
            "head_dim": 24,
            "layer_types": TURNS[::-1],
            "hidden_size_per_layer_input": 0,
            "attention_k_eq_v": True,
            "num_global_key_value_heads": 1,
            "enable_moe_block": True,
            "num_experts": 6,
            "top_k_experts": 2,
            "moe_intermediate_size": 40,
        },
    ),
    (
        "gemma4_unified_text",
        {
            **SMALL,
            "head_dim": 24,
            "layer_types": TURNS[::-1],
            "attention_k_eq_v": True,
            "num_global_key_value_heads": 1,
            "attention_bias": True,
        },
    ),
    (
        "kimi_linear",
        {
            **SMALL,
            **LATENT4,
            "q_lora_rank": None,
            "num_experts": 6,
            "num_experts_per_token": 2,
            "num_shared_experts": 1,
            "moe_intermediate_size": 40,
            "model_max_length": 80,
            "linear_attn_config": {
                "full_attn_layers": [2, 4],
                "kda_layers": [1, 3],
                "head_dim": 12,
                "num_heads": 3,
                "short_conv_kernel_size": 4,
            },
            "first_k_dense_replace": 1,
        },
    ),
    (
        "bailing_hybrid",
        {
            **SMALL,
            **LATENT4,
            "q_lora_rank": None,
            "num_experts": 8,
            "num_experts_per_token": 2,
            "num_shared_experts": 2,
            "moe_intermediate_size": 40,
            "model_max_length": 80,
            "head_dim": 12,
            "layer_group_size": 2,
            "first_k_dense_replace": 1,
            "num_expert_group": 2,
            "topk_group": 1,
        },
    ),
    (
        "bailing_hybrid",
        {
            **SMALL,
            **LATENT4,
            "num_experts": 8,
            "num_experts_per_token": 2,
            "num_shared_experts": 2,
            "moe_intermediate_size": 40,
            "num_expert_group": 2,
            "topk_group": 1,
        },
    ),
    ("minimax", {**SMALL, "num_local_experts": 6, "num_experts_per_tok": 2, "head_dim": 24}),
    (
        "minimax_m3_vl_text",
        {
            **SMALL,
            "head_dim": 24,
            "num_local_experts": 6,
            "num_experts_per_tok": 2,
            "dense_intermediate_size": 120,
            "shared_intermediate_size": 56,
            "mlp_layer_types": ["dense", "sparse", "sparse", "sparse"],
            "layer_types": ["full_attention"] + ["minimax_m3_sparse"] * 3,
            "index_n_heads": 2,
            "index_head_dim": 16,
        },
    ),
    ("qwen3_next", {**SMALL, **SHARED, **DELTA, "head_dim": 24, "mlp_only_layers": [1]}),
    (
        "qwen3_next",
        {
            **SMALL,
            **SHARED,
            **DELTA,
            "head_dim": 24,
            "full_attention_interval": 2,
            "decoder_sparse_step": 2,
            "attention_bias": True,
        },
    ),
    ("qwen3_5_text", {**SMALL, **DELTA, "head_dim": 24}),
    ("qwen3_5_moe_text", {**SMALL, **SHARED, **DELTA, "head_dim": 24}),
    (
        "lara_mini",
        {
            **SMALL,
            **SHARED,
            **DELTA,
            "head_dim": 24,
            "layer_types": ["linear_attention", "sliding_attention", "linear_attention", "full_attention"],
        },
    ),
    ("olmo_hybrid", {**SMALL, **DELTA}),
    (
        "mimo_v2_flash",
        {
            **SMALL,
            "layer_types": TURNS,
            "n_routed_experts": 6,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 40,
            "num_key_value_heads": 2,
            "head_dim": 24,
            "v_head_dim": 20,
            "attention_bias": True,
        },
    ),
    (
        "hy_v4",
        {
            **SMALL,
            **LATENT4,
            **ROUTED,
            **INDEXED,
            "num_hidden_layers": 6,
            "indexer_types": ["full", "full", "shared", "shared", "shared", "full"],
            "hc_mult": 2,
        },
    ),
    (
        "glm_moe_dsa",
        {
            **SMALL,
            **LATENT4,
            **ROUTED,
            **INDEXED,
            "indexer_types": ["full", "shared", "full", "shared"],
            "first_k_dense_replace": 2,
        },
    ),
    ("deepseek_v32", {**SMALL, **LATENT4, **ROUTED, **INDEXED, "first_k_dense_replace": 1, "attention_bias": True}),
    (
        "dots3_note_text",
        {
            **SMALL,
            "layer_types": ["full_attention"] + ["sliding_attention"] * 3,
            **LATENT4,
            **ROUTED,
            **INDEXED,
            "swa_num_attention_heads": 2,
            "swa_num_key_value_heads": 2,
            "swa_kv_lora_rank": 24,
            "swa_qk_nope_head_dim": 16,
            "swa_head_dim": 24,
            "swa_v_head_dim": 20,
            "swa_q_lora_rank": 24,
        },
    ),
    ("axk1", {**SMALL, **LATENT4, **ROUTED, "attention_bias": True}),
    ("axk2", {**SMALL, **LATENT4, **ROUTED, **INDEXED, "gated_norm_rank": 6}),
    (
        "deepseek_v4",
        {
            **without("intermediate_size"),
            **ROUTED,
            **INDEXED,
            "num_key_value_heads": 1,
            "head_dim": 32,
            "q_lora_rank": 24,
            "o_groups": 2,
            "o_lora_rank": 10,
            "hc_mult": 2,
            "layer_types": [
                "heavily_compressed_attention",
                "compressed_sparse_attention",
                "sliding_attention",
                "compressed_sparse_attention",
            ],
            "compress_rates": {"compressed_sparse_attention": 4, "heavily_compressed_attention": 16},
        },
    ),
    (
        "inkling_text",
        {
            **SMALL,
            **ROUTED,
            "head_dim": 24,
            "swa_num_attention_heads": 2,
            "swa_num_key_value_heads": 1,
            "swa_head_dim": 16,
            "layer_types": ["hybrid_sliding", "hybrid"] * 2,
            "mlp_layer_types": ["dense", "sparse", "sparse", "sparse"],
        },
    ),
    ("laguna", {**SMALL, **SHARED, "head_dim": 24, "num_attention_heads_per_layer": [4, 2, 4, 2]}),
    (
        "cohere2_moe",
        {
            **SMALL,
            "num_experts": 6,
            "num_experts_per_tok": 2,
            "head_dim": 24,
            "num_shared_experts": 2,
            "first_k_dense_replace": 1,
            "prefix_dense_intermediate_size": 128,
        },
    ),
    ("doge", {**SMALL, "attention_bias": True, "mlp_bias": True}),
    ("recurrent_gemma", {**SMALL, "lru_width": 48, "block_types": ["recurrent", "attention"]}),
    ("recurrent_gemma", {**SMALL, "attention_bias": True}),
    ("rwkv", {"hidden_size": 64, "num_hidden_layers": 3, "vocab_size": 120, "attention_hidden_size": 64}),
    (
        "longcat_flash",
        {
            **without("num_hidden_layers", "intermediate_size"),
            **LATENT4,
            "num_layers": 2,
            "ffn_hidden_size": 96,
            "n_routed_experts": 6,
            "moe_topk": 2,
            "zero_expert_num": 3,
            "expert_ffn_hidden_size": 40,
        },
    ),
    (
        "zaya",
        {
            **SMALL,
            "num_experts": 6,
            "num_experts_per_tok": 1,
            "moe_intermediate_size": 40,
            "head_dim": 16,
            "router_hidden_size": 20,
        },
    ),
    (
        "afmoe",
        {
            **SMALL,
            "num_experts": 6,
            "num_experts_per_tok": 2,
            "num_shared_experts": 2,
            "moe_intermediate_size": 40,
            "head_dim": 24,
            "num_dense_layers": 2,
            "attention_bias": True,
        },
    ),
    (
        "aria_text",
        {**SMALL, "moe_num_experts": 6, "moe_topk": 2, "moe_num_shared_experts": 2, "mlp_bias": True, "head_dim": 24},
    ),
    (
        "beam",
        {
            **SMALL,
            "num_experts": 6,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 40,
            "head_dim": 24,
            "layer_types": TURNS,
            "mlp_layer_types": ["dense", "sparse", "dense", "sparse"],
            "n_group": 2,
            "topk_group": 1,
        },
    ),
    (
        "exaone_moe",
        {**SMALL, "num_experts": 6, "num_experts_per_tok": 2, "num_shared_experts": 2, "moe_intermediate_size": 40},
    ),
    ("flint", {**SMALL, **SHARED, "head_dim": 24, "mlp_only_layers": [0], "layer_types": TURNS}),
    (
        "hy_v3",
        {
            **SMALL,
            "num_experts": 6,
            "num_experts_per_tok": 2,
            "num_shared_experts": 2,
            "moe_intermediate_size": 40,
            "head_dim": 24,
        },
    ),
    (
        "kolibri1",
        {
            **SMALL,
            "num_local_experts": 6,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 40,
            "head_dim": 24,
            "shared_expert_intermediate_size": 56,
        },
    ),
    (
        "mellum",
        {
            **SMALL,
            "num_local_experts": 6,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 40,
            "head_dim": 24,
            "mlp_layer_types": ["dense", "sparse", "dense", "sparse"],
        },
    ),
    ("sarvam_moe", {**SMALL, **ROUTED, "head_dim": 24, "attention_bias": True}),
    ("sarvam_mla", {**SMALL, **LATENT4, **ROUTED}),
    ("jetmoe", {**without("num_attention_heads"), "kv_channels": 24, "num_local_experts": 6, "num_experts_per_tok": 2}),
    ("granite_swa", {**SMALL, "layer_types": TURNS}),
    (
        "granitemoe_swa",
        {
            **SMALL,
            "num_local_experts": 6,
            "num_experts_per_tok": 2,
            "shared_intermediate_size": 50,
            "layer_types": TURNS,
        },
    ),
    ("hyperclovax", {**SMALL, "use_post_norm": False, "mlp_bias": True, "attention_bias": True}),
    (
        "modernbert-decoder",
        {
            **without("num_key_value_heads"),
            "attention_bias": True,
            "mlp_bias": True,
            "norm_bias": True,
            "classifier_bias": True,
            "decoder_bias": False,
        },
    ),
    ("mllama_text_model", {**SMALL, "cross_attention_layers": [1, 3]}),
    ("youtu", {**SMALL, **LATENT4, "attention_bias": True}),
    ("youtu", {**SMALL, **LATENT4, "q_lora_rank": None}),
    ("nanochat", {**SMALL, "attention_bias": True}),
    ("diffllama", {**SMALL, "attention_bias": True}),
    ("gpt_neox_japanese", {**without("num_key_value_heads", "intermediate_size"), "intermediate_multiple_size": 3}),
    ("moshi", {**without("intermediate_size"), "ffn_dim": 96, "head_dim": 24}),
    ("openai-gpt", {"n_embd": 64, "n_layer": 3, "n_head": 4, "vocab_size": 120, "n_positions": 80}),
    ("ctrl", {"n_embd": 64, "n_layer": 3, "n_head": 4, "vocab_size": 120, "n_positions": 80, "dff": 100}),
    ("xlm", {"emb_dim": 64, "n_layers": 3, "n_heads": 4, "vocab_size": 120, "n_langs": 3}),
    ("xlnet", {"d_model": 64, "n_layer": 3, "n_head": 4, "vocab_size": 120, "d_inner": 100}),
    ("ernie", {**SMALL, "use_task_id": True}),
    ("roformer", {**SMALL, "embedding_size": 32}),
    ("electra", {**SMALL, "embedding_size": 32}),
    ("electra", {**SMALL, "embedding_size": 64}),
    ("roberta", {**SMALL, "type_vocab_size": 1}),
    (
        "bigbird_pegasus",
        {
            "d_model": 64,
            "decoder_layers": 3,
            "decoder_attention_heads": 4,
            "decoder_ffn_dim": 100,
            "vocab_size": 120,
            "max_position_embeddings": 80,
            "use_bias": True,
            "is_encoder_decoder": False,
        },
    ),
    (
        "trocr",
        {
            "d_model": 64,
            "decoder_layers": 3,
            "decoder_attention_heads": 4,
            "decoder_ffn_dim": 100,
            "vocab_size": 120,
            "max_position_embeddings": 80,
            "layernorm_embedding": False,
            "use_learned_position_embeddings": False,
        },
    ),
    (
        "cpmant",
        {
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "dim_head": 24,
            "dim_ff": 90,
            "vocab_size": 120,
            "prompt_types": 3,
        },
    ),
    ("biogpt", without("num_key_value_heads")),
)

ALL_SMALL = SMALL_CONFIGS + SEVERAL_KINDS
# What the configuration classes leave out although a model cannot be built, or counted, without it.
COMPLETED: dict[str, dict[str, Any]] = {
    "deepseek_v2": {"num_experts_per_tok": 6},
    "dots1": {"n_routed_experts": 8, "n_shared_experts": 2, "num_experts_per_tok": 2},
    "glm4_moe": {"head_dim": 128},
    "hunyuan_v1_dense": {"head_dim": 128},
    "hunyuan_v1_moe": {"head_dim": 128, "num_experts": 4, "moe_topk": 1},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"] * 16},
    "ministral": {"head_dim": 128},
}
# Default sizes that build nothing; the first three are built from small sizes above, or inside another class.
NOT_BUILT = {"dbrx", "nemotron", "gemma3n"}
# Modules of towers, which are counted apart.
TOWER = re.compile(r"vision|audio|image|multi_modal|visual|vq|embed_tokens_extend")


def built(config: Any) -> Any:
    """The model of a configuration on the meta device, so that it takes no memory."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    with torch.device("meta"):
        if config.model_type == "mllama_text_model":
            return transformers.MllamaForCausalLM._from_config(config)
        return transformers.AutoModelForCausalLM.from_config(config)


def built_params(model_type: str, fields: dict[str, Any], folder: Path) -> int:
    """What transformers counts."""
    transformers = pytest.importorskip("transformers")
    config = transformers.AutoConfig.for_model(model_type, **fields)
    (folder / "config.json").write_text(json.dumps({"model_type": model_type, **fields}), encoding="utf-8")
    model = built(config)
    model.config.save_pretrained(folder / "saved")
    return sum(weights.numel() for weights in model.parameters())


@pytest.mark.parametrize(
    ("model_type", "fields"), ALL_SMALL, ids=[f"{i}-{name}" for i, (name, _) in enumerate(ALL_SMALL)]
)
def test_a_config_is_counted_as_transformers_builds_it(tmp_path: Path, model_type: str, fields: dict[str, Any]) -> None:
    """As written by hand, and as transformers saves it."""
    counted = built_params(model_type, fields, tmp_path)
    assert counted == read_shape(str(tmp_path)).params
    assert counted == read_shape(str(tmp_path / "saved")).params


def test_every_architecture_is_counted_or_refused_with_its_reason() -> None:
    """Default sizes of every causal architecture: the parameters of the model that transformers builds, to the unit, or
    a refusal that the table lists; 150 are counted at least."""
    transformers = pytest.importorskip("transformers")
    names = sorted(transformers.models.auto.modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
    expected = {row["architecture"] for row in catalog.read_table("refused") if not row["setting"]}
    wrong, refused, counted, not_built = [], set(), 0, set()
    for name in names:
        try:
            model = built(transformers.AutoConfig.for_model(name, **COMPLETED.get(name, {})))
        except Exception:  # noqa: BLE001 - whatever a class with incomplete defaults raises
            not_built.add(name)
            continue
        weights = sum(w.numel() for key, w in model.named_parameters() if not TOWER.search(key))
        params, said = counted_or_refused(model.config.to_dict(), name)
        if said:
            refused.add(name)
            wrong += [] if any(reason in said for reason in reasons(name)) else [(name, said)]
        else:
            counted += 1
            wrong += [] if params == weights else [(name, weights, params)]
    assert [] == wrong
    assert expected == refused | (not_built - NOT_BUILT)
    assert 150 <= counted


@pytest.mark.parametrize("fields", [{}, {"first_k_dense_replace": 2, "attention_bias": True, "q_lora_rank": None}])
def test_a_language_model_inside_another_is_counted_as_its_class_builds_it(fields: dict[str, Any]) -> None:
    """Mistral 4 stands inside files with images; no class for language models alone is named for it."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    config = transformers.Mistral4Config(**fields)
    with torch.device("meta"):
        model = transformers.Mistral4ForCausalLM(config)
    assert sum(weights.numel() for weights in model.parameters()) == from_config(config.to_dict(), "mistral4").params


def counted_or_refused(config: dict[str, Any], name: str) -> tuple[int, str]:
    """The parameters of a file, or the words of its refusal."""
    try:
        return from_config(config, name).params, ""
    except InputError as error:
        return 0, str(error)


def reasons(name: str) -> list[str]:
    """Why the table refuses an architecture."""
    return [row["reason"] for row in catalog.read_table("refused") if row["architecture"] == name]
