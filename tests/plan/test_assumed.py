"""While nobody has measured a curve, one is assumed: through the probe where there is one, else near what is wanted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.decide.test_decide import definition, known, project
from tunecase.plan.assumed import AssumedCurve, assumed_curve
from tunecase.records import Forecast


def curve(folder: Path, **facts: Any) -> tuple[AssumedCurve, Forecast]:
    """The assumed curve of a project with 800 rows and a target of 85%."""
    return assumed_curve(known(project(folder), None, **facts))


def test_the_first_error_is_the_probes_times_what_fine_tunes_make_of_it(tmp_path: Path) -> None:
    """A probe at 80%: its error of .2 times the documented factor, world by world, and the words say so."""
    found, _ = curve(tmp_path)
    factor = found.basis.worlds.drawn["stand_in.factor"]
    assert (0.2 * factor).tolist() == pytest.approx(found.first.tolist())
    assert "times that of the probe, which scores 0.80" in found.words


def test_without_a_probe_it_lies_around_the_error_wanted(tmp_path: Path) -> None:
    """Nine worlds in ten between half and twice the error of the target."""
    found, _ = curve(tmp_path, definition=None)
    assert pytest.approx((0.075, 0.3), rel=0.1) == tuple(np.quantile(found.first, (0.05, 0.95)))
    assert "0.5 to 2 times the one wanted" in found.words


def test_errors_fall_as_a_power_of_the_rows_and_stay_shares(tmp_path: Path) -> None:
    """Each doubling takes the same factor off in a world; none rises, none passes one."""
    found, _ = curve(tmp_path)
    paths = found.paths([800, 1_600, 3_200, 6_400])
    assert found.first.tolist() == pytest.approx(paths[:, 0].tolist())
    ratios = paths[:, 1:] / paths[:, :-1]
    assert pytest.approx(ratios[:, :1] + 0 * ratios) == ratios
    assert ratios.max() < 1
    assert found.paths([1])[:, 0].max() <= 1


def test_the_forecast_in_its_place_promises_nothing(tmp_path: Path) -> None:
    """It has the target, the rows that can be had and no points; what it stands in for is the model itself."""
    _, seen = curve(tmp_path)
    assert ("not a pilot yet", (), 0.85, True) == (seen.verdict, seen.points, seen.target, seen.stand_in)
    assert seen.p_target is None
    assert 800 < seen.n_max <= 20_800
    assert definition().ceiling.high == seen.ceiling  # type: ignore[union-attr]
