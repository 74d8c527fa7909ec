"""The brief: everything a manager needs to sign, as plain Markdown, written whole and never over another file."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import samples, walked
from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl
from tests.problem_cases import project
from tunecase.accounts import approve_command, headline
from tunecase.blocks import shown
from tunecase.case import Case
from tunecase.cli.show import brief_markdown
from tunecase.quantities import sentence
from tunecase.records import Approvals, Decision, Definition, Estimate

TODAY = date(2026, 11, 26)
CURVE = "n,score,test_rows\n" + "".join(f"{n},{1 - 0.5 * (n / 30) ** -0.35:.4f},400\n" for n in (30, 60, 120))


def brief(record: Definition, bill: Estimate | None, decision: Decision | None = None, **more: Any) -> str:
    """The brief of a day; `approvals` are none where none are given."""
    return brief_markdown(record, bill, decision, more.pop("approvals", Approvals("USD")), today=TODAY, **more)


def test_a_decision_is_what_is_signed() -> None:
    """Advice, headline figures, stop rule, the plan's hash, and the command that approves the release."""
    record = replace(samples.approvals(), approved=(), total=Decimal(0), spent=Decimal(0))
    text = brief(samples.definition(), samples.estimate(), samples.decision(), project=project(), approvals=record)
    for figure in headline(samples.plan()):
        assert f"| {shown(figure.name)} | {shown(figure.value)} | {shown(figure.beside or '–')} |" in text, figure.name
    for words in (
        f"**{shown(sentence(samples.decision().action))}**",
        "- Hash of the plan: c0ffee42c0ff",
        "The plan is not approved.",
        f"`{approve_command(record)}`",
        "`tunecase reject --by NAME --plan c0ffee42c0ff`",
    ):
        assert words in text, words
    assert "go to pilot\n- [ ]" not in text
    given = brief(
        samples.definition(), samples.estimate(), samples.decision(), project=project(), approvals=samples.approvals()
    )
    assert "| 2 November 2026 | 4,500.00 USD | A. Person | not said | 31 January 2027 |" in given


@pytest.mark.slow
def test_a_decision_is_made_anew_before_it_is_signed(tmp_path: Path) -> None:
    """The brief of another day holds the plan of its own day, with the curve of the points, not that of before them."""
    path, place = case_folder(tmp_path, train_rows=120, test_rows=100), tmp_path / "brief.md"
    (tmp_path / "points.csv").write_text(CURVE, encoding="utf-8")
    case = Case(path, today=TODAY)
    case.keep_forecast(tmp_path / "points.csv")
    case.decide()
    tomorrow = Case(path, today=TODAY + timedelta(1))
    tomorrow.brief(place)
    plan = Case(path, today=TODAY + timedelta(1)).decide().plan
    assert "points.csv" in plan.based_on
    text = place.read_text(encoding="utf-8")
    for figure in headline(plan):
        assert f"| {shown(figure.name)} | {shown(figure.value)} |" in text, figure.name
    assert f"- Hash of the plan: {tomorrow.approvals().plan}" in text


def test_tables_are_whole() -> None:
    """Every row of a table has as many cells as its head, whatever the texts hold."""
    rule = replace(samples.definition().criteria[1], reason="a | b <script> [x](y) *z* `q` ~s~ \\", fix="# not a head")
    record = replace(samples.definition(), criteria=(rule,))
    text = brief(record, samples.estimate(), project=project(goal="- not | a list"))
    block: list[int] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            block.append(line.replace("\\|", "").count("|"))
        else:
            assert len(set(block)) <= 1, line
            block = []
    assert "&#60;script&#62;" in text
    assert "\n&#45; not &#124; a list\n" in text


def test_the_command_writes_it(tmp_path: Path) -> None:
    """`define --brief FILE` prints the verdict and writes the brief; `-` prints the brief alone."""
    path, place = walked.path_of("decided", tmp_path), tmp_path / "brief.md"
    ran = tunecase("define", "--brief", place, "--project", path)
    assert 0 == ran.code, ran.err
    assert place.read_text(encoding="utf-8").startswith("# Brief: colours\n")
    printed = tunecase("define", "--brief", "-", "--project", path)
    assert (0, place.read_text(encoding="utf-8")) == (printed.code, printed.out)
    place.write_text("mine", encoding="utf-8")
    assert (2, "mine") == (tunecase("define", "--brief", place, "--project", path).code, place.read_text("utf-8"))
    assert 0 == tunecase("define", "--brief", place, "--force", "--project", path).code


def test_the_python_face_writes_it(tmp_path: Path) -> None:
    """`Case.brief` writes the same page and gives its path."""
    path, place = walked.path_of("decided", tmp_path), tmp_path / "brief.md"
    assert place == Case(path, today=walked.TODAY).brief(place)
    assert "## The decision" in place.read_text(encoding="utf-8")


def test_wrong_words_are_refused(tmp_path: Path) -> None:
    """A file or --force without --brief, and two things on standard output, are refused."""
    path = case_folder(tmp_path)
    for words in (("--force",), ("brief.md",), ("--brief", "-", "--json")):
        ran = tunecase("define", *words, "--project", path)
        assert (2, True) == (ran.code, "; wanted " in ran.err + ran.out), words


@pytest.mark.slow
def test_a_refused_problem_has_a_brief_and_exit_code_one(tmp_path: Path) -> None:
    """A problem that should not start gets its brief all the same; the exit code stays 1."""
    path = case_folder(tmp_path)
    for name, seed in (("train", 1), ("test", 2)):
        write_jsonl(tmp_path / f"{name}.jsonl", tickets(100, seed, shuffled=True))
    assert 1 == tunecase("define", "--brief", "no.md", "--project", path, cwd=tmp_path).code
    assert "**Do not start.**" in (tmp_path / "no.md").read_text(encoding="utf-8")


def test_no_text_of_the_project_is_markup() -> None:
    """Marks, list numbers, entities, names, issue numbers and addresses are shown and do nothing."""
    harmless = (
        ("_go_ __bold__", "&#95;go&#95; &#95;&#95;bold&#95;&#95;"),
        ("1. item", "1&#46; item"),
        ("2) item", "2&#41; item"),
        ("+ item", "&#43; item"),
        ("===", "&#61;=="),
        ("-5 points", "-5 points"),
        ("&lt;b&gt;", "&#38;lt;b&#38;gt;"),
        ("ask @name about #12", "ask &#64;&#8203;name about &#35;&#8203;12"),
        ("see https://a.example", "see https&#58;&#8203;//a.example"),
        ("1.5 of 3", "1.5 of 3"),
    )
    briefs = {goal: brief(samples.definition(), None, project=project(goal=goal)) for goal, _ in harmless}
    assert [] == [(goal, wanted) for goal, wanted in harmless if f"\n{wanted}\n" not in briefs[goal]]
