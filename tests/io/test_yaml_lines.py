"""YAML is read as plain text with line numbers, and whatever could grow, run or mislead is refused."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tunecase.errors import InputError
from tunecase.io import yaml_lines
from tunecase.io.yaml_lines import MOST_DEPTH, Lines, read_yaml


def read(folder: Path, content: str | bytes) -> tuple[dict[str, Any], Lines]:
    """The fields and lines of a file with this content; no problems are expected."""
    path = folder / "case.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    raw, lines, problems = read_yaml(path)
    assert [] == problems
    return raw, lines


def refusal(folder: Path, content: str | bytes) -> str:
    """The words of the refusal of a file with this content."""
    with pytest.raises(InputError) as refused:
        read(folder, content)
    return str(refused.value)


def test_text_lines_and_doubled_fields(tmp_path: Path) -> None:
    """Words that YAML would turn stay text, each field has its line, and one given twice is told."""
    raw, _ = read(tmp_path, "a: no\nb: 1:30\nc: 1.10\nd: 2026-01-01\ne: 0x10\nf: 'yes'\n")
    assert {"a": "no", "b": "1:30", "c": "1.10", "d": "2026-01-01", "e": "0x10", "f": "yes"} == raw
    assert {"d": "null", "e": ""} == read(tmp_path, "a:\nb: ~\nc: null\nd: 'null'\ne: ''\n")[0]
    (tmp_path := tmp_path / "second").mkdir()
    text = "name: x\n\ndata:\n  train: a\n  sources:\n    - kind: label\n    - kind: buy\n"
    raw, lines = read(tmp_path, text)
    places = (("name",), ("data",), ("data", "train"), ("data", "sources", 1, "kind"))
    assert (1, 3, 4, 7) == tuple(lines[at] for at in places)
    assert (raw, lines) == read(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    (tmp_path := tmp_path / "third").mkdir()
    path = tmp_path / "case.yaml"
    path.write_text("name: a\nname: b\ndata:\n  train: x\n  train: y\n", encoding="utf-8")
    _, _, problems = read_yaml(path)
    assert ["case.yaml:2: name", "case.yaml:5: train"] == [problem.where for problem in problems]


def test_refused(tmp_path: Path) -> None:
    """Anchors, tags, deep nesting, broken YAML and what is no set of fields are refused with the line."""
    cases: list[Any] = [
        ("a: &x [1]\nb: *x\n", "an anchor or alias"), ("a: &x 1\n", "case.yaml:1"),
        ("a: !!python/object/apply:os.system [ls]\n", "the tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("a: !!python/name:os.system x\n", "the tag"), ("name: x\nb: !!str 3\n", "case.yaml:2"),
        ("a: ! x\n", "the tag"), ("a: " + "[" * 40 + "]" * 40, f"more than {MOST_DEPTH} levels"),
        ("a: " + "[" * 100_000, f"more than {MOST_DEPTH} levels"),
        ("a: " + "{b: " * 100_000, f"more than {MOST_DEPTH} levels"),
        ("? " * 1_000 + "x", f"more than {MOST_DEPTH} levels"), ("a: [", "case.yaml:1"),
        ("a: 1\n b: 2\n", "case.yaml:2"), ("a: 1\n---\nb: 2\n", "another document"),
        ("a: '\x01'\n", "control characters"), ('a: "\\uD800"\n', "half a character"),
        ('"\\uDFFF": a\n', "half a character"), ('a: "\\UFFFFFFFF"\n', "beyond all characters"),
        ('a: "\\U00110000"\n', "beyond all characters"),
        ("%YAML 1." + "9" * 5_000 + "\n---\na: 1\n", "beyond all characters"), ("- a\n- b\n", "no fields"),
        ("words", "no fields"), ("~", "no fields"), ("# only a comment\n", "no fields"), ("", "an empty file"),
        (" \n\n", "an empty file"), (b"\xef\xbb\xbf", "an empty file"), (b"a: \xff\n", "byte 3"),
        ("a: x\n".encode("utf-16"), "not UTF-8"),
    ]  # fmt: skip
    breaches = []
    for content, words in cases:
        breaches += [] if words in refusal(tmp_path, content) else [(content, words)]
    assert [] == breaches


def test_limits_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit itself is allowed; a missing file, a folder and a path through a file are refused in words."""
    monkeypatch.setattr(yaml_lines, "MOST_BYTES", 20)
    assert "20" == read(tmp_path, "a: 20\n#" + "x" * 13)[0]["a"]
    assert "21 bytes" in refusal(tmp_path, "a: 21\n#" + "x" * 14)
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path in (tmp_path / "missing.yaml", tmp_path, tmp_path / "file" / "case.yaml"):
        with pytest.raises(InputError) as refused:
            read_yaml(path)
        assert str(path) in str(refused.value)


ODD = st.text(st.sampled_from("ab:-?[]{},&*!|>'\"%@`#~<=\\ \n\t0\x00\ufeff\u2028x"), max_size=60)


@given(st.one_of(st.text(max_size=80).map(str.encode), ODD.map(str.encode), st.binary(max_size=60)))
@example(b'? "\\x00\\U0001F600": *\n')
@example(b"<<: {a: 1}")
def test_no_text_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Arbitrary bytes are read as fields of text or refused with InputError, never anything else."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    try:
        raw, lines, _ = read_yaml(path)
    except InputError:
        return
    assert all((name,) in lines for name in raw)
