"""The minutes of a pilot are foretold from what its rows are made of."""

from dataclasses import dataclass, field, replace
from typing import Any

from tunecase.pilot.plan import _usual_minutes
from tunecase.pilot.steps import Step
from tunecase.pilot.trainers import lora
from tunecase.pilot.trial import school_of
from tunecase.records import PilotSettings

TASK = lora.Task(
    "lora", "", ("a" * 400,) * 40, ("b" * 40,) * 40, ("c" * 400,) * 20, ("d",) * 20, "exact_match", 0,
    lora.settings(40, {}), "generation",
)  # fmt: skip


@dataclass
class Planned:
    """What the plan asks of a conductor."""

    ladder: list[Step]
    rivals: tuple[Step, ...] = ()
    settings: PilotSettings = field(default_factory=lambda: PilotSettings(workers=2))


def likely(*tasks: lora.Task) -> float:
    """The likely minutes of these runs on two cores."""
    steps = [Step("ladder", 0, task, "", str(i), "") for i, task in enumerate(tasks)]
    conductor: Any = Planned(steps)
    foretold = _usual_minutes(conductor, school_of("lora", "", {}), steps)
    assert foretold[0] < foretold[1] < foretold[2]
    return foretold[1]


def test_free_answers_take_as_long_as_they_are() -> None:
    """Twice the answer takes longer, a baseline that trains nothing next to nothing, two runs on two cores as one."""
    one = likely(TASK)
    assert one < likely(replace(TASK, labels=("b" * 80,) * 40)) < 2 * one
    assert likely(replace(TASK, settings={"steps": 0})) < one / 10
    assert abs(likely(TASK, TASK) / one - 1) < 0.01
    assert 1 < likely(TASK, TASK, TASK) / one < 2


def test_others_work_is_not_counted() -> None:
    """What another trainer does beside takes its own time."""
    assert abs(likely(TASK, replace(TASK, trainer="hosted")) / likely(TASK) - 1) < 0.01


def test_classes_go_by_rows() -> None:
    """However long their texts are."""
    classes = replace(TASK, kind="classification")
    assert likely(classes) == likely(replace(classes, texts=("a" * 4_000,) * 40))
