"""Init on the command line: the list of examples, and the questions, on a terminal only."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import tunecase
from tests.making import tickets, write_jsonl
from tunecase.cli.asking import lists_examples
from tunecase.flow.init import examples

SRC = Path(__file__).parents[2] / "src"


def test_example_alone_lists_the_examples() -> None:
    """All of them, none cut, with exit code 0; as JSON by name."""
    ran = tunecase("init", "--example")
    assert ran.code == 0
    named = [line.split()[0] for line in ran.out.splitlines() if line[:2] == "  " and line[2:3].strip()]
    assert named == list(examples())
    assert all(tunecase("init", "--example", "--json").json[name].endswith((".", ")")) for name in named)


def test_only_an_example_without_a_name_is_listed() -> None:
    """A name is taken as one, another option is none, and no other command is touched."""
    assert lists_examples(["init", "--example", "hosted", "--force"]) == ["init", "--example", "hosted", "--force"]
    assert lists_examples(["init", "--example", "--json"]) == ["init", "--example", "list", "--json"]
    assert lists_examples(["fit", "--example"]) == ["fit", "--example"]


def test_without_a_terminal_nothing_is_asked(tmp_path: Path) -> None:
    """Exit code 2 with the way out, and no file is written."""
    write_jsonl(tmp_path / "train.jsonl", tickets(40, 1))
    ran = tunecase("init", tmp_path / "train.jsonl", "--ask")
    assert (ran.code, ran.out) == (2, "")
    assert "no terminal" in ran.err
    assert "Leave --ask out" in ran.err
    assert not (tmp_path / "tunecase.yaml").exists()


def typed(folder: Path, *answers: str) -> tuple[int, str]:
    """`init --ask` on a terminal of its own, fed these answers; (exit code, what was shown)."""
    import pty

    master, slave = pty.openpty()
    words = [sys.executable, "-m", "tunecase", "init", "train.jsonl", "--ask"]
    env = {**os.environ, "PYTHONPATH": str(SRC), "NO_COLOR": "1"}
    with subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=env) as process:
        os.close(slave)
        shown, left = b"", list(answers)
        with contextlib.suppress(OSError):  # the terminal is closed at the other end
            while piece := os.read(master, 65_536):
                shown += piece
                if shown.endswith(b"> ") and left:
                    os.write(master, f"{left.pop(0)}\n".encode())
    os.close(master)
    return process.returncode, shown.decode()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal there")
def test_a_person_is_asked_ten_questions(tmp_path: Path) -> None:
    """A wrong answer costs one line and is asked for again; what is skipped stays a question in the file."""
    write_jsonl(tmp_path / "train.jsonl", tickets(40, 1))
    code, shown = typed(tmp_path, "Sort it", "", "80", "80%", *[""] * 7)
    assert code == 0, shown
    assert "wanted more than 0 and at most 100%. Write 80%." in shown
    assert shown.count("Which score is worth shipping?") == 1
    text = (tmp_path / "tunecase.yaml").read_text(encoding="utf-8")
    assert "\n  goal: Sort it\n" in text
    assert "\n  target: 80% " in text
    assert "\n  # owner: ?" in text


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal there")
def test_ctrl_d_writes_nothing(tmp_path: Path) -> None:
    """Who leaves in the middle leaves no half-answered file."""
    write_jsonl(tmp_path / "train.jsonl", tickets(40, 1))
    code, shown = typed(tmp_path, "Sort it", "\x04")
    assert code == 130, shown
    assert not (tmp_path / "tunecase.yaml").exists()


def test_rows_are_held_out_where_there_is_no_test_file(tmp_path: Path) -> None:
    """Both files are written beside the data and named in the project file; a second time only with --force."""
    data = write_jsonl(tmp_path / "all.jsonl", tickets(200, 1))
    ran = tunecase("init", data, "--split", "20%")
    assert ran.code == 0, ran.err
    assert "160 rows to train on, 40 to test" in " ".join(ran.out.split())
    text = (tmp_path / "tunecase.yaml").read_text(encoding="utf-8")
    assert "train: all-train.jsonl" in text
    assert "test: all-test.jsonl" in text
    assert tunecase("init", data, "--split", "20%").code == 2
    assert tunecase("init", data, "--split", "20%", "--force").code == 0


def test_a_lone_file_is_told_how_rows_are_held_out(tmp_path: Path) -> None:
    """The command is offered, and it works on the project file that is there: its answers stay."""
    data = write_jsonl(tmp_path / "train.jsonl", tickets(200, 1))
    ran = tunecase("init", "train.jsonl", cwd=tmp_path)
    assert "tunecase init train.jsonl --split 15%" in " ".join(ran.out.split())
    project = tmp_path / "tunecase.yaml"
    project.write_text(project.read_text(encoding="utf-8").replace("# target: ?%", "target: 91%"), encoding="utf-8")
    assert tunecase("init", "train.jsonl", "--split", "15%", cwd=tmp_path).code == 0
    text = project.read_text(encoding="utf-8")
    assert ("target: 91%" in text, 'train: "split-train.jsonl"' in text, 'test: "split-test.jsonl"' in text) == (
        True,
    ) * 3
    assert data.exists()


def test_a_share_that_cannot_be_held_out_is_refused(tmp_path: Path) -> None:
    """All rows, none, rows beside a test file, a group that is no column: exit code 2 and nothing written."""
    data = write_jsonl(tmp_path / "all.jsonl", tickets(40, 1))
    wrong = (
        ("--split", "100%"), ("--split", "0%"), ("--split", "20"), ("--split", "20%", "--test", data),
        ("--split", "20%", "--group", "shelf"), ("--group", "label"), ("--hold-out", "20%"),
    )  # fmt: skip
    for words in wrong:
        ran = tunecase("init", data, *words)
        assert ran.code == 2, words
        assert "wanted" in ran.err, words
    assert [data] == list(tmp_path.iterdir())
