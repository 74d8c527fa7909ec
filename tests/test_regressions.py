"""The regression list: inputs that other tools let pass or choke on, one test for each, through the real command line.

Where the answer must be no, the exit code is 1 (the answer is no) or 2 (the input cannot be read as asked).
"""

import json
import os
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
