"""Reviews come back from every form they are given out in, and nothing wrong is taken in silently."""

import csv
import json
import random
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.data.audit.test_audit import sentences
from tests.data.clean.test_clean import fixed, lines, write
from tests.making import case_folder
from tunecase import flow
from tunecase.cli.commands import main  # noqa: F401 - the commands are registered
from tunecase.data.reading.detection import detect
from tunecase.data.reading.writing import Writer
from tunecase.data.review.corrections import with_answer
from tunecase.data.review.queue.item import code_of
from tunecase.data.review.queue.label_studio import config
from tunecase.data.review.queue.reading import read_decisions
from tunecase.data.review.queue.sheet import sheet_rows
from tunecase.data.review.review import GivenOut, review
from tunecase.errors import InputError
from tunecase.io import as_it_was, no_formula
from tunecase.records import Reviews

RIGHT, WRONG = "p", "q"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A file in which texts contradict each other, every second of them wrong, beside its queue."""
    folder = tmp_path_factory.mktemp("made")
    texts = sentences(200)
    rows = [{"text": text, "label": RIGHT} for text in texts] + [{"text": text, "label": WRONG} for text in texts[:20]]
    rows += [{"text": text, "label": WRONG} for text in sentences(30, seed=1)]
    fixed(write(folder / "train.jsonl", rows), folder / "out")
    return folder


@pytest.fixture
def planted(made, tmp_path, monkeypatch) -> tuple[Path, list[dict]]:
    """The file and its queue in the working folder."""
    monkeypatch.chdir(shutil.copytree(made, tmp_path, dirs_exist_ok=True))
    return tmp_path / "train.jsonl", lines(tmp_path / "out/review.jsonl")


def answered(row: dict) -> tuple[str, str]:
    """What a reviewer says who knows the truth: contradicting rows should all be RIGHT."""
    return ("wrong", RIGHT) if row["checks"] and row["given"] == WRONG else ("right", "")


def as_csv(queue: list[dict], path: Path) -> Path:
    """review.csv filled in and saved with semicolons."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(queue[0]), delimiter=";", extrasaction="ignore")
        writer.writeheader()
        for row in queue:
            verdict, answer = answered(row)
            cells = {name: no_formula(str(value)) if value is not None else "" for name, value in row.items()}
            writer.writerow({**cells, "decision": verdict, "answer": answer, "seconds": "6,0", "reviewer": "ann"})
    return path


def as_jsonl(queue: list[dict], path: Path) -> Path:
    """review.jsonl filled in."""
    done = [
        {**row, "decision": answered(row)[0], "answer": answered(row)[1], "seconds": 6, "reviewer": "ann"}
        for row in queue
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in done), encoding="utf-8")
    return path


def as_label_studio(queue: list[dict], path: Path) -> Path:
    """An export: the annotator only chooses the right label, as a second one does for the first row."""
    tasks = json.loads((path.parent / "out/label_studio.json").read_bytes())
    for row, task in zip(queue, tasks, strict=True):
        chosen = answered(row)[1] or row["given"]
        result = [{"from_name": "answer", "to_name": "input", "type": "choices", "value": {"choices": [chosen]}}]
        task["annotations"] = [{"result": result, "lead_time": 6.0, "completed_by": 7, "was_cancelled": False}]
    tasks[0]["annotations"].append({**tasks[0]["annotations"][0], "completed_by": {"email": "bob"}, "lead_time": 6})
    tasks[1]["annotations"].append({**tasks[1]["annotations"][0], "was_cancelled": True, "completed_by": 9})
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def as_argilla(queue: list[dict], path: Path) -> Path:
    """An export of records with responses."""
    records = json.loads((path.parent / "out/argilla.json").read_bytes())
    for row, record in zip(queue, records, strict=True):
        verdict, answer = answered(row)
        record["responses"] = {"decision": [{"value": verdict, "user_id": "u1"}]}
        if answer:
            record["responses"]["answer"] = [{"value": answer, "user_id": "u1"}]
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


FORMS = {"CSV": (as_csv, "a.csv"), "JSON lines": (as_jsonl, "a.jsonl"),
         "Label Studio": (as_label_studio, "a.json"), "Argilla": (as_argilla, "a.json")}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_review_goes_round(planted, tmp_path, form):
    """Export, a reviewer, import, fix: wrong labels are corrected in the copy and nowhere else."""
    train, queue = planted
    before = train.read_bytes()
    fill, name = FORMS[form]
    record = flow.review_file(fill(queue, tmp_path / name), train, None, None)
    assert (form, len(queue), 20, 20) == (record.format, record.rows, record.wrong, record.corrected)
    assert (5, 0) == (record.controls, record.controls_wrong)
    assert record.error_rate.low == 0 < record.error_rate.high < 0.5
    assert record.remaining.high > 0
    if form == "Argilla":
        assert (0, None) == (record.timed, record.minutes)
    else:
        assert 0.1 == pytest.approx(record.minutes.mid)
    if form == "Label Studio":
        assert (1, 1.0, 2) == (record.twice, record.agreement.mid, record.reviewers)
    assert before == train.read_bytes()
    _, again = fixed(train, tmp_path / "mended")
    copy = lines(tmp_path / "mended/train.jsonl")
    assert (20, 0) == (again.corrected, again.review_rows)
    assert 30 == sum(row["label"] == WRONG for row in copy)
    listed = json.loads((tmp_path / "mended/changes.json").read_bytes())["corrected"]
    assert {(row["given"], row["answer"]) for row in listed} == {(WRONG, RIGHT)}


EXPORTS = (
    {"data": {"row": 1}, "annotations": 3},
    {"data": {"row": 1}, "annotations": [{"result": 5}]},
    {"data": [], "annotations": {"result": []}},
    {"fields": {}, "metadata": 1, "responses": {"decision": 7}},
    {"fields": {}, "metadata": {"row": 1}, "responses": []},
)


def test_exports_of_another_form_hold_no_decision(tmp_path):
    """A number where a list belongs is nothing that a reviewer said; a file nested too deep is refused."""
    path = tmp_path / "a.json"
    decisions = []
    for exported in EXPORTS:
        path.write_text(json.dumps([exported]), encoding="utf-8")
        decisions += read_decisions(path)[1]
    assert [] == decisions
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(InputError, match="export it again"):
        read_decisions(path)


def test_mistakes_and_reviewers_who_differ(planted, tmp_path):
    """All mistakes are told at once and nothing is kept; more than half settles a row, a tie is listed."""
    train, queue = planted
    done = [
        {**queue[0], "row": 9999, "decision": "right"},
        {**queue[1], "code": "0" * 12, "decision": "right"},
        {**queue[2], "decision": "rihgt"},
        {**queue[3], "decision": "wrong", "answer": "pp"},
        {**queue[4], "decision": "right", "reviewer": "ann"},
        {**queue[4], "decision": "delete", "reviewer": "ann"},
        {**queue[5], "row": "x", "decision": "right"},
        {**queue[6], "decision": "right", "answer": "another"},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in done), encoding="utf-8")
    with pytest.raises(InputError) as told:
        flow.review_file(tmp_path / "a.jsonl", train, None, None)
    text = str(told.value)
    wanted = ("row 9999", "has changed since", "did you mean right", "'pp'", "decided differently in", "'x'", "another")
    for fragment in wanted:
        assert fragment in text
    assert 7 == len(told.value.problems)
    assert not list(tmp_path.glob("*corrections*"))
    train, queue = planted
    says = [(0, "ann", "right"), (0, "bob", "delete"), (1, "ann", "delete"), (1, "bob", "delete"), (1, "cy", "right")]
    done = [{**queue[at], "decision": word, "reviewer": who} for at, who, word in says]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in done), encoding="utf-8")
    record = flow.review_file(tmp_path / "a.jsonl", train, None, None)
    assert ((queue[0]["row"],), 1, 2, 0.5) == (record.disputed, record.deleted, record.twice, record.agreement.mid)
    _, again = fixed(train, tmp_path / "mended")
    assert 1 == again.deleted
    assert queue[1]["row"] in [row["row"] for row in lines(tmp_path / "mended/dropped.jsonl")]


def test_a_correction_that_a_column_cannot_hold_is_not_applied(tmp_path):
    """A word, or too large a number, for a column of small integers is counted as not applied; the copy is written."""
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    train = tmp_path / "train.parquet"
    pq.write_table(pa.table({"text": ["a b", "c d", "e f"], "label": pa.array([0, 1, None], pa.int8())}), train)
    layout = detect(train)
    row = {"text": "a b", "label": 0}
    with Writer(tmp_path / "copy.parquet", train, layout) as copy:
        held = {answer: copy.takes(with_answer(row, layout, answer)) for answer in ("1", "300", "billing")}
        assert not copy.takes({"text": "e f", "label": "billing"})
        copy.write(b"", row)
    assert {"1": True, "300": False, "billing": False} == held
    assert 1 == pq.read_table(tmp_path / "copy.parquet").num_rows


def test_cells_labels_and_sheets_are_read_safely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guarded formulas come back, XML holds any label, a sheet that is not UTF-8 is told before all."""
    root = ElementTree.fromstring(config(["a\x00b", "c\x1b", 'd & "e"', "tab\there"]))
    (choices,) = [each for each in root.iter("Choices") if each.get("name") == "answer"]
    assert ["a\ufffdb", "c\ufffd", 'd & "e"', "tab\there"] == [each.get("value") for each in choices]
    rng = random.Random(0)
    for text in ["=1+1", "+49", "-5", "@a", "'=x", "''+", "plain", "'quoted'", "\t=1", ""]:
        assert text == as_it_was(no_formula(text))
        assert no_formula(text)[:1] not in ("=", "+", "-", "@")
    for _ in range(500):
        text = "".join(rng.choice("'=+-@\t a") for _ in range(rng.randrange(6)))
        assert text == as_it_was(no_formula(text))
    (tmp_path := tmp_path / "third").mkdir()
    monkeypatch.chdir(tmp_path)
    train = write(tmp_path / "train.jsonl", [{"text": text, "label": "café"} for text in sentences(60)])
    sheet = tmp_path / "review.csv"
    sheet.write_bytes("row,code,decision,answer\r\n0,0,wrong,café\r\n".encode("cp1252"))
    with pytest.raises(InputError, match="CSV UTF-8"):
        flow.review_file(sheet, train, None, None)
    (tmp_path := tmp_path / "fourth").mkdir()
    path = tmp_path / "review.csv"
    path.write_text("row,input,decision,answer\r\n3,'=1+1,fix,\"'=' is equality\"\r\n", encoding="utf-8")
    ((_, cells),) = sheet_rows(path)
    assert ("=1+1", "'=' is equality") == (cells["input"], cells["answer"])


def test_measured_minutes_replace_the_default(tmp_path):
    """After 20 timed reviews the ledger's minutes price every later review, and older audits no longer hold."""
    path = case_folder(tmp_path)
    opened = flow.open_case(path)
    key = opened.key("audit")
    assert opened.basis().review_minutes is None
    from tests.records.test_records import REVIEWS

    assert isinstance(REVIEWS, Reviews)
    opened.keep("review", REVIEWS)
    minutes = flow.open_case(path).basis().review_minutes
    assert minutes.low < REVIEWS.minutes.low < minutes.median < REVIEWS.minutes.high < minutes.high
    assert key != flow.open_case(path).key("audit")


def flipped_case(seed):
    """A made-up training file of 400 rows, 120 of them in a ranked queue, with its wrong labels and its controls."""
    rng = random.Random(seed)
    rows = [{"text": f"text {at}", "label": "p"} for at in range(400)]
    ranking = {at: (120 - at) / 121 for at in range(120)}
    wrong = {at for at in range(400) if rng.random() < (0.9 * ranking[at] if at in ranking else 0.02)}
    return rows, ranking, wrong, rng.sample(range(120, 400), 40)


def test_the_ranking_tells_what_is_left_in_most_replays(tmp_path):
    """Half the queue and 40 control rows read: the band of wrong answers left holds the truth in most of 8 replays."""
    held, alone = 0, 0
    for seed in range(8):
        rows, ranking, wrong, controls = flipped_case(seed)
        train = write(tmp_path / f"train-{seed}.jsonl", rows)
        seen = [*range(60), *controls]
        done = [
            {"row": at, "code": code_of(at, f"text {at}", "p", at in controls), "rank": place,
             "decision": "delete" if at in wrong else "right"}
            for place, at in enumerate(seen, 1)
        ]  # fmt: skip
        source = write(tmp_path / f"said-{seed}.jsonl", done)
        layout = detect(train)
        queues = (GivenOut(400, ranking), GivenOut(400))
        record, blind = (review(source, train, layout, "", tmp_path / "c", queue)[0] for queue in queues)
        left = len(wrong - set(seen))
        held += record.remaining.low <= left <= record.remaining.high
        alone += blind.remaining.low <= left <= blind.remaining.high
    assert held >= 5
    assert held >= alone


def test_changed_rows_and_queues_without_a_ranking(planted, tmp_path):
    """The controls stand for all, and it is said; a row that changed since is queued again."""
    train, queue = planted
    (tmp_path / "apart").mkdir()
    record = flow.review_file(as_jsonl(queue, tmp_path / "apart/a.jsonl"), train, None, None)
    assert any("ranking was not found" in note for note in record.notes)
    beside = flow.review_file(as_jsonl(queue, tmp_path / "out/a.jsonl"), train, None, None)
    assert not any("ranking" in note for note in beside.notes)
    assert beside.remaining.high > 0
    train, queue = planted
    said = write(tmp_path / "said.jsonl", [{**row, "decision": "right"} for row in queue])
    flow.review_file(said, train, None, None)
    rows = lines(train)
    assert 0 == fixed(train, tmp_path / "same")[1].review_rows
    write(train, [{**row, "text": f"{row['text']} again"} for row in rows])
    _, changed = fixed(train, tmp_path / "changed")
    assert (len(queue), len(queue)) == (changed.review_rows, changed.stale)
