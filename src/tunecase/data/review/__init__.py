"""What people said of the rows in a review queue, and how far the queue has to be read."""

from tunecase.data.review.corrections import CORRECTIONS_FILE, read_corrections, write_corrections
from tunecase.data.review.review import LEAST_TIMED, GivenOut, mean_minutes, review
