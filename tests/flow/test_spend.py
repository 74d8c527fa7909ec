"""Charges of elsewhere reach the ledger once, whole or not at all, and a bill beats the estimate of its run."""

import json
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.books.importers.bills import SAMPLE, as_csv, as_parquet, in_version, row
from tests.books.importers.test_mlflow import RUNS
from tests.books.importers.test_runs import state
from tests.command import tunecase
from tests.io.trackers.stores import folder as mlruns
from tests.projects import TODAY, written
from tunecase import flow
from tunecase.books import held
from tunecase.case import Case
from tunecase.errors import InputError, LedgerBusyError
from tunecase.flow import Flow
from tunecase.flow.opened import spent
from tunecase.flow.spend import ImportAsked, ServingAsked, _asked_for
from tunecase.records import Imported, Metered

TEXT = "currency: USD\nteam: [{role: ml engineer, rate: 75 to 150 USD per hour}]\ncompute: {tier: neocloud}\n"
needs_sample = pytest.mark.skipif(not SAMPLE.is_file(), reason="the FOCUS 1.0 sample is not beside this checkout")


def opened(folder: Path, text: str = TEXT) -> flow.Flow:
    """A case in a folder."""
    if not (folder / "tunecase.yaml").is_file():
        written(text, folder)
    return flow.open_case(folder / "tunecase.yaml", today=TODAY)


def take(folder: Path, kind: str, place: Path | str, **words: Any) -> Imported:
    """An import into the case of the folder."""
    return flow.spend_import(opened(folder), kind, str(place), ImportAsked(**words))


@needs_sample
def test_the_real_bill_is_booked_once(tmp_path: Path) -> None:
    """All rows with their exact sum; a second import, another name, Parquet add nothing; the price book agrees."""
    first = take(tmp_path, "focus", SAMPLE)
    assert (1_000, 1_000, Decimal("20.52022672899"), 329, 13) == (
        first.rows,
        first.booked,
        first.amount,
        first.zero,
        first.negative,
    )
    assert Decimal("20.52022672899") == sum(first.by_category.values()) == sum(first.by_kind.values())
    (check,) = first.checks
    assert (Decimal("6.283056"), Decimal("10.203682944"), Decimal("1.624")) == (
        check.gpu_hours,
        check.amount,
        check.per_gpu_hour,
    )
    assert check.words.startswith("equal to the book's price of g5.4xlarge in us-east-1, 1.624")
    before = (tmp_path / "ledger.jsonl").read_bytes()
    copy = tmp_path / "other name.csv"
    copy.write_bytes(SAMPLE.read_bytes())
    again = take(tmp_path, "focus", copy)
    assert (0, 1_000, Decimal(0)) == (again.booked, again.known, again.amount)
    assert before == (tmp_path / "ledger.jsonl").read_bytes()
    assert float(first.amount) == pytest.approx(spent(opened(tmp_path)))


def test_a_dry_run_books_nothing(tmp_path: Path) -> None:
    """It says what the import would."""
    bill = as_csv(tmp_path / "b.csv", [row(), row(BilledCost="-1", ChargeCategory="Credit")])
    tried = take(tmp_path, "focus", bill, dry_run=True)
    assert not (tmp_path / "ledger.jsonl").exists()
    assert replace(tried, dry_run=False) == take(tmp_path, "focus", bill)
    entries = list(opened(tmp_path).ledger.entries())
    assert ["record", "spend", "spend"] == [entry.kind for entry in entries]
    assert tried.amount == entries[0].record().amount == Decimal("0.624")


def test_a_later_version_and_another_form_are_the_same_bill(tmp_path: Path) -> None:
    """A bill taken again as 1.3, as Parquet, or with fewer filters adds what is new alone."""
    rows = [in_version("1.0"), in_version("1.0", ResourceId="i-2", Tags='{"application": "other"}')]
    take(tmp_path, "focus", as_csv(tmp_path / "a.csv", rows), tags=["application=tickets"])
    later = [in_version("1.4"), in_version("1.4", ResourceId="i-2", Tags='{"application": "other"}')]
    assert (1, 1) == ((found := take(tmp_path, "focus", as_parquet(tmp_path / "b.parquet", later))).booked, found.known)


def test_a_restated_bill_is_refused_or_corrects(tmp_path: Path) -> None:
    """The books then say what the later bill says; the sum of the import is what it changes."""
    take(tmp_path, "focus", as_csv(tmp_path / "a.csv", [row(), row(ResourceId="i-2")]))
    later = as_csv(tmp_path / "b.csv", [row(BilledCost="1.5"), row(ResourceId="i-2")])
    before = (tmp_path / "ledger.jsonl").read_bytes()
    with pytest.raises(InputError, match="--restated"):
        take(tmp_path, "focus", later)
    assert before == (tmp_path / "ledger.jsonl").read_bytes()
    found = take(tmp_path, "focus", later, restated=True)
    assert (1, 1, 1, Decimal("-0.124")) == (found.booked, found.restated, found.known, found.amount)
    assert 3.124 == pytest.approx(spent(opened(tmp_path)))
    assert 0 == take(tmp_path, "focus", later).booked
    listed = flow.charges(opened(tmp_path))
    assert ["corrected", "", ""] == sorted((one.out for one in listed.charges), reverse=True)
    assert Decimal("3.124") == listed.total


def test_the_bill_beats_the_estimate_of_its_run(tmp_path: Path) -> None:
    """What trackers say counts until the bill of the same card and hours is there."""
    mlruns(tmp_path, RUNS)
    found = take(tmp_path, "mlflow", tmp_path / "mlruns", gpu="L40S")
    assert (3, 2) == (found.booked, len(found.left_out))
    estimated = spent(opened(tmp_path))
    hour = row(
        ProviderName="Lambda", ChargeDescription="1x NVIDIA L40S GPU", ChargePeriodStart="2026-10-26 00:00:00",
        ChargePeriodEnd="2026-10-27 00:00:00", ConsumedQuantity="10", BilledCost="20",
    )  # fmt: skip
    bill = take(tmp_path, "focus", as_csv(tmp_path / "b.csv", [hour]))
    assert {"GPU hours": Decimal(10)} == bill.hours
    assert estimated != pytest.approx(20)
    assert 20 == pytest.approx(spent(opened(tmp_path)))
    assert 3 == sum(one.out == "its bill counts" for one in flow.charges(opened(tmp_path)).charges)


def test_runs_are_priced_by_the_book(tmp_path: Path) -> None:
    """The median price of the project's tier, told with its providers; known the second time."""
    state(tmp_path / "runs" / "a")
    found = take(tmp_path, "runs", tmp_path / "runs", gpu="L40S", gpu_count=2)
    assert (1, {"GPU hours": Decimal(3)}) == (found.booked, found.hours)
    assert Decimal(1) < found.amount < Decimal(9)
    assert "an hour of L40S (neocloud" in found.notes[0]
    assert 1 == take(tmp_path, "runs", tmp_path / "runs", gpu="L40S", gpu_count=2).known


def test_a_time_sheet_takes_the_teams_rate(tmp_path: Path) -> None:
    """A range by its median, an exact rate as a bill; the only role needs no name."""
    sheet = tmp_path / "t.csv"
    sheet.write_text("date,hours,note\n2026-11-02,2,set up\n", encoding="utf-8")
    found = take(tmp_path, "timesheet", sheet)
    assert (Decimal("212.14"), {"hours": Decimal(2)}) == (found.amount, found.hours)
    (entry,) = flow.charges(opened(tmp_path), category="labour").charges
    assert "estimated" == entry.charge.basis
    (tmp_path / "exact").mkdir()
    opened(tmp_path / "exact", "team: [{role: ml engineer, rate: 90 USD per hour}]\n")
    assert Decimal(180) == take(tmp_path / "exact", "timesheet", sheet).amount


def test_two_imports_at_once_book_a_bill_once(tmp_path: Path) -> None:
    """What is booked already is read under the lock of the one that writes."""
    bill = as_csv(tmp_path / "b.csv", [row(ResourceId=f"i-{n}") for n in range(40)])
    opened(tmp_path)
    found: list[Imported] = []
    threads = [threading.Thread(target=lambda: found.append(take(tmp_path, "focus", bill))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [0, 0, 0, 40] == sorted(one.booked for one in found)
    assert 40 == len(opened(tmp_path).spendings())
    assert [] == opened(tmp_path).ledger.verify()


def test_an_import_that_is_under_way_is_waited_for(tmp_path: Path) -> None:
    """Only for so long."""
    from filelock import FileLock

    case = opened(tmp_path)
    case.ledger = replace(case.ledger, timeout_s=0.1)
    bill = as_csv(tmp_path / "b.csv", [row()])
    with FileLock(f"{case.ledger.path}.import.lock"), pytest.raises(LedgerBusyError, match="another import"):
        flow.spend_import(case, "focus", str(bill))


def test_words_that_cannot_be_meant_are_refused(tmp_path) -> None:
    """Before anything is read."""
    cases: list[Any] = [
        ("focsu", {}, "did you mean focus"),
        ("focus", {"tags": ["team"]}, "--tag"),
        ("focus", {"category": "gpus"}, "did you mean gpu"),
        ("focus", {"cost": "list"}, "billed or effective"),
        ("focus", {"since": "2 November"}, "--from"),
        ("focus", {"since": "2026-11-03", "until": "2026-11-02"}, "swap them"),
        ("focus", {"gpu": "B9000"}, "--gpu"),
        ("focus", {"gpu_count": -1}, "--gpu-count"),
    ]
    breaches = []
    for kind, words, told in cases:
        with pytest.raises(InputError) as caught:
            take(tmp_path, kind, tmp_path / "none.csv", **words)
        breaches += [] if told in str(caught.value) else [(kind, words, told)]
    assert [] == breaches


def test_currencies_never_add_without_a_rate(tmp_path: Path) -> None:
    """With one, the note says which."""
    bill = as_csv(tmp_path / "b.csv", [row(), row(BillingCurrency="EUR", BilledCost="10")])
    with pytest.raises(InputError, match=r"b.csv:3, BillingCurrency"):
        take(tmp_path, "focus", bill)
    euro = "rates: [{currency: EUR, value: 1.1, date: 2026-10-20}]\n"
    (tmp_path / "euro").mkdir()
    opened(tmp_path / "euro", euro)
    found = take(tmp_path / "euro", "focus", bill)
    assert (Decimal("12.624"), ("EUR at 1.1 USD by the project's dated rates",)) == (found.amount, found.notes)


def test_a_second_tag_of_one_bill_adds_its_rows(tmp_path: Path) -> None:
    """Rows that differ in tags and amounts alone are charges of their own; each team's import leaves the other's."""
    for number, other in enumerate(("1.624", "5")):
        folder = tmp_path / str(number)
        folder.mkdir()
        rows = [row(ResourceId="NULL", Tags='{"team": "a"}'), row(ResourceId="NULL", Tags='{"team": "b"}')]
        bill = as_csv(folder / "bill.csv", [rows[0], {**rows[1], "BilledCost": other}])
        for team in ("a", "b", "a"):
            take(folder, "focus", bill, tags=[f"team={team}"])
        assert pytest.approx(1.624 + float(other)) == spent(opened(folder))


def test_the_effective_cost_of_what_is_billed_is_a_correction(tmp_path: Path) -> None:
    """And no row that is known: what the books say would be another cost than what was asked for."""
    bill = as_csv(tmp_path / "bill.csv", [row()])
    take(tmp_path, "focus", bill)
    with pytest.raises(InputError, match=r"1.20 USD for what is booked with 1.62"):
        take(tmp_path, "focus", bill, cost="effective")
    assert 1 == take(tmp_path, "focus", bill, cost="effective", restated=True).restated
    assert pytest.approx(1.2) == spent(opened(tmp_path))
    assert 1 == take(tmp_path, "focus", bill, cost="effective").known
    take(tmp_path, "focus", bill, restated=True)
    assert pytest.approx(1.624) == spent(opened(tmp_path))


def test_a_later_version_is_told_as_taken_for_what_is_booked(tmp_path: Path) -> None:
    """A filled column and another spelling of the provider add nothing, and the reader can see why."""
    take(tmp_path, "focus", as_csv(tmp_path / "a.csv", [row()]))
    later = in_version("1.3", ServiceProviderName="Amazon Web Services", CapacityReservationId="c", SubAccountId="1")
    told = take(tmp_path, "focus", as_csv(tmp_path / "b.csv", [later]))
    assert (0, 1) == (told.booked, told.known)
    assert "1 row taken for what is booked" in told.notes[0]
    assert pytest.approx(1.624) == spent(opened(tmp_path))


def test_a_time_sheet_that_was_corrected(tmp_path: Path) -> None:
    """Another rate corrects the charge, an edited note or a new column adds nothing, and that is told."""
    sheet = tmp_path / "sheet.csv"
    for head, cells, amount in (
        ("date,hours,person,rate,note", "2026-11-02,8,Anna,50,label batch", 400),
        ("date,hours,person,rate,note", "2026-11-02,8,Anna,60,label batch", 480),
        ("date,start,hours,person,rate,note", "2026-11-02,,8,Anna,60,label batch 2", 480),
        ("date,hours,person,rate,role,note", "2026-11-02,8,Anna,60,ml engineer,label batch 2", 480),
    ):
        sheet.write_text(f"{head}\n{cells}\n", encoding="utf-8")
        if amount != spent(opened(tmp_path)) and amount == 480:
            with pytest.raises(InputError, match=r"480.00 USD for what is booked with 400.00"):
                take(tmp_path, "timesheet", sheet)
        told = take(tmp_path, "timesheet", sheet, restated=True)
        assert amount == spent(opened(tmp_path))
    assert "1 row taken for what is booked" in told.notes[0]
    sheet.write_text("date,start,hours,person,rate,project\n2026-11-02,9:00,8,Anna,60,A\n", encoding="utf-8")
    assert 1 == take(tmp_path, "timesheet", sheet).known


def test_a_killed_import_is_told_and_made_whole(tmp_path: Path) -> None:
    """The books say how many charges lack, until the import is run again."""
    bill = as_csv(tmp_path / "bill.csv", [row(ResourceId=f"i-{n}") for n in range(5)])
    take(tmp_path, "focus", bill)
    assert not [one for one in flow.books(opened(tmp_path)).remarks if "midway" in one]
    ledger = tmp_path / "ledger.jsonl"
    lines = [line for line in ledger.read_bytes().splitlines(keepends=True) if b'"books"' not in line]
    ledger.write_bytes(b"".join(lines[:3]))
    told = flow.books(opened(tmp_path)).remarks[0]
    assert "import of bill.csv ended midway: 2 of 5 charges are booked" in told
    take(tmp_path, "focus", as_csv(tmp_path / "bill.csv", [row(ResourceId="i-9")]), services=[row()["ServiceName"]])
    assert "midway" in flow.books(opened(tmp_path)).remarks[0]
    as_csv(bill, [row(ResourceId=f"i-{n}") for n in range(5)])
    assert (3, 2) == ((again := take(tmp_path, "focus", bill)).booked, again.known)
    assert not [one for one in flow.books(opened(tmp_path)).remarks if "midway" in one]
    assert pytest.approx(6 * 1.624) == spent(opened(tmp_path))


def spend(folder: Path, *words: str) -> Any:
    """`tunecase spend WORDS` in a folder."""
    return tunecase("spend", *words, "--today", "2026-11-24", cwd=folder)


def test_what_lands_in_other_is_told_mapped_and_mapped_back(tmp_path: Path) -> None:
    """An import names it with its command; the rule holds for later charges too, changes none, and can be undone."""
    opened(tmp_path)
    odd = {
        "ServiceName": "Amazon Kendra",
        "ServiceCategory": "Web",
        "ChargeDescription": "search units",
        "Tags": "NULL",
    }
    as_csv(tmp_path / "b.csv", [row(), row(BilledCost="8.775", ResourceId="i-3", **odd)])
    assert "service=Amazon Kendra" in spend(tmp_path, "import", "focus", "b.csv", "--full").out
    before = (tmp_path / "ledger.jsonl").read_bytes()

    assert 0 == spend(tmp_path, "map", "service=Amazon Kendra", "inference").code
    assert (tmp_path / "ledger.jsonl").read_bytes().startswith(before)
    assert Decimal("8.775") == flow.charges(opened(tmp_path), category="inference").total
    assert {"gpu", "inference"} == {charge.category for _, charge in opened(tmp_path).spendings()}
    as_csv(tmp_path / "c.csv", [row(BilledCost="2", ResourceId="i-4", **odd)])
    later = spend(tmp_path, "import", "focus", "c.csv", "--json").json
    assert ({"inference": "2"}, []) == (later["by_category"], later["unplaced"])
    assert 1 == spend(tmp_path, "import", "focus", "c.csv", "--json").json["known"]

    assert 0 == spend(tmp_path, "map", "service=Amazon Kendra", "--undo").code
    assert {"gpu", "other"} == {charge.category for _, charge in opened(tmp_path).spendings()}


def test_a_rule_that_moves_nothing_is_refused(tmp_path: Path) -> None:
    """With what lies in other, and nothing is kept."""
    opened(tmp_path)
    spend(tmp_path, "add", "5")
    before = (tmp_path / "ledger.jsonl").read_bytes()
    for words, told in (
        (("service=Nothing", "gpu"), "what lies in other: source=manual"),
        (("source=manual", "other"), "one of gpu, labour"),
        (("source=manual", "--undo"), "a rule; there is none"),
        (("sauce=manual", "gpu"), "Did you mean source"),
    ):
        ran = spend(tmp_path, "map", *words)
        assert (2, True) == (ran.code, told in " ".join(ran.err.split())), ran.err
    assert before == (tmp_path / "ledger.jsonl").read_bytes()


def test_an_amount_of_two_readings_is_asked_about(tmp_path: Path) -> None:
    """Both are told, and nothing is booked."""
    opened(tmp_path)
    for typed in (("1.500 USD",), ("5", "--quantity", "1.500", "--unit", "h"), ("12.345",)):
        ran = spend(tmp_path, "add", *typed)
        assert (2, True) == (ran.code, "whichever is meant" in " ".join(ran.err.split())), ran.err
    assert [] == spend(tmp_path, "list", "--json").json["charges"]
    assert "12.35 USD booked" in spend(tmp_path, "add", "12.3450").out


def test_a_charge_takes_the_rate_of_its_day_or_is_told_of(tmp_path: Path) -> None:
    """The nearest dated on or before it, silently for a month; an older one, or a later one, is used and told."""
    rates = "{currency: EUR, value: 1.05, date: 2026-01-05}, {currency: EUR, value: 1.1, date: 2026-10-01}"
    opened(tmp_path, f"{TEXT}rates: [{rates}]\n")
    told = {}
    for day in ("2025-12-31", "2026-01-20", "2026-09-30", "2026-10-01"):
        told[day] = " ".join(spend(tmp_path, "add", "100 EUR", "--on", day).out.split())
    assert [105, 105, 105, 110] == [charge.amount_base for _, charge in opened(tmp_path).spendings()]
    assert ["2025-12-31", "2026-09-30"] == [day for day, text in told.items() if "1 charge in EUR" in text]
    assert "at 1.05 USD, the rate of 2026-01-05, a later day: add to rates in the project file" in told["2025-12-31"]
    assert "a day more than a month before" in told["2026-09-30"]
    bill = as_csv(tmp_path / "b.csv", [row(BillingCurrency="EUR")])
    assert any("a day more than a month before" in note for note in take(tmp_path, "focus", bill).notes)


def test_a_corrected_charge_stays_where_it_was_booked(tmp_path: Path) -> None:
    """A rule moves the correction as it moved the charge; undone, both lie in other again."""
    opened(tmp_path)
    spend(tmp_path, "add", "5", "--note", "pizza")
    spend(tmp_path, "map", "source=manual", "upkeep")
    (charge,) = spend(tmp_path, "list", "--json").json["charges"]
    assert 0 == spend(tmp_path, "add", "6", "--replaces", charge["id"]).code
    listed = spend(tmp_path, "list", "--json").json["charges"]
    assert ["upkeep"] == [one["charge"]["category"] for one in listed if not one["out"]]
    spend(tmp_path, "map", "source=manual", "--undo")
    listed = spend(tmp_path, "list", "--json").json["charges"]
    assert ["other"] == [one["charge"]["category"] for one in listed if not one["out"]]


OCTOBER = {"first": "2026-10-01", "last": "2026-10-31", "answers": "41k", "gpu_hours": "744", "cost": "640 USD"}


def serve(folder: Path, **words: Any) -> Metered:
    """Books what was served in the case of the folder."""
    return flow.spend_serving(opened(folder), ServingAsked(**words))


def kinds(folder: Path) -> list[str]:
    """What each entry of the ledger is, in order."""
    return [entry.verb for entry in opened(folder).ledger.entries()]


def paid_in_all(flow: Flow) -> float:
    """Every charge that counts, those beside the budget too."""
    return sum(float(charge.amount_base) for _, charge in held(flow.spendings()).charges)


def test_what_was_served_is_booked_once(tmp_path: Path) -> None:
    """The period and its cost; again they add nothing; a cost that is stated later is booked by itself."""
    bare = serve(tmp_path, **{name: text for name, text in OCTOBER.items() if name != "cost"})
    assert (1, 0, ["served"]) == (len(bare.periods), len(bare.charges), kinds(tmp_path))
    later = serve(tmp_path, **OCTOBER)
    assert (0, 1, 1) == (len(later.periods), len(later.charges), later.known)
    assert (["served", "spend"], 640.0) == (kinds(tmp_path), paid_in_all(opened(tmp_path)))
    again = serve(tmp_path, **OCTOBER)
    assert ((), (), 1, 2) == (again.periods, again.charges, again.known, len(kinds(tmp_path)))


def test_other_figures_of_booked_days_correct_them_where_asked(tmp_path: Path) -> None:
    """Counts and cost are refused as they differ, and with restated they take the place of what was booked."""
    serve(tmp_path, **OCTOBER)
    with pytest.raises(InputError, match="--restated"):
        serve(tmp_path, **{**OCTOBER, "answers": "42k"})
    with pytest.raises(InputError, match="--restated"):
        serve(tmp_path, **{**OCTOBER, "cost": "650 USD"})
    with pytest.raises(InputError, match="overlaps"):
        serve(tmp_path, first="2026-10-31", last="2026-11-01", answers="5", restated=True)
    assert ["served", "spend"] == kinds(tmp_path)
    dry = serve(tmp_path, **OCTOBER | {"answers": "42k", "cost": "650 USD"}, restated=True, dry_run=True)
    assert (1, 2) == (dry.restated, len(kinds(tmp_path)))
    assert 1 == serve(tmp_path, **OCTOBER | {"answers": "42k", "cost": "650 USD"}, restated=True).restated
    assert (650.0, 4) == (paid_in_all(opened(tmp_path)), len(kinds(tmp_path)))
    assert [] == list(serve(tmp_path, **OCTOBER | {"answers": "42k", "cost": "650 USD"}).periods)
    back = serve(tmp_path, **OCTOBER, restated=True)
    assert (1, 1, 640.0) == (len(back.periods), len(back.charges), paid_in_all(opened(tmp_path)))


def test_a_bill_is_the_money_of_what_was_served(tmp_path: Path) -> None:
    """Where inference is billed for those days a stated cost is refused and nothing is booked; counts alone are."""
    bill = as_csv(tmp_path / "bill.csv", [row(ChargePeriodStart="2026-10-05 00:00:00", BilledCost="600")])
    take(tmp_path, "focus", bill, category="inference")
    with pytest.raises(InputError, match="the money once"):
        serve(tmp_path, **OCTOBER)
    assert "served" not in kinds(tmp_path)
    assert 1 == len(serve(tmp_path, **{name: text for name, text in OCTOBER.items() if name != "cost"}).periods)
    assert 600.0 == paid_in_all(opened(tmp_path))


def test_a_meter_of_days_grows_by_what_is_new(tmp_path: Path) -> None:
    """A longer export adds its new days; with a mistake in it, nothing; a file and figures at once are refused."""
    meter = tmp_path / "meter.csv"
    meter.write_text("date,answers,gpu_hours,cost\n2026-11-01,1400,24,22.40\n2026-11-02,1500,24,22\n", encoding="utf-8")
    assert 2 == len(serve(tmp_path, place=str(meter)).periods)
    meter.write_text(meter.read_text(encoding="utf-8") + "2026-11-03,1600,24,23\n2026-11-03,1,1,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="each day once"):
        serve(tmp_path, place=str(meter))
    meter.write_text(meter.read_text(encoding="utf-8").replace("2026-11-03,1,1,1\n", ""), encoding="utf-8")
    more = serve(tmp_path, place=str(meter))
    assert (1, 1, 2) == (len(more.periods), len(more.charges), more.known)
    assert 67.4 == pytest.approx(paid_in_all(opened(tmp_path)))
    with pytest.raises(InputError, match="--answers beside the file"):
        serve(tmp_path, place=str(meter), answers="5")


def test_texts_of_a_bill_are_cut_and_the_bill_is_known_again(tmp_path: Path) -> None:
    """A service of 50 kB is booked by its first 500 characters, with a note; no line printed is long."""
    opened(tmp_path)
    long = {name: name[0] * 50_000 for name in ("ChargeDescription", "ServiceName", "SkuId", "ResourceId", "RegionId")}
    long |= {"ServiceCategory": "Other", "Tags": json.dumps({"k" * 999: "v" * 50_000})}
    bill = as_csv(tmp_path / "bill.csv", [row(**long)])
    place = ["--project", tmp_path / "tunecase.yaml", "--today", TODAY.isoformat()]
    ran = tunecase("spend", "import", "focus", bill, "--full", *place)
    assert (0, True) == (ran.code, "1 charge with texts of more than 500 characters" in " ".join(ran.out.split()))
    listed = tunecase("spend", "list", "--full", *place)
    assert max(len(line) for line in (ran.out + listed.out).splitlines()) < 1_000
    assert len((tmp_path / "ledger.jsonl").read_bytes()) < 20_000
    again = take(tmp_path, "focus", bill)
    assert (0, 1) == (again.booked, again.known)
    (lying,) = tunecase("spend", "map", "--json", *place).json["unplaced"]
    assert 0 == tunecase("spend", "map", lying["match"], "storage", *place).code


def test_what_was_served_is_typed_at_the_terminal(tmp_path: Path) -> None:
    """Printed as it was read, as JSON too; without any figure every one that is needed is named."""
    opened(tmp_path)
    words = ["--from", "2026-10-01", "--to", "2026-10-31", "--answers", "41k", "--cost", "640 USD"]
    place = ["--project", tmp_path / "tunecase.yaml", "--today", TODAY.isoformat()]
    ran = tunecase("spend", "serving", *words, *place)
    assert (0, True) == (ran.code, "1 period booked, 41,000 answers" in ran.out)
    assert "640.00 USD booked under inference." in ran.out
    assert 1 == tunecase("spend", "serving", *words, "--json", *place).json["known"]
    empty = tunecase("spend", "serving", *place)
    assert (2, [True] * 3) == (empty.code, [name in empty.err for name in ("--from", "--to", "--answers")])
    made = Case(tmp_path / "tunecase.yaml", today=TODAY).spend_serving(
        first="2026-11-01", last="2026-11-02", answers="5"
    )
    assert 5 == made.periods[0].answers


def test_what_ledgers_hold_of_an_import_is_still_written_so() -> None:
    """The words whose digest the first ledgers hold, byte for byte."""
    asked = ImportAsked(tags=("team=nlp",), since="2026-11-01", gpu="L4", gpu_count=2, large_credit=True)
    wanted = (
        "ImportAsked(tags=('team=nlp',), services=(), since='2026-11-01', until=None, on=None, category='', "
        "run_tags=(), cost='billed', gpu='L4', gpu_count=2, experiment='', restated=False, dry_run=False, told=None)"
    )
    assert wanted == _asked_for(replace(asked, dry_run=True, restated=True))
