"""Two terminals, the served page and a training's callback on one case at once: nothing acknowledged is lost.

    python benchmarks/together.py [--minutes 3]

Two terminals run `spend add`, `approve`, `audit`, `estimate` and `books` in turn, a process books one training after
the other as the callback does, and the served page is fetched all the while. The last line is a JSON object.
Exit code 1 where an acknowledged entry is lost or doubled, a command fails or takes longer than its limit, a page is
torn, or the ledger does not verify.
"""

import argparse
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tunecase.ledger import Ledger

# What is run stands beside this file; threads of the linear algebra would wait for one another.
HERE = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src"), "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1"}  # fmt: skip
PORT = 18_117
LIMIT_S = 240.0  # of one command or page; three at once share the machine
TRAINER = """
    import json, sys, time
    from pathlib import Path
    from tunecase.callback import Settings, Watch
    case, until, number = Path(sys.argv[1]), time.monotonic() + float(sys.argv[2]), 0
    while time.monotonic() < until:
        run, number = f"run-{number}", number + 1
        watch = Watch(Settings(project=case / "tunecase.yaml", usd_per_gpu_hour=3600.0, run=run))
        watch.begin(case / "runs" / run, 0, 1, [], writes=True)
        for step in range(5):
            time.sleep(0.02)
            watch.beat(step)
        watch.end(5, 5)
        print(json.dumps({"run": run, "failures": sorted(watch.logged)}), flush=True)
"""


@dataclass
class Seen:
    """What happened: seconds of each command and page, notes and runs acknowledged, and what went wrong."""

    commands: list[tuple[float, str]] = field(default_factory=list)
    pages_s: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def words_of(*words: str) -> list[str]:
    """The words that start a command in a process of its own."""
    return [sys.executable, "-m", "tunecase", *words]


def command(case: Path, seen: Seen, *words: str, note: str = "") -> None:
    """Runs one command to its end, or to its limit."""
    began = time.monotonic()
    try:
        ran = subprocess.run(words_of(*words), cwd=case, env=HERE, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        seen.wrong.append(f"{' '.join(words)}: not at its end after {LIMIT_S:g} s")
        return
    seen.commands.append((time.monotonic() - began, words[0]))
    if ran.returncode not in (0, 1) or "Traceback" in ran.stderr:
        seen.wrong.append(f"{' '.join(words)}: {ran.returncode}: {ran.stderr[-300:]}")
    elif note and ran.returncode == 0:
        seen.acknowledged.append(note)


def terminal(case: Path, name: str, until: float, seen: Seen) -> None:
    """Runs the commands in turn until the time is up."""
    number = 0
    while time.monotonic() < until:
        note = f"{name}-{number}"
        turn = (
            ("spend", "add", f"{1 + number}.25", "USD", "--line", "gpu", "--note", note),
            ("approve", "5 USD", "--by", name, "--beyond", "--note", f"approved {note}"),
            ("audit",), ("spend", "add", "0.5", "USD", "--note", f"more {note}"), ("estimate",), ("books",),
        )  # fmt: skip
        for words in turn:
            if time.monotonic() < until:
                command(case, seen, *words, note=words[-1] if "--note" in words else "")
        number += 1


def visitor(address: str, until: float, seen: Seen) -> None:
    """Fetches the page again and again, as a browser that has its cookie."""
    host, token = re.fullmatch(r"http://([^/]+)/\?token=(.+)", address).groups()
    cookie, place = f"tunecase-{host.rpartition(':')[2]}={token}", "/"
    while time.monotonic() < until:
        began = time.monotonic()
        connection = http.client.HTTPConnection(host, timeout=LIMIT_S)
        try:
            connection.request("GET", place, headers={"Cookie": cookie})
            reply = connection.getresponse()
            page = reply.read().decode()
        except (OSError, http.client.HTTPException, ValueError) as error:
            seen.wrong.append(f"a page: {error!r}")
            return
        finally:
            connection.close()
        seen.pages_s.append(time.monotonic() - began)
        if place == "/":
            place = f"/case/{re.search(r'/case/([a-z0-9-]+)', page)[1]}/page"
        if reply.status != 200 or page.count("</html>") != 1 or not page.rstrip().endswith("</html>"):
            seen.wrong.append(f"a page: {reply.status}: {page[-300:]}")


def trainer(case: Path, seconds: float, seen: Seen) -> None:
    """Books one training after the other in a process of its own."""
    started = [sys.executable, "-c", textwrap.dedent(TRAINER), str(case), str(seconds)]
    try:
        ran = subprocess.run(started, env=HERE, capture_output=True, text=True, timeout=seconds + LIMIT_S)
    except subprocess.TimeoutExpired:
        seen.wrong.append("the trainings: not at their end")
        return
    runs = [json.loads(line) for line in ran.stdout.splitlines()]
    seen.acknowledged += [one["run"] for one in runs if not one["failures"]]
    seen.wrong += [f"{one['run']}: {one['failures']}" for one in runs if one["failures"]]
    if ran.returncode or not runs:
        seen.wrong.append(f"the trainings: {ran.returncode}: {ran.stderr[-300:]}")


def together(folder: Path, seconds: float) -> dict[str, object]:
    """All of them on one case for so many seconds; what happened, as the last line tells it."""
    seen, case = Seen(), folder / "case"
    command(folder, seen, "init", "--example", "support-tickets", "--to", str(case))
    for verb in ("define", "audit", "estimate"):
        command(case, seen, verb)
    seen.commands.clear()
    with tempfile.TemporaryFile() as errors:
        started = words_of("serve", "--port", str(PORT))
        served = subprocess.Popen(started, cwd=case, env=HERE, stdout=subprocess.PIPE, stderr=errors)
        try:
            address = served.stdout.readline().decode().split()[4]
            until = time.monotonic() + seconds
            works = [(terminal, (case, name, until, seen)) for name in ("one", "two")]
            works += [(visitor, (address, until, seen)), (trainer, (case, seconds, seen))]
            threads = [threading.Thread(target=work, args=given) for work, given in works]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            served.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
            served.wait(LIMIT_S)
            errors.seek(0)
            told = errors.read().decode()
    if "Traceback" in told or "failed" in told:
        seen.wrong.append(f"serve: {told[-300:]}")
    if not (seen.pages_s and seen.acknowledged):
        seen.wrong.append("nothing was fetched or booked")
    command(case, seen, "ledger", "verify")
    return figures(seen, case, seconds)


def figures(seen: Seen, case: Path, seconds: float) -> dict[str, object]:
    """What the last line tells."""
    entries = [one for one in Ledger(case / "ledger.jsonl").entries() if one.kind == "spend" or one.verb == "approve"]
    kept = Counter(word for entry in entries for word in _names(entry.body))
    slowest = max(seen.commands, default=(0.0, ""))
    return {
        "seconds": round(seconds),
        "commands": dict(Counter(verb for _, verb in seen.commands)),
        "slowest_command_s": round(slowest[0], 1),
        "slowest_command": slowest[1],
        "pages": len(seen.pages_s),
        "slowest_page_s": round(max(seen.pages_s, default=0.0), 1),
        "acknowledged": len(seen.acknowledged),
        "lost": [name for name in seen.acknowledged if not kept[name]],
        "doubled": [name for name in seen.acknowledged if kept[name] > 1],
        "wrong": seen.wrong,
    }


def _names(body: Mapping[str, object]) -> set[str]:
    """The notes and runs that an entry names."""
    text = json.dumps(dict(body), default=str)
    return set(re.findall(r'"((?:approved |more )?(?:one|two)-\d+|run-\d+)"', text))


def main() -> int:
    """Runs them for some minutes and prints what happened."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=3.0)
    with tempfile.TemporaryDirectory() as folder:
        found = together(Path(folder), 60 * options.parse_args().minutes)
    print(json.dumps(found))
    return int(bool(found["lost"] or found["doubled"] or found["wrong"]))


if __name__ == "__main__":
    raise SystemExit(main())
