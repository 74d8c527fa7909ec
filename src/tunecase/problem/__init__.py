"""Is the problem well posed, achievable and worth it, and what else would do?"""

from tunecase.problem.criteria.facts import Facts
from tunecase.problem.define import RULES, define
from tunecase.problem.paired import GAINS, compared, items_for, scored
from tunecase.problem.ways import at_hand, per_1k_words, prompted, steps_to_try, untuned_to_try, when_sure
