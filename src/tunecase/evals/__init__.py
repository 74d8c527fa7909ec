"""Scores from elsewhere: reads the logs of evaluation tools into one shape; one function for each format in READERS."""

from tunecase.evals.log import LEAST_MATCHED, RIGHT, Asked, Log, share_among
from tunecase.evals.read import find_log, read_log, read_logs
