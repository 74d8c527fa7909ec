"""Reads the project file with line numbers, checks it whole and reports every mistake at once."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tunecase.errors import MOST_SHOWN, InputError, Problem, nearest, refuse_any
from tunecase.io import Lines, put, read_yaml
from tunecase.project.conflicts import conflicts, is_path, rate_problems, where_of
from tunecase.project.fields import Changes, Known, Project
from tunecase.project.rates import latest_rate
from tunecase.project.stated import Stated
from tunecase.quantities import Quantity

OPTIONS = Path("options")  # in place of a file's name


def read_project(
    source: Path | Stated,
    names: Known | None = None,
    changes: Changes | None = None,
    today: date | None = None,
    typed_as: Mapping[str, str] | None = None,
) -> Project:
    """The project that a file or a mapping states, or every problem in it.

    Args:
        source: a YAML file, see yaml_lines.py for its limits; or fields stated in Python.
        names: names the catalog knows, by kind ("gpu", "model", "metric"); others are refused with near names.
            The kind "lower metric" holds the metrics where lower is better, whose targets are not shares.
        changes: values that replace those of the file, by dotted field, such as {"data.sources.0.pool": "5k"}; None
            removes a field. The file itself does not change.
        today: an exchange rate with a later date is a mistake; None lets any date pass.
        typed_as: by dotted field, the option that a change was typed as; `--set FIELD` where it is left out.
    Returns: the Project, all money in its base currency.
    Raises: InputError with all problems, each at its line, or at its field where there is no file.
    """
    raw, lines, problems = source.read() if isinstance(source, Stated) else read_yaml(source)
    problems += _changed(raw, lines, changes or {}, typed_as or {})
    path = source.path if isinstance(source, Stated) else source
    return _checked(path, raw, lines, problems, names or {}, today)


def project_of(fields: Changes, names: Known, typed_as: Mapping[str, str], today: date | None = None) -> Project:
    """The project that options of the command line state, without a file; arguments as of `read_project`.

    It has one row of data, since a plan needs some. Raises: InputError with all problems, each at its option.
    """
    raw: dict[str, Any] = {"name": "without a project", "data": {"rows": 1}}
    lines: Lines = {("data",): "options"}
    problems = list(_changed(raw, lines, fields, typed_as))
    return _checked(OPTIONS, raw, lines, problems, names, today)


def _checked(
    path: Path, raw: dict[str, Any], lines: Lines, problems: list[Problem], names: Known, today: date | None
) -> Project:
    """The project of fields as read; raises InputError with these problems and all that the fields have."""
    try:
        project = Project.model_validate(raw, context={"names": names})
    except ValidationError as error:
        raise InputError([*problems, *_problems(error.errors(), lines, path.name)]) from None
    problems += conflicts(project, path, lines, names)
    problems += rate_problems(project, today, lines, path.name)
    refuse_any(problems)
    converted = _in_base(project, project)
    assert isinstance(converted, Project)
    root = path.resolve().parent
    models = tuple(str(root / name) if is_path(name) else name for name in project.models)
    return converted.model_copy(update={"models": models})


def _changed(raw: dict[str, Any], lines: Lines, changes: Changes, typed_as: Mapping[str, str]) -> Iterator[Problem]:
    """Puts each change into the fields read; a place that cannot be is a problem."""
    for field, value in changes.items():
        parts = tuple(int(part) if part.isdecimal() else part for part in field.split("."))
        typed = typed_as.get(field, f"--set {field}")
        try:
            put(raw, parts, value)
        except (IndexError, KeyError, TypeError):
            fix = "write the fields with dots, numbers from 0 in a list: data.sources.0.price"
            yield Problem(typed, "no such place in the file", "a field of the project file", fix)
            continue
        for depth in range(1, len(parts)):
            lines.setdefault(parts[:depth], typed)
        lines[parts] = typed


def _problems(errors: Sequence[Any], lines: Lines, file: str) -> Iterator[Problem]:
    """The mistakes in words; near names, which take time, are looked for only among those that are shown."""
    for at, error in enumerate(errors):
        yield _problem(error, lines, file, _known if at > MOST_SHOWN else nearest)


def _known(name: str, names: Sequence[str]) -> str:
    return f"correct {name!r}"


def _problem(error: Any, lines: Lines, file: str, near: Callable[[str, Sequence[str]], str]) -> Problem:
    ctx = error.get("ctx") or {}
    loc, kind = error["loc"], error["type"]
    where = where_of(loc, lines, file)
    if kind == "told":
        return Problem(where, ctx["got"], ctx["wanted"], ctx["fix"](near) if callable(ctx["fix"]) else ctx["fix"])
    if kind == "extra_forbidden":
        wanted = "a field of the project file"
        return Problem(where, f"unknown field {loc[-1]!r}", wanted, near(str(loc[-1]), _fields(loc[:-1])))
    if kind == "missing":
        return Problem(where, "nothing", f"the field {loc[-1]!r}", f"add `{loc[-1]}:`")
    if kind == "tuple_type":
        return Problem(where, repr(error["input"]), "a list", f"write [{error['input']}], or one `- ` line for each")
    if kind == "string_too_long":
        letters = f"{len(error['input']):,} characters"
        return Problem(where, letters, f"at most {ctx['max_length']:,}", "write it shorter")
    if kind == "bool_parsing":
        return Problem(where, repr(error["input"]), "yes or no", "write yes or no")
    if kind.startswith("date_"):
        return Problem(where, repr(error["input"]), "a date", "write YYYY-MM-DD")
    if kind == "literal_error":
        found = near(str(error["input"]), re.findall("'([^']+)'", ctx["expected"]))
        fix = found if found.startswith("did you mean") else "use one of these words"
        return Problem(where, repr(error["input"]), ctx["expected"], fix)
    got = error["input"] if isinstance(error["input"], str | int | float) else type(error["input"]).__name__
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        first = ", ".join(_fields(loc)[:3])
        wanted = f"a section with fields such as {first}"
        return Problem(where, repr(got), wanted, "write `field: value` lines below it, or delete it for the defaults")
    return Problem(
        where,
        repr(got),
        error["msg"][0].lower() + error["msg"][1:],
        "correct the value or delete the line for the default",
    )


def _fields(loc: Sequence[str | int]) -> list[str]:
    model: Any = Project
    for part in loc:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation if part in model.model_fields else Project
        inner = getattr(annotation, "__args__", ())
        model = inner[0] if inner and isinstance(inner[0], type) else annotation
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            model = Project
    return list(model.model_fields)


def _in_base(value: object, project: Project) -> object:
    if isinstance(value, Quantity):
        if not value.currency or value.currency == project.currency:
            return value
        rate = latest_rate(project.rates, value.currency)
        return value.scaled(rate, project.currency)
    if isinstance(value, tuple):
        return tuple(_in_base(item, project) for item in value)
    if isinstance(value, BaseModel):
        changed = {name: _in_base(getattr(value, name), project) for name in type(value).model_fields}
        return value.model_copy(update={k: v for k, v in changed.items() if v is not getattr(value, k)})
    return value
