"""Points measured elsewhere: one function for each format, named in IMPORTERS of forecast/forecast.py."""

from tunecase.forecast.importers.imported import Asked
