"""One column that holds question and answer in one text, parted by the marks of a prompt template."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from tunecase.data.reading.rows import NOTHING, BadRow, Layout, Make, Row, shown

SCHEMA = "text with marks"
COLUMNS = (
    "text",
    "prompt",
    "content",
    "code",
    "conversation",
    "dialogue",
    "chat",
    "data",
    "example",
    "input",
    "sample",
)
# What opens a question, and what opens the answer to it; the first pair that most texts hold is the file's.
MARKS: tuple[tuple[str, str], ...] = (
    (r"<\|im_start\|>user", r"<\|im_start\|>assistant"),
    (r"<\|start_header_id\|>user<\|end_header_id\|>", r"<\|start_header_id\|>assistant<\|end_header_id\|>"),
    (r"<start_of_turn>user", r"<start_of_turn>model"),
    (r"<\|(?:user|prompter)\|>", r"<\|assistant\|>"),
    (r"\[INST\]", r"\[/INST\]"),
    (r"#{2,3} ?(?:Human|User|Instruction|Question|Prompt|Input|Problem|Task) ?:",
     r"#{2,3} ?(?:Assistant|Response|Output|Answer|Completion|Solution|Bot) ?:"),
    (r"#{2,3} ?(?:Human|User|Instruction|Question|Prompt|Problem|Task)\b",
     r"#{2,3} ?(?:Assistant|Response|Output|Answer|Completion|Solution)\b"),
    (r"['\"](?:[Ii]nstruction|[Qq]uestion|[Pp]rompt|[Ii]nput)['\"] ?:",
     r",?\s{0,9}['\"](?:[Oo]utput|[Rr]esponse|[Aa]nswer|[Cc]ompletion)['\"] ?:"),
    (r"(?m:^)(?:Human|HUMAN) ?:", r"(?:Assistant|ASSISTANT|AI|Bot) ?:"),
    (r"(?m:^)(?:User|USER) ?:", r"(?:Assistant|ASSISTANT|AI|Bot) ?:"),
    (r"(?m:^)(?:Question|QUESTION|Q) ?:", r"(?<![A-Za-z])(?:Answer|ANSWER|A) ?:"),
)  # fmt: skip
_ENDS = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|endoftext|>", "</s>", "<eos>")
ENDS = re.compile(rf"(?:{'|'.join(re.escape(mark[::-1]) for mark in _ENDS)}|\s)*")  # read from the end of a text on
OPENS = re.compile(r"^(?:<s>|<bos>|<\|begin_of_text\|>|<\|im_start\|>system|<\|system\|>|\s)+")


def layout(start: Layout, names: dict[str, str], sample: Sequence[dict[str, Any]]) -> Layout | None:
    """How to read rows with one text of question and answer, None where no such column is there."""
    for name in COLUMNS:
        column = names.get(name)
        if column and _marks(column, sample) is not None:
            return replace(start, schema=SCHEMA, input=(column,), output=column)
    return None


def _marks(column: str, sample: Sequence[dict[str, Any]]) -> int | None:
    """The number of the pair of marks in most texts, None where there is none."""
    texts = [record.get(column) for record in sample]
    for number, (asks, answers) in enumerate(MARKS):
        if sum(isinstance(text, str) and _in_order(asks, answers, text) for text in texts) >= 0.9 * len(texts):
            return number
    return None


def _in_order(asks: str, answers: str, text: str) -> bool:
    asked = re.search(asks, text)
    return asked is not None and re.compile(answers).search(text, asked.end()) is not None


def maker(layout: Layout) -> Make:
    """Rows whose output follows the last mark of an answer; the input is all before it, marks of several turns too.

    A text whose answer is empty, or that holds no marks, is a bad row. Marks of the end of a turn are left out.
    """
    column = layout.input[0]

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        text = record.get(column)
        turns = turns_of(text) if isinstance(text, str) else ()
        if not turns:
            return BadRow(number, line, f"no marks of question and answer in {column!r}", shown(record))
        if not turns[-1][1]:
            return BadRow(number, line, "the answer is empty", shown(record))
        other = {name: value for name, value in record.items() if name != column} or NOTHING
        before = "\n\n".join(said for _, said in turns[:-1])
        return Row(number, line, before, turns[-1][1], other, "", turns if len(turns) > 2 else ())

    return make


def turns_of(text: str) -> tuple[tuple[str, str], ...]:
    """The turns in a text with marks as (role, text), up to the last answer; () where it holds none.

    Example:
        >>> turns_of("### Human: Who? ### Assistant: Ann.")
        (('user', 'Who?'), ('assistant', 'Ann.'))
    """
    for asks, answers in MARKS:
        found = list(re.finditer(f"(?P<user>{asks})|(?P<assistant>{answers})", text))
        roles = [str(match.lastgroup) for match in found]
        if "user" not in roles or "assistant" not in roles[roles.index("user") :]:
            continue
        last = len(roles) - roles[::-1].index("assistant")
        said = [(role, _bare(text[match.end() : end])) for role, match, end in zip(
            roles, found[:last], [each.start() for each in found[1:]] + [len(text)], strict=False)]  # fmt: skip
        head = _bare(text[: found[0].start()])
        head = head if any(map(str.isalnum, head)) else ""
        if text[:1] == "{" and said[-1][1].count("}") > said[-1][1].count("{"):
            said[-1] = said[-1][0], said[-1][1].rstrip().removesuffix("}")
        return _joined([("system", head), *said] if head else said)
    return ()


def _joined(turns: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Turns of which two of one role in a row are one."""
    by_role = groupby(turns, key=itemgetter(0))
    return tuple((role, "\n\n".join(text for _, text in same if text)) for role, same in by_role)


def _bare(text: str) -> str:
    end = ENDS.match(text[::-1])
    return OPENS.sub("", text[: len(text) - end.end()] if end else text)
