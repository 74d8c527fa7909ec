"""A pilot is asked for in words, exported to rented machines, and brought home from them."""

import shutil
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import samples, walked
from tests.chat_server import chat_server, said
from tests.command import tunecase
from tests.flow.test_opened import NOW, opened, runs
from tests.making import case_folder
from tests.projects import TODAY
from tunecase import flow
from tunecase.errors import InputError
from tunecase.flow import PilotSettings, PilotWords
from tunecase.ledger import Ledger, NewEntry
from tunecase.pilot import pilot
from tunecase.records import Run, Spending


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A sound case whose data were audited; its project file."""
    path = walked.path_of("decided", tmp_path / "here", entries=1)
    shutil.rmtree(path.parent / "pilot")
    return path


def test_words_become_a_pilot() -> None:
    """Settings are numbers and truths where they look so; hosted ones go to the hosted models; an hour here is free."""
    typed = ["rank=16", "learning_rate=2e-3", "names=true", "style=chat", "hosted.base_url=http://x"]
    plain = PilotSettings("lora", adaptive=False, usd_per_hour=None)
    settings = flow.pilot_settings(PilotWords(typed, "50, 100,200", ["big"]), plain)
    assert {"rank": 16, "learning_rate": 0.002, "names": True, "style": "chat"} == settings.settings
    assert ("lora", (50, 100, 200), False) == (settings.trainer, settings.sizes, settings.adaptive)
    assert 0.0 == settings.usd_per_hour
    assert {"big": {"base_url": "http://x"}} == settings.hosted
    assert flow.pilot_settings(PilotWords(engine="ray"), plain).usd_per_hour is None
    raced = flow.pilot_settings(PilotWords(typed, candidates="probe, gpt-6-luna"), plain)
    assert ("probe", "gpt-6-luna") == raced.race
    assert {"gpt-6-luna": {"base_url": "http://x"}} == raced.hosted
    assert () == flow.pilot_settings(PilotWords(candidates="none"), plain).race
    with pytest.raises(InputError) as refused:
        flow.pilot_settings(PilotWords(hosted=["big", "big"], candidates="probe,nearest,probe"), plain)
    assert ["--hosted", "--candidates"] == [problem.where for problem in refused.value.problems]


def test_the_project_says_where_pilots_and_audits_run(sound: Path, tmp_path: Path) -> None:
    """`engine: ray` with the cluster's address holds for both; what is typed comes first; scratch lies by the file."""
    from tunecase.flow.audit import AuditAsked, running

    sound.write_text(sound.read_text(encoding="utf-8") + "engine: ray\naddress: head:6379\nscratch: work\n", "utf-8")
    case = opened(sound)
    settings = flow.pilot_settings(PilotWords(), PilotSettings(usd_per_hour=None), case.project)
    assert ("ray", "head:6379", None) == (settings.engine, settings.address, settings.usd_per_hour)
    assert "local" == flow.pilot_settings(PilotWords(engine="local"), PilotSettings(), case.project).engine
    where = running(AuditAsked(memory="2GB"), case)
    assert ("ray", "head:6379", str(sound.parent / "work")) == (where.engine, where.address, where.scratch)
    assert (2_000_000_000, "local") == (where.memory_bytes, running(AuditAsked(engine="local"), case).engine)
    with pytest.raises(InputError) as caught:
        running(AuditAsked(engine="spark", memory="lots"), None)
    assert ["--engine", "--memory"] == [problem.where for problem in caught.value.problems]


def test_words_that_cannot_be_read_are_refused_together() -> None:
    """Every unreadable word is told, with how to write it."""
    with pytest.raises(InputError) as caught:
        flow.pilot_settings(PilotWords(["rank"], "ten", engine="cloud"), PilotSettings())
    assert ["--set", "--sizes", "--engine"] == [problem.where for problem in caught.value.problems]


def test_a_pilot_is_written_as_a_task_for_rented_gpus(sound: Path, tmp_path: Path) -> None:
    """The file is YAML that runs the same pilot there; without GPUs to rent, or for another tool, it is refused."""
    to = tmp_path / "task.yaml"
    ran = tunecase(
        "pilot", "--project", sound, "--trainer", "trl", "--set", "rank=32", "--max-usd", "20", "--usd-per-hour", "2.5",
        "--export", "skypilot", "--accelerators", "L40S:1", "--to", to,
    )  # fmt: skip
    assert 0 == ran.code
    task = yaml.safe_load(to.read_text(encoding="utf-8"))
    assert "L40S:1" == task["resources"]["accelerators"]
    for words in ("--trainer trl", "--set rank=32", "--max-usd 20", "--usd-per-hour 2.5", "--yes"):
        assert words in task["run"]
    assert "tunecase ledger merge" in to.read_text(encoding="utf-8")
    with pytest.raises(InputError) as caught:
        flow.export(opened(sound), "slurm", PilotSettings(), "", to)
    assert ["--trainer", "--export", "--accelerators"] == [problem.where for problem in caught.value.problems]


def test_runs_of_another_machine_come_home_once(sound: Path, tmp_path: Path) -> None:
    """Runs, the pilot and the answers made elsewhere are taken over; a second time brings nothing."""
    away = walked.opened("decided", tmp_path / "away")
    record, home = away.current("pilot"), opened(sound)
    told = flow.merge(home, away.ledger.path)
    assert "its pilot stands for this case" in told
    assert {run.key for run in record.runs} <= {run.key for run in runs(home)}
    assert record.mean_scores == opened(sound).current("pilot").mean_scores
    assert list((sound.parent / "pilot" / "answers").iterdir())
    assert flow.merge(opened(sound), away.ledger.path).startswith("0 runs")


def test_a_touched_ledger_is_not_brought_home(sound: Path, tmp_path: Path) -> None:
    """A ledger that is not there, or was edited, is refused."""
    with pytest.raises(InputError, match="no such file"):
        flow.merge(opened(sound), tmp_path / "none.jsonl")
    other = tmp_path / "other.jsonl"
    other.write_text((sound.parent / "ledger.jsonl").read_text(encoding="utf-8").replace('"usable":', '"usable":1'))
    with pytest.raises(InputError, match=r"other\.jsonl:1"):
        flow.merge(opened(sound), other)


def test_a_failed_run_does_not_hide_its_later_success(sound: Path, tmp_path: Path) -> None:
    """Of a run that failed and then went well elsewhere, the good one comes home, once."""
    away = opened(case_folder(tmp_path / "away", second_label=""))
    good = Run("0123456789abcdef", "lora", "a model", 40, 0, 0.5, 5, 10, 1.0)
    for run in (replace(good, failed="out of memory"), good):
        away.ledger.append("run", run, recorded_at=NOW, verb="pilot", meta={})
    home = opened(sound)
    assert flow.merge(home, away.ledger.path).startswith("1 run taken over")
    assert [good] == runs(home)
    assert flow.merge(opened(sound), away.ledger.path).startswith("0 runs")


def test_a_run_that_no_pilot_made_is_refused(sound: Path, tmp_path: Path) -> None:
    """A forged run is named, and nothing of its ledger is taken over."""
    good = Run("0123456789abcdef", "lora", "a model", 40, 0, 0.5, 5, 10, 1.0)
    forged: list[dict[str, Any]] = [
        {"key": "../../../../../tmp/owned"}, {"key": ""}, {"score": float("inf")}, {"seconds": -1.0},
        {"seconds": 1e12}, {"usd": 1e300}, {"n": -5}, {"correct": 11}, {"model": "m" * 100_000},
        {"settings": "=cmd" * 10_000},
    ]  # fmt: skip
    home = opened(sound)
    for number, fields in enumerate(forged):
        away = Ledger(tmp_path / f"{number}.jsonl")
        bad = replace(good, **{"key": "abcdef0123456789", **fields})
        away.append_many([NewEntry("run", asdict(run), "pilot") for run in (good, bad)], recorded_at=NOW)
        with pytest.raises(InputError):
            flow.merge(home, away.path)
    assert [] == runs(home)


def test_nothing_but_runs_of_these_data_comes_home(sound: Path, tmp_path: Path) -> None:
    """Charges, approvals, records, runs of other data and the meta of a run stay behind; too many runs are refused."""
    away = opened(case_folder(tmp_path / "away", second_label=""))
    good = Run("0123456789abcdef", "lora", "a model", 40, 0, 0.5, 5, 10, 1.0)
    spending = Spending(TODAY, "gpu", Decimal(-5), "USD", Decimal(-5))
    own = {"key": opened(sound).key("pilot")}
    entries = [
        NewEntry("run", good, "pilot", {**own, "seed": 7, "odd": "x" * 1_000}), NewEntry("spend", spending),
        NewEntry("run", replace(good, key="abcdef0123456789"), "pilot", {"key": "otherdata-x-v1"}),
        NewEntry("record", {"by": "forger"}, "approve"), NewEntry("run", {"key": "ab"}, "pilot"),
    ]  # fmt: skip
    away.ledger.append_many(entries[:3], recorded_at=NOW)
    home = opened(sound)
    before = len(list(home.ledger.entries()))
    told = flow.merge(home, away.ledger.path)

    assert told.startswith("1 run taken over")
    assert "1 run of other data left out" in told
    (brought,) = list(home.ledger.entries())[before:]
    assert ({**own, "face": "python"}, asdict(good)) == (brought.meta, asdict(brought.record()))
    away.ledger.append_many(entries[3:], recorded_at=NOW)
    with pytest.raises(InputError, match="set-aside"):
        flow.merge(home, away.ledger.path)
    many = Ledger(tmp_path / "many.jsonl")
    many.append_many([NewEntry("run", replace(good, key=f"{n:08x}"), "pilot") for n in range(2_001)], recorded_at=NOW)
    with pytest.raises(InputError, match="more than 2,000 runs"):
        flow.merge(home, many.path)


def test_a_cap_in_money_needs_a_price_where_machines_are_rented(sound: Path, tmp_path: Path) -> None:
    """A cap without the price of an hour would never bind, and a hosted model is not compared with there."""
    settings = PilotSettings("lora", max_usd=5, hosted={"big": {}})
    with pytest.raises(InputError) as caught:
        flow.export(opened(sound), "skypilot", settings, "L40S:1", tmp_path / "task.yaml")
    assert ["--max-usd", "--hosted"] == [problem.where for problem in caught.value.problems]


def test_private_rows_go_to_rented_machines_only_where_somebody_said_so(sound: Path, tmp_path: Path) -> None:
    """The folder with the rows is copied there, so an export of rows that hold such data is refused until then."""
    with (sound.parent / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"text": "mail ann.lee@example.org", "label": "red"}\n')
    with pytest.raises(InputError, match="hold e-mail"):
        flow.export(opened(sound), "skypilot", PilotSettings("lora"), "L40S:1", tmp_path / "task.yaml")
    settings = PilotSettings("lora", send_flagged=True)
    assert "L40S:1" in flow.export(opened(sound), "skypilot", settings, "L40S:1", tmp_path / "task.yaml")


def test_a_hosted_model_is_asked_by_its_name_at_the_projects_endpoint(
    sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project file's address and key, the price of genai-prices; a missing key is a note and the pilot goes on."""
    monkeypatch.setenv("GATEWAY_KEY", "sk-secret-123")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with chat_server([said("refund", (100, 2))]) as server:
        text = sound.read_text(encoding="utf-8")
        named = f"{{model: gpt-6-luna, endpoint: '{server.url}', key_variable: GATEWAY_KEY}}"
        sound.write_text(f"{text}\nalternatives:\n  prompt_hosted: {named}\n", encoding="utf-8")
        hosted = {"gpt-6-luna": {}, "claude-haiku-5-5": {}}
        record = flow.pilot(opened(sound), PilotSettings(sizes=(40,), draws=1, workers=1, hosted=hosted))
    one = next(each for each in record.baselines if each.name == "gpt-6-luna zero-shot")
    assert one.usd_per_1k_answers is not None
    assert pytest.approx(1000 * (100 * 0.1 + 2 * 0.5) / 1e6) == one.usd_per_1k_answers
    assert (one.test_rows, 0, True, server.url[7:-3]) == (
        one.disclosed.rows, one.disclosed.flagged, one.disclosed.masked, one.disclosed.host
    )  # fmt: skip
    assert {"Bearer sk-secret-123"} == {headers["Authorization"] for headers in server.headers}
    assert ["claude-haiku-5-5"] == list(record.not_asked)
    assert record.not_asked["claude-haiku-5-5"].startswith("ANTHROPIC_API_KEY is not set")
    assert "sk-secret-123" not in opened(sound).ledger.path.read_text(encoding="utf-8")


def test_documents_that_hold_nothing_are_refused(sound: Path) -> None:
    """Where, got, wanted and fix, before any run."""
    (sound.parent / "docs").mkdir()
    text = sound.read_text(encoding="utf-8")
    sound.write_text(text.replace("  test: test.jsonl", "  test: test.jsonl\n  documents: docs"), encoding="utf-8")
    walked.keep_anew(opened(sound), "audit")
    with pytest.raises(InputError, match="a folder without documents"):
        flow.pilot(opened(sound), PilotSettings(sizes=(40,), draws=1, workers=1))
    assert [] == runs(opened(sound))


@pytest.mark.slow
def test_another_model_to_tune_makes_the_pilot_a_stand_in(sound: Path) -> None:
    """Whether a pilot stands in for the model is judged by the models that the project names today."""
    case = opened(sound)
    measured = replace(
        walked.records("decided")["pilot"], trainer="lora", model="meta-llama/Llama-3.1-8B", stand_in=False
    )
    case.keep("pilot", measured)
    assert not flow.forecast(opened(sound)).stand_in
    text = sound.read_text(encoding="utf-8")
    sound.write_text(text.replace("meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-70B"), encoding="utf-8")
    found = flow.forecast(opened(sound))
    assert found.stand_in
    assert "stand_in.smaller_model_factor" == found.stand_in_factor


def test_left_to_itself_a_pilot_races_what_is_here(sound: Path) -> None:
    """Without settings n-grams are measured as a candidate, and what would add the encoder is told."""
    record = flow.pilot(opened(sound))
    assert ("probe", ["n-grams"]) == (record.trainer, [one.name for one in record.candidates])
    assert record.candidates[0].points
    assert any(words.startswith("encoder: ") for words in record.not_measured)
    assert record == opened(sound).current("pilot")


@pytest.mark.slow
def test_the_road_keeps_what_was_asked_for_and_walks_the_rest_again(sound: Path) -> None:
    """A pilot of another trainer holds as it is; one of n-grams alone is taken from the ledger once more."""
    case = opened(sound)
    flow.pilot(case, PilotSettings("simulated", draws=1, workers=1))
    told: dict[str, object] = {}
    flow.road(case, told.__setitem__, anyway=True)
    assert "simulated" == told["pilot"].trainer
    flow.pilot(case, PilotSettings(workers=1))
    flow.road(case, told.__setitem__, anyway=True)
    again = told["pilot"]
    assert ("probe", len(again.runs)) == (again.trainer, again.reused)
    assert ["n-grams"] == [one.name for one in again.candidates]


def test_rows_of_one_group_promise_what_they_count_as(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The design effect that define found reaches what the pilot promises."""
    seen = []
    monkeypatch.setattr(
        "tunecase.pilot.pilot", lambda material, *rest: seen.append(material.design) or pilot(material, *rest)
    )
    case = opened(sound)
    case.posed = replace(samples.definition(), design_effect=2.5)
    flow.pilot(case, PilotSettings(sizes=(40,), draws=1, workers=1, with_baselines=False))
    assert [2.5] == seen


def test_other_documents_make_the_pilot_stale(sound: Path) -> None:
    """What they hold counts, not only where they lie."""
    text = sound.read_text(encoding="utf-8")
    sound.write_text(text.replace("  test: test.jsonl", "  test: test.jsonl\n  documents: docs"), encoding="utf-8")
    (sound.parent / "docs").mkdir()
    (sound.parent / "docs" / "a.md").write_text("Refunds take five days.", encoding="utf-8")
    before = opened(sound).key("pilot")
    assert before == opened(sound).key("pilot")
    (sound.parent / "docs" / "a.md").write_text("Refunds take nine days.", encoding="utf-8")
    assert before != opened(sound).key("pilot")
