"""What one run takes beside its steps: start-up, loading, evaluation, failed runs, interruptions; hours and dollars."""

from dataclasses import dataclass

from tunecase.catalog import ON_DEMAND, SPOT
from tunecase.compute.measured.calibration import Calibration
from tunecase.compute.model.blocks import Shape
from tunecase.compute.prediction import pace, time_factor
from tunecase.compute.recipe import Number, Recipe, samples_per_step
from tunecase.prices import Basis, any_gpu_hour
from tunecase.quantities import Draws, np

MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Job:
    """How much is trained over all epochs [useful tokens], None where not known; by when; on spot cards or not.

    If `steps` of the optimizer are given, the tokens follow from the samples of a step, which may grow with the cards.
    `train_tokens` is then the amount on the fewest cards, and `sample_tokens` the useful tokens of a sample.
    """

    train_tokens: float | None = None
    deadline_hours: float | None = None
    spot: bool = False
    steps: float | None = None
    sample_tokens: float = 0.0

    def tokens(self, recipe: Recipe) -> Number:
        """Useful tokens of the whole run in a set-up, arrays where sizes are; None where no amount is known."""
        if self.steps is None:
            return self.train_tokens
        return self.steps * samples_per_step(recipe) * self.sample_tokens


@dataclass(frozen=True, slots=True)
class Terms:
    """A job's terms: numbers, or draws of shape (draws,).

    `start_hours` pass until the first step; `evaluation` is a share of the steps' time, `failed` the runs lost for each
    that ends well; `interruptions` of one machine in an hour cost `lost_hours` each, both 0 except on spot cards.
    """

    tokens: float
    start_hours: Number
    evaluation: Number
    failed: Number
    interruptions: Number
    lost_hours: Number
    deadline_hours: float | None = None
    job: Job = Job()

    def hours(self, recipe: Recipe, tokens_per_s_per_gpu: Number) -> Number:
        """Hours from the order to the end of a run that ends well.

        start-up + tokens / (rate x GPUs) x (1 + evaluation) x (1 + interruptions x machines x hours lost by one)
        """
        tokens = self.tokens if self.job.steps is None else self.job.tokens(recipe)
        steps = tokens / (tokens_per_s_per_gpu * recipe.gpus) / 3600
        machines = _machines(recipe)
        return self.start_hours + steps * (1 + self.evaluation) * (1 + self.interruptions * machines * self.lost_hours)

    def usd(self, recipe: Recipe, hours: Number, usd_per_gpu_hour: Number) -> Number:
        """Price of a run with its share of failed ones: hours x cards x price x (1 + failed)."""
        return hours * recipe.cards * usd_per_gpu_hour * (1 + self.failed)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hours and US dollars of one run, shape (draws,); dollars None without a price."""

    hours: "Draws"
    usd: "Draws | None"


def _machines(recipe: Recipe) -> Number:
    """Machines or racks that the cloud can take away one by one, those that only sample among them."""
    return -(-recipe.cards // recipe.joined_cards)


def terms_of(basis: Basis, job: Job, shape: Shape, *, drawn: bool = False) -> Terms:
    """The terms of a job, each its median, or its draws.

        hours until the first step = start-up + 2 B x parameters / loading speed
        lost by an interruption    = checkpoint interval / 2 + restart

    If the tokens are unknown, they count as a million, and start-up and failed runs as zero.
    Source: catalog/tables/defaults.csv, fields `fit.*` and `training.failed`, all assumptions.
    """

    def term(name: str) -> Number:
        draws = basis.draw(name)
        return draws if drawn else float(np.quantile(draws, 0.5))

    start = term("fit.start_up") / 60 + 2 * shape.params / 1e9 / term("fit.load_gb_per_s") / 3600
    whole = job.train_tokens is not None
    return Terms(
        tokens=job.train_tokens if job.train_tokens is not None else MILLION,
        start_hours=start if whole else 0.0,
        evaluation=term("fit.evaluation"),
        failed=term("training.failed") if whole else 0.0,
        interruptions=term("fit.interruptions") if job.spot else 0.0,
        lost_hours=(term("fit.checkpoint_every") / 2 + term("fit.restart")) / 60 if job.spot else 0.0,
        deadline_hours=job.deadline_hours,
        job=job,
    )


def outcome(recipe: Recipe, job: Job, basis: Basis, calibration: Calibration | None = None) -> Outcome:
    """Hours and dollars of one run in every world.

    All choices share one draw of the doubt about time, of the hourly price and of every term, so that two choices
    differ only in their set-ups.
    """
    terms, speed = terms_of(basis, job, recipe.shape, drawn=True), pace(recipe, calibration)
    assert recipe.gpu is not None
    hours = terms.hours(recipe, speed.tokens_per_s_per_gpu / time_factor(recipe, float(speed.sigma), basis))
    hour = any_gpu_hour(recipe.gpu.name, basis, terms=SPOT if job.spot else ON_DEMAND)
    usd = None if hour is None else terms.usd(recipe, hours, hour.draws / basis.base_per_usd)
    return Outcome(hours, usd)
