"""Will more data reach the target? The learning curve, its band, and what follows from it."""

from tunecase.forecast.curves import LEAST_SIZES, Belief, believe, reach_share
from tunecase.forecast.experiments import narrowings, noise_of_run
from tunecase.forecast.forecast import Measured, forecast, own_curve, read_source, told
from tunecase.forecast.noise import as_tested
from tunecase.forecast.points import counted_as, merge, to_error, with_rounds
from tunecase.forecast.scale import Scale, scale_of
from tunecase.forecast.sizes import adding, doubling
from tunecase.forecast.stakes import Prospect, n_max_of, stakes
from tunecase.forecast.verdict import cautious_score
