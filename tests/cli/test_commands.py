"""The command line teaches itself, speaks JSON, ends with the documented codes and starts quickly."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.command import Ran, tunecase
from tests.making import case_folder, tickets, write_jsonl
from tunecase.cli import books as cli_books
from tunecase.records import RECORDS, from_json
from tunecase.version import __version__

SRC = Path(__file__).parents[2] / "src"
TOO_LONG = "x" * 300  # a name that no disk takes
OPTIONS = {
    "init": "--example --to --test --split --group --input --output --ask --force --seed --json",
    "define": "--project --seed --json",
    "audit": "--test --input --output --strict --fix --mask --force --reviewed --project --seed --json",
    "estimate": "--what-if --sure --project --seed --json",
    "compare": "--set --markdown --fail-if-over --confidence --allow-unpriced --project --seed --json",
    "pilot": "--trainer --draws --workers --max-minutes --project --seed --json",
    "forecast": "--target --metric --n-max --project --seed --json",
    "decide": "--project --seed --json",
    "report": "--to --project --seed --json",
    "run": "--anyway --project --seed --json",
    "fit": "--method --seq --batch --gpu --gpus --tokens --examples --epochs --lengths --packing --deadline"
    " --spot --tier --framework --rank --targets --objective --global-batch --accumulation "
    "--optimizer --precision --attention --loss --checkpointing --sharding --offload --frozen-layers"
    " --accelerate --measured --explain --project --seed --json",
    "spend add": "--line --on --note --quantity --unit --credit --replaces --project --json",
    "books": "--plan --close --page --csv --project --seed --json",
    "prices": "--gpu --terms --update --date --to --force --project --json",
    "check": "--project --json",
    "scorecard": "--export --force --project --json",
    "ledger verify": "--project --json",
    "ledger rechain": "--project --json",
    "serve": "--port --project --seed",
}
WRONG_WAY = "  metric: accuracy\n  direction: lower"
LESSONS = {
    "init": "commented project file",
    "define": "well posed",
    "audit": "right data",
    "fit": "does it cost",
    "compare": "cost or save",
}


def python(*words: str | Path, encoding: str = "utf-8", **variables: str) -> str:
    """What a fresh Python prints through a pipe of this encoding, with these variables of the environment."""
    surroundings = {**os.environ, "PYTHONPATH": str(SRC), "PYTHONIOENCODING": encoding, **variables}
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, check=True, env=surroundings)
    return done.stdout.decode().strip()


def test_help_names_every_option() -> None:
    """--help of every verb says what it does and names all of its options, in 80 columns; -h is the same."""
    breaches = []
    assert tunecase("fit", "--help") == tunecase("fit", "-h")
    for words, options in OPTIONS.items():
        ran = tunecase(*words.split(), "--help")
        lacking = [option for option in options.split() if f" {option} " not in ran.out.replace(",", " ")]
        if LESSONS.get(words, "") not in " ".join(ran.out.split()):
            lacking.append(LESSONS[words])
        lacking += [line for line in ran.out.splitlines() if len(line) > 80]
        if ran.code or lacking:
            breaches.append((words, ran.code, lacking))
    assert [] == breaches


def test_the_shell_completes_commands_and_options() -> None:
    """Completion for bash offers the options that begin with what is typed."""
    code = "import sys; sys.argv = ['tunecase']; from tunecase.cli import main; main()"
    typed = {"_TUNECASE_COMPLETE": "complete_bash", "COMP_WORDS": "tunecase decide --wha", "COMP_CWORD": "2"}
    assert "--what-if" == python("-c", code, **typed)


def test_help_teaches_the_road() -> None:
    """The first help shows the road, all verbs and the exit codes; without words it comes by itself."""
    ran = tunecase("--help")
    flat = " ".join(ran.out.split())
    assert "init → define → audit → estimate → pilot → forecast → decide → report" in flat
    assert "Exit codes: 0 fine, 1 the answer is no" in flat
    first = [flat.index(f"{n} tunecase {words} ") for n, words in enumerate(("init train.jsonl", "run", "report"), 1)]
    assert first == sorted(first)
    for words in OPTIONS:
        assert f" {words.partition(' ')[0]} " in flat
    bare = tunecase()
    assert ran.out.split() == (bare.out + bare.err).split()


def test_version() -> None:
    """--version prints the version and nothing else, also as a module."""
    assert Ran(0, f"{__version__}\n", "") == tunecase("--version")
    assert __version__ == python("-m", "tunecase", "--version")


def test_import_is_light() -> None:
    """`import tunecase` loads no numpy, pydantic or rich."""
    loaded = "[m for m in ('numpy', 'pydantic', 'rich', 'scipy', 'sklearn', 'yaml') if m in sys.modules]"
    assert "[]" == python("-c", f"import sys, tunecase; print({loaded})")


def test_help_is_light() -> None:
    """`tunecase --help` loads no numpy and no scikit-learn."""
    code = (
        "import sys, atexit; sys.argv = ['tunecase', '--help']\n"
        "atexit.register(lambda: print([m for m in ('numpy', 'sklearn', 'scipy', 'pydantic') if m in sys.modules]))\n"
        "from tunecase.cli import main; main()"
    )
    assert "[]" == python("-c", code).splitlines()[-1]


@pytest.mark.slow
def test_narrow_pipes(walked: Path, tmp_path: Path) -> None:
    """A pipe that takes ASCII only gets replaced letters in words, and whole UTF-8 in JSON; never a traceback."""
    assert "???" in python("-m", "tunecase", "forecast", "--today", "2026-11-24", "--project", walked, encoding="ascii")
    rows = write_jsonl(tmp_path / "zürich" / "train.jsonl", tickets(40, 1))
    named = python("-m", "tunecase", "init", "--json", rows, encoding="ascii")
    assert str(rows.with_name("tunecase.yaml")) in json.loads(named)["files"]


@pytest.mark.usefixtures("on_file")
def test_json_is_the_record(walked: Path) -> None:
    """--json prints the record of the verb and nothing else; the exit code is its answer."""
    breaches = []
    for verb in ("define", "estimate", "forecast", "decide", "books"):
        ran = tunecase(verb, "--json", "--project", walked)
        record = from_json(RECORDS[verb], ran.json)
        if ran.code != (0 if getattr(record, "ok", True) else 1) or ran.err:
            breaches.append((verb, ran.code, ran.err))
    assert [] == breaches


def test_json_of_fit_and_of_points(tmp_path: Path) -> None:
    """The quick questions answer in JSON too."""
    ran = tunecase("fit", "llama-3.1-8b", "--gpu", "H100", "--tokens", "5M", "--json")
    assert "fits" == from_json(RECORDS["fit"], ran.json).verdict
    path = tmp_path / "points.csv"
    path.write_text("n,score\n50,0.5\n100,0.6\n200,0.68\n400,0.74\n", encoding="utf-8")
    ran = tunecase("forecast", path, "--target", "80%", "--n-max", "5000", "--json")
    assert (0.8, 5000) == (ran.json["target"], from_json(RECORDS["forecast"], ran.json).n_max)


def test_no_seeds(tmp_path: Path) -> None:
    """A seed that no generator takes is refused before anything is read."""
    for seed in ("-1", "4294967296", "1e3", "x"):
        ran = tunecase("estimate", f"--seed={seed}", "--project", tmp_path / "none.yaml")
        assert (2, True) == (ran.code, "--seed" in ran.err), seed


def test_wrong_words_end_with_two() -> None:
    """Unknown verbs and options, missing words and numbers out of range end with code 2."""
    wrong = (("estimat",), ("estimate", "--jsn"), ("fit",), ("pilot", "--draws", "0"), ("spend",))
    assert dict.fromkeys(wrong, 2) == {words: tunecase(*words).code for words in wrong}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("forcast", "forcast: no such command; wanted a command of tunecase.\nDid you mean tunecase forecast?"),
        ("spend lst", "lst: no such command; wanted a command of tunecase spend.\nDid you mean tunecase spend list?"),
        ("bogus", "bogus: no such command; wanted a command of tunecase.\n`tunecase --help` shows what it takes."),
        ("--bogus", "--bogus: no such option; wanted an option of `tunecase`.\n`tunecase --help` shows what it takes."),
        ("estimate --ful", "--ful: no such option; wanted an option of `tunecase estimate`.\nDid you mean --full?"),
        ("estimate --seed", "--seed: nothing after it; wanted a value.\n"),
        ("serve --port x", "--port: 'x'; wanted a whole number from 1 to 65535.\nWrite for example --port 8117."),
        ("pilot --max-usd abc", "--max-usd: 'abc'; wanted a number.\nWrite for example --max-usd "),
        ("spend add", "AMOUNT: missing; wanted what was paid"),
        ("run extra", "extra: too much; wanted no further word.\nLeave it out;"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_read_are_told_in_two_lines(words: str, told: str) -> None:
    """What was typed and what is wanted stand on one line, what to write on the next, without a box."""
    ran = tunecase(*words.split())
    assert (2, "", 2, told) == (ran.code, ran.out, len(ran.err.splitlines()), ran.err[: len(told)])


def test_an_option_with_nothing_in_it_is_refused(walked: Path) -> None:
    """An unset variable of a script neither books a second charge nor means the default; every option says so."""
    ledger = (walked.parent / "ledger.jsonl").read_bytes()
    for words, wanted in (
        (("spend", "add", "5", "USD", "--replaces", ""), "the id of the entry that this one corrects"),
        (("spend", "add", "5", "USD", "--on", ""), "the day it was paid"),
        (("spend", "import", "focus", "bill.csv", "--service="), "only this service's rows"),
        (("approve", "5 USD", "--by", "me", "--replaces", ""), "the id of the approval"),
        (("ledger", "verify", "--anchor", ""), "COUNT:HASH"),
        (("books", "--page", ""), "write the books"),
        (("audit", ""), "rows to audit"),
    ):
        ran = tunecase(*words, "--project", walked)
        assert (2, True) == (ran.code, f"empty; wanted {wanted}" in ran.err), ran
    assert ledger == (walked.parent / "ledger.jsonl").read_bytes()


def test_exit_codes(tmp_path: Path, walked: Path) -> None:
    """0: fine; 1: the answer is no; 2: the input cannot be read; 3: the world failed."""
    assert 0 == tunecase("books", "--project", walked).code
    assert 2 == tunecase("define", "--project", case_folder(tmp_path / "unsound", metric=WRONG_WAY)).code
    assert 1 == tunecase("audit", write_jsonl(tmp_path / "few.jsonl", tickets(3, 1)), "--fast", cwd=tmp_path).code
    assert 2 == tunecase("define", "--project", tmp_path / "none.yaml").code
    ran = tunecase("books", "--csv", tmp_path / TOO_LONG, "--project", walked)
    assert 3 == ran.code
    assert "Fix: name another place" in ran.err


def test_interrupted_while_a_library_is_loaded(walked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What tidies up meets a library that the interrupt left half-loaded: it is still an interrupt, and no bug."""

    def stop(*_: Any, **__: Any) -> None:
        try:
            raise KeyboardInterrupt(15)
        finally:
            vars(sys)["no such name"].anything  # noqa: B018

    monkeypatch.setattr(cli_books, "finish", stop)
    ran = tunecase("books", "--project", walked)
    assert (143, "") == (ran.code, ran.out)
    assert "\nStopped. What was finished is kept; the same command goes on from there.\n" == ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="skipped: Windows ends a process without asking it")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (getattr(signal, "SIGHUP", 0), 129)])
def test_a_command_that_is_asked_to_end_tidies_up(tmp_path: Path, number: int, code: int) -> None:
    """SIGTERM and SIGHUP leave no scratch file and say what Ctrl-C says, with codes of their own."""
    write_jsonl(tmp_path / "train.jsonl", tickets(80, 1))
    inherited = signal.signal(number, signal.SIG_DFL)  # under nohup a process would not hear of it

    def end(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), number)
        time.sleep(10)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.import_module("tunecase.data.clean.clean"), "digest", end)
        ran = tunecase("audit", "train.jsonl", "--fix", "out", cwd=tmp_path)
    assert (code, "Stopped") == (ran.code, ran.err.strip()[:7])
    assert ["train.jsonl"] == [path.name for path in tmp_path.iterdir()]
    assert signal.SIG_DFL == signal.signal(number, inherited)
