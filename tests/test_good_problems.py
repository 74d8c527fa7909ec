"""Good problems of many kinds go to the pilot, none is refused, and no word of the goal or of a label has a say."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command import tunecase
from tests.laws import law
from tests.problem_cases import TRIED, audit, basis, project, table
from tunecase.data.reading.rows import Table
from tunecase.problem.criteria.facts import Facts
from tunecase.problem.define import define
from tunecase.project import Project
from tunecase.quantities.spread import Band
from tunecase.records import Definition

COST = Band(2_000.0, 3_000.0, 4_000.0, 5_000.0)
Made = tuple[Table, Table]


def labelled(classes: int, train: int = 300, test: int = 600, agree: float = 0.97, **columns: int) -> Made:
    """Texts of so many classes, the test file labelled twice; `columns` are further ones with so many values each."""
    rng = random.Random(classes)
    names = [f"class {k}" for k in range(classes)]
    parts = []
    for count, start in ((train, 0), (test, 10_000)):
        rows = [(f"text {start + k} on {k % classes}", names[k % classes]) for k in range(count)]
        other: list[dict[str, Any]] = []
        for k, (_, name) in enumerate(rows):
            second = name if rng.random() < agree else names[(k + 1) % classes]
            more = {column: f"{column} {k % values}" for column, values in columns.items()}
            other.append({"label_second": second, **more})
        parts.append(table(rows, other if start else None))
    return parts[0], parts[1]


def written(train: int = 300, test: int = 600, agree: float = 0.97, copied: Callable[[int], str] = str) -> Made:
    """Free answers that can be formed from their input, each of its own, the test file answered twice."""
    rng = random.Random(7)
    parts = []
    for count, start in ((train, 0), (test, 10_000)):
        rows = [(f"note {copied(start + k)} in full", f"note {copied(start + k)}") for k in range(count)]
        seconds = [{"label_second": out if rng.random() < agree else "another"} for _, out in rows]
        parts.append(table(rows, seconds if start else None))
    return parts[0], parts[1]


@dataclass(frozen=True)
class Case:
    """One good problem: its rows, what differs from the usual project, and the scores of majority and probe."""

    name: str
    made: Made
    asked: dict[str, Any] = field(default_factory=dict)
    majority: float | None = 0.35
    probe: float | None = 0.65

    @property
    def project(self) -> Project:
        """The project file of the case."""
        return project(**{"alternatives": TRIED, **self.asked})


def free(metric: str, task: str = "generation", **more: Any) -> dict[str, Any]:
    """A project with free answers; majority and probe do not exist there."""
    return {"metric": metric, "task": task, "alternatives": {"prompt_open": {"score": "55%"}}, **more}


def lower(metric: str, baseline: float, target: float, **more: Any) -> dict[str, Any]:
    """A project whose score falls as answers get better."""
    scores = {"baseline": baseline, "target": target, "alternatives": {"prompt_open": {"score": baseline}}}
    return {"metric": metric, "direction": "lower", "task": "extraction", **scores, **more}


DEAR = {"price_per_1k_today": "30 USD", "price_per_1k_answers": "1 USD"}
CASES = (
    Case("three desks", labelled(3)),
    Case("yes or no", labelled(2), {"target": "90%"}, 0.5, 0.7),
    Case("a rare class by macro F1", labelled(4), {"metric": "macro_f1"}, 0.2, 0.5),
    Case("forty intents", labelled(40, 1_200, 800), {"target": "85%"}, 0.03, 0.6),
    Case("a small gain with a test set to match", labelled(3, 300, 1_200), {"target": "73%"}),
    Case("fields of letters", written(), free("exact_match", "extraction"), None, None),
    Case("fields by F1", written(), free("field_f1", "extraction"), None, None),
    Case("answers that a judge passes or fails", written(), free("accuracy"), None, None),
    Case("translation by chrF", written(), free("chrf"), None, None),
    Case("summaries by ROUGE-L", written(), free("rouge_l"), None, None),
    Case(
        "code that passes its tests",
        written(),
        free("exact_match", target="75%", value="3 USD per correct"),
        None,
        None,
    ),
    Case("which of two candidates ranks first", labelled(2, 400, 800), {"target": "85%"}, 0.5, 0.68),
    Case("the best of ten candidates", labelled(10, 400, 800), {"target": "75%"}, 0.11, 0.5),
    Case("an amount off by little (mae)", written(), lower("mae", 6, 3), None, None),
    Case("a likelihood (loss)", written(), lower("loss", 2.4, 1.6), None, None),
    Case("six languages, each tested", labelled(3, 300, 600, language=6), {"slices": ("language",)}),
    Case(
        "a cheaper model for the same answers",
        labelled(3),
        {"baseline": "80%", "serving": DEAR, "value": None, "volume": "90k per month"},
    ),
    Case(
        "a dear prompt that meets the target",
        labelled(3),
        {"alternatives": {"prompt_hosted": {"score": "82%"}}, "serving": DEAR, "volume": "100k per month"},
    ),
    Case("small worth, large volume", labelled(3), {"value": "0.002 USD per correct", "volume": "2M per month"}),
    Case("large worth, small volume", labelled(3), {"value": "300 USD per correct", "volume": "20 per month"}),
    Case("many letters of each customer", labelled(3, customer=100), {"data": {"group": "customer"}}),
    Case(
        "few customers, whose letters differ",
        labelled(3, customer=20),
        {"data": {"group": "customer", "group_icc": "5%"}},
    ),
    Case("a baseline scored elsewhere", labelled(3), {"baseline_on": "elsewhere", "baseline": "66%"}),
    Case(
        "errors of two kinds",
        labelled(3),
        {
            "errors": (
                {"kind": "late", "cost": "1 USD per error", "share": "90%"},
                {"kind": "lost", "cost": "20 USD per error", "share": "10%"},
            )
        },
    ),
    Case("a base that is retired in time", labelled(3), {"serving": {"retires_on": date(2027, 8, 1)}}),
    Case("a second target", labelled(3), {"further_targets": ({"metric": "macro_f1", "target": "70%"},)}),
    Case("declared class shares", labelled(2), {"data": {"production_shares": {"class 0": "50%", "class 1": "50%"}}}),
)


def judge(case: Case, made: Made | None = None, **changes: Any) -> Definition:
    """The verdict on a case, with other rows or other fields where given."""
    train, test = made or case.made
    asked = project(**{"alternatives": TRIED, **case.asked, **changes})
    return define(Facts(asked, train, test, basis(asked), case.majority, case.probe, audit(), COST))


@cache
def judged() -> dict[str, Definition]:
    """The verdict on each of the cases as they are."""
    return {case.name: judge(case) for case in CASES}


def test_a_good_problem_goes_to_the_pilot() -> None:
    """A well-posed problem of any kind goes to the pilot; the cases are of every task and of eight metrics or more."""
    assert {} == {name: found.reason for name, found in judged().items() if found.verdict != "go to pilot"}
    assert {"classification", "extraction", "generation"} == {found.task for found in judged().values()}
    assert len({case.project.problem.metric for case in CASES}) >= 8


def test_a_good_problem_with_gaps_is_not_refused() -> None:
    """Without owner, value, criteria, prompts and error analysis the same problem is asked to fix, never refused."""
    gaps: dict[str, Any] = dict.fromkeys(("owner", "criteria", "errors_read", "business_metric"))
    for case in CASES:
        found = judge(case, **gaps, alternatives={})
        assert "fix first" == found.verdict, (case.name, found.reason)
        assert {"P12"} <= {rule.id for rule in found.criteria if rule.status != "pass"}, case.name


def shown(found: Definition) -> tuple[object, ...]:
    """What a verdict says, number by number."""
    rules = [(rule.id, rule.status, rule.severity, rule.price) for rule in found.criteria]
    return found.verdict, found.reason, found.task, found.ceiling, rules


def renamed(of: Table, names: dict[str, str]) -> Table:
    """A table with its labels renamed, second labels too."""
    other = [
        {key: names.get(value, value) if key == "label_second" else value for key, value in row.other.items()}
        for row in of.rows
    ]
    return table([(row.input, names[row.output]) for row in of.rows], other)


CLASSIFIED = tuple(case for case in CASES if case.majority is not None and "data" not in case.asked)


@law(20)
@given(which=st.integers(0, len(CASES) - 1), goal=st.one_of(st.none(), st.text()))
def test_the_words_of_the_goal_have_no_say(which: int, goal: str | None) -> None:
    """Whatever the goal says, the verdict and every number stay."""
    assert shown(judged()[CASES[which].name]) == shown(judge(CASES[which], goal=goal))


@law(10)
@given(which=st.integers(0, len(CLASSIFIED) - 1), prefix=st.text(max_size=90), shift=st.integers(0, 40))
def test_the_names_of_labels_have_no_say(which: int, prefix: str, shift: int) -> None:
    """Labels renamed to anything that keeps them apart, long or short, leave the verdict as it is."""
    case = CLASSIFIED[which]
    labels = sorted({row.output for part in case.made for row in part.rows})
    names = {label: f"{prefix}{(k + shift) % len(labels)}x" for k, label in enumerate(labels)}
    train, test = (renamed(part, names) for part in case.made)
    assert shown(judged()[case.name]) == shown(judge(case, (train, test)))


MORE = """\
  owner: Head of Support
  errors_read: 120
"""


@pytest.mark.slow
def test_a_whole_case_goes_to_the_pilot_on_the_command_line(tmp_path: Path) -> None:
    """The example with every question answered goes to the pilot, and nothing of weight is unknown."""
    assert 0 == tunecase("init", "--example", "support-tickets", "--to", tmp_path).code
    path = tmp_path / "tunecase.yaml"
    text = path.read_text(encoding="utf-8").replace("  owner: Head of Support\n", MORE)
    path.write_text(text + "alternatives: {prompt_hosted: {score: 55%}}\n", encoding="utf-8")
    ran = tunecase("define", "--json", "--project", path)
    assert (0, "go to pilot") == (ran.code, ran.json["verdict"]), ran.json["reason"]
    rules = [rule for rule in ran.json["criteria"] if rule["severity"] != "note"]
    assert {"pass"} == {rule["status"] for rule in rules}
