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

# Small config.json files that reach every branch of the count. A row with "part" names fields that others go "with".
SMALL = Path(__file__).parents[2] / "fixtures" / "compute" / "small_configs.jsonl"
# What the configuration classes leave out although a model cannot be built, or counted, without it.
COMPLETED: dict[str, dict[str, Any]] = {
    "deepseek_v2": {"num_experts_per_tok": 6},
    "dots1": {"n_routed_experts": 8, "n_shared_experts": 2, "num_experts_per_tok": 2}, "glm4_moe": {"head_dim": 128},
    "hunyuan_v1_dense": {"head_dim": 128}, "hunyuan_v1_moe": {"head_dim": 128, "num_experts": 4, "moe_topk": 1},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"] * 16}, "ministral": {"head_dim": 128},
}  # fmt: skip
# Default sizes that build nothing; the first three are built from small sizes, or inside another class.
NOT_BUILT = {"dbrx", "nemotron", "gemma3n"}
# Modules of towers, which are counted apart.
TOWER = re.compile(r"vision|audio|image|multi_modal|visual|vq|embed_tokens_extend")


def small_configs() -> list[dict[str, Any]]:
    """Each row's fields, with those of the parts that it names."""
    rows = [json.loads(line) for line in SMALL.read_text(encoding="utf-8").splitlines()]
    parts = {row.pop("part"): row for row in rows if "part" in row}
    configs = []
    for row in (row for row in rows if "model_type" in row):
        given = {key: value for part in row.pop("with", ()) for key, value in parts[part].items()}
        absent = row.pop("without", ())
        configs.append({key: value for key, value in given.items() if key not in absent} | row)
    return configs


def built(config: Any) -> Any:
    """The model of a configuration on the meta device, so that it takes no memory."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    with torch.device("meta"):
        if config.model_type == "mllama_text_model":
            return transformers.MllamaForCausalLM._from_config(config)
        return transformers.AutoModelForCausalLM.from_config(config)


def test_a_config_is_counted_as_transformers_builds_it(tmp_path: Path) -> None:
    """As written by hand, and as transformers saves it."""
    transformers = pytest.importorskip("transformers")
    wrong = []
    for config in small_configs():
        model = built(transformers.AutoConfig.for_model(**config))
        weights = sum(weights.numel() for weights in model.parameters())
        model.config.save_pretrained(tmp_path)
        counted = from_config(config, "config.json").params, read_shape(str(tmp_path)).params
        wrong += [] if counted == (weights, weights) else [(config, weights, *counted)]
    assert [] == wrong


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
