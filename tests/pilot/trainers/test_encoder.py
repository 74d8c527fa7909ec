"""A head on a frozen encoder learns classes, pairs and order, and times its answers without what is kept."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.pilot.trainers import tiny_encoder
from tunecase.errors import InputError
from tunecase.pilot.trainers import encoder, encoder_vectors, encoder_weights
from tunecase.pilot.trainers.hidden import Kept
from tunecase.pilot.trainers.task import Task

pytest.importorskip("safetensors", reason='skipped: pip install "tunecase[encoder]"')

COLOURS = ("the sky is blue", "blue as the sea", "red as a rose", "a red red wine")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Task]:
    """Two classes of words, and a tiny encoder in a folder."""
    place = tmp_path_factory.mktemp("encoder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNECASE_CACHE", str(place / "cache"))
        patch.setattr(encoder_vectors, "_kept", lambda: Kept(place / "vectors.sqlite"))
        yield Task(
            "encoder", str(tiny_encoder.save(place / "net")), COLOURS, ("cold", "cold", "warm", "warm"),
            ("the blue sea", "a red rose"), ("cold", "warm"), "accuracy", 0, encoder.settings(4, {}),
        )  # fmt: skip


def test_learns_words(task: Task) -> None:
    """The result counts, times itself and is sure of its answers to a degree."""
    result = encoder.train(task)
    assert ("cold", "warm") == result.predictions
    assert (1.0, 2, 2, True) == (result.score, result.correct, result.test_rows, result.converged)
    assert result.confidences is not None
    assert all(0.5 < chance <= 1 for chance in result.confidences)
    assert 0 < result.train_loss < 0.69
    assert result.note.startswith("logistic head; vectors of 6 texts take about ")


def test_vectors_at_hand_change_no_answer_and_no_time_of_answering(task: Task) -> None:
    """A second run makes no vector, answers the same, and still counts what its answers cost."""
    first, second = encoder.train(task), encoder.train(task)
    assert (first.predictions, first.confidences) == (second.predictions, second.confidences)
    assert second.answer_s > 0
    assert "of which 0 s in this run: the others were kept" in second.note.replace("0.0 s", "0 s")


def test_nearest_examples_are_a_baseline(task: Task) -> None:
    """Retrieval: the training rows that are most alike answer, and nothing is trained."""
    own = encoder.BASELINES["nearest examples"]
    result = encoder.train(replace(task, settings=encoder.settings(4, own)))
    assert (("cold", "warm"), None) == (result.predictions, result.train_loss)
    assert result.note.startswith("the 3 nearest of 4 rows vote; vectors of 6 texts take about ")


def test_pairs_are_read_part_by_part(task: Task) -> None:
    """Whether two texts are the same word is in neither of them alone."""
    words = ("red", "blue", "sea", "rose", "sky", "wine", "hot", "deep")
    texts = [(a, b) for a in words for b in words if a <= b or (a, b) == ("sea", "red")]
    same = tuple("same" if a == b else "other" for a, b in texts)
    joined = tuple(f"{a}\n\n{b}" for a, b in texts)
    tests = ("cold\n\ncold", "cold\n\nwarm", "warm")
    pair = replace(
        task, texts=joined, labels=same, test_texts=tests, test_labels=("same", "other", "other"),
        settings=encoder.settings(4, {"pair_separator": "\n\n"}),
    )  # fmt: skip
    result = encoder.train(pair)
    assert ("same", "other", "other") == result.predictions
    assert "1 row without the pair separator" in result.note


def test_one_class_and_a_cut_text(task: Task) -> None:
    """A subset with one class names it; a text beyond the encoder's positions is told."""
    result = encoder.train(replace(task, labels=("cold",) * 4, test_texts=("red " * 90, "")))
    assert (("cold", "cold"), 0.5) == (result.predictions, result.score)
    assert f"1 text longer than {tiny_encoder.POSITIONS} tokens lost the rest" in result.note


def test_bad_input_is_refused(task: Task) -> None:
    """No rows, unknown settings and settings out of range: each with what was got."""
    with pytest.raises(ValueError, match="4 training and 0 test rows"):
        encoder.train(replace(task, test_texts=(), test_labels=()))
    with pytest.raises(InputError) as caught:
        encoder.settings(4, {"head": "tail", "inverse_penalty": -1, "most_tokens": 2})
    assert 3 == len(caught.value.problems)
    with pytest.raises(InputError, match="did you mean pair_separator"):
        encoder.settings(4, {"pair_seperator": "|"})


@pytest.mark.slow
def test_the_embedded_encoder_knows_meanings() -> None:
    """Words that no training row holds are placed by their meaning."""
    if lacking := encoder_weights.missing(encoder.MODEL):
        pytest.skip(f"skipped: {lacking}")
    tests = ("a scarlet dress", "navy trousers")
    task = Task(
        "encoder", encoder.MODEL, COLOURS, ("cold", "cold", "warm", "warm"), tests, ("warm", "cold"), "accuracy", 0,
        encoder.settings(4, {}),
    )  # fmt: skip
    assert 1.0 == encoder.train(task).score
