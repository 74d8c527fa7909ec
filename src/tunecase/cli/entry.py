"""Where the command line begins: before it is loaded, Ctrl-C already ends it without a traceback."""

from typing import NoReturn

INTERRUPTED = 130  # as of a program that SIGINT has ended, and as in `commands`, which imports nothing of this


def main() -> NoReturn:
    """Runs the command line; whatever happens ends in a message and an exit code, never in a traceback."""
    try:
        from tunecase.cli.commands import main as run

        run()
    except KeyboardInterrupt:  # while it is loaded, or between two steps of its own
        raise SystemExit(INTERRUPTED) from None
