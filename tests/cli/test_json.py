"""Every command's --json keeps to its schema: on real examples, on failures, and no command or record is left out."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chat_server import chat_server, said
from tests.command import Ran, tunecase
from tests.faults.road import _catalog, _pool, _two_histories, hours
from tests.ledger.test_bodies import FORGED, forge
from tests.making import COLOURS, case_folder, project_text, tickets, write_jsonl
from tests.schemas import faults, kinds_of, strict
from tunecase.records import PRINTED, schema_of
from tunecase.records.schema import ERROR

DAY = ("--today", "2026-11-24")
LOGS = Path(__file__).parents[1] / "fixtures" / "evals" / "oaieval"
Step = tuple[tuple[str, ...], Callable[[Path], None] | None]


def held(ran: Ran, command: str) -> list[str]:
    """What of a command's output does not keep to its schema; a failure keeps to that of a failure."""
    name = command if ran.code in (0, 1) else ERROR
    return [f"{command} ({ran.code}) {fault}" for fault in faults(ran.json, strict(name))]


def points(folder: Path) -> None:
    """Points measured elsewhere, and rows without a project."""
    (folder / "points.csv").write_text("n,score\n50,0.5\n100,0.6\n200,0.68\n400,0.74\n", encoding="utf-8")
    write_jsonl(folder / "bare" / "train.jsonl", tickets(60, 3))


def more_rows(folder: Path) -> None:
    """Labelled rows of another source."""
    write_jsonl(folder / "more.jsonl", tickets(120, 9))


def one_round(folder: Path) -> None:
    """The case with one round and no source of rows: each of its inputs takes a moment to look at."""
    text = project_text(source="", compute="compute: {tier: neocloud, gpus: [A100-80GB]}", extra="rounds: 1")
    (folder / "small.yaml").write_text(text, encoding="utf-8")


def meter(folder: Path) -> None:
    """What was served in October."""
    head = "from,to,answers,tokens_in,tokens_out,gpu_hours,cost"
    (folder / "meter.csv").write_text(f"{head}\n2026-10-01,2026-10-31,410,1200,400,73,64 USD\n", encoding="utf-8")


def other_ledger(folder: Path) -> None:
    """A ledger of another machine that holds this case's runs."""
    (folder / "theirs").mkdir()
    (folder / "theirs" / "ledger.jsonl").write_bytes((folder / "ledger.jsonl").read_bytes())


def _filled(path: Path, fill: Callable[[dict[str, str]], dict[str, str]]) -> None:
    rows = [row | fill(row) for row in csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def filled_in(folder: Path) -> None:
    """Both readers' files with labels and seconds."""
    for name, seconds in (("reader-a.csv", "240"), ("reader-b.csv", "300")):
        _filled(
            folder / "label-trial" / name,
            lambda row, took=seconds: {"label": COLOURS[int(row["row"]) % 4], "seconds": took},
        )


def reviewed(folder: Path) -> None:
    """The queue of a cleaned copy, every row found right."""
    _filled(folder / "cleaned" / "review.csv", lambda row: {"decision": "right"})


def forged(folder: Path) -> None:
    """A line that cannot be read, whose id begins the name of a file."""
    content = next(iter(FORGED.values()))[0]
    (folder / "forged.txt").write_text(forge(folder / "ledger.jsonl", content)[:12], encoding="utf-8")


# Cheap enough for every run of the tests: on a case whose data are there and nothing else.
CHEAP: tuple[Step, ...] = (
    (("init", "bare/train.jsonl"), points),
    (("init", "--example"), None),
    (("audit", "bare/train.jsonl", "--fast"), None),
    (("forecast", "points.csv", "--target", "80%", *DAY), None),
    (("fit", "llama-3.1-8b", "--gpu", "H100", "--tokens", "5M"), None),
    (("evals", str(LOGS / "a.jsonl"), str(LOGS / "b.jsonl")), None),
    (("prices", "--kind", "hosted"), None),
    (("prices", "--update", "vms.csv", "--date", "2026-11-20"), _catalog),
    (("spend", "add", "12.50", "USD", "--line", "gpu", "--note", "a card"), None),
    (("spend", "import", "timesheet", "hours.csv", *DAY), hours),
    (("spend", "serving", "meter.csv", *DAY), meter),
    (("spend", "add", "3", "USD"), None),
    (("spend", "map", "source=manual", "storage"), None),
    (("spend", "list",), None),
    (("approve",), None),
    (("ledger", "verify"), None),
    (("ledger", "anchor"), None),
    (("ledger", "rechain"), None),
    (("ledger", "rechain"), _two_histories),
    (("label", "--trial", "30"), None),
    (("label", "--read", "label-trial/reader-a.csv", "label-trial/reader-b.csv"), filled_in),
)  # fmt: skip
# The road and what rests on it, in this order.
ROAD: tuple[Step, ...] = (
    (("define",), None),
    (("audit",), None),
    (("audit", "--fix", "cleaned"), None),
    (("audit", "--reviewed", "cleaned/review.csv"), reviewed),
    (("audit", "--next", "10", "--pool", "pool.jsonl"), _pool),
    (("estimate", "--what-if", "--project", "small.yaml"), one_round),
    (("pilot", "--trainer", "probe", "--workers", "1", "--candidates", "none", "--yes"), None),
    (("pilot", "--export", "skypilot", "--trainer", "lora", "--accelerators", "L40S:1"), None),
    (("pilot", "--source", "synthetic", "--rows", "more.jsonl", "--draws", "2", "--workers", "1"), more_rows),
    (("forecast",), None),
    (("decide", "--what-if"), None),
    (("sources",), None),
    (("approve", "100 USD", "--by", "Ines", "--beyond"), None),
    (("reject", "--by", "Ines", "--note", "not now"), None),
    (("next", "--rows", "300", "--score", "0.74", "--changed", "label"), None),
    (("compare", "--set", "method=full"), None),
    (("inference", "qwen3-8b", "--volume", "200k per month", "--input", "600", "--output", "60", "--gpu", "L4"), None),
    (("ledger", "merge", "theirs/ledger.jsonl"), other_ledger),
    (("books", "--close", "all"), None),
    (("scorecard", "."), None),
    (("check",), None),
    (("report",), None),
    (("run",), None),
)


@pytest.fixture
def walk(tmp_path: Path) -> Callable[..., tuple[list[str], set[tuple[str, str]]]]:
    """Makes steps in one case: what does not keep to its schema, and which record each command was seen to print."""
    case_folder(tmp_path, train_rows=120, test_rows=48)

    def steps(*made: Step) -> tuple[list[str], set[tuple[str, str]]]:
        breaches, seen = [], set()
        for words, prepare in made:
            if prepare:
                prepare(tmp_path)
            command = next(name for name in (" ".join(words[:2]), words[0]) if name in PRINTED)
            ran = tunecase(*words, "--json", cwd=tmp_path)
            if ran.code not in (0, 1):
                breaches.append(f"{words} ended with {ran.code}: {ran.out[:300]}")
                continue
            breaches += held(ran, command)
            seen |= {(command, kind) for kind in kinds_of(ran.json, command)}
        return breaches, seen

    return steps


def test_cheap_commands_print_what_their_schema_says(walk: Callable[..., Any]) -> None:
    """Those that work without a walked case, each on an example."""
    breaches, seen = walk(*CHEAP[:2], *CHEAP[7:])
    assert [] == breaches, "\n".join(breaches)
    assert {"init", "spend add", "label", "ledger anchor"} <= {command for command, _ in seen}


@pytest.mark.slow
def test_every_command_prints_what_its_schema_says(walk: Callable[..., Any], tmp_path: Path) -> None:
    """Every command, with every record that it can print, on a case that is walked to its end; none is left out."""
    breaches, seen = walk(*CHEAP, *ROAD)
    with chat_server(lambda body: said("1: pass\n2: pass\n3: pass")) as server:
        more, found = walk((("judge", "--base-url", server.url, "--model", "big", "--rows", "20"), None))
        breaches, seen = breaches + more, seen | found
    forged(tmp_path)
    beginning = (tmp_path / "forged.txt").read_text(encoding="utf-8")
    more, found = walk((("ledger", "set-aside", beginning, "--why", "forged"), None))
    breaches, seen = breaches + more, seen | found
    assert [] == breaches, "\n".join(breaches)
    wanted = {(command, kind) for command in PRINTED if command != ERROR for kind in kinds_of(None, command)}
    assert set() == wanted - seen, "no example prints these records: add one"


def test_every_failure_prints_what_its_schema_says(tmp_path: Path) -> None:
    """With --json a mistake of usage or of the input, and a failure of the world, have one form for every command."""
    breaches = []
    for command in set(PRINTED) - {ERROR}:
        ran = tunecase(*command.split(), "--json", "--no-such-option", cwd=tmp_path)
        breaches += [f"{command} ended with {ran.code}"] * (ran.code != 2) + held(ran, command)
    ran = tunecase("estimate", "--json", "--project", "none.yaml", cwd=tmp_path)
    breaches += held(ran, "estimate")
    path = case_folder(tmp_path)
    ran = tunecase("estimate", "--json", "--project", path, "--seed", "0", "--today", "x")
    breaches += held(ran, "estimate")
    ran = tunecase("books", "--json", "--project", path, "--csv", tmp_path / ("x" * 300))
    breaches += [f"books ended with {ran.code}"] * (ran.code not in (2, 3)) + held(ran, "books")
    assert [] == breaches


def test_the_command_prints_the_schema() -> None:
    """`tunecase schema VERB` prints what `schema_of` gives; alone it lists the verbs, and an unknown one is refused."""
    for command in ("audit", "spend add", ERROR):
        assert schema_of(command) == tunecase("schema", *command.split()).json
    assert list(PRINTED) == tunecase("schema").out.split("\n")[:-1]
    ran = tunecase("schema", "audti")
    assert (2, True) == (ran.code, "Did you mean audit?" in ran.err)
    assert json.loads(tunecase("schema", "run").out)["required"] == ["estimate", "books", "report"]
