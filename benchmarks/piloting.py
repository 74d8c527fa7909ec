"""What a pilot's run costs beside a plain fine-tune, and whether the cheap half of its ladder foretells the top.

    python benchmarks/piloting.py [--quick] [--cost | --forecast] [--sets NAME ...] [--cache FILE]

(a) The trainers "lora" and "trl" learn the same rows of the same model in the same number of steps and batches: CPU
seconds of whole runs, their ratio, and the difference of scores with its noise. TRL is run as it comes (adapters on all
layers), with and without the list of classes in the prompt, and with adapters on the same top layers as "lora".
(b) The forecast from the lower half of a ladder is held against the measured top: at least five draws at two sizes.

Finished runs are kept in a cache file, by the code that made them, so an interrupted benchmark goes on where it was.
Data sets that are not here are passed over with a line. The last line is one JSON object.
"""

import argparse
import contextlib
import csv
import json
import math
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np  # noqa: E402

from tunecase.forecast.forecast import Measured, forecast  # noqa: E402
from tunecase.forecast.stakes import Prospect  # noqa: E402
from tunecase.pilot.ladder import deal  # noqa: E402
from tunecase.pilot.trainers.task import Setting, Task  # noqa: E402
from tunecase.records import Point  # noqa: E402

SHARED = ROOT / ".." / "shared" / "data" / "text"
# The code that a trainer's result depends on: a change makes new runs.
CODE = {
    "probe": ("probe",),
    "lora": ("lora", "layers", "prompts"),
    "trl": ("trl", "trl_worker", "translate", "answering", "prompts"),
}
COST_ROWS = 80
TOP_ROWS = {"lora": 640, "probe": 100_000}
# What differs from the defaults, and which run of "lora" each is held against. Classes listed before every text are
# read once by "lora" and each time by TRL, so both ways are measured.
SETTINGS: Mapping[str, Mapping[str, Setting]] = {
    "lora, no list": {"names": False},
    "trl, no list": {"names": False},
    "trl, no list, same layers": {"names": False, "depth": 8},
}
AGAINST = {"trl": "lora", "trl, no list": "lora, no list", "trl, no list, same layers": "lora, no list"}
# Two standard errors: a difference within is noise.
NOISE = 2.0


@dataclass(frozen=True)
class Data:
    """One set of texts with classes; `train` and `test` are (text, class) pairs."""

    name: str
    train: Sequence[tuple[str, str]]
    test: Sequence[tuple[str, str]]
    trainers: tuple[str, ...] = ("lora",)

    @property
    def classes(self) -> tuple[str, ...]:
        """All classes of the training rows, in order."""
        return tuple(sorted({label for _, label in self.train}))


@dataclass(frozen=True)
class Done:
    """A finished run: its score, CPU and wall seconds, and per test row whether it was right."""

    score: float
    cpu_s: float
    wall_s: float
    rows: tuple[float, ...]
    converged: bool
    failed: str = ""


def banking(intents: int) -> Data | None:
    """Banking77 (CC BY 4.0), all intents or some spread over the alphabet."""
    read = {}
    for part in ("train", "test"):
        path = SHARED / "banking77" / f"{part}.csv"
        if not path.exists():
            return None
        with path.open(encoding="utf-8", newline="") as file:
            read[part] = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    trainers = ("probe",) if intents > 10 else ("lora", "probe")
    return _some(Data(f"banking77, {intents} intents", read["train"], read["test"], trainers), intents)


def clinc(intents: int) -> Data | None:
    """CLINC150 (CC BY 3.0), some intents spread over the alphabet."""
    path = SHARED / "clinc" / "data_full.json"
    if not path.exists():
        return None
    read = json.loads(path.read_text(encoding="utf-8"))
    parts = {part: [(text, label) for text, label in read[part]] for part in ("train", "val", "test")}
    # Its test set has 30 rows per intent; with the validation set there are 50.
    return _some(Data(f"clinc, {intents} intents", parts["train"], parts["test"] + parts["val"], ("lora",)), intents)


def example() -> Data:
    """The shipped support tickets, their planted defects included."""
    read = []
    for part in ("train", "test"):
        path = ROOT / "examples" / "support-tickets" / "data" / f"{part}.jsonl"
        rows = []
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):  # one of the defects: a line that cannot be read
                rows.append(json.loads(line))
        pairs = [(str(row.get("text") or ""), str(row.get("label") or "")) for row in rows]
        read.append([(text, label) for text, label in pairs if text.strip() and label.strip()])
    return Data("support tickets, 10 intents", read[0], read[1], ("lora",))


SETS: Mapping[str, Callable[[], Data | None]] = {
    "banking77": lambda: banking(10),
    "clinc": lambda: clinc(10),
    "example": example,
    "banking77-all": lambda: banking(77),
}


def _some(data: Data, intents: int) -> Data:
    every = data.classes
    kept = set(every[:: max(1, len(every) // intents)][:intents])
    return replace(
        data, train=[row for row in data.train if row[1] in kept], test=[row for row in data.test if row[1] in kept]
    )


def task(data: Data, trainer: str, n: int, draw: int, top: int, test_rows: int) -> Task:
    """The task of n rows of a draw: nested subsets, classes in proportion, the same test rows for all."""
    module = import_module(f"tunecase.pilot.trainers.{trainer.split(',')[0]}")
    order = deal([label for _, label in data.train], np.random.default_rng([7, draw]))
    rows = [data.train[i] for i in order[:n]]
    shuffled = np.random.default_rng(11).permutation(len(data.test))
    tests = [data.test[i] for i in shuffled[:test_rows]]
    settings = module.settings(top, SETTINGS.get(trainer, {}))
    return Task(
        trainer.split(",")[0], module.MODEL, tuple(t for t, _ in rows), tuple(c for _, c in rows),
        tuple(t for t, _ in tests), tuple(c for _, c in tests), "accuracy", 1000 + draw, settings, choices=data.classes,
    )  # fmt: skip


class Cache:
    """Finished runs in a file of JSON lines; no text of any data set is in it."""

    def __init__(self, path: Path) -> None:
        self.path, self.done = path, dict[str, Done]()
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError, TypeError, KeyError):  # the last line of a killed run
                    row = json.loads(line)
                    key = row.pop("key")
                    self.done[key] = Done(**{**row, "rows": tuple(row["rows"])})

    def add(self, key: str, done: Done) -> None:
        """Keeps a run."""
        self.done[key] = done
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **done.__dict__}) + "\n")


def key_of(asked: Task, runs_before: int) -> str:
    """A run is known by its task and its trainer's code; a first run in a process costs more than a later one."""
    parts: list[Any] = [asked.trainer, asked.model, asked.texts, asked.labels, asked.test_texts, asked.test_labels]
    parts += [asked.seed, sorted(asked.settings.items()), min(runs_before, 1)]
    trainers = ROOT / "src" / "tunecase" / "pilot" / "trainers"
    code = [(trainers / f"{name}.py").read_text() for name in CODE[asked.trainer]]
    return sha256(json.dumps([parts, code]).encode()).hexdigest()[:24]


def run_here(asked: Task) -> Done:
    """Runs a task in this process; its CPU seconds are this process's and its children's."""
    module = import_module(f"tunecase.pilot.trainers.{asked.trainer}")
    before, started = _cpu_s(), time.perf_counter()
    try:
        found = module.train(asked)
    except Exception as error:  # noqa: BLE001 - a failed run is a result here
        return Done(
            0.0, _cpu_s() - before, time.perf_counter() - started, (), False, f"{type(error).__name__}: {error}"
        )
    spent, wall = _cpu_s() - before, time.perf_counter() - started
    return Done(found.score, spent, wall, tuple(found.row_scores or ()), found.converged, found.failed)


def _cpu_s() -> float:
    import resource

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def runs(tasks: Sequence[Task], cache: Cache, name: str) -> list[Done]:
    """The runs of tasks, those not in the cache made one after another in one process of their own.

    That process's cache of lower layers begins empty, so that no run of another time makes this one cheaper.
    """
    keys = [key_of(asked, i) for i, asked in enumerate(tasks)]
    todo = [i for i, key in enumerate(keys) if key not in cache.done]
    if todo:
        with fresh_layers(), ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            for i in todo:
                done = pool.submit(run_here, tasks[i]).result()
                cache.add(keys[i], done)
                what = done.failed or f"{done.score:.3f}"
                print(
                    f"  {name}: {len(tasks[i].texts)} rows, {what}, {done.cpu_s:.1f} CPU s, {done.wall_s:.1f} s",
                    flush=True,
                )
    return [cache.done[key] for key in keys]


@contextlib.contextmanager
def fresh_layers() -> Iterator[None]:
    """A cache folder that has the model and nothing else."""
    from tunecase.engine.machine import cache_folder

    old, before = cache_folder(), os.environ.get("TUNECASE_CACHE")
    with tempfile.TemporaryDirectory(prefix="tunecase-bench-") as folder:
        for name in ("models", "numbers"):
            if (old / name).exists():
                (Path(folder) / name).symlink_to((old / name).resolve())
        os.environ["TUNECASE_CACHE"] = folder
        try:
            yield
        finally:
            os.environ.pop("TUNECASE_CACHE")
            if before is not None:
                os.environ["TUNECASE_CACHE"] = before


def cost(data: Data, cache: Cache, draws: int, test_rows: int, trainers: Sequence[str]) -> dict[str, Any]:
    """CPU seconds of a run per trainer, their ratios to "lora", and the differences of scores with their noise."""
    found: dict[str, Any] = {"rows": COST_ROWS, "draws": draws, "test_rows": min(test_rows, len(data.test))}
    made: dict[str, list[Done]] = {}
    for trainer in trainers:
        tasks = [task(data, trainer, COST_ROWS, draw, COST_ROWS, test_rows) for draw in range(draws)]
        found.setdefault("steps", tasks[0].settings["steps"])
        made[trainer] = runs(tasks, cache, f"{data.name}, {trainer}")
    for trainer, some in made.items():
        good = [done for done in some if not done.failed]
        if not good:
            found[trainer] = {"failed": some[0].failed}
            continue
        found[trainer] = {
            "cpu_s": round(statistics.mean(done.cpu_s for done in good), 1),
            "first_cpu_s": round(some[0].cpu_s, 1),
            "score": round(statistics.mean(done.score for done in good), 3),
            "failed": len(some) - len(good),
            "unconverged": sum(not done.converged for done in good),
        }
        if trainer in AGAINST and not any(done.failed for done in made[AGAINST[trainer]]):
            found[trainer] |= against(made[AGAINST[trainer]], some)
    return found


def against(lora: Sequence[Done], other: Sequence[Done]) -> dict[str, Any]:
    """How "lora" compares with another trainer on the same draws and test rows.

    noise = 2 sqrt(variance of row differences / rows + variance of draw differences / draws)
    """
    pairs = [(a, b) for a, b in zip(lora, other, strict=True) if not b.failed]
    differences = np.array([[x - y for x, y in zip(a.rows, b.rows, strict=True)] for a, b in pairs])
    by_row, by_draw = differences.mean(0), differences.mean(1)
    variance = by_row.var(ddof=1) / len(by_row) + (by_draw.var(ddof=1) / len(by_draw) if len(by_draw) > 1 else 0.0)
    difference, noise = float(differences.mean()), NOISE * math.sqrt(variance)
    return {
        "lora_cpu_share": round(sum(a.cpu_s for a, _ in pairs) / sum(b.cpu_s for _, b in pairs), 3),
        "lora_minus_this": round(difference, 4),
        "noise": round(noise, 4),
        "within_noise": abs(difference) <= noise,
    }


def ladder(data: Data, trainer: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The lower half of a doubling ladder from two rows per class, and its two largest sizes."""
    top = min(TOP_ROWS[trainer], len(data.train))
    sizes = [2 * len(data.classes)]
    while 2 * sizes[-1] <= top:
        sizes.append(2 * sizes[-1])
    return tuple(sizes[: max(3, (len(sizes) + 1) // 2)]), tuple(sizes[-2:])


def foretold(data: Data, trainer: str, cache: Cache, draws: int, top_draws: int, test_rows: int) -> dict[str, Any]:
    """The forecast from the lower half of the ladder, held against the mean of several draws at its two top sizes."""
    low, high = ladder(data, trainer)
    asked = [(n, draw) for n in low for draw in range(draws)] + [(n, draw) for n in high for draw in range(top_draws)]
    tasks = [task(data, trainer, n, draw, high[-1], test_rows) for n, draw in asked]
    made = dict(zip(asked, runs(tasks, cache, f"{data.name}, {trainer}"), strict=True))
    good = {place: done for place, done in made.items() if not done.failed and done.converged}
    points = [point(n, [done.score for (m, _), done in good.items() if m == n], test_rows) for n in low]
    kept = [p for p in points if p.draws]
    found: dict[str, Any] = {"from": {p.n: round(p.score, 3) for p in points}, "left_out": len(made) - len(good)}
    for n in high:
        scores = [done.score for (m, _), done in good.items() if m == n]
        if not scores or len(kept) < 3:
            continue
        told = forecast(Measured(kept, "accuracy", "higher", stand_in=trainer == "probe"), Prospect(n_max=n))
        band, truth = told.band[-1], statistics.mean(scores)
        found[f"at {n}"] = {
            "measured": round(truth, 3),
            "draws": len(scores),
            "spread": round(statistics.stdev(scores), 3) if len(scores) > 1 else None,
            "forecast": round(band.score.mid, 3),
            "band": [round(band.score.low, 3), round(band.score.high, 3)],
            "error": round(band.score.mid - truth, 3),
            "band_holds": bool(band.score.low <= truth <= band.score.high),
            "test_band_holds": bool(band.next_test.low <= truth <= band.next_test.high),
        }
    return found


def point(n: int, scores: Sequence[float], test_rows: int) -> Point:
    """A measured point of several draws; `draws` 0 where none came out well."""
    if not scores:
        return Point(n, 0.0, 0)
    sd = statistics.stdev(scores) if len(scores) > 1 else None
    return Point(n, statistics.mean(scores), len(scores), test_rows, sd)


def main(arguments: Sequence[str]) -> None:
    """Runs both parts on every set that is here and prints a summary and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one draw and fewer test rows")
    parser.add_argument("--cost", action="store_true", help="part (a) only")
    parser.add_argument("--forecast", action="store_true", help="part (b) only")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tunecase-piloting.jsonl")
    asked = parser.parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    draws, top_draws, test_rows = (2, 5, 150) if asked.quick else (3, 5, 300)
    cost_draws = 1 if asked.quick else 5
    trainers = ("lora, no list", "trl, no list") if asked.quick else ("lora", "lora, no list", *AGAINST)
    cache, figures = Cache(asked.cache), {"benchmark": "piloting", "quick": asked.quick}
    for name in asked.sets:
        data = SETS[name]()
        if data is None:
            print(f"{name}: skipped: ../shared/data/text not found")
            continue
        rows = min(test_rows, len(data.test))
        why = model_missing(data)
        if why:
            print(f"{name}: skipped: {why}")
            continue
        found: dict[str, Any] = {}
        if "lora" in data.trainers and not asked.forecast:
            found["cost"] = cost(data, cache, cost_draws, rows, trainers)
            print(f"{data.name}: {json.dumps(found['cost'])}", flush=True)
        for trainer in data.trainers if not asked.cost else ():
            found[f"forecast, {trainer}"] = foretold(data, trainer, cache, draws, top_draws, rows)
            print(f"{data.name}, {trainer}: {json.dumps(found[f'forecast, {trainer}'])}", flush=True)
        figures[data.name] = found
    print(json.dumps(figures | summary(figures)))


def model_missing(data: Data) -> str:
    """Why the set's trainers cannot run here; empty when they can."""
    if "lora" not in data.trainers:
        return ""
    trl = import_module("tunecase.pilot.trainers.trl")
    return str(trl.missing(trl.MODEL)).splitlines()[0] if trl.missing(trl.MODEL) else ""


def summary(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The claims in one line each: the dearest share, the widest difference, bands that held, the mean error."""
    sets = [found for found in figures.values() if isinstance(found, dict)]
    costs = [one for found in sets for one in found.get("cost", {}).values() if isinstance(one, dict)]
    costs = [one for one in costs if "lora_cpu_share" in one]
    tops = [
        top for found in sets for name, part in found.items() if name.startswith("forecast")
        for place, top in part.items() if place.startswith("at ")
    ]  # fmt: skip
    return {
        "lora_cpu_share_of_trl": [one["lora_cpu_share"] for one in costs],
        "scores_within_noise": f"{sum(one['within_noise'] for one in costs)} of {len(costs)}",
        "bands_hold": f"{sum(top['band_holds'] for top in tops)} of {len(tops)}",
        "mean_abs_error": round(statistics.mean(abs(top["error"]) for top in tops), 4) if tops else None,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
