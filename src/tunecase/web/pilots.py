"""The pilots that the app has started: one process for each case, what it tells, and its end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

from tunecase.quantities import one_line
from tunecase.web import worker
from tunecase.web.worker import PilotAsked

STOPS_S = 10.0  # that an interrupted pilot has to tidy up before it is killed
LAST_LINES, MOST_LINE = 12, 400  # of what a process wrote on standard error; characters
MOST_TOLD = 65_536  # characters of a line that a process tells
HAS_GROUPS = hasattr(os, "killpg")


class PilotProcess:
    """A pilot in a process group of its own, started at once; `told` is what it last told of each kind.

    Whoever reads `version` sees it grow whenever something was told, and at the end.
    """

    def __init__(self, asked: PilotAsked) -> None:
        self.asked, self.version, self.is_stopping = asked, 0, False
        self.told: Mapping[str, Any] = {}
        self.returned: int | None = None
        self._ending = threading.Lock()  # nothing is signalled while its number is given back
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        group: dict[str, Any] = {"start_new_session": True} if HAS_GROUPS else {}
        if not HAS_GROUPS:
            group = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-P", "-m", worker.__name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **group,
        )  # fmt: skip
        asks, output, errors = self._process.stdin, self._process.stdout, self._process.stderr
        assert asks is not None
        assert output is not None
        assert errors is not None
        self._input = asks
        with contextlib.suppress(OSError):  # it has died already
            self._input.write(json.dumps(asdict(asked)).encode() + b"\n")
            self._input.flush()
        self._errors = threading.Thread(target=self._keep_last, args=(errors,), daemon=True)
        self._errors.start()
        self._reader = threading.Thread(target=self._listen, args=(output,), daemon=True)
        self._reader.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not come to its end."""
        return self.returned is None

    @property
    def fault(self) -> str:
        """Why it ended before its time, in its last words; empty where it ended well, or was stopped."""
        if self.returned in (None, 0) or (self.is_stopping and "fault" not in self.told):
            return ""
        if self.told.get("fault"):
            return str(self.told["fault"])
        last = " ".join(self._last)
        how = f"by signal {-self.returned}" if (self.returned or 0) < 0 else f"with exit code {self.returned}"
        words = f" Its last words: {one_line(last, MOST_LINE)}" if last else " It left no words."
        return f"The pilot's process ended {how}; the runs that had finished are kept.{words}"

    def interrupt(self) -> None:
        """Asks it to stop, as Ctrl-C does."""
        self.is_stopping = True
        self._signal(signal.SIGINT if HAS_GROUPS else getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))

    def wait(self, most_s: float = STOPS_S) -> None:
        """Waits for its end, and kills it where that does not come in time."""
        self._reader.join(most_s)
        if self._reader.is_alive():
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self._reader.join(STOPS_S)

    def _signal(self, number: int) -> None:
        with self._ending, contextlib.suppress(OSError):
            if self._process.returncode is not None:  # its number may be another's by now
                return
            if HAS_GROUPS:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)

    def _keep_last(self, stream: IO[bytes]) -> None:
        while line := stream.readline(MOST_TOLD):
            if words := line.decode("utf-8", "replace").strip():
                self._last.append(words[:MOST_LINE])

    def _listen(self, stream: IO[bytes]) -> None:
        """Reads what it tells to its end; processes that it has left behind go with it."""
        while line := stream.readline(MOST_TOLD):
            with contextlib.suppress(ValueError):
                self.told = {**self.told, **json.loads(line)}
                self.version += 1
        self._await_end()
        with contextlib.suppress(OSError):
            if HAS_GROUPS:  # before its number is given back, so that no other group can bear it
                os.killpg(self._process.pid, signal.SIGKILL)
        with self._ending:
            returned = self._process.wait()
        self._errors.join(1.0)
        with contextlib.suppress(OSError):
            self._input.close()
        self.returned = returned
        self.version += 1

    def _await_end(self) -> None:
        if hasattr(os, "waitid"):
            with contextlib.suppress(OSError):
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._process.wait()


class Pilots:
    """The pilots of all cases that are served, by the key of the case: at most one at a time for each."""

    def __init__(self) -> None:
        self._of: dict[str, PilotProcess] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    def of(self, key: str) -> PilotProcess | None:
        """The pilot of a case that was started here last, running or not."""
        return self._of.get(key)

    def running(self) -> Mapping[str, PilotProcess]:
        """The pilots under way."""
        return {key: one for key, one in list(self._of.items()) if one.is_running}

    def start(self, key: str, asked: PilotAsked) -> PilotProcess | None:
        """Starts the pilot of a case; None where one that was started here is under way."""
        with self._lock:
            before = self._of.get(key)
            if self._is_closed or (before is not None and before.is_running):
                return None
            self._of[key] = PilotProcess(asked)
            return self._of[key]

    def stop(self, key: str) -> bool:
        """Interrupts the pilot of a case and waits for its end; False where none is under way."""
        one = self._of.get(key)
        if one is None or not one.is_running:
            return False
        one.interrupt()
        one.wait()
        return True

    def interrupt(self) -> None:
        """Interrupts all pilots and starts none any more, without waiting for their ends."""
        with self._lock:
            self._is_closed = True
        for one in self.running().values():
            if not one.is_stopping:
                one.interrupt()

    def close(self) -> None:
        """Interrupts all pilots, waits for them together, and kills what does not end in time."""
        self.interrupt()
        ending = list(self.running().values())
        until = time.monotonic() + STOPS_S
        try:
            for one in ending:
                one.wait(max(0.0, until - time.monotonic()))
        except KeyboardInterrupt:
            for one in ending:
                one.wait(0.0)
            raise
