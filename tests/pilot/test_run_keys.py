"""A run's key stands for all that its result depends on, and for nothing else."""

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.pilot.trainers.outside import TASK
from tunecase.pilot.steps import key_of
from tunecase.pilot.trial import TRAINERS


def trainer(**own: Any) -> Any:
    """A trainer's names as far as a key needs them."""
    named = {"FORMAT": 1, "NEUTRAL": frozenset({"limit_s"}), "identity": lambda model, settings: "weights"}
    return SimpleNamespace(**{**named, **own})


def test_other_weights_or_code_are_other_runs() -> None:
    """A folder overwritten under its name, or other prompts, never answer for an older run."""
    keys = [
        key_of(TASK, 0, trainer()), key_of(TASK, 0, trainer(FORMAT=2)),
        key_of(TASK, 0, trainer(identity=lambda model, settings: "others")), key_of(TASK, 1, trainer()),
    ]  # fmt: skip
    assert 4 == len(set(keys))


def test_what_changes_no_result_changes_no_key() -> None:
    """A time limit is not the run; a learning rate is."""
    keys = []
    for settings in ({"limit_s": 1.0, "rate": 1.0}, {"limit_s": 2.0, "rate": 1.0}, {"limit_s": 1.0, "rate": 2.0}):
        task = type(TASK)(
            TASK.trainer, TASK.model, TASK.texts, TASK.labels, TASK.test_texts, TASK.test_labels, TASK.metric, 0,
            settings,
        )  # fmt: skip
        keys.append(key_of(task, 0, trainer()))
    assert keys[0] == keys[1] != keys[2]


def test_every_trainer_says_what_it_is(tmp_path: Path) -> None:
    """Its neutral settings are its own, and weights that are not there are no trouble."""
    for name, path in TRAINERS:
        module: Any = importlib.import_module(path)
        assert module.FORMAT >= 1, name
        assert set(module.SETTINGS) >= module.NEUTRAL, name
        identity = module.identity(str(tmp_path), {**module.SETTINGS, "command": "x"})
        assert "" == identity.strip(" 0123456789abcdef"), name
