"""The command line teaches itself, speaks JSON, ends with the documented codes and starts quickly."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command import Ran, tunecase
from tests.making import case_folder, tickets, write_jsonl
from tunecase import __version__
from tunecase.cli import books as cli_books
from tunecase.ledger import Entry
from tunecase.records import RECORDS, Spending, from_json

SRC = Path(__file__).parents[1] / "src"
OPTIONS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("init",): ("--example", "--to", "--test", "--input", "--output", "--force", "--json"),
    ("define",): ("--project", "--seed", "--json"),
    ("audit",): (
        "--test",
        "--input",
        "--output",
        "--strict",
        "--fix",
        "--mask",
        "--force",
        "--reviewed",
        "--project",
        "--seed",
        "--json",
    ),
    ("estimate",): ("--total-order", "--what-if", "--sure", "--project", "--seed", "--json"),
    ("compare",): (
        "--set",
        "--markdown",
        "--fail-if-over",
        "--confidence",
        "--allow-unpriced",
        "--project",
        "--seed",
        "--json",
    ),
    ("pilot",): ("--trainer", "--draws", "--workers", "--max-minutes", "--project", "--seed", "--json"),
    ("forecast",): ("--target", "--metric", "--n-max", "--project", "--seed", "--json"),
    ("decide",): ("--project", "--seed", "--json"),
    ("report",): ("--to", "--project", "--seed", "--json"),
    ("run",): ("--anyway", "--project", "--seed", "--json"),
    ("fit",): (
        "--method",
        "--seq",
        "--batch",
        "--gpu",
        "--gpus",
        "--tokens",
        "--examples",
        "--epochs",
        "--lengths",
        "--packing",
        "--deadline",
        "--spot",
        "--tier",
        "--framework",
        "--rank",
        "--targets",
        "--objective",
        "--global-batch",
        "--accumulation",
        "--optimizer",
        "--precision",
        "--attention",
        "--loss",
        "--checkpointing",
        "--sharding",
        "--offload",
        "--frozen-layers",
        "--accelerate",
        "--measured",
        "--explain",
        "--project",
        "--seed",
        "--json",
    ),
    ("spend", "add"): (
        "--category",
        "--on",
        "--note",
        "--quantity",
        "--unit",
        "--credit",
        "--replaces",
        "--project",
        "--json",
    ),
    ("books",): ("--plan", "--close", "--page", "--csv", "--project", "--seed", "--json"),
    ("ledger", "verify"): ("--project", "--json"),
    ("ledger", "rechain"): ("--project", "--json"),
    ("serve",): ("--port", "--project", "--seed"),
}
LESSONS = {
    "init": "commented project file",
    "define": "well posed",
    "audit": "right data",
    "fit": "does it cost",
    "compare": "cost or save",
}


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound case that was run to its end; its project file."""
    folder = tmp_path_factory.mktemp("walked")
    path = case_folder(folder, second_label="  second_label: second")
    write_jsonl(folder / "test.jsonl", [dict(row, second=row["label"]) for row in tickets(200, 2)])
    assert tunecase("run", "--project", path).code in (0, 1)
    return path


def python(*words: str | Path, encoding: str = "utf-8") -> str:
    """What a fresh Python prints through a pipe of this encoding."""
    surroundings = {**os.environ, "PYTHONPATH": str(SRC), "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, check=True, env=surroundings)
    return done.stdout.decode().strip()


@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_help_names_every_option(words: tuple[str, ...]) -> None:
    """--help of every verb says what it does and names all of its options."""
    ran = tunecase(*words, "--help")
    assert 0 == ran.code
    flat = " ".join(ran.out.split())
    assert LESSONS.get(words[0], "") in flat
    for option in OPTIONS[words]:
        assert f" {option} " in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert ran.out == tunecase(*words, "-h").out


def test_data_are_mended_on_the_command_line(tmp_path: Path) -> None:
    """--fix writes the copy and books it, --reviewed takes the sheet back; options that need --fix say so."""
    path = case_folder(tmp_path, train_rows=60, test_rows=40)
    out = tmp_path / "cleaned"
    ran = tunecase("audit", "--project", path, "--fix", out, "--json")
    record = from_json(RECORDS["clean"], ran.json)
    assert record.rows == record.kept + record.dropped + record.quarantined
    assert (out / "changes.json").exists()
    assert 2 == tunecase("audit", "--project", path, "--fix", out).code
    assert 2 == tunecase("audit", "--project", path, "--mask").code
    assert 2 == tunecase("audit", "--project", path, "--reviewed", tmp_path / "none.csv").code
    printed = tunecase("audit", "--project", path, "--fix", out, "--force")
    assert "your file is unchanged" in printed.out
    assert all(len(line) <= 80 for line in printed.out.splitlines())


def test_help_teaches_the_road() -> None:
    """The first help shows the road, all verbs and the exit codes; without words it comes by itself."""
    ran = tunecase("--help")
    flat = " ".join(ran.out.split())
    assert "init → define → audit → estimate → pilot → forecast → decide → report" in flat
    assert "Exit codes: 0 fine, 1 the answer is no" in flat
    for words in OPTIONS:
        assert f" {words[0]} " in flat
    bare = tunecase()
    assert ran.out.split() == (bare.out + bare.err).split()


def test_help_keeps_its_brackets() -> None:
    """No word of a help text is taken for markup."""
    assert "Samples, in place of tokens." in " ".join(tunecase("fit", "--help").out.split())


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


def test_narrow_pipes(walked: Path) -> None:
    """A pipe that takes ASCII only gets replaced letters in words, and whole UTF-8 in JSON; never a traceback."""
    assert "PILOT ???????? accuracy" in python("-m", "tunecase", "pilot", "--project", walked, encoding="ascii")
    named = python("-m", "tunecase", "report", "--json", "--project", walked, encoding="ascii")
    assert str(walked.parent) in json.loads(named)["html"]


@pytest.mark.parametrize("verb", ["define", "audit", "estimate", "pilot", "forecast", "decide", "books", "report"])
def test_json_is_the_record(walked: Path, verb: str) -> None:
    """--json prints the record of the verb and nothing else."""
    ran = tunecase(verb, "--json", "--project", walked)
    assert ran.code in (0, 1)
    record = from_json(RECORDS[verb], ran.json)
    assert ran.code == (0 if getattr(record, "ok", True) else 1)
    assert "" == ran.err


def test_json_of_the_run(walked: Path) -> None:
    """run --json prints every record by its verb."""
    ran = tunecase("run", "--json", "--project", walked)
    records = {verb: from_json(RECORDS[verb], body) for verb, body in ran.json.items()}
    assert {"define", "audit", "estimate", "pilot", "forecast", "decide", "books", "report"} == set(records)
    assert ran.code == (0 if records["decide"].ok else 1)


def test_json_of_init(tmp_path: Path) -> None:
    """init --json lists the files written."""
    ran = tunecase("init", "--json", write_jsonl(tmp_path / "train.jsonl", tickets(40, 1)))
    assert [str(tmp_path / "tunecase.yaml"), str(tmp_path / "tunecase.schema.json")] == ran.json
    assert 0 == ran.code


def test_json_of_fit_and_of_points(tmp_path: Path) -> None:
    """The quick questions answer in JSON too."""
    ran = tunecase("fit", "llama-3.1-8b", "--gpu", "H100", "--tokens", "5M", "--json")
    assert "fits" == from_json(RECORDS["fit"], ran.json).verdict
    path = tmp_path / "points.csv"
    path.write_text("n,score\n50,0.5\n100,0.6\n200,0.68\n400,0.74\n", encoding="utf-8")
    ran = tunecase("forecast", path, "--target", "80%", "--n-max", "5000", "--json")
    assert (0.8, 5000) == (ran.json["target"], from_json(RECORDS["forecast"], ran.json).n_max)


def test_json_of_the_ledger(tmp_path: Path) -> None:
    """spend add --json prints the entry as booked, ledger verify --json what it looked at."""
    path = case_folder(tmp_path)
    ran = tunecase("spend", "add", "42.50", "--category", "gpu", "--note", "L40S", "--json", "--project", path)
    entry = from_json(Entry, ran.json)
    assert ("42.50", "L40S") == (str(from_json(Spending, entry.body).amount), entry.body["description"])
    ran = tunecase("ledger", "verify", "--json", "--project", path)
    assert {
        "path": str(path.parent / "ledger.jsonl"),
        "entries": 1,
        "rechained": 0,
        "whole": True,
        "unfinished": 0,
    } == ran.json


def test_a_charge_is_printed_in_words(tmp_path: Path) -> None:
    """A booked charge is told with amount, category and how to correct it; the correction is counted once."""
    path = case_folder(tmp_path)
    ran = tunecase("spend", "add", "42.50", "--note", "two hours", "--on", "2026-01-02", "--project", path)
    assert "42.50 USD booked under other" in ran.out
    assert "Paid on 2 January 2026: two hours." in ran.out
    assert "Entry(" not in ran.out
    ref = ran.out.split("--replaces ")[1].split()[0]
    assert 0 == tunecase("spend", "add", "40", "--replaces", ref, "--project", path).code
    assert 0 == tunecase("spend", "add", "90", "--category", "gpu", "--project", path).code
    (gpu,) = tunecase("spend", "list", "--category", "gpu", "--json", "--project", path).json["charges"]
    corrected = tunecase("spend", "add", "80", "--replaces", gpu["id"], "--project", path)
    assert "80.00 USD booked under gpu" in corrected.out
    assert 0 == tunecase("spend", "add", "80", "--credit", "--category", "gpu", "--project", path).code
    told = tunecase("spend", "list", "--category", "gpus", "--project", path)
    assert 2 == told.code
    assert "gpu" in told.err
    assert "40.00 USD spent" in tunecase("books", "--project", path).out


def test_the_same_seed_gives_the_same_answer(tmp_path: Path) -> None:
    """Two runs with one seed print the same bill, another seed prints another."""
    path = case_folder(tmp_path)
    bills = [tunecase("estimate", "--json", "--seed", seed, "--project", path).out for seed in ("3", "3", "4")]
    assert bills[0] == bills[1]
    assert bills[0] != bills[2]
    assert [3, 4] == [json.loads(bill)["seed"] for bill in bills[1:]]


@pytest.mark.parametrize("seed", ["-1", "4294967296", "1e3", "x"])
def test_no_seeds(tmp_path: Path, seed: str) -> None:
    """A seed that no generator takes is refused before anything is read."""
    ran = tunecase("estimate", f"--seed={seed}", "--project", tmp_path / "none.yaml")
    assert 2 == ran.code
    assert "--seed" in ran.err


@pytest.mark.parametrize(
    "words", [("estimat",), ("estimate", "--jsn"), ("fit",), ("pilot", "--draws", "0"), ("spend",)]
)
def test_wrong_words_end_with_two(words: tuple[str, ...]) -> None:
    """Unknown verbs and options, missing words and numbers out of range end with code 2."""
    assert 2 == tunecase(*words).code


def test_exit_codes(tmp_path: Path, walked: Path) -> None:
    """0: fine; 1: the answer is no; 2: the input cannot be read; 3: the world failed."""
    assert 0 == tunecase("audit", "--project", walked).code
    assert 1 == tunecase("define", "--project", case_folder(tmp_path / "unsound", metric="  goal: better")).code
    assert 1 == tunecase("fit", "llama-3.1-8b", "--method", "full", "--gpu", "L40S", "--gpus", "1").code
    assert 2 == tunecase("define", "--project", tmp_path / "none.yaml").code
    (tmp_path / "file").write_text("x", encoding="utf-8")
    ran = tunecase("report", "--to", tmp_path / "file", "--project", walked)
    assert 3 == ran.code
    assert "Fix: name another folder with --to" in ran.err


def test_errors_of_the_world_are_json_too(tmp_path: Path, walked: Path) -> None:
    """With --json any failure is JSON, without problems where no input is at fault."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    ran = tunecase("report", "--json", "--to", tmp_path / "file", "--project", walked)
    assert 3 == ran.code
    assert [] == ran.json["problems"]
    assert "could not be written" in ran.json["error"]


def test_an_audit_without_a_project(tmp_path: Path) -> None:
    """A data file is audited by itself, as of any day."""
    write_jsonl(tmp_path / "train.jsonl", tickets(80, 1))
    ran = tunecase("audit", "train.jsonl", "--json", "--today", "2026-11-24", cwd=tmp_path)
    assert (80, 0) == (ran.json["usable"], ran.code)
    assert ["train.jsonl"] == [path.name for path in tmp_path.iterdir()]


def test_the_road_in_words(walked: Path) -> None:
    """run prints every verb's record in order and the files at the end, 80 columns wide."""
    out = tunecase("run", "--project", walked, "--anyway").out
    heads = ["DEFINE", "AUDIT", "ESTIMATE", "PILOT", "FORECAST", "ESTIMATE", "DECIDE", "BOOKS", "REPORT"]
    assert heads == [line.split()[0].strip(",") for line in out.splitlines() if " ──────── " in line]
    assert str(walked.parent / "report.html") in out.replace("\n", "")


def test_interrupted(walked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends with 130 and says that what was finished is kept."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_books, "finish", stop)
    ran = tunecase("books", "--project", walked)
    assert 130 == ran.code
    assert "the same command goes on from there" in ran.err


def test_serve_checks_the_case_first(tmp_path: Path, walked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """serve refuses a case that cannot be read, and else hands the live page to the server."""
    assert 2 == tunecase("serve", "--project", tmp_path / "none.yaml").code
    served: dict[str, Any] = {}

    def listen(html: Any, *, port: int, on_ready: Any) -> None:
        served.update(html=html(), port=port)
        on_ready("http://127.0.0.1:8118")

    monkeypatch.setattr("tunecase.dashboard.serve", listen)
    ran = tunecase("serve", "--port", "8118", "--project", walked)
    assert (0, 8118) == (ran.code, served["port"])
    assert "http://127.0.0.1:8118" in ran.out
    assert "<html" in served["html"]


def test_audit_counts_tokens_with_a_tokenizer_at_hand(tmp_path: Path) -> None:
    """--tokenizer makes the count exact; a file that is none is refused."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.save(str(tmp_path / "tokenizer.json"))
    path = case_folder(tmp_path, train_rows=20)
    ran = tunecase("audit", "--json", "--tokenizer", tmp_path / "tokenizer.json", "--project", path)
    # Ten words of text and the label in each of the rows.
    assert (True, 220.0) == (ran.json["tokens"]["exact"], ran.json["tokens"]["total"]["mid"])
    assert 2 == tunecase("audit", "--tokenizer", path, "--project", path).code


@pytest.mark.slow
def test_what_a_bill_rests_on_is_asked_for(walked: Path) -> None:
    """--total-order and --what-if add to the record and to the print; a bill without them has neither."""
    words = ("estimate", "--project", walked, "--today", "2026-11-24")
    plain, asked = (tunecase(*words, *more, "--json").json for more in ((), ("--total-order", "--what-if")))
    assert [] == plain["what_if"]
    assert {None} == {driver["total_share"] for driver in plain["drivers"]}
    assert [("stay", 0.8), ("reach", 0.8)] == [(one["goal"], one["wanted"]) for one in asked["what_if"]]
    assert None not in {driver["total_share"] for driver in asked["drivers"]}
    assert plain["total"] == asked["total"]
    ran = tunecase(*words, "--what-if", "--sure", "95%")
    assert "95% sure" in " ".join(ran.out.split())
    assert all(len(line) <= 80 for line in ran.out.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sure", "80%"), "--what-if beside it"),
        (("--what-if", "--sure", "80"), "most 100%"),
        (("--what-if", "--sure", "100%"), "less than 100%"),
        (("--what-if", "--sure", "70 to 80%"), "one chance"),
        (("--what-if", "--sure", "sure"), "--sure"),
    ],
)
def test_what_a_bill_cannot_be_asked(walked: Path, words: tuple[str, ...], said: str) -> None:
    """Half a question, or a chance that is none, ends with code 2 and a fix."""
    ran = tunecase("estimate", "--project", walked, *words)
    assert 2 == ran.code
    assert said in " ".join(ran.err.split())


def test_what_if_wants_a_budget(tmp_path: Path) -> None:
    """Without a budget there is nothing to stay within, and both mistakes are told."""
    path = case_folder(tmp_path, train_rows=20, test_rows=10, budget="")
    ran = tunecase("estimate", "--project", path, "--what-if", "--sure", "0%")
    assert 2 == ran.code
    assert "a budget to stay within" in ran.err
    assert "--sure" in ran.err
