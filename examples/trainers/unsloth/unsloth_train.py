"""Runs in Unsloth's environment, without tunecase: python unsloth_train.py arguments.json"""

import json
import sys
from pathlib import Path

# Unsloth patches the libraries below, so it comes first.
from unsloth import FastLanguageModel  # isort: skip
from datasets import Dataset
from trl import SFTConfig, SFTTrainer


def main(path: Path) -> None:
    """Loads, adapts and trains as the arguments say, then saves the adapter and the log."""
    arguments = json.loads(path.read_text(encoding="utf-8"))
    run_path = Path(arguments["run"])
    run, folder = json.loads(run_path.read_text(encoding="utf-8")), run_path.parent
    model, tokenizer = FastLanguageModel.from_pretrained(**arguments["load"])
    if not arguments["load"]["full_finetuning"]:
        model = FastLanguageModel.get_peft_model(model, **arguments["adapt"])
    trainer = SFTTrainer(
        model=model,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows(run, folder)),
        args=SFTConfig(**arguments["train"]),
    )
    trainer.train()
    trainer.save_model(str(folder / arguments["adapter"]))
    names = {"step": "step", "num_tokens": "tokens", "loss": "loss", "train_runtime": "time_s"}
    with (folder / run["metrics"]).open("a", encoding="utf-8") as file:
        for entry in trainer.state.log_history:
            line = {ours: entry[theirs] for theirs, ours in names.items() if theirs in entry}
            file.write(json.dumps(line) + "\n")


def rows(run: dict, folder: Path) -> list[dict]:
    """Prompts and completions in one text's layout, as TRL wants them."""
    layout = run["layout"]
    read = [json.loads(line) for line in (folder / run["train"]).read_text(encoding="utf-8").split("\n") if line]
    return [
        {
            "prompt": layout["before"] + row["prompt"].strip() + layout["after"],
            "completion": layout["lead"] + row["completion"],
        }
        for row in read
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
