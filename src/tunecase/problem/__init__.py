"""Is the problem well posed, achievable and worth it, and what else would do?"""

from tunecase.problem.criteria.facts import Facts
from tunecase.problem.define import RULES, define
from tunecase.problem.paired import GAINS, compared, items_for, scored
from tunecase.problem.ways import at_hand, prompted
