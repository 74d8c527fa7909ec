"""Measured points of load from the files of load generators."""
