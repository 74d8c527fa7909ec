"""What a test of the quick run may cost: a second of the processor for its call. What costs more is marked slow."""

import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

try:
    from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
except ImportError:  # not on Windows, where no test is judged
    getrusage = None  # type: ignore[assignment]

MOST_S = 1.0
COUNTED_S = 0.03  # of half a million squares, on two quiet cores of 2026
# By how much the seconds of one call differ between machines that count alike, as where one has slower memory: a test
# fails where it is over MOST_S on any of them.
APART = 1.5
# Modules that a call loads before its seconds are no longer its own, where no second call can show what is.
LOADED = 20
# Tests that may cost more, and why they are no slow tests: each holds what every change must be held against.
REASONS: dict[str, str] = {}


@contextmanager
def budgeted(item: pytest.Item) -> Iterator[None]:
    """Fails a test that is not marked slow, or as one of an optional part, where its call costs over MOST_S.

    Counted are the seconds of the processor, of this process and of those that it waited for, as a machine would take
    that counts as fast as COUNTED_S says. A test that took longer is called once more: what only the first call pays,
    such as a library that is loaded or a cache that is filled, and what other work on the machine costs it, is not its
    own. Where a second call fails, as of a test that finds what the first has left, the first counts, unless it loaded
    libraries.
    """
    is_marked = any(item.get_closest_marker(name) for name in ("slow", "needs"))
    is_traced = getrusage is None or sys.gettrace() is not None  # as under coverage: the seconds are the tracer's
    if is_marked or is_traced or os.environ.get("TUNECASE_LAWS") or item.nodeid.partition("[")[0] in REASONS:
        yield
        return
    start, modules = _cpu_s(), len(sys.modules)
    yield
    taken_s, has_loaded = _cpu_s() - start, len(sys.modules) - modules >= LOADED
    if taken_s > MOST_S:
        again_s = _again_s(item)
        taken_s = (0.0 if has_loaded and again_s == math.inf else min(taken_s, again_s)) / slowness() / APART
    if taken_s > MOST_S:
        pytest.fail(
            f"{item.nodeid} took {taken_s:.2f} s of the processor, a quick test has {MOST_S:g} s: "
            "make it smaller, or mark it slow",
            pytrace=False,
        )


def _again_s(item: pytest.Item) -> float:
    """The seconds of a second call; infinity where it fails."""
    start = _cpu_s()
    try:
        item.runtest()
    except (Exception, pytest.fail.Exception, pytest.skip.Exception):  # noqa: BLE001  whatever it was, one call stands
        return math.inf
    return _cpu_s() - start


def slowness() -> float:
    """How much slower than COUNTED_S this machine counts now, 1 at least."""
    start = time.process_time()
    sum(number * number for number in range(500_000))
    return max(1.0, (time.process_time() - start) / COUNTED_S)


def _cpu_s() -> float:
    return sum(used.ru_utime + used.ru_stime for used in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)))
