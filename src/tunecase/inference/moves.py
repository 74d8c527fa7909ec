"""What moves the month's bill of a way: the share of its variance that each input carries."""

from collections.abc import Mapping

from tunecase.inference.candidates import THROUGHPUT
from tunecase.inference.ground import Ground, WayDraws
from tunecase.quantities import Draws, first_order, np

LEAST_SHARE = 0.01
TRAFFIC = {
    "answers_per_month": "problem.volume",
    "growth": "serving.traffic.growth",
    "months": "months of service",
    "burst": "serving.traffic.burst",
    "input_tokens": "serving.traffic.input",
    "output_tokens": "serving.traffic.output",
    "instructions_tokens": "serving.traffic.instructions",
    "cached_share": "serving.traffic.cached",
}
PRICES = ("price of ", "own price of ", "drift of ", "answers per second of ", "fit.interruptions", "fit.restart")


def moves(ground: Ground, way: WayDraws) -> tuple[tuple[str, float], ...]:
    """The inputs that carry a hundredth or more of the variance of a way's month, largest first: (input, share).

    Inputs are the traffic's, the throughput of replicas, and all prices that were drawn; only those that this way rests
    on carry anything. None without a price. Leaves out what inputs carry jointly, see `quantities.first_order`.
    """
    if way.bill is None:
        return ()
    shares = first_order(_inputs(ground), way.bill.per_month)
    return tuple((name, index.value) for name, index in shares.items() if index.value >= LEAST_SHARE + index.error)


def _inputs(ground: Ground) -> Mapping[str, "Draws"]:
    """Every drawn input of the ways by its name."""
    traffic = {name: np.asarray(getattr(ground.traffic, field)) for field, name in TRAFFIC.items()}
    weekend = np.asarray(ground.traffic.week.weekend)
    if weekend.ndim:
        traffic["serving.traffic.weekend"] = weekend
    drawn = ground.basis.worlds.drawn
    return {
        **traffic,
        **{name: draws for name, draws in drawn.items() if name == THROUGHPUT or name.startswith(PRICES)},
    }
