"""What should the next dollar buy? The next step with the best expected worth, and when to stop."""

from tunecase.decide.choice import decide
from tunecase.decide.grid import grid
from tunecase.decide.next import changes, next_step
from tunecase.decide.what_if import ENDS, NOT_SURE, RINGS, SURE, Inputs, change, inputs_of, what_if
