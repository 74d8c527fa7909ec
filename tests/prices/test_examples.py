"""One more example costs what its source's formula says, and what is missing is named."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.projects import basis, written
from tunecase.prices import api
from tunecase.prices import examples as sources
from tunecase.prices.api import ApiPrice
from tunecase.prices.basis import Basis
from tunecase.prices.examples import Stock, Supply, formatting, supply
from tunecase.quantities.spread import Interval, band


def with_sources(folder: Path, *sources: str, head: str = "") -> Basis:
    """A basis whose project has these sources of data."""
    lines = "".join(f"    - {source}\n" for source in sources)
    return basis(written(f"{head}\ndata:\n  train: data/train.jsonl\n  sources:\n{lines}", folder))


SURE = (
    "kind: label, effort: 2.1 min per label, rate: 25 USD per hour, rework: 0%, fee: 0%, usable: 100%, management: 0%, "
    "set_up: 0 USD"
)


def test_two_label_sources_are_priced_apart(tmp_path: Path) -> None:
    """The second keeps its own minutes and rate."""
    dear = SURE.replace("25 USD", "50 USD")
    stock = supply(with_sources(tmp_path, f"{{{SURE}, pool: 100}}", f"{{{dear}}}"))
    assert stock.cost(100)[0] == pytest.approx(87.5)
    assert stock.cost(200)[0] == pytest.approx(87.5 + 175)


def test_sources_are_used_up_in_order_and_set_up_is_paid_when_touched(tmp_path: Path) -> None:
    """100 at hand for nothing, then 200 bought at 2 with a set-up of 50, and no more than that can be had."""
    buy = "{kind: buy, pool: 200, price: 2 USD per example, set_up: 50 USD}"
    stock = supply(with_sources(tmp_path, "{kind: have, pool: 100, hours: 0 h}", buy))
    assert stock.limit == 300
    assert [float(stock.cost(n)[0]) for n in (0, 100, 101, 300)] == [0, 0, 52, 450]
    assert np.isinf(stock.cost(301)).all()
    assert stock.price[0] == 2


def test_a_source_without_price_is_named_not_counted_as_free(tmp_path: Path) -> None:
    """Synthetic and scraped examples have no default price."""
    stock = supply(with_sources(tmp_path, "{kind: synthetic}", "{kind: scrape, pool: 10}"))
    assert stock.price is None
    assert stock.limit is None
    assert len(stock.unpriced) == 2
    assert "scrape (source 2)" in stock.unpriced[1]


def test_examples_counted_by_what_they_teach_are_so_many_rows_of_their_sources(tmp_path: Path) -> None:
    """100 of worth one from the first source, then two rows of the second for each; one for one where rows count."""
    text = ("{kind: have, pool: 100, hours: 0 h}", "{kind: buy, worth: 50%, price: 1 USD per example}")
    by_worth = supply(with_sources(tmp_path, *text), as_labelled=True)
    assert [100.0, 300.0] == [float(np.mean(by_worth.rows(n))) for n in (100, 200)]
    assert by_worth.cost(200)[0] == pytest.approx(200.0)
    assert 200.0 == supply(with_sources(tmp_path, *text)).rows(200)
    assert 0.0 == np.max(by_worth.rows(0))


def test_a_source_without_a_pool_has_no_limit(tmp_path: Path) -> None:
    """The limit is unknown, not zero."""
    stock = supply(with_sources(tmp_path, "{kind: buy, price: 1 USD per example}"))
    assert stock.limit is None
    assert stock.cost(1e6)[0] == 1e6


def price_of(folder: Path, source: str) -> float:
    """The price of one example of a source, the same in every world."""
    stock = supply(with_sources(folder, source))
    assert stock.price is not None, stock.unpriced
    assert np.ptp(stock.price) == pytest.approx(0)
    return float(stock.price[0])


def test_running_the_labelling_a_tool_and_a_manager_are_added(tmp_path: Path) -> None:
    """.875 x 1.1 for running it, 5% of 2.1 min of a team at 100 USD, and 3 cents for each of 2 votes' objects."""
    source = SURE.replace("management: 0%", "management: 10%, managed_by: 5%, tool_fee: 0.03 USD per example")
    head = "team: [{role: dev, rate: 100 USD per hour}]"
    stock = supply(with_sources(tmp_path, f"{{{source}, labels_per_example: 2}}", head=head))
    assert stock.price[0] == pytest.approx(2 * (0.875 * 1.1 + 2.1 / 60 * 0.05 * 100 + 0.03))
    by_team = source.replace("management: 10%, ", "")
    stock = supply(with_sources(tmp_path, f"{{{by_team}, labels_per_example: 2}}", head=head))
    assert stock.price[0] == pytest.approx(2 * (0.875 + 2.1 / 60 * 0.05 * 100 + 0.03))


def test_labelling_begins_with_guidelines_onboarding_and_an_audit(tmp_path: Path) -> None:
    """10 h of the team, 4 h of annotators, and 60 labels read; a stated set-up alone stands for all of it."""
    head = "team: [{role: dev, rate: 100 USD per hour}]"
    own = SURE.replace("set_up: 0 USD", "guidelines: 10 h, onboarding: 4 h, audited: 60")
    at = with_sources(tmp_path, f"{{{own}}}", head=head)
    at.review_minutes = Interval(1, 1.0001)
    assert float(supply(at).cost(1)[0]) == pytest.approx(1000 + 100 + 100 + 0.875, rel=1e-3)
    assert float(supply(with_sources(tmp_path, f"{{{SURE}}}", head=head)).cost(1)[0]) == pytest.approx(0.875)
    usual = supply(with_sources(tmp_path, "{kind: label}"))
    assert band(usual.steps[0].set_up).p10 > 800


def test_rows_at_hand_cost_minutes_or_hours_of_the_team(tmp_path: Path) -> None:
    """.2 min a row at 90 USD an hour is .30; 5 h are 450 whatever the rows; a default holds where nothing is said."""
    head = "team: [{role: dev, rate: 90 USD per hour}]"
    each = supply(with_sources(tmp_path, "{kind: have, pool: 100, effort: 0.2 min per label}", head=head))
    assert float(each.cost(100)[0]) == pytest.approx(30)
    once = supply(with_sources(tmp_path, "{kind: have, pool: 100, hours: 5 h}", head=head))
    assert [float(once.cost(n)[0]) for n in (0, 1, 100)] == pytest.approx([0, 450, 450])
    at = with_sources(tmp_path, "{kind: have, pool: 100}", head=head)
    assert supply(at).cost(100).min() > 0
    assert "source.formatting" in at.used


def test_alpacas_52_thousand_instructions_cost_less_than_500_dollars(tmp_path: Path) -> None:
    """120 tokens in and 260 out at 20 USD per million: .0076 each, 395 in all, below the 500 that were paid."""
    tokens = "tokens_in: 120, tokens_out: 260, price_in: 20 USD per Mtok, price_out: 20 USD per Mtok"
    each = price_of(tmp_path, f"{{kind: synthetic, {tokens}, rejected: 0%, reviewed: 0%}}")
    assert each == pytest.approx(0.0076)
    assert 300 < 52_000 * each < 500


def test_rejected_and_reviewed_examples_are_paid(tmp_path: Path) -> None:
    """(.001 + 10% x 3 min at 20 USD an hour) / .8."""
    tokens = "tokens_in: 500, tokens_out: 250, price_in: 1 USD per Mtok, price_out: 2 USD per Mtok"
    people = "rejected: 20%, reviewed: 10%, effort: 3 min per label, rate: 20 USD per hour"
    assert price_of(tmp_path, f"{{kind: synthetic, {tokens}, {people}}}") == pytest.approx((0.001 + 0.1) / 0.8)


def test_a_model_of_the_tables_gives_its_token_prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its price is noted with its source; one that is not there is named as such."""
    known = ApiPrice("writer", "acme", Decimal(1), Decimal(2), "a list")
    monkeypatch.setattr(sources, "api_price", lambda name, today: known if name == "writer" else None)
    made = "kind: synthetic, tokens_in: 500, tokens_out: 250, rejected: 0%, reviewed: 0%, model:"
    at = with_sources(tmp_path, f"{{{made} writer}}")
    found = supply(at)
    assert found.price[0] == pytest.approx(0.001)
    assert at.used["price of writer"].source == "a list"
    assert "1 in, 2 out, USD per Mtok (undated)" == at.used["price of writer"].value
    other = supply(with_sources(tmp_path, f"{{{made} another}}"))
    assert "price_in, price_out (another has no price in the tables)" in other.unpriced[0]


@pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")
def test_a_model_s_tokens_are_priced_by_the_installed_package(tmp_path: Path) -> None:
    """500 tokens into gpt-4o-mini at .15 and 250 out of it at .60 USD per million."""
    made = "kind: synthetic, tokens_in: 500, tokens_out: 250, rejected: 0%, reviewed: 0%, model: gpt-4o-mini"
    assert price_of(tmp_path, f"{{{made}}}") == pytest.approx((500 * 0.15 + 250 * 0.60) / 1e6)


def test_missing_fields_of_a_source_are_named(tmp_path: Path) -> None:
    """Never a silent zero: tokens and their prices, the price of a credit, the price of what is bought."""
    made = "{kind: synthetic, tokens_in: 100, price_out: 2 USD per Mtok}"
    words = supply(with_sources(tmp_path, made, "{kind: scrape}", "{kind: buy}")).unpriced
    assert words[0] == "synthetic (source 1): give tokens_out, price_in, or price: ... per example"
    assert words[1] == "scrape (source 2): give credit_price: ... USD per credit, or price: ... per example"
    assert words[2] == "buy (source 3): give price: ... per example"


def test_a_scraper_pays_pages_credits_and_its_upkeep(tmp_path: Path) -> None:
    """2 pages / 50% x 5 credits x .002 = .04 an example; 10 h a month for 3 months at 100 USD once."""
    pages = "pages_per_example: 2, page_yield: 50%, credits_per_page: 5, credit_price: 0.002 USD per credit"
    kept = "upkeep: 10 h per month, months: 3 months, set_up: 200 USD, rate: 100 USD per hour"
    stock = supply(with_sources(tmp_path, f"{{kind: scrape, {pages}, {kept}}}"))
    assert stock.price[0] == pytest.approx(0.04)
    assert float(stock.cost(1_000)[0]) == pytest.approx(40 + 3_000 + 200)


def test_a_smallest_order_is_paid_whole(tmp_path: Path) -> None:
    """100 of a least order of 1,000 cost as much as 1,000, none cost nothing, and 1,500 cost 1,500."""
    stock = supply(with_sources(tmp_path, "{kind: buy, price: 2 USD per example, minimum: 1k}"))
    assert [float(stock.cost(n)[0]) for n in (0, 100, 1_000, 1_500)] == [0, 2_000, 2_000, 3_000]


@law(50)
@given(
    steps=st.lists(
        st.tuples(st.floats(1, 1e4), st.floats(0, 10), st.floats(0, 500), st.floats(0, 1e4)), min_size=1, max_size=4
    ),
    some=st.floats(0, 1e4),
    more=st.floats(0, 1e4),
)
def test_more_examples_never_cost_less(
    steps: list[tuple[float, float, float, float]], some: float, more: float
) -> None:
    """Whatever the pools, prices, set-ups and smallest orders."""
    stocks = tuple(Stock(pool, np.array([price]), np.array([once]), least) for pool, price, once, least in steps)
    stock = Supply(stocks, sum(one.pool for one in stocks), stocks[0].price, ())
    before, after = stock.cost(some)[0], stock.cost(some + more)[0]
    assert 0 <= before <= after + 1e-6


def test_rows_at_hand_of_a_plan_are_formatted_once(tmp_path: Path) -> None:
    """By hand where they are few, by a script where they are many, and as stated where it is."""
    team = "team: [{role: x, rate: 100 USD per hour}]"
    plan = "data: {{rows: {}, tokens_per_row: 100, sources: [{{kind: have, pool: 0{}}}]}}"

    def price(words: str, rows: str = "600") -> float:
        return float(np.median(formatting(basis(written(f"{team}\n{plan.format(rows, words)}", tmp_path)))))

    assert 1_000 == pytest.approx(price(", hours: 10 h"))
    assert 600 * 2 / 60 * 100 == pytest.approx(price(", effort: 2 min per label"))
    assert 1_000 + 600 * 2 / 60 * 100 == pytest.approx(price(", hours: 10 h, effort: 2 min per label"))
    assert 600 * 0.5 == pytest.approx(price(", price: 0.50 USD per example"))
    assert 600 * 0.05 / 60 * 100 < price("") < 600 * 0.3 / 60 * 100
    assert 8 * 100 < price("", "1M") < 40 * 100
    assert price("", "1M") == price("", "10M")


def test_pages_of_which_a_part_is_usable_cost_more(tmp_path: Path) -> None:
    """Half usable doubles the price of a scraped example."""
    page = (
        "kind: scrape, pages_per_example: 1, page_yield: 100%, credits_per_page: 1, credit_price: 0.01 USD per credit"
    )
    whole = supply(with_sources(tmp_path, f"{{{page}}}")).price
    half = supply(with_sources(tmp_path, f"{{{page}, usable: 50%}}")).price
    assert (2 * whole).tolist() == pytest.approx(half.tolist())


def test_a_script_is_waived_only_where_the_rows_at_hand_have_paid_for_it(tmp_path: Path) -> None:
    """Few rows at hand are formatted by hand, so that a large pool pays for its script; many pay for the script."""
    have = "{{kind: have, pool: 50k}}"
    text = f"data: {{{{rows: {{rows}}, tokens_per_row: 300, sources: [{have}, {have}]}}}}"
    few, many = (basis(written(text.format(rows=rows), tmp_path)) for rows in ("10", "500k"))
    by_hand, script = (supply(at).steps[0].set_up for at in (few, many))
    assert by_hand.min() > 0
    assert 0 == script.max()
    assert supply(many).steps[1].set_up.min() > 0
