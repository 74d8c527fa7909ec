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


def test_a_filter_lists_single_prices_with_their_age() -> None:
    """Provider, amount, date, and whether it is stale."""
    ran = run("prices", "--gpu", "H100", "--tier", "marketplace", "--terms", "spot", *TODAY)
    assert 0 == ran.code
    assert "H100, runpod, marketplace" in ran.out
    assert "2026-04 old" in ran.out
    assert "4 prices of" in ran.out


def test_json_holds_every_row_with_its_source() -> None:
    """And nothing else is printed."""
    found = run("prices", "--kind", "gpu", "--json", *TODAY).json
    assert all(row["source"] and row["date"] for row in found["rows"])
    assert 64 == len(found["book"])


def test_mistakes_are_told_together_with_code_two() -> None:
    """No traceback."""
    ran = run("prices", "--gpu", "H1000", "--tier", "cheap")
    assert 2 == ran.code
    assert "--gpu" in ran.err
    assert "--tier" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")
def test_prices_of_an_api_come_from_the_package() -> None:
    """A million tokens in and out."""
    ran = run("prices", "--kind", "api", "--model", "gpt-4o-mini", "--full", *TODAY)
    assert 0 == ran.code
    assert "0.15 USD per Mtok in" in ran.out
    assert "package genai-prices" in ran.out


def test_without_the_package_it_says_how_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code 3, the exact line."""
    monkeypatch.setattr(api, "find_spec", lambda name: None)
    ran = run("prices", "--kind", "api", "--model", "gpt-4o-mini", *TODAY)
    assert 3 == ran.code
    assert "pip install genai-prices" in ran.err


def test_a_project_gives_its_currency_and_its_own_prices(tmp_path: Path) -> None:
    """Mistakes in the file of prices end it with code 2, by row and column."""
    rates = "currency: EUR\nrates: [{currency: USD, value: 0.5, date: 2026-11-20}]\nprices: prices.csv\n"
    own = tmp_path / "prices.csv"
    own.write_text("gpu,usd,date,source\nH100,3,2026-10-01,contract 7\n", encoding="utf-8")
    written(rates, tmp_path)
    found = run("prices", "--gpu", "H100", "--project", tmp_path / "tunecase.yaml", "--json", *TODAY).json
    assert ("your contract", 1.5, "EUR") == tuple(found["rows"][0][name] for name in ("tier", "amount", "currency"))
    own.write_text('gpu,usd,date\nH100,"1,234.56",2026-10-01\nH100,2,2027-01-01\n', encoding="utf-8")
    ran = run("prices", "--project", tmp_path / "tunecase.yaml", *TODAY)
    assert 2 == ran.code
    assert "prices.csv, line 2: usd" in ran.err
    assert "prices.csv, line 3: date" in ran.err
    written(rates.replace("2026-11-20", "2026-11-25"), tmp_path)
    ran = run("prices", "--project", tmp_path / "tunecase.yaml", *TODAY)
    assert 2 == ran.code
    assert "rates.0.date" in ran.err


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
