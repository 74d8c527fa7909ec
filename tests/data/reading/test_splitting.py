"""A file split in two: every row on one side, what belongs together too, the same each time."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.making import tickets, write_jsonl
from tunecase.data.reading import detect, split_file
from tunecase.errors import InputError


def split(folder: Path, path: Path, share: float = 0.25, **more: Any) -> tuple[list[bytes], list[bytes]]:
    """The lines of the training and of the test file."""
    train, test = folder / f"a{path.suffix}", folder / f"b{path.suffix}"
    made = split_file(path, detect(path), train, test, share, **more)
    lines = [file.read_bytes().splitlines() for file in (train, test)]
    head = 1 if path.suffix == ".csv" else 0
    assert (made.train_rows, made.test_rows) == (len(lines[0]) - head, len(lines[1]) - head)
    return lines[0][head:], lines[1][head:]


def sides(lines: tuple[list[bytes], list[bytes]], column: str) -> tuple[set[str], set[str]]:
    """The values of a column on both sides."""
    first, second = ({json.loads(line)[column] for line in side} for side in lines)
    return first, second


def essay(n: int) -> str:
    """Thirty words that no other number has."""
    return " ".join(f"word{n * 31 + k}" for k in range(30))


def test_rows_copies_and_questions_on_one_side(tmp_path: Path) -> None:
    """No row is lost or doubled; copies in any case and questions on one context stay together."""
    path = write_jsonl(tmp_path / "all.jsonl", tickets(400, 1))
    train, test = split(tmp_path, path)
    assert sorted(train + test) == sorted(path.read_bytes().splitlines())
    assert 95 <= len(test) <= 105
    (tmp_path := tmp_path / "second").mkdir()
    texts = [essay(n) for n in range(40)]
    rows = [{"text": form, "label": "ab"[n % 2]} for n, text in enumerate(texts)
            for form in (text, text.upper() + "!", f"{text} more")]  # fmt: skip
    path = write_jsonl(tmp_path / "all.jsonl", rows)
    train, test = split(tmp_path, path)
    first, second = ({json.loads(line)["text"].lower()[:20] for line in side} for side in (train, test))
    assert first.isdisjoint(second)
    assert test
    made = split_file(path, detect(path), tmp_path / "c.jsonl", tmp_path / "d.jsonl", 0.25)
    assert (made.together, made.alike) == (80, 0)
    (tmp_path := tmp_path / "third").mkdir()
    rows = [{"context": essay(n // 6), "question": f"What about {n}?", "answer": f"answer {n}"} for n in range(120)]
    first, second = sides(split(tmp_path, write_jsonl(tmp_path / "all.jsonl", rows)), "context")
    assert first.isdisjoint(second)
    rows = [{"text": essay(n), "label": "common" if n >= 30 else f"rare {n % 6}"} for n in range(300)]
    first, second = sides(split(tmp_path, write_jsonl(tmp_path / "all.jsonl", rows), 0.1), "label")
    assert first == second == {"common", *(f"rare {n}" for n in range(6))}


def test_seeds_bad_rows_and_refusals(tmp_path: Path) -> None:
    """One seed splits alike; unreadable rows stay in training; what cannot be split is refused before all."""
    rows = tickets(200, 1)
    path, turned = (write_jsonl(tmp_path / f"{n}.jsonl", some) for n, some in ((1, rows), (2, rows[::-1])))
    assert split(tmp_path, path) == split(tmp_path, path)
    assert set(split(tmp_path, path)[1]) == set(split(tmp_path, turned)[1])
    assert split(tmp_path, path)[1] != split(tmp_path, path, seed=1)[1]
    (tmp_path := tmp_path / "second").mkdir()
    one_prompt = [{"text": "Tell me a story.", "label": essay(n)} for n in range(60)]
    one_group = [{"text": essay(n), "label": "ab"[n % 2], "shelf": 1} for n in range(60)]
    for rows, group in ((one_prompt, None), (one_group, "shelf"), (tickets(3, 1), None)):
        path = write_jsonl(tmp_path / "all.jsonl", rows)
        with pytest.raises(InputError, match="--test"):
            split(tmp_path, path, group=group)
    assert [path] == list(tmp_path.iterdir())
    (tmp_path := tmp_path / "third").mkdir()
    path = write_jsonl(tmp_path / "all.jsonl", tickets(60, 1))
    path.write_bytes(b'{"text": \n' + path.read_bytes())
    train, test = split(tmp_path, path)
    assert train[0] == b'{"text": '
    assert all(json.loads(line) for line in test)


@pytest.mark.parametrize(("column", "named"), [("doc_id", None), ("shelf", "shelf")])
def test_a_group_stays_on_one_side(tmp_path: Path, column: str, named: str | None) -> None:
    """A column that is named, or plainly names a group, is not torn."""
    rows = [{"text": essay(n), "label": "ab"[n % 2], column: n // 5} for n in range(120)]
    lines = split(tmp_path, write_jsonl(tmp_path / "all.jsonl", rows), group=named)
    first, second = sides(lines, column)
    assert first.isdisjoint(second)
    assert 20 <= len(lines[1]) <= 40


@pytest.mark.parametrize("line", ["text,label", "text;label"])
def test_a_table_keeps_its_head_on_both_sides(tmp_path: Path, line: str) -> None:
    """CSV files have their first line each."""
    path, mark = tmp_path / "all.csv", line[4]
    path.write_text(line + "\n" + "".join(f"ticket {k} of many{mark}c{k % 3}\n" for k in range(90)), encoding="utf-8")
    train, test = split(tmp_path, path)
    assert len(train) + len(test) == 90
    assert (tmp_path / "b.csv").read_text(encoding="utf-8").startswith(line + "\n")
