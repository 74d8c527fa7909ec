"""The writing tools keep to the schemas that they announce."""

import shutil
from pathlib import Path

import pytest

from tests.making import case_folder
from tunecase import flow
from tunecase.agents.call import Call
from tunecase.agents.schemas import schema_of_tool
from tunecase.agents.tools import TOOLS
from tunecase.forecast.importers import Asked

EXAMPLES = Path(__file__).parents[2] / "examples" / "cases"


def test_a_plan_without_rows_is_answered_with_its_bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run` on a case without training rows ends with the estimate, which its schema allows."""
    shutil.copytree(EXAMPLES / "65b-full-fine-tune", tmp_path / "case")
    monkeypatch.chdir(tmp_path / "case")
    asked: list[str] = []
    answer = TOOLS["run"].work(Call({"max_minutes": 1}, lambda verb, record, case: asked.append(verb) or ""))
    assert ["estimate"] == asked
    pytest.importorskip("jsonschema").validate(answer.content, schema_of_tool("run"))


@pytest.mark.slow
def test_a_release_that_the_plan_asks_for_is_approved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the plan asks to release is released by the person who is named, and stands in the ledger."""
    points = [(30, 0.49), (30, 0.51), (60, 0.599), (60, 0.619), (120, 0.683), (120, 0.703)]
    (tmp_path / "points.csv").write_text("n,score,test_rows\n" + "".join(f"{n},{y},400\n" for n, y in points))
    case = flow.open_case(case_folder(tmp_path, train_rows=120, test_rows=100, value="  value: 4 USD per correct"))
    flow.keep_forecast(case, str(tmp_path / "points.csv"), Asked())
    flow.decide(case)
    monkeypatch.chdir(tmp_path)
    standing = flow.approvals(case)
    assert standing.release is not None
    given = {"amount": f"{standing.release.shown} USD", "by": "Head of Support", "plan": standing.plan}
    answer = TOOLS["approve"].work(Call(given, lambda verb, record, case: ""))
    assert ["Head of Support"] == [one["approval"]["by"] for one in answer.content["approved"]]
    pytest.importorskip("jsonschema").validate(answer.content, schema_of_tool("approve"))
