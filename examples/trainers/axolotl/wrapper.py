"""Trains a run of tunecase's with axolotl: python wrapper.py AXOLOTL_BIN_FOLDER run.json"""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from tunecase.trainers import answering, contract, translate

ADAPTER = "adapter"


def main(tools: Path, run_path: Path) -> int:
    """Writes axolotl's files, trains, reads its log and answers; returns the exit code of what failed, or 0."""
    run, folder = contract.read_run(run_path), run_path.parent
    if not run["model"]:
        sys.exit("no model is named; say --model with a name on the hub or a folder")
    write_rows(run, folder, end_of_answer(tools, run["model"]))
    config = translate.axolotl_config(run, data="axolotl.jsonl", output=ADAPTER) | run["options"].get("axolotl", {})
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
