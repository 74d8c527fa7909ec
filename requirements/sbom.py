"""Writes the bill of materials of the product, and the page that lists the licences of all it is installed with.

The product is installed with its light extras, from the lock, into a folder of its own, which cyclonedx-py reads. What
torch, Ray and their parts bring is left out.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BILL = ROOT / "build" / "sbom.cdx.json"
PAGE = ROOT / "docs" / "dependencies.md"
BEFORE = """# What tunecase is installed with

Every package that the product with its light extras brings, with the licence that its metadata names, written by
`make sbom` from the lock (`requirements/core.txt`). The same as a CycloneDX bill of materials: `build/sbom.cdx.json`.

| package | version | licence |
|---|---|---|
"""
# What every new environment holds by itself.
NOT_OURS = ("pip", "setuptools", "wheel", "tunecase")


def bill() -> tuple[dict[str, Any], dict[str, str]]:
    """The bill of materials of a fresh installation, as CycloneDX JSON, and how each licence file there begins."""
    with tempfile.TemporaryDirectory() as made:
        venv.create(made, with_pip=True)
        python = next(path for path in (Path(made) / "bin/python", Path(made) / "Scripts/python.exe") if path.exists())
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*install, "--require-hashes", "--requirement", ROOT / "requirements/core.txt"], check=True)
        subprocess.run([*install, "--no-build-isolation", ROOT], check=True)
        read = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", ROOT / "pyproject.toml"]
        BILL.parent.mkdir(exist_ok=True)
        subprocess.run([*read, "--output-reproducible", "--output-file", BILL, python], check=True)
        begun = {
            file.parents[1].name.partition("-")[0]: " ".join(file.read_text(encoding="utf-8")[:300].split())
            for file in Path(made).rglob("*.dist-info/licenses/LICENSE*")
        }
    return json.loads(BILL.read_text(encoding="utf-8")), begun


def licence(component: dict[str, Any], begun: dict[str, str]) -> str:
    """The licences that a package's metadata names, else its classifiers, else how its licence file begins."""
    named = [entry.get("license", entry) for entry in component.get("licenses", ())]
    words = [str(entry.get("expression") or entry.get("id") or entry.get("name")).splitlines()[0] for entry in named]
    title = begun.get(component["name"].replace("-", "_"), "").partition(" http")[0]
    plain = [word for word in words if "::" not in word] or [word.rpartition(" :: ")[2] for word in words]
    return " and ".join(dict.fromkeys(plain)) or title or "not named"


if __name__ == "__main__":
    whole, begun = bill()
    parts = [part for part in whole["components"] if part["name"] not in NOT_OURS]
    parts.sort(key=lambda part: part["name"].casefold())
    rows = [f"| {part['name']} | {part['version']} | {licence(part, begun)} |" for part in parts]
    PAGE.write_text(BEFORE + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{BILL.relative_to(ROOT)}: {len(parts)} packages; their licences: {PAGE.relative_to(ROOT)}")
