"""Trains a run of tunecase's with LLaMA-Factory: python wrapper.py LLAMA_FACTORY_BIN_FOLDER run.json"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

from tunecase.pilot.trainers import contract, translate

ADAPTER, ANSWERS = "adapter", "predictions"


def main(tools: Path, run_path: Path) -> int:
    """Writes LLaMA-Factory's files, trains, reads its log and answers; returns the exit code of what failed, or 0."""
    run, folder = contract.read_run(run_path), run_path.parent
    if not run["model"]:
        sys.exit("no model is named; say --model with a name on the hub or a folder")
    columns = {"prompt": "prompt", "response": "completion"}
    names = {"tunecase_train": run["train"], "tunecase_test": run["test"]}
    sets = {name: {"file_name": file, "columns": columns} for name, file in names.items()}
    (folder / "dataset_info.json").write_text(json.dumps(sets), encoding="utf-8")
    if run["settings"]["sharding"] in ("zero2", "zero3"):
        config = translate.deepspeed_config(int(run["settings"]["sharding"][-1]))
        (folder / "deepspeed.json").write_text(json.dumps(config), encoding="utf-8")
    config = training_config(run, data_folder=".", output=ADAPTER)
    code = call(tools, folder, "train.yaml", config | run["options"].get("llama-factory", {}))
    if code:
        return code
    state = json.loads((folder / ADAPTER / "trainer_state.json").read_text(encoding="utf-8"))
    for line in translate.metrics_of_state(state["log_history"]):
        contract.append_metrics(folder, line)
    started = time.perf_counter()
    asked = answers_config(run, data_folder=".", output=ANSWERS, adapter=ADAPTER)
    code = call(tools, folder, "answer.yaml", asked, gpu="0")
    if code:
        return code
    texts = [json.loads(line)["predict"] for line in (folder / ANSWERS / "generated_predictions.jsonl").open()]
    contract.write_answers(folder, [chosen(text, run["choices"]) for text in texts])
    contract.append_metrics(folder, {"answer_s": time.perf_counter() - started})
    return 0


def training_config(run: dict, *, data_folder: str, output: str) -> dict:
    """The content of LLaMA-Factory's YAML file for training.

    Args:
        run: run.json; `options.template` names the model's template (default: "default").
        data_folder: holds dataset_info.json.
        output: the folder for the adapter.
    """
    settings = run["settings"]
    found: dict = {
        **model_config(run, data_folder),
        "do_train": True,
        "dataset": "tunecase_train",
        "output_dir": output,
        "cutoff_len": settings["sequence_tokens"],
        "packing": False,
        "per_device_train_batch_size": translate.share_of_batch(settings),
        "gradient_accumulation_steps": 1,
        "max_steps": settings["steps"],
        "learning_rate": settings["learning_rate"],
        "lr_scheduler_type": "linear",
        "warmup_steps": translate.warm_up(settings),
        "weight_decay": 0.0,
        "optim": "adamw_torch",
        "seed": run["seed"],
        "logging_steps": max(1, settings["steps"] // 20),
        "save_strategy": "steps",
        "save_steps": settings["steps"],
        "include_num_input_tokens_seen": True,
        "bf16": settings["precision"] in ("auto", "bf16"),
        "fp16": settings["precision"] == "fp16",
    }
    if settings["method"] != "full":
        found |= {"lora_rank": settings["rank"], "lora_alpha": 2 * settings["rank"], "lora_dropout": 0.0}
        found["lora_target"] = "all"
    if settings["sharding"] in ("zero2", "zero3"):
        found["deepspeed"] = "deepspeed.json"
    return found


def answers_config(run: dict, *, data_folder: str, output: str, adapter: str) -> dict:
    """The content of LLaMA-Factory's YAML file for answering the test rows, without sampling."""
    settings = run["settings"]
    found = {
        **model_config(run, data_folder),
        "do_predict": True,
        "predict_with_generate": True,
        "eval_dataset": "tunecase_test",
        "output_dir": output,
        "cutoff_len": settings["sequence_tokens"],
        "per_device_eval_batch_size": translate.share_of_batch(settings),
        "max_new_tokens": settings["answer_tokens"],
        "do_sample": False,
        "bf16": settings["precision"] in ("auto", "bf16"),
        "fp16": settings["precision"] == "fp16",
    }
    return found | (
        {"model_name_or_path": adapter} if settings["method"] == "full" else {"adapter_name_or_path": adapter}
    )


def model_config(run: dict, data_folder: str) -> dict:
    """The part that training and answering share."""
    method = run["settings"]["method"]
    found = {
        "model_name_or_path": run["model"],
        "trust_remote_code": False,
        "stage": "sft",
        "finetuning_type": "full" if method == "full" else "lora",
        "template": run.get("options", {}).get("template", "default"),
        "dataset_dir": data_folder,
        "overwrite_cache": True,
        "report_to": "none",
    }
    return found | ({"quantization_bit": 4} if method == "qlora" else {})


def call(tools: Path, folder: Path, name: str, config: dict, gpu: str = "") -> int:
    """Runs llamafactory-cli on a configuration, on all GPUs it may see or on the first of them."""
    (folder / name).write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    environment = dict(os.environ)
    if gpu:
        environment["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", gpu).split(",")[0]
    program = [tools / "llamafactory-cli", "train", name]
    return subprocess.run(program, cwd=folder, env=environment, check=False).returncode


def chosen(text: str, choices: list[str]) -> str:
    """The class that an answer names: itself, or the longest class that begins it; else the answer as it stands."""
    text = text.strip()
    return max((choice for choice in choices if text.startswith(choice)), key=len, default=text)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).expanduser(), Path(sys.argv[2])))
