"""Trainer states of Hugging Face: one file is one run, its size from beside it or from the trainer's speed."""

import contextlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.errors import InputError
from tunecase.forecast.forecast import read_source
from tunecase.forecast.importers.imported import Asked
from tunecase.records import Point


def state(path: Path, scores: tuple[float, ...], *, n: int | None = None, step: int = 30, epochs: float = 3.0) -> Path:
    """A trainer_state.json; with n its last entry holds the time and speed that the trainer writes."""
    log = [
        {"epoch": float(i + 1), "eval_accuracy": score, "eval_loss": 1 - score, "eval_runtime": 2.0,
         "eval_samples_per_second": 150.0, "eval_steps_per_second": 20.0, "step": 10 * (i + 1)}
        for i, score in enumerate(scores)
    ]  # fmt: skip
    if n is not None:
        seconds = 12.3456
        log.append(
            {"epoch": epochs, "step": step, "train_loss": 0.4, "train_runtime": seconds,
             "train_samples_per_second": round(n * epochs / seconds, 3), "train_steps_per_second": 2.0}
        )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {"best_metric": None, "epoch": epochs, "global_step": step, "log_history": log, "max_steps": 30}
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def test_a_folder_of_runs(tmp_path):
    """Each output folder is a run, its last checkpoint counts, its size comes from the trainer's time and speed."""
    for n, score in ((50, 0.6), (107, 0.7), (400, 0.8)):
        state(tmp_path / f"run{n}" / "trainer_state.json", (0.5, score), n=n)
        state(tmp_path / f"run{n}" / "checkpoint-10" / "trainer_state.json", (0.1,), n=n, step=10)
        state(tmp_path / f"run{n}" / "checkpoint-30" / "trainer_state.json", (0.5, score))
    found = read_source(str(tmp_path), Asked())
    assert {Point(50, 0.6, 1, 300), Point(107, 0.7, 1, 300), Point(400, 0.8, 1, 300)} == set(found.points)
    assert any("worked out" in note for note in found.notes)


def test_results_beside_it_are_read(tmp_path):
    """Sizes and scores from the files that training scripts write beside the state come first."""
    state(tmp_path / "out" / "trainer_state.json", (), n=999)
    results = {"train_samples": 400, "eval_samples": 250, "eval_accuracy": 0.66}
    (tmp_path / "out" / "all_results.json").write_text(json.dumps(results), encoding="utf-8")
    assert (Point(400, 0.66, 1, 250),) == read_source(str(tmp_path / "out"), Asked()).points


def test_sizes_can_be_said(tmp_path):
    """Where nothing tells the size, the runs are named and the user may say it."""
    for name in ("small", "large"):
        state(tmp_path / name / "trainer_state.json", (0.6,))
    with pytest.raises(InputError, match="--n large=400"):
        read_source(str(tmp_path), Asked())
    found = read_source(str(tmp_path), Asked(sizes={"small": 100, "large": 200}))
    assert [100, 200] == sorted(point.n for point in found.points)


def test_what_is_no_state_is_refused(tmp_path) -> None:
    """Broken or foreign JSON under that name is a mistake, not a traceback."""
    breaches = []
    for text in ["{", "[]", '{"log_history": 1}', "[" * 5_000]:
        (tmp_path / "trainer_state.json").write_text(text, encoding="utf-8")
        with pytest.raises(InputError):
            read_source(str(tmp_path), Asked())
    assert [] == breaches


def test_arguments_are_never_unpickled(tmp_path):
    """training_args.bin lies beside many states; it is a pickle, and stays closed."""
    state(tmp_path / "trainer_state.json", (0.6,), n=50)
    (tmp_path / "training_args.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    assert (Point(50, 0.6, 1, 300),) == read_source(str(tmp_path), Asked()).points


TRAIN = """
import sys, time, torch
from torch import nn
from transformers import Trainer, TrainerCallback, TrainingArguments

class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(4, 2)
    def forward(self, x=None, labels=None):
        y = self.line(x)
        return {"loss": nn.functional.cross_entropy(y, labels), "logits": y}

class Slow(TrainerCallback):
    def on_step_end(self, *_, **__):
        time.sleep(0.05)

torch.manual_seed(0)
x = torch.randn(600, 4, generator=torch.Generator().manual_seed(0))
y = (x[:, 0] > 0).long()
rows = lambda a, b: [{"x": x[i], "labels": y[i]} for i in range(a, b)]
right = lambda p: {"accuracy": float((p.predictions.argmax(-1) == p.label_ids).mean())}
for n in (51, 107):
    asked = TrainingArguments(f"{sys.argv[1]}/run{n}", num_train_epochs=2, per_device_train_batch_size=16, use_cpu=True,
        eval_strategy="epoch", save_strategy="epoch", report_to=[], learning_rate=0.05, disable_tqdm=True)
    trainer = Trainer(model=Line(), args=asked, train_dataset=rows(0, n), eval_dataset=rows(500, 600),
        compute_metrics=right, callbacks=[Slow()])
    trainer.train()
    trainer.save_state()
"""


@pytest.mark.slow
def test_a_real_trainer(tmp_path):
    """What the Trainer itself writes gives the sizes to within one example."""
    for name in ("torch", "transformers", "accelerate"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"skipped: {name} not installed")
    subprocess.run([sys.executable, "-c", TRAIN, str(tmp_path)], check=True, capture_output=True)
    found = sorted(read_source(str(tmp_path), Asked()).points, key=lambda point: point.n)
    assert [pytest.approx(51, abs=1), pytest.approx(107, abs=1)] == [point.n for point in found]
    assert all(0.5 < point.score <= 1 for point in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["eval_accuracy", "step", "x"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["log_history", "global_step", "eval_accuracy", "eval_loss", "train_runtime", "train_samples_per_second",
             "epoch", "step", "eval_runtime", "eval_samples_per_second", "train_samples"]
        ), inner, max_size=6,
    ),
    max_leaves=12,
)  # fmt: skip


@law(120, HealthCheck.function_scoped_fixture)
@given(st.lists(JSON, max_size=4), JSON)
def test_no_state_ends_in_a_traceback(tmp_path, log, beside):
    """Whatever a state and the results beside it hold, there are points or a refusal in words."""
    body = {"log_history": log, "global_step": beside}
    (tmp_path / "trainer_state.json").write_text(json.dumps(body), encoding="utf-8")
    (tmp_path / "all_results.json").write_text(json.dumps(beside), encoding="utf-8")
    with contextlib.suppress(InputError):
        assert read_source(str(tmp_path), Asked()).points
