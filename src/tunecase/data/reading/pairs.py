"""Makes rows of preference pairs: a better and a worse answer, or two answers and what says which is better."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tunecase.data.reading.cells import joined_inputs, turns_in
from tunecase.data.reading.chat import BadTurnsError, Turn, joined
from tunecase.data.reading.rows import BadRow, Layout, Make, Row, shown
from tunecase.data.reading.tools import tools_text
from tunecase.data.reading.winners import choice

_TEXT_KEYS = ("text", "content", "value", "response", "answer", "output", "completion", "full_text", "generated_text")


def preference(layout: Layout) -> Make:
    """The maker of rows of pairs; a tie has no target, and both answers tell it from others with its prompt."""
    keys = str(layout.output), str(layout.rejected)
    prompts = tuple(name for name in layout.input if name not in keys)
    used = {*keys, *prompts, *(layout.winner.columns if layout.winner else ())}

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        try:
            for name in (*keys, *prompts[:1]):
                if record.get(name) is None:
                    raise BadTurnsError(f"no {name!r}")
            better = _better(layout, record, *(record[key] for key in keys))
            first, second = (record[key] for key in (keys if better != 2 else keys[::-1]))
            prompt, tools = _prompt(record, prompts)
            pair = _pair(prompt, first, second)
        except BadTurnsError as error:
            return BadRow(number, line, str(error), shown(record))
        other = {k: v for k, v in record.items() if k not in used}
        beside = "\n\n".join([*sorted((pair.chosen, pair.rejected), key=_bare), *([tools] if tools else ())])
        if not better:
            turns = pair.turns[: len(pair.turns) - pair.own_turns]
            return Row(number, line, pair.input, "", other, "", turns, tools, beside, is_target=False)
        return Row(number, line, pair.input, pair.chosen, other, pair.rejected, pair.turns, tools, beside)

    return make


def _better(layout: Layout, record: Mapping[str, Any], first: object, second: object) -> int:
    if layout.winner is None:
        return 1
    better = choice(record, layout.winner, first, second)
    if better is None:
        raise BadTurnsError(f"{layout.winner.columns[0]!r} does not say which answer is better")
    return better


def _bare(text: str) -> str:
    return " ".join(text.split()).casefold()


class _Prompt(NamedTuple):
    """What both answers of a pair reply to: its text, and its turns where it is a list of them."""

    text: str
    turns: tuple[Turn, ...] = ()


class _Pair(NamedTuple):
    """A preference pair; `turns` are the prompt's and those of the chosen answer, none where all are plain texts.

    `own_turns` of them, the last ones, are the answer's.
    """

    input: str
    chosen: str
    rejected: str
    turns: tuple[Turn, ...]
    own_turns: int


def _prompt(record: dict[str, Any], names: tuple[str, ...]) -> tuple[_Prompt, str]:
    """The prompt, and the tools where it holds some beside its messages."""
    values = [record[name] for name in names if record.get(name) not in (None, "")]
    if len(values) != 1:
        return _Prompt(joined_inputs(record, names)), ""
    value = values[0]
    tools = tools_text(value.get("tools"), "tools") if isinstance(value, dict) else ""
    held = value.get("messages", value) if isinstance(value, dict) else value
    if (turns := turns_in(held)) is not None:
        return _Prompt(joined(turns), turns), tools
    if isinstance(held, dict) and (text := _text(held)) is not None:
        return _Prompt(text), tools
    return _Prompt(joined_inputs(record, names)), ""


def _text(value: Mapping[str, Any]) -> str | None:
    """The text in an object that holds one beside other things."""
    return next((value[key] for key in _TEXT_KEYS if isinstance(value.get(key), str)), None)


def _pair(prompt: _Prompt, chosen: object, rejected: object) -> _Pair:
    good, bad = turns_in(chosen), turns_in(rejected)
    if good is not None and bad is not None:
        return _pair_of_chats(prompt, good, bad)
    texts = [_text(answer) if isinstance(answer, dict) else answer for answer in (chosen, rejected)]
    if any(answer is None or isinstance(answer, bytes | list) for answer in texts):
        raise BadTurnsError("a pair that is neither two texts nor two lists of turns")
    return _pair_of_texts(prompt, str(texts[0]), str(texts[1]))


def _pair_of_texts(prompt: _Prompt, chosen: str, rejected: str) -> _Pair:
    """Two answers as texts; each may repeat the prompt, or hold it where no column does."""
    start = 0
    if not prompt.text:
        start = _shared(chosen, rejected)
    elif chosen.startswith(prompt.text) and rejected.startswith(prompt.text):
        start = len(prompt.text)
    turns = (*prompt.turns, ("assistant", chosen[start:])) if prompt.turns else ()
    return _Pair(
        prompt.text or chosen[:start].strip(), chosen[start:].strip(), rejected[start:].strip(), turns, bool(turns)
    )


def _pair_of_chats(prompt: _Prompt, chosen: tuple[Turn, ...], rejected: tuple[Turn, ...]) -> _Pair:
    """Two answers as lists of turns; the turns that both begin with are the prompt, or a part of it."""
    shared = min(_alike(chosen, rejected), len(chosen) - 1, len(rejected) - 1)
    if chosen[-1][0] != "assistant" or rejected[-1][0] != "assistant":
        raise BadTurnsError("the last turn of a pair is not the assistant's")
    before = chosen[:shared]
    text = joined(before) if before and not prompt.turns and (not prompt.text or shared > 1) else prompt.text
    alone = (("user", prompt.text),) if prompt.text else ()
    turns = (*(before or prompt.turns or alone), *chosen[shared:])
    return _Pair(text, joined(chosen[shared:]), joined(rejected[shared:]), turns, len(chosen) - shared)


def _shared(text: str, other: str) -> int:
    """How far two texts begin alike, back to where an answer may begin: after a speaker's mark or a blank line."""
    length = _alike(text, other)
    for mark in ("Assistant:", "ASSISTANT:", "<|assistant|>", "assistant\n", "[/INST]", "### Response:"):
        place = text.rfind(mark, 0, length)
        if place >= 0:
            return place + len(mark)
    return text.rfind("\n\n", 0, length) + 2 if "\n\n" in text[:length] else 0


def _alike(first: Sequence[object], second: Sequence[object]) -> int:
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
