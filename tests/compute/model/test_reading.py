"""Shapes: every parameter counted, every bad config refused with its field."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase import catalog
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.families import architectures
from tunecase.compute.model.reading import from_config, from_model, read_shape
from tunecase.errors import InputError

LLAMA = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
    "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
}  # fmt: skip


def config(folder: Path, **changes: Any) -> str:
    """A config.json like Llama-3.1-8B's with changes; None drops a field."""
    body = {key: value for key, value in {**LLAMA, **changes}.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(body), encoding="utf-8")
    return "config.json"


def test_parameters_equal_the_published_count():
    """The parameters counted from the dimensions are those of the tables, to the unit."""
    models = catalog.models()
    assert {model.name: model.params for model in models} == {model.name: from_model(model).params for model in models}


def test_known_models_have_their_known_size():
    """Well-known checkpoints have the size of their released weights."""
    sizes = {
        "HuggingFaceTB/SmolLM2-135M": 134_515_008, "meta-llama/Llama-2-7b-hf": 6_738_415_616,
        "meta-llama/Llama-3.1-8B": 8_030_261_248, "mistralai/Mixtral-8x7B-v0.1": 46_702_792_704,
        "mistralai/Mistral-7B-v0.1": 7_241_732_096,
    }  # fmt: skip
    assert sizes == {name: read_shape(name).params for name in sizes}


def test_a_tied_head_is_counted_once_and_multiplied_once():
    """A tied head adds no tensor but is still a matrix product."""
    shape = read_shape("smollm2-135m")
    assert 0 == shape.head_params
    assert shape.linear_params + shape.embedding_params == shape.product_params


def test_lora_parameters_are_rank_times_in_plus_out():
    """q and v adapters of Llama-2-7B at rank 8 have 4,194,304 parameters; all linear layers 19,988,480."""
    shape = read_shape("llama-2-7b")
    assert 4_194_304 == shape.lora_params(8, "qv")
    assert 8_388_608 == shape.lora_params(8, "attention")
    assert 19_988_480 == shape.lora_params(8)


def test_a_config_gives_the_shape_of_the_table(tmp_path):
    """The config.json of a model in the tables has its parameters, by file and by folder."""
    name = config(tmp_path)
    shape = read_shape(name, tmp_path)
    assert 8_030_261_248 == shape.params
    assert 131_072 == shape.context
    assert shape == read_shape(str(tmp_path / name))
    assert shape.params == read_shape(str(tmp_path)).params


def test_a_nested_text_config_is_read(tmp_path):
    """A multimodal file's text_config holds the language model."""
    body = {"model_type": "gemma3", "text_config": {**LLAMA, "model_type": "gemma3_text"}}
    (tmp_path / "config.json").write_text(json.dumps(body), encoding="utf-8")
    assert "gemma3_text" == read_shape("config.json", tmp_path).architecture


def test_families_with_their_own_keys(tmp_path):
    """Falcon's multi-query and default width, Mixtral's and Qwen's experts, StableLM's bias are understood."""
    falcon = config(
        tmp_path,
        model_type="falcon",
        hidden_size=4544,
        num_attention_heads=71,
        num_key_value_heads=None,
        intermediate_size=None,
        vocab_size=65024,
        tie_word_embeddings=True,
    )
    assert 6_921_720_704 == read_shape(falcon, tmp_path).params
    mixtral = config(tmp_path, model_type="mixtral", vocab_size=32000, num_local_experts=8, num_experts_per_tok=2)
    assert 46_702_792_704 == read_shape(mixtral, tmp_path).params
    qwen = config(
        tmp_path,
        model_type="qwen3_moe",
        hidden_size=2048,
        num_hidden_layers=48,
        num_key_value_heads=4,
        head_dim=128,
        moe_intermediate_size=768,
        num_experts=128,
        num_experts_per_tok=8,
        vocab_size=151936,
    )
    assert 30_532_122_624 == read_shape(qwen, tmp_path).params
    plain = read_shape(config(tmp_path, model_type="stablelm"), tmp_path).params
    biased = read_shape(config(tmp_path, model_type="stablelm", use_qkv_bias=True), tmp_path).params
    assert 32 * (4096 + 2 * 1024) == biased - plain


def test_biases_named_in_the_file_are_counted(tmp_path):
    """attention_bias and mlp_bias of a Llama file add their parameters."""
    plain = read_shape(config(tmp_path), tmp_path).params
    biased = read_shape(config(tmp_path, attention_bias=True, mlp_bias=True), tmp_path).params
    assert 32 * (4096 + 2 * 1024 + 4096 + 2 * 14336 + 4096) == biased - plain


BAD_FIELDS = (
    ("hidden_size", None), ("num_hidden_layers", 0), ("vocab_size", -1), ("intermediate_size", "wide"),
    ("num_attention_heads", 31), ("num_key_value_heads", 5), ("head_dim", 1.5), ("tie_word_embeddings", "yes"),
    ("hidden_size", True), ("vocab_size", float("nan")), ("num_key_value_heads", 0), ("num_hidden_layers", 10**9),
    ("num_hidden_layers", 10_001), ("attention_bias", 1), ("vocab_size", 10**400), ("vocab_size", float("inf")),
    ("intermediate_size", [11008, 14336]),
)  # fmt: skip


def test_a_bad_field_is_named_with_its_file(tmp_path):
    """A missing, zero, negative or wrong value is refused and names the field and the file."""
    unnamed = []
    for field, value in BAD_FIELDS:
        with pytest.raises(InputError) as caught:
            read_shape(config(tmp_path, **{field: value}), tmp_path)
        name = {"num_attention_heads": "head_dim"}.get(field, field)
        if not any(name in problem.where and "config.json" in problem.where for problem in caught.value.problems):
            unnamed.append((field, value))
    assert [] == unnamed


def test_kinds_of_layers_that_are_no_words_are_refused_by_name(tmp_path):
    """layer_types is a list of words: lists, tables, numbers and a bare word are refused with the field's name."""
    wrong = ([["full_attention"]], [{"kind": "full_attention"}], [None], [1], "full_attention", {"0": "mamba"}, 4)
    refused = []
    for kinds in wrong:
        with pytest.raises(InputError) as caught:
            read_shape(config(tmp_path, layer_types=kinds), tmp_path)
        refused += [kinds for problem in caught.value.problems if "config.json: layer_types" in problem.where]
    assert list(wrong) == refused


def test_all_bad_fields_come_together(tmp_path):
    """Two mistakes in a file are two problems."""
    with pytest.raises(InputError) as caught:
        read_shape(config(tmp_path, hidden_size=0, vocab_size=-5), tmp_path)
    assert 2 == len(caught.value.problems)


def test_a_field_is_told_once(tmp_path):
    """What follows from a missing field is no mistake of its own."""
    with pytest.raises(InputError) as caught:
        read_shape(config(tmp_path, model_type="mixtral", num_local_experts=8), tmp_path)
    assert ["num_experts_per_tok"] == [problem.where.rpartition(" ")[2] for problem in caught.value.problems]


def test_what_cannot_be_counted_is_refused(tmp_path):
    """An unknown or unusual architecture is refused, never guessed."""
    cases = [
        {"model_type": "xlstm"}, {"model_type": None}, {"model_type": "llama", "kv_lora_rank": 512},
        {"model_type": "llama", "n_routed_experts": 8}, {"model_type": "llama", "is_encoder_decoder": True},
        {"model_type": "llama", "layer_types": ["full_attention", "linear_attention"]},
        {"model_type": "qwen3_moe", "num_experts": 8, "num_experts_per_tok": 2, "mlp_only_layers": "first"},
        {"model_type": "mixtral", "num_local_experts": 2, "num_experts_per_tok": 0}, {"model_type": "t5"},
        {"model_type": ["llama"]}, {"model_type": "mixtral", "num_local_experts": 2, "num_experts_per_tok": 4},
    ]  # fmt: skip
    for changes in cases:
        with pytest.raises(InputError):
            read_shape(config(tmp_path, **changes), tmp_path)


def test_a_file_that_is_no_config_is_refused(tmp_path):
    """Broken or foreign JSON is an input error."""
    cases = ["{", "[]", "", "\x00"]
    for text in cases:
        (tmp_path / "config.json").write_text(text, encoding="utf-8")
        with pytest.raises(InputError):
            read_shape("config.json", tmp_path)


def test_levels_beyond_what_json_reads_are_told_in_words(tmp_path):
    """No word of Python's own limits."""
    (tmp_path / "config.json").write_text('{"a":' * 100_000, encoding="utf-8")
    with pytest.raises(InputError, match="too many levels"):
        read_shape("config.json", tmp_path)


def test_unknown_names_get_near_ones():
    """A misspelt model is refused with near names; a missing file says so."""
    with pytest.raises(InputError, match="did you mean"):
        read_shape("meta-llama/Llama-2-7b-fh", online=False)
    with pytest.raises(InputError, match="did you mean"):
        read_shape("llama-2-7b-fh")
    with pytest.raises(InputError, match="no such file"):
        read_shape("nowhere/config.json")


def test_every_architecture_states_source_and_date():
    """Each row of the architectures has a source and a date, and every model's architecture is one of them."""
    assert all(row["source"] and row["date"] for row in catalog.read_table("architectures"))
    assert {model.architecture for model in catalog.models()} <= set(architectures())


def small(**changes: Any) -> Shape:
    """A little mixture-of-experts model; changes are fields of its file."""
    body = {
        "model_type": "deepseek_v3", "hidden_size": 64, "num_hidden_layers": 6, "num_attention_heads": 4,
        "intermediate_size": 96, "vocab_size": 120, "q_lora_rank": 24, "kv_lora_rank": 16, "qk_nope_head_dim": 12,
        "qk_rope_head_dim": 8, "v_head_dim": 20, "n_routed_experts": 6, "n_shared_experts": 2, "num_experts_per_tok": 2,
        "moe_intermediate_size": 40, "first_k_dense_replace": 2, **changes,
    }  # fmt: skip
    return from_config(body, "config.json")


def test_blocks_of_dense_and_sparse_layers_add_up():
    """Two dense layers and four with experts; the sum over blocks is the whole."""
    shape = small()
    assert [2, 4] == [block.count for block in shape.blocks]
    assert 6 == shape.layers
    inside = sum(block.count * block.params for block in shape.blocks)
    assert shape.params == inside + shape.embedding_params + shape.head_params + shape.other_params
    assert shape.layer_params == max(block.weights for block in shape.blocks)
    assert shape.linear_params == sum(block.count * block.weights for block in shape.blocks)


def test_features_of_one_token_are_the_mean_over_layers():
    """Two dense layers of 96 features, four of two experts of 40 and two shared ones of 40."""
    assert pytest.approx((2 * 96 + 4 * (2 * 40 + 2 * 40)) / 6) == small().active_ffn
    assert 14336 == read_shape("mistral-7b").active_ffn
    assert 2 * 14336 == read_shape("mixtral-8x7b").active_ffn


def test_latent_attention_has_its_own_width_of_values():
    """DeepSeek's queries and keys are 192 wide per head, its values 128."""
    shape = read_shape("deepseek-v3")
    assert (128 * 192, 128 * 192, 128 * 128) == (shape.query, shape.key, shape.value)
    assert read_shape("llama-3.1-8b").value == read_shape("llama-3.1-8b").key


@given(
    rank=st.integers(1, 512), name=st.sampled_from(["llama-2-7b", "mixtral-8x7b", "deepseek-v2-lite", "phi-4", "gpt2"])
)
def test_adapters_grow_linearly_with_their_rank(rank, name):
    """r times the adapters of rank 1, for any targets; those of one token are never more."""
    shape = read_shape(name)
    for targets in ("all", "attention", "qv", shape.module_names()):
        assert rank * shape.lora_params(1, targets) == shape.lora_params(rank, targets)
        assert shape.active_lora_params(rank, targets) <= shape.lora_params(rank, targets)


def test_targets_by_name_are_the_targets_by_word():
    """All names but the head's are "all"; q, k, v, o are "attention"; one text holds several names."""
    shape = read_shape("llama-2-7b")
    assert (
        shape.lora_params(8, "all")
        == shape.lora_params(8, shape.module_names()[:-1])
        == shape.lora_params(8, "all-linear")
    )
    assert shape.lora_params(8, "attention") == shape.lora_params(8, "q_proj,k_proj, v_proj o_proj")
    assert shape.lora_params(8, "qv") == shape.lora_params(8, ["q_proj", "v_proj"])
    assert 8 * (4096 + 32000) == shape.lora_params(8, "lm_head")


def test_a_name_matches_wherever_it_stands():
    """GPT-2 calls a matrix of attention and one of the MLP c_proj; both are adapted."""
    shape = read_shape("gpt2")
    assert 12 * 4 * (768 + 768 + 3072 + 768) == shape.lora_params(4, "c_proj")


def test_query_and_value_of_a_fused_projection_are_its_parts():
    """Phi-3 has no q_proj, but its queries and values can be adapted."""
    shape = read_shape("phi-3-mini")
    assert 32 * 8 * 4 * 3072 == shape.lora_params(8, "qv")


def test_a_name_that_no_matrix_has_is_refused_with_those_it_has():
    """The modules of Phi-3 are listed."""
    cases = ["q_proj", "gate", "", (), "w_proj,qkv_proj", ["lm"]]
    for targets in cases:
        with pytest.raises(InputError, match="qkv_proj, o_proj, gate_up_proj, down_proj"):
            read_shape("phi-3-mini").lora_params(8, targets)


def test_a_rank_below_one_is_refused():
    """No adapters is no rank."""
    cases = [0, -1, 1.5, True, "8"]
    for rank in cases:
        with pytest.raises(InputError, match="rank"):
            read_shape("llama-2-7b").lora_params(rank)


def test_inputs_of_the_adapters_of_one_token():
    """Idle experts read nothing."""
    shape = read_shape("mixtral-8x7b")
    assert 4 * 4096 == shape.adapter_inputs("attention")
    assert 4 * 4096 + 2 * (2 * 4096 + 14336) == shape.adapter_inputs("all")


@given(
    field=st.sampled_from(
        [
            "hidden_size",
            "num_hidden_layers",
            "intermediate_size",
            "vocab_size",
            "moe_intermediate_size",
            "n_routed_experts",
        ]
    ),
    times=st.integers(2, 5),
)
def test_a_larger_model_never_has_fewer_parameters(field, times):
    """Width, depth, vocabulary, experts; all of them, and products."""
    small_one = small()
    larger = small(**{field: times * BASE[field]})
    assert small_one.params < larger.params
    assert small_one.product_params <= larger.product_params
    assert small_one.lora_params(8) <= larger.lora_params(8)


BASE = {
    "hidden_size": 64, "num_hidden_layers": 6, "intermediate_size": 96, "vocab_size": 120, "moe_intermediate_size": 40,
    "n_routed_experts": 6,
}  # fmt: skip


def test_a_sliding_window_is_told_when_it_is_on():
    """Mistral's window counts, Qwen's is switched off in its file; Gemma 2 caps its attention scores."""
    body = {**LLAMA, "model_type": "mistral", "sliding_window": 4096}
    assert 4096 == from_config(body, "config.json").sliding_window
    assert 0 == from_config({**body, "use_sliding_window": False}, "config.json").sliding_window
    assert from_config({**LLAMA, "model_type": "gemma2", "attn_logit_softcapping": 50.0}, "config.json").softcap
    assert not from_config(LLAMA, "config.json").softcap


def test_learned_positions_are_parameters():
    """GPT-2 learns 1,024 positions of 768 numbers."""
    shape = read_shape("gpt2")
    assert 124_439_808 == shape.params
    assert 1024 * 768 + 2 * 768 == shape.other_params


def test_a_row_of_the_table_is_what_its_shape_says():
    """No column contradicts the settings beside it."""
    columns = (
        "layers", "hidden", "ffn", "heads", "kv_heads", "head_dim", "vocab", "tied", "experts", "context",
        "active_experts",
    )  # fmt: skip
    shapes = [(model, from_model(model)) for model in catalog.models()]
    wrong = [
        (model.name, name)
        for model, shape in shapes
        for name in columns
        if getattr(model, name) != getattr(shape, name)
    ]
    assert [] == wrong


KEYS = sorted(
    {key for family in architectures().values() for key in family.keys}
    | {key for family in architectures().values() for key in family.flags}
    | {key for family in architectures().values() for rule in family.layers for key in rule.key.split("|")}
    | {
        "mlp_only_layers",
        "moe_layers",
        "mlp_layer_types",
        "text_config",
        "sliding_window",
        "moe_layer_end_index",
        "per_layer_config",
        "use_sliding_window",
    }
)
WORDS = st.sampled_from(
    ["full_attention", "sliding_attention", "linear_attention", "mamba", "hybrid", "conv", "M", "E"]
)
VALUES = st.one_of(
    st.integers(-2, 40),
    st.integers(),
    st.none(),
    st.booleans(),
    st.floats(),
    st.text(max_size=4),
    st.text("ME*-", min_size=8, max_size=8),
    st.lists(WORDS, min_size=8, max_size=8),
    st.lists(st.integers(0, 9), min_size=8, max_size=8),
    st.dictionaries(st.sampled_from(["0", "03", "7", "x"]), st.dictionaries(st.just("head_dim"), st.integers(-1, 9))),
    st.lists(st.one_of(st.integers(-1, 3), st.text(max_size=3), st.lists(st.integers(), max_size=1)), max_size=3),
    st.dictionaries(st.sampled_from(["kv_n_heads", "moe_top_k", "model_type"]), st.integers(-1, 4), max_size=2),
)


@law(300)
@given(family=st.sampled_from(sorted(architectures())), wild=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8))
def test_whatever_stands_in_a_file_is_counted_or_refused(family, wild):
    """A count above zero or an InputError, never another error."""
    sizes = {
        key: 8
        for key in KEYS
        if key.endswith(("size", "dim", "rank", "layers", "heads", "experts", "n_layer", "n_head"))
    }
    with contextlib.suppress(InputError):
        assert 0 < from_config({**sizes, "model_type": family, **wild}, "config.json").params
