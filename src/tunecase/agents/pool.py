"""The workers of a server: processes that work on one call each, kept for the next one, ended with a cancelled one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase.errors import InputError, Problem, TunecaseError

if TYPE_CHECKING:
    from anyio.abc import Process
    from anyio.streams.buffered import BufferedByteReceiveStream

AT_ONCE = 4  # calls that are worked on at the same time; further ones wait
MOST_IDLE = 2  # workers that are kept for the next calls
GRACE_S = 1.5  # for a cancelled call to end by itself
MOST_BYTES = 16_000_000  # of one line of a worker
Tell = Callable[[str], Awaitable[None]]


@dataclass
class Worker:
    """One process, and what it says."""

    process: "Process"
    said: "BufferedByteReceiveStream"

    async def ask(self, asked: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
        """Its reply to one call; `tell` hears what is done meanwhile.

        Raises: TunecaseError where the process ends before it replies.
        """
        from anyio import BrokenResourceError, ClosedResourceError, EndOfStream, IncompleteRead

        assert self.process.stdin is not None
        try:
            await self.process.stdin.send(json.dumps(asked).encode() + b"\n")
            while True:
                reply: dict[str, Any] = json.loads(await self.said.receive_until(b"\n", MOST_BYTES))
                if "progress" not in reply:
                    return reply
                await tell(reply["progress"])
        except (BrokenResourceError, ClosedResourceError, EndOfStream, IncompleteRead):
            code = await self.process.wait()
            how = f"by signal {-code}" if code < 0 else f"with code {code}"
            fix = "ask for less at once, or end other programs: this machine may be short of memory"
            raise TunecaseError(
                f"The process that worked on {asked['tool']} ended {how} before it answered.\nFix: {fix}"
            ) from None

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Ends it: its input is closed, which interrupts its work; it is killed with its children if it goes on."""
        from anyio import move_on_after

        assert self.process.stdin is not None
        with suppress(OSError, RuntimeError):
            await self.process.stdin.aclose()
        with move_on_after(grace_s):
            await self.process.wait()
        if self.process.returncode is None:
            self._kill()
            await self.process.wait()
        await self.process.aclose()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            if sys.platform == "win32":
                self.process.kill()
            else:
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Pool:
    """Starts workers when calls come, and gives each call one of its own.

    Args:
        command: what starts a worker.
        folder: in which it works.
    """

    command: Sequence[str]
    folder: Path
    idle: list[Worker] = field(default_factory=list)
    _room: Any = None

    async def call(self, asked: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
        """The reply of a worker to one call; one that is cancelled ends its worker.

        Args:
            asked: the `tool`, what it is `given`, and what the server says of the person.
            tell: hears what is done meanwhile.
        Raises: InputError where the folder is gone; TunecaseError where the worker ends before it replies.
        """
        from anyio import CancelScope, Semaphore

        self._room = self._room or Semaphore(AT_ONCE)
        async with self._room:
            if not self.folder.is_dir():
                got, fix = "no folder any more", "put it back, or start `tunecase mcp` in another folder"
                raise InputError(Problem(str(self.folder), got, "the folder that the server was started in", fix))
            worker = await self._taken() or await self._start()
            is_fine = False
            try:
                reply = await worker.ask(asked, tell)
                is_fine = True
            finally:
                if is_fine and len(self.idle) < MOST_IDLE:
                    self.idle.append(worker)
                else:
                    with CancelScope(shield=True):
                        await worker.stop()
            return reply

    async def _taken(self) -> Worker | None:
        """A worker that waits; those that ended meanwhile are put away."""
        while self.idle:
            worker = self.idle.pop()
            if worker.process.returncode is None:
                return worker
            await worker.stop(0)
        return None

    async def _start(self) -> Worker:
        from anyio import open_process
        from anyio.streams.buffered import BufferedByteReceiveStream

        process = await open_process(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, cwd=self.folder,
            start_new_session=sys.platform != "win32",
        )  # fmt: skip
        assert process.stdout is not None
        return Worker(process, BufferedByteReceiveStream(process.stdout))

    async def close(self) -> None:
        """Ends the workers that wait, at once: they do nothing that could be lost."""
        while self.idle:
            await self.idle.pop().stop(0)
