"""Trains a run of tunecase's with Unsloth: python wrapper.py UNSLOTH_PYTHON run.json"""

import json
import subprocess
import sys
from pathlib import Path

from tunecase.pilot.trainers import answering, contract, translate

ADAPTER = "adapter"


def main(python: Path, run_path: Path) -> int:
    """Writes Unsloth's arguments, trains and answers; returns the exit code of what failed, or 0."""
    run, folder = contract.read_run(run_path), run_path.parent
    if not run["model"]:
        sys.exit("no model is named; say --model with a name on the hub or a folder")
    arguments = {**unsloth_arguments(run, output="work"), "run": str(run_path), "adapter": ADAPTER}
    (folder / "arguments.json").write_text(json.dumps(arguments, indent=1), encoding="utf-8")
    train = [python, Path(__file__).with_name("unsloth_train.py"), "arguments.json"]
    code = subprocess.run(train, cwd=folder, check=False).returncode
    answer = [python, answering.__file__, run_path, ADAPTER]
    return code or subprocess.run(answer, cwd=folder, check=False).returncode


def unsloth_arguments(run: dict, *, output: str) -> dict[str, dict]:
    """Arguments of FastLanguageModel.from_pretrained (load), its get_peft_model (adapt), and trl.SFTConfig (train)."""
    settings, seed = run["settings"], run["seed"]
    precision = "bf16" if settings["precision"] == "auto" else settings["precision"]
    train = translate.sft_arguments(settings, seed=seed, folder=output, precision=precision, on_gpu=True)
    return {
        "load": {
            "model_name": run["model"],
            "max_seq_length": settings["sequence_tokens"],
            "load_in_4bit": settings["method"] == "qlora",
            "full_finetuning": settings["method"] == "full",
            "random_state": seed,
        },
        "adapt": {
            "r": settings["rank"],
            "lora_alpha": 2 * settings["rank"],
            "lora_dropout": 0.0,
            "bias": "none",
            "use_gradient_checkpointing": "unsloth",
            "random_state": seed,
            **({"finetune_last_n_layers": settings["depth"]} if settings["depth"] else {}),
        },
        # Unsloth checkpoints activations in its own way, and trains on one GPU here.
        "train": train | {"gradient_checkpointing": False, "per_device_train_batch_size": settings["batch"]},
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).expanduser(), Path(sys.argv[2])))
