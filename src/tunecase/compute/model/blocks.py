"""Matrices, blocks and the shape of a language model: what can be counted is a sum over its matrices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal

from tunecase.errors import InputError, Problem, nearest

Part = Literal["attention", "mlp", "router"]
# One of the words above, or names of modules: in a sequence, or in one text with commas or spaces.
AdapterTargets = str | Sequence[str]

HEAD = "lm_head"
ALL = ("all", "all-linear")
# Kinds of layer that measured runs have; one without a mixer has no kind.
MEASURED = ("attention", "")
# Query and value by the names that released checkpoints give them, latent attention included.
QUERY_VALUE = ("q_proj", "q_b_proj", "v_proj", "kv_b_proj")


@dataclass(frozen=True, slots=True)
class Matrix:
    """A linear layer of a block: `copies` of it (experts), of which one token uses `active`."""

    name: str
    part: Part
    inputs: int
    outputs: int
    copies: int = 1
    active: int = 1
    bias: bool = False

    @property
    def weights(self) -> int:
        """Entries of all copies, without bias."""
        return self.inputs * self.outputs * self.copies

    @property
    def active_weights(self) -> int:
        """Entries that one token meets."""
        return self.inputs * self.outputs * self.active

    @property
    def bias_params(self) -> int:
        """Entries of the biases of all copies."""
        return self.outputs * self.copies if self.bias else 0


@dataclass(frozen=True, slots=True)
class Mixer:
    """How tokens meet in a layer: its kind, and what that asks of memory and time.

    `heads` and the widths `query`, `key`, `value` of attention (0 without it), `window` [tokens] (0: none), `cache` the
    numbers that one token leaves for those after it, `latent` the width of what stands for keys and values, `state` the
    numbers of a running state per sequence, `kept` the features per token that its own operations keep for the backward
    pass, `most` the tokens it attends at most (0: all), `index` heads x width of what chooses them.
    """

    kind: str
    heads: int = 0
    query: int = 0
    key: int = 0
    value: int = 0
    window: int = 0
    cache: int = 0
    latent: int = 0
    state: int = 0
    kept: int = 0
    most: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """`count` equal layers: their matrices, and per layer the parameters that are in no matrix (norms, gains).

    Without a `mixer` they attend, as wide as the shape says.
    """

    count: int
    matrices: tuple[Matrix, ...]
    other_params: int
    mixer: Mixer | None = None

    @property
    def weights(self) -> int:
        """Entries of the matrices of one layer, without biases."""
        return sum(matrix.weights for matrix in self.matrices)

    @property
    def params(self) -> int:
        """All parameters of one layer."""
        return self.weights + self.other_params + sum(matrix.bias_params for matrix in self.matrices)


@dataclass(frozen=True, slots=True)
class Tower:
    """What reads images or sound beside a language model: its parameters, the projector into the model counted."""

    kind: Literal["vision", "audio"]
    params: int


@dataclass(frozen=True)
class Shape:
    """A model's dimensions and blocks; every count below is exact for the architectures in the table.

    `hidden` h, `ffn` f (width of one expert's MLP, or of the only MLP), `heads` x `head_dim` = q, `kv_heads` x
    `head_dim` = k, `value` the width of the values, `vocab` V, `embedding` the width of an embedding (mostly h),
    `experts` 0 for a dense model, `context` the longest sequence [tokens] (0: not stated), `other_params` those outside
    blocks, embedding and head (last norm, learned positions), `sliding_window` [tokens] (0: none), `softcap` whether
    attention scores are capped.
    """

    name: str
    architecture: str
    hidden: int
    ffn: int
    heads: int
    kv_heads: int
    head_dim: int
    value: int
    vocab: int
    embedding: int
    tied: bool
    gated: bool
    experts: int
    active_experts: int
    context: int
    sliding_window: int
    softcap: bool
    blocks: tuple[Block, ...]
    other_params: int
    towers: tuple[Tower, ...] = ()

    @cached_property
    def layers(self) -> int:
        """L, layers of all blocks."""
        return sum(block.count for block in self.blocks)

    @cached_property
    def query(self) -> int:
        """q, width of the queries."""
        return self.heads * self.head_dim

    @cached_property
    def key(self) -> int:
        """k, width of the keys."""
        return self.kv_heads * self.head_dim

    @cached_property
    def mixers(self) -> tuple[tuple[int, Mixer], ...]:
        """How tokens meet in each block, with the number of its layers."""
        key, value, window = self.key, self.value, self.sliding_window
        usual = Mixer("attention", self.heads, self.query, key, value, window, key + value)
        return tuple((block.count, block.mixer or usual) for block in self.blocks)

    def mixed(self, name: str) -> float:
        """A width of `Mixer`, as the mean over all layers.

        Example:
            >>> from tunecase.compute.model import read_shape
            >>> read_shape("meta-llama/Llama-3.1-8B").mixed("key")
            1024.0
        """
        if name not in self._means:
            self._means[name] = sum(count * getattr(mixer, name) for count, mixer in self.mixers) / self.layers
        return self._means[name]

    @cached_property
    def new_blocks(self) -> tuple[str, ...]:
        """Kinds of layer that no measured run has."""
        return tuple(dict.fromkeys(mixer.kind for _, mixer in self.mixers if mixer.kind not in MEASURED))

    @cached_property
    def active_ffn(self) -> float:
        """MLP features that one token uses in a mean layer: experts it is sent to, shared experts, dense layers."""
        per_feature = (3 if self.gated else 2) * self.hidden
        used = sum(block.count * matrix.active_weights for block, matrix in self._all() if matrix.part == "mlp")
        return used / per_feature / self.layers

    @cached_property
    def layer_params(self) -> int:
        """Entries of the linear layers of the largest block, all experts counted."""
        return max(block.weights for block in self.blocks)

    @cached_property
    def linear_params(self) -> int:
        """Entries of all linear layers inside the blocks: what is quantised, head and embedding left out."""
        return sum(block.count * block.weights for block in self.blocks)

    @cached_property
    def embedding_params(self) -> int:
        """The embedding table."""
        return self.vocab * self.embedding

    @cached_property
    def head_params(self) -> int:
        """The head as a tensor of its own, zero where it is tied to the embedding."""
        return 0 if self.tied else self.vocab * self.embedding

    @cached_property
    def params(self) -> int:
        """All parameters, a tied head counted once."""
        inside = sum(block.count * block.params for block in self.blocks)
        return inside + self.embedding_params + self.head_params + self.other_params

    @cached_property
    def product_params(self) -> int:
        """N_mat: entries that one token meets in a matrix product, head included (tied or not), embedding not."""
        inside = sum(block.count * matrix.active_weights for block, matrix in self._all())
        return inside + self.vocab * self.embedding

    @cached_property
    def tower_params(self) -> int:
        """Parameters of what reads images or sound; not part of `params`."""
        return sum(tower.params for tower in self.towers)

    def module_names(self) -> tuple[str, ...]:
        """Names of the matrices that adapters can be put on, the head's last.

        Example:
            >>> from tunecase.compute.model import read_shape
            >>> read_shape("microsoft/phi-4").module_names()
            ('qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj', 'lm_head')
        """
        return (*dict.fromkeys(m.name for _, m in self._all() if m.part != "router"), HEAD)

    def lora_params(self, rank: int, targets: AdapterTargets = "all") -> int:
        """Parameters of LoRA adapters: r (in + out) for each adapted matrix.

        Args:
            rank: r, at least 1.
            targets: "all" linear layers of the blocks (every expert, no router), "attention", "qv" (query and value;
                of a fused projection its query and value parts, as litgpt adapts them), or names of modules, in a
                sequence or in one text with commas or spaces.
        Returns: the adapters' parameters.
        Raises: InputError for a rank below 1 and for a name that no matrix has.

        Example:
            >>> from tunecase.compute.model import read_shape
            >>> read_shape("meta-llama/Llama-2-7b-hf").lora_params(8, "qv")
            4194304

        Source: Hu et al. 2021, arXiv 2106.09685; peft's tuners/lora/layer.py.
        Leaves out biases and magnitudes (DoRA), and modules that are saved whole.
        """
        _check_rank(rank)
        return rank * sum(n * (m.inputs + m.outputs) * m.copies for n, m in self.adapted(targets))

    def active_lora_params(self, rank: int, targets: AdapterTargets = "all") -> int:
        """Parameters of the adapters that one token meets: those of its own experts; arguments as `lora_params`.

        Example:
            >>> from tunecase.compute.model import read_shape
            >>> shape = read_shape("mistralai/Mixtral-8x7B-v0.1")
            >>> shape.active_lora_params(8, "attention") == shape.lora_params(8, "attention")
            True
        """
        _check_rank(rank)
        return rank * sum(n * (m.inputs + m.outputs) * m.active for n, m in self.adapted(targets))

    def adapter_inputs(self, targets: AdapterTargets = "all") -> float:
        """Input features of the adapted matrices that one token meets, summed over one mean layer.

        Example:
            >>> from tunecase.compute.model import read_shape
            >>> read_shape("meta-llama/Llama-2-7b-hf").adapter_inputs("qv")
            8192.0
        """
        return sum(n * m.inputs * m.active for n, m in self.adapted(targets)) / self.layers

    def adapted(self, targets: AdapterTargets = "all") -> tuple[tuple[int, Matrix], ...]:
        """The matrices that adapters are put on, each with the number of layers that have it.

        Args:
            targets: as in `lora_params`.
        Raises: InputError for a name that no matrix has.
        """
        key = targets if isinstance(targets, str) else tuple(targets)
        if key not in self._adapted:
            self._adapted[key] = self._chosen(targets)
        return self._adapted[key]

    def _chosen(self, targets: AdapterTargets) -> tuple[tuple[int, Matrix], ...]:
        inside = [(block.count, m) for block, m in self._all() if m.part != "router"]
        attention = tuple((n, m) for n, m in inside if m.part == "attention")
        if isinstance(targets, str) and targets in ALL:
            return tuple(inside)
        if targets == "attention":
            return attention
        if targets == "qv":
            apart = tuple((n, m) for n, m in attention if m.name in QUERY_VALUE)
            return apart or (tuple(self._fused_query_value()) if self.query else self._named(QUERY_VALUE, inside))
        return self._named(targets.replace(",", " ").split() if isinstance(targets, str) else targets, inside)

    @cached_property
    def _means(self) -> dict[str, float]:
        return {}

    @cached_property
    def _adapted(self) -> dict[str | tuple[str, ...], tuple[tuple[int, Matrix], ...]]:
        return {}

    def _named(self, names: Sequence[str], inside: list[tuple[int, Matrix]]) -> tuple[tuple[int, Matrix], ...]:
        head = [(1, Matrix(HEAD, "mlp", self.embedding, self.vocab))]
        modules = self.module_names()
        wrong = [name for name in names if name not in modules]
        if wrong or not names:
            got, wanted = ", ".join(wrong) or "nothing", f"all, attention, qv, or some of {', '.join(modules)}"
            fix = f"name the modules of {self.architecture}; {nearest((wrong or [''])[0], modules)}"
            raise InputError(Problem("lora targets", got, wanted, fix))
        return tuple((n, m) for n, m in chain(inside, head) if m.name in names)

    def _fused_query_value(self) -> Iterator[tuple[int, Matrix]]:
        for width in (self.query, self.value):
            yield self.layers, Matrix("part of a fused projection", "attention", self.hidden, width)

    def _all(self) -> Iterator[tuple[Block, Matrix]]:
        return ((block, matrix) for block in self.blocks for matrix in block.matrices)


def _check_rank(rank: int) -> None:
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        fix = "8 to 64 are usual; leave it out for the default"
        raise InputError(Problem("rank", repr(rank), "a whole number, at least 1", fix))
