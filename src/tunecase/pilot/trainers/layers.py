"""Runs a Llama-like network in two parts: lower layers once per text and kept, upper layers with their adapters.

Everything that knows the inside of transformers and peft stands here. With adapters on the top layers alone, all below
is the same for every run of a ladder, so it is computed once and shared. Rows are packed one after the other, without
padding, after one shared prefix; a mask keeps them apart. A row may branch, so that several continuations of one text
are asked at the cost of one. Where the stock forward answers a short text differently, the stock one does all the work.
"""

import hashlib
import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tunecase.pilot.trainers import machine
from tunecase.pilot.trainers.hidden import Kept

if TYPE_CHECKING:
    from torch import Tensor

    Pair = tuple[Tensor, Tensor]
    Attention = Callable[[Tensor, Tensor, Tensor], Tensor]

# A part of every key of what is kept: raised when the meaning changes.
FORMAT = 2
# Packed rows cost attention between rows that do not see each other, which grows with the square of the pack.
PACK_TOKENS = 256
# Texts whose lower layers are computed between two looks at the file.
CHUNK_ROWS = 32
# Few-shot prompts differ from draw to draw; each takes some megabytes.
MOST_PREFIXES = 8
# Keys and values of lower layers of prompts that are answered again by the next run: about 35 KB a token.
MOST_PROMPT_BYTES = 512 << 20
# Texts that transformers' own `generate` continues at once.
DECODED_ROWS = 16
ADAPTED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
# Root mean square, as a share of the spread of the stock logits. Rounding alone gives 4e-6 in fp32 and .07 in bf16.
CANARY_MOST = {"float32": 1e-3, "bfloat16": 0.2, "float16": 0.05}
CANARY_TOKENS = 24


@dataclass(frozen=True, slots=True)
class Row:
    """One text as tokens after the shared prefix, perhaps with branches.

    `parents` holds the place of the token before each one, -1 for the prefix's end. `wanted` are the places whose next
    token the pilot needs.
    """

    tokens: tuple[int, ...]
    parents: tuple[int, ...]
    wanted: tuple[int, ...]


def chain(tokens: Sequence[int], wanted: Sequence[int]) -> Row:
    """A row without branches."""
    return Row(tuple(tokens), tuple(range(-1, len(tokens) - 1)), tuple(wanted))


@dataclass(frozen=True, slots=True)
class Packed:
    """Attention among tokens in one pack.

    `mask` is 0 or minus infinity, shape (queries, tokens before and in the pack); `past` are keys and values of what
    stands before the pack, and `record` gets those of the pack, shape (heads, tokens, head size).
    """

    torch: Any
    mask: "Tensor"
    past: "Pair | None" = None
    record: "list[Pair] | None" = None

    def __call__(self, query: "Tensor", key: "Tensor", value: "Tensor") -> "Tensor":
        """Mixed values, shape (queries, width); queries have the shape (queries, heads, head size)."""
        torch = self.torch
        if self.record is not None:
            self.record.append((key, value))
        if self.past is not None:
            key, value = torch.cat([self.past[0], key], 1), torch.cat([self.past[1], value], 1)
        rows, heads, size = query.shape
        groups = heads // len(key)
        query = query.view(rows, len(key), groups, size).permute(1, 2, 0, 3)
        scores = query.reshape(len(key), groups * rows, size) @ key.transpose(1, 2)
        shares = (scores.view(len(key), groups, rows, -1) + self.mask).softmax(-1)
        mixed = shares.view(len(key), groups * rows, -1) @ value
        out: Tensor = mixed.view(len(key), groups, rows, size).permute(2, 0, 1, 3).reshape(rows, -1)
        return out


def attach(net: Any, rank: int, depth: int) -> Any:
    """The network with LoRA adapters of this rank on all linear maps of its top layers, scaled by alpha = 2 rank.

    Where the layers have other names than Llama's, every linear map but the head gets one, in all layers.
    """
    import warnings

    peft = importlib.import_module("peft")
    names = {name.rsplit(".", 1)[-1] for name, _ in net.named_modules()}
    layers = _layers(net)
    usual = set(ADAPTED) <= names and layers is not None
    config = peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=rank,
        lora_alpha=2 * rank,
        target_modules=list(ADAPTED) if usual else "all-linear",
        layers_to_transform=list(range(max(0, len(layers) - depth), len(layers))) if usual and layers else None,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of peft's calls into transformers
        return peft.get_peft_model(net, config)


def detach(adapted: Any) -> Any:
    """The network without its adapters."""
    return adapted.unload()


def redraw(adapted: Any, seed: int) -> None:
    """Gives the adapters the values of a new start: A at random, B zero."""
    import torch

    torch.manual_seed(seed)
    for module in adapted.modules():
        if hasattr(module, "reset_lora_parameters"):
            for name in module.lora_A:
                module.reset_lora_parameters(name, True)


class Network:
    """Next-token logits of packed rows; `stock` says why transformers' own forward does the work, empty where not.

    Args:
        adapted: what `attach` returned.
        depth: top layers with adapters.
        identity: the weights' fingerprint.
        kept: where lower layers' states are kept.
    """

    def __init__(self, adapted: Any, depth: int, identity: str, kept: Kept) -> None:
        import torch

        self.net, self.kept = adapted, kept
        self.depth = depth = min(depth, len(_layers(adapted) or ())) or depth
        inner = adapted.get_base_model()
        self.config, self.base, self.head = inner.config, inner.base_model, inner.get_output_embeddings()
        self.device, self.dtype = inner.device, inner.dtype
        self.identity = f"{identity} {FORMAT} {depth} {self.dtype} {self.device.type}"
        self._prefixes: dict[tuple[int, ...], tuple[Tensor, list[Pair]]] = {}
        self._torch = torch
        self._past: Any = None
        self._prompts: dict[Any, tuple[Tensor, list[Pair]]] = {}
        self._prompt_bytes = 0
        self.trained = [part for part in adapted.parameters() if part.requires_grad]
        self.stock = self._why_stock()

    @property
    def longest(self) -> int:
        """The most tokens a text and its prefix may have together."""
        most = int(getattr(self.config, "max_position_embeddings", 2048) or 2048)
        return min(most, int(getattr(self.config, "sliding_window", None) or most))

    def packs(self, prefix: Sequence[int], rows: Sequence[Row]) -> Iterator[list[int]]:
        """Positions of rows that are run together, short rows first."""
        pack: list[int] = []
        tokens = len(prefix)
        for position in sorted(range(len(rows)), key=lambda i: (len(rows[i].tokens), i)):
            if pack and tokens + len(rows[position].tokens) > PACK_TOKENS:
                yield pack
                pack, tokens = [], len(prefix)
            pack.append(position)
            tokens += len(rows[position].tokens)
        if pack:
            yield pack

    def logits(self, prefix: Sequence[int], rows: Sequence[Row], columns: "Tensor | None" = None) -> "Tensor":
        """Logits of the token after each asked place, row by row, as fp32; with gradients where these are enabled.

        Args:
            prefix: tokens before every row; at least one token stands before or in every asked place.
            rows: those to run at once (see `packs`).
            columns: tokens whose logits are wanted; None: all.
        Returns: shape (asked places of all rows, columns).
        """
        if self.stock:
            return self._stock_logits(prefix, rows, columns)
        states = self._upper(prefix, rows)
        weight = self.head.weight if columns is None else self.head.weight[columns]
        bias = getattr(self.head, "bias", None)
        bias = bias[columns] if bias is not None and columns is not None else bias
        return self._torch.nn.functional.linear(states, weight, bias).float()

    def stock_decoded(
        self, prefix: Sequence[int], prompts: Sequence[Sequence[int]], end: int, most_tokens: int
    ) -> list[list[int]]:
        """The likeliest next tokens after each prompt, up to the end token or `most_tokens`, by transformers."""
        torch = self._torch
        answers: list[list[int]] = [[] for _ in prompts]
        order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), i))
        for first in range(0, len(order), DECODED_ROWS):
            some = order[first : first + DECODED_ROWS]
            width = max(len(prompts[i]) for i in some) + len(prefix)
            tokens = torch.full((len(some), width), end, dtype=torch.long)
            for place, i in enumerate(some):
                whole = [*prefix, *prompts[i]]
                tokens[place, width - len(whole) :] = torch.tensor(whole)
            seen = torch.zeros_like(tokens)
            for place, i in enumerate(some):
                seen[place, width - len(prefix) - len(prompts[i]) :] = 1
            with torch.no_grad(), machine.quiet():
                made = self.net.generate(
                    input_ids=tokens.to(self.device), attention_mask=seen.to(self.device), do_sample=False,
                    max_new_tokens=most_tokens, eos_token_id=end, pad_token_id=end,
                )[:, width:].tolist()  # fmt: skip
            for i, answer in zip(some, made, strict=True):
                answers[i] = answer[: answer.index(end)] if end in answer else answer
        return answers

    def ready(self, prefix: Sequence[int], rows: Sequence[Row]) -> None:
        """Computes and keeps the lower layers of these rows, sharing the work with other processes that do the same."""
        if self.stock:
            return
        todo = sorted({self._key(prefix, row): row for row in rows}.items(), key=lambda item: len(item[1].tokens))
        # Every process starts elsewhere, so that two do different rows first and then find each other's.
        start = int.from_bytes(hashlib.blake2b(str(id(self)).encode()).digest()[:4], "big") % max(1, len(todo))
        start -= start % CHUNK_ROWS
        todo = todo[start:] + todo[:start]
        for first in range(0, len(todo), CHUNK_ROWS):
            self._states(prefix, [row for _, row in todo[first : first + CHUNK_ROWS]])

    def _states(self, prefix: Sequence[int], rows: Sequence[Row]) -> "list[Tensor]":
        torch = self._torch
        keys = [self._key(prefix, row) for row in rows]
        size = self.config.hidden_size * self.dtype.itemsize
        kept = self.kept.read(keys)
        lacking = {
            key: row for key, row in zip(keys, rows, strict=True) if len(kept.get(key, b"")) != size * len(row.tokens)
        }
        if lacking:
            made: dict[bytes, bytes] = {}
            some = list(lacking.values())
            # On a processor each row runs alone: rounding depends on what is packed with it, and what is kept must not.
            alone = self.device.type == "cpu"
            for pack in [[i] for i in range(len(some))] if alone else self.packs((), some):
                states = self.lower(prefix, [some[i] for i in pack])
                parts = torch.split(states, [len(some[i].tokens) for i in pack])
                for i, part in zip(pack, parts, strict=True):
                    made[self._key(prefix, some[i])] = part.cpu().contiguous().view(torch.uint8).numpy().tobytes()
            self.kept.write(made)
            kept |= made
        return [
            torch.frombuffer(bytearray(kept[key]), dtype=self.dtype).view(-1, self.config.hidden_size).to(self.device)
            for key in keys
        ]

    def _key(self, prefix: Sequence[int], row: Row) -> bytes:
        parts = f"{self.identity}|{tuple(prefix)}|{row.tokens}|{row.parents}"
        return hashlib.blake2b(parts.encode(), digest_size=16).digest()

    def lower(self, prefix: Sequence[int], rows: Sequence[Row], record: "list[Pair] | None" = None) -> "Tensor":
        """States under the top layers of these rows' tokens, shape (tokens, width).

        Args:
            record: gets the keys and values of every lower layer.
        """
        with self._torch.no_grad():
            _, past = self.prefix(prefix)
            states = self.embedded([token for row in rows for token in row.tokens])
            depths, seen = _seen(self._torch, rows, self.device)
            mask = self._mask(seen, len(prefix))
            rotation = self.rotation(states, [len(prefix) + depth for depth in depths])
            for layer, before in zip(self.layers[: -self.depth], past, strict=True):
                states = self.layer(layer, states, rotation, Packed(self._torch, mask, before, record))
        return states

    def prefix(self, prefix: Sequence[int]) -> "tuple[Tensor, list[Pair]]":
        """The prefix's state under the top layers, and its keys and values in the layers below."""
        torch, key = self._torch, tuple(prefix)
        if key not in self._prefixes:
            with torch.no_grad():
                states = self.embedded(key)
                record: list[Pair] = []
                mask = self._mask(torch.ones(len(key), len(key), dtype=torch.bool, device=self.device).tril(), 0)
                rotation = self.rotation(states, range(len(key)))
                for layer in self.layers[: -self.depth]:
                    states = self.layer(layer, states, rotation, Packed(self._torch, mask, None, record))
            while len(self._prefixes) >= MOST_PREFIXES:
                del self._prefixes[next(iter(self._prefixes))]
            self._prefixes[key] = (states, record)
        return self._prefixes[key]

    def _upper(self, prefix: Sequence[int], rows: Sequence[Row]) -> "Tensor":
        """The last state of every asked place; with gradients the prefix runs along, since it teaches too."""
        torch = self._torch
        before = len(prefix)
        along = torch.is_grad_enabled()
        kept, rows = self._states(prefix, rows), [_read(row) for row in rows]
        read = [states[: len(row.tokens)] for row, states in zip(rows, kept, strict=True)]
        states = torch.cat([*([self.prefix(prefix)[0]] if along else []), *read])
        depths, seen = _seen(torch, rows, self.device)
        positions = [before + depth for depth in depths]
        if along:
            whole = torch.ones(len(states), len(states), dtype=torch.bool, device=self.device).tril()
            whole[before:, before:] = seen
            mask, positions = self._mask(whole, 0), [*range(before), *positions]
        else:
            mask = self._mask(seen, before)
        rotation = self.rotation(states, positions)
        places, first = [], before if along else 0
        for row in rows:
            places += [first + place for place in row.wanted]
            first += len(row.tokens)
        wanted = torch.tensor(places, device=self.device)
        past = [None] * self.depth if along else self.upper_past(prefix)
        *all_but_last, last = self.layers[-self.depth :]
        for layer, before_it in zip(all_but_last, past[:-1], strict=True):
            states = self.layer(layer, states, rotation, Packed(torch, mask, before_it))
        states = self.layer(last, states, rotation, Packed(torch, mask[wanted], past[-1]), only=wanted)
        return self.norm(self.base.norm, states)

    @property
    def key_width(self) -> int:
        """Numbers in one key of a layer, all heads together."""
        attention = self.layers[0].self_attn
        width: int = getattr(attention.k_proj, "out_features", None) or attention.k_proj.base_layer.out_features
        return width

    def read_prompt(self, prefix: Sequence[int], prompt: Sequence[int]) -> "tuple[Tensor, list[Pair]]":
        """The state of a prompt's last token above all layers, shape (1, width), and every layer's keys and values.

        Those of the lower layers are kept in memory for later runs, up to `MOST_PROMPT_BYTES`.
        """
        torch, key = self._torch, (tuple(prefix), tuple(prompt))
        if (lower := self._prompts.get(key)) is None:
            below: list[Pair] = []
            states = self.lower(prefix, [chain(prompt, ())], below)
            self._keep_prompt(key, lower := (states, below))
        states, record = lower[0], list(lower[1])
        rotation = self.rotation(states, range(len(prefix), len(prefix) + len(prompt)))
        seen = torch.ones(len(prompt), len(prompt), dtype=torch.bool, device=self.device).tril()
        mask, last = self._mask(seen, len(prefix)), torch.tensor([len(prompt) - 1], device=self.device)
        top = list(zip(self.layers[-self.depth :], self.upper_past(prefix), strict=True))
        for layer, before in top[:-1]:
            states = self.layer(layer, states, rotation, Packed(torch, mask, before, record))
        layer, before = top[-1]
        return self.layer(layer, states, rotation, Packed(torch, mask[last], before, record), only=last), record

    def _keep_prompt(self, key: Any, lower: "tuple[Tensor, list[Pair]]") -> None:
        self._prompts[key] = lower
        self._prompt_bytes += _size_bytes(lower)
        while self._prompt_bytes > MOST_PROMPT_BYTES:
            self._prompt_bytes -= _size_bytes(self._prompts.pop(next(iter(self._prompts))))

    def upper_past(self, prefix: Sequence[int]) -> "list[Any]":
        """The prefix's keys and values in the top layers, kept until an adapter changes."""
        key = (tuple(prefix), sum(part._version for part in self.trained))
        if self._past is None or self._past[0] != key:
            states = self.prefix(prefix)[0]
            record: list[Pair] = []
            mask = self._mask(
                self._torch.ones(len(states), len(states), dtype=self._torch.bool, device=self.device).tril(), 0
            )
            rotation = self.rotation(states, range(len(states)))
            for layer in self.layers[-self.depth :]:
                states = self.layer(layer, states, rotation, Packed(self._torch, mask, None, record))
            self._past = (key, record)
        past: list[Any] = self._past[1]
        return past

    @property
    def layers(self) -> Any:
        """All decoder layers, the lowest first."""
        return self.base.layers

    def embedded(self, tokens: Sequence[int]) -> "Tensor":
        """The tokens' embeddings, shape (tokens, width)."""
        states: Tensor = self.base.embed_tokens(self._torch.tensor(tokens, dtype=self._torch.long, device=self.device))
        return states

    def _mask(self, seen: "Tensor", before: int) -> "Tensor":
        torch = self._torch
        mask = torch.zeros(seen.shape, dtype=self.dtype, device=self.device).masked_fill_(~seen, float("-inf"))
        padded: Tensor = torch.nn.functional.pad(mask, (before, 0))
        return padded

    def rotation(self, states: "Tensor", positions: Sequence[int]) -> "Pair":
        """The cosines and signed sines by which queries and keys at these positions are turned."""
        places = self._torch.tensor([list(positions)], device=self.device)
        cos, sin = self.base.rotary_emb(states[None], position_ids=places)
        half = sin.shape[-1] // 2
        # One sign fewer to change per use: rotate_half(x) * sin = swap(x) * (-sin, sin).
        return cos[0, :, None], self._torch.cat([-sin[0, :, :half], sin[0, :, half:]], -1)[:, None]

    def layer(
        self, layer: Any, states: "Tensor", rotation: "Pair", attend: "Attention", only: "Tensor | None" = None
    ) -> "Tensor":
        """One decoder layer.

        Args:
            attend: what mixes the values of what each token sees.
            only: the places whose outcome is wanted.
        """
        torch, attention, mlp = self._torch, layer.self_attn, layer.mlp
        cos, sin = rotation
        wide = self.norm(layer.input_layernorm, states)
        if only is None:
            query, key, value = self._mapped(wide, attention.q_proj, attention.k_proj, attention.v_proj)
        else:
            key, value = self._mapped(wide, attention.k_proj, attention.v_proj)
            (query,) = self._mapped(wide[only], attention.q_proj)
            states = states[only]
        size = attention.head_dim
        query, key, value = (part.view(len(part), -1, size) for part in (query, key, value))
        if hasattr(attention, "q_norm"):
            query, key = self.norm(attention.q_norm, query), self.norm(attention.k_norm, key)
        query = _turned(torch, query, cos if only is None else cos[only], sin if only is None else sin[only])
        key = _turned(torch, key, cos, sin)
        mixed = attend(query * attention.scaling, key.transpose(0, 1), value.transpose(0, 1))
        states = states + self._mapped(mixed, attention.o_proj)[0]
        gate, up = self._mapped(self.norm(layer.post_attention_layernorm, states), mlp.gate_proj, mlp.up_proj)
        return states + self._mapped(mlp.act_fn(gate) * up, mlp.down_proj)[0]

    def norm(self, norm: Any, states: "Tensor") -> "Tensor":
        """One of the network's normalisations."""
        functional: Any = self._torch.nn.functional
        normed: Tensor = functional.rms_norm(states, (states.shape[-1],), norm.weight, norm.variance_epsilon)
        return normed

    def _mapped(self, states: "Tensor", *modules: Any) -> "list[Tensor]":
        """Linear maps of the same states; their adapters' first halves are one product."""
        torch = self._torch
        linear = torch.nn.functional.linear
        bases = [getattr(module, "base_layer", module) for module in modules]
        outs = [linear(states, base.weight, base.bias) for base in bases]
        if bases[0] is modules[0]:
            return outs
        first = [module.lora_A["default"].weight for module in modules]
        small = linear(states, torch.cat(first).to(self.dtype)).split([len(part) for part in first], 1)
        return [
            torch.addmm(out, part, (module.lora_B["default"].weight * module.scaling["default"]).to(self.dtype).T)
            for out, part, module in zip(outs, small, modules, strict=True)
        ]

    def _stock_logits(self, prefix: Sequence[int], rows: Sequence[Row], columns: "Tensor | None") -> "Tensor":
        torch, last = self._torch, []
        for row in rows:
            for place in row.wanted:
                tokens = torch.tensor([[*prefix, *_path(row, place)]], device=self.device)
                last.append(self.net(input_ids=tokens, use_cache=False).logits[0, -1].float())
        logits: Tensor = torch.stack(last)
        return logits if columns is None else logits[:, columns]

    def _why_stock(self) -> str:
        """Empty when the quick forward equals the stock one on a short text; else why it is not used."""
        torch = self._torch
        if _layers(self.net) is None:
            return "this network's layers are not Llama's"
        for module in self.net.modules():
            if hasattr(module, "lora_B"):
                for part in module.lora_B.values():
                    torch.nn.init.normal_(part.weight, std=0.02)
        generator = torch.Generator().manual_seed(0)
        tokens = torch.randint(3, self.config.vocab_size, (CANARY_TOKENS,), generator=generator).tolist()
        prefix, rest = tokens[:5], tokens[5:]
        branched = Row(tuple(rest[:12]), (*range(-1, 9), 8, 10), (9, 11))
        rows = [chain(rest[4:], (3, len(rest) - 5)), branched]
        self.stock = ""
        try:
            with torch.no_grad():
                own = self.logits(prefix, rows)
            own = self._torch.stack([own, self.logits(prefix, rows).detach()])
            self.stock = "stock"
            with torch.no_grad():
                stock = self._stock_logits(prefix, rows, None)
        except (AttributeError, TypeError, ValueError, RuntimeError, KeyError) as error:
            return f"this network is not built as expected ({type(error).__name__}: {error})"
        off = float((own - stock).square().mean((1, 2)).max().sqrt() / stock.std())
        most = CANARY_MOST.get(str(self.dtype).removeprefix("torch."), 0.0)
        return "" if off <= most else f"the quick forward differs from the stock one by {off:.2g} of the logits' spread"


def _layers(net: Any) -> Any:
    for name, module in net.named_modules():
        if re.search(r"(^|\.)layers$", name) and hasattr(module, "__len__"):
            return module
    return None


def _size_bytes(lower: "tuple[Tensor, list[Pair]]") -> int:
    return sum(part.nbytes for part in (lower[0], *(part for pair in lower[1] for part in pair)))


def _seen(torch: Any, rows: Sequence[Row], device: Any) -> "tuple[list[int], Tensor]":
    """Depth of every token in its row, and which tokens it sees: itself and those before it on its own path."""
    depths: list[int] = []
    seen = torch.zeros(sum(len(row.tokens) for row in rows), sum(len(row.tokens) for row in rows), dtype=torch.bool)
    first = 0
    for row in rows:
        count = len(row.tokens)
        block = seen[first : first + count, first : first + count]
        straight = next((i for i, parent in enumerate(row.parents) if parent != i - 1), count)
        block[:straight, :straight] = torch.ones(straight, straight, dtype=torch.bool).tril()
        own = list(range(straight))
        for i in range(straight, count):
            parent = row.parents[i]
            if parent >= 0:
                block[i] = block[parent]
            block[i, i] = True
            own.append(own[parent] + 1 if parent >= 0 else 0)
        depths += own
        first += count
    return depths, seen.to(device)


def _read(row: Row) -> Row:
    """A row up to the last place that is asked; what follows changes nothing before it."""
    most = max(row.wanted, default=-1) + 1
    return Row(row.tokens[:most], row.parents[:most], row.wanted)


def _path(row: Row, place: int) -> list[int]:
    path = []
    while place >= 0:
        path.append(row.tokens[place])
        place = row.parents[place]
    return path[::-1]


def _turned(torch: Any, states: "Tensor", cos: "Tensor", sin: "Tensor") -> "Tensor":
    half = states.shape[-1] // 2
    turned: Tensor = states * cos + torch.cat([states[..., half:], states[..., :half]], -1) * sin
    return turned
