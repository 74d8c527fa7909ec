"""Whether anything private reaches a server that a pilot asks, and what hiding it costs.

    python benchmarks/leaving.py

200 made-up values of every kind that the detectors know are planted into support tickets: into test texts, into texts
that are shown as examples and into their answers, there also bare. A server on this machine keeps 3,000 requests of
three prompts. What flatters: a value counts as planted only where the detectors flag its row. The last line is one JSON
object.
"""

import json
import random
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.audit_rows import PERSONAL, SECRET
from tests.chat_server import Reply, Seen, chat_server, question, said
from tests.data.detectors.test_secrets import FOUND

from tunecase.data import Mask
from tunecase.data.reading import load
from tunecase.pilot.trainers import hosted
from tunecase.pilot.trainers.task import Task

ROOT = Path(__file__).parents[1]
ROWS, VALUES = 1_000, 200
ABOUT = ("my details are", "please use", "I was told", "it says", "reach me:")
Rows = list[tuple[str, str]]


def planted(texts: list[str], rng: random.Random) -> tuple[Rows, Rows, list[str]]:
    """Training and test rows (text, answer), and the values planted in them."""
    train, tests = ([(rng.choice(texts), "ok") for _ in range(rows)] for rows in (100, ROWS))
    others = [(lambda rng, text=text: text) for kind, text in FOUND if kind not in SECRET]
    makers, values = [*PERSONAL.values(), *SECRET.values(), *others], []
    while len(set(values)) < VALUES:
        number, words = len(values), ""
        while not (found := Mask(words).found):
            words = f"{rng.choice(ABOUT)} {makers[number % len(makers)](rng)}"
        value = max((one for one in found if one in words), key=len)
        rows, at = (tests, number) if number % 2 else (train, number % len(train))
        text, answer = rows[at]
        answers = (answer, value, json.dumps({"value": value}), f"We have {value} on file.")
        rows[at] = f"{text} {words} thanks", (answers[number // 2 % 4] if rows is train else answer)
        values.append(value)
    return train, tests, values


def asked(train: Rows, tests: Rows, url: str, **chosen: object) -> list[object]:
    """The results of the three prompts."""
    columns = [tuple(column) for rows in (train, tests) for column in zip(*rows, strict=True)]
    settings = {"base_url": url, "at_once": 4, **chosen}
    task = Task("hosted", "model", *columns, "exact_match", 0, settings, "generation")
    return [hosted.train(replace(task, settings={**settings, **own})) for own in hosted.BASELINES.values()]


def reached(seen: Seen, values: list[str]) -> list[str]:
    """The values that stand in what the server got."""
    got = "\n".join(json.dumps(body, ensure_ascii=False) for body in seen.bodies)
    return [value for value in values if value in got or json.dumps(value)[1:-1] in got]


def echoes(body: object) -> Reply:
    """An answer that depends on the whole of the last message."""
    return said("ok" if len(question(body)) % 2 else "no")


def main() -> None:
    """Prints how many values arrived with the mask and without it, whether scores changed, and the mask's time."""
    rng = random.Random(3)
    table = load(ROOT / "examples/support-tickets/data/train.jsonl")
    texts = [row.input for row in table.rows if not Mask(row.input).found]
    train, tests, values = planted(texts, rng)
    with chat_server(echoes) as masked:
        results = asked(train, tests, masked.url)
    with chat_server(echoes) as plain:
        sent = asked(train, tests, plain.url, send_flagged=True)
    clean = [at for at, (text, _) in enumerate(tests) if not Mask(text).found]
    same = all(a.row_scores[at] == b.row_scores[at] for a, b in zip(results, sent, strict=True) for at in clean)
    times_ms = []
    for text, _ in tests:
        body = {"messages": [{"role": "system", "content": "Answer."}, {"role": "user", "content": text}]}
        began = time.perf_counter()
        Mask(body).hidden(body)
        times_ms.append(1e3 * (time.perf_counter() - began))
    kinds = {kind for result in results for kind in result.disclosed.kinds}
    figures = {
        "requests": len(masked.bodies), "values": len(set(values)), "kinds": len(kinds),
        "arrived_masked": len(reached(masked, values)), "arrived_sent": len(set(reached(plain, values))),
        "flagged": [result.disclosed.flagged for result in results],
        "on_record_as_sent": all(not result.disclosed.masked for result in sent),
        "scores_of_clean_rows_same": same, "median_ms": round(statistics.median(times_ms), 4),
    }  # fmt: skip
    for name, value in figures.items():
        print(f"{name:<28}{value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
