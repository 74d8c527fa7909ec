"""The hook audits every file that pre-commit hands over, writes nothing, and fails as the gravest of them."""

import sys
from pathlib import Path

import pytest

from tests.making import tickets, write_jsonl
from tunecase.cli import hook


def hooked(*files: str) -> int:
    """The exit code of `tunecase-audit FILES`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["tunecase-audit", *files])
        with pytest.raises(SystemExit) as ended:
            hook.main()
    return int(ended.value.code or 0)


@pytest.mark.slow
def test_each_file_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A good file passes, one label for all does not, what is no data is named; the folder stays as it was."""
    monkeypatch.chdir(tmp_path)
    write_jsonl(Path("good.jsonl"), tickets(40, 1))
    write_jsonl(Path("-b\nad.jsonl"), [{"text": f"lamp {n} broke", "label": "red"} for n in range(40)])
    Path("table.csv").write_text("", encoding="utf-8")
    assert 0 == hooked("good.jsonl")
    assert "good.jsonl: 40 of 40 rows usable" in capsys.readouterr().out
    assert 2 == hooked("good.jsonl", "--", "-b\nad.jsonl", "table.csv")
    lines = capsys.readouterr().out.splitlines()
    assert ["good.jsonl", "-b ad.jsonl", "table.csv"] == [line.partition(":")[0] for line in lines]
    assert 1 == hooked("-b\nad.jsonl")
    assert 3 == len(list(tmp_path.iterdir()))


@pytest.mark.parametrize("code", ["import os; os.kill(os.getpid(), 9)", "print('not JSON')", "raise SystemExit(120)"])
def test_an_audit_without_an_answer_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    """One that is killed, prints what cannot be read, or ends with another code is a failure of this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hook, "AUDIT", ("-c", code))
    assert 3 == hooked("train.jsonl")
    assert "train.jsonl: the audit gave no answer\n" == capsys.readouterr().out


def test_no_file_is_fine() -> None:
    """A commit without data passes."""
    assert 0 == hooked()
