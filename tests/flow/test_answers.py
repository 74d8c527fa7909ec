"""What a case knows of its answers is gathered from its records and from the trace that it names."""

from pathlib import Path

import pytest

from tests import samples
from tests.projects import written
from tunecase.errors import InputError
from tunecase.flow.answers import answers_of
from tunecase.records import Audit

TRACE = "arrival,input,output\n0,500,60\n1,700,80\n5,600,70\n"


def test_what_no_record_holds_is_not_known(tmp_path: Path) -> None:
    """Without records and without a trace nothing is made up."""
    bare = answers_of(written("rounds: 1", tmp_path), tmp_path)
    assert (None, (), (), None) == (bare.tokens, tuple(bare.runs), tuple(bare.points), bare.trace)


def test_lengths_speeds_and_loads_come_from_the_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit's tokens, the pilot's runs, and the points of every record of measured loads, in order."""
    monkeypatch.setattr(Audit, "answer_tokens", (600.0, 60.0))
    audit = samples.audit()
    loads = samples.loads()
    known = answers_of(written("rounds: 1", tmp_path), tmp_path, audit, samples.pilot(), [loads, loads])
    assert (600.0, 60.0) == known.tokens
    assert samples.pilot().runs == known.runs
    assert (loads.loads[0].point,) * 2 == known.points


def test_a_trace_is_read_from_the_projects_folder(tmp_path: Path) -> None:
    """A path in the project file begins there; one that is missing is told."""
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "day.csv").write_text(TRACE, encoding="utf-8")
    project = written("serving: {traffic: {trace: traces/day.csv}}", tmp_path)
    trace = answers_of(project, tmp_path).trace
    assert pytest.approx((600.0, 70.0)) == (trace.input_tokens, trace.output_tokens)
    with pytest.raises(InputError) as refused:
        answers_of(project, tmp_path / "elsewhere")
    assert "day.csv" in refused.value.problems[0].where
