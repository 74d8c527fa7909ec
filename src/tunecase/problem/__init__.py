"""Is the problem well posed, achievable and worth it, and what else would do?"""

from tunecase.problem.define import define

__all__ = ["define"]
