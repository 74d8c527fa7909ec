"""Nothing is worked out twice: what is kept is used on the very same grounds only, and never believed when damaged."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.making import case_folder
from tunecase import flow
from tunecase.flow import kept as module
from tunecase.flow import run
from tunecase.flow.kept import kept
from tunecase.flow.opened import Flow
from tunecase.records import Baseline

DAY = date(2026, 11, 24)
Forget = Callable[[], None]
VALUE = (Baseline("probe", 0.5, 100),)


@pytest.fixture(autouse=True)
def an_empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and a process that has worked out nothing."""
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "_made", {})
    return tmp_path / "cache" / "kept"


@pytest.fixture
def forget(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Begins a process anew, as far as it knows."""
    return lambda: monkeypatch.setattr(module, "_made", {})


def opened(folder: Path, seed: int = 0, day: date = DAY) -> Flow:
    """The case of a folder."""
    return flow.open_case(folder / "tunecase.yaml", seed, day)


class Making:
    """Counts how often a value is worked out."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> tuple[Baseline, ...]:
        """The value, worked out once more."""
        self.times += 1
        return VALUE

    def of(self, case: Flow, rests_on: Any = 1) -> int:
        """How often it was worked out, once it is asked for."""
        assert kept(case, "baselines", tuple[Baseline, ...], rests_on, self) == VALUE
        return self.times


def test_a_value_is_worked_out_once_and_read_by_a_later_process(tmp_path: Path, forget: Forget) -> None:
    """On the same grounds one making serves this process and the next."""
    case_folder(tmp_path)
    made = Making()
    assert made.of(opened(tmp_path)) == made.of(opened(tmp_path)) == 1
    forget()
    assert made.of(opened(tmp_path)) == 1


@pytest.mark.parametrize("moved", ["project", "data", "seed", "day", "version", "grounds"])
def test_other_grounds_are_another_value(moved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project file, the data, the seed, the day, the version, what else it rests on: each makes it anew."""
    path = case_folder(tmp_path)
    made = Making()
    assert made.of(opened(tmp_path)) == 1
    if moved == "project":
        path.write_text(path.read_text(encoding="utf-8").replace("30k USD", "29k USD"), encoding="utf-8")
    if moved == "data":
        with (tmp_path / "train.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"text": "one more", "label": "refund"}\n')
    if moved == "version":
        monkeypatch.setattr(module, "__version__", "99.0")
        module._code.cache_clear()
    case = opened(tmp_path, int(moved == "seed"), replace_day(moved))
    assert made.of(case, "other" if moved == "grounds" else 1) == 2
    module._code.cache_clear()


def replace_day(moved: str) -> date:
    """The day after, where the day is what moves."""
    return date(2026, 11, 25) if moved == "day" else DAY


@pytest.mark.parametrize("damage", [b"", b"\x00", b"[" * 100_000, b"0" * 64 + b'\n[{"name": "probe"}]', None])
def test_a_damaged_file_is_worked_out_again(
    damage: bytes | None, tmp_path: Path, an_empty_cache: Path, forget: Forget
) -> None:
    """What was cut, changed by hand or put under another key is not believed, and does no harm."""
    case_folder(tmp_path)
    made = Making()
    made.of(opened(tmp_path))
    (file,) = an_empty_cache.glob("*.json")
    file.write_bytes(file.read_bytes().replace(b"0.5", b"0.9") if damage is None else damage)
    forget()
    assert made.of(opened(tmp_path)) == 2
    forget()
    assert made.of(opened(tmp_path)) == 2


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users have no numbers here")
def test_a_folder_in_which_others_may_write_is_not_read(tmp_path: Path, an_empty_cache: Path, forget: Forget) -> None:
    """Whoever writes there could forge an answer; the folder that is made is the user's alone."""
    case_folder(tmp_path)
    made = Making()
    made.of(opened(tmp_path))
    assert an_empty_cache.stat().st_mode & 0o777 == 0o700
    an_empty_cache.chmod(0o777)
    forget()
    assert made.of(opened(tmp_path)) == 2


def test_a_plan_rests_on_what_was_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of serving, which is no charge, may change it."""
    case_folder(tmp_path)
    case = opened(tmp_path)
    before = module.of_the_plan(case)
    monkeypatch.setattr(module, "spent", lambda flow: 700.0)
    assert module.of_the_plan(case) != before


def test_a_cache_that_takes_no_writing_only_costs_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file where the folder should be: the value is worked out in each process."""
    case_folder(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "file"))
    assert Making().of(opened(tmp_path)) == 1


def test_a_case_that_does_not_write_leaves_the_cache_as_it_is(tmp_path: Path, an_empty_cache: Path) -> None:
    """A question asked in passing keeps its answer in this process alone."""
    case_folder(tmp_path)
    made = Making()
    case = replace(opened(tmp_path), writes=False)
    assert made.of(case) == made.of(case) == 1
    assert not list(an_empty_cache.glob("*"))


def test_what_does_not_come_back_the_same_is_not_written(tmp_path: Path, an_empty_cache: Path) -> None:
    """A value that JSON has no word for is kept in this process alone."""
    case_folder(tmp_path)
    assert kept(opened(tmp_path), "odd", float, 1, lambda: float("inf")) == float("inf")
    assert not list(an_empty_cache.glob("*"))


def test_the_cache_is_bounded(tmp_path: Path, an_empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its bound the oldest files go, a quarter at a time."""
    case_folder(tmp_path)
    monkeypatch.setattr(module, "MOST_FILES", 8)
    case = opened(tmp_path)
    for number in range(12):
        Making().of(case, number)
    assert 6 <= len(list(an_empty_cache.glob("*.json"))) <= 8


@pytest.mark.slow
def test_an_unchanged_road_solves_no_plan_and_trains_nothing(
    tmp_path: Path, forget: Forget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second walk says the same, adds nothing to the ledger, and leaves the page as it is until that is touched."""
    from tunecase import decide, pilot, plan
    from tunecase.report import render

    def walked() -> dict[str, Any]:
        forget()
        records: dict[str, Any] = {}
        case = opened(tmp_path)
        flow.road(case, lambda verb, record: records.update({verb.removesuffix(" again"): record}))
        flow.report(case, render)
        return {verb: records[verb] for verb in ("estimate", "forecast", "decide")}

    case_folder(tmp_path)
    first = walked()
    ledger, page = (tmp_path / name for name in ("ledger.jsonl", "report.html"))
    written, drawn_at = ledger.read_bytes(), page.stat().st_mtime_ns
    calls: list[str] = []
    with monkeypatch.context() as patch:
        for owner, name in ((plan, "drawn"), (plan, "variants"), (pilot, "baselines"), (decide, "grid")):
            patch.setattr(owner, name, lambda *_, name=name, **__: calls.append(name))
        patch.setattr("tunecase.flow.run._walk", lambda *_, **__: calls.append("walk"))
        assert walked() == first
    assert calls == []
    assert (ledger.read_bytes(), page.stat().st_mtime_ns) == (written, drawn_at)
    whole = page.read_bytes()
    page.write_text("Made by tunecase, then cut", encoding="utf-8")
    walked()
    entry = rb"ledger [0-9a-f]+"  # the last one, which is the first report's now
    assert re.sub(entry, b"", page.read_bytes()[-200:]) == re.sub(entry, b"", whole[-200:])


@pytest.mark.slow
@pytest.mark.parametrize("moved", ["day", "encoder", "libraries", "review", "ledger", "asked"])
def test_a_road_is_walked_anew_where_it_may_end_elsewhere(
    moved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another day, once weights have come, where a file was touched, anything recorded, or a pilot is asked for."""
    case_folder(tmp_path, train_rows=60, test_rows=40)
    walks: list[str] = []
    walk = run._walk
    monkeypatch.setattr(run, "_walk", lambda *given: walks.append(moved) or walk(*given))
    flow.road(opened(tmp_path), lambda verb, record: None)
    flow.road(opened(tmp_path), lambda verb, record: None)
    assert [moved] == walks
    if moved == "encoder":
        monkeypatch.setattr("tunecase.pilot.encoder_here", lambda: (("model.safetensors", 1, 1),))
    if moved == "libraries":
        monkeypatch.setattr("tunecase.pilot.lacking_here", lambda models: (("encoder", "", ""), ("lora", "new", "")))
    if moved == "review":
        (tmp_path / "pilot").mkdir(exist_ok=True)
        (tmp_path / "pilot" / "review.jsonl").write_text("{}", encoding="utf-8")
    if moved == "ledger":
        flow.spend_text(opened(tmp_path), flow.ChargeAsked("12 USD", category="gpu"))
    day = date(2026, 11, 25) if moved == "day" else DAY
    settings = flow.PilotSettings("probe", draws=1, workers=1) if moved == "asked" else None
    flow.road(opened(tmp_path, day=day), lambda verb, record: None, settings=settings)
    assert [moved] * 2 == walks


@pytest.mark.slow
def test_a_pilot_that_could_not_begin_begins_no_more_than_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without test rows no run is made, and a road that ended so is told from the ledger like any other."""
    case_folder(tmp_path, train_rows=60, test="")
    flow.road(opened(tmp_path), lambda verb, record: None)
    monkeypatch.setattr(run, "_walk", lambda *_: pytest.fail("it was walked again"))
    records: dict[str, Any] = {}
    flow.road(opened(tmp_path), records.__setitem__)
    assert records["pilot"].stopped
    assert records["pilot"].runs == ()
