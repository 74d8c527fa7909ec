"""What the bill rests on: sources of examples, training runs, storage, evaluation and the team."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from tunecase.project.kinds import (
    Count,
    CountOfRows,
    CountOrNone,
    EveryMonths,
    Factor,
    Gigabytes,
    Hours,
    HoursOrNone,
    HoursPerMonth,
    HoursPerRoundOrNone,
    HoursPerRun,
    MinutesPerAnswer,
    MinutesPerLabel,
    MoneyOrNothing,
    MoneyOrShare,
    MoneyPerCredit,
    MoneyPerExample,
    MoneyPerGb,
    MoneyPerGbMonth,
    MoneyPerHour,
    MoneyPerMonth,
    MoneyPerMtok,
    MoneyPerYear,
    Months,
    OverheadShare,
    PartShare,
    PerMonthOrNone,
    PerRound,
    PerRoundOrNone,
    PositiveInt,
    Section,
    Share,
    Weeks,
)

# Fields that every source may have, and those that say something of one kind only.
OF_EVERY_KIND = frozenset({"kind", "name", "pool", "price", "set_up", "worth", "lead", "per_week", "risk"})
OF_KIND = {
    "have": frozenset({"effort", "rate", "hours"}),
    "label": frozenset({
        "by", "effort", "rate", "labels_per_example", "rework", "fee", "usable", "management", "managed_by", "tool_fee",
        "guidelines", "onboarding", "audited", "people",
    }),
    "synthetic": frozenset({
        "effort", "rate", "model", "tokens_in", "tokens_out", "price_in", "price_out", "rejected", "reviewed",
    }),
    "scrape": frozenset({
        "pages_per_example", "page_yield", "credits_per_page", "credit_price", "upkeep", "months", "rate", "usable",
    }),
    "buy": frozenset({"minimum"}),
    "licence": frozenset({"minimum", "once", "term"}),
}  # fmt: skip


def fields_of(kind: str) -> frozenset[str]:
    """The fields that a source of a kind may state.

    Example:
        >>> "rate" in fields_of("label"), "rate" in fields_of("buy")
        (True, False)
    """
    return OF_EVERY_KIND | OF_KIND.get(kind, frozenset())


class Source(Section):
    """Where more examples can come from, and at what price; each kind has fields of its own."""

    later = frozenset({"name", "by", "worth", "lead", "per_week", "risk", "people", "once", "term"})

    kind: Literal["have", "label", "synthetic", "scrape", "buy", "licence"]
    name: str | None = Field(None, description="What you call it; its kind, with a number, when left out.")
    by: Literal["crowd", "expert", "own people"] | None = Field(
        None, description="label: who labels; sets what an hour, the fee and the number of readers default to."
    )
    pool: CountOrNone | None = Field(
        None, description="How many examples this source can give; 0 alone says that no more can be had."
    )
    price: MoneyPerExample | None = Field(
        None, description="Price of one usable example, where it is bought by the piece."
    )
    usable: PartShare | None = Field(
        None, description="label, scrape: share of what arrives that can be used; `price` is of one usable example."
    )
    set_up: MoneyOrNothing | None = Field(None, description="Paid once: guidelines, onboarding, a scraper.")
    worth: PartShare | None = Field(
        None, description="Labelled examples that one of its rows teaches like; `pilot --source` measures it."
    )
    lead: Weeks | None = Field(None, description="Weeks until its first row can be used.")
    per_week: Count | None = Field(None, description="Usable rows that it gives in a week, from then on.")
    risk: str | None = Field(None, description="What could go wrong with it, in your own words.")
    effort: MinutesPerLabel | None = Field(None, description="Minutes to label, review or format one row.")
    rate: MoneyPerHour | None = Field(None, description="What an hour of those who do it costs.")
    labels_per_example: Annotated[float, Field(ge=1, le=20)] = 1.0
    rework: OverheadShare | None = Field(None, description="Share of labels done again.")
    fee: OverheadShare | None = Field(None, description="The platform's fee on top.")
    management: OverheadShare | None = Field(
        None, description="label: running it, as a share of what the labels cost; part of nobody's hours."
    )
    managed_by: OverheadShare | None = Field(
        None, description="label: hours of the team for each hour of labelling, at the team's rate."
    )
    tool_fee: MoneyPerExample | None = Field(None, description="label: the tool's fee for each object.")
    guidelines: HoursOrNone | None = Field(None, description="label: the team's hours to write the guidelines.")
    onboarding: HoursOrNone | None = Field(None, description="label: annotators' hours until they label well.")
    audited: CountOfRows | None = Field(None, description="label: labels that the team checks before the rest.")
    people: Count | None = Field(None, description="label: how many people label at once.")
    hours: HoursOrNone | None = Field(None, description="have: hours in all to format and clean what exists.")
    model: str | None = Field(None, description="synthetic: the model that writes, for its price in the tables.")
    tokens_in: CountOrNone | None = Field(None, description="synthetic: tokens read for one example that is made.")
    tokens_out: CountOrNone | None = Field(None, description="synthetic: tokens written for one example.")
    price_in: MoneyPerMtok | None = Field(None, description="synthetic: a million tokens read.")
    price_out: MoneyPerMtok | None = Field(None, description="synthetic: a million tokens written.")
    rejected: Share | None = Field(None, description="synthetic: share of what is made that is thrown away.")
    reviewed: Share | None = Field(None, description="synthetic: share of what is made that people read.")
    pages_per_example: Count | None = Field(None, description="scrape: good pages needed for one example.")
    page_yield: PartShare | None = Field(None, description="scrape: share of the pages fetched that are good.")
    credits_per_page: Count | None = Field(None, description="scrape: credits of the service for one page.")
    credit_price: MoneyPerCredit | None = Field(None, description="scrape: what one credit costs.")
    upkeep: HoursPerMonth | None = Field(None, description="scrape: an engineer's hours to keep it running.")
    months: Months | None = Field(None, description="scrape: for how long it is kept running.")
    minimum: Count | None = Field(None, description="buy, licence: the smallest order, in examples.")
    once: MoneyOrNothing | None = Field(None, description="licence: paid for all its rows, once for each term.")
    term: Months | None = Field(None, description="licence: for how long it holds; for good when left out.")


class Training(Section):
    """One training run."""

    epochs: Annotated[float, Field(gt=0, le=1000)] = 3.0
    sequence_tokens: PositiveInt | None = Field(None, description="Longest sample in tokens; longer ones are cut.")
    loss_on: Literal["answers", "last_answer", "everything"] = Field(
        "answers", description="The tokens that are learnt: all answers of a chat, its last answer, or every token."
    )
    micro_batch: PositiveInt | None = None
    rank: PositiveInt | None = None
    runs_per_round: Count | None = Field(
        None, description="Training runs in one round: settings tried, seeds, repeats."
    )
    failed: Share | None = Field(None, description="Share of runs that fail and are paid all the same.")
    idle: Share | None = Field(None, description="Share of the billed GPU hours in which no run goes.")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """The fields; records rest on how these print, and those made before `loss_on` was a field hold on."""
        return (pair for pair in super().__repr_args__() if pair != ("loss_on", "answers"))


class Storage(Section):
    """What is kept in the cloud and what leaves it; sizes follow from the model where they are left out."""

    kept_gb: Gigabytes | None = Field(None, description="Kept on average: weights, checkpoints, rows.")
    months: Months | None = Field(None, description="For how long; the project's own months when left out.")
    checkpoints: Count | None = Field(None, description="Checkpoints kept of each run.")
    price: MoneyPerGbMonth | None = Field(None, description="One GB kept for a month.")
    egress_gb: Gigabytes | None = Field(None, description="What leaves the cloud in all.")
    egress_price: MoneyPerGb | None = Field(None, description="One GB out of the cloud.")


class Evaluation(Section):
    """What a round's evaluation takes besides people's share of its hours."""

    later = frozenset({"read"})

    judged: PerRound | None = Field(None, description="Answers that a model judges in one round.")
    model: str | None = Field(None, description="The model that judges, for its price in the tables.")
    tokens_in: CountOrNone | None = Field(None, description="Tokens that it reads for one answer.")
    tokens_out: CountOrNone | None = Field(None, description="Tokens that it writes for one answer.")
    price_in: MoneyPerMtok | None = Field(None, description="A million tokens read.")
    price_out: MoneyPerMtok | None = Field(None, description="A million tokens written.")
    read: PerRoundOrNone | None = Field(None, description="Answers that the team itself reads in one round.")
    labels: PerRound | None = Field(None, description="Answers that annotators judge in one round, at a label's price.")


class Effort(Section):
    """People's hours by activity; what is written here takes the place of the assumption, whatever drives it."""

    data_work: HoursPerRoundOrNone | None = Field(None, description="On the data, in a round that works on them.")
    prompts: HoursOrNone | None = Field(None, description="Prompts and baselines, once.")
    set_up: HoursOrNone | None = Field(None, description="Until the first run trains, once, on all its GPUs.")
    runs: HoursPerRun | None = Field(None, description="To start, watch and write up one run.")
    evaluation: HoursPerRoundOrNone | None = Field(None, description="Scoring and reporting, answers read included.")
    reading: MinutesPerAnswer | None = Field(None, description="To read and judge one answer (evaluation.read).")
    error_analysis: HoursPerRoundOrNone | None = Field(None, description="Sorting a round's wrong answers.")
    integration: HoursOrNone | None = Field(None, description="Putting a model into the product, for a release.")
    review: HoursOrNone | None = Field(None, description="Review and sign-off, for a release.")
    management: OverheadShare | None = Field(None, description="Hours added to each hour of the others.")


class Member(Section):
    """One role in the team: what an hour costs, and how much of the person's time goes to the project."""

    role: str
    rate: MoneyPerHour | None = Field(None, description="The loaded hour; the wage tables' when left out.")
    salary: MoneyPerYear | None = Field(None, description="The yearly wage, in place of an hourly rate.")
    load: Factor | None = Field(None, description="What an employee costs over the wage, for example 1.425.")
    share: PartShare | None = Field(None, description="Share of this person's time that goes to the project.")
    on_top: OverheadShare | None = Field(
        None,
        description="For a manager or reviewer: hours added to each hour of the others, for example 10%. "
        "A role that manages (manager, lead, head, owner, director) stands in for effort.management; no other does.",
    )
    hours: Hours | None = Field(None, description="The most hours of this person in all.")
    months: Months | None = Field(None, description="The most months of this person.")
    ramp_up: Weeks | None = Field(None, description="Paid once, before the first productive hour.")


class CostLine(Section):
    """A cost that no other section holds: a review, a licence, tax, overhead.

    An amount of money is paid `once`, `per round` or `per month`; a share such as 20% is paid `of` what people cost or
    of all lines, whenever those are paid.
    """

    name: Annotated[str, Field(min_length=1, max_length=60)] = Field(description="What it is for; each name once.")
    amount: MoneyOrShare = Field(description="An amount of money, or a share of other lines such as 20%.")
    when: Literal["once", "per round", "per month"] | None = Field(
        None,
        validate_default=True,
        description="When an amount of money is paid: with the first step, in each round, in each month of work.",
    )
    of: Literal["people", "all"] | None = Field(
        None, description="What a share is taken of: people's cost (overhead), or every line (tax)."
    )
    kind: Literal["people", "data", "compute", "other"] = Field(
        "other", description="What it buys; people and data grow where the work overruns, the others do not."
    )

    @field_validator("when")
    @classmethod
    def _has_its_time(cls, when: str | None, info: ValidationInfo) -> str | None:
        """An amount of money must say when it is paid; told together with the mistakes of all other fields."""
        amount = info.data.get("amount")
        if when is None and amount is not None and amount.unit != "share":
            fix = f"add `when: once` (or per round, or per month) to {info.data.get('name')!r}"
            ctx = {"got": "nothing", "wanted": "when it is paid: once, per round or per month", "fix": fix}
            raise PydanticCustomError("told", "{got}", ctx)
        return when


class AfterLaunch(Section):
    """What keeping the model good takes once it is in use; it is taken off what shipping brings."""

    retrain: EveryMonths | None = Field(
        None, description="How often the model is trained again on the rows held; never when left out."
    )
    monitoring: HoursPerMonth | None = Field(None, description="The team's hours to watch and mend it.")
    drift_checks: PerMonthOrNone | None = Field(
        None, description="Answers that are labelled to see whether it still holds, at a label's price."
    )
    fees: MoneyPerMonth | None = Field(None, description="Licences, hosting and services that run after launch.")
