"""Races the sources of a case for the rows of the plan's next step, and tries what a row of one is worth."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from tunecase.errors import Problem, nearest, refuse_any
from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow, Progress, now, usable_rows
from tunecase.flow.pilot import journal_of, material_of
from tunecase.flow.verbs import ready
from tunecase.records import PilotSettings, Run, Sources, SourceTrial


def sources(flow: Flow) -> Sources:
    """Where should more rows come from? Every source named, and what could be named, for the next step of the plan."""
    from tunecase.prices import race

    rows, to_rows = _next_step(ready(flow, "sources"))
    return cast(Sources, flow.keep("sources", race(flow.basis(), rows, to_rows)))


def _next_step(flow: Flow) -> tuple[int, int]:
    """From how many rows to how many the plan goes next: as many again, unless fewer can be had."""
    solved = drawn_of(flow).solved
    sizes = solved.state.sizes if solved is not None else ()
    if len(sizes) > 1:
        return sizes[0], sizes[1]
    rows = max(usable_rows(flow), 1)
    return rows, 2 * rows


def try_source(
    flow: Flow,
    source: str,
    rows: Path,
    settings: PilotSettings | None = None,
    progress: Progress | None = None,
    ask: Callable[[Any], bool | None] | None = None,
) -> SourceTrial:
    """Measures what a row of a source is worth; kept, and used from now on in place of the assumption.

    Its runs enter the ledger as they end, apart from those of the pilot, whose curve they are no part of.

    Args:
        flow: the case.
        source: the name of a source, as `tunecase sources` lists them.
        rows: a file of its rows, labelled.
        settings: trainer, model, draws and caps, as for a pilot.
        progress: told of each new run.
        ask: receives the plan before the first run; False ends the trial there.
    Raises: InputError for an unknown source, no test file, or what `tunecase.pilot.try_source` refuses.
    """
    from tunecase.data.reading import load
    from tunecase.pilot import SourceRows, own_trainer, prepare, usable
    from tunecase.pilot import try_source as measure
    from tunecase.prices import by_position, source_names

    basis, settings = flow.basis(10), settings or PilotSettings()
    names, problems = source_names(basis), []
    if source not in names:
        problems.append(Problem("--source", repr(source), "a source: " + ", ".join(names), nearest(source, names)))
    if source in by_position(basis):
        got = f"{source!r}, which is so called for its place among the sources"
        fix = f"add a `name:` of its own to each source of that kind under data.sources in {flow.where()}"
        problems.append(Problem("--source", got, "a source with a name that stays", fix))
    if flow.table("test") is None:
        where = flow.where("data.test")
        problems.append(Problem(where, "nothing", "a held-out test file", "name it: `test: data/test.jsonl`"))
    refuse_any(problems)

    def on_run(run: Run) -> None:
        flow.ledger.append("record", run, recorded_at=now(), verb="run", meta={"key": flow.key("pilot")})

    data, seed = flow.project.data, flow.seed if settings.seed is None else settings.seed
    tried = SourceRows(source, rows.name, usable(load(rows, data.input, data.output)))
    material = material_of(flow)
    prepare(own_trainer(settings, material), settings.model, lambda line: None)
    journal = journal_of(flow, on_run, progress)
    record = measure(material, tried, replace(settings, seed=seed), journal, ask)
    return cast(SourceTrial, flow.keep("source trial", record, seed))
