"""Where the command line begins: before it is loaded, Ctrl-C already ends it without a traceback."""

from typing import NoReturn

from tunecase.cli.ending import code_of, tidied


def main() -> NoReturn:
    """Loads the command line and runs it."""
    with tidied():
        try:
            from tunecase.cli.commands import main as run

            run()
        except KeyboardInterrupt as stop:  # while it is loaded, or between two steps of its own
            raise SystemExit(code_of(stop)) from None
