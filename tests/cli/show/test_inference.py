"""What answers cost is printed shortly: the answer first, the ways that have a price, and what they rest on."""

from dataclasses import replace

from tests import samples
from tests.cli.show.printing import flat, printed
from tunecase.quantities import Band
from tunecase.records import DefaultUsed, InferenceWay


def test_the_answer_stands_first_beside_todays() -> None:
    """With the way that gives it; dearer and cheaper by the middle, and as much where the figures are alike."""
    record = samples.inference()
    assert (
        "260 USD (240 to 310) a month expected with 1 x L4 on demand; dearer than today's answers: 1.3 against 0.60"
        in flat("inference", record)
    )
    cheap = replace(record, today_per_1k=Band(5.0, 6.0, 7.0, 8.0))
    assert "cheaper than today's answers: 1.3 against 6.0 USD per 1,000" in flat("inference", cheap)
    alike = replace(record, today_per_1k=record.per_1k)
    assert "as much as today's answers" in flat("inference", alike)
    assert "today's" not in flat("inference", replace(record, today_per_1k=None))


def test_the_expected_month_counts_and_a_cheaper_prompted_model_is_named() -> None:
    """The mean where the record holds it, in the answer and the table; the prompted model where today's is unknown."""
    prompted, rented, *rest = samples.inference().ways
    ways = (replace(prompted, expected=130.0), replace(rented, expected=270.0), *rest)
    text = flat("inference", replace(samples.inference(), ways=ways, today_per_1k=None))
    assert "270 USD a month expected with 1 x L4 on demand; openai/gpt-4.1-mini, prompted costs less, 130 USD" in text
    assert "today" not in text


def test_a_stated_price_and_no_price_at_all() -> None:
    """A stated price is told as such, even where no way has one; without either the answer is no."""
    none = replace(samples.inference(), ways=(), per_month=None, per_1k=None, today_per_1k=None, crossings=())
    assert "no way to serve the tuned model has a price and meets the objectives" in flat("inference", none)
    stated = replace(none, stated=True, per_1k=Band(2.0, 2.0, 2.0, 2.0))
    assert "2.0 USD per 1,000 answers, as stated" in flat("inference", stated)


def test_ways_without_a_price_are_named_in_one_line() -> None:
    """What each lacks is told where nothing has a price; vendors' notes are left to --json."""
    record = samples.inference()
    text = flat("inference", record)
    assert "Without a price: tuned model paid by the token. --json says what each lacks." in text
    assert "bf16 weights in vllm" not in text
    assert "requests of 1.4k tokens, 760 of them instructions and examples" in text
    assert "* not the tuned model" in text
    assert "objective not met" in text
    lacking = replace(record, ways=tuple(way for way in record.ways if way.per_month is None))
    assert "tuned model paid by the token: a host that serves it" in flat("inference", lacking)
    assert "* not the tuned model" not in flat("inference", lacking)


def test_columns_are_aligned_and_what_is_certain_has_no_range() -> None:
    """Numbers end in the same column; a month without doubt has an empty cell."""
    certain = replace(samples.inference().ways[1], name="2 x T4 reserved", per_month=Band(900.0, 900.0, 900.0, 900.0))
    record = replace(samples.inference(), ways=(*samples.inference().ways[:2], certain))
    lines = printed("inference", record).splitlines()
    head = next(line for line in lines if line.startswith("way"))
    end = head.index("USD expected") + len("USD expected")
    for way, amount in (("openai/gpt", "120"), ("1 x L4", "260"), ("2 x T4", "900")):
        row = next(line for line in lines if line.startswith(way) and "today" not in line and "is cheaper" not in line)
        assert row[:end].endswith(f" {amount}"), row
    assert "900 to 900" not in printed("inference", record)


def test_a_typical_answer_fits_a_screen() -> None:
    """At most 25 lines of 80 columns with four ways, a crossing, assumptions and loads to measure."""
    used = tuple(DefaultUsed(f"serving.traffic.{name}", "1 to 2", "") for name in ("burst", "weekend", "hours"))
    record = samples.inference()
    ways: tuple[InferenceWay, ...] = (*record.ways, record.ways[1])
    assert record.throughput is not None
    typical = replace(record, ways=ways, defaults=used, throughput=replace(record.throughput, widened=()), notes=())
    lines = printed("inference", typical).strip().splitlines()
    assert len(lines) <= 25
    assert all(len(line) <= 80 for line in lines)
    assert "Assumed: burst 1 to 2; weekend 1 to 2; hours 1 to 2." in " ".join(" ".join(lines).split())


def test_measured_loads_have_one_line_each() -> None:
    """Measured beside predicted, how far off, and whether the band held it."""
    loads = samples.loads()
    line = "Measured on 1 x L4, 16 in flight: 190 output tokens/s; predicted 240 (120 to 480), +25%."
    assert line in flat("loads", loads)
    assert line in flat("inference", replace(samples.inference(), loads=loads))
    assert "It was 3.0 (1.5 to 9.0) before 2 measured loads." in flat("inference", samples.inference())
    (load,) = loads.loads
    off = replace(load, predicted=replace(load.predicted, low=200.0))
    both = replace(loads, loads=(load, off))
    assert "1 of 2 inside their 80% band." in flat("loads", both)
    assert "+25%, outside the band." in flat("loads", both)
    assert "· One run had failed requests." in flat("loads", both)
