"""The process that works on calls: one line of JSON in, lines of progress and one answer out, no network.

A call that is cancelled ends with its process: the server closes its input, and the work is interrupted as by Ctrl-C.
"""

import contextlib
import errno
import json
import os
import queue
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from tunecase import flow
from tunecase.accounts import asked_words
from tunecase.agents.answers import bounded, short
from tunecase.agents.call import Call, Show
from tunecase.agents.tools import TOOLS, Tool
from tunecase.errors import InputError, Problem, TunecaseError, first_of, printable
from tunecase.faces import FACE
from tunecase.ledger import NewEntry

APART_S = 0.2  # between two lines of progress
OPTIONS = {"--from": "since", "--to": "until", "--category": "line", "--what-if": "sure"}  # called otherwise here
OPTION = re.compile(r"--[a-z][a-z-]*")
CODE_FIX = (
    "ask the person to run `tunecase approve --code` in a terminal, in the folder of the case: it shows what you ask "
    "and a code. Then call this again, unchanged but for `code`"
)
CONNECTING = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")


def work(show: Show, failed: Callable[[BaseException], str], working: Mapping[str, str]) -> None:
    """Works on calls from standard input until it ends.

    Args:
        show: the short answer of a verb's record as the terminal prints it.
        failed: one line on a failure of our own.
        working: what is done now, in words, by the verb of each step.
    """
    desk = _Desk(_own_output(), show, failed, working)
    FACE.code, FACE.permit = "agent", desk.permit
    refuse_network()
    os.environ["HF_HUB_OFFLINE"] = "1"  # for what the trainers load in processes of their own, too
    threading.Thread(target=_listen, args=(desk,), daemon=True).start()
    try:
        while (line := desk.lines.get()) is not None:
            desk.busy = True
            desk.answer(line)
            desk.busy = False
    except KeyboardInterrupt:  # the call was cancelled: nobody waits for its answer
        return


class _AskError(Exception):
    """A person is to be asked first; holds the reply that says how."""


@dataclass
class _Desk:
    """What a worker has at hand: where its answers go, and the audits that earlier calls made."""

    wire: BinaryIO
    show: Show
    failed: Callable[[BaseException], str]
    working: Mapping[str, str] = field(default_factory=dict)
    lines: "queue.SimpleQueue[bytes | None]" = field(default_factory=queue.SimpleQueue)
    held: dict[str, Any] = field(default_factory=dict)
    busy: bool = False
    told_s: float = 0.0
    asked: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, line: bytes) -> None:
        """Works on one call and sends its answer, or why there is none."""
        self.asked = asked = json.loads(line)
        tool = TOOLS[asked["tool"]]
        try:
            reply = self._reply(tool, asked["given"])
        except _AskError as error:
            (reply,) = error.args
        except InputError as error:
            reply = refusal(InputError([by_field(problem, tool) for problem in error.problems]))
        except TunecaseError as error:
            reply = refusal(error)
        except Exception as error:  # noqa: BLE001 - the last resort: a failure of ours ends no server
            reply = refusal(TunecaseError(_of_the_world(error) or self.failed(error)))
        self._send(reply)

    def permit(self, ledger: Path, entries: Sequence[NewEntry]) -> Mapping[str, str]:
        """How the person was seen who permits that entries are written. Raises: _AskError where nobody does as yet."""
        named = flow.Request(str(ledger.resolve()), [(entry.verb, entry.body) for entry in entries])
        records = [(verb, replace(body, by="") if hasattr(body, "by") else body) for verb, body in named.records]
        nameless = flow.Request(named.ledger, records)  # what a form asks, which also asks the name
        if self.asked.get("digest") == nameless.digest:
            return {"seen": "elicited", "person": self.asked["by"]}
        if code := self.asked["given"].get("code"):
            flow.take(named, code)
            return {"seen": "code"}
        if self.asked.get("elicits"):
            raise _AskError({"asks": asked_words(nameless.ledger, records), "digest": nameless.digest})
        flow.leave(named)
        wanted = "the code by which a person permits exactly this"
        raise _AskError(refusal(InputError(Problem("code", "none", wanted, CODE_FIX))))

    def _reply(self, tool: Tool, given: dict[str, Any]) -> dict[str, Any]:
        made = tool.work(Call(given, self.show, self._tell, self.held))
        content, left_out = bounded(made.content)
        text = made.text if made.content is None else short(made.text)
        if left_out:
            text = f"{text}\nLeft out, to keep the answer short: {'; '.join(left_out)}."
        return {"content": content, "text": text, "code": made.code, "left_out": list(left_out)}

    def _tell(self, words: str) -> None:
        now_s = time.monotonic()
        if now_s - self.told_s >= APART_S:
            self.told_s = now_s
            self._send({"progress": self.working.get(words, words)})

    def _send(self, message: dict[str, Any]) -> None:
        from tunecase.records import to_json

        self.wire.write(to_json(message) + b"\n")
        self.wire.flush()


def refusal(error: TunecaseError) -> dict[str, Any]:
    """The reply to a call that cannot be answered: the words, the first problems in their four parts, the exit code."""
    problems = first_of(error.problems) if isinstance(error, InputError) else ()
    parts = [{name: printable(getattr(one, name)) for name in ("where", "got", "wanted", "fix")} for one in problems]
    return {"refused": str(error), "problems": parts, "code": error.exit_code}


def by_field(problem: Problem, tool: Tool) -> Problem:
    """A problem of what the terminal takes as an option, named by the field of the tool that takes it.

    A remedy by an option that no tool takes is the person's, in a terminal.

    Example:
        >>> by_field(Problem("--test-rows", "0", "1 or more", "count them"), TOOLS["add_round"]).where
        'test_rows'
        >>> by_field(Problem("amount", "9", "at most 5", "approve less, or more with --beyond"), TOOLS["approve"]).fix
        'approve less, or more with --beyond (no tool has --beyond: ask the person, who can give it in a terminal)'
    """
    names = {field.name for field in tool.fields}
    where = _field_of(problem.where, names) or problem.where
    options = dict.fromkeys(OPTION.findall(problem.fix))
    missing = [option for option in options if not _field_of(option, names)]
    fix = OPTION.sub(lambda found: _field_of(found[0], names) or found[0], problem.fix)
    if missing:
        fix = f"{fix} (no tool has {' and '.join(missing)}: ask the person, who can give it in a terminal)"
    return replace(problem, where=where, fix=fix)


def _field_of(option: str, names: Container[str]) -> str:
    """The field of a tool that takes an option; empty where none does, or it is no option."""
    called = (option.removeprefix("--").replace("-", "_"), OPTIONS.get(option, ""))
    return next((name for name in called if name in names), "") if option.startswith("--") else ""


def refuse_network() -> None:
    """From now on this process opens no connection to any machine, this one included."""
    sys.addaudithook(_no_connection)


def _no_connection(event: str, args: tuple[Any, ...]) -> None:
    if event in CONNECTING and (event.startswith("socket.get") or isinstance(args[1], tuple)):
        raise OSError(errno.ENETUNREACH, "an agent's tools use no network")


def _of_the_world(error: Exception) -> str:
    """What this machine refused; empty for an error that only a bug can cause."""
    if isinstance(error, MemoryError):
        return "The memory of this machine has run out.\nFix: end other programs, or ask for less at once"
    if isinstance(error, OSError) and error.errno not in (None, errno.EBADF, errno.EINVAL):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}this machine refused it ({error.strerror}).\nFix: check the file, its folder and the disk"
    return ""


def _own_output() -> BinaryIO:
    """Standard output for the answers alone: whatever else is printed goes to standard error."""
    sys.stdout.flush()
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return wire


def _listen(desk: _Desk) -> None:
    """Hands lines over as they come; when there are no more, what is being worked on is interrupted."""
    for line in sys.stdin.buffer:
        desk.lines.put(line)
    desk.lines.put(None)
    if desk.busy:
        _interrupt()


def _interrupt() -> None:
    if sys.platform == "win32":
        import _thread

        _thread.interrupt_main()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.kill(os.getpid(), signal.SIGINT)
