# ruff: noqa: E501 - tables of shapes read better in one line each
"""How much planted personal data, secrets and spoilt answers the audit finds, and what it wrongly flags on real sets.

    python benchmarks/audit_rows.py

Made-up personal data, secrets and look-alikes are put into real texts, five seeds; spoilt answers among real ones. What
flatters: the formats planted are those that the author thought of, and refusals are drawn from sentences written by
the author of the word lists. The last line is one JSON object.
"""

import csv
import json
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tunecase.data.checks import answers, canned, drift, pairs
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.scan import read_split
from tunecase.data.detectors import identifiers, personal, secrets
from tunecase.data.reading.detection import detect

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
SEEDS, PLANTED = 5, 300
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PHONES = (
    "+44 20 7### ####", "+1 (2##) 5##-####", "(2##) 5##-####", "2##-5##-####", "+49 151 2#######", "0151 2#######",
    "06 12 ## ## ##", "+33 6 ## ## ## ##", "020 7### ####", "+34 6## ### ###", "+39 06 #### ####", "03-3###-####",
    "+81 90-####-####", "+86 138 #### ####", "138-####-####", "(11) 9####-####", "+55 11 9####-####", "+91 98### #####",
    "0221/4######", "(02) 9### ####", "+61 4## ### ###", "call 07700######", "my phone is 2025######", "tel 98765#####",
)  # fmt: skip


def drawn(rng: random.Random, shape: str) -> str:
    """A shape with a random digit for every #."""
    return "".join(str(rng.randint(0, 9)) if char == "#" else char for char in shape)


def token(rng: random.Random, n: int, alphabet: str = LETTERS + LETTERS.upper() + "0123456789") -> str:
    """n random characters."""
    return "".join(rng.choices(alphabet, k=n))


def until(rng: random.Random, shape: str, passes) -> str:
    """A drawn shape that passes its check."""
    while not passes(text := drawn(rng, shape)):
        pass
    return text


def iban(rng: random.Random) -> str:
    """A valid account number of one of six countries, grouped or not."""
    country, rest = rng.choice((("DE", 18), ("NL", 14), ("FR", 23), ("ES", 20), ("GB", 18), ("NO", 11)))
    body = (
        token(rng, 4, LETTERS.upper()) + drawn(rng, "#" * (rest - 4)) if country in "NLGB" else drawn(rng, "#" * rest)
    )
    value = int("".join(str(int(char, 36)) for char in f"{body}{country}00")) % 97
    plain = f"{country}{98 - value:02}{body}"
    grouped = " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
    return rng.choice((plain, grouped))


def dni(rng: random.Random) -> str:
    """A valid Spanish number."""
    digits = drawn(rng, "########")
    return digits + identifiers.DNI_LETTERS[int(digits) % 23]


PERSONAL = {
    "e-mail": lambda r: f"{token(r, 6, LETTERS)}.{token(r, 5, LETTERS)}@{token(r, 7, LETTERS)}."
    + r.choice(("com", "org", "de", "co.uk", "fr", "io", "com.br", "museum")),
    "phone": lambda r: drawn(r, r.choice(PHONES)),
    "card": lambda r: until(
        r, r.choice(("4###############", "5### #### #### ####".replace("5", "53", 1).replace("53###", "53##"),
                     "4###-####-####-####", "37## ###### #####")), identifiers.is_card),
    "IBAN": iban,
    "identity number": lambda r: r.choice((
        lambda: until(r, "###-##-####", identifiers.is_us_ssn), lambda: dni(r),
        lambda: until(r, "###.###.###-##", identifiers.is_cpf),
        lambda: until(r, "756.####.####.##", identifiers.is_ahv)))(),
    "IP address": lambda r: f"{r.randint(80, 95)}.{r.randint(0, 255)}.{r.randint(40, 255)}.{r.randint(1, 254)}",
}  # fmt: skip
SECRET = {
    "AWS key": lambda r: "AK" + "IA" + token(r, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "GitHub token": lambda r: "gh" + "p_" + token(r, 36),
    "GitLab token": lambda r: "glpat" + "-" + token(r, 20),
    "Slack token": lambda r: "xo" + "xb-" + drawn(r, "############-") + token(r, 24),
    "Anthropic key": lambda r: "sk-" + "ant-api03-" + token(r, 86),
    "OpenAI key": lambda r: "sk-" + r.choice(("", "proj-")) + token(r, 48),
    "Google key": lambda r: "AI" + "za" + token(r, 35),
    "Stripe key": lambda r: "sk_" + "live_" + token(r, 24),
    "private key": lambda r: "-----BEGIN " + "PRIVATE KEY-----\n" + token(r, 128) + "\n-----END PRIVATE KEY-----",
    "password in an address": lambda r: f"postgres://app:{token(r, 12)}@db.{token(r, 5, LETTERS)}.net:5432/main",
    "password or key assigned": lambda r: (
        r.choice(("api_key = ", "password: ", "SECRET_KEY=", '"token": "')) + token(r, 28)
    ),
}
NEGATIVES = (
    lambda r: drawn(r, "order 4#####-####"), lambda r: drawn(r, "2024-0") + drawn(r, "5-1# 12:3#:4#"),
    lambda r: drawn(r, "1,2##,###.##"), lambda r: drawn(r, "version 3.1#.4#.2##"), lambda r: token(r, 40, "0123456789abcdef"),
    lambda r: str(uuid.UUID(int=r.getrandbits(128), version=4)), lambda r: drawn(r, "ISBN 978-3-##-######-#"),
    lambda r: drawn(r, "48#/2 = <<48#/2=2##>>2##"), lambda r: "@property and @app.route", lambda r: "foo@bar said so",
    lambda r: drawn(r, "tracking 9############1"), lambda r: drawn(r, "192.168.#.1#"), lambda r: "token = tokenizer.next()",
    lambda r: 'password = os.environ["DB"]', lambda r: "sk-learn-like-estimators-for-everyone-else-too",
    lambda r: drawn(r, "pi is 3.14159265358979###"), lambda r: drawn(r, "from 19## to 2024, 1 000 000 of them"),
    lambda r: drawn(r, "invoice 2024-00####, item ####-##"), lambda r: "api_key = YOUR_KEY_GOES_HERE_0001",
)  # fmt: skip


def texts() -> dict[str, list[str]]:
    """Real texts by set."""
    gsm = [json.loads(line) for line in (TEXTS / "gsm8k/train.jsonl").open(encoding="utf-8")]
    with (TEXTS / "banking77/train.csv").open(encoding="utf-8", newline="") as file:
        bank = [row["text"] for row in csv.DictReader(file)]
    clinc = json.loads((TEXTS / "clinc/data_full.json").read_text(encoding="utf-8"))
    alpaca = json.loads((TEXTS / "self_instruct/alpaca-7b.json").read_text(encoding="utf-8"))
    return {
        "gsm8k": [f"{row['question']}\n{row['answer']}" for row in gsm],
        "banking77": bank,
        "clinc": [row[0] for part in clinc.values() for row in part],
        "alpaca": [f"{row['instruction']}\n{row['output']}" for row in alpaca],
    }


def planted_numbers(real: dict[str, list[str]]) -> dict:
    """Recall by kind, and false alarms among look-alikes, both over sets and seeds."""
    found: Counter[str] = Counter()
    wrong, negatives, hits = 0, 0, 0
    for seed in range(SEEDS):
        rng = random.Random(seed)
        for name in ("gsm8k", "banking77", "alpaca"):
            for makers, look in ((PERSONAL, personal.spans), (SECRET, secrets.spans)):
                for kind, make in makers.items():
                    for _ in range(PLANTED // 10):
                        text, thing = rng.choice(real[name]), make(rng)
                        kinds = {one for one, _, _ in look(f"{text} {thing} {text[:20]}")} - {
                            one for one, _, _ in look(text)
                        }
                        found[kind] += kind in kinds
                        hits += bool(kinds)
            for _ in range(PLANTED):
                text, thing = rng.choice(real[name]), rng.choice(NEGATIVES)(rng)
                clean = not personal.kinds_of(text) and not secrets.kinds_of(text)
                negatives += clean
                wrong += clean and bool(
                    personal.kinds_of(f"{text} {thing} ok") or secrets.kinds_of(f"{text} {thing} ok")
                )
    total = SEEDS * 3 * (PLANTED // 10)
    shares = {kind: round(found[kind] / total, 3) for kind in (*PERSONAL, *SECRET)}
    return {"recall": shares, "look_alikes": negatives, "look_alikes_flagged": wrong}


REFUSALS = (
    "I'm sorry, but I can't help with that request, please ask something else.",
    "I apologize, but I am unable to provide the information that you asked for.",
    "Unfortunately, I cannot assist you with this particular question today.",
    "As an AI language model, I do not have access to such information.",
    "Es tut mir leid, aber ich kann diese Frage leider nicht beantworten, versuchen Sie es anders.",
    "Lo siento, pero no puedo responder a esa pregunta en este momento.",
    "Regrettably this is something that I must decline to do for you.",
    "That is not something I'm able to talk about, but ask me anything else.",
)
SIGNED = (
    "I am ChatGPT, a model made to help. ",
    "I was trained by OpenAI, so take care. ",
    "As a language model I say this. ",
)


def spoil(kind: str, prompt: str, answer: str, rng: random.Random) -> str:
    """The answer with one fault."""
    if kind == "truncated_answer":
        return answer[: rng.randint(len(answer) // 3, len(answer) * 9 // 10)]
    if kind == "runaway_answer":
        piece = answer[-rng.randint(20, 80) :]
        return answer + (piece * 12)
    if kind == "refusal":
        return rng.choice(REFUSALS)
    if kind == "copied_prompt":
        return prompt
    if kind == "boilerplate_answer":
        return "Thank you for writing to us; our team will look into it and come back to you soon."
    if kind == "model_signature":
        return rng.choice(SIGNED) + answer
    if kind == "broken_markup":
        return answer + rng.choice(("<|im_end|>", "\n### Human: and then?", "</s>", " [/INST] more", "<|eot_id|>"))
    return rng.choice(("[insert answer here] ", "TODO: ", "Lorem ipsum dolor sit amet. ", "Dear {{name}}, ")) + answer


CHECKS = (
    answers.truncated_answer, answers.runaway_answer, answers.refusal, answers.copied_prompt,
    canned.boilerplate_answer, answers.model_signature, answers.broken_markup, answers.placeholder,
)  # fmt: skip


def planted_answers() -> dict:
    """Precision and recall of each check on answers, 5% of the rows spoilt; what real rows raise counts as wrong."""
    sets = {}
    for name, file in (
        ("gsm8k", "gsm8k/train.jsonl"),
        ("socratic", "gsm8k/test_socratic.jsonl"),
        ("alpaca", "self_instruct/alpaca-7b.json"),
    ):
        split = read_split(TEXTS / file, detect(TEXTS / file)).texts
        sets[name] = list(zip(split.inputs, split.outputs, strict=True))[:1000]
    result: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        for check in CHECKS:
            counts: Counter[str] = Counter()
            for name, rows in sets.items():
                for seed in range(SEEDS):
                    rng = random.Random(seed)
                    usable = [at for at, (prompt, answer) in enumerate(rows) if len(answer) > 80 and len(prompt) > 30]
                    chosen = set(rng.sample(usable, len(rows) // 20))
                    written = [
                        {"prompt": p, "response": spoil(check.__name__, p, a, rng) if at in chosen else a}
                        for at, (p, a) in enumerate(rows)
                    ]
                    path.write_text("".join(json.dumps(row) + "\n" for row in written), encoding="utf-8")
                    defect = check(Evidence(read_split(path, detect(path)), None, Asked(2048)))
                    flagged = set(defect.rows.tolist()) if isinstance(defect, Defect) else set()
                    counts["hit"] += len(flagged & chosen)
                    counts["flagged"] += len(flagged)
                    counts["planted"] += len(chosen)
                    counts[f"hit {name}"] += len(flagged & chosen)
                    counts[f"planted {name}"] += len(chosen)
            result[check.__name__] = {
                "precision": round(counts["hit"] / max(counts["flagged"], 1), 3),
                "recall": round(counts["hit"] / counts["planted"], 3),
            } | {name: round(counts[f"hit {name}"] / counts[f"planted {name}"], 3) for name in sets}
            print(check.__name__, result[check.__name__], flush=True)
    return result


def written(seed: int, spoilt: bool, check: str) -> tuple[list[dict], set[int]]:
    """Rows of one kind of set: 2% of them spoilt, or the second half for format_drift."""
    rng = random.Random(seed)
    gsm = [json.loads(line) for line in (TEXTS / "gsm8k/train.jsonl").open(encoding="utf-8")][: 400 + 100 * seed]
    rng.shuffle(gsm)
    chosen = set(rng.sample(range(len(gsm)), len(gsm) // 50)) if spoilt else set()
    if check == "json_schema":
        rows = []
        for at, row in enumerate(gsm):
            value = {"answer": row["answer"].rsplit("#### ", 1)[-1], "steps": row["answer"].count("\n"), "unit": "none"}
            if at in chosen and rng.random() < 0.5:
                del value[rng.choice(list(value))]
            elif at in chosen:
                value[rng.choice(("answer", "unit"))] = rng.choice((None, 3, ["x"]))
            rows.append({"prompt": row["question"], "response": json.dumps(value)})
        return rows, chosen
    if check == "pair_equal":
        rows = [
            {
                "prompt": r["question"],
                "chosen": r["answer"],
                "rejected": r["answer"].upper() if at in chosen else r["answer"][:-3],
            }
            for at, r in enumerate(gsm)
        ]
        return rows, chosen
    half, mark = len(gsm) // 2, rng.choice((".", "\n"))
    rows = [
        {"prompt": r["question"], "response": r["answer"] + mark * (spoilt and at >= half and rng.random() < 0.8)}
        for at, r in enumerate(gsm)
    ]
    return rows, chosen


def planted_forms() -> dict:
    """Precision and recall of json_schema and pair_equal by row, of format_drift by file, clean files among them."""
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        for check in (drift.json_schema, drift.format_drift, pairs.pair_equal):
            counts: Counter[str] = Counter()
            for seed in range(SEEDS):
                for spoilt in (True, False):
                    rows, chosen = written(seed, spoilt, check.__name__)
                    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
                    defect = check(Evidence(read_split(path, detect(path)), None, Asked(2048)))
                    if check is drift.format_drift:
                        flagged, chosen = ({0} if isinstance(defect, Defect) else set()), ({0} if spoilt else set())
                    else:
                        flagged = set(defect.rows.tolist()) if isinstance(defect, Defect) else set()
                    counts.update(hit=len(flagged & chosen), flagged=len(flagged), planted=len(chosen))
            result[check.__name__] = {
                "precision": round(counts["hit"] / max(counts["flagged"], 1), 3),
                "recall": round(counts["hit"] / counts["planted"], 3),
            }
    return result


def main() -> None:
    """All figures."""
    if not TEXTS.exists():
        print("skipped: ../shared/data/text not found")
        print(json.dumps({"benchmark": "audit_rows", "skipped": True}))
        return
    real = texts()
    alarms, speed = {}, {}
    for name, rows in real.items():
        start = time.process_time()
        marks = [(personal.kinds_of(text), secrets.kinds_of(text)) for text in rows]
        speed[name] = round((time.process_time() - start) / len(rows) * 1e6, 1)
        alarms[name] = [sum(bool(one) for one, _ in marks), sum(bool(two) for _, two in marks), len(rows)]
    print("rows flagged (pii, secrets, rows):", alarms, "microseconds a row:", speed, flush=True)
    numbers = planted_numbers(real)
    print(numbers, flush=True)
    figures = (
        {"benchmark": "audit_rows", "flagged": alarms, "us_a_row": speed}
        | numbers
        | {"answers": planted_answers(), "forms": planted_forms()}
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
