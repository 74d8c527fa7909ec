"""The definition rests on what the files say, not on how they are written."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from tests.making import case_folder, project_text, tickets, write_jsonl
from tunecase.case import Case
from tunecase.errors import InputError
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


def test_a_stated_score_far_from_the_measured_one_is_refused(tmp_path: Path) -> None:
    """Today's answers stand in the test file and are right in half of the rows; 95% cannot be true of them, 52% can."""
    path = case_folder(tmp_path, train_rows=60, test_rows=100, second_label="  answer_today: today")
    rows = [{**row, "today": row["label"] if k % 2 else "none"} for k, row in enumerate(tickets(100, 2))]
    write_jsonl(tmp_path / "test.jsonl", rows)
    text = path.read_text(encoding="utf-8")
    for score, is_far in (("52%", False), ("95%", True)):
        target = text.replace("target: 90%", "target: 97%")
        path.write_text(f"{target}today: {{who: model, score: {score}}}\n", encoding="utf-8")
        if not is_far:
            assert 0.52 == Case(path, today=TODAY).define().in_use
            continue
        with pytest.raises(InputError) as refused:
            Case(path, today=TODAY).define()
        (problem,) = refused.value.problems
        assert problem.where.endswith("today.score")
        assert "95% beside 50% measured (column today, 100 test rows)" == problem.got
