"""Money that an agent asks to write waits for a person: a form of the client, or a code that a terminal shows."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import walked
from tests.agents.client import call, environment, person, said, speak
from tunecase import flow
from tunecase.ledger import Ledger

pytestmark = [pytest.mark.slow, pytest.mark.needs("mcp")]
WRITES = "--allow-writing"
CHARGE = {"amount": "42.50", "currency": "USD", "line": "gpu", "note": "first round"}


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case whose plan asks for a release, and a state folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = walked.path_of("decided", tmp_path / "case")
    flow.decide(flow.open_case(project))
    return project.parent


def release(case: Path) -> dict[str, Any]:
    """What an agent gives to release money for the plan on file."""
    return {"amount": "100 USD", "by": "CEO", "plan": flow.approvals(flow.open_case(case / "tunecase.yaml")).plan}


def codes(case: Path) -> list[str]:
    """The codes that `tunecase approve --code` shows on a terminal."""
    ours, theirs = pty.openpty()
    asks = [sys.executable, "-m", "tunecase", "approve", "--code"]
    with subprocess.Popen(asks, cwd=case, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 10_000)
            except OSError:  # the terminal is closed
                break
        assert 0 == process.wait(60), shown
    os.close(ours)
    return re.findall(r"Code: (\w+)", shown.decode())


def money(case: Path) -> list[Any]:
    """The charges and approvals that an agent wrote."""
    written = Ledger(case / "ledger.jsonl").entries()
    return [entry for entry in written if entry.through[0] == "agent" and entry.verb in ("spend", "approve")]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_form_asks_the_person(case: Path, mode: str) -> None:
    """It says what is written; the entry bears the name that the person gave, not the agent's; a no writes nothing."""
    for tool, given, words in (
        ("approve", release(case), "Release 100.00 USD"),
        ("spend_add", CHARGE, "Book 42.50 USD"),
    ):
        for answer in (
            person("decline"), person("cancel"), person("accept"), person("accept", name="Ines", yes=False),
            person("accept", name=" ", yes=True), person("accept", name="I\nnes", yes=True),
        ):  # fmt: skip
            result = call(case, tool, WRITES, client={"elicitation_callback": answer, "mode": mode}, **given)
            assert result.is_error
            assert "nothing was written" in said(result)
            assert words in answer.asked[0]
            assert "CEO" not in answer.asked[0]
        assert [] == [entry for entry in money(case) if entry.verb in tool]
        answer = person("accept", name="Ines", yes=True)
        result = call(case, tool, WRITES, client={"elicitation_callback": answer, "mode": mode}, **given)
        assert not result.is_error, said(result)
    approval, charge = money(case)
    assert "Ines" == approval.record().by
    for entry in (approval, charge):
        assert ("agent", "elicited", "Ines") == (*entry.through, entry.meta["person"])
    standing = flow.approvals(flow.open_case(case / "tunecase.yaml")).approved[0]
    assert ("agent", "elicited") == (standing.face, standing.seen)


def test_an_answer_counts_for_the_call_that_asked(case: Path) -> None:
    """A client that answers before it is asked, or answers for another call, writes nothing."""
    from mcp import types

    yes = types.ElicitResult(action="accept", content={"name": "CEO", "yes": True})

    async def talk(client: Any) -> list[Any]:
        asks = await client.session.call_tool("spend_add", CHARGE, allow_input_required=True)
        tries = (("spend_add", CHARGE, "made up"), ("spend_add", {**CHARGE, "amount": "9000"}, asks.request_state))
        return [
            await client.session.call_tool(
                name, given, input_responses={"person": yes}, request_state=state, allow_input_required=True
            )
            for name, given, state in tries
        ]

    for result in speak(case, talk, WRITES, elicitation_callback=person("decline")):
        assert result.is_error, said(result)
    assert [] == money(case)


@pytest.mark.skipif(sys.platform == "win32", reason="opens a terminal of POSIX")
def test_a_code_lets_exactly_one_thing_through(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No code, a made-up one, that of another amount, one that was used or is too old: nothing is written."""
    for tool, given in (("spend_add", CHARGE), ("approve", release(case))):
        other = {**given, "amount": "41 USD" if tool == "approve" else "41.00"}
        for asked in (other, given):
            refused = call(case, tool, WRITES, **asked)
            assert "`tunecase approve --code`" in said(refused)
        count = len(money(case))
        shown = codes(case)
        assert 2 == len(shown)
        fitting = [code for code in shown if not call(case, tool, WRITES, **given, code=code).is_error]
        assert (1, count + 1) == (len(fitting), len(money(case)))
        for asked, code in ((given, fitting[0]), (given, "0" * 16), (given, ""), (other, fitting[0])):
            assert call(case, tool, WRITES, **asked, code=code).is_error
        call(case, tool, WRITES, **given)
        for code in codes(case):  # both requests again, and ten minutes pass
            for file in (case.parent / "state" / "tunecase" / "asked").iterdir():
                assert 0o600 == file.stat().st_mode & 0o777
                assert code not in file.read_text()
                kept = json.loads(file.read_text())
                file.write_text(json.dumps(kept | {"drawn_s": kept["drawn_s"] - 601}))
            assert call(case, tool, WRITES, **given, code=code).is_error
        assert count + 1 == len(money(case))
        for file in (case.parent / "state" / "tunecase" / "asked").iterdir():
            file.unlink()
    charge, approval = money(case)
    assert "CEO" == approval.record().by  # the terminal showed this name beside the code
    assert {("agent", "code")} == {charge.through, approval.through}


def test_a_code_is_shown_to_a_person_alone(case: Path) -> None:
    """Without a terminal there is none: an agent's shell that pipes the output reads nothing."""
    call(case, "spend_add", WRITES, **CHARGE)
    ran = subprocess.run(
        [sys.executable, "-m", "tunecase", "approve", "--code"], cwd=case, env=environment(), input="",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (2, "") == (ran.returncode, ran.stdout)
    assert "a person at a terminal" in ran.stderr
