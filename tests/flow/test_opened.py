"""The conductor keeps what still holds, makes anew what does not, and never spends on an unsound case."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import walked
from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl
from tunecase import catalog, flow
from tunecase.errors import InputError
from tunecase.flow import Flow, open_case
from tunecase.flow.opened import pilot_metric, spent
from tunecase.flow.verbs import BILL
from tunecase.forecast.importers.imported import Asked
from tunecase.records import Run, Spending, from_json, to_json
from tunecase.report.page import render

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def opened(path: Path, seed: int = 0) -> Flow:
    """The case as a new process finds it."""
    return open_case(path, seed, TODAY)


def verbs(case: Flow) -> list[str]:
    """The verbs of the ledger's records, in order."""
    return [entry.verb for entry in case.ledger.entries() if entry.kind == "record"]


def runs(case: Flow) -> list[Run]:
    """The runs in the ledger."""
    return [from_json(Run, entry.body) for entry in case.ledger.entries() if entry.kind == "run"]


def sound_case(folder: Path) -> Path:
    """A sound case; its project file."""
    second = [dict(row, second=row["label"]) for row in tickets(200, 2)]
    path = case_folder(folder, second_label="  second_label: second")
    write_jsonl(folder / "test.jsonl", second)
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A sound case in which nothing was done yet."""
    return sound_case(tmp_path)


@pytest.fixture
def audited(tmp_path: Path) -> Path:
    """A sound case whose data were audited."""
    return walked.path_of("decided", tmp_path, entries=1)


@pytest.fixture
def on_road(tmp_path: Path) -> Path:
    """A sound case that walked the road to its decision."""
    return walked.path_of("decided", tmp_path)


def test_open_case_refuses_an_edited_ledger(audited: Path) -> None:
    """A case whose ledger was edited is not opened."""
    ledger = audited.parent / "ledger.jsonl"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace('"usable":120', '"usable":121'), encoding="utf-8")
    with pytest.raises(InputError, match=r"ledger\.jsonl:1"):
        opened(audited)


def test_define_audits_and_prices_by_itself(sound: Path) -> None:
    """What define needs is made first and kept, once."""
    case = opened(sound)
    record = flow.define(case)
    assert record.ok
    assert ["audit", "estimate", "define"] == verbs(case)
    assert record.majority < record.probe


def test_a_record_is_known_to_the_next_process(audited: Path) -> None:
    """A record that still holds comes back from the ledger, equal to what was made."""
    record = flow.define(opened(audited))
    later = opened(audited)
    assert record == later.current("define")
    flow.define(later)
    assert ["audit", "estimate", "define", "define"] == verbs(later)
    assert later.current("pilot") is None


def changed_project(path: Path) -> None:
    """Another budget."""
    path.write_text(path.read_text(encoding="utf-8").replace("30k USD", "20k USD"), encoding="utf-8")


def test_changed_files_make_records_stale(audited: Path) -> None:
    """A record made from other data or another project file is not known any more; a comment changes nothing."""
    before = {name: (audited.parent / name).read_bytes() for name in ("train.jsonl", "test.jsonl", audited.name)}
    for name, content in before.items():
        (audited.parent / name).write_bytes(content.replace(b"30k USD", b"20k USD").replace(b"case", b"row", 1))
        assert opened(audited).current("audit") is None, name
        (audited.parent / name).write_bytes(content)
    audited.write_bytes(b"# a comment\n" + before[audited.name])
    assert opened(audited).current("audit") is not None


@pytest.mark.slow
def test_a_new_budget_keeps_the_pilot_and_renews_what_follows(on_road: Path) -> None:
    """The pilot does not depend on prices; forecast, bill and decision are made again when they are asked for."""
    changed_project(on_road)
    case = opened(on_road)
    assert case.current("pilot") is not None
    assert case.current("forecast") is None
    flow.report(case)
    assert 20_000 == case.current("estimate").budget
    assert case.current("decide") is not None


def test_a_new_price_of_ones_own_keeps_the_pilot_and_renews_the_estimate(audited: Path) -> None:
    """What the file of prices says is part of what a record rests on, and of the book it names."""
    own = audited.parent / "prices.csv"
    own.write_text("gpu,usd,date\nL4,0.5,2026-10-01\n", encoding="utf-8")
    audited.write_text(audited.read_text(encoding="utf-8") + "\nprices: prices.csv\n", encoding="utf-8")
    first = flow.estimate(opened(audited))
    later = opened(audited)
    assert first == later.current("estimate")
    assert first.price_book != catalog.price_book()
    own.write_text("gpu,usd,date\nL4,0.6,2026-10-01\n", encoding="utf-8")
    changed = opened(audited)
    assert changed.current("estimate") is None
    assert changed.key("pilot") == later.key("pilot")
    own.write_text("gpu,usd,date\nL4,0,2026-10-01\nL4,2,2030-01-01\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        opened(audited)
    assert ["prices.csv:2: usd", "prices.csv:3: date"] == [problem.where for problem in refused.value.problems]


@pytest.mark.slow
def test_a_charge_renews_books_and_decision(on_road: Path) -> None:
    """The report never says that nothing is booked when something is."""
    flow.spend_text(opened(on_road), flow.ChargeAsked("9000", "USD", "gpu"))
    case = opened(on_road)
    assert case.current("decide") is None
    flow.report(case)
    assert 9_000 == case.current("books").spent


def test_a_changed_model_file_makes_records_stale(tmp_path: Path) -> None:
    """The dimensions in a model's config.json are part of what a record depends on."""
    path = case_folder(tmp_path, models="models: [config.json]")
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    before = opened(path).key("audit")
    (tmp_path / "config.json").write_text('{"hidden_size": 64}', encoding="utf-8")
    assert before != opened(path).key("audit")


def test_a_record_of_another_version_is_made_again(sound: Path) -> None:
    """A record whose fields this version does not know is as good as none."""
    case = opened(sound)
    meta = {"key": case.key("audit"), "schema": 0}
    case.ledger.append("record", {"rows": 3}, recorded_at=NOW, verb="audit", meta=meta)
    assert opened(sound).current("audit") is None


def test_a_killed_pilot_goes_on(audited: Path) -> None:
    """Runs that ended before the process was killed are taken from the ledger, not made again."""
    made: list[Any] = []

    def killed(state: Any) -> None:
        if state.last is not None:
            made.append(state)
        if len(made) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        flow.pilot(opened(audited), flow.PilotSettings(draws=2, workers=1), killed)
    case = opened(audited)
    assert 4 == len(runs(case))
    assert case.current("pilot") is None
    record = flow.pilot(case, flow.PilotSettings(draws=2, workers=1))
    assert 4 == record.reused
    assert len(record.runs) == len(runs(case)) == len({run.key for run in runs(case)})
    again = flow.pilot(opened(audited), flow.PilotSettings(draws=2))
    assert len(again.runs) == again.reused
    assert record.runs == again.runs


def test_the_pilot_needs_a_test_file(tmp_path: Path) -> None:
    """Without held-out rows there is nothing to score on."""
    case = opened(case_folder(tmp_path, test=""))
    assert case.table("test") is None
    with pytest.raises(InputError, match=r"data\.test"):
        flow.pilot(case)
    assert () == flow.baselines(case, flow.audit(case))


def test_a_metric_in_any_case(tmp_path: Path) -> None:
    """A metric's name is found whatever its case, for the pilot as for the project file."""
    assert "accuracy" == pilot_metric(opened(case_folder(tmp_path, metric="  metric: Accuracy")))


def test_a_forecast_needs_a_pilot(sound: Path) -> None:
    """Without a pilot the command that makes one is named."""
    with pytest.raises(InputError, match="run `tunecase pilot`"):
        flow.forecast(opened(sound))


def test_points_leave_failed_runs_out(audited: Path) -> None:
    """Only runs that ended well are points."""
    record = flow.pilot(opened(audited), flow.PilotSettings(draws=1, workers=1))
    assert len(record.runs) == len(flow.points(record))
    broken = json.loads(to_json(record).replace(b'"failed":""', b'"failed":"no"'))
    assert () == flow.points(from_json(type(record), broken))


@pytest.mark.slow
@pytest.mark.usefixtures("every_world")
def test_the_whole_road(sound: Path) -> None:
    """Every verb tells its record in order, and the bill once more after the forecast, in all 20,000 worlds."""
    told: list[str] = []
    case = opened(sound)
    fine = flow.road(case, lambda verb, record: told.append(verb))
    road = ["define", "audit", "estimate", "pilot", "forecast", "estimate again", "decide", "books"]
    assert road == told
    assert fine == case.records["decide"].ok
    assert [
        "audit",
        "estimate",
        "define",
        "estimate",
        "pilot",
        "forecast",
        "estimate",
        "define",
        "decide",
        "books",
    ] == verbs(case)
    later = opened(sound)
    assert all(later.current(verb) is not None for verb in ("pilot", "forecast", "decide", "books"))
    assert "pilot" in later.current("estimate").based_on
    assert 20_000 == later.current("estimate").draws


def test_a_plan_without_data_is_priced_and_no_more(tmp_path: Path) -> None:
    """There is nothing to judge or to train on: the bill and the books are made, and the answer is no refusal."""
    path = tmp_path / "tunecase.yaml"
    path.write_text("name: planned\ndata: {rows: 2k, tokens_per_row: 300}\n", encoding="utf-8")
    told: list[str] = []
    assert flow.road(opened(path), lambda verb, record: told.append(verb))
    assert ["estimate", "books"] == [verb for verb in told if verb != "changed"]


def test_charges_are_booked_and_superseded_by_a_short_id(sound: Path) -> None:
    """A charge is corrected by another that names the beginning of its id; the books count it once."""
    case = opened(sound)
    wrong = flow.spend_text(case, flow.ChargeAsked("42.50", "USD", "gpu", "2026-11-20", "two hours"))
    right = flow.spend_text(case, flow.ChargeAsked("24.50", None, "gpu", replaces=wrong.id[:8]))
    flow.spend_text(case, flow.ChargeAsked("4.50", None, "gpu", credit=True))
    assert [wrong.id, right.id] == [name for name, _ in case.spendings()][:2]
    assert wrong.id == case.spendings()[1][1].supersedes
    books = flow.books(opened(sound))
    assert ("20.00", 1) == (f"{books.spent:.2f}", books.superseded)
    assert TODAY == case.spendings()[1][1].on
    with pytest.raises(InputError, match="supersedes"):
        flow.spend_text(case, flow.ChargeAsked("1", None, "gpu", replaces="ffffffff"))
    with pytest.raises(InputError, match=f"replace {right.id[:12]} instead"):
        flow.spend_text(case, flow.ChargeAsked("1", None, "gpu", replaces=wrong.id[:8]))


def test_decide_counts_what_was_spent(on_road: Path) -> None:
    """Money that is gone is not there for the next step: the bill and the decision of before do not hold."""
    case = opened(on_road)
    assert BILL.holds(case)
    flow.spend_text(case, flow.ChargeAsked("29999", "USD", "labour"))
    case = opened(on_road)
    assert (29_999, False, None) == (spent(case), BILL.holds(case), case.current("decide"))


def test_decide_makes_first_what_it_needs(audited: Path) -> None:
    """The bill and the definition; without a pilot one is advised."""
    case = opened(audited)
    assert "pilot" == flow.decide(case).advice
    assert ["audit", "estimate", "define", "decide"] == verbs(case)


def test_reports_are_written_whole(sound: Path, tmp_path: Path) -> None:
    """Three files appear in the folder asked for, no half-written one beside them; the page is optional."""
    case = opened(sound)
    flow.define(case)
    flow.estimate(case)
    record = flow.report(case, render, flow.ReportAsked(tmp_path / "out" / "deep"))
    assert {"report.html", "report.md", "report.json"} == {path.name for path in (tmp_path / "out" / "deep").iterdir()}
    assert "define" in json.loads(Path(record.json).read_text(encoding="utf-8"))["records"]
    plain = flow.report(opened(sound))
    assert ("", str(sound.parent / "report.md")) == (plain.html, plain.markdown)
    assert not list(sound.parent.glob(".*.part"))


def test_verify(sound: Path) -> None:
    """A whole chain is said in one sentence with the number of entries; a broken one is refused."""
    assert (0, 0, True) == (flow.verify(sound).entries, flow.verify(sound).rechained, flow.verify(sound).whole)
    flow.audit(opened(sound))
    assert 1 == flow.verify(sound).entries
    ledger = sound.parent / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"audit"', b'"adieu"'))
    with pytest.raises(InputError):
        flow.verify(sound)


def test_an_audit_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept but the rows that could not be read."""
    monkeypatch.chdir(tmp_path)
    train = write_jsonl(Path("train.jsonl"), tickets(100, 1))
    assert 100 == flow.audit_file(flow.DataFiles(train), seed=0, today=TODAY).rows
    assert ["train.jsonl"] == [path.name for path in tmp_path.iterdir()]
    train.write_text(train.read_text(encoding="utf-8") + "{broken\n", encoding="utf-8")
    assert 1 == flow.audit_file(flow.DataFiles(train), seed=0, today=TODAY).quarantined
    assert {"train.jsonl", "train.quarantine.jsonl"} == {path.name for path in tmp_path.iterdir()}


def test_a_forecast_of_points_checks_its_words(tmp_path: Path) -> None:
    """Targets and limits that make no sense are refused by the option's name."""
    path = tmp_path / "points.csv"
    path.write_text("n,score\n50,0.5\n100,0.6\n200,0.7\n", encoding="utf-8")
    for target, n_max in (("140%", None), ("often", None), ("0.9", 0)):
        with pytest.raises(InputError, match=r"--target|--n-max"):
            flow.forecast_file(str(path), Asked(), target, n_max, 0)
    assert 400 == flow.forecast_file(str(path), Asked(), None, 400, 0).n_max


def test_a_falling_metric_takes_any_target(tmp_path: Path) -> None:
    """A loss may have a target above one."""
    path = tmp_path / "points.csv"
    path.write_text("n,score\n50,2.5\n100,2.2\n200,2.0\n400,1.9\n", encoding="utf-8")
    record = flow.forecast_file(str(path), Asked("loss", "lower"), "1.8", None, 0)
    assert ("lower", 1.8) == (record.direction, record.target)


def test_contents_fold_what_is_known(on_road: Path) -> None:
    """The page is folded from the records that still hold, the earlier bills among them."""
    page = flow.contents(opened(on_road), with_grid=False)
    assert page.answer.verdict.sentence
    assert "estimate" in {account.verb for account in page.appendix}


@pytest.mark.slow
def test_a_page_after_a_charge_makes_anew_what_the_charge_moves(on_road: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bill, problem, decision and books once each, no baseline measured again; the next page records nothing."""
    before = opened(on_road)
    held, made = before.current("define"), verbs(before)
    flow.spend(before, Spending(TODAY, "labour", Decimal(65), "USD", Decimal(65), ""))
    monkeypatch.setattr("tunecase.pilot.baselines", lambda *_, **__: pytest.fail("measured again"))
    case = opened(on_road)
    flow.contents(case, with_grid=False)
    assert ["estimate", "define", "decide", "books"] == verbs(case)[len(made) :]
    again = case.current("define")
    assert (held.majority, held.probe) == (again.majority, again.probe)
    flow.contents(opened(on_road), with_grid=False)
    assert len(made) + 4 == len(verbs(case))


def random_words(folder: Path, rows: int) -> Path:
    """A sound case but for its labels, which are random words; its project file."""
    path = case_folder(folder, second_label="  second_label: second")
    test = [dict(row, second=row["label"]) for row in tickets(100, 2, shuffled=True)]
    write_jsonl(folder / "train.jsonl", tickets(rows, 1, shuffled=True))
    write_jsonl(folder / "test.jsonl", test)
    return path


def test_random_labels_end_the_road_before_the_pilot(tmp_path: Path) -> None:
    """Rows of random one-word labels: define and audit say no, nothing is trained, and nothing is bought."""
    case = opened(random_words(tmp_path, 220))
    told: dict[str, Any] = {}
    assert not flow.road(case, lambda verb, record: told.update({verb: record}))
    assert "pilot" not in told
    assert "not fit" == told["audit"].verdict
    assert "S1" in {rule.id for rule in told["define"].criteria if rule.status == "fail"}
    assert "fix first" == told["decide"].advice


def test_three_rows_are_too_little_to_say(tmp_path: Path) -> None:
    """Three rows end the road before the pilot: the audit says nothing can be said, and define that they are few."""
    case = opened(random_words(tmp_path, 3))
    told: dict[str, Any] = {}
    assert not flow.road(case, lambda verb, record: told.update({verb: record}))
    assert "pilot" not in told
    assert "too little to say" == told["audit"].verdict
    assert "D1" in {rule.id for rule in told["define"].criteria if rule.status == "fail"}
    assert "fix first" == told["decide"].advice


@pytest.mark.slow
def test_data_that_are_not_fit_end_with_code_1(tmp_path: Path) -> None:
    """`tunecase run` says no with its exit code, with --anyway too, which alone trains."""
    path = random_words(tmp_path, 300)
    without = tunecase("run", "--json", "--project", path)
    assert (1, False) == (without.code, "pilot" in without.json)
    anyway = tunecase("run", "--json", "--anyway", "--project", path)
    assert (1, True) == (anyway.code, "pilot" in anyway.json)
    assert "fix first" == anyway.json["decide"]["advice"]


def test_reviews_move_the_decision_until_the_data_change(tmp_path: Path) -> None:
    """What reviewers said replaces what was estimated of wrong labels; other data make it void."""
    path = case_folder(tmp_path, second_label="  second_label: second")
    case = opened(path)
    assert case.reviews is None
    flow.fix(case, flow.FixAsked(tmp_path / "out"))
    queue = [json.loads(line) for line in (tmp_path / "out/review.jsonl").read_bytes().splitlines()]
    before = case.key("decide")
    said = [{**row, "decision": "right", "seconds": 10} for row in queue[:30]]
    source = write_jsonl(tmp_path / "out/said.jsonl", said)
    record = flow.review(case, source)
    assert record == case.reviews
    assert before != case.key("decide")
    write_jsonl(tmp_path / "train.jsonl", tickets(240, 7))
    assert opened(path).reviews is None


def test_the_definition_is_judged_on_a_bill_with_the_test_rows_it_misses(tmp_path: Path) -> None:
    """Define prices the missing test rows itself, and the bill it leaves is the one that a later estimate makes."""
    path = case_folder(tmp_path, test_rows=40, target="  target: 90%\n  baseline: 85%")
    posed = flow.define(opened(path))
    bill = opened(path).current("estimate")
    assert posed.test_rows_to_buy
    assert "test rows" in bill.line("data").basis
    assert bill.total == flow.estimate(opened(path)).total
    assert 1 == verbs(opened(path)).count("audit")
