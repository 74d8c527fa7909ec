"""The plan in every world: its first step, the walk through the rounds, and every line of its bill."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tunecase.compute import Choice, choose, rollout_tokens, sequence_tokens, texts_of_row
from tunecase.inference import sampled
from tunecase.plan import levers
from tunecase.plan.costs import Cost, Work, lines_of, months, total_of
from tunecase.plan.known import Known
from tunecase.plan.levers import Offer, State, planned_supply, test_rows_to_buy
from tunecase.plan.machine import core_machine, hosted_machine
from tunecase.plan.measured_way import MeasuredWay
from tunecase.plan.rounds import Walk, rounds_of
from tunecase.plan.route import NO_TARGET, based_on, policy_words, rounds_without_target
from tunecase.plan.solved import Solved, merit_of, solve
from tunecase.prices import ending_of, serving_saving, unknown_factor
from tunecase.quantities import Z80, Z90, Const, Draws, Interval, Spread, Worlds, np
from tunecase.records import Tokens

AFTER_LAUNCH = ("inference", "upkeep")  # lines that the worth of shipping holds
CLOSE = 0.1  # of the fine-tune's worth: more than few worlds may be wrong by
FEW = 2_000  # worlds in which measured ways are compared


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """A first step in every world: its walk, the bill's lines, and what it brings.

    `first_walk` and `first` are the walk and the lines of the first step alone, paid or not. `gain` is what shipping
    brings before upkeep, shape (draws,); None where the target's worth is not stated. `serving` is the part of it that
    serving saves, negative where it costs; None where nobody knows it. `at` is the index of the first
    step on the board; None where none is walked.
    """

    walk: Walk
    lines: dict[str, Cost]
    first_walk: Walk
    first: dict[str, Cost]
    gain: "Draws | None" = None
    at: int | None = None
    serving: "Draws | None" = None

    @property
    def total(self) -> "Draws":
        """The sum of the lines that count and have a price, shape (draws,)."""
        return total_of(self.lines)

    @property
    def tuning(self) -> "Draws":
        """The total without answers and upkeep after launch, which the worth of shipping holds, shape (draws,)."""
        return total_of(self.lines, without=AFTER_LAUNCH)

    @property
    def upkeep(self) -> "Draws":
        """What keeping up what is shipped takes, whether the total holds it or not, shape (draws,)."""
        amount = self.lines["upkeep"].amount
        assert amount is not None
        return amount

    @property
    def net_gain(self) -> "Draws | None":
        """What shipping brings after upkeep, shape (draws,); None where the target's worth is not stated."""
        return None if self.gain is None else self.gain - self.upkeep

    @property
    def first_cost(self) -> "Draws":
        """What the first step costs, shape (draws,)."""
        return total_of(self.first, without=AFTER_LAUNCH)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The bill before it is summed up, and the steps that its rounds take.

    `offer` is the first step of the plan, None where no target says what to reach; `solved` is None there too.
    `advised` is False where stopping is worth more than any step, and `beyond_budget` is True where no first step can
    be paid: the bill is then that of the best step all the same. `rented` is the choice among GPUs, also where `choice`
    is a hosted model. `ways` is all that a pilot measured beside the model to be tuned; `others` are the plans beside
    the best one, that of the model to be tuned among them. The named inputs' draws are `work.basis.worlds.drawn`; two
    bills of one seed share their worlds.
    """

    facts: Known
    work: Work
    walked: Walked
    choice: Choice
    rented: Choice
    based_on: str
    assumptions: tuple[str, ...]
    solved: Solved | None = None
    offer: Offer | None = None
    advised: bool = True
    beyond_budget: bool = False
    others: "tuple[Drawn, ...]" = ()
    ways: tuple[MeasuredWay, ...] = ()

    @property
    def way(self) -> str:
        """The measured way that this is the plan of; empty for the model to be tuned."""
        return "" if self.facts.way is None else self.facts.way.name

    @property
    def grounded(self) -> bool:
        """Whether a target is walked to along a curve that rests on something."""
        return self.solved is not None and self.solved.state.grounded

    @property
    def of_the_tuned(self) -> "Drawn":
        """The plan of the model to be tuned, whether it is the best or not."""
        return next((each for each in (self, *self.others) if not each.way), self)

    @property
    def rivals(self) -> "tuple[Drawn, ...]":
        """The plans that another one could turn the advice to: this, the best beside it, and that of the fine-tune."""
        named = {each.way: each for each in (self, *self.others[:1], self.of_the_tuned)}
        return tuple(named.values())

    @property
    def merit(self) -> tuple[bool, float, bool]:
        """By which plans of one project are ranked, see `merit_of`."""
        return (False, float("-inf"), False) if self.solved is None else merit_of(self.solved)

    @property
    def walk(self) -> Walk:
        """The walk through the rounds."""
        return self.walked.walk

    @property
    def lines(self) -> dict[str, Cost]:
        """Every line in every world."""
        return self.walked.lines

    @property
    def total(self) -> "Draws":
        """The sum of the lines that count and have a price, shape (draws,)."""
        return self.walked.total

    @property
    def total_without_answers(self) -> "Draws":
        """The same without the answers after launch, shape (draws,)."""
        answers = self.lines["inference"]
        return self.total - answers.amount if answers.included and answers.amount is not None else self.total

    def along(self, offer: Offer) -> Walked | None:
        """Another first step with what is bought on after it; None where it cannot be taken."""
        if self.solved is None or self.solved.brings(offer.lever) is None:
            return None
        return _walked(self.work, self.solved, offer)

    def bound(self) -> "Drawn":
        """The same for the choice of a step: on a board that the budget binds, also where the bill begins beyond it."""
        if self.solved is None or not self.beyond_budget:
            return self
        return replace(self, solved=solve(self.solved.state))

    def too_dear(self, levers_named: Sequence[str]) -> "dict[str, Draws]":
        """What first steps cost, by lever, that the budget does not pay for, in every world, shape (draws,)."""
        if self.solved is None or not levers_named:
            return {}
        board = solve(self.solved.state, whatever_it_costs=True).board
        steps = {name: at for name in levers_named if (at := board.first(name)) is not None}
        return {
            name: total_of(lines_of(self.work, board.walk(at, whole=False)), without=AFTER_LAUNCH)
            for name, at in steps.items()
        }

    def instead(self, offer: Offer, walked: Walked) -> "Drawn":
        """The same project with another first step."""
        return replace(self, offer=offer, walked=walked)


def drawn(facts: Known) -> Drawn:
    """The plan in every world, from all that is known: that of the best way, with the others beside it.

    The model to be tuned and each measured way are projects of their own in worlds of one seed, so that two differ only
    in what they differ in. Of the measured ways all but the best are solved in at most 2,000 worlds.
    """
    tuned = replace(_of_one(replace(facts, ways=())), ways=tuple(facts.ways))
    ways = [way for way in facts.ways if not way.blocked]
    if tuned.solved is None or not ways:
        return tuned
    rough = [_of_one(_in_few(facts.by(way))) for way in ways]
    best = max(range(len(rough)), key=lambda number: rough[number].merit)
    if facts.basis.worlds.n > FEW and _may_be_best(rough[best], tuned):
        rough[best] = _of_one(facts.by(ways[best]))
    ranked = sorted((tuned, *rough), key=lambda each: each.merit, reverse=True)
    first = max((tuned, rough[best]), key=lambda each: each.merit)
    return replace(first, others=tuple(each for each in ranked if each is not first), ways=tuple(facts.ways))


def _may_be_best(rough: Drawn, tuned: Drawn) -> bool:
    """Whether a way seen in few worlds is worth as much as the fine-tune, or so nearly that all worlds must tell."""
    ready, worth, _ = rough.merit
    other_ready, other, _ = tuned.merit
    return ready > other_ready or (ready == other_ready and worth >= other - CLOSE * abs(other))


def _in_few(facts: Known) -> Known:
    """The same in few worlds, in which ways are compared before the best is worked out in all of them."""
    worlds = facts.basis.worlds
    return facts if worlds.n <= FEW else facts.in_worlds(worlds.fewer(FEW))


def _of_one(facts: Known) -> Drawn:
    """The plan of the model to be tuned, or of the measured way that the facts are about."""
    work, choice, rented = _chosen(facts)
    rests_on, first = based_on(facts), rounds_of((facts.rows,), 1, facts.basis.worlds.n)
    if rests_on == NO_TARGET:
        walk, words = rounds_without_target(work, facts)
        # A first step releases nothing yet.
        first = replace(first, ships=first.rounds < 0)
        walked = Walked(walk, lines_of(work, walk), first, lines_of(work, first))
        return Drawn(facts, work, walked, choice, rented, rests_on, words)
    bill = Drawn(facts, work, Walked(first, {}, first, {}), choice, rented, rests_on, ())
    return from_state(bill, levers.standing(facts, work))


def from_state(bill: Drawn, state: State) -> Drawn:
    """The plan of a project from where it stands, or would stand, in the worlds of a bill."""
    solved = solve(state)
    offer, beyond = solved.winner, False
    advised = offer.lever != "stop"
    if not advised:
        solved, offer, beyond = _all_the_same(state, solved)
    words = policy_words(solved, offer.lever, bill.facts.rows)
    if not advised and not beyond:
        words += ("at these prices no step is worth its price: the bill is what going on all the same would cost",)
    return replace(
        bill, walked=_walked(bill.work, solved, offer), assumptions=words, solved=solved, offer=offer, advised=advised,
        beyond_budget=beyond,
    )  # fmt: skip


def _all_the_same(state: State, solved: Solved) -> tuple[Solved, Offer, bool]:
    """The best step where stopping is worth more, on a board that the budget does not bind where it pays for none."""
    beyond = not any(offer.steps and not solved.blocked(offer) for offer in solved.offers)
    if beyond and any(offer.steps for offer in solved.offers):
        solved = solve(state, whatever_it_costs=True)
    steps = [offer for offer in solved.offers if offer.steps and not solved.blocked(offer)]
    if not steps:
        return solved, solved.offer("stop"), False
    return solved, max(steps, key=lambda offer: solved.worth(offer.lever)), beyond


def _walked(work: Work, solved: Solved, offer: Offer) -> Walked:
    """A first step in every world."""
    board = solved.board
    at = board.first(offer.lever) if offer.brings is None else None
    if at is None:
        return _ended(work, solved, offer)
    errors, first = board.errors(at), board.walk(at, whole=False)
    state = solved.state
    walk = _met(board.walk(at), state, errors)
    gain, saved = _gain(work, state, walk, state.credit(errors))
    return Walked(walk, lines_of(work, walk), first, lines_of(work, first), gain, at, saved)


def _met(walk: Walk, state: State, errors: "Draws") -> Walk:
    """A walk with what is truly met where a model is put to use: the target, the fallback, or neither."""
    assert walk.ships is not None
    met = errors <= state.error_target
    settles = ~met & (errors <= state.error_wanted)
    return replace(
        walk, reached=walk.ships & met, settled=walk.ships & settles, false_pass=walk.ships & ~met & ~settles
    )  # fmt: skip


def _gain(
    work: Work, state: State, walk: Walk, part: "Draws | float", besides: "Draws | float" = 0.0
) -> "tuple[Draws | None, Draws | None]":
    """(what shipping brings, what of it serving saves), world by world, by the part of V that is truly had.

    The first is None where V is not stated, the second where nobody knows what answers cost.
    """
    saving, shipped = serving_saving(work.basis), walk.shipped
    assert shipped is not None
    saved: Draws | None = None
    if saving is not None or np.any(besides):
        kept = 0.0 if saving is None else saving * (part if state.saved_alone else 1.0)
        saved = np.asarray(shipped * (kept + besides))
    if state.value is None:
        return None, saved
    more = 0.0 if walk.begun.any() else state.more_today  # of what is there already
    return shipped * (state.value + more) * part + (0.0 if saved is None else saved), saved


def _ended(work: Work, solved: Solved, offer: Offer) -> Walked:
    """The project ended at once: what is there is shipped, or nothing is."""
    none, state = np.zeros(work.basis.worlds.n), solved.state
    shipped, reached = (np.full(len(none), flag) for flag in (bool(offer.brings), offer.reaches))
    walk = Walk(
        none, none, none, reached=shipped & reached, false_pass=none > 0, data_paid=none, settled=shipped & ~reached,
        ships=shipped,
    )  # fmt: skip
    part: Draws | float = offer.brings or 0.0
    if offer.errors is not None and len(offer.errors) == len(none):
        walk, part = _met(walk, state, offer.errors), state.credit(offer.errors, at_hand=True)
    lines = lines_of(work, walk)
    gain, saved = _gain(work, state, walk, part, offer.besides)
    return Walked(walk, lines, walk, lines, gain, serving=saved)


def work_of(facts: Known) -> Work:
    """What a round is made of."""
    return _chosen(facts)[0]


def _chosen(facts: Known) -> tuple[Work, Choice, Choice]:
    """What a round is made of, the machine that trains, and the cards that it is compared with."""
    project, basis, way = facts.project, facts.basis, facts.way
    if way is not None:  # a row counts as a token, and plain cores train, if anything does
        machine = core_machine(basis, way.words, 0.0 if way.prompted else way.seconds_per_row)
        choice = Choice(machine, machine.how)
        return _work(facts, choice, np.ones(basis.worlds.n)), choice, choice
    # Beside a hosted model cards are only compared: neither their draws nor their defaults are the bill's.
    aside = replace(basis, worlds=Worlds(basis.worlds.seed, basis.worlds.n), used={})
    rented = choose(basis if project.compute.hosted is None else aside, facts.machines, facts.runs, sampled)
    tokens_per_row = _tokens_per_row(facts)
    hosted = hosted_machine(basis, tokens_per_row)
    choice = rented if hosted is None else Choice(hosted, hosted.how)
    return _work(facts, choice, tokens_per_row), choice, rented


def _work(facts: Known, choice: Choice, tokens_per_row: "Draws | None") -> Work:
    """What a round is made of, given what trains it.

    Where what is shipped ends on a known day, with the months until a launch after one round.
    """
    project, basis, audit = facts.project, facts.basis, facts.audit
    work = Work(
        project=project,
        basis=basis,
        walk=rounds_of((facts.rows,), 1, basis.worlds.n),
        machine=choice.machine,
        no_machine=choice.why,
        tokens_per_row=tokens_per_row,
        supply=planned_supply(facts),
        repair=audit.repair_price if audit else None,
        test_rows_missing=test_rows_to_buy(facts.definition, audit),
        begun=facts.forecast is not None and facts.forecast.rounds > 0,
        rows=facts.rows,
        # Without a training file nothing was recognised.
        task=facts.definition.task if facts.definition is not None and project.data.train is not None else "",
    )
    if ending_of(basis) is None:
        return work
    return replace(work, basis=replace(basis, build_months=months(work) * unknown_factor(basis)))


def _tokens_per_row(facts: Known) -> "Draws | None":
    """Mean tokens of a row after cutting at the longest sample, or of its sampled answers, shape (draws,).

    What is stated or counted is a prompt with one answer, of a pair with the chosen one; the other counts as long.
    """
    basis, audit, texts = facts.basis, facts.audit, texts_of_row(facts.basis)
    if (sampled_tokens := rollout_tokens(basis, sampled)) is not None:
        return np.full(basis.worlds.n, sampled_tokens)
    stated, longest = facts.project.data.tokens_per_row, sequence_tokens(basis)
    if stated is not None and facts.tokens is None and audit is None:
        return texts * np.minimum(basis.worlds.draw("tokens per row", stated.spread), float(longest))
    tokens, counted = (facts.tokens, facts.rows) if audit is None else (facts.tokens or audit.tokens, audit.usable)
    if tokens is None or counted < 1:
        return None
    # What the audit saw cut off at this very limit is not trained on.
    cut = tokens.cut_tokens / counted if tokens.limit_tokens == longest else 0.0
    mean = basis.worlds.draw("tokens per row", _mean_tokens(tokens, counted)) - cut
    return texts * np.minimum(mean, float(longest))


def _mean_tokens(tokens: Tokens, counted: int) -> Spread:
    low, mid, high = tokens.total.low, tokens.total.mid, tokens.total.high
    if not high > low > 0:
        return Const(mid / counted)
    # An 80% interval of the record, opened to the 90% that an Interval means.
    wide = Z90 / Z80
    return Interval(mid * (low / mid) ** wide / counted, mid * (high / mid) ** wide / counted)
