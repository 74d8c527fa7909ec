"""The regression list: inputs that other tools let pass or choke on, one test for each, through the real command line.

Where the answer must be no, the exit code is 1 (the answer is no) or 2 (the input cannot be read as asked).
"""

import json
import math
import os
import random
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.command import Ran, tunecase
from tests.making import case_folder, tickets, write_jsonl
from tunecase import training_run

SRC = Path(__file__).parents[1] / "src"
MODEL = "llama-3.1-8b"


def flat(ran: Ran) -> str:
    """What was printed, on one line."""
    return " ".join((ran.out + ran.err).split())


def says(ran: Ran, code: int, *words: str) -> None:
    """The exit code, the words, and no traceback."""
    assert code == ran.code, ran.out + ran.err
    assert "Traceback" not in ran.out + ran.err
    for word in words:
        assert word in flat(ran), word


def rules(ran: Ran) -> dict[str, dict[str, object]]:
    """The criteria of `define --json` by their id."""
    return {rule["id"]: rule for rule in ran.json["criteria"]}


def judged(path: Path, code: int) -> dict[str, dict[str, object]]:
    """The criteria of a case, whose `define` must end with this code."""
    ran = tunecase("define", "--json", "--project", path)
    assert code == ran.code, ran.out + ran.err
    return rules(ran)


def small(folder: Path, **changes: str) -> Path:
    """A case of few rows."""
    return case_folder(folder, train_rows=60, test_rows=40, **changes)


def test_a_goal_without_a_metric_is_asked_for_one(tmp_path: Path) -> None:
    """A wish is no goal: metric and target are asked for, and nothing is advised."""
    rule = judged(small(tmp_path, metric="  goal: make it better", target=""), 0)["P1"]
    assert ("unknown", "stop", True) == (rule["status"], rule["severity"], "problem.target: 92%" in str(rule["fix"]))


def test_a_changing_price_list_asks_for_retrieval(tmp_path: Path) -> None:
    """Answers that hold figures which the input lacks get retrieval first, and the staleness date is asked for."""
    path = case_folder(tmp_path, metric="  metric: exact_match", criteria="  task: generation")
    rows = [
        {"prompt": f"what does lamp {k} cost", "completion": f"it costs {17 * k + 10}.50 crowns"} for k in range(100)
    ]
    write_jsonl(tmp_path / "train.jsonl", rows[:60])
    write_jsonl(tmp_path / "test.jsonl", rows[60:])
    found = judged(path, 0)
    assert ("fail", "warn") == (found["P10"]["status"], found["P10"]["severity"])
    assert "retrieval first" in str(found["P10"]["fix"])
    assert ("unknown", True) == (found["P18"]["status"], "problem.stale_after" in str(found["P18"]["fix"]))


def test_three_rows_the_same_pair_thrice(tmp_path: Path) -> None:
    """Three copies of one pair are one row: refused, with the price of more, and the audit names the copies."""
    path = small(tmp_path)
    write_jsonl(tmp_path / "train.jsonl", [{"text": "where is my parcel", "label": "red"}] * 3)
    rule = judged(path, 1)["D1"]
    assert ("fail", "stop", "3 rows, 1 different") == (rule["status"], rule["severity"], rule["got"])
    assert rule["price"]
    says(tunecase("audit", "--project", path), 1, "Too little to say")


@pytest.mark.slow
def test_random_sentences_on_texts_of_their_own(tmp_path: Path) -> None:
    """Random labels written as long sentences on texts that all differ carry no signal either."""
    path = case_folder(tmp_path)
    for part, rows in (("train", tickets(300, 4, shuffled=True)), ("test", tickets(200, 5, shuffled=True))):
        named = [
            {**row, "label": f"Please hand this on to those who look after {row['label']} things."} for row in rows
        ]
        write_jsonl(tmp_path / f"{part}.jsonl", named)
    says(tunecase("define", "--full", "--project", path), 1, "failed signal in the inputs (S1)")


@pytest.mark.slow
def test_random_labels_end_at_the_pilots_gate(tmp_path: Path) -> None:
    """Random labels on texts that all differ give a flat pilot: the forecast promises nothing."""
    path = case_folder(tmp_path)
    write_jsonl(tmp_path / "train.jsonl", tickets(240, 4, shuffled=True))
    write_jsonl(tmp_path / "test.jsonl", tickets(200, 5, shuffled=True))
    assert 0 == tunecase("pilot", "--sizes", "30,60,120", "--draws", "1", "--yes", "--project", path).code
    ran = tunecase("forecast", "--json", "--project", path)
    assert ran.json["verdict"] in ("pilot uninformative", "not achievable within n_max", "not a pilot yet")
    says(tunecase("define", "--full", "--project", path), 1, "failed signal in the inputs (S1)")


def test_random_one_word_labels_on_short_prompts(tmp_path: Path) -> None:
    """20 short prompts with random one-word labels contradict; nobody complains that the labels are short."""
    rng = random.Random(5)
    path = small(tmp_path)
    rows = [{"text": f"prompt {k % 10}", "label": rng.choice(["red", "blue"])} for k in range(20)]
    write_jsonl(tmp_path / "train.jsonl", rows)
    found = judged(path, 1)
    assert ("fail", "stop") == (found["D5"]["status"], found["D5"]["severity"])
    said = str([rule["reason"] for rule in found.values()])
    assert not any(word in said for word in ("one word", "too short", "teaches nothing", "label length"))


@pytest.mark.slow
def test_a_stated_target_is_judged(tmp_path: Path) -> None:
    """A target of 95% is held against the ceiling and the test set, not passed over."""
    path = case_folder(tmp_path, target="  target: 95%", second_label="  second_label: second")
    rows = [
        {**row, "second": row["label"] if k % 5 else "red" if row["label"] != "red" else "blue"}
        for k, row in enumerate(tickets(200, 2))
    ]
    write_jsonl(tmp_path / "test.jsonl", rows)
    found = judged(path, 1)
    assert ("fail", "stop") == (found["P6"]["status"], found["P6"]["severity"])
    assert "no model can honestly score 95%" in str(found["P6"]["reason"])
    assert "you asked for" in str(found["P7"]["reason"])


def test_forty_rows_and_a_test_of_four(tmp_path: Path) -> None:
    """Four test rows of forty prove nothing: the size needed and its price are named."""
    path = case_folder(tmp_path, train_rows=36, test_rows=4)
    rule = judged(path, 1)["P7"]
    assert ("fail", "stop") == (rule["status"], rule["severity"])
    for word in ("no gain can ever be shown", "p = 0.125", "you need", "more cost", "USD"):
        assert word in str(rule["reason"])


@pytest.mark.slow
def test_labels_written_as_sentences_change_nothing(tmp_path: Path) -> None:
    """The same task with labels written as sentences gets the same verdict, rule by rule."""
    outcomes = []
    for name, form in (("words", "{}"), ("sentences", "Please hand this on to the people who look after {} things.")):
        # A value far from break-even: near it a few tokens more would turn a rule.
        path = small(tmp_path / name, value="  value: 4.00 USD per correct")
        for part, rows in (("train", tickets(60, 1)), ("test", tickets(40, 2))):
            named = [{**row, "label": form.format(row["label"])} for row in rows]
            write_jsonl(tmp_path / name / f"{part}.jsonl", named)
        ran = tunecase("define", "--json", "--project", path)
        outcomes.append((ran.code, ran.json["verdict"], [(r["id"], r["status"]) for r in ran.json["criteria"]]))
    assert outcomes[0] == outcomes[1]


def test_a_slow_card_is_slow_and_not_a_cliff() -> None:
    """A V100 is slower than an A100 by its arithmetic, some times and not hundreds, and the reason is told."""
    hours = {}
    for gpu in ("V100-32GB", "A100-80GB"):
        found = training_run(MODEL, gpu, 1, tokens="5M", method="qlora", today=date(2026, 11, 24))
        hours[gpu] = found.placed.hours.mid
    assert 1 < hours["V100-32GB"] / hours["A100-80GB"] < 12
    ran = tunecase("fit", MODEL, "--gpu", "V100-32GB", "--tokens", "5M", "--full")
    says(ran, 0, "has no bf16: fp16 with loss scaling")


@pytest.mark.slow
def test_spot_counts_interruptions() -> None:
    """A spot price comes with interruptions, restarts and a range of hours, never as a plain discount."""
    asked = ("fit", MODEL, "--gpu", "H100", "--gpus", "1", "--tokens", "500M")
    spot, plain = tunecase(*asked, "--spot", "--full"), tunecase(*asked)
    says(spot, 0, "interruptions per machine and hour", "restart")
    on_spot, rented = (tunecase(*asked, *more, "--json").json["placed"]["hours"] for more in (("--spot",), ()))
    assert on_spot["mid"] > rented["mid"]
    assert on_spot["low"] < on_spot["high"]
    says(plain, 0, "interruptions counted")


def test_old_prices_are_marked_and_widened(tmp_path: Path) -> None:
    """Prices two years old are called old and get a wider range than the same prices when they were new."""
    path = case_folder(tmp_path, train="  rows: 2k", test="", source="")
    bands = []
    for today in ("2025-10-01", "2027-07-01"):
        found = tunecase("estimate", "--json", "--today", today, "--project", path).json
        bands.append(found["usd_per_gpu_hour"]["p90"] / found["usd_per_gpu_hour"]["p10"])
    assert bands[1] > 1.3 * bands[0]
    assert "older than 180 days" in " ".join(map(str, found["price_dates"] + found["assumptions"]))


def test_a_run_without_data_is_a_question_not_a_sum(tmp_path: Path) -> None:
    """Asked for a run without rows or tokens, fit asks how many; a project without data is refused."""
    ran = tunecase("fit", MODEL, "--gpu", "H100", "--json")
    assert (0, None) == (ran.code, ran.json["placed"]["usd"])
    says(tunecase("fit", MODEL, "--gpu", "H100"), 0, "give --tokens, or --examples and --epochs")
    (tmp_path / "tunecase.yaml").write_text("name: nothing\n", encoding="utf-8")
    says(tunecase("estimate", "--project", tmp_path / "tunecase.yaml"), 2, "data")


OFFLINE = """
import importlib.abc, socket, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("torch is not installed")
sys.meta_path.insert(0, Absent())
def refuse(*given, **more):
    raise OSError("no network here")
socket.getaddrinfo = socket.create_connection = refuse
socket.socket.connect = refuse
from tunecase import cli
sys.argv = ["tunecase", *sys.argv[1:]]
cli.main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["define", "estimate"])
def test_planning_needs_no_network_and_no_torch(tmp_path: Path, verb: str) -> None:
    """With the network refused and torch not installed the plan is made all the same."""
    path = case_folder(tmp_path)
    words = [sys.executable, "-c", OFFLINE, verb, "--json", "--quiet", "--project", str(path)]
    ran = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(SRC)}, check=False)
    assert (0, "") == (ran.returncode, ran.stderr)
    assert json.loads(ran.stdout)["currency"] == "USD"


AXOLOTL = """\
base_model: meta-llama/Llama-3.1-8B
adapter: qlora
lora_r: 16
sequence_len: 2048
micro_batch_size: 2
gradient_accumulation_steps: 4
load_in_4bit: true
"""


def test_a_model_is_quantised_once(tmp_path: Path) -> None:
    """QLoRA beside a second quantisation is a contradiction that is named, or counted once and said so."""
    both = tmp_path / "both.yaml"
    both.write_text(AXOLOTL + "load_in_8bit: true\nmax_steps: 100\n", encoding="utf-8")
    says(tunecase("fit", both, "--gpu", "H100"), 2, "load_in_4bit and load_in_8bit both true", "one of them")
    says(tunecase("fit", MODEL, "--method", "qlora", "--precision", "int4"), 2, "precision", "int4")
    twice = tmp_path / "twice.yaml"
    twice.write_text(AXOLOTL + "gptq: true\nmax_steps: 100\n", encoding="utf-8")
    says(tunecase("fit", twice, "--gpu", "H100", "--gpus", "1"), 0, "a GPTQ base is counted as an NF4 one")
    memory = [
        training_run(MODEL, "H100", 1, method="qlora", sequence_tokens=length, micro_batch=1).placed
        for length in (64, 128)
    ]
    # 8.03e9 parameters in 4 bits with their scales alone are above 4 GB; embeddings stay in 16 bit.
    assert all(one is not None and one.memory_gib.mid > 4.5 for one in memory)


@pytest.mark.slow
def test_a_batch_of_two_million_tokens_shows_its_layers(tmp_path: Path) -> None:
    """64 rows of 32,768 tokens do not fit: the term of every layer's inputs is shown, and ways out are named."""
    ran = tunecase(
        "fit",
        MODEL,
        "--gpu",
        "A100-80GB",
        "--gpus",
        "1",
        "--method",
        "lora",
        "--batch",
        "64",
        "--seq",
        "32768",
        "--explain",
    )
    says(ran, 1, "does not fit", "kept layer inputs 512", "Remedy 1", "logits")
    # 64 x 32,768 tokens x 4,096 x 2 bytes x 32 layers = 512 GiB
    assert 512 == 64 * 32_768 * 4_096 * 2 * 32 / 2**30


def test_a_cap_on_steps_is_told_as_coverage(tmp_path: Path) -> None:
    """A cap of 500 steps is told as the share of the rows that it would read."""
    capped = tmp_path / "capped.yaml"
    capped.write_text(AXOLOTL + "max_steps: 500\n", encoding="utf-8")
    ran = tunecase("fit", capped, "--gpu", "H100", "--gpus", "1", "--examples", "10000")
    says(ran, 0, "500 steps of capped.yaml", "8 samples a step on 1 card would read 40% of the 10,000 examples")
    more = tunecase("fit", capped, "--gpu", "H100", "--gpus", "1", "--examples", "1000")
    says(more, 0, "would read all 1,000 examples 4 times")


def test_a_script_is_not_read_as_a_configuration(tmp_path: Path) -> None:
    """A short training script says nothing that can be read: it is refused, not answered with a guess."""
    script = tmp_path / "train.py"
    script.write_text("model = load(NAME)\nmodel = get_peft_model(model, LoraConfig(r=16))\n", encoding="utf-8")
    says(tunecase("fit", script, "--gpu", "H100"), 2, "train.py", "a file of another kind", "configuration")


def test_a_small_job_has_a_floor() -> None:
    """500 rows on an 8B model take minutes to start."""
    found = training_run(MODEL, "H100", 1, examples="500", epochs="1", method="lora").placed
    assert found.hours.low > 3 / 60
    assert found.usd.mid > 0.05


@pytest.mark.slow
def test_time_depends_on_model_card_and_tokens() -> None:
    """A larger model, a slower card and more tokens each take longer."""

    def hours(model: str, gpu: str, tokens: str) -> float:
        found = training_run(model, gpu, 1, tokens=tokens, method="qlora").placed
        return found.hours.mid

    usual = hours(MODEL, "A100-80GB", "20M")
    assert hours("meta-llama/Llama-3.1-70B", "A100-80GB", "20M") > 3 * usual
    assert hours(MODEL, "L4", "20M") > 2 * usual
    assert hours(MODEL, "A100-80GB", "200M") > 4 * usual


def test_padding_is_paid_for(tmp_path: Path) -> None:
    """Rows that are padded and not packed cost more time for the same samples.

    Hosted services that bill padded rows are not priced here: this is the rented card's bill.
    """
    lengths = tmp_path / "lengths.csv"
    lengths.write_text("tokens,count\n100,90\n2000,10\n", encoding="utf-8")
    asked = ("fit", MODEL, "--gpu", "H100", "--gpus", "1", "--batch", "4", "--examples", "50000", "--method", "lora")
    hours = [
        tunecase(*asked, "--lengths", lengths, way, "--json").json["placed"]["hours"]["mid"]
        for way in ("--packing", "--padding")
    ]
    assert hours[1] > 1.5 * hours[0]
    assert all(math.isfinite(one) for one in hours)
