"""What reviews decided, kept beside the data as lines of JSON, and put into a record when a cleaned copy is written."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tunecase.data.reading.rows import Layout
from tunecase.data.reading.token_lines import FORMAT as TOKEN_LINES
from tunecase.data.reading.token_lines import rewritten as rewritten_tokens
from tunecase.errors import Problem, refuse_any
from tunecase.io import write_whole

CORRECTIONS_FILE = "corrections.jsonl"


@dataclass(frozen=True, slots=True)
class Correction:
    """One reviewed row: its number and mark (`code`), the verdict, the answer it had and the one it should have.

    `answer` is empty where the verdict is right, delete, or wrong without a better answer; `file` is the SHA-256 of the
    training file [hex].
    """

    row: int
    line: int
    code: str
    verdict: str
    given: str
    answer: str
    reviewers: tuple[str, ...]
    file: str


def read_corrections(path: Path) -> dict[int, Correction]:
    """The corrections by row number; empty where there is no file.

    Raises: InputError naming every line that is not a correction.
    """
    import orjson

    if not path.exists():
        return {}
    corrections: dict[int, Correction] = {}
    problems = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            body = orjson.loads(line)
            correction = Correction(**{**body, "reviewers": tuple(body["reviewers"])})
            corrections[correction.row] = correction
        except (ValueError, TypeError, KeyError):
            fix = "delete the file and read the reviews again: tunecase audit --reviewed FILE"
            problems.append(Problem(f"{path}:{number}", "not a correction", "the line as it was written", fix))
    refuse_any(problems)
    return corrections


def write_corrections(path: Path, corrections: Iterable[Correction]) -> None:
    """Writes the file anew, in the order of rows; whole or not at all.

    Raises: TunecaseError when the disk refuses it.
    """
    import orjson

    lines = [orjson.dumps(asdict(each)) + b"\n" for each in sorted(corrections, key=lambda each: each.row)]
    write_whole(path, b"".join(lines))


def with_answer(record: Mapping[str, Any], layout: Layout, answer: str, given: str = "") -> dict[str, Any] | None:
    """The record with another answer, numbers and booleans kept as such; None where its shape has no single answer.

    Args:
        given: the answer it had, as the row was read; the preferred text of a pair may begin with its prompt.
    Example:
        >>> with_answer({"text": "a", "label": 3}, Layout("jsonl", "text/label", ("text",), "label"), "4")
        {'text': 'a', 'label': 4}
    """
    if layout.output is None:
        return None
    old = record.get(layout.output)
    new: Any
    if isinstance(old, list):
        new = _last_turn_replaced(old, answer)
    elif isinstance(old, dict | bytes):
        new = None
    elif layout.rejected and isinstance(old, str):
        whole = old.rstrip()
        new = whole[: -len(given)] + answer if given and whole.endswith(given) else None
    elif isinstance(old, int) and answer in layout.classes:
        new = layout.classes.index(answer)
    else:
        new = _like(old, answer)
    return None if new is None else {**record, layout.output: new}


def _last_turn_replaced(turns: list[Any], answer: str) -> list[Any] | None:
    last = turns[-1] if turns and isinstance(turns[-1], dict) else {}
    key = next((name for name in ("content", "value") if isinstance(last.get(name), str)), None)
    return [*turns[:-1], {**last, key: answer}] if key else None


def rewritten(raw: bytes, record: Mapping[str, Any], layout: Layout) -> bytes:
    """The bytes of a changed record, written as its neighbours are; for a table the raw bytes, which are not used.

    Example:
        >>> layout = Layout("jsonl", "text/label", ("text",), "label")
        >>> rewritten(b'{"text": "a"}\\r\\n', {"text": "b"}, layout)
        b'{"text":"b"}\\r\\n'
    """
    end = raw[len(raw.rstrip(b"\r\n")) :]
    if layout.format == "csv":
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=layout.delimiter, lineterminator="").writerow(
            ["" if value is None else value for value in record.values()]
        )
        return text.getvalue().encode("utf-8", "surrogateescape") + end
    if layout.format in ("jsonl", "json"):
        body = list(record.values()) if raw.lstrip().startswith(b"[") else record
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + end
    return rewritten_tokens(raw, record, layout) if layout.format == TOKEN_LINES else raw


def _like(old: Any, answer: str) -> Any:
    if isinstance(old, bool):
        return {"true": True, "false": False}.get(answer.strip().casefold(), answer)
    for kind in (int, float):
        if isinstance(old, kind):
            try:
                return kind(answer)
            except ValueError:
                return answer
    return answer
