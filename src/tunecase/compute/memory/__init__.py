"""How much memory a training run takes at its peak, term by term, and whether it fits a card."""

from tunecase.compute.memory.peak import (
    GB_PER_GIB,
    WORKSPACE_GB,
    Peak,
    card_gb,
    fit_verdict,
    peak_gb,
    peak_memory,
    phases,
    reserved_gb,
    stack,
    usable_gb,
)
from tunecase.compute.memory.sampling import engine_gb, while_sampling
from tunecase.compute.memory.states import largest
