"""The schemas of what the tools answer."""

import pytest

from tunecase.agents.schemas import COMMANDS, schema_of
from tunecase.agents.tools import TOOLS
from tunecase.errors import InputError


def test_every_tool_has_a_schema() -> None:
    """Each tool but for those without a record names a command, and each command has a schema of its own name."""
    assert set(TOOLS) - {"cases", "report", "schema"} == set(COMMANDS)
    for command in set(COMMANDS.values()):
        schema = schema_of(command)
        assert schema["$id"].startswith(f"tunecase:{command}:")
        assert schema["$schema"].endswith("2020-12/schema")


def test_an_unknown_command_names_the_nearest() -> None:
    """A command without a record is refused."""
    with pytest.raises(InputError, match="did you mean audit"):
        schema_of("audti")
