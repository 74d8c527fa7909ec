"""Training configurations people already have: one reader for each tool, named in READERS, and the files they follow.

Each reader takes the fields of a file and gives what they say of a run, or None where the file belongs to another tool.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tunecase.compute.configs import accelerate, axolotl, deepspeed, fsdp, llama_factory, torchtune, trl
from tunecase.compute.configs.merging import merged, settled
from tunecase.compute.configs.settings import Content, RunConfig
from tunecase.errors import InputError, Problem
from tunecase.io import MOST_BYTES, read_yaml

__all__ = ["READERS", "RunConfig", "merged", "read_config", "read_content", "settled"]

READERS: tuple[Callable[[Mapping[str, Any], str], RunConfig | None], ...] = (
    deepspeed.read,
    accelerate.read,
    torchtune.read,
    axolotl.read,
    llama_factory.read,
    trl.read,
    fsdp.read,
)
WANTED = "a configuration of axolotl, LLaMA-Factory, TRL or the Trainer, torchtune, accelerate or DeepSpeed"
BESIDE = "an accelerate or DeepSpeed file beside the configuration"
NEW = ("the fields of a training configuration, or of a model's config.json", "check the file")
MOST_DEPTH = 2  # an accelerate file may name a DeepSpeed file, which names none


def read_config(path: Path, companion: Path | None = None, gpus: int | None = None) -> RunConfig:
    """The run that a training configuration describes, with the files that it names or that are given beside it.

    Args:
        path: a YAML or JSON file of axolotl, LLaMA-Factory, TRL or the Trainer, torchtune, accelerate or DeepSpeed.
        companion: an accelerate or DeepSpeed file beside it.
        gpus: the number of GPUs that the user gives, which overrules the files.
    Returns: the run; what no file settles is absent from `values`.
    Raises: InputError with every mistake of all the files.

    Leaves out arguments given on a command line, which overrule the file.
    """
    problems: list[Problem] = []
    run = _whole(path, MOST_DEPTH, problems)
    if companion is not None:
        unread: list[Problem] = []
        beside = _whole(companion, MOST_DEPTH - 1, unread)
        problems += [replace(problem, wanted=BESIDE) if problem.wanted == NEW[0] else problem for problem in unread]
        if beside is not None:
            run = merged(run, beside) if run is not None else beside
    if run is not None:
        run = settled(run, gpus)
        problems += run.problems
    if problems or run is None:
        raise InputError(problems)
    return run


def _whole(path: Path, depth: int, problems: list[Problem]) -> RunConfig | None:
    """A file with those that it names; None where it cannot be read, its problems added."""
    try:
        return _followed(_read(path), path.parent, depth)
    except InputError as error:
        problems.extend(error.problems)
        return None


def read_content(content: Mapping[str, Any], where: str) -> RunConfig:
    """What the first reader that knows the fields says of them. Raises InputError where none does."""
    for read in READERS:
        if (run := read(content, where)) is not None:
            return run
    got = ", ".join(list(content)[:5]) or "nothing"
    fix = "check the file, or give the sizes of the run as options"
    if "model_type" in content or "architectures" in content:
        fix = "that is a model's own config.json: give it as the model"
    raise InputError(Problem(where, f"fields such as {got}"[:200], WANTED, fix))


def _read(path: Path) -> RunConfig:
    content, problems = _content(path)
    run = read_content(content, path.name)
    return replace(run, problems=(*problems, *run.problems))


def _content(path: Path) -> tuple[Content, list[Problem]]:
    """The fields of a YAML or JSON file, with duplicates as problems."""
    try:
        with suppress(OSError, UnicodeDecodeError):
            if path.suffix.casefold() == ".json" and path.stat().st_size <= MOST_BYTES:
                text = path.read_text(encoding="utf-8-sig")
                if "\t" in text:  # JSON may be indented by tabs, YAML may not
                    with TemporaryDirectory() as folder:
                        untabbed = Path(folder) / path.name
                        untabbed.write_text(text.replace("\t", " "), encoding="utf-8")
                        return _parsed(untabbed)
        return _parsed(path)
    except InputError as error:
        raise InputError(_reworded(problem) for problem in error.problems) from None


def _parsed(path: Path) -> tuple[Content, list[Problem]]:
    raw, lines, problems = read_yaml(path)
    return Content(raw, lines), problems


def _reworded(problem: Problem) -> Problem:
    """A problem of the YAML reader, which speaks of project files, in the words of this one."""
    wanted = NEW[0] if "project file" in problem.wanted else problem.wanted
    fix = NEW[1] if "project" in problem.fix or "tunecase" in problem.fix else problem.fix
    return replace(problem, wanted=wanted, fix=fix)


def _followed(run: RunConfig, base: Path, depth: int) -> RunConfig:
    """The run merged with the files that it names; a note says which of them is missing."""
    for name in run.companions:
        path = _place(name, base)
        if path is not None and depth > 0:
            beside = _read(path)
            run = merged(run, beside if beside.alone else _followed(beside, path.parent, depth - 1))
        elif (guessed := deepspeed.named_like(name)) is not None:
            run = merged(run, guessed)
        else:
            words = f"{name[:200]} is not there in this folder, so what it says of sharding and offload is not counted"
            run = replace(run, notes=(*run.notes, words))
    return replace(run, companions=())


def _place(name: str, base: Path) -> Path | None:
    """The file of that name in the configuration's folder or in the current one; none that lies outside of both."""
    for folder in (base, Path()):
        with suppress(OSError, ValueError):
            path = folder / name
            if path.is_file() and any(path.resolve().is_relative_to(each.resolve()) for each in (base, Path())):
                return path
    return None
