"""The schemas of what the tools answer."""

from tunecase.agents.schemas import COMMANDS
from tunecase.agents.tools import TOOLS
from tunecase.records import PRINTED


def test_every_tool_has_a_schema() -> None:
    """Each tool but for those without a record names a command that prints one."""
    assert set(TOOLS) - {"cases", "report", "schema"} == set(COMMANDS)
    assert set(COMMANDS.values()) <= set(PRINTED)
