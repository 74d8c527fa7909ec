"""Greedy answers to many prompts at once, each row as far as it has come.

One pass reads what all rows still open have not read yet: the token each wrote last and, where few rows are left and a
pass has room, a guess at what follows, taken from the row's own prompt or an answer already written. What the network
would have written itself is kept of a guess, so guesses change how many passes are made and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.pilot.trainers.forms import AnswerForm, Place

if TYPE_CHECKING:
    from torch import Tensor

    from tunecase.pilot.trainers.layers import Network

# A core multiplies so many tokens of a pass at about the price of a few: what rows do not fill, guesses may.
PASS_TOKENS = 48
MOST_GUESSED = 12
# A guess follows the last place where the tokens written last stand, at most so many of them.
ALIKE_TOKENS = (4, 3, 2)
# Keys and values of the rows that are decoded at once.
MOST_BYTES = 512 << 20


def decoded(
    network: "Network",
    prefix: Sequence[int],
    prompts: Sequence[Sequence[int]],
    end: int,
    most_tokens: int,
    ended: Callable[[], Callable[[int], bool]] | None = None,
    shared: AnswerForm | None = None,
) -> list[list[int]]:
    """As `greedy`, without the form by transformers' own `generate` where the quick forward is not used."""
    if not network.stock:
        return greedy(network, prefix, prompts, end, most_tokens, ended, shared)
    return [up_to_end(answer, ended) for answer in network.stock_decoded(prefix, prompts, end, most_tokens)]


def greedy(
    network: "Network",
    prefix: Sequence[int],
    prompts: Sequence[Sequence[int]],
    end: int,
    most_tokens: int,
    ended: Callable[[], Callable[[int], bool]] | None = None,
    shared: AnswerForm | None = None,
) -> list[list[int]]:
    """The likeliest next token after each prompt, again and again, up to the end token or `most_tokens`.

    Args:
        prefix: tokens before every prompt, at least one.
        prompts: of at least one token each.
        ended: makes, for a row, what is given each of its tokens and says when the answer is whole.
        shared: the form that every answer keeps; it is then whole where the form says so, not at the end token.
    Returns: the tokens of each row without the end token.

    Leaves out that two logits may tie within rounding: rows that are run together, and in which order, then decide.
    """
    answers: list[list[int]] = [[] for _ in prompts]
    order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), i))
    while order:
        token_bytes = 2 * len(network.layers) * network.key_width * network.dtype.itemsize
        # The longest of the group decides, so groups are cut from the long end.
        at_once = max(1, MOST_BYTES // (token_bytes * (len(prompts[order[-1]]) + most_tokens)))
        some, order = order[-at_once:], order[:-at_once]
        rows = _Rows(network, prefix, [prompts[i] for i in some], most_tokens, ended, shared)
        for i, answer in zip(some, rows.written(end), strict=True):
            answers[i] = answer
    return answers


def up_to_end(answer: Sequence[int], ended: Callable[[], Callable[[int], bool]] | None) -> list[int]:
    """The tokens of an answer up to the one with which it is whole."""
    is_whole = ended() if ended else lambda _: False
    for place, token in enumerate(answer):
        if is_whole(token):
            return list(answer[: place + 1])
    return list(answer)


def json_ends(text_of: Callable[[int], str]) -> Callable[[], Callable[[int], bool]]:
    """What `ended` wants, for answers that are a JSON object or list: whole with the bracket that closes the first.

    Args:
        text_of: the text of a token.

    Example:
        >>> is_whole = json_ends(chr)()
        >>> [is_whole(ord(sign)) for sign in '{"}": [1]}'].index(True)
        9
    """
    return lambda: _Brackets(text_of).closed_by


@dataclass(slots=True)
class _Brackets:
    text_of: Callable[[int], str]
    depth: int = 0
    in_string: bool = False
    escaped: bool = False

    def closed_by(self, token: int) -> bool:
        """Reads on, and says whether the first bracket is closed."""
        for sign in self.text_of(token):
            if self.in_string:
                self.in_string, self.escaped = sign != '"' or self.escaped, sign == "\\" and not self.escaped
            elif sign == '"':
                self.in_string = self.depth > 0
            elif sign in "{[":
                self.depth += 1
            elif sign in "}]" and self.depth:
                self.depth -= 1
                if not self.depth:
                    return True
        return False


class _Rows:
    """Rows that are decoded at once, with the keys and values of all that each has read."""

    def __init__(
        self,
        network: "Network",
        prefix: Sequence[int],
        prompts: Sequence[Sequence[int]],
        most_tokens: int,
        ended: Callable[[], Callable[[int], bool]] | None,
        shared: AnswerForm | None = None,
    ) -> None:
        import torch

        self.torch, self.network, self.prefix, self.prompts = torch, network, tuple(prefix), prompts
        self.most_tokens, self.shared = most_tokens, shared
        self.places: list[Place | None] = [Place() if shared else None for _ in prompts]
        self.is_whole = [ended() if ended else (lambda _: False) for _ in prompts]
        self.answers: list[list[int]] = [[] for _ in prompts]
        self.example: list[int] = []
        # Place of each row in the caches; None once it has ended.
        self.slots: dict[int, int] = {row: row for row in range(len(prompts))}
        self.read = [len(prompt) for prompt in prompts]
        with torch.no_grad():
            self._read_prompts()

    def written(self, end: int) -> list[list[int]]:
        """Decodes all rows."""
        with self.torch.no_grad():
            first = self._logits(self.last_states)
            for row, logits in zip(list(self.slots), first, strict=True):
                self._take(row, self._likeliest(row, logits), end)
            while self.slots:
                self._pass(end)
                if 2 * len(self.slots) <= self.keys[0].shape[0]:
                    self._close_ranks()
        return self.answers

    def _read_prompts(self) -> None:
        """Runs each prompt alone, so that what is kept of it depends on no other."""
        torch, network = self.torch, self.network
        before = [*network.prefix(self.prefix)[1], *network.upper_past(self.prefix)]
        room = max(map(len, self.prompts)) + self.most_tokens + MOST_GUESSED
        shape = (len(self.prompts), before[0][0].shape[0], room, before[0][0].shape[2])
        self.before = before
        self.keys = [torch.zeros(shape, dtype=network.dtype, device=network.device) for _ in before]
        self.values = [torch.zeros_like(keys) for keys in self.keys]
        last = []
        for row, prompt in enumerate(self.prompts):
            state, record = network.read_prompt(self.prefix, prompt)
            last.append(state)
            for layer, (key, value) in enumerate(record):
                self.keys[layer][row, :, : len(prompt)] = key
                self.values[layer][row, :, : len(prompt)] = value
        self.last_states = torch.cat(last)

    def _pass(self, end: int) -> None:
        """One pass over what is not read yet, and the tokens that it gives."""
        share = PASS_TOKENS // len(self.slots)
        chunks, sure = {}, {}
        for row in self.slots:
            unread = self.answers[row][self.read[row] - len(self.prompts[row]) :]
            room = max(0, min(MOST_GUESSED, share - len(unread)))
            left = self.most_tokens - len(self.answers[row]) - 1
            chunks[row], sure[row] = [*unread, *self._guess(row, min(room, left))], len(unread)
        logits, first = self._run(chunks, sure), 0
        for row, chunk in chunks.items():
            at = read = sure[row] - 1
            while row in self.slots and read == at:
                token = self._likeliest(row, logits[first + at - sure[row] + 1])
                added = self._take(row, token, end)
                at += len(added)
                for follows in added:
                    if read + 1 == len(chunk) or chunk[read + 1] != follows:
                        break
                    read += 1
            self.read[row] += read + 1
            first += len(chunk) - sure[row] + 1

    def _likeliest(self, row: int, logits: "Tensor") -> int:
        """The token that a row goes on with, by the logits of all."""
        place = self.places[row]
        return int(logits.argmax()) if place is None or not self.shared else self.shared.likeliest(place, logits)

    def _take(self, row: int, token: int, end: int) -> list[int]:
        """Adds a token to a row's answer, with those that must follow; takes the row out where it has ended."""
        added: list[int] = []
        while True:
            if token != end:
                added.append(token)
                self.answers[row].append(token)
            if token == end or self._ends(row, token) or len(self.answers[row]) >= self.most_tokens:
                del self.slots[row]
                self.example = self.answers[row]
                return added
            place = self.places[row]
            must = self.shared.choices(place) if self.shared and place else ()
            if len(must) != 1:
                return added
            (token,) = must

    def _ends(self, row: int, token: int) -> bool:
        """Whether an answer is whole with this token."""
        if self.shared and (place := self.places[row]):
            self.places[row] = later = self.shared.after(place, token)
            return later is None or later.inside == "whole"
        return self.is_whole[row](token)

    def _guess(self, row: int, most: int) -> list[int]:
        """What may follow: what followed the same tokens in an answer of another row, else in the row's own prompt."""
        written = self.answers[row]
        for alike in ALIKE_TOKENS if most > 0 else ():
            for text in (self.prompts[row], self.example):
                if len(written) >= alike and (guess := _after(text, written[-alike:], most)):
                    return guess
        return []

    def _run(self, chunks: "dict[int, list[int]]", sure: dict[int, int]) -> "Tensor":
        """Logits after the last sure token of each row's chunk and after each that is guessed."""
        torch, network = self.torch, self.network
        tokens = [token for chunk in chunks.values() for token in chunk]
        slots = torch.tensor([self.slots[row] for row, chunk in chunks.items() for _ in chunk], device=network.device)
        offsets = torch.tensor([i for chunk in chunks.values() for i in range(len(chunk))], device=network.device)
        places = torch.tensor(
            [self.read[row] + i for row, chunk in chunks.items() for i in range(len(chunk))], device=network.device
        )
        states = network.embedded(tokens)
        rotation = network.rotation(states, (places + len(self.prefix)).tolist())
        wide, long = max(map(len, chunks.values())), int(places.max()) + 1
        shape = (self.keys[0].shape[0], wide)
        # What a query may not see: later places, and those of rows that are shorter.
        reach = torch.full(shape, -1, device=network.device)
        reach[slots, offsets] = places
        hidden = torch.arange(long, device=network.device)[None, None] > reach[..., None]
        mask = torch.zeros((*shape, long), dtype=network.dtype, device=network.device).masked_fill_(
            hidden, float("-inf")
        )
        mask = torch.nn.functional.pad(mask, (len(self.prefix), 0))
        for number, layer in enumerate(network.layers):
            attend = _Attend(self, number, (slots, offsets, places), mask, long)
            states = network.layer(layer, states, rotation, attend)
        asked = [i >= sure[row] - 1 for row, chunk in chunks.items() for i in range(len(chunk))]
        return self._logits(states[torch.tensor(asked, device=network.device)])

    def _logits(self, states: "Tensor") -> "Tensor":
        logits: Tensor = self.network.head(self.network.norm(self.network.base.norm, states))
        return logits

    def _close_ranks(self) -> None:
        """Drops the keys and values of rows that have ended."""
        rows = list(self.slots)
        places = self.torch.tensor([self.slots[row] for row in rows], dtype=self.torch.long, device=self.network.device)
        self.keys = [keys[places] for keys in self.keys]
        self.values = [values[places] for values in self.values]
        self.slots = {row: place for place, row in enumerate(rows)}


class _Attend:
    """Attention of the rows' new tokens to the shared prefix and to all that each row has read."""

    def __init__(self, rows: _Rows, layer: int, at: "tuple[Tensor, Tensor, Tensor]", mask: "Tensor", long: int) -> None:
        self.rows, self.layer, self.at, self.mask, self.long = rows, layer, at, mask, long

    def __call__(self, query: "Tensor", key: "Tensor", value: "Tensor") -> "Tensor":
        """Keeps the new keys and values, and returns mixed values, shape (tokens, width)."""
        torch, (slots, offsets, places) = self.rows.torch, self.at
        keys, values = self.rows.keys[self.layer], self.rows.values[self.layer]
        keys[slots, :, places], values[slots, :, places] = key.transpose(0, 1), value.transpose(0, 1)
        keys, values = keys[:, :, : self.long], values[:, :, : self.long]
        _, heads, size = query.shape
        rows, kinds, wide = len(keys), keys.shape[1], self.mask.shape[1]
        groups = heads // kinds
        asked = torch.zeros(rows, wide, heads, size, dtype=query.dtype, device=query.device)
        asked[slots, offsets] = query
        # (rows, kinds, groups * wide, size)
        asked = asked.view(rows, wide, kinds, groups, size).permute(0, 2, 3, 1, 4).reshape(rows, kinds, -1, size)
        shared_key, shared_value = self.rows.before[self.layer]
        scores = torch.cat([asked @ shared_key.transpose(1, 2), asked @ keys.transpose(2, 3)], -1)
        scores = scores.view(rows, kinds, groups, wide, -1) + self.mask[:, None, None]
        shares = scores.softmax(-1).view(rows, kinds, groups * wide, -1)
        before = shared_key.shape[1]
        mixed = shares[..., :before] @ shared_value + shares[..., before:] @ values
        mixed = mixed.view(rows, kinds, groups, wide, size).permute(0, 3, 1, 2, 4).reshape(rows, wide, -1)
        out: Tensor = mixed[slots, offsets]
        return out


def _after(text: Sequence[int], last: Sequence[int], most: int) -> list[int]:
    """What follows the last place at which these tokens stand.

    Example:
        >>> _after((1, 2, 3, 1, 2, 4, 5), (1, 2), 1), _after((1, 2), (1, 2), 1), _after((1, 2, 3), (2, 2), 1)
        ([4], [], [])
    """
    size, last = len(last), tuple(last)
    for place in range(len(text) - size - 1, -1, -1):
        if tuple(text[place : place + size]) == last:
            return list(text[place + size : place + size + most])
    return []
