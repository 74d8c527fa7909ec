"""Makes docs/page.png: the first screen of the shipped example's page, in a Chromium of this machine.

    python docs/picture.py

The picture is what `tunecase run` writes in a copy of the example; it needs the small encoder's weights at hand.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE, HIGH = 1280, 900
TODAY = "2026-11-27"


def main() -> int:
    """Walks the road in a new folder and photographs the page; 3 where there is no Chromium."""
    browser = next((found for name in NAMES if (found := shutil.which(name))), None)
    if browser is None:
        print("There is no Chromium here. Install one: the package is called chromium.", file=sys.stderr)
        return 3
    command = [sys.executable, "-m", "tunecase"]
    with tempfile.TemporaryDirectory() as folder:
        case, picture = Path(folder) / "case", ROOT / "docs" / "page.png"
        subprocess.run([*command, "init", "--example", "support-tickets", "--to", case], check=True)
        subprocess.run([*command, "run", "--project", case / "tunecase.yaml", "--today", TODAY], check=False)
        options = ["--headless", "--disable-gpu", "--hide-scrollbars", f"--window-size={WIDE},{HIGH}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--no-sandbox")
        options += [f"--user-data-dir={folder}/browser", f"--screenshot={picture}"]
        subprocess.run([browser, *options, (case / "report.html").as_uri()], check=True, capture_output=True)
    print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
