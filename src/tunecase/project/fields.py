"""The fields of the project file: its sections, from the problem to the past, and the Project that holds them."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tunecase import catalog
from tunecase.project.bill import AfterLaunch, CostLine, Effort, Evaluation, Member, Source, Storage, Training
from tunecase.project.kinds import (
    Count,
    CountOfRows,
    Day,
    Factor,
    GpuName,
    Hours,
    HoursPerRound,
    Kilowatts,
    MetricName,
    MinutesPerAnswer,
    ModelName,
    Money,
    MoneyOrShare,
    MoneyPer1k,
    MoneyPer1kOrNothing,
    MoneyPerAnswer,
    MoneyPerCorrect,
    MoneyPerError,
    MoneyPerHour,
    MoneyPerKwh,
    Months,
    ObjectiveName,
    PartShare,
    PerMonth,
    PositiveInt,
    Rounds,
    Score,
    Seconds,
    Section,
    Share,
    Unknowns,
    WeeksPerRound,
)
from tunecase.project.rates import Rate, latest_rate
from tunecase.project.serving import Serving
from tunecase.quantities import Quantity

# A target such as "95% at 70% coverage": the score that answers must have, and the share of them that are given.
AT_COVERAGE = re.compile(r"\s*(\S+)\s+at\s+(\S+)\s+coverage\s*", re.IGNORECASE)

SAMPLING = " and ".join(catalog.sampling_objectives())

Known = Mapping[str, Sequence[str]]
Changes = Mapping[str, Any]


class ScoreLog(Section):
    """The log of an evaluation that a score is taken from: of Inspect, lm-evaluation-harness, lighteval or others."""

    file: str = Field(description="The log in the project's folder; a run of a Trackio store as STORE.db::RUN.")
    metric: str | None = Field(None, description="Which metric or scorer counts, where the log holds several.")
    filter: str | None = Field(None, description="Which filter's answers count, such as strict-match.")
    task: str | None = Field(None, description="Which task is read, where the place holds several.")

    @model_validator(mode="before")
    @classmethod
    def _of_a_path(cls, given: Any) -> Any:
        """Reads a path alone as the file."""
        return {"file": given} if isinstance(given, str) else given


class FurtherTarget(Section):
    """A score that must hold beside the main one, such as that of a rare class."""

    metric: MetricName
    target: Score
    direction: Literal["higher", "lower"] | None = None


class ErrorKind(Section):
    """One kind of wrong answer, and what it costs on top of the answer that is missing."""

    kind: str
    cost: MoneyPerError
    share: Share | None = Field(None, description="Its share of all wrong answers; all shares sum to 100%.")


class ProblemStatement(Section):
    """What is to be achieved, how it is measured and what it is worth."""

    later = frozenset({"coverage", "by_hand", "baseline_log", "miss_cost", "gain"})

    goal: str | None = Field(None, description="One sentence for people; it is never judged.")
    task: Literal["classification", "extraction", "generation"] | None = Field(
        None, description="What kind of output; recognised from the data when left out."
    )
    metric: MetricName | None = Field(None, description="How success is scored, for example accuracy or macro_f1.")
    direction: Literal["higher", "lower"] | None = Field(
        None, description="Which way is better; known for metrics in the tables."
    )
    target: Score | None = Field(
        None, description="The score that makes it worth shipping, for example 92%, or 95% at 70% coverage."
    )
    coverage: PartShare | None = Field(
        None,
        description="The share of answers that must meet the target, people giving the rest; all of them if left out.",
    )
    by_hand: MoneyPerAnswer | None = Field(None, description="What it costs when a person gives one answer.")
    measured_on: str | None = Field(None, description="What the score is measured on; data.test when left out.")
    fallback: Score | None = Field(
        None,
        description="A score short of the target that would be shipped all the same; it earns its part of the gain.",
    )
    miss_cost: MoneyOrShare | None = Field(
        None,
        description="What shipping a model that misses the target costs: money, or a share of the target's worth.",
    )
    gain: Literal["all_or_nothing", "linear"] | None = Field(
        None, description="Whether a score short of the target brings nothing, or its part of the gain over today's."
    )
    baseline: Score | None = Field(None, description="The score of what is in use today, measured.")
    baseline_log: ScoreLog | None = Field(
        None, description="A log that baseline is read from: a path, or a file with its metric, filter and task."
    )
    value: MoneyPerCorrect | None = Field(None, description="What one more correct answer is worth.")
    volume: PerMonth | None = Field(None, description="How many answers are given each month.")
    horizon: Months | None = Field(None, description="For how long the result is used.")
    owner: str | None = Field(None, description="The one person who decides.")
    criteria: tuple[str, ...] = Field((), description="Pass/fail statements about one output.")
    baseline_on: Literal["test", "elsewhere"] | None = Field(
        None, description="Where the baseline was scored: on the test rows themselves, or on other rows."
    )
    further_targets: tuple[FurtherTarget, ...] = Field((), description="Scores that must hold beside the target.")
    errors: tuple[ErrorKind, ...] = Field((), description="Kinds of wrong answers and what one of each costs.")
    errors_read: CountOfRows | None = Field(
        None, description="How many answers of what is in use people have read and sorted by mistake."
    )
    business_metric: str | None = Field(
        None, description="The figure of the business that the score stands for, for example hours of first-line work."
    )
    slices: tuple[str, ...] = Field(
        (), description="Columns of the test file whose parts must each work, such as language."
    )
    stale_after: Day | None = Field(None, description="From which day on the answers no longer hold (YYYY-MM-DD).")

    @model_validator(mode="before")
    @classmethod
    def _target_and_coverage(cls, fields: Any) -> Any:
        """Reads a target with a coverage as the two fields; one that states a second coverage stays as it is typed."""
        parts = AT_COVERAGE.fullmatch(str(fields.get("target"))) if isinstance(fields, Mapping) else None
        if parts is None or fields.get("coverage") not in (None, parts[2]):
            return fields
        return {**fields, "target": parts[1], "coverage": parts[2]}


class Today(Section):
    """Who or what gives the answers now, how good they are, and what one costs."""

    who: Literal["people", "rule", "prompt", "model", "nobody"] | None = Field(
        None, description="people, rule, prompt, model or nobody; not known when left out."
    )
    score: Score | None = Field(None, description="The score of today's answers on the test file; 0% is a score.")
    model: str | None = Field(None, description="The model that gives them, where one does.")
    minutes: MinutesPerAnswer | None = Field(None, description="A person's time for one answer, where people do.")
    rate: MoneyPerHour | None = Field(None, description="What an hour of these people costs.")
    price_per_1k: MoneyPer1kOrNothing | None = Field(None, description="What 1,000 of today's answers cost otherwise.")

    @model_validator(mode="before")
    @classmethod
    def _of_a_word(cls, given: Any) -> Any:
        """Reads a word alone as who gives the answers."""
        if isinstance(given, str):
            return {} if given == "not known" else {"who": given}
        return given

    @model_validator(mode="after")
    def _of_one_kind(self) -> "Today":
        """Refuses what does not belong to those who give the answers."""
        people, machine = ("minutes", "rate"), ("price_per_1k", "model")
        odd = {"people": machine, "nobody": (*people, *machine)}.get(self.who or "", people)
        if stray := next((name for name in odd if getattr(self, name) is not None), ""):
            fix = "people cost minutes and a rate, a rule or a model has a price_per_1k, nobody costs nothing"
            got, wanted = f"{stray} where who is {self.who or 'not known'}", "the cost of those who give the answers"
        elif (self.minutes is None) != (self.rate is None):
            got, wanted = "only one of minutes and rate", "both: an answer costs its minutes at this rate"
            fix = "write minutes: 1 to 2 min per answer and rate: 12 to 25 USD per hour"
        else:
            return self
        raise PydanticCustomError("told", "{got}", {"got": got, "wanted": wanted, "fix": fix})


class Data(Section):
    """The files, their columns and the sources of more."""

    later = frozenset({"documents"})

    train: str | None = Field(None, description="The training file; left out only to plan before there is one.")
    rows: Count | None = Field(None, description="Training rows at hand, for a plan without a training file.")
    buy_first: Count | None = Field(
        None, description="Examples to be had from the sources before the first round, for a plan without a file."
    )
    tokens_per_row: Count | None = Field(
        None, description="Tokens of one row, of a pair with one of its answers, for a plan without a training file."
    )
    test: str | None = None
    pool: str | None = Field(None, description="Unlabelled rows.")
    input: str | None = Field(None, description="Column of the input, where it is not recognised.")
    output: str | None = Field(None, description="Column of the answer or label.")
    second_label: str | None = Field(None, description="Column of a second annotator's label in the test file.")
    documents: str | None = Field(
        None, description="A file or folder of texts that hold facts which the answers need, to be searched."
    )
    production: str | None = Field(None, description="A sample of real inputs as they arrive, without answers.")
    production_shares: Mapping[str, PartShare] = Field(
        {}, description="Share of each class in production, for example {refund: 30%}."
    )
    answer_today: str | None = Field(None, description="Column of the test file with the answer that is given today.")
    group: str | None = Field(
        None, description="Column of the test file that names who or what a row comes from: customer, author, document."
    )
    group_icc: Share | None = Field(
        None, description="How alike rows of one group turn out (intraclass correlation); 100% when left out."
    )
    licence: str | None = Field(None, description="Licence of the training rows, or who owns them.")
    origin: str | None = Field(None, description="Where the rows come from; who or what wrote the answers.")
    sources: tuple[Source, ...] = ()

    @property
    def first_purchase(self) -> int:
        """Examples bought before the first round, the median where the project file doubts them."""
        return 0 if self.buy_first is None else round(self.buy_first.spread.median)

    @property
    def planned_rows(self) -> int:
        """Rows of the first round in a plan without a training file: those at hand and those bought before it."""
        return (0 if self.rows is None else round(self.rows.spread.median)) + self.first_purchase


class Owned(Section):
    """GPUs that are owned: what they cost, for how long they are used and how much of that time they work."""

    price: Money = Field(description="Of all cards with what they stand in, paid once.")
    gpu: GpuName | None = Field(None, description="Which card; the one under compute.gpus when left out.")
    gpus: PositiveInt = Field(1, description="How many cards the price bought.")
    life: Months | None = Field(None, description="From purchase until they are worth nothing.")
    utilisation: PartShare | None = Field(None, description="Share of all hours in which they work for somebody.")
    power: Kilowatts | None = Field(None, description="Power of one card at work with its part of the machine [kW].")
    power_price: MoneyPerKwh | None = Field(None, description="What a kWh costs.")


class Rollouts(Section):
    """How answers are sampled while a model trains; what is left out is assumed."""

    later = frozenset({"reward_params", "engine_share", "engine_sleeps"})

    prompts_per_step: PositiveInt | None = None
    group_size: PositiveInt | None = Field(
        None, description="Answers to a prompt; two or more where they are compared with each other."
    )
    prompt_tokens: PositiveInt | None = None
    completion_tokens: PositiveInt | None = Field(None, description="Tokens after which an answer is cut.")
    completion_mean: PositiveInt | None = Field(None, description="Tokens of a mean answer.")
    updates: PositiveInt | None = Field(None, description="Training passes over each answer.")
    sampler: catalog.Sampler | None = Field(
        None, description="An engine on the training cards, on cards of its own, or the training framework itself."
    )
    sampler_gpus: PositiveInt | None = Field(None, description="How many of the cards only sample.")
    reference: bool | None = Field(None, description="Whether a frozen reference model judges the answers.")
    reward_params: Count | None = Field(None, description="Parameters of a reward model, such as 7B.")
    engine_share: PartShare | None = Field(
        None, description="Share of a training card's memory that an engine on it takes."
    )
    engine_sleeps: bool | None = Field(None, description="Whether it gives that memory back while the model trains.")
    reward_seconds: Seconds | None = Field(None, description="Time of a judge or of running the code of one answer.")


class Compute(Section):
    """Where training would run."""

    later = frozenset({"card_memory", "minimum_hours", "objective", "rollout"})

    objective: ObjectiveName | None = Field(
        None, description=f"What is trained for; sft when left out. {SAMPLING} sample answers to each row."
    )
    rollout: Rollouts | None = Field(None, description=f"How answers are sampled: for {SAMPLING}.")

    tier: Literal["marketplace", "neocloud", "hyperscaler", "owned"] | None = None
    gpus: tuple[GpuName, ...] = ()
    card_memory: str | None = Field(
        None, description="What the one card under gpus holds, where it is not that of the tables, such as 20GB."
    )
    gpu_count: PositiveInt | None = None
    terms: Literal["on_demand", "spot", "reserved"] | None = Field(
        None, description="How GPUs are rented; a reserved price binds the buyer."
    )
    region: str | None = Field(None, description="Region of the provider, such as eu-central-1.")
    hosted: str | None = Field(
        None, description="A hosted model to be trained by its provider instead, such as ft:gpt-4o-mini-2024-07-18."
    )
    minimum_hours: Hours | None = Field(
        None, description="The least time that a round's rental is billed for, such as 24 h; all its runs share it."
    )
    owned: Owned | None = Field(None, description="GPUs that are owned; `tier: owned` trains on them.")


class Constraints(Section):
    """What a way to give the answers must keep to; a way that does not is struck out, with the reason."""

    data_stays: bool = Field(False, description="Rows may not leave the company's own machines.")
    regions: tuple[str, ...] = Field((), description="Regions in which rows may be worked on, such as eu.")
    max_latency: Seconds | None = Field(None, description="The longest that one answer may take, such as 500 ms.")
    licences: tuple[str, ...] = Field((), description="Licences of weights that may be used, such as apache-2.0, mit.")
    languages: tuple[str, ...] = Field((), description="Languages of the inputs by their codes, such as en, de.")
    max_price_per_1k_answers: MoneyPer1k | None = Field(None, description="The most that 1,000 answers may cost.")


class Alternative(Section):
    """One other way to give the answers: what it scored, and what it costs."""

    later = frozenset({"endpoint", "key_variable", "score_log"})

    model: str | None = None
    score: Score | None = Field(None, description="Measured on the test file.")
    score_log: ScoreLog | None = Field(
        None, description="A log that score is read from: a path, or a file with its metric, filter and task."
    )
    set_up: Hours | None = Field(None, description="Hours of work until it runs.")
    endpoint: str | None = Field(None, description="Address at which the model answers, such as https://HOST/v1.")
    key_variable: str | None = Field(None, description="The environment variable that holds the key of the endpoint.")
    price_per_1k_answers: MoneyPer1kOrNothing | None = Field(None, description="What 1,000 of its answers cost.")


class Alternatives(Section):
    """The other ways, by name."""

    prompt_hosted: Alternative = Field(Alternative(), description="Prompt a hosted model.")
    prompt_open: Alternative = Field(Alternative(), description="Prompt an open model.")
    retrieval: Alternative = Field(Alternative(), description="Put the facts into the prompt.")
    tune_small: Alternative = Field(Alternative(), description="Tune a small model.")
    tune_large: Alternative = Field(Alternative(), description="Tune a large model.")


class Levers(Section):
    """What the steps of a project are assumed to do; what is written here takes the place of the shipped assumption."""

    later = frozenset({"buy_worth", "licence_worth"})

    label_noise: PartShare | None = Field(None, description="Share of wrong labels, where nobody has looked.")
    rows_per_wrong_label: Factor | None = Field(None, description="Rows reviewed for each wrong label that is found.")
    tuning_factor: Factor | None = Field(None, description="Error after a search over settings / error before.")
    tuning_runs: Annotated[int, Field(ge=2, le=1000)] | None = Field(None, description="Settings tried in one search.")
    bigger_model_factor: Factor | None = Field(None, description="Error of the bigger model / error of the smaller.")
    bigger_model_run_cost: Factor | None = Field(None, description="Price of a run of the bigger model, as a multiple.")
    synthetic_worth: PartShare | None = Field(None, description="Labelled examples that a synthetic one teaches like.")
    scrape_worth: PartShare | None = Field(None, description="Labelled examples that a scraped one teaches like.")
    buy_worth: PartShare | None = Field(None, description="Labelled examples that a bought one teaches like.")
    licence_worth: PartShare | None = Field(None, description="Labelled examples that a licensed one teaches like.")
    first_run_hours: Hours | None = Field(None, description="All of people's hours in a round without data work.")
    look_hours: Hours | None = Field(None, description="An engineer's hours to score one more way and read it.")


class Project(Section):
    """The project file."""

    later = frozenset(
        {"effort", "start", "costs", "after_launch", "constraints", "engine", "address", "scratch", "today"}
    )

    name: str
    problem: ProblemStatement = ProblemStatement()
    today: Today = Field(Today(), description="Who gives the answers now, how good they are, and what one costs.")
    data: Data
    models: tuple[ModelName, ...] = ()
    method: Literal["lora", "qlora", "full"] = "lora"
    training: Training = Training()
    compute: Compute = Compute()
    team: tuple[Member, ...] = ()
    rounds: Rounds | None = Field(
        None, description="Rounds of collect, train, test where no target is stated; a random number when left out."
    )
    effort_per_round: HoursPerRound | None = Field(
        None, description="All of people's hours in one round, in place of `effort`."
    )
    effort: Effort = Field(Effort(), description="People's hours by activity; each has a stated assumption.")
    evaluation: Evaluation = Evaluation()
    start: Day | None = Field(
        None, description="The day on which the work begins (YYYY-MM-DD); today when left out, or when it is past."
    )
    waiting_per_round: WeeksPerRound | None = Field(
        None, description="Weeks of one round in which the team waits for labels, GPUs or reviews."
    )
    unknowns: Unknowns | None = Field(
        None,
        description="Allowance for overruns: small projects' if left out, outside view (large IT), none, or a factor.",
    )
    storage: Storage = Storage()
    costs: tuple[CostLine, ...] = Field((), description="Costs that no other section holds, such as a security review.")
    levers: Levers = Levers()
    serving: Serving = Serving()
    after_launch: AfterLaunch = AfterLaunch()
    alternatives: Alternatives = Alternatives()
    constraints: Constraints = Constraints()
    include_inference: bool = False
    budget: Money | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    rates: tuple[Rate, ...] = ()
    engine: Literal["local", "ray"] | None = Field(
        None, description="Where audits and pilots run: this machine when left out, or a Ray cluster."
    )
    address: str | None = Field(
        None, description="Of the Ray cluster, such as head:6379; one of this machine's own when left out."
    )
    scratch: str | None = Field(
        None,
        description="A folder that this machine and the cluster share, or an object store (s3://…), for large audits.",
    )
    prices: str | None = Field(None, description="A CSV file of your own prices, which come before the tables'.")
    past: tuple[str, ...] = Field(
        (), description="Earlier cases (folders, ledgers or a scorecard's exports), whose ends say how plans fared."
    )

    def models_of(self, kind: Literal["encoder", "causal", "hosted", "decision"]) -> tuple[str, ...]:
        """The models listed of one kind, in their order; only causal ones are priced as fine-tunes."""
        return tuple(name for name in self.models if catalog.model_kind(name) == kind)

    @property
    def score_today(self) -> str | float | None:
        """The score of what is in use, as typed; of people and of nobody 0%, since no answer is given without a person.

        How good people are is another question: a gain counts the answers that need none.

        `problem.baseline` is its older name. None where it is not known.
        """
        problem, typed = self.problem, self.today.score
        if self.today.who in ("people", "nobody"):
            direction = problem.direction or catalog.metric(problem.metric or "accuracy").direction
            return "0%" if direction == "higher" else None
        return problem.baseline if typed is None else typed

    @property
    def price_per_1k_today(self) -> tuple[str, Quantity] | None:
        """The field that states what 1,000 answers cost today, and the price; None where neither name of it is."""
        if self.today.price_per_1k is not None:
            return "today.price_per_1k", self.today.price_per_1k
        older = self.serving.price_per_1k_today
        return None if older is None else ("serving.price_per_1k_today", older)

    @property
    def model_today(self) -> str | None:
        """The hosted model that gives the answers today; `serving.today` is its older name."""
        return self.today.model or self.serving.today

    @property
    def base_per_usd(self) -> float:
        """Units of the base currency for one US dollar, in which the shipped tables are kept."""
        return 1.0 if self.currency == "USD" else latest_rate(self.rates, "USD")

    @property
    def base_rates(self) -> dict[str, float]:
        """Units of the project's currency for one unit of every currency that has a rate, its own with 1."""
        dated = {rate.currency: latest_rate(self.rates, rate.currency) for rate in self.rates}
        return {**dated, self.currency: 1.0}
