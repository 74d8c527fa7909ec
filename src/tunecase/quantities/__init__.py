"""Doubt as a value, units as people write them, statistics, and numbers in words."""

from tunecase.quantities.arrays import Array, Bytes, Draws, Flags, Floats, Hashes, Indices, Numbers, Rng, Rows, Shingles
from tunecase.quantities.cents import CENT, cents, cents_adding_up, paid_column
from tunecase.quantities.interval import Interval80
from tunecase.quantities.limits import (
    FIRST_DAY,
    LAST_DAY,
    MOST_AHEAD_DAYS,
    MOST_AMOUNT,
    MOST_HOURS,
    too_early,
    too_late,
)
from tunecase.quantities.plain import (
    about_money,
    in_hundred,
    plain_figure,
    plain_money,
    plain_paid,
    plain_score,
    plain_share,
    plain_target,
    spelled,
)
from tunecase.quantities.points import points_of
from tunecase.quantities.sampled import Sampled, adding_up, sampled, shares_shown
from tunecase.quantities.sensitivity import first_order, swing
from tunecase.quantities.separators import separator_fix, unclear
from tunecase.quantities.spread import (
    BATCHES,
    Z80,
    Z90,
    AlteredWorlds,
    Band,
    Beta,
    Const,
    Interval,
    Mixed,
    Overrun,
    Spread,
    Strata,
    Worlds,
    band,
    batch_edges,
    batch_error,
    generator,
)
from tunecase.quantities.statistics import (
    LEAST_TEST_ROWS,
    LOST_SHARE,
    agreement_of_two,
    ceiling_range,
    mcnemar_p,
    paired_change,
    paired_rows_needed,
    smallest_loss_ruled_out,
    smallest_paired_gain,
    smallest_unpaired_gain,
    unpaired_change,
    unpaired_rows_needed,
    wilson,
    winners_curse,
)
from tunecase.quantities.units import (
    DAYS_PER_MONTH,
    HOURS,
    SYMBOLS,
    Quantity,
    UnitError,
    Wanted,
    is_hours,
    memory_bytes,
    memory_gb,
    read_quantity,
)
from tunecase.quantities.wording import (
    UNKNOWN,
    band_words,
    count,
    counted,
    day,
    duration,
    figures,
    firm,
    firm_difference,
    firm_money,
    firm_share,
    interval_words,
    line_amount,
    money,
    money_band,
    one_line,
    paid,
    score,
    score_interval,
    sentence,
    share,
    signed,
    signed_figures,
    teaches_like,
    written,
)
