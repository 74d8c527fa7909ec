"""Calls of tools against the tools that a row declares: names, arguments and their basic types."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from tunecase.data.checks.defect import Defect, NotChecked

if TYPE_CHECKING:
    from tunecase.data.checks.evidence import Evidence
    from tunecase.data.reading.rows import Row

FAULTS = (
    "a tool that is not declared", "a required argument missing", "an argument that is not declared",
    "arguments that are not JSON", "an argument of another type",
)  # fmt: skip
UNKNOWN, MISSING, UNDECLARED, NOT_JSON, TYPE = (1 << place for place in range(len(FAULTS)))
CALLED, JUDGED = 1 << len(FAULTS), 1 << len(FAULTS) + 1
_IN_TEXT = re.compile(r"<tool_call>(.*?)(?:</tool_call>|$)|<functioncall>\s*(\{.*?)(?:<\|endoftext\|>|$)", re.S)
_NAMES, _ARGUMENTS = ("name", "function", "tool_name"), ("arguments", "parameters", "args", "input")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "str": (str,), "integer": (int,), "int": (int,), "number": (int, float), "float": (int, float),
    "boolean": (bool,), "bool": (bool,), "array": (list,), "list": (list,), "object": (dict,), "dict": (dict,),
}  # fmt: skip
Declared = Mapping[str, tuple[Mapping[str, Any], frozenset[str], bool]]  # name: arguments, required, whether others may


def mark_rows(rows: "Sequence[Row]") -> list[int]:
    """What is wrong with the calls of each row: a bit for each of FAULTS, then called at all, then judged."""
    return [_of_one(row) if row.tools or (row.turns and _names_one(row)) else 0 for row in rows]


def _names_one(row: "Row") -> bool:
    return any('"name"' in text for _, text in row.turns)


def _of_one(row: "Row") -> int:
    declared = _declared(row.tools) if row.tools else None
    if declared is None and row.turns[0][0] == "system":
        inside, ended, _ = row.turns[0][1].partition("<tools>")[2].partition("</tools>")
        declared = _declared(inside.strip()) if ended else None
    bits = 0
    for call in _calls(row, declared is not None):
        bits |= CALLED if declared is None else CALLED | JUDGED | _faults(call, declared)
    return bits


def _calls(row: "Row", sure: bool) -> Iterator[Any]:
    """The calls in the answers of a row; `sure` says that it declares tools."""
    answers = [text for role, text in row.turns if role == "assistant"] if row.turns else [row.output]
    for text in answers:
        if "<tool_call>" in text or "<functioncall>" in text:
            for marked, single in _IN_TEXT.findall(text):
                yield from _opened((marked or single).strip())
        elif "{" in text and '"name"' in text:
            start = text.lstrip()[:1]
            found = list(_opened(text if start in ("{", "[") else text.rstrip().rsplit("\n", 1)[-1]))
            yield from (call for call in found if _is_call(call, sure))


def _opened(text: str) -> Iterator[Any]:
    """The calls in a text: JSON, or with single quotes around its arguments; the text itself where it is neither."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        first, last = text.find("'{"), text.rfind("}'")
        quoted = text[:first] + text[first + 1 : last + 1] + text[last + 2 :] if 0 <= first < last else text
        try:
            value = orjson.loads(quoted)
        except orjson.JSONDecodeError:
            value = text
    yield from value if isinstance(value, list) else [value]


def _is_call(call: Any, sure: bool) -> bool:
    named = isinstance(call, dict) and any(isinstance(call.get(name), str) for name in _NAMES)
    return named and (sure or "arguments" in call)


def _faults(call: Any, declared: Declared) -> int:
    if not isinstance(call, dict):
        return NOT_JSON
    call = call["function"] if isinstance(call.get("function"), dict) else call
    name = next((call[key] for key in _NAMES if isinstance(call.get(key), str)), "")
    if name not in declared:
        return UNKNOWN
    given: Any = next((call[key] for key in _ARGUMENTS if key in call), {})
    if isinstance(given, str):
        try:
            given = orjson.loads(given) if given.strip() else {}
        except orjson.JSONDecodeError:
            return NOT_JSON
    if not isinstance(given, dict):
        return NOT_JSON if given is not None else MISSING * bool(declared[name][1])
    arguments, required, open_ended = declared[name]
    bits = MISSING if required - given.keys() else 0
    bits |= UNDECLARED if not open_ended and given.keys() - arguments.keys() else 0
    wrong = any(key in arguments and not _fits(value, arguments[key]) for key, value in given.items())
    return bits | TYPE * wrong


def _fits(value: object, argument: object) -> bool:
    """Whether a value has the basic type that its argument declares; what is declared in another way fits anything."""
    named = argument.get("type") if isinstance(argument, dict) else argument
    if value is None or not isinstance(named, str):
        return True
    types = _TYPES.get(named.split(",")[0].strip().casefold())
    if types is None:
        return True
    if isinstance(value, float) and types == (int,):
        return value.is_integer()
    return isinstance(value, types) and (not isinstance(value, bool) or bool in types)


@lru_cache(maxsize=256)
def _declared(text: str) -> Declared | None:
    """The tools of a declaration by their names; None where it cannot be read."""
    try:
        tools = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:  # one a line, as a template writes them
            tools = [orjson.loads(line) for line in text.splitlines() if line.strip()]
        except orjson.JSONDecodeError:
            return None
    found = {}
    for tool in tools if isinstance(tools, list) else [tools]:
        function = tool.get("function", tool) if isinstance(tool, dict) else {}
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            return None
        found[function["name"]] = _arguments(function)
    return found


def _arguments(function: Mapping[str, Any]) -> tuple[Mapping[str, Any], frozenset[str], bool]:
    """Arguments by name, the required ones, and whether others may be given: where the schema is none or says so."""
    schema = next((function[key] for key in ("parameters", "input_schema", "arguments") if key in function), None)
    if not isinstance(schema, dict):
        return {}, frozenset(), schema is not None
    properties = schema.get("properties", {} if schema.get("type") == "object" else schema)
    if not isinstance(properties, dict):
        return {}, frozenset(), True
    named = schema.get("required")
    return (
        properties,
        frozenset(each for each in (named if isinstance(named, list) else ()) if isinstance(each, str)),
        bool(schema.get("additionalProperties")),
    )


def tool_calls(evidence: "Evidence") -> Defect | NotChecked | None:
    """Calls that do not fit the tools that their row declares: names, arguments, basic types.

    *Leaves out* calls in other than JSON, values inside objects and lists, and whether the call was the right one.
    """
    train, column = evidence.train, "mark call"
    called = int(train.total([column], lambda columns: int((columns[column] & CALLED > 0).sum())))
    judged = int(train.total([column], lambda columns: int((columns[column] & JUDGED > 0).sum())))
    rows = train.where([column], lambda columns: columns[column] & (CALLED - 1) > 0)
    if not len(rows):
        unseen = called and not judged
        return NotChecked("tool calls against their tools: no row declares any") if unseen else None
    _, kinds = train.marked("call", FAULTS)
    return Defect(
        check="tool_calls",
        severity="warn" if len(rows) >= 0.005 * evidence.train.rows else "note",
        why=f"{len(rows):,} of {judged:,} rows with calls do not fit the tools they declare: {kinds}",
        fix="correct the call, or declare the tool as it is called",
        rows=rows,
        examples=tuple(map(evidence.train.example, rows[:2].tolist())),
        review_rows=float(len(rows)),
    )
