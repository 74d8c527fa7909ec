"""The account of inference: the cheapest way, the others beside it, from which volume that changes, and on what."""

from dataclasses import replace

from tests import samples
from tests.accounts.reading import words
from tunecase.accounts import Material
from tunecase.accounts.inference import inference
from tunecase.blocks import Account, Listing, Table
from tunecase.quantities import Band
from tunecase.records import Inference

RECORD = samples.inference()


def of(record: Inference) -> Account:
    """The account of a record without a case."""
    return inference(record, Material())


def lists(record: Inference) -> dict[str, tuple[str, ...]]:
    """The items of the lists, by title."""
    return {block.title: block.items for block in of(record).full if isinstance(block, Listing)}


def ways(record: Inference) -> Table:
    """The table of the ways by default."""
    (found,) = [block for block in of(record).short if isinstance(block, Table)]
    return found


def test_the_expected_month_counts_and_a_cheaper_prompted_model_is_named() -> None:
    """The mean where the record holds it; the prompted model only where today's price is not known."""
    prompted, rented, *rest = RECORD.ways
    both = (replace(prompted, expected=130.0), replace(rented, expected=12_700.0), *rest)
    record = replace(RECORD, ways=both, today_per_1k=None)
    answer = "13,000 USD a month to serve Llama-3.1-8B: 1 x L4 on demand. gpt-4.1-mini, prompted costs less: 130."
    assert answer == of(record).answer
    assert ("130", "13,000") == tuple(row[1].text for row in ways(record).rows[:2])
    assert "costs less" not in of(replace(record, today_per_1k=Band(0.5, 0.6, 0.7, 0.8))).answer


def test_the_cheapest_ways_stand_under_the_answer() -> None:
    """Four at most; the cheapest that serves the tuned model is marked, another model has a star that is explained."""
    shown = ways(RECORD)
    assert ["gpt-4.1-mini, prompted *", "1 x L4 on demand", "1 x T4 on demand"] == [row[0].text for row in shown.rows]
    assert (1,) == shown.strong
    assert ["perhaps too slow", "perhaps too slow", "too slow"] == [row[-1].text for row in shown.rows]
    assert "* another model, with another score." in words(of(RECORD).short)
    tuned = replace(RECORD, ways=tuple(way for way in RECORD.ways if way.tuned))
    assert "another model" not in words(of(tuned).short)
    assert 4 == len(ways(replace(RECORD, ways=RECORD.ways * 3)).rows)
    calm = replace(RECORD, ways=tuple(replace(way, objective="met") for way in RECORD.ways))
    assert 4 == len(ways(calm).head)


def test_no_empty_table_and_no_empty_list() -> None:
    """A record without ways, speed or notes is its answer alone."""
    bare = replace(
        RECORD, ways=(), crossings=(), throughput=None, points=(), moves=(), notes=(), per_1k=None, per_month=None,
        break_even=(),
    )  # fmt: skip
    assert ((), (), "") == (of(bare).short, of(bare).full, of(bare).next)
