"""Training configurations of other tools."""

import json
from pathlib import Path

from tests.compute.configs import (
    test_accelerate,
    test_axolotl,
    test_deepspeed,
    test_llama_factory,
    test_torchtune,
    test_trl,
)
from tests.fuzz.surface import Surface, Tree
from tunecase.compute.configs import read_config

YAMLS = (
    test_axolotl.QLORA, test_axolotl.FULL, test_llama_factory.LORA, test_llama_factory.FULL, test_trl.SFT,
    test_torchtune.LORA, test_torchtune.FULL, test_torchtune.GRPO, test_accelerate.FSDP, test_accelerate.ZERO,
)  # fmt: skip
ZERO2 = json.dumps(test_deepspeed.ZERO2).encode()
BESIDE = json.dumps({"zero_optimization": {"stage": 3, "offload_optimizer": {"device": "cpu"}}}).encode()
SEEDS: list[Tree] = [
    *({"run.yaml": text.encode()} for text in YAMLS),
    {"run.json": ZERO2},
    {"run.yaml": (test_trl.SFT + "deepspeed: zero.json\n").encode(), "zero.json": BESIDE},
]


def _read(folder: Path) -> object:
    path = next((path for path in folder.glob("run.*")), folder / "run.yaml")
    return read_config(path), read_config(path, gpus=8)


SURFACES = (Surface("training configurations", SEEDS, _read, examples=250),)
