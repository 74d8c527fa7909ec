"""Languages of the rows: mixes are noted, other shares and answers in another language are told, the rule is not."""

import itertools

from tests.making import write_jsonl
from tests.sentences import SENTENCES
from tunecase.data.checks.defect import NotChecked
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.language import language_mismatch, language_mix
from tunecase.data.checks.scan import read_split
from tunecase.data.reading.detection import detect

ENGLISH, GERMAN = ([one for one in SENTENCES[code] if len(one) > 40] for code in ("en", "de"))


def sentences(listed, rows):
    """Distinct texts: a number and a sentence."""
    return [f"{number}) {text}" for number, text in zip(range(rows), itertools.cycle(listed), strict=False)]


def split(tmp_path, name, inputs, outputs):
    """A file of these rows as columns."""
    rows = [{"prompt": one, "response": other} for one, other in zip(inputs, outputs, strict=True)]
    path = write_jsonl(tmp_path / name, rows)
    return read_split(path, detect(path))


def test_answers_in_another_language_are_named(tmp_path):
    """Three German answers among English ones."""
    answers = sentences(ENGLISH, 100)
    for row in (4, 40, 77):
        answers[row] = GERMAN[row % len(GERMAN)]
    found = language_mismatch(Evidence(split(tmp_path, "a.jsonl", sentences(ENGLISH, 100), answers), None, Asked(2048)))
    assert [4, 40, 77] == found.rows.tolist()
    assert "German to English (3)" in found.why


def test_translation_as_the_rule_is_silent(tmp_path):
    """All answers are German: that is what is asked for."""
    train = split(tmp_path, "a.jsonl", sentences(ENGLISH, 100), sentences(GERMAN, 100))
    assert language_mismatch(Evidence(train, None, Asked(2048))) is None


def test_rows_that_ask_for_a_language_are_left_out(tmp_path):
    """A wish to translate explains the other language."""
    inputs, answers = sentences(ENGLISH, 100), sentences(ENGLISH, 100)
    inputs[5], answers[5] = f"Translate into German: {ENGLISH[0]}", GERMAN[0]
    assert language_mismatch(Evidence(split(tmp_path, "a.jsonl", inputs, answers), None, Asked(2048))) is None


def test_a_mix_is_noted_and_other_shares_in_the_test_are_warned_of(tmp_path):
    """A fifth of the training inputs is German, all of the test."""
    train = split(tmp_path, "a.jsonl", sentences(ENGLISH, 160) + sentences(GERMAN, 40), sentences(ENGLISH, 200))
    noted = language_mix(Evidence(train, None, Asked(2048)))
    assert "note" == noted.severity
    assert 0.15 < noted.share < 0.25
    test = split(tmp_path, "b.jsonl", sentences(GERMAN, 100), sentences(ENGLISH, 100))
    assert "warn" == language_mix(Evidence(train, test, Asked(2048))).severity


def test_one_language_is_silent_and_labels_are_not_judged(tmp_path):
    """Nothing to say of English alone, nothing known of numbers."""
    train = split(tmp_path, "a.jsonl", sentences(ENGLISH, 100), sentences(ENGLISH, 100))
    assert language_mix(Evidence(train, None, Asked(2048))) is None
    numbers = split(tmp_path, "b.jsonl", [str(one) for one in range(100)], ["1"] * 100)
    assert isinstance(language_mix(Evidence(numbers, None, Asked(2048))), NotChecked)
