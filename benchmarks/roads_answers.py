"""What the product says on each road, made anew from the measured pilots by the code as it is, and where it leads.

Every learner is a project of its own: the pilot's points as the table has them, more rows to be bought up to all rows
of the task at a stated price, a stated worth of the target. The records come from the functions that the commands
call (`flow.forecast`, `plan.drawn`, `decide.decide`), in `WORLDS` worlds in place of 20,000. Left out: the audit and
the problem's criteria, which are taken as passed, since their rows stand for rows that are measured elsewhere.
People's hours are stated, not estimated. Tuning, a bigger model and cleaning are taken as done already, as nobody
measured what they do here. Slopes of other tasks are those fitted without the road's own publisher.

A road is walked to its end: what is advised is bought, the next measured draw at that size is shown, and the product is
asked again, until it ships or stops. A larger test keeps its items and has fresh ones beside them, drawn by the truth.
"""

import json
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from roads_curves import Curve, Told, Walked, aims, today
from roads_slopes import fitted

from tunecase import catalog
from tunecase.decide import choice, decide, options
from tunecase.flow.define import _judged
from tunecase.flow.forecast import extrapolate_points
from tunecase.flow.known import known_of
from tunecase.flow.opened import Flow, open_case
from tunecase.forecast import Belief
from tunecase.forecast.noise import items_known
from tunecase.forecast.scale import scale_of
from tunecase.forecast.widths import TESTED
from tunecase.plan import drawn, plan
from tunecase.plan.levers.method import LARGER_TEST
from tunecase.plan.measured_way import MeasuredWay
from tunecase.quantities import Band, Interval80
from tunecase.records import AtHand, Audit, Decision, Definition, Forecast, Point, Tokens

# Stated before any answer was seen.
STAKES = ((2_000, 0.10), (20_000, 0.10), (20_000, 1.0), (200_000, 1.0))  # worth of the target, price of a label [USD]
ROUND_HOURS, HOUR_USD = 4, 75
ROUND_USD = ROUND_HOURS * HOUR_USD  # people's part of a round of buying, training and testing, for everybody alike
TEST_USD = ROUND_USD / 2  # people's part of a larger test, where nothing is trained
MISS = 0.0  # what shipping a model that misses costs, in worths of the target, as the roads are scored
ANSWERS_A_MONTH, MONTHS = 100_000, 12
UNMEASURED = ("clean", "tune", "bigger_model")  # levers taken as used: nobody measured what they do here
WORLDS = 2_000
MOST_STEPS = 20
KEPT = 200  # draws of curves
KINDS = {"probe": "n-grams", "encoder": "encoder", "encoder-tuned": "encoder", "floor": "search"}
MODEL = "HuggingFaceTB/SmolLM2-135M"
PROJECT = f"""\
name: a road
problem:
  task: classification
  metric: accuracy
  target: 90%
  baseline: 50%
  value: 0.01 USD per correct
  volume: {ANSWERS_A_MONTH} per month
  horizon: {MONTHS} months
  owner: the reader
  criteria: [The answer is exactly one of the classes.]
data:
  train: train.jsonl
  test: test.jsonl
  sources: [{{kind: label, pool: 1000, price: 0.10 USD per example}}]
models: [{MODEL}]
effort_per_round: {ROUND_HOURS} h per round
team: [{{role: engineer, rate: {HOUR_USD} USD per hour}}]
unknowns: none
levers: {{tuning_factor: 1, bigger_model_factor: 1, label_noise: 0.1%, look_hours: 400 to 600 h}}
after_launch: {{monitoring: 0 h per month, drift_checks: 0 per month}}
"""


def _scored_alone(curve: Curve) -> ExitStack:
    """Takes slopes of other publishers' tasks, draws no curve twice, and leaves out half of the time of a decision.

    Left out are the prices at which the advice turns, and the levers not taken.
    """
    stack = ExitStack()
    stack.enter_context(patch("tunecase.forecast.curves.slopes_of", lambda kind: fitted(curve.publisher).get(kind)))
    stack.enter_context(patch.object(Belief, "paths", _paths_once))
    stack.enter_context(
        patch.multiple(
            choice,
            value_flips=lambda drawn: ("", ()),
            miss_flip=lambda drawn: None,
            options_of=lambda drawn, made: (options._option(drawn.solved.winner, drawn, made),),
        )
    )
    return stack


_paths, _drawn = Belief.paths, {}  # type: ignore[var-annotated]


def _paths_once(belief: Belief, sizes: Sequence[float], draws: int = WORLDS) -> Any:
    """`Belief.paths`, which is asked for the same curve under every target, worth and price."""
    key = belief.points, belief.scale, belief.seed, belief.language_model, belief.slopes, tuple(sizes), draws
    if key not in _drawn:
        if len(_drawn) >= KEPT:
            _drawn.clear()
        _drawn[key] = _paths(belief, sizes, draws)
    return _drawn[key].copy()


@dataclass(frozen=True)
class Ask:
    """What is asked of a road where it stands: rows at hand, points so far, and levers used.

    `miss` is what shipping a model that misses costs, in worths of the target; None where a gain counts in proportion.
    """

    curve: Curve
    target: float
    value: float
    price: float
    rows: int
    points: tuple[Point, ...]
    done: tuple[str, ...] = ()
    miss: float | None = MISS

    @property
    def tests(self) -> int:
        """Items of the test, more once a larger one was bought."""
        return self.curve.test_rows * (LARGER_TEST if "test_set" in self.done else 1)


def points_of(curve: Curve) -> tuple[Point, ...]:
    """The pilot's runs as the case has them."""
    return tuple(Point(run.n, run.score, 1, run.test_rows) for run in curve.pilot)


def opened(ask: Ask) -> Flow:
    """The case of a road, its audit and its problem taken as passed; nothing is written."""
    baseline = min(ask.curve.last, ask.target - 0.001)
    worth = ask.value / (ANSWERS_A_MONTH * MONTHS * (ask.target - baseline))
    pool = max(ask.curve.rows - ask.rows, 0)
    changes = {
        "problem.metric": ask.curve.metric, "problem.target": ask.target, "problem.baseline": baseline,
        "problem.value": f"{worth:.9f} USD per correct",
        "data.sources": [{"kind": "label", "pool": pool, "price": f"{ask.price:g} USD per example"}],
        **({"problem.gain": "linear"} if ask.miss is None else {"problem.miss_cost": f"{100 * ask.miss:g}%"}),
    }  # fmt: skip
    flow = open_case(_folder() / "tunecase.yaml", changes=changes)
    flow.writes = False
    flow.DRAWS = WORLDS  # type: ignore[misc]
    flow.records["audit"] = _audit(ask.rows, ask.tests)
    posed = replace(
        _posed(), metric=ask.curve.metric, target=ask.target, test_rows=ask.tests, test_rows_to_buy=0,
        in_use=baseline, untrained=baseline, at_hand=AtHand("today", "", baseline),
    )  # fmt: skip
    flow.posed = flow.records["define"] = posed
    return flow


@cache
def _folder() -> Path:
    """A folder with a project file and a few rows that stand for those measured elsewhere."""
    folder = Path(tempfile.mkdtemp(prefix="roads-"))
    (folder / "tunecase.yaml").write_text(PROJECT, encoding="utf-8")
    for name in ("train", "test"):
        rows = (json.dumps({"text": f"{name} row {i}", "label": f"class {i % 10}"}) for i in range(200))
        (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@cache
def _posed() -> Definition:
    flow = open_case(_folder() / "tunecase.yaml")
    flow.writes = False
    flow.records["audit"] = _audit(200, 200)
    posed = _judged(flow, 0.0, 0.0)
    return replace(posed, verdict="go to pilot", reason="taken as well posed", criteria=())


def _audit(rows: int, tests: int) -> Audit:
    tokens = Tokens(False, Interval80(20.0 * rows, 30.0 * rows, 40.0 * rows), 30, 60, 100, "stated")
    return Audit(
        "train.jsonl", "test.jsonl", rows, rows, 0, 0, None, tests, tests, "fit", "taken as passed", (), (), {}, {}, (),
        tokens, Band(0, 0, 0, 0), "USD", "JSON Lines", "pairs", 0.0,
    )  # fmt: skip


def forecast_of(ask: Ask, flow: Flow | None = None) -> Forecast:
    """The forecast of a road's points, up to all rows of the task; of the learner as itself."""
    name = ask.curve.learner
    about = {"model": MODEL if name == "lora" else name, "fine_tune": name == "lora", "kind": KINDS.get(name, "")}
    with _scored_alone(ask.curve):
        return extrapolate_points(flow or opened(ask), ask.points, metric=ask.curve.metric, **about)


@lru_cache(maxsize=256)
def _seen(curve: Curve, target: float, rows: int, points: tuple[Point, ...]) -> Forecast:
    """The forecast, whatever is at stake: only the price of its next run would differ."""
    return forecast_of(Ask(curve, target, *STAKES[1], rows, points))


def decision_of(ask: Ask) -> tuple[Decision, Forecast, int]:
    """What the product advises, the forecast that it rests on, and the rows in all after its next purchase."""
    flow, curve = opened(ask), ask.curve
    seen = flow.records["forecast"] = _seen(curve, ask.target, ask.rows, ask.points)
    facts = replace(known_of(flow), done=(*UNMEASURED, *ask.done))
    if curve.learner != "lora":
        trained = sum(run.n for run in curve.pilot)
        seconds = sum(run.cpu_s for run in curve.pilot) / trained
        way = MeasuredWay(
            curve.learner, KINDS[curve.learner], curve.learner, seen, ask.points[-1].score, ask.rows, curve.test_rows,
            seconds, usd_per_1k_answers=0.0,
        )  # fmt: skip
        facts = facts.by(way)
    with _scored_alone(curve):
        bill = drawn(facts)
        decision = decide(bill, plan(bill))
    board = None if bill.solved is None else bill.solved.board
    at = None if board is None else board.first("label")
    return decision, seen, ask.rows if board is None or at is None else board.sizes[board.steps[at].size]


def told(curve: Curve, code: str) -> Iterator[Told]:
    """The forecasts of a curve by code of this mark, one for each target."""
    points = points_of(curve)
    width = TESTED if items_known(points, scale_of(curve.metric, "higher", points)) else None
    for aim, target in aims(curve):
        seen = forecast_of(Ask(curve, target, *STAKES[1], curve.held, points))
        last = seen.band[-1].score if seen.band else None
        needed = seen.needed
        yield Told(
            *curve.key, curve.pilot_digest, code, today(), aim, target, seen.verdict,
            seen.p_target if seen.p_target is not None else seen.p_now,
            *((None,) * 3 if last is None else (last.low, last.mid, last.high)),
            needed.p50 if needed else None, needed.guess if needed else None, width,
        )  # fmt: skip


def walked(curve: Curve, code: str, aim: str, target: float, value: float, price: float) -> Walked:
    """A road walked to its end by the advice of code of this mark."""
    road = Road(curve, Ask(curve, target, value, price, curve.held, points_of(curve)))
    first = road.walk()
    total, chance = (first.plan.total, first.plan.chance) if first.plan is not None else (None, None)
    money = (0.0, 0.0, 0.0) if total is None or first.advice in ENDS else (
        total.p10.value, total.p50.value, total.p90.value
    )  # fmt: skip
    return Walked(
        *curve.key, curve.digest, code, today(), aim, target, value, price,
        first.advice, chance.shown.value if chance else None, *money,
        " ".join(road.steps), road.ask.rows, road.shipped, round(road.spent, 2),
    )  # fmt: skip


ONE_MORE_SIZE = "one more size"  # how the words of such a next pilot begin
ENDS = ("ship", "stop", "fix first", "redefine", "state the value", "state the target")


@dataclass
class Road:
    """A road on the way: what is asked next, what was spent, and how many draws of each size were shown."""

    curve: Curve
    ask: Ask
    spent: float = 0.0
    steps: list[str] = field(default_factory=list)
    shown: dict[int, int] = field(default_factory=dict)

    @property
    def shipped(self) -> bool:
        """Whether it ended with a model in use."""
        return bool(self.steps) and self.steps[-1].startswith("ship@")

    def walk(self) -> Decision:
        """Goes to the end. Returns: the first decision."""
        asked = first = decision_of(self.ask)
        while self.follow(*asked):
            asked = decision_of(self.ask)
        return first[0]

    def follow(self, decision: Decision, seen: Forecast, more: int) -> bool:
        """Does what is advised, and says whether the road goes on."""
        advice = decision.advice
        self.steps.append(f"{advice}@{self.ask.rows}")
        if advice in ENDS or len(self.steps) > MOST_STEPS:
            return False
        if advice == "label":
            self._buy(more)
        elif advice == "pilot":
            return self._pilot(seen)
        elif advice == "look":
            self._look(decision)
        elif advice == "test_set":
            self._enlarge()
        else:
            assert decision.plan is not None
            self.spent += decision.plan.release.expected.value
            self.ask = replace(self.ask, done=(*self.ask.done, advice))
            self._test(self.ask.rows)
        return True

    def _enlarge(self) -> None:
        """A larger test: what was shown of the rows at hand, and fresh items beside it."""
        ask = replace(self.ask, done=(*self.ask.done, "test_set"))
        self.spent += (ask.tests - self.ask.tests) * ask.price + TEST_USD
        kept = tuple(point for point in ask.points if point.n != ask.rows)
        old = float(np.mean([point.score for point in ask.points if point.n == ask.rows]))
        self.ask = replace(ask, points=(*kept, self._with_fresh(old, ask)))

    def _pilot(self, seen: Forecast) -> bool:
        """The next pilot as it is asked for: a larger one, rows bought for it, or one more run of the largest size.

        The road ends where that shows nothing new, or would cost more than is to be won.
        """
        run, ask = seen.next_run, self.ask
        rows = ask.rows
        if seen.next_pilot.startswith(ONE_MORE_SIZE):
            rows = min(max(run.n if run is not None else 4 * rows, rows), self.curve.rows)
            if rows == ask.rows or self.spent + (rows - ask.rows) * ask.price > ask.value:
                return False
            self._buy(rows)
        elif self.shown.get(rows, 0) < len(self.curve.draws(rows)):
            self.spent += HOUR_USD
            self._test(rows)
        else:
            return False
        return True

    def _buy(self, rows: int) -> None:
        self.spent += (rows - self.ask.rows) * self.ask.price + ROUND_USD
        self.ask = replace(self.ask, rows=rows)
        self._test(rows)

    def _look(self, decision: Decision) -> None:
        """A look that no measured curve can show is paid; the same rows are then run again."""
        look, rows = decision.look, self.ask.rows
        self.spent += (look.price or 0.0) if look is not None else 0.0
        self.ask = replace(self.ask, rows=rows)
        self._test(rows)

    def _test(self, rows: int) -> None:
        """Shows the next measured draw at a size, or their mean where all were shown."""
        draws, number = self.curve.draws(rows), self.shown.get(rows, 0)
        score = draws[number] if number < len(draws) else float(np.mean(draws))
        self.shown[rows] = number + 1
        self.ask = replace(self.ask, points=(*self.ask.points, self._with_fresh(score, self.ask)))

    def _with_fresh(self, score: float, ask: Ask) -> Point:
        """A score of the rows at hand on the first items, and on those of a larger test drawn by the truth."""
        curve, fresh = self.curve, ask.tests - self.curve.test_rows
        true = min(max(curve.true(ask.rows), 0.0), 1.0)
        rng = np.random.default_rng(zlib.crc32(f"{curve.task} {curve.learner} {ask.rows}".encode()))
        right = int(rng.binomial(fresh, true))
        return Point(ask.rows, (score * curve.test_rows + right) / ask.tests, 1, ask.tests)


def scenarios(curve: Curve) -> Iterator[tuple[str, float, float, float]]:
    """Aim, target, worth and price of a label of every road of a curve; none where no money can be weighed."""
    if not catalog.metric(curve.metric).binomial:
        return
    for aim, target in aims(curve):
        if aim.startswith("cut"):
            yield from ((aim, target, *stakes) for stakes in STAKES)
