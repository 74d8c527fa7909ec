"""Scores memory, speed and verdicts against published training runs, each publisher predicted without its own rows.

    python benchmarks/training.py [--runs FILE] [--peers] [--rows] [--write]

Without FILE every publisher of the shipped table is predicted with doubt and efficiencies learnt from the others. With
FILE they are learnt from the whole shipped table and the rows of FILE are predicted. What a framework keeps in memory
comes from its code and documentation (stacks.csv, losses.csv, frameworks.csv; `read_off` would name a publisher
whose runs a constant was read off, and such a row is not used for that publisher).

Rows are scored as published: allocated against allocated, reserved against reserved, nvidia-smi against what the card
shows. Rows that do not say what was measured are compared with the reserved prediction and stand apart, in
`memory_not_stated`; `memory_all` holds both. `first_table` gives the same figures for the runs of the table that the
design started from, rows read off public pages later left out. The last line is one JSON object. `--write` puts the
doubt learnt from every publisher into memory_doubt.csv. `refused` counts rows that cannot be read, and rows of
which no figure can be predicted; `memory_left_out` counts peaks that are not scored, their speed scored or not.

What flatters: the code that the constants come from was read with the runs at hand, and two readings of litgpt's were
corrected after its runs had been seen; documented set-ups (mixed precision, versions) were looked up for the publisher
with most rows. Of rows whose source says little, the defaults of the framework at its date are taken.
"""

import argparse
import collections
import json
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

import memory_lessons
import speed_lessons

from tunecase.compute import memory, speed
from tunecase.compute.measured import calibration
from tunecase.compute.measured import runs as measured
from tunecase.compute.measured import table as training_runs
from tunecase.compute.measured.runs import Measured

DOUBT = Path(__file__).parents[1] / "src" / "tunecase" / "catalog" / "tables" / "memory_doubt.csv"
Figures = dict[str, float | int | None]


@dataclass(frozen=True)
class Score:
    """One prediction beside its truth, with its 80% band."""

    run: Measured
    predicted: float
    truth: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """|prediction / truth - 1|."""
        return abs(self.predicted / self.truth - 1)


def verdict_runs(runs: Iterable[Measured]) -> list[Measured]:
    """Runs that tell whether a set-up fits: on a known card, ran or ran out of memory, plain enough to predict."""
    kept = []
    for run in runs:
        recipe = run.recipe
        odd = recipe.offload != "none" or recipe.context_parallel > 1 or not run.packed or run.guessed
        odd = odd or (recipe.gpus > 1) != (recipe.sharding != "none") or not run.batch_known
        if recipe.gpu and not odd and (run.failed or (run.length_known and (run.peak_gb or run.tokens_per_s_per_gpu))):
            kept.append(run)
    return kept


def summed_up(scores: Sequence[Score]) -> Figures:
    """n, median and 90% point of the absolute percentage error, signed median, share inside the band."""
    if not scores:
        return {"n": 0, "median_ape": None, "p90_ape": None, "coverage80": None}
    errors = sorted(float(score.error) for score in scores)
    inside = sum(score.low <= score.truth <= score.high for score in scores)
    medians = [statistics.median(s.error for s in of) for of in by_publisher(scores).values()]
    return {
        "n": len(scores),
        "median_ape": round(100 * statistics.median(errors), 1),
        "p90_ape": round(100 * errors[min(len(errors) - 1, math.ceil(0.9 * len(errors)) - 1)], 1),
        "coverage80": round(inside / len(scores), 3),
        "signed_median": round(100 * statistics.median(s.predicted / s.truth - 1 for s in scores), 1),
        "within_10": round(sum(error <= 0.1 for error in errors) / len(errors), 2),
        "mean_of_source_medians": round(100 * statistics.mean(medians), 1),
        "band_width": round(statistics.median(s.high / s.low for s in scores), 2),
    }


def by_publisher(scores: Iterable[Score]) -> dict[str, list[Score]]:
    """Scores by publisher."""
    found: dict[str, list[Score]] = collections.defaultdict(list)
    for score in scores:
        found[score.run.publisher].append(score)
    return dict(sorted(found.items()))


def held_out(
    runs: Sequence[Measured],
    known: Sequence[Measured] | None,
    score: Callable[[list[Measured], list[Measured]], list[Score]],
) -> list[Score]:
    """Scores of every publisher's runs with what the others teach; with `known`, that teaches alone."""
    if known is not None:
        return score(list(known), list(runs))
    found: list[Score] = []
    for name in sorted({run.publisher for run in runs}):
        others = [run for run in runs if run.publisher != name]
        found += score(others, [run for run in runs if run.publisher == name])
    return found


def score_memory(known: list[Measured], runs: list[Measured]) -> list[Score]:
    """Peaks as published beside the prediction of the same statistic."""
    doubt = memory_lessons.learn_doubt(stated(known))
    scores = []
    for run in runs:
        assert run.peak_gb
        mid = memory_lessons.blind_gb(run)
        low, high = memory.band(run.recipe, doubt, run.statistic)
        scores.append(Score(run, mid, run.peak_gb, float(mid * low), float(mid * high)))
    return scores


def score_time(known: list[Measured], runs: list[Measured]) -> list[Score]:
    """Tokens per second of one GPU."""
    efficiencies = speed_lessons.learn(speed_lessons.timed_runs(known))
    scores = []
    for run in runs:
        told = speed.step_time(run.recipe, efficiencies).tokens_per_s_per_gpu
        assert run.tokens_per_s_per_gpu
        scores.append(Score(run, float(told.mid), run.tokens_per_s_per_gpu, float(told.low), float(told.high)))
    return scores


def stated(runs: Iterable[Measured]) -> list[Measured]:
    """Runs that say which peak they report."""
    return [run for run in runs if run.statistic != "not stated"]


def memory_sets(runs: Sequence[Measured]) -> list[Measured]:
    """Every run whose peak can be scored, one card and several."""
    return memory_lessons.memory_runs(runs, several=False) + memory_lessons.memory_runs(runs, several=True)


def verdicts(runs: Sequence[Measured], known: Sequence[Measured] | None) -> Figures:
    """What is said of runs that ran and of runs that ran out of memory."""
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    wanted = verdict_runs(runs)
    for name in sorted({run.publisher for run in wanted}):
        others = (
            memory_sets(known) if known is not None else [run for run in memory_sets(runs) if run.publisher != name]
        )
        doubt = memory_lessons.learn_doubt(stated(others))
        for run in wanted:
            if run.publisher == name and run.recipe.gpu:
                low, high = memory.band(run.recipe, doubt)
                mid = memory_lessons.blind_gb(replace(run, statistic="allocated"))
                peak = memory.Peak(mid * low, mid, mid * high, "", ())
                counts[memory.fit_verdict(peak, run.recipe.gpu), run.failed] += 1
    said_fits = sum(n for (verdict, _), n in counts.items() if verdict == "fits")
    total = sum(counts.values())
    return {
        "n": total,
        "failures_said": sum(n for (_, failed), n in counts.items() if failed == "said"),
        "failures_likely": sum(n for (_, failed), n in counts.items() if failed == "likely"),
        "called_fits_but_failed_said": counts["fits", "said"],
        "called_fits_but_failed_likely": counts["fits", "likely"],
        "false_fit_rate": round((counts["fits", "said"] + counts["fits", "likely"]) / said_fits, 4)
        if said_fits
        else None,
        "tight_share": round(sum(n for (v, _), n in counts.items() if v == "tight") / total, 3) if total else None,
        "ran_but_called_does_not_fit": counts["does not fit", ""],
    }


def after_one(runs: Sequence[Measured], what: str) -> Figures:
    """Errors on the other runs of a set-up once one of them was measured, every run taking its turn."""
    groups: dict[object, list[Measured]] = collections.defaultdict(list)
    for run in runs:
        r = run.recipe
        key = (
            run.source,
            r.framework,
            r.shape.name,
            r.method,
            r.gpus,
            r.loss,
            r.kernels,
            r.sharding,
            r.gpu and r.gpu.name,
        )
        groups[key].append(run)
    errors = []
    for group in groups.values():
        for run in group:
            learnt = calibration.learn([run])
            for other in group:
                if other is run:
                    continue
                if what == "memory":
                    told = calibration.predicted_gb(other) * learnt.memory_factor(other.recipe)[0]
                    errors.append(abs(told / (other.peak_gb or 1) - 1))
                else:
                    told = speed.step_time(other.recipe).tokens_per_s_per_gpu.mid / learnt.time_factor
                    errors.append(abs(told / (other.tokens_per_s_per_gpu or 1) - 1))
    if not errors:
        return {"pairs": 0, "median_ape": None, "p90_ape": None}
    errors.sort()
    p90 = errors[math.ceil(0.9 * len(errors)) - 1]
    return {
        "pairs": len(errors),
        "median_ape": round(100 * statistics.median(errors), 1),
        "p90_ape": round(100 * p90, 1),
    }


def figures(
    runs: Sequence[Measured], known: Sequence[Measured] | None, refused: Sequence[tuple[str, str]]
) -> dict[str, object]:
    """All figures of the benchmark."""
    unstated = memory_sets([run for run in runs if run.statistic == "not stated"])
    peaks = memory_sets(stated(runs))
    told = held_out(peaks, memory_sets(stated(known)) if known is not None else None, score_memory)
    apart = held_out(unstated, memory_sets(stated(known if known is not None else runs)), score_memory)
    one, several = ([s for s in told if (s.run.recipe.gpus > 1) == many] for many in (False, True))
    apart_one = [s for s in apart if s.run.recipe.gpus == 1]
    timed = held_out(speed_lessons.timed_runs(runs), known, score_time)
    others = time_apart(runs, known)
    answered = {s.run.id for scores in (told, apart, timed, *others.values()) for s in scores}
    unanswered = [
        (run.id, why_left_out(run) or "its speed is of a set-up that is not stated")
        for run in runs
        if not run.failed and (run.peak_gb or run.tokens_per_s_per_gpu) and run.id not in answered
    ]
    refused = [*refused, *unanswered]
    verdict = verdicts(runs, known)
    return {
        "memory": summed_up(one or apart_one),
        "memory_multi_gpu": summed_up(several or [s for s in apart if s.run.recipe.gpus > 1]),
        "memory_not_stated": summed_up(apart),
        "memory_all": summed_up(one + apart_one),
        "time": summed_up(timed),
        "time_apart": {name: summed_up(scores) for name, scores in others.items()},
        "false_fit_rate": verdict["false_fit_rate"],
        "tight_share": verdict["tight_share"],
        "refused": len(refused),
        "refused_share": round(len(refused) / max(len(refused) - len(unanswered) + len(runs), 1), 3),
        "verdicts": verdict,
        "after_one_run": {
            "memory": after_one(peaks, "memory"),
            "time": after_one(speed_lessons.timed_runs(runs), "time"),
        },
        "by_source": {
            part: {name: summed_up(of) for name, of in by_publisher(scores).items()}
            for part, scores in (
                ("memory", one),
                ("memory_multi_gpu", several),
                ("memory_not_stated", apart),
                ("time", timed),
            )
        },
        "refused_rows": dict(refused),
        "memory_left_out": dict(collections.Counter(filter(None, map(why_left_out, runs))).most_common()),
        "refused_reasons": dict(collections.Counter(reason for _, reason in refused).most_common()),
        "_scores": {"memory": told + apart, "time": timed},
    }


def why_left_out(run: Measured) -> str:
    """Why a run with a peak is not scored for memory, empty where it is."""
    recipe = run.recipe
    reasons = (
        (not run.peak_gb or bool(run.failed), ""),
        (run.guessed, "dimensions of the model not known"),
        (not run.length_known, "length not stated"),
        (not run.batch_known, "micro-batch not stated"),
        (not run.packed, "samples of many lengths, not packed"),
        (recipe.offload != "none", "the host's memory helps"),
        (recipe.context_parallel > 1, "cards share one sample"),
        ((recipe.gpus > 1) != (recipe.sharding != "none"), "several cards that share nothing"),
    )
    return next((reason for here, reason in reasons if here), "")


def time_apart(runs: Sequence[Measured], known: Sequence[Measured] | None) -> dict[str, list[Score]]:
    """Speeds that the headline leaves out: experts, padded rows, offload, one sample over several cards."""
    kinds: dict[str, list[Measured]] = {"experts": [], "not packed": [], "offload": [], "context parallel": []}
    for run in runs:
        recipe = run.recipe
        if not (run.tokens_per_s_per_gpu and recipe.gpu):
            continue
        for name, here in (
            ("not packed", not run.packed),
            ("experts", bool(recipe.shape.experts)),
            ("offload", recipe.offload != "none"),
            ("context parallel", recipe.context_parallel > 1 and run.parallel_known),
        ):  # fmt: skip
            if here:
                kinds[name].append(run)
                break
    learnt = list(known) if known is not None else None
    found = {}
    for name, of in kinds.items():
        scores: list[Score] = []
        for publisher in sorted({run.publisher for run in of}):
            others = learnt if learnt is not None else [run for run in runs if run.publisher != publisher]
            scores += score_time(others, [run for run in of if run.publisher == publisher])
        found[name] = scores
    return found


def main() -> None:
    """Reads the options, prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--peers", action="store_true", help="run the peer tools and simple baselines on the same rows")
    parser.add_argument("--rows", action="store_true", help="print every row")
    parser.add_argument("--write", action="store_true", help="write the doubt learnt into its table")
    options = parser.parse_args()
    if options.runs and not options.runs.is_file():
        print(f"skipped: {options.runs} not found")
        return
    if options.write:
        write_doubt(memory_sets(stated(measured.published())))
    refused: tuple[tuple[str, str], ...] = ()
    known: tuple[Measured, ...] | None = None
    if options.runs:
        table = training_runs.read(options.runs)
        runs, refused, known = table.runs, table.refused, measured.published()
    else:
        runs = measured.published()
    found = figures(runs, known, refused)
    if known is None:
        first = figures([run for run in runs if run.id.startswith("m")], None, ())
        found["first_table"] = {name: first[name] for name in ("memory", "memory_multi_gpu", "time", "verdicts")}
    scores: dict[str, list[Score]] = found.pop("_scores")  # type: ignore[assignment]
    for part, lines in found["by_source"].items():  # type: ignore[attr-defined]
        print(part)
        for name, line in lines.items():
            print(f"  {name:24} {line}")
    if options.rows:
        print_rows(scores)
    if options.peers:
        from peers.compared import compared

        found["peers"] = compared(scores)
    print(json.dumps(found))


def write_doubt(runs: Sequence[Measured]) -> None:
    """Writes the doubt that the runs of every publisher teach."""
    doubt = memory_lessons.learn_doubt(runs)
    rows, sources = len(runs), len({run.publisher for run in runs})
    told = f"benchmarks/training.py --write on {', '.join(sorted({run.publisher for run in runs}))}"
    lines = ["part,relative_sd,rows,sources,source,date"]
    lines.append(
        "lasting,0.03,0,0,assumed: a version or an option may differ from what its documentation says,2026-11-25"
    )
    parts = ("rest", "reserved", "card")
    lines += [f'{part},{getattr(doubt, part):.3f},{rows},{sources},"{told}",2026-11-25' for part in parts]
    DOUBT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def print_rows(scores: dict[str, list[Score]]) -> None:
    """Every row, worst first."""
    for part, of in scores.items():
        for s in sorted(of, key=lambda one: -one.error):
            r = s.run.recipe
            print(
                f"{part} {s.run.id} {s.run.publisher} {r.shape.name[-28:]} {r.method} {r.framework} "
                f"{r.gpu and r.gpu.name} x{r.gpus} {r.sharding} {r.checkpointing} {r.loss} {r.kernels} {r.masters} "
                f"b{r.micro_batch} s{r.sequence_tokens} {s.run.statistic} told {s.predicted:.4g} "
                f"measured {s.truth:.4g} {100 * (s.predicted / s.truth - 1):+.1f}%"
            )


if __name__ == "__main__":
    main()
