"""How a command ends before its time: by Ctrl-C, or by a signal that is taken for it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

INTERRUPTED = 128 + signal.SIGINT
ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def code_of(stop: BaseException | None) -> int:
    """The exit code of a command that Ctrl-C, or the signal that an interrupt holds, has ended.

    Example:
        >>> code_of(KeyboardInterrupt()), code_of(KeyboardInterrupt(15))
        (130, 143)
    """
    return 128 + int(stop.args[0]) if stop is not None and stop.args else INTERRUPTED


@contextmanager
def tidied() -> Iterator[None]:
    """A signal of ENDING is taken for Ctrl-C, so that all is tidied up; one that is ignored stays so."""
    taken = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    with suppress(ValueError):  # no main thread
        for number in taken:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        with suppress(ValueError):
            for number in taken:
                signal.signal(number, signal.SIG_DFL)


def _stop(number: int, _: Any) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # a second one would break off the tidying
    raise KeyboardInterrupt(number)
