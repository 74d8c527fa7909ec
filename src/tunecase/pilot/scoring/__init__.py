"""How an answer is scored against its reference, and what the mistakes have in common."""

from tunecase.pilot.scoring.agreement import LEAST_ROWS, Agreement, agreement, judged_score, read_human
from tunecase.pilot.scoring.judge import Judgement, judge, order_effect
from tunecase.pilot.scoring.mistakes import Answered, review_rows
from tunecase.pilot.scoring.promise import Costs, cheapest, keeps, meets, promise, rows_needed
from tunecase.pilot.scoring.score import Kind, mean_interval, row_scores
