"""A trace file is read whole or refused with every mistake and its line."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.laws import law
from tests.machine import allowed
from tunecase.errors import InputError
from tunecase.inference.importers.traces import read_trace


def trace_file(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "trace.csv"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> list[tuple[str, str]]:
    """Where and what is wrong with a file of this text."""
    with pytest.raises(InputError) as error:
        read_trace(trace_file(folder, text))
    assert all(problem.wanted and problem.fix for problem in error.value.problems)
    return [(problem.where, problem.got) for problem in error.value.problems]


HEAD = "arrival,input,output\n"


def test_seconds_are_read(tmp_path: Path) -> None:
    """With the columns in any order, others beside them, and empty lines."""
    trace = read_trace(trace_file(tmp_path, "id,Output,input,arrival\n1,10,100,0\n\n2,30,300,5.5\n"))
    assert (2, 200.0, 20.0) == (trace.requests, trace.input_tokens, trace.output_tokens)
    assert "Monday 00:00" in trace.notes[0]


def test_columns_of_published_traces_are_known(tmp_path: Path) -> None:
    """By their own names."""
    cases = [
        "arrived_at,num_prefill_tokens,num_decode_tokens", "TIMESTAMP,ContextTokens,GeneratedTokens",
        "time,input,output",
    ]  # fmt: skip
    assert [] == [
        header for header in cases if 2 != read_trace(trace_file(tmp_path, f"{header}\n0,5,6\n1,5,6\n")).requests
    ]


def test_the_hour_of_the_week_is_local_time(tmp_path: Path) -> None:
    """A Tuesday, 06:00 in Berlin, is hour 30, although it is 05:00 in UTC."""
    times = [f"2026-03-{3 + day:02}T06:{minute:02}:00+01:00" for day in range(8) for minute in range(0, 60, 5)]
    trace = read_trace(trace_file(tmp_path, HEAD + "".join(f"{time},5,6\n" for time in times)))
    assert trace.weights is not None
    assert {6} == {int(hour) % 24 for hour in np.flatnonzero(trace.weights)}


def test_times_of_several_offsets_and_of_utc_are_one_clock(tmp_path: Path) -> None:
    """A change to summer time is no mistake."""
    rows = "2026-03-29T01:59:00+01:00,5,6\n2026-03-29T03:01:00+02:00,5,6\n2026-03-29T01:02:00Z,5,6\n"
    assert 3 / 1440 == pytest.approx(read_trace(trace_file(tmp_path, HEAD + rows)).days, abs=1e-9)


def test_times_without_offset_are_local_and_said_so(tmp_path: Path) -> None:
    """Seven digits of a second are read too, as Azure writes them."""
    rows = "2023-11-16 18:15:46.6805900,5,6\n2023-11-16 18:15:50.9951690,5,6\n"
    trace = read_trace(trace_file(tmp_path, HEAD + rows))
    assert 4.314579 == pytest.approx(trace.days * 86_400, abs=1e-5)
    assert "2023-11-16 18:15, is taken for local time" in trace.notes[0]


def test_every_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    """Words, negative and missing numbers, no output, and rows out of order, at once."""
    rows = "0,5,6\nsoon,5,6\n1,few,6\n2,-5,6\n3,5,0\n-4,5,6\n5,5\n6,5,6\n4,5,6\n7,nan,6\n"
    assert [
        ("trace.csv:3", "arrival 'soon'"),
        ("trace.csv:4", "input 'few'"),
        ("trace.csv:8", "2 cells"),
        ("trace.csv:11", "input 'nan'"),
        ("trace.csv:5", "input -5"),
        ("trace.csv:6", "output 0"),
        ("trace.csv:7", "arrival -4"),
        ("trace.csv:10", "arrives 2 s before the row above it"),
    ] == refused(tmp_path, HEAD + rows)


def test_out_of_order_is_seen_between_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last row of one chunk stands before the first of the next."""
    monkeypatch.setattr("tunecase.inference.importers.traces.ROWS_AT_ONCE", 2)
    assert [("trace.csv:4", "arrives 4 s before the row above it")] == refused(
        tmp_path, HEAD + "0,5,6\n5,5,6\n1,5,6\n9,5,6\n"
    )


def test_times_with_and_without_an_offset_are_not_mixed(tmp_path: Path) -> None:
    """The row that differs from the first is named, with the offset as the fix."""
    rows = "2026-03-02T09:00:00+01:00,5,6\n2026-03-02T09:01:00,5,6\n"
    assert [("trace.csv:3", "arrival '2026-03-02T09:01:00'")] == refused(tmp_path, HEAD + rows)
    assert [("trace.csv:3", "arrival '2026-03-02T09:01:00'")] == refused(
        tmp_path, HEAD + "0,5,6\n2026-03-02T09:01:00,5,6\n"
    )


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    """Twenty are shown, and how many more there are."""
    problems = refused(tmp_path, HEAD + "0,5,0\n" * 50)
    assert 21 == len(problems)
    assert ("trace.csv", "30 further problems") == problems[-1]


def test_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    """Without columns, rows, time between them, or with impossible numbers."""
    cases = [
        ("", "no column arrival"), ("arrival,tokens\n0,5\n", "no column input"), (HEAD, "no requests"),
        (HEAD + "0,5,6\n", "one request"), (HEAD + "3,5,6\n3,5,6\n", "requests of one moment"),
        (HEAD + "0,5,6\n9e7,5,6\n", "1,042 days"), (HEAD + "1e400,5,6\n2,5,6\n", "arrival inf"),
        (HEAD + "0,5,2e9\n2,5,6\n", "output 2e+09"), (HEAD + "5,5\n", "2 cells"),
    ]  # fmt: skip
    assert [] == [(text, got) for text, got in cases if got != refused(tmp_path, text)[0][1]]


def test_a_missing_file_and_bytes_are_refused(tmp_path: Path) -> None:
    """As the user's mistakes."""
    with pytest.raises(InputError, match="no such file"):
        read_trace(tmp_path / "none.csv")
    (tmp_path / "trace.csv").write_bytes(b"arrival,input,output\n\xff\xfe,1,2\n")
    with pytest.raises(InputError, match="UTF-8"):
        read_trace(tmp_path / "trace.csv")


def test_holes_are_noted_with_their_place(tmp_path: Path) -> None:
    """The first three by their line, the others by their number; none of less than six hours."""
    times = np.cumsum([0, 3600 * 5, *[3600 * 7] * 5])
    notes = read_trace(trace_file(tmp_path, HEAD + "".join(f"{at},5,6\n" for at in times))).notes
    assert ["no request for 7 hours before line 4: counted as time without load", "2 further holes"] == [
        notes[0], notes[3][:15]
    ]  # fmt: skip
    assert 3 == sum(note.startswith("no request for 7 hours") for note in notes)


def test_two_hundred_thousand_rows_take_no_second(tmp_path: Path) -> None:
    """Also as ISO times with offsets; generous, for a busy machine."""
    n = 200_000
    path = trace_file(tmp_path, HEAD + "".join(f"{i / 10:.1f},{i % 900},{1 + i % 90}\n" for i in range(n)))
    began = time.process_time()
    assert n == read_trace(path).requests
    assert time.process_time() - began < allowed(2.0)


cells = st.one_of(
    st.floats(0, 1e5).map(str),
    st.integers(0, 900).map(str),
    st.sampled_from(
        ["", "x", "-1", "nan", "inf", "1_0", '"', '"5', "2026-03-02T09:00:00Z", "2026-03-02", "1e9", "5 5"]
    ),
)


@law(150)
@given(st.lists(st.lists(cells, min_size=1, max_size=4), max_size=6))
@example([["0.0", "0.0", "1.0"], ["1.0", "0.0", "1.0", '"'], ["0.0"]])
def test_any_rows_are_read_or_refused(rows: list[list[str]]) -> None:
    """A row is counted or named, and nothing else comes of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = trace_file(Path(folder), HEAD + "".join(",".join(row) + "\n" for row in rows))
        try:
            trace = read_trace(path)
        except InputError:
            return
    assert sum(any(cell.strip() for cell in row) or len(row) > 1 for row in rows) == trace.requests
    assert trace.burst >= 1
    assert np.isfinite([trace.input_tokens, trace.output_tokens, *trace.output_lengths]).all()
