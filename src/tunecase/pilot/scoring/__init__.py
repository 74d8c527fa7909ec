"""How an answer is scored against its reference, and what the mistakes have in common."""

from tunecase.pilot.scoring.agreement import LEAST_ROWS, Agreement, agreement, judged_score, read_human
from tunecase.pilot.scoring.judge import Judgement, judge, order_effect
from tunecase.pilot.scoring.mistakes import Answered, review_rows
from tunecase.pilot.scoring.promise import Costs, cheapest, keeps, meets, promise, promise_of, rows_needed
from tunecase.pilot.scoring.score import Kind, mean_interval, row_scores

__all__ = [
    "LEAST_ROWS", "Agreement", "Answered", "Costs", "Judgement", "Kind", "agreement", "cheapest", "judge",
    "judged_score", "keeps", "mean_interval", "meets", "order_effect", "promise", "promise_of", "read_human",
    "review_rows", "row_scores", "rows_needed",
]  # fmt: skip
