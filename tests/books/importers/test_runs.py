"""Runs of one's own: hours of trainer states and of the pilot at the price of a GPU hour, never a guessed card."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.books.importers.bills import asked
from tunecase.books.importers.charge import Brought, HourPrice
from tunecase.books.importers.run_hours import TimedRun, gpu_of, run_charges
from tunecase.books.importers.runs import spent_runs
from tunecase.books.meter import STATE_FILE, Meter, meter_of
from tunecase.errors import InputError, TunecaseError
from tunecase.records import Run

ENDED = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRICES = {"L40S": HourPrice(Decimal("1.10"), "neocloud"), "A100-80GB": HourPrice(Decimal("2.00"), "neocloud")}


def state(folder: Path, runtime: float | None = 5_400.0, steps: int = 10, **beside: Any) -> Path:
    """A trainer state that ended on the twentieth, with what lies beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    log: list[dict[str, Any]] = [{"step": steps, "loss": 1.0, "folder": folder.name}]
    log += [] if runtime is None else [{"step": steps, "train_runtime": runtime}]
    file = folder / "trainer_state.json"
    file.write_text(json.dumps({"global_step": steps, "log_history": log}), encoding="utf-8")
    os.utime(file, (ENDED.timestamp(), ENDED.timestamp()))
    if beside:
        (folder / "run_args.json").write_text(json.dumps(beside), encoding="utf-8")
    return folder


def read(place: Path | str, **words: Any) -> Brought:
    """The charges of runs."""
    return spent_runs(str(place), asked(gpu_hour=PRICES.get, **words))


def test_a_run_is_its_hours_at_the_book_wherever_it_was_copied_to(tmp_path: Path) -> None:
    """Hours x cards x price, estimated; it is known by its log, whatever its folder and time."""
    state(tmp_path / "a" / "checkpoint-5", None, 5)
    state(tmp_path / "a", gpu="NVIDIA L40S", num_gpus=2)
    found = read(tmp_path)
    (charge,) = found.spendings
    told = (charge.quantity, charge.unit, charge.amount, charge.basis, charge.run, charge.gpu, charge.gpu_count)
    assert (Decimal(3), "GPU hour", Decimal("3.30"), "estimated", "a", "L40S", 2) == told
    assert (ENDED, 10) == (charge.ended_at, charge.began_at.hour)
    (tmp_path := tmp_path / "second").mkdir()
    state(tmp_path / "one" / "a")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    (tmp_path / "two" / "a").rename(tmp_path / "two" / "b")
    os.utime(tmp_path / "two" / "b" / "trainer_state.json")
    ids = [read(tmp_path / at, gpu="L40S", gpu_count=1, on=ENDED.date()).spendings[0].row_id for at in ("one", "two")]
    assert ids[0] == ids[1]


def test_a_card_that_nobody_names_is_asked_for(tmp_path: Path) -> None:
    """Every such run is named; one that did not end has no hours; a day that is said takes the place of the file's."""
    state(tmp_path / "a")
    state(tmp_path / "b", gpu="A100")
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert 2 == len(caught.value.problems)
    assert "say --gpu and --gpu-count" in str(caught.value)
    assert 2 == len(read(tmp_path, gpu="A100-80GB", gpu_count=8).spendings)
    with pytest.raises(InputError, match="no price of a T4 hour"):
        read(tmp_path, gpu="T4", gpu_count=1)
    state(tmp_path / "b" / "a", None)
    state(tmp_path / "b" / "b")
    found = read(tmp_path / "b", gpu="L40S", gpu_count=1, on=ENDED.date().replace(day=3))
    assert ("1 run without train_runtime: it did not end, or its summary was not saved",) == found.left_out
    assert ("2026-11-03", None) == (str(found.spendings[0].on), found.spendings[0].ended_at)


def crashed(folder: Path, *seconds: float, began: datetime = ENDED, ended: bool = False) -> Meter:
    """What the callback keeps of a training of so many attempts on two cards, an hour at 3.60 USD each."""
    meter = Meter(folder.name)
    for number, one in enumerate(seconds):
        meter.begin(began + timedelta(days=number), 10 * number, 3.6, 2, "NVIDIA L40S")
        meter.now.seconds, meter.now.last_step = one, 10 * number + 10
    meter.now.ended = ended
    meter.write(folder / STATE_FILE)
    return meter


def test_a_crashed_training_is_booked_from_what_the_callback_kept(tmp_path: Path) -> None:
    """Each attempt as the callback would have booked it; the trainer states of the same folder are not counted, too."""
    meter = crashed(tmp_path / "a", 1_000, 500)
    state(tmp_path / "a")
    state(tmp_path / "a" / "checkpoint-10", None, gpu="L40S")
    state(tmp_path / "b", gpu="L40S", num_gpus=1)
    found = read(tmp_path)
    one, two, other = found.spendings
    assert (Decimal(2), Decimal(1), Decimal("1.65")) == (one.amount, two.amount, other.amount)
    assert ("callback", "callback", "runs") == (one.source, two.source, other.source)
    assert [one.row_id, two.row_id] == [attempt.row_id for attempt in meter.attempts]
    assert ("a", "L40S", 2, "estimated", ENDED, ENDED + timedelta(seconds=1_000)) == (
        one.run, one.gpu, one.gpu_count, one.basis, one.began_at, one.ended_at,
    )  # fmt: skip
    assert two.began_at == ENDED + timedelta(days=1)
    for place in (tmp_path / "a" / STATE_FILE, tmp_path / "a" / "trainer_state.json"):
        assert [one.row_id, two.row_id] == [charge.row_id for charge in read(place).spendings]


def test_attempts_of_two_folders_and_those_that_may_still_run(tmp_path: Path) -> None:
    """The longest of an attempt counts; one that was seen alive a moment ago is left out, and told."""
    whole = crashed(tmp_path / "a", 1_000)
    seen = meter_of(whole.state())
    seen.now.seconds = 900
    seen.begin(ENDED + timedelta(days=1), 10, 3.6, 2, "L40S")
    seen.now.seconds = 500
    seen.write(tmp_path / "b" / STATE_FILE)
    assert [Decimal(2), Decimal(1)] == [charge.amount for charge in read(tmp_path).spendings]
    (tmp_path := tmp_path / "second").mkdir()
    now = datetime.now(UTC) - timedelta(seconds=1_005)
    crashed(tmp_path / "a", 1_000, began=now)
    crashed(tmp_path / "c", 0)
    late = datetime.now(UTC).date()
    found = read(tmp_path, today=late)
    assert () == found.spendings
    assert (
        "1 run perhaps still running: seen alive within the last ten minutes",
        "1 run that took nothing",
    ) == found.left_out
    crashed(tmp_path / "a", 1_000, began=now, ended=True)
    assert 1 == len(read(tmp_path, today=late).spendings)


def test_places_without_runs_are_refused(tmp_path: Path) -> None:
    """No state, a state without a log, no pilot; what the callback kept and cannot be read is said."""
    with pytest.raises(InputError, match=r"no trainer_state.json"):
        read(tmp_path)
    (tmp_path / "trainer_state.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="no log_history"):
        read(tmp_path)
    with pytest.raises(InputError, match="no pilot in the ledger"):
        read("")
    (tmp_path / STATE_FILE).write_text("{", encoding="utf-8")
    with pytest.raises(TunecaseError, match="Fix: restore the file"):
        read(tmp_path)


def piloted(**changes: Any) -> Run:
    """A run of the pilot on two cards."""
    given: dict[str, Any] = {"hardware": "NVIDIA L40S", "gpus": 2, "usd": None, **changes}
    return Run("k" * 20, "trl", "m", 100, 0, 0.8, 8, 10, 1_800.0, **given)


def test_a_pilots_run_costs_what_the_pilot_says_else_the_book() -> None:
    """Free ones and those of a processor are counted, not booked at nothing."""
    cases: list[Any] = [
        (piloted(), ("gpu", Decimal("1.1"), "USD", 1)),
        (piloted(usd=2.5), ("gpu", Decimal("2.5"), "USD", 1)),
        (piloted(usd=0.0), ("1 run free by the pilot's own price of an hour",)),
        (piloted(hardware="a processor", gpus=0), ("1 run on a processor, whose hour has no price here",)),
        (piloted(usd=0.04, hardware="", gpus=0), ("gpu", Decimal("0.04"), "USD", None)),
    ]
    breaches = []
    for run, expected in cases:
        found = read("", piloted=lambda run=run: [(ENDED, run)])
        got: Any = found.left_out
        if found.spendings:
            (charge,) = found.spendings
            got = (charge.category, charge.amount, charge.currency, charge.quantity)
        breaches += [] if expected == got else [(run, got)]
    assert [] == breaches


def test_the_card_is_read_from_what_a_run_was_given() -> None:
    """Tags, parameters, the machine's type, and one metric for each card."""
    cases: list[Any] = [
        ({"tunecase.gpu": "L40S", "tunecase.gpu_count": "4"}, (), ("L40S", 4)),
        ({"params/gpu_type": "NVIDIA H100 80GB HBM3", "world_size": "16"}, (), ("H100", 16)),
        ({"accelerators": "A100-80GB:8"}, (), ("A100-80GB", 8)), ({"hardware": "2 x L4"}, (), ("L4", 2)),
        ({"instance_type": "ml.g5.12xlarge"}, (), ("A10G", 4)),
        ({"gpu": "L40S"}, ("system/gpu_0_power", "system/gpu_1_power", "system/gpu_1_memory"), ("L40S", 2)),
        ({"gpu": "cpu"}, (), ("cpu", 0)), ({"gpu": "2", "lr": "1e-4"}, (), ("", None)), ({"gpus": "2"}, (), ("", 2)),
        ({}, ("system/cpu_utilization",), ("", None)),
    ]  # fmt: skip
    breaches = []
    for facts, metrics, expected in cases:
        got = gpu_of(TimedRun("k", "n", facts=facts, metrics=metrics))
        breaches += [] if expected == got else [(facts, metrics, got)]
    assert [] == breaches


def test_impossible_times_are_refused(tmp_path: Path) -> None:
    """An end to come or before the beginning, impossible seconds, a file of the year 300,000: in words."""
    late = TimedRun("1", "late", ENDED, ENDED.replace(month=12), facts={"gpu": "L40S", "gpus": "1"})
    back = TimedRun("2", "back", ENDED, ENDED.replace(day=1), facts={"gpu": "L40S", "gpus": "1"})
    with pytest.raises(InputError) as caught:
        run_charges((late, back, TimedRun("3", "none")), asked(gpu_hour=PRICES.get), "mlflow", "here")
    assert ["late", "back", "none"] == [problem.where.split()[-1] for problem in caught.value.problems]
    run = TimedRun("1", "a", ENDED.replace(hour=10), ENDED, usd=Decimal("4.2"), facts={"gpu": "L40S", "gpus": "1"})
    (charge,) = run_charges((run,), asked(gpu_hour=PRICES.get), "mlflow", "here").spendings
    assert (Decimal("4.2"), Decimal(2), "USD") == (charge.amount, charge.quantity, charge.currency)
    with pytest.raises(InputError, match="a dated rate for USD"):
        run_charges((run,), asked(currency="EUR", gpu_hour=PRICES.get), "mlflow", "here")
    (tmp_path := tmp_path / "second").mkdir()
    for seconds in (1e308, 1e15, -1.0, -1e308):
        run = Run("0123456789abcdef", "lora", "a model", 40, 0, 0.5, 5, 10, seconds, hardware="L40S", gpus=1)
        with pytest.raises(InputError, match="hours"):
            read("", piloted=lambda run=run: [(ENDED, run)])
        folder = state(tmp_path / "trained", runtime=seconds)
        if seconds > 0:
            with pytest.raises(InputError, match="hours"):
                read(folder, gpu="L40S", gpu_count=1)
        else:
            assert () == read(folder, gpu="L40S", gpu_count=1).spendings
    (tmp_path := tmp_path / "third").mkdir()
    folder = state(tmp_path / "trained")
    os.utime(folder / "trainer_state.json", (9.4e12, 9.4e12))
    if (folder / "trainer_state.json").stat().st_mtime < 9e12:
        pytest.skip("this disk keeps no such moment")
    with pytest.raises(InputError, match="--on"):
        read(folder, gpu="L40S", gpu_count=1)
