"""Writes src/tunecase/flow/options.py: what each method that takes `**options` takes, by name and type.

A question's own dataclass says it once; editors and type checkers need it as a TypedDict. A path may be text as well, a
number of a run that is asked about or of what is served also text as people write it (2k, 5M, 30%).

Usage: python docs/options.py [--check]
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import tunecase
from tunecase import flow, records
from tunecase.compute import AMOUNTS, Recipe, Rollout
from tunecase.prices import PricesAsked
from tunecase.project import Project
from tunecase.quantities import Quantity, Wanted

TARGET = Path(__file__).parents[1] / "src" / "tunecase" / "flow" / "options.py"
HEAD = '''\
"""What the methods of the Python face that take options take, by name, for editors, type checkers and the refusals.

Written by `make docs` from the questions' own dataclasses; edit those, or docs/options.py, not this file.
"""
'''
# Words of a run beside the fields of Recipe and Rollout, which hold what is worked out and not asked.
FURTHER_WORDS = {
    "tokens": float, **{name: float for name in AMOUNTS if name != "train_tokens"},
    "steps": int, "global_batch": int, "trained_layers": int,
    "completion_mean": int,
}  # fmt: skip
NOT_WORDS = {"shape", "gpu", "gpus", "lengths", "rollout", "unsaid", "texts", "engine", "guessed"}


@dataclass(frozen=True)
class Options:
    """The options of some methods: a name for their type, the methods, the question, and what else it takes.

    `above` names those whose options are all among these: their type is written once, and this one adds to it.
    """

    name: str
    methods: tuple[str, ...]
    question: Any
    further: Callable[[], dict[str, str]] = dict
    without: frozenset[str] = frozenset()
    told: str = ""
    above: str = ""

    @cached_property
    def types(self) -> dict[str, str]:
        """The type of each option, as code; what the methods have as parameters of their own is none."""
        own = {name for method in self.methods for name in own_parameters(method)}
        held = {name: hint for name, hint in hints(self.question).items() if name not in own | self.without}
        further = self.further()
        typed = {name: code(hint) for name, hint in held.items()}
        return {name: _or_none(hint) for name, hint in typed.items()} | further if further else typed

    @property
    def text(self) -> str:
        """The class as it stands in the file."""
        methods = " and ".join(f"`{method}`" for method in self.methods)
        doc = f'"""Options of {methods}: see `{self.question.__name__}`."""'
        head = f"class {self.name}({self.above or 'TypedDict'}, total=False):\n    {doc}\n"
        written = next((one.types for one in OPTIONS if one.name == self.above), {})
        own = [f"    {name}: {hint}" for name, hint in self.types.items() if written.get(name) != hint]
        return "\n".join([head, *own]) + "\n"

    @property
    def meaning(self) -> str:
        """What the options mean: what the question says of itself and of each of them, and what is told beside that."""
        if self.question.__name__ in records.__all__:
            return f"See `{self.question.__name__}`."
        return " ".join([documented(self.question, self.types), *self.told.split()])


def documented(question: Any, of: Iterable[str]) -> str:
    """The docstring of a question in one line, with the rows of its arguments that are of some names."""
    said, _, rows = (inspect.getdoc(question) or "").partition("Args:\n")
    parts = re.findall(r"^    (\w[\w, ]*): (.*(?:\n {8}.*)*)", rows.split("\n\n")[0], flags=re.MULTILINE)
    listed = [(names.split(", "), text) for names, text in parts]
    told = [f"{_quoted(names)}: {_ended(text)}" for names, text in listed if {*names} & {*of}]
    return " ".join(" ".join([said, *told]).split())


def _quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _ended(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def own_parameters(method: str) -> list[str]:
    """The parameters of a public function or method that are not among its options."""
    found: Any = tunecase
    for part in method.split("."):
        found = getattr(found, part)
    return [name for name, one in inspect.signature(found).parameters.items() if one.kind is not one.VAR_KEYWORD]


def hints(question: Any) -> dict[str, Any]:
    """The fields of a dataclass, or the parameters of a function, with their types."""
    if is_dataclass(question):
        return {field.name: field.type for field in fields(question)}
    return {name: one.annotation for name, one in inspect.signature(question).parameters.items() if name != "flow"}


def code(hint: Any, spoken: bool = False) -> str:
    """A type as code, without names of tunecase's own for a choice of words; a number whose unit must be said is text.

    Args:
        hint: the type.
        spoken: numbers may be text as people write them.

    Example:
        >>> code(Path | None), code(int, spoken=True), code(Literal["a", "b"])
        ('str | Path | None', 'int | str', "Literal['a', 'b']")
    """
    return " | ".join(dict.fromkeys(_arms(hint, spoken)))


def _arms(hint: Any, spoken: bool) -> Iterator[str]:
    """The alternatives of a type as code, None last."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        for arm in sorted(args, key=lambda one: one is NoneType):
            yield from _arms(arm, spoken)
    elif origin is Annotated and any(_has_unit(getattr(one, "wanted", None)) for one in args[1:]):
        yield "str"
    elif origin is Annotated:
        yield from _arms(args[0], spoken)
    elif origin is Literal:
        yield f"Literal[{', '.join(map(repr, args))}]"
    elif origin is not None:
        yield _generic(hint, spoken)
    elif hint in (Quantity, Path) or (spoken and hint in (int, float)):
        yield from {Quantity: ("float", "str"), Path: ("str", "Path")}.get(hint, (hint.__name__, "str"))
    else:
        yield "None" if hint in (None, NoneType) else "Any" if hint is Any else hint.__name__


def _generic(hint: Any, spoken: bool) -> str:
    name, args = get_origin(hint).__name__, get_args(hint)
    if name == "Callable":
        return f"Callable[[{', '.join(map(code, args[0]))}], {code(args[1])}]"
    inner = [code(arg, spoken) for arg in args if arg is not ...]
    return f"{'Sequence' if name == 'tuple' else name}[{', '.join(inner)}]"  # every list becomes a tuple


def _has_unit(wanted: Wanted | None) -> bool:
    """Whether a bare number is refused; one alone may be a share."""
    return wanted is not None and (wanted.unit not in ("", "share") or wanted.per != "")


def run_words() -> dict[str, str]:
    """The words that a run is asked about with, beside the fields of FitAsked."""
    held = {**hints(Recipe), **hints(Rollout)}
    counts = {name: int if hint is Any else hint for name, hint in held.items() if name not in NOT_WORDS}
    return {name: _or_none(code(hint, spoken=True)) for name, hint in {**counts, **FURTHER_WORDS}.items()}


def answer_words() -> dict[str, str]:
    """The options of what answers cost: the fields of the project file that they state, and the question's own."""
    words = {
        name.replace("-", "_"): _or_none(code(_field(at), spoken=True)) for name, at in flow.INFERENCE_OPTIONS.items()
    }
    several = dict.fromkeys(("gpu", "against"), "str | Sequence[str] | None")
    return {**words, **several, "trace": "str | Path | None", "measured": "str | Path | Sequence[str | Path] | None"}


def _field(dotted: str) -> Any:
    """The type of a field of the project file, with the unit that it is read in."""
    at: Any = Project
    for part in dotted.split("."):
        at = at.model_fields[part].annotation
    return at


def _or_none(text: str) -> str:
    return text if text.endswith("None") else f"{text} | None"


ANSWERS = ("answer_costs", "Case.inference")
OF_A_RUN = """\
The others are as the options of `tunecase fit`, with _ in place of -; `sequence_tokens` is --seq, `micro_batch`
--batch, `completion_tokens` --completion, and `packing` of False --padding. Those that it does not have:
`gpus_per_node`, cards of one machine; `tensor_parallel`, `pipeline_parallel`, cards that share one product, one stack
of layers; `step_in_backward`, each gradient is used and dropped as soon as it is there; `double_quantised`, the 4-bit
scales are themselves quantised; `quantiser`, how the 4-bit base was made; `trained_ends`, embedding and head learn in
full beside the adapters; `trained_layers`, blocks at the top that learn. A number may be text, such as 2k. None is as
if left out."""
OF_ANSWERS = """\
The others are as the options of `tunecase inference`, with _ in place of -. None and an empty list are as if left out.
"""
OPTIONS = (
    Options("RunOptions", ("training_run",), flow.FitAsked, run_words, frozenset({"words", "counts"}), OF_A_RUN),
    Options("FitOptions", ("Case.fit",), flow.FitAsked, run_words, frozenset({"words"}), OF_A_RUN, "RunOptions"),
    Options("AnswerOptions", ANSWERS, flow.InferenceAsked, answer_words, frozenset({"words"}), OF_ANSWERS),
    Options("CompareOptions", ("Case.compare",), flow.CompareAsked, without=frozenset({"output", "force"})),
    Options("PricesOptions", ("Case.prices", "price_book"), PricesAsked),
    Options("PilotOptions", ("Case.pilot", "Case.try_source"), flow.PilotSettings),
    Options("JudgeOptions", ("Case.judge",), flow.JudgeAsked),
    Options("ApprovalOptions", ("Case.approve",), flow.ApprovalAsked),
    Options("ChargeOptions", ("Case.spend",), flow.ChargeAsked),
    Options("ImportOptions", ("Case.spend_import",), flow.ImportAsked),
    Options("ServingOptions", ("Case.spend_serving",), flow.ServingAsked),
    Options("ChargesOptions", ("Case.charges",), flow.charges),
)
IMPORTS = {
    "collections.abc": ("Callable", "Mapping", "Sequence"),
    "pathlib": ("Path",),
    "typing": ("Any", "Literal", "TypedDict"),
}


def page() -> str:
    """The whole file."""
    classes = "\n\n".join(one.text for one in OPTIONS)
    lines = []
    for module, names in IMPORTS.items():
        used = [name for name in names if name in classes]
        lines += [f"from {module} import {', '.join(used)}"] if used else []
    return HEAD + "\n" + "\n".join(lines) + "\n\n\n" + classes.replace("'", '"')


def listed(method: str) -> list[str]:
    """The options of a method with their types, and what they mean, as Markdown; nothing for one that has none."""
    found = next((one for one in OPTIONS if method in one.methods), None)
    if found is None:
        return []
    shown = ", ".join(f"`{name}: {hint}`" for name, hint in found.types.items())
    return [f"*Options*: {shown}", f"*They mean*: {found.meaning}"]


def unpacked(signature: str) -> str:
    """A signature with the type of its options as its name, whichever way this Python writes it."""
    return re.sub(r"(?:typing\.)?Unpack\[([\w.]+)\]|\*<class '([\w.]+)'>", r"\1\2", signature)


def is_stale() -> bool:
    """Whether the file does not say what the questions take."""
    return not TARGET.exists() or TARGET.read_text(encoding="utf-8") != page()


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit("stale: flow/options.py; run `make docs`" if is_stale() else 0)
    TARGET.write_text(page(), encoding="utf-8")
