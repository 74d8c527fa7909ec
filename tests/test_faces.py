"""A face hands on what it names, and loads it when it is asked for; each entry of a ledger says its face."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import samples, walked
from tests.command import tunecase
from tunecase import flow, plan
from tunecase.accounts import account
from tunecase.faces import FACE
from tunecase.ledger import Ledger, NewEntry
from tunecase.ledger.lines import FIRST, chained, content_of


def test_a_part_is_loaded_when_it_is_asked_for() -> None:
    """To load a room loads none of its parts; one part that is asked for leaves the others as they are."""
    code = "import sys\nfrom tunecase import flow\n" + "print('tunecase.flow.fit' in sys.modules)\n" * 2
    code = (
        code.replace("modules)\nprint", "modules)\nflow.FitAsked\nprint")
        + "print('tunecase.flow.books' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ["False", "True", "False"] == ran.stdout.split()


def test_a_function_is_not_hidden_by_the_module_of_its_name() -> None:
    """Whoever loads the module fit, the face's fit is the function; a module that a face names is itself."""
    code = "import tunecase.flow.fit\nfrom tunecase import flow\nprint(callable(flow.fit))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "True" == ran.stdout.strip()
    assert "tunecase.plan.levers" == plan.levers.__name__


def test_what_a_face_does_not_name_is_no_part_of_it() -> None:
    """Neither another name nor one that only its file uses."""
    for name in ("fitted", "TYPE_CHECKING_", "__wrapped__"):
        with pytest.raises(AttributeError, match=f"'tunecase.flow' has no attribute '{name}'"):
            getattr(flow, name)


# Commands that write entries to a walked case within a second; the road's own are those of the walked cases themselves.
WRITE: tuple[tuple[str, ...], ...] = (
    ("spend", "add", "12.50", "USD", "--line", "gpu"), ("spend", "map", "description=*", "gpu"),
    ("spend", "import", "timesheet", "hours.csv", "--category", "labour"),
    ("spend", "serving", "--from", "2026-10-01", "--to", "2026-10-31", "--answers", "41k", "--cost", "640 USD"),
    ("reject", "--by", "Ines"), ("books", "--plan", "latest", "--close", "gpu"),
    ("next", "--rows", "400", "--score", "0.8", "--changed", "label"),
)  # fmt: skip


@pytest.mark.parametrize("words", WRITE, ids=" ".join)
def test_every_command_says_its_face(words: tuple[str, ...], tmp_path: Path) -> None:
    """What is typed in a terminal stands in the ledger as that, whatever verb writes it and however many entries."""
    walked.path_of("running", tmp_path)
    (tmp_path / "hours.csv").write_text("date,person,hours,activity\n2026-11-20,Ada,3,data work\n")
    before = Ledger(tmp_path / "ledger.jsonl").faces()
    ran = tunecase(*words, "--today", str(walked.TODAY), cwd=tmp_path)
    new = Ledger(tmp_path / "ledger.jsonl").faces() - before
    assert {"terminal"} == set(new), f"{ran.out}{ran.err}"


@pytest.mark.parametrize("record", [samples.approval(), samples.rejection(), samples.spendings()[0]], ids=type)
def test_an_agent_writes_no_money_by_any_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Any) -> None:
    """The ledger itself asks, whatever verb a tool may call one day, among however many other entries."""
    monkeypatch.setattr(FACE, "code", "agent")
    ledger = Ledger(tmp_path / "ledger.jsonl")
    kind = "spend" if type(record).__name__ == "Spending" else "record"
    with pytest.raises(RuntimeError, match="asks no person"):
        ledger.append_many([NewEntry("record", {}, "note"), NewEntry(kind, record)], recorded_at=walked.FIRST)
    assert not ledger.path.exists()


def test_an_entry_of_before_says_none(tmp_path: Path) -> None:
    """An old ledger verifies; its approvals and charges are shown as not said, and count under no code."""
    old = opened_old(tmp_path)
    assert [] == old.ledger.verify()
    assert {""} == set(old.ledger.faces())
    for verb, record in (
        ("approvals", flow.approvals(old)),
        ("charges", flow.charges(old)),
        ("ledger", flow.verify(old.path)),
    ):
        assert "not said" in repr(account(verb, record)), verb


def opened_old(to: Path) -> flow.Flow:
    """The walked case `running` as a ledger from before faces were noted."""
    project = walked.path_of("running", to)
    entries = list(Ledger(to / "ledger.jsonl").entries())
    lines = chained(
        (
            content_of(entry.kind, entry.body, entry.verb, {k: v for k, v in entry.meta.items() if k != "face"},
                       entry.recorded_at)
            for entry in entries
        ), FIRST,
    )  # fmt: skip
    (to / "ledger.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    return flow.open_case(project, today=walked.TODAY)
