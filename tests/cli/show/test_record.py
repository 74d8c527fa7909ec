"""Records are printed in 80 columns, plainly: unknown stays unknown, and no text of the data steers the terminal."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.cli.show.printing import ALL, printed
from tunecase.accounts import ACCOUNTS
from tunecase.cli.show import show, show_error
from tunecase.errors import InputError, MissingExtraError, Problem

EVIL = "[red]x[/red] [link=http://a]b[/link] :smile: \x1b[31mred\x1b[0m \x1b]0;title\x07 \r\x08 \u202egnp.exe"


def test_every_verb_has_a_sample() -> None:
    """No account is left out of these tests."""
    assert set(ACCOUNTS) == set(ALL)


def test_no_line_is_too_long() -> None:
    """Every account prints something and keeps to the width; a command to copy is never cut."""
    prints = {
        (verb, width, full): printed(verb, ALL[verb], width, full=full).splitlines()
        for verb in ALL for width in (80, 60) for full in (False, True)
    }  # fmt: skip
    cut = {place: [line for line in lines if not line.startswith("next:")] for place, lines in prints.items()}
    too_long = [(place, line) for place, lines in cut.items() for line in lines if len(line) > max(place[1], 74)]
    assert [] == too_long
    assert [] == [place for place, lines in prints.items() if not any(line.strip() for line in lines)]


def poisoned(value: Any) -> Any:
    """The same record with every free text replaced."""
    if isinstance(value, str):
        return EVIL
    if isinstance(value, Path):
        return Path(EVIL)
    if isinstance(value, dict):
        return {poisoned(name): poisoned(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        chosen = {"verdict", "status", "severity", "direction", "where", "currency", "evidence", "price_dates"}
        chosen |= {"agreement"} if isinstance(getattr(value, "agreement", None), str) else set()
        return replace(
            value, **{f.name: poisoned(getattr(value, f.name)) for f in fields(value) if f.name not in chosen}
        )
    return value


def test_texts_do_not_steer_the_terminal() -> None:
    """Markup is printed as it stands, emoji names too; escapes and other control characters never arrive."""
    texts = {verb: printed(verb, poisoned(record), full=True) for verb, record in ALL.items()}
    assert [] == [verb for verb, text in texts.items() if "[red]x[/red]" not in " ".join(text.split())]
    odd = {verb: {char for char in text if char in "☺😄" or not char.isprintable()} for verb, text in texts.items()}
    assert {verb: {"\n"} for verb in ALL} == odd


def test_an_error_says_where_as_people_do(capsys: pytest.CaptureFixture[str]) -> None:
    """The file and its line in words, one line for what is wrong and one for what to do."""
    show_error(InputError(Problem("tunecase.yaml:12: problem.target", "'80'", "at most 100%", "write 80%")))
    show_error(InputError(Problem("--to", "a file", "a folder", "name a folder")))
    assert capsys.readouterr().err.splitlines() == [
        "tunecase.yaml, line 12: problem.target: '80'; wanted at most 100%.", "Write 80%.",
        "--to: a file; wanted a folder.", "Name a folder.",
    ]  # fmt: skip


def test_errors_do_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors show what was given, harmlessly, without wrapping it."""
    show_error(InputError(Problem(EVIL, "x" * 200, EVIL, "fix it")))
    show_error(MissingExtraError("\x1b[2Jserving", "ui"))
    err = capsys.readouterr().err
    assert "x" * 200 + "; wanted " in err
    assert "[red]x[/red]" in err
    assert 'Fix: pip install python-multipart "uvicorn<1,>=0.30"' in err
    assert set() == {char for char in err if not char.isprintable() and char != "\n"}


@given(st.text(max_size=120))
def test_any_text_is_printed(text: str) -> None:
    """Any text in a finding and in a line's name is printed within the width."""
    audit, bill = samples.audit(), samples.estimate()
    finding = replace(audit.findings[0], check=text, fix=text)
    out = printed("audit", replace(audit, findings=(finding,), reason=text, not_checked=(text,)), full=True)
    out += printed("estimate", replace(bill, lines=(replace(bill.lines[0], name=text, basis=text),)))
    assert "\x1b" not in out
    assert all(len(line) <= 80 for line in out.split("\n"))


def test_verbs_without_a_printer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence and a list of files are printed as plain lines."""
    show("ledger", "12 entries")
    show("files", (Path("a.yaml"), Path("b.json")))
    assert ["12 entries", "a.yaml", "b.json"] == capsys.readouterr().out.splitlines()
