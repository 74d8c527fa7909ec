"""Writes the lock files: every release that pyproject.toml leads to, on every platform, with the hashes of its files.

    core.txt   what `make demo` installs: the product with its light extras; its bill of materials is made from it
    train.txt  what `make demo-lora` installs beside it
    test.txt   what `make test` installs
    site.txt   what `make site` installs
    dev.txt    what `make test-slow` and `make check` install

torch and what it alone brings are left to pip and the range in pyproject.toml: builds for CPU, CUDA and ROCm have one
version and different files.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# The largest first, which the others keep to, so that a release is tested in all of them.
LOCKS = {
    "dev": ("dev",),
    "test": ("test",),
    "train": ("light", "train", "build"),
    "core": ("light", "build"),
    "site": ("site", "build"),
}
OF_TORCH = re.compile(r"(torch|triton|nvidia-\S+|cuda-\S+)==")
FIXED = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-emit-index-url"]


def locked(extras: tuple[str, ...]) -> str:
    """The lock file of some extras, by uv's resolver, one block for each release."""
    words = [word for extra in extras for word in ("--extra", extra)]
    words += ["--constraints", "requirements/dev.txt"] * (extras != LOCKS["dev"])
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *FIXED, "--no-annotate", "--quiet"]
    ran = subprocess.run([*command, *words, *sys.argv[1:]], cwd=HERE.parent, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(ran.stderr)
    blocks = re.split(r"\n(?=\S)", ran.stdout.strip())
    return "".join(f"{block}\n" for block in blocks if not OF_TORCH.match(block))


if __name__ == "__main__":
    for name, extras in LOCKS.items():
        (HERE / f"{name}.txt").write_text(f"# Written by `make lock`.\n{locked(extras)}", encoding="utf-8")
