"""The sections of the report, one file for each verb."""

from tunecase.report.sections.books import page_of

__all__ = ["page_of"]
