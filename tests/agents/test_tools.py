"""The table of tools: names, words, schemas, and what they say of themselves."""

import re

import pytest
import typer

from tunecase.agents.tools import READING, TOOLS, WRITING, offered
from tunecase.cli.commands import app

OWN = {"cases", "charges", "approvals", "add_round", "spend_add", "write_report", "audit_fix"}


def test_read_only_is_the_default() -> None:
    """Without the flag only tools that read are offered; with it those that write come after them."""
    assert READING == offered(allow_writing=False)
    assert (*READING, *WRITING) == offered(allow_writing=True)
    assert len(TOOLS) == len(READING) + len(WRITING)
    assert not any(tool.writes for tool in READING)
    assert all(tool.writes for tool in WRITING)


def test_tools_are_called_as_their_verbs() -> None:
    """Each tool bears the name of a command of the terminal, or one of a few of its own."""
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert OWN == set(TOOLS) - commands


def test_hints_are_true() -> None:
    """Reading tools say that they change nothing, writing ones that they do; none reaches beyond this machine."""
    for tool in TOOLS.values():
        assert tool.hints["read_only_hint"] is not tool.writes
        assert tool.hints["open_world_hint"] is False
    assert ["write_report"] == [tool.name for tool in TOOLS.values() if tool.hints["destructive_hint"]]


def test_money_is_a_persons_word() -> None:
    """The tools that book and approve say that a person must have said so; a pilot needs bounds of time and money."""
    for name in ("spend_add", "approve"):
        assert "They are asked before it is written" in TOOLS[name].words
        assert "code" in TOOLS[name].input_schema["properties"]
    assert {"max_minutes", "max_usd"} == set(TOOLS["pilot"].input_schema["required"])
    assert {"amount", "by", "plan"} == set(TOOLS["approve"].input_schema["required"])


def test_inputs_are_described() -> None:
    """Every field has words that end in a full stop, and every schema refuses fields that it does not have."""
    pytest.importorskip("jsonschema").Draft202012Validator.check_schema(TOOLS["fit"].input_schema)
    for tool in TOOLS.values():
        assert tool.input_schema["additionalProperties"] is False
        assert re.fullmatch(r"[a-z_]{3,20}", tool.name)
        assert [] == [field.name for field in tool.fields if not field.words.endswith((".", "…"))]


def test_nothing_offers_the_network() -> None:
    """No tool takes an address, a hosted model to ask, a command to run or a catalog to fetch."""
    names = {field.name for tool in TOOLS.values() for field in tool.fields}
    assert set() == names & {"address", "hosted", "command", "update", "endpoint", "url", "probe", "set", "scratch"}
    trainer = next(field for field in TOOLS["pilot"].fields if field.name == "trainer")
    assert set() == {"command", "hosted", "decision", "simulated"} & set(trainer.choices)
