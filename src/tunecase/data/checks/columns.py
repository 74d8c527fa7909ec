"""What the single pass leaves of a file: compact columns that every check reads, and the texts of some rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.data.arrays import rows_where
from tunecase.data.detectors.personal import masked
from tunecase.data.reading.kinds import are_classes, kind_of
from tunecase.data.reading.rows import BadRow, Layout

if TYPE_CHECKING:
    from tunecase.data.arrays import Bytes, Flags, Hashes, Rows, Shingles

HEAD_CHARACTERS = 80
NO_TEXT = 0  # hash of an input or answer that says nothing


@dataclass(slots=True)
class Texts:
    """The texts of some rows, for the checks that need words: all rows of a small file, a random part of a large one.

    `rows` are indices into the columns, ascending; `inputs` and `outputs` are one each, `turns` as of Row. `complete`
    is True when no readable row is left out, `with_tools` when a row declares tools.
    """

    rows: "Rows"
    inputs: list[str]
    outputs: list[str]
    turns: list[tuple[tuple[str, str], ...]]
    complete: bool
    with_tools: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How tokens were counted, in words, and how many the chat template adds to a row (None without one)."""

    how: str
    template_tokens: int | None


@dataclass(slots=True)
class Split:
    """One file as columns, one entry per readable row in file order; an index into them is not a row number.

    `tools` are hashes of the tools that rows declare; `target` is False where there is no answer to learn; `seen`
    counts the rows that the record's notes tell of. `output_tokens` are those of the last answer, `useful_tokens`
    those that are learnt. `flat` and `ends` are the shingle sets of the inputs (of judged answers, with the answers),
    runs of words that nearly all rows share left out; `keys` are their band keys, shape (bands, rows). `end` is where
    the file breaks off, None where it is whole.
    """

    path: Path
    layout: Layout
    bad: int
    bad_rows: tuple[BadRow, ...]
    number: "Rows"
    line: "Rows"
    raw: "Hashes"
    normal: "Hashes"
    answer: "Hashes"
    rejected: "Hashes"
    tools: "Hashes"
    target: "Flags"
    input_characters: "Rows"
    output_characters: "Rows"
    bytes_per_character: float
    words: "Rows"
    tokens: "Rows | None"
    output_tokens: "Rows | None"
    useful_tokens: "Rows | None"
    counter: "Counted | None"
    marks: "dict[str, Shingles]"
    texts: Texts
    flat: "Shingles"
    ends: "Rows"
    keys: "list[Hashes]"
    heads: "Heads"
    labels: Counter[str]
    label_of: dict[int, str]
    short_answers: int
    seen: Counter[str]
    end: BadRow | None = None

    @property
    def rows(self) -> int:
        """Records in the file, bad ones too."""
        return len(self.number) + self.bad

    @property
    def labelled(self) -> bool:
        """True when the file has a column of answers or labels."""
        return self.layout.output is not None

    @property
    def classes(self) -> dict[str, int]:
        """Rows of each class, most frequent first; empty when the answers are free text, or are judged or compared."""
        import numpy as np

        if self.layout.compares or self.layout.judged:
            return {}
        distinct = max(len(np.unique(self.answer)), len(self.labels))
        if not self.labelled or not are_classes(distinct, self.short_answers, len(self.number)):
            return {}
        if self.labels.total() != self.short_answers or kind_of([*self.labels]) == "extraction":
            return {}
        return dict(self.labels.most_common())

    @property
    def set_sizes(self) -> "Rows":
        """How many shingles each row has."""
        import numpy as np

        return np.diff(self.ends, prepend=0)

    def marked(self, mark: str, kinds: Sequence[str]) -> "tuple[Rows, str]":
        """The rows that are marked, and how many of them for each kind, in words."""

        bits = self.marks[mark]
        counts = [(kind, int((bits & (1 << bit) > 0).sum())) for bit, kind in enumerate(kinds)]
        return rows_where(bits), ", ".join(f"{kind} {count:,}" for kind, count in counts if count)

    def example(self, index: int) -> str:
        """The beginning of one input, personal data masked."""
        return masked(self.heads[index])

    def label(self, index: int) -> str:
        """The answer of one row where it is short enough to be a label."""
        return masked(self.label_of.get(int(self.answer[index]), "(a longer answer)"))


@dataclass(slots=True)
class Heads:
    """The first characters of many texts in one block of bytes, each up to its end."""

    block: "Bytes"
    ends: "Rows"

    def __getitem__(self, index: int) -> str:
        start = int(self.ends[index - 1]) if index else 0
        text = bytes(self.block[start : int(self.ends[index])]).decode("utf-8", "replace")
        head = " ".join(text.split())
        return head if len(head) <= HEAD_CHARACTERS else head[: HEAD_CHARACTERS - 1] + "…"
