"""One pilot in a process of its own: it reads what is asked from standard input and tells how far it is, line by line.

The first line of standard input is what is asked, as JSON. The input stays open as long as the server lives: where it
ends, the pilot is interrupted, so that no pilot outlives a server that was killed. Standard output is for what this
file tells; whatever a trainer prints there goes to standard error.
"""

import _thread
import json
import os
import signal
import sys
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TextIO

from tunecase.errors import InputError, TunecaseError
from tunecase.faces import FACE


@dataclass(frozen=True, slots=True)
class PilotAsked:
    """The pilot of which project file is asked for, and how; a trainer "" is chosen, a cap of None is none.

    Without `max_usd` only what costs no money is run.
    """

    project: str
    seed: int = 0
    today: str | None = None
    trainer: str = ""
    max_minutes: float | None = None
    max_usd: float | None = None


def main() -> int:
    """Runs the pilot that standard input asks for; the exit code is that of `tunecase pilot`."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a server in the background may hand on that they are ignored
        signal.signal(number, signal.default_int_handler)
    FACE.code = "app"
    told = _own_output()
    asked = PilotAsked(**json.loads(_first_line()))
    threading.Thread(target=_end_with_server, daemon=True).start()
    try:
        _run(asked, told)
    except KeyboardInterrupt:
        return 130
    except TunecaseError as error:
        wheres = [problem.where for problem in error.problems] if isinstance(error, InputError) else []
        _tell(told, {"fault": str(error), "where": wheres})
        return error.exit_code
    return 0


def _own_output() -> TextIO:
    """Standard output for this file alone; the number that it had leads to standard error from now on."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "w", encoding="utf-8")


def _first_line() -> bytes:
    """The first line of standard input, read without a buffer: whatever waits in one holds up the end of Python."""
    line = b""
    while not line.endswith(b"\n") and (part := os.read(0, 1)):
        line += part
    return line


def _end_with_server() -> None:
    while os.read(0, 1024):
        pass
    if not hasattr(os, "killpg"):
        _thread.interrupt_main()
    elif os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGINT)
    else:
        os.kill(os.getpid(), signal.SIGINT)


def _run(asked: PilotAsked, told: TextIO) -> None:
    from tunecase import flow

    opened = flow.open_case(Path(asked.project), asked.seed, date.fromisoformat(asked.today) if asked.today else None)
    plain = flow.PilotSettings(asked.trainer, max_minutes=asked.max_minutes, max_usd=asked.max_usd)
    race = "none" if asked.trainer else "auto"  # who chose a learner gets that one
    words = flow.PilotWords(engine=None if asked.max_usd is not None else "local", candidates=race)
    settings = flow.pilot_settings(words, plain, opened.project)

    def tell(state: Any) -> None:
        _tell(told, {
            "done": state.done, "total": state.total, "left_s": state.left_s, "usd": state.usd, "now": state.now,
            "candidate": state.candidate, "at": datetime.now(UTC).isoformat(),
        })  # fmt: skip

    _tell(told, {"begun": asdict(asked)})
    flow.pilot(opened, settings, tell, tell=lambda line: _tell(told, {"fetching": line}))


def _tell(told: TextIO, what: dict[str, Any]) -> None:
    try:
        told.write(json.dumps(what) + "\n")
        told.flush()
    except OSError:  # nobody listens any more; the end of the input ends the pilot
        return


if __name__ == "__main__":
    sys.exit(main())
