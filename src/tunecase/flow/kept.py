"""What was worked out, kept by the hash of all that it rests on: in this process, and in the cache of this machine.

    value of a key = (version, files of the package, case, seed, day, settings, what else it rests on) -> JSON

The cache only saves time. What cannot be read there, was cut or damaged, or no longer fits is worked out again. Whoever
can write in it can forge an answer, so a folder that another user owns or can write in is not read.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from tunecase import catalog
from tunecase.engine import cache_folder
from tunecase.errors import InputError, TunecaseError
from tunecase.flow.keys import settled
from tunecase.flow.opened import Flow, spent
from tunecase.io import write_whole
from tunecase.records import SCHEMAS, Definition, from_json, to_json
from tunecase.version import __version__

T = TypeVar("T")

MOST_MADE = 100  # values of this process
MOST_FILES = 400
MOST_BYTES = 4 << 20  # of a file
PACKAGE = Path(__file__).parents[1]
_made: dict[str, list[Any]] = {}  # each value in a list of its own


def kept(
    flow: Flow,
    name: str,
    kind: Any,
    rests_on: Any,
    make: Callable[[], T],
    *,
    fits: Callable[[T], bool] = lambda _: True,
) -> T:
    """What was worked out before on the same grounds, else worked out now and kept.

    Args:
        flow: the case; one that does not write leaves the cache as it is.
        name: what it is.
        kind: its type, by which it is read back from JSON.
        rests_on: what it rests on beside the files, settings, prices, day and seed of the case.
        make: works it out.
        fits: whether a value may be used again; one that may not is made anew, and not kept.
    """
    key = _key(flow, name, rests_on)
    if key is None:
        return make()
    found = _made.get(key) or _read(key, kind)
    if not found or not fits(found[0]):
        made = make()
        if not fits(made):
            return made
        found = [_written(key, kind, made) if flow.writes else made]
    _made[key] = found
    for oldest in list(_made)[:-MOST_MADE]:  # another thread of the app may have been quicker
        _made.pop(oldest, None)
    value: T = found[0]
    return value


def of_the_plan(flow: Flow) -> tuple[Any, ...]:
    """What was spent, and the records that a plan rests on, without what none reads: verdicts, how a pilot went."""
    posed: Definition | None = flow.current("define") or flow.posed
    if posed is not None:
        posed = replace(posed, verdict="go to pilot", reason="", criteria=(), alternatives=(), order=())
    return posed, flow.current("audit"), settled(flow.current("pilot")), flow.current("forecast"), spent(flow)


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file; empty where it cannot be read."""
    with suppress(OSError):
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return ""


def _key(flow: Flow, name: str, rests_on: Any) -> str | None:
    """The hash; None where a model may be looked up in files that no hash holds."""
    with suppress(InputError):
        for model in flow.project.models:
            if not model.endswith("config.json"):
                catalog.model(model)
        parts = (
            _code(), str(flow.path.absolute()), flow.grounds("decide").key, flow.digests, flow.seed, flow.DRAWS, name,
            rests_on,
        )  # fmt: skip
        return hashlib.sha256(repr(_plain(parts)).encode("utf-8", "replace")).hexdigest()
    return None


@cache
def _code() -> str:
    """The version, the schemas and the files of this package: another state of its code or tables is another key."""
    files = sorted((*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.csv")))
    seen = [(path.name, (status := path.stat()).st_size, status.st_mtime_ns) for path in files]
    return repr((__version__, SCHEMAS, seen))


def _plain(value: Any) -> Any:
    """A value as nested lists, so that a record read from JSON has the hash of the one that was made."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return sorted([repr(name), _plain(item)] for name, item in value.items())
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(_plain(getattr(value, field.name)) for field in fields(value))]
    return repr(value)


def is_private(folder: Path) -> bool:
    """Whether a folder is the user's own and nobody else may write in it; always where users have no numbers."""
    status = folder.stat()
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def _folder() -> Path:
    return cache_folder() / "kept"


def _read(key: str, kind: Any) -> list[Any]:
    """The value of a key in a list; an empty one where none is kept, or not as it was written."""
    import orjson

    with suppress(OSError, ValueError, RecursionError):
        path = _folder() / f"{key}.json"
        if not is_private(path.parent) or not path.is_file() or path.stat().st_size > MOST_BYTES:
            return []
        digest, _, body = path.read_bytes().partition(b"\n")
        if digest == hashlib.sha256(key.encode() + body).hexdigest().encode():
            return [from_json(kind, orjson.loads(body))]
    return []


def _written(key: str, kind: Any, value: T) -> T:
    """The value as it is read back, once it lies in the cache; as it is where it would not come back the same."""
    import orjson

    with suppress(OSError, ValueError, TypeError, TunecaseError):
        body = to_json(value)
        back: T = from_json(kind, orjson.loads(body))
        if back == value and len(body) < MOST_BYTES - 100:
            _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
            digest = hashlib.sha256(key.encode() + body).hexdigest().encode()
            write_whole(_folder() / f"{key}.json", digest + b"\n" + body)
            _prune()
            return back
    return value


def _prune() -> None:
    """Leaves the files that were written last; another process may prune at the same time."""
    files = list(_folder().glob("*.json"))
    if len(files) > MOST_FILES:
        for path in sorted(files, key=lambda path: path.stat().st_mtime)[: len(files) - MOST_FILES * 3 // 4]:
            path.unlink(missing_ok=True)
