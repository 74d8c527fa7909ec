"""Where two ways to get the answers cost the same, and where answers pay for a project, in words."""

from tunecase.quantities import figures, interval_words, share

Points = tuple[float | None, float | None, float | None]


def crossing_words(one: str, other: str, points: Points, always: float, never: float) -> str:
    """From which volume on one way is cheaper than another, in one sentence.

    Args:
        one: the way that is cheaper at large volumes.
        other: the way to compare with.
        points: P10, P50 and P90 of the volume [answers a month], None beyond what was looked at.
        always: share of the worlds in which `one` is cheaper at every volume.
        never: share of the worlds in which it is dearer at every volume.

    Example:
        >>> crossing_words("2 x L4 on demand", "gpt", (4e5, 9e5, 2.1e6), 0.0, 0.0)
        '2 x L4 on demand is cheaper than gpt from about 900k answers a month on (80%: 400k to 2.1M)'
    """
    low, mid, high = points
    if never > 0.9:
        return f"{one} is dearer than {other} at every volume"
    if always > 0.9:
        return f"{one} is cheaper than {other} at every volume"
    middle = f" ({figures(mid)} in the middle)" if mid is not None else ""
    if low is not None and high is not None:
        about, reach = figures(low if mid is None else mid), f"80%: {figures(low)} to {figures(high)}"
        return f"{one} is cheaper than {other} from about {about} answers a month on ({reach})"
    if low is not None:
        return (
            f"{one} is cheaper than {other} from {figures(low)} answers a month on at the earliest{middle}; "
            f"never in {share(never)} of the worlds"
        )
    if high is not None:
        return (
            f"{one} is cheaper than {other} from {figures(high)} answers a month on at the latest{middle}; "
            f"at every volume in {share(always)} of the worlds"
        )
    between = f"; {figures(mid)} answers a month in the middle" if mid is not None else ""
    return (
        f"{one} is cheaper than {other} at every volume in {share(always)} of the worlds, "
        f"and dearer at every volume in {share(never)}{between}"
    )


def break_even_words(other: str, points: Points, always: float, never: float) -> str:
    """From which volume on the tuned model pays for the project, in one sentence.

    Args:
        other: the way to compare with.
        points: P10, P50 and P90 of the volume [answers a month], None beyond what was looked at.
        always: share of the worlds in which it does at every volume.
        never: share of the worlds in which it does at none.

    Example:
        >>> break_even_words("gpt", (8e5, 1.2e6, 2.5e6), 0.0, 0.0)
        'against gpt the project pays for itself from 1.2M (800k to 2.5M) answers a month on'
        >>> break_even_words("gpt", (8e5, 2e6, None), 0.0, 0.3)
        'against gpt the project pays for itself from 2.0M answers a month on in the middle; in 30% of the worlds never'
    """
    low, mid, high = points
    start = f"against {other} the project"
    if never > 0.9:
        return f"{start} does not pay for itself by its answers at any volume"
    if always > 0.9:
        return f"{start} pays for itself by its answers at every volume"
    if low is not None and mid is not None and high is not None:
        return f"{start} pays for itself from {interval_words(low, mid, high)} answers a month on"
    early = f" from {figures(low)} answers a month on at the earliest" if low is not None else ""
    at = early if mid is None else f" from {figures(mid)} answers a month on in the middle"
    others = [(always, "at every volume"), (never, "never")]
    rest = [f"in {share(part)} of the worlds {when}" for part, when in others if part > 0]
    return f"{start} pays for itself{at}; {', '.join(rest)}"
