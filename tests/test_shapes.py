"""Files of every shape walk from `init` to the end of `run` with nothing edited.

Each shape is a made-up file of some 80 rows. `init --split 20%` must state task and metric; `run` must end well, with a
bill, what looks reachable, and a next step.
"""

import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import tunecase

ROWS = 80
THINGS = "lamp kettle ladder anchor basket mirror pencil blanket bucket candle hammer violin".split()
TOWNS = "Arden Brook Calder Dorn Elm Fell Garth Holt".split()
NAMES = "Ann Bob Cleo Dan Eve Finn Gus Hal Ivy Jon".split()


class Row:
    """What the n-th row of any shape is made of."""

    def __init__(self, n: int) -> None:
        rng = random.Random(n)
        self.n, self.thing, self.town, self.name = n, rng.choice(THINGS), rng.choice(TOWNS), rng.choice(NAMES)
        self.price, self.colour = 5 + n, ("red", "green", "blue")[n % 3]
        words = " ".join(f"{rng.choice(THINGS)}{rng.randrange(900)}" for _ in range(6))
        order = f"{self.name} in {self.town} ordered a {self.colour} {self.thing}"
        self.letter = f"{order} for {self.price} pounds: {words}."
        self.refusal, self.found = f"No, {self.name}.", words.split()[0]
        self.question = f"What did {self.name} order in {self.town}, letter {n}, beside {words}?"
        self.reply = f"Dear {self.name}, your {self.colour} {self.thing} leaves {self.town} on day {n} of the month."
        self.code = f"def order_{n}(count):\n    total = count * {self.price}\n    return total + {n}\n"


def lines(make: Callable[[Row], Any]) -> Callable[[Path], Path]:
    """A JSONL file of these rows."""

    def write(folder: Path) -> Path:
        path = folder / "data.jsonl"
        path.write_text("".join(json.dumps(make(Row(n))) + "\n" for n in range(ROWS)), encoding="utf-8")
        return path

    return write


def array(make: Callable[[list[Row]], Any]) -> Callable[[Path], Path]:
    """One JSON value of all rows."""

    def write(folder: Path) -> Path:
        path = folder / "data.json"
        path.write_text(json.dumps(make([Row(n) for n in range(ROWS)])), encoding="utf-8")
        return path

    return write


def table(head: list[str], make: Callable[[Row], list[Any]]) -> Callable[[Path], Path]:
    """A CSV file, without a header where `head` is empty."""

    def write(folder: Path) -> Path:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(([head] if head else []) + [make(Row(n)) for n in range(ROWS)])
        path = folder / "data.csv"
        path.write_bytes(text.getvalue().encode())
        return path

    return write


def parquet(folder: Path) -> Path:
    """Classes as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [Row(n) for n in range(ROWS)]
    pq.write_table(
        pa.table({"text": [r.letter for r in rows], "label": [r.colour for r in rows]}), folder / "d.parquet"
    )
    return folder / "d.parquet"


def conll(folder: Path) -> Path:
    """One token a line with its tag."""
    rows = (Row(n) for n in range(ROWS))
    text = "\n".join(f"{r.name} B-PER\nlives O\nin O\n{r.town} B-LOC\nat O\nnumber O\n{r.n} O\n" for r in rows)
    (folder / "data.conll").write_text(text, encoding="utf-8")
    return folder / "data.conll"


def nested(rows: list[Row]) -> dict[str, Any]:
    """SQuAD's paragraphs."""
    paragraphs = [
        {
            "context": r.letter,
            "qas": [{"id": str(r.n), "question": "Who ordered?", "answers": [{"text": r.found, "answer_start": 0}]}],
        }
        for r in rows
    ]  # fmt: skip
    return {"version": "1", "data": [{"title": "letters", "paragraphs": paragraphs}]}


def turns(*pairs: tuple[str, str], role: str = "role", text: str = "content") -> list[dict[str, str]]:
    """A chat."""
    return [{role: who, text: said} for who, said in pairs]


TOOL = {
    "type": "function",
    "function": {"name": "find_order", "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}}},
}  # fmt: skip


def called(r: Row) -> dict[str, Any]:
    """A chat whose answer calls a tool."""
    call = {"id": f"c{r.n}", "type": "function", "function": {"name": "find_order", "arguments": f'{{"n": {r.n}}}'}}
    answer = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"tools": [TOOL], "messages": [*turns(("user", r.question)), answer]}


CLASSES, EXTRACTION, TEXT = ("classification", "accuracy"), ("extraction", "field_f1"), ("generation", "chrf")
SHORT = ("generation", "exact_match")
SHAPES: dict[str, tuple[Callable[[Path], Path], tuple[str, str]]] = {
    "classes jsonl": (lines(lambda r: {"text": r.letter, "label": r.colour}), CLASSES),
    "classes csv": (table(["text", "label"], lambda r: [r.letter, r.colour]), CLASSES),
    "classes csv without a header": (table([], lambda r: [r.letter, r.colour]), CLASSES),
    "classes parquet": (parquet, CLASSES),
    "splits in one json": (array(lambda rows: {"train": [[r.letter, r.colour] for r in rows]}), CLASSES),
    "stars": (lines(lambda r: {"review": r.letter, "stars": 1 + 2 * len(r.colour) % 5}), CLASSES),
    "alpaca": (lines(lambda r: {"instruction": "Answer the letter.", "input": r.letter, "output": r.reply}), TEXT),
    "prompt and completion": (lines(lambda r: {"prompt": r.letter, "completion": r.reply}), TEXT),
    "short answers": (lines(lambda r: {"question": r.question, "answer": f"a {r.thing} {r.n}"}), SHORT),
    "worked answers": (
        lines(lambda r: {"question": r.question, "answer": f"{r.n} and 2\nmake\n#### {r.n + 2}"}), SHORT,
    ),
    "openai chat": (lines(lambda r: {"messages": turns(("user", r.letter), ("assistant", r.reply))}), TEXT),
    "chat ends on the user": (
        lines(lambda r: {"messages": turns(("user", r.letter), ("assistant", r.reply), ("user", "Thanks."))}), TEXT,
    ),
    "sharegpt": (
        lines(lambda r: {"conversations": turns(("human", r.letter), ("gpt", r.reply), role="from", text="value")}),
        TEXT,
    ),
    "tools": (lines(called), ("generation", "tool_calls")),
    "kto": (lines(lambda r: {"prompt": r.letter, "completion": r.reply, "label": r.n % 2 == 0}), TEXT),
    "chosen and rejected": (
        lines(lambda r: {"prompt": r.letter, "chosen": r.reply, "rejected": r.refusal}), TEXT,
    ),
    "dpo of openai": (
        lines(lambda r: {
            "input": {"messages": turns(("user", r.letter))}, "preferred_output": turns(("assistant", r.reply)),
            "non_preferred_output": turns(("assistant", r.refusal)),
        }),
        TEXT,
    ),
    "winner column": (
        lines(lambda r: {"prompt": r.letter, "response_a": r.reply, "response_b": r.refusal, "winner": "model_a"}),
        TEXT,
    ),
    "extraction": (
        lines(lambda r: {"text": r.letter, "json": {"name": r.name, "town": r.town, "price": r.price}}), EXTRACTION,
    ),
    "squad nested": (array(nested), SHORT),
    "squad flat": (
        lines(lambda r: {"context": r.letter, "question": f"Who? {r.n}", "answers": {"text": [r.found]}}),
        SHORT,
    ),
    "conll": (conll, EXTRACTION),
    "spans": (
        lines(lambda r: {"text": r.letter, "spans": [{"start": 0, "end": len(r.name), "label": "PER"}]}), EXTRACTION,
    ),
    "code": (lines(lambda r: {"prompt": f"Write order_{r.n} for {r.thing}.", "completion": r.code}), TEXT),
    "sql": (
        lines(lambda r: {"question": r.question, "answer": f"SELECT name FROM orders WHERE price = {r.price}"}), SHORT,
    ),
    "thinking": (
        lines(lambda r: {"prompt": r.letter, "completion": f"<think>{r.question}</think>\n{r.reply}"}), TEXT,
    ),
    "summaries": (lines(lambda r: {"document": f"{r.letter} {r.reply}", "summary": r.letter}), TEXT),
    "translation": (lines(lambda r: {"translation": {"en": r.reply, "de": f"Liebe {r.name}, {r.letter}"}}), TEXT),
    "multiple choice": (
        lines(lambda r: {"question": r.question, "choices": NAMES, "answer": NAMES.index(r.name)}), CLASSES,
    ),
}  # fmt: skip


def begun(folder: Path, name: str) -> dict[str, Any]:
    """The project file that `init --split 20%` writes for a shape."""
    ran = tunecase("init", SHAPES[name][0](folder), "--split", "20%", cwd=folder)
    assert ran.code == 0, ran.err
    read: dict[str, Any] = yaml.safe_load((folder / "tunecase.yaml").read_text(encoding="utf-8"))
    return read


# Of the readers' families one each.
WALKED = (
    "classes csv without a header", "splits in one json", "stars", "alpaca", "openai chat", "tools", "squad nested",
    "conll", "dpo of openai", "translation", "multiple choice", "code",
)  # fmt: skip
QUICK = ("classes csv without a header", "splits in one json", "tools", "squad nested", "conll", "translation")


@pytest.mark.parametrize(
    "name", [shape if shape in QUICK else pytest.param(shape, marks=pytest.mark.slow) for shape in SHAPES]
)
def test_init_states_task_and_metric(tmp_path: Path, name: str) -> None:
    """Both files are named, and task and metric are those of the answers."""
    project = begun(tmp_path, name)
    assert (project["problem"]["task"], project["problem"]["metric"]) == SHAPES[name][1]
    assert {"train", "test"} <= project["data"].keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", WALKED)
def test_a_file_of_this_shape_walks_to_the_end(tmp_path: Path, name: str) -> None:
    """Nothing edited: a bill, what looks reachable, a next step, in fourteen lines and without a traceback."""
    begun(tmp_path, name)
    ran = tunecase("run", "--yes", cwd=tmp_path)
    said = ran.out + ran.err
    assert ran.code == 0, said
    assert "Traceback" not in said
    for owed in ("price", "reachable", "next:", "USD"):
        assert owed in ran.out, (owed, said)
    assert len(ran.out.rstrip().splitlines()) <= 14
