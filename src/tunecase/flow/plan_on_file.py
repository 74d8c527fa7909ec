"""The plan on file of a case: what a plan rests on, its hash, and what it asks to release."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tunecase.flow.keys import DAY, PRICE_BOOK, PROJECT, digests, hash_of
from tunecase.flow.opened import Flow
from tunecase.flow.points import kept_elsewhere
from tunecase.quantities import Sampled
from tunecase.records import SCHEMAS, Decision, Estimate, Plan

# Words for people, and exchange rates: like other prices they move a plan's figures and do not make it another plan.
NO_PART = ("name", "rates", "problem.goal", "problem.owner", "problem.business_metric")
NO_SETTING = (PROJECT, DAY, PRICE_BOOK)


class OnFile(NamedTuple):
    """The plan on file: the decision's, or the bill's before any decision; the digest of each thing it rests on.

    `asks` is what the decision asks to release now, None where that is nothing: it stops, something comes first, or
    nothing is decided yet. `action` is what the release is for.
    """

    plan: Plan
    rests_on: Mapping[str, str]
    asks: Sampled | None
    action: str

    @property
    def hash(self) -> str:
        """The hash of the plan."""
        return hash_of(self.rests_on)

    @property
    def release(self) -> Sampled:
        """What is asked for now; where that is nothing, what the plan's first step would take all the same (P80)."""
        return self.asks or self.plan.release.p80


def plan_parts(flow: Flow) -> dict[str, str]:
    """The digest of each thing that the plan of a case rests on, by name: its hash is made of them.

    These are the content of the data files, the fields that the project file sets to something other than their
    default, the runs of the pilot, points from elsewhere, measured rounds, reviews, earlier projects and own prices.
    Neither the seed nor the version of tunecase is among them, nor what moves by itself from day to day: the date, the
    shipped prices, the charges.
    """
    grounds, pilot, kept = flow.grounds("forecast"), flow.current("pilot"), kept_elsewhere(flow)
    texts = {file.name: file.sha256 for file in grounds.files}
    texts |= {name: text for name, text in grounds.settings.items() if name not in NO_SETTING}
    stated = flow.project.model_dump(exclude_unset=True, exclude_defaults=True)
    texts |= {name: text for name, text in _fields(stated) if name not in NO_PART}
    if (reviewed := flow.ledger.latest("record", "review")) is not None:
        texts["reviews"] = reviewed.id
    if pilot is not None:
        runs = sorted((run.purpose, run.trainer, run.model, run.n, run.draw, f"{run.score:.9g}") for run in pilot.runs)
        texts["the pilot"] = repr(runs)
    if kept is not None:
        points = [(point.n, f"{point.score:.9g}", point.draws, point.test_rows) for point in kept.points]
        texts["the points from elsewhere"] = repr(points)
    return digests(texts)


def _fields(values: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, str]]:
    """Dotted names and values of what a project file sets; a section without any field says nothing."""
    for name, value in values.items():
        if isinstance(value, dict) and "spread" not in value:
            yield from _fields(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", repr(_plain(value))


def _plain(value: Any) -> Any:
    """A value in one order and without the words it was typed in: 15k USD is 15,000 USD."""
    if isinstance(value, dict):
        return sorted((name, _plain(part)) for name, part in value.items() if name != "text" or "spread" not in value)
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def on_file(flow: Flow) -> OnFile | None:
    """The plan on file: that of the last decision, or of the last bill where nothing was decided yet; None without one.

    What the plan of an earlier version rests on was not noted; it is known while its record is used.
    """
    for verb in ("decide", "estimate"):
        entry = flow.ledger.latest("record", verb)
        if entry is None:
            continue
        record = entry.record() if entry.meta.get("schema") == SCHEMAS[verb] and not entry.fault else None
        if record is not None and record.plan is not None:
            noted = entry.meta.get("plan") or (plan_parts(flow) if flow.entry_that_holds(verb) is not None else {})
            return _on_file(record, noted)
        if verb == "decide":
            return None
    return None


def _on_file(record: Decision | Estimate, noted: Mapping[str, str]) -> OnFile:
    from tunecase.accounts import release_now

    plan = record.plan
    assert plan is not None
    if isinstance(record, Estimate):
        return OnFile(plan, noted, None, plan.action)
    return OnFile(plan, noted, release_now(record), plan.action)


def earlier_plan(flow: Flow, word: str) -> Mapping[str, str] | None:
    """What an earlier plan whose hash begins with a word rests on; None where there is none."""
    noted = [entry.meta.get("plan") for entry in flow.ledger.entries("record")]
    return next((plan for plan in reversed(noted) if isinstance(plan, dict) and hash_of(plan).startswith(word)), None)


def stop_rule(plan: Plan) -> str:
    """When a plan ships and when it stops, in the words of its headline."""
    from tunecase.accounts import headline

    limits = next((figure for figure in headline(plan) if figure.key == "limits"), None)
    return f"{limits.name.lower()} {limits.value}; {limits.beside}" if limits is not None else "none: no target"
