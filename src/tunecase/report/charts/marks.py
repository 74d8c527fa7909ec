"""SVG marks: lines, letters and boxes, every text escaped, and the round numbers of an axis."""

import math
from collections.abc import Sequence
from html import escape

from tunecase.blocks import Chart

CHARACTER = 6.7  # width of one letter at 12 px, about


def frame(chart: Chart, width: float, height: float, parts: Sequence[str]) -> str:
    """The SVG element around the parts of a chart, its words as the label for those who do not see it."""
    label = escape(f"{chart.caption}: {chart.summary}")
    box = f'viewBox="0 0 {px(width)} {px(height)}" width="{px(width)}" height="{px(height)}"'
    return f'<svg {box} role="img" aria-label="{label}">{"".join(parts)}</svg>'


def px(value: float) -> str:
    """A length as SVG writes it, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Letters at a place."""
    return f'<text x="{px(x)}" y="{px(y)}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line x1="{px(x1)}" y1="{px(y1)}" x2="{px(x2)}" y2="{px(y2)}" class="{kind}"/>'


def rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A box; a negative length is none."""
    size = f'width="{px(max(0.0, width))}" height="{px(max(0.0, height))}"'
    return f'<rect x="{px(x)}" y="{px(y)}" {size} class="{kind}"/>'


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between low and high, at most `most` of them.

    Example:
        >>> nice_ticks(0, 27_000, 6)
        [0.0, 5000.0, 10000.0, 15000.0, 20000.0, 25000.0]
    """
    if high <= low:
        return [low]
    size = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10, 20) if (high - low) / (size * factor) <= most - 0.5)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int) -> list[int]:
    """Whole numbers 1, 2, 5 times a power of ten between low and high, thinned to at most `most`.

    Example:
        >>> log_ticks(100, 5_600, 8)
        [100, 200, 500, 1000, 2000, 5000]
    """
    powers = range(math.floor(math.log10(max(1.0, low))), math.ceil(math.log10(max(2.0, high))) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        ticks = [digit * 10**power for power in powers for digit in digits if low <= digit * 10**power <= high]
        if 1 < len(ticks) <= most:
            return ticks
    return [round(low), round(high)] if high > low else [round(low)]
