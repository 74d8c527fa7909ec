"""Holds a surface to what must hold, for changed inputs that hypothesis draws."""

from hypothesis import HealthCheck, given, settings

from tests.fuzz.strategies import trees
from tests.fuzz.surface import Surface, Tree, attempt

# A fixed budget: the same inputs in every run, so that a change of the code alone fails a test.
FIXED = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def hold(surface: Surface, examples: int | None = None) -> None:
    """Raises what the first input raises for which a surface neither reads nor refuses as it should."""

    @settings(FIXED, max_examples=examples or surface.examples)
    @given(trees(surface.seeds))
    def holds(tree: Tree) -> None:
        attempt(surface, tree)

    holds()
