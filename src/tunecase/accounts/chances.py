"""Two chances that read alike, of more examples alone and of the whole plan: each refers to the other."""

from tunecase.accounts.material import Material
from tunecase.accounts.verdict import advised_plan, plan_of
from tunecase.quantities import plain_share
from tunecase.records import Forecast, Plan


def beside_the_curve(forecast: Forecast, material: Material) -> str:
    """What the plan's chance is and asks, for whoever reads the curve's; empty where both print the same."""
    plan = plan_of(material)
    if forecast.verdict == "reached" or not _differ(forecast, plan):
        return ""
    assert plan is not None
    assert plan.chance is not None
    return f"The plan's chance: {plain_share(plan.chance.shown)}."


def beside_the_plan(material: Material) -> str:
    """What the curve's chance is and asks, for whoever reads the plan's; empty where both print the same."""
    forecast, plan = material.forecast, advised_plan(material)
    if forecast is None or not _differ(forecast, plan):
        return ""
    return f"More examples alone: {plain_share(forecast.p_target)} (`tunecase forecast`)."


def _differ(forecast: Forecast, plan: Plan | None) -> bool:
    if plan is None or plan.chance is None or forecast.p_target is None:
        return False
    return plain_share(plan.chance.shown) != plain_share(forecast.p_target)
