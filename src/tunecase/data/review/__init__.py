"""What people said of the rows in a review queue, and how far the queue has to be read."""

from tunecase.data.review.corrections import NAME, read_corrections, write_corrections
from tunecase.data.review.review import review

__all__ = ["NAME", "read_corrections", "review", "write_corrections"]
