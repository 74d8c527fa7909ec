"""Architectures: one row of catalog/tables/architectures.csv lists the matrices of a model's layers, in symbols.

A row names its matrices as `q_proj:h>q:attention_bias`: name, inputs > outputs, and whether there is a bias; a fourth
part says how many there are (`E`: one per expert; 0: the layer uses that of another). Widths are sums of products of
symbols (`q+2*k`): dimensions by letters, yes-or-no settings by their name (1 or 0), `!x` for "x is 0", `x~y` for "x is
not y", `x-y` for the difference (at least 0), `x/y` for the whole part of the ratio, `x^y` for x rounded up to a whole
number of y. A matrix without inputs or outputs is left out. `S` is 1 in a layer with experts, `Y` in one with weights
that others share: the last `T` layers use the keys and values of others, of shared blocks the first `B` have weights.
`O` is 1 where the file says what single layers have of their own. A size whose key ends in `?` may be 0.

A model with several kinds of layer has a row of mixers.csv for each further kind: what stands there replaces what the
architecture says, `-` is nothing. layers.csv says where a file tells the kinds apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from typing import Any

from tunecase import catalog
from tunecase.compute.model.blocks import Block, Matrix, Mixer, Part, Shape
from tunecase.compute.model.settings import MOST, MOST_LAYERS, Settings, shown

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
    "w": "sliding_window:0",
    "S": ":0",
    "Y": ":1",
    "T": ":0",
    "B": ":0",
    "O": ":0",
}
# Settings that add matrices: an architecture whose row does not read them would be counted short.
ADDING = (
    "kv_lora_rank",
    "n_routed_experts",
    "num_local_experts",
    "num_experts",
    "n_shared_experts",
    "shared_expert_intermediate_size",
)


# Columns of a row that a further kind of layer may replace.
CELLS = (
    "attention", "mlp", "experts", "shared", "router", "sparse", "block_other", "kind", "cache", "state", "kept",
    "most", "index",
)  # fmt: skip
# Words that files use for layers that attend, whose row is the architecture itself, and those of them with a window.
WINDOWED = ("sliding_attention", "chunked_attention", "sliding", "local", "hybrid_sliding")
USUAL = ("", "full_attention", "attention", "global", *WINDOWED)
# Latent attention keeps one vector for keys and values; the matrix that makes it has this name.
LATENT = ("kv_a_proj_with_mqa",)


@dataclass(frozen=True, slots=True)
class LayerRule:
    """Where a file says which layers are of which kind. One row of catalog/tables/layers.csv."""

    rule: str
    key: str
    default: str = ""
    word: str = ""
    other: str = ""


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
    kind: str = "attention"
    cache: str = ""
    state: str = ""
    kept: str = ""
    most: str = ""
    index: str = ""
    kinds: tuple[tuple[str, "Architecture"], ...] = ()
    layers: tuple[LayerRule, ...] = ()

    def of(self, word: str) -> "Architecture | None":
        """The architecture of a layer that files call by this word, None for a word that it has not."""
        return dict(self.kinds).get(word) or (self if word in USUAL else None)

    @property
    def keys(self) -> frozenset[str]:
        """Settings that its symbols are read from."""
        rows = (self, *(kind for _, kind in self.kinds))
        keys = {text.partition(":")[0].rstrip("?") for row in rows for text in row.sizes.values()}
        return frozenset(key for names in keys for key in names.split("|"))


def _after(layer: int, read: Settings, first: int) -> bool:
    return layer >= read.whole(("first_k_dense_replace", "num_dense_layers"), first)


def _stepped(layer: int, read: Settings, _: int) -> bool:
    step = read.whole(("decoder_sparse_step",), 1)
    return layer not in read.indices("mlp_only_layers") and (layer + 1) % max(step, 1) == 0


def _interleaved(layer: int, read: Settings, _: int) -> bool:
    if read.given("moe_layers"):
        return layer in read.indices("moe_layers")
    return (layer + 1) % max(read.whole(("interleave_moe_layer_step",), 1), 1) == 0


def _between(layer: int, read: Settings, _: int) -> bool:
    end = -1 if read.raw("moe_layer_end_index") == -1 else read.whole(("moe_layer_end_index",), 0)
    inside = layer >= read.whole(("moe_layer_start_index",), 1) and (end in (-1, 0) or layer <= end)
    return inside and (layer + 1) % max(read.whole(("moe_layer_interval",), 1), 1) == 0


def _periodic(layer: int, read: Settings, _: int) -> bool:
    period = max(read.whole(("expert_layer_period",), 2), 1)
    return layer % period == read.whole(("expert_layer_offset",), 1)


def _listed(layer: int, read: Settings, first: int) -> bool:
    kinds, switches = read.sequence("mlp_layer_types", str), read.raw("moe_layer_freq")
    if not kinds and isinstance(switches, list) and layer < len(switches):
        return bool(switches[layer])
    return kinds[layer] != "dense" if layer < len(kinds) else _after(layer, read, first)


# Which layers hold experts; the others hold the dense MLP. A number behind the word is the first with experts.
SPARSE: dict[str, Callable[[int, Settings, int], bool]] = {
    "none": lambda layer, read, first: False,
    "all": lambda layer, read, first: True,
    "after": _after,
    "stepped": _stepped,
    "interleaved": _interleaved,
    "between": _between,
    "periodic": _periodic,
    "listed": _listed,
}


def _every(rule: LayerRule, read: Settings, layers: int) -> list[str]:
    """One layer in so many: the last of them, unless the file has a key for the first."""
    keys, numbers = tuple(rule.key.split("|")), rule.default.split("|")
    step = max(read.whole(keys[:1], int(numbers[0])), 1)
    first = read.whole(keys[1:], int(numbers[1])) if keys[1:] else step - 1
    return [rule.word if layer % step == first else rule.other for layer in range(layers)]


def _numbered(rule: LayerRule, read: Settings, layers: int) -> list[str]:
    """The layers whose numbers the file lists, counted from 0 or, where the rule says so, from 1."""
    numbers = read.indices(rule.key)
    return [rule.word if layer + (rule.rule == "counted") in numbers else rule.other for layer in range(layers)]


def _cycled(rule: LayerRule, read: Settings, layers: int) -> list[str]:
    words = read.sequence(rule.key, str) or rule.default.split()
    return [words[layer % len(words)] for layer in range(layers)]


# How a file tells its kinds of layer apart, by the word in layers.csv.
RULES: dict[str, Callable[[LayerRule, Settings, int], list[str]]] = {
    "words": lambda rule, read, layers: list(read.sequence(rule.key, str)),
    "values": lambda rule, read, layers: [str(number) for number in read.sequence(rule.key, int)[:layers]],
    "letters": lambda rule, read, layers: list(str(read.raw(rule.key))),
    "cycled": _cycled,
    "switches": lambda rule, read, layers: [rule.word if on else rule.other for on in read.sequence(rule.key, int)],
    "numbered": _numbered,
    "counted": _numbered,
    "every": _every,
    "all": lambda rule, read, layers: [rule.word] * layers,
}


@cache
def architectures() -> dict[str, Architecture]:
    """Every architecture that can be counted, by name (Hugging Face's model_type)."""
    rules: dict[str, list[LayerRule]] = {}
    for row in catalog.read_table("layers"):
        texts = {name: row[name] for name in ("rule", "key", "default", "word", "other")}
        rules.setdefault(row["architecture"], []).append(LayerRule(**texts))
    kinds: dict[str, list[dict[str, str]]] = {}
    for row in catalog.read_table("mixers"):
        kinds.setdefault(row["architecture"], []).append(row)
    usual = LayerRule("words", "layer_types")
    families = {}
    for row in catalog.read_table("architectures"):
        name, family = row["architecture"], _row(row)
        further = tuple(
            (word, _kind(family, kind)) for kind in kinds.get(name, ()) for word in kind["words"].split("|")
        )
        own = rules.get(name, [])
        first = () if any(rule.key == usual.key for rule in own) else (usual,)
        families[name] = replace(family, kinds=further, layers=(*first, *own))
    return families


def _row(row: dict[str, str]) -> Architecture:
    flags = dict(pair.split("=", 1) for pair in row["flags"].split(";") if pair)
    texts: dict[str, Any] = {name: row[name] for name in CELLS if name in row}
    return Architecture(
        name=row["architecture"],
        sizes={**STANDARD, **_pairs(row["sizes"])},
        flags={"tie_word_embeddings": row["tied"] == "yes", **{key: value == "yes" for key, value in flags.items()}},
        other=row["other"],
        **texts,
    )


def _kind(family: Architecture, row: dict[str, str]) -> Architecture:
    """An architecture with the cells of one further kind of layer."""
    cells: dict[str, Any] = {name: row[name].removeprefix("-") for name in CELLS if row.get(name)}
    return replace(family, sizes={**family.sizes, **_pairs(row["sizes"])}, **cells)


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(";") if pair)


OPERATORS: dict[str, Callable[[int, int], int]] = {
    "~": lambda left, right: int(left != right),
    "-": lambda left, right: max(left - right, 0),
    "/": lambda left, right: left // right if right else 0,
    "^": lambda left, right: -(-left // right) * right if right else left,
}


class Symbols:
    """The value of each symbol of an architecture for one file: read once, when first asked for."""

    def __init__(self, family: Architecture, read: Settings, **given: int) -> None:
        self.family, self.read = family, read
        self.known = given

    def __getitem__(self, symbol: str) -> int:
        if symbol not in self.known:
            self.known[symbol] = self._look_up(symbol)
        return self.known[symbol]

    def _look_up(self, symbol: str) -> int:
        if symbol in self.family.flags:
            return int(self.read.flag(symbol, self.family.flags[symbol]))
        keys, _, default = self.family.sizes[symbol].partition(":")
        names, least = tuple(key for key in keys.rstrip("?").split("|") if key), 0 if keys.endswith("?") else None
        if default == "h/a":
            return self.read.whole(names, None) if self.read.given(*names) else self._head_width()
        if not names:
            return self.total(default)
        if self.read.given(*names) or not default:
            return self.read.whole(names, 0 if default == "0" else least)
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
        for mark, value in OPERATORS.items():
            left, there, right = text.partition(mark)
            if there:
                return value(self._factor(left), self._factor(right))
        if text.startswith("!"):
            return int(self[text[1:]] == 0)
        return int(text) if text.isdecimal() else self[text]

    def matrices(self, text: str, part: Part, copies: int = 1, active: int = 1) -> tuple[Matrix, ...]:
        """The matrices that a cell of the table lists; those without inputs or outputs are left out."""
        matrices = []
        for item in text.split():
            name, widths, bias, many = (*item.split(":"), "", "")[:4]
            inputs, outputs = (self.total(width) for width in widths.split(">"))
            routed = many == "E"
            each = self.total(many) if many else copies
            used = self["A"] if routed else active
            if inputs and outputs:
                matrices.append(Matrix(name, part, inputs, outputs, each, used, bool(self.total(bias))))
        return tuple(matrices)


def counted(name: str, family: Architecture, read: Settings) -> Shape:
    """The shape of a model from its settings; where problems are gathered in `read`, it is of no use.

    Args:
        name: what the shape is called.
        family: the architecture.
        read: the settings of its file.
    Returns: the Shape.
    """
    layers = _depth(family, read)
    at = Symbols(family, read.of_layer(0, layers), L=layers)
    sizes = {symbol: at[symbol] for symbol in ("L", "h", "a", "g", "d", "V", "b", "C", "v", "E", "A", "T")}
    _check(sizes, family, read)
    blocks = () if read.problems else _blocks(at, read)
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
        sliding_window=max((block.mixer.window for block in blocks if block.mixer), default=0),
        softcap=bool(read.raw("attn_logit_softcapping")),
        blocks=blocks,
        other_params=at.total(family.other),
    )


def _depth(family: Architecture, read: Settings) -> int:
    """How many layers a model has: what the file says, else as many as it lists kinds of."""
    keys = tuple(family.sizes["L"].partition(":")[0].split("|"))
    lists = [rule for rule in family.layers if rule.rule in ("words", "letters") and read.given(rule.key)]
    if lists and not read.given(*keys):
        return len(RULES[lists[0].rule](lists[0], read, 0))
    return read.whole(keys, None)


def _words(family: Architecture, read: Settings, layers: int) -> list[str]:
    """The word for each layer's kind, empty where a model has one kind only."""
    rule = next((rule for rule in family.layers if rule.default or rule.rule == "all" or read.given(rule.key)), None)
    if rule is None:
        if family.kinds:
            wanted = f"a list with the kind of each layer: {', '.join(word for word, _ in family.kinds)}"
            read.add("layer_types", "nothing", wanted, "copy it from the model's own config.json")
        return [""] * layers
    before = len(read.problems)
    words = RULES[rule.rule](rule, read, layers)
    if len(read.problems) > before:
        return [""] * layers
    wrong = ", ".join(dict.fromkeys(repr(word)[:40] for word in words if family.of(word) is None))
    if wrong or len(words) != layers:
        got = wrong or f"{len(words)} kinds for {layers} layers"
        usual = ", ".join(dict.fromkeys([word for word, _ in family.kinds] + ["full_attention", "sliding_attention"]))
        read.add(rule.key, got, f"{layers} words, each one of {usual}", "copy it from the model's own config.json")
        return [""] * layers
    return words


def _blocks(at: Symbols, read: Settings) -> tuple[Block, ...]:
    """The layers of a model, equal ones together."""
    family, layers = at.family, at["L"]
    words, read_keys = _words(family, read, layers), family.keys
    alike: dict[tuple[str, bool, bool, tuple[tuple[str, str], ...]], list[int]] = {}
    for layer, word in enumerate(words):
        kind = family.of(word) or family
        rule, _, first = kind.sparse.partition(":")
        sparse = at["E"] > 0 and SPARSE[rule](layer, read, int(first or 0))
        own = words[:layer].count(word) < at["B"] if at["B"] else layer < layers - at["T"]
        alike.setdefault((word, sparse, own, read.differs(layer, layers, read_keys)), []).append(layer)
    blocks = []
    for (word, sparse, own, _), same in alike.items():
        given = {"L": layers, "S": int(sparse), "Y": int(own), "O": int(read.given("per_layer_config"))}
        symbols = Symbols(family.of(word) or family, read.of_layer(same[0], layers), **given)
        blocks.append(_block(symbols, len(same), word))
    return tuple(blocks)


def _block(at: Symbols, count: int, word: str) -> Block:
    family = at.family
    matrices = at.matrices(family.attention, "attention")
    mixer = _mixer(at, matrices, word)
    if at["S"]:
        matrices += at.matrices(family.experts, "mlp", at["E"], at["A"]) + at.matrices(family.shared, "mlp")
        matrices += at.matrices(family.router, "router")
    else:
        matrices += at.matrices(family.mlp, "mlp")
    return Block(count, matrices, at.total(family.block_other), mixer)


def _mixer(at: Symbols, matrices: tuple[Matrix, ...], word: str) -> Mixer:
    """What a layer's way to let tokens meet asks of memory and time."""
    family = at.family
    state, kept, most, index = (at.total(text) for text in (family.state, family.kept, family.most, family.index))
    if "attention" not in family.kind or family.kind == "linear attention":
        return Mixer(family.kind, state=state, kept=kept)
    latent = next((matrix.outputs for matrix in matrices if matrix.name in LATENT), 0)
    cache = at.total(family.cache) if family.cache else latent or at["k"] + at["v"]
    window = _window(at) if word in WINDOWED or not word else 0
    return Mixer(
        family.kind, at["a"], at["q"], at["k"], at["v"], window, cache * at["Y"], latent, state, kept, most, index
    )


def _check(sizes: Mapping[str, int], family: Architecture, read: Settings) -> None:
    if sizes["L"] > MOST_LAYERS:
        read.add("num_hidden_layers", str(sizes["L"]), f"at most {MOST_LAYERS}", "check the file")
    if sizes["g"] and sizes["a"] % sizes["g"]:
        got, wanted = f"{sizes['g']} for {sizes['a']} heads", "a divisor of num_attention_heads"
        read.add("num_key_value_heads", got, wanted, "check the file; leave it out for one pair per head")
    if sizes["E"] and not 0 < sizes["A"] <= sizes["E"]:
        got = f"{sizes['A']} of {sizes['E']} experts"
        read.add("num_experts_per_tok", got, "1 to the number of experts", "check the file")
    if 0 < sizes["L"] <= sizes["T"]:
        got = f"{sizes['T']} of {sizes['L']} layers"
        read.add("num_kv_shared_layers", got, "fewer than the layers", "check the file")
    for key in family.sizes["C"].partition(":")[0].split("|"):
        if read.raw(key) == 0:
            read.add(key, "0", "the longest sequence [tokens], at least 1", "copy it, or leave it out if it is unknown")
    read_keys = family.keys
    for key in filter(read.raw, ADDING):
        if key in read_keys:
            continue
        wanted = f"none: {family.name} is counted without it"
        read.add(key, shown(read.raw(key)), wanted, "name a model of the tables with the same dimensions instead")


def _window(at: Symbols) -> int:
    """Width of the sliding window [tokens], 0 where there is none or it is switched off."""
    keys, _, default = at.family.sizes["w"].partition(":")
    if at.read.raw("use_sliding_window") is False:
        return 0
    width: Any = next((at.read.raw(key) for key in keys.split("|") if at.read.raw(key) is not None), int(default or 0))
    return width if isinstance(width, int) and not isinstance(width, bool) and 0 < width <= MOST else 0
