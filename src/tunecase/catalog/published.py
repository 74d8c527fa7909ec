"""What others have published of ways to give answers, with and without a fine-tune, and the codes of languages."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from tunecase.catalog.reading import read_table, table


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """A share of right answers that somebody reached on a public set, which says little of another task.

    `way` is named as in `Alternative.name`, `shots` says in words what was shown or learnt from. `classes` and
    `test_rows` are None where they were not stated.
    """

    way: str
    model: str
    dataset: str
    classes: int | None
    shots: str
    score: float
    test_rows: int | None
    source: str
    date: str


def published_scores() -> tuple[PublishedScore, ...]:
    """Every published score known."""
    return table("published_scores", PublishedScore)


@dataclass(frozen=True, slots=True)
class UntunedCase:
    """A company's own task, scored both with a fine-tuned model and with the best way published that needs none.

    `way` is prompt, retrieval, prompt_and_retrieval, or hosted_model where a larger model was asked and nothing is said
    of its prompt. `untuned` and `tuned` are shares of 1, or ratings of 5; None where only a difference or words were
    published. `unit` names the metric, or how words count: parity for "equal", "comparable" or "nearly identical",
    ranking where they say only which was better.

    `within_two_points` is whether the untuned way was at most 0.02 below the tuned one, or above it; ratings are
    divided by 5. Parity is within. A ranking is where it puts the untuned way first; where it puts the tuned model
    first it is not, for nobody says by how much. Where two measures disagree, what the authors put to use decides.

    `tried_first` is yes where the untuned way had been tried or in use before the fine-tune, so that within two points
    cost, speed or privacy was left as the reason for it. `read_again` is no where the score could not be read a second
    time. `found` is search for what web searches about fine-tuning turned up, whose titles favour regret, and
    collection for what searches by words found among the 1,484 deployments of a public collection, retold by its
    editors. `published` is the date as printed; the table also holds the day when a row was last read.

    Left out: courses, public benchmarks, vendors' general models, and tasks whose untuned score is unknown.
    """

    who: str
    task: str
    way: Literal["prompt", "retrieval", "prompt_and_retrieval", "hosted_model"]
    untuned: float | None
    tuned: float | None
    unit: str
    within_two_points: bool
    tried_first: Literal["yes", "no", "not stated"]
    read_again: bool
    found: Literal["search", "collection"]
    published: str
    source: str


class UntunedCount(NamedTuple):
    """Of how many cases the untuned way did about as well, and of how many of these it had (not) been tried first."""

    within: int
    tried_first: int
    not_tried_first: int
    of: int


def untuned_cases(found: Literal["search", "collection"] | None = None) -> tuple[UntunedCase, ...]:
    """Every published project with the score of what needs no fine-tune beside it, or those found in one manner."""
    return tuple(case for case in table("untuned_cases", UntunedCase) if found in (None, case.found))


def untuned_count(cases: tuple[UntunedCase, ...]) -> UntunedCount:
    """In how many cases the untuned way came within two points; the rest of `within` does not state what came first."""
    tried = [case.tried_first for case in cases if case.within_two_points]
    return UntunedCount(len(tried), tried.count("yes"), tried.count("no"), len(cases))


@cache
def language_codes() -> frozenset[str]:
    """Every two-letter code of a language, in lower case.

    Example:
        >>> "de" in language_codes(), "german" in language_codes()
        (True, False)
    """
    return frozenset(code for row in read_table("languages") for code in row["codes"].split(";"))
