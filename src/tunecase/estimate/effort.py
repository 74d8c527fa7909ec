"""People's hours of the plan by activity, and whether training takes its usual part of them."""

from dataclasses import replace

from tunecase.plan import Drawn
from tunecase.plan.costs import ACTIVITIES, AS_STATED, MANAGEMENT, TRAINING, Work, effort_of, rate_words
from tunecase.records import ActivityHours

USUAL = (0.10, 0.16)  # of people's hours: 11% to 12% (Anaconda 2020) and 14% (Munson, Sandia), with their neighbours
STOPS = 0.5  # of the worlds: where more end without a release, their hours lack it
MANY_RUNS = 10.0
NAMES = {
    **{activity.field: activity.name for activity in ACTIVITIES},
    MANAGEMENT: "management",
    AS_STATED: "a round's hours as stated",
}


def hours_by_activity(bill: Drawn) -> tuple[ActivityHours, ...]:
    """The expected hours of every activity over the walk, in the order of the work; overruns are not in them."""
    work = replace(bill.work, walk=bill.walk)
    hours = {field: float(draws.mean()) for field, draws in effort_of(work).items()}
    whole = sum(hours.values())
    drivers = {activity.field: activity.driver(work) for activity in ACTIVITIES if activity.field in hours}
    rows = []
    for field in [name for name in NAMES if hours.get(name, 0.0) > 0]:
        rate, stated = rate_words(work, field)
        driver = drivers.get(field, "every hour of the others" if field == MANAGEMENT else "rounds")
        rows.append(ActivityHours(NAMES[field], hours[field], hours[field] / whole, driver, rate, stated))
    return tuple(rows)


def training_share(bill: Drawn) -> tuple[float | None, str]:
    """The part of people's hours that set-up and runs take, and why it is not the usual one, in words.

    None where the hours are stated whole, so that nobody can tell. Surveys say 11% to 14%.
    """
    work = replace(bill.work, walk=bill.walk)
    hours = {field: float(draws.mean()) for field, draws in effort_of(work).items()}
    whole = sum(hours.values())
    if whole <= 0 or AS_STATED in hours:
        return None, ""
    part = sum(hours.get(field, 0.0) for field in TRAINING) / whole
    if USUAL[0] <= part <= USUAL[1]:
        return part, ""
    return part, _reason(bill, work, part)


def _reason(bill: Drawn, work: Work, part: float) -> str:
    """Why training takes more of the hours than usual, or less: the first cause that holds."""
    effort, machine = work.project.effort, work.machine
    own = [name for name in type(effort).model_fields if getattr(effort, name) is not None]
    runs = float(work.basis.draw("training.runs_per_round", work.project.training.runs_per_round).mean())
    shipped = bill.walk.shipped
    if own:
        return f"the project file states {', '.join(own)}"
    if part < USUAL[0]:
        hosted = machine is not None and machine.offer is not None
        return "the provider runs the training" if hosted else "evaluation, data and rounds take more"
    causes = (
        (machine is not None and machine.count > 1, f"{machine.count if machine else 1} GPUs take longer to set up"),
        (runs >= MANY_RUNS, f"{runs:.0f} runs a round are watched"),
        (shipped is not None and shipped.mean() < STOPS, "most cases stop before a release, whose hours they lack"),
    )
    return next((words for holds, words in causes if holds), "few rounds work on the data")
