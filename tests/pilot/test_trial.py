"""A pilot is a ladder of real runs that is never run twice."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from tests import toy_trainer
from tunecase.data.reading.load import load
from tunecase.data.reading.rows import Layout, Row, Table
from tunecase.errors import InputError
from tunecase.pilot import trial as module
from tunecase.pilot.conduct import Journal, Progress
from tunecase.pilot.settings import Material
from tunecase.pilot.trainers.task import Task
from tunecase.pilot.trial import baselines, pilot
from tunecase.records import Pilot, PilotSettings, Run

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "support-tickets"
LAYOUT = Layout("jsonl", "text/label", ("text",), "label")


def table(pairs: list[tuple[str, str]]) -> Table:
    """A table of (text, label) rows."""
    return Table(LAYOUT, tuple(Row(i, i + 1, text, label, {}) for i, (text, label) in enumerate(pairs)), ())


TRAIN = table([(f"text {i} about {'cats' if i % 2 else 'dogs'}", "cat" if i % 2 else "dog") for i in range(64)])
TEST = table([("cats cats", "cat"), ("dogs dogs", "dog"), ("cats", "cat")])


def example(name: str) -> Table:
    """The example's training or test rows."""
    return load(EXAMPLE / "data" / f"{name}.jsonl")


def planted() -> set[int]:
    """The example's training rows with a defect that an audit would drop."""
    defects = json.loads((EXAMPLE / "manifest.json").read_text(encoding="utf-8"))["train"]
    return {row["row"] for name, rows in defects.items() if name not in ("pii", "overlong") for row in rows}


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Makes the toy trainer known and returns the tasks it sees."""
    monkeypatch.setattr(module, "TRAINERS", (*module.TRAINERS, ("toy", "tests.toy_trainer")))
    toy_trainer.seen.clear()
    return toy_trainer.seen


def climb(train: Table = TRAIN, test: Table = TEST, **given: object) -> Pilot:
    """A pilot in this process, with the toy trainer unless told."""
    told: dict[str, Any] = {"metric": "accuracy", "direction": "higher", "trainer": "toy", "workers": 1, **given}

    def own(record: type) -> Any:
        return record(**{field.name: told.pop(field.name) for field in fields(record) if field.name in told})

    settings, journal, ask = own(PilotSettings), own(Journal), told.pop("ask", None)
    return pilot(Material(train, test, **told), settings, journal, ask)


def untimed(runs: Sequence[Run]) -> list[Run]:
    """Runs without the fields that differ from one go to the next."""
    return [replace(run, seconds=0, usd=0, answers_per_s=None) for run in runs]


def test_one_seed_one_answer(toy: list[Task]) -> None:
    """The same seed gives the same tasks and runs; another seed draws other rows."""
    first = climb(seed=1)
    tasks = list(toy)
    toy.clear()
    second = climb(seed=1)
    assert tasks == toy
    assert untimed(first.runs) == untimed(second.runs)
    assert {run.key for run in first.runs}.isdisjoint(run.key for run in climb(seed=2).runs)


def test_subsets_are_nested_and_in_proportion(toy: list[Task]) -> None:
    """Within a draw each subset begins with the smaller one, even classes differ by one at most; one test set."""
    record = climb(sizes=(5, 11, 64), draws=2)
    assert [(5, 0), (5, 1), (11, 0), (11, 1), (64, 0)] == [(run.n, run.draw) for run in record.runs]
    for small, large in ((0, 2), (1, 3)):
        assert toy[small].texts == toy[large].texts[:5]
        assert {2, 3} == set(Counter(toy[small].labels).values())
        assert toy[small].seed == toy[large].seed
    assert toy[0].texts != toy[1].texts
    assert 1 == len({(task.test_texts, task.test_labels) for task in toy})


def test_done_runs_are_not_repeated(toy: list[Task]) -> None:
    """Runs handed back are taken over; only the rest is made, and the result is as in one go."""
    whole = climb()
    toy.clear()
    done = {run.key: run for run in whole.runs[:7]}
    told: list[Run] = []
    record = climb(done=done, on_run=told.append)
    assert (7, len(whole.runs) - 7) == (record.reused, len(toy))
    assert list(whole.runs[7:]) == [run for run in told if run.purpose == "ladder"]
    assert ["toy", "probe"] == sorted({run.trainer for run in told}, reverse=True)
    assert untimed(whole.runs) == untimed(record.runs)


def test_keys_change_with_what_a_run_depends_on(toy: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another row, test set, metric or setting makes other runs."""
    runs = {run.key for run in climb().runs}
    others = [
        climb(drop_rows={3}), climb(test=table([("cats", "cat")])), climb(metric="chrf"),
    ]  # fmt: skip
    monkeypatch.setattr(toy_trainer, "SETTINGS", {"asymptote": 0.8})
    for other in (*others, climb()):
        assert runs.isdisjoint(run.key for run in other.runs)


def test_a_failing_run_is_recorded(toy: list[Task]) -> None:
    """A trainer that raises leaves a run with its reason on one line; the ladder goes on; later it is tried again."""
    train = table([(row.input + (" fail" if row.number == 0 else ""), row.output) for row in TRAIN.rows])
    record = climb(train)
    failed = [run for run in record.runs if run.failed]
    assert {"RuntimeError: out of memory"} == {run.failed for run in failed}
    assert 64 == failed[-1].n
    assert 64 not in dict(record.mean_scores)
    again = climb(train, done={run.key: run for run in record.runs})
    assert len(record.runs) - len(failed) == again.reused


def test_progress_tells_after_each_run(toy: list[Task]) -> None:
    """Progress counts runs, reused ones too, and gives the mean at the last size; nothing is left at the end."""
    whole = climb(draws=2)
    states: list[Progress] = []
    climb(draws=2, done={run.key: run for run in whole.runs[:2]}, progress=states.append)
    total = len(whole.runs) + 1  # the probe beside it
    assert 2 == states[0].done
    states = [state for state in states if state.last is not None]
    assert [(done, total) for done in range(3, total + 1)] == [(state.done, state.total) for state in states]
    assert 0 == states[-1].left_s < states[0].left_s
    assert states[-2].last == whole.runs[-1]
    assert pytest.approx(0.9 - 1 / 64) == states[-2].mean
    assert whole.runs == states[-1].runs
    assert 0 == states[-1].usd


def test_time_is_kept(toy: list[Task]) -> None:
    """After max_minutes no run is begun; one is always made, and the record says how far it came."""
    record = climb(max_minutes=0)
    assert 1 == len(record.runs)
    assert record.stopped.endswith("1 of 13 runs made")


TOO_LITTLE: list[tuple[Table, Table, str]] = [
    (TRAIN, table([]), "no usable test row"),
    (table([("x", "a"), ("y", "b")]), TEST, "2 usable training rows: a pilot needs at least 10"),
    (table([("x", "a")] * 20), TEST, "all 20 usable training rows have the same output"),
    (table([(f"x{i}", f"a{i % 8}") for i in range(12)]), TEST, "12 usable training rows with 8 different outputs"),
]


def test_a_run_keeps_how_fast_it_answered() -> None:
    """The probe's test rows over the time that it took to answer them, less than the whole run."""
    found = climb(example("train"), example("test"), trainer="probe", sizes=(40,), draws=1)
    (run,) = [run for run in found.runs if run.purpose == "ladder"]
    assert run.answers_per_s > run.test_rows / run.seconds


def test_too_little_is_an_answer() -> None:
    """Data that cannot carry a pilot give a record without runs that says what they lack."""
    records = [(words, climb(train, test, trainer="probe")) for train, test, words in TOO_LITTLE]
    assert [] == [record for words, record in records if record.runs or record.sizes or words not in record.stopped]


def test_mistakes_are_gathered() -> None:
    """An unknown metric, no draws and sizes out of range are reported together."""
    with pytest.raises(InputError) as caught:
        climb(trainer="probe", metric="bleu", draws=0, sizes=(0, 10, 65))
    assert ["pilot: metric", "pilot: draws", "pilot: sizes"] == [problem.where for problem in caught.value.problems]
    assert "0, 65" == caught.value.problems[2].got
    with pytest.raises(InputError, match="direction"):
        climb(trainer="probe", direction="lower")


def test_an_unknown_trainer_is_refused() -> None:
    """A trainer that is not there is refused with the near names."""
    with pytest.raises(InputError, match="did you mean probe"):
        climb(trainer="prob")


def test_the_probe_needs_classes(toy: list[Task]) -> None:
    """Free texts as outputs are refused for the probe, with what to do; a trainer that can learn them goes ahead."""
    texts = table([(f"question {i}", f"the answer to question {i}") for i in range(40)])
    with pytest.raises(InputError, match="40 different outputs in 40 usable training rows"):
        climb(texts, texts, trainer="probe")
    with pytest.raises(InputError, match="extraction or generation"):
        climb(texts, texts)
    record = climb(texts, texts, kind="generation")
    assert record.runs
    assert {"majority", "nearest"} == {one.name for one in record.baselines}
    assert "generation" == record.kind


def test_baselines_are_measured() -> None:
    """The majority class scores its share of the test rows; the probe scores above it."""
    majority, probe = baselines(TRAIN, TEST, metric="accuracy", drop_rows={1})
    assert ("majority", pytest.approx(1 / 3), 3) == (majority.name, majority.score, majority.test_rows)
    assert ("probe", 1.0) == (probe.name, probe.score)


def test_baselines_of_nothing() -> None:
    """Without rows, classes or a metric of answers there is no baseline, rather than a zero."""
    texts = table([(f"question {i}", f"the answer to question {i}") for i in range(40)])
    assert () == baselines(TRAIN, table([]), metric="accuracy")
    assert () == baselines(texts, texts, metric="accuracy")
    assert () == baselines(TRAIN, TEST, metric="loss")


@pytest.mark.slow
def test_workers_change_nothing() -> None:
    """Two processes make the runs that one makes, but for their times."""
    one, two = (climb(trainer="probe", sizes=(8, 64), workers=workers) for workers in (1, 2))
    assert untimed(one.runs) == untimed(two.runs)


@pytest.mark.slow
def test_the_example_has_a_curve() -> None:
    """On the support tickets all rows score well above about a hundred, and the default ladder takes seconds."""
    record = climb(example("train"), example("test"), trainer="probe", workers=None, drop_rows=planted())
    scores = dict(record.mean_scores)
    assert (21, 41, 83, 166, 332, 663) == record.sizes == tuple(scores)
    assert scores[663] - scores[83] >= 0.12
    assert list(scores.values()) == sorted(scores.values())
    assert all(run.converged for run in record.runs)
    assert ("majority",) == tuple(baseline.name for baseline in record.baselines)


def test_a_baseline_with_confidences_makes_a_promise_at_the_targets_error(toy: list[Task]) -> None:
    """The probe among the rivals promises to answer all of a test set that it never gets wrong; the majority cannot."""
    tests = table([(f"{i} {'cats' if i % 2 else 'dogs'}", "cat" if i % 2 else "dog") for i in range(120)])
    record = climb(test=tests, target=0.95)
    by_name = {baseline.name: baseline for baseline in record.baselines}
    promised = by_name["probe"].promise
    assert (promised.error, promised.coverage, promised.rows) == (0.05, 1.0, 120)
    assert by_name["majority"].promise is None
    assert all(each.promise is None for each in climb(test=tests).baselines)
