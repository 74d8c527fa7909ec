"""The workers of a server: one that dies is told and replaced."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tunecase.agents.pool import Pool
from tunecase.errors import TunecaseError

pytestmark = pytest.mark.needs("mcp")
DIES = """
import os, sys
if "die" in sys.stdin.readline():
    os._exit(3)
print('{"content": 1}', flush=True)
"""


ANSWERS = "import sys\nfor line in sys.stdin: print('{\"content\": 1}', flush=True)"


def test_a_worker_that_was_killed_while_idle_is_replaced(tmp_path: Path) -> None:
    """The next call has another worker, and the dead one is put away."""
    import anyio

    async def tell(words: str) -> None: ...

    async def talk() -> tuple[Any, bool]:
        pool = Pool([sys.executable, "-c", ANSWERS], tmp_path)
        await pool.call({"tool": "audit"}, tell)
        (dead,) = pool.idle
        dead.process.kill()
        await dead.process.wait()
        reply = await pool.call({"tool": "audit"}, tell)
        is_kept = dead in pool.idle
        await pool.close()
        return reply, is_kept

    assert ({"content": 1}, False) == anyio.run(talk)


def test_a_worker_that_dies_is_told(tmp_path: Path) -> None:
    """The call that it died with is an error that says how it ended; the next call has another worker."""
    import anyio

    async def tell(words: str) -> None: ...

    async def talk() -> tuple[str, Any]:
        pool = Pool([sys.executable, "-c", DIES], tmp_path)
        with pytest.raises(TunecaseError) as caught:
            await pool.call({"tool": "die"}, tell)
        reply = await pool.call({"tool": "audit"}, tell)
        await pool.close()
        return str(caught.value), reply

    words, reply = anyio.run(talk)
    assert words.startswith("The process that worked on die ended with code 3 before it answered.")
    assert {"content": 1} == reply
