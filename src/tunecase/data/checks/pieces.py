"""Stages whose tasks write what they find piece by piece, so that no task holds more than its memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tunecase.data.rowsets import narrow
from tunecase.data.shards import Shard, Stages, open_store, write_shard
from tunecase.data.shards.shard import json_column
from tunecase.quantities import Array, np


class PieceTask(Protocol):
    """A task whose shard names the pieces that it wrote; `room_bits` is log2 of the bytes from which one is full."""

    @property
    def name(self) -> str:
        """Of the shard, and the beginning of the pieces' names."""
        ...

    @property
    def place(self) -> str:
        """Of the store."""
        ...

    @property
    def room_bits(self) -> int:
        """Log2 of the bytes from which a piece is full."""
        ...


@dataclass(slots=True)
class Pieces:
    """What a task writes piece by piece, and at the end the shard that names the pieces.

    Args:
        join: makes the columns of a piece of what was added.
    """

    task: PieceTask
    join: "Callable[[list[Any]], dict[str, Array]]"
    names: list[str] = field(default_factory=list)
    held: list[Any] = field(default_factory=list)
    held_bytes: int = 0

    @property
    def next_place(self) -> tuple[int, int]:
        """Where what is added next will lie: the piece, and its place there."""
        return len(self.names), len(self.held)

    def add(self, item: Any, size: int) -> None:
        """Takes something that needs so many bytes; a piece is written when it is full."""
        self.held.append(item)
        self.held_bytes += size
        if self.held_bytes > 1 << self.task.room_bits:
            self._write()

    def close(self, rows_in: int, rows_out: int, beside: "Mapping[str, Array] | None" = None, **facts: int) -> None:
        """Writes what is left, and then that all stands, with further columns and facts of the whole task."""
        if self.held_bytes:
            self._write()
        columns = {"pieces": json_column(self.names), **(beside or {})}
        write_shard(
            open_store(self.task.place), self.task.name, columns, {"rows_in": rows_in, "rows_out": rows_out, **facts}
        )

    def _write(self) -> None:
        self.names.append(f"{self.task.name}.{self.task.room_bits}.{len(self.names):05}")
        columns = {name: narrow(values) for name, values in self.join(self.held).items()}
        write_shard(open_store(self.task.place), self.names[-1], columns)
        self.held, self.held_bytes = [], 0


def column(piece: Shard, name: str, start: int = 0, stop: int | None = None) -> "Array":
    """A column of a piece, or a part of it, as it was before it was written narrow."""
    values = piece.array(name, start, stop)
    return values.astype(np.int64) if values.dtype.kind == "i" else values


def run_pieces(
    stages: Stages, stage: str, function: "Callable[[Any], None]", tasks: Iterable[PieceTask]
) -> list[Shard]:
    """The shards of the tasks of a stage; a task of which a piece is lost or broken is run again."""
    tasks, standing = list(tasks), set(stages.store.names(f"{stage}/"))
    for name in (task.name for task in tasks if task.name in standing):
        shard = Shard(stages.store, name)
        if shard.is_whole() and not all(Shard(stages.store, piece).is_whole() for piece in shard.text("pieces")):
            stages.store.remove(name)
    return stages.run(stage, function, tasks)


def names_of(shards: Iterable[Shard]) -> list[str]:
    """The pieces that these tasks wrote, in their order."""
    return [piece for shard in shards for piece in Shard(shard.store, shard.name).text("pieces")]
