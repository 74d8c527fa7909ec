"""The pilot as it grows: its heading, its curve, its figures and its runs."""

from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from tunecase import catalog
from tunecase.blocks import Curve
from tunecase.quantities import count, counted, duration, plain_money, plain_paid, plain_score, plain_target
from tunecase.report.charts import NARROW, svg
from tunecase.web.pages.drawing import drawn
from tunecase.web.views import PilotState

Direction = Literal["higher", "lower"]
WIDE = 620  # px of the drawing beside the figures
MINUTE_S = 60.0
MOST_ROWS = 500  # of the table; a page with all runs of a long search would be slow to swap


def live_fragment(state: PilotState) -> str:
    """What changes while runs come in: the heading, the sentence, the curve, the figures and the table of runs."""
    return drawn("live.html", **live(state))


def live(state: PilotState) -> dict[str, object]:
    """What the template of the fragment shows; its heading has the focus where somebody has just acted."""
    return {
        "state": state, "heading": pilot_heading(state), "facts": facts(state), "chart": chart_of(state),
        "rows": rows(state), "older": count(max(len(state.runs) - MOST_ROWS, 0)), "metric": metric_words(state),
        "learners": len({run.learner for run in state.runs}), "acted": False,
    }  # fmt: skip


def pilot_heading(state: PilotState) -> str:
    """How far the pilot is, and the best score of a single run so far.

    Example:
        >>> from tunecase.web.views import LiveRun
        >>> run = LiveRun("a", 100, 0.68, 1.0, 0.0, "probe", 0)
        >>> pilot_heading(PilotState("1", True, True, (run,), 16, None, 0.0, None, "accuracy", 0.8, ""))
        'Pilot: 1 of 16 runs done, best 68%'
    """
    done, planned = len(state.runs), state.planned
    if not done:
        if state.is_running:
            return "Pilot: it runs, no run is done yet"
        return "Pilot: something went wrong, no run is done" if state.fault else "Pilot: no run was made yet"
    best = best_of(state)
    end = "no run has a score" if best is None else f"best {score_words(state, best)}"
    if planned is None or done > planned:
        return f"Pilot: {counted(done, 'run')} done, {end}"
    if done == planned:
        return f"Pilot: {f'all {done:,} runs' if done > 1 else 'its one run'} done, {end}"
    far = f"{count(done)} of {counted(planned, 'run')}"
    if state.is_running:
        return f"Pilot: {far} done, {end}"
    return f"Pilot: {'something went wrong' if state.fault else 'stopped'} after {far}, {end}"


def best_of(state: PilotState) -> float | None:
    """The best score of a run that ended well, in the direction of its metric; None where there is none."""
    scores = [score for _, score, _ in good(state)]
    if not scores:
        return None
    return min(scores) if direction_of(state) == "lower" else max(scores)


def good(state: PilotState) -> list[tuple[int, float, str]]:
    """(rows, score, learner) of each run that ended well."""
    return [(run.rows, run.score, run.learner) for run in state.runs if run.score is not None and not run.failed]


def metric_of(state: PilotState) -> catalog.Metric | None:
    """The metric of the scores; None for one that nobody knows."""
    return next((one for one in catalog.metrics() if one.name == state.metric), None)


def is_share(state: PilotState) -> bool:
    """Whether a score is a share of 1; of a metric that nobody knows it is."""
    known = metric_of(state)
    return known is None or known.bounded


def direction_of(state: PilotState) -> Direction:
    """Which scores of the metric are better; of one that nobody knows the higher ones."""
    known = metric_of(state)
    return "lower" if known is not None and known.direction == "lower" else "higher"


def metric_words(state: PilotState) -> str:
    """What a score is, as a heading."""
    known = metric_of(state)
    words = known.words.partition(";")[0] if known is not None else state.metric.replace("_", " ") or "score"
    return words[:1].upper() + words[1:]


def score_words(state: PilotState, score: float | None) -> str:
    """A score as all scores of the pilot are printed: in percent where its metric is a share of 1."""
    return plain_score(score, of_one=is_share(state))


def facts(state: PilotState) -> tuple[tuple[str, str], ...]:
    """The figures beside the curve: runs, failures, the best score, the target, money and time."""
    best, failed = best_of(state), sum(bool(run.failed) for run in state.runs)
    planned = "" if state.planned is None or state.planned < len(state.runs) else f" of {count(state.planned)}"
    cap = "" if state.cap_usd is None else f" of at most {plain_paid(state.cap_usd)} USD"
    pairs = [
        ("Runs done", f"{count(len(state.runs))}{planned}"),
        ("Failed", count(failed) if failed else ""),
        ("Best of one run", "none yet" if best is None else score_words(state, best)),
        ("Target", "" if state.target is None else target_words(state, state.target)),
        ("Spent", f"{plain_money(state.spent_usd, '' if cap else 'USD')}{cap}"),
        ("Time left", time_left(state)),
    ]
    return tuple((name, words) for name, words in pairs if words)


def target_words(state: PilotState, target: float) -> str:
    """The target as it was stated."""
    return plain_target(target, of_one=is_share(state))


def time_left(state: PilotState) -> str:
    """How long the pilot will still run; empty where none runs."""
    if not state.is_running:
        return ""
    if state.left_s is None:
        return "not known yet"
    whole = f"{max(round(state.left_s), 1)} s" if state.left_s < MINUTE_S else duration(state.left_s)
    return f"about {whole}"


def chart_of(state: PilotState) -> tuple[str, str, str] | None:
    """The curve for a wide screen and for a telephone, and what its dots and line are; None before a run has a score.

    The line is the mean of the learner with most sizes; runs without training rows stand in the table alone.
    """
    runs = [one for one in good(state) if one[0] > 0]
    if not runs:
        return None
    learners = sorted({learner for _, _, learner in runs})
    main = max(learners, key=lambda name: len({rows for rows, _, learner in runs if learner == name}))
    sizes = sorted({rows for rows, _, learner in runs if learner == main})
    means = tuple((n, fmean(score for rows, score, who in runs if (rows, who) == (n, main))) for n in sizes)
    words = f"Every dot is a run; the line is {f'the mean of {main}' if learners[1:] else 'their mean'}."
    curve = Curve(
        caption=f"{metric_words(state)} by number of training examples", metric=state.metric,
        direction=direction_of(state), runs=tuple((rows, score) for rows, score, _ in runs), points=means, band=(),
        target=state.target, ceiling=None, n_max=max(rows for rows, _, _ in runs),
    )  # fmt: skip
    return svg(curve, WIDE), svg(curve, NARROW), words


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the table prints it; `key` stays its own while others come in above it."""

    key: str
    examples: str
    score: str
    took: str
    learner: str
    failed: str


def rows(state: PilotState) -> tuple[RunRow, ...]:
    """The runs, the newest first, the last 500 of many."""
    return tuple(
        RunRow(
            run.key, count(run.rows), "failed" if run.failed else score_words(state, run.score), duration(run.seconds),
            run.learner, run.failed,
        )
        for run in reversed(state.runs[-MOST_ROWS:])
    )  # fmt: skip
