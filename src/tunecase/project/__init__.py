"""What was asked: the project file, its fields and the mistakes in it."""

from tunecase.project.bill import Evaluation, Member, Source, Storage, Training
from tunecase.project.contradictions import quantities, read_score
from tunecase.project.fields import (
    Alternative,
    Alternatives,
    Changes,
    Compute,
    Data,
    ErrorKind,
    FurtherTarget,
    Known,
    Levers,
    Owned,
    ProblemStatement,
    Project,
    Serving,
)
from tunecase.project.file import read_project
from tunecase.project.rates import Rate, latest_rate
from tunecase.units import Quantity

__all__ = [
    "Alternative",
    "Alternatives",
    "Changes",
    "Compute",
    "Data",
    "ErrorKind",
    "Evaluation",
    "FurtherTarget",
    "Known",
    "Levers",
    "Member",
    "Owned",
    "ProblemStatement",
    "Project",
    "Quantity",
    "Rate",
    "Serving",
    "Source",
    "Storage",
    "Training",
    "latest_rate",
    "quantities",
    "read_project",
    "read_score",
]
