"""Trains a run of tunecase's with LLaMA-Factory: python wrapper.py LLAMA_FACTORY_BIN_FOLDER run.json"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

from tunecase.trainers import contract, translate

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
    config = translate.llama_factory_config(run, data_folder=".", output=ADAPTER)
    code = call(tools, folder, "train.yaml", config | run["options"].get("llama-factory", {}))
    if code:
        return code
    state = json.loads((folder / ADAPTER / "trainer_state.json").read_text(encoding="utf-8"))
    for line in translate.metrics_of_state(state["log_history"]):
        contract.append_metrics(folder, line)
    started = time.perf_counter()
    asked = translate.llama_factory_answers(run, data_folder=".", output=ANSWERS, adapter=ADAPTER)
    code = call(tools, folder, "answer.yaml", asked, gpu="0")
    if code:
        return code
    texts = [json.loads(line)["predict"] for line in (folder / ANSWERS / "generated_predictions.jsonl").open()]
    contract.write_answers(folder, [chosen(text, run["choices"]) for text in texts])
    contract.append_metrics(folder, {"answer_s": time.perf_counter() - started})
    return 0


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
