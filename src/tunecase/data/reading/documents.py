"""Reads a user's documents as short passages: a file or a folder of .txt, .md, .jsonl and .csv, also packed.

A text is cut into passages of about 200 words, each with the last 50 words of the one before; a record of a table is a
passage of its own where it is no longer than that.
"""

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tunecase.data.reading.sources import PACKINGS, Source, encoding_of, open_stream
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import is_own_file, no_file
from tunecase.quantities import count, one_line

KINDS = (".txt", ".md", ".jsonl", ".csv")
WORDS, OVERLAP_WORDS = 200, 50
MOST_FILES = 10_000
MOST_DOCUMENT_BYTES = 200_000_000  # of all files together, unpacked: a few hundred thousand passages
PIECE_BYTES = 1 << 20
MOST_BAD_SHARE = 0.02  # of characters that are no text
# A word, or one sign of a script that does not part words by blanks.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|[^\s\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")  # fmt: skip # noqa: E501


def read_passages(path: Path) -> tuple[str, ...]:
    """The passages of a file or of all documents in a folder, in the order of their names.

    Raises: InputError with every file that is missing, binary, broken or of another kind, and where no word was found.

    Leaves out PDF, HTML and office files: convert them to text first. Blobs and files in hidden folders are skipped.
    """
    files, problems = _files(path)
    passages: list[str] = []
    left = MOST_DOCUMENT_BYTES
    for file in files:
        try:
            text = _text(file, left)
            left -= len(text)
            passages += [passage for document in _documents(file, text) for passage in cut(document)]
        except InputError as error:
            problems += error.problems
        except OSError as error:
            problems.append(Problem(str(file), error.strerror or "an error", "a file that can be read", "check it"))
    refuse_any(problems)
    if not passages:
        fix = "name a file or folder with texts (data.documents), or leave it out"
        raise InputError(Problem(str(path), "no word of text", "documents with text", fix))
    return tuple(dict.fromkeys(passages))


def document_files(path: Path) -> tuple[Path, ...]:
    """The files that read_passages reads, in the order of their names; none where it refuses the path."""
    return tuple(_files(path)[0])


def cut(text: str) -> list[str]:
    """A text's passages: 200 words each, the last 50 of which open the next.

    Example:
        >>> [len(passage.split()) for passage in cut("word " * 320)]
        [200, 170]
    """
    words = [match.span() for match in _WORD.finditer(text)]
    step = WORDS - OVERLAP_WORDS
    starts = range(0, max(1, len(words) - OVERLAP_WORDS), step) if words else ()
    return [text[words[at][0] : words[min(at + WORDS, len(words)) - 1][1]] for at in starts]


def _files(path: Path) -> tuple[list[Path], list[Problem]]:
    wanted, fix = "a file or folder of " + ", ".join(KINDS), "correct the path (data.documents)"
    if not path.is_dir() and (problem := no_file(path, wanted, fix)):
        return [], [problem]
    if path.is_file():
        got = f"the ending {path.suffix or '(none)'}"
        return ([path], []) if _kind(path) else ([], [Problem(str(path), got, wanted, "convert it to text")])
    files = sorted(file for file in _walk(path) if _kind(file))
    if links := [file for file in files if not is_own_file(file)]:
        got = f"a folder with {count(len(links))} links or special files, the first {links[0].relative_to(path)}"
        return [], [Problem(str(path), got, "documents in the folder itself", "copy them there, or take them out")]
    if not files:
        return [], [Problem(str(path), "a folder without documents", wanted, fix)]
    if len(files) > MOST_FILES:
        got, fix = f"{count(len(files))} files", "join them into one .jsonl"
        return [], [Problem(str(path), got, f"at most {count(MOST_FILES)}", fix)]
    return files, []


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place) / name for name in names if not name.startswith("."))


def _kind(path: Path) -> str:
    """The file's ending without its packing; "" for what is no document."""
    ending = Path(path.stem).suffix.lower() if path.suffix.lower() in PACKINGS else path.suffix.lower()
    return ending if ending in KINDS else ""


def _text(path: Path, most: int) -> str:
    refuse_any(no_file(path, "a regular file", "take it out of the folder"))
    source = Source(path, "text", PACKINGS.get(path.suffix.lower(), ""))
    stream = open_stream(source, encoding_of(source))
    pieces, size = [], 0
    try:
        while piece := stream.read(PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > most:
                got, fix = f"more than {MOST_DOCUMENT_BYTES / 1e6:.0f} MB of text", "name the part that holds the facts"
                raise InputError(Problem(str(path), got, "fewer documents", fix))
        if stream.trouble:
            raise InputError(Problem(str(path), stream.trouble, "a whole file", "pack it again"))
    finally:
        stream.close()
    text = b"".join(pieces).decode("utf-8", "replace")
    bad = text.count("\ufffd") + text.count("\0")
    if bad > MOST_BAD_SHARE * len(text):
        raise InputError(Problem(str(path), "a binary file", "text in UTF-8 or UTF-16", "convert it to text"))
    return text


def _documents(path: Path, text: str) -> Iterator[str]:
    """The documents of a file: itself, or each of its records as the texts in it."""
    if _kind(path) == ".jsonl":
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield "\n".join(_texts_in(_object(path, number, line)))
    elif _kind(path) == ".csv":
        yield from _table(path, text)
    else:
        yield text


def _object(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        got = f"not JSON: {one_line(line, 40)}"
        raise InputError(Problem(f"{path}:{number}", got, "one JSON value in each line", "correct the line")) from None


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part)
    elif value is not None:
        yield str(value)


def _table(path: Path, text: str) -> Iterator[str]:
    first = text.lstrip().split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        for row in reader:
            cells = [(name, value) for name, value in row.items() if isinstance(name, str) and isinstance(value, str)]
            yield "\n".join(f"{name}: {value}" for name, value in cells if value.strip())
    except csv.Error as error:
        where, got = f"{path}:{reader.line_num}", f"not CSV: {error}"
        raise InputError(Problem(where, got, "a row of the columns above", "correct the row")) from None
