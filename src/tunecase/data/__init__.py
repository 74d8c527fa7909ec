"""Are these the right data, and good enough? Reading, auditing, cleaning, reviewing and labelling them."""

from tunecase.data.label import Pick, expected, plan
from tunecase.data.label_trial import compare_readers, read_readers
from tunecase.data.text import normalise, words
