"""Data sets of the Hugging Face Hub: read from this machine's cache, fetched only through huggingface_hub."""

import os
from pathlib import Path

from tunecase.data.reading.folders import files_of
from tunecase.errors import InputError, Problem


def local_folder(path: Path) -> tuple[Path, str]:
    """The folder of a data set named as hf://datasets/owner/name[/split], and the split.

    Raises: InputError when it is not on this machine and cannot be fetched.
    """
    parts = path.parts[path.parts.index("hf:") + 1 :]
    name = f"hf://{'/'.join(parts)}"
    if len(parts) < 3 or parts[0] != "datasets":
        fix = "write hf://datasets/OWNER/NAME or hf://datasets/OWNER/NAME/SPLIT"
        raise InputError(Problem(name, "not the name of a Hub data set", "hf://datasets/owner/name", fix))
    repository, split = f"{parts[1]}/{parts[2]}", "/".join(parts[3:])
    if "::" in parts[-1]:
        repository, split = repository.partition("::")[0], parts[-1].rpartition("::")[2]
    folder = _cached(repository)
    return (folder if folder and _holds_data(folder, split) else _fetched(repository, name)), split


def cache_folder() -> Path:
    """Where huggingface_hub keeps what it fetches."""
    if folder := os.environ.get("HF_HUB_CACHE"):
        return Path(folder)
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return Path(home) / "hub"


def _cached(repository: str) -> Path | None:
    kept = cache_folder() / f"datasets--{repository.replace('/', '--')}"
    try:
        revision = (kept / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        revision = ""
    snapshots = kept / "snapshots"
    if revision and (snapshots / revision).is_dir():
        return snapshots / revision
    revisions = sorted(snapshots.iterdir(), key=lambda path: path.stat().st_mtime) if snapshots.is_dir() else []
    return revisions[-1] if revisions else None


def _holds_data(folder: Path, split: str) -> bool:
    try:
        return bool(files_of(folder, split))
    except InputError:
        return False


def _fetched(repository: str, name: str) -> Path:
    command = f"hf download --repo-type dataset {repository}"
    got = "a data set that is not on this machine"
    try:
        import huggingface_hub
    except ImportError:
        fix = f"pip install huggingface_hub, then run: {command}"
        raise InputError(Problem(name, got, "a data set in the cache", fix)) from None
    try:
        return Path(huggingface_hub.snapshot_download(repository, repo_type="dataset"))
    except Exception as error:  # noqa: BLE001 - whatever the network or the Hub answers
        why = (str(error).splitlines() or [type(error).__name__])[0][:120]
        fix = f"check the name, then run with a network connection: {command}"
        raise InputError(Problem(name, f"{got} and cannot be fetched: {why}", "a data set in the cache", fix)) from None
