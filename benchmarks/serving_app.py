"""How long the app takes: from a finished run to its event and to its point on the screen, and each of its pages.

    python benchmarks/serving_app.py [--runs 12] [--cases 100]

A case of the shipped example is run to its end and copied; `tunecase serve` serves the copies. In one of them, begun
anew, a pilot runs while two readers hold its stream, and a Chromium shows its page where there is one with playwright.
A run is finished at the moment that its entry in the ledger states. Its event is there when it has come in whole, its
HTML drawn; its point is there when a mutation observer of the page first counts it in the curve, and it has been seen
when the frame after that one begins. Seconds on the wall, beside the load that the machine had, and processor seconds
of the server for the first look at all cases and for the pilot (where the system tells them); the last line is a JSON
object. Exit code 1 where a run takes more than a second to its event, or more than two to its frame.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tunecase.errors import InputError
from tunecase.io import find_chromium
from tunecase.ledger import Entry, Ledger

HERE = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src"), "OMP_NUM_THREADS": "1"}
LIMIT_S = 300.0
MOST_EVENT_S, MOST_SCREEN_S = 1.0, 2.0  # from a run to its event, and to its point on the screen
# The moments [ms] at which the curve first had so many points, and at which the frame after each began.
WATCH = """() => {
  window.pointed = []; window.framed = [];
  new MutationObserver(() => {
    const before = pointed.length, at = Date.now();
    pointed.push(...[...document.querySelectorAll('.curve .large circle.run')].slice(before).map(() => at));
    const count = pointed.length;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      while (framed.length < count) framed.push(Date.now());
    }));
  }).observe(document.getElementById('live'), {childList: true, subtree: true});
}"""
TABS = ("answer", "money", "data", "pilot", "books", "what-if", "page")


@dataclass
class Served:
    """What visits the app: its host, the cookie, and the moments at which each stream first held so many runs."""

    host: str
    cookie: str
    shown_at: list[dict[int, float]] = field(default_factory=list)

    def visit(self, address: str, form: dict[str, str] | None = None) -> tuple[float, str]:
        """Seconds that a page takes, and the page; of a form the reply alone."""
        began = time.perf_counter()
        connection = http.client.HTTPConnection(self.host, timeout=LIMIT_S)
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}"}
        if form is None:
            connection.request("GET", address, headers=headers)
        else:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", address, urlencode(form), {**headers, **kind})
        reply = connection.getresponse()
        page = reply.read().decode()
        connection.close()
        if reply.status not in (200, 303):
            raise SystemExit(f"{address}: {reply.status}: {page[-500:]}")
        return time.perf_counter() - began, page

    def watch(self, address: str, runs: int, opened: threading.Event) -> None:
        """Reads a stream until it has held so many runs."""
        seen: dict[int, float] = {}
        self.shown_at.append(seen)
        connection = http.client.HTTPConnection(self.host, timeout=LIMIT_S)
        connection.request("GET", address, headers={"Cookie": self.cookie})
        for line in connection.getresponse():
            opened.set()
            if line.startswith(b"data: "):
                at, count = time.time(), count_of(json.loads(line[6:])["html"])
                for number in range(1, count + 1):
                    seen.setdefault(number, at)
            if len(seen) >= runs:
                break
        connection.close()


def count_of(html: str) -> int:
    """How many runs a drawing of the pilot holds, by their keys."""
    return len(set(re.findall(r"\b[0-9a-f]{24}\b", html)))


def command(*words: str) -> None:
    """Runs a command to its end."""
    ran = subprocess.run([sys.executable, "-m", "tunecase", *words], env=HERE, capture_output=True, text=True)
    if ran.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(words)}: {ran.stderr[-500:]}")


def measured(folder: Path, runs: int, cases: int) -> dict[str, object]:
    """The figures of one folder of cases."""
    shelf = folder / "shelf"
    command("init", "--example", "support-tickets", "--to", str(shelf / "case-0"))
    command("run", "--project", str(shelf / "case-0" / "tunecase.yaml"))
    for number in range(1, cases):
        shutil.copytree(shelf / "case-0", shelf / f"case-{number}")
    command("init", "--example", "support-tickets", "--to", str(shelf / "live"))
    started = [sys.executable, "-m", "tunecase", "serve", str(shelf), "--port", str(18_119)]
    with subprocess.Popen(started, env=HERE, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().split()[4]
            host, token = re.fullmatch(r"http://([^/]+)/\?token=(.+)", address).groups()
            site = Served(host, f"tunecase-{host.rpartition(':')[2]}={token}")
            before_s = cpu_s(server.pid)
            first_s, _ = site.visit("/")
            first = {"first_look_s": round(first_s, 2)}
            if before_s is not None:
                first["first_look_cpu_s"] = round(cpu_s(server.pid) - before_s, 2)
            found = {**first, "pages_s": pages(site)}
            before_s = cpu_s(server.pid)
            found |= live(site, shelf / "live", runs)
            return found if before_s is None else {**found, "pilot_cpu_s": round(cpu_s(server.pid) - before_s, 2)}
        finally:
            server.terminate()
            server.wait(60)


def cpu_s(process: int) -> float | None:
    """Processor seconds of a process, None where the system does not tell them."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pages(site: Served) -> dict[str, list[float]]:
    """Seconds of each page, first and again."""
    found = {"cases again": [round(site.visit("/")[0], 3) for _ in range(2)]}
    key = re.search(r"/case/(case-0-[0-9a-f]{6})", site.visit("/")[1])[1]
    for tab in TABS:
        found[tab] = [round(site.visit(f"/case/{key}/{tab}")[0], 3) for _ in range(2)]
    return found


def live(site: Served, case: Path, runs: int) -> dict[str, object]:
    """Seconds from each of the first runs to its event, the slower of two streams, and to its point on the screen."""
    key = re.search(r"/case/(live-[0-9a-f]{6})", site.visit("/")[1])[1]
    opened = [threading.Event() for _ in range(2)]
    given = [(f"/case/{key}/pilot/events", runs, one) for one in opened]
    readers = [threading.Thread(target=site.watch, args=one, daemon=True) for one in given]
    with screen(site, f"/case/{key}/pilot") as page:
        for reader, one in zip(readers, opened, strict=True):
            reader.start()
            one.wait(LIMIT_S)
        token = re.search(r'name="token" value="([^"]+)"', site.visit(f"/case/{key}/pilot")[1])[1]
        site.visit(f"/case/{key}/pilot/start", {"token": token, "trainer": "", "max_minutes": "", "max_usd": ""})
        for reader in readers:
            reader.join(LIMIT_S)
        entries = list(Ledger(case / "ledger.jsonl").entries_of("run", "pilot"))[:runs]
        events = [max(seen[n] for seen in site.shown_at) for n in range(1, len(entries) + 1)]
        return {"runs": len(entries), "streams": 2, "run_to_event_s": taken(entries, events), **shown(page, entries)}


@contextmanager
def screen(site: Served, address: str) -> Iterator[Any]:
    """A page in a Chromium that notes when it shows each point; None where this machine has none, or no playwright."""
    try:
        from playwright.sync_api import sync_playwright

        program = find_chromium()
    except (ImportError, InputError):
        yield None
        return
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context()
        name, _, value = site.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": f"http://{site.host}"}])
        page = context.new_page()
        page.goto(f"http://{site.host}{address}")
        page.evaluate(WATCH)
        yield page
        browser.close()


def shown(page: Any, entries: Sequence[Entry]) -> dict[str, object]:
    """Seconds from each run that has a point to the point in the page, and to the frame after it."""
    if page is None:
        return {"browser": None}
    pointed = [one for one in entries if one.body["n"] and not one.body["failed"]]
    page.wait_for_function("most => framed.length >= most", arg=len(pointed), timeout=LIMIT_S * 1000)
    moments = {name: [ms / 1000 for ms in page.evaluate(name)] for name in ("pointed", "framed")}
    return {
        "browser": page.context.browser.version, "points": len(pointed),
        "run_to_point_s": taken(pointed, moments["pointed"]), "run_to_frame_s": taken(pointed, moments["framed"]),
    }  # fmt: skip


def taken(entries: Sequence[Entry], moments: Sequence[float]) -> dict[str, float]:
    """Median and most of the seconds from each entry to its moment."""
    took = sorted(at - entry.recorded_at.timestamp() for entry, at in zip(entries, moments, strict=False))
    return {"median": round(took[len(took) // 2], 3), "most": round(took[-1], 3)}


def main() -> int:
    """Measures, prints, and judges."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--cases", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), given.runs, given.cases)
    found |= {"cases": given.cases, "load": round(os.getloadavg()[0], 2), "cores": os.cpu_count()}
    print(json.dumps(found))
    seen = found.get("run_to_frame_s", {"most": 0.0})
    return int(found["run_to_event_s"]["most"] > MOST_EVENT_S or seen["most"] > MOST_SCREEN_S)


if __name__ == "__main__":
    sys.exit(main())
