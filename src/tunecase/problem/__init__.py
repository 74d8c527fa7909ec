"""Is the problem well posed, achievable and worth it, and what else would do?"""

from tunecase.problem.criteria.facts import Facts
from tunecase.problem.define import define
from tunecase.problem.ways import prompted, steps_to_try

__all__ = ["Facts", "define", "prompted", "steps_to_try"]
