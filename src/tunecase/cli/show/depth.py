"""How much a command says, as the options of every command ask for it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Depth:
    """What was asked for of the one command that a process runs.

    Args:
        full: all that a record says, not the answer alone.
        quiet: the answer alone, and nothing beside it on standard error.
        verbose: on standard error what is done, as it is done.
    """

    full: bool = False
    quiet: bool = False
    verbose: bool = False


DEPTH = Depth()
