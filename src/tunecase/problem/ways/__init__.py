"""Every way to give the answers: what is known of it, what it costs, what rules it out, what it costs to find out."""

from tunecase.problem.ways.evidence import at_hand, log_words, prompted
from tunecase.problem.ways.finding_out import order_to_try
from tunecase.problem.ways.grounds import Grounds, Standing
from tunecase.problem.ways.tuned import tuned_ways
from tunecase.problem.ways.untuned import today, untuned_ways
