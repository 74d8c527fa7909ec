"""Whether a chance is printed for tasks with free answers, whose pilot can only copy: the number must be none.

    python benchmarks/looking.py

Fourteen shapes: nine public sets of free answers, some of them by two metrics, each as a team would bring it: 300
training rows, 150 test rows, a target above what copying reaches, a value, a volume and a budget. The whole road is
walked, and every face is read: a chance in the record of the bill, the decision or one of its options, of the curve, or
in the words of the answer counts. What flatters: no model runs here, so that none of these pilots could have measured
one. Sets come from ../shared/data/text; one that is not there is named and left out. The last line is one JSON object.
"""

import json
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.command import tunecase

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
TRAIN, TEST = 300, 150
Pairs = list[tuple[str, str]]
PROJECT = """\
name: {name}
problem:
  goal: write the answer that a person would write
  task: {task}
  metric: {metric}
  target: {target}
  value: 0.50 USD per correct
  volume: 20k per month
  horizon: 12 months
  owner: the team
  criteria: [it answers what was asked, it is complete, it is short]
data:
  train: train.jsonl
  test: test.jsonl
  sources:
    - {{kind: label, pool: 20k, effort: 2 min per label, rate: 20 USD per hour}}
models: [meta-llama/Llama-3.1-8B]
team: [{{role: ml engineer, rate: 100 USD per hour, share: 50%}}]
budget: 20k USD
"""
CHANCE = re.compile(r"\b(?:under |over )?\d+% to (?:reach|show)")


def lines(name: str, asked: str, answered: str) -> Callable[[], Pairs]:
    """Rows of a file of lines by two of their fields."""

    def read() -> Pairs:
        rows = [json.loads(line) for line in (TEXTS / name).read_text(encoding="utf-8").splitlines() if line.strip()]
        return [(str(row[asked]), str(row[answered])) for row in rows]

    return read


def alpaca() -> Pairs:
    """Instructions and long answers."""
    rows = json.loads((TEXTS / "shapes/llama_factory_demos/lf_alpaca_en_demo.json").read_text(encoding="utf-8"))
    return [(f"{row['instruction']}\n{row['input']}".strip(), row["output"]) for row in rows]


def answers_of_a_model() -> Pairs:
    """Instructions and what a model of 7B wrote."""
    rows = json.loads((TEXTS / "self_instruct/alpaca-7b.json").read_text(encoding="utf-8"))
    return [(row["instruction"], row["output"]) for row in rows]


def calls() -> Pairs:
    """What an API call should do, and the call."""
    text = (TEXTS / "shapes/gorilla_torchhub/train.json").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [(row["code"].split("'Output'")[0], row["api_call"]) for row in rows]


def tools() -> Pairs:
    """A talk, and the tool that is called in it."""
    rows = json.loads((TEXTS / "shapes/llama_factory_demos/lf_glaive_toolcall_en_demo.json").read_text("utf-8"))
    found = []
    for row in rows:
        said: list[str] = []
        for turn in row["conversations"]:
            if turn["from"] == "function_call" and said:
                found.append(("\n".join(said), turn["value"]))
            said.append(turn["value"])
    return found


SQL = lines("backtest/advising_sql/train.jsonl", "input", "output")
REGEX = lines("backtest/nl_regex/train.jsonl", "input", "output")
MATHS = lines("backtest/svamp_math/train.jsonl", "input", "output")
QUESTIONS = lines("backtest/webquestions/train.jsonl", "input", "output")
SCHOOL = lines("gsm8k/train.jsonl", "question", "answer")
# Set, metric, target, rows: the fourteen shapes.
SHAPES: tuple[tuple[str, str, str, Callable[[], Pairs]], ...] = (
    ("SQL", "exact_match", "60%", SQL),
    ("SQL", "chrf", "90%", SQL),
    ("regular expressions", "exact_match", "60%", REGEX),
    ("regular expressions", "chrf", "90%", REGEX),
    ("sums", "exact_match", "60%", MATHS),
    ("questions", "exact_match", "50%", QUESTIONS),
    ("questions", "rouge_l", "60%", QUESTIONS),
    ("school maths", "rouge_l", "60%", SCHOOL),
    ("school maths", "chrf", "70%", SCHOOL),
    ("instructions", "rouge_l", "45%", alpaca),
    ("instructions", "chrf", "60%", alpaca),
    ("a model's answers", "rouge_l", "45%", answers_of_a_model),
    ("API calls", "chrf", "75%", calls),
    ("tool calls", "exact_match", "70%", tools),
)


def chances(record: Any, at: str = "") -> Iterator[tuple[str, float]]:
    """Every chance in a record, with its place: of the plan, of an option, of the curve, of a bill."""
    if isinstance(record, dict):
        for name, value in record.items():
            place = f"{at}.{name}"
            # Stopping is certain to reach nothing: that is no chance of anything measured.
            is_stop = record.get("lever") in ("stop", "ship", "redefine", "when_sure")
            if name in ("chance", "p_target", "reached") and value is not None and not is_stop:
                yield place, value.get("shown", value).get("value", 0.0) if isinstance(value, dict) else value
            else:
                yield from chances(value, place)
    elif isinstance(record, list):
        for number, value in enumerate(record):
            yield from chances(value, f"{at}[{number}]")


def walked(name: str, metric: str, target: str, rows: Pairs) -> dict[str, Any]:
    """What a case with these rows is told."""
    rows = list(dict(random.Random(5).sample(rows, len(rows))).items())
    test = min(TEST, len(rows) // 3)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for part, own in (("test", rows[:test]), ("train", rows[test : test + TRAIN])):
            text = "".join(json.dumps({"text": asked, "answer": answer}) + "\n" for asked, answer in own)
            (folder / f"{part}.jsonl").write_text(text, encoding="utf-8")
        text = PROJECT.format(name=name, task="generation", metric=metric, target=target)
        (folder / "tunecase.yaml").write_text(text, encoding="utf-8")
        ran = {verb: tunecase(verb, cwd=folder) for verb in ("run", "decide", "next", "define", "forecast")}
        records = {verb: tunecase(verb, "--json", cwd=folder).json for verb in ("estimate", "forecast", "decide")}
        told = [match[0] for one in ran.values() for match in CHANCE.finditer(" ".join(one.out.split()))]
        page = (folder / "report.html").read_text(encoding="utf-8")
    return {
        "shape": name, "metric": metric, "rows": len(rows), "codes": sorted({one.code for one in ran.values()}),
        "headline": ran["run"].out.split("\n")[0], "in_records": list(chances(records)), "in_words": told,
        "on_the_page": CHANCE.findall(page),
    }  # fmt: skip


def main() -> None:
    """Walks every shape and counts."""
    found, absent = [], []
    for name, metric, target, read in SHAPES:
        try:
            rows = read()
        except FileNotFoundError as error:
            absent.append(f"{name}: {error.filename} is not here")
            continue
        found.append(walked(name, metric, target, rows))
        print(json.dumps(found[-1]))
    print("\n".join(absent))
    printed = sum(bool(one["in_records"] or one["in_words"] or one["on_the_page"]) for one in found)
    print(json.dumps({"shapes": len(found), "with_a_chance": printed, "absent": len(absent)}))


if __name__ == "__main__":
    main()
