"""Writes docs/api.md from the docstrings: every public name, its signature, what it does, and an example that runs.

Usage: python docs/api.py [--check]
"""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import api_records
import options

import tunecase
from tunecase import callback, records

TARGET = Path(__file__).parent / "api.md"
# What the examples begin with, in a copy of the shipped example.
PREAMBLE = """\
from datetime import date
from decimal import Decimal
from pathlib import Path

from tunecase import *
from tunecase.quantities import Band, Interval80, Sampled
from tunecase.records import *

case = Case("tunecase.yaml", today=date(2026, 11, 24))
definition, audit = case.define(), case.audit()
pilot, forecast = case.pilot(trainer="probe", draws=2), case.forecast()
estimate, decision = case.estimate(), case.decide()
inference, sources = case.inference(), case.sources()
approvals = case.approve("6000 USD", "Head of Support", until="2027-01-31", beyond=True)
charge = case.spend("120", "USD", category="gpu", on="2026-11-20", note="first runs")
books, charges = case.books(), case.charges()
fit = training_run("llama-3.1-8b", "A100-80GB", tokens="5M", method="lora")
"""
HEAD = f"""\
# Python: every public name

Written by `make docs` from the docstrings; edit those, not this file. What is not listed here may change in any
version.

`import tunecase` loads nothing heavy; every name is typed (`py.typed`). A mistake of yours is an `InputError` with all
its `problems`, a failure of the world another `TunecaseError`. Every example runs in the tests. They begin, in a copy
of the shipped example (`tunecase init --example support-tickets`), with:

```python
{PREAMBLE}```
"""


@dataclass(frozen=True)
class Name:
    """One public name: how it is written, the object behind it, and how deep it stands on the page."""

    dotted: str
    object: Any
    depth: int = 3

    @cached_property
    def doc(self) -> str:
        """Its docstring."""
        target = self.object.fget if isinstance(self.object, property) else self.object
        return inspect.getdoc(target) or ""

    @property
    def text(self) -> str:
        """What it says before its example."""
        return re.split(r"^Example:?\n", self.doc, maxsplit=1, flags=re.MULTILINE)[0].strip()

    @property
    def example(self) -> str:
        """Its example, of its docstring or of the table of the records; empty without one."""
        parts = re.split(r"^Example:?\n", self.doc, maxsplit=1, flags=re.MULTILINE)
        road = api_records.ROADS.get(self.dotted)
        return inspect.cleandoc(parts[1].split("\n\nSource:")[0]) if len(parts) > 1 else road.example if road else ""

    @property
    def heading(self) -> str:
        """The name with its signature."""
        if inspect.ismodule(self.object):
            return f"{self.dotted}(**settings)"
        if isinstance(self.object, property):
            returned = inspect.signature(self.object.fget).return_annotation  # type: ignore[arg-type]
            return f"{self.dotted}: {_type(returned)}"
        plain = records.Tabular, Exception
        if isinstance(self.object, type) and (is_dataclass(self.object) or issubclass(self.object, plain)):
            return self.dotted
        shown = _type(str(inspect.signature(self.object)).replace("(self, ", "(").replace("(self)", "()"))
        return f"{self.dotted}{shown.removesuffix(' -> None') if self.dotted == 'Case' else shown}"


def _type(hint: Any) -> str:
    """A type, or a signature, without the modules that its names come from, as code of one line."""
    text = hint.__name__ if isinstance(hint, type) and not hasattr(hint, "__args__") else str(hint)
    text = re.sub(r"-> '([\w.]+)'", r"-> \1", text)
    text = re.sub(r"Annotated\[([\w.]+), [^\]]*\]", r"\1", text)
    text = options.unpacked(text)
    return re.sub(r"(?<!['\"])\b(?:tunecase|collections|datetime|decimal|pathlib|typing)(?:\.\w+)*\.(\w+)", r"\1", text)


def members(kind: type) -> Iterator[Name]:
    """The methods and properties that a public class defines itself."""
    for name, value in vars(kind).items():
        if not name.startswith("_") and (isinstance(value, property) or inspect.isfunction(value)):
            yield Name(f"{kind.__name__}.{name}", value, 4)


def kinds() -> list[type]:
    """The records and their rows, by name; what else tunecase.records holds is for tunecase itself."""
    named = [getattr(records, name) for name in sorted(records.__all__)]
    return [kind for kind in named if isinstance(kind, type) and is_dataclass(kind)]


def sections() -> dict[str, list[Name]]:
    """The public names by the title of their section."""
    top = {name: getattr(tunecase, name) for name in tunecase.__all__ if name != "__version__"}
    errors = [name for name, value in top.items() if name == "Problem" or (isinstance(value, type) and name != "Case")]
    asked = [name for name in top if name != "Case" and name not in errors]
    every_record = [Name("Tabular", records.Tabular), *members(records.Tabular)]
    held = [one for kind in kinds() for one in (Name(kind.__name__, kind), *members(kind))]
    return {
        "A case": [Name("Case", top["Case"]), *members(top["Case"])],
        "Questions without a project": [Name(name, top[name]) for name in asked],
        "What every record can do": every_record,
        "Mistakes and failures": [Name(name, top[name]) for name in errors],
        "Dollars in a Trainer: `tunecase.callback`": [
            Name("Settings", callback.Settings),
            Name("SpendCallback", callback),  # the class itself needs transformers; the module says what it does
        ],
        "Records and their rows: `tunecase.records`": held,
    }


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, names in sections().items():
        parts.append(f"## {title}\n")
        for name in names:
            parts.append(f"{'#' * name.depth} `{name.heading}`\n")
            parts.append(_body(name))
    return "\n".join(parts).rstrip() + "\n"


def _body(name: Name) -> str:
    listed = re.sub(r"^(Args|Returns|Raises):", r"\n*\1*:", name.text, flags=re.MULTILINE).replace("\n\n\n", "\n\n")
    lines = [re.sub(r"^    (\w[\w, ]*): ", r"- `\1`: ", line) for line in listed.split("\n")]
    parts = ["\n".join(line.strip() if line.startswith("        ") else line for line in lines) + "\n"]
    if isinstance(name.object, type) and is_dataclass(name.object) and name.object is not records.Tabular:
        shown = ", ".join(f"`{field.name}: {_type(field.type)}`" for field in fields(name.object))
        parts.append(f"{shown}\n")
    parts += [f"{part}\n" for part in options.listed(name.dotted)]
    if name.example:
        parts.append(f"```python\n{name.example}\n```\n")
    return "\n".join(parts)


def is_stale() -> bool:
    """Whether the page does not say what the docstrings say."""
    return not TARGET.exists() or TARGET.read_text(encoding="utf-8") != page()


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit("stale: docs/api.md; run `make docs`" if is_stale() else 0)
    TARGET.write_text(page(), encoding="utf-8")
