"""Whatever was found in whatever file: every row goes to one place, in order, with the reasons that stand to reason."""

import json
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.clean.made import Plain, audited, cleaned, evidence_of, lines, written
from tests.laws import IS_WHOLE
from tunecase.data.checks.defect import Defect
from tunecase.data.clean import CHANGES, clean, read_ranking, reasons, suspects, waiting
from tunecase.data.review.corrections import Correction
from tunecase.data.review.queue.item import code_of
from tunecase.errors import TunecaseError
from tunecase.io import digest, new_folder

TEXTS = st.sampled_from(["a b c", "A b, c!", "a b c?", "", "?!", "d e f", "D e f", "g"])
RECORDS = st.lists(
    st.one_of(st.none(), st.fixed_dictionaries({"text": TEXTS, "label": st.sampled_from(["p", "q"])})),
    min_size=2, max_size=15,
)  # fmt: skip
CHECKS = st.sampled_from(["duplicate_exact", "leak_near", "contradiction", "label_error", "pii"])


@st.composite
def findings(draw, train: int, test: int) -> Defect:
    """Any finding about files of so many readable rows."""
    where = draw(st.sampled_from(["train", "test"] if test else ["train"]))
    rows = draw(st.lists(st.integers(0, (test if where == "test" else train) - 1), unique=True, max_size=6))
    removed = draw(st.sets(st.integers(0, train - 1), max_size=8))
    side = st.integers(0, (test if where == "test" else train) - 1)
    pairs = draw(st.none() | st.lists(st.tuples(side, st.integers(0, train - 1)), max_size=8))
    scores = draw(st.none() | st.lists(st.floats(0, 1), min_size=len(rows), max_size=len(rows)))
    return Defect(
        draw(CHECKS), draw(st.sampled_from(["stop", "warn", "note"])), "", "",
        rows=np.array(rows, np.int64), removed=np.array(sorted(removed), np.int64), where=where,
        pairs=None if pairs is None else np.array(pairs, np.int64).reshape(-1, 2),
        review_rows=float(draw(st.integers(0, 6))), unpriced=draw(st.booleans()),
        scores=None if scores is None else np.array(scores, np.float64),
    )  # fmt: skip


@given(data=st.data(), records=RECORDS, tests=st.lists(TEXTS, max_size=4), shard=st.sampled_from([40, 200, 10_000]))
@settings(max_examples=100 if IS_WHOLE else 7, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_findings_of_any_file_are_told_as_they_are_on_lists(tmp_path_factory, data, records, tests, shard):
    """kept + dropped + quarantined = read, in order, in shards of any size; reasons and queue are the plain ones."""
    folder = tmp_path_factory.mktemp("any")
    records = [*records, {"text": "n", "label": "p"}]
    train = written(folder / "train.jsonl", records)
    test = written(folder / "test.jsonl", [{"text": text, "label": "p"} for text in tests]) if tests else None
    evidence = evidence_of(train, test, shard)
    defects = data.draw(st.lists(findings(evidence.train.count, len(tests)), max_size=4))
    most = data.draw(st.sampled_from([2, 100]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reasons, "RUN_ROWS", 3)
        patch.setattr(waiting, "MOST_SUSPECTS", most)
        patch.setattr(suspects, "LEAST_NOTED", 2)
        record = cleaned(evidence, defects, folder / "out")
        plain = Plain(evidence, defects)
        found, expected = plain.wanted(), plain.queue(most)
    source = train.read_bytes().splitlines()
    dropped, bad = lines(folder / "out/dropped.jsonl"), lines(folder / "out/quarantine.jsonl")
    gone = {row["row"] for row in [*dropped, *bad]}
    assert (folder / "out/train.jsonl").read_bytes().splitlines() == [
        line for number, line in enumerate(source) if number not in gone
    ]
    assert [number for number, body in enumerate(records) if body is None] == [row["row"] for row in bad]
    wanted = [(plain.numbers["train"][row], plain.why(row)) for row in sorted(plain.removed)]
    assert wanted == [(row["row"], row["reasons"]) for row in dropped]
    assert len(records) == record.rows == record.kept + record.dropped + record.quarantined
    queue = lines(folder / "out/review.jsonl") if record.review_rows else []
    assert expected == [(row["row"], row["suspicion"]) for row in queue]
    assert len(found) == record.queue_rows + record.unqueued
    for row in queue:
        at = plain.numbers["train"].index(row["row"])
        assert row["checks"] == ([] if row["suspicion"] is None else [check for check, _ in found[at]])


def test_reviewers_masks_and_bounded_queues(tmp_path, monkeypatch):
    """A dropped row keeps the audit's reason; masked.jsonl names rows with columns; what is left out is told."""
    records = [None, {"text": "a", "label": "p"}, None, {"text": "b", "label": "p"}, {"text": "c", "label": "p"}]
    evidence = evidence_of(written(tmp_path / "train.jsonl", records), shard_bytes=30)
    says = {1: ("delete", ""), 3: ("delete", ""), 4: ("wrong", "q"), 2: ("delete", "")}
    corrections = {
        number: Correction(
            number, number + 1, code_of(number, (records[number] or {"text": ""})["text"], "p"), verdict, "p", answer,
            ("ann",), "",
        )
        for number, (verdict, answer) in says.items()
    }  # fmt: skip
    gone = Defect("empty", "warn", "", "", rows=np.array([0]), removed=np.array([0]))
    record = cleaned(evidence, [gone], tmp_path / "out", corrections=corrections)
    assert (1, 2, 2, 1, 1, 1) == (
        record.kept, record.dropped, record.quarantined, record.deleted, record.corrected, record.stale,
    )  # fmt: skip
    assert [(1, "empty"), (3, "review")] == [
        (row["row"], row["reasons"][0]["check"]) for row in lines(tmp_path / "out/dropped.jsonl")
    ]
    assert [{"text": "c", "label": "q"}] == lines(tmp_path / "out/train.jsonl")
    (tmp_path := tmp_path / "second").mkdir()
    records = [{"text": f"write to {name}@example.org", "label": "p"} for name in ("ann", "bob")]
    evidence = evidence_of(written(tmp_path / "train.jsonl", [{"text": "a", "label": "p"}, *records]))
    record = cleaned(evidence, [], tmp_path / "out", mask=True)
    listed = lines(tmp_path / "out/masked.jsonl")
    assert [(1, 2, ["text"]), (2, 3, ["text"])] == [(row["row"], row["line"], row["columns"]) for row in listed]
    changes = json.loads((tmp_path / "out/changes.json").read_bytes())
    assert {"rows": 2, "columns": {"text": 2}} == changes["masked"]
    assert ("masked.jsonl", 2) in [(file.name, file.rows) for file in record.files]
    assert {"text": "write to [e-mail]", "label": "p"} == lines(tmp_path / "out/train.jsonl")[1]
    assert 0 == cleaned(evidence, [], tmp_path / "plain").masked
    assert (tmp_path / "plain/train.jsonl").read_bytes() == (tmp_path / "train.jsonl").read_bytes()
    (tmp_path := tmp_path / "third").mkdir()
    monkeypatch.setattr(waiting, "MOST_SUSPECTS", 2)
    train = written(tmp_path / "train.jsonl", [{"text": f"text {at}", "label": "p"} for at in range(9)])
    found = Defect("label_error", "warn", "", "", rows=np.arange(5), review_rows=5.0, scores=np.linspace(0.9, 0.5, 5))
    record = cleaned(evidence_of(train), [found], tmp_path / "out")
    assert (2, 1, 3) == (record.queue_rows, record.controls, record.unqueued)
    assert 3 == json.loads((tmp_path / "out/changes.json").read_bytes())["queue"]["left_out"]
    ranking, expected, kept = read_ranking(tmp_path / "out", digest(train)) or ({}, 0.0, 0)
    assert ({0: 0.9, 1: 0.8}, 1.7, 9) == (ranking, expected, kept)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a process's file size")
def test_a_disk_that_fills_leaves_nothing(tmp_path):
    """Whichever of the files has no room: one error that says what to do, and no folder."""
    import resource

    records = [{"text": f"text {at} {'x' * 60}", "label": "p"} for at in range(600)]
    evidence = evidence_of(written(tmp_path / "train.jsonl", records))
    rows = np.arange(1, 600, 2)
    found = Defect("empty", "warn", "", "", rows=rows, removed=rows)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    made, sha256 = audited(evidence, [found]), digest(tmp_path / "train.jsonl")
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, hard))
    try:
        with (
            pytest.raises(TunecaseError, match=r"[Mm]ake room"),
            new_folder(tmp_path / "out", [tmp_path / "train.jsonl"], False, CHANGES) as place,
        ):
            clean(made, place.path, sha256=sha256)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ["train.jsonl"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.slow
def test_memory_stays_flat_when_the_file_grows(tmp_path):
    """Of four times the rows, three in ten of them dropped, memory takes no more than a third more."""
    peaks = []
    for rows in (50_000, 200_000):
        folder = tmp_path / str(rows)
        folder.mkdir()
        records = ({"text": f"text {at % (rows * 7 // 10)} {'y' * 60}", "label": "p"} for at in range(rows))
        evidence = evidence_of(written(folder / "train.jsonl", records))
        again, half = evidence.same_raw, np.arange(0, rows, 2)
        pairs = np.stack([again.rows, again.firsts], axis=1)
        repeats = Defect("duplicate_exact", "warn", "", "", rows=again.rows, removed=again.rows, pairs=pairs)
        made = audited(evidence, [repeats, Defect("pii", "warn", "", "", rows=half, review_rows=float(len(half)))])
        sha256 = digest(folder / "train.jsonl")
        (folder / "out").mkdir()
        tracemalloc.start()
        assert rows * 3 // 10 == clean(made, folder / "out", sha256=sha256).dropped
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.33 * peaks[0]
