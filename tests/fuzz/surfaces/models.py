"""The config.json of a model, of every family that can be counted, and names of models."""

import json
from pathlib import Path

from tests.compute.model.test_counts import small_configs
from tests.compute.model.test_reading import LLAMA
from tests.fuzz.surface import Surface, Tree
from tunecase.compute.model import known_name, read_shape

SEEDS: list[Tree] = [
    {"config.json": json.dumps(config).encode()} for config in ({"model_type": "llama", **LLAMA}, *small_configs())
]
NAMES = "TheBloke/Llama-2-70B-GPTQ\nunsloth/llama-3-8b-bnb-4bit\nQwen/Qwen2.5-7B-Instruct\nmistralai/Mistral-7B-v0.1\n"


def _names(folder: Path) -> object:
    names = (folder / "names").read_text(encoding="utf-8", errors="replace").splitlines()
    for name in names[1:]:
        known_name(name)
    return read_shape(names[0] if names else "", folder, online=False)


SURFACES = (
    Surface(
        "model dimensions", SEEDS, lambda folder: read_shape(str(folder / "config.json"), online=False), examples=400
    ),
    Surface("names of models", [{"names": NAMES.encode()}], _names),
)
