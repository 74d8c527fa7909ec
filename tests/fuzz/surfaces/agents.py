"""What an agent gives to a tool: the inputs of a call, as JSON."""

import json
from pathlib import Path

from tests.fuzz.surface import Surface, Tree
from tunecase.agents.fields import checked
from tunecase.agents.tools import TOOLS

CALLS = {
    "audit": {"data": "train.jsonl", "test": "a/test.jsonl", "fast": True, "seed": 3},
    "fit": {"model": "llama-3.1-8b", "gpu": ["A100-80GB", "H100"], "tokens": "5M", "rank": 16, "method": "lora"},
    "compare": {"project": "tunecase.yaml", "changes": {"method": "full", "data.train": "x.jsonl"}},
    "pilot": {"max_minutes": 1.5, "max_usd": 0, "sizes": "50,100", "draws": 3},
    "approve": {"amount": "1500 USD", "by": "Head of Support", "plan": "0123456789ab", "until": "2027-01-31"},
    "scorecard": {"cases": [".", "a", "b/scored.json"]},
}
SEEDS: tuple[Tree, ...] = tuple(
    {"call.json": json.dumps({"tool": tool, "arguments": given}).encode()} for tool, given in CALLS.items()
)


def _checked(folder: Path) -> object:
    """The checked inputs of a call; what is no call at all is the protocol's to refuse."""
    asked = json.loads((folder / "call.json").read_bytes())
    tool = TOOLS.get(str(asked.get("tool"))) if isinstance(asked, dict) else None
    given = asked.get("arguments") if tool else None
    if tool is None or not isinstance(given, dict):
        return None
    read = checked(tool.fields, given, folder)
    for field in tool.fields:
        if field.kind == "path" and field.name in read:
            assert (folder / read[field.name]).resolve().is_relative_to(folder.resolve())
    return read


SURFACES = (Surface("inputs of a tool", SEEDS, _checked, refusals=(ValueError, RecursionError)),)
