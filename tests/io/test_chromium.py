"""Printing with Chromium: the one that is named or found, and one line where there is none."""

import stat
from pathlib import Path

import pytest

from tunecase.errors import InputError, TunecaseError
from tunecase.io import find_chromium, pdf_of


def program(folder: Path, lines: str, name: str = "chromium") -> Path:
    """A program of the shell that stands for a browser."""
    made = folder / name
    made.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
    made.chmod(made.stat().st_mode | stat.S_IEXEC)
    return made


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no browser on its path."""
    monkeypatch.setenv("PATH", f"{tmp_path}")
    monkeypatch.delenv("TUNECASE_CHROMIUM", raising=False)
    return tmp_path


def test_programs_that_print_and_none(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to do without one; the named one comes first; a print that does not come is told."""
    with pytest.raises(InputError) as told:
        find_chromium()
    assert "install Chromium, or set TUNECASE_CHROMIUM" in str(told.value)
    program(bare, "exit 0")
    other = program(bare, "exit 0", "mine")
    assert str(bare / "chromium") == find_chromium()
    monkeypatch.setenv("TUNECASE_CHROMIUM", str(other))
    assert str(other) == find_chromium()
    monkeypatch.setenv("TUNECASE_CHROMIUM", str(bare / "none"))
    with pytest.raises(InputError, match="no program"):
        find_chromium()
    monkeypatch.delenv("TUNECASE_CHROMIUM")
    program(bare, 'for one in "$@"; do case $one in --print-to-pdf=*) to=${one#*=};; esac; done\n'
                  'shift $(($# - 1)); while read -r line; do echo "$line"; done < "${1#file://}" > "$to"')  # fmt: skip
    assert b"<p>page</p>\n" == pdf_of("<p>page</p>\n")
    for lines in ("exit 3", "exit 0"):
        program(bare, lines)
        with pytest.raises(TunecaseError, match="did not print the page: exit code"):
            pdf_of("x")
