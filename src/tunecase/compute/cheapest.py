"""Chooses where to train: the GPU, and how many of them, on which one run fits and is expected to cost least."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, SAMPLERS, SPOT
from tunecase.compute.memory.peak import usable_gb
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.reading import read_shape
from tunecase.compute.prediction import chance_over, need, pace, time_factor
from tunecase.compute.recipe import Recipe, machines_of
from tunecase.compute.request import Request, Settled, settled
from tunecase.compute.rollout import Batch, Sampled
from tunecase.compute.rollout_request import own_cards
from tunecase.compute.search import Choice as Setup
from tunecase.compute.search import most_cards, search
from tunecase.errors import InputError, Problem
from tunecase.prices import OWNED_TIER, UNDATED, Basis, GpuHour, Offer, gpu_hour, owned_card
from tunecase.project import Compute
from tunecase.quantities import Draws, Interval, Quantity, Worlds, counted, np, share
from tunecase.records import DefaultUsed, Run

Engine = Callable[[Batch], Sampled]
COUNTS = (1, 2, 4, 8)
WHOLE_STEPS = ("trl", "command")  # trainers that run every layer in every step, as the real run will
LEAST_DOUBT = 1.05
SEARCH_DRAWS = 500
SURE_TO_FIT = 0.1  # chance not to fit; above it the P90 of the peak exceeds the card, and the run is tight
SHOWN = 3  # of a list of names


@dataclass(frozen=True, slots=True)
class Machine:
    """One way to train: GPU hours for a million tokens (all GPUs added up, shape (draws,)) and the price of an hour.

    Where a provider trains its own model (`offer`), an hour stands for a million billed tokens, and there is no GPU.
    What is `on_cores` trains on plain cores: its hours are those of one of them.
    """

    gpu: str
    count: int
    hours_per_mtok: "Draws"
    hour: GpuHour
    how: str = ""
    offer: Offer | None = None
    on_cores: bool = False

    @property
    def price_per_mtok(self) -> "Draws":
        """A million tokens through training once, in the base currency, shape (draws,)."""
        return self.hours_per_mtok * self.hour.draws


@dataclass(frozen=True, slots=True)
class Choice:
    """The machine taken, None when there is none, and why, in words."""

    machine: Machine | None
    why: str


def choose(
    basis: Basis, machines: Sequence[Machine] | None = None, runs: Sequence[Run] = (), engine: Engine | None = None
) -> Choice:
    """The machine on which a training run of the project's model is expected to cost least.

    Args:
        basis: project, prices and worlds.
        machines: ways to train; worked out from the model's shape when left out, for the project's GPUs or the
            default ones.
        runs: of a pilot; where they timed the model itself on a GPU, that takes the place of what was worked out.
        engine: works out how long sampled answers take, for an objective that samples.
    Returns: the Choice; no machine when none of the GPUs holds the run or has a price in the tier.
    Raises: InputError where the project asks for more cards than it owns, to train on those.
    """
    refused: list[str] = []
    if machines is None:
        names = cards_listed(basis)
        ways = [_machine_or_why(name, basis, engine) for name in names]
        machines = [way for way in ways if isinstance(way, Machine)]
        refused = [*(why for why in ways if isinstance(why, str)), *_contracts_left(basis, names)]
    measured = () if sampling(basis) else timed(basis, runs)
    by_runs = {machine.gpu for machine in measured}
    machines = [*(machine for machine in machines if machine.gpu not in by_runs), *measured]
    if not machines:
        return Choice(None, "; ".join(refused) or "no GPU is named")
    best = min(machines, key=lambda machine: float(machine.price_per_mtok.mean()))
    words = f"expected to be the cheapest of the {len(machines)} listed" if len(machines) > 1 else "the only one listed"
    how = f", {best.how}" if best.how else ""
    return Choice(best, "; ".join([f"{best.count} x {best.gpu} is {words}{how}", *refused]))


def _machine_or_why(gpu: str, basis: Basis, engine: Engine | None) -> Machine | str:
    """The cheapest way on one kind of card, or why there is none."""
    hour = hour_asked(gpu, basis)
    if hour is None:
        tier = basis.text("compute.tier", _compute(basis).tier)
        kind = f"no {basis.terms} price" if basis.terms != ON_DEMAND else "no price"
        return f"{gpu}: {kind} in the tier {tier}"
    return (
        machine_on(gpu, hour, basis, engine)
        or f"{gpu}: the run does not fit on {counted(_counts(gpu, basis, hour)[-1], 'card')}"
    )


def machine_on(gpu: str, hour: GpuHour, basis: Basis, engine: Engine | None = None) -> Machine | None:
    """The cheapest way that fits on the fewest cards of one kind, at this price of an hour; None where none fits."""
    recipe = _way_that_fits(gpu, basis, _counts(gpu, basis, hour), engine)
    if recipe is None:
        return None
    hours = run_gpu_hours(recipe, basis, train_tokens=1e6)
    card = catalog.gpu(gpu)
    over = _over(recipe)
    tight = f"tight: a {share(over)} chance that the run does not fit" if over > SURE_TO_FIT else ""
    unmeasured = "" if card.training_runs else "on which no training run was measured"
    how = ", ".join(word for word in (unmeasured, tight) if word)
    return Machine(gpu, recipe.cards, hours * lost_to_spot(gpu, recipe.cards, basis, hour), hour, how)


@lru_cache(maxsize=512)
def _over(recipe: Recipe) -> float:
    """Chance, 0 to 1, that a run does not fit on its card."""
    assert recipe.gpu is not None
    return chance_over(need(recipe), usable_gb(recipe.gpu))


def timed(basis: Basis, runs: Sequence[Run]) -> tuple[Machine, ...]:
    """Ways to train the project's model that its own runs have timed, one for each GPU and number of them.

        GPU hours per million tokens = GPUs / tokens per second / 3.6e-3,   the median of the runs

    Args:
        basis: project, prices and worlds.
        runs: of a pilot; those of another model, without a GPU or without a speed do not count.
    Returns: Machines whose doubt is the runs' own range, at least 5% either way; none where nothing was timed or where
        the GPU has no price.
    Leaves out warming up: runs of under some 50 steps read slower than a long run is.
    """
    speeds: dict[tuple[str, int], list[float]] = {}
    for run in runs:
        card, whole = _card(run.hardware), run.trainer in WHOLE_STEPS and not run.failed
        if card and whole and run.gpus and run.tokens_per_s and run.model == base_model(basis):
            speeds.setdefault((card, run.gpus), []).append(run.tokens_per_s)
    return tuple(_timed_machines(basis, speeds))


def _timed_machines(basis: Basis, speeds: Mapping[tuple[str, int], Sequence[float]]) -> Iterator[Machine]:
    for (card, count), rates in speeds.items():
        hour = hour_asked(card, basis)
        if hour is None or (hour.tier == OWNED_TIER and not owns_enough(count, basis)):
            continue
        middle = float(np.median(rates))
        spread = Interval(min(*rates, middle / LEAST_DOUBT), max(*rates, middle * LEAST_DOUBT))
        rate = basis.worlds.draw(f"tokens per second on {count} x {card}, measured", spread)
        hours = count * 1e6 / rate / 3600 * lost_to_spot(card, count, basis, hour)
        yield Machine(card, count, hours, hour, f"timed by {len(rates)} of its own runs")


def hour_asked(gpu: str, basis: Basis) -> GpuHour | None:
    """The price of a GPU hour on the project's terms; None where neither a contract nor the tier has one on them."""
    return gpu_hour(gpu, basis, terms=basis.terms)


def lost_to_spot(gpu: str, gpus: int, basis: Basis, hour: GpuHour) -> "Draws | float":
    """By how much interruptions of spot machines lengthen a run; 1 on other terms.

    factor = 1 + interruptions of one machine in an hour x machines x (checkpoint interval / 2 + restart)
    """
    if hour.terms != SPOT:
        return 1.0
    lost_hours = (basis.draw("fit.checkpoint_every") / 2 + basis.draw("fit.restart")) / 60
    factor: Draws = 1 + basis.draw("fit.interruptions") * machines_of(catalog.gpu(gpu), gpus) * lost_hours
    return factor


def _card(hardware: str) -> str | None:
    """The table's name of a GPU as its driver spells it, `NVIDIA A100-SXM4-80GB` for example; None when not known."""
    spelled = re.findall(r"[A-Z0-9]+", hardware.upper())
    ends = range(len(spelled) + 1)
    words = {"".join(spelled[first:last]) for first, last in itertools.combinations(ends, 2)}
    fits = [gpu.name for gpu in catalog.gpus() if set(re.findall(r"[A-Z0-9]+", gpu.name.upper())) <= words]
    return max(fits, key=len, default=None)


def run_gpu_hours(recipe: Recipe, basis: Basis, *, train_tokens: float) -> "Draws":
    """GPU hours of one training run of the project's model, all GPUs added up, shape (draws,).

        GPU hours = tokens / useful tokens per second of one card / 3600 x time against its prediction

    The doubt about time is drawn once per world, so that every run of a project is as fast or slow as its first.
    Samples are packed to the longest length, so that padding costs nothing; short samples read one by one cost more.
    Leaves out start-up, evaluation and saving within a run: some minutes, much of a run that is short.
    """
    speed = pace(recipe)
    each = float(speed.tokens_per_s_per_gpu) * recipe.gpus / recipe.cards
    hours: Draws = train_tokens / each / 3600 * time_factor(recipe, speed.sigma, basis)
    return hours


def base_model(basis: Basis) -> str:
    """The model of the bill: the last causal one listed, smaller ones before it being for pilots; or the default.

    Encoders, hosted and decision models among them are measured beside it.
    """
    tuned = basis.project.models_of("causal") if basis.project else ()
    return basis.text("models", tuned[-1] if tuned else None)


def _compute(basis: Basis) -> Compute:
    """What the project file says of computing, nothing where there is no project."""
    return basis.project.compute if basis.project else Compute()


def cards_listed(basis: Basis) -> tuple[str, ...]:
    """The cards to choose from: the one owned in that tier, else those of the project, else the default and contracted.

    A contract counts on the project's terms only.
    """
    compute = _compute(basis)
    if compute.tier == OWNED_TIER and not basis.tier:
        return (owned_card(basis),)
    names = compute.gpus or [name.strip() for name in basis.text("compute.gpus").split(";")]
    contracted = [row.gpu for row in basis.contracts if row.gpu and row.terms == basis.terms]
    return tuple(dict.fromkeys((*(catalog.gpu(name).name for name in names), *(() if compute.gpus else contracted))))


def _contracts_left(basis: Basis, names: Sequence[str]) -> Iterator[str]:
    """Contract prices that the choice does not use, in words: on other terms, or of cards that are not listed.

    A card's other terms are named only where it has no price on the project's terms. Rows without a date come from a
    catalog of all cards and are not named.
    """
    compute = _compute(basis)
    held = [row for row in basis.contracts if row.gpu and row.date != UNDATED]
    on_terms = {row.gpu for row in held if row.terms == basis.terms}
    left: dict[str, dict[str, None]] = {}
    for row in held:
        if compute.tier == OWNED_TIER:
            left.setdefault("the tier is owned", {})[row.gpu] = None
        elif compute.gpus and row.gpu not in names:
            left.setdefault("compute.gpus names other cards", {})[row.gpu] = None
        elif row.gpu not in on_terms:
            left.setdefault(f"compute.terms is {basis.terms}", {})[f"{row.gpu} ({row.terms})"] = None
    yield from (f"the contract price of {some_of(list(of))} is not used: {why}" for why, of in left.items())


def some_of(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def owns_enough(count: int, basis: Basis) -> bool:
    """Whether the project owns at least that many cards."""
    owned = _compute(basis).owned
    return owned is not None and count <= owned.gpus


def _counts(gpu: str, basis: Basis, hour: GpuHour) -> tuple[int, ...]:
    """The numbers of cards to try: of owned cards no more than the project owns, of others see `most_cards`."""
    compute = _compute(basis)
    fixed = compute.gpu_count
    if compute.owned is None or hour.tier != OWNED_TIER:
        most = most_cards(catalog.gpu(gpu), basis)
        return (fixed,) if fixed else tuple(count for count in COUNTS if count <= most)
    held = compute.owned.gpus
    if not fixed:
        return tuple(sorted({*(count for count in COUNTS if count <= held), min(held, COUNTS[-1])}))
    if fixed > held and compute.tier == OWNED_TIER:
        fix = "lower it, or say under compute.owned.gpus how many cards the price bought"
        where = "the project file: compute.gpu_count"
        raise InputError(Problem(where, f"{fixed} cards", f"at most the {held} under compute.owned.gpus", fix))
    return (min(fixed, held),)


def _way_that_fits(gpu: str, basis: Basis, counts: Sequence[int], engine: Engine | None = None) -> Recipe | None:
    """The cheapest way on the fewest GPUs on which the run fits, else on which it is tight; else None.

    Sharding, checkpointing and accumulation are searched; method, rank, length and micro-batch are the project's.
    """
    given = run_fields(basis)
    # Worlds apart, so that the case does not come to rest on what one run takes beside its steps.
    scratch = replace(basis, worlds=Worlds(basis.worlds.seed, SEARCH_DRAWS), used={})
    ways: dict[str, Recipe] = {}
    memory = _compute(basis).card_memory
    for count in [count for count in counts if count > own_cards(given)]:
        ask = settled(Request(base_model(basis), given, (gpu,), (count,), card_memory=memory, engine=engine))
        choice = _setup_of(_Asked(ask.shape, tuple(sorted(ask.given.items())), ask.cards[0], count, ask, scratch))
        if choice is not None and choice.verdict == "fits":
            return choice.recipe
        if choice is not None and _over(choice.recipe) <= 0.5:
            ways.setdefault(choice.verdict, choice.recipe)
    return ways.get("tight")


def run_fields(basis: Basis) -> dict[str, Any]:
    """What the project says of its runs, as fields of a Request: method, rank, length, micro-batch, objective."""
    project = basis.project
    assert project is not None
    return {
        "method": project.method,
        "rank": _rank(basis),
        **_goal(basis),
        "micro_batch": int(basis.text("training.micro_batch", project.training.micro_batch)),
    }


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search on so many cards of one kind, known by what decides it: there a price scales every choice alike."""

    shape: Shape
    given: tuple[tuple[str, Any], ...]
    card: catalog.Gpu
    count: int
    ask: Settled = field(compare=False)
    scratch: Basis = field(compare=False)


@lru_cache(maxsize=512)
def _setup_of(asked: _Asked) -> Setup | None:
    """The cheapest set-up; a case asks for it again with every bill."""
    return search(asked.ask, asked.scratch).cheapest()


def sampling(basis: Basis) -> bool:
    """Whether the project's objective samples answers while it trains."""
    objective = _compute(basis).objective
    return objective is not None and catalog.objective(objective).samples


def _goal(basis: Basis) -> dict[str, Any]:
    """What a run learns from: the longest sample, or how answers are sampled; what is assumed is noted."""
    compute = _compute(basis)
    if not sampling(basis):
        return {"objective": compute.objective or "sft", "sequence_tokens": sequence_tokens(basis)}
    stated = {name: value for name, value in compute.rollout or () if value is not None}
    told = {name: value.spread.median if isinstance(value, Quantity) else value for name, value in stated.items()}
    _note_assumed(basis, told)
    if "prompts_per_step" in told:
        told["prompts"] = told.pop("prompts_per_step")
    return {"objective": compute.objective, **told}


def _note_assumed(basis: Basis, told: Mapping[str, Any]) -> None:
    """Notes every default that the time and the memory of sampled answers rest on."""
    goal, sampler = catalog.objective(_compute(basis).objective or "sft"), told.get("sampler", SAMPLERS[0])
    for name in ("group_size", "updates"):
        if name not in told:
            field = f"rollout.{name}"
            basis.used.setdefault(field, DefaultUsed(field, str(getattr(goal, name)), f"{goal.source}, {goal.date}"))
    idle = {
        "mean_root": "completion_mean" in told, "reward_at_once": "reward_seconds" not in told,
        "engine_share": sampler != "colocated" or own_cards(told), "layer_ms": sampler != "generate",
        "sync_share": sampler == "generate",
    }  # fmt: skip
    for row in catalog.defaults():
        name = row.field.removeprefix("rollout.")
        if name != row.field and name not in told and not idle.get(name):
            basis.text(row.field)


def rollout_tokens(basis: Basis, engine: Engine) -> float | None:
    """Tokens of a row's prompt and all its sampled answers, None for an objective that samples none."""
    if not sampling(basis):
        return None
    rollout = settled(Request(base_model(basis), _goal(basis), engine=engine)).given["rollout"]
    return float(rollout.group_size * rollout.texts.mean)


def _rank(basis: Basis) -> int:
    return int(basis.text("training.rank", basis.project.training.rank if basis.project else None))


def texts_of_row(basis: Basis) -> int:
    """Texts of one row that are trained on: two where an objective compares answers, each behind the prompt."""
    return catalog.objective(_compute(basis).objective or "sft").answers


def sequence_tokens(basis: Basis) -> int:
    """The longest sample in tokens."""
    given = basis.project.training.sequence_tokens if basis.project else None
    return int(basis.text("training.sequence_tokens", given))


def idle_over_used(basis: Basis) -> "Draws":
    """GPU hours billed while no run is going, for each hour of runs, shape (draws,): share / (1 - share).

    Zero where a provider bills tokens. The price of an owned card's hour includes idle time already, so for owned cards
    only the idle time stated in the project file counts.
    """
    given, compute = basis.project.training.idle if basis.project else None, _compute(basis)
    if compute.hosted or (compute.tier == OWNED_TIER and given is None):
        return np.zeros(basis.worlds.n)
    part = np.minimum(basis.draw("training.idle", given), 0.95)
    return np.asarray(part / (1 - part))


def paid_besides(basis: Basis) -> "Draws":
    """GPU hours of failed runs and idle time per GPU hour of successful runs, shape (draws,).

    (1 + failed) x (1 + idle / used) - 1
    """
    failed = basis.draw("training.failed", basis.project.training.failed if basis.project else None)
    return np.asarray((1 + failed) * (1 + idle_over_used(basis)) - 1)


BYTES_PER_PARAMETER = 2


def weights_gb(basis: Basis) -> float:
    """The weights of the model to be tuned as they are kept, 2 bytes a parameter [GB]."""
    return read_shape(base_model(basis), online=False).params * BYTES_PER_PARAMETER / 1e9


def saved_gb(basis: Basis) -> float:
    """One checkpoint [GB]: all weights of a full fine-tune, the adapter of LoRA and QLoRA, 2 bytes a parameter."""
    if basis.project is not None and basis.project.method == "full":
        return weights_gb(basis)
    shape = read_shape(base_model(basis), online=False)
    return shape.lora_params(_rank(basis)) * BYTES_PER_PARAMETER / 1e9
