"""The account of inference: the cheapest way, the others beside it, from which volume that changes, and on what."""

from dataclasses import replace

from tests import samples
from tests.accounts.reading import rows, words
from tunecase.accounts import Material
from tunecase.accounts.inference import inference, loads
from tunecase.blocks import Account, Listing, Table
from tunecase.quantities import Band
from tunecase.records import DefaultUsed, Inference

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


def test_the_answer_is_the_month_of_the_cheapest_way_beside_today() -> None:
    """Dearer and cheaper by the middle, as much where the figures are alike, nothing where today's is not known."""
    lead = "260 USD a month to serve Llama-3.1-8B: 1 x L4 on demand."
    assert (f"{lead} Dearer than today: 1.3 against 0.60 for 1,000 answers.", "plain") == (
        of(RECORD).answer,
        of(RECORD).tone,
    )
    cheap = replace(RECORD, today_per_1k=Band(5.0, 6.0, 7.0, 8.0))
    assert f"{lead} Cheaper than today: 1.3 against 6.0 for 1,000 answers." == of(cheap).answer
    assert of(replace(RECORD, today_per_1k=RECORD.per_1k)).answer.endswith("As much as today: 1.3 for 1,000 answers.")
    assert lead == of(replace(RECORD, today_per_1k=None)).answer


def test_the_expected_month_counts_and_a_cheaper_prompted_model_is_named() -> None:
    """The mean where the record holds it; the prompted model only where today's price is not known."""
    prompted, rented, *rest = RECORD.ways
    both = (replace(prompted, expected=130.0), replace(rented, expected=12_700.0), *rest)
    record = replace(RECORD, ways=both, today_per_1k=None)
    answer = "13,000 USD a month to serve Llama-3.1-8B: 1 x L4 on demand. gpt-4.1-mini, prompted costs less: 130."
    assert answer == of(record).answer
    assert ("130", "13,000") == tuple(row[1].text for row in ways(record).rows[:2])
    assert "costs less" not in of(replace(record, today_per_1k=Band(0.5, 0.6, 0.7, 0.8))).answer


def test_a_stated_price_and_no_price_at_all() -> None:
    """A stated price is told as such, even where no way has one; without either the answer is no."""
    none = replace(RECORD, ways=(), per_month=None, per_1k=None, today_per_1k=None, crossings=(), break_even=())
    assert ("No way to serve the tuned model has a price and meets the objectives.", "bad") == (
        of(none).answer,
        of(none).tone,
    )
    stated = replace(none, stated=True, per_1k=Band(2.0, 2.0, 2.0, 2.0))
    assert "1,000 answers cost 2.0 USD, as the project file states." == of(stated).answer
    lacking = replace(none, ways=tuple(way for way in RECORD.ways if way.per_month is None))
    assert "Without a price: tuned model paid by the token: a host that serves it." in words(of(lacking).short)


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


def test_from_which_volume_it_changes_is_told_in_whole_numbers() -> None:
    """First from which the project pays for itself, else the first crossing that lies on what was looked at."""
    pays = "From 1,200,000 answers a month (800,000 to 2,500,000) the project pays for itself against gpt-4.1-mini"
    assert pays in words(of(RECORD).short)
    crosses = "From 440,000 answers a month 1 x L4 on demand costs less than gpt-4.1-mini, prompted."
    assert crosses in words(of(replace(RECORD, break_even=())).short)
    beyond = replace(RECORD, break_even=(), crossings=(replace(RECORD.crossings[0], mid=None),))
    assert "answers a month" not in words(of(beyond).short).replace("a month 1,000 answers", "")


def test_measured_loads_that_were_asked_for_are_told_by_default() -> None:
    """Measured beside predicted, how far off, and whether the band held it; nothing is left to measure first."""
    record = replace(RECORD, loads=samples.loads())
    line = "Measured on 1 x L4, 16 in flight: 190 output tokens a second; predicted 240 (120 to 480), +25%."
    assert line in words(of(record).short)
    learnt = "One replica gives 4.0 (2.0 to 8.0) answers a second; before that, 3.0 (1.5 to 9.0) were predicted."
    assert learnt in words(of(record).short)
    assert learnt not in words(of(RECORD).short)
    assert ("", "tunecase inference ... --measured FILE") == (of(record).next, of(RECORD).next)
    again = replace(RECORD, notes=("1 measured load on file already: nothing is added", "another note"))
    assert "1 measured load on file already: nothing is added." in words(of(again).short)
    assert "nother note" not in words(of(again).short)
    measured = samples.loads()
    assert "1 of 1 measured load inside the band predicted for it." == loads(measured, Material()).answer
    (load,) = measured.loads
    off = replace(load, predicted=replace(load.predicted, low=200.0))
    both = loads(replace(measured, loads=(load, off, load, load)), Material())
    assert "3 of 4 measured loads inside the band predicted for it." == both.answer
    assert "+25%, outside the band." in words(both.short)
    assert (3, 1) == (words(both.short).count("Measured on"), words(both.full).count("Measured on"))
    assert "One run had failed requests." in words(both.full)


def test_assumed_traffic_is_counted_and_listed_in_full() -> None:
    """By the last part of the field's name; the spread of lengths, which no option states, is left out."""
    used = tuple(
        DefaultUsed(f"serving.traffic.{name}", "1 to 2", "") for name in ("burst", "free_hours", "length_spread")
    )
    record = replace(RECORD, defaults=used)
    assert "2 figures of the traffic are assumed." in words(of(record).short)
    assert "1 figure of the traffic is assumed." in words(of(replace(record, defaults=used[:1])).short)
    assert "burst 1 to 2 free hours 1 to 2" in words(of(record).full)
    assert "assumed" not in words(of(RECORD).short).lower()


def test_the_full_table_holds_every_price_of_a_way() -> None:
    """Empty cells where a price or an objective does not apply; columns that nothing has are left out."""
    rented = rows(of(RECORD).full, RECORD.traffic)[1]
    (head,) = [block.head for block in of(RECORD).full if isinstance(block, Table)]
    cells = dict(zip((str(name) for name in head), rented, strict=True))
    assert ("", "0.60", "2.6", "unsure", "260 (240 to 310)") == tuple(
        cells[name] for name in ("Mtok cached", "Mtok in", "Mtok out", "Objective", "A month (80% band)")
    )
    tuned = replace(RECORD, ways=tuple(way for way in RECORD.ways if way.tuned))
    (head,) = [block.head for block in of(tuned).full if isinstance(block, Table)]
    assert "Mtok cached" not in head


def test_all_that_it_rests_on_is_listed_in_full() -> None:
    """Crossings, movers, speed with what was measured, what lacks a price, commands to measure, sources of prices."""
    found = lists(replace(RECORD, loads=samples.loads()))
    pays, crosses = found["From which volume this changes"]
    assert "the project pays for itself from 1.2M (800k to 2.5M) answers a month on." in pays
    assert "330k answers a month on." in crosses
    assert ("problem.volume: 60%", "price of a L4 hour: 30%") == found["What moves the month's bill"]
    first, before, wider = found["How fast one replica answers"]
    assert "4.0 (2.0 to 8.0) answers/s, 240 (120 to 480) output tokens/s with 80 in flight, bound by memory" in first
    assert "before 2 measured loads: 3.0 (1.5 to 9.0) answers/s" == before
    assert "the card was not measured" == wider
    assert "190 output tokens a second; predicted 240 (120 to 480)" in found["Measured loads"][0]
    assert ("One run had failed requests.",) == found["Of the measured loads"]
    assert ("tuned model paid by the token: a host that serves it.",) == found["Without a price"]
    assert "vllm bench serve --max-concurrency 64" in found["What to measure next"][0]
    rests = " ".join(found["On what this rests"])
    assert "3 providers, 2026-09-20" in rests
    assert "RTXA4000 does not serve it" in rests
    assert "requests of 1.4k tokens, 760 of them instructions and examples" in rests


def test_no_empty_table_and_no_empty_list() -> None:
    """A record without ways, speed or notes is its answer alone."""
    bare = replace(
        RECORD, ways=(), crossings=(), throughput=None, points=(), moves=(), notes=(), per_1k=None, per_month=None,
        break_even=(),
    )  # fmt: skip
    assert ((), (), "") == (of(bare).short, of(bare).full, of(bare).next)
