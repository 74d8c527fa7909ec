"""What agents read is true: the skill's commands run on the example, and AGENTS.md names what is there."""

import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from tests.command import tunecase
from tunecase.agents.tools import TOOLS
from tunecase.cli.commands import app

ROOT = Path(__file__).parents[1]
AGENTS = (ROOT / "AGENTS.md").read_text(encoding="utf-8")
SKILL = (ROOT / "skills" / "tunecase" / "SKILL.md").read_text(encoding="utf-8")
TOOLS_PAGE = (ROOT / "skills" / "tunecase" / "references" / "tools.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", SKILL, re.DOTALL) for line in block.strip().split("\n")]
# What of the skill's --json is told by name, by command.
FIELDS = {
    "audit": ("verdict", "usable", "rows", "findings"),
    "estimate": ("total", "lines", "over_budget", "reached", "unpriced", "currency"),
    "decide": ("advice", "action", "reason", "plan"),
}


@pytest.mark.slow
def test_every_command_of_the_skill_runs(tmp_path: Path) -> None:
    """In their order, in one folder, on the shipped example: none is refused, and --json prints one object."""
    assert len(COMMANDS) > 15
    for line in COMMANDS:
        program, *words = shlex.split(line)
        assert "tunecase" == program
        ran = tunecase(*words, cwd=tmp_path)
        assert ran.code in (0, 1), f"{line}: {ran.err}"
        if "--json" in words:
            fields = FIELDS.get(words[0], ())
            assert [] == [name for name in fields if name not in ran.json], line
    refused = tunecase("estimate", "--json", "--project", "none.yaml", cwd=tmp_path)
    assert 2 == refused.code
    assert {"where", "got", "wanted", "fix"} == set(refused.json["problems"][0])


def test_the_skill_has_its_head() -> None:
    """The front matter has the name of its folder and says when to use it; the skill is short."""
    head = SKILL.split("---")[1]
    assert "\nname: tunecase\n" in head
    described = head.split("description: ")[1].split("\n")[0]
    assert "Use when" in described
    assert len(described) <= 1024
    assert ": " not in described  # plain YAML without quotes
    assert len(SKILL.splitlines()) <= 150


def test_pages_name_commands_that_exist() -> None:
    """Every `tunecase VERB` in what agents read is a command, and every tool that is listed is offered."""
    verbs = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    for text in (SKILL, TOOLS_PAGE, PAGE, AGENTS):
        typed = [
            line.split()[1]
            for block in text.split("```")[1::2]
            for line in block.split("\n")
            if line[:9] == "tunecase "
        ]
        assert {*typed, *re.findall(r"`tunecase ([a-z]+)", text)} <= verbs
    last = {cell for line in TOOLS_PAGE.split("\n") for cell in re.findall(r"`([a-z_]+)`", line.rpartition(" | ")[2])}
    assert set(TOOLS) <= last
    assert set(TOOLS) <= set(re.findall(r"`([a-z_]+)`", PAGE))


def test_the_configuration_is_json() -> None:
    """What is to be copied into a client starts the command that there is."""
    shown = json.loads(PAGE.split("```json")[1].split("```")[0])
    assert {"command": "tunecase", "args": ["mcp", "/path/to/your/cases"]} == shown["mcpServers"]["tunecase"]


def test_agents_md_names_what_is_there() -> None:
    """AGENTS.md is short; its paths are there, its targets are in the Makefile."""
    assert len(AGENTS.splitlines()) <= 80
    linked = re.findall(r"\]\(([^)]+)\)", AGENTS)
    named = re.findall(r"\b((?:src|tests|docs|skills)/[\w./-]*\w)", AGENTS)
    assert len(named) > 8
    assert [] == sorted(place for place in {*linked, *named} if not (ROOT / place).exists())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = {word for line in re.findall(r"\bmake ([a-z -]+?)(?:`|  |\n)", AGENTS) for word in line.split()}
    assert asked <= targets
    assert {"setup", "test", "lint", "types", "docs"} <= asked


@pytest.mark.parametrize("text", [AGENTS, SKILL, TOOLS_PAGE, PAGE], ids=["AGENTS", "skill", "tools", "docs"])
def test_lines_are_readable(text: str) -> None:
    """No line of prose is longer than 132 characters."""
    prose = [line for line in text.split("\n") if not line.startswith(("|", "description:"))]
    assert [] == [line for line in prose if len(line) > 132]
