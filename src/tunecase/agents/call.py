"""One call of a tool: what was given, the case that it opens, and how its record becomes an answer."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase import flow
from tunecase.agents.answers import Answer
from tunecase.agents.fields import outside
from tunecase.errors import InputError, Problem
from tunecase.project import PROJECT_FILE

if TYPE_CHECKING:
    from tunecase.flow import Flow

DATA = ("train", "test", "production", "pool", "documents")  # files that a project names under `data:`
MOST_HELD = 8  # audits that are kept in memory
Show = Callable[[str, Any, "Flow | None"], str]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool, in the process that works on it.

    Args:
        given: the checked inputs by name; paths are relative to the current folder.
        show: the short answer of a verb's record as the terminal prints it.
        tell: says what is done now.
        held: audits by the grounds that they rest on, from one call to the next: nothing is written between them.
    """

    given: Mapping[str, Any]
    show: Show
    tell: Tell = lambda words: None
    held: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """An input, or the default where it was left out."""
        return self.given.get(name, default)

    def path(self, name: str) -> Path | None:
        """An input that is a path."""
        return Path(self.given[name]) if name in self.given else None

    def those(self, *names: str, **renamed: str) -> dict[str, Any]:
        """The inputs of these names that were given; `renamed` are called otherwise where they go."""
        called = {name: name for name in names} | renamed
        return {called[name]: self.given[name] for name in called if name in self.given}

    def ask(self, verb: str, work: Callable[["Flow"], Any]) -> Answer:
        """The answer of one verb that is asked of the case; nothing is kept of it."""
        case = self.case()
        return self.answer(verb, work(case), case)

    def case(self, *, writes: bool = False) -> "Flow":
        """The case that the input `project` names; without `writes` nothing is kept of what is asked of it.

        Raises: InputError for a file that cannot be read or lies elsewhere by a link, a broken ledger, or work that
            leaves this machine.
        """
        project = Path(self.get("project", PROJECT_FILE))
        if problems := list(outside_of_here(project)):
            raise InputError(problems)
        case = flow.open_case(project, self.get("seed", 0))
        _refuse_elsewhere(case)
        case.writes, case.on_step = writes, self.tell
        if not writes and case.project.data.train is not None:
            self._take_up(case)
        return case

    def _take_up(self, case: "Flow") -> None:
        """Gives a case the audit that an earlier call made on the same grounds."""
        key = _audit_key(case)
        if key in self.held and case.current("audit") is None:
            case.records["audit"] = self.held[key]

    def answer(self, verb: str, record: Any, case: "Flow | None" = None, *, ok: bool | None = None) -> Answer:
        """The record as JSON, with what stands beside it as at the terminal, and its short answer."""
        from tunecase.data import Mask
        from tunecase.records import PRINTED, to_json

        beside: dict[str, Any] = {}
        warnings: tuple[str, ...] = ()
        if case is not None:
            warnings = flow.ledger_warnings(case.ledger)
            self._hold(case)
            beside["not_used"] = flow.not_used(case)
            if verb in PRINTED and "approvals" in PRINTED[verb].beside:
                beside["approvals"] = flow.approvals(case)
        content = json.loads(to_json(record, beside))
        text = "\n".join([*warnings, self.show(verb, record, case)])
        mask = Mask([content, text])  # an agent's model is elsewhere, and nobody can say otherwise for the person
        fine = getattr(record, "ok", True) if ok is None else ok
        return Answer(mask.hidden(content), mask.hidden(text), 0 if fine else 1)

    def _hold(self, case: "Flow") -> None:
        audit = case.records.get("audit")
        if audit is None or case.writes:
            return
        while len(self.held) >= MOST_HELD:
            del self.held[next(iter(self.held))]
        self.held[_audit_key(case)] = audit


def _audit_key(case: "Flow") -> str:
    return f"{case.path}:{case.seed}:{case.key('audit')}"


def outside_of_here(project: Path) -> Iterator[Problem]:
    """Why a case may not be opened, if it may not: its project file or its ledger leads out of the current folder."""
    for file in (project, project.with_name("ledger.jsonl")):
        yield from outside(str(file), str(file), Path.cwd())


def _refuse_elsewhere(case: "Flow") -> None:
    """Raises InputError for a project whose work or data lie on other machines."""
    project, problems = case.project, []
    fix = "ask a person to run this verb in a terminal"
    if project.engine == "ray":
        problems.append(Problem(f"{case.path}: engine", "ray", "this machine: an agent's tools use no network", fix))
    for name in DATA:
        place = getattr(project.data, name, None)
        if isinstance(place, str) and "://" in place:
            wanted = "a file on this machine: an agent's tools use no network"
            problems.append(Problem(f"{case.path}: data.{name}", repr(place), wanted, fix))
    if problems:
        raise InputError(problems)


def refuse_changes(changes: Mapping[str, str], folder: Path, root: Path) -> None:
    """Raises InputError for changes of a project that name a file outside the folder, or another machine.

    Args:
        changes: values by dotted field.
        folder: that of the project file, from which its paths count.
        root: below which every path must lie.
    """
    problems = []
    for name, value in changes.items():
        top, _, leaf = name.partition(".")
        is_file = (top == "data" and leaf in DATA) or top == "prices"
        if is_file or top in ("past", "models") or name == "serving.traffic.trace":
            lies_there = is_file or value.startswith((".", "/", "~")) or ".." in value or (folder / value).exists()
            problems += list(outside(f"changes.{name}", value, root, folder)) if lies_there else []
        elif top in ("engine", "address", "scratch"):
            wanted = "a change of the question, not of where it is worked on"
            problems.append(Problem(f"changes.{name}", repr(value), wanted, "leave it out"))
    if problems:
        raise InputError(problems)
