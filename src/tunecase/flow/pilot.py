"""Runs a pilot for a case, keeps its runs' answers, and takes over the runs of another machine."""

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase import catalog
from tunecase.errors import InputError, LedgerBusyError, Problem, TunecaseError, nearest, refuse_any
from tunecase.flow.dropped import dropped_rows
from tunecase.flow.kept import kept, sha256_of
from tunecase.flow.keys import key_parts
from tunecase.flow.opened import Flow, Progress, now, pilot_metric, task_kind
from tunecase.flow.verbs import ready
from tunecase.io import no_file
from tunecase.ledger import Ledger, NewEntry, locked
from tunecase.quantities import MOST_AMOUNT, count, counted, one_line
from tunecase.records import Audit, Pilot, PilotSettings, Run, from_json

if TYPE_CHECKING:
    from tunecase.ledger import Entry
    from tunecase.pilot import Journal, Material
    from tunecase.pilot.scoring import Costs
    from tunecase.pilot.trainers import Result, Setting
    from tunecase.project import Project

ENGINES = ("local", "ray")
NO_CANDIDATES = "none"
BEGINS_S = 1.0  # that a pilot waits for another one of the case, which may only have been looked for
# Of a ledger that is merged: runs taken over, odd runs told, seconds of a run, characters of a text.
MOST_RUNS, MOST_SECONDS, MOST_TEXT = 2_000, 366 * 86_400, 10_000
# A pilot that names no trainer: what needs no model first, then the encoder where its weights are here.
BY_ITSELF = PilotSettings("", race=("auto",))


@dataclass(frozen=True, slots=True)
class PilotWords:
    """What of a pilot's settings is typed as words: `NAME=VALUE`, sizes with commas, hosted models, the engine.

    `candidates` are names with commas; "none" stands for none. Without an engine it is the project's.
    """

    settings: Sequence[str] = ()
    sizes: str = ""
    hosted: Sequence[str] = ()
    engine: str | None = None
    candidates: str = "none"


def pilot_settings(words: PilotWords, plain: PilotSettings, project: "Project | None" = None) -> PilotSettings:
    """How a pilot is to be run: the plain settings with those read from words; where, the project says if they do not.

    An hour of this machine is free unless it has a price; an hour of a cluster is unknown until it has one.
    Raises: InputError with every word that cannot be read.
    """
    sizes = [part.strip() for part in words.sizes.split(",") if part.strip()]
    typed = [part.strip() for part in words.candidates.split(",")]
    refuse_any([*_misread(words, sizes), *_twice("--hosted", words.hosted), *_twice("--candidates", typed)])
    race = tuple(part for part in typed if part not in ("", NO_CANDIDATES))
    asked = [name for name in race if catalog.model_kind(name) in ("hosted", "decision")]
    own: dict[str, Setting] = {}
    hosted: dict[str, Setting] = {}
    for text in words.settings:
        name, _, value = text.partition("=")
        settings = hosted if name.startswith("hosted.") else own
        settings[name.removeprefix("hosted.")] = _value(value)
    plain = where_stated(plain, project, words.engine)
    free = 0.0 if plain.engine == "local" else None
    return replace(
        plain, settings=own, sizes=tuple(map(int, sizes)) or None, race=race,
        hosted=dict.fromkeys([*words.hosted, *asked], hosted),
        usd_per_hour=free if plain.usd_per_hour is None else plain.usd_per_hour,
    )  # fmt: skip


def where_stated(settings: PilotSettings, project: "Project | None", engine: str | None = None) -> PilotSettings:
    """The settings with the engine that was asked for, else the project's, and with the project's cluster."""
    engine = engine or (project.engine if project else None) or settings.engine
    address = settings.address or (project.address if project and engine == "ray" else None)
    return replace(settings, engine=cast(Any, engine), address=address)


def _twice(where: str, names: Sequence[str]) -> Iterator[Problem]:
    """Names that an option was given more than once."""
    for name, times in Counter(filter(None, names)).items():
        if times > 1:
            yield Problem(where, f"{name!r} {times} times", "each name once", "delete the other")


def _misread(words: PilotWords, sizes: Sequence[str]) -> list[Problem]:
    settings = [text for text in words.settings if not all(text.partition("=")[:2])]
    problems = [Problem("--set", repr(text), "NAME=VALUE", "write for example --set rank=16") for text in settings]
    wanted, fix = "whole numbers with commas", "write for example 50,100,200"
    problems += [Problem("--sizes", repr(text), wanted, fix) for text in sizes if not text.isdecimal()]
    if words.engine not in (None, *ENGINES):
        problems.append(
            Problem("--engine", repr(words.engine), "local or ray", nearest(str(words.engine), list(ENGINES)))
        )
    return problems


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
    settings: PilotSettings | None = None,
    progress: Progress | None = None,
    ask: Callable[[Any], bool | None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Pilot:
    """Small real runs; each enters the ledger the moment it ends, so nothing is run twice.

    Without settings, n-grams are measured first, then the encoder where its weights are here.
    `ask` receives the plan with its time and price before anything begins; False ends the pilot there.
    `tell` receives a line on each download, and its size, before it begins.

    Raises: LedgerBusyError where another pilot of the case is under way: two would make the same runs.
    """
    with _the_only_one(flow.ledger):
        return _pilot(flow, settings, progress, ask, tell)


def _the_only_one(ledger: Ledger) -> contextlib.AbstractContextManager[None]:
    return locked(_lock_of(ledger), BEGINS_S, f"{ledger.path}: another pilot has been under way")


def _lock_of(ledger: Ledger) -> Path:
    return Path(f"{ledger.path}.pilot.lock")


def pilot_is_under_way(ledger: Ledger) -> bool:
    """Whether a pilot of the case runs now, in whatever process; nothing is written to find out."""
    lock = _lock_of(ledger)
    if not lock.exists():
        return False
    try:
        with locked(lock, 0.0, ""):
            return False
    except LedgerBusyError:
        return True
    except TunecaseError:  # a folder that takes no writing
        return False


def _pilot(
    flow: Flow, settings: PilotSettings | None, progress: Progress | None, ask: Callable[[Any], bool | None] | None,
    tell: Callable[[str], None] | None,
) -> Pilot:  # fmt: skip
    from tunecase.compute import base_model
    from tunecase.pilot import own_trainer, prepare, refuse_unknown, with_hosts
    from tunecase.pilot import pilot as climb
    from tunecase.project import read_score

    settings = settings or where_stated(BY_ITSELF, flow.project)
    if flow.table("test") is None:
        where = flow.where("data.test")
        raise InputError(Problem(where, "nothing", "a held-out test file", "name one under data: `test: test.jsonl`"))
    material, posed = material_of(flow), flow.current("define") or flow.posed
    target = flow.project.problem.target

    def on_run(run: Run) -> None:
        flow.ledger.append("run", run, recorded_at=now(), verb="pilot", meta={"key": flow.key("pilot")})

    seed = flow.seed if settings.seed is None else settings.seed
    placed = with_hosts(settings, flow.project, flow.today, material)
    refuse_unknown(placed)
    prepare(own_trainer(settings, material), settings.model, tell or (lambda line: None))
    record = climb(
        replace(
            material,
            candidates=(base_model(flow.basis(10)),),
            models=flow.project.models,
            target=None if target is None else read_score(target),
            costs=costs_of_errors(flow),
            design=1.0 if posed is None else posed.design_effect,
        ),
        replace(placed, seed=seed),
        journal_of(flow, on_run, progress),
        ask,
    )
    return cast(Pilot, flow.keep("pilot", _with_review(flow, record, material), seed))


def costs_of_errors(flow: Flow) -> "Costs | None":
    """What a wrong answer and a person's answer cost, expected; None where one of them has no price."""
    from tunecase.pilot.scoring import Costs
    from tunecase.prices import error_cost

    basis, by_hand = flow.basis(), flow.project.problem.by_hand
    errors = error_cost(basis)
    if by_hand is None or errors is None:
        return None
    return Costs(float(errors.mean()), float(basis.worlds.draw("problem.by_hand", by_hand.spread).mean()))


def journal_of(flow: Flow, on_run: Callable[[Run], None], progress: Progress | None = None) -> "Journal":
    """The runs that the ledger holds, with their answers, and where those of new runs are kept."""
    from tunecase.pilot import Answers, Journal, keep_answers, kept_answers

    folder = flow.folder / "pilot" / "answers"

    def keep(key: str, result: "Result") -> None:
        if result.predictions is not None and result.row_scores is not None:
            keep_answers(folder, key, Answers(result.predictions, result.row_scores, result.confidences))

    runs = [entry.body for entry in flow.ledger.entries() if "run" in (entry.kind, entry.verb)]
    done = {body["key"]: from_json(Run, body) for body in runs}
    return Journal(done, lambda key: kept_answers(folder, key), keep, on_run, progress)


def material_of(flow: Flow) -> "Material":
    """What a pilot of the case works on."""
    from tunecase.pilot import Material
    from tunecase.prices import struck

    audit: Audit = ready(flow, "pilot").current("audit")
    metric = pilot_metric(flow)
    return Material(
        flow.train_table(), flow.table("test"), metric, catalog.metric(metric).direction, task_kind(flow),
        drop_rows=dropped_rows(flow, audit),
        documents=str(flow.folder / flow.project.data.documents) if flow.project.data.documents else "",
        struck=lambda kind, model: struck(flow.project, kind, model),
    )  # fmt: skip


def _with_review(flow: Flow, record: Pilot, material: "Material") -> Pilot:
    """The pilot, its rows to review written beside the project."""
    from tunecase.pilot import kept_answers, usable, write_rows
    from tunecase.pilot.scoring import Answered, review_rows

    mistakes = record.mistakes
    answers = kept_answers(flow.folder / "pilot" / "answers", mistakes.run) if mistakes else None
    if mistakes is None or answers is None:
        return record
    path = flow.folder / "pilot" / "review.jsonl"

    def written() -> str:
        write_rows(path, review_rows(Answered(record.kind, material.tests, answers), usable(flow.train_table())))
        return sha256_of(path)

    kept(flow, "review", str, (mistakes, str(path)), written, fits=lambda digest: digest == sha256_of(path))
    return replace(record, mistakes=replace(mistakes, review_file=path.relative_to(flow.folder).as_posix()))


def no_pilot(flow: Flow, trainer: str = "") -> Pilot | None:
    """The pilot without runs that says why a trainer cannot learn this task; None where it can."""
    from tunecase.pilot import no_pilot as refuse

    record = refuse(material_of(flow), trainer)
    return None if record is None else cast(Pilot, flow.keep("pilot", record))


def export(flow: Flow, what: str, settings: PilotSettings, accelerators: str, to: Path, *, force: bool = False) -> str:
    """Writes a task file that runs the pilot on rented GPUs; one sentence on where it is and how to launch it.

    Another file that is there is replaced with `force` only, since people edit such files.

    Raises: InputError for another kind of file, without GPUs to rent, for what SkyPilot would misread, or for a file in
        the way; TunecaseError when the disk refuses.
    """
    from tunecase.io import Output, write_outputs
    from tunecase.pilot import RentedTask, skypilot_task

    refuse_any(_not_for_rented(flow, what, settings, accelerators))
    task = RentedTask(
        accelerators, settings.trainer, settings.settings, project_file=flow.path.name, project_folder=str(flow.folder),
        pilot_options=_options_there(flow, settings),
    )  # fmt: skip
    write_outputs([Output(to, skypilot_task(task).encode())], flow.needed_files(), force=force)
    return f"{to} runs the pilot on {accelerators}: its first lines say how to launch it and bring the runs home"


def _not_for_rented(flow: Flow, what: str, settings: PilotSettings, accelerators: str) -> Iterator[Problem]:
    """What keeps a pilot from running on rented GPUs, where the project's folder goes with all its rows."""
    from tunecase.data import handed_out

    rows = [[row.input, row.output] for name in ("train", "test") if (table := flow.table(name)) for row in table.rows]
    leaving = handed_out(rows, send_flagged=True)[1]
    if leaving.flagged and not settings.send_flagged:
        got = f"{count(leaving.flagged)} of {count(leaving.rows)} rows hold {', '.join(leaving.kinds)}"
        fix = "train on a masked copy (tunecase audit --fix DIR --mask), or add --send-flagged"
        yield Problem("--export", got, "rows that may leave this machine", fix)
    if settings.trainer in ("", "probe", "nearest", "encoder", "simulated"):
        fix = "name a trainer that uses a GPU: --trainer lora, trl or command"
        yield Problem("--trainer", settings.trainer or "nothing", "a trainer worth a rented GPU", fix)
    if what != "skypilot":
        yield Problem("--export", repr(what), "skypilot", "write --export skypilot")
    if not accelerators:
        fix = "name what to rent, for example --accelerators L40S:1"
        yield Problem("--accelerators", "nothing", "a GPU and how many", fix)
    if settings.max_usd is not None and not settings.usd_per_hour:
        fix = "say what the machine costs, for example --usd-per-hour 1.2"
        yield Problem("--max-usd", f"{settings.max_usd:g} without a price", "the price of an hour there", fix)
    if settings.hosted:
        fix = "compare with hosted models in a pilot of this machine"
        yield Problem("--hosted", ", ".join(settings.hosted), "no hosted model on rented machines", fix)


def _options_there(flow: Flow, settings: PilotSettings) -> list[str]:
    """The words for `tunecase pilot` on the rented machine."""
    options = ["--yes", "--seed", str(flow.seed), *([] if settings.adaptive is None else ["--all"])]
    for name, value in (
        ("--model", settings.model), ("--draws", settings.draws), ("--tune", settings.tune or None),
        ("--max-minutes", settings.max_minutes), ("--max-usd", settings.max_usd),
        ("--usd-per-hour", settings.usd_per_hour or None),
        ("--sizes", ",".join(map(str, settings.sizes or ()))),
    ):  # fmt: skip
        options += [name, str(value)] if value not in (None, "") else []
    return options


def merge(flow: Flow, other: Path) -> str:
    """Takes over the runs, and the pilot, that another machine made for this case; one sentence on what came.

    Answers that lie in pilot/ beside the other ledger come along. Nothing else is read as anything: no charge, no other
    record, no run of other data, and of the meta of a run only its key.

    Raises: InputError when the other ledger is not there or was touched, with the first runs that no pilot can have
        made, and for more runs than a pilot makes.
    """
    refuse_any(no_file(other, "a ledger.jsonl brought home", "correct the path"))
    ledger = Ledger(other)
    refuse_any(ledger.verify())
    held = {entry.body["key"] for entry in flow.ledger.entries() if _is_good_run(entry)}
    brought = _brought(flow, ledger, held)
    flow.ledger.append_many(brought.runs.values(), recorded_at=now())
    for run in brought.runs.values():
        _take_answers(flow, run.body.key, other.parent / "pilot" / "answers")
    if brought.pilot is not None:
        flow.keep("pilot", brought.pilot.record(), brought.pilot.meta.get("seed"))
    what = "its pilot stands for this case" if brought.pilot is not None else "no pilot of these data is in it"
    others = f"; {counted(brought.others, 'run')} of other data left out" if brought.others else ""
    return f"{counted(len(brought.runs), 'run')} taken over from {one_line(str(other))}; {what}{others}"


@dataclass
class _Brought:
    """What another ledger brings: its new runs by their key, how many are of other data, its last pilot that holds."""

    runs: dict[str, NewEntry] = field(default_factory=dict)
    others: int = 0
    pilot: "Entry | None" = None


def _brought(flow: Flow, ledger: Ledger, held: Container[str]) -> _Brought:
    brought, grounds, problems = _Brought(), flow.grounds("pilot"), []
    data = key_parts(grounds.key)[0]
    for entry in ledger.entries():
        if entry.kind == "record" and entry.verb == "pilot" and not grounds.why_not(entry):
            brought.pilot = entry
        if not _is_good_run(entry) or entry.body["key"] in held or entry.body["key"] in brought.runs:
            continue
        key, run = entry.meta.get("key", ""), from_json(Run, entry.body)
        if key and key_parts(key)[0] != data and not grounds.on_same_data(entry):
            brought.others += 1
        elif odd := _odd(run):
            problems.append(Problem(f"{ledger.path}, entry {entry.id[:12]}", *odd, "leave it out: measure it again"))
        else:
            brought.runs[run.key] = NewEntry("run", run, "pilot", {"key": key} if key else {})
            if len(brought.runs) > MOST_RUNS:
                got, fix = f"more than {MOST_RUNS:,} runs", "name the ledger of one pilot"
                raise InputError(Problem(str(ledger.path), got, "the runs of a pilot", fix))
    refuse_any(problems)
    return brought


def _odd(run: Run) -> tuple[str, str] | None:
    """(got, wanted) of a run that no pilot can have made; None for one that may be."""
    from tunecase.pilot import RUN_KEY

    if not RUN_KEY.fullmatch(run.key):
        return f"the key {one_line(run.key, 40)!r}", "8 to 64 hex digits"
    numbers = (run.n, run.draw, run.correct, run.test_rows, run.seconds, run.usd or 0, run.gpus)
    if not (math.isfinite(run.score) and min(numbers) >= 0 and run.correct <= run.test_rows):
        return f"a score of {run.score:g}, {run.correct:,} of {run.test_rows:,} right, {run.seconds:g} s", "counts"
    if run.seconds > MOST_SECONDS or (run.usd or 0) > MOST_AMOUNT:
        return f"{run.seconds:.3g} s for {run.usd or 0:.3g} USD", "a run of at most a year"
    texts = (run.trainer, run.model, run.hardware, run.settings)
    if max(map(len, texts)) > MOST_TEXT:
        return f"a text of {max(map(len, texts)):,} characters", f"at most {MOST_TEXT:,}"
    return None


def _is_good_run(entry: "Entry") -> bool:
    return entry.kind == "run" and not entry.body.get("failed")


def _take_answers(flow: Flow, key: str, answers: Path) -> None:
    """Keeps the answers of a run made elsewhere, where they came along."""
    from tunecase.pilot import keep_answers, kept_answers

    if (brought := kept_answers(answers, key)) is not None:
        keep_answers(flow.folder / "pilot" / "answers", key, brought)
