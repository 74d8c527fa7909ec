"""Rephrased leaks and facts that the input lacks: how many are found, and how many clean rows are flagged.

    python benchmarks/audit_leaks.py

Rewrites of GSM8K, HumanEval and MMLU are read from ../shared/data/text where present; the judge's weights come from the
even rows of GSM8K and of HumanEval's Python rewrites, so the odd ones, JavaScript, C and MMLU are held out. Facts are
planted in three kinds of data that are made up here, five seeds. What flatters: the rewrites come from one model, which
kept numbers and names; made-up data is plainer than real data, and its planted facts are wholly foreign to the input.
The last line is one JSON object.
"""

import csv
import json
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.grounding import ungrounded_answer
from tunecase.data.checks.scan import read_split
from tunecase.data.detectors.likeness import Example
from tunecase.data.detectors.paraphrases import match
from tunecase.data.reading.detection import detect

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
REWRITES = TEXTS / "decontamination" / "rephrase"
PEOPLE = "Okafor Lindqvist Moreau Tanaka Alvarez Novak Petrov Haddad Kimura Osei".split()
PLACES = "Lisbon Oslo Nairobi Quito Hanoi Leeds Turin Perth".split()


def lines(path: Path) -> list[dict]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def judged(test: list[Example], train: list[Example], source: list[int]) -> dict:
    """Shares found and flagged; `source` is the test row of each training row, -1 for a clean one."""
    start = time.perf_counter()
    found = match(test, train)
    right = {other for one, other in found.pairs.tolist() if source[other] == one}
    false = {other for _, other in found.pairs.tolist() if source[other] < 0}
    leaks, clean = sum(at >= 0 for at in source), sum(at < 0 for at in source)
    odd = [row for row, at in enumerate(source) if at >= 0 and at % 2]
    return {
        "leaks": leaks,
        "found": round(len(right) / max(leaks, 1), 3),
        "found_odd": round(sum(row in right for row in odd) / max(len(odd), 1), 3),
        "clean": clean,
        "flagged": len(false),
        "seconds": round(time.perf_counter() - start, 1),
    }


def questions() -> dict:
    """GSM8K with and without answers: rewrites among 3,000 clean rows, 13 among all, none."""
    test, train = (lines(TEXTS / "gsm8k" / f"{name}.jsonl") for name in ("test", "train"))
    parts = [row["text"].split("\nAnswer:") for row in lines(REWRITES / "rephrase_gsm8k.jsonl")]
    figures = {}
    for name, use in (("with_answers", True), ("prompts_alone", False)):
        asked = [Example(row["question"], row["answer"] if use else "") for row in test]
        clean = [Example(row["question"], row["answer"] if use else "") for row in train]
        said = [Example(text.removeprefix("Question:"), answer if use else "") for text, answer in parts]
        some = random.Random(0).sample(clean, 3000)
        few = random.Random(1).sample(range(len(said)), 13)
        figures[f"gsm8k_{name}"] = judged(asked, said + some, [*range(len(said)), *[-1] * 3000])
        figures[f"gsm8k_{name}_13"] = judged(asked, [said[at] for at in few] + clean, few + [-1] * len(clean))
        figures[f"gsm8k_{name}_clean"] = judged(asked, clean, [-1] * len(clean))
    return figures


def programs() -> dict:
    """HumanEval's rewrites by language, each against all problems."""
    asked = [Example(row["text"]) for row in lines(TEXTS / "decontamination" / "test" / "HumanEval.jsonl")]
    figures = {}
    for language in ("python", "js", "c"):
        rows = lines(REWRITES / f"humaneval_{language}.jsonl")
        kept = [at for at, row in enumerate(rows) if row["text"].strip()]
        figures[f"humaneval_{language}"] = judged(asked, [Example(rows[at]["text"]) for at in kept], kept)
    return figures


def subjects() -> dict:
    """MMLU's English rewrites, never seen by the fit."""
    figures = {}
    for name in ("abstract_algebra", "high_school_us_history", "sociology"):
        with (REWRITES / f"{name}_test.csv").open(encoding="utf-8", newline="") as file:
            asked = [Example(row[0]) for row in csv.reader(file)]
        rows = lines(REWRITES / f"{name}_test_rephrase_english_filtered_question.jsonl")
        kept = [at for at, row in enumerate(rows) if row["text"].strip()]
        figures[f"mmlu_{name}"] = judged(asked, [Example(rows[at]["text"]) for at in kept], kept)
    return figures


def neighbours() -> dict:
    """banking77 train against test: near neighbours that are meant."""
    read = []
    for name in ("test", "train"):
        with (TEXTS / "banking77" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            read.append([Example(row["text"], row["category"]) for row in csv.DictReader(file)])
    return {"banking77_clean": judged(*read, [-1] * len(read[1]))}


def invoice(rng: random.Random, wrong: bool) -> tuple[str, str]:
    """An invoice and its fields."""
    number, total, who = rng.randint(10_000, 99_999), rng.randint(200, 9_999), rng.choice(PEOPLE)
    day = rng.randint(1, 28)
    text = (
        f"Invoice no. {number}. {who} Ltd, {rng.choice(PLACES)}. Date: {day} March 2024. Amount due: {total:,}.50 EUR."
    )
    answer = {"number": number, "vendor": f"{who} Ltd", "date": f"2024-03-{day:02d}", "total": total + 0.5}
    if wrong:
        answer[rng.choice(("number", "total"))] = rng.randint(100_000, 999_999)
    return text, json.dumps(answer)


def meeting(rng: random.Random, wrong: bool) -> tuple[str, str]:
    """Notes of a meeting and their summary."""
    who, other = rng.sample(PEOPLE, 2)
    place, budget, day = rng.choice(PLACES), rng.randint(20, 900), rng.randint(14, 28)
    text = (
        f"Notes: we met in {place} with {who} and {other}. The talk went long, mostly on staffing. In the end {who} "
        f"asked for {budget} thousand euros and the group agreed. {other} sends the plan by {day} June. Nothing else."
    )
    told = rng.choice([each for each in PLACES if each != place]) if wrong else place
    return text, f"At the meeting in {told}, {who} was granted {budget} thousand euros; the plan is due on {day} June."


def policy(rng: random.Random, wrong: bool) -> tuple[str, str]:
    """A question with the passage that answers it."""
    days, fee, code = rng.randint(14, 60), rng.randint(15, 95), f"RP-{rng.randint(1000, 9999)}"
    text = (
        f"Context: Under policy {code} goods may be returned within {days} days. A restocking fee of {fee} euros is "
        f"taken off the refund, except for faulty goods.\n\nQuestion: how long do I have, and what does it cost?"
    )
    said = f"RP-{rng.randint(10_000, 99_999)}" if wrong else code
    return text, f"Under {said} you have {days} days, and a fee of {fee} euros is taken off."


def grounded() -> dict:
    """Planted facts: precision and recall by kind, five seeds at 0, 2 and 10% of 400 rows; the clean seeds flagged."""
    figures = {}
    for kind, make in (("invoices", invoice), ("meetings", meeting), ("policies", policy)):
        hits = flagged = planted = clean = 0
        for seed in range(5):
            for share in (0.0, 0.02, 0.1):
                rng = random.Random(seed)
                wrong = set(rng.sample(range(400), round(400 * share)))
                found = rows_found([make(rng, at in wrong) for at in range(400)])
                hits, flagged, planted = hits + len(found & wrong), flagged + len(found), planted + len(wrong)
                clean += bool(found) and not wrong
        precision = round(hits / max(flagged, 1), 3)
        figures[kind] = {"precision": precision, "recall": round(hits / planted, 3), "clean_sets_flagged": clean}
    return figures


def rows_found(pairs: list[tuple[str, str]]) -> set[int]:
    """The rows that the check names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.jsonl"
        path.write_text("".join(json.dumps({"prompt": q, "completion": a}) + "\n" for q, a in pairs), encoding="utf-8")
        found = ungrounded_answer(Evidence(read_split(path, detect(path)), None, Asked(2048)))
    return set(found.rows.tolist()) if isinstance(found, Defect) else set()


def main() -> None:
    """Everything, printed line by line, then as one JSON line."""
    figures: dict = {"grounding": grounded()}
    if TEXTS.is_dir():
        for part in (questions, programs, subjects, neighbours):
            figures |= part()
        rows = [Example(row["question"], row["answer"]) for row in lines(TEXTS / "gsm8k" / "train.jsonl")]
        found = rows_found([(row.input, row.output) for row in rows])
        figures["grounding"]["gsm8k_flagged"] = len(found)
    else:
        print("skipped: ../shared/data/text is not here")
    for name, each in figures.items():
        print(name, each)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
