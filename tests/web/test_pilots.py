"""Pilots that the app starts: they run, are stopped, taken up again, killed, and end with the server."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from tests.making import case_folder
from tests.web.slow_pilots import slow_down, tunecase_words, until
from tests.web.visiting import Served, address_of, served_cases
from tunecase.ledger import Ledger
from tunecase.web.cases import is_piloted
from tunecase.web.pilots import PilotProcess, Pilots
from tunecase.web.worker import PilotAsked

pytestmark = pytest.mark.slow
TODAY = date(2026, 11, 24)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case whose simulated runs take a third of a second each."""
    slow_down(tmp_path / "site", monkeypatch, 0.3)
    (tmp_path / "case").mkdir()
    return case_folder(tmp_path / "case")


@pytest.fixture
def site(project: Path) -> Iterator[Served]:
    """The case served."""
    with served_cases(project.parent, today=TODAY) as found:
        yield found
        assert [] == found.failures


def send(site: Served, project: Path, word: str, **typed: str) -> str:
    """What the form of a start or a stop leads to, in words."""
    token = site.ask(f"{address_of(project)}/pilot").token
    back = site.filled(site.post(f"{address_of(project)}/pilot/{word}", {"token": token, **typed}))
    return " ".join((back.done, *back.mistakes.values()))


def runs(project: Path) -> list[str]:
    """The keys of the runs in the ledger."""
    return [entry.body["key"] for entry in Ledger(project.with_name("ledger.jsonl")).entries_of("run", "pilot")]


def process(site: Served) -> PilotProcess:
    """The pilot that was started last."""
    (one,) = site.app.cases.pilots._of.values()
    return one


def test_started_stopped_and_taken_up_again(site: Served, project: Path) -> None:
    """A start tells what is planned and left, a stop keeps what is finished, a further start makes no run twice."""
    with site.stream(f"{address_of(project)}/pilot/events") as stream:
        first = stream.event()
        assert (False, False) == (first["running"], first["can_stop"])
        assert "The pilot has begun." in send(site, project, "start", trainer="simulated")
        until(lambda: len(runs(project)) >= 2)
        page = site.ask(f"{address_of(project)}/pilot").page
        assert "No pilot" not in page
        events = [stream.event()]
        while not (events[-1]["running"] and "Run 3" in str(events[-1]["said"])):
            events.append(stream.event())
        assert events[-1]["can_stop"]
        assert len(events) == len({event["id"] for event in events})
        assert "Stopped" in send(site, project, "stop")
        while events[-1]["running"]:
            events.append(stream.event())
    made = runs(project)
    assert not process(site).is_running
    assert "" == process(site).fault
    assert "kept" in str(events[-1]["said"])
    assert not is_piloted(project)
    send(site, project, "start", trainer="simulated")
    until(lambda: len(runs(project)) > len(made) + 1)
    send(site, project, "stop")
    again = runs(project)
    assert made == again[: len(made)]
    assert len(again) == len(set(again))
    assert [] == Ledger(project.with_name("ledger.jsonl")).verify()
    assert {"app"} == {entry.through[0] for entry in Ledger(project.with_name("ledger.jsonl")).entries_of("run")}


def test_a_run_shows_within_a_second(site: Served, project: Path) -> None:
    """From the moment that a run is written to the event that holds it, in two streams, each in full."""
    took: list[float] = []

    def watch() -> None:
        with site.stream(f"{address_of(project)}/pilot/events") as stream:
            stream.event()
            ready.wait(20)
            for number in range(1, 4):
                event = stream.event()
                while len(set(re.findall(r"[0-9a-f]{24}", str(event["html"])))) < number and not shows(event, number):
                    event = stream.event()
                took.append(time.time() - written_s(project, number))

    ready = threading.Barrier(3)
    tabs = [threading.Thread(target=watch) for _ in range(2)]
    for tab in tabs:
        tab.start()
    ready.wait(20)
    send(site, project, "start", trainer="simulated")
    for tab in tabs:
        tab.join(60)
    assert 6 == len(took)
    assert 1 == len(site.app.streams._feeds) or 0 == len(site.app.streams._feeds)
    assert max(took) < 1.0, took
    send(site, project, "stop")


def shows(event: dict[str, object], number: int) -> bool:
    """Whether a page of the app says that so many runs are done."""
    return bool(re.search(rf"\b{number}( of [0-9]+)? runs? done|Pilot: {number}\b", str(event["html"])))


def written_s(project: Path, number: int) -> float:
    """When a run was written to the ledger [s since 1970]."""
    entries = list(Ledger(project.with_name("ledger.jsonl")).entries_of("run", "pilot"))
    return entries[number - 1].recorded_at.timestamp()


def test_a_lost_connection_and_a_reload_miss_nothing(site: Served, project: Path) -> None:
    """Who comes back mid-pilot, with a last id or without, gets the whole state in the first event."""
    send(site, project, "start", trainer="simulated")
    with site.stream(f"{address_of(project)}/pilot/events") as stream:
        stream.event()
    until(lambda: len(runs(project)) >= 3)
    with site.stream(f"{address_of(project)}/pilot/events") as stream:
        event = stream.event()
    assert event["running"]
    assert "running" in site.ask("/").page.casefold()
    until(lambda: site.app.streams.open == 0, 20)
    assert {} == site.app.streams._feeds
    send(site, project, "stop")


def test_a_killed_pilot_is_told(site: Served, project: Path) -> None:
    """kill -9 leaves what was finished, is told with what is known, and does not stand in the way of the next."""
    send(site, project, "start", trainer="simulated")
    until(lambda: len(runs(project)) >= 1)
    with site.stream(f"{address_of(project)}/pilot/events") as stream:
        assert stream.event()["running"]
        os.kill(process(site)._process.pid, signal.SIGKILL)
        event = stream.event()
        while event["running"]:
            event = stream.event()
    assert "by signal 9" in process(site).fault
    assert "by signal 9" in str(event["html"])
    assert runs(project)
    assert "The pilot has begun." in send(site, project, "start", trainer="simulated")
    until(lambda: process(site).told.get("total"))
    send(site, project, "stop")


def test_one_pilot_at_a_time(site: Served, project: Path) -> None:
    """A second start is refused in words, also where the first one runs in a terminal, which is seen in the stream."""
    command = tunecase_words("pilot", "--trainer", "simulated", "--project", str(project), "--candidates", "none")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as terminal:
        try:
            until(lambda: is_piloted(project))
            assert "under way already" in send(site, project, "start", trainer="simulated")
            with site.stream(f"{address_of(project)}/pilot/events") as stream:
                event = stream.event()
                assert (True, False) == (event["running"], event["can_stop"])
                assert "terminal" in str(event["said"])
                terminal.send_signal(signal.SIGINT)
                while event["running"]:
                    event = stream.event()
        finally:
            terminal.kill()
    send(site, project, "start", trainer="simulated")
    assert "under way already" in send(site, project, "start", trainer="simulated", max_minutes="3")
    words = tunecase_words("pilot", "--trainer", "simulated", "--project", str(project))
    until(lambda: is_piloted(project))
    other = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (3, True) == (other.returncode, "another pilot" in other.stderr)
    send(site, project, "stop")


def test_a_mistake_of_the_pilot_is_its_fault(site: Served, project: Path) -> None:
    """A learner that nobody knows ends the process with words, which the stream tells."""
    send(site, project, "start", trainer="nobody")
    until(lambda: not process(site).is_running)
    with site.stream(f"{address_of(project)}/pilot/events") as stream:
        assert "nobody" in str(stream.event()["html"])
    assert "wanted one of" in process(site).fault


def test_a_pilot_that_does_not_stop_is_killed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time, and the processes of its group with it."""
    from tunecase.web import pilots

    monkeypatch.setattr(pilots, "STOPS_S", 0.0)
    shown = Pilots()
    one = shown.start("case", PilotAsked(str(project), trainer="simulated"))
    until(lambda: one.told.get("total"))
    os.kill(one._process.pid, signal.SIGSTOP)
    with contextlib.suppress(ProcessLookupError):
        one.interrupt()
    one.wait(0.2)
    until(lambda: not one.is_running)
    assert -signal.SIGKILL == one.returned
    assert not is_piloted(project)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_server_s_end_ends_its_pilots(project: Path, number: int) -> None:
    """Ctrl-C interrupts the pilot and waits for it; where the server is killed, the pilot ends by itself."""
    started = tunecase_words("serve", str(project.parent), "--port", str(free_port()))
    with subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            told = server.stdout.readline()
            base, token = re.search(r"(http://[^/]+)/\?token=(\S+)", told).groups()
            with httpx.Client(base_url=base, trust_env=False, follow_redirects=True) as browser:
                browser.get(f"/?token={token}")
                form = re.search(r'name="token" value="([^"]+)"', browser.get(f"{address_of(project)}/pilot").text)[1]
                fields = {"token": form, "trainer": "simulated"}
                sent = browser.post(f"{address_of(project)}/pilot/start", data=fields, headers={"Origin": base})
                assert 200 == sent.status_code
            until(lambda: len(runs(project)) >= 1)
            began = time.monotonic()
            server.send_signal(number)
            assert server.wait(30) in (130, -number)
            assert time.monotonic() - began < 15
            if number == signal.SIGINT:
                assert not is_piloted(project)
            until(lambda: not is_piloted(project), 20)
        finally:
            server.kill()
    made = runs(project)
    time.sleep(1.0)
    assert made == runs(project)
    assert [] == Ledger(project.with_name("ledger.jsonl")).verify()


def free_port() -> int:
    """A port that nobody listens on."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def test_what_a_worker_tells_is_json(project: Path) -> None:
    """Each line by itself, and nothing else on its standard output, whatever trainers print."""
    from tunecase.web import worker

    asked = json.dumps({"project": str(project), "trainer": "probe"})
    ran = subprocess.Popen(
        [sys.executable, "-m", worker.__name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    ran.stdin.write(asked + "\n")
    ran.stdin.flush()
    told = [json.loads(line) for line in ran.stdout]
    ran.stdin.close()
    assert 0 == ran.wait(60)
    assert told[0]["begun"]["trainer"] == "probe"
    assert told[-1]["done"] == told[-1]["total"] > 0
    ran.stdout.close()
    ran.stderr.close()


def test_no_code_of_the_current_folder_is_run(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that lies where the server was started is not taken for a library."""
    (tmp_path / "filelock.py").write_text("raise SystemExit(7)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    one = Pilots().start("case", PilotAsked(str(project), trainer="simulated"))
    until(lambda: one.told.get("total") or not one.is_running)
    one.interrupt()
    one.wait()
    assert one.told.get("total")


def test_nothing_is_signalled_once_its_number_is_free(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the moment that a process is waited for, its number may be another's."""
    one = Pilots().start("case", PilotAsked(str(project), trainer="nobody"))
    until(lambda: not one.is_running)
    signalled: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda group, number: signalled.append(group))
    one.returned = None  # its last words are still being read
    one.interrupt()
    assert [] == signalled


def test_the_learner_that_was_chosen_is_the_only_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever chooses a learner gets no other runs; without a choice all candidates are measured."""
    from tunecase.web import worker

    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr("tunecase.flow.pilot", lambda case, settings, *_, **__: asked.append(settings.race))
    for trainer in ("probe", ""):
        worker._run(PilotAsked(str(project), trainer=trainer), io.StringIO())
    assert [(), ("auto",)] == asked
