"""Stores behind URIs hold what a folder holds, and say what is wrong without telling secrets."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.data.shards.test_store import check_store
from tunecase.data.shards import open_store
from tunecase.data.shards.remote import RemoteError, RemoteStore
from tunecase.data.shards.scratch import Scratch
from tunecase.errors import InputError, MissingExtraError

pytest.importorskip("fsspec")
SRC = str(Path(__file__).parents[3] / "src")


def test_it_is_a_store(tmp_path: Path) -> None:
    """Names, ranges and sizes are those of any store; what a killed writer left beside is no name."""
    memory = open_store(f"memory://{tmp_path.name}-scratch")  # of fsspec, no memory of ours
    assert isinstance(memory, RemoteStore)
    for store in (memory, RemoteStore((tmp_path / "scratch").as_uri())):
        check_store(store)
        assert ["a"] == store.folders()
    (tmp_path / "scratch" / "b-123.part").touch()
    assert ["a/one"] == store.names()
    store.remove_all(["a/one"])
    assert [] == store.names()


def test_a_cut_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file is seen while it is written, it is written under another name, which goes when the disk fails."""
    store = RemoteStore(tmp_path.as_uri())
    store.put("a/one", [b"whole"])

    def half(path: str, body: bytes) -> None:
        Path(path).write_bytes(body[:2])
        raise OSError("the disk is gone")

    monkeypatch.setattr(store, "files", SimpleNamespace(
        pipe_file=half, makedirs=store.files.makedirs, rm_file=store.files.rm_file,
    ))  # fmt: skip
    with pytest.raises(RemoteError, match="the disk is gone"):
        store.put("a/one", [b"other"])
    assert ["one"] == [path.name for path in (tmp_path / "a").iterdir()]
    assert b"whole" == (tmp_path / "a" / "one").read_bytes()


def test_what_a_library_raises_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one failure of the world, with what was refused and what to do; nothing that could quote a secret."""
    store = RemoteStore("memory://AKIAKEY:SEC/RET@bucket?sig=SIGNED")

    def raises(error: Exception) -> Any:
        def refused(*_: Any, **__: Any) -> None:
            raise error

        return SimpleNamespace(cat_file=refused, find=refused, pipe_file=refused)

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1234")
    monkeypatch.setattr(store, "files", raises(PermissionError("Access Denied for key\nAKIA1234")))
    for ask in (lambda: store.get("a"), store.names, lambda: store.put("a", [])):
        with pytest.raises(RemoteError, match=r"Access Denied for key …(.|\n)*check the credentials") as told:
            ask()
        assert told.value.__suppress_context__
    for failure in (ValueError('Invalid name "AKIAKEY:SEC/RET@bucket": sig=SIGNED'), FileNotFoundError("AKIAKEY/a")):
        monkeypatch.setattr(store, "files", raises(failure))
        with pytest.raises((RemoteError, FileNotFoundError)) as told:
            store.get("a")
        assert "memory://bucket" in str(told.value)
        assert not any(secret in str(told.value) for secret in ("AKIAKEY", "SEC/RET", "SIGNED"))
    with pytest.raises(RemoteError, match=r"no such bucket(.|\n)*make it first"):
        store.put("a", [])


def test_a_scratch_lies_there_as_in_a_folder(tmp_path: Path) -> None:
    """An unfinished audit is found again, a finished one leaves nothing."""
    check_scratch(tmp_path.as_uri().replace("file", "local", 1))


def check_scratch(uri: str) -> None:
    """What a scratch must do behind a URI."""
    first = Scratch.open(uri, "key", [])
    first.store.put("train/0", [b"rows"])
    first.close(keep=True)
    second, third = Scratch.open(uri, "key", []), Scratch.open(uri, "key", [])
    second.close(keep=False)
    assert b"rows" == bytes(third.store.get("train/0"))
    third.close(keep=False)
    assert [] == RemoteStore(uri).names()


SERVER = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of an S3 server on this machine."""
    pytest.importorskip("moto")
    s3fs = pytest.importorskip("s3fs")
    pipe = subprocess.PIPE
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{int(server.stdout.readline())}"
        for name, value in {
            "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("bucket")
        yield "s3://bucket"
    finally:
        s3fs.S3FileSystem.clear_instance_cache()
        server.kill()
        server.communicate()


WRITER = """
import sys
from tunecase.data.shards import open_store
store = open_store(sys.argv[1])
assert b"from there" == bytes(store.get("train/0"))
store.put("train/1", [b"from here"])
"""


@pytest.mark.slow
def test_an_object_store(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over S3: what a store must do, two processes, an audit's scratch, a PUT that is cut, no bucket, nobody there."""
    check_store(RemoteStore(f"{bucket}/a/b"))
    store = RemoteStore(f"{bucket}/c")
    store.put("train/0", [b"from there"])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((SRC, os.environ.get("PYTHONPATH", "")))}
    subprocess.run([sys.executable, "-c", WRITER, store.place], check=True, env=env)
    check_scratch(f"{bucket}/d")
    where = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    for name in ("train/1", "new"):
        head = f"PUT /bucket/c/{name} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: 1000\r\n"
        head += "Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws4_request\r\n\r\n"
        with socket.create_connection((where.hostname or "", where.port or 0)) as cut:
            cut.sendall(head.encode() + b"half")
    assert ["train/0", "train/1"] == store.names()
    assert b"from here" == bytes(store.get("train/1"))
    with pytest.raises(RemoteError, match=r"s3://none/a/.*: it cannot be written to: there is no such bucket"):
        Scratch.open("s3://none/a", "key", [])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    store.files.clear_instance_cache()
    with pytest.raises(RemoteError, match=r"s3://bucket/c: it cannot be read (.|\n)*check the address"):
        RemoteStore(f"{bucket}/c").get("a")


def test_a_place_that_cannot_be_reached_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt kind is the user's mistake; a missing library is named."""
    with pytest.raises(InputError, match="--scratch"):
        RemoteStore("s33://bucket/scratch")
    known: Any = sys.modules["fsspec.registry"]
    monkeypatch.delitem(known._registry, "s3", raising=False)
    monkeypatch.setitem(known.known_implementations, "s3", {"class": "no_s3fs.A", "err": "Install s3fs to access S3"})
    with pytest.raises(RemoteError, match=r"s3fs(.|\n)*Fix: install"):
        RemoteStore("s3://bucket/scratch")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match="pip install fsspec"):
        RemoteStore("s3://bucket/scratch")
