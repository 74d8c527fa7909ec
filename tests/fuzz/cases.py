"""Every crash that fuzzing found, kept as a case: where it came in, what came in, and what must be said of it."""

import json
from dataclasses import dataclass, field

from tests.fuzz.surface import Tree
from tests.fuzz.surfaces import importers
from tunecase.books import STATE_FILE


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


def _attempt(**changes: object) -> Tree:
    """What the callback kept of a run of one attempt, changed."""
    attempt = {"id": "1", "began_at": "2026-11-20T10:00:00+00:00", "usd_per_gpu_hour": 2.0, "gpu_count": 1}
    body = {"form": 1, "run": "a", "run_id": "r", "attempts": [{**attempt, "seconds": 60.0, **changes}]}
    return {f"out/{STATE_FILE}": json.dumps(body).encode()}


CASES = (
    # Values of another kind, and times without end, in what the callback kept.
    Case("hours of own runs", _attempt(id=["1"]), "cannot be read"),
    Case("hours of own runs", _attempt(seconds=9_007_199_254_740_993), "cannot be read"),
    Case("hours of own runs", {f"out/{STATE_FILE}": b'{"form": 1, "run": "a", "run_id": "r", "attempts": [1.0]}'},
    "no object"),
    # A tag that is a text among numbers; a number so large that names up to it fill the memory.
    Case("rows as JSON lines",
    {"train.jsonl": b'{"tokens": ["Ann", "ran"], "ner_tags": [1, ""]}\n{"tokens": ["Rain"], "ner_tags": [0]}\n'}),
    Case("rows as JSON lines",
    {"train.jsonl": b'{"tokens": ["Ann"], "ner_tags": [9000000000]}\n{"tokens": ["Rain"], "ner_tags": [0]}\n'}),
    # What a refusal quotes moved a terminal's cursor, turned its text around, or filled it.
    Case("project file", {"tunecase.yaml": b'name: x\nmodels: "\\r\\n"\ndata: {train: train.jsonl}\n'}, "\\r\\n"),
    Case("project file", {"tunecase.yaml": b'name: x\n"\\u202eabc": 1\ndata: {train: train.jsonl}\n'}, "\\u202eabc"),
    Case("project file", {"tunecase.yaml": b"name: x\ndata: {train: train.jsonl}\nrounds: " + b"9" * 5_000 + b"\n"},
    "5,000 characters"),
)  # fmt: skip
BILL = importers.MADE["columnar bill"]["bill.parquet"]
CASES += (
    # A column that its file states wrong, for which the library ended the process.
    Case("columnar bills", {"bill.parquet": BILL.replace(b"%\x02\x18\x0cProviderName", b"%\0\x18\x0cProviderName")},
    "whole Parquet"),
    Case("measured trainings", {"m.csv": b"model,method,n_gpus,,\nmeta-llama/Llama-3.1-8B,lora,1,2,3,4\n"},
    "wanted"),
    Case("lengths of samples", {"l.json": b"[1" + b"0" * 400 + b"]"}, "whole number"),
)  # fmt: skip
CASES += (
    Case("names of models", {"names": "é".encode() * 300 + b"\n"}, "not in the tables"),
    Case("ledger lines", {"ledger.jsonl": b"\n"}, "no ledger"),
)
TYPED = (
    Typed(("define", "--project", ""), 2, "empty"),
    Typed(("forecast", "--project", "."), 2, "no pilot"),
    Typed(("init", "."), 2, "wanted"),
    Typed(("ledger", "merge", "other.jsonl", "--project", " "), 2, "' '"),
    Typed(("prices", "--project", "é" * 300), 2, "too long"),
    Typed(("audit", "a" * 3_000), 2, "too long"),
)
