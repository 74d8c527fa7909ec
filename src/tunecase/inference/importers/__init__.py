"""Measured points of load from the files of load generators."""

from tunecase.inference.importers.read import read_points
