"""Six cases whose plans differ in kind: before a pilot, with a probe or the model, reached, not worth it, not needed.

All are the shipped example with another pilot or other lines in its project file, made in a folder of their own.
"""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from tunecase import flow  # noqa: E402
from tunecase.quantities import Interval80  # noqa: E402
from tunecase.records import Audit, Candidate, PilotSettings, Point, Promise  # noqa: E402

EXAMPLE = ROOT / "examples" / "support-tickets"
# Scores as a small model's real runs might print them: a curve that reaches the target or not, and one that has.
CURVE = (
    "n,score,draws,test_rows,sd\n85,0.52,2,270,0.02\n170,0.60,2,270,0.02\n340,0.67,2,270,0.02\n680,0.73,2,270,0.02\n"
)
REACHED = (
    "n,score,draws,test_rows,sd\n22,0.55,3,700,0.06\n44,0.70,3,700,0.05\n87,0.82,3,700,0.03\n175,0.90,3,700,0.02\n"
    "350,0.94,3,700,0.01\n699,0.969,3,700,0.004\n"
)
# A head on an encoder that the pilot measured beside the fine-tune, whose last size shows the target.
HEAD = Candidate(
    "encoder", "encoder", "encoder", "all-MiniLM-L6-v2",
    tuple(Point(n, score, 1, 270) for n, score in ((85, 0.52), (170, 0.63), (340, 0.76), (680, 0.86))), 680, 0.86, 270,
    Interval80(0.83, 0.86, 0.885), seconds=56.0, usd=0.0, seconds_per_answer=0.06,
    promise=Promise(0.2, 1.0, 0.0, 0.17, 270, 20),
)  # fmt: skip
RACED: Mapping[str, tuple[Candidate, ...]] = {"another way does it": (HEAD,)}
BY_PEOPLE = """\
  who: people                          # the first line reads every ticket
  minutes: 1 to 2 min per answer
  rate: 12 to 25 USD per hour
"""
# name: (lines of the project file to replace, points to keep, whether the probe is piloted)
CASES: Mapping[str, tuple[Mapping[str, str], str, bool]] = {
    "before a pilot": ({}, "", False),
    "with a probe": ({}, "", True),
    "with the model": ({}, CURVE, False),
    "reached": ({"target: 80%": "target: 95%", BY_PEOPLE: "  who: model\n  score: 90%\n"}, REACHED, False),
    "another way does it": ({}, "", True),
    "not worth it": ({"value: 0.25 to 0.60 USD": "value: 0.001 to 0.002 USD", "budget: 15k": "budget: 12k"}, "", True),
}


def made(name: str, folder: Path) -> Path:
    """The project file of a case, made in a folder with all that its plan rests on."""
    opened = set_up(name, folder)
    flow.decide(opened)
    return opened.path


def set_up(name: str, folder: Path, audit: Audit | None = None) -> flow.Flow:
    """The same before its bill: the project, its pilot or points.

    `audit` is that of the example, for who makes several: no case changes a line that it rests on.
    """
    lines, points, piloted = CASES[name]
    shutil.copytree(EXAMPLE, folder)
    project = folder / "tunecase.yaml"
    text = project.read_text(encoding="utf-8")
    for line, other in lines.items():
        assert line in text, line
        text = text.replace(line, other)
    project.write_text(text, encoding="utf-8")
    opened = flow.open_case(project)
    if audit is not None:
        opened.keep("audit", audit)
    if piloted:
        tried = flow.pilot(opened, PilotSettings(workers=1))
        if name in RACED:
            opened.keep("pilot", replace(tried, candidates=RACED[name]))
    if points:
        (folder / "points.csv").write_text(points, encoding="utf-8")
        asked = flow.asked_of("accuracy", "", "", (), "last", "")
        flow.keep_forecast(opened, str(folder / "points.csv"), asked)
    return opened
