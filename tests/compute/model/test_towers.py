"""Towers are counted to the unit, or named where they are not."""

from typing import Any

import pytest

from tunecase import catalog
from tunecase.compute.model import read_shape
from tunecase.compute.model.blocks import Tower
from tunecase.compute.model.reading import from_config
from tunecase.compute.model.towers import Uncounted, towers_of

SIGLIP = {
    "model_type": "siglip_vision_model", "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 3,
    "num_attention_heads": 2, "image_size": 28, "patch_size": 14,
}  # fmt: skip
TEXT = {
    "model_type": "gemma3_text", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 96, "vocab_size": 120,
}  # fmt: skip
QWEN = {"depth": 3, "num_heads": 2, "patch_size": 8, "out_hidden_size": 64}
# The class defaults of each kind, and settings that reach the other branches of its count.
WHOLES: tuple[tuple[str, dict[str, Any]], ...] = (
    *(
        (name, {})
        for name in (
            "gemma3", "llava", "llava_next", "llava_next_video", "llava_onevision", "paligemma", "mistral3", "qwen2_vl",
            "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe", "llama4", "idefics3", "smolvlm",
            "internvl", "lfm2_vl", "glm4v", "glm4v_moe", "glm46v", "kimi_k25", "exaone4_5", "minimax_m3_vl",
            "cohere2_vision", "voxtral", "qwen2_audio", "qwen2_5_omni", "qwen3_omni_moe",
        )
    ),
    ("gemma4", {"vision_config": {"model_type": "gemma4_vision"}, "audio_config": {"model_type": "gemma4_audio"}}),
    ("gemma3", {"vision_config": {**SIGLIP, "vision_use_head": False}}),
    ("llava", {"vision_config": SIGLIP, "multimodal_projector_bias": False}),
    ("mistral3", {"multimodal_projector_bias": True, "spatial_merge_size": 3}),
    ("qwen2_vl", {"vision_config": {**QWEN, "embed_dim": 32, "hidden_size": 64, "mlp_ratio": 3}}),
    ("qwen2_5_vl", {"vision_config": {**QWEN, "hidden_size": 32, "intermediate_size": 50}}),
    ("qwen3_vl", {"vision_config": {**QWEN, "hidden_size": 32, "deepstack_visual_indexes": [0, 2]}}),
    ("internvl", {"vision_config": {"attention_bias": True, "use_qk_norm": True, "use_mean_pooling": False}}),
    ("lfm2_vl", {"projector_use_layernorm": False, "projector_bias": False}),
    ("glm4v", {"vision_config": {"depth": 3, "hidden_size": 96, "num_heads": 4, "attention_bias": True}}),
)  # fmt: skip


@pytest.mark.slow
def test_the_ear_of_gemma_3n_equals_what_transformers_builds() -> None:
    """Alone, as its eye needs a package that is not installed."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    parts = pytest.importorskip("transformers.models.gemma3n.modeling_gemma3n")
    config = transformers.AutoConfig.for_model("gemma3n")
    with torch.device("meta"):
        ear = parts.Gemma3nAudioEncoder._from_config(config.audio_config)
        projector = parts.Gemma3nMultimodalEmbedder(config.audio_config, config.text_config)
    built = sum(p.numel() for part in (ear, projector) for p in part.parameters())
    assert built == towers_of(config.to_dict())[1].params


@pytest.mark.slow
@pytest.mark.parametrize(("name", "fields"), WHOLES)
def test_a_tower_equals_what_transformers_builds_beside_the_language_model(name: str, fields: dict[str, Any]) -> None:
    """On a device without memory, projector included."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    config = transformers.AutoConfig.for_model(name, **fields)
    config = getattr(config, "thinker_config", config)
    sound = name in ("voxtral", "qwen2_audio")
    build = transformers.AutoModelForMultimodalLM if sound else transformers.AutoModelForImageTextToText
    with torch.device("meta"):
        model = build.from_config(config)
    language = ("language_model", "text_model", "lm_head")
    beside = sum(p.numel() for key, p in model.named_parameters() if not any(word in key for word in language))
    assert beside == sum(tower.params for tower in towers_of(config.to_dict()))


def test_a_file_with_images_has_its_tower_beside_the_language_model() -> None:
    """The language model's own count stays as it is."""
    plain = from_config(TEXT, "config.json")
    shape = from_config({"model_type": "gemma3", "text_config": TEXT, "vision_config": SIGLIP}, "config.json")
    assert (plain.params, ()) == (shape.params, plain.towers)
    assert shape.tower_params == shape.towers[0].params > 0


def test_a_tower_that_cannot_be_counted_is_named() -> None:
    """It is neither refused nor silently nothing."""
    cases = [
        {"model_type": "gemma3", "vision_config": {"model_type": "novelty"}},
        {"model_type": "novelty", "vision_config": SIGLIP},
        {"model_type": "gemma3", "vision_config": {**SIGLIP, "hidden_size": "wide"}},
        {"model_type": "gemma3", "vision_config": SIGLIP, "text_config": {"hidden_size": -1}},
    ]  # fmt: skip
    for config in cases:
        (tower,) = towers_of(config)
        assert isinstance(tower, Uncounted)
        assert tower.name in ("novelty", "siglip_vision_model")


def test_without_images_or_sound_there_is_no_tower() -> None:
    """Also where the file says so in words."""
    assert () == towers_of({"model_type": "gemma3", "vision_config": None}) == read_shape("qwen3-8b").towers


def test_rows_of_released_models_have_the_towers_of_their_files() -> None:
    """The totals that their pages on the hub state, heads for later tokens aside."""
    totals = {
        "gemma-3-4b-it": 4_300_079_472, "meta-llama/Llama-4-Scout-17B-16E-Instruct": 108_641_793_536,
        "HuggingFaceTB/SmolVLM2-2.2B-Instruct": 2_246_784_880, "smolvlm2-256m": 256_484_928,
    }  # fmt: skip
    for name, total in totals.items():
        shape = read_shape(name)
        assert total == shape.params + shape.tower_params
    stated = [model for model in catalog.models() if any("_tower=" in setting for setting in model.settings)]
    assert all(isinstance(tower, Tower) for model in stated for tower in read_shape(model.name).towers)
    assert len(stated) >= 30


def test_a_file_does_not_state_a_tower_as_a_number() -> None:
    """That is how the table of models states one; in a file it means nothing."""
    cases = [-7_000_000_000, True, 10**400, "siglip"]
    assert [] == [size for size in cases if () != towers_of({"model_type": "llama", "vision_tower": size})]
