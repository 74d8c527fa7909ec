"""Which reader takes a place, and places that none takes."""

import pickle
from pathlib import Path

import pytest

from tests.evals.logs import OAIEVAL, refused
from tunecase.evals import Asked, read_log
from tunecase.evals.read import READERS


class _Bang:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("a pickle was opened",)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    """Whatever it is called, it is refused unread."""
    for name in ("log.pkl", "log.eval", "log.json", "log.jsonl", "log.db"):
        place = tmp_path / name
        place.write_bytes(pickle.dumps(_Bang()))
        assert refused(place)


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"{}", b"[]", b'{"a": 1}\n', b"a,b\n1,2\n"])
def test_other_files_are_of_no_known_format(tmp_path: Path, content: bytes) -> None:
    """The formats that are known are listed."""
    for name in ("x.jsonl", "x.json", "x.db", "x.csv"):
        (tmp_path / name).write_bytes(content)
        assert "lm-evaluation-harness" in refused(tmp_path / name).wanted


def test_places_without_a_log_are_told(tmp_path: Path) -> None:
    """A missing file and an empty folder."""
    assert "no such file" in refused(tmp_path / "none.eval").got
    assert "folder without any log" in refused(tmp_path).got


def test_a_task_that_the_log_is_not_of_is_refused() -> None:
    """A log of one task is not taken for another."""
    assert "the task even.dev.v0" == refused(OAIEVAL / "a.jsonl", Asked(task="odd")).got


def test_messages_call_a_log_as_it_was_named() -> None:
    """The name that is shown may be another than the path."""
    assert "today.jsonl" == read_log(OAIEVAL / "a.jsonl", Asked(), shown="today.jsonl").place
    assert 5 == len(READERS)
