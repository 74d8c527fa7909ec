"""How many examples a law is tried on: a few in the quick run, all of them in the slow one, which tries every law."""

import os

from hypothesis import HealthCheck, settings

QUICK = 15  # examples of a law in the quick run
IS_WHOLE = os.environ.get("TUNECASE_LAWS") == "all"

# How long a thing takes is a benchmark's question: a busy machine fails no test.
# The quick run tries the same examples every time: it fails for what was changed, not by the luck of a draw.
settings.register_profile("quick", deadline=None, max_examples=QUICK, derandomize=True)
settings.register_profile("whole", deadline=None, max_examples=100)


def law(examples: int, *suppressed: HealthCheck) -> settings:
    """The settings of a law that deserves so many examples: as many in the slow run, at most QUICK in the quick one.

    Example:
        @law(200)
        @given(integers())
        def test_...
    """
    return settings(
        deadline=None,
        max_examples=examples if IS_WHOLE else min(examples, QUICK),
        derandomize=not IS_WHOLE,
        suppress_health_check=suppressed,
    )
