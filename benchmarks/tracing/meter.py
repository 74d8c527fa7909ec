"""Counts the live storages of code that runs on fake tensors, and says what lies in memory at any moment.

A fake tensor has a shape and a type but no data, so that real training code runs in seconds without a card. Every
storage is logged when it is made and when it is freed; replaying the log gives the peak of each phase and its parts.
"""

import contextlib
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from tracing.kernels import stand_ins

BLOCK_BYTES = 512  # torch's CUDA allocator rounds every storage up to this


@dataclass(frozen=True, slots=True)
class Event:
    """One storage made (`size` above 0) or freed (below 0), in a phase, by an operator, with its shape."""

    size: int
    phase: str
    operator: str
    shape: tuple[int, ...]
    item_bytes: int


@dataclass
class Meter(TorchDispatchMode):
    """A dispatch mode that logs the storages of fake tensors; `phase` is set by the code that is traced."""

    phase: str = "load"
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._live: dict[int, Event] = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = function(*args, **(kwargs or {}))
        for tensor in tree_iter(out):
            if isinstance(tensor, FakeTensor):
                self.see(tensor, str(function))
        return out

    def see(self, tensor: torch.Tensor, operator: str) -> None:
        """Logs the tensor's storage unless it is known."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._live:
            return
        event = Event(storage.nbytes(), self.phase, operator, tuple(tensor.shape), tensor.element_size())
        self._live[key] = event
        self.events.append(event)
        weakref.finalize(storage, self._gone, key)

    def _gone(self, key: int) -> None:
        made = self._live.pop(key, None)
        if made:
            self.events.append(Event(-made.size, self.phase, made.operator, made.shape, made.item_bytes))

    def workspace(self, *sizes: int) -> None:
        """Logs memory that a kernel takes and gives back within one operator."""
        made = [Event(size, self.phase, "workspace", (size,), 1) for size in sizes]
        self.events += made + [Event(-event.size, self.phase, "workspace", event.shape, 1) for event in made]


@contextlib.contextmanager
def tracing() -> Iterator[Meter]:
    """A fake-tensor mode with a meter above it."""
    with stand_ins(), FakeTensorMode(allow_non_fake_inputs=True), Meter() as meter:
        yield meter


def peaks(events: list[Event], rounded: bool = True) -> dict[str, int]:
    """Peak bytes of each phase, as torch's allocator would count them."""
    now, out = 0, {}
    for event in events:
        size = abs(event.size)
        size = -(-size // BLOCK_BYTES) * BLOCK_BYTES if rounded else size
        now += size if event.size > 0 else -size
        out[event.phase] = max(out.get(event.phase, 0), now)
    return out


Name = Callable[[Event], str]


def at_end(events: list[Event], phase: str, name: Name) -> Counter[str]:
    """Bytes by name that are live when a phase ends."""
    live: Counter[str] = Counter()
    last = max(i for i, event in enumerate(events) if event.phase == phase)
    for event in events[: last + 1]:
        live[name(event)] += event.size
    return live


def frontier(events: list[Event], phase: str, name: Name, of: Callable[[str], bool]) -> list[tuple[str, Counter[str]]]:
    """The moments of a phase that no other moment of it exceeds in every name: the peak at some shape is one of them.

    `of` says which names are compared. Returns (operator, bytes by every name) of each such moment.
    """
    live: Counter[str] = Counter()
    kept: list[tuple[str, dict[str, int], Counter[str]]] = []
    for event in events:
        key = name(event)
        live[key] += event.size
        if event.phase != phase or event.size < 0 or not of(key):
            continue
        now = {k: v for k, v in live.items() if v and of(k)}
        if any(all(old.get(k, 0) >= v for k, v in now.items()) for _, old, _ in kept):
            continue
        kept = [item for item in kept if not all(now.get(k, 0) >= v for k, v in item[1].items())]
        kept.append((event.operator, now, Counter(live)))
    return [(operator, moment) for operator, _, moment in kept]
