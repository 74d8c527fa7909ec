"""Texts of records for people who know no machine learning: short names of models, plain words for terms of art."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from tunecase import catalog
from tunecase.faces import FaceCode
from tunecase.quantities import Interval80, count, one_line, plain_score, plain_target, score
from tunecase.records import Disclosure

if TYPE_CHECKING:
    from tunecase.accounts.material import Material

PATH = re.compile(r"(?<![\w/.-])[A-Za-z][\w-]*/(?=[\w.-]*\d)([\w.-]*\w)")  # owner/name, the name with a digit
RULES = re.compile(r" ?\([A-Z]\d+(?:, [A-Z]\d+)*\)")  # ids of rules, such as (P6, P11)
HEAD = re.compile(r"a head on (?!a )([^\s,;:)]*\w)")  # what an encoder is trained with
LEARNER = re.compile(r"(the )?probe \(n-gram logistic regression\)")  # what the cheapest pilot is trained with
PLAIN: tuple[tuple[str, str], ...] = (
    ("a head on a small encoder", "a small encoder"),
    ("n-grams and a linear model", "a small word-count model"),
    ("a linear model on n-grams", "a small word-count model"),
    ("n-grams", "a small word-count model"),
    ("rows at hand", "examples you have"),
    ("labels at hand", "labels you have"),
    ("test rows", "test examples"),
    ("suspicious rows", "doubtful labels"),
    ("redefine the target", "settle for less"),
    ("mend", "repair"),
    ("ml engineer", "machine-learning engineer"),
    ("probe", "small word-count model"),
    ("worlds", "simulated runs"),
    ("percentile", "point"),
    ("levers", "steps"),
    ("lever", "step"),
)


def through(face: str, seen: str = "") -> str:
    """The face that an entry came through, and how the person behind an agent was seen.

    Example:
        >>> through("terminal"), through("agent", "code"), through("")
        ('terminal', 'agent, by a code', 'not said')
    """
    how = {"elicited": ", by a form", "code": ", by a code"}.get(seen, "")
    return f"{face}{how}" if face in get_args(FaceCode) else "not said"


def short_name(model: str) -> str:
    """The name of a model without its owner.

    Example:
        >>> short_name("meta-llama/Llama-3.1-8B"), short_name("gpt-small")
        ('Llama-3.1-8B', 'gpt-small')
    """
    return one_line(model).rsplit("/", 1)[-1]


def plain_words(text: str) -> str:
    """A text of a record without ids of rules, owners of models and terms of art.

    Example:
        >>> plain_words("fine-tune meta-llama/Llama-3.1-8B on the 680 rows at hand (P6)")
        'fine-tune Llama-3.1-8B on the 680 examples you have'
    """
    flat = LEARNER.sub("a small word-count model", RULES.sub("", PATH.sub(r"\1", one_line(text))))
    flat = HEAD.sub(r"a small encoder (\1)", flat)
    for term, plain in PLAIN:
        flat = re.sub(rf"\b{term}\b", plain, flat)
    return flat


def capital(text: str) -> str:
    """Text with a capital first."""
    return text[:1].upper() + text[1:]


def disclosed_words(leaving: Disclosure | None) -> str:
    """How many rows that leave this machine hold private data, of which kinds, and how they go; empty without any.

    Example:
        >>> disclosed_words(Disclosure.of([("phone",), ()], masked=True, host="api.example.org"))
        'private data in 1 of 2 requests to api.example.org (phone in 1): masked'
    """
    if leaving is None or not leaving.flagged:
        return ""
    kinds = ", ".join(f"{kind} in {count(rows)}" for kind, rows in leaving.kinds.items())
    where = f"requests to {leaving.host}" if leaving.host else "rows"
    how = "masked" if leaving.masked else "as they are (--send-flagged)"
    return f"private data in {count(leaving.flagged)} of {count(leaving.rows)} {where} ({kinds}): {how}"


def private_pairs(leaving: Disclosure | None) -> list[tuple[str, str]]:
    """The same as facts of an account; none without any."""
    return [("private", words)] if (words := disclosed_words(leaving)) else []


def tuned_model(material: "Material") -> str:
    """The short name of the model to be tuned: the last one of the project that can be; empty where none is named."""
    named = material.project.models_of("causal") if material.project is not None else ()
    return short_name(named[-1]) if named else ""


def score_words(value: float | None, metric: str | None) -> str:
    """A score in whole percent where its metric is a share of 1, else in three figures.

    Example:
        >>> score_words(0.8, "accuracy"), score_words(0.8, None), score_words(12.0, "perplexity")
        ('80%', '80%', '12')
    """
    return plain_score(value, of_one=is_share(metric))


def target_words(value: float | None, metric: str | None) -> str:
    """A target as it was stated: of a share one decimal of a percent is kept; else as `score_words`."""
    return plain_target(value, of_one=is_share(metric))


def is_share(metric: str | None) -> bool:
    """Whether a metric is a share of 1; one that nobody knows is taken to be."""
    known = next((one for one in catalog.metrics() if one.name == metric), None)
    return known is None or known.bounded


def ceiling_words(ceiling: Interval80 | None, shown: Callable[[float], str] = score) -> str:
    """The best score that the labels allow to be seen, the one figure of it, with the range whose upper end it is.

    Example:
        >>> ceiling_words(Interval80(0.96, 0.972, 0.98)), ceiling_words(None)
        ('0.98, the upper end of 0.96 to 0.98', 'not measured')
    """
    if ceiling is None:
        return "not measured"
    return f"{shown(ceiling.high)}, the upper end of {shown(ceiling.low)} to {shown(ceiling.high)}"


def counts_right(metric: str | None) -> bool:
    """Whether a metric counts right answers, so that a score is so many of a hundred; one that nobody knows may.

    Example:
        >>> counts_right("exact_match"), counts_right("chrf")
        (True, False)
    """
    known = next((one for one in catalog.metrics() if one.name == metric), None)
    return known is None or known.binomial
