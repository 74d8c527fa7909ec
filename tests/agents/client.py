"""A real client of the Model Context Protocol, speaking with the real process of `tunecase mcp`."""

import hashlib
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

SRC = str(Path(__file__).parents[2] / "src")
CODE = "tunecase/exit_code"
# What the process needs of this one's environment beside what the client hands on.
HANDED_ON = ("OMP_NUM_THREADS", "TUNECASE_CACHE", "XDG_STATE_HOME", "LOCALAPPDATA", "PYTHONPYCACHEPREFIX")


def environment() -> dict[str, str]:
    """The variables that the server runs with."""
    return {"PYTHONPATH": SRC, **{name: os.environ[name] for name in HANDED_ON if name in os.environ}}


def command(*words: str) -> list[str]:
    """What starts the server in the folder that it is started in."""
    return [sys.executable, "-P", "-m", "tunecase", "mcp", *words]


def speak(folder: Path, talk: Callable[[Any], Awaitable[Any]], *words: str, **client: Any) -> Any:
    """What comes of a talk with a server that is started in a folder; `client` says more of the client."""
    import anyio

    return anyio.run(partial(_speak, folder, talk, *words, **client))


async def _speak(folder: Path, talk: Callable[[Any], Awaitable[Any]], *words: str, **about: Any) -> Any:
    import anyio
    from mcp import Client, StdioServerParameters

    program, *rest = command(*words)
    server = StdioServerParameters(command=program, args=rest, env=environment(), cwd=folder)
    with anyio.fail_after(300):
        async with Client(server, **about) as client:
            return await talk(client)


def call(folder: Path, tool: str, *words: str, client: Mapping[str, Any] = {}, **given: Any) -> Any:
    """The result of one tool, of a server of its own; `client` says more of the client."""

    async def talk(speaks: Any) -> Any:
        return await speaks.call_tool(tool, given)

    return speak(folder, talk, *words, **client)


def person(action: str, **content: Any) -> Callable[..., Awaitable[Any]]:
    """A person who answers every form alike; what they were asked stands in `asked`."""
    from mcp import types

    async def answer(context: Any, params: Any) -> types.ElicitResult:
        asked.append(params.message)
        return types.ElicitResult(action=action, content=content or None)

    asked: list[str] = []
    answer.asked = asked  # type: ignore[attr-defined]
    return answer


def said(result: Any) -> str:
    """The words of a result."""
    return str(result.content[0].text)


def files_of(folder: Path) -> dict[str, str]:
    """The digest of every file below a folder."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def workers_in(folder: Path) -> list[int]:
    """The processes of workers whose current folder this is; Linux only."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"--worker" in words and (place / "cwd").resolve() == folder.resolve():
                found.append(int(place.name))
        except OSError:  # it has ended, or is another user's
            continue
    return found


def hello(**more: Any) -> bytes:
    """The first line of a client, as bytes on the wire."""
    about = {"name": "test", "version": "1"}
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": about}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params, **more}).encode() + b"\n"
