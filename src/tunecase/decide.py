"""What should the next dollar buy? The first step of the lever whose plan has the best expected value.

A plan is a first step and the policy that follows it: after each test, the step that is worth most on average over
the worlds that show alike, or none. Before any lever comes a look (a run or a reading that only tells) where deciding
with its result is worth more than it costs.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase import catalog, levers
from tunecase.board import Board
from tunecase.curves import LEAST_SIZES
from tunecase.levers import Offer, State
from tunecase.levers.standing import standing
from tunecase.levers.state import FREE, TOO_DEAR
from tunecase.policy import Policy, Sorted, best_policy, sort_worlds, worth_of_knowing, worth_of_seeing
from tunecase.prices import Basis, target_value
from tunecase.project import Project
from tunecase.records import Audit, Decision, Definition, Estimate, Experiment, Forecast, Option, Reviews, Tuning
from tunecase.spread import Band, band
from tunecase.wording import count, figures, money, score, sentence, share

if TYPE_CHECKING:
    from tunecase.policy import Indices
    from tunecase.spread import Draws

LEVERS = levers.LEVERS
SCALES = tuple(10 ** (k / 40) for k in range(-120, 121))
SHIP = "ship what the pilot trained"
BELOW = "Chances and prices are below."
SURE = 1.64  # standard errors by which a look must be worth more than its price


@dataclass(frozen=True, slots=True)
class Gate:
    """Something that must come before any purchase."""

    advice: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One lever's first step with the policy after it: means over all worlds, and what each world pays.

    `gain`, `cost` and `reach` are expected; `paid` has shape (worlds,). The plan ends at the first test where that
    shows worse than `threshold` (None: it never does), and at `most` examples at the latest; `rounds` is their band.
    `then` says what the policy does after the first test.
    """

    gain: float
    cost: float
    reach: float
    paid: "Draws"
    first_cost: Band
    most: int
    first_size: int
    threshold: float | None
    then: str

    @property
    def worth(self) -> float:
        """Expected gain less expected cost."""
        return self.gain - self.cost


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A state with its offers, the board they make and the best policy on it."""

    state: State
    offers: tuple[Offer, ...]
    board: Board
    policy: Policy
    groups: tuple[Sorted | None, ...]

    def brings(self, lever: str, scale: float = 1.0) -> "Draws | None":
        """What taking that first step brings in each world; None where it cannot be taken."""
        import numpy as np

        offer = next(offer for offer in self.offers if offer.lever == lever)
        if lever in ("ship", "stop"):
            worth = self.state.worth * scale if lever == "ship" else 0.0
            return None if offer.blocked else np.full(len(self.state.paths), worth)
        at = self.board.first(lever)
        if offer.blocked or at is None or self._dear(at):
            return None
        return self.policy.after(self.board.nodes[0].steps[at])

    def _dear(self, at: int) -> bool:
        """True where the first step cannot be paid in half of the worlds."""
        import numpy as np

        return not np.isfinite(np.median(self.board.nodes[0].steps[at].cost))

    def blocked(self, offer: Offer) -> str:
        """Why a lever cannot be chosen, in words; empty where it can."""
        if offer.blocked or offer.lever in ("ship", "stop", "redefine"):
            return offer.blocked
        at = self.board.first(offer.lever)
        return TOO_DEAR if at is None or self._dear(at) else ""


def decide(
    project: Project,
    *,
    basis: Basis,
    definition: Definition,
    audit: Audit | None,
    estimate: Estimate,
    forecast: Forecast | None,
    spent: float = 0.0,
    no_pilot: str = "",
    tuning: Tuning | None = None,
    reviews: Reviews | None = None,
    rows: int | None = None,
    done: Collection[str] = (),
) -> Decision:
    """The next step with the best expected value, the arithmetic of every lever, and where the advice flips.

        EV(lever) = mean over worlds of [ V credit passed - cost ],   first step = lever, then the best policy

    Nothing is bought on a problem that is not well posed, on data that are not fit, on a pilot that says nothing, or
    without a value: then the advice is what must come first, and levers are shown with chances and prices only.

    Args:
        spent: already paid, in the base currency; the budget holds for the rest.
        no_pilot: why no pilot could be run here, in words; empty when one was.
        tuning: a search over settings that the pilot made.
        reviews: what reviewers said of these training rows; they outweigh the audit's estimate of wrong labels.
        rows: usable rows at hand; the audit's, or the pilot's largest size, when left out.
        done: levers that measured rounds have used.
    Returns: the Decision. Leaves out what serving costs more or less than today.
    """
    value = target_value(project, basis, definition)
    gate = _gate(project, definition, audit, forecast, value, basis.currency, no_pilot)
    if forecast is None or len(forecast.points) < LEAST_SIZES or forecast.target is None:
        assert gate is not None
        return _closed(gate, (), value, basis, ())
    held = rows or max(forecast.points[-1].n, audit.usable if audit else 0)
    budget = project.budget.spread.median - spent if project.budget else float("inf")
    state = standing(
        basis, forecast, rows=held, definition=definition, audit=audit, value=value,
        run_per_row=estimate.run_price.mean / max(held, 1) if estimate.run_price else 0.0, budget_left=budget,
        model=project.models[-1] if project.models else catalog.default("models").value, tuning=tuning,
        reviews=reviews, done=done,
    )  # fmt: skip
    solved = _solve(state)
    looks = _looks(solved) if gate is None else ()
    options = tuple(_option(offer, solved) for offer in solved.offers)
    notes = _assumptions(project, solved)
    if gate is not None:
        return _closed(gate, options, value, basis, notes)
    assert value is not None
    return _choose(project, forecast, solved, options, looks, basis, notes)


def _solve(state: State) -> Solved:
    offers = levers.offers_of(state)
    usable = state if state.value is not None else levers.without_value(state, offers)[0]
    board = levers.board(usable, offers)
    groups = sort_worlds(board.nodes)
    return Solved(state, offers, board, best_policy(board.nodes, known=groups), groups)


def _gate(
    project: Project,
    definition: Definition,
    audit: Audit | None,
    forecast: Forecast | None,
    value: "Draws | None",
    currency: str,
    no_pilot: str,
) -> Gate | None:
    if audit is not None and not audit.ok:
        return Gate(
            "fix first", "mend the data before anything is trained", f"{sentence(audit.reason)}{_repairs(audit)}"
        )
    if definition.verdict == "do not start":
        failed = [c for c in definition.criteria if c.status == "fail" and c.severity == "stop"]
        fixes = " ".join(_remedy(c.fix, c.price, currency) for c in failed)
        return Gate(
            "fix first", "mend the problem before anything is trained", f"{sentence(definition.reason)} {fixes}"
        )
    if forecast is None:
        return Gate("pilot", "run the pilot", "There is no forecast yet: a few small runs come before any purchase.")
    if forecast.verdict == "above the ceiling":
        return Gate("redefine", "relabel or lower the target", sentence(forecast.reason))
    if forecast.verdict in ("not a pilot yet", "pilot uninformative"):
        return Gate("pilot", f"run the next pilot: {forecast.next_pilot}", _why_pilot(forecast, no_pilot))
    if forecast.target is None:
        return Gate("state the target", "say which score is worth shipping", "Without a target nothing can be reached.")
    if forecast.verdict == "reached" and (value is None or len(forecast.points) < LEAST_SIZES):
        return Gate("ship", SHIP, f"{sentence(forecast.reason)} Nothing has to be bought.")
    return _no_value(project) if value is None else None


def _repairs(audit: Audit) -> str:
    """What mending costs; a price that leaves out the very thing that stops the data is said to do so."""
    unpriced = [f for f in audit.findings if f.severity == "stop" and f.price is None]
    words = f" {sentence(unpriced[0].fix)} No price can be put on that." if unpriced else ""
    if not audit.repair_price.p50:
        return words
    what = "All other repairs" if unpriced else "Repairs"
    return f"{words} {what} cost {money(audit.repair_price.p50, audit.currency)}."


def _why_pilot(forecast: Forecast, no_pilot: str) -> str:
    if not no_pilot:
        return sentence(forecast.reason)
    read = f"tunecase forecast points.csv --metric {forecast.metric}"
    if forecast.target is not None:
        read += f" --target {forecast.target:g}"
    bring = f"Bring points that were measured elsewhere, a CSV of n,score: `{read}` reads them."
    return f"{sentence(no_pilot)} {sentence(forecast.reason)} {bring}"


def _no_value(project: Project) -> Gate:
    """What is missing before a purchase can be weighed."""
    problem = project.problem
    if problem.metric is not None and not catalog.metric(problem.metric).binomial:
        reason = f"{problem.metric} does not count right answers, so problem.value cannot weigh a gain in it."
        return Gate("state the value", "choose a metric that counts right answers", f"{reason} {BELOW}")
    missing = [f"problem.{name}" for name in ("value", "volume") if getattr(problem, name) is None]
    if missing:
        reason = f"Without {' and '.join(missing)} no purchase can be weighed."
        return Gate("state the value", "say what one more correct answer is worth", f"{reason} {BELOW}")
    reason = "Without problem.baseline, the score of what is in use today, no gain can be weighed."
    return Gate("state the value", "score what is in use today", f"{reason} {BELOW}")


def _remedy(fix: str, price: Band | None, currency: str) -> str:
    return f"{sentence(fix)}" + (f" Price: {money(price.p50, currency)}." if price else "") if fix else ""


def _plan(solved: Solved, lever: str) -> Plan | None:
    """What a lever is worth with the policy after it; None where its first step cannot be taken."""
    import numpy as np

    at = solved.board.first(lever)
    if solved.brings(lever) is None or at is None:
        return None
    board, policy = solved.board, solved.policy
    last, paid = policy.walk(at)
    got = np.array([node.ends for node in board.nodes])[last, np.arange(len(last))]
    step = board.nodes[0].steps[at]
    cost = np.asarray(step.cost, dtype=float)
    sizes = np.array([board.sizes[size] for size, _ in board.places])[last]
    first = board.sizes[board.places[step.to][0]]
    return Plan(
        float(got.mean()), float(paid.mean()), float(board.passed[last, np.arange(len(last))].mean()), paid,
        band(cost[np.isfinite(cost)]), int(sizes.max()), first, _threshold(solved, step.to), _then(solved, step.to),
    )  # fmt: skip


def _threshold(solved: Solved, node: int) -> float | None:
    """The score of the first test below which (above which, for a loss) the plan ends there; None: it never does."""
    best, group = solved.policy.best[node], solved.policy.groups[node]
    shown = solved.board.nodes[node].shown
    if not len(best) or group is None or shown is None:
        return None
    ends = np_splits(shown[group.order], group.starts)
    loss = solved.state.test_rows is None
    on = [float(part.max() if loss else part.min()) for part, step in zip(ends, best, strict=True) if step >= 0]
    off = [float(part.max() if loss else part.min()) for part, step in zip(ends, best, strict=True) if step < 0]
    if not on or not off:
        return None
    edge = max(on) if loss else min(on)
    if (max(off) <= edge) if loss else (min(off) >= edge):
        return None
    return solved.state.score(edge) if loss else edge


def np_splits(values: "Draws", starts: "Indices") -> "list[Draws]":
    """The parts of an array that begin at `starts`."""
    import numpy as np

    return np.split(values, starts[1:])


def _then(solved: Solved, node: int) -> str:
    """What the policy does after the first test, and in which share of the worlds, the commonest first."""
    import numpy as np

    taken, steps = solved.policy.taken[node], solved.board.nodes[node].steps
    done = solved.board.passed[node]
    shares = {"ship": float(done.mean()), "stop": float(((taken < 0) & ~done).mean())}
    for number, step in enumerate(steps):
        shares[step.name] = shares.get(step.name, 0.0) + float(((taken == number) & np.isfinite(step.cost)).mean())
    told = sorted(((part, name) for name, part in shares.items() if part >= 0.005), reverse=True)
    return ", ".join(f"{name.replace('_', ' ')} {share(part)}" for part, name in told)


def _looks(solved: Solved) -> tuple[Experiment, ...]:
    """What each run or reading that only tells is worth before its price: deciding with its result, or without."""
    import numpy as np

    state = solved.state
    columns = [brings for offer in solved.offers if (brings := solved.brings(offer.lever)) is not None]
    values = np.column_stack(columns)
    left = float(np.median(state.budget_left))
    found = []
    for made in (look(state) for look in levers.LOOKS):
        if made.shown is None:
            found.append(Experiment(made.name, made.action, None, None, None, None, made.blocked))
            continue
        worth, error = worth_of_seeing(values, made.shown)
        price = band(made.price + np.zeros(len(values)))
        mean = float(np.mean(made.price))
        blocked = "it costs more than what is left of the budget" if price.p50 > left else ""
        found.append(Experiment(made.name, made.action, price, worth, error, worth - mean, blocked))
    return tuple(found)


def _best_look(looks: tuple[Experiment, ...]) -> Experiment | None:
    """The look that is worth most beyond its price, where that is more than the luck of the draws."""
    paying = [look for look in looks if not look.blocked and look.net is not None and look.error is not None]
    paying = [look for look in paying if look.net > SURE * look.error]  # type: ignore[operator]
    return max(paying, key=lambda look: look.net or 0.0, default=None)


def _worth(solved: Solved, lever: str, scale: float = 1.0) -> float:
    brings = solved.brings(lever, scale)
    return float("-inf") if brings is None else float(brings.mean())


def _winner(solved: Solved, scale: float = 1.0) -> Offer:
    """The offer of the best expected value when V is `scale` times as large."""
    again = solved if scale == 1.0 else _scaled(solved, scale)
    best = max(again.offers, key=lambda offer: _worth(again, offer.lever, scale))
    if _worth(again, best.lever, scale) > 0:
        return best
    # What already meets the target costs nothing, so it is shipped even where it adds nothing to what is in use.
    return next(offer for offer in again.offers if offer.lever in ("ship", "stop") and not offer.blocked)


def _scaled(solved: Solved, scale: float) -> Solved:
    """The same board when what the target is worth is `scale` times as large; tests and costs stay."""
    from dataclasses import replace

    nodes = tuple(replace(node, ends=node.ends * scale) for node in solved.board.nodes)
    board = replace(solved.board, nodes=nodes)
    return replace(solved, board=board, policy=best_policy(nodes, known=solved.groups))


def _choose(
    project: Project,
    forecast: Forecast,
    solved: Solved,
    options: tuple[Option, ...],
    looks: tuple[Experiment, ...],
    basis: Basis,
    notes: tuple[str, ...],
) -> Decision:
    import numpy as np

    value = solved.state.value
    assert value is not None
    best = _winner(solved)
    worths = {offer.lever: _worth(solved, offer.lever) for offer in solved.offers}
    others = [offer for offer in solved.offers if offer.lever not in (best.lever, "stop")]
    others = [offer for offer in others if np.isfinite(worths[offer.lever])]
    others.sort(key=lambda offer: worths[offer.lever], reverse=True)
    runner_up = f"{others[0].action}, worth {money(worths[others[0].lever], basis.currency)}" if others else "none"
    advice, action, reason = best.lever, best.action, _reason(solved, forecast, best, runner_up, bool(others))
    look = _best_look(looks)
    if look is not None and best.lever != "ship":
        advice, action = "look", look.action
        first = f"{best.action}, worth {money(worths[best.lever], basis.currency)}"
        reason = _look_reason(look, best, first, basis.currency)
        runner_up = first
    columns = [brings for offer in solved.offers if (brings := solved.brings(offer.lever)) is not None]
    return Decision(
        advice=advice, action=action, reason=reason, options=options, value_of_target=band(value),
        flips_at=_flips(project, solved, best, basis, value), runner_up=runner_up, assumptions=notes,
        currency=basis.currency, experiments=looks, certainty=worth_of_knowing(np.column_stack(columns)),
    )  # fmt: skip


def _look_reason(look: Experiment, best: Offer, first: str, currency: str) -> str:
    assert look.worth is not None
    assert look.net is not None
    price = look.worth - look.net
    without = "nothing would be started" if best.lever == "stop" else f"the next step would be to {first}"
    return (
        f"Deciding with its result is worth {money(look.worth, currency)} more than deciding now, and it costs "
        f"{money(price, currency)}. Without it {without}."
    )


def _reason(solved: Solved, forecast: Forecast, best: Offer, runner_up: str, others: bool) -> str:
    currency = solved.state.currency
    if best.lever == "stop":
        if others:
            return f"No step is worth its price at this value; the best other one is to {runner_up}."
        if any(solved.blocked(offer).startswith(TOO_DEAR) for offer in solved.offers):
            return "What is left of the budget pays for no first step."
        return "No step is worth its price at this value."
    if best.lever == "ship":
        return f"{sentence(forecast.reason)} Nothing has to be bought."
    plan = _plan(solved, best.lever)
    assert plan is not None
    return (
        f"Its plan is worth {money(plan.worth, currency)} in expectation: {share(plan.reach)} chance to reach "
        f"the target, by {count(plan.most)} examples at the latest. Next best: {runner_up}."
    )


def _flips(project: Project, solved: Solved, best: Offer, basis: Basis, worth: "Draws") -> str:
    """The nearest values per correct answer, below and above today's mean, at which another lever wins.

    Each is rounded away from today's value, so that the advice does flip when it is written into the project file.
    """
    assert project.problem.value is not None
    # The one certain value per correct answer that makes the target worth as much as the doubtful one does.
    each = basis.worlds.draw("problem.value", project.problem.value.spread)
    value = float(worth.mean() / (worth / each).mean() if each.min() > 0 < worth.mean() else each.mean())
    unit = f"{basis.currency} per correct"
    words = []
    for scales, side in (
        (tuple(s for s in reversed(SCALES) if s < 1), "below"),
        (tuple(s for s in SCALES if s > 1), "above"),
    ):
        rounded = [_two_figures(value * scale, up=side == "above") for scale in scales]
        found = _first_flip(solved, best, [one / value for one in rounded])
        if found is not None:
            at, winner = found
            words.append(f"{side} {figures(rounded[at])} {unit} to {winner.lever.replace('_', ' ')}")
    return "; ".join(words) or f"nowhere between a thousandth and a thousand times {figures(value)} {unit}"


def _first_flip(solved: Solved, best: Offer, scales: list[float]) -> tuple[int, Offer] | None:
    """The first scale at which another lever wins, looked for in growing steps and then between the last two."""
    low, step = -1, 1
    while True:
        at = min(low + step, len(scales) - 1)
        winner = _winner(solved, scales[at])
        if winner.lever != best.lever:
            break
        if at == len(scales) - 1:
            return None
        low, step = at, min(2 * step, 8)
    found = (at, winner)
    while found[0] - low > 1:
        middle = (low + found[0]) // 2
        winner = _winner(solved, scales[middle])
        low, found = (middle, found) if winner.lever == best.lever else (low, (middle, winner))
    return found


def _two_figures(value: float, up: bool) -> float:
    """The nearest number of two significant figures at or above, or at or below, a positive value."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return (math.ceil if up else math.floor)(value / unit) * unit


def _option(offer: Offer, solved: Solved) -> Option:
    state, blocked = solved.state, solved.blocked(offer)
    if offer.lever in ("ship", "stop") and not blocked:
        gain = state.worth if offer.lever == "ship" else 0.0
        words = f"{figures(gain)} gain - {figures(0.0)} cost = {figures(gain)} {state.currency}"
        reach = float(offer.lever == "ship")
        if state.value is None:
            return Option(
                offer.lever, offer.action, None, offer.first_step, FREE, reach, None, None, None, "", "measured"
            )
        return Option(
            offer.lever, offer.action, FREE, offer.first_step, FREE, reach, gain, 0.0, gain, words, offer.evidence
        )
    plan = None if blocked else _plan(solved, offer.lever)
    if plan is None:
        return Option(
            offer.lever, offer.action, None, offer.first_step, None, offer.p_reach, None, None, None, "",
            offer.evidence, blocked=blocked,
        )  # fmt: skip
    if state.value is None:
        words = f"{share(plan.reach)} chance by {count(plan.most)} examples; value not stated"
        return Option(
            offer.lever, offer.action, None, offer.first_step, plan.first_cost, plan.reach, None, None, None, words,
            offer.evidence,
        )  # fmt: skip
    words = f"{figures(plan.gain)} gain - {figures(plan.cost)} cost = {figures(plan.worth)} {state.currency}"
    return Option(
        offer.lever, offer.action, band(plan.paid), offer.first_step, plan.first_cost, plan.reach, plan.gain,
        plan.cost, plan.worth, words, offer.evidence, _give_up(plan, state), then=plan.then,
    )  # fmt: skip


def _give_up(plan: Plan, state: State) -> str:
    if plan.most == plan.first_size and plan.threshold is None:
        return f"after the first test, at {count(plan.most)} examples"
    side = "less" if state.forecast.direction == "higher" else "more"
    early = f"after the first test if it shows {side} than {score(plan.threshold)}, and " if plan.threshold else ""
    return f"{early}at {count(plan.most)} examples at the latest"


def _assumptions(project: Project, solved: Solved) -> tuple[str, ...]:
    state = solved.state
    notes = [offer.assumption for offer in solved.offers if offer.assumption and not solved.blocked(offer)]
    if state.value is not None:
        base = score(state.score(state.error_baseline))
        notes.insert(0, f"value counts answers above a baseline of {base}, at the target and no higher")
    if project.budget is None:
        notes.append("no budget given: plans may cost any amount")
    import numpy as np

    labour = float(np.mean(state.prices.labour))
    notes.append(f"people's part of one round costs {money(labour, state.currency)}")
    return tuple(notes)


def _closed(
    gate: Gate, options: tuple[Option, ...], value: "Draws | None", basis: Basis, notes: tuple[str, ...]
) -> Decision:
    return Decision(
        advice=gate.advice, action=gate.action, reason=gate.reason, options=options,
        value_of_target=None if value is None else band(value), flips_at="", runner_up="", assumptions=notes,
        currency=basis.currency,
    )  # fmt: skip
