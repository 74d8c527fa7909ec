"""Runs a pilot for a case, keeps what its runs answered, and brings home what another machine ran."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem, nearest
from tunecase.flow.opened import Flow, Progress, dropped_rows, now, pilot_metric, task_kind
from tunecase.flow.verbs import ready
from tunecase.ledger import Ledger
from tunecase.quantities import counted
from tunecase.records import Audit, Pilot, Run, from_json

if TYPE_CHECKING:
    from tunecase.pilot.trainers import Result, Setting


@dataclass(frozen=True, slots=True)
class PilotAsked:
    """How a pilot is to be run; what is None or empty is left to the trainer."""

    trainer: str = "probe"
    model: str = ""
    settings: Mapping[str, "Setting"] = field(default_factory=dict)
    sizes: tuple[int, ...] | None = None
    draws: int | None = None
    workers: int | None = None
    max_minutes: float | None = None
    max_usd: float | None = None
    usd_per_hour: float | None = 0.0
    adaptive: bool | None = None
    tune: int = 0
    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    gpus_per_task: float = 0
    hosted: Mapping[str, Mapping[str, "Setting"]] = field(default_factory=dict)


def pilot_asked(
    *,
    trainer: str = "probe",
    model: str = "",
    settings: Sequence[str] = (),
    sizes: str = "",
    draws: int | None = None,
    every: bool = False,
    tune: int = 0,
    hosted: Sequence[str] = (),
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
    gpus: float = 0,
    max_minutes: float | None = None,
    max_usd: float | None = None,
    usd_per_hour: float | None = None,
) -> PilotAsked:
    """How a pilot is to be run, from words as typed.

    An hour of this machine is free unless it has a price; an hour of a cluster is unknown until it has one.
    Raises: InputError with every word that cannot be read.
    """
    problems: list[Problem] = []
    own: dict[str, Setting] = {}
    asked: dict[str, Setting] = {}
    for text in settings:
        name, given, value = text.partition("=")
        if not name or not given:
            problems.append(Problem("--set", repr(text), "NAME=VALUE", "write for example --set rank=16"))
        elif name.startswith("hosted."):
            asked[name.removeprefix("hosted.")] = _value(value)
        else:
            own[name] = _value(value)
    rungs: list[int] = []
    for text in filter(None, (part.strip() for part in sizes.split(","))):
        if text.isdecimal():
            rungs.append(int(text))
        else:
            problems.append(Problem("--sizes", repr(text), "whole numbers with commas", "write for example 50,100,200"))
    if engine not in ("local", "ray"):
        problems.append(Problem("--engine", repr(engine), "local or ray", nearest(engine, ["local", "ray"])))
    if problems:
        raise InputError(problems)
    free = 0.0 if engine == "local" else None
    return PilotAsked(
        trainer, model, own, tuple(rungs) or None, draws, workers, max_minutes, max_usd,
        free if usd_per_hour is None else usd_per_hour, False if every else None, tune,
        cast(Literal["local", "ray"], engine), address, gpus, dict.fromkeys(hosted, asked),
    )  # fmt: skip


def _value(text: str) -> "Setting":
    """A number or a truth where the text is one, else the text."""
    words: dict[str, Setting] = {"true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def pilot(
    flow: Flow,
    asked: PilotAsked | None = None,
    progress: Progress | None = None,
    ask: Callable[[Any], bool | None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Pilot:
    """Small real runs; each is in the ledger the moment it ends, so nothing is ever run twice.

    `ask` is shown the plan with its time and price before anything begins; False ends the pilot there.
    `tell` is told what is fetched, and how large it is, before it is.
    """
    from tunecase.compute import base_model
    from tunecase.pilot import Answers, keep_answers, kept_answers, prepare
    from tunecase.pilot import pilot as climb
    from tunecase.project import read_score

    asked, test = asked or PilotAsked(), flow.table("test")
    if test is None:
        where = f"{flow.path.name}: data.test"
        raise InputError(Problem(where, "nothing", "a held-out test file", "name it: `test: data/test.jsonl`"))
    found: Audit = ready(flow, "pilot").known("audit")
    folder, metric, kind = flow.folder / "pilot" / "answers", pilot_metric(flow), task_kind(flow)
    done = {e.body["key"]: from_json(Run, e.body) for e in flow.ledger.entries() if e.kind == "run"}
    given = flow.project.problem.target

    def on_run(run: Run) -> None:
        flow.ledger.append("run", run, recorded_at=now(), verb="pilot", meta={"key": flow.key("pilot")})

    def keep(key: str, result: "Result") -> None:
        if result.predictions is not None and result.row_scores is not None:
            keep_answers(folder, key, Answers(result.predictions, result.row_scores, result.confidences))

    prepare(asked.trainer, asked.model, tell or (lambda line: None))
    record = climb(
        flow.train_table(), test, metric=metric, direction=catalog.metric(metric).direction, kind=kind,
        candidates=(base_model(flow.basis(10)),), seed=flow.seed, done=done, on_run=on_run, progress=progress,
        drop_rows=dropped_rows(found), target=None if given is None else read_score(given), ask=ask, keep_answers=keep,
        kept_answers=lambda key: kept_answers(folder, key),
        **{item.name: getattr(asked, item.name) for item in fields(asked)},
    )  # fmt: skip
    return cast(Pilot, flow.keep("pilot", _with_review(flow, record, folder)))


def _with_review(flow: Flow, record: Pilot, folder: Path) -> Pilot:
    """The pilot with its rows to look at written beside the project."""
    from tunecase.pilot import kept_answers, usable, write_rows
    from tunecase.pilot.scoring import review_rows

    test, found = flow.table("test"), record.mistakes
    answers = kept_answers(folder, found.run) if found else None
    if test is None or found is None or answers is None:
        return record
    tests, known = usable(test), usable(flow.train_table())
    rows = review_rows(
        kind=record.kind, texts=tests.texts, labels=tests.labels, predictions=answers.predictions,
        row_scores=answers.row_scores, confidences=answers.confidences, rows=tests.numbers,
        known_texts=known.texts, known_labels=known.labels,
    )  # fmt: skip
    path = flow.folder / "pilot" / "review.jsonl"
    write_rows(path, rows)
    return replace(record, mistakes=replace(found, review_file=path.relative_to(flow.folder).as_posix()))


def no_pilot(flow: Flow, trainer: str = "probe") -> Pilot | None:
    """The pilot without runs that says why a trainer cannot learn this task; None where it can."""
    from tunecase.pilot import no_pilot as refuse

    found: Audit = ready(flow, "pilot").known("audit")
    metric = pilot_metric(flow)
    record = refuse(
        flow.train_table(), flow.table("test"), metric=metric, direction=catalog.metric(metric).direction,
        trainer=trainer, kind=task_kind(flow), drop_rows=dropped_rows(found),
    )  # fmt: skip
    return None if record is None else cast(Pilot, flow.keep("pilot", record))


def export(flow: Flow, what: str, asked: PilotAsked, accelerators: str, to: Path, *, force: bool = False) -> str:
    """Writes a task file that runs the pilot on rented GPUs; one sentence on where it is and how to launch it.

    Another file that is there is replaced with `force` only, since people edit such files.

    Raises: InputError for another kind of file, without GPUs to rent, for what SkyPilot would misread, or for a file in
        the way; TunecaseError when the disk refuses.
    """
    from tunecase.io import Output, write_outputs
    from tunecase.pilot import skypilot_task

    if problems := list(_not_for_rented(what, asked, accelerators)):
        raise InputError(problems)
    text = skypilot_task(
        accelerators=accelerators, trainer=asked.trainer, settings=asked.settings, project_file=flow.path.name,
        project_folder=str(flow.folder), pilot_options=_options_there(flow, asked),
    )  # fmt: skip
    write_outputs([Output(to, text.encode())], flow.needed_files(), force=force)
    return f"{to} runs the pilot on {accelerators}: its first lines say how to launch it and bring the runs home"


def _not_for_rented(what: str, asked: PilotAsked, accelerators: str) -> Iterator[Problem]:
    """What keeps a pilot from running on rented GPUs."""
    if asked.trainer in ("probe", "simulated"):
        fix = "name a trainer that uses a GPU: --trainer lora, trl or command"
        yield Problem("--trainer", asked.trainer, "a trainer worth a rented GPU", fix)
    if what != "skypilot":
        yield Problem("--export", repr(what), "skypilot", "write --export skypilot")
    if not accelerators:
        fix = "name what to rent, for example --accelerators L40S:1"
        yield Problem("--accelerators", "nothing", "a GPU and how many", fix)
    if asked.max_usd is not None and not asked.usd_per_hour:
        fix = "say what the machine costs, for example --usd-per-hour 1.2"
        yield Problem("--max-usd", f"{asked.max_usd:g} without a price", "the price of an hour there", fix)
    if asked.hosted:
        fix = "compare with hosted models in a pilot of this machine"
        yield Problem("--hosted", ", ".join(asked.hosted), "no hosted model on rented machines", fix)


def _options_there(flow: Flow, asked: PilotAsked) -> list[str]:
    """The words for `tunecase pilot` on the rented machine."""
    options = ["--yes", "--seed", str(flow.seed), *([] if asked.adaptive is None else ["--all"])]
    for name, value in (
        ("--model", asked.model), ("--draws", asked.draws), ("--tune", asked.tune or None),
        ("--max-minutes", asked.max_minutes), ("--max-usd", asked.max_usd),
        ("--usd-per-hour", asked.usd_per_hour or None),
        ("--sizes", ",".join(map(str, asked.sizes or ()))),
    ):  # fmt: skip
        options += [name, str(value)] if value not in (None, "") else []
    return options


def merge(flow: Flow, other: Path) -> str:
    """Takes over the runs, and the pilot, that another machine made for this case; one sentence on what came.

    Answers that lie in pilot/ beside the other ledger come along.

    Raises: InputError when the other ledger is not there or was touched.
    """
    from tunecase.pilot import RUN_KEY, keep_answers, kept_answers

    if not other.is_file():
        raise InputError(Problem(str(other), "no such file", "a ledger.jsonl brought home", "correct the path"))
    ledger = Ledger(other)
    problems = ledger.verify()
    if problems:
        raise InputError(problems)
    here = flow.ledger.entries()
    known = {entry.body["key"] for entry in here if entry.kind == "run" and not entry.body["failed"]}
    runs = pilots = 0
    for entry in ledger.entries():
        if entry.kind == "run" and not entry.body["failed"] and entry.body["key"] not in known:
            run = from_json(Run, entry.body)
            brought = kept_answers(other.parent / "pilot" / "answers", run.key) if RUN_KEY.fullmatch(run.key) else None
            flow.ledger.append("run", run, recorded_at=now(), verb="pilot", meta=entry.meta)
            known.add(run.key)
            runs += 1
            if brought is not None:
                keep_answers(flow.folder / "pilot" / "answers", run.key, brought)
        elif entry.kind == "record" and entry.verb == "pilot" and entry.meta.get("key") == flow.key("pilot"):
            flow.keep("pilot", entry.record())
            pilots += 1
    what = "its pilot stands for this case" if pilots else "no pilot of these data and this version is in it"
    return f"{counted(runs, 'run')} taken over from {other}; {what}"
