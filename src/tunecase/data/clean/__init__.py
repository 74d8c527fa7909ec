"""A cleaned copy of the data, what was taken out of it and why."""

from tunecase.data.clean.clean import CHANGES, clean, read_ranking
