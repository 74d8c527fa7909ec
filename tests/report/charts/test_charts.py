"""Charts: well-formed SVG whatever the numbers, texts escaped, words for those who do not see."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.blocks import Bars, Chart, Compared, Curve, Histogram, Lengths, Scored, Shares, Tornado
from tunecase.quantities import Sampled
from tunecase.report import charts

CURVE = Curve(
    caption="accuracy by size",
    metric="accuracy",
    direction="higher",
    runs=((100, 0.71), (100, 0.75)),
    points=((100, 0.73), (400, 0.84)),
    band=((100, 0.7, 0.73, 0.77), (400, 0.82, 0.84, 0.86), (1_600, 0.85, 0.89, 0.92)),
    target=0.9,
    ceiling=0.91,
    n_max=1_600,
    spread=((100, 0.71, 0.75),),
    n_budget=900,
    needed=(500, 1_100, None),
)
HISTOGRAM = Histogram(
    "totals", ((5.0, 0.2), (15.0, 0.5), (25.0, 0.3)), (("P50", Sampled(14.0)),), 22.0, Sampled(0.24), "USD"
)
CHARTS: tuple[Chart, ...] = (
    CURVE,
    HISTOGRAM,
    Scored(
        "ways",
        "accuracy",
        (
            ("n-grams and a linear model", (0.46, 0.5, 0.54), "0.02 USD per 1,000"),
            ("a head on a small encoder with a name that is too long", None, "under 0.01 USD to know"),
        ),
        0.8,
    ),
    Shares("shares", (("data", 0.7), ("gpu", 0.3))),
    Bars("drivers", (("rounds", 0.7), ("rate", 0.1))),
    Tornado(
        "what moves it",
        (
            ("rounds", 4_700.0, 50_000.0, "1 round", "6 rounds"),
            (
                "a price of a very long name, in a tier of its own",
                9_000.0,
                7_000.0,
                "1.2 USD per hour",
                "14 USD per hour",
            ),
        ),
        "USD",
    ),
)


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: type(chart).__name__)
def test_charts_are_well_formed_and_told_in_words(chart: Chart, width: int) -> None:
    """Every chart parses as XML and carries its caption and its numbers as a label."""
    root = ElementTree.fromstring(charts.svg(chart, width))
    assert "img" == root.get("role")
    assert f"{chart.caption}: {chart.summary}" == root.get("aria-label")


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: type(chart).__name__)
def test_labels_stay_inside(chart: Chart, width: int) -> None:
    """No label begins left of the picture or ends right of it."""
    for text in ElementTree.fromstring(charts.svg(chart, width)).iter("text"):
        x, long = float(text.get("x", 0)), len(text.text or "") * charts.CHARACTER
        left = {"start": x, "middle": x - long / 2, "end": x - long}[text.get("text-anchor", "start")]
        assert left > -12
        assert left + long < width + 12


def boxes(drawn: str) -> list[tuple[float, float, float, float]]:
    """Where the labels on a picture lie: left, top, right, bottom."""
    found = []
    for text in ElementTree.fromstring(drawn).iter("text"):
        if "label" in (text.get("class") or ""):
            x, y, long = float(text.get("x", 0)), float(text.get("y", 0)), len(text.text or "") * charts.CHARACTER
            found.append((x, y - 11, x + long, y + 2))
    return found


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("direction", ["higher", "lower"])
@pytest.mark.parametrize("ceiling", [0.91, 0.95, 0.9001, None])
@pytest.mark.parametrize("budget", [900, 1_500, 1_600, 90_000, None])
def test_labels_of_a_curve_keep_apart(width: int, direction: str, ceiling: float | None, budget: int | None) -> None:
    """No label of the picture lies on another one, also where target and ceiling, or budget and limit, are near."""
    chart = replace(CURVE, direction=direction, ceiling=ceiling, n_budget=budget)  # type: ignore[arg-type]
    found = boxes(charts.svg(chart, width))
    assert len(found) >= 2
    for index, one in enumerate(found):
        for other in found[index + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one, other)


def test_the_legend_says_what_each_mark_is() -> None:
    """Every kind of mark on the picture has its entry, and none is named that is not drawn."""
    full = charts.svg(CURVE, charts.WIDE)
    words = ["a run", "mean of a size", "standard deviation", "8 times in 10", "its middle", "target", "human ceiling"]
    words += ["half of the worlds", "8 worlds in 10", "what the budget buys", "most that can be had"]
    assert all(word in full for word in words)
    bare = charts.svg(replace(CURVE, runs=(), spread=(), band=(), needed=None, n_budget=1_600, target=None), 760)
    assert "measured" in bare
    assert not any(word in bare.split("aria-label")[1].split(">", 1)[1] for word in (*words[:5], words[7], words[10]))


def test_names_are_escaped() -> None:
    """A name with mark-up in it stays text."""
    name = "<script>alert(1)</script>"
    drawn = charts.svg(Bars(name, ((name, 0.5),)), charts.WIDE) + charts.svg(Shares(name, ((name, 1.0),)), charts.WIDE)
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn


def test_the_budget_splits_its_bar() -> None:
    """The part of a bar beyond the budget is drawn as over."""
    kinds = [rect.get("class") for rect in ElementTree.fromstring(charts.svg(HISTOGRAM, 760)).iter("rect")]
    assert ["bar", "bar", "bar", "bar over"] == kinds


def test_a_histogram_without_a_budget_says_so() -> None:
    """Without a budget there is no limit line, and the words say why."""
    chart = Histogram("totals", ((5.0, 1.0),), (), None, None, "USD")
    assert "no budget was given" in chart.summary
    assert "limit" not in charts.svg(chart, charts.WIDE)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.floats(-1e3, 1e3)), min_size=1, max_size=6),
    st.sampled_from(["higher", "lower"]),
    st.one_of(st.none(), st.floats(-1e3, 1e3)),
)
def test_any_curve_can_be_drawn(points: list[tuple[int, float]], direction: str, target: float | None) -> None:
    """One point, equal points, falling scores: the picture never holds a number that is not one."""
    ordered = tuple(sorted(points))
    band = tuple((n, value - 1, value, value + 1) for n, value in ordered)
    for bands in (band, ()):
        chart = Curve("c", "m", direction, ordered, ordered, bands, target, None, ordered[-1][0])  # type: ignore[arg-type]
        drawn = charts.svg(chart, charts.NARROW)
        ElementTree.fromstring(drawn)
        assert "nan" not in drawn.lower().replace("c:", "")
        assert "inf" not in drawn


def test_ticks_are_round() -> None:
    """Ticks are round numbers within the range, also where there is no range."""
    assert [0.7, 0.8, 0.9] == charts.nice_ticks(0.68, 0.97, 4)
    assert [3.0] == charts.nice_ticks(3.0, 3.0, 4)
    assert [7] == charts.log_ticks(7, 7, 5)
    assert [140, 180] == charts.log_ticks(140, 180, 5)


def test_lengths_mark_the_limit_and_what_lies_beyond():
    """What passes the limit is coloured, also within a bar; the words tell the share."""
    chart = Lengths("Rows", "tokens", ((8, 16, 5), (16, 32, 9), (32, 64, 1)), (("P50", 20),), 24, 0.1)
    for width in (charts.WIDE, charts.NARROW):
        drawn = charts.svg(chart, width)
        assert 2 == drawn.count("bar over")
        assert "limit 24: 10.0% beyond" in drawn
    assert "most rows have 16 to 32 tokens; P50 20; limit 24, passed by 10.0% of the rows" == chart.summary


def test_compared_shares_stand_below_one_another():
    """A bar for each known share, none for an unknown one; names are escaped."""
    chart = Compared("Classes", ("training", "test"), (("<b>", (0.5, 0.25)), ("c", (0.5, None))))
    drawn = charts.svg(chart, charts.NARROW)
    assert "<b>" not in drawn
    assert 3 + 2 == drawn.count("<rect")
    assert "<b>: training 50.0%, test 25.0%; c: training 50.0%" == chart.summary


def test_a_tornado_turns_its_colours_where_more_is_less():
    """The low end is drawn light and the high end dark, whichever of them costs more; equal ends are still drawn."""
    rising, falling = ((name, *ends, "1", "2") for name, ends in (("a", (1.0, 9.0)), ("b", (9.0, 1.0))))
    for row, kinds in ((rising, ["bar low", "bar high"]), (falling, ["bar high", "bar low"])):
        drawn = charts.svg(Tornado("t", (row,), "USD"), charts.WIDE)
        assert kinds == [rect.get("class") for rect in ElementTree.fromstring(drawn).iter("rect")]
    same = charts.svg(Tornado("<t>", (("<b>", 5.0, 5.0, "1", "2"),), "USD"), charts.NARROW)
    assert "nan" not in same
    assert "<b>" not in same


def test_only_what_was_measured_has_a_dot() -> None:
    """A measured way has a dot and an interval; an open one a dashed row that says so, and the target crosses all."""
    chart = Scored("ways", "accuracy", (("a", (0.4, 0.5, 0.6), "1 USD"), ("b", None, "0 USD to know")), 0.8)
    for width in (charts.WIDE, charts.NARROW):
        drawn = ElementTree.fromstring(charts.svg(chart, width))
        assert 1 == len(list(drawn.iter("circle")))
        kinds = [one.get("class") for one in drawn.iter("line")]
        assert (1, 1, 1) == tuple(kinds.count(kind) for kind in ("spread", "open", "target"))
        words = [one.text for one in drawn.iter("text")]
        assert {"not measured", "0 USD to know", "target 0.80"} <= set(words)
    assert "b: not measured, 0 USD to know; target 0.80" in chart.summary


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.floats(-1e3, 1e3)), max_size=5), st.one_of(st.none(), st.floats(-1e3, 1e3)))
def test_any_ways_can_be_drawn(scores: list[float | None], target: float | None) -> None:
    """No way measured, equal scores, no ways at all: the picture never holds a number that is not one."""
    rows = tuple(("w", None if one is None else (one, one, one), "") for one in scores)
    drawn = charts.svg(Scored("c", "m", rows, target), charts.NARROW)
    assert "nan" not in drawn.partition(">")[2]
    assert "inf" not in drawn.partition(">")[2]
