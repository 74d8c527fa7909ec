"""The dimensions of a language model and what can be counted from them: parameters, products, adapters."""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from tunecase import catalog
from tunecase.errors import InputError, Problem, nearest

Targets = Literal["all", "attention", "qv"]

_REFUSAL = "a dense or mixture-of-experts decoder whose parameters can be counted"


@dataclass(frozen=True, slots=True)
class Architecture:
    """Which small parts a family of models has: norms, biases, gates. One row of tables/architectures.csv."""

    name: str
    norms_per_layer: int
    norm_bias: bool
    qk_norm: str
    qkv_bias: bool
    out_bias: bool
    mlp_bias: bool
    head_bias: bool
    gated: bool
    tied: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's dimensions; every count below is exact for the architectures in the table.

    `hidden` h, `ffn` f (width of one expert's MLP), `heads` x `head_dim` = q, `kv_heads` x `head_dim` = k, `vocab` V,
    `experts` 0 for a dense model, `context` the longest sequence in tokens (0: not stated), `other_params` norms and
    biases.
    """

    name: str
    architecture: str
    layers: int
    hidden: int
    ffn: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    tied: bool
    gated: bool
    experts: int
    active_experts: int
    context: int
    other_params: int

    @property
    def query(self) -> int:
        """q, width of the queries."""
        return self.heads * self.head_dim

    @property
    def key(self) -> int:
        """k, width of the keys and of the values."""
        return self.kv_heads * self.head_dim

    @property
    def attention_params(self) -> int:
        """Parameters of the four projections of one layer: h q + 2 h k + q h."""
        return 2 * self.hidden * (self.query + self.key)

    @property
    def mlp_params(self) -> int:
        """Parameters of one expert's MLP, or of the only one: 3 h f with a gate, else 2 h f."""
        return (3 if self.gated else 2) * self.hidden * self.ffn

    @property
    def router_params(self) -> int:
        """Parameters of one layer's router, zero without experts."""
        return self.hidden * self.experts

    @property
    def layer_params(self) -> int:
        """Parameters of the linear layers in one block, all experts counted."""
        return self.attention_params + max(self.experts, 1) * self.mlp_params + self.router_params

    @property
    def linear_params(self) -> int:
        """Parameters of all linear layers inside the blocks: what is quantised, head and embedding left out."""
        return self.layers * self.layer_params

    @property
    def embedding_params(self) -> int:
        """The embedding table, V h."""
        return self.vocab * self.hidden

    @property
    def head_params(self) -> int:
        """The head as a tensor of its own, zero where it is tied to the embedding."""
        return 0 if self.tied else self.vocab * self.hidden

    @property
    def params(self) -> int:
        """All parameters, a tied head counted once."""
        return self.linear_params + self.embedding_params + self.head_params + self.other_params

    @property
    def active_params(self) -> int:
        """Parameters that one token uses: all but the experts it is not sent to."""
        idle = max(self.experts - self.active_experts, 0) if self.experts else 0
        return self.params - self.layers * idle * self.mlp_params

    @property
    def product_params(self) -> int:
        """N_mat: parameters that one token meets in a matrix product, head included (tied or not), embedding not."""
        idle = max(self.experts - self.active_experts, 0) if self.experts else 0
        return self.linear_params - self.layers * idle * self.mlp_params + self.vocab * self.hidden

    def lora_params(self, rank: int, targets: Targets = "all") -> int:
        """Parameters of LoRA adapters: r (in + out) for each adapted matrix.

        Args:
            rank: r, at least 1.
            targets: "all" linear layers of the blocks (every expert, no router), "attention" (q, k, v, o), or "qv".
        Returns: the adapters' parameters.

        Example:
            >>> read_shape("meta-llama/Llama-2-7b-hf").lora_params(8, "qv")
            4194304
        """
        h, q, k, f = self.hidden, self.query, self.key, self.ffn
        if targets == "qv":
            return self.layers * rank * (2 * h + q + k)
        attention = 2 * (h + q) + 2 * (h + k)
        mlp = (3 if self.gated else 2) * (h + f) * max(self.experts, 1)
        return self.layers * rank * (attention + (mlp if targets == "all" else 0))


@cache
def architectures() -> dict[str, Architecture]:
    """Every architecture that can be counted, by name."""
    rows = catalog.read_table("architectures")
    flags = ("norm_bias", "qkv_bias", "out_bias", "mlp_bias", "head_bias", "gated", "tied")
    return {
        row["architecture"]: Architecture(
            name=row["architecture"],
            norms_per_layer=int(row["norms_per_layer"]),
            qk_norm=row["qk_norm"],
            **{flag: row[flag] == "yes" for flag in flags},
        )
        for row in rows
    }


def read_shape(name_or_config: str, base: Path | None = None) -> Shape:
    """The shape of a model in the tables, or of the Hugging Face config.json at a path.

    Args:
        name_or_config: a name or alias of tables/models.csv, a config.json, or a folder that holds one.
        base: folder against which a relative path is read.
    Returns: the Shape.
    Raises: InputError, with near names, or with the field and the file.

    Example:
        >>> read_shape("meta-llama/Llama-3.1-8B").params
        8030261248
    """
    path = Path(name_or_config) if base is None else base / name_or_config
    if path.is_dir() and (path / "config.json").is_file():
        path = path / "config.json"
    if path.is_file():
        return _from_config(path)
    if path.suffix == ".json":
        raise InputError(Problem("model", f"{name_or_config!r}, no such file", "a config.json", "check the path"))
    return from_model(catalog.model(name_or_config))


def from_model(model: catalog.Model) -> Shape:
    """The shape of a model in the tables."""
    family = architectures()[model.architecture]
    sizes = {
        name: getattr(model, name)
        for name in ("layers", "hidden", "ffn", "heads", "kv_heads", "head_dim", "vocab", "experts", "active_experts")
    }
    return _counted(model.name, family, sizes, tied=model.tied, gated=model.gated, context=model.context)


def _counted(
    name: str,
    family: Architecture,
    sizes: dict[str, int],
    *,
    tied: bool,
    gated: bool,
    context: int,
    qkv_bias: bool | None = None,
    out_bias: bool | None = None,
    mlp_bias: bool | None = None,
) -> Shape:
    h, f, layers = sizes["hidden"], sizes["ffn"], sizes["layers"]
    q, k = sizes["heads"] * sizes["head_dim"], sizes["kv_heads"] * sizes["head_dim"]
    norm = h * (2 if family.norm_bias else 1)
    qk_norm = {"none": 0, "head": 2 * sizes["head_dim"], "full": q + k}[family.qk_norm]
    biases = q + 2 * k if (family.qkv_bias if qkv_bias is None else qkv_bias) else 0
    biases += h if (family.out_bias if out_bias is None else out_bias) else 0
    biases += (2 * f if gated else f) + h if (family.mlp_bias if mlp_bias is None else mlp_bias) else 0
    other = layers * (family.norms_per_layer * norm + qk_norm + biases) + norm
    other += sizes["vocab"] if family.head_bias else 0
    return Shape(
        name=name, architecture=family.name, tied=tied, gated=gated, context=context, other_params=other, **sizes
    )


def _from_config(path: Path) -> Shape:
    config = _read_json(path)
    nested = config.get("text_config")
    if isinstance(nested, dict):
        config = {**{key: value for key, value in config.items() if key != "text_config"}, **nested}
    family = _family(config, path)
    reader = _Reader(config, path)
    sizes = _sizes(reader, family)
    tied, gated = reader.flag("tie_word_embeddings", family.tied), family.gated
    context = reader.whole(("max_position_embeddings", "n_positions", "max_seq_len"), default=0)
    bias = reader.flag("attention_bias", None) if family.qkv_bias is False else None
    mlp_bias = reader.flag("mlp_bias", None) if family.mlp_bias is False else None
    if family.name == "stablelm":
        bias, out_bias = reader.flag("use_qkv_bias", None), None
    else:
        out_bias = bias
    _check(reader, sizes)
    if reader.problems:
        raise InputError(reader.problems)
    return _counted(
        config.get("_name_or_path") or str(path),
        family,
        sizes,
        tied=bool(tied),
        gated=gated,
        context=context,
        qkv_bias=bias,
        out_bias=out_bias,
        mlp_bias=mlp_bias,
    )


def _sizes(reader: "_Reader", family: Architecture) -> dict[str, int]:
    hidden = reader.whole(("hidden_size", "n_embd", "d_model"))
    heads = reader.whole(("num_attention_heads", "n_head", "n_heads"))
    moe = family.name in ("mixtral", "qwen3_moe")
    kv_default = 1 if family.name == "falcon" else heads
    kv_heads = reader.whole(("num_key_value_heads", "num_kv_heads"), default=kv_default)
    ffn_default = 4 * hidden if family.name in ("falcon", "phi", "gpt_neox") else None
    ffn_keys = ("moe_intermediate_size",) if family.name == "qwen3_moe" else ("intermediate_size", "n_inner")
    return {
        "layers": reader.whole(("num_hidden_layers", "n_layer", "n_layers")),
        "hidden": hidden,
        "ffn": reader.whole((*ffn_keys, "ffn_hidden_size"), default=ffn_default),
        "heads": heads,
        "kv_heads": kv_heads,
        "head_dim": _head_dim(reader, hidden, heads),
        "vocab": reader.whole(("vocab_size",)),
        "experts": reader.whole(("num_local_experts", "num_experts")) if moe else 0,
        "active_experts": reader.whole(("num_experts_per_tok",)) if moe else 0,
    }


def _head_dim(reader: "_Reader", hidden: int, heads: int) -> int:
    if reader.config.get("head_dim") is not None:
        return reader.whole(("head_dim",))
    if hidden and heads and hidden % heads:
        got = f"no head_dim, and hidden_size {hidden} is not divisible by num_attention_heads {heads}"
        reader.add("head_dim", got, "the width of one attention head", "add head_dim to the file")
        return 0
    return hidden // heads if heads else 0


def _check(reader: "_Reader", sizes: dict[str, int]) -> None:
    if sizes["kv_heads"] and sizes["heads"] % sizes["kv_heads"]:
        got, wanted = f"{sizes['kv_heads']} for {sizes['heads']} heads", "a divisor of num_attention_heads"
        reader.add("num_key_value_heads", got, wanted, "check the file; leave it out for one pair per head")
    if sizes["active_experts"] > sizes["experts"]:
        got = f"{sizes['active_experts']} of {sizes['experts']} experts"
        reader.add("num_experts_per_tok", got, "at most the number of experts", "check the file")


def _family(config: dict[str, Any], path: Path) -> Architecture:
    name, known = config.get("model_type"), architectures()
    unusual = [
        key
        for key in ("kv_lora_rank", "n_shared_experts", "shared_expert_intermediate_size", "layer_types_mamba")
        if config.get(key)
    ]
    if config.get("new_decoder_architecture") or config.get("multi_query") is False:
        unusual.append("new_decoder_architecture or multi_query")
    if config.get("mlp_only_layers") or config.get("decoder_sparse_step", 1) != 1:
        unusual.append("mlp_only_layers or decoder_sparse_step")
    if name == "gemma3":
        name = "gemma3_text"
    if isinstance(name, str) and name in known and not unusual:
        return known[name]
    got = repr(name) + (f" with {', '.join(unusual)}" if unusual else "")
    fix = f"name a model of the tables with the same dimensions instead; {nearest(str(name), list(known))}"
    raise InputError(Problem(f"{path}: model_type", got, _REFUSAL, fix))


def _read_json(path: Path) -> dict[str, Any]:
    fix = "give the config.json that lies beside the weights"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(Problem(str(path), str(error)[:200], "a config.json in JSON and UTF-8", fix)) from error
    if not isinstance(config, dict):
        raise InputError(Problem(str(path), type(config).__name__, "a JSON object", fix))
    return config


class _Reader:
    """Reads fields of one config.json and gathers every problem."""

    def __init__(self, config: dict[str, Any], path: Path) -> None:
        self.config, self.path = config, path
        self.problems: list[Problem] = []

    def add(self, field: str, got: str, wanted: str, fix: str) -> None:
        """Notes one problem."""
        self.problems.append(Problem(f"{self.path}: {field}", got, wanted, fix))

    def whole(self, keys: tuple[str, ...], default: int | None = None) -> int:
        """The first of the keys that is present, a whole number >= 1; 0 and a problem otherwise."""
        key = next((key for key in keys if self.config.get(key) is not None), None)
        if key is None:
            if default is None:
                self.add(keys[0], "nothing", "a whole number, at least 1", f"add {keys[0]} to the file")
            return default or 0
        value = self.config[key]
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not good or value != int(value) or value < 1:
            self.add(key, repr(value), "a whole number, at least 1", "copy the value from the model's own config.json")
            return 0
        return int(value)

    def flag(self, key: str, default: bool | None) -> bool | None:
        """A yes or no; the default when absent, a problem when it is something else."""
        value = self.config.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.add(key, repr(value), "true or false", "copy the value from the model's own config.json")
            return default
        return value
