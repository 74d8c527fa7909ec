"""The reference of the site, from the code: every command, the exit codes, the Python face."""

import inspect
import re
import shlex
from collections.abc import Iterator
from typing import Any

import options
import site_commands

import tunecase

MADE = "Written from the code by `make site`.\n"


def app() -> Any:
    """The command line as click holds it, with the options that every command gets."""
    from tunecase.cli import commands

    return commands._program()


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


def shown_on(text: str) -> list[str]:
    """Every command that a page shows, in the order of the page."""
    return site_commands.shown_on(text, all_commands())


def takes_today(words: list[str]) -> bool:
    """Whether these words begin with a command that can be told the day."""
    found = command_of(words)
    return found is not None and any("--today" in option.opts for option in found[1].params)


def mistake_of(typed: str) -> str:
    """Why the command line would not take a command that a page shows; "" where it would.

    A command alone, one with … for what is left out, or one that asks for its help is only looked up. What is piped
    into it, or what takes its output, is not looked at.

    Example:
        >>> mistake_of("tunecase audit --fast"), mistake_of("tunecase audit --slow")
        ('', 'tunecase audit --slow: No such option: --slow')
    """
    try:
        words = shlex.split(typed[typed.index("tunecase") :], comments=True)[1:]
    except ValueError as error:
        return f"{typed}: {error}"
    group = app().commands.get(words[0]) if words else None
    if not words or words[0].startswith("-") or (len(words) == 1 and hasattr(group, "commands")):
        return ""
    found = command_of(words)
    if found is None:
        return f"{typed}: no such command"
    path, command = found
    rest = words[len(path.split()) :]
    ends = next((at for at, word in enumerate(rest) if word in ("&&", ">", "|")), len(rest))
    if not rest[:ends] or {"…", "...", "[OPTIONS]", "--help"} & set(rest):
        return ""
    return _refused(typed, path, command, rest[:ends])


def _refused(typed: str, path: str, command: Any, rest: list[str]) -> str:
    """What click says of the words; a sentence may name an option without its value, or without the rest."""
    try:
        command.make_context(path, rest)
    except Exception as error:  # click's own, or those of the copy that newer releases of typer carry
        if not hasattr(error, "format_message"):
            raise
        kind = type(error).__name__
        return "" if kind in ("MissingParameter", "BadOptionUsage") else f"{typed}: {error.format_message()}"
    return ""


def command_pages() -> dict[str, str]:
    """A page for each command and group of commands, and one that lists them."""
    pages: dict[str, str] = {}
    rows: dict[str, list[str]] = {}
    for name, command in app().commands.items():
        parts = getattr(command, "commands", None)
        text = _of_group(name, command, parts) if parts else _of_command(name, command, "#")
        pages[f"reference/commands/{name}.md"] = text
        says = _sentence(command.help or command.short_help or "")
        rows.setdefault(command.rich_help_panel or "Commands", []).append(
            f"| [`tunecase {name}`]({name}.md) | {cell(says)} |"
        )
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
    parts += [f"**{panel}**\n\n| option | means |\n|---|---|\n" + "\n".join(rows) for panel, rows in panels.items()]
    return "\n\n".join(parts) + "\n"


def _argument_row(argument: Any) -> str:
    return f"| `{argument.name.upper()}` | {cell(argument.help or '')} |"


def _option_row(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    kind = "" if option.is_flag else f" {option.metavar or _kind(option)}"
    silent = option.default in (None, False, "", ()) or callable(option.default)
    default = "" if silent else f" Left out: {option.default}."
    more = " (repeatable)" if option.multiple and "repeatable" not in (option.help or "") else ""
    return f"| {names}{kind} | {cell(option.help or '')}{more}{default} |"


def _kind(option: Any) -> str:
    if option.type_descriptor.is_choice:
        return "\\|".join(map(str, option.type_descriptor.choices or ()))
    annotation = str(option.type_descriptor.annotation)
    return next(
        (word for part, word in (("Path", "PATH"), ("int", "NUMBER"), ("float", "NUMBER")) if part in annotation),
        "TEXT",
    )


def _docs(text: str) -> str:
    """The help of a command as Markdown: square brackets of rich taken out."""
    return re.sub(r"\[/?(?:bold|dim|italic|cyan)\]", "", inspect.cleandoc(text))


def _sentence(text: str) -> str:
    return _docs(text).split("\n\n")[0].replace("\n", " ")


def cell(text: str) -> str:
    """Words as one cell of a table, options in them as code."""
    plain = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return plain if "`" in plain else re.sub(r"(?<![\w-])--[a-z][a-z-]*", lambda option: f"`{option[0]}`", plain)


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

An error says where it is, what was given, what is wanted, and how to fix it. All mistakes of an input are told
together. With `--json` an error is an object with `error` and `problems`, each of which has `where`, `got`, `wanted`
and `fix`.

In Python the same errors are exceptions of `tunecase.errors`:

| exception | exit code | raised when |
|---|---|---|
{table}

{MADE}"""


def python_page() -> str:
    """The public names of the package, from their docstrings."""
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
    parts = [f"{mark} {name}", f"```python\n{name}{_signature(function)}\n```", _docstring(function)]
    return "\n\n".join([*parts, *options.listed(name)])


def _signature(function: Any) -> str:
    shown = options.unpacked(str(inspect.signature(function)))
    text = re.sub(r"\b(?:tunecase|pathlib|collections|typing|datetime|decimal)\.(?:\w+\.)*", "", shown)
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
