"""Scores memory, speed and verdicts against published training runs, each publisher predicted without its own rows.

    python benchmarks/training.py [--runs FILE] [--tables]

Memory: a publisher's runs are predicted with framework facts read off another one (fms-acceleration with those of
litgpt, everybody else with the default profile). Time: the efficiencies and bands are fitted without the publisher.
Two things flatter the held-out memory figures and are therefore also shown apart. Full fine-tuning's 10 bytes per
parameter stand in every profile, so `memory_without_full` leaves those runs out. What the default profile keeps
without checkpointing, for 4-bit layers and for MLPs without a gate, was counted from the source after litgpt's runs
had been seen, so litgpt's figure is not a blind one. Everything fitted is fitted on two to four publishers.

The last line is one JSON object. `--tables` prints the rows of efficiency.csv and memory_bands.csv instead.
"""

import argparse
import collections
import csv
import json
import math
import statistics
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tunecase import catalog, memory, speed
from tunecase.errors import InputError
from tunecase.shape import Shape, read_shape
from tunecase.shape.reading import from_config

RUNS = Path(__file__).parents[1] / ".." / "shared" / "data" / "training_runs.csv"
Z80, PRIOR_SOURCES = 1.2816, 1.0
OWN_PROFILE = {"litgpt": "litgpt"}
MODELS = {
    "Llama 2 13B": "llama-2-13b",
    "LLAMA2-13B": "llama-2-13b",
    "LLAMA2-70B": "llama-2-70b",
    "Llama-2-70B": "llama-2-70b",
    "TheBloke/Llama-2-70B-GPTQ": "llama-2-70b",
    "TheBloke/Mistral-7B-v0.1-GPTQ": "mistralai/Mistral-7B-v0.1",
    "TheBloke/Mixtral-8x7B-Instruct-v0.1-GPTQ": "mixtral-8x7b",
    "TechxGenus/Meta-Llama-3-8B-GPTQ": "llama-3-8b",
    "mistral-7b": "mistralai/Mistral-7B-v0.1",
    "mistral-7b-v0.2": "mistralai/Mistral-7B-Instruct-v0.2",
    "Mistral-7B-v0.2": "mistralai/Mistral-7B-Instruct-v0.2",
    "Phi-3-mini-4k-instruct": "phi-3-mini",
    "LLAMA3-8B": "llama-3-8b",
    "LLAMA3-70B": "llama-3-70b",
    "Llama 3.1 70B": "llama-3.1-70b",
    "Llama 3.1 405B": "meta-llama/Llama-3.1-405B",
    "Qwen2.5 7B": "Qwen/Qwen2.5-7B",
    "Qwen2.5 32B": "Qwen/Qwen2.5-32B",
}
GPUS = {"A100": "A100-80GB", "H100 96GB HBM2e 500W": "H100", "RTX 3090 (280W, no NVLink)": "RTX3090"}
MOE_WORDS = (
    "mixtral",
    "moe",
    "granite-3.0-3b",
    "granite-4.0",
    "deepseek",
    "kimi",
    "gpt-oss",
    "nemotron v3",
    "qwen3 moe",
)

Row = dict[str, str]


def read_runs(path: Path) -> list[Row]:
    """The rows of a table of runs, repeats (equal but for id and notes) dropped."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    unique = {tuple(value for key, value in row.items() if key not in ("id", "notes")): row for row in reversed(rows)}
    return list(reversed(unique.values()))


def publisher(row: Row) -> str:
    """Who published a run; one publisher is one unit of every split."""
    owner = row["source"].replace("NVIDIA-NeMo", "NVIDIA").split("/")[0]
    names = {"foundation-model-stack": "fms-acceleration", "Lightning-AI": "litgpt"}
    return names.get(owner, owner.split(" ")[0])


def shape_of(row: Row) -> Shape | None:
    """The shape of a run's model, None where the tables do not hold it."""
    try:
        return read_shape(MODELS.get(row["model"], row["model"]))
    except InputError:
        return None


def gpu_of(row: Row) -> catalog.Gpu | None:
    """The run's GPU, None where it is not stated or not known."""
    try:
        return catalog.gpu(GPUS.get(row["gpu"], row["gpu"].removeprefix("NVIDIA ")))
    except InputError:
        return None


def number(row: Row, key: str) -> float | None:
    """A cell as a number, None when blank."""
    return float(row[key]) if row[key] else None


def observed_gb(row: Row) -> float | None:
    """Peak memory in GB (10^9 bytes), None when blank."""
    value = number(row, "peak_mem_gb_per_gpu")
    return value * memory.GB_PER_GIB if value is not None and row["mem_unit"].startswith("GiB") else value


def failed(row: Row) -> bool:
    """True for runs that ran out of memory, said or likely."""
    return "OOM" in row["notes"]


def checkpointing(row: Row) -> bool:
    """True unless the run says otherwise; litgpt's one-GPU recipe does not checkpoint."""
    if publisher(row) == "litgpt" and row["n_gpus"] == "1":
        return False
    return row["grad_ckpt"] != "False"


def own_profile(row: Row) -> str:
    """The profile whose constants were read off this publisher's runs."""
    if publisher(row) != "fms-acceleration":
        return OWN_PROFILE.get(publisher(row), "transformers")
    late, config = "liger" in row["source"], row["notes"].partition(";")[0]
    if fused_loss(row):
        return "liger"
    bf16 = row["method"] == "full" and not late and "_moe" not in row["source"]
    if "foak" in config:
        return "fused-8" if late else "fused-bf16-states" if bf16 else "fused"
    if row["method"] == "qlora" and "baseline" not in config:
        return "unprepared"
    return "bf16-states" if bf16 else "transformers"


def foreign_profile(row: Row) -> str:
    """The profile that owes this publisher nothing; a fused loss keeps no logits by its documentation."""
    if publisher(row) == "fms-acceleration":
        return "litgpt-liger" if fused_loss(row) else "litgpt"
    return "transformers"


def fused_loss(row: Row) -> bool:
    """True where the run's configuration names a fused loss."""
    return "liger" in row["notes"].partition(";")[0]


def peak_of(row: Row, shape: Shape, profile: str) -> memory.Peak:
    """The predicted Peak of a run."""
    words = row["lora_targets"].casefold()
    targets = "all" if not words or "mlp" in words or "all" in words else "attention" if "o_proj" in words else "qv"
    length = number(row, "seq_len") or 4096  # failed runs of the packed tables leave it blank
    return memory.peak_memory(
        shape,
        method=row["method"],
        sequence_tokens=int(length),
        micro_batch=int(number(row, "micro_batch") or 1),
        gpus=1 if row["sharding"] == "ddp" else int(number(row, "n_gpus") or 1),
        rank=int(number(row, "lora_rank") or 16),
        checkpointing=checkpointing(row),
        targets=targets,
        profile=profile,
    )


def memory_rows(rows: Iterable[Row], several: bool) -> list[Row]:
    """Runs that can be scored for allocated (several GPUs: or reserved) memory."""
    kept = []
    for row in rows:
        gpus = int(number(row, "n_gpus") or 0)
        plain = row["method"] in ("full", "lora", "qlora") and row["seq_len"] and row["micro_batch"] and not failed(row)
        stat = row["mem_stat"]
        stated = "allocated" in stat or (several and stat in ("peak reserved", "as logged"))
        odd = (
            "offload" in row["sharding"]
            or row["grad_ckpt"] == "selective"
            or "unpacked" in row["notes"]
            or "not packed" in row["notes"]
        )
        odd = odd or any(f"CP{n}" in row["sharding"] for n in (2, 4, 8))  # context parallel
        idle = publisher(row) == "litgpt" and several  # one of four devices was used
        fits = gpus > 1 if several else gpus == 1
        if plain and stated and fits and not odd and not idle and observed_gb(row):
            kept.append(row)
    return kept


@dataclass(frozen=True)
class Score:
    """One prediction beside its truth, with its 80% band."""

    row: Row
    predicted: float
    truth: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """|prediction / truth - 1|."""
        return abs(self.predicted / self.truth - 1)


def summed_up(scores: list[Score]) -> dict[str, float | int | None]:
    """n, median and 90% point of the absolute percentage error, signed median, share inside the band."""
    if not scores:
        return {"n": 0, "median_ape": None, "p90_ape": None, "coverage80": None}
    errors = sorted(score.error for score in scores)
    inside = sum(score.low <= score.truth <= score.high for score in scores)
    return {
        "n": len(scores),
        "median_ape": round(100 * statistics.median(errors), 1),
        "p90_ape": round(100 * errors[min(len(errors) - 1, math.ceil(0.9 * len(errors)) - 1)], 1),
        "coverage80": round(inside / len(scores), 2),
        "signed_median": round(100 * statistics.median(s.predicted / s.truth - 1 for s in scores), 1),
        "within_10": round(sum(error <= 0.1 for error in errors) / len(errors), 2),
    }


def quantile(values: list[tuple[float, float]], share: float) -> float:
    """Weighted quantile of (value, weight) pairs."""
    ordered, total, running = sorted(values), sum(weight for _, weight in values), 0.0
    for value, weight in ordered:
        running += weight
        if running >= share * total:
            return value
    return ordered[-1][0]


def memory_band(pairs: list[tuple[str, float]]) -> tuple[float, float]:
    """Factors that hold 80% of truth / prediction, every publisher weighing alike."""
    sizes = collections.Counter(source for source, _ in pairs)
    weighted = [(ratio, 1 / sizes[source]) for source, ratio in pairs]
    return quantile(weighted, 0.1), quantile(weighted, 0.9)


def score_memory(
    rows: list[Row], profile: Callable[[Row], str], more: Iterable[tuple[str, float]] = ()
) -> tuple[list[Score], list[Row], list[tuple[str, float]]]:
    """Scores with bands fitted on the other publishers, the refused rows, and (publisher, truth / prediction)."""
    raw, refused = [], []
    for row in rows:
        shape = shape_of(row)
        if shape is None:
            refused.append(row)
        else:
            peak = peak_of(row, shape, profile(row))
            tokens = int(float(row["seq_len"]) * float(row["micro_batch"]))
            reserved = row["mem_stat"] in ("peak reserved", "as logged")
            mid = memory.reserved_gb(peak, shape, tokens) if reserved else peak.mid_gb
            raw.append((row, mid, observed_gb(row) or 0.0))
    pairs = [*((publisher(row), truth / mid) for row, mid, truth in raw), *more]
    scores = []
    bands: dict[str, tuple[float, float]] = {}
    for row, mid, truth in raw:
        name = publisher(row)
        others = [pair for pair in pairs if pair[0] != name]
        if name not in bands:
            bands[name] = memory_band(others) if others else memory_band(pairs)
        low, high = bands[name]
        scores.append(Score(row, mid, truth, mid * low, mid * high))
    return scores, refused, pairs


# --- time -------------------------------------------------------------------------------------------------------------


def precision_of(row: Row) -> str:
    """8-bit where the run says so; MLPerf entries on Hopper and later are counted as 8-bit, an assumption."""
    words = row["precision"].casefold()
    mlperf = publisher(row) == "mlcommons" and "A100" not in row["gpu"]
    return "8-bit" if "fp8" in words or "float8" in words or mlperf else "16-bit"


def time_rows(rows: Iterable[Row]) -> list[Row]:
    """Dense runs on a known GPU whose tokens per second count what was computed."""
    kept = []
    for row in rows:
        words = f"{row['sharding']} {row['notes']}".casefold()
        odd = "offload" in row["sharding"] or "not packed" in words or "unpacked" in words or "cp2" in words
        moe = any(word in row["model"].casefold() for word in MOE_WORDS)
        known = row["tokens_per_s_per_gpu"] and row["seq_len"] and row["method"] in ("full", "lora", "qlora")
        if known and gpu_of(row) and not odd and not moe and (row["params_b"] or shape_of(row)):
            kept.append(row)
    return kept


def flops_of(row: Row) -> float:
    """Operations per token of a run; unknown configurations get h = 128 L from their parameter count."""
    shape = shape_of(row) or _guessed(float(row["params_b"]) * 1e9)
    recomputed = row["grad_ckpt"] in ("True", "full")
    rank = int(number(row, "lora_rank") or 16)
    return speed.flops_per_token(shape, row["method"], float(row["seq_len"]), recomputed, rank, "attention")


def _guessed(params: float) -> Shape:
    layers = max(1, round((params / (12 * 128**2)) ** (1 / 3)))
    hidden = round(math.sqrt(params / (12 * layers)))
    sizes = {"n_embd": hidden, "n_layer": layers, "n_head": 1, "n_positions": 1, "vocab_size": 1}
    return from_config({"model_type": "gptj", **sizes}, "guessed")


def reached(row: Row) -> float:
    """Share of the dense 16-bit peak that a run reached."""
    gpu = gpu_of(row)
    assert gpu is not None
    return flops_of(row) * float(row["tokens_per_s_per_gpu"]) / (gpu.peak_bf16_tflops * 1e12)


Cell = tuple[str, str, str]


def cell_of(row: Row) -> Cell:
    """Generation, method and precision of a run."""
    gpu = gpu_of(row)
    assert gpu is not None
    return gpu.generation, row["method"], precision_of(row)


def fit_efficiency(rows: list[Row]) -> dict[Cell, tuple[float, float, int, int]]:
    """(median, sigma of its logarithm, rows, publishers) per cell, shrunk by the count of publishers.

    Centre: the mean of publishers' medians, shrunk to the mean of its method and precision and that one to the
    mean of its precision, each with the weight of one publisher. Spread: within publishers plus between publishers,
    the latter pooled over all cells, and more where few publishers speak.
    """
    logs: dict[Cell, dict[str, list[float]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in rows:
        logs[cell_of(row)][publisher(row)].append(math.log(reached(row)))
    medians = {cell: {name: statistics.median(v) for name, v in sources.items()} for cell, sources in logs.items()}
    overall = _mean([m for sources in medians.values() for m in sources.values()])
    within = statistics.median([_variance(v) for s in logs.values() for v in s.values() if len(v) > 2] or [0.05])
    between = _mean([(m - _method_mean(medians, cell)) ** 2 for cell, s in medians.items() for m in s.values()])
    fitted = {}
    kinds = {(method, precision) for _, method, precision in medians}
    kinds |= {(method, precision) for method in ("full", "lora", "qlora") for precision in ("16-bit", "8-bit")}
    for method, precision in sorted(kinds):
        of_precision = [m for c, s in medians.items() if c[2] == precision for m in s.values()] or [overall]
        prior = _mean(of_precision)
        of_method = [m for c, s in medians.items() if c[1:] == (method, precision) for m in s.values()]
        pooled = (sum(of_method) + PRIOR_SOURCES * prior) / (len(of_method) + PRIOR_SOURCES)
        count = sum(len(v) for c, s in logs.items() if c[1:] == (method, precision) for v in s.values())
        names = {name for c, s in medians.items() if c[1:] == (method, precision) for name in s}
        sigma = math.sqrt(within + between * (1 + 1 / (len(of_method) + PRIOR_SOURCES)))
        fitted["any", method, precision] = (math.exp(pooled), sigma, count, len(names))
        for cell, sources in medians.items():
            if cell[1:] == (method, precision):
                n = len(sources)
                centre = (sum(sources.values()) + PRIOR_SOURCES * pooled) / (n + PRIOR_SOURCES)
                sigma = math.sqrt(within + between * (1 + 1 / (n + PRIOR_SOURCES)))
                fitted[cell] = (math.exp(centre), sigma, sum(map(len, logs[cell].values())), n)
    return fitted


def _method_mean(medians: dict[Cell, dict[str, float]], cell: Cell) -> float:
    return _mean([m for other, sources in medians.items() if other[1:] == cell[1:] for m in sources.values()])


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _variance(values: list[float]) -> float:
    return statistics.pvariance(values)


def score_time(rows: list[Row]) -> list[Score]:
    """Tokens per second, each publisher predicted with efficiencies fitted without it."""
    scores = []
    for name in sorted({publisher(row) for row in rows}):
        fitted = fit_efficiency([row for row in rows if publisher(row) != name])
        for row in rows:
            if publisher(row) != name:
                continue
            cell = cell_of(row)
            median, sigma, _, _ = fitted.get(cell) or fitted["any", cell[1], cell[2]]
            truth, scale = float(row["tokens_per_s_per_gpu"]), float(row["tokens_per_s_per_gpu"]) / reached(row)
            wide = math.exp(Z80 * sigma)
            scores.append(Score(row, median * scale, truth, median / wide * scale, median * wide * scale))
    return scores


# --- verdicts ---------------------------------------------------------------------------------------------------------


def verdicts(rows: list[Row]) -> dict[str, float | int | None]:
    """What the shipped tables say about runs that failed and runs that ran; a fused loss where the run names one."""
    counts: collections.Counter[tuple[str, bool]] = collections.Counter()
    succeeded = memory_rows(rows, several=False) + memory_rows(rows, several=True)
    lost = [row for row in rows if failed(row) and row["micro_batch"] and row["n_gpus"]]
    packed = [row for row in lost if "not packed" not in row["notes"] and "offload" not in row["sharding"]]
    packed = [row for row in packed if not (row["gpu"] == "A10G" and row["n_gpus"] != "1")]  # one of four was used
    for row in succeeded + packed:
        shape, gpu = shape_of(row), gpu_of(row)
        if shape and gpu and row["method"] in ("full", "lora", "qlora"):
            profile = "liger" if fused_loss(row) else "transformers"
            counts[memory.fit_verdict(peak_of(row, shape, profile), gpu), failed(row)] += 1
    said_fits = counts["fits", True] + counts["fits", False]
    total = sum(counts.values())
    return {
        "n": total,
        "failures": sum(n for (_, lost_run), n in counts.items() if lost_run),
        "false_fit_rate": round(counts["fits", True] / said_fits, 3) if said_fits else None,
        "tight_share": round((counts["tight", True] + counts["tight", False]) / total, 3) if total else None,
        "ran_but_refused": counts["does not fit", False],
    }


def by_source(scores: list[Score]) -> dict[str, dict[str, float | int | None]]:
    """`summed_up` per publisher."""
    names = sorted({publisher(score.row) for score in scores})
    return {name: summed_up([score for score in scores if publisher(score.row) == name]) for name in names}


def figures(path: Path) -> dict[str, object]:
    """All figures of the benchmark."""
    rows = read_runs(path)
    one, several = memory_rows(rows, several=False), memory_rows(rows, several=True)
    one_scores, one_refused, one_pairs = score_memory(one, foreign_profile)
    several_scores, several_refused, _ = score_memory(several, foreign_profile, one_pairs)
    own_one, own_several = score_memory(one, own_profile)[0], score_memory(several, own_profile)[0]
    time_scores = score_time(time_rows(rows))
    verdict = verdicts(rows)
    return {
        "memory": summed_up(one_scores),
        "memory_without_full": summed_up([score for score in one_scores if score.row["method"] != "full"]),
        "memory_multi_gpu": summed_up(several_scores),
        "time": summed_up(time_scores),
        "false_fit_rate": verdict["false_fit_rate"],
        "tight_share": verdict["tight_share"],
        "refused": len(one_refused) + len(several_refused),
        "verdicts": verdict,
        "by_source": {
            "memory": by_source(one_scores),
            "memory_multi_gpu": by_source(several_scores),
            "time": by_source(time_scores),
        },
        "own_constants": {"memory": by_source(own_one), "memory_multi_gpu": by_source(own_several)},
        "refused_models": sorted({row["model"] for row in one_refused + several_refused}),
    }


def print_tables(path: Path) -> None:
    """Prints the rows of efficiency.csv and memory_bands.csv as fitted on all publishers."""
    rows = read_runs(path)
    timed = time_rows(rows)
    dates = collections.defaultdict(list)
    names = collections.defaultdict(set)
    for row in timed:
        cell = cell_of(row)
        for key in (cell, ("any", *cell[1:])):
            dates[key].append(row["date"][:10])
            names[key].add(publisher(row))
    print("generation,method,precision,p10,median,p90,rows,sources,source,date")
    for cell, (median, sigma, count, sources) in sorted(fit_efficiency(timed).items()):
        wide = math.exp(Z80 * sigma)
        who = "; ".join(sorted(names[cell])) or "no run of its own; the mean of its precision"
        last = max(dates[cell] or ["2026-11-24"])
        cells = ",".join(f"{x:.3f}" for x in (median / wide, median, median * wide))
        print(f"{','.join(cell)},{cells},{count},{sources},{who},{last}")
    print("gpus,low_factor,high_factor,rows,sources,source,date")
    pairs: list[tuple[str, float]] = []
    for words, several in (("one", False), ("several", True)):
        pairs = score_memory(memory_rows(rows, several), foreign_profile, pairs)[2]
        low, high = memory_band(pairs)
        print(f"{words},{low:.3f},{high:.3f},{len(pairs)},{len({p for p, _ in pairs})}")


def main() -> None:
    """Reads the options, prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=RUNS)
    parser.add_argument("--tables", action="store_true")
    options = parser.parse_args()
    if not options.runs.is_file():
        print(f"skipped: {'../shared/data/training_runs.csv' if options.runs == RUNS else options.runs} not found")
        return
    if options.tables:
        print_tables(options.runs)
        return
    found = figures(options.runs)
    for part in ("memory", "memory_multi_gpu", "time"):
        print(part)
        for name, line in found["by_source"][part].items():  # type: ignore[index]
            print(f"  {name:24} {line}")
    print("read with the publisher's own constants")
    for part, lines in found["own_constants"].items():  # type: ignore[attr-defined]
        for name, line in lines.items():
            print(f"  {part} {name:24} {line}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
