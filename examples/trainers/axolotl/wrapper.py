"""Trains a run of tunecase's with axolotl: python wrapper.py AXOLOTL_BIN_FOLDER run.json"""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from tunecase.pilot.trainers import answering, contract, translate

ADAPTER = "adapter"


def main(tools: Path, run_path: Path) -> int:
    """Writes axolotl's files, trains, reads its log and answers; returns the exit code of what failed, or 0."""
    run, folder = contract.read_run(run_path), run_path.parent
    if not run["model"]:
        sys.exit("no model is named; say --model with a name on the hub or a folder")
    write_rows(run, folder, end_of_answer(tools, run["model"]))
    config = axolotl_config(run, data="axolotl.jsonl", output=ADAPTER) | run["options"].get("axolotl", {})
    (folder / "axolotl.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    gpus = str(max(1, run["settings"]["gpus"]))
    train = [tools / "axolotl", "train", "axolotl.yml", "--launcher", "accelerate", "--", "--num_processes", gpus]
    code = subprocess.run(train, cwd=folder, check=False).returncode
    if code:
        return code
    for state in sorted((folder / ADAPTER).glob("checkpoint-*/trainer_state.json"))[-1:]:
        history = json.loads(state.read_text(encoding="utf-8"))["log_history"]
        for line in translate.metrics_of_state(history):
            contract.append_metrics(folder, line)
    answer = [tools / "python", answering.__file__, run_path, ADAPTER]
    return subprocess.run(answer, cwd=folder, check=False).returncode


def axolotl_config(run: dict, *, data: str, output: str) -> dict:
    """The content of axolotl's YAML file.

    Args:
        run: run.json.
        data: a JSON lines file of `segments`, the prompt without and the completion with label.
        output: the folder for the adapter.
    """
    settings = run["settings"]
    found: dict = {
        "base_model": run["model"],
        "datasets": [{"path": data, "ds_type": "json", "type": "input_output"}],
        "dataset_prepared_path": f"{output}-prepared",
        "val_set_size": 0,
        "output_dir": output,
        "train_on_inputs": False,
        "sequence_len": settings["sequence_tokens"],
        "sample_packing": False,
        "micro_batch_size": translate.share_of_batch(settings),
        "gradient_accumulation_steps": 1,
        "max_steps": settings["steps"],
        "learning_rate": settings["learning_rate"],
        "optimizer": "adamw_torch",
        "lr_scheduler": "linear",
        "warmup_steps": translate.warm_up(settings),
        "weight_decay": 0.0,
        "seed": run["seed"],
        "logging_steps": max(1, settings["steps"] // 20),
        # One checkpoint at the end, for the log that lies in it.
        "save_strategy": "steps",
        "save_steps": settings["steps"],
        "save_only_model": True,
        "gradient_checkpointing": True,
        "bf16": {"auto": "auto", "bf16": True}.get(settings["precision"], False),
        "fp16": settings["precision"] == "fp16",
    }
    if settings["method"] != "full":
        found |= {
            "adapter": settings["method"],
            "load_in_4bit": settings["method"] == "qlora",
            "lora_r": settings["rank"],
            "lora_alpha": 2 * settings["rank"],
            "lora_dropout": 0.0,
            "lora_target_linear": True,
        }
    return found | sharding_config(settings["sharding"])


def sharding_config(sharding: str) -> dict:
    """The part of it that says how several GPUs share the work."""
    if sharding == "fsdp":
        config = {
            "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "reshard_after_forward": True,
            "state_dict_type": "FULL_STATE_DICT",
            "activation_checkpointing": True,
        }
        # With FSDP2 the activations are checkpointed there, and only there.
        return {"fsdp_version": 2, "fsdp_config": config, "gradient_checkpointing": False}
    if sharding in ("zero2", "zero3"):
        return {"deepspeed": translate.deepspeed_config(int(sharding[-1]))}
    return {}


def end_of_answer(tools: Path, model: str) -> str:
    """The text of the model's last token, which axolotl leaves to the rows of this type."""
    ask = "import sys, transformers; print(transformers.AutoTokenizer.from_pretrained(sys.argv[1]).eos_token, end='')"
    return subprocess.run([tools / "python", "-c", ask, model], check=True, capture_output=True, text=True).stdout


def write_rows(run: dict, folder: Path, end: str) -> None:
    """Rows as axolotl's type input_output has them: segments of text, each to be learnt or not."""
    prompts, completions = contract.read_rows(folder / run["train"])
    layout = run["layout"]
    with (folder / "axolotl.jsonl").open("w", encoding="utf-8") as file:
        for prompt, completion in zip(prompts, completions, strict=True):
            asked = {"label": False, "text": layout["before"] + prompt.strip() + layout["after"]}
            wanted = {"label": True, "text": layout["lead"] + completion + end}
            file.write(json.dumps({"segments": [asked, wanted]}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).expanduser(), Path(sys.argv[2])))
