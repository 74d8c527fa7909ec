"""The price book is listed by what is asked for, in the project's currency, old prices marked, unknown ones unknown."""

from datetime import date
from pathlib import Path
from statistics import median

import pytest

from tests.projects import written
from tunecase import catalog
from tunecase.errors import InputError
from tunecase.prices.basis import Basis
from tunecase.prices.contracts import read_contracts
from tunecase.prices.listing import PricesAsked, price_list
from tunecase.quantities.spread import Worlds
from tunecase.records import Prices

DAY = date(2026, 11, 24)


def listed(day: date = DAY, **asked: str) -> Prices:
    """What the tables hold of this, in US dollars."""
    return price_list(PricesAsked(**asked), Basis(None, day, Worlds(0, 1)))


def test_without_a_question_the_tiers_of_every_gpu_are_told() -> None:
    """Lowest, median and highest of one minimum per provider, as in the table of the tests of the tables."""
    found = listed()
    tiers = {(one.gpu, one.tier): one for one in found.tiers}
    h100 = tiers["H100", "neocloud"]
    assert (17, 1.99, 3.25, 6.16) == (h100.providers, h100.low, h100.middle, h100.high)
    assert 4 == tiers["H100", "hyperscaler"].providers
    assert not found.listed
    assert {"on_demand"} == {one.terms for one in found.tiers}


def test_every_price_of_the_book_is_counted() -> None:
    """All tables, whatever was asked for."""
    tables = (catalog.gpu_prices(), catalog.hosted(), catalog.label_prices(), catalog.wages())
    assert sum(map(len, tables)) == listed(gpu="H100").held


def test_filters_narrow_and_names_are_those_of_the_tables() -> None:
    """A GPU by its alias, a provider as a bill spells it."""
    found = listed(gpu="h100_80gb", provider="Amazon Web Services")
    assert {("H100", "aws", "hyperscaler")} == {(row.item, row.provider, row.tier) for row in found.rows}
    spot = listed(gpu="H100", terms="spot", tier="neocloud")
    assert {"verda", "nebius", "coreweave"} < {row.provider for row in spot.rows}
    prices = [row.amount for row in spot.rows if row.amount is not None]
    assert sorted(prices) == prices
    assert all(row.terms == "spot" for row in spot.rows)
    assert {"spot"} == {one.terms for one in spot.tiers}


def test_a_region_lists_the_prices_read_in_it() -> None:
    """Else the lowest of each provider."""
    there = listed(gpu="L4", region="eu-central-1")
    assert {("aws", "eu-central-1")} == {(row.provider, row.region) for row in there.rows}
    everywhere = [row for row in listed(gpu="L4").rows if row.provider == "aws"]
    assert 1 == len(everywhere)


def test_prices_are_stale_after_180_days() -> None:
    """By the day asked for, and counted."""
    assert 0 < listed(gpu="H100").stale < len(listed(gpu="H100").rows)
    now = {row.provider: row.stale for row in listed(gpu="H100", terms="spot").rows}
    assert now["runpod"]
    assert not now["azure"]
    assert not any(row.stale for row in listed(date(2026, 7, 1), gpu="H100", provider="runpod").rows)


def test_hosted_training_without_a_price_is_unknown_and_says_when_it_ends() -> None:
    """Never a zero."""
    found = {row.item: row for row in listed(kind="hosted").rows}
    assert found["ft:gpt-4.1-2025-04-14"].amount is None
    assert 25 == found["ft:gpt-4o-2024-08-06"].amount
    assert "no new users since 2026-05-07; ends on 2027-01-14" in found["ft:gpt-4o-2024-08-06"].note
    assert "no new jobs since 2026-08-14" in found["databricks"].note
    assert "at least 4 USD a job" in found["mistral"].note
    assert [] == [row for row in found.values() if row.amount == 0]


def test_labels_and_wages_have_ranges_and_units() -> None:
    """What is no money has no currency."""
    labels = {row.item: row for row in listed(kind="label").rows}
    fee = labels["mturk requester fee"]
    assert ("", "percent of reward", 20.0, 40.0) == (fee.currency, fee.unit, fee.low, fee.high)
    assert ("USD", "label") == (labels["llm label, short text"].currency, labels["llm label, short text"].unit)
    wages = {row.item: row for row in listed(kind="wage").rows}
    assert (75.0, 150.0) == (wages["ml engineer"].low, wages["ml engineer"].high)


def test_an_old_price_is_no_part_of_a_tier_that_has_newer_ones() -> None:
    """It is listed, and said to count only where nothing newer exists."""
    found = listed(gpu="H100", terms="spot")
    tier = next(one for one in found.tiers if one.tier == "neocloud")
    rows = [row for row in found.rows if row.tier == "neocloud"]
    assert 0 == tier.stale < sum(row.stale for row in rows)
    assert all(("nothing newer" in row.note) == row.stale for row in rows)


def test_every_word_that_names_nothing_is_refused_at_once() -> None:
    """Kind, tier, terms and GPU together, with near names."""
    with pytest.raises(InputError) as error:
        listed(kind="x", tier="cheap", terms="forever", gpu="H1000")
    assert {"--kind", "--tier", "--terms", "--gpu"} == {problem.where for problem in error.value.problems}
    with pytest.raises(InputError, match="--model"):
        listed(kind="api")
    with pytest.raises(InputError, match="--model"):
        listed(kind="gpu", model="gpt-4o")


def with_contracts(folder: Path, rows: str, **asked: str) -> Prices:
    """What is listed beside these prices of one's own."""
    path = folder / "prices.csv"
    path.write_text(f"item,provider,usd,unit,terms,region,date\n{rows}", encoding="utf-8")
    own = read_contracts(path, {"USD": 1.0}, DAY)
    return price_list(PricesAsked(**asked), Basis(None, DAY, Worlds(0, 1), contracts=own.rows))


OWN = (
    "H100,CoreWeave,2,,,EU-West-1,2026-10-01\nH100,Amazon Web Services,3,,,,2025-01-01\n"
    "my-llama,Together,4,Mtok,,,2025-01-01\nL4,acme,1,,,mars-1,2026-10-01\n"
)


@pytest.mark.parametrize(
    ("asked", "whose"),
    [
        ({"gpu": "H100", "provider": "aws"}, ["Amazon Web Services"]),
        ({"gpu": "H100", "provider": "coreweave"}, ["CoreWeave"]),
        ({"kind": "hosted", "provider": "openai"}, []),
        ({"kind": "hosted", "provider": "together"}, ["Together"]),
        ({"gpu": "H100", "region": "eu-west-1"}, ["CoreWeave", "Amazon Web Services"]),
        ({"region": "MARS-1"}, ["Amazon Web Services", "acme"]),
        ({"provider": "ACME"}, ["acme"]),
    ],
)
def test_filters_hold_for_contracts_too(asked: dict[str, str], whose: list[str], tmp_path: Path) -> None:
    """By provider as either spells it, by region in any case; a contract that names no region holds in all."""
    found = with_contracts(tmp_path, OWN, **asked)
    assert whose == [row.provider for row in found.rows if row.tier == "your contract"]


def test_contract_prices_grow_old_too(tmp_path: Path) -> None:
    """Marked and counted like those of the tables."""
    rows = [row for row in with_contracts(tmp_path, OWN).rows if row.tier == "your contract"]
    assert [False, True, False, True] == [row.stale for row in rows]


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"kind": "wage", "gpu": "H100"}, "--gpu"),
        ({"kind": "label", "region": "eu-central-1"}, "--region"),
        ({"kind": "hosted", "terms": "spot"}, "--terms"),
        ({"kind": "label", "provider": "aws"}, "--provider"),
        ({"kind": "gpu", "model": "gpt-4o"}, "--model"),
        ({"gpu": "H100", "model": "gpt-4o"}, "--gpu"),
        ({"provider": "nosuch"}, "--provider"),
        ({"region": "nosuch"}, "--region"),
    ],
)
def test_a_filter_that_can_match_nothing_is_refused(asked: dict[str, str], where: str) -> None:
    """What the kind does not know, and names that stand in no price."""
    with pytest.raises(InputError) as error:
        listed(**asked)
    assert [where] == [problem.where for problem in error.value.problems]


def test_a_project_has_its_currency_and_its_own_prices_first(tmp_path: Path) -> None:
    """Dollars times the dated rate; the contract's own row is not converted twice; the book has another digest."""
    text = "currency: EUR\nrates: [{currency: USD, value: 0.5, date: 2026-11-20}]\n"
    (tmp_path / "prices.csv").write_text("gpu,price,currency,date\nH100,1.5,EUR,2026-10-01\n", encoding="utf-8")
    project = written(text, tmp_path)
    own = read_contracts(tmp_path / "prices.csv", project.base_rates, DAY)
    basis = Basis(project, DAY, Worlds(0, 1), contracts=own.rows, contracts_hash=own.digest)
    found = price_list(PricesAsked(gpu="H100", terms="on_demand"), basis)
    assert ("your contract", 1.5, "EUR") == (found.rows[0].tier, found.rows[0].amount, found.rows[0].currency)
    usd = [row.amount or 0 for row in listed(gpu="H100", terms="on_demand").rows]
    assert pytest.approx(median(usd) / 2) == median(row.amount or 0 for row in found.rows[1:])
    assert found.book != listed().book
    assert found.held == listed().held + 1
