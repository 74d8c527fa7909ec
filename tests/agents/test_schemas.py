"""The schemas of what the tools answer."""

from tunecase.agents.schemas import COMMANDS, schema_of_tool
from tunecase.agents.tools import TOOLS
from tunecase.records import PRINTED, schema_of


def test_every_tool_has_a_schema() -> None:
    """Each tool but for those without a record names a command that prints one, or two."""
    assert set(TOOLS) - {"cases", "report", "schema"} == set(COMMANDS)
    assert {command for commands in COMMANDS.values() for command in commands} <= set(PRINTED)
    assert schema_of("spend add") == schema_of_tool("spend_add")


def test_two_answers_share_their_parts() -> None:
    """The schema of a tool that answers in two ways takes either, and what both use is defined once and alike."""
    several = [tool for tool, commands in COMMANDS.items() if len(commands) > 1]
    assert ["run"] == several
    made, alone = schema_of_tool("run"), [schema_of(command) for command in COMMANDS["run"]]
    assert [{"$ref": "#/$defs/Decision"}, {"$ref": "#/$defs/Estimate"}] == [
        {"$ref": one["$ref"]} for one in made["anyOf"]
    ]
    for one in alone:
        assert one["$defs"].items() <= made["$defs"].items()
