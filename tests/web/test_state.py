"""The pilot as it stands: told from the ledger, whoever made its runs."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

from tests.making import case_folder
from tunecase.ledger import Ledger
from tunecase.records import Run
from tunecase.web.state import pilot_state
from tunecase.web.worker import PilotAsked

TODAY = date(2026, 11, 24)
RUN = Run("a" * 24, "probe", "n-grams", 50, 0, 0.5, 5, 10, 1.5, usd=0.25)


def book(project: Path, *runs: Run, key: str = "k") -> None:
    """Appends runs as a pilot does."""
    ledger = Ledger(project.with_name("ledger.jsonl"))
    for run in runs:
        ledger.append("run", run, recorded_at=datetime.now(UTC), verb="pilot", meta={"key": key})


def at_work(returned: int | None = None, **told: object) -> SimpleNamespace:
    """A process that tells this."""
    return SimpleNamespace(
        asked=PilotAsked("x", max_usd=5.0), told=told, is_running=returned is None, returned=returned,
        is_stopping=False, fault="" if returned in (None, 0) else "its last words",
    )  # fmt: skip


def test_without_runs_there_is_nothing_to_tell(tmp_path: Path) -> None:
    """The target as it is stated, no run, no sentence, no fault."""
    state = pilot_state(case_folder(tmp_path), None, TODAY)
    assert ((), "", "", False, None) == (state.runs, state.said, state.fault, state.is_running, state.planned)
    assert state.target is not None


def test_runs_are_those_of_the_last_pilot_s_data(tmp_path: Path) -> None:
    """A failed run has a reason and no score; a run on other data, or booked twice, is not shown again."""
    project = case_folder(tmp_path)
    failed = replace(RUN, key="b" * 24, failed="no\nroom", usd=None)
    book(project, replace(RUN, key="c" * 24), key="earlier")
    book(project, RUN, failed, RUN)
    state = pilot_state(project, None, TODAY)
    assert [(50, 0.5, ""), (50, None, "no room")] == [(run.rows, run.score, run.failed) for run in state.runs]
    assert {"word counts"} == {run.learner for run in state.runs}
    assert (0.25, False) == (state.spent_usd, state.is_running)
    assert "did not come to its end" in state.said


def test_a_process_tells_what_is_planned_and_left(tmp_path: Path) -> None:
    """Planned are the runs that are there and those to come; time left is told once a run was timed."""
    project = case_folder(tmp_path)
    book(project, RUN)
    begun = pilot_state(project, at_work(), TODAY)
    assert (True, True, None, None) == (begun.is_running, begun.can_stop, begun.planned, begun.left_s)
    told = {"done": 0, "total": 9, "left_s": 12.0, "now": "50 rows", "candidate": "n-grams"}
    first = pilot_state(project, at_work(**told), TODAY)
    assert (10, None, 5.0) == (first.planned, first.left_s, first.cap_usd)
    later = pilot_state(project, at_work(**{**told, "done": 4}), TODAY)
    assert (6, 12.0, "Run 5 of 9 of word counts, 50 rows.") == (later.planned, later.left_s, later.said)
    at = {"at": datetime.now(UTC).isoformat()}
    book(project, replace(RUN, key="b" * 24))  # before the process tells of it, the same runs are planned
    assert 6 == pilot_state(project, at_work(**{**told, **at, "done": 4}), TODAY).planned
    assert 2 == pilot_state(project, at_work(0, **{**told, "done": 4}), TODAY).planned


def test_the_id_changes_with_anything_else(tmp_path: Path) -> None:
    """The same state has the same id; a run, a word, a fault and an end have others."""
    project = case_folder(tmp_path)
    ids = [pilot_state(project, None, TODAY).id, pilot_state(project, None, TODAY).id]
    book(project, RUN)
    others = [pilot_state(project, one, TODAY).id for one in (None, at_work(), at_work(1), at_work(done=1, total=2))]
    assert (1, 5) == (len(set(ids)), len({*ids, *others}))


def test_a_broken_or_missing_case_is_a_fault(tmp_path: Path) -> None:
    """A ledger that was edited, a project file that cannot be read and a folder that is gone are told, not raised."""
    project = case_folder(tmp_path)
    book(project, RUN)
    ledger = project.with_name("ledger.jsonl")
    ledger.write_bytes(ledger.read_bytes().replace(b"0.5", b"0.9"))
    assert "ledger.jsonl" in pilot_state(project, None, TODAY).fault
    project.write_text("name: [", encoding="utf-8")
    assert "tunecase.yaml" in pilot_state(project, None, TODAY).fault
    assert "no such folder" in pilot_state(tmp_path / "gone" / "tunecase.yaml", None, TODAY).fault
