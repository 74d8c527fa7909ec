"""Tool calls are read in every usual form and compared as values."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tunecase.pilot.scoring.calls import Call, compare_calls, read_calls
from tunecase.pilot.scoring.score import score_of

PLAIN = '{"name": "book_table", "arguments": {"people": 4, "place": "Lido"}}'
WANTED = (Call("book_table", '{"people": 4, "place": "Lido"}'),)
ARGUMENTS = '{\\"place\\": \\"Lido\\", \\"people\\": 4}'
NAMES = st.sampled_from(["find", "send", "book"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
CALLS = st.lists(
    st.fixed_dictionaries({"name": NAMES, "arguments": st.dictionaries(st.text(max_size=3), VALUES, max_size=3)}),
    min_size=1,
    max_size=3,
)


def test_every_usual_form_is_the_same_call() -> None:
    """One call reads the same in the forms of Hermes, glaive, OpenAI, Llama, Mistral and as plain JSON."""
    cases = [
        PLAIN, f"[{PLAIN}]", f"I will do that.\n<tool_call>\n{PLAIN}\n</tool_call>",
        '<functioncall> {"name": "book_table", "arguments": \'{"place": "Lido", "people": 4}\'} <|endoftext|>',
        f'{{"tool_calls": [{{"type": "function", "function": {{"name": "book_table", "arguments": "{ARGUMENTS}"}}}}]}}',
        f'{{"function_call": {{"name": "book_table", "arguments": "{ARGUMENTS}"}}}}',
        '<|python_tag|>{"name": "book_table", "parameters": {"place": "Lido", "people": 4.0}}',
        f"[TOOL_CALLS] [{PLAIN}]", f"```json\n{PLAIN}\n```",
    ]  # fmt: skip
    assert [] == [text for text in cases if WANTED != read_calls(text)]


def test_what_calls_nothing_holds_no_call() -> None:
    """Plain text, an object of other fields and a broken call are none."""
    cases = ["", "Good morning.", '{"name": "Ann", "city": "Rome"}', "[1, 2]", "<tool_call>soon"]
    assert [] == [text for text in cases if () != read_calls(text)]


def test_parallel_calls_may_come_in_any_order() -> None:
    """Two calls at once are right whatever their order; a call too many is not."""
    first, second = PLAIN, PLAIN.replace("Lido", "Porto")
    assert compare_calls(f"[{first}, {second}]", f"[{second}, {first}]").whole
    assert not compare_calls(first, f"[{first}, {first}]").whole


def test_names_may_be_right_alone() -> None:
    """The right tool with a wrong argument has the names right and is wrong as a whole."""
    found = compare_calls(PLAIN, PLAIN.replace("4", "5"))
    assert (True, False) == (found.names, found.whole)


def test_where_no_call_is_wanted_none_must_be_made() -> None:
    """A text in reply to a text is right for this metric, a call is wrong."""
    assert [1.0, 0.0] == [score_of("tool_calls", ["Good morning."], [guess]) for guess in ("Hello!", PLAIN)]


@given(CALLS, st.randoms())
def test_a_perfect_answer_scores_one(calls: list[dict[str, object]], random: object) -> None:
    """The same calls in another order, with their keys in another order, score 1 and read the same either way."""
    turned = [dict(reversed(list(call.items()))) for call in reversed(calls)]
    tags = "".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>" for call in turned)
    assert 1.0 == score_of("tool_calls", [json.dumps(calls)], [json.dumps(turned)])
    assert 1.0 == score_of("tool_calls", [json.dumps(calls)], [tags])
