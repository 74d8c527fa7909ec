"""Dollars while training: in the log, stopped at a limit, counted over resumed and killed attempts, booked once."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tunecase.callback
from tests import samples
from tests.command import tunecase as command
from tunecase import flow
from tunecase.books.meter import STATE_FILE, read_state
from tunecase.errors import InputError, MissingExtraError, TunecaseError
from tunecase.flow.approve import plan_parts
from tunecase.flow.keys import hash_of
from tunecase.ledger.book import Ledger
from tunecase.pilot.trainers import machine

pytestmark = pytest.mark.needs("train")

ROOT = Path(__file__).parents[1]
# A device of so many dollars an hour that steps of milliseconds cost cents.
DEAR = 3_600.0


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks this machine for its GPU."""
    monkeypatch.setattr(machine, "gpu_name", lambda: "")


def line(step_s: float) -> Any:
    """A line through points, two weights, each step of which takes at least so long."""
    import torch

    class Line(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, x: Any, labels: Any = None) -> dict[str, Any]:
            time.sleep(step_s)
            y = self.layer(x)
            return {"loss": ((y - labels) ** 2).mean(), "logits": y}

    return Line()


def trainer(folder: Path, spend: Any, *, steps: int = 6, step_s: float = 0.01, **more: Any) -> Any:
    """A real Trainer of two weights on the processor."""
    import torch
    import transformers

    rows = [{"x": torch.tensor([float(n)]), "labels": torch.tensor([2.0 * n])} for n in range(8)]
    arguments = transformers.TrainingArguments(
        str(folder), max_steps=steps, per_device_train_batch_size=2, logging_steps=1, save_steps=2, report_to=[],
        use_cpu=True, disable_tqdm=True, **more,
    )  # fmt: skip
    return transformers.Trainer(line(step_s), arguments, train_dataset=rows, callbacks=[spend])


def callback(**settings: Any) -> Any:
    """The callback with a dear device, as a script makes it."""
    return tunecase.callback.SpendCallback(**{"usd_per_gpu_hour": DEAR, **settings})


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The project file of a copy of the example."""
    assert 0 == command("init", "--example", "support-tickets", "--to", tmp_path / "case").code
    return tmp_path / "case" / "tunecase.yaml"


def booked(case: Path) -> list[Any]:
    """The charges in the ledger beside a project file."""
    entries = Ledger(case.parent / "ledger.jsonl").entries()
    return [(entry.id, entry.record()) for entry in entries if entry.kind == "spend"]


def test_every_line_of_the_log_tells_dollars(tmp_path: Path) -> None:
    """Spent, left, at the end and GPU hours stand in the trainer's history, grow, and agree with the price."""
    made = trainer(tmp_path, callback(max_usd=1000.0))
    made.train()
    lines = made.state.log_history
    spent = [line["tunecase/usd_spent"] for line in lines]

    assert len(lines) == 7
    assert spent == sorted(spent)
    assert spent[0] > 0
    for line in lines:
        assert line["tunecase/gpu_hours"] * DEAR == pytest.approx(line["tunecase/usd_spent"], rel=0.01)
        assert line["tunecase/usd_left"] == pytest.approx(1000 - line["tunecase/usd_spent"])
        assert line["tunecase/usd_at_end"] >= line["tunecase/usd_spent"] - 1e-6
    assert lines[2]["tunecase/usd_at_end"] == pytest.approx(2 * lines[2]["tunecase/usd_spent"], rel=0.01)
    kept = read_state(tmp_path / STATE_FILE)
    assert (1, True, 6) == (len(kept.attempts), kept.now.ended, kept.now.last_step)
    assert kept.usd >= spent[-1] - 1e-6


def test_left_is_told_only_where_there_is_a_limit(tmp_path: Path) -> None:
    """Without a limit or a budget nothing is left to tell."""
    made = trainer(tmp_path, callback(), steps=1)
    made.train()
    assert all("tunecase/usd_left" not in line for line in made.state.log_history)


def test_training_stops_before_the_limit_with_a_checkpoint(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The run ends before the step that would pass the limit, and the step it ends at is saved; it was warned of."""
    made = trainer(tmp_path, callback(max_usd=0.5), steps=1000, step_s=0.05)
    made.train()
    at = made.state.global_step

    assert 1 < at < 15
    assert (tmp_path / f"checkpoint-{at}").is_dir()
    assert made.state.log_history[-1]["tunecase/usd_spent"] < 0.6
    assert 1 == caplog.text.count("at this pace")
    assert f"stopped at step {at}" in caplog.text


def test_a_limit_that_is_spent_refuses_the_next_attempt(tmp_path: Path) -> None:
    """Resuming under the same limit trains nothing; under a higher one it goes on."""
    trainer(tmp_path, callback(max_usd=0.2), steps=100, step_s=0.05).train()
    spent = read_state(tmp_path / STATE_FILE).usd
    with pytest.raises(InputError, match="nothing was trained"):
        trainer(tmp_path, callback(max_usd=spent / 2)).train(resume_from_checkpoint=True)
    made = trainer(tmp_path, callback(max_usd=spent + 100), steps=8)
    made.train(resume_from_checkpoint=True)
    assert 8 == made.state.global_step


@pytest.mark.parametrize("restore", [False, True], ids=["plain", "callbacks restored"])
def test_a_resumed_run_goes_on_counting(tmp_path: Path, restore: bool) -> None:
    """After a resume the sum holds both attempts, with and without the trainer's restoring of callbacks."""
    trainer(tmp_path, callback(max_usd=50.0), steps=4, step_s=0.03).train()
    first = read_state(tmp_path / STATE_FILE)
    again = trainer(
        tmp_path, callback(max_usd=60.0), steps=8, step_s=0.03, restore_callback_states_from_checkpoint=restore
    )
    again.train(resume_from_checkpoint=True)
    both = read_state(tmp_path / STATE_FILE)
    lines = [line for line in again.state.log_history if line["step"] > 4]

    assert (first.run_id, 2, [0, 4]) == (both.run_id, len(both.attempts), [one.first_step for one in both.attempts])
    assert first.attempts[0] == both.attempts[0]
    assert both.usd == pytest.approx(first.usd + both.now.usd)
    assert lines[0]["tunecase/usd_spent"] > first.usd
    # What the script says now holds, not what the checkpoint's script said.
    assert lines[0]["tunecase/usd_left"] == pytest.approx(60 - lines[0]["tunecase/usd_spent"])


def test_a_checkpoint_alone_carries_the_sum(tmp_path: Path) -> None:
    """On another machine that has only the checkpoint, what was spent until it was written is known."""
    trainer(tmp_path / "one", callback(), steps=4, step_s=0.03).train()
    first = read_state(tmp_path / "one" / STATE_FILE)
    made = trainer(tmp_path / "two", callback(), steps=6)
    made.train(resume_from_checkpoint=str(tmp_path / "one" / "checkpoint-4"))
    both = read_state(tmp_path / "two" / STATE_FILE)

    assert (first.run_id, 2) == (both.run_id, len(both.attempts))
    assert 0 < both.attempts[0].usd <= first.usd


def test_a_new_run_in_a_folder_that_ended_begins_anew(tmp_path: Path) -> None:
    """After an attempt that ended, step 0 is a new run with a name of its own and nothing spent."""
    trainer(tmp_path, callback(), steps=2).train()
    first = read_state(tmp_path / STATE_FILE)
    trainer(tmp_path, callback(), steps=2).train()
    second = read_state(tmp_path / STATE_FILE)
    assert (1, 1) == (len(first.attempts), len(second.attempts))
    assert first.run_id != second.run_id


def test_each_attempt_is_booked_once(tmp_path: Path, case: Path) -> None:
    """One estimated charge with run, hours and moments; after a resume the new attempt is one beside it."""
    trainer(tmp_path / "my-run", callback(project=case), steps=4).train()
    ((_, charge),) = booked(case)
    made = read_state(tmp_path / "my-run" / STATE_FILE)

    assert ("gpu", "estimated", "my-run", "callback", "USD") == (
        charge.category, charge.basis, charge.run, charge.source, charge.currency,
    )  # fmt: skip
    assert charge.amount == Decimal(str(round(made.usd, 6)))
    assert (1, Decimal("3600.0"), "GPU hour") == (charge.gpu_count, charge.unit_price, charge.unit)
    assert float(charge.quantity) == pytest.approx(made.gpu_hours, abs=1e-9)
    assert charge.began_at < charge.ended_at
    assert charge.on == charge.began_at.date()
    trainer(tmp_path / "my-run", callback(project=case), steps=6).train(resume_from_checkpoint=True)
    (_, before), (_, later) = booked(case)
    both = read_state(tmp_path / "my-run" / STATE_FILE)
    assert (charge, "", "my-run") == (before, later.supersedes, later.run)
    assert charge.ended_at < later.began_at
    assert float(charge.amount + later.amount) == pytest.approx(both.usd, abs=1e-5)
    assert [] == Ledger(case.parent / "ledger.jsonl").verify()
    spent = Decimal(command("books", "--project", case, "--json").json["spent"])
    assert charge.amount + later.amount == spent


def test_left_counts_the_rest_of_the_budget(tmp_path: Path, case: Path) -> None:
    """With a project the budget less every other charge is the limit that is told, and nothing stops at it."""
    assert 0 == command("spend", "add", "1000", "USD", "--project", case).code
    made = trainer(tmp_path / "r", callback(project=case), steps=3)
    made.train()
    budget = 1000 + made.state.log_history[0]["tunecase/usd_left"] + made.state.log_history[0]["tunecase/usd_spent"]
    assert made.state.global_step == 3
    assert f"budget: {budget:,.0f}".replace(",", "")[:9] in case.read_text().replace(",", "").replace("k", "000")


def released(case: Path, amount: str, spent: str = "") -> None:
    """An approval of that amount of the plan as it is, and a charge after it."""
    opened = flow.open_case(case)
    parts = plan_parts(opened)
    given = replace(samples.approval(), amount=Decimal(amount), amount_base=Decimal(amount), on=opened.today)
    given = replace(given, until=None, rests_on=parts, plan=hash_of(parts))
    opened.ledger.append("record", given, recorded_at=datetime.now(UTC), verb="approve")
    if spent:
        assert 0 == command("spend", "add", spent, "USD", "--project", case).code


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of approvals, by the words after the amounts."""
    return [record.getMessage() for record in caplog.records if "pproved" in record.getMessage()]


def test_a_release_is_warned_of_at_four_fifths_and_at_all(tmp_path: Path, case: Path, caplog) -> None:
    """Once each, with what others spent of it counted; the run goes on, for only max_usd stops it."""
    released(case, "1000.50", spent="799.90")
    made = trainer(tmp_path / "r", callback(project=case, usd_per_gpu_hour=100 * DEAR), steps=60, step_s=0.05)
    made.train()
    words = told(caplog)
    assert 60 == made.state.global_step
    assert ["a fifth of it or less is left", "it goes on; `tunecase approve` releases more"] == [
        line.partition("; ")[2] for line in words
    ]
    assert all("of the 1000.50 USD approved are spent with this run" in line for line in words)


def test_a_release_that_is_spent_is_said_before_the_first_step(tmp_path: Path, case: Path, caplog) -> None:
    """Where the approvals stand is one line at the beginning, and is not said again."""
    released(case, "10", spent="11")
    trainer(tmp_path / "r", callback(project=case), steps=3).train()
    (line,) = told(caplog)
    assert "11.00 spent, 0.00 left, 1.00 of it beyond what was approved. All that was approved is spent." in line


def test_a_release_that_is_far_from_spent_is_not_told(tmp_path: Path, case: Path, caplog) -> None:
    """Neither is one that nobody made."""
    trainer(tmp_path / "a", callback(project=case), steps=2).train()
    released(case, "1000")
    trainer(tmp_path / "b", callback(project=case), steps=2).train()
    assert [] == told(caplog)


def test_the_price_book_gives_the_price_of_the_gpu_at_hand(tmp_path: Path, case: Path, monkeypatch, caplog) -> None:
    """Without a price the project's price book is asked for the GPU by its driver's name; the band is told."""
    monkeypatch.setattr(machine, "gpu_name", lambda: "NVIDIA L40S")
    made = trainer(tmp_path / "r", tunecase.callback.SpendCallback(project=case, gpu_count=8), steps=2)
    made.train()
    kept = read_state(tmp_path / "r" / STATE_FILE)
    assert ("L40S", 8) == (kept.now.gpu, kept.now.gpu_count)
    assert 0.3 < kept.now.usd_per_gpu_hour < 5
    assert "80% band" in caplog.text
    assert "8 x L40S" in caplog.text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "no price of a GPU hour"),
        ({"usd_per_gpu_hour": 0}, "US dollars, more than 0"),
        ({"usd_per_gpu_hour": float("nan")}, "US dollars, more than 0"),
        ({"usd_per_gpu_hour": 2.0, "max_usd": -1}, "max_usd"),
        ({"usd_per_gpu_hour": 2.0, "gpu_count": 0}, "count the processes"),
        ({"usd_per_gpu_hour": 2.0, "project": "nowhere.yaml"}, "nowhere.yaml"),
    ],
)
def test_mistakes_are_refused_before_training(settings: dict[str, Any], said: str) -> None:
    """What is missing or makes no sense is said with a fix when the callback is made."""
    with pytest.raises(InputError, match=said):
        tunecase.callback.SpendCallback(**settings)


def test_a_machine_without_a_gpu_needs_a_price(case: Path) -> None:
    """The price book has no price for a processor: refused with what to give instead; a named GPU will do."""
    with pytest.raises(InputError, match=r"give usd_per_gpu_hour=.*counts one device"):
        tunecase.callback.SpendCallback(project=case)
    with pytest.raises(InputError, match="a GPU in the tables"):
        tunecase.callback.SpendCallback(project=case, gpu="Abacus 3")
    assert "T4" == tunecase.callback.SpendCallback(project=case, gpu="T4").watch.price.gpu


def test_a_currency_without_a_dollar_rate_is_refused_at_once(case: Path) -> None:
    """A project in euros without a dated rate cannot book dollars: said before training, not after."""
    text = case.read_text().replace("USD", "EUR")
    case.write_text(f"currency: EUR\n{text}" if "currency:" not in text else text)
    with pytest.raises(InputError, match="rate"):
        callback(project=case)


def test_a_state_that_cannot_be_read_stops_before_the_first_step(tmp_path: Path) -> None:
    """What earlier attempts spent is never forgotten in silence."""
    (tmp_path / STATE_FILE).write_text("{")
    with pytest.raises(TunecaseError, match="Fix: restore the file"):
        trainer(tmp_path, callback()).train()


def test_a_folder_that_takes_no_state_stops_before_the_first_step(tmp_path: Path, monkeypatch) -> None:
    """Where the state cannot be written nothing is trained."""
    (tmp_path / STATE_FILE).mkdir()
    with pytest.raises(TunecaseError, match="Fix"):
        trainer(tmp_path, callback()).train()


def test_books_that_fail_do_not_end_a_training(tmp_path: Path, case: Path, monkeypatch, caplog) -> None:
    """A disk that fills up and a ledger that was edited meanwhile are told with the amount; the training ends well."""
    spend = callback(project=case)
    made = trainer(tmp_path / "r", spend, steps=3)
    ledger = Ledger(case.parent / "ledger.jsonl")
    write, calls = Path.replace, []

    def refuse(path: Path, target: Path) -> Path:
        calls.append(path)
        ledger.path.write_bytes(b"garbage\n")
        if Path(target).name == STATE_FILE and len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    made.train()
    assert 3 == made.state.global_step
    assert 1 == caplog.text.count("No space left")
    assert "USD of run r are not booked" in caplog.text
    assert "a file that is no ledger" in caplog.text


def test_the_signature_names_the_settings() -> None:
    """help() shows what can be asked, and a word that is none is refused."""
    import inspect

    assert {"usd_per_gpu_hour", "max_usd", "project"} <= set(
        inspect.signature(tunecase.callback.SpendCallback).parameters
    )
    with pytest.raises(TypeError, match="max_dollars"):
        callback(max_dollars=5)


def test_other_processes_write_and_book_nothing(tmp_path: Path, case: Path) -> None:
    """Only the first process of a run writes the state and the charge; the others keep the time."""
    spend = callback(project=case)
    arguments = SimpleNamespace(n_gpu=1, world_size=4, output_dir=str(tmp_path / "r"), run_name=None)
    state = SimpleNamespace(
        global_step=0, max_steps=2, is_world_process_zero=False, stateful_callbacks={}, log_history=[]
    )
    control = SimpleNamespace(should_log=True, should_training_stop=False, should_save=False)
    spend.on_train_begin(arguments, state, control)
    spend.on_step_end(arguments, state, control)
    spend.on_train_end(arguments, state, control)
    assert 4 == spend.watch.meter.now.gpu_count
    assert not (tmp_path / "r").exists()
    assert [] == booked(case)


@pytest.mark.parametrize("slower_by", [1.0, 1.8])
def test_several_processes_stop_before_the_limit_however_seldom_they_log(
    tmp_path: Path, monkeypatch, slower_by: float
) -> None:
    """Steps of 2 cents, a log after 500 of them and a limit of 1 USD: all stop in time, and wait only now and then."""
    clock, looked = [0.0], []
    monkeypatch.setattr(tunecase.callback.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(machine, "as_first_says", lambda value: looked.append(value) or value)
    spend = callback(max_usd=1.0, usd_per_gpu_hour=36.0)
    arguments = SimpleNamespace(n_gpu=1, world_size=2, output_dir=str(tmp_path / "r"), run_name=None)
    state = SimpleNamespace(
        global_step=0, max_steps=5000, is_world_process_zero=True, stateful_callbacks={}, log_history=[]
    )
    control = SimpleNamespace(should_log=False, should_training_stop=False, should_save=False)
    spend.on_train_begin(arguments, state, control)
    while not control.should_training_stop and state.global_step < state.max_steps:
        state.global_step += 1
        clock[0] += 1.0 if state.global_step < 20 else slower_by
        control.should_log = state.global_step % 500 == 0
        spend.on_step_end(arguments, state, control)
    assert control.should_save
    assert 0.9 < spend.watch.meter.usd <= 1.0
    assert 0 == looked[-1]
    assert len(looked) < state.global_step / 2


def test_without_transformers_the_line_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module imports without transformers; asking for the callback says what to install."""
    monkeypatch.setattr(tunecase.callback, "find_spec", lambda name: None)
    tunecase.callback._class.cache_clear()
    with pytest.raises(MissingExtraError, match=r'pip install "tunecase\[train\]"'):
        from tunecase.callback import SpendCallback  # noqa: F401
    with pytest.raises(AttributeError, match="no attribute 'Spent'"):
        tunecase.callback.Spent  # noqa: B018


def test_importing_the_module_is_quick() -> None:
    """Neither torch nor transformers nor the tables are loaded before the callback is asked for."""
    code = "import sys, tunecase.callback; print([m for m in ('torch', 'transformers', 'numpy') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=surroundings())
    assert "[]" == ran.stdout.strip()


@pytest.mark.slow
def test_tags_and_figures_go_to_the_active_mlflow_run(tmp_path: Path, case: Path, monkeypatch) -> None:
    """An active MLflow run gets tags and dollars, to the last; what was booked is imported no second time."""
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    try:
        with mlflow.start_run() as active:
            trainer(tmp_path / "r", callback(gpu="L40S", gpu_count=2), steps=3).train()
        found = mlflow.MlflowClient().get_run(active.info.run_id).data
        imported = command("spend", "import", "mlflow", tmp_path / "mlflow.db", "--project", case)
        with mlflow.start_run():
            trainer(tmp_path / "r2", callback(gpu="L40S", project=case), steps=3).train()
        again = command("spend", "import", "mlflow", tmp_path / "mlflow.db", "--project", case)
    finally:
        mlflow.set_tracking_uri(None)
    assert ("L40S", "2", "3600.0") == tuple(
        found.tags[f"tunecase.{name}"] for name in ("gpu", "gpu_count", "usd_per_gpu_hour")
    )
    assert found.metrics["tunecase/usd_spent"] == pytest.approx(read_state(tmp_path / "r" / STATE_FILE).usd, abs=1e-5)
    assert (0, 0) == (imported.code, again.code)
    first, second = (charge for _, charge in booked(case))
    assert ("mlflow", "callback") == (first.source, second.source)
    assert second.tags == {"mlflow.run_id": read_state(tmp_path / "r2" / STATE_FILE).now.mlflow_run}
    assert float(first.amount) == pytest.approx(found.metrics["tunecase/usd_spent"], abs=1e-5)


@pytest.mark.slow
def test_mlflow_runs_of_all_attempts_sum_to_what_the_training_took(tmp_path: Path, case: Path, monkeypatch) -> None:
    """Each attempt tags its own MLflow run with its own dollars alone; the import of both is the meter's total."""
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    runs = []
    try:
        for steps in (4, 8):
            with mlflow.start_run() as active:
                made = trainer(tmp_path / "r", callback(gpu="L40S"), steps=steps, step_s=0.03)
                made.train(resume_from_checkpoint=steps > 4)
            runs.append(mlflow.MlflowClient().get_run(active.info.run_id).data)
        imported = command("spend", "import", "mlflow", tmp_path / "mlflow.db", "--project", case)
    finally:
        mlflow.set_tracking_uri(None)
    kept = read_state(tmp_path / "r" / STATE_FILE)
    assert 1 == len({run.tags["tunecase.run_id"] for run in runs})
    own = [float(run.tags["tunecase.usd_spent"]) for run in runs]
    assert own == pytest.approx([one.usd for one in kept.attempts], abs=1e-5)
    assert runs[1].metrics["tunecase/usd_spent"] == pytest.approx(sum(own), abs=1e-5)
    assert 0 == imported.code
    assert float(sum(charge.amount for _, charge in booked(case))) == pytest.approx(kept.usd, abs=1e-5)


def surroundings() -> dict[str, str]:
    """What another process needs to import this tree."""
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}


def test_the_state_is_plain_json(tmp_path: Path) -> None:
    """What lies in the folder names each attempt with its moments, hours' worth and price, for whoever reads it."""
    trainer(tmp_path, callback(gpu="T4"), steps=2).train()
    (one,) = json.loads((tmp_path / STATE_FILE).read_text())["attempts"]
    assert {"began_at", "seconds", "gpu", "gpu_count", "usd_per_gpu_hour", "first_step", "last_step"} < set(one)
