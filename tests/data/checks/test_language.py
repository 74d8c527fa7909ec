"""Languages of the rows: mixes are noted, other shares and answers in another language are told, the rule is not."""

import itertools

from tests.data.checks.made_files import pairs
from tests.sentences import SENTENCES
from tunecase.data.checks.defect import NotChecked
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.language import language_mismatch, language_mix

ENGLISH, GERMAN = ([one for one in SENTENCES[code] if len(one) > 40] for code in ("en", "de"))


def sentences(listed, rows):
    """Distinct texts: a number and a sentence."""
    return [f"{number}) {text}" for number, text in zip(range(rows), itertools.cycle(listed), strict=False)]


def test_other_languages_and_mixes(tmp_path):
    """Three German answers among English are named; a fifth is noted, and another share in the test warned of."""
    answers = sentences(ENGLISH, 100)
    for row in (4, 40, 77):
        answers[row] = GERMAN[row % len(GERMAN)]
    found = language_mismatch(files(tmp_path, sentences(ENGLISH, 100), answers))
    assert [4, 40, 77] == found.rows.tolist()
    assert language_mismatch(files(tmp_path, sentences(ENGLISH, 100), sentences(GERMAN, 100))) is None
    inputs, answers = sentences(ENGLISH, 100), sentences(ENGLISH, 100)
    inputs[5], answers[5] = f"Translate into German: {ENGLISH[0]}", GERMAN[0]
    assert language_mismatch(files(tmp_path, inputs, answers)) is None
    (tmp_path := tmp_path / "second").mkdir()
    mixed = files(tmp_path, sentences(ENGLISH, 160) + sentences(GERMAN, 40), sentences(ENGLISH, 200))
    noted = language_mix(mixed)
    assert "note" == noted.severity
    assert 0.15 < noted.share < 0.25
    test = files(tmp_path / "test", sentences(GERMAN, 100), sentences(ENGLISH, 100)).train
    assert "warn" == language_mix(Evidence(mixed.train, test, Asked(2048))).severity
    assert language_mix(files(tmp_path, sentences(ENGLISH, 100), sentences(ENGLISH, 100))) is None
    numbers = files(tmp_path, [str(number) for number in range(100)], ["1"] * 100)
    assert isinstance(language_mix(numbers), NotChecked)


def files(folder, inputs, outputs):
    """One file of these rows as checks see it."""
    return pairs(folder, zip(inputs, outputs, strict=True))
