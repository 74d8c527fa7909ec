"""Writes a first project file for a data file, with questions where only people know, or copies a shipped example."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path, PurePosixPath
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from tunecase.errors import InputError, Problem, nearest, refuse_any
from tunecase.flow.opened import read_confidence
from tunecase.flow.questions import with_answers
from tunecase.flow.split import Wanted, amended, split_rows
from tunecase.io import Output, read_value, write_outputs
from tunecase.project import PROJECT_FILE, Project
from tunecase.quantities import counted, one_line
from tunecase.records import Begun

if TYPE_CHECKING:
    from tunecase.data.reading import Layout, Task

SCHEMA_FILE = "tunecase.schema.json"
# What belongs to an example; what a run of it leaves beside them (ledger, reports) does not.
EXAMPLE_FILES = (PROJECT_FILE, "README.md", "LICENSE", "manifest.json")
MOST_COMMENT = 84  # characters
_TITLE = "tunecase project file"

_HEAD = f"""\
# yaml-language-server: $schema=./{SCHEMA_FILE}
# Written by `tunecase init`. A line that begins with "#" and holds a "?" is a question that only you can answer:
# put the answer in, take the "#" away. `tunecase define` asks for what is missing; the rest has documented defaults.
# "5k to 12k" means 90% sure it lies between; "1 / 3 / 10" is least / likely / most.
"""

_QUESTIONS = """\
  # target: ?%                       # Which score makes it worth shipping?
  # value: ? USD per correct         # What is one more correct answer worth?
  # volume: ? to ? per month         # How many answers are given each month?
  # horizon: ? months                # For how long will the result be used?
  # owner: ?                         # Who decides?
  # criteria: [?, ?]                 # Statements about one answer that are plainly true or false.
  # business_metric: ?               # Which figure of the business moves with the score?
  # errors: [{kind: ?, cost: ? USD per error}]  # What does a wrong answer cost?
  # errors_read: ?                   # How many answers did people read, sorting the mistakes?
  # stale_after: ?                   # Until which day do the answers hold (YYYY-MM-DD)?
"""

_REST = """
# models: [meta-llama/Llama-3.1-8B]  # What might be tuned? Any model of the tables, or the path of its config.json.
# method: lora                       # lora, qlora or full

# compute:                           # Where would it run?
#   tier: neocloud                   # marketplace, neocloud or hyperscaler: moves the price four to five times
#   gpus: [L40S, H100]
#   terms: on_demand                 # on_demand, spot or reserved; `prices: FILE` takes a CSV of your own prices

# today:                             # Who gives the answers now?
#   who: ?                           # people, rule, prompt, model or nobody
#   score: ?%                        # on the test file; people need none
#   minutes: ? to ? min per answer   # of people; anything else has price_per_1k: ? USD
#   rate: ? to ? USD per hour        # theirs

# team:                              # Who works on it, for which share of the time?
#   - role: ml engineer
#     rate: ? to ? USD per hour
#     share: ?%                      # or salary: ? USD per year; ramp_up: ? weeks; hours: ? h at most

# alternatives:                      # What else was tried: prompt_hosted, prompt_open or retrieval?
#   prompt_hosted: {score: ?%, price_per_1k_answers: ? USD}

# serving:                           # What arrives after launch? `tunecase inference` works out what it costs.
#   traffic:
#     input: ?                       # Tokens that one request sends to the tuned model; those of the data when left out
#     output: ?                      # Tokens of one answer; those of the data when left out
#     hours: ?                       # day, office or even
#     instructions: ? to ?           # Tokens of instructions that a prompted model needs on top
#     first_token: ? s               # In which time must 95 of 100 answers begin?
#   price_per_1k_answers: ? USD      # What 1,000 answers cost, where you know it: in place of what is worked out

# unknowns: outside view             # For what nobody foresees: outside view, none, or a factor such as 1.0 to 1.5

# budget: ? USD                      # What may the whole project cost?
"""

_SOURCES = """\
  # sources:                         # Where can more examples come from, at what price?
  #   - kind: label                  # label, have, synthetic, scrape or buy
  #     pool: ?                      # how many unlabelled rows there are
  #     effort: ? to ? min per label
  #     rate: ? to ? USD per hour
"""


def init(
    data: Path,
    wanted: Wanted | None = None,
    *,
    to: Path,
    force: bool = False,
    ask: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None,
) -> Begun:
    """A project file and its JSON schema for `data`, in the folder `to`.

    What the data show (columns, task, metric) is filled in. Targets, values and budgets are left as questions: none is
    ever invented. A project file that names `data` without a test file keeps all that it says when rows are held out:
    only its two lines on the files change.

    Args:
        data: the training file, or a folder of splits; it must lie in `to` or below.
        force: replace files that are there; a file with the same content, or an earlier schema, is never in the way.
        ask: gets the fields that the data show and returns the answers of a person, as for `with_answers`.
    Returns: the files written, the project file first; all of them or none.
    Raises: InputError for files in the way, data outside the folder, unreadable data, rows that cannot be split;
        TunecaseError when the disk refuses.
    """
    wanted = wanted or Wanted()
    _refuse_file(to)
    of_share = read_confidence("--split", wanted.share)[1] if wanted.share else []
    refuse_any([*_not_to_name(data, to), *of_share])
    train, test, parts = data, wanted.test, None
    kept = amended(to / PROJECT_FILE, data, wanted.share)
    if wanted.share:
        _look(data, wanted.input, wanted.output)  # what it would refuse is refused before a file is written
        parts = split_rows(data, wanted.share, to, wanted, may_write=kept is not None or force, force=force)
        train, test = parts.train, parts.test
        if parts.columns:
            wanted = replace(wanted, input=parts.columns[0], output=parts.columns[1])
    with parts.kept() if parts else nullcontext():
        text = kept.with_parts(parts) if kept and parts else _project_file(train, test, to, wanted)
        if ask is not None:
            text = with_answers(text, ask(_shown_by(text)))
        mark, needed = kept.text if kept and parts else "", [path for path in (train, test) if path]
        files = _written({PROJECT_FILE: text.encode()}, to, needed, force, mark.encode())
    return Begun(files, _named(data), "\n  test: " in text, parts.made if parts else None)


def copy_example(name: str, *, to: Path, force: bool = False) -> Begun:
    """A copy of a shipped example and the JSON schema in the folder `to`; returns the files, the project file first.

    Raises: InputError for files in the way or an unknown example; TunecaseError when the disk refuses.
    """
    _refuse_file(to)
    return Begun(_written(_example(name), to, (), force))


def _refuse_file(to: Path) -> None:
    if to.exists() and not to.is_dir():
        raise InputError(Problem(str(to), "a file", "a folder", "name the folder that the project file goes into"))


def _written(
    content: Mapping[str, bytes], to: Path, needed: Sequence[Path], force: bool, mark: bytes = b""
) -> tuple[Path, ...]:
    """Writes files and the schema into a folder; one that holds `mark` may be replaced."""
    outputs = [
        Output(to.joinpath(*PurePosixPath(name).parts), body, mark, makes_folder=True) for name, body in content.items()
    ]
    outputs.append(Output(to / SCHEMA_FILE, schema().encode(), f'"title": "{_TITLE}"'.encode(), makes_folder=True))
    write_outputs(outputs, needed, force=force)
    return tuple(output.path for output in outputs)


def _shown_by(text: str) -> dict[str, Any]:
    """The fields of a problem that the data show, by dotted field."""
    return {f"problem.{name}": value for name, value in (read_value(text, PROJECT_FILE)["problem"] or {}).items()}


def schema() -> str:
    """The JSON schema of a project file, for editors."""
    described = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": _TITLE,
        **{name: part for name, part in Project.model_json_schema().items() if name != "title"},
    }
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def examples() -> dict[str, Traversable]:
    """The shipped examples by name, worked cases last: from the installed package, or from a source checkout."""
    package = files("tunecase")
    for folder in (package / "examples", Path(str(package)).parents[1] / "examples"):
        if folder.is_dir():
            shelves = [_projects(inside) for inside in (folder, folder / "cases") if inside.is_dir()]
            if any(shelves):
                return {name: item for shelf in shelves for name, item in sorted(shelf.items())}
    return {}


def about_examples() -> dict[str, str]:
    """What each shipped example is, in one sentence: the first of its project file's own words."""
    return {name: _about((folder / PROJECT_FILE).read_text(encoding="utf-8")) for name, folder in examples().items()}


def _about(text: str) -> str:
    words = (line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("# "))
    return next((line for line in words if not line.startswith("yaml-language-server")), "")


def _projects(folder: Traversable) -> dict[str, Traversable]:
    return {item.name: item for item in folder.iterdir() if (item / PROJECT_FILE).is_file()}


def _example(name: str) -> dict[str, bytes]:
    shipped = examples()
    if name not in shipped:
        fix = f"{nearest(name, list(shipped))} All of them: tunecase init --example"
        raise InputError(Problem("example", repr(name), "the name of an example", fix))
    folder = shipped[name]
    content = {file: (folder / file).read_bytes() for file in EXAMPLE_FILES if (folder / file).is_file()}
    data = folder / "data"
    if data.is_dir():
        content |= {f"data/{item.name}": item.read_bytes() for item in data.iterdir() if item.is_file()}
    return content


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the first rows of a data file show."""

    layout: "Layout"
    rows: int
    task: "Task"
    all_rows: bool


def _look(path: Path, input: str | None, output: str | None) -> _Seen:
    from tunecase.data.reading import MOST_READ, Row, detect, read_rows, task_of

    layout = detect(path, input, output)
    first = list(islice(read_rows(path, layout), MOST_READ + 1))
    good = [row for row in first if isinstance(row, Row)]
    if not any(row.output.strip() or row.rejected for row in good):
        got = f"no answer in {layout.output!r}" if layout.output else "no answers"
        fix = "name the column of the answers with --output"
        raise InputError(Problem(str(path), got, "answers to learn", fix))
    return _Seen(layout, min(len(first), MOST_READ), task_of(good), len(first) <= MOST_READ)


def _project_file(data: Path, test: Path | None, to: Path, wanted: Wanted) -> str:
    from tunecase.data.reading import detect_beside, link_beside, own_test, test_beside

    seen = _look(data, wanted.input, wanted.output)
    test_note = ""
    if test is None and (test := own_test(data) or test_beside(data)):
        test_note = "found beside it"
    if test is not None:
        refuse_any(_not_to_name(test, to))
        detect_beside(test, data, wanted.input, wanted.output)
    name = _in_utf_8(data.resolve().parent.name or data.stem)
    lines = [f"{_HEAD}name: {_text(name)}", "", *_problem_lines(seen), _QUESTIONS, "data:"]
    lines.append(f"  {_field('train', _inside(data, to), _rows(seen))}")
    if test is None:
        lines.append("  # test: ?                          # Which rows are held out? `tunecase init DATA --split 15%`")
        if link := link_beside(data):
            lines.append(f"  # {_text(link.name)} beside it is a link that leads elsewhere: name it to read it.")
    else:
        lines.append(f"  {_field('test', _inside(test, to), test_note)}")
    named = {"input": wanted.input, "output": wanted.output, "group": wanted.group}
    lines += [f"  {field}: {_text(column)}" for field, column in named.items() if column]
    return "\n".join([*lines, _SOURCES.rstrip("\n"), _REST])


def _problem_lines(seen: _Seen) -> Iterator[str]:
    task = seen.task
    told = task.seen if seen.all_rows else f"{task.seen} in the first {counted(seen.rows, 'row')}"
    yield "problem:"
    yield f"  {_field('task', task.kind, f'seen: {told}')}"
    yield f"  {_field('metric', task.metric, '; '.join(filter(None, ('suggested', task.advice))))}"


def _rows(seen: _Seen) -> str:
    rows = counted(seen.rows, "row") if seen.all_rows else f"more than {counted(seen.rows, 'row')}"
    return f"{rows}, {seen.layout.schema}"


def _field(name: str, value: str, comment: str = "") -> str:
    text = f"{name}: {_text(value)}"
    return f"{text:<33}  # {shorten(one_line(comment), MOST_COMMENT, placeholder=' …')}" if comment else text


def _text(value: str) -> str:
    """A YAML scalar that reads back as the same text; quoted unless it is plainly a word or a path."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*", value)
    reserved = value.casefold() in ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
    return value if plain and not reserved else f'"{"".join(map(_escaped, value))}"'


def _escaped(char: str) -> str:
    """A character between YAML's double quotes."""
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _not_to_name(path: Path, to: Path) -> Iterator[Problem]:
    """Why a project file in the folder `to` cannot name a file, if it cannot."""
    if "hf:" in path.parts:  # a data set of the Hub lies in its own folder
        return
    if (name := str(path)) != _in_utf_8(name):
        yield Problem(_in_utf_8(name), "a name that is not UTF-8", "a name in UTF-8", "rename the file")
    elif not path.resolve().is_relative_to(to.resolve()):
        folder = to.resolve().name
        fix = f"copy the file to {folder}/, or give --to a folder that holds both"
        yield Problem(str(path), "a file outside the project's folder", f"a file inside {folder}/", fix)


def _in_utf_8(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def _inside(path: Path, to: Path) -> str:
    return _named(path) if "hf:" in path.parts else path.resolve().relative_to(to.resolve()).as_posix()


def _named(path: Path) -> str:
    """A path as it is typed: a data set of the Hub by its address."""
    return str(path).replace("hf:/", "hf://", 1) if "hf:" in path.parts else str(path)
