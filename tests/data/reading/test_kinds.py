"""Kinds of answers: task and metric follow from what the answers are."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tunecase import catalog
from tunecase.data.reading import Row, kind_of, metric_for, task_of

COLOURS = ("red", "green", "blue")


def rows(*outputs: str, **more: object) -> list[Row]:
    """Rows with these answers."""
    return [Row(n, n + 1, f"question {n}", output, {}, **more) for n, output in enumerate(outputs)]  # type: ignore[arg-type]


def many(make: object, count: int = 60) -> list[str]:
    """The answers that a function of the row's number gives."""
    return [make(n) for n in range(count)]  # type: ignore[operator]


SEEN: dict[str, tuple[list[str], tuple[str, str]]] = {
    "labels": (many(lambda n: COLOURS[n % 3]), ("classification", "accuracy")),
    "labels with marks": (many(lambda n: f"lost_or_stolen/{n % 9}?"), ("classification", "accuracy")),
    "stars": (many(lambda n: str(1 + n % 5)), ("classification", "accuracy")),
    "half stars": (many(lambda n: f"{n % 10 / 2}"), ("classification", "accuracy")),
    "codes of labels": (many(lambda n: str(n % 40), 200), ("classification", "accuracy")),
    "results of sums": (many(lambda n: str(n * 7 % 400), 60), ("generation", "exact_match")),
    "prices": (many(lambda n: f"{n * 3.7:.2f}"), ("generation", "exact_match")),
    "objects": (many(lambda n: json.dumps({"name": COLOURS[n % 3]})), ("extraction", "field_f1")),
    "objects in a code block": (many(lambda n: f'```json\n{{"n": {n}}}\n```'), ("extraction", "field_f1")),
    "lists of labels": (many(lambda n: json.dumps([COLOURS[n % 3], COLOURS[n % 2]])), ("extraction", "field_f1")),
    "calls": (many(lambda n: json.dumps({"name": "add", "arguments": {"a": n}})), ("generation", "tool_calls")),
    "marked calls": (many(lambda n: f"<tool_call>{n}</tool_call>"), ("generation", "tool_calls")),
    "worked answers": (many(lambda n: f"{n} and {n}\n#### {2 * n}"), ("generation", "exact_match")),
    "boxed answers": (many(lambda n: f"So it is $\\boxed{{{n}}}$."), ("generation", "exact_match")),
    "queries": (many(lambda n: f"SELECT a FROM t WHERE b = {n}"), ("generation", "exact_match")),
    "commands": (many(lambda n: f"ls dir{n} | sort -u > out{n}"), ("generation", "exact_match")),
    "programs": (many(lambda n: f"def f{n}(x):\n    y = x + {n}\n    return y\n"), ("generation", "chrf")),
    "short answers": (many(lambda n: f"Mount {n}"), ("generation", "exact_match")),
    "short sentences": (many(lambda n: f"This is what we said about day {n}."), ("generation", "chrf")),
    "letters": (many(lambda n: f"Dear reader,\n{'we write to you ' * 9}{n}."), ("generation", "chrf")),
    "mostly one answer": (many(lambda n: "none" if n % 3 else f"Mount {n} alone"), ("generation", "exact_match")),
    "nothing": ([], ("generation", "chrf")),
}


def test_tasks_and_metrics_of_answers() -> None:
    """Each form has its kind and metric; pairs and judged answers are generation whatever they look like."""
    tasks = {name: task_of(rows(*outputs)) for name, (outputs, _) in SEEN.items()}
    assert {name: wanted for name, (_, wanted) in SEEN.items()} == {
        name: (task.kind, task.metric) for name, task in tasks.items()
    }
    for name, task in tasks.items():
        assert task.kind in catalog.metric(task.metric).tasks, name
        assert kind_of(SEEN[name][0]) == task.kind, name
    pairs = task_of(rows(*many(lambda n: COLOURS[n % 3]), rejected="no"))
    assert (pairs.kind, pairs.metric) == ("generation", "exact_match")
    assert "dpo" in pairs.advice
    judged = task_of([*rows(*many(lambda n: f"A long reply to letter number {n}, as kind as can be.")),
                      *rows("", "", "", "", "", "", "", "", is_target=False, rejected="no")])  # fmt: skip
    assert (judged.kind, judged.metric) == ("generation", "chrf")
    assert "kto" in judged.advice
    assert judged.seen == "8 of 68 answers rejected"
    programs = [Row(n, n, "q", f"def f{n}(x):\n    y = x\n    return y\n", {"test": "assert 1"}) for n in range(9)]
    assert "pass_at_1" in task_of(programs).advice
    assert metric_for(rows("red", "blue", "red"), "generation") == "chrf"
    assert metric_for(rows("red", "blue", "red"), "classification") == "accuracy"
    assert metric_for(rows(*many(lambda n: f"Mount {n}")), "generation") == "exact_match"
    parts = [f"Please hand this on to the people who look after the {name} of this old house." for name in "abc"]
    program = "def area(width, height):\n    total = width * height\n    return total * (1 + 0)\n"
    assert "classification" == kind_of(parts * 3)
    assert "generation" == kind_of(parts)
    assert "generation" == kind_of([program, program.replace("total", "sum")] * 3)


@given(st.lists(st.text(max_size=40), max_size=30), st.randoms())
def test_the_order_of_rows_does_not_matter(outputs: list[str], rng: object) -> None:
    """Any answers have a task whose metric is made for it, the same in any order."""
    first = task_of(rows(*outputs))
    assert first.kind in catalog.metric(first.metric).tasks
    rng.shuffle(outputs)  # type: ignore[attr-defined]
    again = task_of(rows(*outputs))
    assert (first.kind, first.metric) == (again.kind, again.metric)
