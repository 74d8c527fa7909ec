"""The definition rests on what the files say, not on how they are written."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from tests.making import project_text, tickets
from tunecase.case import Case
from tunecase.records import Audit, Definition

TODAY = date(2026, 11, 24)


def as_text(rows: list[dict[str, str]], kind: str) -> str:
    """The rows as a file of a kind, line feeds alone as line ends."""
    if kind == "jsonl":
        return "".join(f"{json.dumps(row)}\n" for row in rows)
    if kind == "json":
        return json.dumps(rows, indent=1) + "\n"
    file = io.StringIO()
    table = csv.DictWriter(file, list(rows[0]), lineterminator="\n", delimiter={"csv": ",", "tsv": "\t"}[kind])
    table.writeheader()
    table.writerows(rows)
    return file.getvalue()


def judged(
    folder: Path, kind: str, *, mark: bytes = b"", end: bytes = b"\n", name: str = ""
) -> tuple[Definition, Audit]:
    """The definition and the audit of tickets with a line break in each text, written to a new folder."""
    folder.mkdir()
    for part, count, seed in (("train", 60, 1), ("test", 30, 2)):
        rows = [{**row, "text": row["text"].replace(" ", "\n", 1)} for row in tickets(count, seed)]
        text = as_text(rows, kind).encode()
        (folder / f"{part}.{kind}").write_bytes(mark + text.replace(b"\n", end))
    project = project_text().replace(".jsonl", f".{kind}")
    project = project.replace("name: ", f"name: {name}", 1)
    (folder / "tunecase.yaml").write_bytes(mark + project.encode().replace(b"\n", end))
    case = Case(folder / "tunecase.yaml", today=TODAY)
    return case.define(), case.audit()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "tsv"])
def test_the_same_rows_are_judged_alike(kind: str, tmp_path: Path) -> None:
    """With a byte-order mark, other line ends and another name the whole definition is the same, and so are tokens."""
    definition, audit = judged(tmp_path / "plain", kind)
    other, other_audit = judged(tmp_path / "other", kind, mark=b"\xef\xbb\xbf", end=b"\r\n", name="another ")
    assert definition == other
    assert (audit.tokens, audit.findings) == (other_audit.tokens, other_audit.findings)
