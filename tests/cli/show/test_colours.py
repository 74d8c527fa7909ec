"""NO_COLOR turns off the colours of everything that is printed, and a dumb terminal gets no escapes at all."""

import io
import re
from collections.abc import Collection, Iterator
from contextlib import redirect_stderr, redirect_stdout

import pytest

from tests import samples
from tests.cli.show.printing import ALL
from tunecase.cli.show import show, show_error
from tunecase.cli.show.progress import LINE
from tunecase.cli.show.record import show_approvals
from tunecase.errors import InputError, Problem, TunecaseError

COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        """That it is one."""
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A usual terminal of 256 colours, whatever that of these tests is."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLORTERM", "GITHUB_ACTIONS", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def printed(names: Collection[str] = ALL) -> Iterator[tuple[str, str]]:
    """What printers write to a terminal, by their names."""
    for name in names:
        with redirect_stdout(Terminal()) as out:
            show(name, ALL[name], full=True)
        yield name, out.getvalue()
    with redirect_stdout(Terminal()) as out:
        show_approvals(samples.approvals(), full=True)
    yield "approvals beside", out.getvalue()
    for error in (InputError(Problem("a.yaml:3: x", "1", "2", "write 2")), TunecaseError("the world failed")):
        with redirect_stderr(Terminal()) as err:
            show_error(error)
        yield type(error).__name__, err.getvalue()


def coloured(names: Collection[str] = ALL) -> set[str]:
    """The printers that use a colour."""
    return {name for name, text in printed(names) if COLOUR.search(text)}


def test_colours_are_there_until_they_are_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every record and error has a colour at a terminal, none with NO_COLOR, whatever its value; empty counts not."""
    every = set(ALL) | {"approvals beside", "InputError", "TunecaseError"}
    assert every == coloured()
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured() == set()
    for value in ("0", "anything"):
        monkeypatch.setenv("NO_COLOR", value)
        assert coloured(["check"]) == set()
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert coloured(["check"]) == set()
    monkeypatch.setenv("NO_COLOR", "")
    assert "check" in coloured(["check"])


def test_a_dumb_terminal_gets_no_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With TERM=dumb nothing that is printed steers the terminal."""
    monkeypatch.setenv("TERM", "dumb")
    assert [] == [name for name, text in printed() if "\x1b" in text]


def test_progress_is_plain_lines_at_a_dumb_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done is told in lines of their own where no line can be erased; elsewhere without a colour."""
    monkeypatch.setattr("tunecase.cli.show.progress.SILENT_S", 0.0)
    for term, is_plain in (("dumb", True), ("xterm", False)):
        monkeypatch.setenv("TERM", term)
        with redirect_stderr(Terminal()) as err:
            LINE.begin("Working")
            LINE._show(LINE._began_s + 100.0)
            LINE.end()
        assert "Working" in err.getvalue()
        assert is_plain == ("\x1b" not in err.getvalue())
        assert not COLOUR.search(err.getvalue())
