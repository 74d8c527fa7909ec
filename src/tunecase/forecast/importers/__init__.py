"""Points measured elsewhere: one function for each format, named in `forecast.IMPORTERS`."""

from tunecase.forecast.importers.imported import Asked

__all__ = ["Asked"]
