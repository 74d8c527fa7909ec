"""Which loads to measure next, and the command that measures one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from tunecase.inference.bands import NINETY
from tunecase.inference.gaussian import Place, posterior
from tunecase.inference.points import Predict, Seen, place_of, seen_by
from tunecase.inference.setup import Load, Rate, Refusal, Setup
from tunecase.inference.throughput import rate
from tunecase.records import LoadPoint, MeasuredPoint

MOST_LOADS = 3
LEAST_GAIN = 0.02  # a further load must take this share of the variance that is there without any point
NEAR, ROUNDS, LEAST_PROMPTS = 0.7, 10, 20
# What the bill rests on, as a share of the load at capacity, with weights that are assumed: replicas are counted at
# capacity, most hours run at half of it, and one stream tells the fastest answer.
TARGETS = ((1.0, 0.6), (0.5, 0.3), (0.0, 0.1))
WHY_FULL = "close to capacity: it decides how many replicas are needed"
WHY_PART = "part of capacity, as in most hours: it tells how throughput grows with the load"
WHY_ALONE = "one request at a time: it tells the fastest answer"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is not yet known: places with weights, and the points that are there."""

    places: tuple[Place, ...]
    weights: tuple[float, ...]
    seen: Seen
    prior_sd: float

    def variance(self, further: Sequence[Place]) -> float:
        """Weighted variance of what the places would be off by, were further ones measured."""
        points = [*self.seen.places, *further]
        sds = [posterior(at, points, [0.0] * len(points), self.prior_sd).sd for at in self.places]
        return sum(weight * sd**2 for weight, sd in zip(self.weights, sds, strict=True))


def advise(
    setup: Setup,
    load: Load,
    points: Sequence[MeasuredPoint] = (),
    most_in_flight: float | None = None,
    predict: Predict = rate,
) -> tuple[LoadPoint, ...]:
    """The loads whose measurement would narrow the bill most, the most telling first; at most three.

    One by one, the load is taken that leaves the least variance of throughput at capacity, at half of it and with one
    stream, weighted 0.6, 0.3 and 0.1 (assumed).

    Args:
        setup: what would be measured.
        load: the lengths asked about.
        points: what was measured already.
        most_in_flight: requests in flight at which the objective is just met; None: as many as fit.
        predict: a prediction in place of `rate`.
    Returns: loads of the lengths asked about; none where nothing can be predicted, or no load would tell much more.
    Leaves out that a measurement itself costs GPU time.
    """
    full = predict(setup, replace(load, concurrency=None, kind="steady"))
    if isinstance(full, Refusal):
        return ()
    most = max(1, round(min(most_in_flight or full.in_flight, full.most_in_flight)))
    seen = seen_by(setup, points, predict)
    prior_sd = log(full.high / full.low) / (2 * NINETY)
    counts = sorted({1, most, *(2**n for n in range(1, most.bit_length())), max(1, most // 2)})
    candidates = {count: _place(load, count, full, seen.own) for count in counts}
    targets = tuple(_place(load, max(1, round(share * most)), full, seen.own) for share, _ in TARGETS)
    asked = _Asked(targets, tuple(weight for _, weight in TARGETS), seen, prior_sd)
    chosen = _chosen(asked, candidates)
    return tuple(
        LoadPoint(count, round(load.input_tokens), round(load.output_tokens), _why(count, most)) for count in chosen
    )


def _place(load: Load, count: int, full: Rate, layout: str) -> Place:
    return place_of(replace(load, concurrency=float(count), kind="steady"), full, layout)


def _chosen(asked: _Asked, candidates: dict[int, Place]) -> list[int]:
    without = replace(asked, seen=Seen()).variance(())
    left, chosen = asked.variance(()), list[int]()
    while len(chosen) < min(MOST_LOADS, len(candidates)):
        tried = {
            count: asked.variance([*(candidates[one] for one in chosen), place])
            for count, place in candidates.items()
            if count not in chosen
        }
        count = min(tried, key=lambda one: tried[one])
        if left - tried[count] < LEAST_GAIN * without:
            break
        chosen.append(count)
        left = tried[count]
    return chosen


def _why(count: int, most: int) -> str:
    if count >= NEAR * most:
        return WHY_FULL
    return WHY_ALONE if count == 1 else WHY_PART


def bench_command(setup: Setup, point: LoadPoint, url: str = "http://127.0.0.1:8000") -> tuple[str, ...]:
    """The words of the `vllm bench serve` command that measures a load on a server that runs.

    Its result file states the layout, so that it is read without further words.

    Args:
        setup: what serves.
        point: requests in flight and lengths [tokens].
        url: of the server, which speaks as OpenAI's does.
    """
    stated = {
        "gpu": setup.card.name,
        "tensor": str(setup.tensor),
        "pipeline": str(setup.pipeline),
        "precision": setup.precision,
        "kv_precision": setup.kv_precision,
        "engine": setup.engine,
        "adapters": str(setup.adapters or ""),
    }
    words: dict[str, str | int] = {
        "--base-url": url,
        "--model": setup.model.name,
        "--dataset-name": "random",
        "--random-input-len": point.input_tokens,
        "--random-output-len": point.output_tokens,
        "--max-concurrency": point.concurrency,
        "--num-prompts": max(LEAST_PROMPTS, ROUNDS * point.concurrency),
        "--percentile-metrics": "ttft,tpot,itl,e2el",
        "--metric-percentiles": "50,95,99",
        "--result-filename": f"load-{point.concurrency}-{point.input_tokens}-{point.output_tokens}.json",
    }
    options = [str(word) for pair in words.items() for word in pair]
    layout = [f"{name}={word}" for name, word in stated.items() if word]
    return ("vllm", "bench", "serve", *options, "--ignore-eos", "--save-result", "--metadata", *layout)
