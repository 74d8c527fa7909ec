"""Scores memory, speed and verdicts against published training runs, each publisher predicted without its own rows.

    python benchmarks/training.py [--runs FILE ...] [--unseen FILE ...] [--publishers A,B] [--peers] [--rows] [--write]

Without FILE every publisher of the shipped table is predicted with what the others teach. With `--runs` the rows of
the files are predicted, and no publisher found in them teaches anything; `--unseen` does the same beside the main
figures and ends up under `unseen`. What a framework keeps in memory comes from its code and documentation (stacks.csv,
losses.csv, frameworks.csv); constants read off a publisher's runs are not used for that publisher.

Every publisher counts once: a figure is the mean over publishers of that publisher's median error, of its 90% point and
of its share inside the 80% band; the width of the band, P90 / P10, is their median. A bootstrap over publishers gives
90% intervals. `memory` holds every row on one card whose model, length and micro-batch are published,
`memory_multi_gpu` those on several; `memory_stated` and `memory_not_stated` split the same rows by whether the kind of
peak is named. Peaks are compared with the same kind of peak, those of no named kind with what the allocator reserves.
`time` leaves out experts, offload, one sample over several cards, and rows that are not full: `time_apart`. A row that
states model, method, card, length and micro-batch and of which nothing is predicted is refused. The last line is one
JSON object.

What flatters: the code that the constants come from was read with the runs at hand, and two readings of litgpt's were
corrected after its runs had been seen; documented set-ups (mixed precision, versions) were looked up for the publisher
with most rows. The priors of speed were chosen once, with the first publishers in view.
"""

import argparse
import collections
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two processes share two cores
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

import lessons_table
import training_scores
from training_figures import Figures, all_figures, publisher_lines
from training_scores import Scores
from training_table import once

from tunecase.compute.measured import runs as measured
from tunecase.compute.measured import table as training_runs
from tunecase.compute.measured.runs import Measured


@dataclass(frozen=True)
class Rows:
    """Rows to score: runs, what could not be read, ids that state all they must, cards that are not in the tables."""

    runs: tuple[Measured, ...]
    refused: tuple[tuple[str, str], ...]
    complete: frozenset[str]
    unknown_cards: tuple[str, ...] = ()


def shipped(publishers: Sequence[str]) -> Rows:
    """The shipped runs, of some publishers only where they are named."""
    runs = tuple(run for run in measured.published() if not publishers or run.publisher in publishers)
    stated = (run.id for run in runs if run.recipe.gpu and run.length_known and run.batch_known)
    return Rows(runs, (), frozenset(stated))


def read(paths: Sequence[Path], publishers: Sequence[str] = ()) -> Rows:
    """The rows of files of the shape of the shared table."""
    tables = [training_runs.read(path) for path in paths]
    runs = once(run for table in tables for run in table.runs)
    return Rows(
        tuple(run for run in runs if not publishers or run.publisher in publishers),
        tuple(pair for table in tables for pair in table.refused),
        frozenset().union(*(table.complete for table in tables)),
        tuple(card for table in tables for card in table.unknown_cards),
    )


def strangers(rows: Rows) -> Scores:
    """Scores of rows from files: none of their publishers teaches."""
    theirs = {run.publisher.casefold() for run in rows.runs}
    known = [run for run in measured.published() if run.publisher.casefold() not in theirs]
    return training_scores.scored(rows.runs, training_scores.taught_by(known))


def refusals(rows: Rows, scores: Scores) -> Figures:
    """Rows that state model, method, card, length and micro-batch, and of which nothing was predicted."""
    told = (run for run in rows.runs if run.failed or run.peak_gb or run.tokens_per_s_per_gpu)
    reasons = {run.id: training_scores.why_left_out(run) or "neither peak nor speed can be told" for run in told}
    answered = scores.answered
    silent = {name: why for name, why in (*reasons.items(), *rows.refused) if name not in answered}
    complete = rows.complete & (set(reasons) | {name for name, _ in rows.refused})
    refused = {name: why for name, why in silent.items() if name in complete}
    return {
        "complete_rows": len(complete),
        "refused": len(refused),
        "refused_share": round(len(refused) / len(complete), 3) if complete else None,
        "refused_rows": refused,
        "state_too_little": dict(collections.Counter(silent[name] for name in set(silent) - set(refused))),
        "cards_not_in_the_tables": dict(collections.Counter(rows.unknown_cards)),
    }


def report(rows: Rows, scores: Scores) -> Figures:
    """All figures, and each publisher's own printed."""
    one = [score for score in scores.memory if score.run.recipe.gpus == 1]
    several = [score for score in scores.memory if score.run.recipe.gpus > 1]
    for name, of in (("memory", one), ("memory_multi_gpu", several), ("time", scores.time)):
        print(f"\n{name}: median / p90 of the error in percent, share inside the 80% band, P90 / P10")
        for publisher, line in publisher_lines(of).items():
            print(f"  {publisher:28} {line}")
    return {**all_figures(scores), **refusals(rows, scores)}


def print_rows(scores: Scores) -> None:
    """Every row, worst first."""
    for part, of in (("memory", scores.memory), ("time", scores.time)):
        for s in sorted(of, key=lambda one: -one.error):
            r = s.run.recipe
            print(
                f"{part} {s.run.id} {s.run.publisher} {r.shape.name[-28:]} {r.method} {r.framework} "
                f"{r.gpu and r.gpu.name} x{r.gpus} {r.sharding} {r.checkpointing} {r.loss} {r.kernels} {r.masters} "
                f"b{r.micro_batch} s{r.sequence_tokens} {s.run.statistic} unsaid {','.join(sorted(s.run.unsaid))} "
                f"told {s.low:.4g} {s.predicted:.4g} {s.high:.4g} measured {s.truth:.4g} "
                f"{100 * (s.predicted / s.truth - 1):+.1f}%"
            )


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, nargs="+", default=(), help="score the rows of these files")
    parser.add_argument("--unseen", type=Path, nargs="+", default=(), help="score these files as well, apart")
    parser.add_argument("--publishers", type=lambda text: text.split(","), default=(), help="these publishers only")
    parser.add_argument("--peers", action="store_true", help="run the peer tools and simple baselines on the same rows")
    parser.add_argument("--rows", action="store_true", help="print every row")
    parser.add_argument(
        "--write", action="store_true", help="write what all rows teach, and the figures, into the tables"
    )
    return parser.parse_args(given)


def scored(paths: Sequence[Path], options: argparse.Namespace) -> Figures:
    """Figures of the rows of some files, of the shipped table where none is named."""
    rows = read(paths, options.publishers) if paths else shipped(options.publishers)
    scores = strangers(rows) if paths else training_scores.left_out_in_turn(publishers(rows.runs))
    found = report(rows, scores)
    if options.rows:
        print_rows(scores)
    if options.peers:
        from peers.compared import compared

        found["peers"] = compared(scores.memory, scores.time)
    return found


def publishers(runs: Iterable[Measured]) -> list[str]:
    """Publishers, those with most rows first, so that two processes end at about the same time."""
    return [name for name, _ in collections.Counter(run.publisher for run in runs).most_common()]


def main(given: Sequence[str] | None = None) -> None:
    """Reads the options, prints the figures."""
    options = arguments(given)
    missing = [path for path in (*options.runs, *options.unseen) if not path.is_file()]
    if missing:
        print(f"skipped: {missing[0]} not found")
        return
    found = scored(options.runs, options)
    if options.write and not options.runs and not options.publishers:
        lessons_table.write(training_scores.taught_without(""), found, date.today())
    if options.unseen:
        print("\nunseen")
        found["unseen"] = scored(options.unseen, options)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
