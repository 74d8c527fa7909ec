"""The reference of the site, from the code: every command, the project file, the records, the exit codes, the Python face."""

import inspect
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import tunecase
from tunecase import records
from tunecase.flow.init import schema as project_schema

ROOT = Path(__file__).parents[1]
API = ROOT / "docs" / "api.md"
MADE = "Written from the code by `make site`.\n"


@cache
def app() -> Any:
    """The command line as click holds it."""
    from typer.main import get_command

    from tunecase.cli.commands import app as typed
    from tunecase.cli.options import take_full

    program = get_command(typed)
    take_full(program)
    return program


def all_commands() -> dict[str, Any]:
    """Every command by its path, such as "audit" or "spend add", in the order of the help."""
    found: dict[str, Any] = {}
    for name, command in app().commands.items():
        parts = getattr(command, "commands", None)
        found |= {name: command} if parts is None else {f"{name} {inner}": one for inner, one in parts.items()}
    return found


def command_of(words: list[str]) -> tuple[str, Any] | None:
    """The command that words begin with, and its path; None where there is none."""
    known = all_commands()
    for length in (2, 1):
        if (path := " ".join(words[:length])) in known and len(words) >= length:
            return path, known[path]
    return None


def takes_today(words: list[str]) -> bool:
    """Whether these words begin with a command that can be told the day."""
    found = command_of(words)
    return found is not None and any("--today" in option.opts for option in found[1].params)


def mistake_of(typed: str) -> str:
    """What is wrong with a command that a page shows: no such command, or no such option of it; "" where nothing is.

    Example:
        >>> mistake_of("tunecase audit --fast"), mistake_of("tunecase audit --slow")
        ('', 'tunecase audit --slow: no option --slow')
    """
    try:
        words = shlex.split(typed, comments=True)[1:]
    except ValueError as error:
        return f"{typed}: {error}"
    if not words or words[0].startswith("-") or set(words[0]) & set("…."):
        return ""
    group = app().commands.get(words[0])
    if group is not None and hasattr(group, "commands") and (len(words) == 1 or words[1] == "..."):
        return ""
    found = command_of(words)
    if found is None:
        return f"{typed}: no such command"
    own = words[: words.index("--")] if "--" in words else words
    known = {name for option in found[1].params for name in (*option.opts, *option.secondary_opts)} | {"--help", "-h"}
    unknown = [word for word in own if word.startswith("--") and word.partition("=")[0] not in known]
    return f"{typed}: no option {', '.join(unknown)}" if unknown else ""


def command_pages() -> dict[str, str]:
    """A page for each command and group of commands, and one that lists them."""
    pages: dict[str, str] = {}
    rows: dict[str, list[str]] = {}
    for name, command in app().commands.items():
        parts = getattr(command, "commands", None)
        text = _of_group(name, command, parts) if parts else _of_command(name, command, "#")
        pages[f"reference/commands/{name}.md"] = text
        says = _sentence(command.help or command.short_help or "")
        rows.setdefault(command.rich_help_panel or "Commands", []).append(f"| [`tunecase {name}`]({name}.md) | {_cell(says)} |")
    tables = [f"## {panel}\n\n| command | answers |\n|---|---|\n" + "\n".join(lines) for panel, lines in rows.items()]
    head = f"# Commands\n\nEvery command with all its options. {MADE}"
    return {"reference/commands/index.md": "\n\n".join([head, *tables]) + "\n", **pages}


def _of_group(name: str, command: Any, parts: dict[str, Any]) -> str:
    head = f"# tunecase {name}\n\n{_docs(command.help or '')}\n"
    return "\n\n".join([head, *(_of_command(f"{name} {inner}", one, "##") for inner, one in parts.items())])


def _of_command(path: str, command: Any, mark: str) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    words = [f"[{one.name.upper()}]" if not one.required else one.name.upper() for one in arguments]
    usage = " ".join(["tunecase", path, *words, "[OPTIONS]"])
    parts = [f"{mark} tunecase {path}", _docs(command.help or ""), f"```text\n{usage}\n```"]
    if arguments:
        parts.append("| argument | means |\n|---|---|\n" + "\n".join(map(_argument_row, arguments)))
    panels: dict[str, list[str]] = {}
    for option in options:
        panels.setdefault(option.rich_help_panel or "Options", []).append(_option_row(option))
    parts += [f"**{panel}**\n\n| option | means | left out |\n|---|---|---|\n" + "\n".join(rows) for panel, rows in panels.items()]
    return "\n\n".join(parts) + "\n"


def _argument_row(argument: Any) -> str:
    return f"| `{argument.name.upper()}` | {_cell(argument.help or '')} |"


def _option_row(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    kind = "" if option.is_flag else f" {option.metavar or _kind(option)}"
    default = "" if option.default in (None, False, "", ()) or callable(option.default) else f"`{option.default}`"
    more = " (repeatable)" if option.multiple and "repeatable" not in (option.help or "") else ""
    return f"| {names}{kind} | {_cell(option.help or '')}{more} | {default} |"


def _kind(option: Any) -> str:
    if option.type_descriptor.is_choice:
        return "\\|".join(map(str, option.type_descriptor.choices or ()))
    annotation = str(option.type_descriptor.annotation)
    return next((word for part, word in (("Path", "PATH"), ("int", "NUMBER"), ("float", "NUMBER")) if part in annotation), "TEXT")


def _docs(text: str) -> str:
    """The help of a command as Markdown: square brackets of rich taken out."""
    return re.sub(r"\[/?(?:bold|dim|italic|cyan)\]", "", inspect.cleandoc(text))


def _sentence(text: str) -> str:
    return _docs(text).split("\n\n")[0].replace("\n", " ")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def project_page() -> str:
    """Every field of the project file, section by section, from its schema."""
    schema = json.loads(project_schema())
    parts = [
        "# The project file",
        f"`tunecase init` writes a project file, and beside it `tunecase.schema.json`, with which an editor completes and checks it. "
        f"Every field but `name` and `data` may be left out. Numbers carry their unit, and ranges are written `5k to 12k`: "
        f"90% sure that it lies between. {MADE}",
        "## All sections\n\n" + _fields(schema, places := _places(schema)),
    ]
    for name, place in places.items():
        section = schema["$defs"][name]
        parts.append(f"## {place}\n\n{section.get('description', '').strip()}\n\n{_fields(section, places)}")
    return "\n\n".join(parts) + "\n"


def _places(schema: dict[str, Any]) -> dict[str, str]:
    """Where each section of the schema stands in a project file, by the section's name, in reading order."""
    places: dict[str, str] = {}
    waiting = [("", schema)]
    while waiting:
        above, section = waiting.pop(0)
        for field, about in section.get("properties", {}).items():
            for name in re.findall(r'"#/\$defs/(\w+)"', json.dumps(about)):
                if name not in places and "properties" in schema["$defs"][name]:
                    places[name] = f"{above}{field}"
                    waiting.append((f"{above}{field}.", schema["$defs"][name]))
    return places


def _fields(section: dict[str, Any], places: Mapping[str, str]) -> str:
    """A table of a section's fields, where a section inside is linked by its place."""
    rows = []
    for name, field in section["properties"].items():
        kind = re.sub(r"\[(\w+)\]\(#\w+\)", lambda found: _place_link(places.get(found[1], found[1])), _type(field))
        rows.append(f"| `{name}` | {kind} | {_cell(field.get('description', ''))} |")
    return "| field | value | means |\n|---|---|---|\n" + "\n".join(rows)


def _place_link(place: str) -> str:
    return f"[{place}](#{re.sub('[^a-z_-]', '', place)})"


def _type(field: dict[str, Any]) -> str:
    """The values of a field, in words."""
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        kinds = list(dict.fromkeys(_type(part) for part in field["anyOf"] if part.get("type") != "null"))
        return " or ".join(kinds)
    if field.get("type") == "array":
        items = field.get("items") or {}
        return f"list of {_type(items)}" if items else "list"
    described = field.get("description", "")
    if isinstance(field.get("type"), list) and described:
        return _cell(described)
    if field.get("type") == "object":
        return "mapping"
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}.get(str(field.get("type")), "any")


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of a record."""
    from pydantic import TypeAdapter

    return dict(TypeAdapter(records.RECORDS[name]).json_schema(mode="serialization"))


def record_pages() -> dict[str, str]:
    """A page with the fields of every record that `--json` prints, and each one's JSON Schema as a file."""
    parts = [f"# Records\n\nEvery command prints its record as JSON with `--json`. Each has a JSON Schema to check it by. {MADE}"]
    files: dict[str, str] = {}
    for name in records.RECORDS:
        schema, file = schema_of(name), f"{name.replace(' ', '-')}.json"
        files[f"reference/schemas/{file}"] = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        about = " ".join(schema.get("description", "").split("\n\n")[0].split())
        rows = [f"| `{field}` | {_outline(kind)} |" for field, kind in schema.get("properties", {}).items()]
        link = f"Form {records.SCHEMAS[name]}; [JSON Schema](schemas/{file})."
        parts.append(f"## {name}\n\n{_cell(about)} {link}\n\n| field | value |\n|---|---|\n" + "\n".join(rows))
    return {"reference/records.md": "\n\n".join(parts) + "\n", **files}


def _outline(field: dict[str, Any]) -> str:
    return re.sub(r"\[(\w+)\]\(#\w+\)", r"\1", _type(field))


def codes_page() -> str:
    """The exit codes and the errors, from the words of errors.py."""
    from tunecase import errors

    rows = []
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.TunecaseError):
            rows.append((kind.exit_code, f"| `{name}` | {kind.exit_code} | {_sentence(inspect.getdoc(kind) or '')} |"))
    table = "\n".join(row for _, row in sorted(rows))
    return f"""# Exit codes and errors

| code | means |
|---|---|
| 0 | fine |
| 1 | the answer is no: it does not fit, is over the limit, does not hold |
| 2 | the input cannot be read as asked; nothing was done |
| 3 | something outside failed, or tunecase itself |

An error says where it is, what was given, what is wanted, and how to fix it. All mistakes of an input are told together. With
`--json` an error is an object with `error` and `problems`, each of which has `where`, `got`, `wanted` and `fix`.

In Python the same errors are exceptions of `tunecase.errors`:

| exception | exit code | raised when |
|---|---|---|
{table}

{MADE}"""


def python_page() -> str:
    """The public names of the package: docs/api.md where it is, otherwise from their docstrings."""
    if API.exists():
        return API.read_text(encoding="utf-8")
    parts = [f"# Python\n\nWhat `import tunecase` offers. {MADE}"]
    for name in tunecase.__all__:
        thing = getattr(tunecase, name)
        if inspect.isclass(thing):
            parts.append(f"## {name}\n\n{_docstring(thing)}")
            parts += [_function(f"{name}.{inner}", one, "###") for inner, one in _methods(thing)]
        elif callable(thing):
            parts.append(_function(name, thing, "##"))
    return "\n\n".join(parts) + "\n"


def _methods(kind: type) -> Iterator[tuple[str, Any]]:
    return ((name, one) for name, one in vars(kind).items() if inspect.isfunction(one) and not name.startswith("_"))


def _function(name: str, function: Any, mark: str) -> str:
    return f"{mark} {name}\n\n```python\n{name}{_signature(function)}\n```\n\n{_docstring(function)}"


def _signature(function: Any) -> str:
    text = str(inspect.signature(function))
    return re.sub(r"<object object at 0x[0-9a-f]+>|<[^>]+>", "...", text.replace("self, ", "").replace("(self)", "()"))


def _docstring(thing: Any) -> str:
    """A docstring as Markdown: its sections as headings in bold, its examples as code."""
    out, code = [], False
    for line in (inspect.getdoc(thing) or "").splitlines():
        section = re.fullmatch(r"(Args|Returns|Raises|Example|Examples|Attributes|Yields):(?: (.+))?", line)
        indented = line.startswith("    ")
        if code and line and not indented:
            out.append("```")
            code = False
        if section:
            out += ["", f"**{section[1]}**" + (f": {section[2]}" if section[2] else ""), ""]
            if section[1].startswith("Example"):
                out.append("```python")
                code = True
        elif code:
            out.append(line.removeprefix("    "))
        elif (field := re.fullmatch(r"    (\w+): (.*)", line)) is not None:
            out.append(f"- `{field[1]}`: {field[2]}")
        else:
            out.append(line.strip())
    return "\n".join([*out, *(["```"] if code else [])])
