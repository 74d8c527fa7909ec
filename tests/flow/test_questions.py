"""The ten questions: each answer is read by the project file's own readers, and stands in the file afterwards."""

from pathlib import Path

import pytest

from tests.making import tickets, write_jsonl
from tunecase import catalog
from tunecase.errors import Problem
from tunecase.flow.init import init
from tunecase.flow.questions import QUESTIONS, Question, asked, with_answers
from tunecase.project import Project, read_project

SHOWN = {"problem.task": "classification", "problem.metric": "accuracy"}
GOOD = {
    "problem.goal": 'sort: all of it, "really" #1',
    "problem.owner": "Ines O'Hara",
    "problem.target": "90%",
    "today": "people",
    "problem.volume": "20k to 60k per month",
    "problem.value": "0.40 USD per correct",
    "budget": "15k USD",
    "data.sources": "1 to 2 min per label",
    "models": "meta-llama/Llama-3.1-8B",
    "constraints.data_stays": "yes",
}


def answered(*typed: str, field: str) -> tuple[dict[str, str], list[Problem], list[int]]:
    """The answers, what was refused, and the questions put, where one question is answered and the others skipped."""
    left, refused, put = list(typed), [], []

    def ask(number: int, question: Question) -> str:
        put.append(number)
        return left.pop(0) if question.field == field and left else ""

    return asked(ask, refused.append, SHOWN), refused, put


def test_there_are_ten_and_enter_skips_each() -> None:
    """Nothing is made up for what is skipped."""
    found, refused, put = answered(field="")
    assert ({}, [], list(range(1, 11))) == (found, refused, put)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.field)
def test_every_example_is_an_answer(question: Question) -> None:
    """What a question offers as an example reads."""
    found, refused, _ = answered(question.example, field=question.field)
    assert ([], [question.field]) == (refused, list(found))
    assert all((question.words.endswith("?"), question.why, question.skipped))


@pytest.mark.parametrize(
    ("field", "wrong", "right", "fix"),
    [
        ("problem.target", "80", "80%", "Write 80%."),
        ("problem.volume", "lots", "20k per month", "20k to 60k per month"),
        ("budget", "15000", "15k USD", "15k USD"),
        ("today", "robots", "people", "Did you mean"),
        ("models", "llama-9000", "meta-llama/Llama-3.1-8B", "Did you mean"),
        ("constraints.data_stays", "perhaps", "no", "yes or no"),
        ("data.sources", "cheap", "0.50 USD per example", "per label"),
    ],
)
def test_a_wrong_answer_is_told_and_asked_for_again(field: str, wrong: str, right: str, fix: str) -> None:
    """One problem with its fix, then the same question; the right answer is taken."""
    found, refused, put = answered(wrong, right, field=field)
    number = next(number for number, question in enumerate(QUESTIONS, 1) if question.field == field)
    assert put.count(number) == 2
    assert [True] == [fix in problem.remedy for problem in refused]
    assert right in found[field]


def test_an_answer_is_read_against_those_before_it() -> None:
    """A target that no metric could have is refused beside the metric that the data show."""
    _, refused, _ = answered("300%", field="problem.target")
    assert [True] == ["100%" in problem.wanted for problem in refused]


@pytest.fixture
def stated(tmp_path: Path) -> Project:
    """The project that `init` writes where all questions are answered."""
    write_jsonl(tmp_path / "train.jsonl", tickets(60, 1))

    def everything(given: object) -> dict[str, str]:
        return asked(lambda _, question: GOOD[question.field], lambda problem: pytest.fail(str(problem)), SHOWN)

    written = init(tmp_path / "train.jsonl", to=tmp_path, ask=everything).files
    return read_project(written[0], catalog.names())


def test_all_answers_stand_in_the_file(stated: Project) -> None:
    """The file reads back with every answer in its place, text with colons and quotes too."""
    problem = stated.problem
    assert (problem.goal, problem.owner) == (GOOD["problem.goal"], GOOD["problem.owner"])
    assert (problem.target, stated.today.who) == ("90%", "people")
    assert (problem.value is None, problem.volume is None, stated.budget is None) == (False, False, False)
    assert [source.kind for source in stated.data.sources] == ["label"]
    assert stated.models == ("meta-llama/Llama-3.1-8B",)
    assert stated.constraints.data_stays


def test_a_question_that_is_answered_loses_its_lines() -> None:
    """The comment stays beside the answer, what the question showed below it goes, and other questions stay."""
    text = "problem:\n  # target: ?%   # Which?\n  # owner: ?\ndata:\n  # sources:  # Where?\n"
    text += "  #   - kind: label\n  #     pool: ?\n"
    made = with_answers(text, {"problem.target": "90%", "data.sources": "[]"})
    assert made.splitlines() == [
        "problem:", "  target: 90%                        # Which?", "  # owner: ?", "data:",
        "  sources: []                        # Where?",
    ]  # fmt: skip
