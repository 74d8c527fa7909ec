"""Two chances that read alike say which question each answers, on every face, and silent where they print the same."""

from dataclasses import replace

from tests import samples
from tests.accounts.test_answer import decision, material, plan
from tunecase.accounts import Material, account
from tunecase.accounts.chances import beside_the_curve, beside_the_plan
from tunecase.quantities import Sampled
from tunecase.records import Chance


def case(chance: float, *, stand_in: bool) -> Material:
    """A case whose plan has this chance."""
    shown = Chance(Sampled(chance), Sampled(chance), Sampled(0.0))
    forecast = replace(samples.forecast(), stand_in=stand_in, target=0.8, p_target=0.12)
    return material(decision=decision(plan=replace(plan(), chance=shown)), forecast=forecast)


def words(verb: str, record: object, material: Material) -> str:
    """An account's short part as text."""
    return " ".join(str(block) for block in account(verb, record, material).short)


def test_each_chance_refers_to_the_other() -> None:
    """The forecast names the plan's chance, the decision the curve's, each with its question."""
    asked = case(0.55, stand_in=True)
    assert asked.forecast is not None
    told = words("forecast", asked.forecast, asked)
    assert "The plan's chance: 55%." in told
    told = words("decide", asked.decision, asked)
    assert "More examples alone: 12% (`tunecase forecast`)." in told


def test_the_model_s_own_curve_is_another_question_too() -> None:
    """Without a stand-in the plan may still take more steps than buying examples."""
    asked = case(0.55, stand_in=False)
    assert asked.forecast is not None
    assert "The plan's chance: 55%." == beside_the_curve(asked.forecast, asked)
    assert "More examples alone: 12% (`tunecase forecast`)." == beside_the_plan(asked)


def test_one_number_needs_no_word() -> None:
    """Where both print the same, where nothing is decided, and where the target is met, nothing is added."""
    same = case(0.2, stand_in=True)
    assert same.forecast is not None
    forecast = replace(same.forecast, p_target=0.2)
    same = replace(same, forecast=forecast)
    assert "" == beside_the_curve(forecast, same) == beside_the_plan(same)
    assert "" == beside_the_curve(forecast, Material())
    assert "" == beside_the_curve(replace(forecast, verdict="reached"), case(0.55, stand_in=True))
