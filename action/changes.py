"""What a pull request changes, by git: which files, between which commits, and the files as they were before."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

NOTHING = "0" * 40  # what a push names as its base where there was no commit before
DEEPER = ("--deepen=50", "--deepen=500", "--unshallow")  # what a shallow checkout fetches until it has enough


class CannotCompareError(Exception):
    """The checkout lacks commits that a comparison with the base needs, and they cannot be fetched."""


@dataclass(frozen=True)
class Change:
    """A file that differs from the base: its path now ("" where it is gone) and before ("" where it is new)."""

    now: str
    before: str


def git(*words: str) -> str:
    """What git says. Raises CalledProcessError where it refuses."""
    ran = subprocess.run(["git", *words], check=True, capture_output=True)
    return ran.stdout.decode("utf-8", "surrogateescape")


def event() -> dict[str, Any]:
    """What started the workflow, as GitHub describes it; empty where it does not."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    return json.loads(Path(path).read_text(encoding="utf-8")) if path and Path(path).is_file() else {}


def base_commit(asked: str) -> str:
    """The commit to compare with; empty where there is none, as for the first commit of a repository.

    A shallow checkout lacks it, or the commits up to it: they are fetched.

    Raises: CannotCompareError where they cannot be; only a push may forget what stood before it.
    """
    started = event()
    wanted = asked or (started.get("pull_request") or {}).get("base", {}).get("sha", "")
    named = wanted or started.get("before", "")
    if not named or named == NOTHING or named.startswith("-"):
        return ""
    if not _is_here(named):
        _fetch(*["--depth=1"] * _is_shallow(), "origin", named)
    if _is_here(named):
        return _parted(named)
    if wanted:
        raise CannotCompareError(f"the base {named} is not in this checkout and cannot be fetched")
    return ""


def _parted(named: str) -> str:
    """The commit at which the checkout left the base; the base itself where their whole histories share none.

    Held against the base itself, what others added to it since would count as deleted.
    """
    base, head = (git("rev-parse", f"{name}^{{commit}}").strip() for name in (named, "HEAD"))
    for deeper in (*DEEPER, ""):
        shared = subprocess.run(["git", "merge-base", base, head], capture_output=True, text=True, check=False)
        if shared.stdout or not _is_shallow():
            return shared.stdout.strip() or base
        if deeper:
            _fetch(deeper, "origin", base, head)
    raise CannotCompareError(f"this checkout is shallow: where it left the base {named} cannot be fetched")


def _fetch(*words: str) -> None:
    subprocess.run(["git", "fetch", "--quiet", "--no-tags", *words], check=False)


def _is_shallow() -> bool:
    return git("rev-parse", "--is-shallow-repository").strip() == "true"


def _is_here(commit: str) -> bool:
    return (
        subprocess.run(["git", "cat-file", "-e", f"{commit}^{{commit}}"], capture_output=True, check=False).returncode
        == 0
    )


def changes(base: str) -> tuple[Change, ...]:
    """The files that differ between the base and the checkout; without a base, every file is new."""
    if not base:
        return tuple(Change(path, "") for path in _split(git("ls-files", "-z")))
    words = iter(_split(git("diff", "--name-status", "-z", "--find-renames", base, "HEAD")))
    return tuple(_change(status, words) for status in words)


def _change(status: str, words: Iterator[str]) -> Change:
    first = next(words)
    if status[0] in "RC":
        return Change(next(words), first)
    return Change("" if status == "D" else first, "" if status == "A" else first)


def matching(globs: str) -> set[str]:
    """The files of the checkout that match one of the globs, one a line; links lead elsewhere and are left out."""
    asked = [f":(top,glob){line.strip()}" for line in globs.splitlines() if line.strip()]
    files = _split(git("ls-files", "-z", "--", *asked)) if asked else []
    return {path for path in files if Path(path).is_file() and not Path(path).is_symlink()}


def _split(text: str) -> list[str]:
    return [part for part in text.split("\0") if part]


def touched(project: str, changed: Sequence[Change], data: set[str]) -> bool:
    """Whether a change may move a project's bill: its file, a data file below its folder, or a file that it names."""
    folder, text = PurePosixPath(project).parent, Path(project).read_text(encoding="utf-8", errors="replace")
    for change in changed:
        path = change.now or change.before
        below = folder in PurePosixPath(path).parents and (path in data or not change.now)
        if project == change.now or below or PurePosixPath(path).name in text:
            return True
    return False


@contextmanager
def left_alone(folder: Path) -> Iterator[None]:
    """Puts the ledger of a case back as it was behind the block: what a pull request is told stands in its comment."""
    files = [folder / "ledger.jsonl", folder / "ledger.jsonl.lock"]
    before = {file: file.read_bytes() if file.is_file() else None for file in files}
    try:
        yield
    finally:
        for file, content in before.items():
            if content is None:
                file.unlink(missing_ok=True)
            elif file.read_bytes() != content:
                file.write_bytes(content)


@contextmanager
def as_it_was(base: str, folder: Path) -> Iterator[None]:
    """All files of the base in a folder, while the block lasts."""
    git("worktree", "add", "--quiet", "--detach", "--force", str(folder), base)
    try:
        yield
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(folder)], capture_output=True, check=False)
