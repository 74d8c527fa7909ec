"""What a case's answers cost: every way weighed for the record, and the price of an answer that the bill counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tunecase.compute import base_model
from tunecase.inference.by_token import hosted
from tunecase.inference.candidates import CapacityOf
from tunecase.inference.capacity import capacity
from tunecase.inference.ground import Ground, WayDraws, ground_of
from tunecase.inference.model import served
from tunecase.inference.points import moved, seen_by
from tunecase.inference.self_hosted import plain_cores
from tunecase.inference.setup import Load, Rate, Refusal, Setup
from tunecase.inference.throughput import rate
from tunecase.inference.trace import Trace
from tunecase.inference.traffic import traffic_of
from tunecase.inference.ways import priced_ways
from tunecase.prices import Basis
from tunecase.project import Project
from tunecase.quantities import Draws, np
from tunecase.records import DefaultUsed, MeasuredPoint, Run

KEPT = 4  # of the last questions, whose prices are held


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """All ways, ranked, and what they were worked out from."""

    ground: Ground
    ways: tuple[WayDraws, ...]

    @property
    def best(self) -> WayDraws | None:
        """The cheapest way that serves the tuned model and may meet the objectives; None without one."""
        return next((way for way in self.ways if way.record.tuned and way.record.rank is not None), None)


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Prices of 1,000 answers, and what they were worked out from."""

    project: "Project | None"
    fixed: tuple[object, ...]
    build_months: "Draws | float"
    drawn: "Mapping[str, Draws]"
    scales: tuple[tuple[str, float], ...]
    used: dict[str, DefaultUsed]
    tuned: "Draws | None"
    today: "Draws | None"

    def holds(self, basis: Basis) -> bool:
        """Whether a basis has the same project, worlds and prices, as far as these prices rest on them."""
        return (
            self.project is basis.project
            and self.fixed == _fixed(basis)
            and self.scales == basis.worlds.scales_of(self.drawn)
            and np.array_equal(self.build_months, basis.build_months)
        )


def _fixed(basis: Basis) -> tuple[object, ...]:
    worlds = basis.worlds
    return worlds.seed, worlds.n, basis.today, basis.tier, basis.usd_per_gpu_hour, basis.contracts_hash


@dataclass(eq=False)
class Answers:
    """What a case knows of its answers beside its project file; it prices them in any worlds, see `AnswerPrices`.

    `tokens` are the mean input and output tokens of the training file, `runs` those of the pilot, `points` the measured
    loads, `trace` what `serving.traffic.trace` holds. None, or empty: not known.
    """

    tokens: tuple[float, float] | None = None
    runs: Sequence[Run] = ()
    points: Sequence[MeasuredPoint] = ()
    trace: Trace | None = None
    kept: "list[_Kept]" = field(default_factory=list, repr=False)

    def volume(self, basis: Basis) -> "Draws | None":
        """Answers a month at launch that the trace holds, shape (worlds,); None without one of a week."""
        held = self.trace.answers_per_month if self.trace is not None else None
        return None if held is None else np.full(basis.worlds.n, held)

    def tuned(self, basis: Basis) -> "Draws | None":
        """What 1,000 answers of the tuned model cost, served the cheapest way, shape (worlds,); None where unknown."""
        return self._priced(basis).tuned

    def in_use(self, basis: Basis) -> "Draws | None":
        """What 1,000 answers of the hosted model cost that gives them today, shape (worlds,); None without one."""
        return self._priced(basis).today

    def prompted(self, basis: Basis, model: str) -> "Draws | None":
        """What 1,000 answers of a hosted model that is prompted cost, instructions counted, shape (worlds,).

        As the project file states it, else by its tokens. None where the model has no price, or too little is stated.
        """
        traffic = traffic_of(basis, self.tokens, self.trace)
        if isinstance(traffic, list):
            return None
        ground = Ground(basis, traffic, served(base_model(basis)), (), (), prompted=(model,))
        return next((way.per_1k for way in hosted(ground) if way.record.kind == "hosted"), None)

    def input_tokens(self, basis: Basis) -> "Draws | None":
        """Tokens of one request's input, instructions left out, shape (worlds,); None where too little is stated."""
        traffic = traffic_of(basis, self.tokens, self.trace)
        return None if isinstance(traffic, list) else traffic.input_tokens

    def on_cores(self, basis: Basis, model: str, seconds_per_answer: float) -> "Draws | None":
        """What 1,000 answers of a small model cost on plain cores, as fast as it was timed on one, shape (worlds,).

        None where the traffic is not known. See `plain_cores`.
        """
        traffic = traffic_of(basis, self.tokens, self.trace)
        if isinstance(traffic, list):
            return None
        # Only its speed is known of it.
        timed = Run("", "", model, 0, 0, 0.0, 0, 0, 0.0, answers_per_s=1 / seconds_per_answer)
        ground = Ground(basis, traffic, served(base_model(basis)), (), (), runs=(timed,))
        return plain_cores(ground)[0].per_1k

    def missing(self, basis: Basis) -> tuple[str, ...]:
        """The fields of the project file without which nothing can be said."""
        traffic = traffic_of(basis, self.tokens, self.trace)
        return tuple(traffic) if isinstance(traffic, list) else ()

    def weighed(self, basis: Basis, model: str = "", prompted: Sequence[str] = ()) -> Weighed | None:
        """Every way to get the answers; None where too little is stated, see `missing`.

        Args:
            basis: project, prices and worlds.
            model: that is served; the project's base model when empty.
            prompted: hosted models to compare with, besides those that the project names.
        Raises: InputError where the model is not known.
        """
        traffic = traffic_of(basis, self.tokens, self.trace)
        if isinstance(traffic, list):
            return None
        ground = ground_of(
            basis, traffic, served(model or base_model(basis)), prompted=prompted, runs=self.runs,
            capacity_of=self.capacity_of(),
        )  # fmt: skip
        return Weighed(ground, priced_ways(ground))

    def capacity_of(self) -> CapacityOf:
        """The most that a replica gives within the objectives, as measured loads narrow it."""
        if not self.points:
            return capacity

        def of(setup: Setup, load: Load, first_token_s: float | None, per_token_s: float | None) -> Rate | Refusal:
            seen = seen_by(setup, self.points)

            def predict(setup: Setup, load: Load) -> Rate | Refusal:
                before = rate(setup, load)
                return before if isinstance(before, Refusal) else moved(before, load, seen)

            return capacity(setup, load, first_token_s, per_token_s, predict)

        return of

    def _priced(self, basis: Basis) -> _Kept:
        found = next((kept for kept in self.kept if kept.holds(basis)), None)
        if found is None:
            found = self._worked_out(basis)
            self.kept = [*self.kept[1 - KEPT :], found]
        for name, used in found.used.items():
            basis.used.setdefault(name, used)
        for name, draws in found.drawn.items():
            basis.worlds.drawn.setdefault(name, draws)
        return found

    def _worked_out(self, basis: Basis) -> _Kept:
        own = replace(basis, used={}, worlds=basis.worlds.afresh())
        weighed, named = self.weighed(own), own.project.model_today if own.project else None
        best, drawn = weighed.best if weighed is not None else None, own.worlds.drawn
        return _Kept(
            basis.project, _fixed(basis), basis.build_months, drawn, basis.worlds.scales_of(drawn), own.used,
            None if best is None else best.per_1k, None if named is None else self.prompted(own, named),
        )  # fmt: skip
