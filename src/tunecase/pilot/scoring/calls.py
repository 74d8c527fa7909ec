"""Tool calls in an answer, whatever form they are written in, and which of them are the wanted ones."""

import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tunecase.pilot.scoring.fields import read_json

ARGUMENTS = ("arguments", "parameters", "args")
WRAPPERS = ("tool_calls", "function_call", "function_calls")

_TAGGED = re.compile(r"<(tool_call|function_?call)>(.*?)(?=</\1>|<(?:tool_call|function_?call)>|$)", re.DOTALL)
_MARKS = ("[TOOL_CALLS]", "<|python_tag|>")
# In glaive's form the arguments are JSON in single quotes, which is no JSON.
_QUOTED_FROM = re.compile(r"\"(?:arguments|parameters)\"\s*:\s*'")
_QUOTED_TO = re.compile(r"'(?=\s*}\s*(?:<|$))")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the tool's name, and its arguments as JSON with sorted keys; `1.0` and `1` are one value."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CallsRight:
    """How an answer's calls compare with the wanted ones: `names` alone, and `whole` with their arguments."""

    names: bool
    whole: bool


def read_calls(text: str) -> tuple[Call, ...]:
    """The calls that a text makes, in order; none in a text that makes none.

    Read are `<tool_call>` (Hermes), `<functioncall>` (glaive), OpenAI's `tool_calls` and `function_call`, a list of
    calls and plain `{"name": ..., "arguments": ...}`, also with `parameters`; arguments may be JSON in a string.

    Example:
        >>> read_calls('<functioncall> {"name": "add", "arguments": \\'{"b": 2, "a": 1.0}\\'}')
        (Call(name='add', arguments='{"a": 1, "b": 2}'),)
        >>> read_calls('{"name": "Ann"}')
        ()
    """
    tagged = [body.strip() for _, body in _TAGGED.findall(text)]
    for mark in _MARKS:
        text = text.replace(mark, " ")
    found: list[Call] = []
    for part in tagged or [text]:
        found += _calls(read_json(_as_json(part)))
    return tuple(found)


def compare_calls(label: str, answer: str) -> CallsRight:
    """Whether an answer makes the wanted calls, in any order; where none is wanted, none must be made.

    Example:
        >>> compare_calls('{"name": "add", "arguments": {"a": 1}}', '{"name": "add", "arguments": {"a": 2}}')
        CallsRight(names=True, whole=False)
    """
    wanted, given = Counter(read_calls(label)), Counter(read_calls(answer))
    names = Counter(call.name for call in wanted.elements()) == Counter(call.name for call in given.elements())
    return CallsRight(names, wanted == given)


def _as_json(text: str) -> str:
    """The text with arguments in single quotes, up to the last quote that ends them, as a string of JSON."""
    first = _QUOTED_FROM.search(text)
    ends = deque(_QUOTED_TO.finditer(text, first.end()), maxlen=1) if first else ()
    if not first or not ends:
        return text
    quoted = json.dumps(text[first.end() : ends[0].start()].replace("\\'", "'"))
    return text[: first.end() - 1] + quoted + text[ends[0].end() :]


def _calls(held: Any) -> Iterator[Call]:
    if isinstance(held, list):
        for each in held:
            yield from _calls(each)
    elif isinstance(held, dict):
        for wrapper in WRAPPERS:
            if isinstance(held.get(wrapper), dict | list):
                yield from _calls(held[wrapper])
                return
        inner = held["function"] if isinstance(held.get("function"), dict) else held
        name = inner.get("name")
        arguments = next((inner[key] for key in ARGUMENTS if key in inner), None)
        if isinstance(name, str) and (arguments is not None or inner is not held):
            yield Call(name, _canonical(arguments))


def _canonical(arguments: Any) -> str:
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return str(arguments)
    return json.dumps(_plain(arguments or {}), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """The value with whole floats as whole numbers."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
