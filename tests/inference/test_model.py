"""What serving must know of a model is counted, looked up, or guessed from a size, in any spelling."""

import json
from pathlib import Path

import pytest

from tunecase import catalog
from tunecase.errors import InputError
from tunecase.inference import served
from tunecase.inference.setup import Setup
from tunecase.inference.work import cache_bytes


def test_a_name_in_any_spelling_is_the_same_model() -> None:
    """Words of tuning and quantisation change no dimension."""
    cases = [
        "llama-3-8b", "Meta-Llama-3.1-8B-Instruct-FP8", "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16",
    ]  # fmt: skip
    for name in cases:
        model = served(name)
        assert (model.layers, model.kv_elements, model.kv_heads, model.guessed) == (32, 2 * 32 * 8 * 128, 8, "")


def test_latent_attention_keeps_one_vector_a_layer() -> None:
    """DeepSeek's cache holds 576 numbers a layer, which cannot be split over cards."""
    model = served("deepseek-r1")
    assert (model.kv_elements, model.kv_heads) == (61 * 576, 1)
    assert model.cached_pair_flop > model.pair_flop


def test_layers_with_a_window_are_kept_apart() -> None:
    """Half of the layers of gpt-oss look back 128 tokens."""
    model = served("gpt-oss-20b")
    assert model.window == 128
    assert model.kv_window_elements == model.kv_elements == 24 / 2 * 2 * 8 * 64


def test_experts_are_met_by_few_tokens() -> None:
    """A mixture of experts has more parameters than one token meets."""
    model = served("Qwen3-30B-A3B")
    assert (model.experts, model.active_experts) == (128, 8)
    assert 2.5e9 < model.active < 4e9 < 30e9 < model.params < 31e9


def test_models_with_other_layers_come_from_the_table() -> None:
    """A model whose layers cannot be counted has a row, and one that equals another takes its dimensions."""
    assert served("Qwen/Qwen3.5-397B-A17B-FP8").kv_elements == 15 * 2 * 2 * 256
    assert served("deepseek-r1-distill-qwen-32b").params == served("qwen2.5-32b").params


def test_every_row_of_the_table_is_found_by_each_of_its_names() -> None:
    """No name of the table is guessed or belongs to two rows."""
    rows = catalog.read_table("serving_models")
    names = [name.strip() for row in rows for name in (row["name"], *row["aliases"].split(";"))]
    assert [name for name in names if served(name).guessed] == []
    assert len({name.casefold() for name in names}) == len(names)


def test_a_size_alone_is_a_guess_that_says_so() -> None:
    """An unknown name with a size gets the shape usual for it."""
    cases = [
        ("acme-70b", 70e9, 70e9), ("acme-30b-a3b", 30e9, 3e9), ("acme-8x7b", 46.8e9, 12.8e9),
        ("acme-0.2b", 0.2e9, 0.2e9),
    ]  # fmt: skip
    for name, params, active in cases:
        model = served(name)
        assert (model.params, model.active) == pytest.approx((params, active), rel=0.01)
        assert name in model.guessed


def test_a_larger_guess_is_deeper_and_wider() -> None:
    """Depth and width grow with the size that a name states."""
    shapes = [(served(f"acme-{size}b").layers, served(f"acme-{size}b").hidden) for size in (1, 3, 9, 40, 100, 400)]
    assert shapes == sorted(shapes)


def test_a_name_without_a_size_is_refused() -> None:
    """Nothing is guessed where nothing is known."""
    with pytest.raises(InputError, match="acme-large"):
        served("acme-large")


def test_a_config_of_a_folder_is_counted(tmp_path: Path) -> None:
    """The dimensions of a config.json are taken, its sliding window included."""
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
    config = {"model_type": "mistral", "vocab_size": 100, "sliding_window": 32, "num_key_value_heads": 2, **sizes}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    model = served(".", tmp_path)
    assert (model.layers, model.kv_elements, model.window, model.kv_window_elements) == (2, 0, 32, 2 * 2 * 2 * 16)


def file(folder: Path, **fields: object) -> str:
    """A config.json of a little model."""
    sizes = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2}
    body = {**sizes, "intermediate_size": 96, "vocab_size": 120, **fields}
    (folder / "config.json").write_text(json.dumps(body), encoding="utf-8")
    return str(folder)


def test_layers_without_keys_leave_no_cache(tmp_path: Path) -> None:
    """One layer in four of a gated-delta hybrid keeps keys and values; the others a state of fixed size."""
    heads = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "head_dim": 16}
    hybrid = served(file(tmp_path, model_type="qwen3_5_text", **heads))
    assert 1 * 2 * 2 * 16 == hybrid.kv_elements
    assert 3 * 4 * 128 * 128 < hybrid.state_elements < 4 * 4 * 128 * 128


def test_a_state_is_held_once_whatever_the_length(tmp_path: Path) -> None:
    """A state-space model's sequence of 8 tokens holds as much as one of 8,000."""
    sizes = {"state_size": 8, "num_heads": 8, "head_dim": 16, "n_groups": 2}
    setup = Setup(served(file(tmp_path, model_type="mamba2", **sizes)), catalog.gpu("H100-SXM"))
    assert 0 < cache_bytes(setup, 8) == cache_bytes(setup, 8000)


def test_shared_keys_and_values_are_held_once(tmp_path: Path) -> None:
    """The last layer of four reads the cache of another."""
    fields = {"head_dim": 16, "laurel_rank": 4, "num_kv_shared_layers": 1, "sliding_window": 512}
    model = served(file(tmp_path, model_type="gemma3n_text", **fields))
    assert 3 * 2 * 2 * 16 == model.kv_elements + model.kv_window_elements
    assert 512 == model.window
