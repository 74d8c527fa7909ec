"""How a task becomes text: what stands before every row, the row's text, what is asked, and the answers as tokens."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from tunecase.pilot.scoring.score import Kind
from tunecase.pilot.trainers.forms import AnswerForm
from tunecase.pilot.trainers.layers import Row, chain
from tunecase.pilot.trainers.task import Task

if TYPE_CHECKING:
    from torch import Tensor

STYLES = ("plain", "chat")
ASKED: Mapping[Kind, tuple[str, str]] = {
    # kind: the instruction, and the word that the answer follows
    "classification": ("Name the class of the text.", "Class"),
    "extraction": ("Answer with a JSON object of what the text says.", "JSON"),
    "generation": ("", "Answer"),
}
# The list of classes is read again in every training step: 77 names take 540 tokens, a batch's texts 200.
MOST_NAMES_TOKENS = 256
# Kept free after the prompt for an answer.
ANSWER_ROOM_TOKENS = 256
# An answer may have so many times the P99 of the training answers' tokens, within these bounds.
ANSWER_SHARE, ANSWER_LEAST, ANSWER_MOST = 1.5, 16, 1024
# Stands for a row's text while a chat template is laid out; no template changes it.
MARK = "\x00text\x00"


@dataclass(frozen=True, slots=True)
class Form:
    """A prompt's fixed parts as tokens: `before` every row, `after` its text; `end` closes an answer."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    end: int
    lead: str
    """What stands before a text and before an answer, part of its first token."""
    most_tokens: int


@dataclass(frozen=True, slots=True)
class Asking:
    """What a prompt asks, and how.

    Args:
        style: "plain", a text and a word with a colon; or "chat", the tokenizer's template where it has one.
        names: whether the classes are listed before the text, where they take up to 256 tokens.
        choices: all classes.
    """

    kind: Kind
    style: str = "plain"
    names: bool = False
    choices: Sequence[str] = ()

    def instruction(self, tokenizer: Any) -> str:
        """What stands before all texts."""
        instruction = ASKED[self.kind][0]
        listed = f" Classes: {', '.join(self.choices)}."
        if self.names and self.choices and len(_tokens(tokenizer, listed)) <= MOST_NAMES_TOKENS:
            return instruction + listed
        return "" if self.kind == "classification" and self.style == "plain" else instruction


@dataclass(frozen=True, slots=True)
class Room:
    """How many tokens fit: `most_tokens` of one text, else its middle goes; `longest` of prompt and answer together."""

    most_tokens: int = 1024
    longest: int = 2048


def form(tokenizer: Any, asking: Asking, shots: Sequence[tuple[str, str]] = (), room: Room | None = None) -> Form:
    """Lays out a prompt.

    Args:
        shots: texts with answers, shown before the row; those that fit into half of what the network can read.
    """
    instruction, room = asking.instruction(tokenizer), room or Room()
    chat = asking.style == "chat" and getattr(tokenizer, "chat_template", None)
    opening = _opening(tokenizer) if asking.style == "plain" else ()
    while True:
        laid = _chat(tokenizer, instruction, shots) if chat else _plain(instruction, ASKED[asking.kind][1], shots)
        before = (*opening, *_tokens(tokenizer, laid[0]))
        if not shots or len(before) <= room.longest // 2:
            break
        shots = shots[:-1]
    end = tokenizer.pad_token_id if tokenizer.eos_token_id is None else tokenizer.eos_token_id
    most = max(16, min(room.most_tokens, room.longest - len(before) - ANSWER_ROOM_TOKENS))
    return Form(before, _tokens(tokenizer, laid[1]), int(end), "" if chat else " ", most)


def choose_shots(rows: Sequence[tuple[str, str]], shots: int, seed: int, classes: bool) -> tuple[tuple[str, str], ...]:
    """Examples to show: rows in the seed's order, one of each class in turn where there are classes.

    Example:
        >>> sorted(label for _, label in choose_shots([("a1", "a"), ("a2", "a"), ("b1", "b")], 2, 0, classes=True))
        ['a', 'b']
    """
    order = list(rows)
    Random(seed).shuffle(order)  # noqa: S311 - a draw, not a secret
    if classes:
        seen: Counter[str] = Counter()
        turns = []
        for place, (text, label) in enumerate(order):
            turns.append((seen[label], place, text, label))
            seen[label] += 1
        order = [(text, label) for _, _, text, label in sorted(turns)]
    return tuple(order[:shots])


def showable(task: Task) -> list[tuple[str, str]]:
    """The training rows that may be shown as examples: those whose text is not in the test set."""
    asked = frozenset(task.test_texts)
    return [(text, label) for text, label in zip(task.texts, task.labels, strict=True) if text not in asked]


def encode(tokenizer: Any, made: Form, texts: Sequence[str]) -> tuple[list[tuple[int, ...]], int]:
    """Each text and what is asked after it as tokens, and how many texts were cut.

    A text that is too long loses its middle: what it is about tends to stand first, and what is asked of it last.
    """
    plain = (
        tokenizer([made.lead + text.strip() for text in texts], add_special_tokens=False)["input_ids"] if texts else []
    )
    cut = sum(len(tokens) > made.most_tokens for tokens in plain)
    return [(*_without_middle(tokens, made.most_tokens), *made.after) for tokens in plain], cut


def _without_middle(tokens: Sequence[int], most: int) -> Sequence[int]:
    """At most so many tokens, from the beginning and the end.

    Example:
        >>> _without_middle([1, 2, 3, 4, 5], 3), _without_middle([1, 2], 3)
        ([1, 4, 5], [1, 2])
    """
    return tokens if len(tokens) <= most else [*tokens[: most // 2], *tokens[len(tokens) - (most - most // 2) :]]


def longest_answer(tokens: Sequence[int]) -> int:
    """How many tokens an answer may have, from those that training answers have.

    Example:
        >>> longest_answer([40] * 99 + [900]), longest_answer([1, 2])
        (60, 16)
    """
    nearly_longest = sorted(tokens)[math.ceil(0.99 * len(tokens)) - 1]
    return min(max(math.ceil(ANSWER_SHARE * nearly_longest), ANSWER_LEAST), ANSWER_MOST)


def answers(tokenizer: Any, made: Form, labels: Sequence[str]) -> list[tuple[int, ...]]:
    """Each answer as the tokens that follow the prompt, without the end."""
    texts = [made.lead + label for label in labels]
    return [tuple(tokens) for tokens in tokenizer(texts, add_special_tokens=False)["input_ids"]] if texts else []


def answer_row(
    prompt: Sequence[int], answer: Sequence[int], end: int, shared: AnswerForm | None = None
) -> tuple[Row, tuple[int, ...]]:
    """A row that teaches a free answer, and the tokens it wants: the answer's and the end, or those a form leaves open.

    What follows the last token that is wanted is not read.
    """
    wanted = (*answer, end)
    left = shared.left_open(answer) if shared else range(len(wanted))
    tokens = (*prompt, *answer)[: len(prompt) + max(left, default=0)]
    return chain(tokens, [len(prompt) - 1 + place for place in left]), tuple(wanted[place] for place in left)


@dataclass(frozen=True, slots=True)
class Classes:
    """All classes as paths through a tree of tokens; only where it branches is anything left to say.

        P(class | text) = product over its branchings of softmax(logits of the branches)[its branch]

    `branchings` are the paths at which it branches, `columns` all tokens that a branch may begin with; `allowed[b]`
    are the columns of a branching, `ways[c]` the (branching, column) pairs that lead to a class. `inner` are all paths
    on the way to a branching, a parent before its children.
    """

    choices: tuple[str, ...]
    branchings: tuple[tuple[int, ...], ...]
    columns: tuple[int, ...]
    allowed: tuple[tuple[int, ...], ...]
    ways: tuple[tuple[tuple[int, int], ...], ...]
    inner: tuple[tuple[int, ...], ...]

    def row(self, prompt: Sequence[int]) -> Row:
        """A prompt with every branching asked."""
        places: dict[tuple[int, ...], int] = {(): len(prompt) - 1}
        tokens, parents = list(prompt), list(range(-1, len(prompt) - 1))
        for path in self.inner:
            if path:
                places[path] = len(tokens)
                parents.append(places[path[:-1]])
                tokens.append(path[-1])
        return Row(tuple(tokens), tuple(parents), tuple(places[path] for path in self.branchings))

    def closed(self, device: Any = None) -> "Tensor":
        """0 where a branching may go, minus infinity elsewhere; shape (branchings, columns)."""
        import torch

        closed = torch.full((len(self.branchings), len(self.columns)), float("-inf"))
        for branching, columns in enumerate(self.allowed):
            closed[branching, list(columns)] = 0.0
        return closed.to(device)

    def shares(self, logits: "Tensor") -> "Tensor":
        """Probability of every class; logits of all branchings, shape (rows, branchings, columns)."""
        import torch

        nats = (logits + self.closed(logits.device)).log_softmax(-1)
        ways = [nats[:, [b for b, _ in ways], [column for _, column in ways]].sum(-1) for ways in self.ways]
        return torch.stack(ways, -1).softmax(-1)

    def lesson(self, prompt: Sequence[int], choice: int) -> tuple[Row, tuple[tuple[int, int], ...]]:
        """A prompt with its own class's branchings asked, and the (branching, column) each should take."""
        ways = self.ways[choice]
        deepest = max((self.branchings[b] for b, _ in ways), key=len, default=())
        asked = [len(prompt) - 1 + len(self.branchings[b]) for b, _ in ways]
        return chain((*prompt, *deepest), asked), ways


def classes(choices: Sequence[str], paths: Sequence[tuple[int, ...]], end: int) -> Classes:
    """The tree of all classes' tokens; where one class begins like another, the end of the answer tells them apart."""
    beginnings = {begun for path in paths for begun in _beginnings(path)}
    full = [(*path, end) if path in beginnings else path for path in paths]
    children = _children(full)
    branchings = sorted((path for path, tokens in children.items() if len(tokens) > 1), key=_by_length)
    columns = sorted({token for path in branchings for token in children[path]})
    place, number = {token: i for i, token in enumerate(columns)}, {path: i for i, path in enumerate(branchings)}

    def way(path: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        return tuple((number[b], place[t]) for b, t in zip(_beginnings(path), path, strict=True) if b in number)

    def allowed(path: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(place[token] for token in children[path]))

    return Classes(
        choices=tuple(choices),
        branchings=tuple(branchings),
        columns=tuple(columns),
        allowed=tuple(map(allowed, branchings)),
        ways=tuple(map(way, full)),
        inner=tuple(sorted({begun for path in branchings for begun in (*_beginnings(path), path)}, key=_by_length)),
    )


def _beginnings(path: tuple[int, ...]) -> list[tuple[int, ...]]:
    """What stands before each token of a path."""
    return [path[:i] for i in range(len(path))]


def _children(paths: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], set[int]]:
    children: dict[tuple[int, ...], set[int]] = {}
    for path in paths:
        for begun, token in zip(_beginnings(path), path, strict=True):
            children.setdefault(begun, set()).add(token)
    return children


def _by_length(path: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    return len(path), path


def _plain(instruction: str, word: str, shots: Sequence[tuple[str, str]]) -> tuple[str, str]:
    before = f"{instruction}\n\n" if instruction else ""
    for text, answer in shots:
        before += f"Text: {text.strip()}\n{word}: {answer}\n\n"
    return before + "Text:", f"\n{word}:"


def _chat(tokenizer: Any, instruction: str, shots: Sequence[tuple[str, str]]) -> tuple[str, str]:
    begin = f"{instruction}\n\n" if instruction else ""
    turns = []
    for text, answer in shots:
        turns += [{"role": "user", "content": begin + text.strip()}, {"role": "assistant", "content": answer}]
    turns.append({"role": "user", "content": begin + MARK})
    laid = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    before, _, after = laid.partition(MARK)
    return before, after


def _tokens(tokenizer: Any, text: str) -> tuple[int, ...]:
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


def _opening(tokenizer: Any) -> tuple[int, ...]:
    """The special token with which this tokenizer begins a text by itself, if it does."""
    begun, special = tokenizer("a")["input_ids"], tokenizer.bos_token_id
    return (special,) if special is not None and list(begun[:1]) == [special] else ()
