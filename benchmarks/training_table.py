"""Makes training_runs.csv from the shared table of published runs: facts only, one set-up a row, with source.

    python benchmarks/training_table.py [FILE] [--also FILE ...] [--publishers NAME ...] [--read-on DATE]

`--also` adds rows gathered from public pages, files of the same columns: at most 12 of a publisher, spread over its
rows, under their own ids. Rows gathered earlier are kept, those of the same files read anew, so that running it again
adds nothing twice. What a publisher's own scripts say of its set-ups and a row does not is added here, with the place
where it stands.
"""

import argparse
import csv
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tunecase import catalog
from tunecase.compute.measured import runs
from tunecase.compute.measured import table as training_runs
from tunecase.compute.measured.runs import Measured
from tunecase.compute.measured.unsaid import settled
from tunecase.compute.model.reading import read_shape

RUNS = Path(__file__).parents[1] / ".." / "shared" / "data" / "training_runs.csv"
READ_ON, GATHERED_ON = "2026-11-24", "2026-11-28"
MOST = 12  # gathered rows of one publisher
NEW = {"base": "16-bit", "objective": "sft"}  # columns that rows gathered earlier lack, with what held for all of them
TABLE = Path(__file__).parents[1] / "src" / "tunecase" / "catalog" / "tables" / "training_runs.csv"

# scripts/benchmarks of foundation-model-stack/fms-acceleration: accelerate.yaml says mixed_precision no, so that the
# sharded weights stay as they are loaded; scenarios-liger.yaml passes bf16: True, which raises them to 32 bit
RAISED = "refs/a100_80gb_liger.csv"
AS_LOADED = ("refs/a100_80gb.csv", "refs/a100_80gb_granite.csv", "refs/a100_80gb_moe.csv", "refs_orca/")


# refs/requirements_liger.txt and _granite.txt pin transformers 4.45.2 and refs_orca 4.44.2, whose forward pass drops
# the 16-bit logits; refs/requirements.txt pins 4.48.1, which hands them back, so that they lie beside their 32-bit copy
DROPPED = ("a100_80gb_liger.csv", "a100_80gb_granite.csv", "refs_orca/")
# config_hub/finetune/*/*.yaml of Lightning-AI/litgpt say devices: 1, so that its 4-card rows are its 1-card rows again
ONE_DEVICE = "config_hub/finetune/README.md"


def documented(run: Measured) -> Measured:
    """The run with what its publisher's scripts say."""
    raised, loaded = RAISED in run.source, any(part in run.source for part in AS_LOADED)
    if not (raised or loaded):
        return run
    recipe = run.recipe
    recipe = recipe.but(masters="32-bit" if raised and recipe.sharding == "fsdp" else "16-bit")
    pinned_old = any(part in run.source for part in DROPPED)
    told = (
        {"shifted": "whole", "shifted-inplace": "inplace"}
        if pinned_old
        else {"whole": "shifted", "inplace": "shifted-inplace"}
    )
    recipe = recipe.but(loss=told.get(recipe.loss, recipe.loss))
    return replace(run, recipe=recipe, unsaid=run.unsaid - {"masters"})


def readable(path: Path, publishers: Sequence[str] = ()) -> list[Measured]:
    """The runs of a file that tell something, of some publishers only where they are named."""
    table = training_runs.read(path)
    told = [run for run in table.runs if run.peak_gb or run.tokens_per_s_per_gpu or run.failed]
    told = [run for run in told if not publishers or run.publisher in publishers]
    print(f"{path.name}: {len(told)} runs read, {len(table.refused)} refused")
    return [documented(run) for run in told if not (ONE_DEVICE in run.source and run.recipe.gpus > 1)]


def gathered(paths: Sequence[Path], publishers: Sequence[str] = ()) -> list[Measured]:
    """The runs of files gathered from public pages: each set-up once, at most MOST of a publisher, spread evenly."""
    found: dict[str, list[Measured]] = {}
    for run in filter(has_its_name, once(run for path in paths for run in readable(path, publishers))):
        found.setdefault(run.publisher, []).append(run)
    return [run for runs in found.values() for run in spread(runs)]


def has_its_name(run: Measured) -> bool:
    """False for a model that was cut to some layers: the table holds models by name."""
    shape = run.recipe.shape
    return run.guessed or read_shape(shape.name).layers == shape.layers


def once(found: Iterable[Measured]) -> list[Measured]:
    """Runs without those that tell of one publisher the same set-up and result again, as two readers of a page do."""
    kept: dict[tuple[object, ...], Measured] = {}
    for run in found:
        result = run.peak_gb, run.tokens_per_s_per_gpu, run.failed, run.statistic
        kept.setdefault((run.publisher.casefold(), run.recipe, *result), run)
    return list(kept.values())


def spread(runs: Sequence[Measured]) -> Sequence[Measured]:
    """At most MOST of some runs, evenly spread, the first and the last among them."""
    if len(runs) <= MOST:
        return runs
    return [runs[round(at * (len(runs) - 1) / (MOST - 1))] for at in range(MOST)]


def held(without: Collection[str]) -> dict[str, dict[str, str]]:
    """Gathered rows of the shipped table by id, but for some ids; what a framework's code settles is not unsaid."""
    kept = {}
    for row in catalog.read_table("training_runs"):
        if row["id"].startswith("g") and row["id"] not in without:
            unsaid = set(row["unsaid"].split()) - settled(row["framework"])
            kept[row["id"]] = {**NEW, **row, "unsaid": " ".join(sorted(unsaid))}
    return kept


def row_of(run: Measured, read_on: str = READ_ON) -> dict[str, str]:
    """A run as a row of catalog/tables/training_runs.csv, with the day on which its source was read."""
    recipe = run.recipe
    flags = {
        "double_quantised": recipe.double_quantised,
        "step_in_backward": recipe.step_in_backward,
        "trained_ends": recipe.trained_ends,
        "packed": run.packed,
        "length_known": run.length_known,
        "batch_known": run.batch_known,
        "parallel_known": run.parallel_known,
    }
    numbers = {"peak_gb": run.peak_gb, "card_gb": run.card_gb, "tokens_per_s_per_gpu": run.tokens_per_s_per_gpu}
    targets = recipe.targets if isinstance(recipe.targets, str) else " ".join(recipe.targets)
    row = {
        "id": run.id,
        "publisher": run.publisher,
        "model": "" if run.guessed else recipe.shape.name,
        "params": str(recipe.shape.params),
        "gpu": recipe.gpu.name if recipe.gpu else "",
        "targets": targets,
        "micro_batch": str(recipe.micro_batch),
        "statistic": run.statistic,
        "failed": run.failed,
        "unsaid": " ".join(sorted(run.unsaid)),
        "source": run.source,
        "published": run.date,
        "date": read_on,
        **{name: str(getattr(recipe, name)) for name in (*runs.PLAIN, *runs.WHOLE)},
        **{name: "yes" if flag else "no" for name, flag in flags.items()},
        **{name: f"{value:.6g}" if value is not None else "" for name, value in numbers.items()},
    }
    return {name: row[name] for name in runs.COLUMNS}


def ids_of(paths: Sequence[Path]) -> set[str]:
    """Ids of all rows of some files, read or not."""
    found = set()
    for path in paths:
        with path.open(encoding="utf-8", newline="") as lines:
            found |= {row["id"] for row in csv.DictReader(lines)}
    return found


def main() -> None:
    """Reads the shared table, writes the shipped one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=RUNS)
    parser.add_argument("--also", type=Path, nargs="+", default=())
    parser.add_argument("--publishers", nargs="*", default=())
    parser.add_argument("--read-on", default=GATHERED_ON, help="the day on which the rows of --also were read")
    options = parser.parse_args()
    if not options.file.is_file():
        print("skipped: ../shared/data/training_runs.csv not found")
        return
    rows = {run.id: row_of(run) for run in readable(options.file)}
    earlier = held(without=ids_of(options.also))
    new = (run for run in gathered(options.also, options.publishers) if run.id not in rows)
    more = {run.id: row_of(run, options.read_on) for run in new}
    with TABLE.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, runs.COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows.values(), *earlier.values(), *more.values()])
    print(f"{len(rows)} rows of the shared table, {len(earlier)} gathered earlier and {len(more)} gathered now written")


if __name__ == "__main__":
    main()
