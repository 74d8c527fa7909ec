"""Prints a page with the Chromium of this machine, which is given nothing else to do."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.io.outputs import write_whole

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
VARIABLE = "TUNECASE_CHROMIUM"
PDF_MARK = b"Skia/PDF"  # what every PDF of Chromium says of its maker
MOST_SECONDS = 120
FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-extensions",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
    "--no-pdf-header-footer", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def find_chromium() -> str:
    """The program that TUNECASE_CHROMIUM names, or the first Chromium on the path.

    Raises: InputError where there is none.
    """
    named = os.environ.get(VARIABLE, "")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        got = f"no program {named}" if named else "no Chromium on this machine"
        fix = f"install Chromium, or set {VARIABLE} to its program; any browser prints the page too"
        raise InputError(Problem("--pdf", got, "a Chromium that prints the page", fix))
    return found


def pdf_of(html: str) -> bytes:
    """A self-contained page as PDF, laid out for paper.

    Raises: InputError without a Chromium; TunecaseError where it prints nothing.
    """
    program = find_chromium()
    with tempfile.TemporaryDirectory(prefix="tunecase-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        page, printed = folder / "page.html", folder / "page.pdf"
        write_whole(page, html)
        # A container's root may not use the sandbox, and the page can neither load nor run what is not its own.
        sandbox = ("--no-sandbox",) if getattr(os, "geteuid", lambda: 1)() == 0 else ()
        profile = f"--user-data-dir={folder / 'profile'}"
        command = (program, *FLAGS, *sandbox, profile, f"--print-to-pdf={printed}", page.as_uri())
        try:
            ran = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TunecaseError(f"{program} did not print the page: {error}") from error
        if ran.returncode or not printed.is_file():
            raise TunecaseError(f"{program} did not print the page: exit code {ran.returncode}")
        return printed.read_bytes()
