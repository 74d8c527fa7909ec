"""TRL trains in a process of its own, end to end on a tiny model."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pilot.trainers.tiny import save_tiny_model
from tunecase.errors import InputError, install_line
from tunecase.pilot.trainers import lora, translate, trl, trl_worker, weights
from tunecase.pilot.trainers.contract import read_result, read_run, write_run
from tunecase.pilot.trainers.task import Result, Setting, Task

pytestmark = pytest.mark.needs("train")
ROOT = Path(__file__).parents[3]
COLOURS = ("red rose", "blue sea", "red wine", "blue sky") * 4
TASK = Task(
    "trl", "", COLOURS, ("warm", "cold") * 8, ("red hot", "deep blue"), ("warm", "cold"), "accuracy", 1,
    choices=("cold", "warm"),
)  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


def task(model: Path, **settings: Setting) -> Task:
    """A task for the tiny model."""
    return replace(TASK, model=str(model), settings=trl.settings(16, settings))


@pytest.mark.slow
def test_learns_classes(tiny: Path, tmp_path: Path) -> None:
    """All weights of a tiny model learn two words; the result says steps, tokens, speed, memory and hardware."""
    asked = task(tiny, steps=40, learning_rate=1e-2, method="full", names=False, runs_folder=str(tmp_path))
    found = trl.train(asked)
    assert ("", 1.0, ("warm", "cold"), True) == (found.failed, found.score, found.predictions, found.converged)
    assert found.train_loss < 0.2
    assert (40, 0) == (found.steps, found.gpus)
    assert found.train_tokens
    assert found.tokens_per_s
    assert found.peak_memory_gib
    assert found.hardware
    (folder,) = tmp_path.iterdir()
    assert {"run.json", "metrics.jsonl", "answers.jsonl", "run.log"} <= {path.name for path in folder.iterdir()}


def worked(folder: Path, asked: Task) -> Result:
    """The result of the worker in this process."""
    trl_worker.main(write_run(folder, asked, more={"weights": asked.model}))
    return read_result(folder, asked, seconds=1)


@pytest.mark.slow
def test_adapters_and_free_answers(tiny: Path, tmp_path: Path) -> None:
    """Adapters on the top layer train and free answers are written; a tiny random base need not learn from them."""
    asked = task(tiny, steps=3, depth=1, answer_tokens=4)
    found = worked(tmp_path, replace(asked, kind="generation", choices=(), metric="accuracy"))
    assert ("", 3, 2) == (found.failed, found.steps, len(found.predictions or ()))
    assert found.confidences is None
    assert found.train_loss is not None


@pytest.mark.slow
def test_without_steps_it_only_answers(tiny: Path, tmp_path: Path) -> None:
    """Zero-shot and few-shot baselines need no training, and show no loss."""
    found = worked(tmp_path, task(tiny, **{**trl.BASELINES["few-shot"], "shots": 2}))
    assert ("", None, None, 2) == (found.failed, found.steps, found.train_loss, len(found.predictions or ()))


@pytest.mark.slow
def test_two_ranks_through_the_launcher(tiny: Path, tmp_path: Path) -> None:
    """Accelerate's launcher starts two ranks, one log is written, and the saved adapter answers; on processors here."""
    asked = task(tiny, steps=4, precision="float32", gpus=2)
    run = write_run(tmp_path, asked, more={"weights": str(tiny)})
    launch = [sys.executable, "-m", "accelerate.commands.launch", *translate.launch_arguments(asked.settings)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    subprocess.run([*launch, "-m", "tunecase.pilot.trainers.trl_worker", str(run)], env=environment, check=True)
    assert (tmp_path / "adapter" / "adapter_config.json").exists()
    trl_worker.answer_with_saved(read_run(run), tmp_path)
    found = read_result(tmp_path, asked, seconds=1)
    assert ("", 4, 2) == (found.failed, found.steps, len(found.predictions or ()))
    assert found.train_loss is not None
    assert 4 == len({line for line in (tmp_path / "metrics.jsonl").read_text().splitlines() if '"loss"' in line})


@pytest.mark.slow
def test_more_gpus_than_there_are(tiny: Path) -> None:
    """Asking for GPUs that are not here fails with both numbers."""
    assert "the settings ask for 64 GPUs, and this machine shows" in trl.train(task(tiny, gpus=64)).failed


@pytest.mark.slow
def test_a_broken_worker_is_a_reason(tiny: Path, tmp_path: Path) -> None:
    """Why the worker died is told in words: here a model folder without weights."""
    (tmp_path / "config.json").write_text((tiny / "config.json").read_text())
    (tmp_path / "model.safetensors").write_text("no weights")
    (tmp_path / "tokenizer.json").write_text("{}")
    found = trl.train(task(tmp_path))
    assert found.failed.startswith("exit code 1: ")
    assert (0.0, False) == (found.score, found.converged)


@pytest.mark.slow
@pytest.mark.usefixtures("weights_of_this_machine")
@pytest.mark.skipif(weights.find(weights.SMOL) is None, reason="skipped: SmolLM2's weights are not on this machine")
def test_agrees_with_lora_before_training() -> None:
    """Both trainers see the same prompts and the same rule of the answer: without training they answer alike."""
    texts = ("my card was stolen", "how do I add money", "the exchange rate is wrong", "someone took my card")
    asked = replace(
        TASK, model=weights.SMOL, test_texts=texts, test_labels=("lost card", "top up", "exchange rate", "lost card"),
        choices=("exchange rate", "lost card", "top up", "top up failed"), texts=texts,
        labels=("lost card", "top up", "exchange rate", "lost card"),
    )  # fmt: skip
    plain = trl.train(replace(asked, settings=trl.settings(4, {"steps": 0, "precision": "float32"})))
    # One step too small to change anything: an untrained lora also divides out what the model says of no text.
    still = lora.settings(4, {"steps": 1, "learning_rate": 1e-12})
    quick = lora.train(replace(asked, trainer="lora", settings=still))
    assert plain.predictions == quick.predictions
    assert pytest.approx(quick.confidences, abs=0.05) == plain.confidences


def test_missing_parts_are_named_with_the_line_that_installs_them(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without TRL, or a folder without a model, is told in one sentence."""
    assert "" == trl.missing(str(tiny))
    assert trl.missing(str(tmp_path))
    monkeypatch.setattr(trl, "NEEDED", ("torch", "no_such_library"))
    assert f"the trl trainer needs no_such_library. Fix: {install_line('train')}" == trl.missing(str(tiny))


def test_settings_are_checked() -> None:
    """Unknown names and values that no library takes are refused."""
    for chosen in ({"style": "poem"}, {"rank": 0}, {"colour": "red"}, {"sharding": "fsdp3"}):
        with pytest.raises(InputError):
            trl.settings(10, chosen)


def test_same_names_as_lora() -> None:
    """Where both trainers have a setting, its default is the same but for the layers that adapters sit on."""
    both = set(lora.SETTINGS) & set(trl.SETTINGS)
    assert {"batch", "learning_rate", "rank", "steps", "style", "names", "shots", "depth", "answer_tokens"} <= both
    assert {"depth", "steps"} == {name for name in both if lora.SETTINGS[name] != trl.SETTINGS[name]}
    for top in (100, 3000):
        assert lora.settings(top, {})["steps"] == trl.settings(top, {})["steps"]
