"""The process that works on calls: its answers, its refusals, and no network."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.making import case_folder
from tunecase.agents import worker
from tunecase.agents.answers import Answer
from tunecase.agents.call import Call
from tunecase.agents.tools import TOOLS
from tunecase.errors import InputError, Problem, TunecaseError


def replies(monkeypatch: pytest.MonkeyPatch, work: object, tool: str = "charges") -> list[dict[str, object]]:
    """What a worker sends when a tool does this."""
    monkeypatch.setitem(TOOLS, tool, replace(TOOLS[tool], work=work))  # type: ignore[arg-type]
    wire = io.BytesIO()
    desk = worker._Desk(wire, lambda verb, record, case: "", lambda error: f"tunecase failed: {error}")
    desk.answer(json.dumps({"tool": tool, "given": {}}).encode())
    return [json.loads(line) for line in wire.getvalue().splitlines()]


def fails(error: BaseException):
    """A tool that raises."""

    def work(call: Call) -> Answer:
        raise error

    return work


def test_an_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress comes first, then the content, the words and the exit code; odd bytes of a file name are spelled out."""

    def work(call: Call) -> Answer:
        call.tell("Reading")
        return Answer({"file": "caf\udce9.csv"}, "Done.", 1)

    told, answer = replies(monkeypatch, work)
    assert {"progress": "Reading"} == told
    assert {"content": {"file": "caf\\udce9.csv"}, "text": "Done.", "code": 1, "left_out": []} == answer


def test_a_long_answer_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut stands in the words and beside the content."""
    (answer,) = replies(monkeypatch, lambda call: Answer({"rows": list(range(20_000))}, "Done."))
    assert ["rows: the first 1000 of 20,000 are here"] == answer["left_out"]
    assert "Done.\nLeft out, to keep the answer short: rows: the first 1000" in str(answer["text"])


def test_mistakes_are_told_by_their_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option of the terminal is named as the field that stands for it; the four parts come along."""
    problem = Problem("--from", "'x'", "a day", "write YYYY-MM-DD")
    (refused,) = replies(monkeypatch, fails(InputError(problem)))
    assert [{"where": "since", "got": "'x'", "wanted": "a day", "fix": "write YYYY-MM-DD"}] == refused["problems"]
    assert ("since: 'x'; wanted a day.\nwrite YYYY-MM-DD", 2) == (refused["refused"], refused["code"])


def test_a_remedy_that_an_agent_lacks_is_a_person_s() -> None:
    """Options that the tool takes are called as its fields; one that it does not take is asked of the person."""
    asked = Problem("--until", "x", "a day", "leave --until out, correct one with --replaces ab12, or use --beyond")
    mended = worker.by_field(asked, TOOLS["approve"])
    said = "leave until out, correct one with --replaces ab12, or use --beyond"
    why = "(no tool has --replaces and --beyond: ask the person, who can give it in a terminal)"
    assert ("until", f"{said} {why}") == (mended.where, mended.fix)
    plain = Problem("amount", "x", "a number", "write 5")
    assert plain == worker.by_field(plain, TOOLS["approve"])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TunecaseError("the server is away"), "the server is away"),
        (MemoryError(), "The memory of this machine has run out."),
        (PermissionError(13, "Permission denied", "ledger.jsonl"), "ledger.jsonl: this machine refused it"),
        (ZeroDivisionError("division by zero"), "tunecase failed: division by zero"),
    ],
)
def test_failures_are_told(monkeypatch: pytest.MonkeyPatch, error: Exception, words: str) -> None:
    """What the world refuses and a bug of ours are answers with exit code 3, and the worker goes on."""
    (refused,) = replies(monkeypatch, fails(error))
    assert str(refused["refused"]).startswith(words)
    assert (3, []) == (refused["code"], refused["problems"])


def test_no_connection_is_opened() -> None:
    """Names are not looked up and no address is connected to, that of this machine included."""
    code = (
        "import socket; from tunecase.agents.worker import refuse_network; refuse_network()\n"
        "for ask in (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: socket.getaddrinfo('localhost', 80),\n"
        "            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))):\n"
        "    try: ask(); print('open')\n"
        "    except OSError as error: print(error.strerror)\n"
    )
    src = Path(worker.__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=src)
    assert ["an agent's tools use no network"] * 3 == ran.stdout.splitlines()


def test_work_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that runs on a cluster is refused before anything is done."""
    case_folder(tmp_path, extra="engine: ray")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="engine: ray; wanted this machine"):
        TOOLS["books"].work(Call({}, lambda verb, record, case: ""))


@pytest.mark.parametrize(
    "changes",
    [
        {"data.train": "../x.jsonl"},
        {"data.train": "~/x.jsonl"},
        {"data.test": "https://x.example/test.jsonl"},
        {"prices": "/etc/passwd"},
        {"past": "../x"},
        {"engine": "ray"},
    ],
)
def test_changes_name_no_file_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]) -> None:
    """A change for `compare` that leads out of the folder, or to another machine, is refused."""
    case_folder(tmp_path / "in")
    monkeypatch.chdir(tmp_path / "in")
    with pytest.raises(InputError) as caught:
        TOOLS["compare"].work(Call({"changes": changes}, lambda verb, record, case: ""))
    assert [f"changes.{name}" for name in changes] == [problem.where for problem in caught.value.problems]


def test_a_pilot_of_paid_hours_needs_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an hour has a price and nothing may be spent, no pilot begins."""
    case_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    given = {"max_minutes": 1, "max_usd": 0, "usd_per_hour": 2}
    with pytest.raises(InputError, match="max_usd: 0; wanted more than 0 where an hour has a price"):
        TOOLS["pilot"].work(Call(given, lambda verb, record, case: ""))
    assert not (tmp_path / "ledger.jsonl").exists()


def test_a_refusal_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long what was given is, and however much is wrong, the refusal stays as short as an answer."""
    long = InputError([Problem("field", "x" * 1_000_000, "less", "shorten it")] * 500)
    (refused,) = replies(monkeypatch, fails(long))
    assert len(json.dumps(refused)) < 48_000
    assert "480 further mistakes from here on" == refused["problems"][-1]["got"]  # type: ignore[index]
