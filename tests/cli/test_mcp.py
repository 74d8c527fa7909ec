"""The command `mcp`: what it needs, and the short answer that its workers give."""

import sys
from datetime import date
from pathlib import Path

import pytest

from tests.command import tunecase
from tunecase import training_run
from tunecase.cli.mcp import _short_answer


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the mcp package the command says what to install, with exit code 3."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "mcp"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    ran = tunecase("mcp", cwd=tmp_path)
    assert (3, "") == (ran.code, ran.out)
    assert 'Fix: pip install "mcp<3,>=2.3"' in ran.err


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    """A folder that is none is refused before anything is started."""
    ran = tunecase("mcp", tmp_path / "none")
    assert (2, "") == (ran.code, ran.out)
    assert "no folder; wanted the folder of your cases" in ran.err


def test_the_short_answer_is_for_agents() -> None:
    """It has the lines of the terminal, without empty ones, a pointer to --full or dots for words that were typed."""
    record = training_run("llama-3.1-8b", "A100-80GB", tokens="5M", method="lora", today=date(2026, 11, 27))
    lines = _short_answer("fit", record, None).split("\n")
    assert lines[0].startswith("Llama-3.1-8B fits on one A100-80GB with LoRA")
    assert [] == [line for line in lines if not line.strip() or "--full" in line or " ... " in line]
    assert max(map(len, lines)) <= 100
    assert "what it is" == _short_answer("no such record", "what it is", None)
