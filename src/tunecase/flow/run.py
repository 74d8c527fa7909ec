"""The road: all verbs in order.

define ─► audit ─► estimate ─► pilot ─► forecast ─► decide ─► report        books at any time
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tunecase.engine import gpus
from tunecase.flow.audit import audit
from tunecase.flow.books import books, books_hold
from tunecase.flow.define import judge_problem, pose
from tunecase.flow.kept import kept, sha256_of
from tunecase.flow.keys import settled
from tunecase.flow.opened import Flow, Progress, readable
from tunecase.flow.pilot import BY_ITSELF, no_pilot, pilot, where_stated
from tunecase.flow.verbs import decide, define, estimate, forecast, ready
from tunecase.records import Books, Change, Pilot, PilotSettings

Ending = tuple[bool, tuple[str, ...]]  # whether the answer is yes, and the verbs whose records were told
FREE = {"probe", "nearest", "encoder"}  # trainers that the road tries by itself


@dataclass(frozen=True, slots=True)
class Watch:
    """How a pilot of the road is watched: its progress, the question before it begins, what is fetched for it."""

    progress: Progress | None = None
    ask: Callable[[Any], bool | None] | None = None
    fetching: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """What the road had found when its report was written last: records by verb, and when; None where it never was."""

    records: Mapping[str, Any]
    at: datetime | None

    def holds(self, found: Mapping[str, Any]) -> bool:
        """Whether the road has found the same again, the time that it took aside."""
        alike = (_timeless(self.records.get(verb)) == _timeless(record) for verb, record in found.items())
        return self.at is not None and all(alike)


def last_walk(flow: Flow) -> Walk:
    """The last walk of the road, to be asked for before the next."""
    written = flow.ledger.latest("record", "report")
    booked = flow.ledger.latest("record", "books")
    money = {} if booked is None else readable({"books": booked})
    return Walk({**flow.last_records(), **money}, None if written is None else written.recorded_at)


def _timeless(record: Any) -> Any:
    """A record without what differs though the same was found: how long it took, which entry is held against."""
    if isinstance(record, Books):
        return replace(record, plan=None)
    return settled(record)


def road(
    flow: Flow,
    tell: Callable[[str, Any], None],
    *,
    anyway: bool = False,
    settings: PilotSettings | None = None,
    watch: Watch | None = None,
) -> bool:
    """All verbs in order; returns False when the answer is no.

    `tell` is called with each record; the bill comes once more, as "estimate again", when the pilot has moved it, the
    problem as "define again" when that has moved its verdict, and at the end, as "changed", what the road moved since
    it was walked last.
    A problem that is not well posed, or data that are not fit, end the road before the pilot: nothing is spent on it.
    What only lacks an answer, such as a target that nobody has stated, ends nothing: all that is free is done. A plan
    without a training file is priced, and there is no more to do with it yet.
    A pilot that still holds is not run again unless one is asked for; one that was stopped goes on. Where no learner
    that is free can be scored (a metric of its own) the pilot says so and the road goes on.
    """
    flow.once = flow.ledger.latest("record", "report") is not None
    fine, verbs = _same_road(flow, anyway, lambda: (False, ()))
    found_before = {verb: flow.current(verb) for verb in verbs if settings is None and books_hold(flow)}
    if found_before and not any(record is None or _goes_on(record) for record in found_before.values()):
        for verb, record in found_before.items():
            tell(verb, record)
        return fine
    before, walked = flow.last_records(), []

    def found(verb: str, record: Any) -> None:
        walked.append(verb.removesuffix(" again"))
        tell(verb, record)

    if flow.project.data.train is None:
        found("estimate", estimate(flow))
        fine = True
    else:
        fine = _walk(flow, found, anyway, settings, watch or Watch())
    flow.on_step("books")
    found("books", books(flow))
    if moved := _moved(before, flow.records):
        tell("changed", moved)
    _same_road(flow, anyway, lambda: (fine, tuple(dict.fromkeys(walked))))
    return fine


def _same_road(flow: Flow, anyway: bool, make: Callable[[], Ending]) -> Ending:
    """How the road that ended with the ledger as it stands came out, and whose records it told; `make` where none did.

    Beside the case it rests on what lies beside it and on this machine: rows to review, GPUs, what learners lack.
    """
    from tunecase.pilot import encoder_here, lacking_here

    ends = [entry.id for entry in flow.ledger.entries() if entry.verb != "report"][-1:]
    machine = gpus(), encoder_here(), lacking_here(flow.project.models)
    rests_on = ends, anyway, sha256_of(flow.folder / "pilot" / "review.jsonl"), machine
    return kept(flow, "road", Ending, rests_on, make, fits=lambda found: bool(found[1]))


def _goes_on(record: Any) -> bool:
    """Whether it is of a pilot that something has stopped; one that could not begin begins no more than before."""
    return isinstance(record, Pilot) and bool(record.stopped and (record.runs or record.baselines))


def _moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    if all(settled(now.get(verb)) == settled(record) for verb, record in before.items()):
        return ()
    from tunecase.decide import changes

    return changes(before, now)


def _walk(
    flow: Flow, tell: Callable[[str, Any], None], anyway: bool, settings: PilotSettings | None, watch: Watch
) -> bool:
    """From the problem to the decision; returns False when the answer is no."""
    sound = True
    for verb, step in (("define", define), ("audit", audit), ("estimate", estimate)):
        # The bill that define asked for rests on no curve yet: it is made once more.
        record = flow.records.get(verb) if verb == "audit" else None
        flow.on_step(verb)
        record = record or step(flow)
        tell(verb, record)
        sound = sound and getattr(record, "ok", True)
    if sound or anyway:
        _try(flow, tell, settings, watch)
    decision = decide(flow)
    tell("decide", decision)
    return sound and decision.ok


def _try(flow: Flow, tell: Callable[[str, Any], None], settings: PilotSettings | None, watch: Watch) -> None:
    """The pilot, its forecast, and the bill and the problem once more where runs were made."""
    flow.on_step("pilot")
    tell("pilot", pilot_made := _pilot(flow, settings, watch))
    tell("forecast", forecast(flow))
    if not pilot_made.runs:
        return
    before = flow.current("define")
    # The bill counts a gain from what the pilot has shown to do without a fine-tune.
    pose(ready(flow, "pose"))
    flow.records["define"] = flow.posed
    tell("estimate again", estimate(flow))
    # What the problem is worth is held against that bill from now on, its chance with it.
    again = judge_problem(flow)
    if before is None or before.verdict != again.verdict:
        tell("define again", again)


def _pilot(flow: Flow, settings: PilotSettings | None, watch: Watch) -> Pilot:
    """The pilot of the road: the one asked for, else the one that holds, else the cheap ones, on the splits it has.

    One of free learners alone is walked once more: its runs come from the ledger, and weights may have come.
    """
    held: Pilot | None = flow.current("pilot")
    if settings is None and held is not None and held.runs:
        if not _by_itself(held):
            return held
        entry = flow.entry_that_holds("pilot")
        seed = None if entry is None else entry.meta.get("seed")
        settings = replace(where_stated(BY_ITSELF, flow.project), seed=seed)
    trainer = settings.trainer if settings else ""
    return no_pilot(flow, trainer) or pilot(flow, settings, watch.progress, watch.ask, watch.fetching)


def _by_itself(held: Pilot) -> bool:
    """Whether a pilot measured no more than the road measures by itself; what was paid for is never left behind."""
    paid = any(one.kind in ("hosted", "decision") for one in held.baselines)
    return not paid and {held.trainer, *(one.trainer for one in held.candidates)} <= FREE
