"""The audit: known defects of real sets, planted defects of the example, verdicts, and what always holds."""

import gzip
import json
import random
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.making import tickets
from tunecase.data.audit.audit import CHECKS, Files, audit
from tunecase.errors import InputError
from tunecase.prices.basis import Basis
from tunecase.quantities.spread import Band, Worlds
from tunecase.records import Audit, from_json, to_json

ROOT = Path(__file__).parents[3]
TEXTS = ROOT / ".." / "shared" / "data" / "text"
EXAMPLE = ROOT / "examples" / "support-tickets"

needs_texts = pytest.mark.skipif(not TEXTS.exists(), reason="skipped: ../shared/data/text not found")


def judged(train: Path, test: Path | None = None, fast: bool = True, **files) -> Audit:
    """One audit with default prices; checks that need words have tests of their own."""
    basis = Basis(None, date(2026, 11, 24), Worlds(0, 300))
    return audit(None, Files(train, test, **files), basis=basis, fast=fast)


def jsonl(path: Path, rows: Iterable[object]) -> Path:
    """A file with one JSON value a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def labelled(path: Path, pairs: Iterable[tuple[str, str]]) -> Path:
    """A file of texts and labels."""
    return jsonl(path, ({"text": text, "label": label} for text, label in pairs))


def sentences(count: int, seed: int = 0, length: int = 12) -> list[str]:
    """Texts that share no run of three words."""
    rng = random.Random(seed)
    return [" ".join(f"w{rng.randrange(100_000)}" for _ in range(length)) for _ in range(count)]


def counts(record: Audit) -> dict[str, int]:
    """How often each check found something."""
    return {finding.check: finding.count for finding in record.findings}


@needs_texts
def test_banking77_has_its_known_defects():
    """No raw and 31 normalised duplicates, 25 leaks after normalising, one text with two labels, shifted classes."""
    record = judged(TEXTS / "banking77/train.csv", TEXTS / "banking77/test.csv")
    found = counts(record)
    assert (record.rows, record.test_rows, len(record.classes)) == (10_003, 3_080, 77)
    assert (record.verdict, record.quarantined) == ("fit after fixes", 0)
    assert (found["duplicate_normalised"], found["leak_normalised"], found["contradiction"]) == (31, 25, 1)
    assert not {"duplicate_exact", "leak_exact", "format", "empty"} & set(found)
    assert record.finding("contradiction").rows == (2002, 3160)
    assert "another label" not in record.finding("leak_normalised").why
    assert "label_shift" in found
    assert record.finding("near_contradiction").removed == 0


@needs_texts
@pytest.mark.slow
def test_gsm8k_is_fit_with_one_near_pair():
    """The negative control: nothing but the one pair in which a name differs, and nothing is deleted."""
    record = judged(TEXTS / "gsm8k/train.jsonl", TEXTS / "gsm8k/test.jsonl")
    assert (record.verdict, record.usable, counts(record)) == ("fit", 7_473, {"duplicate_near": 1})
    assert record.finding("duplicate_near").pairs == ((6691, 2483),)
    assert record.classes == {}


@needs_texts
@pytest.mark.slow
def test_instructions_leak_only_when_joined_with_their_input(tmp_path):
    """All 252 user tasks are found in the 805 rows, as they stand in their own files; the seed tasks are not."""
    alpaca = TEXTS / "self_instruct/alpaca-7b.json"
    for name, leaks in (("user_oriented_instructions", 252), ("seed_tasks", 0)):
        found = counts(judged(alpaca, TEXTS / f"self_instruct/{name}.jsonl"))
        assert leaks == found.get("leak_exact", 0) + found.get("leak_normalised", 0)


@needs_texts
@pytest.mark.slow
def test_clinc_has_its_known_defects():
    """Repeats after normalising, and rows of the other split in training, raw and normalised apart."""
    expected = {("full", "test"): (28, 19), ("full", "val"): (28, 16)}
    expected |= {("imbalanced", "test"): (21, 13), ("imbalanced", "val"): (21, 12)}
    seen = {}
    for name, split in expected:
        path = TEXTS / f"clinc/data_{name}.json"
        found = counts(judged(path.with_name(f"{path.name}::train"), path.with_name(f"{path.name}::{split}")))
        kinds = ("duplicate", "leak")
        seen[name, split] = tuple(found.get(f"{kind}_exact", 0) + found[f"{kind}_normalised"] for kind in kinds)
    assert expected == seen


def test_what_words_cannot_see_is_said(tmp_path):
    """Translated leaks are never called clean, and a fast audit names what it left out."""
    path = labelled(tmp_path / "a.jsonl", ((t, "xy"[at % 2]) for at, t in enumerate(sentences(60))))
    left = " ".join(judged(path, path).not_checked)
    assert all(what in left for what in ("leak rephrased", "leak translated", "labels random", "shift test"))


@pytest.fixture(scope="module")
def example() -> Audit:
    """The audit of the shipped example."""
    return judged(EXAMPLE / "data/train.jsonl", EXAMPLE / "data/test.jsonl", fast=False)


PLANTED = (
    "contradiction", "duplicate_exact", "duplicate_near", "duplicate_normalised", "empty", "leak_exact",
    "leak_normalised", "overlong", "pii",
)  # fmt: skip


@pytest.mark.slow
def test_every_planted_defect_of_the_example_is_found(example):
    """The finding of each kind holds every row in which one was put, and the row it was made from."""
    planted = json.loads((EXAMPLE / "manifest.json").read_text(encoding="utf-8"))["train"]
    missed, counts_seen = [], {}
    for check in PLANTED:
        finding = example.finding(check)
        joined = {tuple(sorted(pair)) for pair in finding.pairs}
        counts_seen[check] = finding.count
        for item in planted[check]:
            if "of" in item:
                held = tuple(sorted((item["row"], item["of"]))) in joined
            elif "test_row" in item:
                held = (item["test_row"], item["row"]) in finding.pairs
            else:
                held = item["row"] in finding.rows
            missed += [] if held else [(check, item)]
    repeats_by_contradiction = {"duplicate_exact": 5}
    expected = {check: len(planted[check]) + repeats_by_contradiction.get(check, 0) for check in PLANTED}
    assert ([], expected) == (missed, counts_seen)


@pytest.mark.slow
def test_the_example_is_fit_after_fixes(example):
    """Broken rows are set aside, the rest can be mended, most wrong labels are in the queue; no check speaks twice."""
    planted = json.loads((EXAMPLE / "manifest.json").read_text(encoding="utf-8"))["train"]
    assert [(item["row"], item["row"] + 1) for item in planted["broken"]] == list(
        zip(example.finding("format").rows, example.finding("format").lines, strict=True)
    )
    assert (example.verdict, example.rows, example.quarantined) == ("fit after fixes", 717, 2)
    assert example.rows == example.usable + example.dropped + example.quarantined
    assert example.ok
    assert example.finding("label_error").measured.low <= 12 <= example.finding("label_error").measured.high
    assert not any("@" in text for finding in example.findings for text in finding.examples)
    assert len({finding.check for finding in example.findings}) == len(example.findings)
    assert len(set(CHECKS)) == len(CHECKS)


def test_random_labels_are_never_fit(tmp_path):
    """Random labels on texts that all differ are not fit; of few texts too little can be said."""
    for rows, verdict in ((20, "too little to say"), (300, "not fit")):
        train = jsonl(tmp_path / "train.jsonl", tickets(rows, 3, shuffled=True))
        record = judged(train, fast=False)
        assert (verdict, True) == (record.verdict, "labels_random" in counts(record))


def test_one_word_labels_are_normal(tmp_path):
    """Three hundred distinct texts with one-word labels are fit; a test equal to training is not."""
    record = judged(labelled(tmp_path / "a.jsonl", ((t, ["yes", "no"][i % 2]) for i, t in enumerate(sentences(300)))))
    assert (record.verdict, record.findings) == ("fit", ())
    assert record.classes == {"yes": 150, "no": 150}
    assert Band(0, 0, 0, 0) == record.repair_price
    path = labelled(tmp_path / "a.jsonl", ((t, "x") for t in sentences(200)))
    record = judged(path, path)
    assert (record.verdict, record.finding("leak_exact").count) == ("not fit", 200)
    assert record.finding("leak_exact").price.p50 > 0


def test_few_rows_copies_and_broken_ones_are_never_fit(tmp_path):
    """Too few rows, few left after the fixes, mostly broken ones, random labels on copies, one class alone."""
    rng, few, texts = random.Random(1), sentences(3), sentences(20)
    too_little, unfit = ("too little to say", False), ("not fit", False)
    files = {
        "three rows": ([("a b", "x"), ("c d", "y"), ("e f", "x")], too_little),
        "nine repeats": ([(few[i % 3], "xyx"[i % 3]) for i in range(12)], too_little),
        "random labels": ([(rng.choice(texts), rng.choice(["yes", "no", "maybe"])) for _ in range(300)], unfit),
        "one class": ([(text, "a") for text in sentences(500)], unfit),
    }
    records = {name: judged(labelled(tmp_path / "a.jsonl", pairs)) for name, (pairs, _) in files.items()}
    records["broken"] = judged(jsonl(tmp_path / "a.jsonl", [{"text": t, "label": "x"} for t in texts] + [7] * 30))
    expected = {name: verdict for name, (_, verdict) in files.items()} | {"broken": unfit}
    assert expected == {name: (record.verdict, record.ok) for name, record in records.items()}
    assert records["three rows"].finding("too_few_rows").price.p10 > 0
    assert (3, 20) == (records["nine repeats"].usable, records["random labels"].finding("contradiction").count)
    with pytest.raises(InputError, match="no 'text'"):
        judged(jsonl(tmp_path / "a.jsonl", [{"text": None, "label": "x"}] * 30))


def test_near_copies_and_free_answers(tmp_path):
    """A near test row takes its source from training; two long answers may both be right: nothing is deleted."""
    texts = sentences(100, length=40)
    changed = [texts[7].replace(texts[7].split()[20], "other"), *sentences(120, seed=5, length=40)]
    record = judged(
        labelled(tmp_path / "a.jsonl", ((t, "x") for t in texts)),
        labelled(tmp_path / "b.jsonl", ((t, "x") for t in changed)),
    )
    assert counts(record) == {"leak_near": 1}
    assert (record.finding("leak_near").pairs, record.finding("leak_near").removed, record.usable) == (((0, 7),), 1, 99)
    texts = sentences(100, length=15)
    pairs = [(t, "x") for t in texts] + [(texts[3] + " now", "y"), (texts[4] + " now", "x"), (texts[5] + " now", "y")]
    pairs += [(t, "y") for t in sentences(50, seed=9)]
    record = judged(labelled(tmp_path / "a.jsonl", pairs))
    assert counts(record) == {"near_contradiction": 2, "duplicate_near": 1}
    assert (record.finding("near_contradiction").removed, record.dropped) == (0, 1)
    assert record.finding("near_contradiction").price.p50 > 0
    (tmp_path := tmp_path / "second").mkdir()
    answers = sentences(80, seed=3, length=30)
    rows = [{"question": q, "answer": a} for q, a in zip(sentences(80), answers, strict=True)]
    rows.append({"question": rows[0]["question"], "answer": " ".join(answers[5].split()[::-1])})
    record = judged(jsonl(tmp_path / "a.jsonl", rows))
    finding = record.finding("contradiction")
    assert (finding.severity, finding.price, record.dropped) == ("note", None, 0)


def test_bad_rows_and_cut_files(tmp_path):
    """The quarantine has row, line, reason and text, or is not there; a file that is cut off is never good."""
    quarantine = tmp_path / "out" / "quarantine.jsonl"
    good = labelled(tmp_path / "a.jsonl", ((t, "x") for t in sentences(60)))
    assert None is judged(good, quarantine=quarantine).quarantine_file
    assert not quarantine.parent.exists()
    bad = tmp_path / "b.jsonl"
    bad.write_bytes(good.read_bytes() + b"\n{broken\n")
    before = bad.read_bytes()
    record = judged(bad, quarantine=quarantine)
    assert (str(quarantine), 1) == (record.quarantine_file, record.quarantined)
    line = json.loads(quarantine.read_text(encoding="utf-8"))
    assert (line["row"], line["line"], line["text"]) == (60, 62, "{broken")
    assert [quarantine] == list(quarantine.parent.iterdir())
    assert before == bad.read_bytes()
    (tmp_path := tmp_path / "second").mkdir()
    for name in ("a.jsonl.gz", "a.jsonl"):
        path, whole = tmp_path / name, packed(300, name.rpartition(".")[2])
        path.write_bytes(whole[: len(whole) * 2 // 3])
        record = judged(path)
        assert ("not fit", False) == (record.verdict, record.ok)
        assert record.reason == f"the file is cut off after row {record.rows - 1}: rows are missing"
        assert record.rows - 1 == record.rows - record.quarantined > 100
    path.write_bytes(whole)
    (tmp_path / "held.jsonl").write_bytes(whole[:-9])
    assert "the test file is cut off" in judged(path, tmp_path / "held.jsonl").reason
    path.write_bytes(whole + b"the end")
    assert judged(path).verdict != "not fit"


def test_bad_and_blank_and_repeated_test_rows_are_told(tmp_path):
    """The test file has findings of its own; a class of three rows is rare, "Yes" beside "yes" written twice."""
    train = labelled(tmp_path / "a.jsonl", ((t, "x") for t in sentences(60)))
    rows = [{"text": t, "label": "x"} for t in sentences(20, seed=2)]
    test = jsonl(
        tmp_path / "b.jsonl", [*rows, rows[3], {"text": " ", "label": "x"}, 7, {"text": "new one", "label": "z"}]
    )
    record = judged(train, test)
    expected = {"format_test": 1, "empty_test": 1, "duplicate_test": 1, "unseen_label": 1, "test_too_small": 21}
    assert expected == counts(record)
    assert (record.test_rows, record.test_usable, record.finding("duplicate_test").where) == (24, 21, "test")
    assert (record.finding("format_test").rows[0], record.finding("format_test").lines[0]) == (22, 23)
    assert None is record.finding("format_test").price
    labels = ["yes"] * 60 + ["no"] * 60 + ["Yes"] * 20 + ["odd"] * 3
    record = judged(labelled(tmp_path / "c.jsonl", zip(sentences(143), labels, strict=True)))
    assert counts(record) == {"rare_class": 1, "label_variant": 1}
    assert record.finding("rare_class").examples == ("odd: 3",)
    assert record.finding("rare_class").rows == (140, 141, 142)
    texts = sentences(60)
    (tmp_path / "c").mkdir()
    labelled(tmp_path / "c" / "train.jsonl", ((t, "x") for t in texts))
    labelled(tmp_path / "c" / "test.jsonl", ((t, "x") for t in texts[:5]))
    record = judged(tmp_path / "c")
    assert (60, 5, 5) == (record.rows, record.test_rows, counts(record)["leak_exact"])


def test_tokens_are_exact_with_a_tokenizer_and_a_range_without(tmp_path):
    """A tokenizer file counts; otherwise the range and its reason are given."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    path = labelled(tmp_path / "a.jsonl", ((t, "x") for t in [*sentences(60), "long " * 3000]))
    exact = judged(path, tokenizer=tmp_path / "tokenizer.json")
    assert (exact.tokens.exact, exact.tokens.total.mid) == (True, 60 * 13 + 3001)
    assert exact.finding("overlong").rows == (60,)
    assert exact.finding("overlong").severity == "warn"
    loose = judged(path)
    assert not loose.tokens.exact
    assert loose.tokens.total.low < loose.tokens.total.mid < loose.tokens.total.high
    assert any("tokens" in line for line in loose.not_checked)
    with pytest.raises(InputError, match=r"a tokenizer\.json"):
        judged(path, tokenizer=path)
    with pytest.raises(InputError, match="no such file"):
        judged(path, tokenizer=tmp_path / "none.json")


TEXT = st.sampled_from(["", " ", "a b c d", "A b, c d!", "a b c d", "e f g", "你好", "?!", "x " * 30, "x " * 29 + "y"])
ROW = st.one_of(
    st.tuples(TEXT, st.sampled_from(["p", "q", "", "P"])).map(lambda pair: {"text": pair[0], "label": pair[1]}),
    st.sampled_from([3, {"text": None}, [], {"label": "p"}]),
)


@given(st.lists(ROW, min_size=1, max_size=30), st.lists(ROW, max_size=10))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_are_conserved_and_findings_are_consistent(tmp_path, rows, test_rows):
    """rows = usable + dropped + quarantined; counts, rows, shares and prices lie where they must."""
    train = jsonl(tmp_path / "a.jsonl", rows)
    test = jsonl(tmp_path / "b.jsonl", test_rows) if test_rows else None
    try:
        record = judged(train, test)
    except InputError:
        return
    assert len(rows) == record.rows == record.usable + record.dropped + record.quarantined
    assert 0 <= record.test_usable <= record.test_rows == len(test_rows)
    assert sum(count for _, count in record.words_histogram) == record.rows - record.quarantined
    for finding in record.findings:
        assert finding.count > 0 or finding.check in ("test_too_small", "too_few_rows")
        assert 0 <= finding.share <= 1
        assert finding.removed <= record.rows - record.quarantined
        assert len(finding.rows) == len(finding.lines)
        limit = record.rows if finding.where == "train" else record.test_rows
        assert all(0 <= row < limit for row in finding.rows)
        assert finding.price is None or finding.price.p10 >= 0
    assert record == from_json(Audit, json.loads(to_json(record)))


def packed(rows: int, how: str) -> bytes:
    """Rows with two labels as JSONL, packed."""
    text = "".join(json.dumps({"text": line, "label": "ab"[at % 2]}) + "\n" for at, line in enumerate(sentences(rows)))
    return gzip.compress(text.encode()) if how == "gz" else text.encode()
