"""Reads a model's shape: from the tables, from a config.json, or from the hub."""

import os
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tunecase import catalog
from tunecase.compute.model import hub
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.families import Architecture, architectures, counted
from tunecase.compute.model.names import known_name, near_names
from tunecase.compute.model.settings import Settings, read_json, shown
from tunecase.compute.model.towers import towers_of, towers_stated
from tunecase.errors import InputError, Problem, nearest, refuse_any
from tunecase.io import no_file

REFUSAL = "a decoder whose parameters can be counted"
# Where the name of the whole stands beside the settings of the language model inside it.
OUTER = "outer model_type"
# The name that a language model has inside a file with images, by the name of the whole.
INSIDE = {
    "gemma3": "gemma3_text", "llama4": "llama4_text", "mistral3": "mistral", "qwen2_vl": "qwen2",
    "qwen2_vl_text": "qwen2", "qwen2_5_vl": "qwen2", "qwen2_5_vl_text": "qwen2", "qwen3_vl_text": "qwen3",
    "qwen3_vl_moe_text": "qwen3_moe", "minimax_m3_vl": "minimax_m3_vl_text",
    "glm4v_text": "glm4", "glm4v_moe_text": "glm4_moe", "qwen2_5_omni_text": "qwen2",
    "qwen3_omni_moe_text": "qwen3_moe",
}  # fmt: skip


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
    Leaves out prediction heads for more than the next token, and buffers such as rotary tables. Towers that read
    images or sound are counted apart, as `towers`.
    """
    path = Path(name_or_config) if base is None else base / name_or_config
    # Of a name too long for a file, os.path says that it is none.
    if os.path.isdir(path) and (path / "config.json").is_file():
        path = path / "config.json"
    if os.path.isfile(path):
        return from_config(read_json(path), str(path))
    if path.suffix == ".json" and (problem := no_file(path, "a config.json", "check the path", "model")):
        raise InputError(replace(problem, got=f"{name_or_config!r}, {problem.got}"))
    model = known_name(name_or_config)
    if model is not None:
        return from_model(model)
    fetched = hub.config(name_or_config, online=online) if hub.is_id(name_or_config) else None
    if fetched is not None:
        return from_config(*fetched, name_or_config)
    asked = ", and the hub did not give its config.json" if hub.is_id(name_or_config) else ""
    got, wanted = f"{name_or_config!r}, not in the tables{asked}", "a model in the tables, on the hub, or a config.json"
    raise InputError(Problem("model", got, wanted, near_names(name_or_config)))


@cache
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
    refuse_any(read.problems)
    return replace(shape, towers=towers_stated(read.config))


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
    inside = config.get("thinker_config")  # the part that is tuned of a model that also speaks
    config = inside if isinstance(inside, dict) else config
    towers = towers_of(config)
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
    refuse_any(read.problems)
    return replace(shape, towers=towers)


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
        _put(config, key, _value(text))
    return config


def _value(text: str) -> Any:
    """What a setting of the table means: yes or no, a number, a list (`[3*mamba attention]`), or a word."""
    if text.startswith("["):
        runs = [item.rpartition("*") for item in text.strip("[]").split()]
        return [_value(item) for count, _, item in runs for _ in range(int(count or 1))]
    with suppress(ValueError):
        return float(text) if "." in text else int(text)
    return {"yes": True, "no": False}.get(text, text)


def _put(config: dict[str, Any], key: str, value: Any) -> None:
    *folders, last = key.split(".")
    for folder in folders:
        config = config.setdefault(folder, {})
    config[last] = value
