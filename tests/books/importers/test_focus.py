"""Bills in FOCUS: every row exact, in every version and form, or the bill refused with all its mistakes."""

import gzip
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.books.importers.bills import SAMPLE, TODAY, as_csv, as_parquet, asked, in_version, row
from tunecase.books.importers import files
from tunecase.books.importers import focus as module
from tunecase.books.importers.files import bill_files
from tunecase.books.importers.focus import focus_bill
from tunecase.errors import InputError
from tunecase.records import Spending

needs_sample = pytest.mark.skipif(not SAMPLE.is_file(), reason="the FOCUS 1.0 sample is not beside this checkout")
TAG = {"application": "BrightPathMatrix"}


def one(path: Path, **words: object) -> Spending:
    """The only charge of a bill."""
    (found,) = focus_bill(str(path), asked(**words)).spendings
    return found


def refusal(path: Path, **words: object) -> str:
    """What a bill is refused with."""
    with pytest.raises(InputError) as caught:
        focus_bill(str(path), asked(**words))
    return str(caught.value)


@needs_sample
def test_the_real_bill_is_read_to_the_last_digit() -> None:
    """A thousand rows with their sums, signs and kinds, as counted by hand elsewhere; its GPU rows by their machine."""
    bill = focus_bill(str(SAMPLE), asked())
    amounts = [charge.amount for charge in bill.spendings]
    assert (1_000, 0, Decimal("20.52022672899")) == (bill.rows, bill.filtered, sum(amounts))
    assert (329, 13) == (sum(not a for a in amounts), sum(a < 0 for a in amounts))
    odd = sorted((charge.charge, charge.amount) for charge in bill.spendings if charge.charge != "usage")
    assert [("adjustment", "0.08"), ("adjustment", "0.19"), ("credit", "-2.61")] == [
        (kind, f"{amount:.2f}") for kind, amount in odd
    ]
    assert 1_000 == len({charge.row_id for charge in bill.spendings}) == len({c.line_id for c in bill.spendings})
    spread = focus_bill(str(SAMPLE), asked(cost="effective"))
    assert Decimal("14.97651418586") == sum(charge.amount for charge in spread.spendings)
    assert "EffectiveCost" in spread.notes[-1]
    bill = focus_bill(str(SAMPLE), asked(tags=TAG))
    cards = [charge for charge in bill.spendings if charge.category == "gpu"]
    hours = sum(charge.quantity or 0 for charge in cards)
    amount = sum(charge.amount for charge in cards)
    assert (8, Decimal("6.283056"), Decimal("10.203682944")) == (len(cards), hours, amount)
    assert Decimal("1.624") == amount / hours
    assert {("A10G", 1, "g5.4xlarge", "GPU hour")} == {(c.gpu, c.gpu_count, c.instance, c.unit) for c in cards}


@pytest.mark.usefixtures("read_here")
def test_every_version_reads_alike(tmp_path: Path) -> None:
    """Columns that came, were renamed or went change neither charge nor line."""
    expected = one(as_csv(tmp_path / "first.csv", [row()]))
    names = ("amount", "on", "provider", "gpu", "gpu_count", "quantity", "unit", "line_id", "category", "tags")
    breaches = []
    for version in ["1.0", "1.1", "1.2", "1.3", "1.4"]:
        charge = one(as_csv(tmp_path / "bill.csv", [in_version(version)]))
        breaches += [(version, name) for name in names if getattr(expected, name) != getattr(charge, name)]
        packed = one(as_parquet(tmp_path / "bill.parquet", [in_version(version)]))
        breaches += [] if charge.row_id == packed.row_id else [(version, "row_id")]
    assert [] == breaches


def test_forms_of_one_row_are_one_row(tmp_path: Path) -> None:
    """Other number forms, zones, column order and header spelling, own columns, packing: the same identity."""
    plain = one(as_csv(tmp_path / "a.csv", [row()]))
    other = row(
        BilledCost="1.62400", ConsumedQuantity="1", ChargePeriodStart="2026-11-02T09:00:00+01:00",
        ChargePeriodEnd="2026-11-02T09:00:00Z", x_Invoice="7", Tags='{ "application":"tickets" }',
    )  # fmt: skip
    spelt = {name if name.startswith("x_") else f"{name[0].lower()}{name[1:]}": other[name] for name in reversed(other)}
    path = as_csv(tmp_path / "b.csv", [spelt], ";")
    packed = tmp_path / "c.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert plain.row_id == one(path).row_id == one(packed).row_id
    assert plain.row_id != one(as_csv(tmp_path / "d.csv", [row(BilledCost="1.625")])).row_id
    assert plain.line_id == one(tmp_path / "d.csv").line_id


def test_equal_rows_of_one_bill_are_two_charges(tmp_path: Path) -> None:
    """The occurrence tells them apart; the new name of a provider comes before the old; a line keeps its identity."""
    as_csv(tmp_path / "a.csv", [row(), row()])
    as_csv(tmp_path / "b.csv", [row()])
    found = focus_bill(str(tmp_path), asked()).spendings
    assert 3 == len({charge.row_id for charge in found})
    assert 1 == len({charge.line_id for charge in found})
    both = in_version("1.3", ServiceProviderName="Nebius", ProviderName="Reseller")
    assert "Nebius" == one(as_csv(tmp_path / "b" / "bill.csv", [both])).provider
    first = one(as_csv(tmp_path / "c" / "a.csv", [row()]))
    later = in_version("1.3", ProviderName="AWS", ServiceProviderName="Amazon Web Services", SubAccountId="123")
    second = one(as_csv(tmp_path / "c" / "b.csv", [{**later, "CapacityReservationId": "cr-1"}]))
    assert first.line_id == second.line_id
    assert ({}, {"SubAccountId": "123", "CapacityReservationId": "cr-1"}) == (first.apart, second.apart)


def test_kinds_and_lines_of_charges(tmp_path: Path) -> None:
    """Credits stay negative, taxes keep their kind; a row's line follows its machine, service and words."""
    kinds = [("usage", "-0.5"), ("CREDIT", "-2"), ("Tax", "0.3"), ("Purchase", "9"), ("Adjustment", "0")]
    rows = [row(ChargeCategory=kind, BilledCost=amount) for kind, amount in kinds]
    found = focus_bill(str(as_csv(tmp_path / "b.csv", rows)), asked()).spendings
    assert [(kind.lower(), Decimal(amount)) for kind, amount in kinds] == [(c.charge, c.amount) for c in found]
    breaches = []
    for changes, category, gpu, hours in LINES:
        charge = one(as_csv(tmp_path / "b.csv", [row(**changes)]))
        has_hours = hours is None or (Decimal(hours), "GPU hour") == (charge.quantity, charge.unit)
        breaches += [] if (category, gpu) == (charge.category, charge.gpu) and has_hours else [(changes, charge)]
    assert [] == breaches


def test_what_a_row_does_not_say_is_told(tmp_path: Path) -> None:
    """A card whose memory is not said is not guessed; hours at nothing are not free."""
    odd = row(ProviderName="Google Cloud", ChargeDescription="Nvidia Tesla A100 GPU running in Americas")
    bill = focus_bill(str(as_csv(tmp_path / "b.csv", [odd])), asked())
    assert ("gpu", "") == (bill.spendings[0].category, bill.spendings[0].gpu)
    assert "1 GPU charge whose machine is in no table" in bill.notes[0]
    path = as_csv(tmp_path / "b.csv", [row(BilledCost="0", EffectiveCost="0.9")])
    bill = focus_bill(str(path), asked())
    assert "1 GPU row billed at nothing, whose share of a commitment is 0.90" in bill.notes[0]
    assert Decimal("0.9") == one(path, cost="effective").amount
    tags = '{"API_TOKEN": "hf_x", "ssh-key": "s", "team": "nlp", "owner": "ann@example.org", "monkey": "1"}'
    assert {"team": "nlp", "owner": "ann", "monkey": "1"} == one(as_csv(tmp_path / "a.csv", [row(Tags=tags)])).tags
    times = {"ChargePeriodStart": "2026-11-25 02:00:00", "ChargePeriodEnd": "2026-11-25 03:00:00"}
    assert TODAY == one(as_csv(tmp_path / "a.csv", [row(**times)])).on


def test_filters_must_all_hold_and_say_how_much_they_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags, service and days; what is not asked for is counted, and its mistakes do no harm."""
    rows = [
        row(),
        row(Tags='{"application": "other"}', BilledCost="1,5"),
        row(Tags="NULL"),
        row(ServiceName="Amazon S3"),
        row(ChargePeriodStart="2026-10-31 23:00:00", ChargePeriodEnd="2026-11-01 00:00:00"),
    ]
    first = asked().today.replace(day=1)
    words = asked(tags={"application": "tickets"}, services=("amazon elastic compute cloud",), since=first)
    bill = focus_bill(str(as_csv(tmp_path / "b.csv", rows)), words)
    assert (1, 5, 4) == (len(bill.spendings), bill.rows, bill.filtered)
    monkeypatch.setattr(module, "MOST_BOOKED", 3)
    path = as_csv(tmp_path / "b.csv", [row()] * 5)
    assert "--tag" in refusal(path)
    assert 5 == focus_bill(str(path), asked(tags={"application": "x"})).filtered


def test_tags_name_runs_and_other_currencies_take_the_dated_rate(tmp_path: Path) -> None:
    """Tags are read in every form; amount and base stand side by side; without a rate the row is named."""
    path = as_csv(tmp_path / "b.csv", [row(Tags='{"run_id": "r1", "sweep": "s9"}')])
    assert "r1" == one(path).run
    charge = one(path, run_tags=("sweep",), category="evaluation")
    assert ("s9", "evaluation", "") == (charge.run, charge.category, charge.gpu)
    for tags in (
        '{"a": "1", "b": true, "c": null}',
        '[{"key": "a", "value": 1}, {"Key": "b", "Value": "true"}]',
        '[["a", 1], ["b", true]]',
    ):
        assert {"a": "1", "b": "true"} == one(as_csv(tmp_path / "b.csv", [row(Tags=tags)])).tags, tags
    (tmp_path := tmp_path / "second").mkdir()
    path = as_csv(tmp_path / "b.csv", [row(BillingCurrency="EUR", BilledCost="10"), row(BillingCurrency="gbp")])
    told = refusal(path)
    assert "b.csv:3, BillingCurrency" in told
    assert "currency: GBP" in told
    charge = one(as_csv(tmp_path / "c.csv", [row(BillingCurrency="EUR", BilledCost="10")]))
    assert (Decimal(10), "EUR") == (charge.amount, charge.currency)
    assert (Decimal("10.5"), Decimal("1.05")) == (charge.amount_base, charge.fx_rate)


def test_odd_cells_and_files_are_refused(tmp_path: Path) -> None:
    """Row, column, what was got and a fix, twenty listed; whatever is wrong with a file's bytes is one problem."""
    breaches = []
    for changes, where, words in MISREAD:
        told = refusal(as_csv(tmp_path / "b.csv", [row(), row(**changes)]))
        breaches += [] if f"b.csv:3, {where}" in told and words in told else [(changes, where, words)]
    assert [] == breaches
    path = as_csv(tmp_path / "b.csv", [row(BilledCost="x", BillingCurrency="?") for _ in range(30)])
    with pytest.raises(InputError) as caught:
        focus_bill(str(path), asked())
    assert (21, True) == (len(caught.value.problems), "40 more mistakes" in caught.value.problems[-1].got)
    (tmp_path := tmp_path / "second").mkdir()
    cases: list[Any] = [
        ("b.csv", b"", "an empty file"), ("b.csv", b"\n\n", "an empty file"),
        ("b.csv", b"a,b\n1,2\n", "no columns BilledCost, "), ("b.csv", "BilledCost,é\n".encode("latin-1"), "UTF-8"),
        ("b.csv", "BilledCost,x\n1,2\n".encode("utf-16"), "text in UTF-16"),
        ("b.csv", b'BilledCost,"x\n' + b"1,2\n" * 400_000, "not CSV"),
        ("b.parquet", b"PAR1 no", "a whole Parquet file"), ("b.pdf", b"%PDF", "the ending .pdf"),
    ]  # fmt: skip
    breaches = []
    for name, content, told in cases:
        (tmp_path / name).write_bytes(content)
        breaches += [] if told in refusal(tmp_path / name) else [(name, content, told)]
    for gone, told in (("BilledCost", "BilledCost"), ("ProviderName", "ServiceProviderName or ProviderName")):
        message = refusal(as_csv(tmp_path / "b.csv", [row(**{gone: None})]))
        breaches += [] if "b.csv:1" in message and f"no column {told}" in message else [(gone, told)]
    assert [] == breaches


def test_cut_and_empty_bills_are_refused(tmp_path: Path) -> None:
    """A row that ends early, a Parquet file without its end, a header alone, a place that is not there."""
    path = as_csv(tmp_path / "b.csv", [row(), row()])
    path.write_text(path.read_text("utf-8")[:-60], encoding="utf-8")
    assert "b.csv:3" in refusal(path)
    path.write_text(path.read_text("utf-8") + '\n"1"2,3\n', encoding="utf-8")
    assert "not CSV" in refusal(path)
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(as_csv(tmp_path / "long.csv", [row()] * 500).read_bytes())[:-20])
    assert "the archive is cut off" in refusal(packed)
    whole = as_parquet(tmp_path / "b.parquet", [row()] * 50)
    whole.write_bytes(whole.read_bytes()[:-30])
    assert "a whole Parquet file" in refusal(whole)
    bare = tmp_path / "bare.csv"
    bare.write_text(",".join(row()) + "\n", encoding="utf-8")
    assert "a header and no rows" in refusal(bare)
    assert "no such file" in refusal(tmp_path / "none.csv")
    (tmp_path / "empty").mkdir()
    assert "no bill in the folder" in refusal(tmp_path / "empty")


numbers = st.decimals("-1e9", "1e9", allow_nan=False, allow_infinity=False, places=11)


@given(st.lists(numbers, min_size=1, max_size=8), st.randoms())
def test_every_amount_comes_through_and_the_order_of_rows_says_nothing(tmp_path_factory, amounts, rng):
    """The sum is exact, and the same rows in another order are the same set of identities, in CSV and Parquet."""
    folder = tmp_path_factory.mktemp("bill")
    rows = [row(BilledCost=str(amount)) for amount in amounts]
    first = focus_bill(str(as_csv(folder / "a.csv", rows)), asked()).spendings
    assert sum(amounts) == sum(charge.amount for charge in first)
    mixed = rng.sample(rows, len(rows))
    with mock.patch.object(files, "batch_rows", return_value=4096):
        for path in (as_csv(folder / "b.csv", mixed), as_parquet(folder / "b.parquet", mixed)):
            assert {c.row_id for c in first} == {c.row_id for c in focus_bill(str(path), asked()).spendings}
    shutil.rmtree(folder)


@pytest.mark.usefixtures("read_here")
def test_json_of_a_struct_is_the_same_as_of_text(tmp_path: Path) -> None:
    """A Parquet file may hold tags as a struct, with nothing where a row lacks one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [row(), row(Tags='{"team": "nlp"}', ResourceId="i-2")]
    columns = {name: [json.loads(each[name]) if name == "Tags" else each[name] for each in rows] for name in rows[0]}
    pq.write_table(pa.table(columns), tmp_path / "b.parquet")
    text = focus_bill(str(as_csv(tmp_path / "a.csv", rows)), asked()).spendings
    assert [c.row_id for c in text] == [c.row_id for c in focus_bill(str(tmp_path / "b.parquet"), asked()).spendings]


def test_a_table_that_the_books_wrote_comes_back_as_it_was(tmp_path: Path) -> None:
    """Line, run, cards, basis and identity of its own columns; GPU hours are not multiplied once more."""
    own = row(
        ConsumedQuantity="6", ConsumedUnit="GPU hour", ResourceType="", ChargeDescription="run a", x_category="gpu",
        x_run="a", x_gpu="L40S", x_gpu_count="2", x_basis="estimated", x_row_id="", x_entry_id="a" * 64,
    )  # fmt: skip
    back = one(as_csv(tmp_path / "a.csv", [own]))
    assert ("gpu", "a", "L40S", 2) == (back.category, back.run, back.gpu, back.gpu_count)
    assert (Decimal(6), "GPU hour", "estimated", "a" * 64) == (back.quantity, back.unit, back.basis, back.row_id)
    work = row(x_category="labour", ServiceName="labour", ServiceCategory="Other", ChargeDescription="h")
    assert "labour" == one(as_csv(tmp_path / "b.csv", [work])).category
    odd = one(as_csv(tmp_path / "c.csv", [row(x_category="yachts", x_gpu="Z9", x_gpu_count="-1", x_row_id="no")]))
    assert ("gpu", "A10G") == (odd.category, odd.gpu)
    assert "the identity aaaaaaaaaaaa twice" in refusal(
        as_csv(tmp_path / "a.csv", [{**row(), "x_row_id": "a" * 64}] * 2)
    )


@pytest.mark.usefixtures("read_here")
def test_a_copy_of_a_file_is_refused(tmp_path: Path) -> None:
    """Under another name, packed, as Parquet or linked to: a link is its file, a copy must go."""
    rows = [row(), row(ResourceId="i-2")]
    bill = as_csv(tmp_path / "bill.csv", rows)
    (tmp_path / "latest.csv").symlink_to(bill)
    assert 2 == len(focus_bill(str(tmp_path), asked()).spendings)
    for name in ("bill (1).csv", "bill.csv.gz", "bill.parquet"):
        copy = tmp_path / name
        if name.endswith(".parquet"):
            as_parquet(copy, rows)
        else:
            copy.write_bytes(gzip.compress(bill.read_bytes()) if name.endswith(".gz") else bill.read_bytes())
        assert "the same 2 rows as bill" in refusal(tmp_path)
        copy.unlink()
    as_csv(tmp_path / "later.csv", [row(), row(ResourceId="i-3"), row(ResourceId="i-4")])
    assert "1 row of later.csv also in bill.csv" in focus_bill(str(tmp_path), asked()).notes[0]


def test_rows_of_booked_lines_are_kept_beside(tmp_path: Path) -> None:
    """Where they are not asked for, so that they do not count as gone; those with mistakes are passed over."""
    bill = as_csv(tmp_path / "a.csv", [row(), row(ResourceId="i-2"), row(ResourceId="i-1", BilledCost="1,5")])
    line = focus_bill(str(as_csv(tmp_path / "b.csv", [row()])), asked()).spendings[0].line_id
    found = focus_bill(str(bill), asked(tags={"application": "x"}, booked=lambda _: {line}))
    assert ((), 3, ["i-1"]) == (found.spendings, found.filtered, [one.resource for one in found.beside])


def test_a_parquet_file_that_bursts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that stands in each row is held once; a table that unpacks to gigabytes is no bill."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = {name: pa.array([text] * 4_096) for name, text in row().items()}
    for much, told in ((1_000_000, "packed data that grow"), (2_000, "")):
        indices = pa.array([0] * 4_096, pa.int32())
        rows["ChargeDescription"] = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * much]))
        pq.write_table(pa.table(rows), tmp_path / "b.parquet", compression="zstd")
        if told:
            assert told in refusal(tmp_path / "b.parquet")
            continue
        monkeypatch.setattr(files, "batch_rows", lambda *_: 4096)
        before = pa.total_allocated_bytes()
        for file in bill_files(str(tmp_path / "b.parquet")):
            cells = [line.cells[file.header.index("ChargeDescription")] for line in file.lines]
            assert (4_096, 1) == (len(cells), len({id(cell) for cell in cells}))
        assert pa.total_allocated_bytes() - before < 100_000_000


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound tables in columns are read in this process at once; a child that reads them first would take its time."""
    monkeypatch.setattr(files, "batch_rows", lambda *_: 4096)


LINES: list[tuple[dict[str, str], str, str, str | None]] = [
    ({"ChargeDescription": "USW2-BoxUsage:p4d.24xlarge"}, "gpu", "A100-40GB", "8"),
    ({"ChargeDescription": "ml.g5.12xlarge for Training", "ServiceName": "Amazon SageMaker"}, "gpu", "A10G", "4"),
    ({"ProviderName": "Microsoft", "ChargeDescription": "Standard_NC24ads_A100_v4"}, "gpu", "A100-80GB", "1"),
    ({"ProviderName": "Google Cloud", "ChargeDescription": "Nvidia L4 GPU running in Iowa"}, "gpu", "L4", "1"),
    ({"ChargeDescription": "g5.4xlarge", "ConsumedQuantity": "90", "ConsumedUnit": "Minutes"}, "gpu", "A10G", "1.5"),
    ({"ChargeDescription": "$0.09 per GB data transfer out of g5.4xlarge"}, "egress", "", None),
    ({"ServiceCategory": "Storage", "ChargeDescription": "gp3 volume"}, "storage", "", None),
    ({"ServiceName": "Amazon Bedrock", "ChargeDescription": "Haiku, input tokens"}, "inference", "", None),
    ({"ServiceName": "Azure OpenAI", "ChargeDescription": "gpt-4o fine-tuning, training tokens"}, "gpu", "", None),
    ({"ServiceName": "SageMaker Ground Truth", "ChargeDescription": "objects"}, "data", "", None),
    ({"ChargeDescription": "$0.192 per On Demand Linux m5.xlarge Instance Hour"}, "other", "", None),
]


MISREAD = [
    ({"BilledCost": "1,234.56"}, "BilledCost", "write 1234.56"),
    ({"BilledCost": "1.234,56"}, "BilledCost", "write 1234.56"),
    ({"BilledCost": "1,234"}, "BilledCost", "write 1.2340 or 1234"),
    ({"BilledCost": "NaN"}, "BilledCost", "a number with a point"),
    ({"BilledCost": "Infinity"}, "BilledCost", "a number with a point"),
    ({"BilledCost": "NULL"}, "BilledCost", "missing"),
    ({"BilledCost": "1e60"}, "BilledCost", "an amount below 10^15"),
    ({"BilledCost": "1e-60"}, "BilledCost", "at most 30 decimals"),
    ({"ConsumedQuantity": "1e30"}, "ConsumedQuantity", "an amount below 10^15"),
    ({"BilledCost": "1e999"}, "BilledCost", "a number with a point"),
    ({"BilledCost": "٣"}, "BilledCost", "a number with a point"),
    ({"ConsumedQuantity": "1,5"}, "ConsumedQuantity", "write 1.5 or 15"),
    ({"ChargePeriodStart": "11/02/2026"}, "ChargePeriodStart", "year first"),
    ({"ChargePeriodStart": "2026-02-30 00:00:00"}, "ChargePeriodStart", "a day that exists"),
    ({"ChargePeriodStart": "2026-11-26 00:00:00"}, "ChargePeriodStart", "not after 2026-11-24"),
    ({"ChargePeriodEnd": "2026-11-01 00:00:00"}, "ChargePeriodEnd", "not before its start"),
    ({"ChargePeriodEnd": "soon"}, "ChargePeriodEnd", "year first"),
    ({"ChargeCategory": "Usge"}, "ChargeCategory", "did you mean usage"),
    ({"BillingCurrency": "dollars"}, "BillingCurrency", "three letters"),
    ({"Tags": "{not json"}, "Tags", "a JSON object"), ({"Tags": "3"}, "Tags", "a JSON object"),
    ({"Tags": "[" * 100_000}, "Tags", "a JSON object"),
]  # fmt: skip
