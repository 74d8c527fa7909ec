"""Gates: chance as height, from the first step over what its test decides to how it ends."""

from collections.abc import Sequence

from tunecase.blocks import Branch, Gates, Tone
from tunecase.quantities import plain_share
from tunecase.report.charts.marks import LINE, WIDE, frame, lines, px, rect, text, wrapped

# The page's script draws the same picture again for another case: these lengths [px] stand there too.
HEIGHT, GAP, TOP = 140.0, 18.0, 8.0  # a chance of 1, the blank between two branches
START, BRANCH, BRANCH_WIDE, END = 186.0, 300.0, 196.0, 652.0
POST = 6.0  # the width of an upright
END_GAP = 16.0
COLOURS: dict[Tone, str] = {"good": "go", "warn": "wait", "bad": "halt", "plain": "acc", "unknown": "wait"}


def draw_gates(chart: Gates, width: float = WIDE) -> str:
    """The picture; it has one width, for on a telephone a list of the branches takes its place."""
    shares = sum(branch.share for branch in chart.branches) or 1.0
    tall = HEIGHT + GAP * (len(chart.branches) - 1)
    start = TOP + (tall - HEIGHT) / 2
    reached = TOP + max((tall - HEIGHT - END_GAP) / 2, 0.0)
    reach = min(chart.reach / shares, 1.0)
    missed = reached + HEIGHT * reach + (END_GAP if 0 < reach < 1 else 0.0)
    parts, labels = [], []
    from_start, into_reached, into_missed, top = start, reached, missed, TOP
    for branch in chart.branches:
        high, hit = HEIGHT * branch.share / shares, HEIGHT * min(branch.reaches, branch.share) / shares
        tint = f"{COLOURS[branch.tone]}-t"
        right = BRANCH + BRANCH_WIDE
        parts.append(_flow(START + POST, from_start, BRANCH, top, high, tint))
        parts.append(_flow(right, top, END, into_reached, hit, "go-t"))
        parts.append(_flow(right, top + hit, END, into_missed, high - hit, "halt-t"))
        parts.append(rect(BRANCH, top, BRANCH_WIDE, high, tint))
        parts.append(rect(BRANCH, top, POST, high, COLOURS[branch.tone]))
        labels.append(top + high / 2)
        from_start, into_reached, into_missed = from_start + high, into_reached + hit, into_missed + high - hit
        top += high + GAP
    parts.append(rect(START, start, POST, HEIGHT, "acc"))
    parts.append(rect(END, reached, POST, HEIGHT * reach, "go"))
    parts.append(rect(END, missed, POST, HEIGHT * (1 - reach), "halt"))
    words, lowest = _words(chart, (start, reached, missed, reach), labels)
    return frame(chart, width, max(lowest, TOP + tall) + 8, [*parts, *words])


def _flow(x1: float, y1: float, x2: float, y2: float, high: float, kind: str) -> str:
    """A band of one height from a place to another, bent where the two do not lie level."""
    if high <= 0:
        return ""
    middle = (x1 + x2) / 2
    there = f"M{px(x1)},{px(y1)}C{px(middle)},{px(y1)} {px(middle)},{px(y2)} {px(x2)},{px(y2)}"
    back = (
        f"L{px(x2)},{px(y2 + high)}C{px(middle)},{px(y2 + high)} {px(middle)},{px(y1 + high)} {px(x1)},{px(y1 + high)}Z"
    )
    return f'<path d="{there}{back}" class="{kind}"/>'


def _words(
    chart: Gates, places: tuple[float, float, float, float], middles: Sequence[float]
) -> tuple[list[str], float]:
    """All letters of the picture, and where the lowest of them end."""
    start, reached, missed, reach = places
    parts, lowest = [], 0.0
    begin = wrapped(chart.start, START - 8, WIDE)
    parts.append(lines(0, _first(start + HEIGHT / 2, len(begin)), begin))
    above = TOP
    for branch, middle in zip(chart.branches, middles, strict=True):
        words = _branch(branch)
        at = max(_first(middle, len(words)), above + 8)
        parts.append(lines(BRANCH + 16, at, words, rest="ink") if len(words) > 1 else _in_one(branch, at))
        above = at + LINE * (len(words) - 1) + 4
        lowest = max(lowest, above)
    room, above = WIDE - END - 18, 0.0
    for told, top, high in ((chart.reached, reached, reach), (chart.missed, missed, 1 - reach)):
        if high <= 0:
            continue
        end = wrapped(told, room, WIDE)
        at = max(_first(top + HEIGHT * high / 2, len(end)), above + LINE, LINE - 4)
        parts.append(lines(END + 18, at, end))
        above = at + LINE * (len(end) - 1) + 2
        lowest = max(lowest, above)
    return parts, max(lowest, _first(start + HEIGHT / 2, len(begin)) + LINE * (len(begin) - 1))


def _first(middle: float, count: int) -> float:
    """The baseline of the first of some lines around a middle."""
    return middle - LINE / 2 * (count - 1) + 4.5


def _branch(branch: Branch) -> list[str]:
    """A branch's words: on one line where they fit, else its rule below."""
    head = f"{branch.name} {plain_share(branch.share)}"
    whole = wrapped([f"{head} {branch.rule}"], BRANCH_WIDE - 8, WIDE)
    return whole if len(whole) == 1 else [head, *wrapped([branch.rule], BRANCH_WIDE - 8, WIDE)]


def _in_one(branch: Branch, y: float) -> str:
    head, rule = text(0, 0, f"{branch.name} {plain_share(branch.share)}"), text(0, 0, branch.rule)
    name, rest = (part.split(">", 1)[1].removesuffix("</text>") for part in (head, rule))
    return (
        f'<text x="{px(BRANCH + 16)}" y="{px(y)}"><tspan class="strong">{name}</tspan>'
        f'<tspan class="ink" dx="7">{rest}</tspan></text>'
    )
