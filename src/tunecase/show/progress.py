"""Shows long work while it runs: how far it is, what it spent, what is left."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tunecase.show.paper import console_for
from tunecase.wording import count, duration, score


@contextmanager
def pilot_progress(quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """A progress bar for the pilot: runs done, time spent and left, the score so far; none when quiet or piped."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("pilot"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} runs · {task.fields[words]}"),
    )
    with Progress(*columns, console=console_for(stderr=True), transient=True) as bar:
        task: Any = None

        def update(state: Any) -> None:
            nonlocal task
            last = f" · {state.last.n} examples: {score(state.mean)}" if state.last and state.mean is not None else ""
            words = f"{duration(state.spent_s)} spent, {duration(state.left_s)} left{last}"
            if task is None:
                task = bar.add_task("pilot", total=state.total, words=words)
            bar.update(task, completed=state.done, total=state.total, words=words)

        yield update


@contextmanager
def audit_progress(quiet: bool) -> Iterator[Callable[..., None] | None]:
    """A line with rows read and rows/s; none when quiet or piped."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with console_for(stderr=True).status("reading") as status:

        def update(rows_done: int, rows_per_s: float) -> None:
            status.update(f"read {count(rows_done)} rows, {count(rows_per_s)} rows/s")

        yield update
