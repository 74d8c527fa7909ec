"""Every crash that fuzzing found, kept as a case: where it came in, what came in, and what must be said of it."""

from dataclasses import dataclass, field

from tests.fuzz.surface import Tree


@dataclass(frozen=True)
class Case:
    """An input of a surface that crashed it once; `said` stands in its refusal, "" where it is read."""

    surface: str
    tree: Tree
    said: str = ""


@dataclass(frozen=True)
class Typed:
    """A command line that crashed once, the files changed in its case, its exit code and a word of what it prints."""

    words: tuple[str, ...]
    code: int
    said: str = ""
    tree: Tree = field(default_factory=dict)


CASES = (
    # A tag that is a text among numbers; a number so large that names up to it fill the memory.
    Case("rows as JSON lines",
    {"train.jsonl": b'{"tokens": ["Ann", "ran"], "ner_tags": [1, ""]}\n{"tokens": ["Rain"], "ner_tags": [0]}\n'}),
    Case("rows as JSON lines",
    {"train.jsonl": b'{"tokens": ["Ann"], "ner_tags": [9000000000]}\n{"tokens": ["Rain"], "ner_tags": [0]}\n'}),
    # What a refusal quotes moved a terminal's cursor, turned its text around, or filled it.
    Case("project file", {"tunecase.yaml": b'name: x\nmodels: "\\r\\n"\ndata: {train: train.jsonl}\n'}, "\\r\\n"),
    Case("project file", {"tunecase.yaml": b'name: x\n"\\u202eabc": 1\ndata: {train: train.jsonl}\n'}, "\\u202eabc"),
    Case("project file", {"tunecase.yaml": b"name: x\ndata: {train: train.jsonl}\nrounds: " + b"9" * 5_000 + b"\n"},
    "characters)"),
)  # fmt: skip
TYPED = (
    Typed(("define", "--project", ""), 2, "wanted"),
    Typed(("forecast", "--project", "."), 2, "a folder"),
    Typed(("init", "."), 2, "wanted"),
)
