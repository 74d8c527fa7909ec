"""The wrappers in examples/trainers, run against programs that write what the wrapped tools write.

The tools themselves want GPUs and environments of their own, so what is tested is the way there and back.
"""

import json
import runpy
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.pilot.trainers.outside import TASK, settings
from tests.pilot.trainers.tiny import save_tiny_model
from tunecase.pilot.trainers import command, translate
from tunecase.pilot.trainers.task import Result, Setting

TOOLS = ("axolotl", "llama-factory", "unsloth")
EXAMPLES = Path(__file__).parents[3] / "examples" / "trainers"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stand-ins are POSIX scripts")

AXOLOTL = """
import json, pathlib, shutil, sys, yaml
assert sys.argv[1:] == ["train", "axolotl.yml", "--launcher", "accelerate", "--", "--num_processes", "1"], sys.argv
config = yaml.safe_load(open("axolotl.yml"))
rows = [json.loads(line) for line in open(config["datasets"][0]["path"])]
assert len(rows) == 4
assert [part["label"] for part in rows[0]["segments"]] == [False, True]
assert [part["text"] for part in rows[0]["segments"]] == ["Text: lost card\\nClass:", " card<end>"], rows[0]
shutil.copytree(config["base_model"], config["output_dir"])
state = pathlib.Path(config["output_dir"], "checkpoint-" + str(config["max_steps"]))
state.mkdir()
history = [{"step": 5, "loss": 0.75, "num_tokens": 640}, {"step": 10, "train_runtime": 4.0}]
(state / "trainer_state.json").write_text(json.dumps({"log_history": history}))
"""

LLAMA_FACTORY = """
import json, pathlib, sys, yaml
config = yaml.safe_load(open(sys.argv[2]))
sets = json.load(open("dataset_info.json"))
folder = pathlib.Path(config["output_dir"])
folder.mkdir()
if config.get("do_train"):
    rows = [json.loads(line) for line in open(sets[config["dataset"]]["file_name"])]
    assert list(rows[0]) == list(sets[config["dataset"]]["columns"].values())
    history = [{"step": 10, "loss": 0.5, "num_input_tokens_seen": 900}]
    (folder / "trainer_state.json").write_text(json.dumps({"log_history": history}))
else:
    rows = [json.loads(line) for line in open(sets[config["eval_dataset"]]["file_name"])]
    said = [" card", "money, I think", "nothing"]
    lines = [{"prompt": r["prompt"], "predict": p, "label": r["completion"]} for r, p in zip(rows, said)]
    (folder / "generated_predictions.jsonl").write_text("".join(json.dumps(line) + "\\n" for line in lines))
"""

UNSLOTH = {
    "unsloth": """
class FastLanguageModel:
    def from_pretrained(model_name, max_seq_length, load_in_4bit, full_finetuning, random_state):
        return model_name, "tokenizer"
    def get_peft_model(model, r, lora_alpha, lora_dropout, bias, use_gradient_checkpointing, random_state):
        assert (r, lora_alpha) == (16, 32)
        return model
""",
    "datasets": """
class Dataset:
    def from_list(rows):
        assert rows[0] == {"prompt": "Text: lost card\\nClass:", "completion": " card"}, rows[0]
        return rows
""",
    "trl": """
import shutil
from types import SimpleNamespace
class SFTConfig(dict):
    pass
class SFTTrainer:
    def __init__(self, model, processing_class, train_dataset, args):
        self.model, self.args = model, args
    def train(self):
        self.state = SimpleNamespace(log_history=[{"step": self.args["max_steps"], "loss": 0.25, "num_tokens": 77}])
    def save_model(self, folder):
        shutil.copytree(self.model, folder)
""",
}


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrappers import the tunecase under test."""
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parents[1] / "src"))


def executable(path: Path, text: str) -> Path:
    """Writes a script that may be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def python_in(folder: Path, before: str = "") -> Path:
    """A `python` of an environment of its own: this one, with modules put before others."""
    return executable(folder / "python", f'#!/bin/sh\nPYTHONPATH={before} exec {sys.executable} "$@"\n')


def trained(tool: str, tools: Path, model: str, **others: Setting) -> Result:
    """The result of a wrapper on the small task."""
    words = [sys.executable, str(EXAMPLES / tool / "wrapper.py"), str(tools)]
    return command.train(replace(TASK, model=model, settings=settings(words, steps=10, **others)))


RUN: dict[str, Any] = {
    "model": "some/model", "seed": 7, "choices": list(TASK.choices), "settings": {**translate.LEARNING, "steps": 120},
    "options": {},
}  # fmt: skip


def run(**others: Setting) -> dict[str, Any]:
    """A run.json with other settings."""
    return {**RUN, "settings": {**RUN["settings"], **others}}


def wrapper(tool: str) -> Any:
    """The wrapper of a tool as a module."""
    return SimpleNamespace(**runpy.run_path(str(EXAMPLES / tool / "wrapper.py")))


def test_axolotl_names() -> None:
    """The configuration of a LoRA run, field by field as axolotl 0.21 names them."""
    found = wrapper("axolotl").axolotl_config(run(gpus=2), data="data.jsonl", output="out")
    assert {"path": "data.jsonl", "ds_type": "json", "type": "input_output"} == found["datasets"][0]
    wanted = {
        "base_model": "some/model", "adapter": "lora", "load_in_4bit": False, "lora_r": 16, "lora_alpha": 32,
        "lora_target_linear": True, "micro_batch_size": 4, "max_steps": 120, "learning_rate": 2e-4, "seed": 7,
        "sequence_len": 1024, "train_on_inputs": False, "sample_packing": False, "output_dir": "out", "bf16": "auto",
    }  # fmt: skip
    assert wanted == {name: found[name] for name in wanted}
    assert "adapter" not in wrapper("axolotl").axolotl_config(run(method="full"), data="d", output="o")
    sharded = wrapper("axolotl").axolotl_config(run(sharding="fsdp"), data="d", output="o")
    assert (2, False, True) == (
        sharded["fsdp_version"], sharded["gradient_checkpointing"], sharded["fsdp_config"]["activation_checkpointing"],
    )  # fmt: skip
    zero = wrapper("axolotl").axolotl_config(run(sharding="zero3"), data="d", output="o")["deepspeed"]
    assert 3 == zero["zero_optimization"]["stage"]


def test_llama_factory_names() -> None:
    """The configurations of training and of answering, as LLaMA-Factory 0.9.5 names them."""
    asked = {**run(method="qlora", precision="fp16"), "options": {"template": "qwen3"}}
    found = wrapper("llama-factory").training_config(asked, data_folder=".", output="out")
    wanted = {
        "model_name_or_path": "some/model", "stage": "sft", "finetuning_type": "lora", "quantization_bit": 4,
        "template": "qwen3", "lora_rank": 16, "lora_alpha": 32, "lora_target": "all", "cutoff_len": 1024,
        "dataset": "tunecase_train", "max_steps": 120, "fp16": True, "bf16": False, "trust_remote_code": False,
    }  # fmt: skip
    assert wanted == {name: found[name] for name in wanted}
    answers = wrapper("llama-factory").answers_config(asked, data_folder=".", output="answers", adapter="out")
    assert ("tunecase_test", "out", False) == (
        answers["eval_dataset"], answers["adapter_name_or_path"], answers["do_sample"],
    )  # fmt: skip
    whole = wrapper("llama-factory").answers_config(
        run(method="full"), data_folder=".", output="answers", adapter="out"
    )
    assert ("out", "full") == (whole["model_name_or_path"], whole["finetuning_type"])


def test_unsloth_names() -> None:
    """Arguments of the three calls, on one GPU, with Unsloth's own checkpoints of activations."""
    found = wrapper("unsloth").unsloth_arguments(run(method="qlora", depth=8, precision="bf16"), output="out")
    assert ("some/model", True, False) == tuple(
        found["load"][name] for name in ("model_name", "load_in_4bit", "full_finetuning")
    )
    assert (16, 32, 8, "unsloth") == tuple(
        found["adapt"][name] for name in ("r", "lora_alpha", "finetune_last_n_layers", "use_gradient_checkpointing")
    )
    assert (8, False, True) == tuple(
        found["train"][name] for name in ("per_device_train_batch_size", "gradient_checkpointing", "bf16")
    )


@pytest.mark.slow
def test_axolotl(tmp_path: Path) -> None:
    """Rows and configuration go there, the log and the adapter's answers come back."""
    tools, model = tmp_path / "bin", save_tiny_model(tmp_path / "tiny")
    python_in(tools)
    executable(tools / "axolotl", f"#!{sys.executable}\n{AXOLOTL}")
    found = trained("axolotl", tools, str(model))
    assert ("", 10, 640, 0.75) == (found.failed, found.steps, found.train_tokens, found.train_loss)
    assert set(found.predictions or ()) <= set(TASK.choices)
    assert found.confidences is not None
    executable(tools / "axolotl", f"#!{sys.executable}\nraise ValueError('no such option')")
    assert "exit code 1: ValueError: no such option" == trained("axolotl", tools, str(model)).failed


@pytest.mark.slow
def test_llama_factory(tmp_path: Path) -> None:
    """It trains and answers in two calls; an answer that begins with a class is that class."""
    executable(tmp_path / "bin" / "llamafactory-cli", f"#!{sys.executable}\n{LLAMA_FACTORY}")
    found = trained("llama-factory", tmp_path / "bin", "some/model", options=json.dumps({"template": "qwen3"}))
    assert ("", ("card", "money", "nothing")) == (found.failed, found.predictions)
    assert (10, 900, 0.5, 2) == (found.steps, found.train_tokens, found.train_loss, found.correct)
    assert found.answer_s is not None
    executable(tmp_path / "bin" / "llamafactory-cli", "#!/bin/sh\necho 'CUDA out of memory' >&2; exit 1")
    assert "out of memory" in trained("llama-factory", tmp_path / "bin", "some/model").failed


@pytest.mark.slow
def test_unsloth(tmp_path: Path) -> None:
    """Arguments go to Unsloth's own environment, the log and the answers come back."""
    write_modules(tmp_path / "site", UNSLOTH)
    python = python_in(tmp_path / "bin", str(tmp_path / "site"))
    found = trained("unsloth", python, str(save_tiny_model(tmp_path / "tiny")))
    assert ("", 10, 77, 0.25) == (found.failed, found.steps, found.train_tokens, found.train_loss)
    assert set(found.predictions or ()) <= set(TASK.choices)


def write_modules(folder: Path, modules: Mapping[str, str]) -> None:
    """Writes modules into a folder."""
    folder.mkdir()
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


def test_the_shortest_trainer_of_the_readme(tmp_path: Path) -> None:
    """The script in the examples' README is a trainer as it stands."""
    code = (EXAMPLES / "README.md").read_text().split("```python\n")[1].split("```")[0]
    (tmp_path / "most_common.py").write_text(code)
    words = [sys.executable, str(tmp_path / "most_common.py")]
    found = command.train(replace(TASK, labels=("money", "money", "card", "money"), settings=settings(words)))
    assert ("", ("money",) * 3, 1) == (found.failed, found.predictions, found.correct)


@pytest.mark.slow
def test_a_tool_that_is_not_there(tmp_path: Path) -> None:
    """A wrapper whose tool is missing, or to which no model is named, fails its run with that reason."""
    reasons = [trained(tool, tmp_path / "nowhere", "some/model").failed for tool in TOOLS]
    assert [] == [reason for reason in reasons if not ("FileNotFoundError" in reason and "nowhere" in reason)]
    reasons = [trained(tool, tmp_path / "nowhere", command.MODEL).failed for tool in TOOLS]
    assert [] == [reason for reason in reasons if "no model is named" not in reason]
