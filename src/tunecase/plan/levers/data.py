"""Levers on the data: more labelled rows, rows made or scraped, cleaning those at hand."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tunecase.plan.levers.state import Evidence, Offer, State, words_of
from tunecase.plan.rounds.board import Move, Purchase
from tunecase.prices import Supply, review_price
from tunecase.quantities import Draws, count, np
from tunecase.quantities import share as percent


def label(state: State) -> Offer:
    """Buy examples up to any size, train, test; buy on where that pays.

    cost(n -> n') = supply(n' - n_0) - supply(n - n_0)
    """

    name = "label more examples"
    if state.supply.price is None:
        return Offer("label", name, blocked="no source of examples has a price (data.sources)")
    if len(state.sizes) < 2:
        return Offer("label", name, blocked=f"no more can be had: {state.forecast.n_max_why}")
    purchase = _purchase("label", state.supply, state.sizes, first=_bought_before(state))
    if purchase is None:
        return Offer("label", name, blocked="the sources cannot give as many rows again")

    def bought(more: str) -> tuple[str, str]:
        return f"buy {more} more labelled examples{state.for_way}", f"label {more} more, train and test once"

    return Offer("label", name, "", state.evidence, purchase=purchase, bought=bought)


def other_sources(state: State) -> Offer:
    """Rows that a model writes or a scraper fetches: one of them teaches like `worth` labelled ones.

        cost(n -> n') = supply(n' - n_0) - supply(n - n_0) of that source, in rows that teach like labelled ones

    The worth is the user's, else measured by `pilot --source`, else assumed. Of several such sources the one whose
    first step is cheapest. Leaves out that too many of them may bend the curve.
    """
    name = "make or scrape more examples"
    if not state.others:
        return Offer("other_sources", name, blocked="no source of kind synthetic or scrape has a price (data.sources)")
    if len(state.sizes) < 2:
        return Offer("other_sources", name, blocked=f"no more can be had: {state.forecast.n_max_why}")
    purchases = []
    for other in state.others:
        purchase = _purchase("other_sources", other.supply, state.sizes)
        if purchase is not None:
            purchases.append((float(np.mean(purchase.costs[0])), other, purchase))
    if not purchases:
        return Offer("other_sources", name, blocked="such sources cannot give enough rows")
    _, other, purchase = min(purchases, key=lambda one: one[0])
    done = {"synthetic": "have a model write", "scrape": "scrape"}[other.kind]
    evidence: Evidence = "measured" if other.worth.origin == "measured" else "assumed"
    return Offer(
        "other_sources", name, "", evidence, purchase=purchase,
        bought=lambda more: (f"{done} {more} examples", f"{done} {more} examples, train and test once"),
        assumption=f"one {other.name} example teaches like {other.worth.words} of a labelled one",
    )  # fmt: skip


def _bought_before(state: State) -> float:
    """Rows that the source has given before any step."""
    return float(state.basis.project.data.first_purchase) if state.basis.project else 0.0


def _purchase(name: str, supply: Supply, sizes: tuple[int, ...], first: float = 0.0) -> Purchase | None:
    """Costs and rows from each size to the next, as far as the source reaches in half of the worlds.

    Sizes and the supply count rows that teach like labelled ones, `first` of which came from it before; what is bought
    are rows of its own.
    """
    totals = [float(first + size - sizes[0]) for size in sizes]
    costs, examples = [], []
    for low, high in pairwise(totals):
        until = supply.cost(high)
        if not np.isfinite(np.median(until)):
            break
        costs.append(np.where(np.isfinite(until), until - np.where(np.isfinite(until), supply.cost(low), 0.0), np.inf))
        examples.append(supply.rows(high) - supply.rows(low))
    # A size that no source reaches costs infinity, so that no world is led there.
    beyond = len(sizes) - 1 - len(costs)
    return Purchase(name, (*costs, *[np.inf] * beyond), (*examples, *[0.0] * beyond)) if costs else None


def clean(state: State) -> Offer:
    """Find and mend wrong labels: with a share rho wrong, n rows teach like n (1 - rho K/(K-1))^2 clean ones.

    Only the rows at hand are cleaned; examples bought later are as noisy as those were.
    """
    wrong = _wrong_labels(state)
    whole = state.sizes[0]
    price = review_price(1, state.basis) * wrong.looked_at
    # Labels at random teach nothing: K/(K-1) is 2 with two labels and falls to 1 with many.
    spoilt = _spoilt(state)
    before, after = (np.clip(1 - spoilt * share, 0.05, 1.0) ** 2 for share in (wrong.share, wrong.left))
    gained = whole * (after / before - 1)
    shift = np.log1p(gained[:, None] / np.asarray(state.sizes, dtype=float))
    evidence: Evidence = "assumed" if wrong.by == "assumed" else state.evidence
    return Offer(
        "clean", "clean the labels at hand",
        f"review about {count(float(np.median(wrong.looked_at)))} suspicious rows, train and test once", evidence,
        assumption=f"cleaning: {wrong.words}",
        move=Move("clean", lambda paths: read_further(paths, state.sizes, shift), price=price),
    )  # fmt: skip


def read_further(paths: "Draws", sizes: tuple[int, ...], shift: "Draws") -> "Draws":
    """The same curves read at n e^shift rows, all (worlds, sizes): straight lines in log-log between the sizes."""
    logs, errors = np.log(np.asarray(sizes, dtype=float)), np.log(np.maximum(paths, 1e-9))
    if len(logs) < 2:
        return paths
    slopes = np.minimum(np.diff(errors, axis=1) / np.diff(logs), 0.0)
    slopes = np.column_stack([slopes, slopes[:, -1]])
    return np.asarray(np.exp(errors + slopes * shift))


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Wrong labels at hand: the share before and after the review, rows looked at for it; arrays of shape (worlds,)."""

    by: Literal["reviews", "audit", "assumed"]
    share: "Draws"
    left: "Draws"
    looked_at: "Draws"
    words: str


def _wrong_labels(state: State) -> _Wrong:
    return _by_reviews(state) or _by_audit(state) or _by_default(state)


def _by_reviews(state: State) -> _Wrong | None:
    reviews, rows = state.reviews, state.sizes[0]
    if reviews is None or reviews.remaining is None or not reviews.rows:
        return None
    remaining = np.minimum(state.basis.draw_around("wrong labels left, reviewed", reviews.remaining), rows)
    mended = min(reviews.wrong, rows)
    # What reviewers have corrected is mended for nothing; only what they have not seen still costs a look.
    each = max(reviews.rows - reviews.controls, 1) / max(reviews.wrong - reviews.controls_wrong, 1)
    low, mid, high = (count(end) for end in (reviews.remaining.low, reviews.remaining.mid, reviews.remaining.high))
    told = f"{count(mended)} labels are wrong and about {mid} more ({low} to {high})"
    words = f"{told}, measured by {count(reviews.rows)} reviews"
    share = np.clip((mended + remaining) / rows, 0.0, 1.0)
    return _Wrong("reviews", share, 0 * share, np.minimum(remaining * each, rows), words)


def _by_audit(state: State) -> _Wrong | None:
    from tunecase.quantities import Interval80

    finding = state.audit.finding("label_error") if state.audit else None
    if finding is None or finding.measured is None or not finding.share or state.audit is None:
        return None
    measured, judged = finding.measured, finding.measured.middle / finding.share
    wrong_rows = Interval80(measured.low, measured.middle, measured.high)
    share = np.clip(state.basis.draw_around("wrong labels, audited", wrong_rows) / judged, 0, 1)
    # Of the wrong labels a queue finds the part that was measured; the rest stays where it is.
    recall = finding.accuracy.recall if finding.accuracy and finding.accuracy.recall is not None else 1.0
    looked_at = np.full(len(share), min(finding.review_rows, judged))
    low, mid, high = (percent(end / judged, 1) for end in (measured.low, measured.middle, measured.high))
    words = f"{mid} of the labels are wrong ({low} to {high}), measured by the audit; a review finds {percent(recall)}"
    return _Wrong("audit", share, share * (1 - recall), looked_at, words)


def _by_default(state: State) -> _Wrong:
    rho = state.basis.draw("levers.label_noise")
    looked_at = rho * state.sizes[0] * state.basis.draw("levers.rows_per_wrong_label")
    words = f"{words_of('levers.label_noise', state)} of the labels are wrong, assumed"
    return _Wrong("assumed", rho, 0 * rho, looked_at, words)


def _spoilt(state: State) -> float:
    """K / (K - 1) for K labels; 2 where they are not known."""
    classes = len(state.audit.classes) if state.audit else 0
    return classes / (classes - 1) if classes > 1 else 2.0
