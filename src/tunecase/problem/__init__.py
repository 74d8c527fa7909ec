"""Is the problem well posed, achievable and worth it, and what else would do?"""

from tunecase.problem.alternatives import prompted
from tunecase.problem.criteria.facts import Facts
from tunecase.problem.define import define

__all__ = ["Facts", "define", "prompted"]
