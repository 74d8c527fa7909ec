"""Every architecture's parameters equal those of the same config built by transformers, to the unit."""

import json
from pathlib import Path
from typing import Any

import pytest

from tunecase.compute.model.families import architectures
from tunecase.compute.model.reading import from_config, read_shape

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
# Not in transformers: counted from the code beside the released weights, checked against the released sizes.
OWN_CODE = {"kimi_k2", "qwen", "baichuan", "chatglm", "internlm2"}


def built_params(model_type: str, fields: dict[str, Any], folder: Path) -> int:
    """What transformers counts: the model is built on the meta device, so that it takes no memory."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.AutoConfig.for_model(model_type, **fields)
    (folder / "config.json").write_text(json.dumps({"model_type": model_type, **fields}), encoding="utf-8")
    config.save_pretrained(folder / "saved")
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    return sum(weights.numel() for weights in model.parameters())


@pytest.mark.parametrize(
    ("model_type", "fields"), SMALL_CONFIGS, ids=[f"{i}-{name}" for i, (name, _) in enumerate(SMALL_CONFIGS)]
)
def test_a_config_is_counted_as_transformers_builds_it(tmp_path: Path, model_type: str, fields: dict[str, Any]) -> None:
    """As written by hand, and as transformers saves it."""
    built = built_params(model_type, fields, tmp_path)
    assert built == read_shape(str(tmp_path)).params
    assert built == read_shape(str(tmp_path / "saved")).params


def test_every_architecture_is_checked() -> None:
    """No row of the table without a config here, but those that transformers does not hold."""
    assert {name for name, _ in SMALL_CONFIGS} | OWN_CODE == set(architectures())


@pytest.mark.parametrize("model_type", ["llama4_text", "deepseek_v3", "gpt_oss", "qwen2_moe", "gemma3_text", "mixtral"])
def test_real_sizes_are_counted_as_transformers_builds_them(model_type: str) -> None:
    """The sizes that transformers takes when a file states none."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.AutoConfig.for_model(model_type)
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    built = sum(weights.numel() for weights in model.parameters())
    assert built == from_config(config.to_dict(), model_type).params
