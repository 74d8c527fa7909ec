"""compare on files: the same worlds, nothing written but its record, mistakes gathered, a comment safe to post."""

from pathlib import Path

import pytest

from tests import walked
from tests.command import tunecase
from tests.making import case_folder
from tunecase.case import Case
from tunecase.ledger.book import Ledger
from tunecase.records import RECORDS, from_json

TODAY = ("--today", "2026-11-24")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with an audit in its ledger; its project file."""
    path = case_folder(tmp_path_factory.mktemp("case"), train_rows=60, test_rows=40)
    assert tunecase("audit", "--project", path, *TODAY).code in (0, 1)
    return path


def changed(path: Path, old: str, new: str, name: str = "b.yaml") -> Path:
    """A second project file beside the first, with one text put for another."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    other = path.with_name(name)
    other.write_text(text.replace(old, new), encoding="utf-8")
    return other


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the ledger."""
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and "ledger" not in path.name
    }  # fmt: skip


def test_a_change_is_compared_and_nothing_is_written_but_the_record(case: Path) -> None:
    """--set moves the lines it concerns and no other; the project file stays, the ledger gains one entry."""
    before, entries = files(case.parent), list(Ledger(case.parent / "ledger.jsonl").entries())
    ran = tunecase("compare", "--project", case, "--set", "storage.price=9 USD per GB-month", "--json", *TODAY)
    record = from_json(RECORDS["compare"], ran.json)
    assert 0 == ran.code
    assert before == files(case.parent)
    after = list(Ledger(case.parent / "ledger.jsonl").entries())
    assert [*[entry.id for entry in entries]] == [entry.id for entry in after[:-1]]
    assert "compare" == after[-1].verb
    moved = {line.name: line.mean for line in record.lines}
    assert moved["storage"] > 0
    assert 0 == moved["gpu"] == moved["labour"] == moved["evaluation"] == moved["data"]
    assert record.total.mean == pytest.approx(moved["storage"])
    assert [("storage.price", "", "9 USD per GB-month")] == [(c.field, c.first, c.second) for c in record.changed]


def test_two_files_are_compared_field_by_field(case: Path) -> None:
    """What says the same in other words is no difference; what is left out on one side is told."""
    other = changed(case, "budget: 30k USD", "budget: 30,000 USD\nunknowns: none")
    record = from_json(RECORDS["compare"], tunecase("compare", case, other, "--json", *TODAY).json)
    assert [("unknowns", "", "none")] == [(c.field, c.first, c.second) for c in record.changed]
    assert ("tunecase.yaml", "b.yaml") == (record.first.name, record.second.name)
    assert record.total.dearer < record.total.cheaper < 1


def test_swapped_files_turn_the_sign(case: Path) -> None:
    """a against b is b against a, to the last digit: both are drawn in the same worlds."""
    other = changed(case, "budget: 30k USD", "budget: 30k USD\neffort_per_round: 10 to 20 h per round", "c.yaml")
    one, two = (
        from_json(RECORDS["compare"], tunecase("compare", *pair, "--json", *TODAY).json)
        for pair in ((case, other), (other, case))
    )
    assert one.total.mean == pytest.approx(-two.total.mean)
    assert one.total.cheaper == two.total.dearer
    assert one.first == two.second


def test_a_file_in_another_folder_brings_its_own_data(case: Path, tmp_path: Path) -> None:
    """Its data are audited for the question, nothing is kept there, and that the data differ is said."""
    other = case_folder(tmp_path / "other", train_rows=120, test_rows=40)
    ran = tunecase("compare", case, other, "--json", *TODAY)
    record = from_json(RECORDS["compare"], ran.json)
    assert any("data files differ" in note for note in record.notes)
    assert ["test.jsonl", "train.jsonl", "tunecase.yaml"] == sorted(path.name for path in other.parent.iterdir())
    assert str(case) == record.first.name


EURO = "budget: 27k EUR\ncurrency: EUR\nrates: [{currency: USD, value: 0.9, date: 2026-11-20}]"


def test_another_currency_wants_a_dated_rate(case: Path) -> None:
    """With the second file's rate its bill is converted, never one for one; without one it is refused."""
    euro = changed(case, "budget: 30k USD", EURO, "euro.yaml")
    record = from_json(RECORDS["compare"], tunecase("compare", case, euro, "--json", *TODAY).json)
    assert record.total.mean == pytest.approx(0, abs=1e-6)
    assert record.second.budget == pytest.approx(30_000)
    assert any("0.9 EUR for one USD" in note for note in record.notes)
    pounds = changed(case, "budget: 30k USD", EURO.replace("EUR", "GBP"), "pounds.yaml")
    ran = tunecase("compare", euro, pounds, *TODAY)
    assert 2 == ran.code
    assert "a dated rate for EUR" in ran.err


def test_a_limit_for_continuous_integration(case: Path) -> None:
    """Exit code 1 when the quantile passes the limit, of the only file or of the changed one; the reason is printed."""
    for words, code in (
        (("900k USD",), 0),
        (("900 USD",), 1),
        (("900k USD", "--confidence", "99%"), 0),
        (("900 USD", "--set", "rounds=1"), 1),
    ):
        ran = tunecase("compare", case, "--fail-if-over", *words, *TODAY)
        assert (code, True) == (ran.code, "limit" in ran.out), words


def test_an_unpriced_line_cannot_be_promised(case: Path) -> None:
    """It fails the limit unless it is allowed; in a comparison it is unknown, not zero."""
    source = "    - {kind: label, pool: 20k, effort: 1 to 2 min per label, rate: 12 to 25 USD per hour}"
    bare = changed(case, source, "    - {kind: buy, pool: 20k}", "bare.yaml")
    assert 1 == tunecase("compare", bare, "--fail-if-over", "1M USD", *TODAY).code
    assert 0 == tunecase("compare", bare, "--fail-if-over", "1M USD", "--allow-unpriced", *TODAY).code
    ran = tunecase("compare", case, bare, *TODAY)
    assert "is not known: a price is missing on one side" in " ".join(ran.out.split())


MISTAKES: tuple[tuple[tuple[str, ...], str], ...] = (
    ((), "something to compare it with"),
    (("--set", "compute.tier"), "a field and its value"),
    (("--set", "compute.tier=cloud"), "'marketplace', 'neocloud', 'hyperscaler' or 'owned'"),
    (("--set", "data.sources.7.price=1 USD"), "no such place in the file"),
    (("--set", "data.sources.0.price=0.2"), "an amount with its currency"),
    (("--set", "rounds=1", "--set", "rounds=2"), "given twice"),
    (("--set", "rounds=!!python/object:os.system x"), "plain values"),
    (("--set", "rounds=[1"), "YAML"),
    (("--fail-if-over", "15k"), "an amount with its currency"),
    (("--fail-if-over", "10k to 15k USD"), "one amount"),
    (("--fail-if-over", "15k CHF"), "a dated rate for CHF"),
    (("--fail-if-over", "15k USD", "--confidence", "100%"), "more than 0 and less than 100%"),
    (("--set", "rounds=1", "--confidence", "80%"), "--fail-if-over beside it"),
    (("--set", "rounds=1", "--allow-unpriced"), "--fail-if-over beside it"),
    (("--set", "rounds=1", "--json", "--markdown", "-"), "one of them on standard output"),
)


def test_mistakes_are_refused(case: Path) -> None:
    """Contradictions, unknown fields, values without a unit: exit code 2 with a fix, and nothing is kept."""
    before = len(list(Ledger(case.parent / "ledger.jsonl").entries()))
    breaches = []
    for words, said in MISTAKES:
        ran = tunecase("compare", "--project", case, *words)
        if ran.code != 2 or said not in " ".join((ran.err + ran.out).split()):
            breaches.append((words, ran))
    assert [] == breaches
    assert before == len(list(Ledger(case.parent / "ledger.jsonl").entries()))


def test_all_mistakes_are_told_at_once(case: Path) -> None:
    """Those of the words and those of both files."""
    bad = changed(case, "budget: 30k USD", "budget: 30k", "bad.yaml")
    ran = tunecase("compare", case, bad, "--set", "rounds=1", "--fail-if-over", "3", "--json")
    assert 2 == ran.code
    where = [problem["where"] for problem in ran.json["problems"]]
    assert {"--set", "--fail-if-over"} < set(where)
    assert any("bad.yaml" in place for place in where)
    missing = tunecase("compare", case, case.with_name("none.yaml"))
    assert 2 == missing.code
    assert "no such file" in missing.err
    assert 2 == tunecase("compare", case, "--project", case, "--set", "rounds=1").code


def test_the_python_face(case: Path) -> None:
    """Case.compare takes another file or changes by field, and a limit."""
    opened = Case(case, today=walked.TODAY)
    by_field = opened.compare(changes={"unknowns": "none"})
    assert by_field.second.total.mean < by_field.first.total.mean
    other = opened.compare(changed(case, "budget: 30k USD", "budget: 9k USD", "poor.yaml"), fail_if_over="1M USD")
    assert other.ok
    assert other.second.budget == 9_000


@pytest.mark.slow
def test_both_sides_rest_on_the_pilot(tmp_path: Path) -> None:
    """With a pilot in the ledger both bills follow its curve, made again for the change, and none of it is kept."""
    path = walked.path_of("decided", tmp_path)
    before = len(list(Ledger(tmp_path / "ledger.jsonl").entries()))
    record = Case(path, today=walked.TODAY).compare(changes={"problem.target": "60%"})
    assert before + 1 == len(list(Ledger(tmp_path / "ledger.jsonl").entries()))
    assert record.first.based_on == record.second.based_on == walked.records("decided")["estimate"].based_on
    assert record.second.reached > record.first.reached


@pytest.mark.slow
def test_another_way_that_scores_asks_for_more_test_rows(tmp_path: Path) -> None:
    """A prompt that comes near the target leaves a small gain to see: the other side's missing test rows are billed."""
    path = case_folder(tmp_path, train_rows=60, test_rows=200, target="  target: 90%\n  baseline: 70%")
    assert tunecase("define", "--project", path, *TODAY).code in (0, 1)
    asked = ("--set", "alternatives.prompt_hosted.score=88%", "--json")
    record = from_json(RECORDS["compare"], tunecase("compare", "--project", path, *asked, *TODAY).json)
    assert {line.name: line.mean for line in record.lines}["data"] > 0
