"""Reads a model's shape: from the tables, from a config.json, or from the hub."""

from functools import cache
from pathlib import Path
from typing import Any

from tunecase import catalog
from tunecase.compute.model import hub
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.families import Architecture, architectures, counted
from tunecase.compute.model.names import known_name
from tunecase.compute.model.settings import Settings, read_json, shown
from tunecase.errors import InputError, Problem, nearest

REFUSAL = "a decoder whose parameters can be counted"
# Where the name of the whole stands beside the settings of the language model inside it.
OUTER = "outer model_type"
# The name that a language model has inside a file with images, by the name of the whole.
INSIDE = {"gemma3": "gemma3_text", "llama4": "llama4_text", "mistral3": "mistral"}


def read_shape(name_or_config: str, base: Path | None = None, *, online: bool = True) -> Shape:
    """The shape of a model in the tables, or of the Hugging Face config.json at a path or on the hub.

    Args:
        name_or_config: a name or alias of models.csv in any common spelling, a config.json, a folder that holds
            one, or an owner/name of the Hugging Face hub.
        base: folder against which a relative path is read.
        online: whether the hub may be asked for the config.json of a name that is not found on this machine.
    Returns: the Shape.
    Raises: InputError, with near names, or with the field and the file.

    Example:
        >>> read_shape("meta-llama/Llama-3.1-8B").params
        8030261248

    Source: the number of parameters that transformers 5.24.0 gives the same file, to the unit
        (tests/compute/model/test_counts.py).
    Leaves out vision towers, prediction heads for more than the next token, and buffers such as rotary tables.
    """
    path = Path(name_or_config) if base is None else base / name_or_config
    if path.is_dir() and (path / "config.json").is_file():
        path = path / "config.json"
    if path.is_file():
        return from_config(read_json(path), str(path))
    if path.suffix == ".json":
        raise InputError(Problem("model", f"{name_or_config!r}, no such file", "a config.json", "check the path"))
    model = known_name(name_or_config)
    if model is not None:
        return from_model(model)
    if not hub.is_id(name_or_config):
        return from_model(catalog.model(name_or_config))
    fetched = hub.config(name_or_config, online=online)
    if fetched is not None:
        return from_config(*fetched, name_or_config)
    names = catalog.names()["model"]
    got = f"{name_or_config!r}, not in the tables, and the hub did not give its config.json"
    fix = f"{nearest(name_or_config, names)}; or give the path of its config.json"
    raise InputError(Problem("model", got, "a model in the tables, on the hub, or a config.json", fix))


def from_model(model: catalog.Model) -> Shape:
    """The shape of a model in the tables.

    Args:
        model: a row of catalog/tables/models.csv.
    Returns: the Shape.
    Raises: InputError when the row contradicts its architecture.

    Example:
        >>> from tunecase import catalog
        >>> from_model(catalog.model("smollm2-135m")).params
        134515008
    """
    family = architectures()[model.architecture]
    read = Settings(_config(model, family), f"model {model.name}")
    shape = counted(model.name, family, read)
    if read.problems:
        raise InputError(read.problems)
    return shape


def from_config(config: dict[str, Any], where: str, name: str = "") -> Shape:
    """The shape that a config.json states.

    Args:
        config: the file as read; of a file with a text_config, that part counts.
        where: the file's name, for errors.
        name: what the shape is called; the file's own name, or its path, when empty.
    Returns: the Shape.
    Raises: InputError with every field that cannot be read.

    Example:
        >>> sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
        >>> from_config({"model_type": "llama", "vocab_size": 100, **sizes}, "config.json").params
        82752
    """
    nested = config.get("text_config")
    if isinstance(nested, dict):
        whole = {key: value for key, value in config.items() if key != "text_config"}
        whole[OUTER] = whole.get("model_type")
        whole["model_type"] = INSIDE.get(shown(whole[OUTER]).strip("'"), whole[OUTER])
        # transformers ties by the outer setting; the inner one repeats a class default.
        outer = {key: whole[key] for key in ("tie_word_embeddings",) if key in whole}
        config = {**whole, **nested, **outer}
    read = Settings(config, where)
    family = _family(read)
    shape = counted(name or _stated_name(config) or where, family, read)
    if read.problems:
        raise InputError(read.problems)
    return shape


def _stated_name(config: dict[str, Any]) -> str:
    stated = config.get("_name_or_path")
    return stated if isinstance(stated, str) else ""


def _family(read: Settings) -> Architecture:
    name, families = read.raw("model_type"), architectures()
    name = INSIDE.get(name, name) if isinstance(name, str) else shown(name)
    odd = [key for key in ("is_encoder_decoder", "add_cross_attention") if read.raw(key)]
    reasons = [*_refused().get(name, ()), *_refused().get(shown(read.raw(OUTER)).strip("'"), ())]
    reason = next((reason for setting, reason in reasons if not setting or read.raw(setting)), "")
    if name in families and not odd and not reason:
        return families[name]
    got = repr(name) + (f" with {', '.join(odd)}" if odd else "") + (f": {reason}" if reason else "")
    near = nearest(name, list(families), cutoff=0.75)
    fix = f"name a model of the tables with the same dimensions instead; {near}"
    raise InputError([*read.problems, Problem(f"{read.where}: model_type", got, REFUSAL, fix)])


@cache
def _refused() -> dict[str, list[tuple[str, str]]]:
    """Why architectures are refused, and the setting without which they are not, by name."""
    reasons: dict[str, list[tuple[str, str]]] = {}
    for row in catalog.read_table("refused"):
        reasons.setdefault(row["architecture"], []).append((row["setting"], row["reason"]))
    return reasons


def _config(model: catalog.Model, family: Architecture) -> dict[str, Any]:
    """A row of the table as a config.json would state it, under the first key of each symbol."""
    expert_keys = family.sizes["m"].partition(":")[0] if model.experts else ""
    stated = {
        "L": model.layers,
        "h": model.hidden,
        "a": model.heads,
        "g": model.kv_heads,
        "d": model.head_dim,
        "V": model.vocab,
        "C": model.context,
        "E": model.experts,
        "A": model.active_experts,
        "m" if expert_keys else "f": model.ffn,
    }
    config: dict[str, Any] = {"tie_word_embeddings": model.tied}
    for symbol, value in stated.items():
        keys = family.sizes[symbol].partition(":")[0]
        if keys and value:
            _put(config, keys.split("|")[0], value)
    for pair in model.settings:
        key, _, text = pair.partition("=")
        _put(config, key, {"yes": True, "no": False}.get(text, int(text) if text.lstrip("-").isdecimal() else text))
    return config


def _put(config: dict[str, Any], key: str, value: Any) -> None:
    *folders, last = key.split(".")
    for folder in folders:
        config = config.setdefault(folder, {})
    config[last] = value
