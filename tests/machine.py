"""How slow this machine is just now, so that a limit of time means the same on every one."""

import time

USUAL_S = 0.06  # of `_yardstick` on the machine that the limits were written on


def _yardstick() -> float:
    """Seconds of one core that a fixed piece of plain Python takes."""
    began, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return time.process_time() - began


def allowed(seconds: float) -> float:
    """A limit in seconds of a usual machine, in seconds of this one; never shorter than the limit itself."""
    return seconds * max(1.0, max(_yardstick() for _ in range(3)) / USUAL_S)
