"""The whole command line attempted: any verb, with any words and options, on cases whose files were changed."""

import io
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import strategies as st

from tests.command import Ran, tunecase
from tests.fuzz import strategies
from tests.fuzz.strategies import WORDS, Draw, changed_file
from tests.fuzz.surface import BreachError, Tree, check_refusal, limited, put
from tests.fuzz.surfaces import importers, ledger
from tests.making import project_text, tickets
from tunecase.cli import commands
from tunecase.errors import TunecaseError
from tunecase.ledger.lines import FIRST, chained

LIMIT_S = 20.0
WORLDS = 200  # that a bill is drawn in: what is fuzzed is no arithmetic
CODES = (0, 1, 2, 3)
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # moves a terminal's cursor or text
# Values that go deep, by option or argument; of the others a word of any kind.
GOOD: Mapping[str, tuple[str, ...]] = {
    "data": ("train.jsonl",), "train": ("train.jsonl", "-"), "points": ("points.csv", "trained", "mlruns", "-"),
    "verb": ("audit", "error"), "model": ("llama-3.1-8b", "config.json"), "to_run": ("run.yaml",),
    "files": ("train.jsonl", "test.jsonl"), "first": ("tunecase.yaml",), "second": ("other.yaml",),
    "amount": ("42.50", "30k USD"), "currency": ("USD", "EUR"), "kind": ("focus", "mlflow", "runs", "timesheet"),
    "place": ("bill.csv", "mlruns", "trained", "sheet.csv", "meter.csv"), "match": ("g5.*",), "line": ("gpu",),
    "other": ("other.jsonl", "ledger.jsonl"), "id": ("30bc8f65235f",), "--example": ("support-tickets",),
    "--test": ("test.jsonl",), "--input": ("text", "1k"), "--output": ("label", "200"), "--seed": ("1",),
    "--today": ("2026-11-24",), "--tokenizer": ("tokenizer.json",), "--production": ("pool.jsonl",), "--next": ("5",),
    "--pool": ("pool.jsonl",), "--fix": ("clean.jsonl",), "--reviewed": ("reviews.csv",),
    "--what-if": ("volume=2x", "budget=5k USD"), "--sure": ("90%",), "--trainer": ("probe",),
    "--set": ("compute.gpus=[H100]", "budget=5k USD", "epochs=2"), "--sizes": ("20,40",), "--draws": ("1",),
    "--max-minutes": ("0.05",), "--max-usd": ("5",), "--engine": ("local",), "--accelerators": ("A100-80GB:1",),
    "--target": ("90%",), "--metric": ("accuracy", "f1"), "--n-max": ("5000",), "--size-column": ("n",),
    "--score-column": ("score",), "--n": ("n100=100",), "--step": ("last", "best"), "--rows": ("300", "train.jsonl"),
    "--score": ("0.8",), "--changed": ("data",), "--test-rows": ("200",), "--method": ("lora", "qlora", "full"),
    "--seq": ("2048",), "--batch": ("2",), "--gpu": ("H100",), "--gpus": ("1",), "--tokens": ("5M",),
    "--lengths": ("lengths.csv",), "--measured": ("measured.csv", "load.json"), "--precision": ("bf16",),
    "--volume": ("20k per month",), "--trace": ("trace.csv",), "--update": ("catalog.csv",),
    "--date": ("2026-11-20",), "--trial": ("20",), "--read": ("reads.csv",), "--base-url": ("http://127.0.0.1:1/v1",),
    "--model": ("llama-3.1-8b",), "--answers": ("answers.csv",), "--human": ("human.csv",), "--by": ("Ines",),
    "--until": ("2026-12-24",), "--note": ("a note",), "--plan": ("last",), "--category": ("gpu",),
    "--on": ("2026-11-20",), "--quantity": ("5",), "--unit": ("hour",), "--tag": ("application=tickets",),
    "--from": ("2026-11-01",), "--cost": ("640 USD",), "--gpu-count": ("1",), "--answers-count": ("5",),
    "--why": ("nobody wrote it",), "--workers": ("1",), "--to": ("out",), "--csv": ("b.csv",),
    "--page": ("page.html",), "--accelerate": ("zero.json",), "--kind": ("gpu",), "--epochs": ("2",),
    "--examples": ("1000",),
}  # fmt: skip
# What would start a browser, a cluster or a long training, shows a help page, or works for a minute on sound input.
LEFT_OUT = {"--all", "--pdf", "--help", "-h", "--install-completion", "--show-completion", "--ask"}
LONG = {("estimate", "--what-if")}
NOT_TRIED = ("ray", "lora", "trl")


@dataclass(frozen=True)
class Verb:
    """A command by its words, its arguments, and its options with whether each takes a value."""

    words: tuple[str, ...]
    arguments: tuple[str, ...]
    options: Mapping[str, bool]


@dataclass
class Attempted:
    """One attempt: what was typed, how it ended, and what of that must not be."""

    words: tuple[str, ...]
    code: int = 0
    printed: str = ""
    faults: list[str] = field(default_factory=list)


def _verbs(program: Any, words: tuple[str, ...] = ()) -> Iterator[Verb]:
    inner = getattr(program, "commands", {})
    for name, each in inner.items():
        yield from _verbs(each, (*words, name))
    if not inner:
        options = {each.opts[0]: not each.is_flag for each in program.params if each.param_type_name == "option"}
        arguments = [each.name for each in program.params if each.param_type_name == "argument"]
        yield Verb(
            words,
            tuple(arguments),
            {name: takes for name, takes in options.items() if name not in LEFT_OUT and (*words, name) not in LONG},
        )


# The tools for agents talk over the standard streams of a process of their own: tests/agents tries them so.
VERBS = tuple(verb for verb in _verbs(commands._program()) if verb.words != ("mcp",))


def _lines(rows: list[dict[str, str]]) -> bytes:
    return b"".join(strategies.as_json(row).encode() + b"\n" for row in rows)


def _case() -> dict[str, bytes]:
    """The files of a sound case, and of whatever else a verb may be given."""
    trees: dict[str, Tree] = {name: surface.seeds[0] for surface in importers.SURFACES for name in (surface.name,)}
    flat = {
        "bill.csv": trees["bills"]["bill.csv"], "sheet.csv": trees["time sheets"]["s.csv"],
        "points.csv": trees["tables of points"]["points.csv"],
        "meter.csv": trees["meters of answers"]["m.csv"], "load.json": trees["measured loads"]["r.json"],
        "trace.csv": trees["traces of requests"]["t.csv"],
        "measured.csv": trees["measured trainings"]["m.csv"], "lengths.csv": trees["lengths of samples"]["l.csv"],
        "catalog.csv": importers.PRICES[1].encode(), "reviews.csv": b"row,verdict,answer\n3,wrong,blue\n",
        "reads.csv": b"row,label\n1,red\n",
        "answers.csv": b"row,answer\n0,red\n", "human.csv": b"row,one colour\n0,yes\n", "config.json": _config(),
        "run.yaml": _run(),
        "zero.json": b'{"zero_optimization": {"stage": 3}}',
    }  # fmt: skip
    project = project_text()
    return {
        "tunecase.yaml": project.encode(), "other.yaml": project.replace("90%", "85%").encode(),
        "train.jsonl": _lines(tickets(60, 1)),
        "test.jsonl": _lines(tickets(40, 2)), "pool.jsonl": _lines([{"text": row["text"]} for row in tickets(20, 3)]),
        **{f"trained/{name}": data for name, data in importers.STATES.items()}, **importers.MADE["store"], **flat,
    }  # fmt: skip


def _config() -> bytes:
    from tests.fuzz.surfaces.models import SEEDS

    return SEEDS[0]["config.json"]


def _run() -> bytes:
    from tests.fuzz.surfaces.configs import SEEDS

    return SEEDS[0]["run.yaml"]


CASE = _case()
ENTRIES = ledger.CHAINED[0]["contents.jsonl"]
VALUES = st.sampled_from([word for word in WORDS if "\0" not in word])  # no shell passes NUL


def _value(draw: Draw, name: str) -> str:
    good = GOOD.get(name, ())
    kind = draw(st.sampled_from(("good",) * 7 + ("word", "file", "text")))
    if kind == "good" and good:
        return draw(st.sampled_from(good))
    if kind == "file":
        return draw(st.sampled_from([*sorted(CASE), ".", "ledger.jsonl", "nowhere.csv"]))
    if kind == "text":
        return draw(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12))
    return draw(VALUES)


@st.composite
def command_lines(draw: Draw, verbs: tuple[Verb, ...] = VERBS) -> tuple[str, ...]:
    """The words after `tunecase`: a verb, some of its arguments and options, now and then a word that is none."""
    verb = draw(st.sampled_from(verbs))
    words = [*verb.words]
    words += [_value(draw, name) for name in verb.arguments if draw(st.integers(0, 5))]
    for name in draw(st.lists(st.sampled_from(sorted(verb.options)), max_size=3, unique=True)):
        words += [name, _value(draw, name)] if verb.options[name] else [name]
    if draw(st.integers(0, 15)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(VALUES))
    return tuple(word for word in words if word not in LEFT_OUT and word not in NOT_TRIED)


@st.composite
def cases(draw: Draw) -> dict[str, bytes]:
    """The files of a case: sound, with some of them changed, some gone, or a ledger beside them, changed or forged."""
    tree = dict(CASE)
    for _ in range(draw(st.sampled_from((0, 1, 1, 2)))):
        likely = ("tunecase.yaml", "tunecase.yaml", "train.jsonl", "test.jsonl", *sorted(tree))
        name = draw(st.sampled_from([name for name in likely if name in tree]))
        tree[name] = changed_file(draw, name, tree[name])
    if draw(st.integers(0, 9)) == 0:
        del tree[draw(st.sampled_from(sorted(tree)))]
    kind = draw(st.sampled_from(("none", "none", "sound", "forged", "forged", "broken")))
    if kind != "none":
        entries = changed_file(draw, "contents.jsonl", ENTRIES) if kind == "forged" else ENTRIES
        lines = b"".join(line + b"\n" for line in chained((line for line in entries.split(b"\n") if line), FIRST))
        tree["ledger.jsonl"] = changed_file(draw, "ledger.jsonl", lines) if kind == "broken" else lines
    return tree


def _whole(error: TunecaseError, faults: list[str]) -> None:
    try:
        check_refusal(error)
    except BreachError as breach:
        faults.append(f"a refusal that is not whole: {breach}")


def _judge(ran: Ran, attempted: Attempted, folder: Path) -> None:
    """Adds what must not be: a traceback, a bug's report, another code, no word of why, steering characters."""
    printed = ran.out + ran.err
    attempted.code, attempted.printed = ran.code, printed
    reports = sorted(folder.glob("tunecase-crash-*"))
    if reports:
        report = reports[0].read_text(encoding="utf-8").splitlines()
        places = [line.strip() for line in report if "/tunecase/" in line]
        attempted.faults.append(f"a bug: {report[-1][:200]} {places[-1] if places else ''}")
    elif "Traceback (most recent" in printed:
        attempted.faults.append(f"a traceback: {printed[-300:]}")
    if ran.code not in CODES:
        attempted.faults.append(f"code {ran.code}")
    if ran.code in (2, 3) and not printed.strip():
        attempted.faults.append("no word of why")
    if steering := STEERING.search(printed):
        around = printed[max(0, steering.start() - 40) : steering.end() + 20]
        attempted.faults.append(f"characters that steer a terminal: {around!r}")


def attempt_command(words: tuple[str, ...], tree: Tree, limit_s: float = LIMIT_S) -> Attempted:
    """Runs `tunecase WORDS` in this process in a folder of these files; says how it ended and what must not be."""
    attempted = Attempted(words)
    base = Path(tempfile.mkdtemp(prefix="attempt-"))
    refuse = commands._refuse

    def seen(error: TunecaseError, as_json: bool) -> None:
        _whole(error, attempted.faults)
        refuse(error, as_json)

    try:
        put(tree, base / "case")
        (base / "temporary").mkdir()
        with ExitStack() as stack:
            stack.enter_context(mock.patch.object(commands, "_refuse", seen))
            stack.enter_context(mock.patch("tunecase.web.serve", return_value=None))
            stack.enter_context(mock.patch.object(tempfile, "tempdir", str(base / "temporary")))
            stack.enter_context(mock.patch.object(sys, "stdin", io.StringIO("")))
            stack.enter_context(mock.patch("tunecase.flow.Flow.DRAWS", WORLDS))
            stack.enter_context(limited(limit_s))
            _judge(tunecase(*words, cwd=base / "case"), attempted, base / "temporary")
    except BreachError as error:
        place = [frame for frame in traceback.extract_tb(error.__traceback__) if "/src/tunecase/" in frame.filename]
        attempted.faults.append(f"{error}, in {place[-1].filename}:{place[-1].lineno}" if place else str(error))
    except Exception as error:  # noqa: BLE001 - none may come out of the command line
        attempted.faults.append("an exception: " + "".join(traceback.format_exception(error))[-600:])
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return attempted
