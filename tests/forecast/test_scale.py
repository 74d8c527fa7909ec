"""The scale of a metric is that of the tables, or follows from the direction and the points."""

from tunecase.forecast.scale import Scale, scale_of
from tunecase.records import Point


def test_a_metric_that_the_tables_do_not_know_is_a_share_where_higher_is_better() -> None:
    """It counts right items where its tests have a size; what is better when lower has no bound."""
    tested, bare = [Point(50, 0.6, 1, 300)], [Point(50, 0.6)]
    assert Scale("higher", bounded=True, binomial=True) == scale_of("accuracy", "higher")
    assert Scale("higher", bounded=True, binomial=True) == scale_of("my own", "higher", tested)
    assert Scale("higher", bounded=True, binomial=False) == scale_of("my own", "higher", bare)
    assert Scale("lower", bounded=False, binomial=False) == scale_of("my own", "lower", tested)


def test_a_loss_is_known_by_its_name() -> None:
    """What training lowers is a loss, of the tables or not; an error in a unit of its own is none."""
    assert scale_of("loss", "lower").loss
    assert scale_of("log_perplexity", "lower").loss
    assert not scale_of("mae", "lower").loss
    assert not scale_of("accuracy", "higher").loss
