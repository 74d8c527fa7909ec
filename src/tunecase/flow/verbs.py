"""What rests on what: the table of needs, the function that makes what is missing, and verbs that need no more."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tunecase.errors import InputError
from tunecase.flow.audit import audit
from tunecase.flow.decide import choose_step
from tunecase.flow.define import judge_problem, pose
from tunecase.flow.estimate import chance_wanted, has_the_test_rows, price_project, price_test_rows
from tunecase.flow.forecast import curve_holds, extrapolate, extrapolate_points, read_points
from tunecase.flow.opened import Flow, missing, spent
from tunecase.flow.points import kept_elsewhere
from tunecase.records import Decision, Definition, Estimate, Forecast

if TYPE_CHECKING:
    from tunecase.forecast.importers import Asked


class Need(NamedTuple):
    """Something that a verb rests on: whether it still holds, and the verb and step that make it if not."""

    holds: Callable[[Flow], bool]
    verb: str
    step: Callable[..., Any]


def _known(verb: str) -> Callable[[Flow], bool]:
    return lambda flow: flow.current(verb) is not None


def _rows_are_counted(flow: Flow) -> bool:
    return flow.project.data.train is None or flow.current("audit") is not None


def _has_points(flow: Flow) -> bool:
    return kept_elsewhere(flow) is not None or flow.current("pilot") is not None


def _problem_is_known(flow: Flow) -> bool:
    """Whether a bill knows where its curve begins and what the target is worth, as far as the files say."""
    data, problem = flow.project.data, flow.project.problem
    if data.train is None or problem.target is None:
        return True
    return flow.posed is not None or flow.current("define") is not None


def _left(flow: Flow) -> float | None:
    """What is left of the budget; None without one."""
    budget = flow.project.budget
    return None if budget is None else budget.spread.median - spent(flow)


def _bill_has_the_curve(flow: Flow) -> bool:
    bill: Estimate | None = flow.current("estimate")
    if bill is None or not flow.rests_on_current("estimate"):
        return False
    if bill.plan is None or bill.plan.budget_left != _left(flow):
        return False
    if bill.based_on != "no pilot":
        return True
    return curve_holds(flow) and flow.current("forecast") is None


def _ask_for_pilot(flow: Flow) -> None:
    raise InputError(missing(flow, "pilot"))


AUDIT = Need(_known("audit"), "audit", audit)
ROWS = Need(_rows_are_counted, "audit", audit)
PILOT = Need(_known("pilot"), "ask for a pilot", _ask_for_pilot)  # it is never run by itself
POINTS = Need(_has_points, "ask for a pilot", _ask_for_pilot)
POSED = Need(lambda flow: False, "pose", pose)  # anew each time, since nobody keeps it
KNOWN_PROBLEM = Need(_problem_is_known, "pose", pose)
ANY_BILL = Need(_known("estimate"), "first bill", price_project)
BILL_WITH_TEST_ROWS = Need(has_the_test_rows, "first bill", price_test_rows)
DEFINITION = Need(lambda flow: flow.rests_on_current("define"), "define", judge_problem)
CURVE = Need(curve_holds, "forecast", extrapolate)
BILL = Need(_bill_has_the_curve, "estimate", price_project)
DECISION = Need(lambda flow: flow.rests_on_current("decide"), "decide", choose_step)

# What each verb rests on, in the order in which it is made. The problem is judged with whatever bill there is, the
# curve is drawn up to the ceiling of the problem, and the bill follows the curve: the first bill goes without one.
RESTS_ON: dict[str, tuple[Need, ...]] = {
    "audit": (),
    "ask for a pilot": (),
    "pose": (AUDIT,),
    "first bill": (ROWS, KNOWN_PROBLEM),
    "define": (AUDIT, POSED, ANY_BILL, BILL_WITH_TEST_ROWS),
    "pilot": (AUDIT,),
    "forecast": (POINTS, DEFINITION, AUDIT),
    "forecast from the pilot": (PILOT, DEFINITION, AUDIT),
    "forecast from kept points": (DEFINITION, AUDIT),
    "estimate": (CURVE, ROWS, KNOWN_PROBLEM),
    "decide": (CURVE, DEFINITION, BILL, ROWS),
    "inference": (ROWS,),
    "fit": (ROWS,),
    "next": (CURVE, BILL),
    "sources": (CURVE, ROWS, KNOWN_PROBLEM),
}


def ready(flow: Flow, verb: str, **told: Any) -> Flow:
    """The case with all that a verb rests on: makes what is missing or no longer holds, in order, and tells of it."""
    for need in RESTS_ON[verb]:
        have(flow, need, **told)
    flow.on_step(verb)
    return flow


def have(flow: Flow, need: Need, **told: Any) -> None:
    """Makes one thing that is needed, unless it still holds, and first whatever it rests on."""
    if not need.holds(flow):
        need.step(ready(flow, need.verb), **told)


def define(flow: Flow) -> Definition:
    """Is the problem well posed and achievable? Audits and prices first when that is not done yet."""
    return judge_problem(ready(flow, "define"))


def estimate(flow: Flow, *, what_if: str | None = None, progress: Callable[[int, int], None] | None = None) -> Estimate:
    """What will it cost? With a pilot at hand the rounds come from its curve, read again if the case has changed.

    `what_if` adds what would have to be true to stay within the budget with that chance, such as 80%.
    """
    wanted = None if what_if is None else chance_wanted(flow, what_if)
    return price_project(ready(flow, "estimate"), wanted, progress)


def forecast(flow: Flow, from_pilot: bool = False) -> Forecast:
    """Will more data do it? From the pilot's points, or those kept from elsewhere, up to what the budget can buy.

    Kept points hold until a run is trained after them; `from_pilot` goes back to the pilot at once.
    """
    if not from_pilot:
        return extrapolate(ready(flow, "forecast"))
    record = extrapolate(ready(flow, "forecast from the pilot"), from_pilot)
    _follow(flow)
    return record


def keep_forecast(
    flow: Flow,
    place: str | Sequence[str],
    request: "Asked",
    model: str = "",
    target: str | None = None,
    n_max: int | None = None,
) -> Forecast:
    """A forecast from points that were measured elsewhere, kept: estimate, decide and report rest on it from now on."""
    points, about = read_points(place, request, model, target, n_max)
    record = extrapolate_points(ready(flow, "forecast from kept points"), points, **about)
    _follow(flow)
    return record


def _follow(flow: Flow) -> None:
    """Makes again the bill and the decision that rested on other points; what was never made is not made now."""
    made = {entry.verb for entry in flow.ledger.entries() if entry.kind == "record"}
    if "estimate" in made:
        estimate(flow)
    if "decide" in made:
        decide(flow)


def curve(flow: Flow) -> Forecast | None:
    """The forecast that holds, made again where the project file or the pilot has changed; None without any points."""
    have(flow, CURVE)
    found: Forecast | None = flow.current("forecast")
    return found


def decide(flow: Flow, what_if: bool = False, progress: Callable[[int, int], None] | None = None) -> Decision:
    """What should the next dollar buy? `what_if` adds what would have to be true for another step.

    `progress` is told how many of how many inputs were looked at for that.
    """
    return choose_step(ready(flow, "decide"), what_if, progress)
