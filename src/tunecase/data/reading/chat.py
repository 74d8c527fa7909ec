"""Turns of a chat: OpenAI messages and ShareGPT conversations, with tool calls and content in parts."""

import contextlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from tunecase.data.reading.media import kind_of_part, reason
from tunecase.data.reading.thinking import FIELDS, with_thinking

NAMES = {
    "system": ("system", "developer"),
    "user": ("user", "human", "prompter"),
    "assistant": ("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot", "function_call", "tool_call"),
    "tool": ("tool", "function", "observation", "tool_response", "ipython"),
}
ROLES = {name: role for role, names in NAMES.items() for name in names}
CALL_ROLES = ("function_call", "tool_call")
CALL_PARTS = ("tool_use", "tool_call", "function_call")
PART_TEXTS = ("text", "value", "content", "refusal", *FIELDS)
Turn = tuple[str, str]


class BadTurnsError(ValueError):
    """Why a list of turns cannot be used."""


class Chat(NamedTuple):
    """The turns of a chat up to its last answer.

    Args:
        turns: (role, text).
        cut: how many turns stood behind the last answer, or held an answer that is not to be learnt.
        muted: places of the earlier answers that are not to be learnt, by a weight of 0.
    """

    turns: tuple[Turn, ...]
    cut: int = 0
    muted: tuple[int, ...] = ()


def chat_of(value: object, key: str) -> Chat:
    """The turns of a chat up to its last answer that is to be learnt.

    System turns may stand anywhere and one role may speak twice; an assistant that greets first keeps its turn.
    Args:
        value: a list of turns, or such a list as JSON text.
        key: the name of its column, for error messages.
    Raises: BadTurnsError with the reason.
    """
    turns: list[Turn] = []
    before, called = "", False
    muted: tuple[int, ...] = ()
    for turn in value if type(value) is list and value else _opened(value, key):
        if type(turn) is not dict:
            raise BadTurnsError(f"{key!r} is not a list of turns")
        role, text, calls = turn_of(turn)
        if ("weight" in turn or "loss_weight" in turn) and role == "assistant" and _is_muted(turn):
            muted = (*muted, len(turns))
        if role == "tool" and not (called and before in ("assistant", "tool", "system")):
            raise BadTurnsError("a tool's result without a call")
        if role == "assistant":
            called = calls or _calls_in_words(text, called)
        turns.append((role, text))
        before = role
    if before == "assistant" and len(turns) > 1 and not muted:
        return Chat(tuple(turns))
    return _cut_back(turns, muted)


def turn_of(turn: Mapping[str, Any]) -> tuple[str, str, bool]:
    """The role and text of one turn, and whether the assistant calls a tool in a field beside the text.

    Reasoning in a field of its own stands before the text, between marks.
    Raises: BadTurnsError with the reason.
    """
    named = turn["role"] if "role" in turn else turn.get("from")
    role = ROLES.get(named) if type(named) is str else None
    if role is None:
        role = _role(named)
    text = turn.get("content") if "content" in turn else turn.get("value")
    calls = role == "assistant" and ("tool_calls" in turn or "function_call" in turn or named in CALL_ROLES)
    if calls or type(text) is not str:
        calls = calls or (role == "assistant" and _has_calls(text))
        text = _text(turn, text)
    if role == "assistant" and len(turn) > 2:
        text = with_thinking(next((t for name in FIELDS if (t := turn.get(name)) and isinstance(t, str)), ""), text)
    return role, text, calls


def _cut_back(turns: list[Turn], muted: tuple[int, ...]) -> Chat:
    """The chat up to its last answer that is to be learnt.

    Raises: BadTurnsError where there is none, or nothing before it.
    """
    answers = [at for at, (role, _) in enumerate(turns) if role == "assistant"]
    taught = [at for at in answers if at not in muted]
    if not taught:
        raise BadTurnsError("every answer has weight 0" if answers else "no assistant turn")
    last = taught[-1]
    if all(role == "assistant" for role, _ in turns[:last]):
        raise BadTurnsError("no turn before the last answer")
    return Chat(tuple(turns[: last + 1]), len(turns) - last - 1, tuple(at for at in muted if at < last))


def _calls_in_words(text: str, called: bool) -> bool:
    """Whether an answer's text calls a tool: as JSON, unless the answer before called one, or by a usual mark."""
    as_json = not called and text.lstrip().startswith(("{", "["))
    return as_json or "tool_call" in text or "<function" in text or "Action:" in text


def _opened(value: object, key: str) -> list[Any]:
    """The list of turns in a cell that may hold it as JSON text."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = None
    if not isinstance(value, list):
        raise BadTurnsError(f"{key!r} is not a list of turns")
    if not value:
        raise BadTurnsError(f"{key!r} is empty, not a list of turns")
    return value


def _role(named: object) -> str:
    if named is None or named == "":
        raise BadTurnsError("a turn without a role")
    role = ROLES.get(str(named).strip().lower())
    if role is None:
        raise BadTurnsError(f"the role {str(named)[:40]!r} is not known")
    return role


def _is_muted(turn: Mapping[str, Any]) -> bool:
    weight = turn.get("weight", turn.get("loss_weight"))
    if weight not in (None, 0, 1):
        raise BadTurnsError(f"the weight {str(weight)[:20]} is not 0 or 1")
    return bool(weight == 0)


def _text(turn: Mapping[str, Any], content: object) -> str:
    """The text of a turn that is more than a string: its parts, or its calls as JSON."""
    if isinstance(content, list):
        content = "\n".join(_part(part) for part in content)
    if isinstance(content, dict):
        content = as_json(content)
    calls = turn.get("tool_calls") or turn.get("function_call")
    if calls:
        called = as_json(simple_calls(calls))
        return f"{content}\n{called}" if isinstance(content, str) and content.strip() else called
    if not isinstance(content, str):
        raise BadTurnsError("a turn without text")
    return content


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, dict):
        if held := kind_of_part(part):
            raise BadTurnsError(reason(held))
        return _of_part(part)
    raise BadTurnsError("a part of content that is neither text nor an object")


def _of_part(part: Mapping[str, Any]) -> str:
    """The text of one part: what is said, reasoning between marks, a call as JSON, or a tool's result."""
    kind, inside = part.get("type"), part.get("content")
    if kind in CALL_PARTS and isinstance(part.get("name"), str):
        return as_json(simple_calls({"name": part["name"], "arguments": part.get("input", part.get("arguments", {}))}))
    if isinstance(inside, list):
        return "\n".join(map(_part, inside))
    text = next((said for name in PART_TEXTS if isinstance(said := part.get(name), str)), None)
    if text is None:
        raise BadTurnsError(f"a part of content of the kind {str(kind)[:40]!r} without text")
    return with_thinking(text, "").strip() if kind in FIELDS else text


def _has_calls(content: object) -> bool:
    parts = content if isinstance(content, list) else ()
    return any(isinstance(part, dict) and part.get("type") in CALL_PARTS for part in parts)


def simple_calls(calls: object) -> object:
    """Tool calls as names and arguments, without their ids, which always differ; a single call is not put in a list.

    Example:
        >>> simple_calls([{"id": "x1", "function": {"name": "add", "arguments": '{"a": 1}'}}])
        {'name': 'add', 'arguments': {'a': 1}}
    """
    if isinstance(calls, str):
        try:
            calls = orjson.loads(calls)
        except orjson.JSONDecodeError:
            return calls
    simple: list[object] = []
    for call in calls if isinstance(calls, list) else [calls]:
        function = call.get("function", call) if isinstance(call, dict) else call
        if isinstance(function, dict) and isinstance(function.get("arguments"), str):
            with contextlib.suppress(orjson.JSONDecodeError):
                function = {**function, "arguments": orjson.loads(function["arguments"])}
        simple.append(function)
    return simple[0] if len(simple) == 1 else simple


def as_json(value: object) -> str:
    """A value as JSON with sorted keys.

    Raises: BadTurnsError where it cannot be written.
    """
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise BadTurnsError(f"a value that is not JSON: {str(error)[:60]}") from None


def joined(turns: tuple[Turn, ...]) -> str:
    """The texts of turns, a blank line between them."""
    return "\n\n".join([text for _, text in turns if text])
