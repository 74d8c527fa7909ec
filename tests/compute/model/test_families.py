"""Architectures: symbols, kinds of layer, and what they ask of memory, time and the cache."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.machine import allowed
from tunecase import catalog
from tunecase.compute.model.blocks import MEASURED, Shape
from tunecase.compute.model.families import RULES, SPARSE, Architecture, Symbols, architectures
from tunecase.compute.model.reading import from_config, read_shape
from tunecase.compute.model.settings import Settings
from tunecase.errors import InputError

SIZES = {
    "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 96, "vocab_size": 120,
}  # fmt: skip
DELTA = {"linear_key_head_dim": 8, "linear_value_head_dim": 12, "linear_num_key_heads": 2, "linear_num_value_heads": 4}
STATE = {"mamba_num_heads": 8, "mamba_head_dim": 16, "ssm_state_size": 8, "n_groups": 2, "head_dim": 24}
MAMBA = {"mamba_n_heads": 8, "mamba_d_state": 8}
ROUTED = {"num_local_experts": 6, "num_experts_per_tok": 2}


def shape(model_type: str, **changes: Any) -> Shape:
    """A little model; changes are fields of its file, None drops one."""
    body = {"model_type": model_type, **SIZES, **changes}
    return from_config({key: value for key, value in body.items() if value is not None}, "config.json")


def kinds(counted: Shape) -> dict[str, int]:
    """Layers by the kind of their mixer."""
    layers: dict[str, int] = {}
    for count, mixer in counted.mixers:
        layers[mixer.kind] = layers.get(mixer.kind, 0) + count
    return layers


def test_kinds_of_layer_are_read_as_released_files_list_them() -> None:
    """Words, letters, numbers, switches, cycles, every so many, or none where there is one kind."""
    cases = [
        ("qwen3_5_text", {**DELTA, "full_attention_interval": 2}, {"gated delta": 2, "attention": 2}),
        ("qwen3_5_text", DELTA, {"gated delta": 3, "attention": 1}),
        ("nemotron_h", {**STATE, "hybrid_override_pattern": "M-*M"}, {"state space": 2, "": 1, "attention": 1}),
        ("bamba", {**MAMBA, "attn_layer_indices": [1, 3]}, {"state space": 2, "attention": 2}),
        ("recurrent_gemma", {"block_types": ["recurrent", "attention"]}, {"recurrence": 2, "attention": 2}),
        ("minimax", {**ROUTED, "attn_type_list": [0, 0, 0, 1]}, {"linear attention": 3, "attention": 1}),
        ("lfm2", {"full_attn_idxs": [2]}, {"short convolution": 3, "attention": 1}),
        ("mamba", {"intermediate_size": None}, {"state space": 4}),
    ]  # fmt: skip
    assert [] == [
        (model_type, fields, expected)
        for model_type, fields, expected in cases
        if expected != kinds(shape(model_type, **fields))
    ]


def test_the_number_of_layers_is_that_of_their_list() -> None:
    """A file that lists the kinds need not say how many they are."""
    assert 6 == shape("nemotron_h", **STATE, num_hidden_layers=None, hybrid_override_pattern="M-M*-M").layers


def test_what_contradicts_itself_is_refused_by_its_field() -> None:
    """Half a file, a list where a number belongs, no experts, layers that are not as many as their kinds."""
    cases = [
        {"layer_types": ["full_attention"] * 3}, {"layer_types": ["full_attention"] * 3 + ["wishful_attention"]},
        {"layer_types": ["full_attention"] * 3 + [["full_attention"]]}, {"layer_types": "full_attention"},
        {"layer_types": []}, {"hidden_size": [64, 64]}, {"num_hidden_layers": [4]}, {"max_position_embeddings": 0},
        {"num_hidden_layers": None, "hidden_size": None},
        {"model_type": "qwen3_next", "num_experts": 0, "num_experts_per_tok": 0, "moe_intermediate_size": 8, **DELTA},
        {"model_type": "mixtral", "num_local_experts": 0, "num_experts_per_tok": 2},
        {"model_type": "mixtral", "num_local_experts": [8], "num_experts_per_tok": 2},
        {"model_type": "gemma3n_text", "num_kv_shared_layers": 4},
        {"model_type": "minimax", **ROUTED, "attn_type_list": [0, 1]},
        {"model_type": "nemotron_h", **STATE, "hybrid_override_pattern": "M?*-"}, {"model_type": "kimi_linear"},
        {"model_type": "doge", "is_moe": True},
        {"model_type": "gemma4_unified_assistant", "text_config": {"model_type": "gemma4_unified_text"}},
    ]  # fmt: skip
    for changes in cases:
        with pytest.raises(InputError) as caught:
            shape(**{"model_type": "llama", **changes})
        assert all("config.json: " in problem.where for problem in caught.value.problems)


@pytest.mark.parametrize("depth", [900, 10_000, 100_000])
@pytest.mark.parametrize(
    "key", ["text_config", "layer_types", "hidden_size", "model_type", "num_experts", "attention_bias"]
)
def test_a_file_nested_without_end_is_refused(tmp_path: Any, depth: int, key: str) -> None:
    """However deep objects or lists lie in each other."""
    opened, closed = ('{"text_config": ', "}") if key == "text_config" else ("[", "]")
    inner = opened * depth + "1" + closed * depth
    body = json.dumps({"model_type": "llama", **{k: v for k, v in SIZES.items() if k != key}})
    (tmp_path / "config.json").write_text(f'{body[:-1]}, "{key}": {inner}}}', encoding="utf-8")
    if key == "text_config" and depth < 1000:
        assert 4 == read_shape("config.json", tmp_path).layers  # what no decoder reads does no harm
        return
    with pytest.raises(InputError):
        read_shape("config.json", tmp_path)


def test_values_nested_without_end_are_refused_or_left_alone() -> None:
    """However a mapping was made: deep lists as names, as numbers, and inside per_layer_config."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert "config.json" == shape("llama", _name_or_path=deep).name
    for changes in ({"model_type": deep, "text_config": SIZES}, {"per_layer_config": {"1": {"head_dim": deep}}}):
        with pytest.raises(InputError):
            shape(**{"model_type": "llama", **changes})


def test_only_layers_with_keys_of_their_own_leave_a_cache() -> None:
    """The last layers of Gemma 3n read the keys and values of those before them."""
    counted = shape("gemma3n_text", num_kv_shared_layers=1, head_dim=16, laurel_rank=4)
    assert 3 * 2 * 2 * 16 == sum(count * mixer.cache for count, mixer in counted.mixers)
    assert 3 == sum(b.count for b in counted.blocks if any(m.name == "k_proj" for m in b.matrices))


def test_a_window_is_that_of_its_layers() -> None:
    """Every second layer of GPT-OSS slides over 128 tokens; all layers of the first Mistral over 4,096."""
    windows = {mixer.window: count for count, mixer in read_shape("gpt-oss-20b").mixers}
    assert {0: 12, 128: 12} == windows
    assert [4096] == [mixer.window for _, mixer in shape("mistral", sliding_window=4096).mixers]
    off = shape("qwen2", sliding_window=4096, use_sliding_window=False, layer_types=["full_attention"] * 4)
    assert 0 == off.sliding_window


def test_a_shared_block_has_weights_once_and_works_in_every_layer() -> None:
    """Zamba 2 runs one transformer block in several layers: its parameters count once, its products each time."""
    fields = {"num_key_value_heads": 4, "n_mamba_heads": 8, "mamba_d_state": 8, "num_hidden_layers": 6}
    counted = shape("zamba2", **fields, layers_block_type=["mamba", "hybrid"] * 3)
    queries = [(b.count, m.copies, m.active) for b in counted.blocks for m in b.matrices if m.name == "q_proj"]
    assert [(1, 1, 1), (2, 0, 1)] == queries
    assert counted.linear_params < counted.product_params - counted.vocab * counted.embedding


def test_numbers_per_layer_are_those_of_each_layer() -> None:
    """MLPs of two widths, and heads that per_layer_config gives one layer."""
    fields = {"num_kv_shared_layers": 0, "head_dim": 16, "laurel_rank": 4}
    narrow, wide = (shape("gemma3n_text", **fields, intermediate_size=[96, 96, 96, last]) for last in (96, 128))
    assert 3 * 64 * 32 == wide.params - narrow.params
    plain, own = (
        shape("llama", head_dim=16, per_layer_config=each) for each in ({}, {"02": {"num_attention_heads": 8}})
    )
    assert 2 * 64 * 64 == own.params - plain.params


def test_what_no_run_has_is_said() -> None:
    """A hybrid names its kinds of layer; a plain decoder has none to name."""
    assert ("gated delta",) == shape("qwen3_5_text", **DELTA).new_blocks
    assert () == read_shape("llama-3.1-8b").new_blocks
    assert "attention" in MEASURED


def test_a_model_without_queries_has_no_query_adapters() -> None:
    """A state-space model has neither q nor v to adapt, and says which matrices it has."""
    with pytest.raises(InputError, match="in_proj"):
        shape("mamba", intermediate_size=None).lora_params(8, "qv")
    assert 0 < shape("mamba", intermediate_size=None).lora_params(8)


def symbols(**values: int) -> Symbols:
    """Symbols with these values, of no file."""
    texts = dict.fromkeys(("attention", "mlp", "experts", "shared", "router", "sparse", "block_other", "other"), "")
    return Symbols(Architecture("none", {}, {}, **texts), Settings({}, "none"), **values)


@given(x=st.integers(0, 10_000), y=st.integers(1, 500))
def test_the_language_of_sizes(x: int, y: int) -> None:
    """Sums, products, differences, ratios, multiples, and the two questions."""
    at = symbols(x=x, y=y)
    assert x + 2 * x * y == at.total("x+2*x*y")
    assert (x // y, max(x - y, 0), int(x != y), int(x == 0)) == tuple(map(at.total, ("x/y", "x-y", "x~y", "!x")))
    multiple = at.total("x^y")
    assert 0 == multiple % y
    assert 0 <= multiple - x < y
    assert 0 == symbols(x=x, z=0).total("x/z")


def test_every_row_is_of_a_known_architecture_and_rule() -> None:
    """Kinds of layer and rules belong to architectures, and what is refused is not counted; each row has its source."""
    families = architectures()
    assert {row["architecture"] for row in catalog.read_table("mixers")} <= set(families)
    assert {row["architecture"] for row in catalog.read_table("layers")} <= set(families)
    assert {row["rule"] for row in catalog.read_table("layers")} <= set(RULES)
    assert all(family.sparse.partition(":")[0] in SPARSE for family in families.values())
    whole = {row["architecture"] for row in catalog.read_table("refused") if not row["setting"]}
    assert not whole & set(families)
    rows = [row for name in ("mixers", "layers", "refused") for row in catalog.read_table(name)]
    assert all(row["source"] and row["date"] for row in rows)
    assert all(row["reason"] for row in catalog.read_table("refused"))


def test_experts_switched_on_layer_by_layer_are_read_as_released() -> None:
    """MiniMax M3's file switches them by numbers, and names shared experts whose width it states apart."""
    sizes = {**ROUTED, "dense_intermediate_size": 96, "shared_intermediate_size": 24, "head_dim": 16}
    words = shape("minimax_m3_vl_text", **sizes, mlp_layer_types=["dense", "sparse", "sparse", "sparse"])
    switches = shape("minimax_m3_vl_text", **sizes, moe_layer_freq=[0, 1, 1, 1], n_shared_experts=1)
    assert words.params == switches.params


def test_a_window_that_no_model_has_is_none() -> None:
    """A number of three hundred digits is no window."""
    assert [0, 0, 64] == [shape("llama", sliding_window=width).sliding_window for width in (10**300, True, 64)]


def test_lists_of_layers_are_read_once() -> None:
    """Thousands of layers, each looked up in a list of thousands, take no longer than a glance."""
    experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
    limit, began = allowed(2), time.process_time()
    shape("qwen3_moe", num_hidden_layers=9_000, mlp_only_layers=list(range(30_000)), **experts)
    assert time.process_time() - began < limit
