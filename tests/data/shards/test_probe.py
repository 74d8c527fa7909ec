"""Nodes that do not see what an audit needs are named before it begins."""

import pytest

from tunecase.data.shards import FolderStore
from tunecase.data.shards import probe as probe_module
from tunecase.data.shards.probe import Probe, Seen, check_nodes_see, look
from tunecase.data.shards.room import ScratchError


def nodes(monkeypatch, *found) -> None:
    """A cluster of nodes that answer so."""

    def answers(function, task, address):
        return {f"n{at}": each(task) if callable(each) else each for at, each in enumerate(found)}

    monkeypatch.setattr(probe_module, "on_each_node", answers)


def elsewhere(folder):
    """A node with another folder under the same path."""
    return lambda task: look(Probe(str(folder), task.name, task.data))


def test_nodes_are_probed(tmp_path, monkeypatch):
    """Those that see all pass and nothing is left; one with a folder of its own, or without the data, is named."""
    store = FolderStore(tmp_path / "s")
    nodes(monkeypatch, look, look)
    check_nodes_see(store, [tmp_path], "a:1")
    assert [] == store.names()
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    store = FolderStore(tmp_path / "s")
    nodes(monkeypatch, look, elsewhere(tmp_path / "other"), Seen("probes/not-there"))
    with pytest.raises(ScratchError, match=r"node n1: it does not see (.|\n)*node n2(.|\n)*Fix: name a folder") as told:
        check_nodes_see(store, [], "a:1")
    assert "node n0" not in str(told.value)
    assert not (tmp_path / "other").exists()
    monkeypatch.undo()
    (tmp_path := tmp_path / "third").mkdir()
    nodes(monkeypatch, look, ScratchError("no right\nto write"))
    with pytest.raises(ScratchError, match=r"node n0: it does not see .*absent(.|\n)*node n1: no right to write"):
        check_nodes_see(FolderStore(tmp_path / "s"), [tmp_path / "absent"], "a:1")
