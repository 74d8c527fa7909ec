"""Architectures: one row of catalog/tables/architectures.csv lists the matrices of a model's layers, in symbols.

A row names its matrices as `q_proj:h>q:attention_bias`: name, inputs > outputs, and whether there is a bias. Widths are
sums of products of symbols (`q+2*k`): dimensions by one letter, yes-or-no settings of the file by their name (1 or 0),
`!x` for "x is 0", `x~y` for "x is not y", `x/2` for half of x. A matrix without inputs or outputs is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

from tunecase import catalog
from tunecase.compute.model.blocks import Block, Matrix, Part, Shape
from tunecase.compute.model.settings import Settings

# Where each dimension stands in a file, and what it is when it stands nowhere; a row of the table may say otherwise.
STANDARD = {
    "h": "hidden_size|n_embd|d_model",
    "L": "num_hidden_layers|n_layer|n_layers|num_layers",
    "a": "num_attention_heads|n_head|n_heads|num_heads|attention_heads",
    "g": "num_key_value_heads|num_kv_heads:a",
    "d": "head_dim:h/a",
    "f": "intermediate_size|n_inner|ffn_dim|ffn_hidden_size",
    "V": "vocab_size",
    "C": "max_position_embeddings|n_positions|max_seq_len|seq_length:0",
    "b": ":h",
    "q": ":a*d",
    "k": ":g*d",
    "v": ":k",
    "m": ":f",
    "E": ":0",
    "A": ":0",
}
# Each layer is looked at; no model is near this deep.
MOST_LAYERS = 10_000
# Settings that add matrices: an architecture whose row does not read them would be counted short.
ADDING = (
    "kv_lora_rank",
    "n_routed_experts",
    "num_local_experts",
    "num_experts",
    "n_shared_experts",
    "shared_expert_intermediate_size",
)


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the layers of a family of models hold, in symbols. One row of catalog/tables/architectures.csv."""

    name: str
    sizes: Mapping[str, str]
    flags: Mapping[str, bool]
    attention: str
    mlp: str
    experts: str
    shared: str
    router: str
    sparse: str
    block_other: str
    other: str


def _after(layer: int, read: Settings) -> bool:
    return layer >= read.whole(("first_k_dense_replace",), 0)


def _stepped(layer: int, read: Settings) -> bool:
    step = read.whole(("decoder_sparse_step",), 1)
    return layer not in read.indices("mlp_only_layers") and (layer + 1) % max(step, 1) == 0


def _interleaved(layer: int, read: Settings) -> bool:
    if read.given("moe_layers"):
        return layer in read.indices("moe_layers")
    return (layer + 1) % max(read.whole(("interleave_moe_layer_step",), 1), 1) == 0


def _between(layer: int, read: Settings) -> bool:
    end = -1 if read.raw("moe_layer_end_index") == -1 else read.whole(("moe_layer_end_index",), 0)
    inside = layer >= read.whole(("moe_layer_start_index",), 1) and (end in (-1, 0) or layer <= end)
    return inside and (layer + 1) % max(read.whole(("moe_layer_interval",), 1), 1) == 0


def _listed(layer: int, read: Settings) -> bool:
    kinds = read.raw("mlp_layer_types")
    if isinstance(kinds, list) and layer < len(kinds):
        return bool(kinds[layer] == "sparse")
    return layer >= read.whole(("first_k_dense_replace",), 1)


# Which layers hold experts; the others hold the dense MLP.
SPARSE: dict[str, Callable[[int, Settings], bool]] = {
    "none": lambda layer, read: False,
    "all": lambda layer, read: True,
    "after": _after,
    "stepped": _stepped,
    "interleaved": _interleaved,
    "between": _between,
    "listed": _listed,
}


@cache
def architectures() -> dict[str, Architecture]:
    """Every architecture that can be counted, by name (Hugging Face's model_type)."""
    return {row["architecture"]: _row(row) for row in catalog.read_table("architectures")}


def _row(row: dict[str, str]) -> Architecture:
    sizes = dict(pair.split("=", 1) for pair in row["sizes"].split(";") if pair)
    flags = dict(pair.split("=", 1) for pair in row["flags"].split(";") if pair)
    texts = {name: row[name] for name in ("attention", "mlp", "experts", "shared", "router", "sparse")}
    return Architecture(
        name=row["architecture"],
        sizes={**STANDARD, **sizes},
        flags={"tie_word_embeddings": row["tied"] == "yes", **{key: value == "yes" for key, value in flags.items()}},
        block_other=row["block_other"],
        other=row["other"],
        **texts,
    )


class Symbols:
    """The value of each symbol of an architecture for one file: read once, when first asked for."""

    def __init__(self, family: Architecture, read: Settings) -> None:
        self.family, self.read = family, read
        self.known: dict[str, int] = {}

    def __getitem__(self, symbol: str) -> int:
        if symbol not in self.known:
            self.known[symbol] = self._look_up(symbol)
        return self.known[symbol]

    def _look_up(self, symbol: str) -> int:
        if symbol in self.family.flags:
            return int(self.read.flag(symbol, self.family.flags[symbol]))
        keys, _, default = self.family.sizes[symbol].partition(":")
        names = tuple(key for key in keys.split("|") if key)
        if default == "h/a":
            return self.read.whole(names, None) if self.read.given(*names) else self._head_width()
        if not names:
            return self.total(default)
        if self.read.given(*names) or not default:
            return self.read.whole(names, 0 if default == "0" else None)
        return self.total(default)

    def _head_width(self) -> int:
        hidden, heads = self["h"], self["a"]
        if hidden and heads and hidden % heads:
            got = f"no head_dim, and hidden_size {hidden} is not divisible by num_attention_heads {heads}"
            self.read.add("head_dim", got, "the width of one attention head", "add head_dim to the file")
            return 0
        return hidden // heads if heads else 0

    def total(self, text: str) -> int:
        """The value of a sum of products of symbols; 0 for an empty text."""
        return sum(prod(self._factor(factor) for factor in term.split("*")) for term in text.split("+") if term)

    def _factor(self, text: str) -> int:
        if text.isdecimal():
            return int(text)
        if text.startswith("!"):
            return int(self[text[1:]] == 0)
        if "/" in text:
            whole, parts = text.split("/")
            return self[whole] // int(parts)
        left, differs, right = text.partition("~")
        return int(self[left] != self[right]) if differs else self[left]

    def matrices(self, text: str, part: Part, copies: int = 1, active: int = 1) -> tuple[Matrix, ...]:
        """The matrices that a cell of the table lists; those without inputs or outputs are left out."""
        matrices = []
        for item in text.split():
            name, widths, bias = (*item.split(":"), "")[:3]
            inputs, outputs = (self.total(width) for width in widths.split(">"))
            if inputs and outputs:
                matrices.append(Matrix(name, part, inputs, outputs, copies, active, bool(self.total(bias))))
        return tuple(matrices)


def counted(name: str, family: Architecture, read: Settings) -> Shape:
    """The shape of a model from its settings; where problems are gathered in `read`, it is of no use.

    Args:
        name: what the shape is called.
        family: the architecture.
        read: the settings of its file.
    Returns: the Shape.
    """
    at = Symbols(family, read)
    sizes = {symbol: at[symbol] for symbol in ("L", "h", "a", "g", "d", "V", "b", "C", "v", "E", "A")}
    _check(sizes, family, read)
    blocks = () if read.problems else _blocks(at)
    sparse = any(m.copies > 1 or m.part == "router" for block in blocks for m in block.matrices)
    ffn = at["m"] if sparse else at["f"]
    mlp = family.experts if sparse else family.mlp
    return Shape(
        name=name,
        architecture=family.name,
        hidden=sizes["h"],
        ffn=ffn,
        heads=sizes["a"],
        kv_heads=sizes["g"],
        head_dim=sizes["d"],
        value=sizes["v"],
        vocab=sizes["V"],
        embedding=sizes["b"],
        tied=bool(at["tie_word_embeddings"]),
        gated=sum(m.weights for m in at.matrices(mlp, "mlp")) == 3 * sizes["h"] * ffn,
        experts=sizes["E"] if sparse else 0,
        active_experts=sizes["A"] if sparse else 0,
        context=sizes["C"],
        sliding_window=_window(read),
        softcap=bool(read.raw("attn_logit_softcapping")),
        blocks=blocks,
        other_params=at.total(family.other),
    )


def _blocks(at: Symbols) -> tuple[Block, ...]:
    family, layers, experts, active = at.family, at["L"], at["E"], at["A"]
    attention, other = at.matrices(family.attention, "attention"), at.total(family.block_other)
    sparse = sum(SPARSE[family.sparse](layer, at.read) for layer in range(layers)) if experts else 0
    blocks = []
    if layers - sparse:
        blocks.append(Block(layers - sparse, attention + at.matrices(family.mlp, "mlp"), other))
    if sparse:
        mlp = at.matrices(family.experts, "mlp", experts, active) + at.matrices(family.shared, "mlp")
        blocks.append(Block(sparse, attention + mlp + at.matrices(family.router, "router"), other))
    return tuple(blocks)


def _check(sizes: Mapping[str, int], family: Architecture, read: Settings) -> None:
    if sizes["L"] > MOST_LAYERS:
        read.add("num_hidden_layers", str(sizes["L"]), f"at most {MOST_LAYERS}", "check the file")
    if sizes["g"] and sizes["a"] % sizes["g"]:
        got, wanted = f"{sizes['g']} for {sizes['a']} heads", "a divisor of num_attention_heads"
        read.add("num_key_value_heads", got, wanted, "check the file; leave it out for one pair per head")
    if sizes["A"] > sizes["E"] or (sizes["E"] and not sizes["A"]):
        got = f"{sizes['A']} of {sizes['E']} experts"
        read.add("num_experts_per_tok", got, "1 to the number of experts", "check the file")
    read_keys = {key for text in family.sizes.values() for key in text.partition(":")[0].split("|")}
    for key in filter(read.raw, ADDING):
        if key in read_keys:
            continue
        wanted = f"none: {family.name} is counted without it"
        read.add(key, repr(read.raw(key)), wanted, "name a model of the tables with the same dimensions instead")


def _window(read: Settings) -> int:
    """Width of the sliding window [tokens], 0 where there is none or it is switched off."""
    width: Any = read.raw("sliding_window")
    on = read.raw("use_sliding_window") is not False
    return width if on and isinstance(width, int) and not isinstance(width, bool) and width > 0 else 0
