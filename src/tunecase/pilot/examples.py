"""The rows that a pilot learns from and is tested on."""

from collections.abc import Sequence
from dataclasses import dataclass

from tunecase.data.reading import looks_like_classes


@dataclass(frozen=True, slots=True)
class Examples:
    """Usable rows: what goes in, the answer, the row's number in its file, where it comes from, and its tools."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    numbers: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> tuple[str, ...]:
        """The different answers, in order."""
        return tuple(sorted(set(self.labels)))

    @property
    def class_count(self) -> int:
        """How many classes; 1 when the answers are free text."""
        return len(self.classes) if looks_like_classes(self.labels) else 1

    def only(self, positions: Sequence[int]) -> "Examples":
        """The rows at these positions, in this order."""
        return Examples(
            tuple(self.texts[i] for i in positions),
            tuple(self.labels[i] for i in positions),
            tuple(self.numbers[i] for i in positions if self.numbers),
            tuple(self.sources[i] for i in positions if self.sources),
            tuple(self.tools[i] for i in positions if self.tools),
        )
