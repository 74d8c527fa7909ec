"""Two answers to one text contradict each other only where one answer is expected."""

import json

from tests.data.checks.made_files import pairs
from tunecase.data.checks.contradictions import contradiction

LONG = "A tale of the harbour, told slowly, in which boat {n} comes home with an empty hold and a full sail."


def severity(folder, answers, task=None):
    """The severity of the finding in a file where one in five rows repeats a text with another answer."""
    texts = [f"question {word} {n % 40}" for n, word in enumerate(["where", "when"] * 25)]
    return contradiction(pairs(folder, zip(texts, answers, strict=True), task=task)).severity


WEIGHTS: list[tuple[list[str], str | None, str]] = [
    (["yes"] * 40 + ["no"] * 10, None, "stop"), (["yes"] * 40 + ["no"] * 10, "generation", "note"),
    ([f"harbour {n}" for n in range(50)], None, "warn"), ([LONG.format(n=n) for n in range(50)], None, "note"),
    ([json.dumps({"boats": n}) for n in range(50)], "extraction", "warn"),
]  # fmt: skip


def test_two_answers_weigh_by_what_is_expected(tmp_path):
    """Classes may stop, short facts and extraction warn, free answers are a note; the stated task comes first."""
    assert [wanted for *_, wanted in WEIGHTS] == [severity(tmp_path, *given) for *given, _ in WEIGHTS]
