"""The books of a case: plan of record, closed lines, past projects, the rest drawn anew, the page and the table."""

import csv
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import walked
from tests.books.importers.bills import as_csv, row
from tests.books.test_served import inference
from tests.command import tunecase
from tests.making import case_folder
from tunecase import flow
from tunecase.accounts import Material
from tunecase.books.variance import exact
from tunecase.errors import InputError
from tunecase.flow import BooksAsked, Flow, ImportAsked, ServingAsked, copy_example, open_case
from tunecase.flow.opened import now, spent
from tunecase.records import RECORDS, Books, Inference, Spending
from tunecase.report import books_page, render

TODAY = walked.TODAY


def opened(path: Path) -> Flow:
    """The case as a new process finds it."""
    return open_case(path, 0, TODAY)


def verbs(case: Flow) -> list[str]:
    """The verbs of the ledger's records, in order."""
    return [entry.verb for entry in case.ledger.entries() if entry.kind == "record"]


def pay(path: Path, amount: str, category: str = "labour", hours: str | None = None, **other: Any) -> None:
    """Books one charge."""
    much = None if hours is None else Decimal(hours)
    unit = "" if hours is None else "hour"
    # The plan is of the day on which the test runs.
    charge = Spending(
        other.pop("on", now().date()), category, Decimal(amount), "USD", Decimal(amount), "", much, unit, **other
    )
    flow.spend(opened(path), charge)


def told(path: Path, **asked: str) -> Books:
    """The books as a new process finds them."""
    return flow.books(opened(path), BooksAsked(**asked))


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case with an estimate; its project file."""
    return walked.path_of("decided", tmp_path / "case", entries=4)


def test_before_any_charge_the_chance_is_the_estimates(case: Path) -> None:
    """Nothing spent keeps the estimate's own figure, as it is printed, and nothing is drawn anew for it."""
    priced = opened(case).current("estimate")
    record = told(case)
    assert priced.plan.total.over.shown_share == record.over_budget
    assert (None, "the latest estimate") == (record.at_completion, record.plan.why if record.plan else "")
    assert "Nothing is booked yet" in record.note


def test_what_was_paid_is_part_of_what_it_will_have_cost(case: Path) -> None:
    """The rest is drawn in the worlds that are left; hours are split from their price."""
    pay(case, "3000", hours="1")
    record = told(case)
    labour = next(line for line in record.lines if line.name == "labour")
    assert labour.at_completion.p10 >= 3_000
    assert record.at_completion.p10 < record.at_completion.p50 < record.at_completion.p90
    assert labour.variance.total == Decimal(3_000) - exact(labour.planned.p50)
    assert labour.variance.price > 0 > labour.variance.quantity
    assert Decimal(1) == labour.quantity


def test_a_later_estimate_is_not_the_plan_until_it_is_chosen(case: Path) -> None:
    """Re-baselining is an entry of the ledger, and choosing the plan that holds already writes nothing."""
    first = told(case).plan
    pay(case, "10")
    walked.keep_anew(opened(case), "estimate")
    assert first.entry == getattr(told(case).plan, "entry", "")
    latest = told(case, plan="latest").plan
    assert latest.entry != first.entry
    assert latest == told(case, plan="latest").plan
    assert 1 == verbs(opened(case)).count("plan")
    assert first.entry == getattr(told(case, plan=first.entry[:12]).plan, "entry", "")


def test_closed_lines_are_judged_and_opened_by_a_later_charge(case: Path) -> None:
    """Closing is recorded; the line has no rest any more; a charge after it opens it and says so."""
    pay(case, "2000")
    record = told(case, close="labour, gpu")
    lines = {line.name: line for line in record.lines}
    assert ("close", TODAY) == (verbs(opened(case))[-2], lines["labour"].closed)
    assert (None, TODAY) == (lines["gpu"].inside, lines["gpu"].closed)
    assert "Closed without a charge, so not judged: gpu" in record.note
    assert 2_000 == lines["labour"].at_completion.p90
    assert (1, 1) == (record.hit_rate.lines, record.hit_rate.projects)
    pay(case, "1")
    again = told(case)
    assert ("labour",) == again.reopened
    assert "open again: labour" in again.note
    whole = told(case, close="all")
    assert whole.finished
    assert () == whole.reopened
    assert "every line is closed" in whole.redrawn
    assert 2_001 == whole.at_completion.p10 == whole.at_completion.p90
    pay(case, "1")
    assert {"labour", "unknowns"} == {line.name for line in told(case).lines if line.closed is None}


def test_wrong_words_are_told_at_once_and_nothing_is_kept(case: Path) -> None:
    """A line that is not there and an estimate that is not there stand in one error."""
    before = verbs(opened(case))
    with pytest.raises(InputError) as caught:
        told(case, plan="abcdef123", close="labor,gpu")
    assert ["--plan", "--close"] == [problem.where for problem in caught.value.problems]
    assert "did you mean labour?" in str(caught.value)
    assert before == verbs(opened(case))


def test_changed_data_leave_the_rest_undrawn(case: Path) -> None:
    """Without an audit that holds, the plan alone is weighed, and the books say what to run."""
    pay(case, "100")
    (case.parent / "train.jsonl").write_text(
        (case.parent / "train.jsonl").read_text(encoding="utf-8") + '{"text": "one more", "label": "refund"}\n',
        encoding="utf-8",
    )
    record = told(case)
    assert record.at_completion is None
    assert record.over_budget is not None
    assert "No cost at completion: the data or the project file have changed" in record.note


def with_past(path: Path, *places: str) -> None:
    """Names earlier projects in the project file."""
    path.write_text(path.read_text(encoding="utf-8") + f"past: [{', '.join(places)}]\n", encoding="utf-8")


def test_past_projects_calibrate_and_are_part_of_every_key(case: Path, tmp_path: Path) -> None:
    """Their closed lines count in the hit rate, their overruns reach the estimate, their change makes it stale."""
    earlier = Path(shutil.copytree(case.parent, tmp_path / "earlier")) / case.name
    pay(earlier, "9000")
    told(earlier, close="labour,gpu")
    with_past(case, "../earlier")
    planned = next(line for line in told(earlier).lines if line.name == "labour").planned
    assert [pytest.approx(9_000 / planned.p50, rel=1e-3)] == list(opened(case).basis(10).overruns)
    pay(case, "2000")
    record = told(case, close="labour")
    assert (2, 2) == (record.hit_rate.lines, record.hit_rate.projects)
    key = opened(case).key("estimate")
    assert opened(case).key("audit") == opened(case).key("audit")
    pay(earlier, "1", "data")
    assert key != opened(case).key("estimate")


def test_a_broken_past_ledger_is_refused(case: Path, tmp_path: Path) -> None:
    """An edited ledger of an earlier project calibrates nothing."""
    earlier = Path(shutil.copytree(case.parent, tmp_path / "earlier"))
    ledger = earlier / "ledger.jsonl"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace('"currency":"USD"', '"currency":"EUR"', 1), "utf-8")
    with_past(case, "../earlier", "../nowhere")
    with pytest.raises(InputError) as caught:
        told(case)
    assert "a line that was edited" in str(caught.value)
    assert "no such ledger" in str(caught.value)


def test_the_table_loads_again_with_the_same_sums(case: Path, tmp_path: Path) -> None:
    """What `books --csv` writes, `spend import focus` books line by line in another case."""
    pay(case, "3000.123456789", hours="20", provider="Ada")
    pay(case, "2.5", "gpu", "1.5", gpu="L40S", gpu_count=1, run="r1", provider="AWS")
    pay(case, "-0.75", "gpu", charge="credit")
    pay(case, "12", "other", source="=x")
    out = tmp_path / "books.csv"
    assert 0 == tunecase("books", "--csv", out, "--project", case, "--today", "2026-11-24").code
    other = case_folder(tmp_path / "other")
    assert 0 == tunecase("spend", "import", "focus", out, "--project", other).code
    ours, theirs = told(case), told(other)
    assert {line.name: line.spent for line in ours.lines if line.entries} == {
        line.name: line.spent for line in theirs.lines if line.entries
    }
    assert ours.spent == theirs.spent == Decimal("3013.873456789")


def test_corrected_charges_are_not_in_the_table(case: Path, tmp_path: Path) -> None:
    """The table's sum is what the books say was spent."""
    pay(case, "100")
    wrong = opened(case).spendings()[0][0]
    pay(case, "90.25", supersedes=wrong)
    out = tmp_path / "books.csv"
    record = told(case)
    assert (f"{out}: 1 charge in FOCUS columns.",) == flow.write_books(
        opened(case), record, render, flow.BooksFiles(csv=out)
    )
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert ([wrong], record.spent) == (
        [row["x_supersedes"] for row in rows],
        sum((Decimal(row["BilledCost"]) for row in rows), Decimal(0)),
    )


def test_the_page_is_whole_and_asks_nothing_of_the_network(case: Path, tmp_path: Path) -> None:
    """One page with the sums, every text escaped."""
    pay(case, "3000", hours="20", run="<script>alert(1)</script>")
    record, out = told(case), tmp_path / "new" / "books.html"
    out.parent.mkdir()
    flow.write_books(opened(case), record, render, flow.BooksFiles(page=out))
    page = out.read_text(encoding="utf-8")
    for words in ("3,000.00", "Plan against actual", "Why spent and planned differ", "What was bought"):
        assert words in page
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert ["books.html"] == [path.name for path in out.parent.iterdir()]


def test_measured_rounds_draw_the_rest_from_where_the_project_stands(tmp_path: Path) -> None:
    """After a round on a curve the bill starts from now, within the budget that is left, on top of what was paid."""
    case = walked.path_of("running", tmp_path)
    pay(case, "3000", hours="20")
    after = told(case)
    assert 1 == after.rounds_made
    assert after.at_completion.p10 >= 3_000
    labour = next(line for line in after.lines if line.name == "labour")
    assert labour.variance.scope == labour.to_date - exact(labour.planned.p50)


def test_a_plan_that_knew_the_bill_is_not_judged(case: Path) -> None:
    """Closing a line against a plan made after its charge counts in no hit rate, and the books say why."""
    pay(case, "90000", hours="900")
    case.write_text(case.read_text(encoding="utf-8").replace("75 to 150 USD", "3000 to 6000 USD"), encoding="utf-8")
    flow.estimate(opened(case))
    record = told(case, plan="latest", close="labour")
    labour = next(line for line in record.lines if line.name == "labour")
    assert (True, None, None, None) == (labour.hindsight, labour.inside, labour.inside_90, record.hit_rate)
    assert "Planned after the first charge, so not judged: labour" in record.note
    assert "charged before the plan was made" in render(books_page(Material(books=record, today=TODAY)))


def test_charges_of_before_the_plan_are_told_with_their_sum(case: Path) -> None:
    """They are of days before it; their line is not judged, the other lines are."""
    pay(case, "412.345", "data", on=date(2020, 1, 2))
    pay(case, "5000")
    record = told(case, close="data,labour")
    assert (Decimal("412.345"), 1) == (record.before_plan, record.charges_before_plan)
    assert "1 charge of before the plan was made" in record.note
    assert "412.35 USD, which the plan does not hold: their lines are not judged" in record.note
    inside = {line.name: line.inside for line in record.lines}
    assert (None, True) == (inside["data"], inside["labour"] is not None)


def test_the_plan_is_exported_once_by_line(case: Path, tmp_path: Path) -> None:
    """In a file of its own: no charge repeats it."""
    pay(case, "412.345", "data")
    pay(case, "1", "data")
    files = ("--csv", tmp_path / "b.csv", "--csv-plan", tmp_path / "plan.csv")
    ran = tunecase("books", *files, "--project", case)
    assert "plan.csv: the plan and what was spent, by line." in " ".join(ran.out.split())
    with (tmp_path / "plan.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["tunecase_line"]: row for row in csv.DictReader(file)}
    assert [line.name for line in told(case).lines] == list(rows)
    assert ("413.345", "USD") == (rows["data"]["spent"], rows["data"]["currency"])
    assert all(row["planned_p50"] for name, row in rows.items() if name != "data")
    header = (tmp_path / "b.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "planned" not in header
    assert 0 == tunecase("books", *files, "--project", case).code
    (tmp_path / "plan.csv").write_text("mine", encoding="utf-8")
    assert 2 == tunecase("books", *files, "--project", case).code


def test_the_rest_is_drawn_on_the_problem_as_the_bill_is(tmp_path: Path) -> None:
    """Books of a problem that nobody has judged yet say what they say after the bill is made again, as in a report."""
    case = walked.path_of("decided", tmp_path, entries=2)
    pay(case, "100")
    alone, whole = told(case), opened(case)
    flow.estimate(whole)
    again = flow.books(whole)
    assert alone.at_completion is not None
    assert alone.at_completion == again.at_completion


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped example with two months of serving: a bill for September, a stated cost for October."""
    monkeypatch.setitem(RECORDS, "inference", Inference)
    path = copy_example("support-tickets", to=tmp_path / "tickets").files[0]
    case = opened(path)
    case.ledger.append("record", inference(), recorded_at=datetime(2026, 8, 20, tzinfo=UTC), verb="inference")
    days = [f"2026-09-{day:02d}" for day in (3, 17)]
    rows = [
        row(BilledCost="330", ChargePeriodStart=f"{day} 00:00:00", ChargePeriodEnd=f"{day} 01:00:00", ResourceId=day)
        for day in days
    ]
    flow.spend_import(case, "focus", str(as_csv(tmp_path / "bill.csv", rows)), ImportAsked(category="inference"))
    flow.spend_serving(opened(path), ServingAsked(
        first="2026-09-01", last="2026-09-30", answers="38.5k", tokens_in="11.6M", gpu_hours="720", busy_hours="160",
    ))  # fmt: skip
    flow.spend_serving(opened(path), ServingAsked(
        first="2026-10-01", last="2026-10-31", answers="44k", tokens_in="13M", gpu_hours="744", busy_hours="200",
        cost="744 USD",
    ))  # fmt: skip
    return path


def test_two_months_of_serving_are_held_against_their_forecast(serving: Path) -> None:
    """A bill's money and a stated cost alike; each month's four parts add up to actual less planned, and so do all."""
    record = told(serving)
    served = record.served
    assert [(date(2026, 9, 1), 30), (date(2026, 10, 1), 31)] == [(month.month, month.days) for month in served.months]
    assert [660, 744] == [month.actual.cost for month in served.months]
    assert ["volume", "price", "utilisation", "throughput"] == [part.name for part in served.parts]
    for month in served.months:
        assert month.planned.cost == 720
        assert month.actual.cost - month.planned.cost == sum(part.amount for part in month.parts)
    assert Decimal(-36) == sum(part.amount for part in served.parts)
    # September by hand: 1,500 answers fewer at 0.018; 770 hours at 0.9167 for 0.90; 160 of 720 busy for a quarter.
    september = {part.name: part.amount for part in served.months[0].parts}
    assert Decimal("-27.000000") == september["volume"]
    assert Decimal("12.833333") == september["price"]
    assert Decimal("88.229167") == september["utilisation"]
    assert Decimal("-134.062500") == september["throughput"]
    assert () == served.remarks
    assert 0 == record.spent == Decimal(str(spent(opened(serving))))
    assert "1,404.00 USD of answers served after launch stand beside the budget" in " ".join(record.remarks)
    assert "the last before the first served period" in served.forecast


def test_without_a_forecast_only_what_was_served_is_told(case: Path) -> None:
    """Actual figures alone, and what to run."""
    assert told(case).served is None
    flow.spend_serving(opened(case), ServingAsked(first="2026-10-01", last="2026-10-31", answers="44k", cost="700 USD"))
    record = told(case)
    assert (None, ()) == (record.served.planned, record.served.parts)
    assert "has no forecast to be held against" in " ".join(record.remarks)
