"""Shapes: every parameter counted, every bad config refused with its field."""

import json
from pathlib import Path
from typing import Any

import pytest

from tunecase import catalog
from tunecase.errors import InputError
from tunecase.shape import architectures, from_model, read_shape

LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
}


def config(folder: Path, **changes: Any) -> str:
    """A config.json like Llama-3.1-8B's with changes; None drops a field."""
    body = {key: value for key, value in {**LLAMA, **changes}.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(body), encoding="utf-8")
    return "config.json"


@pytest.mark.parametrize("model", catalog.models(), ids=lambda model: model.name)
def test_parameters_equal_the_published_count(model):
    """The parameters counted from the dimensions are those of the tables, to the unit."""
    assert model.params == from_model(model).params


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("HuggingFaceTB/SmolLM2-135M", 134_515_008),
        ("meta-llama/Llama-2-7b-hf", 6_738_415_616),
        ("meta-llama/Llama-3.1-8B", 8_030_261_248),
        ("mistralai/Mixtral-8x7B-v0.1", 46_702_792_704),
        ("mistralai/Mistral-7B-v0.1", 7_241_732_096),
    ],
)
def test_known_models_have_their_known_size(name, params):
    """Well-known checkpoints have the size of their released weights."""
    assert params == read_shape(name).params


def test_an_alias_is_the_same_shape():
    """An alias in any case names the same model."""
    assert read_shape("meta-llama/Llama-2-7b-hf") == read_shape("LLAMA2-7B")


def test_active_parameters_of_a_mixture():
    """Mixtral uses two of eight experts: 12.9 of 46.7 billion parameters per token."""
    shape = read_shape("mixtral-8x7b")
    assert 12_879_925_248 == shape.active_params
    assert shape.product_params < shape.active_params < shape.params


def test_a_dense_model_uses_everything():
    """Without experts, active parameters are all parameters."""
    shape = read_shape("llama-2-7b")
    assert shape.params == shape.active_params


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


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden_size", None),
        ("num_hidden_layers", 0),
        ("vocab_size", -1),
        ("intermediate_size", "wide"),
        ("num_attention_heads", 31),
        ("num_key_value_heads", 5),
        ("head_dim", 1.5),
        ("tie_word_embeddings", "yes"),
        ("hidden_size", True),
        ("vocab_size", float("nan")),
    ],
)
def test_a_bad_field_is_named_with_its_file(tmp_path, field, value):
    """A missing, zero, negative or wrong value is refused and names the field and the file."""
    with pytest.raises(InputError) as caught:
        read_shape(config(tmp_path, **{field: value}), tmp_path)
    told = {"num_attention_heads": "head_dim"}.get(field, field)
    assert any(told in problem.where and "config.json" in problem.where for problem in caught.value.problems)


def test_all_bad_fields_come_together(tmp_path):
    """Two mistakes in a file are two problems."""
    with pytest.raises(InputError) as caught:
        read_shape(config(tmp_path, hidden_size=0, vocab_size=-5), tmp_path)
    assert 2 == len(caught.value.problems)


@pytest.mark.parametrize(
    "changes",
    [
        {"model_type": "mamba"},
        {"model_type": None},
        {"model_type": "llama", "kv_lora_rank": 512},
        {"model_type": "falcon", "new_decoder_architecture": True},
        {"model_type": "qwen3_moe", "mlp_only_layers": [0]},
        {"model_type": "mixtral", "num_local_experts": 2, "num_experts_per_tok": 4},
    ],
)
def test_what_cannot_be_counted_is_refused(tmp_path, changes):
    """An unknown or unusual architecture is refused, never guessed."""
    with pytest.raises(InputError):
        read_shape(config(tmp_path, **changes), tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "", "\x00"])
def test_a_file_that_is_no_config_is_refused(tmp_path, text):
    """Broken or foreign JSON is an input error."""
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        read_shape("config.json", tmp_path)


def test_unknown_names_get_near_ones():
    """A misspelt model is refused with near names; a missing file says so."""
    with pytest.raises(InputError, match="did you mean"):
        read_shape("meta-llama/Llama-2-7b-fh")
    with pytest.raises(InputError, match="no such file"):
        read_shape("nowhere/config.json")


def test_every_architecture_states_source_and_date():
    """Each row of the architectures has a source and a date, and every model's architecture is one of them."""
    assert all(row["source"] and row["date"] for row in catalog.read_table("architectures"))
    assert {model.architecture for model in catalog.models()} <= set(architectures())
