"""Every way to give the answers: what is known of it, what it costs, what rules it out, what it costs to find out."""

from tunecase.problem.ways.evidence import at_hand, log_words, prompted
from tunecase.problem.ways.finding_out import (
    cost_words,
    order_to_try,
    per_1k_words,
    steps_to_try,
    untuned_to_try,
    when_sure,
)
from tunecase.problem.ways.grounds import Grounds, Standing
from tunecase.problem.ways.tuned import tuned_ways
from tunecase.problem.ways.untuned import today, untuned_ways
