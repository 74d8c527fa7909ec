"""TRL's SFTTrainer with PEFT and Accelerate, in a process of its own: the plain fine-tune, on a processor or on GPUs.

The worker is trl_worker.py and speaks the file contract, so what ends this process ends it too, and its memory is its
own. With several GPUs it goes through `accelerate launch` with FSDP2 or DeepSpeed; see translate.py for the flags.
"""

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import install_line
from tunecase.pilot.scoring import score
from tunecase.pilot.trainers import lora, prompts, weights
from tunecase.pilot.trainers.outside import train_outside
from tunecase.pilot.trainers.task import UNTRAINED, Result, Setting, Task, checked
from tunecase.pilot.trainers.translate import LEARNING, with_steps

MODEL = weights.SMOL
METRICS, KINDS = score.METRICS, score.KINDS
prepare, identity, BASELINES = weights.prepare, weights.identity, UNTRAINED
# Settings whose defaults are those of "lora", so that the two can be compared as they come.
SHARED = ("batch", "rank", "learning_rate", "style", "names", "shots", "answer_tokens")
SETTINGS: Mapping[str, Setting] = {
    **LEARNING,
    **{name: lora.SETTINGS[name] for name in SHARED},
    "python": "",
    "time_limit_s": 24 * 3600.0,
    "grace_s": 20.0,
    "runs_folder": "",
}
SEARCH: tuple[Mapping[str, Setting], ...] = (
    {"learning_rate": 1e-3},
    {"rank": 32},
    {"learning_rate": 3e-4},
    {"depth": 8},
)
NEUTRAL = frozenset({"time_limit_s", "grace_s", "runs_folder"})
FORMAT = 1
STAND_IN = False
HEAVY = True

NEEDED = ("torch", "transformers", "peft", "trl", "accelerate", "datasets")


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """The settings of every run, with one number of steps for all rungs.

    Raises: InputError for a setting it does not know or a value it cannot use.

    Example:
        >>> settings(640, {})["steps"], settings(640, {"steps": 0})["steps"]
        (240, 0)
    """
    own = checked(chosen, SETTINGS, "trl")
    return with_steps(own, SETTINGS, top_rows, "trl", {"style": prompts.STYLES})


def missing(model: str) -> str:
    """What is missing to train this model here, as a sentence with its fix; empty when nothing is."""
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if absent:
        return f"the trl trainer needs {', '.join(absent)}. Fix: {install_line('train')}"
    return weights.missing(model)


def train(task: Task) -> Result:
    """Fine-tunes with TRL on the task's rows and answers its test rows, in a process of its own.

    Args:
        task: `settings` as `settings()` returns them; `steps` 0 only answers.
    Returns: the Result; prompts, rule of the answer and convergence are those of the trainer "lora". What differs: the
        loss in training is over the whole vocabulary, not over the classes alone, and adapters sit on all layers unless
        `depth` says otherwise. With several GPUs the loss of free answers before training is not taken, so these always
        count as learnt.
    Raises: NoModelError without weights.

    Source: trl.SFTTrainer on prompt and completion, the loss on the completion alone. Leaves out packing.
    """
    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    folder = weights.fetch(task.model, lambda line: None).folder
    program, environment = worker(chosen["python"])
    return train_outside(
        task,
        [*program, "{run}"],
        limit_s=float(chosen["time_limit_s"]),
        grace_s=float(chosen["grace_s"]),
        runs_folder=chosen["runs_folder"],
        environment=environment,
        files={"more": {"weights": str(folder)}},
    )


def worker(python: str = "") -> tuple[list[str], dict[str, str]]:
    """The worker's command but for its run.json, and variables beside those inherited; `python` empty is this one."""
    environment = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    if not python:  # tunecase may be on the path without being installed
        root = str(Path(__file__).parents[3])
        environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH", "")])])
    return [python or sys.executable, "-m", "tunecase.pilot.trainers.trl_worker"], environment
