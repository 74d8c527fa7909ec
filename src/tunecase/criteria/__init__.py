"""Rules of a well-posed problem, by subject; each is a function of the Facts that returns one Criterion.

A rule judges data and measurements, never the words of the goal nor the names of the labels.
"""
