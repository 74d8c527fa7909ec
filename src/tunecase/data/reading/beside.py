"""What a row's other columns add to it: a system prompt, reasoning, a judgement of the answer, tools, media."""

from collections.abc import Callable
from typing import Any

from tunecase.data.reading import media
from tunecase.data.reading.chat import BadTurnsError, joined
from tunecase.data.reading.rows import BadRow, Layout, Make, Row, shown
from tunecase.data.reading.thinking import with_thinking
from tunecase.data.reading.tools import tools_text

GOOD = frozenset(
    "true 1 1.0 desirable good chosen accepted preferred positive up thumbs_up thumbs-up thumbsup like yes".split()
)
BAD = frozenset(
    "false 0 0.0 -1 -1.0 undesirable bad rejected dispreferred negative down thumbs_down thumbs-down "
    "thumbsdown dislike no".split()
)
Add = Callable[[Row, dict[str, Any]], None]


def around(make: Make, layout: Layout) -> Make:
    """The maker of rows, with what the layout's further columns add; the same one where there are none."""
    adds: list[Add] = [
        add(name)
        for name, add in (
            (layout.system, _system), (layout.thinking, _thinking), (layout.judged, _judged), (layout.tools, _tools)
        )
        if name
    ]  # fmt: skip
    if not adds and not layout.media:
        return make

    def made(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        for name, kind in layout.media:
            if record.get(name):
                return BadRow(number, line, media.reason(kind), shown(record))
        row = make(number, line, record)
        if isinstance(row, BadRow):
            return row
        try:
            for add in adds:
                add(row, record)
        except BadTurnsError as error:
            return BadRow(number, line, str(error), shown(record))
        return row

    return made


def _system(name: str) -> Add:
    """A system prompt goes first, unless the chat has one of its own."""

    def add(row: Row, record: dict[str, Any]) -> None:
        said = record.get(name)
        if not isinstance(said, str) or not said.strip() or (row.turns and row.turns[0][0] == "system"):
            return
        if row.turns:
            row.turns = (("system", said), *row.turns)
            row.muted = tuple(at + 1 for at in row.muted)
        row.input = joined((("system", said), ("user", row.input)))

    return add


def _thinking(name: str) -> Add:
    def add(row: Row, record: dict[str, Any]) -> None:
        trace = record.get(name)
        if isinstance(trace, str) and trace.strip() and not row.thinking:
            row.thinking = trace.strip()
            if row.turns:
                row.turns = (*row.turns[:-1], ("assistant", with_thinking(row.thinking, row.output)))

    return add


def judgement(value: object) -> bool | None:
    """Whether an answer is judged good; None where the value does not say.

    Example:
        >>> judgement(True), judgement("undesirable"), judgement(0), judgement("perhaps")
        (True, False, False, None)
    """
    said = str(value).strip().casefold().replace(" ", "_")
    return True if said in GOOD else False if said in BAD else None


def _judged(name: str) -> Add:
    """An answer judged bad by itself is no target; the same answer to the same prompt may be judged only one way."""

    def add(row: Row, record: dict[str, Any]) -> None:
        good = judgement(record.get(name))
        if good is None:
            raise BadTurnsError(f"{name!r} does not say whether the answer is good or bad")
        row.beside = row.output
        if not good:
            row.rejected, row.output, row.is_target = row.output, "", False

    return add


def _tools(name: str) -> Add:
    def add(row: Row, record: dict[str, Any]) -> None:
        row.tools = tools_text(record.get(name), name)
        row.beside = f"{row.beside}\n\n{row.tools}" if row.beside and row.tools else row.beside or row.tools

    return add
