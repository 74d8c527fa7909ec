"""The whole road as a person walks it: `tunecase run` on the example, on real sets, and where no probe can go."""

import csv
import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from tests.command import tunecase
from tests.making import case_folder, project_text, tickets, write_jsonl
from tunecase.flow.init import copy_example, examples

TEXTS = Path(__file__).parents[2] / ".." / "shared" / "data" / "text"
VERBS = {"define", "audit", "estimate", "pilot", "forecast", "decide", "books", "report", "approvals"}
# Whole roads take seconds each; the quick suite walks one in tests/test_case.py.
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def plain_decisions() -> None:
    """Here decisions are a user's: with their flips, in as many worlds as other tests draw."""


def needs(name: str) -> pytest.MarkDecorator:
    """Skips where a shared set is absent."""
    return pytest.mark.skipif(not (TEXTS / name).exists(), reason=f"skipped: ../shared/data/text/{name} not found")


PROJECT = """\
name: {name}
problem:
  task: {task}
  metric: {metric}
  target: {target}
  {baseline}
  value: 0.40 USD per correct
  volume: 30k per month
  owner: Ines
  criteria: [it is right, it is complete, it is short]
data:
  train: train.{ext}
  test: test.{ext}
  sources: [{{kind: label, pool: 30k, effort: 1 to 2 min per label}}]
budget: 15k USD
"""


def written(folder: Path, target: str, **changes: str) -> Path:
    """A project file by hand; returns it."""
    given = {"name": "trial", "task": "classification", "metric": "accuracy", "baseline": "", "ext": "jsonl"} | changes
    path = folder / "tunecase.yaml"
    path.write_text(PROJECT.format(target=target, **given), encoding="utf-8")
    return path


def road(project: Path, code: int, *words: str) -> dict[str, Any]:
    """`tunecase run --json`, which ends with this code."""
    ran = tunecase("run", "--json", "--project", project, *words)
    assert code == ran.code, ran.out[:500] + ran.err
    assert "failed" not in ran.err  # a slow pilot may tell its plan
    return ran.json


def curve(record: dict[str, Any]) -> list[tuple[int, float]]:
    """(n, mean score) of a pilot, rising in n."""
    runs = record["pilot"]["runs"]
    sizes = sorted({run["n"] for run in runs})
    return [(n, sum(run["score"] for run in runs if run["n"] == n) / sum(run["n"] == n for run in runs)) for n in sizes]


def found(record: dict[str, Any]) -> dict[str, int]:
    """How often each check of the audit found something."""
    return {finding["check"]: finding["count"] for finding in record["audit"]["findings"]}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The example, copied by `init` and walked once; (project file, records)."""
    folder = tmp_path_factory.mktemp("example") / "case"
    assert tunecase("init", "--example", "support-tickets", "--to", folder).code == 0
    return folder / "tunecase.yaml", road(folder / "tunecase.yaml", 0)


def test_the_example_walks_the_whole_road(example: tuple[Path, dict[str, Any]]) -> None:
    """Every verb has a record, and the cheapest look comes before any money."""
    _, told = example
    assert told.keys() == VERBS
    assert (told["decide"]["advice"], told["decide"]["first_look"]) == ("look", "prompt_hosted")
    assert told["estimate"]["reached"] is not None


def test_the_example_is_a_case_in_which_more_rows_help(example: tuple[Path, dict[str, Any]]) -> None:
    """The probe at about 100 rows scores ten points less than at all rows."""
    means = curve(example[1])
    near_100 = min(means, key=lambda point: abs(point[0] - 100))
    assert 60 <= near_100[0] <= 150
    assert means[-1][1] - near_100[1] >= 0.10


def test_every_kind_of_planted_defect_is_in_the_audit(example: tuple[Path, dict[str, Any]]) -> None:
    """All that a file can show is found end to end; most wrong labels are in the first quarter of the ranking."""
    project, told = example
    planted = json.loads((project.parent / "manifest.json").read_text(encoding="utf-8"))
    checks = found(told)
    assert {"contradiction", "overlong", "empty", "pii", "format"} <= checks.keys()
    assert {"duplicate_exact", "duplicate_normalised", "duplicate_near"} <= checks.keys()
    assert {"leak_exact", "leak_normalised"} <= checks.keys()
    assert len(planted["train"]["contradiction"]) == checks["contradiction"]
    assert len(planted["train"]["overlong"]) == checks["overlong"]
    ranked = next(finding for finding in told["audit"]["findings"] if finding["check"] == "label_error")
    wrong = {each["row"] for each in planted["train"]["wrong_label"]}
    first = ranked["rows"][: len(ranked["rows"]) // 4]
    assert 2 * len(wrong & set(first)) > len(wrong)


def test_money_spent_enters_books_decision_and_report(example: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """Two charges, one corrected: only what still holds counts, in the books, the decision and the page."""
    project = Path(shutil.copytree(example[0].parent, tmp_path / "case")) / "tunecase.yaml"
    wrong = tunecase("spend", "add", "15000", "--category", "labour", "--json", "--project", project).json["id"]
    for words in (("1000", "--category", "labour", "--replaces", wrong), ("42.50", "USD", "--category", "gpu")):
        assert tunecase("spend", "add", *words, "--project", project).code == 0
    books = tunecase("books", "--json", "--project", project)
    assert books.code == 0
    assert (books.json["spent"], books.json["left"]) == ("1042.50", "13957.50")
    decided = tunecase("decide", "--json", "--project", project)
    assert (decided.code, decided.json["advice"]) == (0, "look")
    assert tunecase("report", "--project", project).code == 0
    assert "1,042.50" in (project.parent / "report.md").read_text(encoding="utf-8")
    assert tunecase("ledger", "verify", "--project", project).code == 0


def test_a_budget_that_is_gone_buys_nothing_more(example: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """With the whole budget spent the advice is to stop, and the answer is no."""
    project = Path(shutil.copytree(example[0].parent, tmp_path / "case")) / "tunecase.yaml"
    assert tunecase("spend", "add", "15000", "--project", project).code == 0
    decided = tunecase("decide", "--json", "--project", project)
    assert (decided.code, decided.json["advice"]) == (1, "stop")


def test_a_second_walk_runs_nothing_again_and_decides_alike(
    example: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """All runs come from the ledger, and every judgement is the same."""
    project = Path(shutil.copytree(example[0].parent, tmp_path / "case")) / "tunecase.yaml"
    before, after = example[1], road(project, 0)
    assert len(after["pilot"]["runs"]) == after["pilot"]["reused"]
    assert before["pilot"]["runs"] == after["pilot"]["runs"]
    for verb in ("audit", "forecast", "estimate", "decide"):
        assert before[verb] == after[verb]
    # The definition of a second walk weighs the worth against the bill after the pilot.
    assert before["define"]["verdict"] == after["define"]["verdict"]


def banking(folder: Path, intents: int | None) -> list[str]:
    """banking77 copied into a folder, all of it or its first intents by name."""
    classes: Collection[str] = ()
    for name in ("train", "test"):
        with (TEXTS / "banking77" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        classes = classes or sorted({row[1] for row in rows})[:intents]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *(row for row in rows if row[1] in classes)])
    return list(classes)


@needs("banking77")
def test_banking77_with_ten_intents_is_solved_by_the_probe(tmp_path: Path) -> None:
    """The curve rises from under 75% to over 99%, and what meets the target is shipped: nothing is bought."""
    assert len(banking(tmp_path, 10)) == 10
    told = road(written(tmp_path, "98%", ext="csv"), 0)
    means = [mean for _, mean in curve(told)]
    assert means == sorted(means)
    assert means[0] < 0.75
    assert means[-1] > 0.99
    assert told["forecast"]["verdict"] == "reached"
    assert told["decide"]["advice"] == "ship"


@needs("banking77")
def test_banking77_with_all_intents_has_its_defects_and_its_curve(tmp_path: Path) -> None:
    """31 repeats, 25 leaks, one contradiction; the curve rises; at 0.15 USD what is sure pays, training does not."""
    assert len(banking(tmp_path, None)) == 77
    project = written(tmp_path, "97%", ext="csv")
    # At 0.40 USD the best plan is worth about what it costs; less makes the answer plain.
    project.write_text(project.read_text(encoding="utf-8").replace("0.40 USD", "0.15 USD"), encoding="utf-8")
    told = road(project, 0)
    checks = found(told)
    assert (checks["duplicate_normalised"], checks["leak_normalised"], checks["contradiction"]) == (31, 25, 1)
    assert not {"duplicate_exact", "leak_exact"} & checks.keys()
    pair = next(finding for finding in told["audit"]["findings"] if finding["check"] == "contradiction")
    assert [2002, 3160] == pair["rows"]
    means = [mean for _, mean in curve(told)]
    assert means == sorted(means)
    assert means[-1] - means[0] > 0.25
    assert 0.88 < means[-1] < 0.95
    decided = told["decide"]
    assert ("look", "when_sure") == (decided["advice"], decided["plan"]["lever"])
    assert any(flip["at"] < flip["now"] for flip in decided["value_flips"] if flip["at"] is not None)


@needs("clinc")
def test_clinc_from_the_command_line_has_its_known_defects(tmp_path: Path) -> None:
    """28 repeats and 19 leaks in the full set, read from JSONL that was made of it."""
    splits = json.loads((TEXTS / "clinc" / "data_full.json").read_text(encoding="utf-8"))
    for name in ("train", "test"):
        write_jsonl(tmp_path / f"{name}.jsonl", ({"text": text, "label": label} for text, label in splits[name]))
    ran = tunecase(
        "audit", tmp_path / "train.jsonl", "--test", tmp_path / "test.jsonl", "--fast", "--json", cwd=tmp_path
    )
    assert (ran.code, ran.err) == (0, "")
    checks = found({"audit": ran.json})
    assert checks.get("duplicate_exact", 0) + checks["duplicate_normalised"] == 28
    assert checks.get("leak_exact", 0) + checks["leak_normalised"] == 19


@needs("gsm8k")
def test_gsm8k_is_audited_without_a_project_file(tmp_path: Path) -> None:
    """No repeat, no leak, one near pair."""
    train, test = (TEXTS / "gsm8k" / f"{name}.jsonl" for name in ("train", "test"))
    ran = tunecase("audit", train, "--test", test, "--fast", "--json", cwd=tmp_path)
    assert (ran.code, ran.json["verdict"]) == (0, "fit")
    assert found({"audit": ran.json}) == {"duplicate_near": 1}


@needs("gsm8k")
def test_gsm8k_walks_a_road_with_copied_answers(tmp_path: Path) -> None:
    """Free text of 2,000 rows: answers of the nearest rows are scored by their final answers."""
    for name, rows in (("train", 2_000), ("test", 400)):
        lines = (TEXTS / "gsm8k" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:rows]
        (tmp_path / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    told = road(written(tmp_path, "70%", task="generation", metric="exact_match", baseline="baseline: 40%"), 0)
    copied(told)


def copied(told: dict[str, Any]) -> None:
    """What a road says where only answers of nearest rows are free."""
    assert "nearest" == told["pilot"]["trainer"]
    assert told["pilot"]["runs"]
    assert "majority" in {one["name"] for one in told["pilot"]["baselines"]}
    assert told["pilot"]["lora_minutes"]["mid"] > 0
    assert "stand_in.nearest_factor" == told["forecast"]["stand_in_factor"]
    assert told["define"]["probe"] is not None


@pytest.mark.parametrize(
    ("metric", "task"), [("exact_match", "extraction"), ("field_f1", "extraction"), ("chrf", "generation")]
)
def test_a_metric_that_the_probe_cannot_score_is_met_by_copied_answers(tmp_path: Path, metric: str, task: str) -> None:
    """Where n-grams cannot be scored, the answers of the nearest rows are."""
    copied(road(case_folder(tmp_path, metric=f"  metric: {metric}\n  task: {task}", target="  target: 95%"), 0))


LOSS = "  metric: loss\n  task: generation\n  direction: lower"


def test_a_road_without_a_test_set_ends_in_words(tmp_path: Path) -> None:
    """Nothing is held out: walked anyway, the pilot names what is missing."""
    project = case_folder(tmp_path, test="")
    told = road(project, 0 if tunecase("define", "--project", project).code == 0 else 1, "--anyway")
    assert "no held-out test set is named (data.test)" in told["pilot"]["stopped"]


def test_asked_for_by_name_the_pilot_still_refuses_what_it_cannot_score(tmp_path: Path) -> None:
    """`tunecase pilot` on free text is a mistake in what was asked: code 2, with the way out."""
    write_jsonl(tmp_path / "train.jsonl", ({"text": f"sum {k}", "label": f"it is {k * 7}"} for k in range(200)))
    write_jsonl(tmp_path / "test.jsonl", ({"text": f"add {k}", "label": f"it is {k * 9}"} for k in range(60)))
    project = tmp_path / "tunecase.yaml"
    project.write_text(project_text(metric="  metric: exact_match\n  task: generation"), encoding="utf-8")
    ran = tunecase("pilot", "--trainer", "probe", "--project", project)
    assert ran.code == 2
    assert "forecast from points" in ran.err


def test_without_a_target_all_that_is_free_is_walked(tmp_path: Path) -> None:
    """Audit, pilot and curve are made where nobody has stated a target; then it is asked for, and no is not said."""
    told = road(case_folder(tmp_path, target="", value="", volume="", budget=""), 0)
    assert (told["define"]["verdict"], told["decide"]["advice"]) == ("fix first", "state the target")
    assert told["forecast"]["verdict"] == "no target"
    assert told["pilot"]["runs"]


def test_random_labels_still_end_the_road_before_the_pilot(tmp_path: Path) -> None:
    """What is contradicted stops the free steps too, with a target or without one."""
    project = case_folder(tmp_path, target="")
    write_jsonl(tmp_path / "train.jsonl", tickets(240, 1, shuffled=True))
    write_jsonl(tmp_path / "test.jsonl", tickets(200, 2, shuffled=True))
    told = road(project, 1)
    assert told["define"]["verdict"] == "do not start"
    assert "pilot" not in told


@pytest.mark.parametrize("name", list(examples()))
def test_every_shipped_case_is_walked(tmp_path: Path, name: str) -> None:
    """A plan without a training file is priced, with its report; one with data has all its records."""
    copy_example(name, to=tmp_path)
    told = road(tmp_path / "tunecase.yaml", 0)
    assert told["estimate"]["total"]["p50"] > 0
    assert ("audit" in told) == (tmp_path / "data").is_dir()
    assert (tmp_path / "report.html").is_file()
