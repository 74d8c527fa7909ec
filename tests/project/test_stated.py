"""A project stated in Python is the project of the file with the same content."""

from pathlib import Path
from typing import Any

import pytest

from tunecase import catalog
from tunecase.errors import InputError
from tunecase.project import Stated, project_text, read_project

FIELDS: dict[str, Any] = {
    "name": "tickets",
    "data": {"rows": 400, "sources": [{"kind": "label", "pool": "5k", "price": "0.2 USD per example"}]},
    "problem": {"metric": "accuracy", "target": 0.9},
    "budget": "3k USD",
}


def test_a_mapping_and_its_file_are_one_project(tmp_path: Path) -> None:
    """The file that is written from a mapping states the very same project."""
    stated = Stated(FIELDS, tmp_path)
    path = tmp_path / "tunecase.yaml"
    path.write_text(project_text(stated), encoding="utf-8")
    assert read_project(stated, catalog.names()) == read_project(path, catalog.names())
    assert project_text(stated) == project_text(path)


def test_later_changes_of_the_mapping_do_not_count(tmp_path: Path) -> None:
    """What was stated is copied, and a change for one question changes nothing in it."""
    fields = {**FIELDS, "data": {"rows": 400}}
    stated = Stated(fields, tmp_path)
    fields["data"]["rows"] = 5
    assert "900" == read_project(stated, catalog.names(), {"data.rows": "900"}).data.rows.text  # type: ignore[union-attr]
    assert "400" == read_project(stated, catalog.names()).data.rows.text  # type: ignore[union-attr]


def test_problems_stand_at_dotted_fields(tmp_path: Path) -> None:
    """All of them together, at their fields; a change at the words that it was typed with."""
    fields = {"name": "x", "data": {"train": "nothing.jsonl"}, "problem": {"targt": 0.9}}
    with pytest.raises(InputError) as wrong:
        read_project(Stated(fields, tmp_path), catalog.names(), {"budget": "much"}, typed_as={"budget": "--budget"})
    assert {"problem.targt", "--budget"} == {problem.where for problem in wrong.value.problems}
    with pytest.raises(InputError) as lost:
        read_project(Stated(fields | {"problem": {}}, tmp_path), catalog.names())
    assert ["data.train"] == [problem.where for problem in lost.value.problems]


def test_a_folder_must_be_there(tmp_path: Path) -> None:
    """A folder that is missing, or is a file, is told."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for folder, got in ((tmp_path / "none", "nothing there"), (tmp_path / "file", "a file")):
        with pytest.raises(InputError) as wrong:
            Stated(FIELDS, folder)
        assert got == wrong.value.problems[0].got
