"""Shards in an object store, or wherever else fsspec reaches: S3, Google Cloud Storage, Azure, HDFS, SFTP.

Which of them, and with whose credentials, its library reads from its own environment and files; none of it is told on.
"""

import contextlib
import errno
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from tunecase.data.shards.places import shown, without_secrets
from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError
from tunecase.quantities import one_line

Bytes = bytes | memoryview
BESIDE = ".part"  # ends the name of what is being written, where a file is seen before it is whole
# Their PUT is seen whole or not at all; everywhere else a file is written beside its name and renamed.
WHOLE_PUTS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "memory"}


class RemoteError(TunecaseError):
    """An object store cannot be reached, or refuses what is asked of it."""


class RemoteStore:
    """A store behind a URI such as `s3://bucket/scratch`.

    Raises: MissingExtraError without fsspec; RemoteError without the library of the URI's kind of storage, and in every
        method where the store does not answer as asked; InputError for a kind that fsspec does not know.

    Leaves out retries of its own: fsspec's libraries retry what may pass.
    """

    def __init__(self, uri: str) -> None:
        self.place = uri
        self.shown = shown(uri)
        self.files, self.root = _opened(uri)
        kinds = self.files.protocol
        self.puts_whole = bool(WHOLE_PUTS & ({kinds} if isinstance(kinds, str) else set(kinds)))

    def put(self, name: str, parts: Sequence[Bytes]) -> None:
        """See Store; one PUT, in parts where it is large, which the store joins or drops."""
        path, body = self._path(name), b"".join(parts)
        with self._told("written to", absent_is="there is no such bucket or container"):
            if self.puts_whole:
                self.files.pipe_file(path, body)
                return
            beside = f"{path}-{secrets.token_hex(6)}{BESIDE}"
            self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
            try:
                self.files.pipe_file(beside, body)
                self.files.mv(beside, path)
            except BaseException:
                with contextlib.suppress(Exception):
                    self.files.rm_file(beside)
                raise

    def get(self, name: str, start: int = 0, size: int | None = None) -> Bytes:
        """See Store; asks for the range alone."""
        if size == 0:
            return b""
        end = None if size is None else start + size
        with self._told("read"):
            try:
                body: bytes = self.files.cat_file(self._path(name), start=start or None, end=end)
            except Exception:
                length = self.size(name) if start else None
                if length is not None and length <= start:  # a range behind the end is refused
                    return b""
                raise
        return body

    def size(self, name: str) -> int | None:
        """See Store."""
        with self._told("read"):
            try:
                info = self.files.info(self._path(name))
            except FileNotFoundError:
                return None
        return int(info["size"]) if info["type"] == "file" else None

    def names(self, prefix: str = "") -> list[str]:
        """See Store."""
        inside, above = self._path(prefix.rpartition("/")[0]), f"{self.root}/"
        with self._told("listed"):
            try:
                found = [path.removeprefix(above) for path in self.files.find(inside)]
            except FileNotFoundError:
                return []
        return sorted(name for name in found if name.startswith(prefix) and not name.endswith(BESIDE))

    def remove(self, name: str) -> None:
        """See Store."""
        with self._told("written to"), contextlib.suppress(FileNotFoundError):
            self.files.rm_file(self._path(name))

    def folders(self) -> list[str]:
        """The first parts of all names that have several, ascending."""
        with self._told("listed"):
            try:
                found = self.files.ls(self.root, detail=True)
            except FileNotFoundError:
                return []
        return sorted(each["name"].rstrip("/").rpartition("/")[2] for each in found if each["type"] == "directory")

    def remove_all(self, names: Sequence[str]) -> None:
        """Removes many names in few requests."""
        with self._told("written to"), contextlib.suppress(FileNotFoundError):
            self.files.rm([self._path(name) for name in names])

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root

    @contextlib.contextmanager
    def _told(self, what: str, absent_is: str = "") -> Iterator[None]:
        """Tells what a library raises without the secrets that it may quote; a name that is not there passes."""
        try:
            yield
        except FileNotFoundError:
            if not absent_is:  # in words of its own, since a library's hold the whole address
                raise FileNotFoundError(errno.ENOENT, "there is no such name", self.shown) from None
            fix = "make it first, or correct the address"
            raise RemoteError(f"{self.shown}: it cannot be {what}: {absent_is}.\nFix: {fix}") from None
        except TunecaseError:
            raise
        except Exception as error:  # noqa: BLE001 - each library has exceptions of its own
            why = f"{type(error).__name__}: {one_line(without_secrets(str(error), self.place), 200)}"
            raise RemoteError(f"{self.shown}: it cannot be {what} ({why}).\nFix: {_fix(error)}") from None


def _opened(uri: str) -> tuple[Any, str]:
    """The file system behind a URI, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError("a scratch in an object store", "remote") from error
    try:
        # Listings that are kept would hide what other processes wrote.
        files, root = url_to_fs(uri, use_listings_cache=False)
    except ImportError as error:
        why = one_line(without_secrets(str(error), uri), 200)
        fix = "install that library here, and on the nodes of a cluster"
        raise RemoteError(f"{shown(uri)}: its library is missing ({why}).\nFix: {fix}") from None
    except ValueError:
        wanted = "a folder, or a URI that fsspec knows, such as s3://bucket/scratch"
        raise InputError(Problem("--scratch", shown(uri), wanted, "correct it")) from None
    except Exception as error:  # noqa: BLE001 - each library has exceptions of its own
        why = f"{type(error).__name__}: {one_line(without_secrets(str(error), uri), 200)}"
        raise RemoteError(f"{shown(uri)}: it cannot be opened ({why}).\nFix: {_fix(error)}") from None
    return files, str(root).rstrip("/")


def _fix(error: Exception) -> str:
    name = type(error).__name__
    if isinstance(error, PermissionError) or "Credential" in name or "Auth" in name:
        return "check the credentials that its library reads, and that they may read, write, list and remove there"
    return "check the address and the network; the same command goes on from what is finished"
