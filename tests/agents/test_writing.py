"""The writing tools keep to the schemas that they announce."""

import shutil
from pathlib import Path

import pytest

from tunecase.agents.call import Call
from tunecase.agents.schemas import schema_of_tool
from tunecase.agents.tools import TOOLS

EXAMPLES = Path(__file__).parents[2] / "examples" / "cases"


def test_a_plan_without_rows_is_answered_with_its_bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run` on a case without training rows ends with the estimate, which its schema allows."""
    shutil.copytree(EXAMPLES / "65b-full-fine-tune", tmp_path / "case")
    monkeypatch.chdir(tmp_path / "case")
    asked: list[str] = []
    answer = TOOLS["run"].work(Call({"max_minutes": 1}, lambda verb, record, case: asked.append(verb) or ""))
    assert ["estimate"] == asked
    pytest.importorskip("jsonschema").validate(answer.content, schema_of_tool("run"))
