"""How tunecase's search for duplicates compares with other tools: copies found, false flags, speed and memory.

    python benchmarks/audit_peers.py [--rows 50000] [--repeats 5] [--peers tunecase,datatrove] [--cache FOLDER]

The job: one JSON-lines file of made-up rows of about 600 bytes with planted exact, cosmetic and near copies, from the
file to the list of duplicate rows (peers/rows.py). Each peer gets a virtual environment of its own under --cache (a
temporary folder unless given; the first time downloads gigabytes), the settings that find most at Jaccard .7 (word
triples, 25 bands of 5 hashes, where tunecase has 25 of 4 and compares all that meet; said in peers/run_*.py) and a
worker for each core, where it takes any.

Each peer first runs once for what it finds, its processor seconds and its memory, all its processes together
(process_tree.py). The timed runs follow, one peer after the other, round by round, with nothing sampled beside them:
from the start of the process until the list is there, and until its end (some write the cleaned file as well). On a
machine with other work only the first run says anything: `--repeats 0`. At scale: `--rows 1000000 --repeats 0 --peers
tunecase-fast,tunecase-near,datatrove,text-dedup`.

What flatters tunecase: it has the same shingles and normaliser as the truth. What flatters all: copies differ by
changed words only, none inserted, deleted or moved; each row is copied once; and random words make unrelated rows so
unlike that tools which compare no candidates hardly flag wrongly. tunecase's audit does far more than this job,
"tunecase-near" does this job only. Peers that compare no candidates also take rows of Jaccard .5 to .7 for copies: no
false flags here.
The last line is one JSON object.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src"
sys.path.insert(0, str(SOURCE))
sys.path.insert(0, str(HERE))

from peers.rows import Copy, closest, write_rows  # noqa: E402  needs tunecase, which may not be installed
from process_tree import NotRunError, Usage, Watch, tidy_when_ended, watched  # noqa: E402

BUCKETS = (("0.7-0.8", 0.7, 0.8), ("0.8-0.9", 0.8, 0.9), ("0.9-1", 0.9, 1.01))
NEIGHBOUR = 0.5  # a flagged row with no other row this like it is a false flag
REPEATS = ("duplicate_exact", "duplicate_normalised", "duplicate_near")
WARM_UP_ROWS = 500
LIMIT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool: the packages of its environment, its script with further arguments, and the oldest Python it runs on."""

    name: str
    packages: tuple[str, ...]
    script: str
    arguments: tuple[str, ...] = ()
    python: tuple[int, int] = (3, 11)


PEERS = (
    Peer("tunecase", (), "audit", ("--json",)),
    Peer("tunecase-fast", (), "audit", ("--json", "--fast")),
    Peer("tunecase-near", (), "run_tunecase.py"),
    Peer("datatrove", ("datatrove[io,processing]==0.10.1", "spacy"), "run_datatrove.py"),
    Peer("text-dedup", ("text-dedup==0.4.1",), "run_text_dedup.py", ("verify",), (3, 12)),
    Peer("data-juicer", ("py-data-juicer==1.6.1", "aiohttp", "ray", "torch"), "run_data_juicer.py"),
    Peer("semhash", ("semhash==0.5.0", "wordllama==0.4.0.post1"), "run_semhash.py", ("0.95",)),
    Peer("datasketch", ("datasketch==2.0.0", "xxhash"), "run_datasketch.py"),
    Peer("rensa", ("rensa==0.5.0",), "run_rensa.py"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds until the list was there, what all its processes used until its end, and the result."""

    listed_s: float
    usage: Usage
    found: dict


def interpreter(oldest: tuple[int, int]) -> str:
    """This Python if it is new enough, else the first newer one on the path."""
    if sys.version_info[:2] >= oldest:
        return sys.executable
    for minor in range(oldest[1], 15):
        found = shutil.which(f"python3.{minor}")
        if found and not subprocess.run([found, "--version"], capture_output=True).returncode:
            return found
    raise NotRunError(f"needs Python {oldest[0]}.{oldest[1]} or newer on the path")


def environment(peer: Peer, cache: Path) -> str:
    """The Python of a peer's own virtual environment, made on first use; this one for tunecase."""
    if not peer.packages:
        return sys.executable
    folder = cache / peer.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "installed.txt"
    wanted = "\n".join(peer.packages)
    if not done.exists() or done.read_text() != wanted:
        print(f"installing {peer.name} …", flush=True)
        subprocess.run([interpreter(peer.python), "-m", "venv", "--clear", folder], check=True)
        asked = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *peer.packages]
        installed = subprocess.run(asked, capture_output=True, text=True)
        if installed.returncode:
            raise NotRunError(f"cannot be installed: {_last_line(installed.stderr)}")
        done.write_text(wanted)
    return str(python)


def version(peer: Peer, python: str) -> str:
    """The installed version of the tool itself."""
    if not peer.packages:
        import tunecase

        return str(tunecase.__version__)
    name = peer.packages[0].split("==")[0].split("[")[0]
    asked = [python, "-c", f"from importlib.metadata import version; print(version({name!r}))"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def run(peer: Peer, python: str, file: Path, sampled: bool = False) -> Run:
    """Runs a peer on a file in a fresh folder and session of its own: nothing is kept from one run to the next."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        out, log = work / "found.json", work / "log.txt"
        if peer.script == "audit":
            command = [python, "-m", "tunecase", "audit", str(file), *peer.arguments]
        else:
            workers = str(os.cpu_count() or 1)
            command = [python, str(HERE / "peers" / peer.script), str(file), str(out), name, workers, *peer.arguments]
        stored = {"HF_HOME": name, "HF_HUB_OFFLINE": "1", "TMPDIR": name}
        settings = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | stored
        if not peer.packages:
            settings["PYTHONPATH"] = str(SOURCE)
        printed = out if peer.script == "audit" else log
        with printed.open("wb") as output, (work / "errors.txt").open("wb") as errors:
            clock = time.time()
            watch = Watch(sampled=sampled, limit_s=LIMIT_S)
            usage = watched(command, watch, cwd=name, env=settings, stdout=output, stderr=errors)
        if usage.returncode not in ((0, 1) if peer.script == "audit" else (0,)) or not out.exists():
            how = "takes too long" if usage.returncode is None else f"ends with {usage.returncode}"
            raise NotRunError(f"{how}: {_last_line((work / 'errors.txt').read_text())}")
        listed_s = usage.seconds if peer.script == "audit" else min(usage.seconds, out.stat().st_mtime - clock)
        return Run(listed_s, usage, json.loads(out.read_text(encoding="utf-8")))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no message"


def judged(found: dict, copies: list[Copy], file: Path) -> dict:
    """Share of planted copies found, by kind and true Jaccard, with counts; and rows flagged without a neighbour."""
    group = {row: number for number, rows in enumerate(found.get("groups", ())) for row in rows}
    removed = set(found.get("removed", ()))
    hits: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    best: dict[int, float] = {}
    for copy in copies:
        for row in (copy.row, copy.source):
            best[row] = max(best.get(row, 0.0), copy.jaccard)
        name = copy.kind
        if copy.kind == "near":
            name = next((label for label, low, high in BUCKETS if low <= copy.jaccard < high), "below 0.7")
        planted[name] += 1
        hits[name] += copy.row in removed or (copy.row in group and group[copy.row] == group.get(copy.source))
    flagged = removed | set(group)
    alone = closest(file, (row for row in flagged if best.get(row, 0.0) < NEIGHBOUR))
    below = hits.pop("below 0.7", 0)
    return {
        "recall": {name: round(hits[name] / planted[name], 4) for name in sorted(planted) if name != "below 0.7"},
        "found": {name: f"{hits[name]} of {planted[name]}" for name in sorted(planted) if name != "below 0.7"},
        "found_below_0.7": f"{below} of {planted['below 0.7']}",
        "flagged_rows": len(flagged),
        "false_flags": sum(nearest < NEIGHBOUR for nearest in alone.values()),
    }


def audited(record: dict, near: dict | None) -> dict:
    """What an audit counted; its record lists only the first rows, so it is held against the near part alone."""
    counts = {finding["check"]: finding["count"] for finding in record["findings"]}
    repeated = sum(counts.get(check, 0) for check in REPEATS)
    agrees = near and repeated == sum(len(rows) - 1 for rows in near["groups"])
    return {"found": {check: counts.get(check, 0) for check in REPEATS}, "same_count_as_tunecase-near": agrees}


def prepared(peer: Peer, cache: Path, sample: Path) -> tuple[str, str]:
    """A peer's Python and version, after a short run that loads or fetches what it loads late."""
    if "--fast" in peer.arguments:
        asked = [sys.executable, "-m", "tunecase", "audit", "--help"]
        helped = subprocess.run(asked, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(SOURCE)})
        if "--fast" not in helped.stdout:
            raise NotRunError("this tunecase has no --fast")
    python = environment(peer, cache)
    run(peer, python, sample)
    return python, version(peer, python)


def compare(peers: list[Peer], file: Path, copies: list[Copy], repeats: int, cache: Path) -> dict[str, dict]:
    """All figures of all peers: first what they find, then how fast, in turn."""
    sample = file.with_name("sample.jsonl")
    write_rows(sample, WARM_UP_ROWS, seed=1)
    rows = sum(1 for _ in file.open("rb"))
    figures: dict[str, dict] = {}
    ready: dict[str, tuple[Peer, str]] = {}
    first: dict[str, Run] = {}
    for peer in peers:
        try:
            python, number = prepared(peer, cache, sample)
            first[peer.name] = run(peer, python, file, sampled=True)
        except (NotRunError, subprocess.SubprocessError, OSError) as error:
            figures[peer.name] = {"not_run": str(error)}
            print(f"{peer.name}: not run: {error}", flush=True)
            continue
        ready[peer.name] = peer, python
        figures[peer.name] = {"version": number} | used(first[peer.name].usage)
        print(f"{peer.name} {figures[peer.name]}", flush=True)
    for name, (peer, _) in ready.items():
        near = first["tunecase-near"].found if "tunecase-near" in first else None
        audit = peer.script == "audit"
        figures[name] |= audited(first[name].found, near) if audit else judged(first[name].found, copies, file)
        print(f"{name} {figures[name]}", flush=True)
    listed: dict[str, list[float]] = {name: [] for name in ready}
    whole: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(repeats):
        for name, (peer, python) in ready.items():
            one = run(peer, python, file)
            listed[name].append(one.listed_s)
            whole[name].append(one.usage.seconds)
    for name in ready:
        figures[name] |= speeds(rows, listed[name], "rows_per_s") | speeds(rows, whole[name], "rows_per_s_to_the_end")
    return figures


def used(usage: Usage) -> dict:
    """What a run used that this system tells, in whole seconds and MB."""
    named = {"seconds": usage.seconds, "cpu_seconds": usage.cpu_seconds, "peak_mb": usage.peak_mb}
    named |= {"held_peak_mb": usage.held_peak_mb}
    return {name: round(value) for name, value in named.items() if value is not None}


def speeds(rows: int, seconds: list[float], name: str) -> dict:
    """Median, slowest and fastest in rows a second."""
    if not seconds:
        return {}
    each = sorted(rows / one for one in seconds)
    return {name: round(statistics.median(each)), f"{name}_range": [round(each[0]), round(each[-1])]}


def main() -> None:
    """All figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peers", default=",".join(peer.name for peer in PEERS), help="names parted by commas")
    parser.add_argument("--cache", type=Path, help="keeps the peers' environments here")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    tidy_when_ended()
    names = asked.peers.split(",")
    if unknown := set(names) - {peer.name for peer in PEERS}:
        parser.error(f"no peer is called {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        copies = write_rows(file, asked.rows, asked.seed)
        kinds = Counter(copy.kind for copy in copies)
        row_bytes = round(file.stat().st_size / asked.rows)
        print(f"{asked.rows:,} rows of {row_bytes} bytes; planted {dict(kinds)}", flush=True)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        cache = (asked.cache or Path(folder) / "environments").resolve()
        figures = compare([peer for peer in PEERS if peer.name in names], file, copies, asked.repeats, cache)
    head = {"benchmark": "audit_peers", "rows": asked.rows, "row_bytes": row_bytes, "seed": asked.seed}
    machine = {"cores": os.cpu_count(), "load_before": load, "python": sys.version.split()[0]}
    print(json.dumps(head | machine | {"repeats": asked.repeats, "planted": dict(kinds), "peers": figures}))


if __name__ == "__main__":
    main()
