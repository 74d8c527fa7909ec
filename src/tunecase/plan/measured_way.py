"""A way to give the answers that a pilot measured as itself: its curve, its prices, and what it promises."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.forecast import LEAST_SIZES, Scale, as_tested, cautious_score, scale_of, to_error
from tunecase.pilot import KINDS, PROMPTS
from tunecase.prices import AnswerPrices, Basis, core_hour, struck
from tunecase.quantities import Beta, Const, Draws, Wanted, Worlds, np, read_quantity
from tunecase.records import Baseline, Candidate, Forecast, ModelKind, OwnCurve, Pilot, Point, Promise

if TYPE_CHECKING:
    from tunecase.project import Project

PROMPTED = ("hosted", "decision")  # kinds that are asked as they are: nothing is trained
NO_PRICE = (
    "nobody knows what its answers cost: state alternatives.prompt_hosted.price_per_1k_answers, "
    "or its prices before the pilot asks it (--set hosted.usd_per_1m_input_tokens)"
)
# By kind, or by trainer where one kind gives answers in two ways.
WORDS = {
    "n-grams": "a linear model on n-grams",
    "encoder": "a head on {model}",
    "encoder-tuned": "a tuned {model}",
    "causal": "tuning {model}",
    "hosted": "a prompt to {model}",
    "decision": "one call to {model}",
}
KEPT = 2  # worlds whose price of answers is held


@dataclass(frozen=True, slots=True)
class MeasuredWay:
    """A way that a pilot measured on the same test rows as all others, weighed as a project of its own.

    `forecast` goes through its own points, with no factor on them; `words` say what gives the answers. `score` was
    shown at `n` rows. One run takes `seconds_per_row` for each row on a core. `blocked` says why it cannot be advised:
    a constraint strikes it out, or the pilot dropped it.
    """

    name: str
    kind: ModelKind
    words: str
    forecast: Forecast
    score: float
    n: int
    test_rows: int
    seconds_per_row: float = 0.0
    seconds_per_answer: float | None = None
    usd_per_1k_answers: float | None = None
    promise: Promise | None = None
    blocked: str = ""

    @property
    def prompted(self) -> bool:
        """Whether it is asked as it is, so that nothing is trained."""
        return self.kind in PROMPTED

    @property
    def flat(self) -> bool:
        """Whether too few sizes were measured for a curve: then it can be used as it is, or not at all."""
        seen = self.forecast
        return self.prompted or len(seen.points) < LEAST_SIZES or seen.verdict == "not a pilot yet"

    def project_of(self, project: "Project") -> "Project":
        """The project where this way gives the answers: what it states of the model to be tuned does not hold.

        What is prompted has the hours of `alternatives.prompt_hosted` for its integration, and is not trained again.
        """
        compute = project.compute.model_copy(update={"hosted": None, "minimum_hours": None})
        serving = project.serving.model_copy(update={"price_per_1k_answers": None, "retires_on": None})
        training = project.training.model_copy(update={"epochs": 1.0})
        changed: dict[str, Any] = {"compute": compute, "serving": serving, "training": training}
        if self.prompted:
            changed["after_launch"] = project.after_launch.model_copy(update={"retrain": None})
            hours = project.alternatives.prompt_hosted.set_up
            if hours is None:
                hours = read_quantity(catalog.default("alternatives.prompt_hosted").value, Wanted("hour"))
            changed["effort"] = project.effort.model_copy(update={"integration": hours})
        return project.model_copy(update=changed)

    def prices_of_answers(self, basis: Basis) -> "WayPrices":
        """What its answers cost, in the worlds of a basis of the project as it is written."""
        return WayPrices(self, basis)


@dataclass(frozen=True, eq=False)
class WayPrices:
    """Prices of answers where a measured way gives them: its own in place of the tuned model's, see `AnswerPrices`."""

    way: MeasuredWay
    written: Basis
    kept: "list[tuple[Worlds, Draws | None]]" = field(default_factory=list, repr=False)

    @property
    def _inner(self) -> AnswerPrices | None:
        return self.written.answer_prices

    def volume(self, basis: Basis) -> "Draws | None":
        """Answers a month at launch that a trace holds."""
        return None if self._inner is None else self._inner.volume(basis)

    def tuned(self, basis: Basis) -> "Draws | None":
        """Of this way: as stated or billed of a prompt, else on plain cores as fast as one of them was timed."""
        found = next((draws for worlds, draws in self.kept if worlds is basis.worlds), None)
        if found is None:
            found = self._own(basis)
            self.kept[:] = [*self.kept[1 - KEPT :], (basis.worlds, found)]
        return found

    def in_use(self, basis: Basis) -> "Draws | None":
        """The way they are given today, which is the project's as it is written."""
        if self._inner is None:
            return None
        return self._inner.in_use(
            replace(
                basis, project=self.written.project, answer_prices=self._inner, worlds=basis.worlds.afresh(), used={}
            )
        )

    def prompted(self, basis: Basis, model: str) -> "Draws | None":
        """Of a hosted model that is prompted."""
        return None if self._inner is None else self._inner.prompted(basis, model)

    def input_tokens(self, basis: Basis) -> "Draws | None":
        """Tokens of one request's input."""
        return None if self._inner is None else self._inner.input_tokens(basis)

    def on_cores(self, basis: Basis, model: str, seconds_per_answer: float) -> "Draws | None":
        """Of a small model on plain cores."""
        return None if self._inner is None else self._inner.on_cores(basis, model, seconds_per_answer)

    def _own(self, basis: Basis) -> "Draws | None":
        way, project = self.way, self.written.project
        stated = project.alternatives.prompt_hosted.price_per_1k_answers if project and way.kind == "hosted" else None
        if stated is not None:
            return basis.draw("alternatives.prompt_hosted.price_per_1k_answers", stated)
        if way.prompted or not way.seconds_per_answer:
            usd = way.usd_per_1k_answers
            return None if usd is None else np.full(basis.worlds.n, usd * basis.base_per_usd)
        served = self.on_cores(basis, way.name, way.seconds_per_answer)
        if served is not None:
            return served
        # Nobody said what arrives when: cores that are paid for as long as they answer.
        return core_hour(basis) * way.seconds_per_answer / 3600 * 1000


@dataclass(frozen=True, slots=True, eq=False)
class AsMeasured:
    """The belief in a way without a curve: its error lies where its test says, whatever the rows.

        error ~ Beta(wrong + 1/2, right + 1/2),   one for each world; the printed error itself without a count

    Leaves out that rows of one group are alike.
    """

    errors: "Draws"
    points: tuple[Point, ...]
    scale: Scale

    @classmethod
    def of(cls, way: MeasuredWay, basis: Basis) -> "AsMeasured":
        """Of a way, in the worlds of a basis."""
        seen = way.forecast
        scale, error = scale_of(seen.metric, seen.direction), to_error(way.score, seen.direction)
        wrong, right = error * way.test_rows + 0.5, (1 - error) * way.test_rows + 0.5
        counted = scale.binomial and way.test_rows > 0
        spread = Beta(wrong, right) if counted else Const(error)
        return cls(basis.worlds.draw(f"error of {way.name}, measured", spread), seen.points, scale)

    def paths(self, sizes: "list[float] | tuple[int, ...]", draws: int | None = None) -> "Draws":
        """The same error at every size, shape (worlds, sizes)."""
        return np.repeat(self.errors[:draws, None], len(sizes), axis=1)


def measured_ways(pilot: Pilot | None, forecast: Forecast | None, basis: Basis, rows: int) -> tuple[MeasuredWay, ...]:
    """What a pilot measured beside the model to be tuned, each with a curve of its own or as it is.

    Args:
        pilot: with its candidates and baselines.
        forecast: of the model to be tuned, and each candidate's own.
        basis: the project, its model, and its constraints.
        rows: usable rows at hand.
    Returns: none before a pilot or without a target, and none under another metric than the forecast's.
    """
    if pilot is None or forecast is None or forecast.target is None or pilot.metric != forecast.metric:
        return ()
    return tuple(_ways(pilot, forecast, basis, rows))


def own_promise(pilot: Pilot | None, basis: Basis) -> Promise | None:
    """What the model to be tuned promises where it answers only when sure, as the pilot measured it; or None."""
    same = (one for one in (pilot.candidates if pilot is not None else ()) if _is_the_tuned(one, basis))
    return next((one.promise for one in same), None)


def _is_the_tuned(one: Candidate, basis: Basis) -> bool:
    return one.kind == "causal" and one.model.casefold() == base_model(basis).casefold()


def _ways(pilot: Pilot, forecast: Forecast, basis: Basis, rows: int) -> Iterator[MeasuredWay]:
    curves = {own.name: own for own in forecast.candidates}
    for one in pilot.candidates:
        if not _is_the_tuned(one, basis):
            yield _of_candidate(one, curves.get(one.name), forecast, basis, rows)
    if not pilot.candidates and (alone := _alone(pilot)) is not None and not _is_the_tuned(alone, basis):
        yield _of_candidate(alone, None, forecast, basis, rows)
    named = {one.name for one in pilot.candidates}
    for asked in pilot.baselines:
        if asked.kind in PROMPTED and asked.name not in named:
            yield _of_baseline(asked, forecast, basis, rows)


def _alone(pilot: Pilot) -> Candidate | None:
    """The one learner of a pilot that raced none, as it scored at its largest size; None where nothing was trained."""
    if not pilot.mean_scores or KINDS.get(pilot.trainer, "") not in ("n-grams", "encoder", "causal"):
        return None
    n, scored = pilot.mean_scores[-1]
    speeds = [run.answers_per_s for run in pilot.runs if run.answers_per_s]
    return Candidate(
        pilot.model, KINDS.get(pilot.trainer, ""), pilot.trainer, pilot.model, (), n, scored, pilot.test_rows,
        seconds_per_answer=1 / max(speeds) if speeds else None,
    )  # fmt: skip


def _of_candidate(one: Candidate, own: OwnCurve | None, forecast: Forecast, basis: Basis, rows: int) -> MeasuredWay:
    trained, model = sum(point.n * point.draws for point in one.points), one.model or one.name
    words = WORDS.get(one.trainer, WORDS.get(one.kind, one.name)).format(model=model)
    as_it_is = _as_it_is(one.score, one.test_rows, model, forecast, rows)
    way = _way(one, model, words, as_it_is if own is None else _own(own, forecast), basis)
    way = replace(way, n=one.n, seconds_per_row=one.seconds / trained if trained else 0.0)
    if one.dropped and not way.blocked:
        way = replace(way, blocked=f"the pilot dropped it: {one.dropped}")
    return replace(way, forecast=as_it_is) if way.flat else way


def _of_baseline(one: Baseline, forecast: Forecast, basis: Basis, rows: int) -> MeasuredWay:
    prompt = next((name for name in PROMPTS if one.name.endswith(f" {name}")), "")
    model = one.name.removesuffix(f" {prompt}")
    words = WORDS[one.kind].format(model=model) + (f" ({prompt})" if one.kind == "hosted" and prompt else "")
    way = _way(one, model, words, _as_it_is(one.score, one.test_rows, model, forecast, rows), basis)
    aside = replace(basis, worlds=basis.worlds.afresh(), used={})
    unpriced = not way.blocked and way.prices_of_answers(aside).tuned(aside) is None
    return replace(way, blocked=NO_PRICE) if unpriced else way


def _way(one: Candidate | Baseline, model: str, words: str, seen: Forecast, basis: Basis) -> MeasuredWay:
    """What a pilot scored as a way; blocked by the project's constraints alone."""
    assert basis.project is not None
    usd, seconds = one.usd_per_1k_answers, one.seconds_per_answer
    price = None if usd is None else usd * basis.base_per_usd
    against = struck(basis.project, one.kind, model, seconds_per_answer=seconds, price_per_1k=price)
    return MeasuredWay(
        one.name, one.kind, words, seen, one.score, 0, one.test_rows, seconds_per_answer=seconds,
        usd_per_1k_answers=usd, promise=one.promise, blocked=against,
    )  # fmt: skip


def _own(own: OwnCurve, forecast: Forecast) -> Forecast:
    """The forecast of a candidate: the main one's target and ceiling, its own curve."""
    return replace(
        forecast, verdict=cast(Any, own.verdict), reason=own.reason, points=own.points, band=own.band, n_max=own.n_max,
        p_target=own.p_target, p_now=own.p_now, needed=own.needed, needed_price=None, model=own.model, stand_in=False,
        next_pilot="", next_run=None, candidates=(), source="pilot", kind=own.kind,
    )  # fmt: skip


def _as_it_is(scored: float, test_rows: int, model: str, forecast: Forecast, rows: int) -> Forecast:
    """The forecast of what was measured once: reached where the cautious end of its score meets the target."""
    assert forecast.target is not None
    point, scale = Point(max(rows, 1), scored, 1, test_rows or None), scale_of(forecast.metric, forecast.direction)
    cautious = cautious_score(point, scale)
    reached = to_error(cautious, forecast.direction) <= to_error(forecast.target, forecast.direction)
    on = f" on {test_rows:,} test rows" if test_rows else ""
    verb = "shows" if reached else "does not show"
    reason = f"the score of {model} is {scored:.1%}{on}, which {verb} the target of {forecast.target:.1%}"
    return replace(
        forecast, verdict="reached" if reached else "not a pilot yet", reason=reason, points=(point,), band=(),
        p_target=None, p_now=_chance(point, forecast) if reached else None, needed=None, needed_price=None, model=model,
        stand_in=False, next_pilot="", next_run=None, candidates=(), source="pilot", n_max=max(rows, 1),
        n_max_why="rows do not change what is asked as it is",
    )  # fmt: skip


def _chance(point: Point, forecast: Forecast) -> float | None:
    """The chance that the score is truly as good as the target, by its test rows alone."""
    scale = scale_of(forecast.metric, forecast.direction)
    if not point.test_rows or not scale.binomial:
        return None
    assert forecast.target is not None
    return as_tested(point, scale).chance(to_error(forecast.target, forecast.direction))
