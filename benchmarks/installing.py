"""How long from a folder of wheels to the first answer, and how large what is installed is.

Usage: python benchmarks/installing.py [--before REVISION] [--repeats 1]
A wheel is built of this tree, and of another revision to compare with, in a temporary worktree; pip fetches what both
need into one folder, once and untimed, so that both are installed with the same releases. Then, in a bare environment
and from that folder alone: the environment is made, the wheel is installed by pip, by pip without compiling, and by uv
without its cache, and `tunecase fit llama-3.1-8b --examples 1000` answers. Told are wall seconds and CPU seconds of all
processes, the median of the repeats, and each package's size on the disk [MB = 10^6 bytes, whole blocks, with the byte
code that pip compiles], without what an environment brings by itself (pip, setuptools). Last line: JSON.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FIT = ("fit", "llama-3.1-8b", "--examples", "1000")
OF_THE_ENVIRONMENT = {"pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence.pth"}
SHELL = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PIP_FIND_LINKS"}}


@dataclass(frozen=True)
class Spent:
    """Seconds that commands took: by the clock, and of all processors."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)


def spent(*words: str | Path) -> Spent:
    """Runs a command and its children to the end. Raises CalledProcessError where it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([str(word) for word in words], check=True, env=SHELL, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def wheel_of(tree: Path, to: Path, wheels: Path) -> Path:
    """The wheel of a tree, in a folder of its own; `wheels` gets all that it needs and does not have yet."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", to]
    subprocess.run(build, cwd=tree, check=True, env=SHELL, stdout=subprocess.DEVNULL)
    wheel = next(to.glob("tunecase-*.whl"))
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--find-links", wheels, "--dest", wheels, wheel]
    subprocess.run(fetch, check=True, env=SHELL)
    for own in wheels.glob("tunecase-*.whl"):  # pip puts it there too
        own.unlink()
    return wheel


def installed(how: str, uv: Path | None, wheel: Path, wheels: Path, to: Path) -> dict[str, Spent]:
    """Each step from nothing to the first answer, in an environment that is made anew."""
    shutil.rmtree(to, ignore_errors=True)
    local = ("--no-index", "--find-links", wheels, wheel)
    if how == "uv":
        made = spent(uv or "uv", "venv", "--quiet", "--python", sys.executable, to)
        install = spent(uv or "uv", "pip", "install", "--quiet", "--no-cache", "--python", to / "bin/python", *local)
    else:
        made = spent(sys.executable, "-m", "venv", to)
        words = ("--no-compile",) * (how == "pip --no-compile")
        install = spent(to / "bin/python", "-m", "pip", "install", "--quiet", "--no-cache-dir", *words, *local)
    answer = spent(to / "bin/tunecase", *FIT)
    return {"environment": made, "install": install, "first answer": answer, "in all": made + install + answer}


def sizes_mb(environment: Path) -> dict[str, float]:
    """What each package takes on the disk [MB], its libraries and metadata counted with it."""
    folder = next(environment.glob("lib/python*/site-packages"))
    bytes_of: Counter[str] = Counter()
    for path in folder.rglob("*"):
        top = path.relative_to(folder).parts[0]
        name = top.split("-")[0].removesuffix(".libs").removesuffix(".py").lower()
        name = {"scikit_learn": "sklearn", "pyyaml": "yaml", "markdown_it_py": "markdown_it"}.get(name, name)
        if name not in OF_THE_ENVIRONMENT and not path.is_symlink():
            bytes_of[name] += path.stat().st_blocks * 512
    return {name: size / 1e6 for name, size in bytes_of.most_common()}


def uv_in(folder: Path) -> Path | None:
    """uv, installed into an environment of its own; None where no registry is reached."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, env=SHELL)
    got = subprocess.run([folder / "bin/pip", "install", "--quiet", "uv"], env=SHELL, stderr=subprocess.DEVNULL)
    return folder / "bin/uv" if got.returncode == 0 else None


def measured(wheel: Path, uv: Path | None, repeats: int, work: Path) -> dict[str, object]:
    """The seconds by each way to install, and the sizes after pip's."""
    told: dict[str, object] = {}
    for how in ("pip", "pip --no-compile", *(["uv"] if uv else [])):
        runs = [installed(how, uv, wheel, work / "wheels", work / "environment") for _ in range(repeats)]
        steps = {
            step: {
                "wall_s": round(statistics.median(run[step].wall_s for run in runs), 1),
                "cpu_s": round(statistics.median(run[step].cpu_s for run in runs), 1),
            }
            for step in runs[0]
        }
        sizes = sizes_mb(work / "environment")
        told[how] = {**steps, "size_mb": round(sum(sizes.values()))}
        for step, each in steps.items():
            print(f"  {how:<17} {step:<13} {each['wall_s']:6.1f} s, {each['cpu_s']:6.1f} s of CPU")
        print(f"  {how:<17} {'on the disk':<13} {sum(sizes.values()):6.0f} MB")
        if how == "pip":
            told["sizes_mb"] = {name: round(size, 1) for name, size in sizes.items()}
    return told


def main() -> None:
    """Measures this tree, and the other revision if one is named, in one run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--before", help="a revision of this repository to compare with")
    parser.add_argument("--repeats", type=int, default=1)
    asked = parser.parse_args()
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        uv, trees = uv_in(work / "uv"), {"now": ROOT}
        if asked.before:
            trees = {"before": work / "tree", **trees}
            subprocess.run(
                ["git", "worktree", "add", "--quiet", "--detach", work / "tree", asked.before], cwd=ROOT, check=True
            )
        try:
            (work / "wheels").mkdir()
            built = {when: wheel_of(tree, work / f"wheel-{when}", work / "wheels") for when, tree in trees.items()}
            for when, wheel in built.items():
                print(when, flush=True)
                found[when] = measured(wheel, uv, asked.repeats, work)
        finally:
            if asked.before:
                subprocess.run(["git", "worktree", "remove", "--force", work / "tree"], cwd=ROOT, check=True)
    found["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
