"""What a command line that cannot be read is answered with: what was typed, what is wanted, what to write."""

import difflib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup

from tunecase.errors import InputError, Problem

USAGE_ERROR: type[Any] = typer.BadParameter.__bases__[0]
LIKENESS = 0.7  # of a word to a known one, from which on it is taken for a slip of the fingers


class Usage(TyperGroup):
    """The commands of tunecase, whose mistakes of usage are told as all other mistakes are."""

    def make_context(self, info_name: str | None, args: list[str], *given: Any, **more: Any) -> Any:
        """The context of the program itself, as in Typer."""
        with _told(tuple(args)):
            return super().make_context(info_name, args, *given, **more)

    def invoke(self, ctx: Any) -> Any:
        """Reads the words of a command and runs it, as in Typer."""
        with _told((*getattr(ctx, "_protected_args", ()), *ctx.args)):
            return super().invoke(ctx)


def refuse_empty(program: Any) -> None:
    """Makes every command under a program refuse an empty option or argument, as an unset `$ID` of a script leaves.

    An empty word would stand for the default: a correction without an id would be a second charge.
    """
    for command in getattr(program, "commands", {}).values():
        refuse_empty(command)
    for param in program.params:
        if not getattr(param, "is_flag", False) and param.name != "note":  # nothing rests on a note
            param.process_value = partial(_filled, param, param.process_value)


def _filled(param: Any, read: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    """What was typed for an option or argument, read as Typer does. Raises InputError where it is empty."""
    source = context.get_parameter_source(param.name)
    words = value if isinstance(value, list | tuple) else [value]
    if source is not None and source.name == "COMMANDLINE" and "" in words:
        name = max(param.opts, key=len) if param.param_type_name == "option" else str(param.name).upper()
        wanted = _wanted(param).partition(";")[0].rstrip(".")
        fix = f"write it, or leave {name} out; in a script: is the variable set?"
        raise InputError(Problem(name, "empty", wanted, fix))
    return read(context, value)


def _wanted(param: Any) -> str:
    """What an option or an argument takes, in the words of its help."""
    words = getattr(param, "help", None) or "a value"
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


@contextmanager
def _told(typed: Sequence[str]) -> Iterator[None]:
    """Raises InputError in the place of what Typer raises; its help, asked for by no words at all, stays."""
    try:
        yield
    except USAGE_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        raise InputError(_problem(error, typed)) from None


def _problem(error: Any, typed: Sequence[str]) -> Problem:
    context = error.ctx
    path = context.command_path if context else "tunecase"
    shown = f"`{path} --help` shows what it takes"
    if name := getattr(error, "option_name", ""):
        if "such" not in error.message:
            return Problem(name, "nothing after it", "a value", shown)
        options = [option for one in context.command.params for option in (*one.opts, *one.secondary_opts)]
        return Problem(name, "no such option", f"an option of `{path}`", nearest_word(name, options, "", shown))
    if param := getattr(error, "param", None):
        return _of_parameter(param, path, typed, error.message)
    commands = list(getattr(context.command, "commands", {})) if context else []
    wrong = next((word for word in typed if f"'{word}'" in error.message), "")
    if commands and wrong:
        return Problem(
            wrong, "no such command", f"a command of {path}", nearest_word(wrong, commands, f"{path} ", shown)
        )
    extra = error.message.rpartition("(")[2].rstrip(").")
    if "extra argument" in error.message:
        return Problem(extra or "an empty word", "too much", "no further word", f"leave it out; {shown}")
    return Problem(path, error.message.rstrip("."), "another wording", shown)


def _of_parameter(param: Any, path: str, typed: Sequence[str], message: str) -> Problem:
    """An option's or an argument's value that is missing or cannot be read."""
    is_option = param.param_type_name == "option"
    name = max(param.opts, key=len) if is_option else str(param.name).upper()
    shown = f"`{path} --help` shows what it takes"
    value = _value_of(param.opts, typed) if is_option else None
    if not message:
        fix = f"write `{path} {name} {'VALUE' if is_option else '…'}`; {shown}"
        return Problem(name, "nothing", _wanted(param), fix)
    got = "a value that cannot be read" if value is None else repr(value)
    low, high = _ends(param)
    wanted = _number(message, low, high)
    if not wanted:
        return Problem(name, got, f"what `{path} --help` lists", f"{message.rstrip('.')}; {shown}")
    default = param.default if isinstance(param.default, (int, float)) else max(low or 0, 1)
    return Problem(name, got, wanted, f"write for example {name} {default}")


def _ends(param: Any) -> tuple[Any, Any]:
    """The least and the greatest number that an option takes; None where it has no such end."""
    kind = getattr(param, "type", None)
    low, high = (getattr(param, end, getattr(kind, end, None)) for end in ("min", "max"))
    return low, high


def _number(message: str, low: float | None, high: float | None) -> str:
    """The numbers that an option takes; empty where it takes no number.

    Example:
        >>> _number("Input should be a valid integer", 0, 9), _number("Input should be a valid number", 1, None)
        ('a whole number from 0 to 9', 'a number of 1 or more')
        >>> _number("Input should be 'full' or 'lora'", None, None)
        ''
    """
    if low is None and high is None and not any(word in message for word in ("integer", "number", "float")):
        return ""
    number = "a whole number" if "integer" in message else "a number"
    if high is None:
        return number if low is None else f"{number} of {low} or more"
    return f"{number} up to {high}" if low is None else f"{number} from {low} to {high}"


def _value_of(names: Sequence[str], typed: Sequence[str]) -> str | None:
    """What was typed for an option; None where that does not show."""
    for word, following in zip(typed, [*typed[1:], None], strict=True):
        if word in names:
            return following
        option, equals, value = word.partition("=")
        if equals and option in names:
            return value
    return None


def nearest_word(word: str, known: Sequence[str], before: str, otherwise: str) -> str:
    """The question whether the nearest known word was meant; what else to do where none is near."""
    bare = {name.lstrip("-"): name for name in known}  # dashes, which all options share, make none of them alike
    swapped = [name for name in bare if sorted(name) == sorted(word.lstrip("-"))]  # fti: short words are less alike
    near = swapped or difflib.get_close_matches(word.lstrip("-"), bare, n=1, cutoff=LIKENESS)
    return f"did you mean {before}{bare[near[0]]}?" if near else otherwise
