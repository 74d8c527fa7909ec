"""Are these the right data, and good enough? Reading, auditing, cleaning, reviewing and labelling them."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.data.detectors.private import Mask, handed_out
    from tunecase.data.label import Pick, expected, plan
    from tunecase.data.label_trial import compare_readers, read_readers
    from tunecase.data.text import normalise, words

loads_late(__name__)
