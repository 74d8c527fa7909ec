"""The parts of what answers cost beyond their forecast: they add up, and each is zero where its cause is unchanged."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tunecase.books.serving import (
    ANSWER,
    HOURS,
    HOURS_USED,
    PARTS,
    PRICE,
    THROUGHPUT,
    TOKENS,
    TOKENS_AND_PRICE,
    UTILISATION,
    VOLUME,
    TokenPrices,
    cost_parts,
    parts_added,
    parts_in_cents,
)
from tunecase.records import CostPart, ServedFigures

STEP = Decimal("0.000001")

counts = st.integers(1, 10**9).map(Decimal)
amounts = st.decimals("0.01", "9999999", places=6)
hours = st.decimals("0.1", "99999", places=3)
shares = st.integers(1, 100).map(lambda percent: Decimal(percent) / 100)


@st.composite
def by_the_hour(draw: st.DrawFn) -> ServedFigures:
    """Answers that were given in some of the hours that were rented."""
    rented = draw(hours)
    return ServedFigures(draw(counts), None, None, rented, rented * draw(shares), draw(amounts))


@st.composite
def by_the_token(draw: st.DrawFn) -> ServedFigures:
    """Answers that read and write tokens."""
    return ServedFigures(draw(counts), draw(counts), draw(counts), None, None, draw(amounts))


def told(planned: ServedFigures, actual: ServedFigures, prices: TokenPrices | None = None) -> dict[str, Decimal]:
    """The parts by name."""
    return {part.name: part.amount for part in cost_parts(planned, actual, prices)}


def total(planned: ServedFigures, actual: ServedFigures) -> Decimal:
    """Actual less planned cost, to the millionth."""
    return actual.cost.quantize(STEP) - planned.cost.quantize(STEP)


@given(by_the_hour(), by_the_hour())
def test_parts_by_the_hour_add_up(planned: ServedFigures, actual: ServedFigures) -> None:
    """Volume, price, utilisation and throughput are all there is between plan and actual, to the millionth."""
    parts = told(planned, actual)
    assert [VOLUME, PRICE, UTILISATION, THROUGHPUT] == list(parts)
    assert total(planned, actual) == sum(parts.values())


@given(by_the_token(), by_the_token(), st.floats(0.01, 50), st.floats(0.01, 200))
def test_parts_by_the_token_add_up(planned: ServedFigures, actual: ServedFigures, into: float, out: float) -> None:
    """Volume, tokens per answer and price are all there is."""
    parts = told(planned, actual, TokenPrices(into, out))
    assert [VOLUME, TOKENS, PRICE] == list(parts)
    assert total(planned, actual) == sum(parts.values())


@given(by_the_hour(), st.integers(2, 50))
def test_a_part_is_zero_where_its_cause_is_unchanged(planned: ServedFigures, times: int) -> None:
    """Each of the four causes alone moves its own part and no other."""
    assert planned.gpu_hours is not None
    assert planned.busy_hours is not None
    assert planned.cost is not None
    answers, rented, busy, cost = planned.answers, planned.gpu_hours, planned.busy_hours, planned.cost
    # More answers in as many more hours; a dearer hour; more idle hours; slower cards.
    alone = {
        VOLUME: ServedFigures(answers * times, None, None, rented * times, busy * times, cost * times),
        PRICE: ServedFigures(answers, None, None, rented, busy, cost * times),
        UTILISATION: ServedFigures(answers, None, None, rented * times, busy, cost * times),
        THROUGHPUT: ServedFigures(answers, None, None, rented * times, busy * times, cost * times),
    }
    for name, actual in alone.items():
        parts = told(planned, actual)
        assert {name} == {part for part, amount in parts.items() if amount}
        assert total(planned, actual) == parts[name] > 0
    assert not any(told(planned, planned).values())


@given(by_the_token(), st.floats(0.01, 50), st.floats(0.01, 200))
def test_tokens_move_their_part_alone(planned: ServedFigures, into: float, out: float) -> None:
    """Answers of twice the tokens at the planned prices cost more by tokens per answer; a dearer token by price."""
    prices = TokenPrices(into, out)
    longer = ServedFigures(planned.answers, planned.tokens_in * 2, planned.tokens_out * 2, cost=planned.cost * 2)
    assert {VOLUME: Decimal(0), TOKENS: planned.cost, PRICE: Decimal(0)} == told(planned, longer, prices)
    dearer = ServedFigures(planned.answers, planned.tokens_in, planned.tokens_out, cost=planned.cost * 2)
    assert {VOLUME: Decimal(0), TOKENS: Decimal(0), PRICE: planned.cost} == told(planned, dearer, prices)


def test_worked_and_unknown_parts() -> None:
    """A fifth more answers at a price a tenth higher; idle hours are utilisation; what is unknown is one part."""
    planned = ServedFigures(Decimal(40_000), None, None, Decimal(800), Decimal(200), Decimal(800))
    actual = ServedFigures(Decimal(48_000), None, None, Decimal(800), Decimal(160), Decimal(880))
    # 960 for 48,000 answers; 1,056 at 1.10 an hour; 20% busy in place of 25%: 1,320; faster answers: 880.
    wanted = {VOLUME: Decimal(160), PRICE: Decimal(96), UTILISATION: Decimal(264), THROUGHPUT: Decimal(-440)}
    assert wanted == told(planned, actual)
    planned = ServedFigures(Decimal(100), None, None, Decimal(10), Decimal(5), Decimal(20))
    idle = ServedFigures(Decimal(0), None, None, Decimal(12), Decimal(0), Decimal(24))
    assert {VOLUME: -20, PRICE: 0, UTILISATION: 24, THROUGHPUT: 0} == told(planned, idle)
    planned = ServedFigures(Decimal(100), None, None, Decimal(10), Decimal(5), Decimal(20))
    rented = ServedFigures(Decimal(100), None, None, Decimal(12), None, Decimal(24))
    assert {VOLUME: 0, PRICE: 0, HOURS_USED: 4} == told(planned, rented)
    bare = ServedFigures(Decimal(100), cost=Decimal(24))
    assert {VOLUME: 0, HOURS: 4} == told(planned, bare)
    by_token = ServedFigures(Decimal(100), Decimal(10), Decimal(10), cost=Decimal(20))
    assert {VOLUME: 0, TOKENS_AND_PRICE: 4} == told(by_token, bare, TokenPrices(1, 4))
    assert {VOLUME: 0, ANSWER: 4} == told(ServedFigures(Decimal(100), cost=Decimal(20)), bare)
    assert {} == told(planned, ServedFigures(Decimal(100), None, None, Decimal(12)))
    assert {} == told(ServedFigures(Decimal(0), cost=Decimal(20)), bare)


@given(st.lists(st.lists(st.tuples(st.sampled_from(PARTS), st.decimals(-999, 999, places=5))), min_size=1, max_size=5))
def test_parts_add_up_across_and_down_as_printed(rows: list[list[tuple[str, Decimal]]]) -> None:
    """In cents each row is the sum of its parts, and the last row the sum of the rows."""
    given_rows = [[CostPart(name, amount) for name, amount in dict(row).items()] for row in rows]
    names, shown = parts_in_cents(given_rows)
    assert all(row[0] == sum(row[1:]) for row in shown)
    assert shown[-1] == [sum(column) for column in zip(*shown[:-1], strict=True)]
    assert names == tuple(part.name for part in parts_added(given_rows))
