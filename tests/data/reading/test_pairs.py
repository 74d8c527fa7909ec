"""Preference pairs in every usual spelling, and two answers with what says which is better."""

import json

from tunecase.data.reading.load import load
from tunecase.data.reading.preferences import preference
from tunecase.data.reading.winners import choice, number_of

GOOD, BAD = "a good answer", "a poor answer"
ROWS = 12


def table(path, rows):
    """The rows of a JSONL file."""
    (path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load(path / "d.jsonl")


def turn(role, text):
    """One turn of a chat."""
    return {"role": role, "content": text}


ASKED = [turn("user", "the question")]
SPELLINGS = (
    ("chosen", "rejected"), ("chosen_response", "rejected_response"), ("response_chosen", "response_rejected"),
    ("preferred", "dispreferred"), ("preferred_output", "non_preferred_output"), ("preferred", "rejected"),
    ("accepted", "rejected"), ("winner", "loser"), ("winning_response", "losing_response"), ("better", "worse"),
    ("better_answer", "worse_answer"), ("response_j", "response_k"), ("y_w", "y_l"), ("good_answer", "bad_answer"),
    ("Chosen Response", "Rejected Response"),
)  # fmt: skip


def test_better_and_worse_in_every_spelling(tmp_path):
    """Texts, turns or an object under usual names, OpenAI's preferences; other pairs of columns are none."""
    for at, names in enumerate(SPELLINGS):
        for form in FORMS if at < 2 else FORMS[at % 5 :][:1]:
            rows = [{"prompt": f"the question {k}", names[0]: form(GOOD), names[1]: form(BAD)} for k in range(ROWS)]
            read = table(tmp_path, rows)
            assert ("preference", []) == (read.layout.schema, list(read.bad)), names
            assert {(GOOD, BAD, True)} == {(row.output, row.rejected, row.is_target) for row in read.rows}
            assert "the question 3" == read.rows[3].input
    (tmp_path := tmp_path / "second").mkdir()
    tools = [{"type": "function", "function": {"name": "weather"}}]
    row = {
        "input": {"messages": ASKED, "tools": tools, "parallel_tool_calls": True},
        "preferred_output": [turn("assistant", GOOD)],
        "non_preferred_output": [turn("assistant", BAD)],
    }
    (read, *_) = table(tmp_path, [row] * 3).rows
    assert ("the question", GOOD, BAD) == (read.input, read.output, read.rejected)
    assert tools == json.loads(read.tools)
    assert read.tools in read.beside
    one, two = ([*ASKED, turn("assistant", text)] for text in (BAD, GOOD))
    row = {"model_a": "m", "model_b": "n", "winner": "model_b", "conversation_a": one, "conversation_b": two, "turn": 1}
    (read,) = table(tmp_path, [row]).rows
    assert ("the question", GOOD, BAD) == (read.input, read.output, read.rejected)
    for row in NOT_PAIRS:
        rows = [{**row, **({"label": k % 2} if isinstance(row.get("label"), int) else {})} for k in range(ROWS)]
        assert preference({name: name for name in row}, rows) is None, row


WINNERS = (
    ("response_a", "response_b", "winner", "model_a", "model_b", "tie"),
    ("response_a", "response_b", "winner", "A", "B", "tie (bothbad)"),
    ("response_a", "response_b", "winner", "response_a", "response_b", "both"),
    ("answer_a", "answer_b", "preference", "a", "b", "equal"), ("response_a", "response_b", "label", 0, 1, 0.5),
    ("answer_0", "answer_1", "better_response_id", 0, 1, "tie"),
    ("response_1", "response_2", "preferred", "1", "2", "0"), ("response_1", "response_2", "preferred", 1, 2, 0),
    ("output_1", "output_2", "choice", 0, 1, "tie"), ("response1", "response2", "overall_preference", -2, 3, 0),
    ("output_1", "output_2", "preference", 1.0, 2.0, 0.0),
    ("answer_a", "answer_b", "verdict", "Answer A", "Answer B", "Neither"),
    ("response_j", "response_k", "winner", "j", "k", "draw"),
)  # fmt: skip


def test_winners_in_columns_and_numbers(tmp_path):
    """Names, letters, one-hot columns and scores: the higher wins, a tie is no target."""
    for first, second, winner, one, two, tie in WINNERS:
        rows = [
            {"prompt": f"the question {k}", first: GOOD if k % 2 else BAD, second: BAD if k % 2 else GOOD,
             winner: one if k % 2 else two}
            for k in range(ROWS)
        ]  # fmt: skip
        read = table(tmp_path, [*rows, {**rows[0], winner: tie}])
        assert ("preference", []) == (read.layout.schema, list(read.bad))
        assert {(GOOD, BAD, True)} == {(row.output, row.rejected, row.is_target) for row in read.rows[:-1]}
        last = read.rows[-1]
        assert ("", "", False, read.rows[0].beside) == (last.output, last.rejected, last.is_target, last.beside)
    (tmp_path := tmp_path / "second").mkdir()
    names = ("winner_model_a", "winner_model_b"), ("score_a", "score_b"), ("rating_response_a", "rating_response_b")
    for first, second in names:
        rows = [
            {"prompt": f"q {k}", "response_a": GOOD if k % 2 else BAD, "response_b": BAD if k % 2 else GOOD,
             first: k % 2, second: 1 - k % 2, "labels": k % 2}
            for k in range(ROWS)
        ]  # fmt: skip
        read = table(tmp_path, [*rows, {**rows[0], first: 0, second: 0}])
        assert {(GOOD, True)} == {(row.output, row.is_target) for row in read.rows[:-1]}
        assert not read.rows[-1].is_target


def test_the_winner_as_its_own_text(tmp_path):
    """Or as no winner at all; both answers tell a row, whichever stood first; odd cells choose nothing."""
    rows = [{"question": f"q {k}", "answer_1": GOOD, "answer_2": BAD, "preferred": BAD} for k in range(ROWS)]
    assert {BAD} == {row.output for row in table(tmp_path, rows).rows}
    rows = [{"prompt": f"q {k}", "response_a": GOOD, "response_b": BAD, "winner": "model_a"} for k in range(ROWS)]
    (bad,) = table(tmp_path, [*rows, {**rows[0], "winner": "perhaps"}]).bad
    assert "'winner' does not say which answer is better" == bad.reason
    one = {"prompt": "q", "response_a": GOOD, "response_b": BAD, "winner": "model_a"}
    two = {"prompt": "q", "response_a": BAD, "response_b": GOOD, "winner": "model_b"}
    three = {**one, "winner": "model_b"}
    first, swapped, other = table(tmp_path, [one, two, three]).rows
    assert (first.beside, first.output) == (swapped.beside, swapped.output)
    assert (first.beside, first.rejected) == (other.beside, other.output)
    from tunecase.data.reading.rows import Winner

    assert [1.0, None, None, None] == [number_of(value) for value in ("1", "nan", "x", None)]
    winner = Winner(("w",), frozenset({"a"}), frozenset({"b"}))
    assert [None, None, None, 0] == [choice({"w": value}, winner, "x", "y") for value in (None, "", [1], "Tie")]


NOT_PAIRS = (
    {"sentence1": "a man sleeps", "sentence2": "a man rests", "label": 1},
    {"question1": "how are you", "question2": "how do you do", "label": 0},
    {"text_a": "one text here", "text_b": "another text here", "label": 1},
    {"text": "fine words", "label": "good"},
    {"prompt": "q", "response": "an answer of words", "label": 1},
    {"question": "q", "answer_a": "one thing", "answer_b": "another thing", "topic": "x"},
    {"anchor": "a text", "positive": "a text alike", "negative": "some other text"},
)


FORMS = [
    str, lambda text: turn("assistant", text), lambda text: [turn("assistant", text)], lambda text: {"text": text},
    lambda text: {"from": "gpt", "value": text},
]  # fmt: skip
