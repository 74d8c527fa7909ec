"""Charts: well-formed SVG whatever the numbers, texts escaped, words for those who do not see."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report import pages
from tunecase.blocks import Chart, Compared, Curve, Gates, Histogram, Lengths, Months, Waterfall
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
    pages.GATES,
    pages.CURVE,
    Waterfall("adds up", pages.STEPS, "USD", 15_000),
    Waterfall("passes its budget", pages.STEPS, "USD", 4_000, "what is left"),
    Months("by month", (("Dec 2026", 100.0, 160.0), ("Jan 2027", 180.0, 190.0)), "EUR", 15_000),
    Months("by month", tuple((f"month {n}", 10.0 * n, 40.0 * n) for n in range(1, 25)), "USD"),
    Lengths("rows", "tokens", ((8, 16, 5), (16, 32, 9), (32, 64, 1)), (("P50", 20),), 24, 0.1),
    Compared("classes", ("training", "test"), (("refund", (0.5, 0.25)), ("other", (0.5, None)))),
)


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: type(chart).__name__)
def test_charts_are_well_formed_and_told_in_words(chart: Chart, width: int) -> None:
    """Every chart parses as XML and carries its caption and its numbers as a label."""
    root = ElementTree.fromstring(charts.svg(chart, width))
    assert "img" == root.get("role")
    assert f"{chart.caption}: {chart.summary}" == root.get("aria-label")


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize(
    "chart", [one for one in CHARTS if not isinstance(one, Gates)], ids=lambda chart: type(chart).__name__
)
def test_labels_stay_inside(chart: Chart, width: int) -> None:
    """No label begins left of the picture or ends right of it."""
    for text in ElementTree.fromstring(charts.svg(chart, width)).iter("text"):
        x, long = float(text.get("x", 0)), len(text.text or "") * charts.letter(width)
        left = {"start": x, "middle": x - long / 2, "end": x - long}[text.get("text-anchor", "start")]
        assert left > -12
        assert left + long < width + 12


def boxes(drawn: str, width: int) -> list[tuple[float, float, float, float]]:
    """Where the letters on a picture lie: left, top, right, bottom."""
    found = []
    for text in ElementTree.fromstring(drawn).iter("text"):
        words = "".join(text.itertext())
        x, y, long = float(text.get("x", 0)), float(text.get("y", 0)), len(words) * charts.letter(width) * 0.97
        left = {"start": x, "middle": x - long / 2, "end": x - long}[text.get("text-anchor", "start")]
        found.append((left, y - 11, left + long, y + 2))
    return found


def collisions(drawn: str, width: int) -> list[tuple[object, object]]:
    """Pairs of letters that lie on one another."""
    found = boxes(drawn, width)
    return [
        (one, other)
        for index, one in enumerate(found)
        for other in found[index + 1 :]
        if not (one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1])
    ]


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: type(chart).__name__)
def test_letters_do_not_lie_on_one_another(chart: Chart, width: int) -> None:
    """Axes, names and limits keep apart, on a wide drawing and on a telephone's."""
    assert [] == collisions(charts.svg(chart, width), charts.WIDE if isinstance(chart, Gates) else width)


@pytest.mark.parametrize(
    "shares", [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.01, 0.98, 0.01), (0.98, 0.01, 0.01), (0.01, 0.01, 0.98)]
)
@pytest.mark.parametrize("reached", [0.0, 0.02, 0.5, 1.0])
def test_gates_of_any_chance_can_be_read(shares: tuple[float, ...], reached: float) -> None:
    """A branch that hardly ever comes, or an end that never does: nothing lies on anything, and no band is negative."""
    branches = tuple(
        replace(one, share=part, reaches=part * reached) for one, part in zip(pages.GATES.branches, shares, strict=True)
    )
    drawn = charts.svg(replace(pages.GATES, branches=branches), charts.WIDE)
    assert [] == collisions(drawn, charts.WIDE)
    assert 'height="-' not in drawn
    assert "nan" not in drawn


def test_heights_of_gates_are_chances() -> None:
    """The uprights of the branches are as high as their shares, and those at the end as the chance and its rest."""
    rects = [
        (rect.get("class"), float(rect.get("height", 0)))
        for rect in ElementTree.fromstring(charts.svg(pages.GATES, charts.WIDE)).iter("rect")
        if rect.get("width") == "6"
    ]
    whole = dict(rects)["acc"]
    assert [round(whole * part, 1) for part in (0.11, 0.53, 0.36)] == [rects[at][1] for at in range(3)]
    assert [("go", round(whole * 0.4, 1)), ("halt", round(whole * 0.6, 1))] == rects[-2:]


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
@pytest.mark.parametrize("direction", ["higher", "lower"])
@pytest.mark.parametrize("ceiling", [0.91, 0.95, 0.9001, None])
@pytest.mark.parametrize("budget", [900, 1_500, 1_600, 90_000, None])
def test_labels_of_a_curve_keep_apart(width: int, direction: str, ceiling: float | None, budget: int | None) -> None:
    """No label of the picture lies on another one, also where target and ceiling, or budget and limit, are near."""
    chart = replace(CURVE, direction=direction, ceiling=ceiling, n_budget=budget)  # type: ignore[arg-type]
    found = [box for box in boxes(charts.svg(chart, width), width) if box[3] < 300]
    assert len(found) >= 2
    for index, one in enumerate(found):
        for other in found[index + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one, other)


def test_what_is_assumed_looks_unlike_what_was_measured() -> None:
    """The assumed band is dashed, of its own colour and named; without one nothing of it is drawn."""
    kinds = [one.get("class") for one in ElementTree.fromstring(charts.svg(pages.CURVE, charts.WIDE)).iter()]
    assert (2, 1, 1, 1) == tuple(kinds.count(kind) for kind in ("assumed", "wait-t", "landing", "band"))
    for width in (charts.WIDE, charts.NARROW):
        assert "Llama-3.1-8B: assumed" in charts.svg(pages.CURVE, width)
        bare = charts.svg(replace(pages.CURVE, assumed=()), width)
        assert not any(word in bare for word in ("assumed", "landing", "first test lands"))


def test_axes_have_five_ticks_at_most() -> None:
    """Neither scores nor sizes nor amounts crowd an axis."""
    curve = charts.svg(pages.CURVE, charts.WIDE)
    assert 5 >= sum(one in curve for one in (f">{tick}%<" for tick in (0, 10, 20, 25, 30, 40, 50, 60, 75, 80, 100)))
    months = charts.svg(
        Months("m", tuple((f"month {n}", 10.0 * n, 40.0 * n) for n in range(1, 25)), "USD"), charts.WIDE
    )
    assert 4 >= months.count(">month ")


def test_a_waterfall_prints_parts_that_add_up() -> None:
    """Each bar starts where the one before ended, and the last one is as long as all of them."""
    rects = list(ElementTree.fromstring(charts.svg(Waterfall("w", pages.STEPS, "USD"), charts.WIDE)).iter("rect"))
    starts = [float(rect.get("x", 0)) for rect in rects]
    ends = [float(rect.get("x", 0)) + float(rect.get("width", 0)) for rect in rects]
    for at in (1, 2):
        assert abs(ends[at - 1] - starts[at]) < 0.2
    assert starts[0] == starts[3]
    assert abs(ends[2] - ends[3]) < 0.2


def test_names_are_escaped() -> None:
    """A name with mark-up in it stays text, in every drawing."""
    name = "<script>alert(1)</script>"
    gates = replace(pages.GATES, start=(name,), branches=(replace(pages.GATES.branches[0], name=name, rule=name),))
    steps = (replace(pages.STEPS[0], name=name, beside=name),)
    drawn = [charts.svg(one, charts.WIDE) for one in (
        gates, Waterfall(name, steps, name), replace(pages.CURVE, assumed_name=name, metric=name),
        Months(name, ((name, 1.0, 2.0),), name, 5.0),
    )]  # fmt: skip
    assert not any("<script" in one for one in drawn)
    assert all("&lt;script&gt;" in one for one in drawn)


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


def test_compared_shares_stand_below_one_another():
    """A bar for each known share, none for an unknown one; names are escaped."""
    chart = Compared("Classes", ("training", "test"), (("<b>", (0.5, 0.25)), ("c", (0.5, None))))
    drawn = charts.svg(chart, charts.NARROW)
    assert "<b>" not in drawn
    assert 3 + 2 == drawn.count("<rect")
    assert "<b>: training 50.0%, test 25.0%; c: training 50.0%" == chart.summary
