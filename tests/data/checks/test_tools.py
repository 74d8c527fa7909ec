"""Calls are held against the tools that their row declares."""

import json

from tunecase.data.checks.tools import CALLED, FAULTS, JUDGED, MISSING, NOT_JSON, TYPE, UNDECLARED, UNKNOWN, mark_rows
from tunecase.data.reading.rows import Row

TOOLS = json.dumps([{"type": "function", "function": {"name": "add", "parameters": {
    "type": "object", "required": ["a"],
    "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {"type": "array"}}}}}])  # fmt: skip
FORMS = (
    "{}", "Let me see.\n{}", "<tool_call>\n{}\n</tool_call>",
    "<tool_call>{0}</tool_call>\n<tool_call>{0}</tool_call>", "<functioncall> {} <|endoftext|>", "[{}]",
)  # fmt: skip
CALLS = (
    ({"name": "add", "arguments": {"a": 1, "b": "x"}}, 0), ({"name": "add", "arguments": '{"a": 1}'}, 0),
    ({"name": "add", "arguments": {"a": 1.0}}, 0), ({"name": "sub", "arguments": {"a": 1}}, UNKNOWN),
    ({"name": "add", "arguments": {"b": "x"}}, MISSING), ({"name": "add", "arguments": {"a": 1, "z": 2}}, UNDECLARED),
    ({"name": "add", "arguments": "{a: 1"}, NOT_JSON), ({"name": "add", "arguments": {"a": "1"}}, TYPE),
    ({"name": "add", "arguments": {"a": True}}, TYPE), ({"name": "add", "arguments": {"a": 1, "c": {}}}, TYPE),
    ({"name": "add", "arguments": {"z": "1"}}, MISSING | UNDECLARED),
)  # fmt: skip


def row(answer, tools=TOOLS, system=""):
    """A chat with one answer."""
    turns = (*((("system", system),) if system else ()), ("user", "q"), ("assistant", answer))
    return Row(0, 1, "q", answer, {}, "", turns, tools)


def test_faults_of_calls_in_each_form():
    """As the turn, behind words, between marks, in a list, in the system turn; not without tools or schema."""
    marked = {(form, at): mark_rows([row(form.format(json.dumps(call)))])
              for form in FORMS for at, (call, _) in enumerate(CALLS)}  # fmt: skip
    assert {key: [CALLED | JUDGED | CALLS[key[1]][1]] for key in marked} == marked
    system = '<tools>\n{"name": "add", "parameters": {}}\n{"name": "sub"}\n</tools>'
    calls = ('<tool_call>{"name": "sub"}</tool_call>', '<tool_call>{"name": "mul"}</tool_call>')
    assert [CALLED | JUDGED, CALLED | JUDGED | UNKNOWN] == mark_rows([row(call, "", system) for call in calls])
    call = '{"name": "add", "arguments": {}}'
    assert [CALLED, 0, 0] == mark_rows([row(call, ""), row("Hello.", ""), row('{"name": "Ann"}', "")])
    assert len(FAULTS) == 5
    loose = '[{"name": "add", "parameters": true}]'
    assert [CALLED | JUDGED] == mark_rows([row('{"name": "add", "arguments": {"x": 1}}', loose)])
