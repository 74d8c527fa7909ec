"""Where the command line begins: before it is loaded, Ctrl-C already ends it without a traceback."""

from typing import NoReturn

INTERRUPTED = 130  # as of a program that SIGINT has ended, and as in `commands`, which imports nothing of this


def main() -> NoReturn:
    """Loads the command line and runs it."""
    try:
        from tunecase.cli.commands import main as run

        run()
    except KeyboardInterrupt:  # while it is loaded, or between two steps of its own
        raise SystemExit(INTERRUPTED) from None
