"""What a project's constraints rule out: where rows may go, how fast, how dear, under which licence, in which language.

A way is struck only by what is known of it. What is not known of it is named instead: it may still break the rule.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.errors import InputError
from tunecase.quantities import duration, money

if TYPE_CHECKING:
    from tunecase.project import Constraints, Project
    from tunecase.records import ModelKind

OF_A_PROVIDER = ("hosted", "decision")  # kinds whose answers somebody else's machines give
HERE = "local"  # the provider of a decision model that runs on one's own machine


@dataclass(frozen=True, slots=True)
class Checked:
    """What the constraints say of one way: the reasons that strike it out, and what is not known of it."""

    struck: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()


def struck(
    project: "Project",
    kind: "ModelKind",
    model: str = "",
    *,
    seconds_per_answer: float | None = None,
    price_per_1k: float | None = None,
) -> str:
    """Why the project's constraints rule a way out, in words; empty where they do not. Arguments as for `checked`.

    Example:
        >>> from tunecase.project import Constraints, Data, Project
        >>> mine = Project(name="a", data=Data(train="t"), constraints=Constraints(data_stays=True))
        >>> struck(mine, "hosted", "gpt-6-luna"), struck(mine, "encoder", "all-MiniLM-L6-v2")
        ('rows may not leave the machines of the company, and it runs at a provider', '')
    """
    found = checked(project, kind, model, seconds_per_answer=seconds_per_answer, price_per_1k=price_per_1k)
    return "; ".join(found.struck)


def checked(
    project: "Project",
    kind: "ModelKind",
    model: str = "",
    *,
    seconds_per_answer: float | None = None,
    price_per_1k: float | None = None,
) -> Checked:
    """Holds one way against the project's constraints.

    Args:
        project: whose `constraints` count.
        kind: what gives the answers.
        model: its name; empty where there is none.
        seconds_per_answer: measured [s]; None where it was not.
        price_per_1k: what 1,000 of its answers cost, P50 [base currency]; None where it is not known.
    Returns: reasons and open questions. Leaves out the terms of a provider, which may promise a region or a deletion,
        and how well a model does in a language that it reads.
    """
    rules = project.constraints
    verdicts = (
        _place(rules, kind, model),
        _latency(rules, seconds_per_answer),
        _licence(rules, kind, model),
        _languages(rules, kind, model),
        _price(rules, price_per_1k, project.currency),
    )
    return Checked(
        tuple(reason for reason, _ in verdicts if reason), tuple(unknown for _, unknown in verdicts if unknown)
    )


def _place(rules: "Constraints", kind: "ModelKind", model: str) -> tuple[str, str]:
    away = kind in OF_A_PROVIDER and not (kind == "decision" and _runs_here(model))
    if rules.data_stays and away:
        return "rows may not leave the machines of the company, and it runs at a provider", ""
    if rules.data_stays and kind == "causal":
        return "", "that it is trained and served on machines of your own (compute.tier: owned)"
    if rules.regions and (away or kind == "causal"):
        return "", f"that it runs in {' or '.join(rules.regions)}"
    return "", ""


def _runs_here(model: str) -> bool:
    try:
        return catalog.decision_model(model).provider == HERE
    except InputError:
        return False


def _latency(rules: "Constraints", seconds: float | None) -> tuple[str, str]:
    if rules.max_latency is None:
        return "", ""
    most = rules.max_latency.spread.median
    if seconds is None:
        return "", "how long one answer takes"
    if seconds <= most:
        return "", ""
    return f"an answer takes {duration(seconds)}, more than the {duration(most)} allowed", ""


def _licence(rules: "Constraints", kind: "ModelKind", model: str) -> tuple[str, str]:
    if not rules.licences or not _has_weights(kind, model):
        return "", ""  # no weights are used, or none that have a licence
    licence = _licence_of(kind, model)
    if not licence:
        return "", f"the licence of {model or 'its weights'}"
    if licence.casefold() in (one.casefold() for one in rules.licences):
        return "", ""
    return f"its weights are under {licence}, which is not among the licences allowed", ""


def _has_weights(kind: "ModelKind", model: str) -> bool:
    """Whether a way rests on weights of one's own; a search does where an encoder's vectors are searched."""
    return kind in ("encoder", "causal") or (kind == "search" and bool(model))


def _licence_of(kind: "ModelKind", model: str) -> str:
    try:
        return catalog.model(model).licence if kind == "causal" else catalog.encoder(model).licence
    except InputError:
        return ""


def _languages(rules: "Constraints", kind: "ModelKind", model: str) -> tuple[str, str]:
    if not rules.languages or not _has_weights(kind, model):
        return "", ""
    known: tuple[str, ...] = ()
    if kind != "causal":
        try:
            known = catalog.encoder(model).languages
        except InputError:
            known = ()
    if not known:
        return "", f"whether {model or 'it'} reads {', '.join(rules.languages)}"
    lacks = [code for code in rules.languages if code.casefold() not in known]
    if "many" in known or not lacks:
        return "", ""
    return f"it reads {', '.join(known)}, not {', '.join(lacks)}", ""


def _price(rules: "Constraints", per_1k: float | None, currency: str) -> tuple[str, str]:
    if rules.max_price_per_1k_answers is None:
        return "", ""
    most = rules.max_price_per_1k_answers.spread.median
    if per_1k is None:
        return "", "what 1,000 answers cost"
    if per_1k <= most:
        return "", ""
    return f"1,000 answers cost {money(per_1k, currency)}, more than the {money(most, currency)} allowed", ""
