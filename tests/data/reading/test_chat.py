"""Chats of every usual kind: cut back, muted, with tools, reasoning, judgements and media."""

import json

import pytest

from tunecase.data.reading.detection import detect
from tunecase.data.reading.load import load
from tunecase.data.reading.rows import prompt_of
from tunecase.data.reading.thinking import is_open, with_thinking, without_thinking
from tunecase.errors import InputError

TOOLS = [{"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}]


def table(path, rows):
    """The rows of a JSONL file."""
    (path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load(path / "d.jsonl")


def said(*texts):
    """Turns of a user and an assistant, who take turns."""
    return [{"role": ("user", "assistant")[k % 2], "content": text} for k, text in enumerate(texts)]


def only(path, turns, **columns):
    """The one row of a file of one chat."""
    read = table(path, [{"messages": turns, **columns}])
    return (*read.rows, *read.bad)[0]


def test_turns_and_answers_of_chats(tmp_path):
    """Any usual order is kept, a chat is cut back to its last answer, and answers of weight 0 are no targets."""
    row = only(tmp_path, [*said("q", "a", "more?"), {"role": "system", "content": "s"}])
    assert ("q", "a", 2) == (row.input, row.output, row.cut_turns)
    assert ["user", "assistant"] == [role for role, _ in row.turns]
    row = only(tmp_path, said("q", "<think>first"))
    assert ("", "<think>first") == (row.thinking, row.output)
    assert is_open(row.output)
    assert ("first", "") == without_thinking(row.output)
    row = only(tmp_path, said("q", "a"), system="Be brief.")
    assert (("system", "Be brief."), "Be brief.\n\nq") == (row.turns[0], row.input)
    own = only(tmp_path, [{"role": "system", "content": "s"}, *said("q", "a")], system="Be brief.")
    assert "s\n\nq" == own.input
    (tmp_path := tmp_path / "second").mkdir()
    for turns in TURNS:
        row = only(tmp_path, turns)
        assert ("a", 0) == (row.output, row.cut_turns)
        assert [turn["content"] for turn in turns] == [text for _, text in row.turns]
    (tmp_path := tmp_path / "third").mkdir()
    chats = [said("q", "a", "r", "b") for _ in range(3)]
    chats[0][1]["weight"], chats[1][3]["weight"], chats[2][3]["loss_weight"] = 0, 0, 0.0
    muted, cut, unlearnt = (only(tmp_path, chat) for chat in chats)
    assert ("b", (1,), 0) == (muted.output, muted.muted, muted.cut_turns)
    assert ("a", (), 2) == (cut.output, cut.muted, cut.cut_turns)
    assert "a" == unlearnt.output
    silent = said("q", "a")
    silent[1]["weight"] = 0
    assert "every answer has weight 0" == only(tmp_path, silent).reason


def test_tools_are_a_part_of_what_goes_in(tmp_path):
    """A list or its text, beside a chat or a query: other tools make another row; those not JSON a bad one."""
    for declared in (TOOLS, json.dumps(TOOLS)):
        row = only(tmp_path, said("q", "a"), tools=declared)
        assert TOOLS == json.loads(row.tools)
        assert (f"{row.tools}\n\nq", row.tools) == (prompt_of(row), row.beside)
    none = only(tmp_path, said("q", "a"), tools=[])
    assert ("", "q") == (none.tools, prompt_of(none))
    rows = [{"query": f"add {k}", "answers": '[{"name": "add", "arguments": {}}]', "tools": json.dumps(TOOLS)}
            for k in range(3)]  # fmt: skip
    assert {row.tools} == {read.tools for read in table(tmp_path, rows).rows}
    read = table(tmp_path, [{"messages": said("q", "a"), "tools": text} for text in ("[]", "[{]", '[{"name": "f"}]')])
    assert ["'tools' is not JSON"] == [bad.reason for bad in read.bad]


REASONED = (
    "<think>\nfirst this\n</think>\n\nfour",
    "<thinking>first this</thinking>four",
    "first this\n</think>\n\nfour",
    "<|begin_of_thought|>first this<|end_of_thought|>\n<|begin_of_solution|>four<|end_of_solution|>",
)


def test_reasoning_is_told_from_the_answer(tmp_path):
    """In the text, in a field of a turn or a column; not where it gives the reason of a class."""
    for text in REASONED:
        row = only(tmp_path, said("q", text))
        (plain,) = table(tmp_path, [{"prompt": "q", "response": text}]).rows
        assert [("first this", "four")] * 2 == [(read.thinking, read.output) for read in (row, plain)]
        assert text == row.turns[-1][1]
    (tmp_path := tmp_path / "second").mkdir()
    for name in ("reasoning_content", "reasoning", "thinking"):
        row = only(tmp_path, [said("q")[0], {"role": "assistant", "content": "four", name: "first this"}])
        (plain,) = table(tmp_path, [{"question": "q", "response": "four", name: "first this"}]).rows
        assert [("first this", "four")] * 2 == [(read.thinking, read.output) for read in (row, plain)]
        assert with_thinking("first this", "four") == row.turns[-1][1]
    table(tmp_path, [{"text": f"words {k}", "label": "ab"[k % 2], "reasoning": "because"} for k in range(9)])
    assert None is detect(tmp_path / "d.jsonl").thinking


def test_judged_chats_and_rewards(tmp_path):
    """A bad answer is the rejected one; a chat without an answer takes the ground truth beside it."""
    for labels in ((True, False), (1, 0), ("desirable", "undesirable"), ("true", "false")):
        read = table(tmp_path, [{"messages": said("q", "a"), "label": labels[k % 2]} for k in range(4)])
        good, bad = read.rows[:2]
        assert ("a", "", True, "a") == (good.output, good.rejected, good.is_target, good.beside)
        assert ("", "a", False, "a") == (bad.output, bad.rejected, bad.is_target, bad.beside)
    rows = [{"prompt": "q", "response": "a", "label": k % 2} for k in range(4)]
    assert {True} == {row.is_target for row in table(tmp_path, rows).rows}
    (tmp_path := tmp_path / "second").mkdir()
    asked = [{"role": "system", "content": ""}, {"role": "user", "content": "What is 2 and 3?"}]
    truths = ["5", [{"id": "x1", "function": {"name": "add", "arguments": '{"a": 2}'}}]]
    for column in ("messages", "prompt"):
        rows = [{column: asked, "reward_model": {"ground_truth": truth, "style": "rule"}} for truth in truths]
        read = table(tmp_path, rows)
        assert ["5", '{"arguments":{"a":2},"name":"add"}'] == [row.output for row in read.rows]
        assert {"What is 2 and 3?"} == {row.input for row in read.rows}


PICTURE = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
WORDS = {"type": "text", "text": "What?"}
HELD = (
    ({"messages": [{"role": "user", "content": [PICTURE, WORDS]}, *said("q", "a")]}, "an image"),
    ({"messages": [{"role": "user", "content": [{"type": "input_audio", "data": "x"}]}, *said("q", "a")]}, "audio"),
    ({"messages": said("<image>What is it?", "a cat"), "images": ["b.png"]}, "an image"),
    ({"question": "What is it?", "answer": "a cat", "image": {"bytes": "x", "path": None}}, "an image"),
)  # fmt: skip


def test_media_and_parts_of_content(tmp_path):
    """Rows with media are set aside with the reason; text, calls and results are read under any usual name."""
    for row, kind in HELD:
        plain = {**row, "messages": said("q", "a"), "images": []} if "messages" in row else {**row, "image": None}
        read = table(tmp_path, [plain, row])
        assert (1, [f"holds {kind}, and only text is read"]) == (len(read.rows), [bad.reason for bad in read.bad])
        with pytest.raises(InputError, match=kind):
            table(tmp_path, [row] * 3)
    rows = [{"text": f"a red chair {k}", "label": "ab"[k % 2], "image": "https://a.example/b.png"} for k in range(9)]
    assert 9 == len(table(tmp_path, rows).rows)
    (tmp_path := tmp_path / "second").mkdir()
    call = {"type": "tool_use", "id": "x", "name": "add", "input": {"a": 2}}
    asked = {"role": "user", "content": [{"type": "text", "value": "Add two."}]}
    result = {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "4"}]}]}
    parts = [{"type": "reasoning", "value": "Sum."}, {"type": "text", "value": "Four."}]
    ended = {"role": "assistant", "content": parts}
    row = only(tmp_path, [asked, {"role": "assistant", "content": [call]}, result, ended])
    assert ("Four.", "Sum.") == (row.output, row.thinking)
    assert ["Add two.", '{"arguments":{"a":2},"name":"add"}', "4"] == [text for _, text in row.turns[:3]]
    unknown = {"role": "assistant", "content": [{"type": "riddle"}]}
    assert "without text" in only(tmp_path, [asked, unknown]).reason


TURNS = [
    [{"role": "system", "content": "one"}, {"role": "system", "content": "two"}, *said("q", "a")],
    [*said("q", "b"), {"role": "system", "content": "s"}, *said("q", "a")],
    [*said("q"), *said("q", "a")],
    [{"role": "assistant", "content": "Hello!"}, *said("q", "a")],
    [{"role": "user", "content": ""}, *said("q", "a")],
    [*said("q", "b"), {"role": "assistant", "content": "a"}],
]
