"""The command `prices`: lists, filters, marks what is old, and says how to install what is missing."""

from pathlib import Path

import pytest

from tests.command import tunecase as run
from tests.projects import written
from tunecase import catalog
from tunecase.prices import api

TODAY = ("--today", "2026-11-24")


def test_alone_it_prints_the_tiers_and_the_hash() -> None:
    """A few by default, all with the hash of the book in full, in 80 columns."""
    ran = run("prices", *TODAY)
    assert 0 == ran.code
    assert "H100, neocloud" in ran.out
    whole = run("prices", "--full", *TODAY).out
    assert catalog.price_book()[:12] in whole
    assert "A10, hyperscaler" in whole
    assert len(ran.out.splitlines()) <= 14
    assert max(map(len, [*ran.out.splitlines(), *whole.splitlines()])) <= 80


@pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")
def test_prices_of_an_api_come_from_the_package() -> None:
    """A million tokens in and out."""
    ran = run("prices", "--kind", "api", "--model", "gpt-4o-mini", "--full", *TODAY)
    assert 0 == ran.code
    assert "0.15 USD per Mtok in" in ran.out
    assert "package genai-prices" in ran.out


def test_a_project_gives_its_currency_and_its_own_prices(tmp_path: Path) -> None:
    """A price of the contract in dollars is told in euros, before those of the tables."""
    rates = "currency: EUR\nrates: [{currency: USD, value: 0.5, date: 2026-11-20}]\nprices: prices.csv\n"
    own = tmp_path / "prices.csv"
    own.write_text("gpu,usd,date,source\nH100,3,2026-10-01,contract 7\n", encoding="utf-8")
    written(rates, tmp_path)
    found = run("prices", "--gpu", "H100", "--project", tmp_path / "tunecase.yaml", "--json", *TODAY).json
    assert ("your contract", 1.5, "EUR") == tuple(found["rows"][0][name] for name in ("tier", "amount", "currency"))


def test_a_catalog_is_taken_over_and_the_line_to_write_is_told(tmp_path: Path) -> None:
    """In words and as JSON; what belongs to a catalog is refused without one."""
    source = tmp_path / "lambda" / "vms.csv"
    source.parent.mkdir()
    source.write_text(
        "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region\ng,H100,1,3.29,,us\n", encoding="utf-8"
    )
    words = ("prices", "--update", source, "--date", "2026-11-20", "--project", tmp_path / "tunecase.yaml", *TODAY)
    ran = run(*words)
    assert 0 == ran.code
    assert "1 list price of 1 card at lambda, dated 2026-11-20" in ran.out
    assert "write `prices: lambda-list-prices.csv` into the project file" in " ".join(ran.out.split())
    assert 2 == run(*words[:4], "2026-11-21", *words[5:]).code
    assert "lambda" == run(*words, "--force", "--json").json["provider"]
    alone = run("prices", "--date", "2026-11-20", "--to", "x.csv")
    assert 2 == alone.code
    assert "--update FILE" in alone.err
