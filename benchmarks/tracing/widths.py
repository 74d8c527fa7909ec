"""Shapes whose widths never coincide, so that the size of a storage tells which tensor it is."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from tracing.meter import Event


@dataclass(frozen=True)
class Widths:
    """A small model whose widths keep the ratios of real ones. Widths are features, `batch` x `length` are tokens.

    Grouped products of experts need widths of a multiple of 8.
    """

    hidden: int = 1032
    heads: int = 12
    key_heads: int = 4
    head_dim: int = 94
    ffn: int = 3608
    vocab: int = 9008
    layers: int = 4
    rank: int = 8
    batch: int = 3
    length: int = 1021

    @property
    def tokens(self) -> int:
        """Tokens of one micro-batch."""
        return self.batch * self.length

    @cached_property
    def matrices(self) -> dict[int, str]:
        """Elements of a weight, or of a copy or gradient of one, to its symbol."""
        h, q, k, f, v, r = self.hidden, self.heads * self.head_dim, self.key_heads * self.head_dim, *self._rest
        names = {h * q: "hq", h * k: "hk", h * f: "hf", v * h: "Vh", 2 * h * f: "2hf", h * (q + 2 * k): "h(q+2k)"}
        return names | {r * h: "rh", r * q: "rq", r * k: "rk", r * f: "rf"}

    @property
    def _rest(self) -> tuple[int, int, int]:
        return self.ffn, self.vocab, self.rank

    @cached_property
    def names(self) -> dict[int, str]:
        """Elements per token to symbol; the first that fits wins."""
        q, k = self.heads * self.head_dim, self.key_heads * self.head_dim
        pairs = [
            ("h", self.hidden),
            ("q", q),
            ("k", k),
            ("f", self.ffn),
            ("V", self.vocab),
            ("r", self.rank),
            ("2r", 2 * self.rank),
            ("3r", 3 * self.rank),
            ("2h", 2 * self.hidden),
            ("2f", 2 * self.ffn),
            ("4f", 4 * self.ffn),
            ("q+2k", q + 2 * k),
            ("q+k", q + k),
            ("2k", 2 * k),
            ("n s", self.heads * self.length),
            ("s", self.length),
            ("n", self.heads),
            ("n_k", self.key_heads),
            ("head_dim", self.head_dim),
            ("1", 1),
        ]
        names: dict[int, str] = {}
        for name, size in pairs:
            names.setdefault(size, name)
        return names

    def name(self, event: Event) -> str:
        """`h`, `q`, ... for a tensor with one row per token, `hf`, `Vh`, ... for one the size of a weight."""
        size = abs(event.size)
        elements = size // event.item_bytes
        if elements % self.tokens == 0 and elements // self.tokens in self.names:
            return self.names[elements // self.tokens]
        if elements % self.vocab == 0 and elements // self.vocab <= self.tokens and elements not in self.matrices:
            return "V"  # logits of a chunk, or of all tokens but the last
        if elements == self.batch * self.length**2:
            return "s"
        if elements in self.matrices:
            return self.matrices[elements]
        return f"other {event.shape} x {event.item_bytes}"


def per_token(counts: Counter[str], widths: Widths, layers: int = 1) -> dict[str, float]:
    """Bytes per token and feature of each symbol; sums such as q+2k are split into their parts."""
    parts = {"q+2k": {"q": 1, "k": 2}, "q+k": {"q": 1, "k": 1}, "2k": {"k": 2}, "2f": {"f": 2}, "2h": {"h": 2}}
    parts |= {"4f": {"f": 4}}
    parts |= {"2r": {"r": 2}, "3r": {"r": 3}, "n s": {"s n": 1}}
    sizes = {name: size for size, name in widths.names.items()}
    out: Counter[str] = Counter()
    for name, size in counts.items():
        if name not in sizes or not size:
            continue
        each = size / (sizes[name] * widths.tokens * layers)
        for part, times in parts.get(name, {name: 1}).items():
            out[part] += each * times
    return {name: round(value, 3) for name, value in sorted(out.items()) if abs(value) > 1e-9}


def per_weight(counts: Counter[str], base: Counter[str], widths: Widths) -> dict[str, float]:
    """Bytes per weight of each matrix that lie there beyond `base`: gradients, copies in another type, states."""
    sizes = {name: size for size, name in widths.matrices.items()}
    out = {name: round((counts[name] - base[name]) / size, 3) for name, size in sizes.items()}
    return {name: value for name, value in out.items() if value}
