"""Counts tokens: exactly with a tokenizer.json, by a fast counter that is checked against the reference, or sampled.

Both come with the extra "tokens": the reference is the library `tokenizers`; the library `fastokens` reads the same
tokenizer.json and counts some 30 times faster, and is used only while it agrees, row by row, with the reference.
Without the reference nothing is counted, and tokens are a range from the characters (see rows.summary).
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tunecase.data.tokens.chat_layout import Layout, Template, Turns, files_of, layouts_of, read_template, rendered
from tunecase.data.tokens.learnt import Learnt
from tunecase.errors import InputError, MissingExtraError, Problem, install_line, refuse_any
from tunecase.io import digest, no_file
from tunecase.quantities import Rows, np

CHECKED_ROWS = 500  # texts of the first batch that are counted both ways
CHECKED_LATER = 2  # texts of every later batch
EXACT_BYTES = 30_000_000  # the largest file that the reference counts row by row: about 50,000 rows
REFERENCE = "tokenizers"
LIBRARIES = (REFERENCE, "fastokens")
THIN = 16  # of a larger file it counts one row in so many
MOST_LAYOUTS = 200
LossOn = Literal["answers", "last_answer", "everything"]
NOT_COUNTED = 0  # stands for the tokens of a row with text that was left out of the sample


def why_uncounted(path: Path) -> str:
    """Why tokens cannot be counted with a tokenizer.json, and how they could be; empty where they can.

    Raises: InputError when the file is missing.
    """
    refuse_any(no_file(path, "a tokenizer.json", "correct the path or leave it out"))
    if importlib.util.find_spec(REFERENCE) is not None:
        return ""
    return f"the library that reads {path.name} is not installed ({install_line('tokens')})"


@lru_cache(maxsize=4)
def read_tokenizer(path: Path) -> Any:
    """The tokenizer in a tokenizer.json.

    Raises: InputError when the file is missing or is not a tokenizer; MissingExtraError without the library.
    """
    refuse_any(no_file(path, "a tokenizer.json", "correct the path or leave it out"))
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise MissingExtraError(f"Counting tokens with {path.name}", "tokens") from None
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001 - the library raises plain Exception for a file it cannot read
        got = str(error).splitlines()[0]
        raise InputError(Problem(str(path), got, "a tokenizer.json", "take the one beside the model")) from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@lru_cache(maxsize=4)
def read_fast(path: Path) -> Any:
    """The fast counter for a tokenizer.json; None without the extra, or where it cannot read this one."""
    try:
        from fastokens._native import Tokenizer

        return Tokenizer.from_json_str(path.read_text(encoding="utf-8"))
    except BaseException as error:
        # A panic in the compiled library is not an Exception, but means the same: it cannot read this tokenizer.
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        return None


def counting_digest(path: Path) -> str:
    """What tells these counts from others, as hex: the files they rest on and the libraries that count.

    Raises: InputError when the tokenizer.json is missing.
    """
    refuse_any(no_file(path, "a tokenizer.json", "correct the path or leave it out"))
    files = [digest(file) if file.is_file() else "" for file in files_of(path)]
    return hashlib.sha256(repr([*files, *map(_installed, LIBRARIES)]).encode()).hexdigest()


def _installed(library: str) -> str:
    import importlib.metadata

    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""


def reference_counts(texts: Sequence[str], tokenizer: Any) -> "Rows":
    """Tokens of each text by the reference, without special tokens of its own, shape (texts,)."""
    encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return np.fromiter((len(each.ids) for each in encodings), np.int64, len(texts))


def fast_counts(texts: Sequence[str], fast: Any) -> "Rows":
    """The same by the fast counter."""
    _, ends = fast.encode_batch_flat(list(texts), add_special_tokens=False)
    return np.diff(np.frombuffer(ends, np.uint64)).astype(np.int64)


class RowTokens(NamedTuple):
    """Tokens of each row, of its last answer, and of what training learns of it; shape (rows,) each."""

    total: "Rows"
    last: "Rows"
    useful: "Rows"


@dataclass(slots=True)
class Counter:
    """Counts batches of rows of one file with one tokenizer, and keeps what it learns about both on the way.

    Args:
        path: a tokenizer.json; a chat template beside it is applied.
        file_bytes: size of the file counted [bytes]; above 30 MB the reference counts only one row in 16.
        learnt: what the first rows taught already; None to learn it from the first batch.
        fast: the fast counter, or None; it becomes None at the first row on which the two differ.
        template: the chat template, or None; it becomes None at the first row that it writes differently than learned.
    """

    path: Path
    file_bytes: int = 0
    learnt: Learnt | None = None
    reference: Any = None
    fast: Any = None
    template: Template | None = None
    layouts: dict[tuple[str, ...], Layout | None] = field(default_factory=dict)
    differed: int = 0
    checked: int = 0
    refused: str = ""
    seen: int = THIN // 2

    def __post_init__(self) -> None:
        self.reference = read_tokenizer(self.path)
        learnt = self.learnt
        if learnt is None:
            self.fast, self.template = read_fast(self.path), read_template(self.path)
            return
        self.fast = read_fast(self.path) if learnt.fast else None
        self.template, self.refused, self.layouts = learnt.template, learnt.refused, dict(learnt.layouts)
        self.checked, self.differed = learnt.checked, learnt.differed

    @classmethod
    def of(cls, learnt: Learnt, place: int) -> "Counter":
        """A counter of a part of a file, which counts it the same whatever was counted before in this process.

        Args:
            place: of the part: a number by which its sample of rows begins.
        """
        return cls(learnt.path, learnt.file_bytes, learnt, seen=place % THIN)

    def learn(self, inputs: Sequence[str], outputs: Sequence[str], turns: Sequence[Turns] = ()) -> Learnt:
        """What rows teach, which are the first of a file; they are not counted. Args as of `count`."""
        self._texts(inputs, outputs, turns, ())
        return Learnt(
            self.path, self.file_bytes, self.fast is not None, self.template, self.refused, dict(self.layouts),
            self.checked, self.differed,
        )  # fmt: skip

    def count(
        self,
        inputs: Sequence[str],
        outputs: Sequence[str],
        turns: Sequence[Turns] = (),
        muted: Sequence[tuple[int, ...]] = (),
        loss_on: LossOn = "answers",
    ) -> RowTokens:
        """Tokens of each row, of its last answer and of what is learnt; zero for rows left out of a sample.

        A row is counted as the chat template writes it; the answer is counted alone, with the piece that closes it.
        Without a template, input and output are joined by a line break.
        Args:
            inputs, outputs: the texts of each row.
            turns: (role, text) of each row, where the file holds chats.
            muted: places of each chat's answers that are not learnt.
            loss_on: what is learnt: all answers, the last answer, or every token.
        """
        whole, answers = self._texts(inputs, outputs, turns, muted)
        chosen = np.arange(len(whole))
        if self._is_slow and self.file_bytes > EXACT_BYTES:
            order = np.argsort([len(text) for text in whole], kind="stable")
            # The place goes on from batch to batch, so that batches of few long rows are sampled too.
            chosen = np.sort(order[-self.seen % THIN :: THIN])
            self.seen += len(whole)
        total, last, every = (np.zeros(len(whole), np.int64) for _ in range(3))
        total[chosen] = self._counted([whole[at] for at in chosen])
        last[chosen] = np.minimum(self._counted([answers[at][-1] for at in chosen]), total[chosen])
        if loss_on == "everything":
            return RowTokens(total, last, total)
        every[chosen] = last[chosen]
        earlier = [(at, answer) for at in chosen if len(answers[at]) > 1 for answer in answers[at][:-1]]
        if loss_on == "answers" and earlier:
            np.add.at(every, [at for at, _ in earlier], self._counted([answer for _, answer in earlier]))
        return RowTokens(total, last, np.minimum(every, total))

    def _texts(
        self, inputs: Sequence[str], outputs: Sequence[str], turns: Sequence[Turns], muted: Sequence[tuple[int, ...]]
    ) -> tuple[list[str], list[tuple[str, ...]]]:
        """The whole text of each row and its answers, once it is known how they are laid out and counted."""
        self._learn(inputs, outputs, turns)
        if turns:
            whole, answers = self._chats(inputs, outputs, turns, muted)
        else:
            whole, plain = self._pairs(inputs, outputs)
            answers = [(answer,) for answer in plain]
        self._check([*whole, *(answer for each in answers for answer in each)])
        return whole, answers

    @property
    def _is_slow(self) -> bool:
        """Whether only the reference counts; a machine that merely lacks the fast counter gives the same counts."""
        agreed = self.learnt is not None and self.learnt.fast and self.differed == self.learnt.differed
        return self.fast is None and not agreed

    def _counted(self, texts: list[str]) -> "Rows":
        if self.fast is not None:
            try:
                return fast_counts(texts, self.fast)
            except Exception:  # noqa: BLE001 - a counter that fails on a text is not used again
                self.differed, self.fast = self.differed + 1, None
        return reference_counts(texts, self.reference)

    def _check(self, texts: list[str]) -> None:
        """Counts some rows twice; a single difference ends the use of the fast counter."""
        if self.fast is None or not texts:
            return
        most = CHECKED_LATER if self.checked else CHECKED_ROWS
        some = texts[:: max(1, len(texts) // most)][:most]
        try:
            differ = int((fast_counts(some, self.fast) != reference_counts(some, self.reference)).sum())
        except Exception:  # noqa: BLE001 - a counter that fails on a text is not used
            differ = len(some)
        self.checked += len(some)
        if differ:
            self.differed, self.fast = self.differed + differ, None

    def _learn(self, inputs: Sequence[str], outputs: Sequence[str], turns: Sequence[Turns]) -> None:
        runs = {_roles(row) for row in turns} or {_roles(())}
        new = sorted(runs - self.layouts.keys())[: MOST_LAYOUTS - len(self.layouts)]
        if self.template is None or not new:
            return
        first = not self.layouts
        self.layouts.update(zip(new, layouts_of(self.template, new), strict=True))
        if first and all(layout is None for layout in self.layouts.values()):
            self.template, self.refused = None, "the layout of the chat template could not be learned"
        elif first:
            self._compare(inputs, outputs, turns)

    def _compare(self, inputs: Sequence[str], outputs: Sequence[str], turns: Sequence[Turns]) -> None:
        """Renders some rows whole; where one differs from its layout, the template is not used."""
        assert self.template is not None
        step = max(1, len(inputs) // 100)
        rows: list[Turns] = [
            turns[at] if turns and turns[at] else (("user", inputs[at]), ("assistant", outputs[at]))
            for at in range(0, len(inputs), step)
        ]
        for row, whole in zip(rows, rendered(self.template, rows), strict=True):
            layout = self.layouts.get(_roles(row))
            if layout is not None and layout.laid([text for _, text in row]) != whole:
                self.template, self.refused = None, "the chat template changes texts in a way that could not be learned"
                return

    def _layout(self, run: tuple[str, ...]) -> Layout | None:
        return self.layouts.get(run) if self.template is not None else None

    def _pairs(self, inputs: Sequence[str], outputs: Sequence[str]) -> tuple[list[str], list[str]]:
        """The texts of rows that are one question and one answer, all with one layout."""
        layout = self._layout(_roles(()))
        if layout is None:
            return list(map(_plain, inputs, outputs)), list(outputs)
        if layout.stripped:
            inputs, outputs = [text.strip() for text in inputs], [text.strip() for text in outputs]
        first, middle, last = layout.pieces
        close = last.rstrip()
        whole = [f"{first}{text}{middle}{answer}{last}" for text, answer in zip(inputs, outputs, strict=True)]
        return whole, [f"{answer}{close}" for answer in outputs]

    def _chats(
        self, inputs: Sequence[str], outputs: Sequence[str], turns: Sequence[Turns], muted: Sequence[tuple[int, ...]]
    ) -> tuple[list[str], list[tuple[str, ...]]]:
        """The whole text of each row, and its answers that may be learnt, the last one behind the others."""
        silent = muted or [()] * len(turns)
        laid = [self._laid(*row) for row in zip(inputs, outputs, turns, silent, strict=True)]
        return [whole for whole, _ in laid], [answers for _, answers in laid]

    def _laid(self, text: str, answer: str, row: Turns, muted: tuple[int, ...]) -> tuple[str, tuple[str, ...]]:
        turns = row or (("user", text), ("assistant", answer))
        layout = self._layout(_roles(turns))
        texts = [text for _, text in turns]
        spoken = [at for at, (role, _) in enumerate(turns) if role == "assistant" and at not in muted]
        if layout is None:
            return _plain(text, answer), tuple(texts[at] for at in spoken) or ("",)
        if layout.stripped:
            texts = [text.strip() for text in texts]
        # The piece behind an answer closes it and may open the next turn: what ends the chat is what closes.
        close = layout.pieces[-1].rstrip()
        ends = [close if layout.pieces[at + 1].startswith(close) else "" for at in spoken]
        return layout.laid(texts), tuple(f"{texts[at]}{end}" for at, end in zip(spoken, ends, strict=True)) or ("",)

    @property
    def template_tokens(self) -> int | None:
        """Tokens that the template adds to a row of one question and one answer; None without a template."""
        layout = self._layout(_roles(())) or next((each for each in self.layouts.values() if each), None)
        if layout is None or self.template is None:
            return None
        return int(reference_counts(["".join(layout.pieces)], self.reference)[0])

    @property
    def how(self) -> str:
        """How these tokens were counted, in words."""
        if self.differed and self.learnt is not None and self.learnt.fast:
            some = f"{self.differed} of {self.checked:,} texts"
            by = f"fastokens, and by tokenizers in the parts of the file where the two differ (on {some})"
        elif self.fast is not None:
            by = f"fastokens, which agrees with tokenizers on {self.checked:,} of these texts"
        elif self.differed:
            by = f"tokenizers; fastokens is not used, since it differed on {self.differed} of {self.checked:,} texts"
        else:
            by = "tokenizers"
        if self.template is not None:
            around = f"with the chat template, which adds {self.template_tokens} tokens to a row"
        else:
            why = self.refused or "there is none beside the tokenizer"
            around = f"without chat template ({why}), which commonly adds 5 to 40 tokens to a row"
        return f"{self.path.name} by {by}; {around}"


def _plain(text: str, answer: str) -> str:
    return f"{text}\n{answer}" if answer else text


def with_tools(turns: Turns, tools: str) -> Turns:
    """The turns of a chat that declares tools: they stand in its system turn, one of its own where it has none.

    *Leaves out* the sentences that a model's own template writes around tools: up to about 150 tokens.
    """
    if not tools or not turns:
        return turns
    if turns[0][0] == "system":
        return (("system", f"{turns[0][1]}\n\n{tools}"), *turns[1:])
    return (("system", tools), *turns)


def _roles(turns: Turns) -> tuple[str, ...]:
    return tuple(role for role, _ in turns) or ("user", "assistant")
