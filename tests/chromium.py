"""The Chromium of this machine, for tests of what a page does in a real browser."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on the path"
)
# Chromium has no sandbox for the user root.
ARGUMENTS = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser whose tabs all count as seen, as playwright has it."""
    with _playwright() as started:
        one = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield one
        one.close()


@contextmanager
def window() -> Iterator[Any]:
    """One window as people have it: of its tabs the one in front is seen, and the others are hidden."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, _playwright() as started:
        command = [CHROMIUM, *ARGUMENTS, "--headless=new", "--no-first-run", "--remote-debugging-port=0"]
        command += [f"--user-data-dir={profile}", "about:blank"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as browser:
            try:
                address = f"http://127.0.0.1:{_port_of(Path(profile))}"
                yield started.chromium.connect_over_cdp(address, no_defaults=True).contexts[0]
            finally:
                browser.terminate()


def _port_of(profile: Path, most_s: float = 60.0) -> int:
    """Where a browser that has just been started listens."""
    told, end_s = profile / "DevToolsActivePort", time.monotonic() + most_s
    while not (told.exists() and (lines := told.read_text(encoding="ascii").split())[1:]):
        assert time.monotonic() < end_s, "Chromium does not start"
        time.sleep(0.05)
    return int(lines[0])


def hear(tab: Any, said: list[str]) -> None:
    """Keeps what the console of a tab says, errors of its page among it."""
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))


def _playwright() -> Any:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the dev extra's playwright")
    return playwright.sync_playwright()
