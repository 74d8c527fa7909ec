"""What was asked: the project file, read whole, with every mistake in it."""

from tunecase.project.bill import AfterLaunch, CostLine, Evaluation, Member, Source, fields_of
from tunecase.project.conflicts import quantities, read_score, score_conflicts
from tunecase.project.fields import (
    Alternative,
    Alternatives,
    Compute,
    Constraints,
    Data,
    Owned,
    ProblemStatement,
    Project,
    ScoreLog,
)
from tunecase.project.file import project_of, read_project
from tunecase.project.rates import Rate, latest_rate
from tunecase.project.serving import Serving, Traffic
from tunecase.project.stated import PROJECT_FILE, Stated, project_text
