"""Sentences of our own in thirteen languages, short and long, about everyday things."""

import json
from pathlib import Path

SENTENCES: dict[str, list[str]] = json.loads((Path(__file__).parent / "fixtures" / "sentences.json").read_text("utf-8"))
