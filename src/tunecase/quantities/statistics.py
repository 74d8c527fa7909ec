"""Arithmetic of scores on a test set: intervals, rows needed to see a gain, and the ceiling set by noisy labels.

Method: a score on n items is a binomial share. Two models scored on the same items are compared by the items on which
they differ (McNemar). Two annotators who disagree bound the score that any model can honestly reach against one of
them. Nothing here has an opinion; the rules that use it do.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from tunecase.quantities.arrays import Rows, np
from tunecase.quantities.interval import Interval80

LOST_SHARE = 0.05  # items that the better model loses, until the pilot measures it
LEAST_TEST_ROWS = 100  # with which a gain of about 14 points can just be seen
MOST_EXACT_ITEMS = 10_000  # differing items up to which a test and its power are summed exactly


def wilson(correct: float, n: float, confidence: float = 0.8) -> tuple[float, float]:
    """The Wilson interval of a share: where the true score lies, given `correct` of n items.

        centre = (p + z^2/2n) / (1 + z^2/n),   half = z sqrt(p(1-p)/n + z^2/4n^2) / (1 + z^2/n)

    Args:
        correct: items that are right [items]; a mean score times n where the score is not a plain count.
        n: items scored [items]; zero says nothing and gives (0, 1).
        confidence: two-sided, 0 < confidence < 1.
    Returns: (low, high), shares of 1.
    Raises: ValueError when correct lies outside 0 to n, or confidence outside 0 to 1.
    Example:
        >>> low, high = wilson(85, 100)
        >>> round(low, 3), round(high, 3)
        (0.799, 0.89)

    Source: Wilson, JASA 22 (1927); Brown, Cai and DasGupta, Statistical Science 16 (2001).
    Leaves out that items may hang together (several from one author): the interval is then too narrow, by the square
    root of the design effect, often 1.2 to 2.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; wanted more than 0 and less than 1")
    if n < 0 or not -1e-9 <= correct <= n + 1e-9:
        raise ValueError(f"{correct} of {n} items is not a share; wanted 0 <= correct <= n")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = min(max(correct / n, 0.0), 1.0)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def paired_change(lost: float, won: float, n: int, confidence: float = 0.9) -> tuple[float, float]:
    """The interval of the share lost where the same items were judged before and after.

        n' = n + 2,  l = lost + 1/2,  w = won + 1/2,  d = (l - w) / n'
        half = z sqrt(l + w - (l - w)^2 / n') / n'

    Args:
        lost: items right before and wrong after [items]; a mean where several runs judged the same items.
        won: items wrong before and right after [items].
        n: items judged [items], at least lost + won; zero says nothing and gives (-1, 1).
        confidence: two-sided, 0 < confidence < 1.
    Returns: (low, high), shares of 1, negative where more is won than lost.
    Raises: ValueError when the counts do not fit together.
    Example:
        >>> low, high = paired_change(4, 2, 40)
        >>> round(low, 2), round(high, 2)
        (-0.06, 0.15)

    Source: Agresti and Min, Biometrics 61 (2005). Leaves out that items may hang together, as for `wilson`.
    """
    if min(lost, won) < 0 or lost + won > n + 1e-9:
        raise ValueError(f"{lost} lost and {won} won of {n} items; wanted at most all of them")
    if n == 0:
        return -1.0, 1.0
    z, more, fewer = NormalDist().inv_cdf(0.5 + confidence / 2), lost + 0.5, won + 0.5
    mid = (more - fewer) / (n + 2)
    half = z * math.sqrt(more + fewer - (more - fewer) ** 2 / (n + 2)) / (n + 2)
    return max(-1.0, mid - half), min(1.0, mid + half)


def unpaired_change(after: float, before: float, n: int, confidence: float = 0.9) -> tuple[float, float]:
    """The interval of `before` less `after`, two shares of n items each, as if the items were others.

        low = d - sqrt((b - b_low)^2 + (a_high - a)^2),  high = d + sqrt((b_high - b)^2 + (a - a_low)^2)

    The ends of each share are its Wilson interval. Too wide for the same items, whose answers go together.

    Example:
        >>> low, high = unpaired_change(0.55, 0.6, 40)
        >>> round(low, 2), round(high, 2)
        (-0.13, 0.22)

    Source: Newcombe, Statistics in Medicine 17 (1998), method 10.
    """
    (a_low, a_high), (b_low, b_high) = (wilson(one * n, n, confidence) for one in (after, before))
    lost = before - after
    return lost - math.hypot(before - b_low, a_high - after), lost + math.hypot(b_high - before, after - a_low)


def unpaired_rows_needed(base: float, gain: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """Items per arm that show a gain when the two models are scored on different items.

        n = [z(1-alpha/2) sqrt(2 p q) + z(power) sqrt(p1 q1 + p2 q2)]^2 / gain^2,   p = (p1 + p2) / 2

    Args:
        base: p1, score of the model to beat, a share of 1.
        gain: p2 - p1, a share of 1; 0.05 is five points.
        power: chance to see the gain when it is there.
        alpha: two-sided chance to see one that is not there.
    Returns: items, rounded up [items per arm].
    Raises: ValueError when gain <= 0 or base + gain > 1.
    Example:
        >>> unpaired_rows_needed(0.80, 0.05)
        906

    Source: Fleiss, Statistical Methods for Rates and Proportions, without continuity correction.
    The two-sided z-test of two shares, pooled, then has a power of .80 to .84. Leaves out the continuity correction:
    Fisher's exact test has .75 to .78 and needs about 2/gain more items per arm, 4% at five points.
    """
    if not 0 < gain <= 1 or not 0 <= base <= 1 - gain + 1e-12:
        raise ValueError(f"base {base} and gain {gain}; wanted 0 <= base, 0 < gain, base + gain <= 1")
    new = min(base + gain, 1.0)
    mean = (base + new) / 2
    z_alpha, z_power = _z(power, alpha)
    spread = z_alpha * math.sqrt(2 * mean * (1 - mean)) + z_power * math.sqrt(base * (1 - base) + new * (1 - new))
    return math.ceil(spread**2 / gain**2 - 1e-9)


def paired_rows_needed(gain: float, lost_share: float = LOST_SHARE, power: float = 0.8, alpha: float = 0.05) -> int:
    """Items that show a gain when both models are scored on the same items: the power is that of `mcnemar_p` itself.

        power(n) = sum over d of P(d of n items differ) P(at most c(d) of them are lost),   P(differ) = 2 lost + gain

    where c(d) is the largest number of lost items with which d differing ones give p < alpha.

    Args:
        gain: share of items won less share of items lost; 0.05 is five points.
        lost_share: share of items that only the old model gets right; the pilot measures it. Where gain leaves no
            room for it (2 lost + gain > 1) the largest possible share is used.
        power: chance to see the gain when it is there.
        alpha: two-sided chance to see one that is not there; the exact test keeps below it.
    Returns: the fewest items from which on the power is reached and stays so [items].
    Raises: ValueError when gain lies outside (0, 1], lost_share outside [0, 1], or power or alpha outside (0, 1).
    Example:
        >>> paired_rows_needed(0.05)
        498

    Source: the exact binomial test of McNemar, its power summed over the differing items; Connor, Biometrics 43 (1987),
    for the large samples that it starts from. Leaves out groups of items that hang together: multiply by the design
    effect. Above 10,000 differing items Connor's number plus 2 / gain stands in, right to a part in 1,000.
    """
    _check_paired(gain, lost_share, power, alpha)
    return _paired_rows(gain, lost_share, power, alpha)


def smallest_paired_gain(rows: int, lost_share: float = LOST_SHARE, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest gain that a test set of `rows` items can show, the inverse of paired_rows_needed.

    Args:
        rows: items on which both models are scored [items].
        lost_share, power, alpha: as in paired_rows_needed.
    Returns: gain, a share of 1; math.inf when the set is too small to show any.
    Raises: ValueError when rows < 0.
    Example:
        >>> round(smallest_paired_gain(100), 3)
        0.142

    Leaves out what paired_rows_needed leaves out.
    """
    if rows < 0:
        raise ValueError(f"rows is {rows}; wanted 0 or more")
    _check_paired(1.0, lost_share, power, alpha)
    return _paired_gain(rows, lost_share, power, alpha)


def smallest_unpaired_gain(base: float, rows: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest gain over `base` that `rows` items per arm can show, the inverse of unpaired_rows_needed.

    Args:
        base, power, alpha: as in unpaired_rows_needed.
        rows: items per arm [items].
    Returns: gain, a share of 1; math.inf where not even a perfect score would be told from the base.
    Example:
        >>> round(smallest_unpaired_gain(0.80, 906), 3)
        0.05

    Leaves out what unpaired_rows_needed leaves out.
    """
    room = 1 - base
    if room <= 0 or rows < unpaired_rows_needed(base, room, power, alpha):
        return math.inf
    low, high = 0.0, room
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if unpaired_rows_needed(base, middle, power, alpha) <= rows else (middle, high)
    return high


def smallest_loss_ruled_out(
    rows: int, lost_share: float = LOST_SHARE, power: float = 0.8, alpha: float = 0.05
) -> float:
    """The smallest loss that `rows` items rule out when two equally good models are scored on the same ones.

        margin = [z(1-alpha) + z(power)] sqrt(2 lost / n)

    Args:
        rows: items on which both models are scored [items].
        lost_share: share of items that only the old model gets right; as many are won where the models are equal.
        power: chance to rule the loss out when there is none.
        alpha: one-sided chance to rule out one that is there.
    Returns: margin, a share of 1; math.inf without items.
    Example:
        >>> round(smallest_loss_ruled_out(400), 3)
        0.039

    Source: Nam, Biometrics 53 (1997); Liu et al., Statistics in Medicine 21 (2002), large samples.
    A test with the variance seen keeps the power from 100 items on. Leaves out that Nam's score test takes the variance
    at the margin: with 100 items its power is .76, and .63 where only 2% are lost.
    """
    if rows < 0 or not 0 <= lost_share <= 0.5:
        raise ValueError(f"rows {rows} and lost_share {lost_share}; wanted rows >= 0, 0 <= lost_share <= 0.5")
    z = NormalDist().inv_cdf(1 - alpha) + NormalDist().inv_cdf(power)
    return z * math.sqrt(2 * lost_share / rows) if rows else math.inf


def _check_paired(gain: float, lost_share: float, power: float, alpha: float) -> None:
    if not 0 < gain <= 1 or not 0 <= lost_share <= 1:
        raise ValueError(f"gain {gain} and lost_share {lost_share}; wanted 0 < gain <= 1, 0 <= lost_share <= 1")
    if not 0 < power < 1 or not 0 < alpha < 1:
        raise ValueError(f"power {power} and alpha {alpha}; wanted both more than 0 and less than 1")


@lru_cache(maxsize=1024)
def _paired_rows(gain: float, lost_share: float, power: float, alpha: float) -> int:
    large = _large_sample_rows(gain, lost_share, power, alpha)
    low, high = math.floor(0.9 * large), math.ceil(large + 2 / gain)
    while low > 0 and _is_shown(low, gain, lost_share, power, alpha):
        low //= 2
    while not _is_shown(high, gain, lost_share, power, alpha):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _is_shown(middle, gain, lost_share, power, alpha) else (middle, high)
    return high


@lru_cache(maxsize=1024)
def _paired_gain(rows: int, lost_share: float, power: float, alpha: float) -> float:
    if not _is_shown(rows, 1.0, lost_share, power, alpha):
        return math.inf
    low, high = 0.0, 1.0
    for _ in range(32):
        middle = (low + high) / 2
        low, high = (low, middle) if _is_shown(rows, middle, lost_share, power, alpha) else (middle, high)
    return high


def _is_shown(rows: int, gain: float, lost_share: float, power: float, alpha: float) -> bool:
    """Whether so many rows, and any larger number of them, show the gain often enough."""
    lost = min(lost_share, (1 - gain) / 2)
    if rows * (2 * lost + gain) > MOST_EXACT_ITEMS:
        return rows >= _large_sample_rows(gain, lost_share, power, alpha) + 2 / gain
    return _least_exact_power(rows, gain, lost, alpha) >= power


def _large_sample_rows(gain: float, lost_share: float, power: float, alpha: float) -> float:
    """[z(1-alpha/2) sqrt(s) + z(power) sqrt(s - gain^2)]^2 / gain^2,   s = 2 lost + gain."""
    differing = 2 * min(lost_share, (1 - gain) / 2) + gain
    z_alpha, z_power = _z(power, alpha)
    return (z_alpha * math.sqrt(differing) + z_power * math.sqrt(max(differing - gain**2, 0.0))) ** 2 / gain**2


def _least_exact_power(rows: int, gain: float, lost: float, alpha: float) -> float:
    """The least power of the exact test with `rows` items or more.

    A test that counts is sometimes weaker with one item more. Only where the number of differing items hardly varies
    does that show, and within 3 sqrt(rows) the power has outgrown it.
    """
    from scipy.special import bdtr, gammaln, xlog1py, xlogy

    differing = min(2 * lost + gain, 1.0)
    spread = math.sqrt(rows * differing * (1 - differing))
    further = math.ceil(3 * math.sqrt(rows)) if spread < 4 else 0
    n = np.arange(rows, rows + further + 1)[:, None]
    low = max(0, math.floor(rows * differing - 7 * spread - 7))
    high = min(rows + further, math.ceil((rows + further) * differing + 7 * spread + 7))
    d = np.arange(low, high + 1)
    most_lost = _most_lost(alpha, 1 << high.bit_length())[d]
    seen = np.where(most_lost < 0, 0.0, bdtr(np.maximum(most_lost, 0), d, lost / differing))
    alike = np.maximum(n - d, 0)
    log_ways = gammaln(n + 1) - gammaln(d + 1) - gammaln(alike + 1)
    chance = np.exp(log_ways + xlogy(d, differing) + xlog1py(alike, -differing)) * (d <= n)
    return float((chance @ seen).min())


@lru_cache(maxsize=32)
def _most_lost(alpha: float, most: int) -> "Rows":
    """The most items lost of d differing ones with which p < alpha, -1 where none may be, for d = 0 to `most`."""
    lost, tail, at, after = -1, 0.0, 0.0, 1.0  # P(L <= lost), P(L = lost) and P(L = lost + 1) of d fair coins
    found = np.empty(most + 1, np.int64)
    for d in range(most + 1):
        if d > 0:
            tail, at, after = tail - at / 2, at * d / (2 * (d - lost)), (at + after) / 2
        while 2 * (tail + after) < alpha:
            lost += 1
            tail, at, after = tail + after, after, after * (d - lost) / (lost + 1)
        found[d] = lost
    return found


def _z(power: float, alpha: float) -> tuple[float, float]:
    return NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)


def mcnemar_p(won: int, lost: int) -> float:
    """Exact two-sided p of McNemar's test: can the items won and lost come from two equal models?

        p = min(1, 2 sum_{i <= min(won, lost)} C(won + lost, i) / 2^(won + lost))

    Args:
        won: items that only the new model gets right [items].
        lost: items that only the old model gets right [items].
    Returns: p between 0 and 1; 1 when the models never differ.
    Raises: ValueError when a count is negative.
    Example:
        >>> mcnemar_p(4, 0), mcnemar_p(6, 0)
        (0.125, 0.03125)

    Source: McNemar, Psychometrika 12 (1947), binomial form. Leaves out the mid-p correction: p is a little too large.
    """
    if won < 0 or lost < 0:
        raise ValueError(f"{won} won and {lost} lost; wanted counts of 0 or more")
    differing = won + lost
    if differing > MOST_EXACT_ITEMS:
        from scipy.special import bdtr

        return min(1.0, 2 * float(bdtr(min(won, lost), differing, 0.5)))
    tail = sum(math.comb(differing, i) for i in range(min(won, lost) + 1))
    return min(1.0, 2 * tail / (1 << differing))


def ceiling(agreement: float, classes: int) -> float | None:
    """The highest honest score against ONE annotator's labels, from how often two annotators agree.

        a = (1-e)^2 + e^2/(K-1)   =>   e = (K-1)/K [1 - sqrt(1 - (1-a) K/(K-1))],   ceiling = 1 - e

    Args:
        agreement: a, share of items to which two independent annotators give the same label.
        classes: K, how many labels there are.
    Returns: 1 - e, a share of 1; None when a < 1/K, less than chance, which the equation cannot give.
    Raises: ValueError when agreement lies outside 0 to 1, or classes < 2.
    Example:
        >>> [round(ceiling(a, 2), 3) for a in (0.95, 0.90, 0.80, 0.70)]
        [0.974, 0.947, 0.887, 0.816]

    Source: two independent annotators with equal error e whose errors fall evenly on the other labels.
    Leaves out shared mistakes (both wrong alike: the true ceiling is lower) and unequal annotators (the better one's
    ceiling is higher); labels adjudicated by three people are bound by neither.
    """
    if not 0 <= agreement <= 1 or classes < 2:
        raise ValueError(f"agreement {agreement} of {classes} classes; wanted a share and at least 2 classes")
    inside = 1 - (1 - agreement) * classes / (classes - 1)
    if inside < -1e-12:
        return None
    return 1 - (classes - 1) / classes * (1 - math.sqrt(max(inside, 0.0)))


def ceiling_interval(agreed: int, rows: int, classes: int, confidence: float = 0.8) -> Interval80 | None:
    """The ceiling with the doubt that comes from few double labels: Wilson's interval of a, put through `ceiling`.

    Args:
        agreed: items on which both annotators agree [items].
        rows: items with two labels [items].
        classes: K, how many labels there are.
        confidence: two-sided, of the interval.
    Returns: the ceiling, a share of 1; None without double labels or with fewer than two classes.
    Raises: ValueError when agreed lies outside 0 to rows.
    Example:
        >>> interval = ceiling_interval(80, 100, 2)
        >>> round(interval.low, 2), round(interval.mid, 2), round(interval.high, 2)
        (0.85, 0.89, 0.92)

    Leaves out what `ceiling` leaves out; an agreement below chance is taken as chance, 1/K.
    """
    if rows == 0 or classes < 2:
        return None
    low, high = wilson(agreed, rows, confidence)
    ends = [ceiling(max(a, 1 / classes), classes) for a in (low, agreed / rows, high)]
    return Interval80(*(1 / classes if end is None else end for end in ends))


def ceiling_range(agreed: int, rows: int, classes: int, confidence: float = 0.8) -> Interval80 | None:
    """The ceiling where it is not known how mistakes fall: evenly on all other labels, or always on one look-alike.

        a = (1-e)^2 + e^2/m,   m = K - 1 when errors fall evenly (the higher ceiling), m = 1 on one look-alike (lower)

    Args:
        agreed, rows, classes, confidence: as in `ceiling_interval`.
    Returns: from the lower end under one look-alike to the upper end under even errors; the middle is half-way between
        the two assumptions. None where `ceiling_interval` is None.
    Example:
        >>> found = ceiling_range(90, 100, 10)
        >>> round(found.low, 3), round(found.mid, 3), round(found.high, 3)
        (0.921, 0.948, 0.965)

    Leaves out unequal annotators and mistakes that both make for one reason: the true ceiling is then lower still.
    """
    even = ceiling_interval(agreed, rows, classes, confidence)
    alike = ceiling_interval(agreed, rows, 2, confidence)
    if even is None or alike is None:
        return None
    return Interval80(min(alike.low, even.low), (alike.mid + even.mid) / 2, even.high)


@dataclass(frozen=True, slots=True)
class AgreementOfTwo:
    """How often two annotators give one label: the share of rows, and kappa and alpha, agreement beyond chance."""

    rows: int
    share: Interval80
    kappa: Interval80 | None
    alpha: Interval80 | None = None


def agreement_of_two(pairs: Sequence[tuple[str, str]]) -> AgreementOfTwo:
    """Two annotators' labels of the same rows compared.

        kappa = (a - c) / (1 - c),   a the share of equal pairs, c = sum_k p_k q_k
        alpha = 1 - (1 - a) / d,   d = (m^2 - sum_k m_k^2) / (m (m - 1)),   m labels in all, m_k of class k

    Args:
        pairs: (first, second) label, one a row, at least one.
    Returns: share (Wilson), Cohen's kappa and Krippendorff's alpha for names, None where only one label occurs; their
        ranges are that of a, with the class shares as they are.
    Example:
        >>> found = agreement_of_two([("a", "a"), ("b", "b"), ("a", "b"), ("b", "b")])
        >>> found.kappa.mid, round(found.alpha.mid, 3)
        (0.5, 0.533)

    Source: Cohen, Educational and Psychological Measurement 20 (1960); Krippendorff, Content Analysis, 4th ed., chapter
    12. Alpha is written out here: for two people and names it is one line, and a library would be one more to install.
    """
    rows = len(pairs)
    agreed = sum(one == other for one, other in pairs)
    low, high = wilson(agreed, rows)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(first[name] * second[name] for name in first) / rows**2
    share = Interval80(low, agreed / rows, high)
    if chance >= 1:
        return AgreementOfTwo(rows, share, None)
    ends, labels = (low, agreed / rows, high), 2 * rows
    unlike = (labels**2 - sum(held**2 for held in (first + second).values())) / (labels * (labels - 1))
    kappa = Interval80(*((a - chance) / (1 - chance) for a in ends))
    alpha = Interval80(*(1 - (1 - a) / unlike for a in ends))
    return AgreementOfTwo(rows, share, kappa, alpha)


@lru_cache(maxsize=256)
def winners_curse(k: int) -> float:
    """How many standard errors the best of k equally good settings looks better than it is.

        E max = integral of x k phi(x) Phi(x)^(k-1) dx

    Args:
        k: settings tried on the same test set.
    Returns: the expected largest of k standard normal numbers [standard errors of one score].
    Raises: ValueError when k < 1.
    Example:
        >>> [round(winners_curse(k), 2) for k in (2, 4, 8, 16, 32)]
        [0.56, 1.03, 1.42, 1.77, 2.07]

    Source: order statistics of the normal distribution, integrated by the trapezoid rule (error below 1e-9).
    Leaves out that settings scored on the same items move together: the true excess is smaller, by sqrt(1 - r).
    """
    if k < 1:
        raise ValueError(f"k is {k}; wanted 1 or more settings")
    normal, step = NormalDist(), 1 / 64
    points = (i * step for i in range(-10 * 64, 10 * 64 + 1))
    return step * sum(x * k * normal.pdf(x) * math.pow(normal.cdf(x), k - 1) for x in points)
