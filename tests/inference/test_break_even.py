"""From which volume on what answers save pays for the project: in each world, and never where nothing is saved."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inference.making import WORLDS, ground, traffic
from tests.laws import law
from tests.projects import TODAY, written
from tunecase import flow
from tunecase.inference.bills import Answers, Replicas
from tunecase.inference.break_even import IN_USE, Outlay, break_even
from tunecase.inference.fleet import Rules
from tunecase.inference.ground import Ground, Label, WayDraws, record_of
from tunecase.records import Crossing, WayKind

ONE = np.ones(WORLDS)
MONTH_H = 730.5
CASES = Path(__file__).parents[2] / "examples" / "cases"
FLEET = Replicas(1e9 * ONE, 10.0 * ONE, Rules(spare=1))


def way(on: Ground, payer: Replicas | Answers, kind: WayKind, tuned: bool, rank: int | None = 1) -> WayDraws:
    """A way with that bill."""
    bill = payer.bill(on.traffic)
    record = record_of(Label(f"{kind} way", kind, "model", tuned), bill, "")
    return WayDraws(replace(record, rank=rank), bill, (payer,))


def volumes(tuned: float, today: float, cost: float, months: float = 12.0, answers: float = 1e6) -> Crossing:
    """Where answers at one price per 1,000 pay for a project against answers at another."""
    on = ground(traffic(answers))
    ways = [way(on, Answers(tuned * ONE), "adapter", True), way(on, Answers(today * ONE), "hosted", False)]
    (found,) = break_even(on, ways, Outlay(cost * ONE, months * ONE))
    return found


def test_a_break_even_by_hand() -> None:
    """12,000 over 12 months at 1 a thousand saved is a million answers a month."""
    found = volumes(1.0, 2.0, 12_000.0)
    assert 1e6 == pytest.approx(found.mid, rel=0.08)
    assert "hosted way" == found.dearer
    assert found.words.startswith("against hosted way the project pays for itself from 1.0M")


def test_replicas_bear_their_own_bill_and_the_project() -> None:
    """Two replicas at 10 an hour and 12,000 over 12 months, against answers at 2 a thousand."""
    on = ground(traffic(1e6))
    ways = [way(on, FLEET, "on demand", True), way(on, Answers(2.0 * ONE), "hosted", False)]
    (found,) = break_even(on, ways, Outlay(12_000.0 * ONE, 12.0 * ONE))
    assert (2 * 10 * MONTH_H + 1_000) / 0.002 == pytest.approx(found.mid, rel=0.08)


def test_the_way_that_is_cheapest_at_a_volume_serves_it() -> None:
    """Tokens serve the small volumes and replicas the large ones: with both the project pays for itself earliest."""
    on = ground(traffic(1e6))
    tuned = [way(on, FLEET, "on demand", True), way(on, Answers(1.9 * ONE), "adapter", True)]
    other, outlay = way(on, Answers(2.0 * ONE), "hosted", False), Outlay(12_000.0 * ONE, 12.0 * ONE)
    alone = [break_even(on, [one, other], outlay)[0].mid for one in tuned]
    both = break_even(on, [*tuned, other], outlay)[0].mid
    assert both == pytest.approx(min(mid for mid in alone if mid is not None))


@law(20)
@given(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(1e3, 1e6), st.floats(1.1, 10))
def test_a_dearer_project_pays_for_itself_later(tuned: float, saved: float, cost: float, times: float) -> None:
    """And one that serves longer pays for itself earlier."""
    plain = volumes(tuned, tuned + saved, cost).mid
    dearer, longer = volumes(tuned, tuned + saved, cost * times).mid, volumes(tuned, tuned + saved, cost, 36.0).mid
    assert dearer is None or plain <= dearer
    assert longer is None or longer <= plain


@pytest.mark.parametrize(("today", "months"), [(0.5, 12.0), (2.0, 0.0)])
def test_nothing_saved_or_nothing_served_never_pays(today: float, months: float) -> None:
    """Dearer answers, and a model that is retired before it is launched."""
    found = volumes(1.0, today, 12_000.0, months)
    assert (None, None, None) == (found.low, found.mid, found.high)
    assert "does not pay for itself by its answers at any volume" in found.words


def test_stated_prices_take_the_place_of_ways(tmp_path: Path) -> None:
    """Both prices of 1,000 answers are the project file's, and no model is named for today's."""
    stated = written("serving: {price_per_1k_answers: 1 USD, price_per_1k_today: 2 USD}", tmp_path)
    on = ground(traffic(1e6), stated)
    (found,) = break_even(on, [way(on, Answers(1.9 * ONE), "adapter", True)], Outlay(12_000.0 * ONE, 12.0 * ONE))
    assert IN_USE == found.dearer
    assert 1e6 == pytest.approx(found.mid, rel=0.08)


def test_ways_without_a_rank_are_not_compared() -> None:
    """Neither to serve the tuned model nor to compare with."""
    on, outlay = ground(traffic(1e6)), Outlay(12_000.0 * ONE, 12.0 * ONE)
    tuned, other = way(on, Answers(ONE), "adapter", True), way(on, Answers(2.0 * ONE), "hosted", False)
    assert () == break_even(on, [way(on, Answers(ONE), "adapter", True, rank=None), other], outlay)
    assert () == break_even(on, [tuned, way(on, Answers(2.0 * ONE), "hosted", False, rank=None)], outlay)


def test_a_case_is_told_where_it_pays_for_itself(tmp_path: Path) -> None:
    """Against the model that it names, with what its own bill says; without one nothing is said."""
    case = tmp_path / "case" / "tunecase.yaml"
    case.parent.mkdir()
    text = (CASES / "crowd-labels" / "tunecase.yaml").read_text("utf-8")
    case.write_text(text, "utf-8")
    (found,) = flow.inference(flow.InferenceAsked(), today=TODAY, first=case).break_even
    assert "openai/gpt-4.1-mini, prompted" == found.dearer
    assert found.low is not None
    assert found.high is not None
    lines = [line for line in text.splitlines() if "  today:" not in line and "price_per_1k_today:" not in line]
    case.write_text("\n".join(lines), "utf-8")
    assert () == flow.inference(flow.InferenceAsked(), today=TODAY, first=case).break_even
