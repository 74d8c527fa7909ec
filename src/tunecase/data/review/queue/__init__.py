"""Rows to review as files: Label Studio, Argilla or a spreadsheet, written and read back."""

from tunecase.data.review.queue.sheet import guarded

__all__ = ["guarded"]
