"""The section on inference: the answer, the ways with their prices, and everything that they rest on."""

from dataclasses import replace

from tests import samples
from tunecase.accounts.inference import inference
from tunecase.accounts.material import Material
from tunecase.blocks import Listing, Section, Table
from tunecase.quantities import Band
from tunecase.records import Inference


def section(record: Inference | None) -> Section:
    """The section of a record."""
    return inference(Material(inference=record))


def lists(record: Inference) -> dict[str, tuple[str, ...]]:
    """The items of the lists, by title."""
    of = section(record)
    return {block.title: block.items for block in (*of.blocks, *of.evidence) if isinstance(block, Listing)}


def table(record: Inference) -> Table:
    """The table of the ways."""
    (found,) = [block for block in section(record).blocks if isinstance(block, Table)]
    return found


def test_it_says_how_to_begin_where_nothing_was_asked() -> None:
    """A section of its own, not done."""
    assert not section(None).done
    assert "tunecase inference" in section(None).answer


def test_the_answer_is_one_sentence() -> None:
    """Month, thousand and way; as stated; or that there is none."""
    record = samples.inference()
    answer = "260 USD (240 to 310) a month, 1.3 USD (1.2 to 1.5) per 1,000 answers: 1 x L4 on demand."
    answer += " Today 1,000 answers cost 0.60 USD (0.50 to 0.80)."
    assert (answer, "plain") == (section(record).answer, section(record).tone)
    none = replace(record, ways=(), per_month=None, per_1k=None, today_per_1k=None)
    assert ("No way to serve", "unknown") == (section(none).answer[:15], section(none).tone)
    stated = replace(none, stated=True, per_1k=Band(2.0, 2.0, 2.0, 2.0))
    assert "2.0 USD per 1,000 answers, as the project file states." == section(stated).answer


def test_the_table_holds_what_has_a_price_and_marks_the_cheapest_tuned_way() -> None:
    """Empty cells where a price or an objective does not apply; a prompted model bears a star that is explained."""
    record = samples.inference()
    shown = table(record)
    assert ["openai/gpt-4.1-mini, prompted *", "1 x L4 on demand", "1 x T4 on demand"] == [
        row[0].text for row in shown.rows
    ]
    assert (1,) == shown.strong
    assert "* not the tuned model" in shown.note
    rented = dict(zip((str(name) for name in shown.head), (cell.text for cell in shown.rows[1]), strict=True))
    assert ("", "0.60", "2.6", "unsure") == tuple(
        rented[name] for name in ("Mtok cached", "Mtok in", "Mtok out", "Objective")
    )
    assert all(len(row) == len(shown.head) for row in shown.rows)
    tuned = replace(record, ways=tuple(way for way in record.ways if way.tuned))
    assert "not the tuned" not in table(tuned).note
    assert "Mtok cached" not in table(tuned).head


def test_all_that_it_rests_on_is_listed() -> None:
    """Crossings, movers, speed with what was measured, what lacks a price, commands to measure, sources of prices."""
    found = lists(replace(samples.inference(), loads=samples.loads()))
    pays, crosses = found["From which volume this changes"]
    assert "the project pays for itself from 1.2M (800k to 2.5M) answers a month on." in pays
    assert "330k answers a month on." in crosses
    assert ("problem.volume: 60%", "price of a L4 hour: 30%") == found["What moves the month's bill"]
    speed = found["How fast one replica answers"]
    assert "before 2 measured loads: 3.0 (1.5 to 9.0) answers/s" in speed
    assert "measured at 16 in flight: 190 output tokens/s, predicted 240 (120 to 480)" in speed
    assert ("tuned model paid by the token: a host that serves it.",) == found["Without a price"]
    assert "vllm bench serve --max-concurrency 64" in found["What to measure next"][0]
    rests = " ".join(found["On what this rests"])
    assert "3 providers, 2026-09-20" in rests
    assert "RTXA4000 does not serve it" in rests


def test_no_empty_table_and_no_empty_list() -> None:
    """A record without ways, speed or notes is its answer alone."""
    bare = replace(
        samples.inference(), ways=(), crossings=(), throughput=None, points=(), moves=(), notes=(), per_1k=None,
        per_month=None, break_even=(),
    )  # fmt: skip
    assert ((), ()) == (section(bare).blocks, section(bare).evidence)
