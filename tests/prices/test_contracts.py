"""The user's own prices are read from one file; what cannot be read is named by row and column, all at once."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tunecase.errors import InputError
from tunecase.prices.contracts import UNDATED, Contracts, agreed, read_contracts

DAY = date(2026, 11, 24)
HEAD = "gpu,provider,price,currency,unit,terms,region,date,source\n"


def read(text: str, folder: Path, name: str = "prices.csv", **rates: float) -> Contracts:
    """The prices of a file with this text."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return read_contracts(path, rates or {"USD": 1.0}, DAY)


def refused(text: str, folder: Path, **rates: float) -> list[tuple[str, str]]:
    """Place and what was got of every problem."""
    with pytest.raises(InputError) as error:
        read(text, folder, **rates)
    return [(problem.where, problem.got) for problem in error.value.problems]


def test_a_price_of_a_gpu_hour_is_read_with_all_it_says(tmp_path: Path) -> None:
    """Exact as a Decimal; the GPU by any of its names."""
    row = read(f"{HEAD}h100_80gb,acme,2.10,USD,GPU hour,reserved,eu-1,2026-10-01,contract 12\n", tmp_path).rows[0]
    assert ("H100", "acme", "reserved", "eu-1") == (row.gpu, row.provider, row.terms, row.region)
    assert (Decimal("2.10"), "USD", 2.1) == (row.price, row.currency, row.base_per_unit)
    assert ("2026-10-01", "contract 12") == (row.date, row.source)


def test_what_may_be_left_out_has_a_meaning(tmp_path: Path) -> None:
    """A GPU hour, on demand, everywhere, from the file itself."""
    row = read("item,usd,date\nL4,0.5,2026-10\n", tmp_path).rows[0]
    assert ("L4", "you", "on_demand", "", "prices.csv") == (row.gpu, row.provider, row.terms, row.region, row.source)


def test_an_instance_is_priced_by_the_card(tmp_path: Path) -> None:
    """Eight cards share the price of the hour."""
    row = read(f"{HEAD}p5.48xlarge,AWS,40,USD,instance hour,,,2026-10-01,\n", tmp_path).rows[0]
    assert ("H100", 5.0, Decimal(40)) == (row.gpu, row.base_per_unit, row.price)


def test_a_hosted_model_is_priced_by_the_million_tokens(tmp_path: Path) -> None:
    """It has no GPU."""
    row = read(f"{HEAD}my-model,acme,6,USD,Mtok,,,2026-10-01,\n", tmp_path).rows[0]
    assert ("", "my-model", 6.0) == (row.gpu, row.model, row.base_per_unit)


def test_another_currency_is_converted_by_its_dated_rate(tmp_path: Path) -> None:
    """3 EUR at 1.1 USD."""
    row = read(f"{HEAD}H100,acme,3,EUR,,,,2026-10-01,\n", tmp_path, USD=1.0, EUR=1.1).rows[0]
    assert pytest.approx(3.3) == row.base_per_unit
    assert Decimal(3) == row.price


def test_every_mistake_is_named_by_row_and_column_at_once(tmp_path: Path) -> None:
    """Zero, negative, NaN, thousands separators, a currency without a rate, a future date, names, terms, units."""
    rows = [
        "H100,a,0,USD,,,,2026-10-01,",
        "H100,a,-2,USD,,,,2026-10-01,",
        "H100,a,nan,USD,,,,2026-10-01,",
        'H100,a,"1,234.56",USD,,,,2026-10-01,',
        'H100,a,"1.234,56",USD,,,,2026-10-01,',
        "H100,a,2,CHF,,,,2026-10-01,",
        "H100,a,2,USD,,,,2026-11-25,",
        "H100,a,2,USD,,,,soon,",
        "H1000,a,2,USD,,,,2026-10-01,",
        "H100,a,2,USD,,forever,,2026-10-01,",
        "H100,a,2,USD,fortnight,,,2026-10-01,",
        "m5.large,aws,2,USD,instance hour,,,2026-10-01,",
        "H100,a,inf,USD,,,,2026-10-01,",
        "H100,a,,USD,,,,2026-10-01,",
        ",a,2,USD,,,,2026-10-01,",
    ]
    found = refused(HEAD + "\n".join(rows) + "\n", tmp_path)
    columns = ["price"] * 5 + ["currency", "date", "date", "gpu", "terms", "unit", "gpu", "price", "price", "item"]
    assert [f"prices.csv:{line}: {column}" for line, column in enumerate(columns, 2)] == [where for where, _ in found]
    assert "'1,234.56'" == found[3][1]


def test_a_row_with_two_prices_or_dollars_in_another_currency_is_refused(tmp_path: Path) -> None:
    """Neither is taken one to one; USD beside usd says the same twice."""
    mixed = "gpu,usd,usd_per_gpu_hour,price,currency,date\n"
    rates = {"USD": 1.0, "EUR": 1.1}
    rows = ["H100,2,,,EUR", "H100,2,,3,EUR", "H100,2,3,,", "H100,,3,,GBP"]
    found = refused(mixed + "".join(f"{row},2026-10-01\n" for row in rows), tmp_path, **rates)
    columns = ["currency", "price", "usd_per_gpu_hour", "currency"]
    assert [f"prices.csv:{line}: {column}" for line, column in enumerate(columns, 2)] == [where for where, _ in found]
    fine = read(f"{mixed}H100,2,,,usd,2026-10-01\nL4,,,3,EUR,2026-10-01\n", tmp_path, **rates)
    assert [2.0, pytest.approx(3.3)] == [row.base_per_unit for row in fine.rows]


@pytest.mark.parametrize("price", ["1e-400", "\uff12", "1e9", "\u0663.5"])
def test_a_price_that_is_no_price_is_refused(price: str, tmp_path: Path) -> None:
    """One that rounds to nothing, one out of reach, digits of another script."""
    assert [("prices.csv:2: usd", repr(price))] == refused(f"gpu,usd,date\nH100,{price},2026-10-01\n", tmp_path)


def test_a_column_in_two_spellings_is_refused(tmp_path: Path) -> None:
    """Neither is the last that wins."""
    found = refused("gpu,GPU,usd,date\nH100,T4,2,2026-10-01\n", tmp_path)
    assert [("prices.csv:1", "the column gpu twice, in two spellings")] == found


@pytest.mark.parametrize(
    ("head", "lacks"),
    [
        ("gpu,usd", "date"),
        ("usd,date", "gpu"),
        ("gpu,price,date", "usd"),
        ("gpu,date", "usd"),
        ("AcceleratorName,Price", "gpu"),
        ("", "gpu"),
    ],
)
def test_a_missing_column_is_named(head: str, lacks: str, tmp_path: Path) -> None:
    """With what stands there instead."""
    with pytest.raises(InputError, match=f"add the column.*{lacks}"):
        read(f"{head}\nH100,2\n", tmp_path)


def test_a_file_without_a_price_is_refused(tmp_path: Path) -> None:
    """A header alone says nothing."""
    assert [("prices.csv", "no price")] == refused(HEAD, tmp_path)


SKY = "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region,AvailabilityZone\n"


def test_a_catalog_of_skypilot_is_read_as_a_contract(tmp_path: Path) -> None:
    """The lowest price by card, terms and region; its A100 is the card of 40 GB."""
    rows = (
        "p4d,96,1152,A100,8,32.0,9.6,us-east-1,us-east-1a\n"
        "p4d,96,1152,A100,8,24.0,,us-east-1,us-east-1b\n"
        "p5,192,2048,H100,8,80.0,,eu-1,eu-1a\n"
        "m5,4,16,,,0.2,0.1,us-east-1,us-east-1a\n"
        "trn,8,32,Trainium,1,1.3,,us-east-1,us-east-1a\n"
    )
    found = read(SKY + rows, tmp_path, "aws/vms.csv")
    told = {(row.gpu, row.terms, row.region, row.base_per_unit) for row in found.rows}
    assert {
        ("A100-40GB", "on_demand", "us-east-1", 3.0), ("A100-40GB", "spot", "us-east-1", 1.2),
        ("H100", "on_demand", "eu-1", 10.0),
    } == told  # fmt: skip
    assert {("aws", UNDATED)} == {(row.provider, row.date) for row in found.rows}
    assert "accelerators that the tables do not know, in 1 row of vms.csv: Trainium" == found.notes[0]


def test_a_bad_price_in_a_catalog_of_skypilot_is_named(tmp_path: Path) -> None:
    """A price of zero is no price."""
    assert [("prices.csv:2: Price", "'0'")] == refused(f"{SKY}x,1,1,L4,1,0,,r,z\n", tmp_path)


def test_a_contract_of_several_providers_is_an_interval_and_of_one_a_price(tmp_path: Path) -> None:
    """The lowest of each provider; in a region those of it and those of none."""
    rows = (
        "H100,a,2,USD,,,eu-1,2026-10-01,\nH100,a,3,USD,,,us-1,2026-10-01,\n"
        "H100,b,4,USD,,,,2026-10-01,\nH100,b,1,USD,,spot,,2026-10-01,\n"
    )  # fmt: skip
    held = read(HEAD + rows, tmp_path).rows
    every = agreed(held, "H100", "on_demand")
    assert (2.0, 4.0, ("a", "b"), "") == (every.low, every.high, every.providers, every.note)
    there = agreed(held, "H100", "on_demand", "US-1")
    assert (3.0, 4.0) == (there.low, there.high)
    spot = agreed(held, "H100", "spot")
    assert (1.0, 1.0) == (spot.low, spot.high)
    assert agreed(held, "L4", "on_demand") is None
    elsewhere = agreed(held[:2], "H100", "on_demand", "ap-1")
    assert "no contract price in ap-1" in elsewhere.note


def test_the_newer_contract_takes_the_place_of_the_older(tmp_path: Path) -> None:
    """By provider, terms and region, be it dearer; of one day the lowest; a month is its first day."""
    rows = (
        "H100,a,2,USD,,,,2025-01-01,\nH100,A,9,USD,,,,2026-10-01,\nH100,a,8.5,USD,,,,2026-10,\n"
        "H100,a,1,USD,,spot,,2024-01-01,\nH100,b,7,USD,,,,2024-01-01,\nH100,b,6,USD,,,eu-1,2023-01-01,\n"
    )  # fmt: skip
    held = read(HEAD + rows, tmp_path).rows
    now = agreed(held, "H100", "on_demand")
    assert (6.0, 8.5) == (now.low, now.high)
    assert ("2023-01-01", "2026-10", "2026-10-01") == (now.dates[0], *now.dates[-2:])
    spot = agreed(held, "H100", "spot")
    assert (1.0, 1.0) == (spot.low, spot.high)


def test_another_price_is_another_digest(tmp_path: Path) -> None:
    """So that what rests on the file is made again."""
    one = read("item,usd,date\nL4,0.5,2026-10\n", tmp_path)
    assert one.digest == read("item,usd,date\nL4,0.5,2026-10\n", tmp_path).digest
    assert one.digest != read("item,usd,date\nL4,0.6,2026-10\n", tmp_path).digest


def test_a_later_list_price_does_not_take_the_place_of_a_contract(tmp_path: Path) -> None:
    """What was agreed stands until it is changed; without it the latest list price counts."""
    days = ("1.50,2026-03-01,contract", "2.90,2026-11-20,list", "1.70,2026-01-01,contract")
    lines = [f"H100,acme,{day}" for day in days]
    head = "gpu,provider,usd,date,basis\n"
    both = agreed(read(head + "\n".join(lines) + "\n", tmp_path).rows, "H100", "on_demand")
    assert (1.5, 1.5, False) == (both.low, both.high, both.listed)
    listed = agreed(read(f"{head}{lines[1]}\n", tmp_path).rows, "H100", "on_demand")
    assert (2.9, True) == (listed.low, listed.listed)
