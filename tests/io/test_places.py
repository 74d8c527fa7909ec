"""What stands at a path is told before it is opened: pipes, devices, sockets and folders, each with a fix."""

import os
import socket
from pathlib import Path

import pytest

from tunecase.compute.configs import read_config
from tunecase.compute.model.settings import read_json
from tunecase.data.reading.load import load
from tunecase.errors import InputError
from tunecase.io import is_own_file, no_file, read_table, read_yaml

READERS = (load, read_yaml, read_table, read_json, read_config)


@pytest.fixture
def kinds(tmp_path):
    """A pipe, a device, a socket and a folder, by what they are called."""
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.csv"))
        names = {"a pipe": "pipe.csv", "a socket": "socket.csv", "a folder": "folder.csv"}
        yield {"a device": Path("/dev/zero"), **{kind: tmp_path / name for kind, name in names.items()}}


def test_each_kind_is_told_with_a_fix(kinds, tmp_path):
    """A pipe, a device, a socket, a folder and nothing are told apart; a file is no problem."""
    told = {kind: no_file(path, "a file", "correct the path") for kind, path in kinds.items()}
    assert {kind: kind for kind in kinds} == {kind: problem.got for kind, problem in told.items()}
    assert "name one file in it" == told["a folder"].fix
    assert "write its content to a file first" == told["a pipe"].fix
    assert "no such file" == no_file(tmp_path / "none", "a file", "correct the path").got
    assert no_file(tmp_path / ("x" * 300), "a file", "correct the path").got.startswith("file name too long")
    (tmp_path / "a").touch()
    assert no_file(tmp_path / "a", "a file", "correct the path") is None


@pytest.mark.parametrize("read", READERS)
def test_no_reader_waits_for_a_pipe_or_a_device(kinds, read):
    """Data files, project files, tables and configurations are refused at once where they are none."""
    for kind, path in kinds.items():
        if kind != "a folder":
            with pytest.raises(InputError, match=kind):
                read(path)


def test_links_are_own_files_only_in_a_cache_of_the_hub(tmp_path):
    """A link is no file of its folder, unless it leads from a snapshot to the blobs beside the snapshots."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "abc" / "data"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    (blobs / "1f").write_text("x", encoding="utf-8")
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (snapshot / "a.jsonl").symlink_to("../../../blobs/1f")
    (snapshot / "b.jsonl").symlink_to(tmp_path / "secret")
    (tmp_path / "c.jsonl").symlink_to(blobs / "1f")
    (snapshot / "snapshots").mkdir()
    (snapshot / "snapshots" / "a.jsonl").symlink_to("../../../../blobs/1f")
    assert is_own_file(snapshot / "snapshots" / "a.jsonl")
    links = (snapshot / "a.jsonl", snapshot / "b.jsonl", tmp_path / "c.jsonl")
    assert [True, False, False] == list(map(is_own_file, links))
