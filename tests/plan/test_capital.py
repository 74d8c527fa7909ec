"""Owned hardware is shown as a purchase beside what the bill holds of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.plan.costs.test_costs import work
from tests.plan.test_plan import made, walked
from tunecase.accounts import headline
from tunecase.plan.capital import capital_of
from tunecase.prices import gpu_hour

OWNED = """\
models: [meta-llama/Llama-3.1-8B]
compute:
  tier: owned
  gpus: [H100]
  owned: {price: 40k USD, gpus: 2, life: 40 months, utilisation: 50%, power: 0.7, power_price: 1 USD per kWh}
training: {runs_per_round: 5, failed: 20%}
"""


def test_the_bill_holds_what_the_hours_use_up_of_the_purchase(tmp_path: Path) -> None:
    """40k over 2 cards, half of 40 months: each GPU hour uses up 1.37; electricity is no part of it."""
    bill, own = walked("without a target"), work(tmp_path, OWNED)
    hour = gpu_hour("H100", own.basis)
    assert own.machine is not None
    run = replace(own, machine=replace(own.machine, hour=hour))
    walked_own = replace(bill.walked, walk=own.walk)
    capital = capital_of(replace(bill, work=run, walked=walked_own))
    assert ("2 x H100", 40_000.0) == (capital.what, capital.expected)
    each = 40_000 / (40 * 730.5 * 0.5 * 2)
    assert pytest.approx(hour.draws[0]) == each + 0.7
    assert pytest.approx(22.5 * 1.2 * each) == capital.charged  # 45 Mtok at half an hour each, a fifth more fail


def test_the_purchase_stands_among_the_headline_figures(tmp_path: Path) -> None:
    """With its price, what was bought, and that the total leaves it out."""
    from tunecase.quantities import Band
    from tunecase.records import Capital

    capital = Capital("2 x H100", Band(3e4, 4e4, 4.5e4, 5e4), 41_000.0, 120.0)
    figures = {figure.key: figure for figure in headline(replace(made("usual"), capital=capital))}
    assert "41k USD" == figures["capital"].value
    told = "2 x H100, 40k (30k to 50k); paid at once, outside the total, which holds 120 USD of it by the hour"
    assert told == figures["capital"].beside
