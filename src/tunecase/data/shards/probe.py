"""Whether the nodes of a cluster see what an audit needs: the scratch that its driver writes, and the data."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tunecase.data.shards.places import shown
from tunecase.data.shards.room import ScratchError
from tunecase.data.shards.store import Store, open_store
from tunecase.data.shards.sweeping import PROBES
from tunecase.engine import on_each_node
from tunecase.quantities import one_line

MOST_TOLD = 10  # nodes
FIX = (
    "Fix: name a folder with --scratch that all nodes see under the same path, as the same user, or the URI of an "
    "object store; data must lie under the same path on all nodes, too"
)


@dataclass(frozen=True, slots=True)
class Probe:
    """What a node is asked to find: a name in a store, and the paths of data."""

    place: str
    name: str
    data: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a node found: what it wrote itself, empty where it did not see the name, and the data that it lacks."""

    answer: str
    lacks: tuple[str, ...] = ()


def look(probe: Probe) -> Seen:
    """Looks for what a driver wrote, and writes beside it; where it is not seen, nothing is written."""
    store = open_store(probe.place)
    lacks = tuple(path for path in probe.data if not Path(path).exists())
    if store.size(probe.name) is None:
        return Seen("", lacks)
    answer = f"{probe.name}-{secrets.token_hex(6)}"
    store.put(answer, [b"seen"])
    return Seen(answer, lacks)


def check_nodes_see(store: Store, data: Sequence[Path], address: str) -> None:
    """Sees that each node of a cluster reads what this process writes, the other way round, and has the data.

    Raises: ScratchError, which names the nodes that do not.
    """
    name = f"{PROBES}{secrets.token_hex(6)}"
    store.put(name, [b"here"])
    probe = Probe(store.place, name, tuple(map(str, data)))
    faults = [
        f"node {node}: {fault}"
        for node, seen in on_each_node(look, probe, address).items() if (fault := _fault(store, seen))
    ]  # fmt: skip
    for each in store.names(name):
        store.remove(each)
    if faults:
        raise ScratchError("\n".join([*faults[:MOST_TOLD], FIX]))


def _fault(store: Store, seen: Seen | Exception) -> str:
    """What is wrong with a node; empty where nothing is."""
    if isinstance(seen, Exception):
        return one_line(str(seen), 300)
    if not seen.answer or store.size(seen.answer) is None:
        return f"it does not see {shown(store.place)} as this process does; wanted a place that both read and write"
    return f"it does not see {one_line(seen.lacks[0], 300)}; wanted the data under the same path" if seen.lacks else ""
