"""fit from words and files: configurations, lengths, measured runs and what the ledger keeps of them."""

import json
from pathlib import Path

import pytest

from tests.command import tunecase
from tests.compute.test_pilot_runs import piloted
from tests.projects import TODAY, written
from tunecase import flow
from tunecase.errors import InputError, Problem

AXOLOTL = """base_model: mistralai/Mistral-7B-v0.1
adapter: qlora
load_in_4bit: true
lora_r: 32
lora_target_linear: true
sequence_len: 4096
sample_packing: true
micro_batch_size: 2
gradient_accumulation_steps: 4
num_epochs: 3
bf16: true
gradient_checkpointing: true
datasets: [{path: rows, type: alpaca}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration, a histogram of lengths, and a trainer state."""
    (tmp_path / "axolotl.yaml").write_text(AXOLOTL, encoding="utf-8")
    (tmp_path / "lengths.csv").write_text("tokens,count\n100,500\n900,500\n", encoding="utf-8")
    state = {"global_step": 50, "log_history": [{"train_runtime": 300.0}], "num_input_tokens_seen": 900_000}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    return tmp_path


def test_a_configuration_is_a_question(folder: Path) -> None:
    """What the file says is taken, its epochs times the lengths are the amount, and what is open is searched."""
    asked = flow.FitAsked(str(folder / "axolotl.yaml"), gpus=["H100,L40S"], lengths=folder / "lengths.csv")
    found = flow.fit(asked, today=TODAY)
    setup = dict(found.setup)
    assert ("qlora", "axolotl", "32", "4096", "2") == (
        found.method, setup["framework"], setup["rank"], setup["sequence_tokens"], setup["micro_batch"],
    )  # fmt: skip
    assert 3 * 1000 * 500 == found.train_tokens
    assert any(note.startswith("axolotl.yaml:") for note in found.assumptions)
    assert found.gpu in ("H100", "L40S")


def test_words_go_before_the_file(folder: Path) -> None:
    """An option overrules what the configuration says; a global batch takes the place of its accumulation."""
    words = {"rank": "8", "micro_batch": "1", "global_batch": "32", "train_tokens": "1M"}
    found = flow.fit(flow.FitAsked(str(folder / "axolotl.yaml"), words, ["H100"], ["2"]), today=TODAY)
    setup = dict(found.setup)
    assert ("8", "1", "16") == (setup["rank"], setup["micro_batch"], setup["accumulation"])
    assert 1e6 == found.train_tokens


def test_mistakes_of_files_and_words_come_together(folder: Path) -> None:
    """A wrong card, a missing file and a contradiction of amounts are told at once."""
    words = {"train_tokens": "1M", "epochs": "3"}
    asked = flow.FitAsked(
        str(folder / "axolotl.yaml"), words, ["H1000"], deadline="soon", tier="cheap", lengths=folder / "none.csv"
    )
    with pytest.raises(InputError) as caught:
        flow.fit(asked, today=TODAY)
    assert {"gpu", "epochs", "deadline", "tier", str(folder / "none.csv")} == {p.where for p in caught.value.problems}


def test_a_file_of_no_tool_is_refused(tmp_path: Path) -> None:
    """A YAML that no reader knows says what was looked for."""
    (tmp_path / "x.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(InputError, match="axolotl"):
        flow.fit(flow.FitAsked(str(tmp_path / "x.yaml")), today=TODAY)


def test_a_model_s_own_config_is_a_model(tmp_path: Path) -> None:
    """A config.json of a model is read as a shape, not as a configuration that trains."""
    body = {
        "model_type": "llama", "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4,
        "num_attention_heads": 4, "vocab_size": 1000, "max_position_embeddings": 4096,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(body), encoding="utf-8")
    assert flow.fit(flow.FitAsked(str(tmp_path / "config.json"), gpus=["L4"], counts=["1"]), today=TODAY).ok
    (tmp_path / "config.json").write_text(json.dumps(body | {"num_attention_heads": 3}), encoding="utf-8")
    with pytest.raises(InputError):
        flow.fit(flow.FitAsked(str(tmp_path / "config.json")), today=TODAY)


def test_what_was_measured_is_kept_in_the_ledger(folder: Path, tmp_path: Path) -> None:
    """With a case, the prediction stands beside the measurement in its ledger, from before it learnt from it."""
    written("models: [meta-llama/Llama-3.1-8B]", tmp_path)
    case = flow.open_case(tmp_path / "tunecase.yaml", 0, TODAY)
    words = {"method": "lora", "micro_batch": "1", "checkpointing": "full"}
    asked = flow.FitAsked("llama-3.1-8b", words, ["H100"], ["1"], measured=folder / "trainer_state.json")
    found = flow.fit(asked, 0, TODAY, case)
    kept = next(entry for entry in case.ledger.entries() if entry.verb == "scored")
    assert found.compared == kept.record().pairs
    assert 3_000 == found.compared[0].measured
    assert found.tokens_per_s.mid == pytest.approx(3_000, rel=0.05)


def test_a_measured_run_needs_its_set_up(folder: Path) -> None:
    """Without one card, one count and a micro-batch nobody knows what ran."""
    with pytest.raises(InputError, match="--batch"):
        flow.fit(flow.FitAsked("llama-3.1-8b", measured=folder / "trainer_state.json"), today=TODAY)


def test_a_table_of_runs_teaches_too(folder: Path) -> None:
    """Rows of a CSV move the prediction and are compared with it."""
    rows = "id,model,method,n_gpus,gpu,framework,seq_len,micro_batch,tokens_per_s_per_gpu,precision\n"
    rows += "a,meta-llama/Llama-3.1-8B,lora,1,H100,transformers,2048,1,3000,bfloat16\n"
    (folder / "runs.csv").write_text(rows, encoding="utf-8")
    asked = flow.FitAsked("llama-3.1-8b", {"method": "lora"}, ["H100"], ["1"], measured=folder / "runs.csv")
    assert 1 == len(flow.fit(asked, today=TODAY).compared)


def test_the_command_line_prints_within_80_columns(folder: Path) -> None:
    """No line is wider than 80, and every option of the set-up is taken."""
    ran = tunecase(
        "fit", "llama-3.1-8b", "--method", "full", "--gpu", "H100", "--gpu", "A100-80GB", "--gpus", "8", "--examples",
        "10k", "--epochs", "2", "--lengths", folder / "lengths.csv", "--packing", "--seq", "2k", "--deadline", "6 h",
        "--framework", "axolotl", "--optimizer", "paged_adamw_8bit", "--loss", "fused", "--global-batch", "64",
        "--sharding", "fsdp", "--tier", "neocloud", "--explain",
    )  # fmt: skip
    assert 0 == ran.code
    assert max(map(len, ran.out.splitlines())) <= 80


def test_words_of_libraries_are_read() -> None:
    """What PyTorch and Liger call flash attention and a fused loss is read as such, methods in any case."""
    words = ("fit", "llama-3.1-8b", "--gpu", "H100", "--gpus", "1", "--method", "QLoRA")
    setup = dict(tunecase(*words, "--attention", "sdpa", "--loss", "liger", "--json").json["setup"])
    assert ("qlora", "flash", "fused") == (setup["method"], setup["attention"], setup["loss"])


def test_epochs_of_a_file_go_with_examples_typed(tmp_path: Path) -> None:
    """A file's epochs count where only the number of samples is typed."""
    file = tmp_path / "run.yaml"
    file.write_text("base_model: NousResearch/Meta-Llama-3-8B\nadapter: lora\nlora_r: 8\nnum_epochs: 3\n"
                    "micro_batch_size: 1\ngradient_accumulation_steps: 4\nsequence_len: 1024\nsample_packing: true\n"
                    "datasets:\n  - path: x\n    type: alpaca\n", encoding="utf-8")  # fmt: skip
    ran = tunecase("fit", str(file), "--examples", "1000", "--gpu", "H100", "--gpus", "1", "--json")
    assert 3 * 1000 * 1024 == ran.json["train_tokens"], ran.err


def problems(*words: object, **asked: object) -> list[Problem]:
    """The mistakes of one question."""
    with pytest.raises(InputError) as caught:
        flow.fit(flow.FitAsked(*words, **asked), today=TODAY)  # type: ignore[arg-type]
    return list(caught.value.problems)


def test_what_is_no_model_is_told_as_what_it_is(tmp_path: Path) -> None:
    """A missing file, a file of another kind and an unknown name; no list of all models."""
    (tmp_path / "README.md").write_text("# x\n", encoding="utf-8")
    for name, got in (
        ("nosuch.yaml", "no such file"),
        (str(tmp_path / "README.md"), "a file of another kind"),
        ("gpt-4", "'gpt-4'"),
    ):
        (problem,) = problems(name)
        assert got in problem.got
        assert "Yi-34B" not in problem.fix


def test_contradictions_and_empty_values_are_refused() -> None:
    """Packing and padding at once, empty lists, and a price that fits no one card."""
    cases: list[tuple[dict[str, object], str]] = [
        ({"words": {"packing": "both"}}, "packing"),
        ({"gpus": [","]}, "gpu"),
        ({"counts": [""]}, "gpus"),
        ({"price": "cheap", "gpus": ["H100"]}, "price"),
        ({"price": "1.50"}, "price"),
        ({"price": "1.50", "gpus": ["H100"], "tier": "neocloud"}, "price"),
    ]
    for asked, where in cases:
        assert [where] == [problem.where for problem in problems("llama-2-7b", **asked)]


def test_fields_that_are_not_read_are_told(folder: Path) -> None:
    """A misspelt field is told with the one it resembles, others by name; the doubt about DoRA is always there."""
    text = AXOLOTL + "sequnce_len: 2048\nwandb_project: x\npeft_use_dora: true\n"
    (folder / "axolotl.yaml").write_text(text, encoding="utf-8")
    asked = ("fit", folder / "axolotl.yaml", "--gpu", "H100", "--gpus", "1")
    flat = " ".join(tunecase(*asked, "--full").out.split())
    assert "did you mean sequence_len?" in flat
    assert "neither memory nor time: datasets, wandb_project" in flat
    assert "count the base product twice" in flat


def test_a_price_of_one_s_own_takes_the_place_of_the_table_s() -> None:
    """Dollars are hours times the price given, and the answer says whose price it is."""
    asked = flow.FitAsked(
        "llama-2-7b", {"method": "lora", "train_tokens": "10M"}, ["H100"], ["1"], price="$1.50"
    )  # fmt: skip
    found = flow.fit(asked, today=TODAY)
    assert 1.5 == found.usd_per_gpu_hour.mid
    assert "your own price" == found.placed.price_basis
    assert found.usd.mid == pytest.approx(found.hours.mid * 1.5, rel=0.3)  # failed runs are paid too


def test_a_pilot_on_a_card_teaches(tmp_path: Path) -> None:
    """The case's own pilot on a GPU moves the prediction; its pair is kept once, however often one asks."""
    written("models: [meta-llama/Llama-3.1-8B]", tmp_path)
    case = flow.open_case(tmp_path / "tunecase.yaml", 0, TODAY)
    words = {"method": "lora", "framework": "trl", "rank": 32, "sequence_tokens": 100, "micro_batch": 8,
             "checkpointing": "full"}  # fmt: skip
    asked = flow.FitAsked("llama-3.1-8b", words, ["A100-80GB"], ["1"])
    before = flow.fit(asked, 0, TODAY, case)
    speed = 0.8 * before.tokens_per_s.mid
    case.keep("pilot", piloted(tokens_per_s=speed))
    after = flow.fit(asked, 0, TODAY, case)
    assert () == before.compared
    assert after.tokens_per_s.mid == pytest.approx(speed, rel=0.1)
    assert after.tokens_per_s.high / after.tokens_per_s.low < before.tokens_per_s.high / before.tokens_per_s.low
    flow.fit(asked, 0, TODAY, case)
    assert 1 == sum(entry.verb == "scored" for entry in case.ledger.entries())


def test_sampled_answers_are_told_in_a_screen() -> None:
    """A step by its parts and the memory of both phases, in 24 lines."""
    asked = ("fit", "qwen2.5-1.5b", "--gpu", "H100", "--gpus", "8", "--objective", "grpo", "--steps", "100")
    answer = tunecase(*asked, "--sampler-gpus", "2")
    assert len(answer.out.splitlines()) <= 24
    assert 32 * 8 == tunecase(*asked, "--sampler", "generate", "--json").json["rollout"]["answers"]
