"""SVG marks: lines, letters and boxes, every text escaped, and the round numbers of an axis.

Letters are 13 px high on a wide screen and a telephone; a style sheet sets them larger (15 px) where a wide drawing is
shown small, so places are kept for the larger ones. Colours are classes: the page's theme decides.
"""

import math
import textwrap
from collections.abc import Iterable, Sequence
from html import escape

from tunecase.blocks import Chart

WIDE, NARROW = 900, 354  # px: on a screen or paper, on a telephone
CHARACTER, SMALL_CHARACTER = 7.6, 6.8  # px: the width of one letter, about, in a wide and in a narrow drawing
LINE = 19.0  # px from one line of letters to the next


def letter(width: float) -> float:
    """The width of one letter in a drawing of a width, in px."""
    return CHARACTER if width > 500 else SMALL_CHARACTER


def frame(chart: Chart, width: float, height: float, parts: Iterable[str]) -> str:
    """The SVG element around the parts of a chart, its words as the label for those who do not see it."""
    return drawing(f"{chart.caption}: {chart.summary}" if chart.caption else chart.summary, width, height, parts)


def drawing(label: str, width: float, height: float, parts: Iterable[str]) -> str:
    """An SVG element that stands for what its label says."""
    box = f'viewBox="0 0 {px(width)} {px(height)}" width="{px(width)}" height="{px(height)}"'
    return f'<svg {box} role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def px(value: float) -> str:
    """A length as SVG writes it, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Letters at a place."""
    look = f' class="{kind}"' if kind else ""
    aside = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{px(x)}" y="{px(y)}"{look}{aside}>{escape(words)}</text>'


def lines(
    x: float, y: float, words: Sequence[str], first: str = "strong", rest: str = "", anchor: str = "start"
) -> str:
    """Lines of letters below one another, the first one of another look."""
    return "".join(text(x, y + LINE * at, line, rest if at else first, anchor) for at, line in enumerate(words))


def wrapped(words: Iterable[str], room: float, width: float) -> list[str]:
    """Texts cut into lines that fit into a room of so many px."""
    letters = max(int(room / letter(width)), 8)
    return [line for part in words for line in textwrap.wrap(part, letters, break_on_hyphens=False)]


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line x1="{px(x1)}" y1="{px(y1)}" x2="{px(x2)}" y2="{px(y2)}" class="{kind}"/>'


def rect(x: float, y: float, width: float, height: float, kind: str, round: float = 0) -> str:
    """A box; a negative length is none."""
    size = f'width="{px(max(0.0, width))}" height="{px(max(0.0, height))}"'
    corner = f' rx="{px(round)}"' if round else ""
    return f'<rect x="{px(x)}" y="{px(y)}" {size} class="{kind}"{corner}/>'


def dot(x: float, y: float, radius: float, kind: str) -> str:
    """A full circle."""
    return f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(radius)}" class="{kind}"/>'


def path(points: Sequence[tuple[float, float]], kind: str, *, closed: bool = False) -> str:
    """A line through points, or the area that they enclose."""
    through = "L".join(f"{px(x)},{px(y)}" for x, y in points)
    return f'<path d="M{through}{"Z" if closed else ""}" class="{kind}"/>' if points else ""


def whole(amount: float) -> str:
    """An amount on an axis, all its digits.

    Example:
        >>> whole(12_500.0), whole(0.25), whole(0.0)
        ('12,500', '0.25', '0')
    """
    return f"{amount:,.0f}" if abs(amount) >= 10 or amount == 0 else f"{amount:g}"


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
