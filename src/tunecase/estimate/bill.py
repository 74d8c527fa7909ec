"""What will it cost? Every line of the bill over a random number of rounds, its doubt, and what drives it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tunecase import catalog
from tunecase.compute import Choice, Machine, base_model, choose, idle_over_used, sequence_tokens
from tunecase.estimate import redrawn
from tunecase.estimate.route import COSTS, ROUNDS, Known, Route, route_of, total_of
from tunecase.estimate.sensitivity import first_order, swing
from tunecase.estimate.ways import Load, hosted_machine, not_to_be_had, ways
from tunecase.plan.costs import Cost, Work, gpu_hours, months, rows_trained, runs_per_round, training_jobs
from tunecase.plan.levers import test_rows_to_buy
from tunecase.plan.rounds import Walk, rounds_of
from tunecase.prices import (
    Basis,
    clock_words,
    label_prices,
    legal_note,
    low_pay,
    old_rates,
    person_hour,
    supply,
    unknown_factor,
    unknown_words,
)
from tunecase.project import Project
from tunecase.quantities import Z80, Z90, Band, Const, Interval, Spread, Worlds, band, share, teaches_like
from tunecase.records import Audit, Definition, Driver, Estimate, Forecast, Line, Reviews, Run, Tokens, Tuning

if TYPE_CHECKING:
    from tunecase.plan.rounds import Flags
    from tunecase.quantities import Draws

DRAWS = 20_000
BARS = 30
DRIVERS = 8
CLOUD = ("gpu", "failed_runs", "idle", "storage", "egress")
LEAST_SHARE = 0.005  # below it, a share cannot be told from chance in 20,000 draws


def estimate(
    project: Project,
    *,
    basis: Basis,
    train_rows: int,
    tokens: Tokens | None,
    definition: Definition | None = None,
    audit: Audit | None = None,
    forecast: Forecast | None = None,
    machines: Sequence[Machine] | None = None,
    runs: Sequence[Run] = (),
    tuning: Tuning | None = None,
    reviews: Reviews | None = None,
    done: Collection[str] = (),
    what_if: float | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Estimate:
    """The bill of the whole loop: collect, train, test, again.

        total = sum over lines, world by world;   every named input is drawn once per world

    The number of rounds is the project's, or follows from the forecast's curve (each world walks along one curve; after
    every test the policy of `decide` says what is done next, until the target is shown or nothing more is worth its
    price), or is assumed where there is no pilot.

    Args:
        project: the project file.
        basis: prices, date and worlds; its draws are the number of worlds (20,000 is good).
        train_rows: usable rows at hand.
        tokens: token counts of those rows, or None when unknown, which leaves the gpu line unpriced.
        definition: for the size of the test and the test rows that it misses.
        audit: for the price of repairs, the usable rows, and tokens when `tokens` is None.
        forecast: the pilot's curve.
        machines: ways to train; worked out from the model when left out.
        runs: of a pilot; they correct the speed where they timed the model itself on a GPU.
        tuning, reviews: a search over settings and what reviewers said, on which the levers between rounds rest.
        done: levers that measured rounds have used.
        what_if: also what would have to be true to stay within the budget with this chance, 0 to 1.
        told: told how many of how many inputs were looked at for that.
    Returns: the Estimate, in the project's currency.
    What no input names is the line `unknowns`: a factor on people's hours, never on metered prices.
    """
    known: dict[str, Any] = {
        "train_rows": train_rows, "tokens": tokens, "definition": definition, "audit": audit, "forecast": forecast,
        "machines": machines, "runs": runs, "tuning": tuning, "reviews": reviews, "done": done,
    }  # fmt: skip
    found = drawn(project, basis=basis, **known)
    record = _record(found, train_rows, (*_of_the_data(audit), *_of_the_plan(project)))

    def again(changed: Project, worlds: Worlds) -> Drawn:
        return drawn(changed, basis=replace(basis, project=changed, worlds=worlds, used={}), **known)

    if what_if is not None and record.budget is not None:
        bill = _small(again, project, record, basis)
        record = replace(record, what_if=redrawn.what_if(bill, record.budget, what_if, told))
    return record


@dataclass(frozen=True, slots=True)
class Drawn:
    """The bill before it is summed up: every line in every world, the walk through the rounds, and what they rest on.

    `rented` is the choice among GPUs, also where `choice` is a hosted model.

    The named inputs' draws are `work.basis.worlds.drawn`; two bills of one seed share their worlds.
    """

    work: Work
    lines: dict[str, Cost]
    route: Route
    choice: Choice
    rented: Choice

    @property
    def total(self) -> "Draws":
        """The sum of the lines that count and have a price, shape (draws,)."""
        return total_of(list(self.lines.values()))


def drawn(
    project: Project,
    *,
    basis: Basis,
    train_rows: int,
    tokens: Tokens | None,
    definition: Definition | None = None,
    audit: Audit | None = None,
    forecast: Forecast | None = None,
    machines: Sequence[Machine] | None = None,
    runs: Sequence[Run] = (),
    tuning: Tuning | None = None,
    reviews: Reviews | None = None,
    done: Collection[str] = (),
) -> Drawn:
    """The bill in every world; arguments as for `estimate`."""
    stock = supply(basis)
    # Beside a hosted model cards are only compared: neither their draws nor their defaults are the bill's.
    aside = replace(basis, worlds=Worlds(basis.worlds.seed, basis.worlds.n), used={})
    rented = choose(basis if project.compute.hosted is None else aside, machines, runs)
    tokens_per_row = _tokens_per_row(basis, train_rows, tokens, audit)
    hosted = hosted_machine(basis, tokens_per_row)
    choice = rented if hosted is None else Choice(hosted, hosted.how)
    work = Work(
        project=project,
        basis=basis,
        walk=rounds_of((train_rows,), 1, basis.worlds.n),
        machine=choice.machine,
        no_machine=choice.why,
        tokens_per_row=tokens_per_row,
        supply=stock,
        repair=audit.repair_price if audit else None,
        test_rows_missing=test_rows_to_buy(definition, audit),
    )
    known = Known(definition, audit, forecast, tuning, reviews, frozenset(done))
    route = route_of(work, train_rows, known)
    work = replace(work, walk=replace(route.walk, bought=route.walk.bought + project.data.first_purchase))
    return Drawn(work, {cost.__name__: cost(work) for cost in COSTS}, route, choice, rented)


def _small(again: Callable[[Project, Worlds], Drawn], project: Project, record: Estimate, basis: Basis) -> redrawn.Bill:
    """The bill in fewer worlds, to be worked out again many times."""
    found = again(project, redrawn.fewer(basis.worlds))
    return redrawn.Bill(
        project, found.work.basis.worlds, _outcome(found), lambda changed, worlds: _outcome(again(changed, worlds)),
        record.rounds.p50, label_prices(found.work.basis),
    )  # fmt: skip


def _outcome(found: Drawn) -> redrawn.Outcome:
    return redrawn.Outcome(found.total, found.route.walk.reached)


def _of_the_plan(project: Project) -> tuple[str, ...]:
    """What a plan without a training file rests on."""
    data = project.data
    if data.train is not None:
        return ()
    long = f" of {data.tokens_per_row.text} tokens" if data.tokens_per_row is not None else ""
    stated = [] if data.rows is None else [f"{data.rows.text} rows"]
    stated += [] if data.buy_first is None else [f"{data.buy_first.text} rows bought before the first round"]
    words = " and ".join(stated)
    return (f"no training file: {words}{long} are taken as the project file states them, all usable",)


def _of_the_data(audit: Audit | None) -> tuple[str, ...]:
    """What the audit says that the bill leaves out: nothing is added for it, the curve was measured on these labels."""
    if audit is None:
        return ()
    words = [] if audit.ok else [f"the data are {audit.verdict}, and the bill takes them as mended: {audit.reason}"]
    if audit.effective is not None:
        low, mid, high = audit.effective.low, audit.effective.mid, audit.effective.high
        if told := teaches_like(audit.usable, low, mid, high):
            words.append(f"{told}; the bill counts rows")
    return tuple(words)


def _tokens_per_row(basis: Basis, rows: int, tokens: Tokens | None, audit: Audit | None) -> "Draws | None":
    """Mean tokens of a row after cutting at the longest sample, shape (draws,)."""
    import numpy as np

    stated = basis.project.data.tokens_per_row if basis.project else None
    if stated is not None and tokens is None and audit is None:
        return np.minimum(basis.worlds.draw("tokens per row", stated.spread), float(sequence_tokens(basis)))
    tokens = tokens or (audit.tokens if audit else None)
    counted = audit.usable if audit else rows
    if tokens is None or counted < 1:
        return None
    low, mid, high = tokens.total.low, tokens.total.mid, tokens.total.high
    spread: Spread = Const(mid / counted)
    if high > low > 0:
        # An 80% interval of the record, opened to the 90% that an Interval means.
        wide = Z90 / Z80
        spread = Interval(mid * (low / mid) ** wide / counted, mid * (high / mid) ** wide / counted)
    longest = sequence_tokens(basis)
    # What the audit saw cut off at this very limit is not trained on.
    cut = tokens.cut_tokens / counted if tokens.limit_tokens == longest else 0.0
    return np.minimum(basis.worlds.draw("tokens per row", spread) - cut, float(longest))


def _record(found: Drawn, rows: int, notes: tuple[str, ...]) -> Estimate:
    import numpy as np

    work, bill, route, choice = found.work, found.lines, found.route, found.choice
    project, basis, walk = work.project, work.basis, route.walk
    total = found.total
    budget = project.budget.spread.median if project.budget else None
    within = total <= budget if budget is not None else np.ones(len(total), dtype=bool)
    hours, machine = gpu_hours(work), choice.machine
    on_cards = machine is not None and machine.offer is None
    run = None
    if machine is not None and work.tokens_per_row is not None:
        run = rows * work.tokens_per_row * project.training.epochs / 1e6 * machine.price_per_mtok
    factor = unknown_factor(basis)
    effort = basis.draw("effort_per_round", project.effort_per_round) * person_hour(basis) * factor
    return Estimate(
        currency=basis.currency,
        lines=tuple(_line(name, cost, float(total.mean())) for name, cost in bill.items()),
        total=band(total),
        rounds=band(walk.rounds),
        months=band(months(work) * factor),
        budget=budget,
        over_budget=None if budget is None else float((~within).mean()),
        reached=None if walk.reached is None else float((walk.reached & within).mean()),
        drivers=_drivers(basis, walk, total),
        unpriced=tuple(name for cost in bill.values() for name in cost.unpriced),
        gpu=machine.gpu if machine else "",
        gpu_count=machine.count if machine else 0,
        gpu_hours=None if hours is None or not on_cards else band(hours),
        usd_per_gpu_hour=band(machine.hour.draws / basis.base_per_usd) if machine and on_cards else None,
        price_dates=machine.hour.dates if machine else (),
        price_book=basis.price_book,
        label_price=None if work.supply.price is None else band(work.supply.price),
        round_price=band(effort + (0.0 if run is None else run * runs_per_round(work) * (1 + idle_over_used(basis)))),
        run_price=None if run is None else band(run),
        histogram=_histogram(total),
        draws=basis.worlds.n,
        seed=basis.worlds.seed,
        based_on=route.based_on,
        assumptions=(*_assumptions(work, bill, route, choice), *notes),
        defaults=tuple(basis.used.values()),
        false_pass=None if walk.false_pass is None else float(walk.false_pass.mean()),
        total_when_reached=_band_where(total, walk.reached, True),
        total_when_stopped=_band_where(total, walk.reached, False),
        fixed=route.fixed,
        total_without_unknowns=band(total_of([cost for name, cost in bill.items() if name != "unknowns"])),
        total_without_answers=band(total_of([cost for name, cost in bill.items() if name != "inference"])),
        ways=ways(basis, found.rented.machine, machine, _load(work)),
        settled=None if walk.settled is None or not project.problem.fallback else float((walk.settled & within).mean()),
    )


def _load(work: Work) -> Load | None:
    """All that is trained over the rounds; None where the length of a row is not known."""
    if work.tokens_per_row is None:
        return None
    return Load(rows_trained(work), work.tokens_per_row, training_jobs(work), work.project.training.epochs)


def _line(name: str, cost: Cost, mean_total: float) -> Line:
    amount = None if cost.amount is None else band(cost.amount)
    share = None
    if cost.included and cost.amount is not None and mean_total > 0:
        share = float(cost.amount.mean()) / mean_total
    quantity = None if cost.quantity is None else band(cost.quantity)
    return Line(name, amount, share, cost.basis, cost.included, quantity, cost.unit)


def _drivers(basis: Basis, walk: Walk, total: "Draws") -> tuple[Driver, ...]:
    """The inputs that carry most of the total's variance; how the rounds are drawn counts as one input, the rounds."""
    inputs = {name: draws for name, draws in basis.worlds.drawn.items() if not name.startswith(ROUNDS)}
    inputs[ROUNDS] = walk.rounds
    found = []
    for name, index in list(first_order(inputs, total).items())[:DRIVERS]:
        if index.value >= LEAST_SHARE:
            ends = swing(inputs[name], total)
            found.append(
                Driver(
                    name, index.value, index.error, ends.input_low, ends.input_high, ends.result_low, ends.result_high
                )
            )
    return tuple(found)


def _band_where(total: "Draws", reached: "Flags | None", wanted: bool) -> Band | None:
    if reached is None:
        return None
    chosen = total[reached == wanted]
    return band(chosen) if len(chosen) else None


def _histogram(total: "Draws") -> tuple[tuple[float, float], ...]:
    """(middle of a bar, share of worlds); the last bar also holds the dearest 1%."""
    import numpy as np

    low, high = float(total.min()), float(np.quantile(total, 0.99))
    if not high > low * (1 + 1e-9):  # all worlds alike but for rounding
        return ((low, 1.0),)
    counts, edges = np.histogram(np.minimum(total, high), bins=BARS, range=(low, high))
    middles = (edges[:-1] + edges[1:]) / 2
    return tuple((float(x), float(n) / len(total)) for x, n in zip(middles, counts, strict=True))


def _assumptions(work: Work, bill: dict[str, Cost], route: Route, choice: Choice) -> tuple[str, ...]:
    project, machine = work.project, choice.machine
    words = [*route.assumptions]
    if machine is not None:
        trained = machine.offer.row.model if machine.offer else f"{base_model(work.basis)} with {project.method}"
        words.append(f"training {trained}, {project.training.epochs:g} epochs: {choice.why}")
        words.append(machine.hour.note)
        if machine.hour.stale:
            words.append(
                f"{machine.hour.stale} of {len(machine.hour.providers)} prices of a {machine.gpu} hour are older than "
                f"{catalog.STALE_AFTER_DAYS} days and are widened by 40%"
            )
    if not bill["inference"].included:
        words.append("inference after launch is left out of the total (include_inference: true counts it)")
    words += [
        not_to_be_had(work.basis),
        _calendar_words(work),
        _cloud_words(bill),
        unknown_words(work.basis),
        clock_words(work.basis),
        legal_note(work.basis),
        *work.basis.contracts_notes,
    ]
    return tuple(word for word in [*words, old_rates(work.basis), low_pay(work.basis)] if word)


def _calendar_words(work: Work) -> str:
    waiting = work.project.waiting_per_round
    told = waiting.text if waiting is not None else work.basis.used["waiting_per_round"].value
    return f"the calendar counts working hours, {told} of waiting for labels, GPUs and people, and unknowns"


def _cloud_words(bill: dict[str, Cost]) -> str:
    """What the cloud's bill holds besides runs, beside what is said of such bills."""
    cloud = {name: float(bill[name].amount.mean()) for name in CLOUD if bill[name].amount is not None}  # type: ignore[union-attr]
    whole = sum(cloud.values())
    if "gpu" not in cloud or not whole:
        return ""
    rest = share((whole - cloud["gpu"] - cloud["failed_runs"]) / whole)
    return (
        f"idle GPUs, storage and egress are {rest} of what the cloud bills; a survey of providers says 30 to 40% with "
        "its management (mercatus, 2026-05); start-up within a run is not counted"
    )
