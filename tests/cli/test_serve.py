"""The command serve finds what is to be served before it listens."""

from pathlib import Path
from typing import Any

import pytest

from tests.command import tunecase
from tests.making import case_folder
from tunecase.ledger import TALLY


def test_serve_hands_the_folder_to_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder by name, or that of the nearest project; refused are no project, no such folder, and both at once."""
    served: list[dict[str, Any]] = []

    def listen(folder: Path, *, on_ready: Any, on_failure: Any, **given: Any) -> None:
        TALLY.count(["a" * 64])
        served.append({"folder": folder.resolve(), **given})
        on_ready("http://127.0.0.1:8118/?token=abc")
        on_failure(RuntimeError("odd"))

    project = case_folder(tmp_path)
    assert 2 == tunecase("serve", "--project", tmp_path / "none.yaml").code
    assert 2 == tunecase("serve", tmp_path / "none").code
    assert 2 == tunecase("serve", tmp_path, "--project", project).code
    monkeypatch.setattr("tunecase.web.serve", listen)
    ran = tunecase("serve", "--port", "8118", "--project", project)
    assert (0, True) == (ran.code, "The cases are at http://127.0.0.1:8118/?token=abc" in ran.out)
    assert "tunecase failed: RuntimeError: odd; the traceback is in " in ran.err
    assert 0 == TALLY.entries  # whoever booked it was told in the browser
    (tmp_path / "inside").mkdir()
    tunecase("serve", cwd=tmp_path / "inside")
    tunecase("serve", tmp_path / "inside", "--today", "2026-11-24", "--seed", "3")
    assert [(tmp_path, 8118, 0), (tmp_path, 8117, 0), (tmp_path / "inside", 8117, 3)] == [
        (one["folder"], one["port"], one["seed"]) for one in served
    ]
    assert [None, None, "2026-11-24"] == [one["today"] and str(one["today"]) for one in served]
